//! Faults on order: what `POST /sandbox/faults` sets. Each call replaces all of them; counts go down as they are spent.
//! Faults are not part of the durable state.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::answer::Refusal;
use crate::book::RefundStatus;

/// All faults.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Faults {
    pub(crate) callback: CallbackFaults,
    pub(crate) api: Option<ApiFault>,
    pub(crate) refund: RefundFaults,
    pub(crate) payment: PaymentFaults,
    pub(crate) bill: BillFaults,
    /// Lets every access token die now. Spent at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<TokenFault>,
}

/// What goes wrong with notifications.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CallbackFaults {
    /// So many delivery attempts vanish; the regular retry follows (15 s).
    pub(crate) lose: u32,
    /// So many notifications never arrive, not even as a retry.
    pub(crate) drop: u32,
    /// So many extra deliveries, all of the next notification and at the same time as the first.
    pub(crate) repeat: u32,
    /// Every first delivery waits so long.
    pub(crate) delay_ms: u64,
    /// Holds a notification and delivers it after the next one, or after two seconds.
    pub(crate) reorder: bool,
    /// The first attempt has a probe signature.
    pub(crate) signtest: bool,
    /// The first attempt is signed rightly, ten minutes ago.
    pub(crate) stale: bool,
    /// The first attempt names a key that does not exist.
    pub(crate) unknown_serial: bool,
    #[serde(skip)]
    turn: usize,
}

/// What is wrong with one delivery attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    Probe,
    Stale,
    UnknownSerial,
}

/// What shall happen to one notification.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) dropped: bool,
    pub(crate) extra: u32,
    pub(crate) delay_ms: u64,
    pub(crate) reorder: bool,
    pub(crate) bad: Option<Bad>,
}

/// A call that fails.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiFault {
    /// Calls whose path starts so.
    pub(crate) path: String,
    /// The status of the answer. Left out: the true answer, if `delay_ms` or `signtest` is all that is wanted.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// The `code` of the answer (for the mini-program calls the `errcode`); the usual one of the status if left out.
    #[serde(default)]
    pub(crate) code: Option<String>,
    /// The call does its work first; only the answer is lost.
    #[serde(default)]
    pub(crate) after: bool,
    /// The true answer comes with a probe signature.
    #[serde(default)]
    pub(crate) signtest: bool,
    /// The answer takes so long.
    #[serde(default)]
    pub(crate) delay_ms: u64,
}

/// How refunds end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RefundFaults {
    /// How the next `times` refunds end; `PROCESSING` means not by themselves.
    pub(crate) outcome: RefundStatus,
    pub(crate) times: u32,
    /// How long a refund is `PROCESSING`, in real time.
    pub(crate) delay_ms: u64,
    /// Refunds of one order must lie a minute of business time apart. Off unless asked for.
    pub(crate) minute_apart: bool,
    /// What answers about refunds say goes back, in fen, in the place of the true amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) said_fen: Option<i64>,
}

impl Default for RefundFaults {
    fn default() -> RefundFaults {
        RefundFaults { outcome: RefundStatus::Success, times: 1, delay_ms: 200, minute_apart: false, said_fen: None }
    }
}

/// What is wrong with what is said of payments.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PaymentFaults {
    /// The currency that notifications and answers name in the place of CNY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) said_currency: Option<String>,
}

/// What is wrong with bills.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BillFaults {
    /// `hash_value` does not fit the file.
    pub(crate) wrong_hash: bool,
}

/// How access tokens die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenFault {
    /// 42001 from now on.
    Expire,
    /// 40001 from now on.
    Invalidate,
}

fn once() -> u32 {
    1
}

impl ApiFault {
    /// The answer in the place of the true one, if there is to be one.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let status = self.status?;
        let code = self.code.as_deref().unwrap_or(match status {
            400 => "INVALID_REQUEST",
            401 => "SIGN_ERROR",
            403 => "NO_AUTH",
            404 => "RESOURCE_NOT_EXISTS",
            429 => "FREQUENCY_LIMITED",
            502 | 503 => "SERVICE_UNAVAILABLE",
            _ => "SYSTEM_ERROR",
        });
        Some(Refusal::new(status, code, "沙箱按要求返回的错误"))
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct FaultBox(Mutex<Faults>);

impl FaultBox {
    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces all faults.
    pub(crate) fn replace(&self, faults: Faults) -> Result<(), Refusal> {
        if let Some(api) = &faults.api {
            if !api.path.starts_with('/') {
                return Err(Refusal::invalid("api.path must start with a slash"));
            }
            if api.status.is_some_and(|status| !(200..=599).contains(&status)) {
                return Err(Refusal::invalid("api.status must be between 200 and 599"));
            }
            if api.status.is_none() && api.delay_ms == 0 && !api.signtest {
                return Err(Refusal::invalid("api needs a status, a delay_ms or signtest"));
            }
        }
        *self.lock() = faults;
        Ok(())
    }

    /// What is left of them.
    pub(crate) fn current(&self) -> Faults {
        self.lock().clone()
    }

    /// The fault of a call to this path, if any is left.
    pub(crate) fn api(&self, path: &str) -> Option<ApiFault> {
        let mut faults = self.lock();
        let api = faults.api.as_mut().filter(|api| api.times > 0 && path.starts_with(&api.path))?;
        api.times -= 1;
        Some(api.clone())
    }

    /// What shall happen to the next notification.
    pub(crate) fn plan(&self) -> Plan {
        let mut faults = self.lock();
        let callback = &mut faults.callback;
        if spend(&mut callback.drop) {
            return Plan { dropped: true, ..Plan::default() };
        }
        let bad: Vec<Bad> = [
            (callback.signtest, Bad::Probe),
            (callback.stale, Bad::Stale),
            (callback.unknown_serial, Bad::UnknownSerial),
        ]
        .into_iter()
        .filter_map(|(wanted, bad)| wanted.then_some(bad))
        .collect();
        callback.turn = callback.turn.wrapping_add(1);
        Plan {
            dropped: false,
            extra: std::mem::take(&mut callback.repeat),
            delay_ms: callback.delay_ms,
            reorder: callback.reorder,
            bad: (!bad.is_empty()).then(|| bad[callback.turn % bad.len()]),
        }
    }

    /// Whether this delivery attempt vanishes.
    pub(crate) fn loses(&self) -> bool {
        spend(&mut self.lock().callback.lose)
    }

    /// How the next refund ends, and after how many milliseconds.
    pub(crate) fn refund(&self) -> (RefundStatus, u64) {
        let refund = &mut self.lock().refund;
        let special = refund.outcome != RefundStatus::Success && spend(&mut refund.times);
        (if special { refund.outcome } else { RefundStatus::Success }, refund.delay_ms)
    }

    /// Whether refunds of one order must lie a minute apart.
    pub(crate) fn minute_apart(&self) -> bool {
        self.lock().refund.minute_apart
    }

    /// What answers say goes back, if it is not the truth.
    pub(crate) fn said_fen(&self) -> Option<i64> {
        self.lock().refund.said_fen
    }

    /// The currency that is named in the place of CNY.
    pub(crate) fn said_currency(&self) -> Option<String> {
        self.lock().payment.said_currency.clone()
    }

    /// Whether bills get a wrong hash.
    pub(crate) fn wrong_hash(&self) -> bool {
        self.lock().bill.wrong_hash
    }
}

fn spend(count: &mut u32) -> bool {
    let left = *count > 0;
    *count = count.saturating_sub(1);
    left
}

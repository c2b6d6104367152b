//! All jobs. A job that is not here does not run.

use std::sync::Arc;
use std::time::Duration;

use app::{App, books, runs};
use domain::BusinessDate;

use crate::{Cadence, Doing, Job, Report};

/// How many messages a run sends at most.
const MESSAGES: u64 = 1_000;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// All jobs, by name.
pub static JOBS: &[Job] = &[
    Job {
        name: runs::AUDIT,
        about: "computes every stored number of the books again and tells what differs",
        cadence: Cadence { cron: "0 30 5 * * SUN", every: seconds(7 * 86_400), text: "every Sunday at 05:30" },
        run: audit_books,
        day: None,
    },
    Job {
        name: "campaign_clock",
        about: "opens campaigns that have begun and ends those that are over",
        cadence: Cadence { cron: "0 * * * * *", every: seconds(60), text: "every minute" },
        run: campaign_clock,
        day: None,
    },
    Job {
        name: "certificates",
        about: "fetches the platform certificates of WeChat Pay",
        cadence: Cadence { cron: "0 17 */6 * * *", every: seconds(6 * 3_600), text: "every six hours" },
        run: certificates,
        day: None,
    },
    Job {
        name: "close_loans",
        about: "closes the days of loan programmes that are over",
        cadence: Cadence { cron: "0 10 * * * *", every: seconds(3_600), text: "every hour" },
        run: close_loans,
        day: Some(close_loans_through),
    },
    Job {
        name: "duties",
        about: "warns of what is due and tells the next higher person what is late",
        cadence: Cadence { cron: "0 10 * * * *", every: seconds(3_600), text: "every hour" },
        run: duties,
        day: None,
    },
    Job {
        name: "erase_payees",
        about: "erases payees who asked for it and whose vouchers the law keeps no longer",
        cadence: Cadence { cron: "0 55 3 * * *", every: seconds(86_400), text: "every day at 03:55" },
        run: erase_payees,
        day: None,
    },
    Job {
        name: "expire_orders",
        about: "closes orders nobody paid in time",
        cadence: Cadence { cron: "*/30 * * * * *", every: seconds(30), text: "every 30 seconds" },
        run: expire_orders,
        day: None,
    },
    Job {
        name: "large_gifts",
        about: "shows compliance gifts that are large or add up",
        cadence: Cadence { cron: "30 * * * * *", every: seconds(60), text: "every minute" },
        run: large_gifts,
        day: None,
    },
    Job {
        name: "loan_deadlines",
        about: "tells the offices above of applications that are late, and ends those nobody went on with",
        cadence: Cadence { cron: "0 11 * * * *", every: seconds(3_600), text: "every hour" },
        run: loan_deadlines,
        day: None,
    },
    Job {
        name: "loan_purge",
        about: "takes personal data out of applications that came to nothing a while ago",
        cadence: Cadence { cron: "0 50 3 * * *", every: seconds(86_400), text: "every day at 03:50" },
        run: loan_purge,
        day: None,
    },
    Job {
        name: "open_payments",
        about: "asks WeChat for payments of which no notification came",
        cadence: Cadence { cron: "*/5 * * * * *", every: seconds(5), text: "every 5 seconds" },
        run: open_payments,
        day: None,
    },
    Job {
        name: "outbox",
        about: "sends messages to donors",
        cadence: Cadence { cron: "*/10 * * * * *", every: seconds(10), text: "every 10 seconds" },
        run: outbox,
        day: None,
    },
    Job {
        name: "propose_vouchers",
        about: "proposes drafts of vouchers that come again",
        cadence: Cadence { cron: "0 10 6 * * *", every: seconds(86_400), text: "every day at 06:10" },
        run: propose_vouchers,
        day: None,
    },
    Job {
        name: "query_refunds",
        about: "asks WeChat for refunds under way",
        cadence: Cadence { cron: "*/10 * * * * *", every: seconds(10), text: "every 10 seconds" },
        run: query_refunds,
        day: None,
    },
    Job {
        name: "reconcile",
        about: "fetches the bills of the days that are over, reconciles them, and matches the lines of the bank that wait",
        cadence: Cadence { cron: "0 5/30 * * * *", every: seconds(1_800), text: "every half hour" },
        run: reconcile,
        day: Some(reconcile_day),
    },
    Job {
        name: "seal_days",
        about: "closes and seals days whose bills are reconciled",
        cadence: Cadence { cron: "0 20 4 * * *", every: seconds(86_400), text: "every day at 04:20" },
        run: seal_days,
        day: Some(seal_days_through),
    },
    Job {
        name: "send_refunds",
        about: "sends refunds and returns that were decided",
        cadence: Cadence { cron: "*/5 * * * * *", every: seconds(5), text: "every 5 seconds" },
        run: send_refunds,
        day: None,
    },
    Job {
        name: "session_sweep",
        about: "deletes sessions that ended long ago, and forgets runs that did nothing",
        cadence: Cadence { cron: "0 41 * * * *", every: seconds(3_600), text: "every hour" },
        run: session_sweep,
        day: None,
    },
];

/// What an audit found different, for whoever reads the run.
#[derive(Debug, thiserror::Error)]
#[error("{what} {key}：账上为{stored}，重新计算为{computed}")]
struct Differs {
    what: &'static str,
    key: String,
    stored: String,
    computed: String,
}

fn audit_books(app: Arc<App>) -> Doing {
    Box::pin(async move {
        let found = app.books.audit(&|entries| runs::tell(format!("已核对{entries}张凭证"))).await?;
        let note = format!("核对{}项，{}项不一致", found.checked, found.differences.len());
        let mut report = Report::default();
        for one in found.differences {
            let what = books::compared(one.what);
            let differs = Differs { what, key: one.key, stored: one.stored, computed: one.computed };
            report.count::<(), _>(Err(differs));
        }
        report.done = found.checked.saturating_sub(report.failed);
        report.note = Some(note);
        Ok(report)
    })
}

fn campaign_clock(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(Report::of(app.campaigns.tick().await?)) })
}

fn certificates(app: Arc<App>) -> Doing {
    Box::pin(async move {
        let there = app.wechat.refresh_certificates().await?;
        Ok(Report { note: Some(format!("现有{there}张证书")), ..Report::default() })
    })
}

fn close_loans(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(app.servicing.close_days(&|_| {}).await?) })
}

fn close_loans_through(app: Arc<App>, day: BusinessDate) -> Doing {
    Box::pin(async move { Ok(app.servicing.close_days_through(Some(day), &|_| {}).await?) })
}

fn duties(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(Report::of(app.disclosures.remind().await?)) })
}

fn erase_payees(app: Arc<App>) -> Doing {
    Box::pin(async move {
        let erased = app.spending.erase_due().await?;
        app.spending.seal_declared().await?;
        app.spending.seal_relations().await?;
        Ok(Report::of(erased))
    })
}

fn expire_orders(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(report(app.cashier.expire_orders().await?)) })
}

fn large_gifts(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(Report::of(app.gift_watch.look().await?)) })
}

fn loan_deadlines(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(Report::of(app.loans.keep_deadlines().await?)) })
}

fn loan_purge(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(Report::of(app.loans.purge().await?)) })
}

fn open_payments(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(report(app.cashier.query_open_payments().await?)) })
}

fn outbox(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(app.outbox.send_due(MESSAGES).await?) })
}

fn propose_vouchers(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(Report::of(app.vouchers.propose_due().await?)) })
}

fn query_refunds(app: Arc<App>) -> Doing {
    Box::pin(async move { Ok(report(app.refunds.query_due().await?)) })
}

fn reconcile(app: Arc<App>) -> Doing {
    Box::pin(async move {
        let days = app.reconciliation.catch_up().await?;
        with_bank(&app, days).await
    })
}

/// What days were reconciled, and the lines of the bank that waited for their other side: both are counted, and the note says which is which.
async fn with_bank(app: &App, days: (u64, u64)) -> anyhow::Result<Report> {
    let (matched, failed) = app.bank.match_again().await?;
    if matched > 0 {
        runs::tell(format!("银行流水：补核{matched}笔"));
    }
    let note = (days.0 + matched > 0).then(|| format!("对账{}天，银行流水补核{matched}笔", days.0));
    Ok(Report { note, ..report((days.0 + matched, days.1 + failed)) })
}

/// One day again, with its bills as the channel has them now; how far it is can be read meanwhile.
fn reconcile_day(app: Arc<App>, day: BusinessDate) -> Doing {
    Box::pin(async move {
        let telling = move |what: &'static str, done: usize, of: usize| {
            let word = match what {
                "reading bills" => "读取账单",
                "settling payments" => "核对付款",
                "booking fees" => "手续费入账",
                "settling gifts" => "确认到账",
                other => other,
            };
            if done > 0 {
                runs::tell(format!("{day}：{word} {done}/{of}"));
            }
        };
        let reconciliation = app.reconciliation.clone().telling(Arc::new(telling));
        let days = reconciliation.one_day(day).await?;
        with_bank(&app, days).await
    })
}

fn seal_days(app: Arc<App>) -> Doing {
    Box::pin(seal(app, None))
}

fn seal_days_through(app: Arc<App>, day: BusinessDate) -> Doing {
    Box::pin(seal(app, Some(day)))
}

/// Seals what may be sealed, up to a day if one is named.
async fn seal(app: Arc<App>, last: Option<BusinessDate>) -> anyhow::Result<Report> {
    let mut sealed = 0;
    for book in app.books.all().await? {
        if let Some(day) = app.closing.sealable(book.id).await? {
            let day = last.map_or(day, |last| last.min(day));
            sealed += app.closing.seal_through(book.id, day).await?.len() as u64;
        }
    }
    Ok(Report::of(sealed))
}

fn send_refunds(app: Arc<App>) -> Doing {
    Box::pin(async move {
        let (refunds, returns) = (app.refunds.send_due().await?, app.breaks.send_due().await?);
        Ok(report((refunds.0 + returns.0, refunds.1 + returns.1)))
    })
}

fn session_sweep(app: Arc<App>) -> Doing {
    Box::pin(async move {
        let sessions = app.identity.sweep_sessions().await?;
        let runs = crate::runs(&app).sweep().await?;
        let note = (runs > 0).then(|| format!("{runs} runs were forgotten"));
        Ok(Report { note, ..Report::of(sessions) })
    })
}

fn report((done, failed): (u64, u64)) -> Report {
    Report { done, failed, note: None }
}

//! Bills: asked for, downloaded, unpacked, and checked against the hash that was announced.
//!
//! The bytes are handed out as they are; reading them is reconciliation's business. Two requests: the signed announcement
//! names the file and its SHA-1, the file itself is unsigned. Refused: a file with another hash, a file elsewhere than at
//! WeChat, more than 512 MiB. A day's bill is there from about ten o'clock of the next day.

use std::io::Read;

use domain::BusinessDate;
use flate2::read::MultiGzDecoder;
use reqwest::{Method, Url};
use serde::Deserialize;
use sha1::{Digest, Sha1};

use crate::client::{Client, Target};
use crate::error::{ErrorCode, WechatError};

/// No bill is longer than this: some two million lines.
const MAX_FILE: usize = 512 * 1024 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Which trades a trade bill lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeBillKind {
    /// All of them.
    All,
    /// Payments.
    Success,
    /// Refunds.
    Refund,
}

impl TradeBillKind {
    const fn as_str(self) -> &'static str {
        match self {
            TradeBillKind::All => "ALL",
            TradeBillKind::Success => "SUCCESS",
            TradeBillKind::Refund => "REFUND",
        }
    }
}

/// Whose flow of funds a bill lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FundFlowAccount {
    /// The merchant's balance.
    Basic,
    /// The operation account.
    Operation,
    /// The fee account.
    Fees,
}

impl FundFlowAccount {
    const fn as_str(self) -> &'static str {
        match self {
            FundFlowAccount::Basic => "BASIC",
            FundFlowAccount::Operation => "OPERATION",
            FundFlowAccount::Fees => "FEES",
        }
    }
}

/// What there is of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bill {
    /// Here it is.
    File(BillFile),
    /// There was nothing that day. Before ten o'clock of the next day this is not certain yet.
    NoStatement,
    /// It is being made; half an hour later it may be there.
    Creating,
}

/// The bytes of a bill, unpacked and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its SHA-1 in lower-case hexadecimal, as WeChat announced it.
    pub sha1: String,
}

#[derive(Deserialize)]
struct Announcement {
    hash_type: String,
    hash_value: String,
    download_url: String,
}

impl Client {
    /// The trade bill of a day. `gzip` only changes how it travels.
    pub async fn trade_bill(&self, day: BusinessDate, kind: TradeBillKind, gzip: bool) -> Result<Bill, WechatError> {
        let path = format!("/v3/bill/tradebill?bill_date={day}&bill_type={}", kind.as_str());
        self.bill(path, gzip).await
    }

    /// The fund-flow bill of a day. `gzip` only changes how it travels.
    pub async fn fund_flow_bill(
        &self,
        day: BusinessDate,
        account: FundFlowAccount,
        gzip: bool,
    ) -> Result<Bill, WechatError> {
        let path = format!("/v3/bill/fundflowbill?bill_date={day}&account_type={}", account.as_str());
        self.bill(path, gzip).await
    }

    async fn bill(&self, mut path: String, gzip: bool) -> Result<Bill, WechatError> {
        if gzip {
            path.push_str("&tar_type=GZIP");
        }
        let announced: Announcement = match self.call(Method::GET, &path, None).await {
            Err(WechatError::Refused(error)) if error.code == ErrorCode::NoStatementExist => {
                return Ok(Bill::NoStatement);
            }
            Err(WechatError::Refused(error)) if error.code == ErrorCode::StatementCreating => {
                return Ok(Bill::Creating);
            }
            announced => announced?,
        };
        if announced.hash_type != "SHA1" {
            return Err(WechatError::Unexpected("the bill is announced with another hash than SHA-1"));
        }
        let url = Url::parse(&announced.download_url)
            .ok()
            .filter(|url| self.is_ours(url))
            .ok_or(WechatError::Unexpected("the bill lies elsewhere than at WeChat"))?;
        let file = self.send_signed(Method::GET, Target::File(url), None, MAX_FILE).await?.body;
        // Unpacking and hashing a large bill takes seconds: not on a thread that serves others.
        let checked = tokio::task::spawn_blocking(move || check(file, gzip, &announced.hash_value));
        checked.await.map_err(|error| WechatError::OutcomeUnknown(Box::new(error)))?.map(Bill::File)
    }
}

fn check(file: Vec<u8>, gzip: bool, announced: &str) -> Result<BillFile, WechatError> {
    let bytes = if gzip && file.starts_with(&GZIP) { unpack(&file)? } else { file };
    let sha1 = hex::encode(Sha1::digest(&bytes));
    if sha1.eq_ignore_ascii_case(announced) { Ok(BillFile { bytes, sha1 }) } else { Err(WechatError::HashMismatch) }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, WechatError> {
    let mut bytes = Vec::new();
    // A file that does not unpack is not the file that was announced; one byte over the limit shows what is too long.
    let limit = MAX_FILE as u64 + 1;
    let length = MultiGzDecoder::new(packed).take(limit).read_to_end(&mut bytes);
    match length {
        Ok(length) if length <= MAX_FILE => Ok(bytes),
        Ok(_) | Err(_) => Err(WechatError::HashMismatch),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::testing::{BILL, BILL_SHA1};

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_hash_is_over_the_very_bytes() {
        assert_eq!(check(BILL.to_vec(), false, BILL_SHA1).unwrap().bytes, BILL);
        let without_bom = BILL.strip_prefix(b"\xef\xbb\xbf").expect("bills begin with a BOM").to_vec();
        assert!(matches!(check(without_bom, false, BILL_SHA1), Err(WechatError::HashMismatch)));
        let lf: Vec<u8> = BILL.iter().copied().filter(|b| *b != b'\r').collect();
        assert!(matches!(check(lf, false, BILL_SHA1), Err(WechatError::HashMismatch)));
    }

    #[test]
    fn the_hash_of_a_packed_file_is_over_the_unpacked_bytes() {
        assert_eq!(check(packed(BILL), true, BILL_SHA1).unwrap().bytes, BILL);
        let mut cut = packed(BILL);
        cut.truncate(cut.len() / 2);
        assert!(matches!(check(cut, true, BILL_SHA1), Err(WechatError::HashMismatch)));
        assert_eq!(check(BILL.to_vec(), true, BILL_SHA1).unwrap().bytes, BILL, "not packed after all");
    }
}

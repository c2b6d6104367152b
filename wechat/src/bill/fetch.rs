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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TradeBillKind {
    /// All of them.
    #[default]
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

    pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
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

#[cfg(test)]
mod requests {
    use super::tests::packed;
    use super::*;
    use crate::testing::{self, BILL, BILL_SHA1, Reply, Seen, TestServer};

    const DAY: &str = "2026-01-15";

    /// Announces a bill with this hash at the server's own address, and answers `file` there.
    async fn server(hash: &'static str, file: Vec<u8>) -> TestServer {
        TestServer::start(move |seen: &Seen, _| {
            if seen.path_and_query.starts_with("/v3/billdownload/file?token=AbCd-_") {
                return Reply::plain(200, file.clone());
            }
            let url = format!("http://{}/v3/billdownload/file?token=AbCd-_", seen.headers["host"]);
            let body = serde_json::json!({ "hash_type": "SHA1", "hash_value": hash, "download_url": url });
            Reply::signed(200, body.to_string())
        })
        .await
    }

    async fn trade_bill(server: &TestServer, gzip: bool) -> Result<Bill, WechatError> {
        testing::client(&server.url).trade_bill(DAY.parse().unwrap(), TradeBillKind::All, gzip).await
    }

    #[tokio::test]
    async fn a_bill_is_the_announced_bytes() {
        for (gzip, file) in [(false, BILL.to_vec()), (true, packed(BILL))] {
            let server = server(BILL_SHA1, file).await;
            let bill = trade_bill(&server, gzip).await.unwrap();
            assert_eq!(bill, Bill::File(BillFile { bytes: BILL.to_vec(), sha1: BILL_SHA1.to_owned() }));
            let seen = server.seen();
            seen.iter().for_each(Seen::assert_signed);
            let asked = if gzip { "&tar_type=GZIP" } else { "" };
            assert_eq!(seen[0].path_and_query, format!("/v3/bill/tradebill?bill_date=2026-01-15&bill_type=ALL{asked}"));
        }
    }

    #[tokio::test]
    async fn a_bill_with_another_hash_is_refused() {
        let server = server("e6c8b48f7707d6d32c7f4249660162b9026a5a88", BILL.to_vec()).await;
        let error = trade_bill(&server, false).await.unwrap_err();
        assert!(matches!(error, WechatError::HashMismatch), "{error:?}");
    }

    #[tokio::test]
    async fn a_day_without_a_bill_is_no_error() {
        for (code, bill) in [("NO_STATEMENT_EXIST", Bill::NoStatement), ("STATEMENT_CREATING", Bill::Creating)] {
            let body = serde_json::json!({ "code": code, "message": "账单" }).to_string();
            let server = TestServer::start(move |_, _| Reply::plain(400, body.clone())).await;
            let client = testing::client(&server.url);
            let flow = client.fund_flow_bill(DAY.parse().unwrap(), FundFlowAccount::Basic, false).await.unwrap();
            assert_eq!(flow, bill);
            assert_eq!(
                server.seen()[0].path_and_query,
                "/v3/bill/fundflowbill?bill_date=2026-01-15&account_type=BASIC"
            );
        }
    }

    #[tokio::test]
    async fn a_bill_elsewhere_is_not_fetched() {
        let server = TestServer::start(|_, _| {
            let body = r#"{"hash_type":"SHA1","hash_value":"00","download_url":"https://example.org/v3/billdownload/file?token=a"}"#;
            Reply::signed(200, body)
        })
        .await;
        let error = trade_bill(&server, false).await.unwrap_err();
        assert!(matches!(error, WechatError::Unexpected(_)), "{error:?}");
    }

    #[tokio::test]
    async fn a_download_that_is_over_is_refused() {
        let server = TestServer::start(|seen, _| {
            if seen.path_and_query.starts_with("/v3/billdownload") {
                return Reply::plain(400, r#"{"code":"INVALID_REQUEST","message":"下载链接过期,请重新请求文件下载"}"#);
            }
            let url = format!("http://{}/v3/billdownload/file?token=a", seen.headers["host"]);
            let body = serde_json::json!({ "hash_type": "SHA1", "hash_value": BILL_SHA1, "download_url": url });
            Reply::signed(200, body.to_string())
        })
        .await;
        let error = trade_bill(&server, false).await.unwrap_err();
        assert!(matches!(error, WechatError::Refused(_)), "{error:?}");
    }
}

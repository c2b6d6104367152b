//! The gate of APIv3: which call it is, whether the merchant signed it, and the signature on the way out.
//!
//! The checks stand in the real server's order: path and method, `Accept` and `User-Agent` (certificates and refunds),
//! the form of `Authorization`, the clock, the merchant's serial, the signature, then the rest.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use poem::http::{Method, StatusCode};
use poem::{Response, ResponseBuilder};
use serde_json::{Value, json};
use wechat::crypto::{nonce, request_message, response_message};

use crate::answer::{Answer, Refusal};
use crate::keys::Mode;
use crate::server::{Call, Server};
use crate::{bill, order, refund};

/// A clock so far off is refused.
const SKEW: Duration = Duration::from_secs(300);

const BAD_HEADER: &str = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》";

/// A call that exists.
enum Api {
    Certificates,
    Prepay,
    ByNumber(String),
    ByTransaction(String),
    Close(String),
    Refund,
    RefundQuery(String),
    TradeBill,
    FundBill,
    Download,
}

impl Api {
    /// The call behind a path, or the bare status of one that does not exist.
    fn find(call: &Call) -> Result<Api, StatusCode> {
        let segments = call.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (method, api) = match segments.as_slice() {
            ["v3", "certificates"] => (Method::GET, Api::Certificates),
            ["v3", "pay", "transactions", "jsapi"] => (Method::POST, Api::Prepay),
            ["v3", "pay", "transactions", "out-trade-no", no] => (Method::GET, Api::ByNumber((*no).to_owned())),
            ["v3", "pay", "transactions", "out-trade-no", no, "close"] => (Method::POST, Api::Close((*no).to_owned())),
            ["v3", "pay", "transactions", "id", id] => (Method::GET, Api::ByTransaction((*id).to_owned())),
            ["v3", "refund", "domestic", "refunds"] => (Method::POST, Api::Refund),
            ["v3", "refund", "domestic", "refunds", no] => (Method::GET, Api::RefundQuery((*no).to_owned())),
            ["v3", "bill", "tradebill"] => (Method::GET, Api::TradeBill),
            ["v3", "bill", "fundflowbill"] => (Method::GET, Api::FundBill),
            ["v3", "billdownload", "file"] => (Method::GET, Api::Download),
            _ => return Err(StatusCode::NOT_FOUND),
        };
        if call.method == method { Ok(api) } else { Err(StatusCode::METHOD_NOT_ALLOWED) }
    }

    /// Whether the headers are looked at before the signature.
    fn wants_headers_first(&self) -> bool {
        matches!(self, Api::Certificates | Api::Refund | Api::RefundQuery(_))
    }

    /// Whether a missing `Authorization` is called a wrong signature.
    fn is_payment(&self) -> bool {
        matches!(self, Api::Prepay | Api::ByNumber(_) | Api::ByTransaction(_) | Api::Close(_))
    }
}

/// Serves a call below `/v3`.
pub(crate) async fn serve(server: &Arc<Server>, call: Call) -> Response {
    let api = match Api::find(&call) {
        Ok(api) => api,
        Err(status) => return plain(Answer::empty(status)),
    };
    if let Err(refusal) = admit(server, &call, &api) {
        return plain(refusal.into());
    }
    let fault = server.faults.api(&call.path);
    if let Some(fault) = &fault {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if let (Some(refusal), false) = (fault.refusal(), fault.after) {
            return plain(refusal.into());
        }
    }
    let mode = mode(&call);
    let signed = !matches!(api, Api::Download);
    let result = match api {
        Api::TradeBill | Api::FundBill => {
            let office = server.clone();
            let bill = if matches!(api, Api::TradeBill) { bill::trade_bill } else { bill::fund_bill };
            let made = tokio::task::spawn_blocking(move || bill(&office, &call)).await;
            made.unwrap_or_else(|error| Err(Refusal::system(error.to_string())))
        }
        _ => serve_now(server, &call, &api, mode),
    };
    if let Some(refusal) = fault.as_ref().and_then(|fault| fault.refusal()) {
        return plain(refusal.into());
    }
    match result {
        Ok(answer) if signed => sign(server, answer, mode, fault.is_some_and(|fault| fault.signtest)),
        Ok(answer) => plain(answer),
        Err(refusal) => plain(refusal.into()),
    }
}

fn serve_now(server: &Arc<Server>, call: &Call, api: &Api, mode: Mode) -> Result<Answer, Refusal> {
    match api {
        Api::Certificates => certificates(server, call),
        Api::Prepay => order::prepay(server, &call.body, mode),
        Api::ByNumber(no) => my_mchid(server, call).and_then(|()| order::by_number(server, no)),
        Api::ByTransaction(id) => my_mchid(server, call).and_then(|()| order::by_transaction(server, id)),
        Api::Close(no) => order::close(server, no, &call.body),
        Api::Refund => refund::ask(server, &call.body, mode),
        Api::RefundQuery(no) => refund::query(server, no),
        Api::TradeBill => bill::trade_bill(server, call),
        Api::FundBill => bill::fund_bill(server, call),
        Api::Download => bill::download(server, call),
    }
}

fn my_mchid(server: &Server, call: &Call) -> Result<(), Refusal> {
    match call.query("mchid") {
        Some(mchid) if mchid == server.keys.mchid => Ok(()),
        Some(_) => Err(Refusal::new(400, "PARAM_ERROR", "http header中的mchid与query中的mchid不匹配")),
        None => Err(Refusal::param("query", "mchid", "商户号", "此字段为必填项", Value::Null)),
    }
}

fn mode(call: &Call) -> Mode {
    match call.header("wechatpay-serial") {
        Some(serial) if serial.starts_with("PUB_KEY_ID_") => Mode::PublicKey,
        _ => Mode::Certificate,
    }
}

fn admit(server: &Server, call: &Call, api: &Api) -> Result<(), Refusal> {
    if api.wants_headers_first() {
        named(call)?;
    }
    let header = call.header("authorization").unwrap_or_default();
    let Some(parts) = header.strip_prefix("WECHATPAY2-SHA256-RSA2048 ") else {
        let message = if api.is_payment() { "签名信息错误，验签失败" } else { BAD_HEADER };
        return Err(sign_error(message));
    };
    let credential = Credential::read(parts).ok_or_else(|| sign_error(BAD_HEADER))?;
    if Timestamp::from_seconds(credential.timestamp).apart(server.real.now()) >= SKEW {
        return Err(sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"));
    }
    // A client in wide use (wechatpay-node-v3) writes the serial in lower case, so the real server must take it.
    let serial = credential.serial_no.eq_ignore_ascii_case(&server.keys.merchant_serial);
    if !serial || credential.mchid != server.keys.mchid {
        return Err(sign_error("商户证书序列号有误。请使用签名私钥匹配的证书序列号"));
    }
    let message =
        request_message(call.method.as_str(), &call.target, credential.timestamp, credential.nonce_str, &call.body);
    if !server.keys.merchant.verify(&message, credential.signature) {
        return Err(sign_error("签名错误"));
    }
    // A download is fetched by all sorts of programs.
    if matches!(api, Api::Download) { Ok(()) } else { named(call) }
}

fn named(call: &Call) -> Result<(), Refusal> {
    let given = |name| call.header(name).is_some_and(|value| !value.is_empty());
    if given("accept") && given("user-agent") {
        Ok(())
    } else {
        Err(Refusal::invalid("Http头缺少Accept或User-Agent"))
    }
}

fn sign_error(message: &str) -> Refusal {
    Refusal::new(401, "SIGN_ERROR", message)
}

/// The five parts of `Authorization`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Credential<'a> {
    mchid: &'a str,
    nonce_str: &'a str,
    timestamp: i64,
    serial_no: &'a str,
    signature: &'a str,
}

impl Credential<'_> {
    /// Reads `name="value"` pairs in any order; nothing if one is missing, twice there or unknown.
    fn read(parts: &str) -> Option<Credential<'_>> {
        let mut found = [None; 5];
        for part in parts.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            let place =
                ["mchid", "nonce_str", "timestamp", "serial_no", "signature"].iter().position(|n| *n == name)?;
            if value.is_empty() || found[place].replace(value).is_some() {
                return None;
            }
        }
        let [mchid, nonce_str, timestamp, serial_no, signature] = found;
        Some(Credential {
            mchid: mchid?,
            nonce_str: nonce_str?,
            timestamp: timestamp?.parse().ok()?,
            serial_no: serial_no?,
            signature: signature?,
        })
    }
}

/// An answer that is not signed: refusals and downloads.
fn plain(answer: Answer) -> Response {
    dress(answer.status, &answer).body(answer.body)
}

fn dress(status: StatusCode, answer: &Answer) -> ResponseBuilder {
    let builder = Response::builder().status(status).header("Request-ID", nonce());
    if answer.body.is_empty() { builder } else { builder.content_type(answer.content_type) }
}

fn sign(server: &Server, answer: Answer, mode: Mode, probe: bool) -> Response {
    let signer = server.keys.signer(mode);
    let (timestamp, nonce) = (server.real.now().seconds(), nonce());
    let mut signature = signer.key.sign(&response_message(timestamp, &nonce, &answer.body));
    if probe {
        signature.insert_str(0, "WECHATPAY/SIGNTEST/");
    }
    dress(answer.status, &answer)
        .header("Wechatpay-Timestamp", timestamp)
        .header("Wechatpay-Nonce", nonce)
        .header("Wechatpay-Signature", signature)
        .header("Wechatpay-Serial", &*signer.serial)
        .header("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
        .body(answer.body)
}

/// `GET /v3/certificates`.
fn certificates(server: &Server, call: &Call) -> Result<Answer, Refusal> {
    let listed = match call.query("algorithm_type").unwrap_or("RSA") {
        "RSA" | "ALL" => server.keys.certificates(),
        "SM2" => Vec::new(),
        other => {
            let issue = "值不在允许的枚举范围内";
            return Err(Refusal::param("query", "algorithm_type", "算法类型", issue, json!(other)));
        }
    };
    let data: Vec<Value> = listed
        .into_iter()
        .map(|listed| {
            let box_nonce = nonce()[..12].to_lowercase();
            let ciphertext = server.keys.apiv3.seal(&box_nonce, "certificate", listed.certificate.as_bytes());
            json!({
                "serial_no": listed.serial,
                "effective_time": listed.effective,
                "expire_time": listed.expires,
                "encrypt_certificate": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "nonce": box_nonce,
                    "associated_data": "certificate",
                    "ciphertext": ciphertext,
                },
            })
        })
        .collect();
    Ok(Answer::json(&json!({ "data": data })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_parts_come_in_any_order() {
        let orders = [
            r#"mchid="1",nonce_str="n",signature="s+/=",timestamp="5",serial_no="A""#,
            r#"signature="s+/=", serial_no="A",timestamp="5",nonce_str="n",mchid="1""#,
        ];
        let expected = Credential { mchid: "1", nonce_str: "n", timestamp: 5, serial_no: "A", signature: "s+/=" };
        for text in orders {
            assert_eq!(Credential::read(text), Some(expected), "{text}");
        }
        for text in [
            "",
            r#"mchid="1",nonce_str="n",signature="s",timestamp="5""#,
            r#"mchid="1",mchid="1",nonce_str="n",signature="s",timestamp="5",serial_no="A""#,
            r#"mchid="1",nonce_str="n",signature="s",timestamp="five",serial_no="A""#,
            r#"mchid=1,nonce_str="n",signature="s",timestamp="5",serial_no="A""#,
        ] {
            assert_eq!(Credential::read(text), None, "{text}");
        }
    }
}

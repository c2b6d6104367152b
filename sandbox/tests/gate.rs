//! The gate: what is checked, in which order, and who signs the answer.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod merchant;

use merchant::{Merchant, Quirks, sandbox};
use serde_json::{Value, json};
use wechat::crypto::PublicKey;

#[tokio::test]
async fn bad_authentication_is_refused_as_the_real_server_does() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let other = wechat::crypto::PrivateKey::from_pem(&other_key()).unwrap();
    let pay = format!("/v3/pay/transactions/out-trade-no/D000001?mchid={}", m.connection.mchid);
    let refund = "/v3/refund/domestic/refunds/R1";
    let bare = Quirks { authorization: Some(String::new()), ..Quirks::default() };
    let scheme = Quirks { authorization: Some("Bearer x".into()), ..Quirks::default() };
    let parts = Quirks { authorization: Some("WECHATPAY2-SHA256-RSA2048 mchid=\"1\"".into()), ..Quirks::default() };
    let old = Quirks { age_s: 300, key: Some(other.clone()), ..Quirks::default() };
    let early = Quirks { age_s: -310, ..Quirks::default() };
    let serial = Quirks { serial: Some("AB".into()), key: Some(other.clone()), ..Quirks::default() };
    let wrong = Quirks { key: Some(other), ..Quirks::default() };
    let silent = Quirks { no_accept: true, ..Quirks::default() };
    let silent_and_bare = Quirks { no_accept: true, ..bare.clone() };
    let format = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》";
    let skew = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟";
    let table = [
        ("/v3/certificates", &silent_and_bare, 400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent"),
        (refund, &silent_and_bare, 400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent"),
        ("/v3/certificates", &bare, 401, "SIGN_ERROR", format),
        (refund, &bare, 401, "SIGN_ERROR", format),
        ("/v3/bill/tradebill?bill_date=2026-01-01", &bare, 401, "SIGN_ERROR", format),
        (&pay, &bare, 401, "SIGN_ERROR", "签名信息错误，验签失败"),
        (&pay, &scheme, 401, "SIGN_ERROR", "签名信息错误，验签失败"),
        (&pay, &parts, 401, "SIGN_ERROR", format),
        (&pay, &old, 401, "SIGN_ERROR", skew),
        (&pay, &early, 401, "SIGN_ERROR", skew),
        (&pay, &serial, 401, "SIGN_ERROR", "商户证书序列号有误。请使用签名私钥匹配的证书序列号"),
        (&pay, &wrong, 401, "SIGN_ERROR", "签名错误"),
        (&pay, &silent, 400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent"),
    ];
    for (target, quirks, status, code, message) in table {
        let reply = m.call("GET", target, "", quirks).await;
        let body = reply.json();
        assert_eq!(
            (reply.status, body["code"].as_str(), body["message"].as_str()),
            (status, Some(code), Some(message))
        );
        assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("wechatpay-")), "{target}");
        assert_ne!(reply.header("Request-ID"), "");
    }
}

#[tokio::test]
async fn a_foreign_mchid_in_the_body_is_a_parameter_error() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let mut body = m.prepay_body("D000001", 100, "https://pay.example.org/n");
    body["mchid"] = json!("1900000002");
    let reply = m.post("/v3/pay/transactions/jsapi", &body).await;
    assert_eq!(reply.refusal(), (400, "PARAM_ERROR".into()));
    assert_eq!(reply.json()["message"], "http header中的mchid与post payload中的mchid不匹配");
    body["mchid"] = json!(m.connection.mchid);
    body["appid"] = json!("wx00");
    let reply = m.post("/v3/pay/transactions/jsapi", &body).await;
    assert_eq!(reply.refusal(), (400, "APPID_MCHID_NOT_MATCH".into()));
}

#[tokio::test]
async fn unknown_paths_and_methods_have_empty_bodies() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    for (method, target, status) in
        [("GET", "/v3/nothing", 404), ("GET", "/v3/refund/domestic/refunds", 405), ("DELETE", "/v3/certificates", 405)]
    {
        let reply = m.call(method, target, "", &Quirks::default()).await;
        assert_eq!((reply.status, reply.body.len()), (status, 0), "{method} {target}");
    }
}

#[tokio::test]
async fn answers_are_signed_with_the_key_the_request_asks_for() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let reply = m.prepay("D000001", 100).await;
    assert_eq!(reply.status, 200);
    assert!(m.is_signed(&reply));
    assert_eq!(reply.header("Wechatpay-Signature-Type"), "WECHATPAY2-SHA256-RSA2048");
    assert!(reply.header("Content-Type").starts_with("application/json"));

    let quirks = Quirks { public_key: false, ..Quirks::default() };
    let certificates = m.call("GET", "/v3/certificates?algorithm_type=RSA", "", &quirks).await;
    assert_eq!(certificates.header("Wechatpay-Serial"), m.connection.platform_certificate_serial);
    let listed = open_certificates(&m, &certificates.json());
    let message = wechat::crypto::response_message(
        certificates.header("Wechatpay-Timestamp").parse().unwrap(),
        certificates.header("Wechatpay-Nonce"),
        &certificates.body,
    );
    assert!(listed[0].1.verify(&message, certificates.header("Wechatpay-Signature")));
}

#[tokio::test]
async fn after_a_key_change_old_and_new_certificate_are_listed() {
    let (dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let before = m.connection.platform_certificate_serial.clone();
    let changed = m.control("key-change", json!({})).await.json();
    assert_eq!(changed["old_serial"], before);
    let after = changed["new_serial"].as_str().unwrap();
    let quirks = Quirks { public_key: false, ..Quirks::default() };
    let reply = m.call("GET", "/v3/certificates", "", &quirks).await;
    assert_eq!(reply.header("Wechatpay-Serial"), after);
    let listed: Vec<String> = open_certificates(&m, &reply.json()).into_iter().map(|(serial, _)| serial).collect();
    assert_eq!(listed, [before, after.to_owned()]);
    let told = std::fs::read_to_string(dir.path().join("sandbox.json")).unwrap();
    assert!(told.contains(after));
}

/// Each listed certificate; its number must be the one it is listed under.
fn open_certificates(m: &Merchant, answer: &Value) -> Vec<(String, PublicKey)> {
    let open = |item: &Value| {
        let sealed = &item["encrypt_certificate"];
        let text = |member: &str| sealed[member].as_str().unwrap();
        let pem = m.apiv3.open(text("nonce"), text("associated_data"), text("ciphertext")).unwrap();
        let certificate = PublicKey::from_certificate_pem(std::str::from_utf8(&pem).unwrap()).unwrap();
        assert_eq!(item["serial_no"], certificate.serial);
        assert_eq!(certificate.serial.len(), 40);
        (certificate.serial, certificate.public_key)
    };
    answer["data"].as_array().unwrap().iter().map(open).collect()
}

fn other_key() -> String {
    rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap().serialize_pem()
}

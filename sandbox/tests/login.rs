//! The mini-program host.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod merchant;

use merchant::{Merchant, Quirks, sandbox};
use serde_json::{Value, json};

async fn get(m: &Merchant, target: &str) -> (String, Value) {
    let quirks = Quirks { authorization: Some(String::new()), ..Quirks::default() };
    let reply = m.call("GET", target, "", &quirks).await;
    assert_eq!(reply.status, 200, "{target}");
    (reply.header("Content-Type").to_owned(), reply.json())
}

async fn post(m: &Merchant, target: &str, body: Value) -> Value {
    let reply = m.post(target, &body).await;
    assert_eq!(reply.status, 200, "{target}");
    reply.json()
}

async fn token(m: &Merchant, force: bool) -> String {
    let body = json!({
        "grant_type": "client_credential", "appid": m.connection.appid, "secret": m.connection.secret,
        "force_refresh": force,
    });
    let answer = post(m, "/cgi-bin/stable_token", body).await;
    assert!((1..=7_200).contains(&answer["expires_in"].as_i64().unwrap()));
    answer["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_login_code_works_once() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let (_, answer) = get(&m, "/sandbox/code?openid=oDonor1").await;
    let code = answer["code"].as_str().unwrap();
    let (appid, secret) = (&m.connection.appid, &m.connection.secret);
    let target = |appid: &str, secret: &str, code: &str| {
        format!("/sns/jscode2session?appid={appid}&secret={secret}&js_code={code}&grant_type=authorization_code")
    };
    for (target, errcode) in [
        (target("wx0", secret, code), 40013),
        (target(appid, "x", code), 40125),
        (target(appid, secret, ""), 41008),
        (target("", secret, code), 41002),
        (target(appid, "", code), 41004),
        (target(appid, secret, "wrong"), 40029),
    ] {
        assert_eq!(get(&m, &target).await.1["errcode"], errcode);
    }
    let (content_type, session) = get(&m, &target(appid, secret, code)).await;
    assert_eq!((content_type.as_str(), session["openid"].as_str()), ("text/plain", Some("oDonor1")));
    assert!(session["session_key"].is_string() && session.get("errcode").is_none());
    assert_eq!(get(&m, &target(appid, secret, code)).await.1["errcode"], 40029);
}

#[tokio::test]
async fn access_tokens_stay_are_replaced_and_die() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let first = token(&m, false).await;
    assert_eq!(token(&m, false).await, first);
    let second = token(&m, true).await;
    let target = |token: &str| format!("/wxa/msg_sec_check?access_token={token}");
    let text = json!({"version": 2, "openid": "oDonor1", "scene": 2, "content": "加油"});
    assert_eq!(post(&m, &target(&first), text.clone()).await["errcode"], 40001);
    assert_eq!(post(&m, &target(&second), text.clone()).await["result"]["suggest"], "pass");
    assert_eq!(post(&m, "/wxa/msg_sec_check", text.clone()).await["errcode"], 41001);
    assert_eq!(m.control("faults", json!({"token": "expire"})).await.status, 200);
    assert_eq!(post(&m, &target(&second), text).await["errcode"], 42001);
    assert_ne!(token(&m, false).await, second);
}

#[tokio::test]
async fn texts_messages_and_phones_are_judged() {
    let (_dir, running) = sandbox().await;
    let m = Merchant::of(&running);
    let token = token(&m, false).await;
    let check = format!("/wxa/msg_sec_check?access_token={token}");
    for (content, suggest) in [("祝好", "pass"), ("来赌博", "risky"), ("加微信", "review")] {
        let body = json!({"version": 2, "openid": "oDonor1", "scene": 2, "content": content});
        let answer = post(&m, &check, body).await;
        assert_eq!((answer["errcode"].as_i64(), answer["result"]["suggest"].as_str()), (Some(0), Some(suggest)));
    }
    let inactive = json!({"version": 2, "openid": "oInactive-inactive", "scene": 2, "content": "祝好"});
    assert_eq!(post(&m, &check, inactive).await["errcode"], 61010);

    let send = format!("/cgi-bin/message/subscribe/send?access_token={token}");
    let message = |openid: &str, value: &str| json!({"touser": openid, "template_id": "t1", "page": "pages/gift?id=1", "data": {"thing1": {"value": value}}});
    assert_eq!(post(&m, &send, message("oDonor1", "到账")).await["errcode"], 0);
    assert_eq!(post(&m, &send, message("oDonor-refuses", "到账")).await["errcode"], 43101);
    assert_eq!(post(&m, &send, message("oDonor1", "")).await["errcode"], 47003);
    assert_eq!(post(&m, &send, message("oDonor1", &"长".repeat(21))).await["errcode"], 47003);
    assert_eq!(running.state()["messages"].as_array().unwrap().len(), 1);
    let (_, not_posted) = get(&m, &send).await;
    assert_eq!(not_posted["errcode"], 43002);

    let (_, codes) = get(&m, "/sandbox/code?openid=oDonor1&phone=13800000000").await;
    let phone = format!("/wxa/business/getuserphonenumber?access_token={token}");
    assert_eq!(post(&m, &phone, json!({"code": codes["code"]})).await["errcode"], 40029);
    let told = post(&m, &phone, json!({"code": codes["phone_code"]})).await;
    assert_eq!(told["phone_info"]["phoneNumber"], "13800000000");
    assert_eq!(post(&m, &phone, json!({"code": codes["phone_code"]})).await["errcode"], 40029);

    m.control("faults", json!({"api": {"path": "/wxa", "status": 200, "code": "-1"}})).await;
    assert_eq!(post(&m, &phone, json!({"code": "x"})).await["errcode"], -1);
}

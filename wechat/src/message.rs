//! Subscribe messages: one consent of the user buys one message of a template.
//!
//! [`Errcode::NotSubscribed`](crate::Errcode::NotSubscribed) is normal and not to be repeated. A message whose outcome is
//! unknown may have arrived: repeating it may tell the user twice.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::WechatError;
use crate::login::OpenId;

impl Client {
    /// Sends a message of a template the user agreed to. `page` is a path of the mini-program, `data` the template's values
    /// by their keys (`thing1`, `amount2`, …).
    pub async fn send_subscribe_message(
        &self,
        openid: &OpenId,
        template_id: &str,
        page: Option<&str>,
        data: &BTreeMap<String, String>,
    ) -> Result<(), WechatError> {
        let data: BTreeMap<&str, Value> =
            data.iter().map(|(key, value)| (key.as_str(), json!({ "value": value }))).collect();
        let mut body = json!({ "touser": openid, "template_id": template_id, "data": data });
        if let Some(page) = page {
            body["page"] = page.into();
        }
        self.call_with_token::<IgnoredAny>("/cgi-bin/message/subscribe/send", &body).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errcode;
    use crate::testing::{self, Reply, TestServer};

    #[tokio::test]
    async fn a_message_travels_and_a_refusal_is_told_by_its_number() {
        let server =
            TestServer::start(|seen, before| match (seen.path_and_query.starts_with("/cgi-bin/stable"), before) {
                (true, _) => Reply::plain(200, r#"{"access_token":"T","expires_in":7200}"#),
                (false, 1) => Reply::plain(200, r#"{"errcode":0,"errmsg":"ok","msgid":1}"#),
                (false, _) => Reply::plain(200, r#"{"errcode":43101,"errmsg":"user refuse to accept the msg rid: 1"}"#),
            })
            .await;
        let client = testing::client(&server.url);
        let openid = OpenId::from("oSample000000000000000000001");
        let data = BTreeMap::from([
            ("thing1".to_owned(), "一间教室".to_owned()),
            ("amount2".to_owned(), "12.30元".to_owned()),
        ]);
        client.send_subscribe_message(&openid, "TPL", Some("pages/campaign?id=1"), &data).await.unwrap();
        assert_eq!(server.seen()[1].path_and_query, "/cgi-bin/message/subscribe/send?access_token=T");
        assert_eq!(
            server.seen()[1].json(),
            json!({
                "touser": "oSample000000000000000000001", "template_id": "TPL", "page": "pages/campaign?id=1",
                "data": { "thing1": { "value": "一间教室" }, "amount2": { "value": "12.30元" } },
            })
        );
        let error = client.send_subscribe_message(&openid, "TPL", None, &data).await.unwrap_err();
        assert_eq!(error.errcode(), Some(Errcode::NotSubscribed));
        assert_eq!(server.seen().len(), 3, "not repeated");
    }
}

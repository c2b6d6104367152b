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

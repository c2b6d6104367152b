//! The card of a gift that was given for somebody's sake. The donor passes its address on to those who shall know of it; whoever has the address
//! reads it, and nobody else finds it.

use std::sync::Arc;

use app::App;
use maud::html;
use poem::http::{HeaderValue, header};
use poem::web::{Data, Path};
use poem::{IntoResponse, Response, handler};
use uuid::Uuid;

use super::page;
use crate::page::PageError;
use crate::part;

/// The card.
#[handler]
pub(super) async fn get_show(
    Data(app): Data<&Arc<App>>,
    Path((donation_id, key)): Path<(Uuid, String)>,
) -> Result<Response, PageError> {
    let card = app.giving.card(donation_id.into(), &key).await?;
    let title = format!("{}{}", card.kind.word(), card.name);
    let content = html! {
        h1 { (title) }
        section class="block" {
            p class="lead" {
                (card.shown.donor) "以一份捐赠" (card.kind.word()) (card.name) "，捐给"
                a href={ "/campaigns/" (card.campaign) } { (card.campaign_name) } "。"
            }
            @if let Some(message) = &card.shown.message { blockquote { (part::lines(message)) } }
            (part::facts(&[
                ("捐赠日期", html! { (card.on) }),
                ("金额（元）", html! { @match card.shown.amount { Some(amount) => (part::yuan(amount)), None => "不公开" } }),
            ]))
            p class="faint" { "本页由捐赠人转交，不是捐赠票据。善款按项目的募捐方案使用，使用情况见项目页。" }
        }
    };
    let mut response = page(&title, "/", &content).into_response();
    // It is between the donor and those who were told.
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(response)
}

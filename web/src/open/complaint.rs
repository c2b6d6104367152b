//! Complaints, by anybody: handed in from the page of a campaign, and looked at again by whoever knows the number. Nobody signs in and no name
//! is asked for. The gate takes the form from our own pages only; there is no session whose token it could carry.

use std::sync::Arc;

use app::App;
use app::origin::Origin;
use app::problem::Problem;
use app::throttle::Throttle;
use domain::{CampaignId, ComplaintId};
use maud::html;
use poem::http::{HeaderValue, header};
use poem::web::{Data, Path};
use poem::{IntoResponse, Response, handler};

use super::page;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part;
use crate::session::see_other;
use crate::words;

/// How donors ask, for every page that tells of a gift or a campaign.
pub(super) const HOW_TO_ASK: &str = "捐赠人想了解捐赠的使用情况，请在微信小程序“桑梓”的捐赠记录中提问，机构将在十个工作日内答复；也可以按项目页面上的联系方式咨询慈善组织。";

async fn ask(app: &App, id: CampaignId, typed: &Typed) -> Result<Response, PageError> {
    let one = app.campaigns.public(id).await?;
    let here = format!("/campaigns/{id}");
    let content = html! {
        (part::heading(&format!("投诉 · {}", one.campaign.name), &html! { a href=(here) { "回到项目" } }))
        p class="lead" { "请写清楚是什么事、什么时候、在哪里。机构的工作人员将调查并答复；提交后会得到一个编号，凭编号可以查看处理情况。" }
        form class="block" method="post" action={ (here) "/complaints" } {
            (part::alert(typed))
            (part::new_id(typed))
            (Field::area(typed, "words", "投诉内容").required().longest(2_000).hint("最多2000字。请不要写身份证号、银行卡号。"))
            div class="go" { button type="submit" class="primary" { "提交投诉" } }
        }
        p class="faint" { (HOW_TO_ASK) }
    };
    Ok(kept_for_nobody(page("投诉", "/", &content).status(typed.status()).into_response()))
}

/// The form.
#[handler]
pub(super) async fn get_blank(Data(app): Data<&Arc<App>>, Path(id): Path<CampaignId>) -> Result<Response, PageError> {
    ask(app, id, &Typed::default()).await
}

/// Hands a complaint in; the same form again is the same complaint.
#[handler]
pub(super) async fn post_complain(
    Data(app): Data<&Arc<App>>,
    Data(throttle): Data<&Arc<Throttle>>,
    Data(origin): Data<&Origin>,
    Path(id): Path<CampaignId>,
    form: Form,
) -> Result<Response, PageError> {
    let handed_in: Result<ComplaintId, Problem> = async {
        throttle.admit(*origin)?;
        let mut check = form.check();
        let (complaint, words): (ComplaintId, String) = (check.id("id"), check.text("words"));
        check.done()?;
        Ok(app.campaigns.complain(complaint, Some(id), words).await?.id)
    }
    .await;
    match handed_in {
        Ok(complaint) => Ok(see_other(&format!("/complaints/{complaint}"))),
        Err(refused) => ask(app, id, &Typed::refused(&form, refused)).await,
    }
}

/// A complaint, for whoever knows its number.
#[handler]
pub(super) async fn get_one(Data(app): Data<&Arc<App>>, Path(id): Path<ComplaintId>) -> Result<Response, PageError> {
    let row = app.campaigns.complaint(id).await?;
    let campaign = row.campaign_id.map(|id| format!("/campaigns/{id}"));
    let content = html! {
        (part::heading("投诉已收到", &part::badge(words::complaint(row.state))))
        div class="said" role="status" {
            p { "编号 " strong class="code" { (row.id) } }
            p { "请记下编号或收藏本页：凭编号随时可以回到这里查看处理情况和答复。" }
        }
        (part::block("投诉", &html! {
            (part::facts(&[
                ("提交时间", part::at(row.created_us)),
                ("答复时间", row.answered_us.map_or_else(|| html! { "尚未答复" }, part::at)),
                ("项目", html! { @if let Some(campaign) = &campaign { a href=(campaign) { "查看项目" } } }),
            ]))
            p { (part::lines(&row.words)) }
            @if let Some(answer) = &row.answer { p class="said" { "答复：" (part::lines(answer)) } }
        }))
    };
    Ok(kept_for_nobody(page("投诉", "/", &content).into_response()))
}

/// What one person wrote is kept by no cache between.
fn kept_for_nobody(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

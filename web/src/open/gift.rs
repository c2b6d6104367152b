//! One's own gift: whoever holds the number of the payment and knows its amount sees how it stands and what its campaign did with
//! the money. Nothing here says who gave.

use std::sync::Arc;

use app::App;
use app::openness::OwnGift;
use app::origin::Origin;
use app::spending::open::{GiftUse, SHARE_NOTE};
use app::throttle::Throttle;
use domain::Money;
use domain::donation::Channel;
use entity::refund;
use maud::{Markup, html};
use poem::web::Data;
use poem::{IntoResponse, Request, Response, handler};

use super::complaint::HOW_TO_ASK;
use super::page;
use crate::page::PageError;
use crate::part;
use crate::table::{Asked, Cell, Table, column, numbers};
use crate::words;

/// The form, and what it found.
#[handler]
pub(super) async fn get_show(
    Data(app): Data<&Arc<App>>,
    Data(throttle): Data<&Arc<Throttle>>,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let (number, amount) = (asked.get("number"), asked.get("amount"));
    let mut fault = None;
    let mut found = None;
    if let (Some(number), Some(amount)) = (number, amount) {
        if let Some(origin) = request.data::<Origin>() {
            throttle.admit(*origin)?;
        }
        match amount.parse::<Money>() {
            Ok(amount) => match app.open_books.gift_by_payment(number, amount).await? {
                Some(own) => {
                    let used = app.spending.use_of(&own.gift).await?;
                    let refunds = app.open_books.refunds_of(own.gift.id).await?;
                    found = Some(gift(&own, &used, &refunds));
                }
                None => fault = Some("没有找到这笔捐赠。请核对单号与金额；刚刚支付的捐赠稍后再查。"),
            },
            Err(_) => fault = Some("金额请写成“20”或“20.50”的形式。"),
        }
    } else if number.is_some() || amount.is_some() {
        fault = Some("请同时填写单号和金额。");
    }
    let content = html! {
        h1 { "查询我的捐赠" }
        p class="lead" { "在微信账单中打开这笔捐赠，把“交易单号”和金额填在这里；银行捐赠请填银行流水号。" }
        form class="block" method="get" action="/gift" {
            @if let Some(fault) = fault { div class="alert" role="alert" { p { (fault) } } }
            div class="field" {
                label for="number" { "交易单号" }
                input id="number" name="number" value=[number] required inputmode="numeric" autocomplete="off" maxlength="64";
            }
            div class="field" {
                label for="amount" { "金额（元）" }
                input id="amount" name="amount" value=[amount] required inputmode="decimal" autocomplete="off" maxlength="20";
            }
            button type="submit" class="primary" { "查询" }
        }
        @if let Some(found) = found { (found) }
        (part::block("咨询", &html! { p { (HOW_TO_ASK) } }))
    };
    let mut response = page("查询我的捐赠", "/gift", &content).into_response();
    // What one person asked is kept for nobody.
    response.headers_mut().insert(poem::http::header::CACHE_CONTROL, poem::http::HeaderValue::from_static("no-store"));
    Ok(response)
}

fn gift(own: &OwnGift, used: &GiftUse, refunds: &[refund::Model]) -> Markup {
    let row = &own.gift;
    let campaign = html! {
        @if let Some(id) = row.campaign_id.filter(|_| own.public) { a href={ "/campaigns/" (id) } { (own.campaign) } }
        @else { (own.campaign) }
    };
    let checked = match row.channel {
        Channel::Wechat => "与微信账单核对",
        Channel::Bank => "与银行流水核对",
    };
    let columns = [column("预算项目"), numbers("项目已使用"), numbers("按您的捐赠折算")];
    let lines = used
        .lines
        .iter()
        .map(|(name, all, share)| vec![Cell::text(name.clone()), Cell::yuan(*all), Cell::yuan(*share)]);
    html! {
        section class="block" aria-live="polite" {
            h2 { "捐赠 " (part::yuan(row.amount_fen)) " 元 " (part::badge(words::donation(row.state))) }
            (part::facts(&[
                ("项目", campaign),
                ("方式", html! { (words::channel(row.channel)) }),
                ("支付时间", row.paid_us.map_or_else(|| html! {}, part::at)),
                ("入账时间", row.confirmed_us.map_or_else(|| html! {}, part::at)),
                (checked, row.settled_us.map_or_else(|| html! { "待核对" }, part::at)),
                ("捐赠票据", html! { (words::receipt_choice(row.receipt)) }),
                ("已退款", part::yuan(row.refunded_fen)),
                ("捐赠编号", html! { span class="code" { (row.id) } }),
            ]))
            @if !refunds.is_empty() {
                h3 { "退款" }
                ul class="plainlist" { @for one in refunds {
                    li { (part::yuan(one.amount_fen)) " 元，申请于 " (part::at(one.created_us)) }
                } }
            }
            h3 { "善款去向" }
            @if used.campaign.is_some() {
                (Table::new("善款去向", &columns, "项目还没有支出。").whole(lines).plain())
                p class="faint" { (SHARE_NOTE) }
            } @else {
                p { "这笔捐赠没有限定用途，由受赠机构按章程规定的宗旨统筹使用；各月收支见" a href="/transparency" { "公开账目" } "。" }
            }
        }
    }
}

//! What waits for whoever has signed in.

use app::waiting::{Waiting, WaitingItem, WaitingKind};
use domain::DisbursementId;
use entity::payout_notice;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use crate::page::{Html, PageError};
use crate::part;
use crate::session::Officer;
use crate::words;

/// How many notices are shown at once.
const NOTICES: u64 = 20;

/// Where a thing that waits is dealt with.
fn path(kind: WaitingKind, item: &WaitingItem) -> String {
    let id = item.id;
    match kind {
        WaitingKind::Campaign => format!("/console/campaigns/{id}"),
        WaitingKind::Disbursement | WaitingKind::Payment => format!("/console/disbursements/{id}"),
        WaitingKind::Refund => format!("/console/refunds/{id}"),
        WaitingKind::BankGift => format!("/console/donations/{id}"),
        WaitingKind::CampaignChange => format!("/console/campaign-changes/{id}"),
        WaitingKind::CampaignDecision => "/console/decisions".to_owned(),
        WaitingKind::RoleGrant => "/console/roles".to_owned(),
        WaitingKind::Enquiry => "/console/enquiries".to_owned(),
        WaitingKind::Complaint => "/console/complaints".to_owned(),
        WaitingKind::Screening => "/console/screening".to_owned(),
        WaitingKind::ChildAccess => "/console/child-access".to_owned(),
        WaitingKind::Message => "/console/messages".to_owned(),
        WaitingKind::Settlement => format!("/console/settlements/{id}"),
        WaitingKind::Transfer => format!("/console/transfers/{id}"),
        WaitingKind::Break => format!("/console/breaks/{id}"),
        WaitingKind::Duty => "/console/duties".to_owned(),
        WaitingKind::BankClaim => "/console/bank/claims".to_owned(),
        WaitingKind::BankBalance => "/console/bank/balance".to_owned(),
        WaitingKind::GiftList => format!("/console/gift-lists/{id}"),
        WaitingKind::Voucher => format!("/console/vouchers/{id}"),
        WaitingKind::CashCount => format!("/console/cash-counts/{id}"),
        WaitingKind::AuditReport => format!("/console/audit-reports/{id}"),
        WaitingKind::LoanApplication | WaitingKind::LoanDecision | WaitingKind::LoanSignature => {
            format!("/console/loan-applications/{id}")
        }
        WaitingKind::LoanProduct => format!("/console/loan-products/{id}"),
        WaitingKind::NeedMatch => "/console/needs".to_owned(),
    }
}

fn kind(waiting: &Waiting) -> Markup {
    html! {
        section class="block waiting" {
            h2 { (words::waiting(waiting.kind)) " " span class="count" { (waiting.count) } }
            ul {
                @for item in &waiting.first {
                    li {
                        @let title = item.title.as_deref().unwrap_or("查看");
                        a href=(path(waiting.kind, item)) { (title) }
                        @if let Some(fen) = item.fen { (part::yuan(fen)) }
                        span class="faint" { (part::at(item.since_us)) "起" }
                    }
                }
            }
            @if waiting.count > waiting.first.len() as i64 { p class="faint" { "另有" (waiting.count - waiting.first.len() as i64) "项。" } }
        }
    }
}

/// Word of payments that are about to go out, until it was read.
fn told(officer: &Officer, notices: &[payout_notice::Model]) -> Markup {
    html! {
        section class="block" {
            h2 { "即将付款的通知 " span class="count" { (notices.len()) } }
            p class="faint" { "按小型机构规则，单人批准的支出在付款前通知您；如有异议，请在付款前与经办人联系。" }
            ul class="papers" {
                @for one in notices {
                    li {
                        a href={ "/console/disbursements/" (one.disbursement_id) } { "查看支出申请" } " " span class="faint" { (part::at(one.at_us)) } " "
                        (officer.form(&format!("/console/payout-notices/{}/reading", one.disbursement_id), &html! {
                            button type="submit" class="plain" { "已知悉" }
                        }))
                    }
                }
            }
        }
    }
}

/// Says that a notice was read.
#[handler]
pub(super) async fn post_read(officer: Officer, Path(id): Path<DisbursementId>) -> Result<Response, PageError> {
    officer.app.spending.read_notice(id, &officer.member).await?;
    Ok(officer.done("已记录您知悉这笔付款。", "/console"))
}

/// The first page.
#[handler]
pub(super) async fn get_desk(officer: Officer) -> Result<Html, PageError> {
    let waiting = officer
        .app
        .desk
        .of(&officer.member)
        .await
        .map_err(|error| PageError(app::problem::Problem::internal(&error)))?;
    let notices = officer.app.spending.notices(&officer.member, NOTICES).await?;
    let content = html! {
        h1 { "待办事项" }
        @if !notices.is_empty() { (told(&officer, &notices)) }
        @if waiting.is_empty() { (part::nothing_here("没有等您办理的事项。")) }
        div class="desk" { @for of_kind in &waiting { (kind(of_kind)) } }
    };
    Ok(officer.page("待办事项", &[], &content))
}

//! What waits for whoever has signed in.

use app::waiting::{Waiting, WaitingItem, WaitingKind};
use maud::{Markup, html};
use poem::handler;

use crate::page::{Html, PageError};
use crate::part;
use crate::session::Officer;
use crate::words;

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

/// The first page.
#[handler]
pub(super) async fn get_desk(officer: Officer) -> Result<Html, PageError> {
    let waiting = officer
        .app
        .desk
        .of(&officer.member)
        .await
        .map_err(|error| PageError(app::problem::Problem::internal(&error)))?;
    let content = html! {
        h1 { "待办事项" }
        @if waiting.is_empty() { (part::nothing_here("没有等您办理的事项。")) }
        div class="desk" { @for of_kind in &waiting { (kind(of_kind)) } }
    };
    Ok(officer.page("待办事项", &[], &content))
}

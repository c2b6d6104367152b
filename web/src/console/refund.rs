//! Refunds: asked for by one person, decided by another, sent by the program; and what becomes of those that fail.

use app::problem::Problem;
use crowdfunding::{Decision, Outcome, RefundSearch};
use domain::RefundId;
use domain::refund::{RefundState, cover_authors, deciders};
use domain::role::{Member, Role};
use entity::refund;
use maud::html;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::people::Names;
use super::{donation, purpose};
use crate::field::Field;
use crate::finance::{bank_names, entry};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words;

/// Who sees refunds; the chair decides on some.
pub(super) const READERS: [Role; 6] =
    [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Auditor];

/// What is decided and not given up, as one state of the filter: what a campaign counts as given back.
const DECIDED: (&str, &str) = ("decided", "已批准（含已退）");
const OWED: [RefundState; 5] = [
    RefundState::Approved,
    RefundState::Processing,
    RefundState::Succeeded,
    RefundState::Failed,
    RefundState::PaidByBank,
];

/// The path of a refund.
pub(super) fn path(id: RefundId) -> String {
    format!("/console/refunds/{id}")
}

/// Refunds, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let states = match asked.get("state") {
        Some(state) if state == DECIDED.0 => OWED.to_vec(),
        _ => asked.read::<words::Key<RefundState>>("state")?.map(|key| key.0).into_iter().collect(),
    };
    let (campaign, general) = purpose::wanted(&asked)?;
    let wanted = RefundSearch { states, campaign, general };
    let whose: (&Member, &[Role]) = (&officer.member, &READERS);
    let rows =
        officer.app.refunds.page(whose, &wanted, asked.after(), asked.limit()).await.map_err(Problem::of_list)?;
    let names = Names::of(&officer, rows.iter().filter_map(|row| row.requester_id)).await?;
    let columns = [
        column("申请时间"),
        column("状态"),
        numbers("金额"),
        column("原因"),
        column("申请人"),
        column("捐赠"),
        column("失败原因"),
    ];
    // The chair decides on refunds, and reads no gifts.
    let gifts = officer.is(&donation::SEARCHERS);
    let cells = |row: refund::Model| {
        vec![
            Cell::shown(html! { a href=(path(row.id)) { (part::at(row.created_us)) } }, row.created_us.wall()),
            Cell::badge(words::refund(row.state)),
            entry::amount(&officer, row.amount_fen, row.id),
            Cell::text(words::refund_reason(row.reason)),
            Cell::text(row.requester_id.map_or_else(|| "捐赠人".to_owned(), |id| names.name(id))),
            if gifts {
                Cell::link(&donation::path(row.donation_id), row.donation_id.simple())
            } else {
                Cell::text(row.donation_id.simple())
            },
            Cell::or_none(row.last_error, Cell::text),
        ]
    };
    let table = Table::new("退款", &columns, "没有这样的退款。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let mut states = words::all(|state: RefundState| words::refund(state).0);
    states.push((DECIDED.0.to_owned(), DECIDED.1.to_owned()));
    let campaigns = donation::campaign_options(&officer).await?;
    let content = html! {
        (part::heading("退款", &nothing()))
        (table::filter(&asked, &html! {
            (table::filter_choice(&asked, "state", "状态", &states))
            (table::filter_choice(&asked, "campaign", "项目", &campaigns))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("退款", &[("/console", "工作台")], &content).into_response())
}

async fn show(officer: &Officer, id: RefundId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let row = officer.app.refunds.shown(id, &officer.member, &READERS).await?;
    let people = [
        row.requester_id,
        row.decider_id,
        row.outcome_author_id,
        row.outcome_approver_id,
        row.cover_author_id,
        row.cover_approver_id,
    ];
    let names = Names::of(officer, people.into_iter().flatten()).await?;
    let booked = donation::entries(officer, &id.to_string()).await?;
    let fresh = Typed::default();
    let refused = |step: &str| (word == step).then_some(typed);
    let of = |step: &str| refused(step).unwrap_or(&fresh);
    let to = |step: &str| format!("{}/{step}", path(id));
    let step = |name: &'static str, will: &'static str, word: &'static str, grave: bool| {
        Step { name, will, to: &to(word), grave, fields: nothing() }.show(officer, refused(word))
    };
    let asked = row.state == RefundState::Requested;
    let failed = row.state == RefundState::Failed;
    let own = row.requester_id == Some(officer.id());
    let profile = officer.app.refunds.profile(&row).await?;
    let purpose = officer.app.refunds.purpose(&row).await?;
    let general = purpose.general().is_some();
    let campaign = officer.app.campaigns.with_money(purpose.campaign().as_slice()).await?.pop();
    let acts = |roles: &[Role]| match (&campaign, purpose.general()) {
        (Some(of), _) => officer.acts(roles, of.campaign.book_id, &of.campaign.unit_path),
        (None, Some(book)) => officer.keeps(roles, book),
        (None, None) => false,
    };
    let banks = bank_names(officer).await?;
    let content = html! {
        (part::heading(&format!("退款 {}元", part::grouped(row.amount_fen)), &part::badge(words::refund(row.state))))
        (part::block("退款", &part::facts(&[
            ("退款单号", html! { span class="code" { (id.simple()) } }),
            ("捐赠订单号", html! { @if officer.is(&donation::SEARCHERS) { a class="code" href=(donation::path(row.donation_id)) { (row.donation_id.simple()) } } @else { span class="code" { (row.donation_id.simple()) } } }),
            ("金额", entry::yuan(officer, row.amount_fen, id)),
            ("原因", html! { (words::refund_reason(row.reason)) }),
            ("说明", html! { (row.note.clone().unwrap_or_default()) }),
            ("申请人", html! { (row.requester_id.map_or_else(|| "捐赠人".to_owned(), |id| names.name(id))) " · " (part::at(row.created_us)) }),
            ("审批人", html! { (names.maybe(row.decider_id)) @if let Some(at) = row.decided_us { " · " (part::at(at)) } }),
            ("垫付申请人", html! { (names.maybe(row.cover_author_id)) }),
            ("微信退款单号", html! { @if let Some(number) = &row.channel_refund_id { span class="code" { (number) } } }),
            ("失败原因", html! { (row.last_error.clone().unwrap_or_default()) }),
            ("完成时间", html! { @if let Some(at) = row.finished_us { (part::at(at)) } }),
        ])))
        @if let Some(booked) = &booked { (booked) }
        @if asked && own { p class="faint" { "这是您提出的申请，由另一人审批。不再需要退款的，请审批人选“不予退款”并写明原因；批准以后不能收回。" } }
        div class="steps" {
            @if asked && !own && acts(deciders(profile)) {
                (step("批准", if general { "将从非限定性资金中退还，由两人从银行付出。" } else { "将从项目资金中退还，公开募集额随之减少；由系统向微信发起退款。" }, "approval", false))
                (Step { name: "不予退款", will: "将结束这项申请，并告知原因。", to: &to("decline"), grave: false, fields: html! {
                    (Field::area(of("decline"), "reason", "原因").required().longest(500)) } }.show(officer, refused("decline")))
            }
            @if asked && !own && !general && row.cover_author_id.is_none() && acts(cover_authors(profile)) {
                (step("申请非限定性资金垫付", "项目已花掉的部分，将由非限定性资金承担，须理事长批准。", "cover-proposal", false))
            }
            @if asked && row.cover_author_id.is_some() && row.cover_author_id != Some(officer.id()) && acts(&[Role::Chair]) {
                (step("批准垫付并退款", "将批准退款，不足部分由非限定性资金承担。", "cover-approval", false))
            }
            @if failed && row.outcome_author_id.is_none() {
                @if acts(&[Role::Cashier, Role::Bookkeeper, Role::FinanceHead]) { (step("重新发起", "将以新的退款单号再次向微信发起。", "retry", false)) }
                @if acts(&[Role::Cashier, Role::Bookkeeper]) { (step("申请线下处理", "微信退不了的款，由两人决定改从银行支付或放弃。", "outcome-proposal", false)) }
            }
            @if failed && row.outcome_author_id.is_some() && row.outcome_author_id != Some(officer.id()) && acts(deciders(profile)) {
                (Step { name: "已从银行退还", will: "将记账：这笔退款已从银行账户支付。", to: &to("bank-payment"), grave: false, fields: html! {
                    (Field::listed(of("bank-payment"), "bank_account", "付款账户简称", &banks).required().longest(40)) } }.show(officer, refused("bank-payment")))
                (step("放弃退款", if general { "款项留在非限定性资金中，不再退还；不能恢复。" } else { "款项留在项目中，不再退还；不能恢复。" }, "give-up", true))
            }
        }
    };
    Ok(officer.shown("退款", &[("/console/refunds", "退款")], &content, typed))
}

/// One refund.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<RefundId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// A step of a refund.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((id, word)): Path<(RefundId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (refunds, by) = (&officer.app.refunds, &officer.member);
    let taken: Result<(), Problem> = async {
        let mut check = form.check();
        match word.as_str() {
            "approval" => refunds.decide(id, Decision::Approve, by).await?,
            "decline" => {
                let reason = check.text("reason");
                check.done()?;
                refunds.decide(id, Decision::Reject(reason), by).await?
            }
            "cover-proposal" => refunds.propose_cover(id, by).await?,
            "cover-approval" => refunds.cover(id, by).await?,
            "retry" => refunds.retry(id, by).await?,
            "outcome-proposal" => refunds.propose_outcome(id, by).await?,
            "bank-payment" => {
                let bank_account = check.text("bank_account");
                check.done()?;
                refunds.settle_outcome(id, Outcome::PaidByBank { bank_account }, by).await?
            }
            "give-up" => refunds.settle_outcome(id, Outcome::GivenUp, by).await?,
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        };
        Ok(())
    }
    .await;
    match taken {
        Ok(()) => Ok(officer.done("已办理。", &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

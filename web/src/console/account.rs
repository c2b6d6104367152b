//! Another bank account or merchant number of a charity: proposed on the charity's page, proved and decided on a page of its own.

use app::organisation::{ACCOUNT_READERS, CharityLine, OutdatedCampaign};
use app::problem::Problem;
use domain::proposal::ProposalState;
use domain::role::Role;
use domain::{AccountChangeId, AttachmentId};
use entity::charity_account_change;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::paper;
use super::people::{Names, why_not};
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};

/// Who proposes and who decides.
pub(super) const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];

fn path(id: AccountChangeId) -> String {
    format!("/console/account-changes/{id}")
}

fn state(state: ProposalState) -> (&'static str, Tone) {
    match state {
        ProposalState::Proposed => ("待批准", Tone::Waiting),
        ProposalState::Approved => ("已批准", Tone::Good),
        ProposalState::Declined => ("未批准", Tone::Bad),
    }
}

fn from_to(row: &charity_account_change::Model) -> Markup {
    let mchid = |mchid: &Option<String>| mchid.clone().unwrap_or_else(|| "无".to_owned());
    html! {
        @if row.old_bank_account != row.new_bank_account { "账户" (row.old_bank_account) "改为" (row.new_bank_account) }
        @if row.old_mchid != row.new_mchid {
            @if row.old_bank_account != row.new_bank_account { "，" }
            "商户号" (mchid(&row.old_mchid)) "改为" (mchid(&row.new_mchid))
        }
        "，自" (row.valid_from) "起"
    }
}

/// What the page of a charity says of its accounts: changes, campaigns that name another, and the form of the next change.
pub(super) async fn of_charity(
    officer: &Officer,
    line: &CharityLine,
    refused: Option<&Typed>,
) -> Result<Markup, PageError> {
    let organisation = &officer.app.organisation;
    if officer.member.may(&ACCOUNT_READERS, &line.unit.path).is_err() {
        return Ok(nothing());
    }
    let rows = organisation.account_changes(line.book.id, &officer.member).await?;
    let outdated = organisation.outdated_campaigns(line.book.id, &officer.member).await?;
    let names =
        Names::of(officer, rows.iter().flat_map(|row| [Some(row.author_id), row.approver_id]).flatten()).await?;
    let current = Typed::fresh(Form::of([
        ("bank_account", line.charity.bank_account.clone()),
        ("mchid", line.charity.mchid.clone().unwrap_or_default()),
    ]));
    let typed = refused.unwrap_or(&current);
    Ok(html! {
        (part::block("收款账户与商户号的变更", &html! {
            @if rows.is_empty() { (part::nothing_here("没有变更。")) }
            @for row in &rows {
                article {
                    p { (part::badge(state(row.state))) " " a href=(path(row.id)) { (from_to(row)) } }
                    p class="faint" { "原因：" (row.reason) " · " (names.name(row.author_id)) " · " (part::at(row.created_us)) @if row.approver_id.is_some() { " · 决定：" (names.maybe(row.approver_id)) } }
                }
            }
            @if !outdated.is_empty() { (named_otherwise(&outdated)) }
            @if officer.keeps(&DECIDERS, line.book.id) {
                div class="steps" {
                    (Step { name: "申请变更账户或商户号", will: "将提出申请；上传证明材料后由另一人批准，启用之日起生效。在募项目的方案仍写原账户，须分别申请方案变更。",
                        to: &format!("/console/charities/{}/account", line.book.id), grave: false, fields: html! {
                        (part::new_id(typed))
                        (Field::text(typed, "bank_account", "银行账户简称").required().longest(40))
                        (Field::text(typed, "mchid", "商户号").longest(32).hint("没有微信支付商户号的留空。"))
                        (Field::day(typed, "valid_from", "启用日期").required())
                        (Field::text(typed, "reason", "原因").required().longest(500))
                    } }.show(officer, refused))
                }
            }
        }))
    })
}

fn named_otherwise(outdated: &[OutdatedCampaign]) -> Markup {
    html! {
        h3 { "方案中仍写其他账户的项目" }
        p class="faint" { "这些项目的方案在变更生效前不变；已备案的须申请方案变更并报送备案。" }
        ul class="papers" {
            @for one in outdated {
                li { a href={ "/console/campaigns/" (one.campaign.id) } { (one.campaign.name) } " " span class="faint" { (one.bank_account) } }
            }
        }
    }
}

async fn show(officer: &Officer, id: AccountChangeId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let organisation = &officer.app.organisation;
    let row = organisation.account_change(id, &officer.member).await?;
    let line = organisation.charity(row.book_id).await?;
    let people = [Some(row.author_id), row.author_for_id, row.approver_id, row.approver_for_id];
    let names = Names::of(officer, people.into_iter().flatten()).await?;
    let fresh = Typed::default();
    let refused = |step: &str| (word == step).then_some(typed);
    let waits = row.state == ProposalState::Proposed;
    let decider = officer.keeps(&DECIDERS, line.book.id);
    let object = organisation.account_change_object(id, &officer.member, false).await?;
    let said = why_not(officer, [object.clone()]).await?;
    let papers =
        paper::list(officer, &object, &path(id), waits && decider, refused("papers").unwrap_or(&fresh)).await?;
    let charity = format!("/console/charities/{}", line.book.id);
    let content = html! {
        (part::heading("收款账户变更", &part::badge(state(row.state))))
        (part::refusal(said.get(&object)))
        (part::facts(&[
            ("慈善组织", html! { a href=(charity) { (line.book.name) } }),
            ("变更", from_to(&row)),
            ("原因", html! { (row.reason) }),
            ("申请", html! { (names.signed(Some(row.author_id), row.author_for_id)) " " (part::at(row.created_us)) }),
            ("决定", html! { (names.signed(row.approver_id, row.approver_for_id)) @if let Some(at) = row.decided_us { " " (part::at(at)) } }),
        ]))
        (part::block("证明材料", &papers))
        @if waits && decider && row.author_id != officer.id() {
            p class="note" { "批准前请核对银行或微信支付出具的合同、回单或扫描件。" }
            div class="steps" {
                @for (step, name, will) in [("approval", "批准", "新的账户和商户号立即生效。"), ("decline", "不批准", "账户和商户号不变。")] {
                    @let fields = if step == "decline" { part::why(refused(step)) } else { nothing() };
                    (Step { name, will, to: &format!("{}/{step}", path(id)), grave: step == "decline", fields }.show(officer, refused(step)))
                }
            }
        }
    };
    let trail = [("/console/charities", "慈善组织与设置"), (charity.as_str(), line.book.name.as_str())];
    Ok(officer.shown("收款账户变更", &trail, &content, typed))
}

/// One change.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<AccountChangeId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// Proves or decides it.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(AccountChangeId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (organisation, by) = (&officer.app.organisation, &officer.member);
    let taken: Result<&str, PageError> = async {
        Ok(match word.as_str() {
            "approval" => {
                organisation.decide_account(id, true, by).await.map(|_| "已批准，新的账户和商户号即日生效。")?
            }
            "decline" => {
                let mut check = form.check();
                let decision = check.decision(false);
                check.done()?;
                organisation.decide_account(id, decision, by).await.map(|_| "已记录不批准。")?
            }
            "papers" => {
                let object = organisation.account_change_object(id, by, true).await?;
                paper::attach(&officer, &object, &form).await.map(|()| "材料已添加。")?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
        })
    }
    .await;
    match taken {
        Ok(done) => Ok(officer.done(done, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused.0)).await,
    }
}

/// A paper of it.
#[handler]
pub(super) async fn get_read_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(AccountChangeId, AttachmentId)>,
) -> Result<Response, PageError> {
    let object = officer.app.organisation.account_change_object(id, &officer.member, false).await?;
    Ok(paper::download(officer.app.documents.read(&object, paper_id).await?))
}

/// Takes a paper of one that waits back.
#[handler]
pub(super) async fn post_withdraw_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(AccountChangeId, AttachmentId)>,
) -> Result<Response, PageError> {
    let object = officer.app.organisation.account_change_object(id, &officer.member, true).await?;
    officer.app.documents.withdraw(&officer.member, &object, paper_id).await?;
    Ok(officer.done("材料已撤下。", &path(id)))
}

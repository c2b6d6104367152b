//! One payment of a paper, and what comes after it: paid again, given up, paid back by the payee, accounted for by a partner.

use app::problem::Problem;
use crowdfunding::spending::{NewSettlement, READERS, SettlementKind, settlement_object};
use domain::disbursement::{DisbursementKind, PayoutState};
use domain::role::Role;
use domain::{AttachmentId, PayoutId, SettlementId};
use entity::payout_settlement;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use crate::console::paper;
use crate::console::people::{Names, why_not};
use crate::field::Field;
use crate::finance::bank_names;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{self, Officer, nothing};
use crate::words as all_words;

/// Who has what bounced paid again.
const RETRIERS: [Role; 2] = [Role::Cashier, Role::ProjectManager];
/// Who gives a payment up.
const CANCELLERS: [Role; 2] = [Role::ProjectManager, Role::FinanceHead];
/// Who writes down what came back.
const SETTLERS: [Role; 3] = [Role::Cashier, Role::ProjectManager, Role::Bookkeeper];
/// Who confirms it.
const APPROVERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

fn path(id: PayoutId) -> String {
    format!("/console/payouts/{id}")
}

fn settlement_path(id: SettlementId) -> String {
    format!("/console/settlements/{id}")
}

fn settlement_kind(kind: &str) -> &str {
    match kind {
        "recovered" => "追回",
        "accounted" => "核销",
        other => other,
    }
}

fn settlement_state(state: &str) -> (&str, Tone) {
    match state {
        "proposed" => ("待确认", Tone::Waiting),
        "confirmed" => ("已确认", Tone::Good),
        "declined" => ("未确认", Tone::Calm),
        other => (other, Tone::Calm),
    }
}

fn settlement(
    officer: &Officer,
    row: &payout_settlement::Model,
    names: &Names,
    (papers, refusal): (&Markup, Option<&String>),
    (word, typed): (&str, &Typed),
) -> Markup {
    let to = |step: &str| format!("{}/{step}", settlement_path(row.id));
    let refused = |step: &str| (word == step).then_some(typed);
    let own = row.author_id == officer.id();
    let entry = format!("/console/entry?reference=disbursement_settled%3A{}", row.id);
    let will = match row.kind.as_str() {
        "recovered" => {
            "确认款项已经到账，并记账：借 1002 银行存款，贷 5101 业务活动成本（以前年度的贷 3201），资金回到项目。"
        }
        _ => "确认下列凭据属实，并记账：借 5101 业务活动成本，贷 1141 预付账款。",
    };
    html! {
        article class="update" {
            p {
                (part::badge(settlement_state(&row.state))) " " strong { (settlement_kind(&row.kind)) } " " (part::yuan(row.amount_fen)) "元，" (row.happened_on)
                "：" (row.reason)
                @if let Some(account) = &row.bank_account { "（" (account) " " span class="code" { (row.bank_reference.as_deref().unwrap_or_default()) } "）" }
            }
            p class="faint" {
                (names.name(row.author_id)) "于" (part::at(row.created_us)) "登记"
                @if let (Some(approver), Some(at)) = (row.approver_id, row.decided_us) { "；" (names.name(approver)) "于" (part::at(at)) "决定" }
                @if row.state == "confirmed" { " " a href=(entry) { "查看凭证" } }
            }
            (papers)
            (part::refusal(refusal))
            @if row.state == "proposed" && officer.is(&APPROVERS) {
                @if own { p class="faint" { "这是您自己登记的，须由另一人确认。" } } @else {
                    div class="steps" {
                        (Step { name: "确认", will, to: &to("confirmation"), grave: false, fields: nothing() }.show(officer, refused("confirmation")))
                        (Step { name: "不予确认", will: "这次登记作废，不记账。", to: &to("rejection"), grave: false, fields: part::why(refused("rejection")) }.show(officer, refused("rejection")))
                    }
                }
            }
        }
    }
}

async fn show(officer: &Officer, id: PayoutId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let (spending, by) = (&officer.app.spending, &officer.member);
    officer.must_be(&READERS)?;
    let (paper, row) = spending.payout(id, by).await?;
    let settlements = spending.settlements(id, by).await?;
    let mut papers = Vec::with_capacity(settlements.len());
    // A payment is paid back or accounted for a few times.
    for one in &settlements {
        let may_add = one.author_id == officer.id() && one.state == "proposed";
        let typed = if word == "papers" { typed } else { &Typed::default() };
        papers.push(paper::list(officer, &settlement_object(one.id), &settlement_path(one.id), may_add, typed).await?);
    }
    let said = why_not(officer, settlements.iter().map(|one| format!("settlement:{}", one.id))).await?;
    let payees = spending.masked_payees([Some(row.payee_id), row.beneficiary_id].into_iter().flatten()).await?;
    let people = settlements.iter().flat_map(|one| [Some(one.author_id), one.approver_id]).flatten();
    let names = Names::of(officer, people.chain(row.payer_id).chain(row.confirmer_id)).await?;
    let payee = payees.get(&row.payee_id);
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let of = |step: &str| refused(step).unwrap_or(&fresh);
    let to = |step: &str| format!("{}/{step}", path(id));
    let open = matches!(row.state, PayoutState::Approved | PayoutState::Bounced | PayoutState::Retried);
    let paid = row.state == PayoutState::Confirmed;
    let acts = |roles: &[Role]| officer.acts(roles, paper.book_id, &paper.unit_path);
    // Files and entries are shown to whoever reads the books.
    let keeps = officer.is(&app::books::READERS);
    let entry = format!("/console/entry?reference=disbursement_paid%3A{id}%3A{}", row.attempt);
    let title = format!("付款 {}元", part::grouped(row.amount_fen));
    let banks = bank_names(officer).await?;
    let content = html! {
        (part::heading(&title, &part::badge(all_words::payout(row.state))))
        div class="steps" {
            @if row.state == PayoutState::Bounced && acts(&RETRIERS) {
                (Step { name: "重新付款", will: "这笔款回到待付款，按收款人现在登记的账户再付一次。请先更正账户。", to: &to("retry"), grave: false, fields: nothing() }.show(officer, refused("retry")))
            }
            @if open && acts(&CANCELLERS) {
                (Step { name: "不再付款", will: "放弃这笔付款并冲回应付，资金回到项目。不能恢复。", to: &to("cancellation"), grave: true, fields: html! {
                    (Field::area(of("cancellation"), "reason", "原因").required().longest(500))
                } }.show(officer, refused("cancellation")))
            }
            @if paid && acts(&SETTLERS) {
                (Step { name: "登记追回", will: "收款人退回了款项：登记后由另一人核对银行流水并确认，确认时记账。", to: &to("recovery"), grave: false, fields: html! {
                    (part::new_id(of("recovery")))
                    div class="fields" {
                        (Field::money(of("recovery"), "amount", "退回金额（元）").required())
                        (Field::day(of("recovery"), "on", "到账日期").required())
                        (Field::listed(of("recovery"), "bank_account", "到账的银行账户简称", &banks).required().longest(40))
                        (Field::text(of("recovery"), "bank_reference", "银行流水号").required().longest(64))
                    }
                    (Field::area(of("recovery"), "reason", "原因").required().longest(500))
                } }.show(officer, refused("recovery")))
                @if paper.kind == DisbursementKind::Advance {
                    (Step { name: "登记核销", will: "合作方以凭据报销预付款：登记后请上传凭据，由另一人核对并确认，确认时记账。", to: &to("accounting"), grave: false, fields: html! {
                        (part::new_id(of("accounting")))
                        div class="fields" {
                            (Field::money(of("accounting"), "amount", "核销金额（元）").required())
                            (Field::day(of("accounting"), "on", "凭据日期").required())
                        }
                        (Field::area(of("accounting"), "reason", "凭据说明").required().longest(500))
                    } }.show(officer, refused("accounting")))
                }
            }
        }
        (part::block("付款", &part::facts(&[
            ("编号", html! { span class="code" { (id.simple()) } }),
            ("支出申请", html! { a href={ "/console/disbursements/" (paper.id) } { (paper.purpose) } }),
            ("批准时间", html! { @if let Some(at) = paper.approved_us { (part::at(at)) " " a href={ "/console/disbursements/" (paper.id) } { "看由谁审批" } } }),
            ("收款人", html! { @if let Some(payee) = payee { a href={ "/console/payees/" (row.payee_id) } { (payee.name) } } }),
            ("账户", html! { (payee.and_then(|payee| payee.account.clone()).unwrap_or_default()) }),
            ("受益人", html! { @if let Some(one) = row.beneficiary_id.and_then(|id| payees.get(&id)) { (one.name) } }),
            ("金额", part::yuan(row.amount_fen)),
            ("第几次付款", html! { (row.attempt) }),
            ("付款文件", html! { @if let Some(file) = row.payment_file_id.filter(|_| keeps) { a href={ "/console/payment-files/" (file) } { @if row.state == PayoutState::Sent { "查看文件、登记结果" } @else { "查看文件" } } } }),
            ("付款人", html! { (names.maybe(row.payer_id)) }),
            ("到账日", html! { @if let Some(day) = row.paid_on { (day) } }),
            ("银行流水号", html! { @if let Some(reference) = &row.bank_reference { span class="code" { (reference) } } }),
            ("确认人", html! { (names.maybe(row.confirmer_id)) }),
            ("凭证", html! { @if paid && keeps { a href=(entry) { "查看凭证" } } }),
            ("备注", html! { (row.last_error.clone().unwrap_or_default()) }),
        ])))
        @if !settlements.is_empty() {
            (part::block("追回与核销", &html! { @for (one, papers) in settlements.iter().zip(&papers) { (settlement(officer, one, &names, (papers, said.get(&format!("settlement:{}", one.id))), (word, typed))) } }))
        }
    };
    Ok(officer.shown(&title, &[("/console/payouts", "付款")], &content, typed))
}

/// One payment.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<PayoutId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// The payment that something came back of.
#[handler]
pub(super) async fn get_settlement(officer: Officer, Path(id): Path<SettlementId>) -> Result<Response, PageError> {
    let row = officer.app.spending.settlement(id, &officer.member).await?;
    Ok(session::see_other(&path(row.payout_id)))
}

/// A document of a settlement.
#[handler]
pub(super) async fn get_read_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(SettlementId, AttachmentId)>,
) -> Result<Response, PageError> {
    officer.app.spending.settlement(id, &officer.member).await?;
    Ok(paper::download(officer.app.documents.read(&settlement_object(id), paper_id).await?))
}

/// Takes a document of a settlement back.
#[handler]
pub(super) async fn post_withdraw_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(SettlementId, AttachmentId)>,
) -> Result<Response, PageError> {
    let of = officer.app.spending.settlement(id, &officer.member).await?.payout_id;
    officer.app.spending.may_document_settlement(id, &officer.member).await?;
    officer.app.documents.withdraw(&officer.member, &settlement_object(id), paper_id).await?;
    Ok(officer.done("凭据已撤下。", &path(of)))
}

/// A step with a payment.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(PayoutId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (spending, by) = (&officer.app.spending, &officer.member);
    let taken: Result<&str, Problem> = async {
        let mut check = form.check();
        Ok(match word.as_str() {
            "retry" => spending.retry(id, by).await.map(|_| "已回到待付款。")?,
            "cancellation" => {
                let reason = check.text("reason");
                check.done()?;
                spending.cancel_payout(id, &reason, by).await.map(|_| "已放弃这笔付款。")?
            }
            "recovery" | "accounting" => {
                let recovered = word == "recovery";
                let settlement_id: SettlementId = check.id("id");
                let (amount, on, reason) = (check.money("amount"), check.day("on"), check.text("reason"));
                let bank =
                    if recovered { Some((check.text("bank_account"), check.text("bank_reference"))) } else { None };
                check.done()?;
                let on = on.ok_or_else(|| Problem::field("on", "请填写日期"))?;
                let kind = if recovered { SettlementKind::Recovered } else { SettlementKind::Accounted };
                let new = NewSettlement { id: settlement_id, payout: id, kind, amount, reason, bank, on };
                let said = if recovered {
                    "已登记，待另一人确认。"
                } else {
                    "已登记，请上传凭据，再由另一人确认。"
                };
                spending.settle(new, by).await.map(|_| said)?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(said, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

/// The second person about what came back.
#[handler]
pub(super) async fn post_decide(
    officer: Officer,
    Path((id, word)): Path<(SettlementId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (spending, by) = (&officer.app.spending, &officer.member);
    let of = spending.settlement(id, by).await?.payout_id;
    let taken: Result<&str, PageError> = async {
        Ok(match word.as_str() {
            "papers" => {
                spending.may_document_settlement(id, by).await?;
                paper::attach(&officer, &settlement_object(id), &form).await.map(|()| "凭据已添加。")?
            }
            "confirmation" => spending.decide_settlement(id, true, by).await.map(|_| "已确认并记账。")?,
            "rejection" => {
                let mut check = form.check();
                let decision = check.decision(false);
                check.done()?;
                spending.decide_settlement(id, decision, by).await.map(|_| "已记为不予确认。")?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(said, &path(of))),
        Err(refused) => show(&officer, of, &word, &Typed::refused(&form, refused.0)).await,
    }
}

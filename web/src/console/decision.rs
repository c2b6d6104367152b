//! What two persons decide about campaigns: proposed by one, decided by another.

use app::problem::Problem;
use crowdfunding::{Decision, Matter};
use domain::decision::{DecisionKind, DecisionState};
use domain::role::Role;
use domain::{BookId, CampaignDecisionId, CampaignId};
use maud::{Markup, html};
use poem::web::Path;
use poem::{Request, Response, handler};

use super::campaign;
use super::donation::campaign_names;
use super::people::{Names, why_not};
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, ROWS};
use crate::words;

const PROPOSERS: [Role; 2] = [Role::ProjectManager, Role::Disclosure];
const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];

fn state(state: DecisionState) -> (&'static str, Tone) {
    match state {
        DecisionState::Proposed => ("待决定", Tone::Waiting),
        DecisionState::Approved => ("已同意", Tone::Good),
        DecisionState::Declined => ("未同意", Tone::Bad),
    }
}

/// What a decision of a kind will do.
fn will(kind: DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Operator => "认可该单位运营自有平台，项目可以在自有平台开放。",
        DecisionKind::Leftover => "将把剩余资金转入另一个项目，并记账。",
        DecisionKind::Exception => "允许该发起方在前一项目未完成公开时再开展项目。",
        DecisionKind::Termination => "将终止该项目，剩余资金按方案处理；不能恢复。",
    }
}

async fn show(
    officer: &Officer,
    asked: &Asked,
    at: Option<(String, &str)>,
    typed: &Typed,
) -> Result<Response, PageError> {
    let rows = officer.app.campaigns.decisions(asked.after(), ROWS + 1, &officer.member).await;
    let mut rows = rows.map_err(Problem::of_list)?;
    let more = rows.len() as u64 > ROWS;
    rows.truncate(ROWS as usize);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let campaign_name =
        campaign_names(officer, rows.iter().flat_map(|row| [row.campaign_id, row.to_campaign_id]).flatten()).await?;
    let names =
        Names::of(officer, rows.iter().flat_map(|row| [Some(row.author_id), row.approver_id]).flatten()).await?;
    let fresh = Typed::default();
    let refused =
        |id: &str, step: &str| at.as_ref().is_some_and(|(one, word)| one == id && *word == step).then_some(typed);
    let link = |id: Option<CampaignId>| -> Markup {
        html! { @if let Some(id) = id { a href=(campaign::path(id)) { (campaign_name.name(id)) } } }
    };
    let said = why_not(officer, rows.iter().map(|row| format!("decision:{}", row.id))).await?;
    let content = html! {
        (part::heading("两人决定事项", &nothing()))
        @if officer.is(&PROPOSERS) { div class="steps" { (propose_panel(officer, refused("new", "proposal"), &fresh).await?) } }
        @if rows.is_empty() { (part::nothing_here("没有需要决定的事项。")) }
        @for row in &rows {
            @let id = row.id.to_string();
            article class="block" {
                p { (part::badge(state(row.state))) " " strong { (words::decision_kind(row.kind)) } " " (link(row.campaign_id))
                    @if row.to_campaign_id.is_some() { " → " (link(row.to_campaign_id)) }
                    @if let Some(amount) = row.amount_fen { " " (part::yuan(amount)) "元" }
                    @if let Some(code) = &row.operator_code { " " span class="code" { (code) } } }
                p { "理由：" (row.reason) }
                (part::refusal(said.get(&format!("decision:{id}"))))
                @if let Some(text) = &row.publication { p { "公示：" (part::lines(text)) } }
                p class="faint" { (names.name(row.author_id)) "提出 · " (part::at(row.created_us)) @if let Some(at) = row.decided_us { " · " (names.maybe(row.approver_id)) "决定 · " (part::at(at)) } }
                @if row.state == DecisionState::Proposed && row.author_id != officer.id() && officer.is_for(&DECIDERS, row.book_id) {
                    div class="steps" {
                        (Step { name: "同意", will: will(row.kind), to: &format!("/console/decisions/{id}/approval"), grave: row.kind == DecisionKind::Termination, fields: nothing() }.show(officer, refused(&id, "approval")))
                        (Step { name: "不同意", will: "这项提议不再进行。", to: &format!("/console/decisions/{id}/rejection"), grave: false, fields: part::why(refused(&id, "rejection")) }.show(officer, refused(&id, "rejection")))
                    }
                }
            }
        }
        (part::more(asked, next.as_deref()))
    };
    Ok(officer.shown("两人决定事项", &[("/console", "工作台")], &content, typed))
}

async fn propose_panel(officer: &Officer, refused: Option<&Typed>, fresh: &Typed) -> Result<Markup, PageError> {
    let typed = refused.unwrap_or(fresh);
    let kinds = options(words::all(words::decision_kind));
    let rows = officer.app.campaigns.page(None, &officer.member, None, 500).await?;
    let campaigns = options(rows.into_iter().map(|row| (row.id, row.name)));
    let books =
        options(officer.app.organisation.charities().await?.into_iter().map(|line| (line.book.id, line.book.name)));
    let fields = html! {
        (part::new_id(typed))
        (Field::choice(typed, "kind", "事项", &kinds).required())
        div class="fields" {
            (Field::choice(typed, "campaign", "项目", &campaigns).needed("自有平台运营不填，其他必填"))
            (Field::choice(typed, "to_campaign", "转入项目", &campaigns).needed("处理剩余资金时必填"))
            (Field::money(typed, "amount", "金额（元）").needed("处理剩余资金时必填"))
            (Field::choice(typed, "book", "慈善组织", &books).needed("自有平台运营时必填"))
            (Field::text(typed, "operator_code", "运营方统一社会信用代码").longest(18).needed("自有平台运营时必填"))
        }
        (Field::area(typed, "publication", "公示内容").longest(2000).needed("处理剩余资金时必填"))
        (Field::area(typed, "reason", "理由").required().longest(500))
    };
    let will = "将提出由另一人决定的事项。";
    Ok(Step { name: "提出事项", will, to: "/console/decisions", grave: false, fields }.show(officer, refused))
}

/// Decisions, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), None, &Typed::default()).await
}

fn matter(form: &Form) -> Result<Matter, Problem> {
    let mut check = form.check();
    let kind = check.choice::<words::Key<DecisionKind>>("kind").map(|key| key.0);
    let matter = match kind {
        Some(DecisionKind::Operator) => {
            Matter::Operator { book: check.id::<BookId>("book"), code: check.text("operator_code") }
        }
        Some(DecisionKind::Leftover) => Matter::Leftover {
            campaign: check.id("campaign"),
            to: check.id("to_campaign"),
            amount: check.money("amount"),
            publication: check.text("publication"),
        },
        Some(DecisionKind::Exception) => Matter::Exception { campaign: check.id("campaign") },
        Some(DecisionKind::Termination) => Matter::Termination { campaign: check.id("campaign") },
        None => return Err(check.done().err().unwrap_or_else(|| Problem::field("kind", "请选择"))),
    };
    check.done()?;
    Ok(matter)
}

/// Proposes one.
#[handler]
pub(super) async fn post_propose(officer: Officer, form: Form) -> Result<Response, PageError> {
    let proposed: Result<(), Problem> = async {
        let matter = matter(&form)?;
        let mut check = form.check();
        let (id, reason): (CampaignDecisionId, _) = (check.id("id"), check.text("reason"));
        check.done()?;
        officer.app.campaigns.propose_decision(id, matter, reason, &officer.member).await?;
        Ok(())
    }
    .await;
    match proposed {
        Ok(()) => Ok(officer.done("已提出，待另一人决定。", "/console/decisions")),
        Err(refused) => {
            let asked = Asked::at("/console/decisions");
            show(&officer, &asked, Some(("new".to_owned(), "proposal")), &Typed::refused(&form, refused)).await
        }
    }
}

/// Decides one.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((id, word)): Path<(CampaignDecisionId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let decided: Result<(), Problem> = async {
        let mut check = form.check();
        let decision = match word.as_str() {
            "approval" => Decision::Approve,
            "rejection" => Decision::Reject(check.text("reason")),
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        };
        check.done()?;
        officer.app.campaigns.decide(id, decision, &officer.member).await?;
        Ok(())
    }
    .await;
    match decided {
        Ok(()) => Ok(officer.done("已决定。", "/console/decisions")),
        Err(refused) => {
            let asked = Asked::at("/console/decisions");
            show(&officer, &asked, Some((id.to_string(), word.as_str())), &Typed::refused(&form, refused)).await
        }
    }
}

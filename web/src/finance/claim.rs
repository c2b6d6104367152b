//! Money of nobody: what one person says it is, and another decides.

use app::bank::{CLERKS, KEEPERS, NewClaim, Sought};
use app::problem::Problem;
use domain::anonymity::Anonymity;
use domain::bank::{ClaimChoice, ClaimState, LineState};
use domain::donation::{GENERAL_FUND, Purpose, ReceiptChoice};
use domain::{BankClaimId, BankLineId, CampaignId};
use entity::bank_claim;
use maud::html;
use poem::web::Path;
use poem::{Request, Response, handler};

use super::bank::{Desk, LINES, desk, line_path};
use crate::console::donation::{campaign_names, receiving};
use crate::console::people::{Names, why_not};
use crate::console::purpose;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

/// How many lines that wait are looked through for one.
const WAITING: u64 = 2_000;

pub(super) fn claim_state(state: ClaimState) -> (&'static str, Tone) {
    match state {
        ClaimState::Proposed => ("待决定", Tone::Waiting),
        ClaimState::Declined => ("未同意", Tone::Calm),
        ClaimState::Approved => ("待银行退回", Tone::Waiting),
        ClaimState::Done => ("已办结", Tone::Good),
    }
}

/// Where the gift stands that a claim has become: it has the id of the claim.
pub(super) fn gift_of(claim: &bank_claim::Model) -> Option<String> {
    let done = claim.choice == ClaimChoice::Gift && claim.state == ClaimState::Done;
    done.then(|| format!("/console/donations/{}", claim.id))
}

pub(super) fn claim_choice(choice: ClaimChoice) -> &'static str {
    match choice {
        ClaimChoice::Gift => "认领为捐赠",
        ClaimChoice::Return => "退回付款人",
    }
}

async fn show_claims(officer: &Officer, asked: &Asked, typed: &Typed, word: &str) -> Result<Response, PageError> {
    let desk = desk(officer, asked).await?;
    let state = asked.read::<all_words::Key<ClaimState>>("state")?.map(|key| key.0);
    let most = usize::try_from(LINES).unwrap_or(usize::MAX);
    let claims = officer.app.bank.claims(desk.shelf.book.id, state, asked.after(), LINES + 1, &officer.member).await;
    let mut claims = claims.map_err(Problem::of_list)?;
    let next = (claims.len() > most).then(|| claims.get(most - 1).map(|one| one.id.to_string())).flatten();
    claims.truncate(most);
    let names =
        Names::of(officer, claims.iter().flat_map(|one| [Some(one.author_id), one.approver_id]).flatten()).await?;
    let campaigns = campaign_names(officer, claims.iter().filter_map(|one| one.campaign_id)).await?;
    let mut waiting = match &desk.account {
        Some(name) => {
            let of = (desk.shelf.book.id, name.as_str());
            officer
                .app
                .bank
                .lines(
                    of,
                    Sought { state: Some(LineState::Unclaimed), ..Sought::default() },
                    None,
                    LINES + 1,
                    &officer.member,
                )
                .await?
        }
        None => Vec::new(),
    };
    let more_wait = waiting.len() > most;
    waiting.truncate(most);
    let said = why_not(officer, claims.iter().map(|one| format!("bank_claim:{}", one.id))).await?;
    let refused = |id: BankClaimId, step: &str| (word == format!("{id}/{step}")).then_some(typed);
    let columns = [column("日期"), numbers("金额"), column("对方"), column("摘要"), numbers("天数"), column("办理")];
    let rows = waiting.iter().map(|line| {
        let lead = format!("{}&line={}", desk.path("/claims/new"), line.row.id);
        vec![
            Cell::day(line.row.day),
            Cell::yuan(line.row.amount_fen),
            Cell::text(line.words.counterparty.clone()),
            Cell::text(line.words.remark.clone()),
            Cell::number(officer.app.bank.age_days(&line.row)),
            if officer.is(&CLERKS) { Cell::link(&lead, "认领或退回") } else { Cell::none() },
        ]
    });
    let content = html! {
        (part::heading("待认领", &html! { span class="faint" { (desk.shelf.book.name) } }))
        (desk.tabs("/claims"))
        (desk.filter(asked, &table::filter_choice(asked, "state", "认领与退回的状态", &all_words::all(|state: ClaimState| claim_state(state).0))))
        (part::block("没有来历的款项", &html! {
            (Table::new("待认领款项", &columns, "没有待认领的款项。").whole(rows).plain())
            @if more_wait { p class="note" { "只列出最近的" (LINES) "笔，" a href={ (desk.path("")) "&state=unclaimed" } { "列出全部" } "。" } }
        }))
        (part::block("认领与退回", &html! {
            @if claims.is_empty() { (part::nothing_here("还没有认领或退回。")) }
            @for one in &claims {
                @let own = one.author_id == officer.id();
                @let to = |step: &str| format!("/console/bank/claims/{}/{step}", one.id);
                article class="update" {
                    p { (part::badge(claim_state(one.state))) " " strong { (claim_choice(one.choice)) } "：" (one.reason) }
                    @if one.choice == ClaimChoice::Gift {
                        p { "捐给：" (campaigns.link(officer, one.campaign_id.map_or(Purpose::General(desk.shelf.book.id), Purpose::Campaign))) }
                    }
                    p { a href=(line_path(one.line_id)) { "这笔流水" } @if let Some(gift) = gift_of(one) { " · " a href=(gift) { "成为的捐赠" } } }
                    p class="faint" { (names.name(one.author_id)) "于" (part::at(one.created_us)) "提出" @if one.approver_id.is_some() { "；" (names.maybe(one.approver_id)) "决定" } }
                    (part::refusal(said.get(&format!("bank_claim:{}", one.id))))
                    @if one.state == ClaimState::Proposed && officer.is(&KEEPERS) {
                        @if own { p class="faint" { "这是您自己提出的，须由另一人决定。" } } @else {
                            div class="steps" {
                                (Step { name: "同意", will: match one.choice {
                                    ClaimChoice::Gift if one.campaign_id.is_none() => "记账：借 2209 其他应付款·待认领，贷 410101 捐赠收入—非限定性；不限定用途，不计入任何项目的募集额。",
                                    ClaimChoice::Gift => "记账：借 2209 其他应付款·待认领，贷 410102 捐赠收入—限定性，计入项目募集额。",
                                    ClaimChoice::Return => "同意退回；银行付出后按流水记账。",
                                }, to: &to("approval"), grave: false, fields: desk.kept() }.show(officer, refused(one.id, "approval")))
                                (Step { name: "不同意", will: "这次提出作废，款项仍待认领。", to: &to("decline"), grave: false, fields: html! { (desk.kept()) (part::why(refused(one.id, "decline"))) } }.show(officer, refused(one.id, "decline")))
                            }
                        }
                    }
                }
            }
            @if next.is_some() || asked.get("after").is_some() {
                nav class="pages" aria-label="认领与退回的翻页" {
                    @if asked.get("after").is_some() { a href=(asked.with(&[("after", "")])) { "第一页" } }
                    @if let Some(next) = &next { a href=(asked.with(&[("after", next)])) rel="next" { "下一页" } }
                }
            }
        }))
    };
    Ok(officer.shown("待认领", &[("/console/bank", "银行流水")], &content, typed))
}

/// Money of nobody, and what two persons make of it.
#[handler]
pub(super) async fn get_claims(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show_claims(&officer, &Asked::of(request), &Typed::default(), "").await
}

/// The second person about a claim.
#[handler]
pub(super) async fn post_claim(
    officer: Officer,
    Path((id, word)): Path<(BankClaimId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let agree = match word.as_str() {
        "approval" => true,
        "decline" => false,
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    };
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let decided: Result<(), Problem> = async {
        let mut check = form.check();
        let decision = check.decision(agree);
        check.done()?;
        officer.app.bank.decide_claims(&[id], decision, &officer.member).await?;
        Ok(())
    }
    .await;
    match decided {
        Ok(()) => Ok(officer.done(if agree { "已同意。" } else { "已记为不同意。" }, &desk.path("/claims"))),
        Err(refused) => {
            let typed = Typed::refused(&form, refused);
            // One that stands far down the list is on no first page.
            let asked = desk.asked("/claims", &[("state", "proposed")]);
            show_claims(&officer, &asked, &typed, &format!("{id}/{word}")).await
        }
    }
}

async fn ask_claim(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let form = typed.form();
    let desk = Desk::of(officer, form.given("book"), form.given("account")).await?;
    let mut line = None;
    if let (Some(name), Some(id)) = (&desk.account, form.given("line").and_then(|id| id.parse::<BankLineId>().ok())) {
        for state in [LineState::Unclaimed, LineState::Open] {
            let of = (desk.shelf.book.id, name.as_str());
            let waiting = officer
                .app
                .bank
                .lines(of, Sought { state: Some(state), ..Sought::default() }, None, WAITING, &officer.member)
                .await?;
            line = line.or_else(|| waiting.into_iter().find(|one| one.row.id == id));
        }
    }
    let missing = || Problem::not_found("no_such_bank_line", "没有这笔待认领的流水。");
    let line = line.ok_or_else(missing)?;
    let mut campaigns =
        vec![(String::new(), "（退回时不选）".to_owned()), (purpose::GENERAL.to_owned(), GENERAL_FUND.to_owned())];
    // Money goes to a campaign in whose books it came.
    let receiving = receiving(officer, Some(desk.shelf.book.id)).await?;
    campaigns.extend(receiving.into_iter().map(|(id, name)| (id.to_string(), name)));
    let choices = options(all_words::all(claim_choice));
    let shown = options(all_words::all(all_words::anonymity));
    let receipts = options(all_words::all(all_words::receipt_choice));
    let content = html! {
        h1 { "认领或退回" }
        (part::block("流水", &part::facts(&[
            ("日期", html! { (line.row.day) }),
            ("金额", part::yuan(line.row.amount_fen)),
            ("对方", html! { (line.words.counterparty) }),
            ("摘要", html! { (line.words.remark) }),
        ])))
        (part::alert(typed))
        (officer.form("/console/bank/claims", &html! {
            (part::new_id(typed))
            (desk.kept())
            input type="hidden" name="line" value=(line.row.id);
            div class="fields" {
                (Field::choice(typed, "choice", "怎样处理", &choices).required())
                (Field::choice(typed, "campaign", "捐给哪个项目", &campaigns).needed("认领为捐赠时必填"))
                (Field::text(typed, "name", "捐赠人名称").longest(100).needed("单位捐赠或公开姓名时必填"))
                (Field::text(typed, "credit_code", "统一社会信用代码").longest(18).hint("单位捐赠开具票据时填写"))
                (Field::choice(typed, "anonymity", "署名方式", &shown))
                (Field::choice(typed, "receipt", "票据", &receipts))
            }
            (Field::tick(typed, "organisation", "捐赠人是单位"))
            (Field::area(typed, "reason", "怎样查明的").required().longest(500))
            div class="go" { button type="submit" class="primary" { "提出" } }
        }))
    };
    Ok(officer.shown("认领或退回", &[(desk.path("/claims").as_str(), "待认领")], &content, typed))
}

/// The form of a claim.
#[handler]
pub(super) async fn get_claim(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&CLERKS)?;
    let asked = Asked::of(request);
    let fields = ["book", "account", "line", "campaign"].into_iter().filter_map(|name| Some((name, asked.get(name)?)));
    ask_claim(&officer, &Typed::fresh(Form::of(fields))).await
}

/// Proposes what money is.
#[handler]
pub(super) async fn post_propose(officer: Officer, form: Form) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let proposed: Result<(), Problem> = async {
        let mut check = form.check();
        let (id, line) = (check.id("id"), check.id("line"));
        let choice = check.choice::<all_words::Key<ClaimChoice>>("choice");
        let general = form.given("campaign") == Some(purpose::GENERAL);
        let campaign = if general { None } else { check.id_or_none::<CampaignId>("campaign") };
        let (name, reason) = (check.optional("name"), check.text("reason"));
        let credit_code = check.optional("credit_code");
        check.done()?;
        let choice = choice.map(|key| key.0).ok_or_else(|| Problem::field("choice", "请选择"))?;
        let anonymity =
            form.get("anonymity").parse::<all_words::Key<Anonymity>>().map_or(Anonymity::Hidden, |key| key.0);
        let receipt = form.get("receipt").parse::<all_words::Key<ReceiptChoice>>();
        let receipt = receipt.map_or(ReceiptChoice::Waived, |key| key.0);
        let organisation = form.ticked("organisation");
        let new = NewClaim {
            id,
            line,
            choice,
            campaign,
            general,
            name,
            organisation,
            credit_code,
            anonymity,
            receipt,
            reason,
        };
        officer.app.bank.propose_claim(new, &officer.member).await?;
        Ok(())
    }
    .await;
    match proposed {
        Ok(()) => Ok(officer.done("已提出，待另一人决定。", &desk.path("/claims"))),
        Err(refused) => ask_claim(&officer, &Typed::refused(&form, refused)).await,
    }
}

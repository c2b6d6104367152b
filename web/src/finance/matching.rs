//! What each line of a statement may be, and what a person says it is.

use app::bank::{Accepted, BankError, CLERKS, Choice, KEEPERS, ShownLine, Suggestion, SuggestionKind};
use app::problem::Problem;
use domain::BankLineId;
use maud::{Markup, html};
use poem::{Request, Response, handler};

use super::bank::{Desk, LINES, desk};
use super::{entry, words};
use crate::console::purpose;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part;
use crate::session::Officer;
use crate::table::Asked;

fn suggestion_word(kind: SuggestionKind) -> &'static str {
    match kind {
        SuggestionKind::Gift => "捐赠",
        SuggestionKind::Entry => "已有凭证",
        SuggestionKind::Payouts => "付款成功",
        SuggestionKind::Bounced => "付款退票",
        SuggestionKind::Interest => "利息",
        SuggestionKind::Charge => "银行手续费",
        SuggestionKind::Cash => "现金存入",
        SuggestionKind::Platform => "平台结算",
        SuggestionKind::Return => "退回已付",
        SuggestionKind::Unclaimed => "来历不明，列入待认领",
    }
}

/// What a line may be, and why; an entry leads to itself, and so does a single payment.
fn what(one: &Suggestion) -> Markup {
    let lead = match (one.kind, one.ids.as_slice()) {
        (SuggestionKind::Entry, _) => one.name.as_deref().map(|name| (entry::path(name), "查看凭证")),
        (SuggestionKind::Payouts | SuggestionKind::Bounced, [id]) => {
            Some((format!("/console/payouts/{id}"), "查看付款"))
        }
        _ => None,
    };
    // Payments of one amount are told apart by who got them.
    let paid = one.name.as_deref().and_then(|name| name.strip_prefix("disbursement_paid:"));
    let paid = paid.and_then(|rest| rest.split(':').next());
    html! {
        strong { (suggestion_word(one.kind)) } " " span class="faint" { (words::told(&one.reason)) }
        @if let Some((lead, word)) = &lead { " " a href=(lead) { (word) } }
        @if let Some(payout) = paid { " " a href={ "/console/payouts/" (payout) } { "查看付款" } }
    }
}

/// A suggestion as the value of a choice; a gift is claimed by two persons instead.
fn value(one: &Suggestion) -> Option<String> {
    let ids: Vec<String> = one.ids.iter().map(uuid::Uuid::to_string).collect();
    let ids = ids.join(" ");
    Some(match one.kind {
        SuggestionKind::Gift => return None,
        SuggestionKind::Entry => format!("entry:{ids}"),
        SuggestionKind::Payouts => format!("payouts:{ids}"),
        SuggestionKind::Bounced => format!("bounced:{ids}"),
        SuggestionKind::Interest => "interest:".to_owned(),
        SuggestionKind::Charge => "charge:".to_owned(),
        SuggestionKind::Cash => "cash:".to_owned(),
        SuggestionKind::Platform => format!("platform:{}", one.name.as_deref().unwrap_or_default()),
        SuggestionKind::Return => format!("return:{ids}"),
        SuggestionKind::Unclaimed => "unclaimed:".to_owned(),
    })
}

/// What a value of a choice stands for.
fn choice(value: &str) -> Option<Choice> {
    let (kind, rest) = value.split_once(':')?;
    let ids: Vec<uuid::Uuid> = rest.split(' ').filter_map(|id| id.parse().ok()).collect();
    Some(match kind {
        "entry" => Choice::Entries(ids.into_iter().map(Into::into).collect()),
        "payouts" => Choice::Payouts(ids.into_iter().map(Into::into).collect()),
        "bounced" => Choice::Bounced((*ids.first()?).into(), "银行退票".to_owned()),
        "interest" => Choice::Interest,
        "charge" => Choice::Charge,
        "cash" => Choice::Cash,
        "platform" => Choice::Platform(rest.to_owned()),
        "return" => Choice::Return((*ids.first()?).into()),
        "unclaimed" => Choice::Unclaimed,
        _ => return None,
    })
}

async fn show_matching(
    officer: &Officer,
    desk: &Desk,
    after: Option<BankLineId>,
    typed: &Typed,
) -> Result<Response, PageError> {
    let mut open = match &desk.account {
        Some(name) => open(officer, desk, name, after, LINES + 1).await?,
        None => Vec::new(),
    };
    let most = usize::try_from(LINES).unwrap_or(usize::MAX);
    let next = (open.len() > most).then(|| open.get(most - 1).map(|(line, _)| line.row.id)).flatten();
    open.truncate(most);
    let may = officer.is(&KEEPERS);
    let one = |line: &ShownLine, suggestions: &[Suggestion]| {
        let name = format!("line-{}", line.row.id);
        let said = typed.form().get(&name).to_owned();
        let gift = suggestions.iter().find(|one| one.kind == SuggestionKind::Gift);
        html! {
            fieldset {
                legend { (line.row.day) " " (part::yuan(line.row.amount_fen)) "元 " (line.words.counterparty) }
                p class="faint" { (line.words.remark) " " span class="code" { (line.row.reference) } }
                @if may {
                    div class="tick" {
                        input id={ (name) "-none" } type="radio" name=(name) value="" checked[said.is_empty()];
                        label for={ (name) "-none" } { "先不办" }
                    }
                } @else {
                    ul class="papers" { @for suggestion in suggestions.iter().filter(|one| value(one).is_some()) { li { (what(suggestion)) } } }
                }
                @for (at, suggestion) in suggestions.iter().enumerate().filter(|_| may) {
                    @if let Some(key) = value(suggestion) {
                        div class="tick" {
                            input id={ (name) "-" (at) } type="radio" name=(name) value=(key) checked[said == key];
                            label for={ (name) "-" (at) } { (what(suggestion)) }
                        }
                    }
                }
                @if let Some(gift) = gift.filter(|_| officer.is(&CLERKS)) {
                    p { a href={ (desk.path("/claims/new")) "&line=" (line.row.id) "&campaign=" (gift.ids.first().map_or(purpose::GENERAL.to_owned(), uuid::Uuid::to_string)) } { "认领为捐赠" } " " span class="faint" { (gift.reason) } }
                }
            }
        }
    };
    let content = html! {
        (part::heading("银行流水对应", &html! { span class="faint" { (desk.shelf.book.name) " · " (desk.account.as_deref().unwrap_or_default()) } }))
        (desk.tabs("/matching"))
        (part::alert(typed))
        @if desk.account.is_none() { (desk.none(officer)) } @else if open.is_empty() { (part::nothing_here("没有待对应的流水。")) } @else {
            p class="note" { "系统说明每笔流水可能是什么、依据是什么；由会计或财务负责人选定。已有凭证的只作对应，其余按选定的业务记账。" @if !may { "您可以查看，选定须由他们办理。" } }
            @if may {
                (officer.form("/console/bank/matching", &html! {
                    (desk.kept())
                    @if let Some(after) = after { input type="hidden" name="after" value=(after); }
                    @for (line, suggestions) in &open { (one(line, suggestions.as_slice())) }
                    div class="go" { button type="submit" class="primary" { "确认所选" } }
                }))
            } @else { @for (line, suggestions) in &open { (one(line, suggestions.as_slice())) } }
        }
        // What cannot be matched today does not stand before what can.
        @if next.is_some() || after.is_some() {
            nav class="pages" aria-label="待对应流水的翻页" {
                @if after.is_some() { a href=(desk.path("/matching")) { "第一页" } }
                @if let Some(next) = next { a href={ (desk.path("/matching")) "&after=" (next) } rel="next" { "下一页" } }
            }
        }
    };
    Ok(officer.shown("银行流水对应", &[("/console/bank", "银行流水")], &content, typed))
}

/// Lines that wait behind one that does, oldest first. One that was matched while its page was open begins no page: then it is the first.
async fn open(
    officer: &Officer,
    desk: &Desk,
    name: &str,
    after: Option<BankLineId>,
    limit: u64,
) -> Result<Vec<(ShownLine, Vec<Suggestion>)>, PageError> {
    let of = (desk.shelf.book.id, name);
    match officer.app.bank.suggestions(of, after, limit, &officer.member).await {
        Err(BankError::NoSuchLine) => Ok(officer.app.bank.suggestions(of, None, limit, &officer.member).await?),
        found => Ok(found?),
    }
}

/// Lines that wait, and what each may be.
#[handler]
pub(super) async fn get_matching(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let desk = desk(&officer, &asked).await?;
    show_matching(&officer, &desk, asked.after(), &Typed::default()).await
}

/// Accepts what was chosen.
#[handler]
pub(super) async fn post_matching(officer: Officer, form: Form) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let after = form.given("after").and_then(|id| id.parse::<BankLineId>().ok());
    let accepted: Result<u64, Problem> = async {
        let name = desk.account.as_deref().ok_or_else(|| Problem::field("account", "请先登记银行账户"))?;
        let of = (desk.shelf.book.id, name);
        let chosen = form.named("line-").filter_map(|(id, said)| Some((id.parse::<BankLineId>().ok()?, choice(said)?)));
        let accepted: Vec<Accepted> = chosen.map(|(line, choice)| Accepted { line, choice }).collect();
        if accepted.is_empty() {
            return Err(Problem::unprocessable("invalid_field", "请至少选定一笔。"));
        }
        Ok(officer.app.bank.accept(of, &accepted, &officer.member).await?)
    }
    .await;
    match accepted {
        Ok(count) => Ok(officer.done(&format!("已办理{count}笔。"), &desk.path("/matching"))),
        Err(refused) => show_matching(&officer, &desk, after, &Typed::refused(&form, refused)).await,
    }
}

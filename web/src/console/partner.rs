//! With whom a charity raises money: the register of partners, and on a campaign's page the agreement with one and its evaluation.

use app::problem::Problem;
use crowdfunding::{AUTHORS, NewPartner};
use domain::plan::PartnerKind;
use domain::role::Role;
use domain::{CampaignId, PartnerId};
use entity::{campaign, cooperation, partner};
use maud::{Markup, html};
use poem::{Request, Response, handler};

use super::campaign::At;
use super::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::Officer;
use crate::table::{Asked, Cell, MOST, Table, column};
use crate::words;

/// Who evaluates a partner.
const EVALUATORS: [Role; 2] = [Role::ProjectManager, Role::Disclosure];
const LIST: &str = "/console/partners";

async fn list(officer: &Officer, asked: &Asked, typed: &Typed) -> Result<Response, PageError> {
    let rows = officer.app.campaigns.partners(asked.after(), asked.limit(), &officer.member).await;
    let rows = rows.map_err(Problem::of_list)?;
    // Who is elsewhere registers a partner for a campaign, on its page.
    let books = officer.app.books.within(&officer.member, &AUTHORS).await.map_err(app::books::BooksError::Db)?;
    let names = Names::of(officer, rows.iter().map(|row| row.author_id)).await?;
    let columns = [column("名称"), column("种类"), column("统一社会信用代码"), column("登记人"), column("登记时间")];
    let cells = |row: partner::Model| {
        vec![
            Cell::text(row.name),
            Cell::text(words::partner_kind(row.kind)),
            Cell::or_none(row.credit_code, Cell::text),
            Cell::text(names.name(row.author_id)),
            Cell::at(row.created_us),
        ]
    };
    let table = Table::new("合作方", &columns, "还没有登记合作方。").page(asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let only = books.len() == 1;
    let choice = options(books.iter().filter(|book| book.kind == "charity").map(|book| (book.id, book.name.clone())));
    let refused = typed.problem().is_some().then_some(typed);
    let content = html! {
        (part::heading("合作方", &html! {}))
        p class="faint" { "与不具有公开募捐资格的组织或个人合作募捐时，先登记合作方，再在项目页登记合作协议；结束后评估。" }
        @if officer.is(&AUTHORS) && !books.is_empty() {
            div class="steps" {
                (Step { name: "登记合作方", will: "登记后可以在项目中选用。", to: LIST, grave: false, fields: html! {
                    (part::new_id(typed))
                    @if only { @for book in &books { input type="hidden" name="book" value=(book.id); } }
                    @else { (Field::choice(typed, "book", "慈善组织", &choice).required()) }
                    (about(typed))
                } }.show(officer, refused))
            }
        } @else if officer.is(&AUTHORS) {
            p class="note" { "您管理的项目由上级慈善组织募捐：请在项目页的“合作方”一栏为该项目登记。" }
        }
        (table.show(asked))
    };
    Ok(officer.shown("合作方", &[("/console/campaigns", "公益项目")], &content, typed))
}

/// The register.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    list(&officer, &Asked::of(request), &Typed::default()).await
}

/// Registers a partner.
#[handler]
pub(super) async fn post_register(officer: Officer, form: Form) -> Result<Response, PageError> {
    match register(&officer, None, &form).await {
        Ok(()) => Ok(officer.done("合作方已登记。", LIST)),
        Err(refused) => list(&officer, &Asked::at(LIST), &Typed::refused(&form, refused)).await,
    }
}

/// What is asked of a partner.
fn about(typed: &Typed) -> Markup {
    let kinds = options(words::all(words::partner_kind));
    html! {
        div class="fields" {
            (Field::choice(typed, "kind", "种类", &kinds).required())
            (Field::text(typed, "name", "名称").required().longest(100))
            (Field::text(typed, "credit_code", "统一社会信用代码").longest(18).needed("组织必填，个人不填"))
        }
    }
}

async fn register(officer: &Officer, campaign: Option<CampaignId>, form: &Form) -> Result<(), Problem> {
    let mut check = form.check();
    let (id, book, name) = (check.id("id"), check.id("book"), check.text("name"));
    let kind = check.choice::<words::Key<PartnerKind>>("kind");
    let credit_code = check.optional("credit_code");
    check.done()?;
    let kind = kind.map(|key| key.0).ok_or_else(|| Problem::field("kind", "请选择"))?;
    let new = NewPartner { id, book, campaign, kind, name, credit_code };
    officer.app.campaigns.register_partner(new, &officer.member).await?;
    Ok(())
}

/// The partner of a campaign: with whom, since when, and what was found of it.
pub(super) async fn block(officer: &Officer, row: &campaign::Model, at: &At<'_>) -> Result<Markup, PageError> {
    let standing = officer.app.campaigns.cooperation(row.id, &officer.member).await?;
    let persons = standing.as_ref().map(|(one, _)| [one.signer_id, one.evaluator_id]);
    let names = Names::of(officer, persons.into_iter().flatten().flatten()).await?;
    let signs = officer.is(&AUTHORS);
    let known =
        if signs { officer.app.campaigns.partners(None, MOST as u64, &officer.member).await? } else { Vec::new() };
    let known: Vec<partner::Model> = known.into_iter().filter(|one| one.book_id == row.book_id).collect();
    let signed = standing.as_ref().is_some_and(|(one, _)| one.signer_id == Some(officer.id()));
    let evaluates = officer.is(&EVALUATORS) && row.author_id != officer.id() && standing.is_some() && !signed;
    Ok(part::block(
        "合作方",
        &html! {
            @match &standing {
                Some((one, with)) => (facts(one, with, &names)),
                None => (part::nothing_here("没有登记合作协议。")),
            }
            div class="steps" {
                @if signs && known.is_empty() { p class="faint" { "先登记合作方，再登记合作协议。" } }
                @if signs { (propose(officer, row, at)) }
                @if signs && !known.is_empty() { (sign(officer, row.id, &known, at)) }
                @if evaluates { (evaluate(officer, row.id, at)) }
            }
        },
    ))
}

fn facts(one: &cooperation::Model, with: &partner::Model, names: &Names) -> Markup {
    part::facts(&[
        ("合作方", html! { (with.name) "（" (words::partner_kind(with.kind)) "）" }),
        ("协议签订日期", html! { (one.signed_on) }),
        ("登记人", html! { (names.maybe(one.signer_id)) }),
        ("协议内容", html! { (part::lines(&one.agreement)) }),
        (
            "评分",
            html! { @if let Some(score) = one.score { (score) "分" } @else { (part::badge(("待评估", part::Tone::Waiting))) } },
        ),
        ("评估意见", html! { (part::lines(one.findings.as_deref().unwrap_or_default())) }),
        ("评估人", html! { (names.maybe(one.evaluator_id)) @if let Some(day) = one.evaluated_on { " " (day) } }),
    ])
}

fn propose(officer: &Officer, row: &campaign::Model, at: &At<'_>) -> Markup {
    let fresh = Typed::default();
    let typed = at.of("partner").unwrap_or(&fresh);
    let fields = html! {
        (part::new_id(typed))
        input type="hidden" name="book" value=(row.book_id);
        (about(typed))
    };
    let to = format!("{}/partner", super::campaign::path(row.id));
    let will = "登记为本项目慈善组织的合作方，登记后可以签订合作协议；评估仍由另一人办理。";
    Step { name: "登记合作方", will, to: &to, grave: false, fields }.show(officer, at.of("partner"))
}

fn sign(officer: &Officer, id: CampaignId, known: &[partner::Model], at: &At<'_>) -> Markup {
    let fresh = Typed::default();
    let typed = at.of("cooperation").unwrap_or(&fresh);
    let partners = options(known.iter().map(|one| (one.id, one.name.clone())));
    let fields = html! {
        (Field::choice(typed, "partner", "合作方", &partners).required())
        (Field::day(typed, "signed_on", "签订日期").required())
        (Field::area(typed, "agreement", "协议要点或文号").required().longest(500))
    };
    let will =
        "登记与合作方签订的协议，书面协议另在材料中上传；换合作方时原评估不再适用。备案后更换合作方须先办理变更。";
    let to = format!("{}/cooperation", super::campaign::path(id));
    Step { name: "登记合作协议", will, to: &to, grave: false, fields }.show(officer, at.of("cooperation"))
}

fn evaluate(officer: &Officer, id: CampaignId, at: &At<'_>) -> Markup {
    let fresh = Typed::default();
    let typed = at.of("partner-evaluation").unwrap_or(&fresh);
    let fields = html! {
        (Field::number(typed, "score", "评分（0至100）").required().longest(3))
        (Field::area(typed, "findings", "评估意见").required().longest(500))
    };
    let to = format!("{}/partner-evaluation", super::campaign::path(id));
    let will = "评估由发起人和登记协议以外的人办理，结果写入全面报告。";
    Step { name: "评估合作方", will, to: &to, grave: false, fields }.show(officer, at.of("partner-evaluation"))
}

/// The steps of the block.
pub(super) async fn take(
    officer: &Officer,
    id: CampaignId,
    word: &str,
    form: &Form,
) -> Result<&'static str, PageError> {
    let (campaigns, by) = (&officer.app.campaigns, &officer.member);
    if word == "partner" {
        register(officer, Some(id), form).await?;
        return Ok("合作方已登记。");
    }
    let mut check = form.check();
    if word == "cooperation" {
        let (partner, signed_on) = (check.id::<PartnerId>("partner"), check.day("signed_on"));
        let agreement = check.text("agreement");
        check.done()?;
        let signed_on = signed_on.ok_or_else(|| Problem::field("signed_on", "请填写日期"))?;
        campaigns.sign_cooperation(id, (partner, signed_on, agreement), by).await?;
        return Ok("合作协议已登记。");
    }
    let (score, findings) = (check.number::<i64>("score"), check.text("findings"));
    check.done()?;
    campaigns.evaluate_cooperation(id, (score.unwrap_or_default(), findings), by).await?;
    Ok("评估已登记。")
}

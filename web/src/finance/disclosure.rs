//! What is published: drawn up from the ledger and frozen, corrected by a new version, and where it was published.

use app::disclosures::{About, NewPublication, READERS, Wish, Words};
use app::problem::Problem;
use domain::duty::{DutyKind, Place};
use domain::role::Role;
use domain::{BookId, CampaignId, DisclosureId, MajorEventId};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};
use serde_json::Value;

use crate::console::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::glossary;
use crate::page::{self, PageError};
use crate::part::{self, Step, Tone};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

/// Who draws up.
pub(super) const PREPARERS: [Role; 3] = [Role::Disclosure, Role::ProjectManager, Role::FinanceHead];
/// Who says that it was published.
const PUBLISHERS: [Role; 1] = [Role::Disclosure];

fn path(id: DisclosureId) -> String {
    format!("/console/disclosures/{id}")
}

/// Where a version was published.
pub(crate) fn place(place: Place) -> &'static str {
    match place {
        Place::CharityChina => "慈善中国",
        Place::OwnSite => "本平台网站",
        Place::DesignatedPlatform => "指定的互联网募捐平台",
        Place::Authority => "民政部门（报送，不公开）",
        Place::Other => "其他媒体",
    }
}

/// Whether a version was published, or another took its place.
fn standing(published: bool, replaced: bool) -> (&'static str, Tone) {
    match (published, replaced) {
        (_, true) => ("已被更正", Tone::Calm),
        (true, false) => ("已公布", Tone::Good),
        (false, false) => ("待公布", Tone::Waiting),
    }
}

/// The kinds that are published.
fn kinds() -> Vec<(String, String)> {
    all_words::all(DutyKind::title)
        .into_iter()
        .filter(|(key, _)| key.parse::<all_words::Key<DutyKind>>().is_ok_and(|key| key.0.is_published()))
        .collect()
}

/// What was drawn up, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&READERS)?;
    let asked = Asked::of(request);
    let campaign = asked.read::<CampaignId>("campaign")?;
    let kind = asked.read::<all_words::Key<DutyKind>>("kind")?.map(|key| key.0);
    let rows = officer.app.disclosures.page((campaign, kind), asked.after(), asked.limit(), &officer.member).await;
    let rows = rows.map_err(Problem::of_list)?;
    let columns = [
        column("内容"),
        column("事项"),
        numbers("版本"),
        column("状态"),
        column("截止日期"),
        column("公布日期"),
        column("编制时间"),
    ];
    let table = Table::new("公开内容", &columns, "还没有编制公开内容。");
    let table = table.page(
        &asked,
        rows,
        |one| one.row.id.uuid(),
        |one| {
            vec![
                Cell::link(&path(one.row.id), one.row.title),
                Cell::text(one.row.kind.title()),
                Cell::number(one.row.version),
                Cell::badge(standing(!one.published.is_empty(), one.newer.is_some())),
                Cell::day(one.row.through_day),
                Cell::or_none(one.published.first().map(|first| first.published_on), Cell::day),
                Cell::at(one.row.created_us),
            ]
        },
    );
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("公开内容", &html! {
            @if officer.is(&PREPARERS) { a class="button primary" href="/console/disclosures/new" { "编制" } }
            @if officer.is(&app::disclosures::READERS) { a class="button" href="/console/duties" { "期限" } }
        }))
        (table::filter(&asked, &html! {
            (table::filter_choice(&asked, "kind", "事项", &kinds()))
            @if let Some(campaign) = campaign { input type="hidden" name="campaign" value=(campaign); }
        }))
        (table.show(&asked))
    };
    Ok(officer.page("公开内容", &[("/console/duties", "公开与办理期限")], &content).into_response())
}

async fn ask(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let form = typed.form();
    let rows = officer.app.campaigns.page(None, &officer.member, None, 500).await?;
    let campaigns = options(rows.into_iter().map(|row| (row.id, row.name)));
    let mut all = options(Vec::<(String, String)>::new());
    all.extend(kinds());
    let corrects = form.given("corrects");
    let content = html! {
        h1 { @if corrects.is_some() { "编制更正版本" } @else { "编制公开内容" } }
        p class="note" { "数字由系统按账簿生成，您只写数字说不清的话。编制后内容冻结并留下指纹，不能修改；有错误时另编更正版本，旧版本仍可查。" }
        (part::alert(typed))
        (officer.form("/console/disclosures", &html! {
            (part::new_id(typed))
            @for kept in ["corrects", "event", "year", "book"] {
                @if let Some(value) = form.given(kept) { input type="hidden" name=(kept) value=(value); }
            }
            (Field::choice(typed, "kind", "事项", &all).required())
            @if form.given("event").is_none() && form.given("year").is_none() {
                (Field::choice(typed, "campaign", "项目", &campaigns).required())
            }
            div class="fields" {
                (Field::day(typed, "from", "本期起始日").hint("不填则从头算起。"))
                (Field::day(typed, "through", "截止日").hint("不填则到今天。"))
            }
            (Field::area(typed, "summary", "情况说明").longest(5_000))
            (Field::area(typed, "rest", "剩余款物的使用计划或处理情况").longest(5_000).needed("全面情况报告尚有余款时必填"))
            (Field::area(typed, "partner", "合作方监督情况的补充").longest(5_000).hint("评估情况从合作方的评估记录中取得，须先在项目页完成评估。"))
            @if corrects.is_some() { (Field::area(typed, "correction", "更正说明").required().longest(500)) }
            div class="go" { button type="submit" class="primary" { "编制并冻结" } }
        }))
    };
    Ok(officer.shown("编制公开内容", &[("/console/disclosures", "公开内容")], &content, typed))
}

/// The form of a report; what it corrects or is about may stand in the address.
#[handler]
pub(super) async fn get_blank(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&PREPARERS)?;
    let asked = Asked::of(request);
    let known = ["kind", "campaign", "corrects", "event", "year", "book"];
    let fields = known.into_iter().filter_map(|name| Some((name, asked.get(name)?)));
    ask(&officer, &Typed::fresh(Form::of(fields))).await
}

/// A refusal of the words, at the field of this form that holds them.
fn at_its_field(refused: Problem) -> Problem {
    let field = refused.reason.as_deref().and_then(|reason| reason.strip_prefix("words."));
    let field = field.map(str::to_owned);
    if field.is_some() { Problem { reason: field, ..refused } } else { refused }
}

/// Draws a report up.
#[handler]
pub(super) async fn post_prepare(officer: Officer, form: Form) -> Result<Response, PageError> {
    let drawn: Result<DisclosureId, Problem> = async {
        officer.member.must_be(&PREPARERS)?;
        let mut check = form.check();
        let id: DisclosureId = check.id("id");
        let kind = check.choice::<all_words::Key<DutyKind>>("kind");
        let event = check.id_or_none::<MajorEventId>("event");
        let book = check.id_or_none::<BookId>("book");
        let year = if form.given("year").is_some() { check.number::<i32>("year") } else { None };
        let campaign = check.id_or_none::<CampaignId>("campaign");
        let (from, through) = (check.day_or_none("from"), check.day_or_none("through"));
        let words = Words {
            summary: form.get("summary").to_owned(),
            rest: form.get("rest").to_owned(),
            partner: form.get("partner").to_owned(),
        };
        let corrects = check.id_or_none::<DisclosureId>("corrects");
        let correction = check.optional("correction");
        check.done()?;
        let kind = kind.map(|key| key.0).ok_or_else(|| Problem::field("kind", "请选择"))?;
        let about = match (event, book.zip(year), campaign) {
            (Some(event), _, _) => About::Event(event),
            (None, Some((book, year)), _) => About::Year(book, year),
            (None, None, Some(campaign)) => About::Campaign(campaign),
            (None, None, None) => return Err(Problem::field("campaign", "请选择项目")),
        };
        let wish = Wish { kind, about, from, through, words, corrects, correction };
        let drawn = officer.app.disclosures.prepare(id, wish, &officer.member).await.map_err(Problem::from);
        Ok(drawn.map_err(at_its_field)?.id)
    }
    .await;
    match drawn {
        Ok(id) => Ok(officer.done("已编制并冻结。公布后请回来登记公布的地址。", &path(id))),
        Err(refused) => ask(&officer, &Typed::refused(&form, refused)).await,
    }
}

/// A frozen text as people read it: what it says one after the other, then its lists. The text itself, to which the fingerprint belongs, is
/// a file.
pub(crate) fn frozen(text: &Value) -> Markup {
    let Value::Object(all) = text else { return html! {} };
    let is_list = |value: &Value| matches!(value, Value::Array(rows) if rows.first().is_some_and(Value::is_object));
    let plain = all.iter().filter(|(_, value)| !value.is_object() && !is_list(value));
    let facts: Vec<(&str, Markup)> =
        plain.map(|(name, value)| (glossary::named(name), html! { (glossary::value(name, value)) })).collect();
    let sums =
        |value: &Value| value.as_object().is_some_and(|all| all.keys().all(|key| key == "period" || key == "total"));
    html! {
        @if !facts.is_empty() { (part::facts(&facts)) }
        @for (name, value) in all {
            @if is_list(value) { h3 { (glossary::named(name)) } (list(name, value)) }
            @else if sums(value) { p { strong { (glossary::named(name)) } " " (glossary::value(name, value)) } }
            @else if value.is_object() { h3 { (glossary::named(name)) } (frozen(value)) }
        }
    }
}

/// A list within a frozen text; its columns are the members of its first row.
fn list(name: &str, rows: &Value) -> Markup {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let members: Vec<&String> =
        rows.first().and_then(Value::as_object).map(|one| one.keys().collect()).unwrap_or_default();
    let columns: Vec<_> = members.iter().map(|name| column(glossary::member(name).unwrap_or("其他"))).collect();
    let cells = rows.iter().map(|row| {
        let cell =
            |name: &&String| Cell::text(row.get(*name).map(|value| glossary::value(name, value)).unwrap_or_default());
        members.iter().map(cell).collect::<Vec<_>>()
    });
    Table::new(glossary::named(name), &columns, "没有内容。").whole(cells).plain()
}

async fn show(officer: &Officer, id: DisclosureId, typed: &Typed, refused: bool) -> Result<Response, PageError> {
    let version = officer.app.disclosures.version(id, &officer.member).await?;
    let row = &version.row;
    let authors: Vec<domain::StaffId> =
        version.published.iter().map(|one| one.author_id).chain([row.author_id]).collect();
    let names = Names::of(officer, authors).await?;
    let places = options(all_words::all(place));
    let mut again = format!("/console/disclosures/new?corrects={id}&kind={}", row.kind.word());
    if let Some(campaign) = row.campaign_id {
        again.push_str(&format!("&campaign={campaign}"));
    }
    if let Some(event) = row.event_id {
        again.push_str(&format!("&event={event}"));
    }
    if let Some(year) = row.year {
        again.push_str(&format!("&year={year}&book={}", row.book_id));
    }
    let to = format!("{}/publication", path(id));
    let text: serde_json::Value = serde_json::from_str(&row.content).unwrap_or_default();
    let content = html! {
        (part::heading(&row.title, &html! {
            (part::badge(standing(!version.published.is_empty(), version.newer.is_some())))
            a class="button" href={ (path(id)) "/form" } { "下载表格" }
            a class="button" href={ (path(id)) "/text" } { "下载冻结的原文" }
            @if version.newer.is_none() && officer.is(&PREPARERS) { a class="button" href=(again) { "编制更正版本" } }
        }))
        @if let Some(newer) = version.newer { p class="note" { "这个版本已被更正。 " a href=(path(newer)) { "看新版本" } } }
        @if let Some(correction) = &row.correction { p { strong { "更正说明：" } (correction) } }
        @if version.newer.is_none() && officer.is(&PUBLISHERS) {
            div class="steps" {
                (Step { name: "登记公布", will: "登记这个版本已在何处公布；募捐情况全面报告公布后，项目才能结项。登记后不能删除。", to: &to, grave: false, fields: html! {
                    (part::new_id(typed))
                    (Field::choice(typed, "place", "公布在", &places).required())
                    (Field::text(typed, "reference", "链接或编号").required().longest(500))
                    (Field::day(typed, "published_on", "公布日期").required())
                } }.show(officer, refused.then_some(typed)))
            }
        }
        (part::block("版本", &part::facts(&[
            ("事项", html! { (row.kind.title()) }),
            ("依据", html! { (row.kind.source()) }),
            ("版本", html! { "第" (row.version) "版" }),
            ("期间", html! { (row.from_day) " 至 " (row.through_day) }),
            ("项目", html! { @if let Some(campaign) = row.campaign_id { a href={ "/console/campaigns/" (campaign) } { "查看项目" } } }),
            ("编制人", html! { (names.name(row.author_id)) }),
            ("编制时间", part::at(row.created_us)),
            ("指纹（SHA-256）", html! { span class="code" { (hex::encode(&row.fingerprint)) } }),
        ])))
        (part::block("公布记录", &html! {
            @if version.published.is_empty() { (part::nothing_here("还没有登记公布。")) } @else {
                ul class="papers" {
                    @for one in &version.published {
                        li { (one.published_on) " " strong { (place(one.place)) } " " span class="code" { (one.reference) } " " span class="faint" { (names.name(one.author_id)) "登记" } }
                    }
                }
            }
        }))
        details class="block frozen" { summary { "冻结的内容" } (frozen(&text)) }
    };
    Ok(officer.shown(&row.title, &[("/console/disclosures", "公开内容")], &content, typed))
}

/// One version.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<DisclosureId>) -> Result<Response, PageError> {
    show(&officer, id, &Typed::default(), false).await
}

/// A version as a workbook, in the shape of the form it is entered into.
#[handler]
pub(super) async fn get_form(officer: Officer, Path(id): Path<DisclosureId>) -> Result<Response, PageError> {
    let (name, content) = officer.app.disclosures.form(id, &officer.member).await?;
    Ok(page::file(&name, page::XLSX, content))
}

/// The text of a version as it was frozen: what the fingerprint is of.
#[handler]
pub(super) async fn get_text(officer: Officer, Path(id): Path<DisclosureId>) -> Result<Response, PageError> {
    let row = officer.app.disclosures.version(id, &officer.member).await?.row;
    Ok(page::file(&format!("{}第{}版.json", row.title, row.version), "application/json; charset=utf-8", row.content))
}

/// Says that a version was published.
#[handler]
pub(super) async fn post_publish(
    officer: Officer,
    Path(id): Path<DisclosureId>,
    form: Form,
) -> Result<Response, PageError> {
    let said: Result<(), Problem> = async {
        let mut check = form.check();
        let new_id = check.id("id");
        let place = check.choice::<all_words::Key<Place>>("place");
        let (reference, published_on) = (check.text("reference"), check.day("published_on"));
        check.done()?;
        let place = place.map(|key| key.0).ok_or_else(|| Problem::field("place", "请选择"))?;
        let published_on = published_on.ok_or_else(|| Problem::field("published_on", "请填写日期"))?;
        let new = NewPublication { id: new_id, place, reference, published_on };
        officer.app.disclosures.publish(id, new, &officer.member).await?;
        Ok(())
    }
    .await;
    match said {
        Ok(()) => Ok(officer.done("已登记公布。", &path(id))),
        Err(refused) => show(&officer, id, &Typed::refused(&form, refused), true).await,
    }
}

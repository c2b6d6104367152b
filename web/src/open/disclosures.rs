//! What was published (信息公开): of campaigns on their pages, of charities themselves on a page of its own; every version can be read as it
//! was frozen, with its fingerprint and where else it was published.

use std::sync::Arc;

use app::App;
use app::disclosures::Version;
use domain::duty::Place;
use domain::{CampaignId, DisclosureId};
use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};

use super::page;
use crate::finance::disclosure::{frozen, place};
use crate::page::{PageError, file};
use crate::part::{self, Tone};
use crate::table::{Asked, Cell, Column, Table, column, numbers};

/// How many versions a page shows.
const SHOWN: u64 = 50;

fn path(id: DisclosureId) -> String {
    format!("/disclosures/{id}")
}

/// Where everybody may find a version, and since when.
fn proofs(version: &Version) -> impl Iterator<Item = &entity::disclosure_publication::Model> {
    version.published.iter().filter(|one| one.place != Place::Authority)
}

/// The columns of a list of versions.
const COLUMNS: [Column; 5] =
    [column("内容"), numbers("版本"), column("公布日期"), column("公布在"), column("指纹（SHA-256）")];

fn cells(version: &Version) -> Vec<Cell> {
    let row = &version.row;
    let places: Vec<&str> = proofs(version).map(|one| place(one.place)).collect();
    let print = hex::encode(&row.fingerprint);
    let short = print.get(..16).unwrap_or(&print);
    vec![
        Cell::link(&path(row.id), row.title.clone()),
        Cell::number(row.version),
        Cell::or_none(proofs(version).map(|one| one.published_on).min(), Cell::day),
        Cell::text(places.join("、")),
        Cell::shown(html! { span class="code" title=(print) { (short) "…" } }, print.clone()),
    ]
}

/// What of a campaign was published, on its page: so many, and where the rest is.
pub(super) fn of_campaign(versions: &[Version], shown: u64, base: &str) -> Markup {
    let shown = usize::try_from(shown).unwrap_or(usize::MAX);
    let table = Table::new("信息公开", &COLUMNS, "还没有公布过报告。募捐情况和项目进展的报告公布后列在这里。");
    html! {
        (table.whole(versions.iter().take(shown).map(cells)).plain())
        @if versions.len() > shown { p { a href={ (base) "/disclosures" } { "全部公布的报告" } } }
    }
}

/// All that was published of a campaign.
#[handler]
pub(super) async fn get_of_campaign(
    Data(app): Data<&Arc<App>>,
    Path(id): Path<CampaignId>,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let one = app.campaigns.public(id).await?;
    let mut found = app.disclosures.of_campaign(id, asked.cursor()?, SHOWN + 1).await?;
    let next = cut(&mut found, |version| version.row.id);
    let content = html! {
        (part::heading(&format!("{} · 信息公开", one.campaign.name), &html! { a href={ "/campaigns/" (id) } { "回到项目" } }))
        (Table::new("信息公开", &COLUMNS, "还没有公布过报告。").whole(found.iter().map(cells)).plain())
        (part::more(&asked, next.as_deref()))
    };
    Ok(page(&one.campaign.name, "/", &content).into_response())
}

/// What charities published of themselves.
#[handler]
pub(super) async fn get_list(Data(app): Data<&Arc<App>>, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let mut found = app.disclosures.of_charities(asked.cursor()?, SHOWN + 1).await?;
    let next = cut(&mut found, |(version, _)| version.row.id);
    let columns: Vec<Column> = std::iter::once(column("慈善组织")).chain(COLUMNS).collect();
    let rows = found.iter().map(|(version, charity)| {
        std::iter::once(Cell::text(charity.clone())).chain(cells(version)).collect::<Vec<_>>()
    });
    let content = html! {
        h1 { "信息公开" }
        p class="lead" { "慈善组织自己的年度报告、财务会计报告和重大事项，每个版本都保留：内容冻结并留有指纹，有错误另发更正版本，旧版本仍可查。各项目的报告在项目页面上。" }
        (Table::new("慈善组织的报告", &columns, "还没有公布过机构的报告。各项目公布的报告请在项目页面查看。").whole(rows).plain())
        (part::more(&asked, next.as_deref()))
    };
    Ok(page("信息公开", "/disclosures", &content).into_response())
}

/// Leaves what a page shows, and answers where the next begins.
fn cut<T>(found: &mut Vec<T>, id: impl Fn(&T) -> DisclosureId) -> Option<String> {
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    found.last().filter(|_| more).map(|last| id(last).to_string())
}

/// One version, as it was frozen.
#[handler]
pub(super) async fn get_one(Data(app): Data<&Arc<App>>, Path(id): Path<DisclosureId>) -> Result<Response, PageError> {
    let series = app.disclosures.public_series(id).await?;
    let gone = || app::problem::Problem::not_found("no_such_disclosure", "没有这份公布的报告。");
    let version = series.iter().find(|one| one.row.id == id).ok_or_else(gone)?;
    let row = &version.row;
    let newer = version.newer.filter(|newer| series.iter().any(|one| one.row.id == *newer));
    let text: serde_json::Value = serde_json::from_str(&row.content).unwrap_or_default();
    let state = if newer.is_some() { ("已被更正", Tone::Calm) } else { ("已公布", Tone::Good) };
    let content = html! {
        (part::heading(&row.title, &html! { (part::badge(state)) a class="button" href={ (path(id)) "/text" } { "下载冻结的原文" } }))
        @if let Some(newer) = newer { p class="note" { "这个版本已被更正。" a href=(path(newer)) { "看新版本" } } }
        @if let Some(correction) = &row.correction { p { strong { "更正说明：" } (correction) } }
        (part::block("版本", &html! {
            (part::facts(&[
                ("事项", html! { (row.kind.title()) }),
                ("版本", html! { "第" (row.version) "版" }),
                ("期间", html! { (row.from_day) " 至 " (row.through_day) }),
                ("项目", html! { @if let Some(campaign) = row.campaign_id { a href={ "/campaigns/" (campaign) } { "查看项目" } } }),
                ("编制时间", part::at(row.created_us)),
            ]))
            p { "指纹（SHA-256） " span class="code" { (hex::encode(&row.fingerprint)) } }
            ul class="papers" { @for one in proofs(version) {
                li { (one.published_on) " 公布在" strong { (place(one.place)) } " " span class="code" { (one.reference) } }
            } }
        }))
        @if series.len() > 1 {
            (part::block("各个版本", &html! { ul class="papers" { @for one in &series {
                li { @if one.row.id == id { "第" (one.row.version) "版（本页）" } @else { a href=(path(one.row.id)) { "第" (one.row.version) "版" } } }
            } } }))
        }
        (part::block("内容", &frozen(&text)))
    };
    Ok(page(&row.title, if row.campaign_id.is_some() { "/" } else { "/disclosures" }, &content).into_response())
}

/// The text of a version as it was frozen: what the fingerprint is of.
#[handler]
pub(super) async fn get_text(Data(app): Data<&Arc<App>>, Path(id): Path<DisclosureId>) -> Result<Response, PageError> {
    let row = app.disclosures.public_text(id).await?;
    let name = format!("{}第{}版.json", row.title, row.version);
    Ok(file(&name, "application/json; charset=utf-8", row.content))
}

//! The first page: all the money in three numbers, and the campaigns.

use crowdfunding::{PublicCampaign, Search, Sorting};
use domain::campaign::{CampaignState, Cause};
use domain::{CampaignId, Money};
use maud::{Markup, html};
use poem::web::Data;
use poem::{IntoResponse, Request, Response, handler};

use std::sync::Arc;

use app::App;

use crate::chart;
use crate::open::page;
use crate::page::PageError;
use crate::part;
use crate::table::{Asked, not_understood};
use crate::words;

/// How many campaigns a page shows.
const SHOWN: usize = 12;

const ORDERS: [(&str, &str, Sorting); 3] = [
    ("newest", "最新", Sorting::Newest),
    ("ending", "即将结束", Sorting::Ending),
    ("raised", "筹款最多", Sorting::Raised),
];

/// Campaigns, by what is asked for.
#[handler]
pub(super) async fn get_list(Data(app): Data<&Arc<App>>, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let search = search(&asked)?;
    let open = app.open_books.all().await?;
    let mut found = app.campaigns.search(&search, asked.cursor()?, SHOWN as u64 + 1).await?;
    let next = (found.len() > SHOWN).then(|| found[SHOWN - 1].campaign.id.to_string());
    found.truncate(SHOWN);
    let first = asked.get("after").is_none();
    let content = html! {
        @if first {
            section class="hero" {
                h1 { "把家乡的事，办成看得见的事" }
                p { "每一笔善款从到账到使用都记在账上：筹了多少、退了多少、用在哪里、还剩多少，任何人都可以查。" }
                dl class="figures" {
                    div { dt { "累计筹集" } dd { (part::yuan(open.total.raised)) } }
                    div { dt { "累计支出" } dd { (part::yuan(open.total.spent())) } }
                    div { dt { "捐赠笔数" } dd { (part::whole(open.gifts)) } }
                    div { dt { "公示项目" } dd { (part::whole(open.campaigns)) } }
                }
            }
        }
        (filter(&asked))
        @if found.is_empty() {
            p class="nothing" { "没有符合条件的项目。" @if !first || asked.get("q").is_some() { " " a href="/" { "查看全部项目" } } }
        } @else {
            ul class="cards" { @for one in &found { li { (card(one)) } } }
        }
        (part::more(&asked, next.as_deref()))
    };
    Ok(page("公益项目", "/", &content).into_response())
}

/// What is asked for. What cannot be read is refused, so that nobody takes the list of all campaigns for what they looked for.
fn search(asked: &Asked) -> Result<Search, PageError> {
    let state = asked.read::<words::Key<CampaignState>>("state")?.map(|key| key.0);
    if let Some(given) = asked.get("state").filter(|_| state.is_some_and(|state| !state.is_public())) {
        return Err(not_understood("state", given).into());
    }
    let codes: Vec<&str> = domain::division::hebei().iter().map(|one| one.code).collect();
    let order = asked.among("order", &ORDERS.map(|(key, ..)| key))?;
    Ok(Search {
        words: asked.get("q").map(|words| words.chars().take(60).collect()),
        state,
        cause: asked.read::<words::Key<Cause>>("cause")?.map(|key| key.0),
        division: asked.among("division", &codes)?.map(str::to_owned),
        parent: asked.read::<CampaignId>("parent")?,
        order: ORDERS.iter().find(|(key, ..)| order == Some(*key)).map_or(Sorting::Newest, |found| found.2),
        unit: None,
    })
}

fn filter(asked: &Asked) -> Markup {
    let causes = words::all(words::cause);
    let states = words::all(|state: CampaignState| words::campaign(state).0);
    let open = |key: &str| key.parse::<words::Key<CampaignState>>().is_ok_and(|key| key.0.is_public());
    let cities = domain::division::hebei().iter().filter(|one| one.code.len() == 4 && one.valid_to.is_none());
    html! {
        search {
            form class="filter" method="get" action="/" {
                label { "项目名称" input type="search" name="q" value=[asked.get("q")] maxlength="60"; }
                label { "领域" select name="cause" { option value="" { "全部" } @for (key, word) in &causes { option value=(key) selected[asked.get("cause") == Some(key)] { (word) } } } }
                label { "状态" select name="state" { option value="" { "全部" } @for (key, word) in states.iter().filter(|(key, _)| open(key)) { option value=(key) selected[asked.get("state") == Some(key)] { (word) } } } }
                label { "地区" select name="division" { option value="" { "全省" } @for city in cities { option value=(city.code) selected[asked.get("division") == Some(city.code)] { (city.name) } } } }
                label { "排序" select name="order" { @for (key, word, _) in ORDERS { option value=(key) selected[asked.get("order") == Some(key)] { (word) } } } }
                button type="submit" { "查找" }
            }
        }
    }
}

/// What was raised of a campaign, money and goods.
pub(super) fn raised(one: &PublicCampaign) -> Money {
    one.fund.raised_cash.checked_add(one.fund.raised_goods).unwrap_or(Money::MAX)
}

/// How much of the target, in whole percent.
pub(super) fn percent(raised: Money, target: Money) -> i64 {
    let whole = i128::from(target.fen()).max(1);
    i64::try_from(i128::from(raised.fen()) * 100 / whole).unwrap_or(i64::MAX)
}

fn card(one: &PublicCampaign) -> Markup {
    let row = &one.campaign;
    let raised = raised(one);
    html! {
        article class="card" {
            p class="faint" { (words::cause(row.cause)) " · " (one.charity) }
            h2 { a href={ "/campaigns/" (row.id) } { (row.name) } }
            p class="summary" { (row.summary) }
            (chart::gauge(raised, Money::ZERO, row.target_fen, &format!("已筹目标的百分之{}", percent(raised, row.target_fen))))
            dl class="figures small" {
                div { dt { "已筹" } dd { (part::yuan(raised)) } }
                div { dt { "目标" } dd { (part::yuan(row.target_fen)) } }
                div { dt { "笔数" } dd { (part::whole(one.gifts)) } }
            }
            p class="cardfoot" {
                (part::badge(words::campaign(row.state)))
                @match &row.filing_number {
                    Some(number) => span class="faint code" { "备案 " (number) },
                    None => span class="faint" { "尚未取得备案编号" },
                }
            }
        }
    }
}

//! Which book a page is about, and what its accounts are called.

use std::collections::HashMap;

use app::closing::Period;
use app::problem::Problem;
use domain::role::Role;
use domain::{BusinessDate, CampaignId};
use entity::book;
use ledger::NamedAccount;
use maud::{Markup, html};

use crate::page::PageError;
use crate::session::{Officer, encoded};
use crate::table::{Asked, filter_choice};

/// The books somebody may read, and the one a page is about.
pub(super) struct Shelf {
    pub(super) books: Vec<book::Model>,
    pub(super) book: book::Model,
}

impl Shelf {
    /// The book the address names by its code, or the first of a charity.
    pub(super) async fn of(officer: &Officer, asked: &Asked) -> Result<Shelf, PageError> {
        Shelf::named(officer, asked.get("book")).await
    }

    /// The book of a code, or the first of a charity.
    pub(super) async fn named(officer: &Officer, code: Option<&str>) -> Result<Shelf, PageError> {
        Shelf::among(officer.app.books.readable(&officer.member).await?, code)
    }

    /// The book of a code; a list that knows no codes says its id.
    fn among(books: Vec<book::Model>, code: Option<&str>) -> Result<Shelf, PageError> {
        if books.is_empty() {
            return Err(Problem::not_found("no_such_book", "您的管辖范围内没有账套。").into());
        }
        let found = match code {
            Some(code) => books.iter().find(|book| book.code == code || book.id.to_string() == code),
            None => books.iter().find(|book| book.kind == "charity").or(books.first()),
        };
        let book = found.cloned().ok_or_else(|| Problem::not_found("no_such_book", "没有这个账套。"))?;
        Ok(Shelf { books, book })
    }

    /// The book the money of a campaign is in.
    pub(super) async fn of_campaign(officer: &Officer, id: CampaignId) -> Result<Shelf, PageError> {
        let books = officer.app.books.readable(&officer.member).await?;
        let found = officer.app.campaigns.with_money(&[id]).await?.pop();
        let book = found.and_then(|one| books.iter().find(|book| book.id == one.campaign.book_id).cloned());
        let book = book.ok_or_else(|| Problem::not_found("no_such_campaign", "没有这个项目。"))?;
        Ok(Shelf { books, book })
    }

    /// The same for a page that not only readers of the books open.
    pub(super) async fn within(officer: &Officer, code: Option<&str>, roles: &[Role]) -> Result<Shelf, PageError> {
        let books = officer.app.books.within(&officer.member, roles).await;
        Shelf::among(books.map_err(app::books::BooksError::Db)?, code)
    }

    fn named_books(&self) -> Vec<(String, String)> {
        self.books.iter().map(|book| (book.code.clone(), book.name.clone())).collect()
    }

    /// The field of a filter that chooses the one book a page is about; nothing to choose where there is one.
    pub(super) fn choice(&self) -> Markup {
        html! { @if self.books.len() > 1 { (one_of("book", "账套", &self.named_books(), &self.book.code)) } }
    }

    /// The same for a list that can be of all books.
    pub(super) fn choice_or_all(&self, asked: &Asked) -> Markup {
        html! { @if self.books.len() > 1 { (filter_choice(asked, "book", "账套", &self.named_books())) } }
    }

    /// The book as a part of an address.
    pub(super) fn query(&self) -> String {
        format!("book={}", encoded(&self.book.code))
    }
}

/// The names of the campaigns that accounts are kept apart by.
pub(super) struct CampaignNames(HashMap<CampaignId, String>);

impl CampaignNames {
    /// Of these accounts. Two statements, or none.
    pub(super) async fn of(officer: &Officer, accounts: &[&NamedAccount]) -> Result<CampaignNames, PageError> {
        let mut ids: Vec<CampaignId> = accounts.iter().filter_map(|named| named.account.campaign_id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(CampaignNames(HashMap::new()));
        }
        let rows = officer.app.campaigns.with_money(&ids).await?;
        Ok(CampaignNames(rows.into_iter().map(|one| (one.campaign.id, one.campaign.name)).collect()))
    }

    /// What a campaign is called, if one of the accounts is of it.
    pub(super) fn name(&self, id: CampaignId) -> Option<&str> {
        self.0.get(&id).map(String::as_str)
    }

    /// What an account is called: its subject, and what it is kept apart by.
    pub(super) fn account(&self, named: &NamedAccount) -> String {
        app::books::words::account(&named.account, &named.subject, &self.0)
    }
}

/// The first day of a day's month.
pub(super) fn first_of_month(day: BusinessDate) -> BusinessDate {
    Period::month(day.year(), day.month()).map_or(day, |month| month.first)
}

/// A month or a year as it is called.
pub(super) fn period_name(year: i32, month: Option<u8>) -> String {
    month.map_or_else(|| format!("{year}年度"), |month| format!("{year}年{month}月"))
}

/// The year and month that the address names; the month of a day, if it names none. A year without a month is the whole of it.
pub(super) fn asked_period(asked: &Asked, today: BusinessDate) -> Result<(i32, Option<u8>, Period), PageError> {
    let (year, month) = match asked.get("year") {
        Some(_) => (asked.read::<i32>("year")?.unwrap_or(today.year()), asked.read::<u8>("month")?),
        None => (today.year(), Some(today.month())),
    };
    let found = match month {
        Some(month) => Period::month(year, month),
        None => Period::year(year),
    };
    let found = found.filter(|_| (2000..3000).contains(&year));
    let none = || Problem::not_found("no_such_period", "没有这个会计期间。");
    Ok((year, month, found.ok_or_else(none)?))
}

/// A field of a filter that chooses one of several, of which a page shows always one.
pub(super) fn one_of(name: &str, label: &str, options: &[(String, String)], chosen: &str) -> Markup {
    html! {
        label {
            (label)
            select name=(name) { @for (key, word) in options { option value=(key) selected[key == chosen] { (word) } } }
        }
    }
}

/// The fields of a filter that choose a year and a month, or the whole year.
pub(super) fn period_fields(year: i32, month: Option<u8>, today: BusinessDate, first: Option<BusinessDate>) -> Markup {
    fields(year, month, (today, first), true)
}

/// The fields of a filter that choose a month of a year.
pub(super) fn month_fields(year: i32, month: u8, today: BusinessDate, first: Option<BusinessDate>) -> Markup {
    fields(year, Some(month), (today, first), false)
}

fn fields(
    year: i32,
    month: Option<u8>,
    (today, first): (BusinessDate, Option<BusinessDate>),
    whole_year: bool,
) -> Markup {
    let from = first.map_or(today.year(), BusinessDate::year).min(year);
    let to = today.year().max(year);
    html! {
        label {
            "年度"
            select name="year" { @for one in (from..=to).rev() { option value=(one) selected[one == year] { (one) "年" } } }
        }
        label {
            "月份"
            select name="month" {
                @if whole_year { option value="" { "全年" } }
                @for one in 1..=12_u8 { option value=(one) selected[month == Some(one)] { (one) "月" } }
            }
        }
    }
}

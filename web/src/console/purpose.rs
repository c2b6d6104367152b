//! What a gift is for, as the console names it: a campaign, or the general fund of a charity (一般捐赠, 不限定用途).

use std::str::FromStr;

use domain::CampaignId;
use domain::donation::{GENERAL_FUND, Purpose};
use domain::role::Role;
use maud::{Markup, html};

use super::campaign;
use super::donation::CampaignNames;
use crate::page::PageError;
use crate::session::Officer;
use crate::table::{Asked, Cell};

/// What stands for the general fund where a campaign would: of whatever charity in a filter, of the one whose book follows in a form.
pub(crate) const GENERAL: &str = "general";

/// A purpose as a form says it: the id of a campaign, or `general:` and the id of a book.
pub(crate) struct Key(pub(crate) Purpose);

impl FromStr for Key {
    type Err = <CampaignId as FromStr>::Err;

    fn from_str(text: &str) -> Result<Key, Self::Err> {
        Ok(Key(match text.split_once(':') {
            Some((GENERAL, book)) => Purpose::General(book.parse()?),
            _ => Purpose::Campaign(text.parse()?),
        }))
    }
}

/// The general funds of the charities where the officer has one of these roles, as options of a form.
pub(crate) async fn general_funds(officer: &Officer, roles: &[Role]) -> Result<Vec<(String, String)>, PageError> {
    let books = officer.app.books.within(&officer.member, roles).await.map_err(app::books::BooksError::Db)?;
    let charities = books.into_iter().filter(|book| book.kind == "charity");
    Ok(charities.map(|book| (format!("{GENERAL}:{}", book.id), format!("{GENERAL_FUND}：{}", book.name))).collect())
}

/// What a filter wants: the gifts of a campaign, those of the general funds, or all.
pub(super) fn wanted(asked: &Asked) -> Result<(Option<CampaignId>, bool), PageError> {
    if asked.get("campaign") == Some(GENERAL) { Ok((None, true)) } else { Ok((asked.read("campaign")?, false)) }
}

impl CampaignNames {
    /// The name of a purpose.
    pub(crate) fn of(&self, purpose: Purpose) -> String {
        match purpose {
            Purpose::Campaign(id) => self.name(id),
            Purpose::General(_) => GENERAL_FUND.to_owned(),
        }
    }

    /// The same with a way to the campaign, for whoever may go there.
    pub(crate) fn link(&self, officer: &Officer, purpose: Purpose) -> Markup {
        let way = purpose.campaign().filter(|_| officer.is(&crowdfunding::READERS));
        html! { @if let Some(id) = way { a href=(campaign::path(id)) { (self.name(id)) } } @else { (self.of(purpose)) } }
    }

    /// The same as a cell of a list.
    pub(super) fn cell(&self, purpose: Purpose) -> Cell {
        match purpose {
            Purpose::Campaign(id) => Cell::link(&campaign::path(id), self.name(id)),
            Purpose::General(_) => Cell::text(GENERAL_FUND),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_a_campaign_or_a_book() {
        let id = "019a0000-0000-7000-8000-000000000001";
        let read = |text: &str| text.parse::<Key>().ok().map(|key| key.0);
        assert_eq!(read(id).and_then(Purpose::campaign).map(|id| id.to_string()).as_deref(), Some(id));
        assert_eq!(
            read(&format!("general:{id}")).and_then(Purpose::general).map(|id| id.to_string()).as_deref(),
            Some(id)
        );
        assert_eq!(read("general:"), None);
        assert_eq!(read(&format!("other:{id}")), None);
    }
}

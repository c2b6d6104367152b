//! How a donor is shown to strangers. Anonymous towards the public is not anonymous towards the books.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Money;
use crate::donation::Tribute;

/// How much of the donor the public sees (慈善法 Art. 82: nothing without consent, so the default is [`Anonymity::Hidden`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Anonymity {
    /// The name as the donor gave it.
    Name,
    /// The nickname as the donor gave it.
    Nickname,
    /// Nothing.
    #[default]
    Hidden,
}

/// What a stranger sees instead of a name.
pub const KIND_PERSON: &str = "爱心人士";

/// A gift as strangers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicGift {
    /// Who, as far as the donor agreed.
    pub donor: String,
    /// How much, if the donor agreed.
    pub amount: Option<Money>,
    /// The donor's words, once they have passed the content check.
    pub message: Option<String>,
    /// 纪念某某: for whose sake, if the donor wishes it to be read.
    pub tribute: Option<String>,
}

/// What is known of a gift, before anything is left out.
#[derive(Clone, Debug, Default)]
pub struct KnownGift<'a> {
    /// The donor's choice.
    pub anonymity: Anonymity,
    /// Whether the amount may be shown.
    pub show_amount: bool,
    /// The name given with this gift.
    pub name: Option<&'a str>,
    /// The nickname given with this gift.
    pub nickname: Option<&'a str>,
    /// What was given.
    pub amount: Money,
    /// The message, if it may be shown.
    pub message: Option<&'a str>,
    /// For whose sake it was given, if that may be shown.
    pub tribute: Option<(Tribute, &'a str)>,
}

/// The one function through which a donor reaches a public answer.
pub fn public(gift: &KnownGift<'_>) -> PublicGift {
    let shown = match gift.anonymity {
        Anonymity::Name => gift.name,
        Anonymity::Nickname => gift.nickname,
        Anonymity::Hidden => None,
    };
    let donor = shown.map(str::trim).filter(|s| !s.is_empty()).unwrap_or(KIND_PERSON);
    PublicGift {
        donor: donor.to_owned(),
        amount: gift.show_amount.then_some(gift.amount),
        message: gift.message.map(str::to_owned),
        tribute: gift.tribute.map(|(kind, name)| format!("{}{name}", kind.word())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(anonymity: Anonymity, name: Option<&str>, nickname: Option<&str>) -> String {
        public(&KnownGift { anonymity, name, nickname, ..KnownGift::default() }).donor
    }

    #[test]
    fn a_donor_is_shown_as_chosen_and_no_further() {
        assert_eq!(shown(Anonymity::Name, Some("张三"), Some("小张")), "张三");
        assert_eq!(shown(Anonymity::Nickname, Some("张三"), Some("小张")), "小张");
        assert_eq!(shown(Anonymity::Hidden, Some("张三"), Some("小张")), KIND_PERSON);
        // A chosen level without its text falls to nothing, never to the other text.
        assert_eq!(shown(Anonymity::Nickname, Some("张三"), None), KIND_PERSON);
        assert_eq!(shown(Anonymity::Name, Some("  "), Some("小张")), KIND_PERSON);
    }

    #[test]
    fn the_amount_is_shown_only_when_allowed() {
        let gift = KnownGift { amount: Money::from_fen(100), ..KnownGift::default() };
        assert_eq!(public(&gift).amount, None);
        assert_eq!(public(&KnownGift { show_amount: true, ..gift }).amount, Some(Money::from_fen(100)));
    }
}

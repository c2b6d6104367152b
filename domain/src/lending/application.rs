//! The words of an application.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::loan::overdue::Class;

/// How often a loan may be renewed (facts: lending 1).
pub const MOST_RENEWALS: i64 = 3;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ApplicationKind {
    /// A loan.
    New,
    /// 续贷: a loan that repays the old one before it matures; counted.
    Renewal,
    /// 展期: more time for the same money.
    Extension,
    /// 重组: other terms because the borrower is in difficulty.
    Restructuring,
}

impl ApplicationKind {
    /// The least bad class its contract can have: a renewal in order may stay normal, what eases a difficulty may not (facts: lending 2).
    pub fn least_class(self) -> Class {
        match self {
            ApplicationKind::New | ApplicationKind::Renewal => Class::Normal,
            ApplicationKind::Extension | ApplicationKind::Restructuring => Class::SpecialMention,
        }
    }
}

/// Who borrows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ApplicantKind {
    /// 个人.
    Person,
    /// 企业, for which the applicant acts.
    Enterprise,
}

/// What an office or the bank says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Verdict {
    /// 同意.
    Agreed,
    /// 退回补正.
    Returned,
    /// 不同意.
    Refused,
}

/// What an application has of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum QuotaUse {
    /// Nothing.
    None,
    /// Held for it since the bank approved.
    Reserved,
    /// Signed away.
    Used,
    /// Held once, and given back.
    Released,
}

/// What a borrower agrees to, for one bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ConsentScope {
    /// That an application is sent to the bank.
    Application,
    /// That the League sees by name what the bank sends back.
    Servicing,
}

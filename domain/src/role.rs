//! What a member of staff may do. A person has one account and may hold several roles; who may do what to which thing is
//! decided by the role and, for approvals, by who did the step before.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// A role of staff (facts: charity 1).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Role {
    /// 系统管理员: accounts and keys; moves no money.
    Admin,
    /// 项目管理员: first review of campaigns.
    ProjectManager,
    /// 出纳: bank, payouts, withdrawals.
    Cashier,
    /// 会计: entries, reconciliation.
    Bookkeeper,
    /// 财务负责人: second approval, closing.
    FinanceHead,
    /// 信息公开专员.
    Disclosure,
    /// 团委干部: recommends loans.
    LeagueOfficer,
    /// 银行客户经理: decides on loans of its bank.
    BankOfficer,
    /// 发起方: drafts campaigns.
    Organiser,
    /// 监事、审计: reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// Whether signing in needs a one-time password: the roles through whose hands money or accounts go.
    pub fn needs_otp(self) -> bool {
        match self {
            Role::Admin | Role::Cashier | Role::Bookkeeper | Role::FinanceHead => true,
            Role::ProjectManager
            | Role::Disclosure
            | Role::LeagueOfficer
            | Role::BankOfficer
            | Role::Organiser
            | Role::Auditor => false,
        }
    }

    /// The name on the wire, in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::ProjectManager => "project_manager",
            Role::Cashier => "cashier",
            Role::Bookkeeper => "bookkeeper",
            Role::FinanceHead => "finance_head",
            Role::Disclosure => "disclosure",
            Role::LeagueOfficer => "league_officer",
            Role::BankOfficer => "bank_officer",
            Role::Organiser => "organiser",
            Role::Auditor => "auditor",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Role, UnknownRole> {
        use sea_orm::Iterable;
        Role::iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// A word that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "roles are admin, project_manager, cashier, bookkeeper, finance_head, disclosure, league_officer, bank_officer, organiser, auditor"
)]
pub struct UnknownRole;

/// A member of staff who asks for something: who it is, what they may do, and where the request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The person; one person has one account.
    pub id: crate::StaffId,
    /// What they may do.
    pub roles: Vec<Role>,
    /// The address the request came from, for the audit trail.
    pub origin: String,
}

/// The member lacks the role for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the role {}", .needed.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" or "))]
pub struct Forbidden {
    /// One of these would do.
    pub needed: Vec<Role>,
}

impl Member {
    /// Whether the member holds one of these roles.
    pub fn is_one_of(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }

    /// Refuses unless the member holds one of these roles.
    pub fn must_be(&self, roles: &[Role]) -> Result<(), Forbidden> {
        if self.is_one_of(roles) { Ok(()) } else { Err(Forbidden { needed: roles.to_vec() }) }
    }
}

//! What a member of staff may do. A person has one account and may hold several roles; who may do what to which thing is
//! decided by the role and, for approvals, by who did the step before.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::{StaffId, UnitPath};

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
    /// 理事长、秘书长: the third word above a limit.
    Chair,
    /// 信息公开专员.
    Disclosure,
    /// 反洗钱专员: the only one who sees what the screening of names found.
    Compliance,
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
            Role::Admin
            | Role::ProjectManager
            | Role::Cashier
            | Role::Bookkeeper
            | Role::FinanceHead
            | Role::Chair
            | Role::Compliance => true,
            Role::Disclosure | Role::LeagueOfficer | Role::BankOfficer | Role::Organiser | Role::Auditor => false,
        }
    }

    /// Why one person does not hold two roles, if they do not (facts: charity 1, 6.6a; 会计法). Which steps of one paper need two persons is
    /// said with the paper; what is said here holds whatever the paper, and under each profile. The database holds it, too
    /// (`staff_role_apart`, `staff_role_duties`, `delegation_apart`, `delegation_duties`).
    pub fn apart(self, other: Role) -> Option<Apart> {
        use Role::*;
        match (self, other) {
            (Auditor, Auditor) => None,
            (Auditor, _) | (_, Auditor) => Some(Apart::AuditorAlone),
            (Admin, ProjectManager | Cashier | Bookkeeper | FinanceHead | Chair | BankOfficer)
            | (ProjectManager | Cashier | Bookkeeper | FinanceHead | Chair | BankOfficer, Admin) => {
                Some(Apart::AdminMoney)
            }
            (Cashier, Bookkeeper) | (Bookkeeper, Cashier) => Some(Apart::CashierBookkeeper),
            (Compliance, Organiser | ProjectManager | Cashier | Bookkeeper)
            | (Organiser | ProjectManager | Cashier | Bookkeeper, Compliance) => Some(Apart::ComplianceAuthor),
            (Bookkeeper, ProjectManager | FinanceHead) | (ProjectManager | FinanceHead, Bookkeeper) => {
                Some(Apart::BookkeeperApprover)
            }
            (
                Admin | ProjectManager | Cashier | Bookkeeper | FinanceHead | Chair | Disclosure | Compliance
                | LeagueOfficer | BankOfficer | Organiser,
                _,
            ) => None,
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
            Role::Chair => "chair",
            Role::Disclosure => "disclosure",
            Role::Compliance => "compliance",
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
    "roles are admin, project_manager, cashier, bookkeeper, finance_head, chair, disclosure, compliance, league_officer, bank_officer, \
     organiser, auditor"
)]
pub struct UnknownRole;

/// Why one person does not hold two roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum Apart {
    /// Who reads everything changes nothing.
    AuditorAlone,
    /// Who keeps accounts and keys moves no money.
    AdminMoney,
    /// 会计法: the cashier keeps no books.
    CashierBookkeeper,
    /// Who answers for what a list found enters nobody.
    ComplianceAuthor,
    /// Who keeps the books approves nothing that is booked.
    BookkeeperApprover,
}

impl Apart {
    /// The code of the refusal, here and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Apart::AuditorAlone => "auditor_is_alone",
            Apart::AdminMoney => "admin_moves_no_money",
            Apart::CashierBookkeeper => "cashier_is_no_bookkeeper",
            Apart::ComplianceAuthor => "compliance_is_no_author",
            Apart::BookkeeperApprover => "bookkeeper_is_no_approver",
        }
    }
}

/// A role over a part of the organisation tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// What may be done.
    pub role: Role,
    /// Where.
    pub over: UnitPath,
    /// Whose role it is, if it is only lent (授权代办). Whoever stands in for the author of a paper may not approve it.
    pub acting_for: Option<StaffId>,
}

/// A member of staff who asks for something: who it is, what they may do where, and where the request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The person; one person has one account.
    pub id: StaffId,
    /// What they may do, own roles before lent ones.
    pub grants: Vec<Grant>,
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
    /// Somebody who holds these roles everywhere.
    pub fn everywhere(id: StaffId, roles: &[Role], origin: &str) -> Member {
        let grant = |role: &Role| Grant { role: *role, over: UnitPath::whole(), acting_for: None };
        Member { id, grants: roles.iter().map(grant).collect(), origin: origin.to_owned() }
    }

    /// The roles held anywhere, each once, in order.
    pub fn roles(&self) -> Vec<Role> {
        let mut roles: Vec<Role> = self.grants.iter().map(|grant| grant.role).collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// Whether the member holds one of these roles anywhere.
    pub fn is_one_of(&self, roles: &[Role]) -> bool {
        self.grants.iter().any(|grant| roles.contains(&grant.role))
    }

    /// Refuses unless the member holds one of these roles anywhere.
    pub fn must_be(&self, roles: &[Role]) -> Result<(), Forbidden> {
        if self.is_one_of(roles) { Ok(()) } else { Err(Forbidden { needed: roles.to_vec() }) }
    }

    /// The grant by which the member may act as one of these roles at a place: an own one before a lent one.
    pub fn may(&self, roles: &[Role], place: &UnitPath) -> Result<&Grant, Forbidden> {
        let fits = |grant: &&Grant| roles.contains(&grant.role) && grant.over.covers(place);
        let own = self.grants.iter().filter(fits).find(|grant| grant.acting_for.is_none());
        own.or_else(|| self.grants.iter().find(fits)).ok_or_else(|| Forbidden { needed: roles.to_vec() })
    }

    /// Whether the person who acts, or whom they stand in for with this grant, is one of these: what is done in somebody's name
    /// counts as theirs.
    pub fn is_among(&self, grant: &Grant, persons: impl IntoIterator<Item = Option<StaffId>>) -> bool {
        persons.into_iter().flatten().any(|person| person == self.id || grant.acting_for == Some(person))
    }

    /// The parts of the tree over which the member holds one of these roles, for the filters of lists; none if nowhere.
    pub fn parts(&self, roles: &[Role]) -> Vec<&UnitPath> {
        let mut parts: Vec<&UnitPath> =
            self.grants.iter().filter(|grant| roles.contains(&grant.role)).map(|grant| &grant.over).collect();
        parts.sort_unstable();
        parts.dedup();
        let all = parts.clone();
        parts.retain(|part| !all.iter().any(|other| other != part && other.covers(part)));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_keeps_keys_or_keeps_books_does_nothing_else_with_money() {
        use sea_orm::Iterable;
        let mut pairs = Vec::new();
        for one in Role::iter() {
            for other in Role::iter() {
                assert_eq!(one.apart(other), other.apart(one));
                if one < other && one.apart(other).is_some_and(|apart| apart != Apart::AuditorAlone) {
                    pairs.push(format!("{} {}", one.as_str(), other.as_str()));
                }
            }
            assert_eq!(one.apart(one), None);
            assert_eq!(one.apart(Role::Auditor).is_none(), one == Role::Auditor);
        }
        let apart = [
            "admin project_manager",
            "admin cashier",
            "admin bookkeeper",
            "admin finance_head",
            "admin chair",
            "admin bank_officer",
            "project_manager bookkeeper",
            "project_manager compliance",
            "cashier bookkeeper",
            "cashier compliance",
            "bookkeeper finance_head",
            "bookkeeper compliance",
            "compliance organiser",
        ];
        assert_eq!(pairs, apart);
    }

    #[test]
    fn a_role_reaches_as_far_as_its_part_of_the_tree() {
        let city = UnitPath::whole().below("1305").unwrap();
        let county = city.below("130502").unwrap();
        let elsewhere = UnitPath::whole().below("1306").unwrap();
        let lent = Grant { role: Role::FinanceHead, over: county.clone(), acting_for: Some(StaffId::new()) };
        let own = |role, over: &UnitPath| Grant { role, over: over.clone(), acting_for: None };
        let grants = vec![own(Role::ProjectManager, &city), lent.clone(), own(Role::Organiser, &county)];
        let member = Member { id: StaffId::new(), grants, origin: String::new() };
        assert!(member.may(&[Role::ProjectManager], &county).is_ok());
        assert!(member.may(&[Role::ProjectManager], &elsewhere).is_err());
        assert_eq!(member.may(&[Role::FinanceHead], &county), Ok(&lent));
        assert!(member.may(&[Role::FinanceHead], &city).is_err());
        assert_eq!(member.parts(&[Role::ProjectManager, Role::Organiser]), [&city]);
        assert!(member.parts(&[Role::Cashier]).is_empty());
        assert!(member.is_among(&lent, [None, lent.acting_for]) && member.is_among(&lent, [Some(member.id)]));
        assert!(!member.is_among(&member.grants[0], [None, lent.acting_for]));
    }
}

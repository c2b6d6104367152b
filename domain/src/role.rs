//! What a member of staff may do. A person has one account and may hold several roles; who may do what to which thing is
//! decided by the role and, for approvals, by who did the step before.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::{BookId, StaffId, UnitPath};

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

    /// Whether the role is held for the books of a legal entity: whoever has it spends, books, confirms, closes or approves for that one and
    /// for no other (docs/decisions/0026). The other roles serve whoever is in their part of the tree.
    pub fn keeps_books(self) -> bool {
        match self {
            Role::ProjectManager | Role::Cashier | Role::Bookkeeper | Role::FinanceHead | Role::Chair => true,
            Role::Admin
            | Role::Disclosure
            | Role::Compliance
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
    /// Where it is held: over more than `over`, if only a part of it is lent.
    pub held: UnitPath,
    /// Whose role it is, if it is only lent (授权代办). Whoever stands in for the author of a paper may not approve it.
    pub acting_for: Option<StaffId>,
}

/// A legal entity (法人) with books of its own, and the unit of the tree that carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalEntity {
    /// Its book.
    pub book: BookId,
    /// Its unit.
    pub seat: UnitPath,
}

/// Where a member may act by a role: a part of the tree, but for the books of these legal entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach<'a> {
    /// The part of the tree.
    pub part: &'a UnitPath,
    /// Whose books are others' to keep.
    pub without: Vec<BookId>,
}

/// A member of staff who asks for something: who it is, what they may do where, and where the request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The person; one person has one account.
    pub id: StaffId,
    /// What they may do, own roles before lent ones.
    pub grants: Vec<Grant>,
    /// The legal entities there are. A book that is none of theirs is where its place is.
    pub entities: Vec<LegalEntity>,
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
        let grant =
            |role: &Role| Grant { role: *role, over: UnitPath::whole(), held: UnitPath::whole(), acting_for: None };
        Member { id, grants: roles.iter().map(grant).collect(), entities: Vec::new(), origin: origin.to_owned() }
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

    /// The grant by which the member sees and supervises as one of these roles at a place: an own one before a lent one. What it takes to
    /// act for somebody's books, [`Member::acts`] says.
    pub fn may(&self, roles: &[Role], place: &UnitPath) -> Result<&Grant, Forbidden> {
        self.by_grant(roles, |grant| grant.over.covers(place))
    }

    /// The grant by which the member acts as one of these roles for the books of a legal entity, on something at a place: a role that keeps
    /// books is held at the entity's unit or below it, and over the place. Whoever holds it over a unit above sees and does not act.
    pub fn acts(&self, roles: &[Role], book: BookId, place: &UnitPath) -> Result<&Grant, Forbidden> {
        let entity = self.entities.iter().find(|entity| entity.book == book);
        self.by_grant(roles, |grant| match entity.filter(|_| grant.role.keeps_books()) {
            // Its own unit's officers act wherever the thing is.
            Some(entity) => self.is_for(grant, entity) && (grant.over.covers(place) || grant.over == entity.seat),
            None => grant.over.covers(place),
        })
    }

    /// The grant by which the member acts at the seat of a legal entity; over the whole tree, if no legal entity has this book.
    pub fn keeps(&self, roles: &[Role], book: BookId) -> Result<&Grant, Forbidden> {
        let entity = self.entities.iter().find(|entity| entity.book == book);
        self.acts(roles, book, &entity.map_or_else(UnitPath::whole, |entity| entity.seat.clone()))
    }

    fn by_grant(&self, roles: &[Role], reaches: impl Fn(&Grant) -> bool) -> Result<&Grant, Forbidden> {
        let fits = |grant: &&Grant| roles.contains(&grant.role) && reaches(grant);
        let own = self.grants.iter().filter(fits).find(|grant| grant.acting_for.is_none());
        own.or_else(|| self.grants.iter().find(fits)).ok_or_else(|| Forbidden { needed: roles.to_vec() })
    }

    /// Whether a role that keeps books is held for a legal entity: at its unit or below. Held over the whole tree it is for those at the
    /// top: above which there is no other.
    fn is_for(&self, grant: &Grant, entity: &LegalEntity) -> bool {
        let above = |other: &LegalEntity| other.seat != entity.seat && other.seat.covers(&entity.seat);
        entity.seat.covers(&grant.held) || (grant.held == UnitPath::whole() && !self.entities.iter().any(above))
    }

    /// Where the member may act by one of these roles, for the filters of lists.
    pub fn reach(&self, roles: &[Role]) -> Vec<Reach<'_>> {
        let mut all: Vec<Reach<'_>> = Vec::new();
        for grant in self.grants.iter().filter(|grant| roles.contains(&grant.role)) {
            let others = self.entities.iter().filter(|entity| grant.role.keeps_books() && !self.is_for(grant, entity));
            let reach = Reach { part: &grant.over, without: others.map(|entity| entity.book).collect() };
            if !all.contains(&reach) {
                all.push(reach);
            }
        }
        all
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
        let lender = Some(StaffId::new());
        let lent = Grant { role: Role::FinanceHead, over: county.clone(), held: city.clone(), acting_for: lender };
        let own = |role, over: &UnitPath| Grant { role, over: over.clone(), held: over.clone(), acting_for: None };
        let grants = vec![own(Role::ProjectManager, &city), lent.clone(), own(Role::Organiser, &county)];
        let member = Member { id: StaffId::new(), grants, entities: Vec::new(), origin: String::new() };
        assert!(member.may(&[Role::ProjectManager], &county).is_ok());
        assert!(member.may(&[Role::ProjectManager], &elsewhere).is_err());
        assert_eq!(member.may(&[Role::FinanceHead], &county), Ok(&lent));
        assert!(member.may(&[Role::FinanceHead], &city).is_err());
        assert_eq!(member.parts(&[Role::ProjectManager, Role::Organiser]), [&city]);
        assert!(member.parts(&[Role::Cashier]).is_empty());
        assert!(member.is_among(&lent, [None, lent.acting_for]) && member.is_among(&lent, [Some(member.id)]));
        assert!(!member.is_among(&member.grants[0], [None, lent.acting_for]));
    }
    #[test]
    fn a_role_that_keeps_books_acts_for_its_own_legal_entity_alone() {
        let province = UnitPath::whole().below("hebei").unwrap();
        let city = province.below("1305").unwrap();
        let county = city.below("130502").unwrap();
        let entity = |seat: &UnitPath| LegalEntity { book: BookId::new(), seat: seat.clone() };
        let (above, own) = (entity(&province), entity(&county));
        let member = |role, held: &UnitPath, over: &UnitPath| {
            let grant = Grant { role, over: over.clone(), held: held.clone(), acting_for: None };
            let entities = vec![above.clone(), own.clone()];
            Member { id: StaffId::new(), grants: vec![grant], entities, origin: String::new() }
        };
        let acts = |member: &Member, entity: &LegalEntity, place: &UnitPath| {
            member.acts(&[Role::Cashier, Role::Disclosure], entity.book, place).is_ok()
        };
        let whole = UnitPath::whole();
        for (held, over, for_above, for_own) in [
            // The province keeps its own books, where it raises money for a county, too.
            (&province, &province, true, false),
            (&whole, &whole, true, false),
            (&city, &city, true, false),
            (&county, &county, true, true),
            // Nobody lends a part of what they do not have.
            (&whole, &county, true, false),
        ] {
            let cashier = member(Role::Cashier, held, over);
            assert_eq!(acts(&cashier, &above, &county), for_above, "{held:?} {over:?}");
            assert_eq!(acts(&cashier, &own, &county), for_own, "{held:?} {over:?}");
            assert!(cashier.may(&[Role::Cashier], &county).is_ok(), "whoever is above sees");
        }
        assert!(!acts(&member(Role::Cashier, &county, &county), &above, &city));
        assert!(
            acts(&member(Role::Cashier, &county, &county), &own, &city),
            "its own officers act wherever the thing is"
        );
        assert!(acts(&member(Role::Disclosure, &province, &province), &own, &county), "which keeps no books");
        let head = member(Role::FinanceHead, &whole, &whole);
        assert_eq!(head.reach(&[Role::FinanceHead]), [Reach { part: &whole, without: vec![own.book] }]);
        assert!(
            head.keeps(&[Role::FinanceHead], above.book).is_ok() && head.keeps(&[Role::FinanceHead], own.book).is_err()
        );
        assert!(head.keeps(&[Role::FinanceHead], BookId::new()).is_ok(), "a book of nobody is the whole house's");
    }
}

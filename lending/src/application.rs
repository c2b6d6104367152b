//! An application, as far as its borrower goes: written, handed in, taken back. What offices and banks say to it stands in `review`.

use domain::lending::application::MOST_RENEWALS;
use domain::lending::product::{Ask, Guarantee, Industry};
use domain::lending::{
    ApplicantKind, ApplicationKind, LoanEvent, LoanState, Office, ProductTerms, QuotaUse, RepaymentMethod, office,
};
use domain::loan::overdue::Class;
use domain::role::Member;
use domain::unit::UnitKind;
use domain::working_day::WorkingCalendar;
use domain::{
    BusinessDate, DonorId, LoanApplicationId, LoanContractId, LoanProductId, LoanRelationId, Money, StaffId, Timestamp,
    UnitPath,
};
use entity::{Tx, loan_application as row, loan_contract, loan_product, loan_relation, unit};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    Set,
};

use crate::history::{self, Step};
use crate::{LendingError, READERS, Reach, product, quota};

/// How many applications of one person may be under way.
const MOST_UNDER_WAY: u64 = 5;
const UNDER_WAY: [LoanState; 5] =
    [LoanState::Draft, LoanState::Applied, LoanState::Recommended, LoanState::BankReview, LoanState::Approved];

/// What every step has to know of the moment.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Now, by business time.
    pub now: Timestamp,
    /// Which days are worked.
    pub calendar: WorkingCalendar,
}

impl Setting {
    /// The day.
    pub fn today(&self) -> BusinessDate {
        BusinessDate::of(self.now)
    }

    /// Until when an office has to act.
    pub(crate) fn due(&self, office: Office) -> BusinessDate {
        self.calendar.term(self.today(), office.working_days())
    }
}

/// What a borrower writes down; what is personal is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApplication {
    /// Made by the client.
    pub id: LoanApplicationId,
    /// What is asked for.
    pub kind: ApplicationKind,
    /// The contract that is to be changed.
    pub contract: Option<LoanContractId>,
    /// Of which product.
    pub product: LoanProductId,
    /// Who borrows.
    pub applicant: ApplicantKind,
    /// The enterprise, if it is one.
    pub enterprise: Option<String>,
    /// Its 统一社会信用代码.
    pub credit_code: Option<String>,
    /// How much.
    pub amount: Money,
    /// In months.
    pub term: u32,
    /// How it is repaid.
    pub method: RepaymentMethod,
    /// Where the borrower lives or works: the code of a county (6 digits) or township (9).
    pub division: String,
    /// What for, by trade.
    pub industry: Industry,
    /// What secures it.
    pub guarantee: Guarantee,
    /// What for, in words.
    pub purpose: String,
    /// The HMAC of the number of the identity card.
    pub person_hmac: Vec<u8>,
    /// Name, number, phone and address, sealed with the donor's key.
    pub personal: Vec<u8>,
    /// A digest of all of it: the same id with the same content is the same application.
    pub content: Vec<u8>,
}

/// Whom the borrower, or an officer, declares close to the borrower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relative {
    /// A member of staff.
    Staff(StaffId),
    /// A person, by the HMAC of the number of the identity card.
    Person(Vec<u8>),
}

fn invalid(field: &'static str, problem: &'static str) -> LendingError {
    LendingError::Invalid { field, problem }
}

fn checked(new: &NewApplication) -> Result<(), LendingError> {
    if !new.amount.is_positive() || new.amount > Money::MAX {
        return Err(invalid("amount", "贷款金额必须大于零"));
    }
    if !(1..=120).contains(&new.term) {
        return Err(invalid("term", "贷款期限应为1至120个月"));
    }
    if !(2..=500).contains(&new.purpose.trim().chars().count()) {
        return Err(invalid("purpose", "请填写贷款用途，2至500字"));
    }
    let digits = new.division.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || ![6, 9].contains(&new.division.len()) {
        return Err(invalid("division", "行政区划代码为6位（县）或9位（乡镇）数字"));
    }
    let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    match new.applicant {
        ApplicantKind::Person if said(&new.enterprise) || said(&new.credit_code) => {
            Err(invalid("enterprise", "个人借款不必填写企业"))
        }
        ApplicantKind::Enterprise if !said(&new.enterprise) => Err(invalid("enterprise", "请填写企业名称")),
        ApplicantKind::Enterprise
            if new.credit_code.as_deref().is_none_or(|code| code.parse::<domain::filing::CreditCode>().is_err()) =>
        {
            Err(invalid("credit_code", "统一社会信用代码为18位数字和大写字母"))
        }
        ApplicantKind::Person | ApplicantKind::Enterprise => Ok(()),
    }
}

/// The offices an application from a place goes through, the first first. Two statements.
pub async fn chain(db: &impl ConnectionTrait, division: &str) -> Result<Vec<(Office, UnitPath)>, LendingError> {
    let codes: Vec<&str> = [9, 6, 4, 2].into_iter().filter_map(|length| division.get(..length)).collect();
    let kinds = [UnitKind::Township, UnitKind::County, UnitKind::City, UnitKind::Province];
    let found = unit::Entity::find()
        .filter(unit::Column::Active.eq(true))
        .filter(unit::Column::Division.is_in(codes))
        .filter(unit::Column::Kind.is_in(kinds))
        .all(db)
        .await?;
    let nearest = found.iter().max_by_key(|unit| unit.division.as_deref().map_or(0, str::len));
    // A place of no city we know of is a mistake, not the province.
    let nearest = nearest.filter(|unit| unit.division.as_deref().is_some_and(|code| code.len() >= 4));
    let nearest = nearest.ok_or(LendingError::NoSuchUnit)?;
    let mut above = vec![UnitPath::whole()];
    for code in nearest.path.as_str().split('/').filter(|code| !code.is_empty()) {
        let next = above.last().and_then(|path| path.below(code).ok()).ok_or(LendingError::NoSuchUnit)?;
        above.push(next);
    }
    let mut units = unit::Entity::find().filter(unit::Column::Path.is_in(above)).all(db).await?;
    units.sort_by_key(|unit| unit.path.as_str().len());
    let line: Vec<_> = units.iter().map(|unit| (unit.kind, &unit.path)).collect();
    let chain: Vec<_> = office::chain(&line).into_iter().map(|(office, path)| (office, path.clone())).collect();
    if chain.is_empty() { Err(LendingError::NoSuchUnit) } else { Ok(chain) }
}

/// The contract a change is about, if it may be changed so.
async fn changed(
    db: &impl ConnectionTrait,
    new: (ApplicationKind, Option<LoanContractId>, LoanProductId, Money),
    donor: DonorId,
    today: BusinessDate,
) -> Result<Option<loan_contract::Model>, LendingError> {
    let (kind, contract, product, amount) = new;
    let Some(id) = contract else {
        let asks = kind == ApplicationKind::New;
        return if asks { Ok(None) } else { Err(invalid("contract", "请选择要变更的借款合同")) };
    };
    if kind == ApplicationKind::New {
        return Err(invalid("contract", "新申请不必填写原合同"));
    }
    let contract = loan_contract::Entity::find_by_id(id).one(db).await?;
    let contract = contract.filter(|row| row.donor_id == donor).ok_or(LendingError::NoSuchContract)?;
    let running = match kind {
        ApplicationKind::New => false,
        ApplicationKind::Renewal => contract.state == LoanState::Performing && today <= contract.maturity_on,
        ApplicationKind::Extension | ApplicationKind::Restructuring => {
            matches!(contract.state, LoanState::Performing | LoanState::Overdue)
        }
    };
    if !running || contract.product_id != product {
        return Err(LendingError::NotChangeable);
    }
    // A renewal begins as normal: it would hide what was judged of the old loan.
    if kind == ApplicationKind::Renewal && contract.class != Class::Normal {
        return Err(LendingError::Classed);
    }
    if amount > contract.outstanding_fen {
        return Err(invalid("amount", "金额不能超过原贷款的剩余本金"));
    }
    Ok(Some(contract))
}

/// What the product says against it. A change of a contract is admitted by what the product says of time and method; a renewal by all but
/// the amount.
fn admitted(terms: &ProductTerms, kind: ApplicationKind, ask: &Ask) -> Result<(), LendingError> {
    let mut problems = terms.refusals(ask);
    match kind {
        ApplicationKind::New => {}
        ApplicationKind::Renewal => problems.retain(|problem| problem.field != "amount"),
        ApplicationKind::Extension | ApplicationKind::Restructuring => {
            problems.retain(|problem| ["term", "method"].contains(&problem.field.as_str()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(LendingError::NotAdmitted(problems)) }
}

/// Writes a draft. The same id with the same content again answers the one that stands.
pub async fn draft(
    tx: &Tx,
    setting: &Setting,
    donor: DonorId,
    new: NewApplication,
) -> Result<row::Model, LendingError> {
    checked(&new)?;
    if let Some(standing) = row::Entity::find_by_id(new.id).one(tx).await? {
        let same = standing.donor_id == donor && standing.content == new.content;
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    let now = setting.now;
    let (product, contract, offices) = looked_up(tx, setting, donor, &new).await?;
    let mine = row::Entity::find().filter(row::Column::DonorId.eq(donor)).filter(row::Column::State.is_in(UNDER_WAY));
    if mine.count(tx).await? >= MOST_UNDER_WAY {
        return Err(LendingError::TooMany);
    }
    let (first, last) = ends(&offices)?;
    let row = row::ActiveModel {
        id: Set(new.id),
        kind: Set(new.kind),
        donor_id: Set(donor),
        contract_id: Set(new.contract),
        renewal_count: Set(renewals(new.kind, contract.as_ref())),
        bank_id: Set(product.bank_id),
        product_id: Set(product.id),
        version: Set(product.version),
        unit_path: Set(first),
        city_path: Set(last),
        division: Set(new.division),
        state: Set(LoanState::Draft),
        round: Set(1),
        office: Set(None),
        office_path: Set(None),
        due_on: Set(None),
        escalated_us: Set(None),
        applicant: Set(new.applicant),
        enterprise: Set(new.enterprise.map(|text| text.trim().to_owned())),
        credit_code: Set(new.credit_code),
        amount_fen: Set(new.amount),
        term: Set(new.term.into()),
        method: Set(new.method),
        industry: Set(new.industry),
        guarantee: Set(new.guarantee),
        purpose: Set(new.purpose.trim().to_owned()),
        person_hmac: Set(Some(new.person_hmac)),
        personal_sealed: Set(Some(new.personal)),
        content: Set(new.content),
        approved_fen: Set(None),
        approved_term: Set(None),
        approved_spread_bp: Set(None),
        quota_id: Set(None),
        quota_use: Set(QuotaUse::None),
        reason: Set(None),
        created_us: Set(now),
        changed_us: Set(now),
        submitted_us: Set(None),
        sent_us: Set(None),
        ended_us: Set(None),
        purged_us: Set(None),
    };
    Ok(row.insert(tx).await?)
}

fn renewals(kind: ApplicationKind, contract: Option<&loan_contract::Model>) -> i64 {
    contract.map_or(0, |contract| contract.renewal_count) + i64::from(kind == ApplicationKind::Renewal)
}

/// Where it is handed in, and whose quota it takes.
fn ends(offices: &[(Office, UnitPath)]) -> Result<(UnitPath, UnitPath), LendingError> {
    match (offices.first(), offices.last()) {
        (Some((_, first)), Some((_, last))) => Ok((first.clone(), last.clone())),
        _ => Err(LendingError::NoSuchUnit),
    }
}

type LookedUp = (loan_product::Model, Option<loan_contract::Model>, Vec<(Office, UnitPath)>);

async fn looked_up(tx: &Tx, setting: &Setting, donor: DonorId, new: &NewApplication) -> Result<LookedUp, LendingError> {
    let product = loan_product::Entity::find_by_id(new.product).one(tx).await?;
    let product = product.filter(|product| product.version > 0).ok_or(LendingError::NoSuchProduct)?;
    if !product.open && new.kind == ApplicationKind::New {
        return Err(LendingError::ProductClosed);
    }
    let about = (new.kind, new.contract, new.product, new.amount);
    let contract = changed(tx, about, donor, setting.today()).await?;
    if renewals(new.kind, contract.as_ref()) > MOST_RENEWALS {
        return Err(LendingError::NoMoreRenewals);
    }
    Ok((product, contract, chain(tx, &new.division).await?))
}

/// Rewrites a draft, or what was sent back to be completed.
pub async fn edit(tx: &Tx, setting: &Setting, donor: DonorId, new: NewApplication) -> Result<row::Model, LendingError> {
    checked(&new)?;
    let standing = locked(tx, new.id, donor).await?;
    if standing.state != LoanState::Draft {
        standing.state.on(LoanEvent::Submit)?;
    }
    if standing.kind != new.kind || standing.contract_id != new.contract {
        return Err(invalid("kind", "草稿不能改成另一类申请"));
    }
    let (product, contract, offices) = looked_up(tx, setting, donor, &new).await?;
    let (first, last) = ends(&offices)?;
    let mut row: row::ActiveModel = standing.into();
    row.renewal_count = Set(renewals(new.kind, contract.as_ref()));
    row.bank_id = Set(product.bank_id);
    row.product_id = Set(product.id);
    row.version = Set(product.version);
    row.unit_path = Set(first);
    row.city_path = Set(last);
    row.division = Set(new.division);
    row.applicant = Set(new.applicant);
    row.enterprise = Set(new.enterprise.map(|text| text.trim().to_owned()));
    row.credit_code = Set(new.credit_code);
    row.amount_fen = Set(new.amount);
    row.term = Set(new.term.into());
    row.method = Set(new.method);
    row.industry = Set(new.industry);
    row.guarantee = Set(new.guarantee);
    row.purpose = Set(new.purpose.trim().to_owned());
    row.person_hmac = Set(Some(new.person_hmac));
    row.personal_sealed = Set(Some(new.personal));
    row.content = Set(new.content);
    row.changed_us = Set(setting.now);
    Ok(row.update(tx).await?)
}

/// Hands it in: by the terms in force now, to the first office. `age` is the borrower's on this day.
pub async fn submit(
    tx: &Tx,
    setting: &Setting,
    donor: DonorId,
    id: LoanApplicationId,
    age: u32,
) -> Result<row::Model, LendingError> {
    let standing = locked(tx, id, donor).await?;
    let to = standing.state.on(LoanEvent::Submit)?;
    let product = loan_product::Entity::find_by_id(standing.product_id).one(tx).await?;
    let product = product.ok_or(LendingError::NoSuchProduct)?;
    if !product.open && standing.kind == ApplicationKind::New {
        return Err(LendingError::ProductClosed);
    }
    let about = (standing.kind, standing.contract_id, standing.product_id, standing.amount_fen);
    let contract = changed(tx, about, donor, setting.today()).await?;
    let terms = product::terms_of(tx, product.id, product.version).await?;
    let renewal_count = renewals(standing.kind, contract.as_ref());
    if renewal_count > terms.renewals.min(MOST_RENEWALS) && standing.kind == ApplicationKind::Renewal {
        return Err(LendingError::NoMoreRenewals);
    }
    let ask = Ask {
        applicant: standing.applicant,
        age,
        amount: standing.amount_fen,
        term: u32::try_from(standing.term).unwrap_or(u32::MAX),
        method: standing.method,
        division: standing.division.clone(),
        industry: standing.industry,
        guarantee: standing.guarantee,
    };
    admitted(&terms, standing.kind, &ask)?;
    let handed_in = UNDER_WAY.into_iter().filter(|state| *state != LoanState::Draft);
    let same_person = row::Entity::find()
        .filter(row::Column::PersonHmac.eq(standing.person_hmac.clone()))
        .filter(row::Column::State.is_in(handed_in))
        .count(tx)
        .await?;
    if same_person >= MOST_UNDER_WAY {
        return Err(LendingError::TooMany);
    }
    let offices = chain(tx, &standing.division).await?;
    let (first, last) = ends(&offices)?;
    let office = offices.first().map(|(office, _)| *office);
    let from = standing.state;
    let mut row: row::ActiveModel = standing.into();
    row.renewal_count = Set(renewal_count);
    row.version = Set(product.version);
    row.unit_path = Set(first.clone());
    row.city_path = Set(last);
    row.state = Set(to);
    row.office = Set(office);
    row.office_path = Set(Some(first));
    row.due_on = Set(office.map(|office| setting.due(office)));
    row.escalated_us = Set(None);
    row.submitted_us = Set(Some(setting.now));
    row.changed_us = Set(setting.now);
    row.reason = Set(None);
    let row = row.update(tx).await?;
    let actor = format!("donor:{donor}");
    let step = Step { from, to, event: LoanEvent::Submit, actor: &actor, reason: None };
    history::application(tx, setting.now, id, None, step).await?;
    Ok(row)
}

/// Takes it back, whatever it waits for, until it is signed. What was reserved is given back.
pub async fn withdraw(
    tx: &Tx,
    now: Timestamp,
    donor: DonorId,
    id: LoanApplicationId,
) -> Result<row::Model, LendingError> {
    let standing = locked(tx, id, donor).await?;
    if standing.state == LoanState::Withdrawn {
        return Ok(standing);
    }
    if standing.state == LoanState::Signed {
        // What is signed is a contract, which its bank gives up.
        return Err(domain::Refused { state: standing.state, event: LoanEvent::Withdraw }.into());
    }
    end(tx, now, standing, LoanEvent::Withdraw, &format!("donor:{donor}"), None).await
}

/// Ends an application that does not come to a contract: gives its quota back and writes the step.
pub(crate) async fn end(
    tx: &Tx,
    now: Timestamp,
    standing: row::Model,
    event: LoanEvent,
    actor: &str,
    reason: Option<&str>,
) -> Result<row::Model, LendingError> {
    let (id, from, to) = (standing.id, standing.state, standing.state.on(event)?);
    let office = if from == LoanState::BankReview { Some(Office::Bank) } else { standing.office };
    let held = match (standing.quota_use, standing.quota_id) {
        (QuotaUse::Reserved, Some(quota)) => Some((quota, standing.approved_fen.unwrap_or(Money::ZERO))),
        _ => None,
    };
    let mut row: row::ActiveModel = standing.into();
    row.state = Set(to);
    row.office = Set(None);
    row.office_path = Set(None);
    row.due_on = Set(None);
    row.reason = Set(reason.map(str::to_owned));
    row.ended_us = Set(Some(now));
    row.changed_us = Set(now);
    if held.is_some() {
        row.quota_use = Set(QuotaUse::Released);
    }
    let row = row.update(tx).await?;
    if let Some((quota, amount)) = held {
        let less = Money::ZERO.checked_sub(amount).ok_or(LendingError::Conflict)?;
        quota::shift(tx, now, quota, less, Money::ZERO).await?;
    }
    history::application(tx, now, id, office, Step { from, to, event, actor, reason }).await?;
    Ok(row)
}

/// A borrower's own application.
pub async fn own(db: &impl ConnectionTrait, donor: DonorId, id: LoanApplicationId) -> Result<row::Model, LendingError> {
    let found = row::Entity::find_by_id(id).one(db).await?;
    found.filter(|row| row.donor_id == donor).ok_or(LendingError::NoSuchApplication)
}

async fn locked(tx: &Tx, id: LoanApplicationId, donor: DonorId) -> Result<row::Model, LendingError> {
    let found = row::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    found.filter(|row| row.donor_id == donor).ok_or(LendingError::NoSuchApplication)
}

/// Declares that somebody is close to the borrower (回避): by the borrower, or by an officer of themselves or another. The same id again
/// changes nothing.
pub async fn relate(
    tx: &Tx,
    now: Timestamp,
    (id, application): (LoanRelationId, LoanApplicationId),
    relative: Relative,
    relation: &str,
    actor: &str,
) -> Result<loan_relation::Model, LendingError> {
    let relation = crate::bank::sized(relation, 20, "relation", "请填写关系，最多20字")?;
    let (staff, person) = match relative {
        Relative::Staff(staff) => (Some(staff), None),
        Relative::Person(hmac) => (None, Some(hmac)),
    };
    if let Some(standing) = loan_relation::Entity::find_by_id(id).one(tx).await? {
        let same = (standing.application_id, standing.staff_id, &standing.person_hmac) == (application, staff, &person)
            && standing.relation == relation;
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    if let Some(staff) = staff {
        entity::staff::Entity::find_by_id(staff).one(tx).await?.ok_or(LendingError::NoSuchStaff)?;
    }
    let row = loan_relation::ActiveModel {
        id: Set(id),
        application_id: Set(application),
        staff_id: Set(staff),
        person_hmac: Set(person),
        relation: Set(relation),
        actor: Set(actor.to_owned()),
        created_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// An application, for staff who may know of it: drafts are nobody's business but the borrower's, and a bank sees what was sent to it.
pub async fn known(db: &impl ConnectionTrait, id: LoanApplicationId, by: &Member) -> Result<row::Model, LendingError> {
    by.must_be(&READERS)?;
    let found = row::Entity::find_by_id(id).one(db).await?.ok_or(LendingError::NoSuchApplication)?;
    let reach = Reach::of(db, by).await?;
    let sent_to = found.sent_us.map(|_| found.bank_id);
    if found.submitted_us.is_some() && reach.covers(&found.unit_path, sent_to) {
        Ok(found)
    } else {
        Err(LendingError::NoSuchApplication)
    }
}

/// How many applications and contracts keep a donor from being erased.
pub async fn binding(db: &impl ConnectionTrait, donor: DonorId) -> Result<bool, LendingError> {
    let under_way = UNDER_WAY.into_iter().filter(|state| *state != LoanState::Draft);
    let applications =
        row::Entity::find().filter(row::Column::DonorId.eq(donor)).filter(row::Column::State.is_in(under_way));
    let binding = [
        LoanState::Signed,
        LoanState::PaidOut,
        LoanState::Performing,
        LoanState::Overdue,
        LoanState::WrittenOff,
        LoanState::Compensated,
    ];
    let contracts = loan_contract::Entity::find()
        .filter(Condition::all().add(loan_contract::Column::DonorId.eq(donor)))
        .filter(loan_contract::Column::State.is_in(binding));
    Ok(applications.count(db).await? > 0 || contracts.count(db).await? > 0)
}

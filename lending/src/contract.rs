//! A contract, as borrower and bank sign it: the rate fixed by the LPR of the day, the terms of the product's version, the days. What
//! happens to it then is told by servicing, through [`advance`].

use domain::lending::{LoanEvent, LoanState, QuotaUse};
use domain::loan::overdue::Class;
use domain::loan::{Repayment, Schedule};
use domain::role::Member;
use domain::{BusinessDate, LoanApplicationId, LoanContractId, Money, Timestamp};
use entity::{Tx, loan_application, loan_contract as row, loan_contract_history};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::application::{self, Setting};
use crate::history::{self, Step};
use crate::servicing::programme;
use crate::{LENDERS, LendingError, Reach, consent, lpr, product, quota};

/// How many days after the signature a payout may be planned.
const MOST_DAYS_TO_PAYOUT: i64 = 60;

/// A contract as the bank's officer writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContract {
    /// Made by the client.
    pub id: LoanContractId,
    /// What it is the contract of.
    pub application: LoanApplicationId,
    /// The bank's number.
    pub number: String,
    /// When it was signed: today or before.
    pub signed_on: BusinessDate,
    /// When it is to be paid out.
    pub payout_on: BusinessDate,
    /// The day of the month instalments fall due on; the payout's if it is not said.
    pub due_day: Option<u8>,
    /// What is lent, if it is less than was granted.
    pub principal: Option<Money>,
}

/// Writes a signed contract down; an officer of its bank. The same id with the same content again answers the one that stands.
pub async fn sign(tx: &Tx, setting: &Setting, new: NewContract, by: &Member) -> Result<row::Model, LendingError> {
    let invalid = |field, problem| Err(LendingError::Invalid { field, problem });
    by.must_be(&LENDERS)?;
    let number = crate::bank::sized(&new.number, 40, "number", "请填写银行合同编号，最多40字")?;
    let known = application::known(tx, new.application, by).await?;
    by.may(&LENDERS, &known.unit_path)?;
    if let Some(standing) = row::Entity::find_by_id(new.id).one(tx).await? {
        let same = (standing.application_id, &standing.number, standing.signed_on, standing.payout_on)
            == (new.application, &number, new.signed_on, new.payout_on)
            && new.due_day.is_none_or(|day| i64::from(day) == standing.due_day)
            && new.principal.is_none_or(|principal| principal == standing.principal_fen);
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    let file = loan_application::Entity::find_by_id(new.application).lock_exclusive().one(tx).await?;
    let file = file.ok_or(LendingError::NoSuchApplication)?;
    let to = file.state.on(LoanEvent::Sign)?;
    let (Some(approved), Some(term), Some(spread_bp)) =
        (file.approved_fen, file.approved_term, file.approved_spread_bp)
    else {
        return Err(LendingError::Conflict);
    };
    let (Some(person_hmac), Some(personal)) = (file.person_hmac.clone(), file.personal_sealed.clone()) else {
        return Err(LendingError::Gone);
    };
    let principal = new.principal.unwrap_or(approved);
    if !principal.is_positive() || principal > approved {
        return invalid("principal", "合同金额应大于零且不超过批准金额");
    }
    if new.signed_on > setting.today() {
        return invalid("signed_on", "签约日期不能晚于今天");
    }
    // A bank may grant and sign on paper and write both down later, but not before it had the application.
    if file.sent_us.is_some_and(|sent| new.signed_on < BusinessDate::of(sent)) {
        return invalid("signed_on", "签约日期不能早于申请送达银行的日期");
    }
    if !(0..=MOST_DAYS_TO_PAYOUT).contains(&new.signed_on.days_to(new.payout_on)) {
        return invalid("payout_on", "放款日期应在签约后60天内");
    }
    if new.due_day.is_some_and(|day| !(1..=31).contains(&day)) {
        return invalid("due_day", "还款日应为1至31");
    }
    let replaced = match file.contract_id {
        None => None,
        Some(id) => {
            let old = row::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
            let old = old.ok_or(LendingError::NoSuchContract)?;
            if file.kind == domain::lending::ApplicationKind::Renewal && new.signed_on > old.maturity_on {
                return Err(LendingError::NotChangeable);
            }
            if file.kind == domain::lending::ApplicationKind::Renewal && old.class != Class::Normal {
                return Err(LendingError::Classed);
            }
            Some(old)
        }
    };
    let terms = product::terms_of(tx, file.product_id, file.version).await?;
    if let Some(rule) = &terms.compensation {
        let replaces = replaced.as_ref().map(|old: &row::Model| old.id);
        match programme::left_to_cover(tx, file.bank_id, rule.cap_multiple, replaces).await? {
            Some(left) if principal > left => return Err(LendingError::PoolFull { left }),
            _ => {}
        }
    }
    let lpr = lpr::on(tx, terms.price.tenor, new.signed_on).await?;
    let rate = terms.rate(lpr.rate, spread_bp)?;
    let due_day = new.due_day.unwrap_or(new.payout_on.day());
    let months = u32::try_from(term).map_err(|_| LendingError::Conflict)?;
    let reckoned = terms.terms(principal, rate, file.method, months, new.payout_on, due_day)?;
    let schedule = Schedule::of(&reckoned)?;
    let ends = schedule.instalments.first().zip(schedule.instalments.last()).ok_or(LendingError::Conflict)?;
    let first_due_on = match reckoned.repayment {
        Repayment::Instalments { .. } => ends.0.due,
        Repayment::Bullet { maturity_on } => maturity_on,
    };
    let row = row::ActiveModel {
        id: Set(new.id),
        number: Set(number),
        application_id: Set(file.id),
        donor_id: Set(file.donor_id),
        kind: Set(file.kind),
        replaces_id: Set(file.contract_id),
        renewal_count: Set(file.renewal_count),
        bank_id: Set(file.bank_id),
        product_id: Set(file.product_id),
        version: Set(file.version),
        unit_path: Set(file.unit_path.clone()),
        division: Set(file.division.clone()),
        applicant: Set(file.applicant),
        person_hmac: Set(person_hmac),
        personal_sealed: Set(personal),
        principal_fen: Set(principal),
        payout_fen: Set(if replaced.is_some() { Money::ZERO } else { principal }),
        outstanding_fen: Set(Money::ZERO),
        annual_rate: Set(rate),
        lpr_tenor: Set(lpr.tenor),
        lpr_on: Set(lpr.published_on),
        lpr_rate: Set(lpr.rate),
        spread_bp: Set(spread_bp),
        repricing: Set(terms.price.repricing),
        method: Set(file.method),
        interest_mode: Set(terms.interest_mode),
        day_count: Set(terms.day_count),
        odd_first_period: Set(terms.odd_first_period),
        term: Set(term),
        due_day: Set(due_day.into()),
        payout_on: Set(new.payout_on),
        first_due_on: Set(first_due_on),
        maturity_on: Set(ends.1.due),
        allocation: Set(serde_json::to_string(&terms.allocation)?),
        penalty_multiplier: Set(terms.penalty.multiplier),
        misuse_multiplier: Set(terms.penalty.misuse),
        compound: Set(terms.penalty.compound),
        grace_days: Set(terms.penalty.grace_days.into()),
        grace_mode: Set(terms.penalty.grace_mode),
        prepayment_fee_rate: Set(terms.prepayment.fee_rate),
        prepayment_fee_months: Set(terms.prepayment.fee_months.into()),
        subsidy: Set(terms.subsidy.as_ref().map(serde_json::to_string).transpose()?),
        compensation: Set(terms.compensation.as_ref().map(serde_json::to_string).transpose()?),
        state: Set(LoanState::Signed),
        class: Set(file.kind.least_class()),
        signed_on: Set(new.signed_on),
        paid_out_on: Set(None),
        author_id: Set(by.id),
        created_us: Set(setting.now),
        changed_us: Set(setting.now),
        ended_us: Set(None),
    };
    let contract = row.insert(tx).await?;
    let (from, actor) = (file.state, format!("staff:{}", by.id));
    let held = file.quota_id;
    let mut file: loan_application::ActiveModel = file.into();
    file.state = Set(to);
    file.ended_us = Set(Some(setting.now));
    file.changed_us = Set(setting.now);
    if held.is_some() {
        file.quota_use = Set(QuotaUse::Used);
    }
    file.update(tx).await?;
    if let Some(quota) = held {
        let less = Money::ZERO.checked_sub(approved).ok_or(LendingError::Conflict)?;
        quota::shift(tx, setting.now, quota, less, principal).await?;
    }
    let step = || Step { from, to, event: LoanEvent::Sign, actor: &actor, reason: None };
    history::application(tx, setting.now, new.application, None, step()).await?;
    history::contract(tx, setting.now, contract.id, new.signed_on, step()).await?;
    Ok(contract)
}

/// Gives a signed contract up before it is paid out: the quota is free again.
pub async fn give_up(
    tx: &Tx,
    setting: &Setting,
    id: LoanContractId,
    reason: &str,
    by: &Member,
) -> Result<row::Model, LendingError> {
    by.must_be(&LENDERS)?;
    let reason = crate::bank::sized(reason, 500, "reason", "请说明原因，最多500字")?;
    let seen = known(tx, id, by).await?;
    by.may(&LENDERS, &seen.unit_path)?;
    let file = loan_application::Entity::find_by_id(seen.application_id).lock_exclusive().one(tx).await?;
    let file = file.ok_or(LendingError::NoSuchApplication)?;
    let standing = row::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(LendingError::NoSuchContract)?;
    let (principal, actor) = (standing.principal_fen, format!("staff:{}", by.id));
    let moment = Moment { now: setting.now, on: setting.today() };
    let contract = advance(tx, moment, standing, LoanEvent::Withdraw, &actor, Some(&reason), |row| {
        row.ended_us = Set(Some(setting.now));
    })
    .await?;
    if let (Some(quota), QuotaUse::Used) = (file.quota_id, file.quota_use) {
        let less = Money::ZERO.checked_sub(principal).ok_or(LendingError::Conflict)?;
        quota::shift(tx, setting.now, quota, Money::ZERO, less).await?;
        let mut file: loan_application::ActiveModel = file.into();
        file.quota_use = Set(QuotaUse::Released);
        file.changed_us = Set(setting.now);
        file.update(tx).await?;
    }
    Ok(contract)
}

/// When something happened, and when it was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When it is written down.
    pub now: Timestamp,
    /// The day it counts for.
    pub on: BusinessDate,
}

/// Moves a contract on, with a line of history. The row is locked. Servicing changes with it what is its to change: `state`, `class`,
/// `paid_out_on`, `outstanding_fen`, `ended_us`.
pub async fn advance(
    tx: &Tx,
    moment: Moment,
    standing: row::Model,
    event: LoanEvent,
    actor: &str,
    reason: Option<&str>,
    change: impl FnOnce(&mut row::ActiveModel),
) -> Result<row::Model, LendingError> {
    let (id, from) = (standing.id, standing.state);
    let to = from.on(event)?;
    let mut row: row::ActiveModel = standing.into();
    row.state = Set(to);
    row.changed_us = Set(moment.now);
    change(&mut row);
    let row = row.update(tx).await?;
    history::contract(tx, moment.now, id, moment.on, Step { from, to, event, actor, reason }).await?;
    Ok(row)
}

/// A contract, for staff who may know of it: officers of its bank and auditors; of the League and of finance only with the
/// borrower's consent.
pub async fn known(db: &impl ConnectionTrait, id: LoanContractId, by: &Member) -> Result<row::Model, LendingError> {
    let reach = Reach::of_contracts(db, by).await?;
    let found = row::Entity::find_by_id(id).one(db).await?.ok_or(LendingError::NoSuchContract)?;
    if !reach.covers(&found.unit_path, Some(found.bank_id)) {
        return Err(LendingError::NoSuchContract);
    }
    if reach.audits || reach.is_of(found.bank_id) || consent::shows(db, found.donor_id, found.bank_id).await? {
        Ok(found)
    } else {
        Err(LendingError::NoSuchContract)
    }
}

/// The contract an application came to.
pub async fn of_application(
    db: &impl ConnectionTrait,
    id: LoanApplicationId,
) -> Result<Option<LoanContractId>, LendingError> {
    let found = row::Entity::find().filter(row::Column::ApplicationId.eq(id)).one(db).await?;
    Ok(found.map(|contract| contract.id))
}

/// What happened to a contract, oldest first.
pub async fn steps(
    db: &impl ConnectionTrait,
    id: LoanContractId,
) -> Result<Vec<loan_contract_history::Model>, LendingError> {
    let steps = loan_contract_history::Entity::find().filter(loan_contract_history::Column::ContractId.eq(id));
    Ok(steps.order_by_asc(loan_contract_history::Column::Seq).all(db).await?)
}

//! Lists: what a borrower has, what an officer may know of, and counts for those who may see no names.

use domain::lending::{LoanState, QuotaUse};
use domain::role::Member;
use domain::{
    BankId, BusinessDate, DonorId, LoanApplicationId, LoanContractId, LoanProductId, LoanQuotaId, Money, UnitPath,
};
use entity::{
    ListOrder, listed, loan_application as application, loan_application_history as history, loan_consent,
    loan_contract as contract, loan_decision, loan_relation, loan_standing,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement,
};

use crate::servicing::programme::Known;
use crate::{LendingError, RECOMMENDERS, Reach, contract as contracts};

/// A borrower's applications, newest first.
pub async fn applications_of(
    db: &impl ConnectionTrait,
    donor: DonorId,
    after: Option<LoanApplicationId>,
    limit: u64,
) -> Result<Vec<application::Model>, LendingError> {
    let mut query = application::Entity::find().filter(application::Column::DonorId.eq(donor));
    if let Some(after) = after {
        query = query.filter(before(&crate::application::own(db, donor, after).await?));
    }
    Ok(newest(query, limit).all(db).await?)
}

fn before(last: &application::Model) -> Condition {
    use application::Column as C;
    let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
    Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same)
}

fn newest(query: sea_orm::Select<application::Entity>, limit: u64) -> sea_orm::Select<application::Entity> {
    query.order_by_desc(application::Column::CreatedUs).order_by_desc(application::Column::Id).limit(limit)
}

/// Which applications or contracts an officer looks for; nothing said is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// In a state.
    pub state: Option<LoanState>,
    /// Of a product.
    pub product: Option<LoanProductId>,
    /// Of a bank.
    pub bank: Option<BankId>,
    /// Below a place.
    pub place: Option<UnitPath>,
    /// Of the bank's number: contracts only.
    pub number: Option<String>,
    /// Whose principal this quota counts as used: contracts only.
    pub quota: Option<LoanQuotaId>,
    /// Late for more than so many days: what is late only.
    pub late_over: Option<u32>,
    /// In which order: contracts only.
    pub order: ListOrder,
}

/// A page of the applications an officer may know of, newest first.
pub async fn applications(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    by: &Member,
    after: Option<LoanApplicationId>,
    limit: u64,
) -> Result<Vec<application::Model>, LendingError> {
    use application::Column as C;
    let reach = Reach::of(db, by).await?;
    let sent = |bank| Condition::all().add(C::BankId.eq(bank)).add(C::SentUs.is_not_null());
    let query =
        application::Entity::find().filter(C::SubmittedUs.is_not_null()).filter(reach.condition(C::UnitPath, sent));
    let mut query = query.filter(narrowed(wanted));
    if let Some(after) = after {
        query = query.filter(before(&crate::application::known(db, after, by).await?));
    }
    Ok(newest(query, limit).all(db).await?)
}

fn narrowed(wanted: &Wanted) -> Condition {
    use application::Column as C;
    Condition::all()
        .add_option(wanted.state.map(|state| C::State.eq(state)))
        .add_option(wanted.product.map(|product| C::ProductId.eq(product)))
        .add_option(wanted.bank.map(|bank| C::BankId.eq(bank)))
        .add_option(wanted.place.as_ref().map(|place| C::UnitPath.starts_with(place.as_str())))
}

/// A page of the applications whose next step is an officer's: of their own offices, of offices below them that are late, of their bank.
/// Not those they have spoken to in this round already, nor of somebody close to them. What has waited longest comes first.
pub async fn waiting(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    by: &Member,
    after: Option<LoanApplicationId>,
    limit: u64,
) -> Result<Vec<application::Model>, LendingError> {
    use application::Column as C;
    let reach = Reach::of(db, by).await?;
    let offices: Vec<UnitPath> = by.parts(&RECOMMENDERS).into_iter().cloned().collect();
    let below =
        offices.iter().fold(Condition::any(), |any, office| any.add(C::OfficePath.starts_with(office.as_str())));
    let late = Condition::all().add(C::EscalatedUs.is_not_null()).add(below);
    let own = Condition::any().add(C::OfficePath.is_in(offices.clone())).add(late);
    let mut mine = Condition::any();
    if !offices.is_empty() {
        mine = mine.add(Condition::all().add(C::State.eq(LoanState::Applied)).add(own));
        // What a bank leaves lying is seen by the city that recommended it, which may ask the bank and decides nothing.
        let at_the_bank = Condition::all().add(C::State.eq(LoanState::BankReview)).add(C::EscalatedUs.is_not_null());
        mine = mine.add(at_the_bank.add(C::CityPath.is_in(offices.clone())));
    }
    if let Some((bank, parts)) = &reach.bank {
        let within = parts.iter().fold(Condition::any(), |any, part| any.add(C::UnitPath.starts_with(part.as_str())));
        let theirs = C::State.is_in([LoanState::BankReview, LoanState::Approved]);
        mine = mine.add(Condition::all().add(theirs).add(C::BankId.eq(*bank)).add(within));
    }
    if mine.is_empty() {
        return Ok(Vec::new());
    }
    // What an officer said in an earlier round, or granted, does not keep them from what comes now.
    let spoken = loan_decision::Entity::find()
        .select_only()
        .column(loan_decision::Column::ApplicationId)
        .filter(loan_decision::Column::DeciderId.eq(by.id))
        .filter(of_the_same_round());
    let close = loan_relation::Entity::find()
        .select_only()
        .column(loan_relation::Column::ApplicationId)
        .filter(loan_relation::Column::StaffId.eq(by.id));
    let goes_on = C::State.is_in([LoanState::Approved, LoanState::BankReview]);
    let free = Condition::any().add(goes_on).add(C::Id.not_in_subquery(spoken.into_query()));
    let mut query = application::Entity::find()
        .filter(mine)
        .filter(free)
        .filter(C::Id.not_in_subquery(close.into_query()))
        .filter(narrowed(wanted));
    if let Some(after) = after {
        let last = crate::application::known(db, after, by).await?;
        let same = Condition::all().add(C::ChangedUs.eq(last.changed_us)).add(C::Id.gt(last.id));
        query = query.filter(Condition::any().add(C::ChangedUs.gt(last.changed_us)).add(same));
    }
    Ok(query.order_by_asc(C::ChangedUs).order_by_asc(C::Id).limit(limit).all(db).await?)
}

/// That a decision is of the round its application is in.
fn of_the_same_round() -> sea_orm::sea_query::Expr {
    use sea_orm::sea_query::{Expr, ExprTrait};
    let of_decision = Expr::col((loan_decision::Entity, loan_decision::Column::Round));
    of_decision.equals((application::Entity, application::Column::Round))
}

/// What happened to an application, oldest first.
pub async fn steps(db: &impl ConnectionTrait, id: LoanApplicationId) -> Result<Vec<history::Model>, LendingError> {
    let steps = history::Entity::find().filter(history::Column::ApplicationId.eq(id));
    Ok(steps.order_by_asc(history::Column::Seq).all(db).await?)
}

/// What was said to an application, oldest first.
pub async fn decisions(
    db: &impl ConnectionTrait,
    id: LoanApplicationId,
) -> Result<Vec<loan_decision::Model>, LendingError> {
    let said = loan_decision::Entity::find().filter(loan_decision::Column::ApplicationId.eq(id));
    Ok(said.order_by_asc(loan_decision::Column::AtUs).all(db).await?)
}

/// Who is close to the borrower of an application, as it was declared.
pub async fn relations(
    db: &impl ConnectionTrait,
    id: LoanApplicationId,
) -> Result<Vec<loan_relation::Model>, LendingError> {
    let declared = loan_relation::Entity::find().filter(loan_relation::Column::ApplicationId.eq(id));
    Ok(declared.order_by_asc(loan_relation::Column::CreatedUs).all(db).await?)
}

/// A borrower's contracts, newest first.
pub async fn contracts_of(db: &impl ConnectionTrait, donor: DonorId) -> Result<Vec<contract::Model>, LendingError> {
    let own = contract::Entity::find().filter(contract::Column::DonorId.eq(donor));
    let newest = own.order_by_desc(contract::Column::CreatedUs).order_by_desc(contract::Column::Id);
    Ok(newest.limit(200).all(db).await?)
}

/// A borrower's own contract.
pub async fn own_contract(
    db: &impl ConnectionTrait,
    donor: DonorId,
    id: LoanContractId,
) -> Result<contract::Model, LendingError> {
    let found = contract::Entity::find_by_id(id).one(db).await?;
    found.filter(|row| row.donor_id == donor).ok_or(LendingError::NoSuchContract)
}

/// A page of the contracts an officer may see one by one, as a rule newest first: a bank's own; of the League and of finance those whose borrowers
/// agreed that what the bank sends back is seen.
pub async fn contracts(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    by: &Member,
    after: Option<LoanContractId>,
    limit: u64,
) -> Result<Vec<contract::Model>, LendingError> {
    use contract::Column as C;
    let query = seen(&Reach::of_contracts(db, by).await?, wanted);
    let last = match after {
        Some(after) => Some(contracts::known(db, after, by).await?),
        None => None,
    };
    let (key, last) = if wanted.order.is_by_amount() {
        (C::PrincipalFen, last.map(|last| (last.principal_fen.into(), last.id.into())))
    } else {
        (C::CreatedUs, last.map(|last| (last.created_us.into(), last.id.into())))
    };
    Ok(listed(query, (key, C::Id), wanted.order.is_down(), last).limit(limit).all(db).await?)
}

/// The contracts somebody may see one by one, and looks for.
fn seen(reach: &Reach, wanted: &Wanted) -> sea_orm::Select<contract::Entity> {
    use contract::Column as C;
    let mut query =
        contract::Entity::find().filter(reach.condition(C::UnitPath, |bank| Condition::all().add(C::BankId.eq(bank))));
    if !reach.audits {
        let agreed = loan_consent::Entity::find()
            .select_only()
            .column(loan_consent::Column::DonorId)
            .filter(loan_consent::Column::Scope.eq("servicing"))
            .filter(loan_consent::Column::WithdrawnUs.is_null())
            .filter(of_the_same_bank());
        let mut seen = Condition::any().add(C::DonorId.in_subquery(agreed.into_query()));
        if let Some((bank, _)) = &reach.bank {
            seen = seen.add(C::BankId.eq(*bank));
        }
        query = query.filter(seen);
    }
    let narrowed = Condition::all()
        .add_option(wanted.state.map(|state| C::State.eq(state)))
        .add_option(wanted.product.map(|product| C::ProductId.eq(product)))
        .add_option(wanted.bank.map(|bank| C::BankId.eq(bank)))
        .add_option(wanted.place.as_ref().map(|place| C::UnitPath.starts_with(place.as_str())))
        .add_option(wanted.number.as_ref().map(|number| C::Number.eq(number.as_str())))
        .add_option(wanted.quota.map(|quota| {
            let used = application::Entity::find()
                .select_only()
                .column(application::Column::Id)
                .filter(application::Column::QuotaId.eq(quota))
                .filter(application::Column::QuotaUse.eq(QuotaUse::Used));
            C::ApplicationId.in_subquery(used.into_query())
        }));
    query.filter(narrowed)
}

/// A page of the contracts with something late that an officer may see one by one, those that are late the longest first. Late is what fell
/// due before the day to which its programme is known; what falls due on that day is not.
pub async fn late(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    known: &[Known],
    by: &Member,
    after: Option<LoanContractId>,
    limit: u64,
) -> Result<Vec<LoanContractId>, LendingError> {
    use loan_standing::Column as C;
    let reach = Reach::of(db, by).await?;
    let over = i64::from(wanted.late_over.unwrap_or_default());
    // Before the calendar begins nothing fell due.
    let since: Vec<(&Known, BusinessDate)> =
        known.iter().filter_map(|one| Some((one, one.until.after_days(-over)?))).collect();
    if since.is_empty() {
        return Ok(Vec::new());
    }
    let late = since.iter().fold(Condition::any(), |any, (one, before)| {
        any.add(Condition::all().add(C::ProgrammeId.eq(one.programme.id)).add(C::LateSince.lt(*before)))
    });
    let seen = seen(&reach, wanted).select_only().column(contract::Column::Id);
    let mut query = loan_standing::Entity::find()
        .filter(late)
        .filter(C::Ended.is_null())
        .filter(C::ContractId.in_subquery(seen.into_query()));
    if let Some(after) = after {
        let last = loan_standing::Entity::find_by_id(after).one(db).await?.ok_or(LendingError::NoSuchContract)?;
        let same = Condition::all().add(C::LateSince.eq(last.late_since)).add(C::ContractId.gt(after));
        query = query.filter(Condition::any().add(C::LateSince.gt(last.late_since)).add(same));
    }
    let rows = query.order_by_asc(C::LateSince).order_by_asc(C::ContractId).limit(limit).all(db).await?;
    Ok(rows.into_iter().map(|row| row.contract_id).collect())
}

/// That a consent is for the bank of the contract it is asked about.
fn of_the_same_bank() -> sea_orm::sea_query::Expr {
    use sea_orm::sea_query::{Expr, ExprTrait};
    let of_consent = Expr::col((loan_consent::Entity, loan_consent::Column::BankId));
    of_consent.equals((contract::Entity, contract::Column::BankId))
}

/// How many contracts stand in a state, and what they amount to.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Count {
    /// The state.
    pub state: LoanState,
    /// How many.
    pub contracts: i64,
    /// What was lent.
    pub principal: Money,
    /// What is not repaid, as the banks last told it.
    pub outstanding: Money,
}

/// Counts of all contracts within an officer's reach, whether or not their borrowers may be seen.
pub async fn counts(db: &impl ConnectionTrait, by: &Member) -> Result<Vec<Count>, LendingError> {
    let reach = Reach::of_contracts(db, by).await?;
    let mut values: Vec<sea_orm::Value> = Vec::new();
    let mut below = |part: &str| {
        values.push(format!("{part}%").into());
        format!("unit_path LIKE ${}", values.len())
    };
    let mut any: Vec<String> = reach.parts.iter().map(|part| below(part.as_str())).collect();
    if let Some((bank, parts)) = &reach.bank {
        let parts: Vec<String> = parts.iter().map(|part| below(part.as_str())).collect();
        values.push((*bank).into());
        any.push(format!("(bank_id = ${} AND ({}))", values.len(), parts.join(" OR ")));
    }
    let which = if any.is_empty() { "false".to_owned() } else { any.join(" OR ") };
    let sql = format!(
        "SELECT state, count(*) AS contracts, CAST(SUM(principal_fen) AS BIGINT) AS principal, \
         CAST(SUM(outstanding_fen) AS BIGINT) AS outstanding FROM loan_contract WHERE {which} GROUP BY state ORDER BY state"
    );
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    Ok(rows.iter().map(|row| Count::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// How many there are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// The state.
    pub state: LoanState,
    /// Applications before their signature, contracts after it.
    pub count: i64,
    /// Principal of contracts that is not repaid.
    pub outstanding: Money,
}

/// How many applications and contracts there are in each state, for whoever made all of them. One statement.
pub async fn census(db: &impl ConnectionTrait) -> Result<Vec<Census>, DbErr> {
    let sql = "SELECT state, CAST(COUNT(*) AS BIGINT) AS count, CAST(0 AS BIGINT) AS fen FROM loan_application \
               WHERE state <> 'signed' GROUP BY state \
               UNION ALL SELECT state, CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(outstanding_fen), 0) AS BIGINT) FROM loan_contract \
               GROUP BY state";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let outstanding = Money::from_fen(row.try_get("", "fen")?);
        all.push(Census { state: row.try_get("", "state")?, count: row.try_get("", "count")?, outstanding });
    }
    let order: Vec<LoanState> = LoanState::iter().collect();
    all.sort_by_key(|one| order.iter().position(|state| *state == one.state));
    Ok(all)
}

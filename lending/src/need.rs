//! 金团助青企: what an enterprise of young people needs, written down by the League, put before banks by their products, and followed up.

use domain::lending::need::NeedEvent;
use domain::lending::product::{Guarantee, Industry};
use domain::lending::{MatchState, NeedState, ProductTerms};
use domain::role::{Member, Role};
use domain::{BusinessDate, FollowUpId, LoanProductId, Money, NeedId, NeedMatchId, Timestamp};
use entity::{Tx, enterprise_need as row, loan_product, need_follow_up, need_match};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set,
};

use crate::bank::sized;
use crate::{LENDERS, LendingError, READERS, RECOMMENDERS, Reach, application, bank_of, product};

/// A need as an officer writes it down; how the enterprise is reached is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNeed {
    /// Made by the client.
    pub id: NeedId,
    /// The county (6 digits) or township (9) it is in.
    pub division: String,
    /// Its name.
    pub enterprise: String,
    /// 统一社会信用代码.
    pub credit_code: String,
    /// Its trade.
    pub industry: Industry,
    /// How much it needs.
    pub amount: Money,
    /// For how many months.
    pub term: u32,
    /// What it can offer.
    pub guarantee: Guarantee,
    /// What for, in words.
    pub words: String,
    /// Who to talk to and how, sealed with a key of its own.
    pub contact: Vec<u8>,
    /// That key, wrapped.
    pub key: Vec<u8>,
    /// The version it is wrapped with.
    pub key_version: i64,
}

/// Writes a need down. The same id again answers the one that stands, if it says the same.
pub async fn add(tx: &Tx, now: Timestamp, new: NewNeed, by: &Member) -> Result<row::Model, LendingError> {
    let invalid = |field, problem| Err(LendingError::Invalid { field, problem });
    by.must_be(&RECOMMENDERS)?;
    let enterprise = sized(&new.enterprise, 60, "enterprise", "请填写企业名称，最多60字")?;
    let words = sized(&new.words, 1_000, "words", "请填写融资需求说明，最多1000字")?;
    if new.credit_code.parse::<domain::filing::CreditCode>().is_err() {
        return invalid("credit_code", "统一社会信用代码为18位数字和大写字母");
    }
    if !new.amount.is_positive() || new.amount > Money::MAX {
        return invalid("amount", "需求金额必须大于零");
    }
    if !(1..=120).contains(&new.term) {
        return invalid("term", "期限应为1至120个月");
    }
    if !new.division.bytes().all(|byte| byte.is_ascii_digit()) || ![6, 9].contains(&new.division.len()) {
        return invalid("division", "行政区划代码为6位（县）或9位（乡镇）数字");
    }
    let place = application::chain(tx, &new.division).await?;
    let (_, place) = place.first().ok_or(LendingError::NoSuchUnit)?;
    by.may(&RECOMMENDERS, place)?;
    if let Some(standing) = row::Entity::find_by_id(new.id).one(tx).await? {
        let same = standing.author_id == by.id
            && (&standing.enterprise, &standing.credit_code, &standing.words)
                == (&enterprise, &new.credit_code, &words)
            && (standing.amount_fen, standing.term) == (new.amount, i64::from(new.term));
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    let row = row::ActiveModel {
        id: Set(new.id),
        unit_path: Set(place.clone()),
        division: Set(new.division),
        enterprise: Set(enterprise),
        credit_code: Set(new.credit_code),
        industry: Set(new.industry),
        amount_fen: Set(new.amount),
        term: Set(new.term.into()),
        guarantee: Set(new.guarantee),
        words: Set(words),
        contact_sealed: Set(new.contact),
        key_sealed: Set(new.key),
        key_version: Set(new.key_version),
        state: Set(NeedState::Open),
        outcome: Set(None),
        author_id: Set(by.id),
        created_us: Set(now),
        changed_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// A need, for whoever may know of it: the League where it is, a bank once a product of its was put before it.
pub async fn known(db: &impl ConnectionTrait, id: NeedId, by: &Member) -> Result<row::Model, LendingError> {
    by.must_be(&READERS)?;
    let found = row::Entity::find_by_id(id).one(db).await?.ok_or(LendingError::NoSuchNeed)?;
    let reach = Reach::of(db, by).await?;
    let asked = match &reach.bank {
        None => None,
        Some((bank, _)) => need_match::Entity::find()
            .filter(need_match::Column::NeedId.eq(id))
            .filter(need_match::Column::BankId.eq(*bank))
            .one(db)
            .await?
            .map(|one| one.bank_id),
    };
    if reach.covers(&found.unit_path, asked) { Ok(found) } else { Err(LendingError::NoSuchNeed) }
}

/// A page of needs, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    state: Option<NeedState>,
    by: &Member,
    after: Option<NeedId>,
    limit: u64,
) -> Result<Vec<row::Model>, LendingError> {
    use row::Column as C;
    let reach = Reach::of(db, by).await?;
    let put_before = |bank| {
        let asked = need_match::Entity::find()
            .select_only()
            .column(need_match::Column::NeedId)
            .filter(need_match::Column::BankId.eq(bank));
        Condition::all().add(C::Id.in_subquery(asked.into_query()))
    };
    let mut query = row::Entity::find().filter(reach.condition(C::UnitPath, put_before));
    if let Some(state) = state {
        query = query.filter(C::State.eq(state));
    }
    if let Some(after) = after {
        let last = known(db, after, by).await?;
        let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
        query = query.filter(Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same));
    }
    Ok(query.order_by_desc(C::CreatedUs).order_by_desc(C::Id).limit(limit).all(db).await?)
}

/// A product that fits a need, or what keeps it from fitting.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The product.
    pub product: loan_product::Model,
    /// The bank's name.
    pub bank: String,
    /// What is against it; nothing if it fits.
    pub against: Vec<domain::plan::Problem>,
}

/// Public products beside a need, those that fit first. The age of whoever will sign is asked later.
pub async fn fits(db: &impl ConnectionTrait, id: NeedId, by: &Member) -> Result<Vec<Fit>, LendingError> {
    let need = known(db, id, by).await?;
    let offered = product::search(db, &product::Search::default(), None, 200).await?;
    let mut fits: Vec<Fit> = offered
        .into_iter()
        .map(|one| Fit { against: against(&one.terms, &need), product: one.product, bank: one.bank })
        .collect();
    fits.sort_by_key(|fit| fit.against.len());
    Ok(fits)
}

fn against(terms: &ProductTerms, need: &row::Model) -> Vec<domain::plan::Problem> {
    let ask = domain::lending::product::Ask {
        applicant: domain::lending::ApplicantKind::Enterprise,
        age: terms.min_age,
        amount: need.amount_fen,
        term: u32::try_from(need.term).unwrap_or(u32::MAX),
        method: terms.methods.first().copied().unwrap_or(domain::lending::RepaymentMethod::LevelInstalment),
        division: need.division.clone(),
        industry: need.industry,
        guarantee: need.guarantee,
    };
    terms.refusals(&ask)
}

async fn locked(tx: &Tx, id: NeedId) -> Result<row::Model, LendingError> {
    row::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(LendingError::NoSuchNeed)
}

/// Puts a product before its bank for a need. The same id again answers the one that stands.
pub async fn propose(
    tx: &Tx,
    now: Timestamp,
    (id, need): (NeedMatchId, NeedId),
    product: LoanProductId,
    by: &Member,
) -> Result<need_match::Model, LendingError> {
    by.must_be(&RECOMMENDERS)?;
    let seen = known(tx, need, by).await?;
    by.may(&RECOMMENDERS, &seen.unit_path)?;
    if let Some(standing) = need_match::Entity::find_by_id(id).one(tx).await? {
        let same = (standing.need_id, standing.product_id) == (need, product);
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    let standing = locked(tx, need).await?;
    standing.state.on(NeedEvent::Close)?;
    let product = loan_product::Entity::find_by_id(product).one(tx).await?;
    let product = product.filter(|product| product.version > 0).ok_or(LendingError::NoSuchProduct)?;
    if !product.open {
        return Err(LendingError::ProductClosed);
    }
    let row = need_match::ActiveModel {
        id: Set(id),
        need_id: Set(need),
        product_id: Set(product.id),
        bank_id: Set(product.bank_id),
        state: Set(MatchState::Proposed),
        reason: Set(None),
        author_id: Set(by.id),
        answerer_id: Set(None),
        created_us: Set(now),
        answered_us: Set(None),
    };
    Ok(row.insert(tx).await?)
}

/// The bank takes a need up, or says why not.
pub async fn answer(
    tx: &Tx,
    now: Timestamp,
    id: NeedMatchId,
    declined: Option<&str>,
    by: &Member,
) -> Result<need_match::Model, LendingError> {
    by.must_be(&LENDERS)?;
    let reason = declined.map(|reason| sized(reason, 500, "reason", "请说明原因，最多500字")).transpose()?;
    let seen = need_match::Entity::find_by_id(id).one(tx).await?.ok_or(LendingError::NoSuchMatch)?;
    if bank_of(tx, by.id).await? != Some(seen.bank_id) {
        return Err(LendingError::NoSuchMatch);
    }
    let need = locked(tx, seen.need_id).await?;
    by.may(&LENDERS, &need.unit_path).map_err(|_| LendingError::NoSuchMatch)?;
    let standing = need_match::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let standing = standing.ok_or(LendingError::NoSuchMatch)?;
    let state = if reason.is_some() { MatchState::Declined } else { MatchState::Accepted };
    if standing.state != MatchState::Proposed {
        let same = (standing.state, standing.answerer_id) == (state, Some(by.id));
        return if same { Ok(standing) } else { Err(LendingError::Decided) };
    }
    if state == MatchState::Accepted {
        step(tx, now, need, NeedEvent::Accept, None).await?;
    }
    let mut row: need_match::ActiveModel = standing.into();
    row.state = Set(state);
    row.reason = Set(reason);
    row.answerer_id = Set(Some(by.id));
    row.answered_us = Set(Some(now));
    Ok(row.update(tx).await?)
}

async fn step(
    tx: &Tx,
    now: Timestamp,
    need: row::Model,
    event: NeedEvent,
    outcome: Option<String>,
) -> Result<row::Model, LendingError> {
    let to = need.state.on(event)?;
    let mut row: row::ActiveModel = need.into();
    row.state = Set(to);
    row.outcome = Set(outcome);
    row.changed_us = Set(now);
    Ok(row.update(tx).await?)
}

/// Ends a need, met or not, or takes it up again; the League where it is.
pub async fn conclude(
    tx: &Tx,
    now: Timestamp,
    id: NeedId,
    event: NeedEvent,
    outcome: &str,
    by: &Member,
) -> Result<row::Model, LendingError> {
    by.must_be(&RECOMMENDERS)?;
    let outcome = sized(outcome, 500, "outcome", "请说明结果，最多500字")?;
    let seen = known(tx, id, by).await?;
    by.may(&RECOMMENDERS, &seen.unit_path)?;
    let kept = if event == NeedEvent::Reopen { None } else { Some(outcome) };
    step(tx, now, locked(tx, id).await?, event, kept).await
}

/// What was done about a need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFollowUp {
    /// Made by the client.
    pub id: FollowUpId,
    /// About which need.
    pub need: NeedId,
    /// About which match.
    pub matched: Option<NeedMatchId>,
    /// When.
    pub on: BusinessDate,
    /// What.
    pub words: String,
}

/// Writes down what was done; the League where it is, or a bank it was put before.
pub async fn follow_up(
    tx: &Tx,
    now: Timestamp,
    new: NewFollowUp,
    by: &Member,
) -> Result<need_follow_up::Model, LendingError> {
    by.must_be(&[Role::LeagueOfficer, Role::BankOfficer])?;
    let words = sized(&new.words, 1_000, "words", "请填写跟进情况，最多1000字")?;
    if new.on > BusinessDate::of(now) {
        return Err(LendingError::Invalid { field: "on", problem: "跟进日期不能晚于今天" });
    }
    known(tx, new.need, by).await?;
    if let Some(standing) = need_follow_up::Entity::find_by_id(new.id).one(tx).await? {
        let same = (standing.need_id, standing.match_id, standing.on_day) == (new.need, new.matched, new.on)
            && standing.words == words
            && standing.author_id == by.id;
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    if let Some(matched) = new.matched {
        let found = need_match::Entity::find_by_id(matched).one(tx).await?;
        found.filter(|one| one.need_id == new.need).ok_or(LendingError::NoSuchMatch)?;
    }
    let row = need_follow_up::ActiveModel {
        id: Set(new.id),
        need_id: Set(new.need),
        match_id: Set(new.matched),
        on_day: Set(new.on),
        words: Set(words),
        author_id: Set(by.id),
        created_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// The matches of a need, oldest first; a bank sees its own.
pub async fn matches(
    db: &impl ConnectionTrait,
    id: NeedId,
    by: &Member,
) -> Result<Vec<need_match::Model>, LendingError> {
    known(db, id, by).await?;
    let mut query = need_match::Entity::find().filter(need_match::Column::NeedId.eq(id));
    if !by.is_one_of(&[Role::LeagueOfficer, Role::Auditor]) {
        let bank = bank_of(db, by.id).await?.ok_or(LendingError::NoSeat)?;
        query = query.filter(need_match::Column::BankId.eq(bank));
    }
    Ok(query.order_by_asc(need_match::Column::CreatedUs).all(db).await?)
}

/// What was done about a need, oldest first. A bank sees what was done with all, and its own.
pub async fn follow_ups(
    db: &impl ConnectionTrait,
    id: NeedId,
    by: &Member,
) -> Result<Vec<need_follow_up::Model>, LendingError> {
    let own: Vec<NeedMatchId> = matches(db, id, by).await?.into_iter().map(|one| one.id).collect();
    let mut query = need_follow_up::Entity::find().filter(need_follow_up::Column::NeedId.eq(id));
    if !by.is_one_of(&[Role::LeagueOfficer, Role::Auditor]) {
        let mine = Condition::any()
            .add(need_follow_up::Column::MatchId.is_null())
            .add(need_follow_up::Column::MatchId.is_in(own));
        query = query.filter(mine);
    }
    Ok(query.order_by_asc(need_follow_up::Column::CreatedUs).all(db).await?)
}

//! What offices and banks say to an application: recommended office by office up the tree, sent to the bank when the borrower agrees,
//! granted or refused there, and ended by the clock when nobody goes on.
//!
//! That nobody decides on their own or a relative's file, nor twice in a round, and that a bank's word is its own officer's, is kept by
//! the database (`loan_decision_insert`, `loan_decision_person_key`); what is checked here only says it in better words.

use domain::lending::application::ConsentScope;
use domain::lending::{ApplicationKind, LoanEvent, LoanState, Office, QuotaUse, Verdict};
use domain::role::{Member, Role};
use domain::{BankId, DonorId, LoanApplicationId, Money, Timestamp};
use entity::{Tx, execute, loan_application as row, loan_decision};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::application::{self, Setting};
use crate::history::{self, Step};
use crate::{LENDERS, LendingError, RECOMMENDERS, consent, lpr, product, quota};

/// What stands where words were that tell of a borrower. The database knows it, too.
const PURGED: &str = "（已按规定清除）";

/// What a bank grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Not more than was asked for.
    pub amount: Money,
    /// In months, not more than was asked for.
    pub term: i64,
    /// Basis points on the LPR, not more than the product's.
    pub spread_bp: i64,
}

/// What is said to an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// An office recommends it.
    Recommend,
    /// The bank grants it.
    Grant(Option<Grant>),
    /// It is sent back to be completed.
    Return(String),
    /// It is refused.
    Refuse(String),
}

impl Word {
    /// The word in the audit trail.
    pub fn action(&self) -> &'static str {
        match self {
            Word::Recommend => "loan_application.recommend",
            Word::Grant(_) => "loan_application.grant",
            Word::Return(_) => "loan_application.return",
            Word::Refuse(_) => "loan_application.refuse",
        }
    }

    fn verdict(&self) -> Verdict {
        match self {
            Word::Recommend | Word::Grant(_) => Verdict::Agreed,
            Word::Return(_) => Verdict::Returned,
            Word::Refuse(_) => Verdict::Refused,
        }
    }

    fn event(&self) -> LoanEvent {
        match self {
            Word::Recommend => LoanEvent::Recommend,
            Word::Grant(_) => LoanEvent::Approve,
            Word::Return(_) => LoanEvent::Return,
            Word::Refuse(_) => LoanEvent::Refuse,
        }
    }

    fn reason(&self) -> Result<Option<String>, LendingError> {
        match self {
            Word::Recommend | Word::Grant(_) => Ok(None),
            Word::Return(reason) | Word::Refuse(reason) => {
                crate::bank::sized(reason, 500, "reason", "请说明原因，最多500字").map(Some)
            }
        }
    }

    /// Who may say it at all.
    fn roles(&self) -> &'static [Role] {
        match self {
            Word::Recommend => &RECOMMENDERS,
            Word::Grant(_) => &LENDERS,
            Word::Return(_) | Word::Refuse(_) => &crate::AUTHORS,
        }
    }
}

/// Says the word of the office whose step is due, or of the bank. An office above says it only once it is late. Answers the application as it stands after.
pub async fn say(
    tx: &Tx,
    setting: &Setting,
    id: LoanApplicationId,
    word: Word,
    by: &Member,
) -> Result<row::Model, LendingError> {
    by.must_be(word.roles())?;
    let reason = word.reason()?;
    application::known(tx, id, by).await?;
    let standing = locked(tx, id).await?;
    let office = match standing.state {
        LoanState::BankReview => Office::Bank,
        _ => standing.office.unwrap_or(Office::Bank),
    };
    standing.state.on(word.event())?;
    let grant = match (office, &standing.office_path) {
        (Office::Bank, _) => by.may(&LENDERS, &standing.unit_path)?,
        (_, Some(place)) => by.may(&RECOMMENDERS, place)?,
        (_, None) => return Err(LendingError::Conflict),
    };
    let decision = loan_decision::ActiveModel {
        application_id: Set(id),
        round: Set(standing.round),
        office: Set(office),
        verdict: Set(word.verdict()),
        reason: Set(reason.clone()),
        decider_id: Set(by.id),
        acting_for_id: Set(grant.acting_for),
        at_us: Set(setting.now),
    };
    decision.insert(tx).await?;
    if let (true, Some(place)) = (office != Office::Bank, &standing.office_path) {
        let own = by.grants.iter().any(|held| RECOMMENDERS.contains(&held.role) && held.over == *place);
        let late = standing.escalated_us.is_some() || standing.due_on.is_some_and(|due| due < setting.today());
        if !own && !late {
            return Err(LendingError::OfficeFirst);
        }
    }
    let actor = format!("staff:{}", by.id);
    match word {
        Word::Recommend => recommended(tx, setting, standing, &actor).await,
        Word::Grant(grant) => granted(tx, setting, standing, grant, &actor).await,
        Word::Return(_) => returned(tx, setting.now, standing, office, &actor, reason.as_deref()).await,
        Word::Refuse(_) => {
            application::end(tx, setting.now, standing, LoanEvent::Refuse, &actor, reason.as_deref()).await
        }
    }
}

/// To the next office, or, after the last, to the bank if the borrower agrees.
async fn recommended(
    tx: &Tx,
    setting: &Setting,
    standing: row::Model,
    actor: &str,
) -> Result<row::Model, LendingError> {
    let (id, from, at) = (standing.id, standing.state, standing.office);
    let offices = application::chain(tx, &standing.division).await?;
    let next = offices.into_iter().skip_while(|(office, _)| Some(*office) != at).nth(1);
    let event = if next.is_some() { LoanEvent::PassOn } else { LoanEvent::Recommend };
    let to = from.on(event)?;
    let mut row: row::ActiveModel = standing.into();
    row.state = Set(to);
    row.due_on = Set(next.as_ref().map(|(office, _)| setting.due(*office)));
    row.escalated_us = Set(None);
    let (office, path) = next.unzip();
    row.office = Set(office);
    row.office_path = Set(path);
    row.changed_us = Set(setting.now);
    let row = row.update(tx).await?;
    history::application(tx, setting.now, id, at, Step { from, to, event, actor, reason: None }).await?;
    if to == LoanState::Recommended && consent::stands(tx, row.donor_id, row.bank_id, ConsentScope::Application).await?
    {
        return send(tx, setting, row, actor).await;
    }
    Ok(row)
}

/// To the bank. The database asks for the consent once more.
async fn send(tx: &Tx, setting: &Setting, standing: row::Model, actor: &str) -> Result<row::Model, LendingError> {
    let (id, from, event) = (standing.id, standing.state, LoanEvent::Send);
    let to = from.on(event)?;
    let mut row: row::ActiveModel = standing.into();
    row.state = Set(to);
    row.due_on = Set(Some(setting.due(Office::Bank)));
    row.escalated_us = Set(None);
    row.sent_us = Set(Some(setting.now));
    row.changed_us = Set(setting.now);
    let row = row.update(tx).await?;
    history::application(tx, setting.now, id, None, Step { from, to, event, actor, reason: None }).await?;
    Ok(row)
}

/// Sends what waited for the borrower's consent; never more than a handful.
pub async fn send_waiting(
    tx: &Tx,
    setting: &Setting,
    donor: DonorId,
    bank: BankId,
) -> Result<Vec<row::Model>, LendingError> {
    let waiting = row::Entity::find()
        .filter(row::Column::DonorId.eq(donor))
        .filter(row::Column::BankId.eq(bank))
        .filter(row::Column::State.eq(LoanState::Recommended))
        .order_by_asc(row::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await?;
    let actor = format!("donor:{donor}");
    let mut sent = Vec::with_capacity(waiting.len());
    for one in waiting {
        sent.push(send(tx, setting, one, &actor).await?);
    }
    Ok(sent)
}

/// The bank grants it: the amount is reserved of the city's quota in the same transaction. A change of a contract takes no quota.
async fn granted(
    tx: &Tx,
    setting: &Setting,
    standing: row::Model,
    grant: Option<Grant>,
    actor: &str,
) -> Result<row::Model, LendingError> {
    let invalid = |field, problem| Err(LendingError::Invalid { field, problem });
    let terms = product::terms_of(tx, standing.product_id, standing.version).await?;
    let all = Grant { amount: standing.amount_fen, term: standing.term, spread_bp: terms.price.spread_bp };
    let Grant { amount, term, spread_bp } = grant.unwrap_or(all);
    if !amount.is_positive() || amount > standing.amount_fen {
        return invalid("amount", "批准金额应大于零且不超过申请金额");
    }
    if !(1..=standing.term).contains(&term) {
        return invalid("term", "批准期限应不超过申请期限");
    }
    if spread_bp > terms.price.spread_bp || spread_bp < -1_000 {
        return invalid("spread_bp", "加点不能高于产品规定");
    }
    // What no contract could bear is not promised: below nothing, or outside of what the product allows.
    terms.rate(lpr::on(tx, terms.price.tenor, setting.today()).await?.rate, spread_bp)?;
    let (id, from, event) = (standing.id, standing.state, LoanEvent::Approve);
    let to = from.on(event)?;
    let quota = match standing.kind {
        ApplicationKind::New => {
            let place = (&standing.city_path, standing.product_id, setting.today().year());
            Some(quota::reserve(tx, setting.now, place, amount).await?)
        }
        ApplicationKind::Renewal | ApplicationKind::Extension | ApplicationKind::Restructuring => None,
    };
    let mut row: row::ActiveModel = standing.into();
    row.state = Set(to);
    row.due_on = Set(None);
    row.approved_fen = Set(Some(amount));
    row.approved_term = Set(Some(term));
    row.approved_spread_bp = Set(Some(spread_bp));
    if quota.is_some() {
        row.quota_id = Set(quota);
        row.quota_use = Set(QuotaUse::Reserved);
    }
    row.changed_us = Set(setting.now);
    let row = row.update(tx).await?;
    history::application(tx, setting.now, id, Some(Office::Bank), Step { from, to, event, actor, reason: None })
        .await?;
    Ok(row)
}

/// Back to the borrower, for another round.
async fn returned(
    tx: &Tx,
    now: Timestamp,
    standing: row::Model,
    office: Office,
    actor: &str,
    reason: Option<&str>,
) -> Result<row::Model, LendingError> {
    let (id, from, event, round) = (standing.id, standing.state, LoanEvent::Return, standing.round + 1);
    let to = from.on(event)?;
    let mut row: row::ActiveModel = standing.into();
    row.state = Set(to);
    row.round = Set(round);
    row.office = Set(None);
    row.office_path = Set(None);
    row.due_on = Set(None);
    row.reason = Set(reason.map(str::to_owned));
    row.changed_us = Set(now);
    let row = row.update(tx).await?;
    history::application(tx, now, id, Some(office), Step { from, to, event, actor, reason }).await?;
    Ok(row)
}

async fn locked(tx: &Tx, id: LoanApplicationId) -> Result<row::Model, LendingError> {
    row::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(LendingError::NoSuchApplication)
}

/// Marks what an office has not decided in time: from now on the offices above see it, too. Answers how many.
pub async fn escalate(tx: &Tx, setting: &Setting) -> Result<Vec<row::Model>, LendingError> {
    let late = row::Entity::find()
        .filter(row::Column::DueOn.lt(setting.today()))
        .filter(row::Column::EscalatedUs.is_null())
        .filter(row::Column::State.is_in([LoanState::Applied, LoanState::BankReview]))
        .order_by_asc(row::Column::Id)
        .limit(500)
        .lock_exclusive()
        .all(tx)
        .await?;
    if late.is_empty() {
        return Ok(late);
    }
    let ids = entity::Rows::new().uuid("id", late.iter().map(|row| row.id.uuid()));
    let sql = "UPDATE loan_application SET escalated_us = $1 WHERE id IN (SELECT id FROM {rows})";
    tx.execute_raw(ids.statement(tx.get_database_backend(), sql, [setting.now.into()])).await?;
    Ok(late)
}

/// What has waited for its borrower since before these moments: for the consent, for the signature.
pub async fn due_to_expire(
    db: &impl ConnectionTrait,
    (consent, signature): (Timestamp, Timestamp),
) -> Result<Vec<LoanApplicationId>, LendingError> {
    use sea_orm::Condition;
    let waits = |state: LoanState, since: Timestamp| {
        Condition::all().add(row::Column::State.eq(state)).add(row::Column::ChangedUs.lt(since))
    };
    let late = Condition::any().add(waits(LoanState::Recommended, consent)).add(waits(LoanState::Approved, signature));
    let rows = row::Entity::find().filter(late).order_by_asc(row::Column::Id).limit(500).all(db).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Ends one of them. Nothing if somebody has gone on meanwhile.
pub async fn expire(
    tx: &Tx,
    now: Timestamp,
    id: LoanApplicationId,
    (consent, signature): (Timestamp, Timestamp),
) -> Result<Option<row::Model>, LendingError> {
    let standing = locked(tx, id).await?;
    let (late, reason) = match standing.state {
        LoanState::Recommended => (standing.changed_us < consent, "未在期限内授权提交银行"),
        LoanState::Approved => (standing.changed_us < signature, "未在期限内签约"),
        _ => (false, ""),
    };
    if !late {
        return Ok(None);
    }
    application::end(tx, now, standing, LoanEvent::Expire, "system", Some(reason)).await.map(Some)
}

/// Files that came to nothing and ended before a moment, and are not purged yet.
pub async fn due_to_purge(
    db: &impl ConnectionTrait,
    before: Timestamp,
) -> Result<Vec<LoanApplicationId>, LendingError> {
    let rows = row::Entity::find()
        .filter(row::Column::State.is_in([LoanState::Refused, LoanState::Withdrawn, LoanState::Expired]))
        .filter(row::Column::EndedUs.lt(before))
        .filter(row::Column::PurgedUs.is_null())
        .order_by_asc(row::Column::Id)
        .limit(500)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Takes everything personal out of a file that came to nothing: who it was, what for, who was close. What was decided stays, by ids.
pub async fn purge(tx: &Tx, now: Timestamp, id: LoanApplicationId) -> Result<(), LendingError> {
    let standing = locked(tx, id).await?;
    if standing.purged_us.is_some() {
        return Ok(());
    }
    let mut row: row::ActiveModel = standing.into();
    row.person_hmac = Set(None);
    row.personal_sealed = Set(None);
    row.purpose = Set(String::new());
    row.enterprise = Set(Some(String::new()));
    row.credit_code = Set(Some(String::new()));
    row.reason = Set(Some(PURGED.to_owned()));
    row.purged_us = Set(Some(now));
    row.update(tx).await?;
    // What officers wrote tells of the borrower, too.
    for words in [
        "UPDATE loan_decision SET reason = $2 WHERE application_id = $1 AND reason IS NOT NULL",
        "UPDATE loan_application_history SET reason = $2 WHERE application_id = $1 AND reason IS NOT NULL",
    ] {
        execute(tx, words, [id.into(), PURGED.into()]).await?;
    }
    execute(tx, "DELETE FROM loan_relation WHERE application_id = $1", [id.into()]).await?;
    execute(tx, "DELETE FROM loan_paper WHERE application_id = $1", [id.into()]).await?;
    Ok(())
}

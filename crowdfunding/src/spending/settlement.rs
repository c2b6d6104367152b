//! What comes after a payment: the payee pays back (慈善法 Art. 60; entry 12d), a partner accounts for an advance (13b). Written down by one
//! person, confirmed by another; the confirmation books it.

use domain::disbursement::{DisbursementKind, PayoutState};
use domain::role::{Member, Role};
use domain::{BusinessDate, Money, PayoutId, SettlementId, Timestamp};
use entity::{Tx, attachment, payout_settlement as row};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
};

use super::SpendingError;
use super::disbursement::{apart, book, required, spending_of};
use super::file::of_bank_account;
use super::line::{self, Change};
use super::payout::{locked, not_paid, of_closed_year, payout};
use super::postings;

/// Who writes it down.
const AUTHORS: [Role; 3] = [Role::Cashier, Role::ProjectManager, Role::Bookkeeper];
/// Who confirms it.
const APPROVERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

/// What kind of settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettlementKind {
    /// 追回: money came back from the payee.
    Recovered,
    /// 核销: a partner accounts for an advance with documents.
    Accounted,
}

impl SettlementKind {
    /// The word of the database.
    pub fn as_str(self) -> &'static str {
        match self {
            SettlementKind::Recovered => "recovered",
            SettlementKind::Accounted => "accounted",
        }
    }
}

/// A settlement as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSettlement {
    /// Made by the client.
    pub id: SettlementId,
    /// Of which payout.
    pub payout: PayoutId,
    /// What kind.
    pub kind: SettlementKind,
    /// How much.
    pub amount: Money,
    /// Why, or what the documents are.
    pub reason: String,
    /// For money that came back: our short name of the bank account and the bank's number.
    pub bank: Option<(String, String)>,
    /// The day it came, or of the documents.
    pub on: BusinessDate,
}

/// Writes it down. The same id with the same content again answers the one that stands.
pub async fn propose(tx: &Tx, now: Timestamp, new: NewSettlement, by: &Member) -> Result<row::Model, SpendingError> {
    let reason = required(&new.reason)?.to_owned();
    let (paper, payout) = locked(tx, new.payout, by).await?;
    let grant = by.acts(&AUTHORS, paper.book_id, &paper.unit_path)?;
    let bank = new.bank.as_ref().map(|(account, reference)| (account.trim().to_owned(), reference.trim().to_owned()));
    let (bank_account, bank_reference) = bank.unzip();
    if let Some(known) = row::Entity::find_by_id(new.id).one(tx).await? {
        let same = (known.payout_id, known.kind.as_str(), known.amount_fen, known.happened_on, known.author_id)
            == (new.payout, new.kind.as_str(), new.amount, new.on, by.id)
            && (&known.reason, &known.bank_account, &known.bank_reference) == (&reason, &bank_account, &bank_reference);
        return if same { Ok(known) } else { Err(SpendingError::IdReused) };
    }
    let fits = match new.kind {
        SettlementKind::Recovered => {
            let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
            said(&bank_account) && said(&bank_reference)
        }
        SettlementKind::Accounted => paper.kind == DisbursementKind::Advance && bank_account.is_none(),
    };
    if !fits {
        return Err(SpendingError::Invalid {
            field: "kind",
            problem: "追回须填写银行账户和流水号，只有预付款可以核销",
        });
    }
    if !new.amount.is_positive() || new.on > BusinessDate::of(now) {
        return Err(SpendingError::Invalid {
            field: "amount", problem: "金额必须大于零，日期不得晚于今天"
        });
    }
    if payout.state != PayoutState::Confirmed {
        return Err(SpendingError::Decided);
    }
    if payout.paid_on.is_some_and(|paid| new.on < paid) {
        return Err(SpendingError::Invalid { field: "on", problem: "日期不得早于付款之日" });
    }
    if let (Some(account), Some(reference)) = (&bank_account, &bank_reference) {
        of_bank_account(tx, paper.book_id, account).await?;
        // One transfer may bring back several payouts, each once.
        let booked = row::Entity::find()
            .filter(row::Column::PayoutId.eq(new.payout))
            .filter(row::Column::BankAccount.eq(account.as_str()))
            .filter(row::Column::BankReference.eq(reference.as_str()))
            .filter(row::Column::State.ne("declined"))
            .count(tx)
            .await?;
        if booked > 0 {
            return Err(SpendingError::Invalid {
                field: "bank_reference", problem: "这个银行流水号已登记过追回"
            });
        }
    }
    let settled = settlements(tx, new.payout).await?;
    let settled = settled.iter().filter(|row| row.state != "declined").map(|row| row.amount_fen.fen()).sum::<i64>();
    let left = Money::from_fen(payout.amount_fen.fen() - settled);
    if new.amount > left {
        return Err(SpendingError::TooMuch { left });
    }
    let row = row::ActiveModel {
        id: Set(new.id),
        payout_id: Set(new.payout),
        kind: Set(new.kind.as_str().to_owned()),
        state: Set("proposed".to_owned()),
        amount_fen: Set(new.amount),
        reason: Set(reason),
        bank_account: Set(bank_account),
        bank_reference: Set(bank_reference),
        happened_on: Set(new.on),
        author_id: Set(by.id),
        author_for_id: Set(grant.acting_for),
        approver_id: Set(None),
        approver_for_id: Set(None),
        created_us: Set(now),
        decided_us: Set(None),
    };
    Ok(row.insert(tx).await?)
}

/// Another person confirms or declines it, who neither wrote nor approved the paper where all duties are apart. Confirming books it; what a
/// partner accounts for needs its documents.
pub async fn decide(
    tx: &Tx,
    now: Timestamp,
    id: SettlementId,
    confirmed: bool,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    let seen = row::Entity::find_by_id(id).one(tx).await?.ok_or(SpendingError::NoSuchSettlement)?;
    let (paper, _) = locked(tx, seen.payout_id, by).await.map_err(|error| match error {
        SpendingError::NoSuchPayout => SpendingError::NoSuchSettlement,
        other => other,
    })?;
    let grant = by.acts(&APPROVERS, paper.book_id, &paper.unit_path)?;
    let row = row::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.ok_or(SpendingError::NoSuchSettlement)?;
    if by.is_among(grant, [Some(row.author_id), row.author_for_id]) {
        return Err(SpendingError::OtherPerson);
    }
    apart(tx, &[(&paper, grant)], by).await?;
    not_paid(tx, &[row.payout_id], by, &[grant]).await?;
    if row.state != "proposed" {
        return Err(SpendingError::Decided);
    }
    let accounted = row.kind == SettlementKind::Accounted.as_str();
    if confirmed && accounted && !documented(tx, id).await? {
        return Err(SpendingError::NoDocument);
    }
    let (amount, on) = (row.amount_fen, row.happened_on);
    let recovered = row.kind == SettlementKind::Recovered.as_str();
    let bank = row.bank_account.clone().unwrap_or_default();
    let mut active: row::ActiveModel = row.into();
    active.state = Set(if confirmed { "confirmed" } else { "declined" }.to_owned());
    active.approver_id = Set(Some(by.id));
    active.approver_for_id = Set(grant.acting_for);
    active.decided_us = Set(Some(now));
    let row = active.update(tx).await?;
    if confirmed {
        let spending = spending_of(tx, &paper).await?;
        let entry = if recovered {
            let change = Change { committed: 0, used: -amount.fen() };
            line::change(tx, paper.campaign_id, &paper.line_code, change).await?;
            let prior_year = of_closed_year(tx, &paper).await?;
            postings::recovered(&spending, id, amount, &bank, prior_year, on)
        } else {
            postings::accounted(&spending, id, amount, on)
        };
        book(tx, now, &[entry.by(by.id.to_string())]).await?;
    }
    Ok(row)
}

/// What documents under a settlement and the trail call it.
pub fn settlement_object(id: SettlementId) -> String {
    format!("settlement:{id}")
}

async fn documented(tx: &Tx, id: SettlementId) -> Result<bool, SpendingError> {
    let documents = attachment::Entity::find()
        .filter(attachment::Column::Object.eq(settlement_object(id)))
        .filter(attachment::Column::WithdrawnUs.is_null());
    Ok(documents.count(tx).await? > 0)
}

/// Whoever wrote a settlement down adds its documents, and takes them away, until it is decided; nobody else, and not later.
pub async fn may_document_settlement(
    db: &impl ConnectionTrait,
    id: SettlementId,
    by: &Member,
) -> Result<(), SpendingError> {
    let row = settlement(db, id, by).await?;
    by.must_be(&AUTHORS)?;
    if row.author_id != by.id {
        return Err(SpendingError::OtherPerson);
    }
    if row.state == "proposed" { Ok(()) } else { Err(SpendingError::Decided) }
}

/// The settlements of a payout, oldest first.
pub async fn settlements(db: &impl ConnectionTrait, payout: PayoutId) -> Result<Vec<row::Model>, SpendingError> {
    let rows = row::Entity::find()
        .filter(row::Column::PayoutId.eq(payout))
        .order_by_asc(row::Column::CreatedUs)
        .all(db)
        .await?;
    Ok(rows)
}

/// A settlement, for whoever may know of its payout.
pub async fn settlement(db: &impl ConnectionTrait, id: SettlementId, by: &Member) -> Result<row::Model, SpendingError> {
    let row = row::Entity::find_by_id(id).one(db).await?.ok_or(SpendingError::NoSuchSettlement)?;
    payout(db, row.payout_id, by).await?;
    Ok(row)
}

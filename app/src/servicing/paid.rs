//! Which payment of a foundation paid a claimed subsidy (facts: lending 6, a foundation's own money). The money itself goes the way of every
//! grant: a paper of a campaign, its approvals, the bank's confirmation (5101 / 2209, 2209 / 1002). Here it is tied to the claim: once, no
//! more than was paid and did not come back, and only of a campaign that told its donors that it pays interest.

use domain::disbursement::PayoutState;
use domain::lending::product::{SubsidyFlow, SubsidyRule};
use domain::role::Member;
use domain::{BookId, BusinessDate, LoanProgrammeId, LoanSubsidyId, Money, PayoutId, UnitPath};
use entity::{Rows, Tx, campaign, disbursement, loan_contract, loan_subsidy, payout, payout_settlement};
use lending::servicing::ServeError;
use lending::servicing::subsidy::Receipt;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement};

use super::{CLAIMERS, Servicing, ServicingError};

/// What a campaign tells its donors if it pays interest for borrowers.
const WORD: &str = "贴息";
/// How many payments are offered.
const MOST: u64 = 50;

/// A payment that may have paid claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Which.
    pub id: PayoutId,
    /// The day the bank paid.
    pub paid_on: BusinessDate,
    /// What for, as its paper says.
    pub purpose: String,
    /// What no claim has named of it, and has not come back.
    pub left: Money,
}

/// Checks that a receipt names the payment by which the money came where a foundation pays with its own, and nowhere else. Locks the payment.
pub(super) async fn check(tx: &Tx, id: LoanSubsidyId, receipt: &Receipt) -> Result<(), ServicingError> {
    let claim = loan_subsidy::Entity::find_by_id(id).one(tx).await?.ok_or(ServeError::NoSuchSubsidy)?;
    if claim.state != "claimed" {
        return Ok(());
    }
    let contract = loan_contract::Entity::find_by_id(claim.contract_id).one(tx).await?;
    let contract = contract.ok_or(ServeError::NoSuchContract)?;
    let amount = receipt.amount.unwrap_or(claim.amount_fen);
    let own = own_book(contract.subsidy.as_deref())?.filter(|_| amount.is_positive());
    let wrong = |problem| Err(ServeError::Invalid { field: "payout", problem }.into());
    let (book, id) = match (own, receipt.payout) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return wrong("只有慈善组织以自有资金支付的贴息填写付款"),
        (Some(_), None) => return wrong("这笔贴息由慈善组织以自有资金支付，请填写支付它的付款"),
        (Some(book), Some(id)) => (book, id),
    };
    let Some(payment) = payout::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await? else {
        return wrong("没有这笔付款");
    };
    let paper = disbursement::Entity::find_by_id(payment.disbursement_id).one(tx).await?;
    let Some(paper) = paper.filter(|paper| paper.book_id == book) else {
        return wrong("这笔付款不是约定的慈善组织付出的");
    };
    if payment.state != PayoutState::Confirmed {
        return wrong("这笔付款银行尚未确认付出");
    }
    if payment.paid_on.is_none_or(|on| on > receipt.on) {
        return Err(ServeError::Invalid { field: "on", problem: "到账日不能早于付款日" }.into());
    }
    let of = campaign::Entity::find_by_id(paper.campaign_id).one(tx).await?;
    if !of.is_some_and(|of| of.name.contains(WORD) || of.summary.contains(WORD)) {
        return wrong("付款所属项目的名称和简介没有写明贴息，它的善款不能用于贴息");
    }
    let named = loan_subsidy::Entity::find().filter(loan_subsidy::Column::PayoutId.eq(id)).all(tx).await?;
    let came_back = payout_settlement::Entity::find()
        .filter(payout_settlement::Column::PayoutId.eq(id))
        .filter(payout_settlement::Column::Kind.eq("recovered"))
        .filter(payout_settlement::Column::State.ne("declined"))
        .all(tx)
        .await?;
    let gone = named.iter().filter_map(|one| one.received_fen).chain(came_back.iter().map(|one| one.amount_fen));
    if Money::checked_sum(gone.chain([amount])).is_none_or(|gone| gone > payment.amount_fen) {
        return wrong("登记由这笔付款支付的贴息，连同已追回的，合计超过付款金额");
    }
    Ok(())
}

/// The book of the foundation that pays a contract's subsidy with its own money, if one does.
fn own_book(rule: Option<&str>) -> Result<Option<BookId>, ServicingError> {
    let rule: Option<SubsidyRule> = rule.map(serde_json::from_str).transpose().map_err(ServeError::Stored)?;
    Ok(rule.filter(|rule| rule.flow == SubsidyFlow::Own).and_then(|rule| rule.book))
}

impl Servicing {
    /// The last payments that may have paid what is claimed of a programme and are not used up, newest first; none where no foundation pays with its own money.
    pub async fn payments(&self, id: LoanProgrammeId, by: &Member) -> Result<Vec<Payment>, ServicingError> {
        by.may(&CLAIMERS, &UnitPath::whole())?;
        let (db, backend) = (self.db.read(), self.db.backend());
        let sql = "SELECT DISTINCT c.subsidy FROM loan_contract c JOIN loan_subsidy s ON s.contract_id = c.id \
                   WHERE s.programme_id = $1 AND s.state = 'claimed'";
        let mut books: Vec<BookId> = Vec::new();
        for row in db.query_all_raw(Statement::from_sql_and_values(backend, sql, [id.into()])).await? {
            let rule: Option<String> = row.try_get("", "subsidy")?;
            books.extend(own_book(rule.as_deref())?);
        }
        if books.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT * FROM (SELECT p.id, p.paid_on, p.amount_fen, d.purpose, CAST(COALESCE((SELECT SUM(s.received_fen) FROM loan_subsidy s \
             WHERE s.payout_id = p.id), 0) + COALESCE((SELECT SUM(x.amount_fen) FROM payout_settlement x WHERE x.payout_id = p.id \
             AND x.kind = 'recovered' AND x.state <> 'declined'), 0) AS BIGINT) AS gone FROM payout p JOIN disbursement d ON d.id = p.disbursement_id \
             JOIN campaign c ON c.id = d.campaign_id WHERE p.state = 'confirmed' AND d.book_id IN (SELECT id FROM {{rows}}) \
             AND (c.name LIKE '%{WORD}%' OR c.summary LIKE '%{WORD}%')) t WHERE gone < amount_fen \
             ORDER BY paid_on DESC, id DESC LIMIT {MOST}"
        );
        let rows = Rows::new().uuid("id", books.into_iter().map(BookId::uuid)).statement(backend, &sql, []);
        let mut shown = Vec::new();
        for row in db.query_all_raw(rows).await? {
            let (amount, gone): (Money, Money) = (row.try_get("", "amount_fen")?, row.try_get("", "gone")?);
            let left = amount.checked_sub(gone).unwrap_or(Money::ZERO);
            let (id, paid_on, purpose) =
                (row.try_get("", "id")?, row.try_get("", "paid_on")?, row.try_get("", "purpose")?);
            shown.push(Payment { id, paid_on, purpose, left });
        }
        Ok(shown)
    }
}

//! What a borrower is told of a loan that runs, as far as they agreed to receive messages: that the money came, that an instalment falls due
//! soon or was not paid, that nothing is owed any more. Each occasion speaks once, however often it is looked for.

use std::collections::HashMap;

use domain::lending::LoanState;
use domain::{BusinessDate, LoanContractId, LoanProductId};
use entity::{loan_contract, loan_product, loan_standing};
use lending::servicing::loan;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};
use serde_json::json;

use super::{Loans, LoansError};
use crate::outbox::{self, NewMessage};

/// So many days before an instalment falls due its borrower is told; of what happened so many days ago nobody is told any more.
const DAYS: i64 = 3;

/// An occasion of a contract, and what is said.
struct Occasion {
    name: String,
    /// At most five characters.
    phrase: &'static str,
    /// At most twenty characters.
    hint: String,
}

impl Loans {
    /// Writes what borrowers are to be told today. Loans with an instalment within the next days are replayed if their borrowers have a
    /// consent left, all others read. A loan that cannot be replayed is passed over.
    pub async fn remind_borrowers(&self) -> Result<(), LoansError> {
        let Some(template) = self.template.clone() else { return Ok(()) };
        let (db, today) = (self.db.read(), self.clock.today());
        let (Some(before), Some(soon)) = (today.after_days(-DAYS), today.after_days(DAYS)) else { return Ok(()) };
        let mut told: Vec<(loan_contract::Model, Occasion)> = Vec::new();
        use loan_contract::Column as C;
        for row in loan_contract::Entity::find().filter(C::PaidOutOn.between(before, today)).all(db).await? {
            let hint = format!("{}已放款{}元", short(row.paid_out_on.unwrap_or(today)), row.payout_fen);
            if row.payout_fen.is_positive() {
                told.push((row, Occasion { name: "paid_out".to_owned(), phrase: "已放款", hint }));
            }
        }
        let settled = loan_contract::Entity::find().filter(C::State.eq(LoanState::Settled));
        for row in settled.filter(C::EndedUs.gte(before.start())).all(db).await? {
            let hint = "贷款已全部结清".to_owned();
            told.push((row, Occasion { name: "settled".to_owned(), phrase: "已结清", hint }));
        }
        use loan_standing::Column as S;
        let running = loan_standing::Entity::find().filter(S::Ended.is_null());
        let late = running.filter(S::LateSince.is_not_null()).all(db).await?;
        let since: HashMap<LoanContractId, BusinessDate> =
            late.into_iter().filter_map(|row| Some((row.contract_id, row.late_since?))).collect();
        for row in loan_contract::Entity::find().filter(C::State.eq(LoanState::Overdue)).all(db).await? {
            let Some(day) = since.get(&row.id) else { continue };
            let hint = format!("{}应还款项未还，请尽快还款", short(*day));
            told.push((row, Occasion { name: format!("overdue:{day}"), phrase: "已逾期", hint }));
        }
        let due = "SELECT s.contract_id FROM loan_standing s JOIN loan_contract l ON l.id = s.contract_id \
                   JOIN consent c ON c.donor_id = l.donor_id AND c.template = $1 \
                   WHERE s.ended IS NULL AND s.until_day > $2 AND s.until_day <= $3 AND c.given > c.used";
        let values = [template.clone().into(), today.into(), soon.into()];
        let due = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), due, values)).await?;
        let ids: Vec<LoanContractId> =
            due.iter().map(|row| row.try_get("", "contract_id")).collect::<Result<_, DbErr>>()?;
        for page in ids.chunks(2_000) {
            for (id, one) in loan::load(db, page, false).await? {
                let replayed = match one.replay(today) {
                    Ok(replayed) => replayed,
                    Err(error) => {
                        tracing::warn!(contract = %id, %error, "a loan cannot be replayed: its borrower is not told what falls due");
                        continue;
                    }
                };
                let row = replayed.and_then(|it| it.state.rows.first().copied());
                let Some(row) = row.filter(|row| row.due > today && row.due <= soon) else { continue };
                let hint = format!("{}应还{}元", short(row.due), row.total);
                told.push((one.row, Occasion { name: format!("due:{}", row.due), phrase: "即将到期", hint }));
            }
        }
        let products: HashMap<LoanProductId, String> =
            loan_product::Entity::find().all(db).await?.into_iter().map(|row| (row.id, row.name)).collect();
        let now = self.clock.now();
        let message = |(row, occasion): (loan_contract::Model, Occasion)| NewMessage {
            topic: format!("loan_contract:{}:{}", row.id, occasion.name),
            donor: row.donor_id,
            template: template.clone(),
            content: json!({
                "thing1": products.get(&row.product_id).cloned().unwrap_or_default(),
                "phrase2": occasion.phrase,
                "thing3": occasion.hint,
                "time4": now.wall(),
            }),
        };
        let messages: Vec<NewMessage> = told.into_iter().map(message).collect();
        let tx = self.db.begin().await?;
        outbox::enqueue(&tx, now, &messages).await?;
        Ok(tx.commit().await?)
    }
}

/// A day as it is said in a message.
fn short(day: BusinessDate) -> String {
    format!("{}月{}日", day.month(), day.day())
}

//! What stands for and against locking a month, looked at before it is locked: after that nothing is dated into it any more.

use domain::role::Member;
use domain::{BookId, BusinessDate};
use entity::{charity, discrepancy};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};

use super::{Closing, ClosingError, Period, READERS};
use crate::reconciliation;

/// Where a month stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthStanding {
    /// Whether debits are credits at its end.
    pub balanced: bool,
    /// Whether the book's money goes through the channel: only then its days are reconciled.
    pub on_channel: bool,
    /// The last day up to which every day is reconciled; none before the first.
    pub reconciled: Option<BusinessDate>,
    /// How many breaks of its days are open.
    pub breaks: u64,
}

impl MonthStanding {
    /// Whether every day of the month is reconciled, or none has to be.
    pub fn is_reconciled(&self, month: Period) -> bool {
        !self.on_channel || self.reconciled.is_some_and(|day| day >= month.last)
    }

    /// What stands against locking it, in the words of the bookkeeper; nothing if all is well.
    pub fn against(&self, month: Period) -> Vec<String> {
        let mut against = Vec::new();
        if !self.balanced {
            against.push("试算不平衡".to_owned());
        }
        if !self.is_reconciled(month) {
            against.push(match self.reconciled {
                Some(day) => format!("连续对账只到{day}，其后还有未对账的日子"),
                None => "还没有对账".to_owned(),
            });
        }
        if self.breaks > 0 {
            against.push(format!("期间内有{}笔差错待处理", self.breaks));
        }
        against
    }
}

impl Closing {
    /// Where a month of a book stands.
    pub async fn standing(&self, id: BookId, month: Period, by: &Member) -> Result<MonthStanding, ClosingError> {
        let db = self.db.read();
        by.may(&READERS, &crowdfunding::book_place(db, id).await?)?;
        Ok(standing(db, id, month).await?)
    }
}

/// Where a month of a book stands.
pub(super) async fn standing(
    db: &impl ConnectionTrait,
    id: BookId,
    Period { first, last }: Period,
) -> Result<MonthStanding, DbErr> {
    let balances = ledger::balances(db, id, Some(last)).await?;
    let owner = charity::Entity::find().filter(charity::Column::BookId.eq(id)).one(db).await?;
    let breaks = discrepancy::Entity::find()
        .filter(discrepancy::Column::BookId.eq(id))
        .filter(discrepancy::Column::State.eq("open"))
        .filter(discrepancy::Column::Day.between(first, last))
        .count(db)
        .await?;
    Ok(MonthStanding {
        balanced: balances.values().map(|balance| balance.net().fen()).sum::<i64>() == 0,
        on_channel: owner.is_some_and(|owner| owner.mchid.is_some()),
        reconciled: reconciliation::through(db, id).await?,
        breaks,
    })
}

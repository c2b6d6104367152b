//! How long a line may wait (缓冲) before it is a break, as finance has set it. Rules are added, never changed: what was decided under
//! an older one stays.

use domain::role::{Member, Role};
use domain::working_day::WorkingCalendar;
use domain::{BookId, BusinessDate, ReconciliationRuleId, StaffId, Timestamp};
use entity::{calendar_day, reconciliation_rule};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};
use serde_json::json;

use super::{ReconcileError, Reconciliation};
use crate::trail;

/// How long a line may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What happens so near to midnight may stand in the neighbour's bill.
    pub border_minutes: i64,
    /// How many days a line of the books or of a bill may wait for its other side.
    pub buffer_days: i64,
    /// How many working days a withdrawal may take to the bank.
    pub bank_days: i64,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule { border_minutes: 60, buffer_days: 3, bank_days: 3 }
    }
}

impl Rule {
    fn of_row(row: &reconciliation_rule::Model) -> Rule {
        Rule { border_minutes: row.border_minutes, buffer_days: row.buffer_days, bank_days: row.bank_days }
    }

    /// In the words of the bookkeeper what is wrong with it.
    fn problem(self) -> Option<(&'static str, &'static str)> {
        match self {
            _ if !(0..=360).contains(&self.border_minutes) => Some(("border_minutes", "跨日时段为0至360分钟")),
            _ if !(0..=30).contains(&self.buffer_days) => Some(("buffer_days", "缓冲期为0至30天")),
            _ if !(1..=20).contains(&self.bank_days) => Some(("bank_days", "到账期限为1至20个工作日")),
            _ => None,
        }
    }
}

/// The rule of a book as it applies to a day, and what the day is today.
pub(super) struct Terms {
    pub(super) rule: Rule,
    pub(super) day: BusinessDate,
    pub(super) today: BusinessDate,
    pub(super) calendar: WorkingCalendar,
}

impl Terms {
    /// The last day a line of the day may wait.
    pub(super) fn until(&self) -> BusinessDate {
        self.day.after_days(self.rule.buffer_days).unwrap_or(self.day)
    }

    /// The last day a withdrawal of the day, or a line of the bank's, may wait.
    pub(super) fn bank_until(&self) -> BusinessDate {
        self.calendar.term(self.day, u32::try_from(self.rule.bank_days).unwrap_or(1))
    }

    /// Whether a moment of the day is so near to its beginning, or to its end, that the neighbour's bill may have it.
    pub(super) fn near(&self, at: Timestamp) -> (bool, bool) {
        let border = self.rule.border_minutes * 60;
        let since = at.seconds() - self.day.start().seconds();
        let left = self.day.next().start().seconds() - at.seconds();
        ((0..=border).contains(&since), (0..=border).contains(&left))
    }
}

/// The newest rule of a book; where finance has set none, an hour, three days, three working days.
pub(super) async fn in_force(db: &impl ConnectionTrait, book: BookId) -> Result<Rule, DbErr> {
    let row = reconciliation_rule::Entity::find()
        .filter(reconciliation_rule::Column::BookId.eq(book))
        .order_by_desc(reconciliation_rule::Column::CreatedUs)
        .order_by_desc(reconciliation_rule::Column::Id)
        .one(db)
        .await?;
    Ok(row.as_ref().map(Rule::of_row).unwrap_or_default())
}

/// All exceptions that were ever entered: some twenty a year.
pub(super) async fn calendar(db: &impl ConnectionTrait) -> Result<WorkingCalendar, DbErr> {
    let rows = calendar_day::Entity::find().all(db).await?;
    Ok(WorkingCalendar::new(rows.into_iter().map(|row| (row.day, row.working))))
}

impl Reconciliation {
    /// The rule of a book, and who set it when, if anybody has.
    pub async fn rule(&self, book: BookId) -> Result<(Rule, Option<(StaffId, Timestamp)>), ReconcileError> {
        let row = reconciliation_rule::Entity::find()
            .filter(reconciliation_rule::Column::BookId.eq(book))
            .order_by_desc(reconciliation_rule::Column::CreatedUs)
            .order_by_desc(reconciliation_rule::Column::Id)
            .one(self.db.read())
            .await?;
        Ok(row.map_or((Rule::default(), None), |row| (Rule::of_row(&row), Some((row.author_id, row.created_us)))))
    }

    /// Sets the rule of a book from the next run on. The same id with the same content again answers the rule that stands.
    pub async fn set_rule(
        &self,
        id: ReconciliationRuleId,
        book: BookId,
        rule: Rule,
        by: &Member,
    ) -> Result<Rule, ReconcileError> {
        by.must_be(&[Role::FinanceHead])?;
        if let Some((field, problem)) = rule.problem() {
            return Err(ReconcileError::Invalid { field, problem });
        }
        let now = self.business.now();
        let tx = self.db.begin().await?;
        by.keeps(&[Role::FinanceHead], book)?;
        if let Some(known) = reconciliation_rule::Entity::find_by_id(id).one(&tx).await? {
            let same = known.book_id == book && Rule::of_row(&known) == rule;
            return if same { Ok(rule) } else { Err(ReconcileError::IdReused) };
        }
        let row = reconciliation_rule::ActiveModel {
            id: Set(id),
            book_id: Set(book),
            border_minutes: Set(rule.border_minutes),
            buffer_days: Set(rule.buffer_days),
            bank_days: Set(rule.bank_days),
            author_id: Set(by.id),
            created_us: Set(now),
        };
        row.insert(&tx).await?;
        let detail = json!({
            "border_minutes": rule.border_minutes, "buffer_days": rule.buffer_days, "bank_days": rule.bank_days,
        });
        let line = trail::Line {
            actor: trail::staff(by.id),
            action: "reconciliation.rule",
            object: format!("book:{book}"),
            origin: by.origin.clone(),
            detail,
        };
        trail::record(&tx, now, line).await?;
        tx.commit().await?;
        Ok(rule)
    }
}

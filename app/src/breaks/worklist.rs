//! The breaks as a list of work: those that wait on a desk, of a class, of a day, oldest or newest first.

use std::collections::BTreeMap;

use domain::role::{Member, Role};
use domain::{BookId, BreakId, BusinessDate, Money};
use entity::discrepancy;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{BreakError, Breaks};

/// What breaks are looked for; nothing named means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BreakSearch {
    /// Where they stand: `open`, `resolved`, `cleared`.
    pub state: Option<String>,
    /// Of which class.
    pub class: Option<String>,
    /// On whose desk.
    pub owner: Option<String>,
    /// Of which book.
    pub book: Option<BookId>,
    /// Of which day.
    pub day: Option<BusinessDate>,
    /// About what: a transaction, a refund, a line.
    pub item: Option<String>,
    /// Of this amount: what one of the sides has, or what they differ by.
    pub amount: Option<Money>,
}

impl Breaks {
    /// A page of the breaks that are looked for, where somebody has one of these roles, oldest first: what has waited longest is done first.
    pub async fn worklist(
        &self,
        (by, roles): (&Member, &[Role]),
        wanted: &BreakSearch,
        after: Option<BreakId>,
        limit: u64,
    ) -> Result<Vec<discrepancy::Model>, BreakError> {
        use discrepancy::Column as C;
        by.must_be(roles)?;
        let db = self.db.read();
        let mut query = discrepancy::Entity::find();
        if let Some(books) = crowdfunding::books_within(by, roles) {
            query = query.filter(C::BookId.in_subquery(books));
        }
        let BreakSearch { state, class, owner, book, day, item, amount } = wanted;
        for (column, value) in [(C::State, state), (C::Class, class), (C::Owner, owner), (C::Item, item)] {
            if let Some(value) = value {
                query = query.filter(column.eq(value.as_str()));
            }
        }
        if let Some(book) = book {
            query = query.filter(C::BookId.eq(*book));
        }
        if let Some(day) = day {
            query = query.filter(C::Day.eq(*day));
        }
        if let Some(amount) = amount {
            let differ = |more: C, less: C| Expr::col(more).sub(Expr::col(less)).eq(*amount);
            let differ = differ(C::AmountFen, C::ExpectedFen).or(differ(C::ExpectedFen, C::AmountFen));
            query = query.filter(C::AmountFen.eq(*amount).or(C::ExpectedFen.eq(*amount)).or(differ));
        }
        if let Some(after) = after {
            let last = discrepancy::Entity::find_by_id(after).one(db).await?.ok_or(BreakError::NoSuchBreak)?;
            query = query.filter(
                Condition::any()
                    .add(C::CreatedUs.gt(last.created_us))
                    .add(Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.gt(last.id))),
            );
        }
        Ok(query.order_by_asc(C::CreatedUs).order_by_asc(C::Id).limit(limit).all(db).await?)
    }

    /// How many breaks of a book are open on each day from one to another; days without any are left out.
    pub async fn open_by_day(
        &self,
        book: BookId,
        (from, to): (BusinessDate, BusinessDate),
        by: &Member,
        roles: &[Role],
    ) -> Result<BTreeMap<BusinessDate, i64>, BreakError> {
        use discrepancy::Column as C;
        let db = self.db.read();
        by.may(roles, &crowdfunding::book_place(db, book).await?)?;
        let days: Vec<(BusinessDate, i64)> = discrepancy::Entity::find()
            .select_only()
            .column(C::Day)
            .column_as(C::Id.count(), "n")
            .filter(C::BookId.eq(book))
            .filter(C::State.eq("open"))
            .filter(C::Day.between(from, to))
            .group_by(C::Day)
            .into_tuple()
            .all(db)
            .await?;
        Ok(days.into_iter().collect())
    }

    /// A break, for somebody who has one of these roles where its money is.
    pub async fn shown(&self, id: BreakId, by: &Member, roles: &[Role]) -> Result<discrepancy::Model, BreakError> {
        by.must_be(roles)?;
        let db = self.db.read();
        let row = discrepancy::Entity::find_by_id(id).one(db).await?.ok_or(BreakError::NoSuchBreak)?;
        by.may(roles, &crowdfunding::book_place(db, row.book_id).await?)?;
        Ok(row)
    }
}

//! What the supervisors (监事) look through every month (facts: charity 6.6a): all that was approved under the profile `small`. A month that is
//! over waits until one of them, who wrote and approved none of it, says what they found; that stays.

use std::collections::BTreeMap;

use domain::charity::Profile;
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, Money, StaffId, Timestamp};
use entity::{disbursement, disbursement_approval, small_review};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;

use super::{Organisation, OrganisationError, charity, sized, told};

/// 监事.
const SUPERVISORS: [Role; 1] = [Role::Auditor];

/// A month of a charity in which something was approved under `small`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallMonth {
    /// The charity.
    pub book: BookId,
    /// What it is called.
    pub name: String,
    /// `2026-11`.
    pub month: String,
    /// How many papers.
    pub papers: i64,
    /// What they are about.
    pub amount: Money,
    /// Whether the month is over: only then it is reviewed.
    pub over: bool,
    /// What was found, if it was reviewed.
    pub review: Option<small_review::Model>,
}

/// A paper that was approved under `small`, with everybody who had a hand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallPaper {
    /// The paper.
    pub paper: disbursement::Model,
    /// The approvals of the round it was approved in, in order.
    pub approvals: Vec<disbursement_approval::Model>,
}

impl SmallPaper {
    /// Whoever wrote or approved it, and in whose name.
    fn hands(&self) -> impl Iterator<Item = Option<StaffId>> {
        let approvers = self.approvals.iter().flat_map(|one| [Some(one.approver_id), one.acting_for_id]);
        [Some(self.paper.author_id), self.paper.author_for_id].into_iter().chain(approvers)
    }
}

/// A month with its first moment and that of the next.
struct Month {
    word: String,
    first: Timestamp,
    until: Timestamp,
}

impl Month {
    fn of(day: BusinessDate) -> Month {
        let first = day.day_of_month_after(0, 1).unwrap_or(day);
        let until = day.day_of_month_after(1, 1).unwrap_or(day);
        Month { word: first.to_string().chars().take(7).collect(), first: first.start(), until: until.start() }
    }

    /// From `2026-11`.
    fn read(word: &str) -> Result<Month, OrganisationError> {
        let day = format!("{word}-01").parse();
        let day = day.map_err(|_| OrganisationError::Invalid { field: "month", problem: "月份格式为2026-11" })?;
        Ok(Month::of(day))
    }
}

impl Organisation {
    /// The months in which something was approved under `small`, of every charity whose supervisor one is, newest first. Five statements.
    pub async fn small_months(&self, by: &Member) -> Result<Vec<SmallMonth>, OrganisationError> {
        use disbursement::Column as C;
        by.must_be(&SUPERVISORS)?;
        let now = self.clock.now();
        let lines = self.charities().await?.into_iter().filter(|line| by.may(&SUPERVISORS, &line.unit.path).is_ok());
        let names: BTreeMap<BookId, String> = lines.map(|line| (line.book.id, line.book.name)).collect();
        let approved: Vec<(BookId, Timestamp, Money)> = disbursement::Entity::find()
            .select_only()
            .columns([C::BookId, C::ApprovedUs, C::AmountFen])
            .filter(C::Profile.eq(Profile::Small))
            .filter(C::ApprovedUs.is_not_null())
            .filter(C::BookId.is_in(names.keys().copied()))
            .into_tuple()
            .all(self.db.read())
            .await?;
        let reviews = small_review::Entity::find().all(self.db.read()).await?;
        let mut months: BTreeMap<(String, BookId), SmallMonth> = BTreeMap::new();
        for (book, at, amount) in approved {
            let month = Month::of(BusinessDate::of(at));
            let fresh = || SmallMonth {
                book,
                name: names.get(&book).cloned().unwrap_or_default(),
                review: reviews.iter().find(|row| row.book_id == book && row.month == month.word).cloned(),
                papers: 0,
                amount: Money::ZERO,
                over: month.until <= now,
                month: month.word.clone(),
            };
            let of_month = months.entry((month.word.clone(), book)).or_insert_with(fresh);
            of_month.papers += 1;
            of_month.amount = of_month.amount.checked_add(amount).unwrap_or(Money::MAX);
        }
        Ok(months.into_values().rev().collect())
    }

    /// What was approved under `small` in a month of a charity, oldest first. Two statements.
    pub async fn small_papers(
        &self,
        book: BookId,
        month: &str,
        by: &Member,
    ) -> Result<Vec<SmallPaper>, OrganisationError> {
        by.must_be(&SUPERVISORS)?;
        let month = Month::read(month)?;
        by.may(&SUPERVISORS, &self.charity(book).await?.unit.path)?;
        Ok(papers(self.db.read(), book, &month).await?)
    }

    /// Says that a month that is over was looked through, and what was found: somebody who wrote and approved none of it.
    pub async fn review_small(
        &self,
        book: BookId,
        month: &str,
        findings: &str,
        by: &Member,
    ) -> Result<small_review::Model, OrganisationError> {
        by.must_be(&SUPERVISORS)?;
        let month = Month::read(month)?;
        let findings = sized(findings, 1_000, "findings", "请填写复核意见，最多1000字")?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let (_, place) = charity::locked(&tx, book).await?;
        let grant = by.may(&SUPERVISORS, &place)?;
        if let Some(standing) = small_review::Entity::find_by_id((book, month.word.clone())).one(&tx).await? {
            let same = (standing.reviewer_id, &standing.findings) == (by.id, &findings);
            return if same { Ok(standing) } else { Err(OrganisationError::Reviewed) };
        }
        let papers = papers(&tx, book, &month).await?;
        if month.until > now || papers.is_empty() {
            return Err(OrganisationError::NothingToReview);
        }
        if by.is_among(grant, papers.iter().flat_map(SmallPaper::hands)) {
            return Err(OrganisationError::OtherPerson);
        }
        let row = small_review::ActiveModel {
            book_id: Set(book),
            month: Set(month.word),
            first_us: Set(month.first),
            until_us: Set(month.until),
            reviewer_id: Set(by.id),
            reviewer_for_id: Set(grant.acting_for),
            papers: Set(i64::try_from(papers.len()).unwrap_or(i64::MAX)),
            findings: Set(findings),
            at_us: Set(now),
        };
        let row = row.insert(&tx).await?;
        let detail = json!({ "month": row.month, "papers": row.papers });
        told(&tx, now, Some(by), "charity.review_small", charity::object(book), detail).await?;
        tx.commit().await?;
        Ok(row)
    }
}

async fn papers(db: &impl ConnectionTrait, book: BookId, month: &Month) -> Result<Vec<SmallPaper>, DbErr> {
    use disbursement::Column as C;
    let papers = disbursement::Entity::find()
        .filter(C::BookId.eq(book))
        .filter(C::Profile.eq(Profile::Small))
        .filter(C::ApprovedUs.gte(month.first))
        .filter(C::ApprovedUs.lt(month.until))
        .order_by_asc(C::ApprovedUs)
        .order_by_asc(C::Id)
        .all(db)
        .await?;
    let approvals = disbursement_approval::Entity::find()
        .filter(disbursement_approval::Column::DisbursementId.is_in(papers.iter().map(|paper| paper.id)))
        .order_by_asc(disbursement_approval::Column::Step)
        .all(db)
        .await?;
    let of = |paper: disbursement::Model| {
        let ours = approvals.iter().filter(|one| one.disbursement_id == paper.id && one.round == paper.round);
        SmallPaper { approvals: ours.cloned().collect(), paper }
    };
    Ok(papers.into_iter().map(of).collect())
}

//! Donors' enquiries (慈善法 42; facts: charity 4): what a donor asks about the use of a gift is answered within ten working days. The
//! question is sealed with the donor's key: who erases themselves takes it with them.

use std::collections::HashMap;

use domain::donation::Purpose;
use domain::role::{Forbidden, Member, Role};
use domain::working_day::WorkingCalendar;
use domain::{BusinessDate, CampaignId, Clock, DonationId, DonorId, EnquiryId, UnitPath};
use entity::{Db, Tx, calendar_day, campaign, donation, enquiry};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;

use crate::identity::{Identity, IdentityError};
use crate::trail::{self, Line};

/// The clock of an answer, in working days.
const TERM: u32 = 10;
const READERS: [Role; 4] = [Role::Disclosure, Role::ProjectManager, Role::FinanceHead, Role::Auditor];
const ANSWERERS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];
/// What stands for a question whose donor was erased.
const GONE: &str = "（提问人已注销，内容不再可见）";

/// Why an enquiry was not taken or answered. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EnquiryError {
    /// There is no such enquiry, or it is not the asker's.
    #[error("no such enquiry")]
    NoSuchEnquiry,
    /// There is no such campaign.
    #[error("no such campaign")]
    NoSuchCampaign,
    /// There is no such gift, or it is not the asker's.
    #[error("no such donation")]
    NoSuchDonation,
    /// The id stands for another enquiry.
    #[error("this id was used with other content")]
    IdReused,
    /// Too many wait for an answer already.
    #[error("too many open enquiries")]
    TooMany,
    /// It is answered already; the answer stands.
    #[error("it is answered already")]
    Answered,
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Personal data stays sealed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Made by the client.
    pub id: EnquiryId,
    /// About a campaign.
    pub campaign: Option<CampaignId>,
    /// About an own gift.
    pub donation: Option<DonationId>,
    /// In the donor's words.
    pub text: String,
}

/// An enquiry with its question in plain.
#[derive(Clone, Debug)]
pub struct Enquiry {
    /// The row.
    pub row: enquiry::Model,
    /// What was asked.
    pub question: String,
    /// Nobody has answered in time.
    pub overdue: bool,
}

/// A donor may wait for so many answers at once.
const MOST_OPEN: u64 = 20;

/// The enquiries of the program.
#[derive(Clone)]
pub struct Enquiries {
    db: Db,
    clock: Clock,
    identity: Identity,
}

impl Enquiries {
    pub(crate) fn new(db: Db, clock: Clock, identity: Identity) -> Enquiries {
        Enquiries { db, clock, identity }
    }

    /// A donor asks. The same id with the same content again answers the enquiry that stands.
    pub async fn ask(&self, donor: DonorId, new: Question) -> Result<Enquiry, EnquiryError> {
        let text = written(&new.text, "question", "请写下您的问题，最多2000字")?;
        let db = self.db.read();
        if let Some(known) = enquiry::Entity::find_by_id(new.id).one(db).await? {
            let (id, about) = (known.donor_id, (known.campaign_id, known.donation_id));
            let known = self.opened(vec![known]).await?.remove(0);
            let same = id == donor && about == (new.campaign, new.donation) && known.question == text;
            return if same { Ok(known) } else { Err(EnquiryError::IdReused) };
        }
        if let Some(id) = new.campaign {
            let found = campaign::Entity::find_by_id(id).one(db).await?;
            found.filter(|campaign| campaign.state.is_public()).ok_or(EnquiryError::NoSuchCampaign)?;
        }
        if let Some(id) = new.donation {
            let found = donation::Entity::find_by_id(id).one(db).await?;
            found.filter(|gift| gift.donor_id == Some(donor)).ok_or(EnquiryError::NoSuchDonation)?;
        }
        let sealed = self.identity.seal_for(donor, &text).await?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let open = enquiry::Entity::find()
            .filter(enquiry::Column::DonorId.eq(donor))
            .filter(enquiry::Column::State.eq("open"))
            .limit(MOST_OPEN)
            .all(&tx)
            .await?;
        if open.len() as u64 >= MOST_OPEN {
            return Err(EnquiryError::TooMany);
        }
        let due = calendar(&tx).await?.term(BusinessDate::of(now), TERM);
        let row = enquiry::ActiveModel {
            id: Set(new.id),
            donor_id: Set(donor),
            campaign_id: Set(new.campaign),
            donation_id: Set(new.donation),
            question_sealed: Set(sealed),
            state: Set("open".to_owned()),
            answer: Set(None),
            answered_by: Set(None),
            created_us: Set(now),
            due_on: Set(due),
            answered_us: Set(None),
        };
        let row = row.insert(&tx).await?;
        tx.commit().await?;
        Ok(Enquiry { row, question: text, overdue: false })
    }

    /// A page of a donor's own enquiries, newest first.
    pub async fn of_donor(
        &self,
        donor: DonorId,
        after: Option<EnquiryId>,
        limit: u64,
    ) -> Result<Vec<Enquiry>, EnquiryError> {
        let mut query = enquiry::Entity::find().filter(enquiry::Column::DonorId.eq(donor));
        if let Some(after) = after {
            let last = self.row(after).await?;
            if last.donor_id != donor {
                return Err(EnquiryError::NoSuchEnquiry);
            }
            query = query.filter(
                Condition::any().add(enquiry::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(enquiry::Column::CreatedUs.eq(last.created_us))
                        .add(enquiry::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest_first = query.order_by_desc(enquiry::Column::CreatedUs).order_by_desc(enquiry::Column::Id);
        self.opened(newest_first.limit(limit).all(self.db.read()).await?).await
    }

    /// A page of what waits for an answer, or of everything, by the day it is due.
    pub async fn page(
        &self,
        by: &Member,
        open_only: bool,
        after: Option<EnquiryId>,
        limit: u64,
    ) -> Result<Vec<Enquiry>, EnquiryError> {
        by.must_be(&READERS)?;
        let mut query = enquiry::Entity::find();
        if let (Some(campaigns), Some(gifts)) =
            (crowdfunding::campaigns_within(by, &READERS), crowdfunding::gifts_within(by, &READERS))
        {
            let about = enquiry::Column::CampaignId.in_subquery(campaigns);
            query = query.filter(Condition::any().add(about).add(enquiry::Column::DonationId.in_subquery(gifts)));
        }
        if open_only {
            query = query.filter(enquiry::Column::State.eq("open"));
        }
        if let Some(after) = after {
            let last = self.row(after).await?;
            query = query.filter(Condition::any().add(enquiry::Column::DueOn.gt(last.due_on)).add(
                Condition::all().add(enquiry::Column::DueOn.eq(last.due_on)).add(enquiry::Column::Id.gt(last.id)),
            ));
        }
        let first_due = query.order_by_asc(enquiry::Column::DueOn).order_by_asc(enquiry::Column::Id);
        self.opened(first_due.limit(limit).all(self.db.read()).await?).await
    }

    /// The campaigns of the gifts that enquiries are about: whoever answers has to know them, and may not read the gifts themselves.
    pub async fn campaigns_asked_about(
        &self,
        enquiries: &[Enquiry],
    ) -> Result<HashMap<DonationId, CampaignId>, EnquiryError> {
        let gifts: Vec<DonationId> = enquiries.iter().filter_map(|one| one.row.donation_id).collect();
        if gifts.is_empty() {
            return Ok(HashMap::new());
        }
        let query = donation::Entity::find().select_only().column(donation::Column::Id);
        let query = query.column(donation::Column::CampaignId).filter(donation::Column::Id.is_in(gifts));
        // A gift to the general fund is of no campaign.
        let found: Vec<(DonationId, Option<CampaignId>)> = query.into_tuple().all(self.db.read()).await?;
        Ok(found.into_iter().filter_map(|(gift, campaign)| Some((gift, campaign?))).collect())
    }

    /// Answers. What is said stands.
    pub async fn answer(&self, by: &Member, id: EnquiryId, text: &str) -> Result<Enquiry, EnquiryError> {
        by.must_be(&ANSWERERS)?;
        let text = written(text, "answer", "请填写答复，最多2000字")?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = enquiry::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(EnquiryError::NoSuchEnquiry)?;
        let place = place(&tx, &row).await?;
        if by.may(&READERS, &place).is_err() {
            return Err(EnquiryError::NoSuchEnquiry);
        }
        by.may(&ANSWERERS, &place)?;
        if row.state == "answered" {
            return Err(EnquiryError::Answered);
        }
        let mut active: enquiry::ActiveModel = row.into();
        active.state = Set("answered".to_owned());
        active.answer = Set(Some(text));
        active.answered_by = Set(Some(by.id));
        active.answered_us = Set(Some(now));
        let row = active.update(&tx).await?;
        self.tell(&tx, by, "enquiry.answer", format!("enquiry:{id}"), json!({})).await?;
        tx.commit().await?;
        Ok(self.opened(vec![row]).await?.remove(0))
    }

    /// How many are open and late.
    pub async fn overdue(&self) -> Result<u64, DbErr> {
        use sea_orm::PaginatorTrait;
        enquiry::Entity::find()
            .filter(enquiry::Column::State.eq("open"))
            .filter(enquiry::Column::DueOn.lt(self.clock.today()))
            .count(self.db.read())
            .await
    }

    /// Enters a holiday, or a weekend that is worked; entered again, it is what was entered last. Terms that run keep their
    /// day.
    pub async fn set_day(&self, by: &Member, day: BusinessDate, working: bool, name: &str) -> Result<(), EnquiryError> {
        by.must_be(&[Role::Admin, Role::Disclosure])?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 40 {
            return Err(EnquiryError::Invalid { field: "name", problem: "请填写名称，最多40字" });
        }
        let tx = self.db.begin().await?;
        let row = calendar_day::ActiveModel {
            day: Set(day),
            working: Set(working),
            name: Set(name.to_owned()),
            author_id: Set(by.id),
            created_us: Set(self.clock.now()),
        };
        let again = OnConflict::column(calendar_day::Column::Day)
            .update_columns([
                calendar_day::Column::Working,
                calendar_day::Column::Name,
                calendar_day::Column::AuthorId,
                calendar_day::Column::CreatedUs,
            ])
            .to_owned();
        calendar_day::Entity::insert(row).on_conflict(again).exec_without_returning(&tx).await?;
        self.tell(&tx, by, "calendar.set", format!("day:{day}"), json!({ "working": working })).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The days of a year that are not what their weekday says.
    pub async fn days(&self, year: i32) -> Result<Vec<calendar_day::Model>, DbErr> {
        calendar_day::Entity::find()
            .filter(calendar_day::Column::Day.between(format!("{year}-01-01"), format!("{year}-12-31")))
            .order_by_asc(calendar_day::Column::Day)
            .all(self.db.read())
            .await
    }

    async fn row(&self, id: EnquiryId) -> Result<enquiry::Model, EnquiryError> {
        enquiry::Entity::find_by_id(id).one(self.db.read()).await?.ok_or(EnquiryError::NoSuchEnquiry)
    }

    async fn opened(&self, rows: Vec<enquiry::Model>) -> Result<Vec<Enquiry>, EnquiryError> {
        let sealed: Vec<_> = rows.iter().map(|row| (row.donor_id, row.question_sealed.clone())).collect();
        let questions = self.identity.open_many(&sealed).await?;
        let today = self.clock.today();
        let open = |(row, question): (enquiry::Model, Option<String>)| Enquiry {
            overdue: row.state == "open" && row.due_on < today,
            question: question.unwrap_or_else(|| GONE.to_owned()),
            row,
        };
        Ok(rows.into_iter().zip(questions).map(open).collect())
    }

    async fn tell(
        &self,
        tx: &Tx,
        by: &Member,
        action: &'static str,
        object: String,
        detail: serde_json::Value,
    ) -> Result<(), DbErr> {
        let line = Line { actor: trail::staff(by.id), action, object, origin: by.origin.clone(), detail };
        trail::record(tx, self.clock.now(), line).await
    }
}

/// Where an enquiry belongs: where the campaign is that it is about, or the charity whose general fund; the whole tree if it is about none.
async fn place(tx: &Tx, row: &enquiry::Model) -> Result<UnitPath, DbErr> {
    let of_gift = match row.donation_id {
        Some(gift) => donation::Entity::find_by_id(gift).one(tx).await?.map(|gift| gift.purpose()),
        None => None,
    };
    match row.campaign_id.map(Purpose::Campaign).or(of_gift) {
        Some(Purpose::Campaign(id)) => {
            let found = campaign::Entity::find_by_id(id).one(tx).await?;
            Ok(found.map_or_else(UnitPath::whole, |campaign| campaign.unit_path))
        }
        Some(Purpose::General(book)) => crowdfunding::book_place(tx, book).await,
        None => Ok(UnitPath::whole()),
    }
}

fn written(text: &str, field: &'static str, problem: &'static str) -> Result<String, EnquiryError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 2_000 {
        return Err(EnquiryError::Invalid { field, problem });
    }
    Ok(text.to_owned())
}

/// All exceptions that were ever entered: some twenty a year.
async fn calendar(tx: &Tx) -> Result<WorkingCalendar, DbErr> {
    let rows = calendar_day::Entity::find().all(tx).await?;
    Ok(WorkingCalendar::new(rows.into_iter().map(|row| (row.day, row.working))))
}

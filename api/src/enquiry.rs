//! Enquiries: a donor asks, an office answers within ten working days; and the days on which offices work.

use std::sync::Arc;

use app::App;
use app::enquiries::{Enquiry, Question};
use domain::role::Role;
use entity::calendar_day;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text};

/// Something a donor asks, as the donor sees it.
#[derive(Object)]
struct OwnEnquiry {
    id: Uuid,
    #[oai(nullable)]
    campaign: Option<Uuid>,
    #[oai(nullable)]
    donation: Option<Uuid>,
    question: String,
    #[oai(nullable)]
    answer: Option<String>,
    asked_at: Instant,
    /// It is answered by the end of this day.
    due_on: Day,
    #[oai(nullable)]
    answered_at: Option<Instant>,
}

impl From<Enquiry> for OwnEnquiry {
    fn from(enquiry: Enquiry) -> OwnEnquiry {
        let Enquiry { row, question, .. } = enquiry;
        OwnEnquiry {
            id: row.id.uuid(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            donation: row.donation_id.map(|id| id.uuid()),
            question,
            answer: row.answer,
            asked_at: row.created_us.into(),
            due_on: row.due_on.into(),
            answered_at: row.answered_us.map(Instant),
        }
    }
}

/// Something a donor asks, as staff sees it. Who asks stays sealed.
#[derive(Object)]
struct OfficeEnquiry {
    id: Uuid,
    #[oai(nullable)]
    campaign: Option<Uuid>,
    #[oai(nullable)]
    donation: Option<Uuid>,
    question: String,
    #[oai(nullable)]
    answer: Option<String>,
    #[oai(nullable)]
    answered_by: Option<Uuid>,
    asked_at: Instant,
    due_on: Day,
    /// Its day has passed without an answer.
    overdue: bool,
    #[oai(nullable)]
    answered_at: Option<Instant>,
}

impl From<Enquiry> for OfficeEnquiry {
    fn from(enquiry: Enquiry) -> OfficeEnquiry {
        let Enquiry { row, question, overdue } = enquiry;
        OfficeEnquiry {
            id: row.id.uuid(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            donation: row.donation_id.map(|id| id.uuid()),
            question,
            answer: row.answer,
            answered_by: row.answered_by.map(|id| id.uuid()),
            asked_at: row.created_us.into(),
            due_on: row.due_on.into(),
            overdue,
            answered_at: row.answered_us.map(Instant),
        }
    }
}

/// A question.
#[derive(Object)]
struct NewEnquiry {
    /// Made by the client: the same id again is the same question.
    id: Uuid,
    /// About a campaign.
    campaign: Option<Uuid>,
    /// About an own gift.
    donation: Option<Uuid>,
    #[oai(validator(min_length = 1, max_length = 2000))]
    question: Text,
}

#[derive(Object)]
struct Answer {
    #[oai(validator(min_length = 1, max_length = 2000))]
    answer: Text,
}

/// A day that is not what its weekday says.
#[derive(Object)]
struct SpecialDay {
    day: Day,
    /// Whether offices work.
    working: bool,
    name: String,
}

impl From<calendar_day::Model> for SpecialDay {
    fn from(row: calendar_day::Model) -> SpecialDay {
        SpecialDay { day: row.day.into(), working: row.working, name: row.name }
    }
}

#[derive(Object)]
struct NewSpecialDay {
    working: bool,
    #[oai(validator(min_length = 1, max_length = 40))]
    name: Text,
}

pub(crate) struct EnquiryApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi]
impl EnquiryApi {
    /// Asks about the use of a gift, or about a campaign.
    #[oai(path = "/me/enquiries", method = "post", tag = "Tag::Giving")]
    async fn ask(&self, donor: Donor, body: Json<NewEnquiry>) -> Result<Json<OwnEnquiry>, ApiError> {
        let NewEnquiry { id, campaign, donation, question: Text(text) } = body.0;
        let (campaign, donation) = (campaign.map(Into::into), donation.map(Into::into));
        let asked = self.app.enquiries.ask(donor.0, Question { id: id.into(), campaign, donation, text }).await?;
        Ok(Json(asked.into()))
    }

    /// Own enquiries, newest first.
    #[oai(path = "/me/enquiries", method = "get", tag = "Tag::Giving")]
    async fn mine(
        &self,
        donor: Donor,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<OwnEnquiry>>, ApiError> {
        let rows = self.app.enquiries.of_donor(donor.0, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |enquiry| enquiry.row.id.uuid())))
    }

    /// What waits for an answer, by the day it is due; with `answered` everything.
    #[oai(path = "/staff/enquiries", method = "get", tag = "Tag::Enquiries")]
    async fn list(
        &self,
        officer: Officer,
        #[oai(default)] answered: Query<bool>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<OfficeEnquiry>>, ApiError> {
        let after = after.0.map(Into::into);
        let rows = self.app.enquiries.page(&officer.0, !answered.0, after, limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |enquiry| enquiry.row.id.uuid())))
    }

    /// Answers. What is said stands.
    #[oai(path = "/staff/enquiries/:enquiry_id/answer", method = "post", tag = "Tag::Enquiries")]
    async fn answer(
        &self,
        officer: Officer,
        enquiry_id: Path<Uuid>,
        body: Json<Answer>,
    ) -> Result<Json<OfficeEnquiry>, ApiError> {
        Ok(Json(self.app.enquiries.answer(&officer.0, enquiry_id.0.into(), &body.0.answer.0).await?.into()))
    }

    /// The days of a year that are not what their weekday says: holidays, and weekends that are worked.
    #[oai(path = "/staff/calendar/:year", method = "get", tag = "Tag::House")]
    async fn days(
        &self,
        officer: Officer,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2199")))] year: Path<i32>,
    ) -> Result<Json<Page<SpecialDay>>, ApiError> {
        officer.must_be(&[
            Role::Admin,
            Role::Disclosure,
            Role::ProjectManager,
            Role::Cashier,
            Role::Bookkeeper,
            Role::FinanceHead,
            Role::Auditor,
        ])?;
        let days = self.app.enquiries.days(year.0).await.map_err(|error| ApiError::internal(&error))?;
        Ok(Json(Page::whole(days)))
    }

    /// Enters such a day.
    #[oai(path = "/staff/calendar/days/:day", method = "put", tag = "Tag::House")]
    async fn set_day(&self, officer: Officer, day: Path<Day>, body: Json<NewSpecialDay>) -> Result<(), ApiError> {
        let NewSpecialDay { working, name: Text(name) } = body.0;
        Ok(self.app.enquiries.set_day(&officer.0, day.0.0, working, &name).await?)
    }
}

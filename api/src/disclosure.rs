//! Reports, where they were published, and what is due.

use std::sync::Arc;

use app::App;
use app::disclosures::{About, DutyFilter, DutyLine, NewEvent, NewPublication, NewRule, Version, Wish, Words};
use domain::duty::{self as rules, Rule};
use entity::{disclosure, disclosure_publication, duty_rule, major_event};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::cached::Cached;
use crate::document::{Download, XLSX, saved};
use crate::error::ApiError;
use crate::member::MemberRole;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, said, wire_enum};

wire_enum! {
    /// What there is to be published or done by a day.
    DutyKind = rules::DutyKind {
        PlanFiling,
        EmergencyFiling,
        EmergencyReceipts,
        RaisingStatus,
        RaisingReport,
        ProjectProgress,
        ProjectReport,
        AnnualReport,
        RelatedParties,
        MajorEvent,
        GiftReceipt,
        Enquiry,
    }
}

wire_enum! {
    /// How a duty stands.
    DutyState = rules::DutyState { Late, Soon, Due, Done }
}

wire_enum! {
    /// Of which kind a registered event is.
    EventKind = rules::EventKind { AssetChange, Investment, Transaction, MoneyFlow, RelatedParty, EmergencyOver }
}

wire_enum! {
    /// Where something was published.
    DisclosurePlace = rules::Place { CharityChina, OwnSite, DesignatedPlatform, Authority, Other }
}

/// What figures cannot say.
#[derive(Object)]
struct DisclosureWords {
    /// 情况说明.
    #[oai(default, validator(max_length = 5000))]
    summary: Text,
    /// 剩余款物的使用计划或处理情况; asked for by the full reports if something is left.
    #[oai(default, validator(max_length = 5000))]
    rest: Text,
    /// 对合作方的监督情况.
    #[oai(default, validator(max_length = 5000))]
    partner: Text,
}

/// A report to be drawn up: about a campaign, a year of a charity, or an event.
#[derive(Object)]
struct DisclosureWish {
    kind: DutyKind,
    campaign: Option<Uuid>,
    book: Option<Uuid>,
    year: Option<i32>,
    event: Option<Uuid>,
    /// The first day of its figures "of the period".
    from: Option<Day>,
    /// The last day it tells of; today without one.
    through: Option<Day>,
    words: Option<DisclosureWords>,
    /// The newest version, of which this one takes the place.
    corrects: Option<Uuid>,
    /// What was wrong with it (更正说明).
    #[oai(validator(max_length = 500))]
    correction: Option<Text>,
}

/// The same with the id of the version.
#[derive(Object)]
struct DisclosureDraft {
    /// Made by the client: the same id again is the same version.
    id: Uuid,
    wish: DisclosureWish,
}

impl TryFrom<DisclosureWish> for Wish {
    type Error = ApiError;

    fn try_from(wish: DisclosureWish) -> Result<Wish, ApiError> {
        let about = match (wish.campaign, wish.book.zip(wish.year), wish.event) {
            (Some(campaign), None, None) => About::Campaign(campaign.into()),
            (None, Some((book, year)), None) if (2000..3000).contains(&year) => About::Year(book.into(), year),
            (None, None, Some(event)) => About::Event(event.into()),
            _ => return Err(ApiError::field("campaign", "请指明一个项目、一个账套的年度或一个事项")),
        };
        let words = wish.words.map_or_else(Words::default, |words| Words {
            summary: words.summary.0,
            rest: words.rest.0,
            partner: words.partner.0,
        });
        Ok(Wish {
            kind: wish.kind.into(),
            about,
            from: wish.from.map(|day| day.0),
            through: wish.through.map(|day| day.0),
            words,
            corrects: wish.corrects.map(Into::into),
            correction: said(wish.correction),
        })
    }
}

/// Where and when a version was published.
#[derive(Object)]
struct Publication {
    place: DisclosurePlace,
    /// Its number or address there.
    reference: String,
    published_on: Day,
}

impl From<disclosure_publication::Model> for Publication {
    fn from(row: disclosure_publication::Model) -> Publication {
        Publication { place: row.place.into(), reference: row.reference, published_on: row.published_on.into() }
    }
}

#[derive(Object)]
struct NewDisclosurePublication {
    /// Made by the client.
    id: Uuid,
    place: DisclosurePlace,
    /// Its number or address there.
    #[oai(validator(max_length = 500))]
    reference: Text,
    published_on: Day,
}

/// A version of a report. Its text is at `…/content`, byte for byte what `fingerprint` was made of.
#[derive(Object)]
struct Disclosure {
    id: Uuid,
    /// The first version of the same report.
    series: Uuid,
    version: i64,
    kind: DutyKind,
    title: String,
    book: Uuid,
    #[oai(nullable)]
    campaign: Option<Uuid>,
    #[oai(nullable)]
    year: Option<i64>,
    from: Day,
    through: Day,
    /// SHA-256 of the text, hexadecimal.
    fingerprint: String,
    /// What was wrong with the version before.
    #[oai(nullable)]
    correction: Option<String>,
    /// The version that took its place.
    #[oai(nullable)]
    newer: Option<Uuid>,
    published: Vec<Publication>,
    drawn_at: Instant,
}

impl From<Version> for Disclosure {
    fn from(version: Version) -> Disclosure {
        let Version { row, published, newer } = version;
        Disclosure {
            id: row.id.uuid(),
            series: row.series_id.uuid(),
            version: row.version,
            kind: row.kind.into(),
            title: row.title,
            book: row.book_id.uuid(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            year: row.year,
            from: row.from_day.into(),
            through: row.through_day.into(),
            fingerprint: hex::encode(&row.fingerprint),
            correction: row.correction,
            newer: newer.map(|id| id.uuid()),
            published: published.into_iter().map(Into::into).collect(),
            drawn_at: row.created_us.into(),
        }
    }
}

impl From<disclosure::Model> for Disclosure {
    fn from(row: disclosure::Model) -> Disclosure {
        Version { row, published: Vec::new(), newer: None }.into()
    }
}

/// The text of a version, as it was fingerprinted.
#[derive(ApiResponse)]
enum Frozen {
    /// JSON.
    #[oai(status = 200, actual_type = "Json<Any<serde_json::Value>>")]
    Text(
        Binary<Vec<u8>>,
        /// SHA-256 of the body, hexadecimal.
        #[oai(header = "X-Fingerprint")]
        String,
    ),
}

fn frozen(row: disclosure::Model) -> Frozen {
    let fingerprint = hex::encode(&row.fingerprint);
    Frozen::Text(Binary(row.content.into_bytes()), fingerprint)
}

/// Something that is due, or was.
#[derive(Object)]
struct DutyItem {
    kind: DutyKind,
    /// What people call it.
    title: String,
    /// Where it is written.
    source: String,
    state: DutyState,
    /// The day it follows from.
    from: Day,
    /// The last day on which it is in time.
    due: Day,
    #[oai(nullable)]
    done: Option<Day>,
    days_late: i64,
    /// Whether it has gone to the next higher person.
    escalated: bool,
    /// Who that is.
    escalates_to: MemberRole,
    book: Uuid,
    #[oai(nullable)]
    campaign: Option<Uuid>,
    /// The campaign's name, the event's, or the charity's.
    name: String,
    /// What it is about: the campaign, the event, or the book.
    subject: Uuid,
    /// How many things it is about: receipts, enquiries; one otherwise.
    count: i64,
}

impl From<DutyLine> for DutyItem {
    fn from(line: DutyLine) -> DutyItem {
        let rules::Duty { kind, from, due, done, rule } = line.duty;
        DutyItem {
            kind: kind.into(),
            title: kind.title().to_owned(),
            source: kind.source().to_owned(),
            state: line.state.into(),
            from: from.into(),
            due: due.into(),
            done: done.map(Day),
            days_late: line.days_late,
            escalated: line.escalated,
            escalates_to: rule.escalate_to.into(),
            book: line.book.uuid(),
            campaign: line.campaign.map(|id| id.uuid()),
            name: line.name,
            subject: line.subject,
            count: line.count,
        }
    }
}

/// The number of a duty, and who is told of it when. `amount` is in days, months, working days, or month × 100 + day, as the kind is
/// counted.
#[derive(Object)]
struct DutyRule {
    kind: DutyKind,
    /// For what begins on this day or later.
    from: Day,
    amount: u32,
    /// So many days before its last day whoever does it is warned.
    warn_days: u32,
    /// So many days after it the next higher person is told.
    escalate_days: u32,
    escalate_to: MemberRole,
}

impl From<Rule> for DutyRule {
    fn from(rule: Rule) -> DutyRule {
        DutyRule {
            kind: rule.kind.into(),
            from: rule.from.into(),
            amount: rule.amount,
            warn_days: rule.warn_days,
            escalate_days: rule.escalate_days,
            escalate_to: rule.escalate_to.into(),
        }
    }
}

impl From<duty_rule::Model> for DutyRule {
    fn from(row: duty_rule::Model) -> DutyRule {
        let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        DutyRule {
            kind: row.kind.into(),
            from: row.from_day.into(),
            amount: small(row.amount),
            warn_days: small(row.warn_days),
            escalate_days: small(row.escalate_days),
            escalate_to: row.escalate_to.into(),
        }
    }
}

#[derive(Object)]
struct NewDutyRule {
    rule: DutyRule,
    /// Which text says so.
    #[oai(validator(max_length = 500))]
    reason: Text,
}

/// Something of a charity that has to be told.
#[derive(Object)]
struct MajorEvent {
    id: Uuid,
    book: Uuid,
    #[oai(nullable)]
    campaign: Option<Uuid>,
    kind: EventKind,
    title: String,
    words: String,
    happened_on: Day,
    author: Uuid,
}

impl From<major_event::Model> for MajorEvent {
    fn from(row: major_event::Model) -> MajorEvent {
        MajorEvent {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            kind: row.kind.into(),
            title: row.title,
            words: row.words,
            happened_on: row.happened_on.into(),
            author: row.author_id.uuid(),
        }
    }
}

#[derive(Object)]
struct NewMajorEvent {
    /// Made by the client.
    id: Uuid,
    book: Uuid,
    campaign: Option<Uuid>,
    kind: EventKind,
    #[oai(validator(max_length = 100))]
    title: Text,
    #[oai(validator(max_length = 5000))]
    words: Text,
    happened_on: Day,
}

pub(crate) struct DisclosureApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Disclosure")]
impl DisclosureApi {
    /// What of a campaign was published, all versions, newest first.
    #[oai(path = "/campaigns/:campaign_id/disclosures", method = "get")]
    async fn of_campaign(
        &self,
        campaign_id: Path<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<Disclosure>>, ApiError> {
        let after = after.0.map(Into::into);
        let rows = self.app.disclosures.of_campaign(campaign_id.0.into(), after, limit.0 + 1).await?;
        Ok(Cached::of(Page::of(rows, limit.0, |version| version.row.id.uuid()), known.0.as_deref()))
    }

    /// What of a charity itself was published, by the code of its book, newest first.
    #[oai(path = "/books/:code/disclosures", method = "get")]
    async fn of_book(
        &self,
        #[oai(validator(min_length = 1, max_length = 64))] code: Path<String>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<Disclosure>>, ApiError> {
        let rows = self.app.disclosures.of_book(&code, after.0.map(Into::into), limit.0 + 1).await?;
        Ok(Cached::of(Page::of(rows, limit.0, |version| version.row.id.uuid()), known.0.as_deref()))
    }

    /// The text of a published version, byte for byte what its fingerprint was made of.
    #[oai(path = "/disclosures/:disclosure_id/content", method = "get")]
    async fn content(&self, disclosure_id: Path<Uuid>) -> Result<Frozen, ApiError> {
        Ok(frozen(self.app.disclosures.public_text(disclosure_id.0.into()).await?))
    }

    /// Reports that were drawn up, published or not, newest first.
    #[oai(path = "/staff/disclosures", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        campaign: Query<Option<Uuid>>,
        kind: Query<Option<DutyKind>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Disclosure>>, ApiError> {
        let which = (campaign.0.map(Into::into), kind.0.map(Into::into));
        let rows = self.app.disclosures.page(which, after.0.map(Into::into), limit.0 + 1, &officer.0).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |version| version.row.id.uuid())))
    }

    /// The text as it would be frozen now. Changes nothing.
    #[oai(path = "/staff/disclosures/preview", method = "post")]
    async fn preview(
        &self,
        officer: Officer,
        body: Json<DisclosureWish>,
    ) -> Result<Json<Any<serde_json::Value>>, ApiError> {
        let text = self.app.disclosures.preview(&body.0.try_into()?, &officer.0).await?;
        Ok(Json(Any(serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)))))
    }

    /// Draws a report up from the books and freezes its text. What was published is corrected by a new version that says what was wrong.
    #[oai(path = "/staff/disclosures", method = "post")]
    async fn prepare(&self, officer: Officer, body: Json<DisclosureDraft>) -> Result<Json<Disclosure>, ApiError> {
        let DisclosureDraft { id, wish } = body.0;
        Ok(Json(self.app.disclosures.prepare(id.into(), wish.try_into()?, &officer.0).await?.into()))
    }

    /// A version.
    #[oai(path = "/staff/disclosures/:disclosure_id", method = "get")]
    async fn version(&self, officer: Officer, disclosure_id: Path<Uuid>) -> Result<Json<Disclosure>, ApiError> {
        Ok(Json(self.app.disclosures.version(disclosure_id.0.into(), &officer.0).await?.into()))
    }

    /// The text of a version, published or not.
    #[oai(path = "/staff/disclosures/:disclosure_id/content", method = "get")]
    async fn staff_content(&self, officer: Officer, disclosure_id: Path<Uuid>) -> Result<Frozen, ApiError> {
        Ok(frozen(self.app.disclosures.text(disclosure_id.0.into(), &officer.0).await?))
    }

    /// A version as a workbook (XLSX) in the shape of the form on 慈善中国, with the donors who agree to be named today.
    #[oai(path = "/staff/disclosures/:disclosure_id/form", method = "get")]
    async fn form(&self, officer: Officer, disclosure_id: Path<Uuid>) -> Result<Download, ApiError> {
        let (name, bytes) = self.app.disclosures.form(disclosure_id.0.into(), &officer.0).await?;
        Ok(saved(&name, XLSX, bytes))
    }

    /// Records that a version was published: where, under which number or address, on which day.
    #[oai(path = "/staff/disclosures/:disclosure_id/publications", method = "post")]
    async fn publish(
        &self,
        officer: Officer,
        disclosure_id: Path<Uuid>,
        body: Json<NewDisclosurePublication>,
    ) -> Result<Json<Disclosure>, ApiError> {
        let new = NewPublication {
            id: body.0.id.into(),
            place: body.0.place.into(),
            reference: body.0.reference.0,
            published_on: body.0.published_on.0,
        };
        Ok(Json(self.app.disclosures.publish(disclosure_id.0.into(), new, &officer.0).await?.into()))
    }

    /// What is due, by its last day: without a state, everything that is not done. `state=late&kind=raising_report` names the campaigns
    /// that are late with their report. `after` is `next` of the page before.
    #[oai(path = "/staff/duties", method = "get")]
    #[allow(clippy::too_many_arguments, reason = "each is a filter of the list")]
    async fn duties(
        &self,
        officer: Officer,
        state: Query<Option<DutyState>>,
        kind: Query<Option<DutyKind>>,
        campaign: Query<Option<Uuid>>,
        book: Query<Option<Uuid>>,
        #[oai(validator(max_length = 100))] after: Query<Option<String>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<DutyItem>>, ApiError> {
        let filter = DutyFilter {
            state: state.0.map(Into::into),
            kind: kind.0.map(Into::into),
            campaign: campaign.0.map(Into::into),
            book: book.0.map(Into::into),
        };
        let mut lines = self.app.disclosures.duties(filter, after.0.as_deref(), limit.0 + 1, &officer.0).await?;
        let more = lines.len() as u64 > limit.0;
        lines.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = lines.last().filter(|_| more).map(DutyLine::key);
        Ok(Json(Page { items: lines.into_iter().map(Into::into).collect(), next }))
    }

    /// The rules the days are counted by: the law's, and what was set from a day on.
    #[oai(path = "/staff/duty-rules", method = "get")]
    async fn rules(&self, officer: Officer) -> Result<Json<Page<DutyRule>>, ApiError> {
        officer.must_be(&app::disclosures::READERS)?;
        let rules = self.app.disclosures.rules().await.map_err(app::disclosures::DisclosureError::Db)?;
        Ok(Json(Page::whole(rules.all().copied().collect::<Vec<_>>())))
    }

    /// Sets a rule from a day on; never back in time, and no looser than the law.
    #[oai(path = "/staff/duty-rules", method = "post")]
    async fn set_rule(&self, officer: Officer, body: Json<NewDutyRule>) -> Result<Json<DutyRule>, ApiError> {
        let NewDutyRule { rule, reason } = body.0;
        let rule = Rule {
            kind: rule.kind.into(),
            from: rule.from.0,
            amount: rule.amount,
            warn_days: rule.warn_days,
            escalate_days: rule.escalate_days,
            escalate_to: rule.escalate_to.into(),
        };
        Ok(Json(self.app.disclosures.set_rule(NewRule { rule, reason: reason.0 }, &officer.0).await?.into()))
    }

    /// The registered events of a book, newest first.
    #[oai(path = "/staff/major-events", method = "get")]
    async fn events(
        &self,
        officer: Officer,
        book: Query<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<MajorEvent>>, ApiError> {
        let after = after.0.map(Into::into);
        let rows = self.app.disclosures.events(book.0.into(), after, limit.0 + 1, &officer.0).await?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Registers something that has to be told of within thirty days, or that the emergency of a campaign is over.
    #[oai(path = "/staff/major-events", method = "post")]
    async fn register_event(&self, officer: Officer, body: Json<NewMajorEvent>) -> Result<Json<MajorEvent>, ApiError> {
        let NewMajorEvent { id, book, campaign, kind, title, words, happened_on } = body.0;
        let new = NewEvent {
            id: id.into(),
            book: book.into(),
            campaign: campaign.map(Into::into),
            kind: kind.into(),
            title: title.0,
            words: words.0,
            happened_on: happened_on.0,
        };
        Ok(Json(self.app.disclosures.register_event(new, &officer.0).await?.into()))
    }
}

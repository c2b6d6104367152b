//! What is published about campaigns and charities (信息公开; facts: charity 2.5, 4): the reports, generated from the ledger; the proof that
//! they were published; what is due and by when.
//!
//! A report is prepared, which freezes its text with a fingerprint, handed in at 慈善中国 and elsewhere, and then recorded as published
//! there. Nothing of it changes afterwards: a correction is the next version and carries a note of what was wrong (令81 Art. 16); the
//! database refuses the rest. The text holds no names of donors and no bare cell of children: names are asked for anew whenever a
//! form is made, because consent can be taken back (docs/decisions/0012).

mod content;
mod duties;
mod form;

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use crowdfunding::CrowdfundingError;
use domain::campaign::CampaignState;
use domain::duty::{DutyKind, EventKind, Place};
use domain::role::{Forbidden, Member, Role};
use domain::{BookId, BusinessDate, CampaignId, Clock, DisclosureId, MajorEventId, PublicationId, Timestamp, UnitPath};
use entity::{
    Db, Rows, Tx, book, campaign, cooperation, disclosure, disclosure_publication, duty_notice, final_disclosure,
    major_event, violation,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Set,
};
use serde::Serialize;
use serde_json::json;

use crate::identity::{Identity, IdentityError};
use crate::trail::{self, Line};

pub use content::Words;
pub use duties::{DutyFilter, DutyLine, NewRule};

/// Who may draw a report up.
const PREPARERS: [Role; 3] = [Role::Disclosure, Role::ProjectManager, Role::FinanceHead];
/// Who publishes.
const PUBLISHERS: [Role; 1] = [Role::Disclosure];
/// Who sees what was drawn up and what is due.
pub const READERS: [Role; 5] = [Role::Disclosure, Role::ProjectManager, Role::FinanceHead, Role::Chair, Role::Auditor];
/// Who sees what is due: whoever may be told of it, too.
pub const TOLD: [Role; 7] =
    [Role::Disclosure, Role::ProjectManager, Role::FinanceHead, Role::Chair, Role::Auditor, Role::Cashier, Role::Admin];
/// Kinds that are about a campaign.
const OF_CAMPAIGN: [DutyKind; 5] = [
    DutyKind::EmergencyReceipts,
    DutyKind::RaisingStatus,
    DutyKind::RaisingReport,
    DutyKind::ProjectProgress,
    DutyKind::ProjectReport,
];

/// How many versions of a report are told: nobody corrects one so often.
const MOST_VERSIONS: u64 = 100;

/// Why something was not drawn up, published or set. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DisclosureError {
    /// There is no such report, or it is not the asker's to see.
    #[error("no such disclosure")]
    NoSuchDisclosure,
    /// There is no such charity.
    #[error("no such book")]
    NoSuchBook,
    /// There is no such event.
    #[error("no such event")]
    NoSuchEvent,
    /// The id stands for something else.
    #[error("this id was used with other content")]
    IdReused,
    /// What it would tell of is not over, or has not begun.
    #[error("it is too early: {0}")]
    TooEarly(&'static str),
    /// There is such a report: it is corrected, not written again.
    #[error("there is such a report")]
    Stands,
    /// A newer version stands.
    #[error("a newer version stands")]
    Superseded,
    /// It was published there.
    #[error("it is published there")]
    PublishedThere,
    /// What stands is not what was fingerprinted.
    #[error("the text of {0} does not have its fingerprint")]
    Damaged(DisclosureId),
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// The workbook could not be written.
    #[error("the workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Personal data stays sealed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// About the campaign.
    #[error(transparent)]
    Campaign(#[from] CrowdfundingError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum About {
    /// A campaign and its project.
    Campaign(CampaignId),
    /// A year of a charity.
    Year(BookId, i32),
    /// A registered event.
    Event(MajorEventId),
}

/// A report to be drawn up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wish {
    /// Of which kind.
    pub kind: DutyKind,
    /// What about.
    pub about: About,
    /// The first day of its figures "of the period"; the beginning of everything without one.
    pub from: Option<BusinessDate>,
    /// The last day it tells of; today without one.
    pub through: Option<BusinessDate>,
    /// What figures cannot say.
    pub words: Words,
    /// The version it takes the place of.
    pub corrects: Option<DisclosureId>,
    /// What was wrong with it.
    pub correction: Option<String>,
}

/// That a version was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPublication {
    /// Made by the client.
    pub id: PublicationId,
    /// Where.
    pub place: Place,
    /// Its number or address there.
    pub reference: String,
    /// On which day.
    pub published_on: BusinessDate,
}

/// Something to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Made by the client.
    pub id: MajorEventId,
    /// Of which charity.
    pub book: BookId,
    /// About which campaign.
    pub campaign: Option<CampaignId>,
    /// Of which kind.
    pub kind: EventKind,
    /// In a line.
    pub title: String,
    /// What happened.
    pub words: String,
    /// The day.
    pub happened_on: BusinessDate,
}

/// A version with where it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The version.
    pub row: disclosure::Model,
    /// Where and when, oldest first.
    pub published: Vec<disclosure_publication::Model>,
    /// The version that took its place.
    pub newer: Option<DisclosureId>,
}

/// What a campaign or a book is, for whoever may see it.
struct Subject {
    book: book::Model,
    campaign: Option<campaign::Model>,
    event: Option<major_event::Model>,
    place: UnitPath,
}

/// The public record.
#[derive(Clone)]
pub struct Disclosures {
    db: Db,
    clock: Clock,
    identity: Identity,
}

type Result<T, E = DisclosureError> = std::result::Result<T, E>;

impl Disclosures {
    pub(crate) fn new(db: Db, clock: Clock, identity: Identity) -> Disclosures {
        Disclosures { db, clock, identity }
    }

    /// The text as it would be frozen now. Changes nothing.
    pub async fn preview(&self, wish: &Wish, by: &Member) -> Result<String> {
        let now = self.clock.now();
        let subject = self.subject(self.db.read(), wish.about).await?;
        by.may(&PREPARERS, &subject.place)?;
        let tx = self.db.snapshot().await?;
        let drawn = content::draw(&tx, now, wish, &subject, None).await?;
        tx.commit().await?;
        Ok(drawn.text)
    }

    /// Draws a report up: freezes its text. The same id with the same wish again is the version that stands, with the figures of then.
    /// Its figures are read from one state of the books before anything is written, so that nobody waits for them.
    pub async fn prepare(&self, id: DisclosureId, wish: Wish, by: &Member) -> Result<disclosure::Model> {
        let now = self.clock.now();
        let books = self.db.snapshot().await?;
        let drawn = self.draw_up(&books, now, id, wish, by).await?;
        books.commit().await?;
        let tx = self.db.begin().await?;
        let row = self.write(&tx, now, drawn, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The report as it would be written down; the version that stands, if there is one under the id.
    async fn draw_up(
        &self,
        tx: &Tx,
        now: Timestamp,
        id: DisclosureId,
        wish: Wish,
        by: &Member,
    ) -> Result<disclosure::Model> {
        by.must_be(&PREPARERS)?;
        let subject = self.subject(tx, wish.about).await?;
        by.may(&PREPARERS, &subject.place)?;
        let asked = serde_json::to_vec(&wish).map_err(|error| DbErr::Custom(error.to_string()))?;
        let asked = digest(&SHA256, &asked).as_ref().to_vec();
        if let Some(standing) = disclosure::Entity::find_by_id(id).one(tx).await? {
            return if standing.wish == asked { Ok(standing) } else { Err(DisclosureError::IdReused) };
        }
        let before = match wish.corrects {
            Some(before) => Some(self.corrected(tx, before, &wish, &subject).await?),
            None => None,
        };
        let drawn = content::draw(tx, now, &wish, &subject, before.as_ref().map(|row| (id, row))).await?;
        let fingerprint = digest(&SHA256, drawn.text.as_bytes()).as_ref().to_vec();
        Ok(disclosure::Model {
            id,
            series_id: before.as_ref().map_or(id, |row| row.series_id),
            version: before.as_ref().map_or(1, |row| row.version + 1),
            kind: wish.kind,
            book_id: subject.book.id,
            campaign_id: subject.campaign.as_ref().map(|row| row.id),
            event_id: subject.event.as_ref().map(|row| row.id),
            year: if let About::Year(_, year) = wish.about { Some(year.into()) } else { None },
            from_day: drawn.from,
            through_day: drawn.through,
            title: drawn.title,
            content: drawn.text,
            fingerprint,
            wish: asked,
            // A note of what was wrong belongs to a version that takes the place of another.
            correction: before.and(wish.correction),
            author_id: by.id,
            created_us: now,
        })
    }

    /// Writes a report down that was drawn up, unless it stands already.
    async fn write(&self, tx: &Tx, now: Timestamp, drawn: disclosure::Model, by: &Member) -> Result<disclosure::Model> {
        if let Some(standing) = disclosure::Entity::find_by_id(drawn.id).one(tx).await? {
            return if standing.wish == drawn.wish { Ok(standing) } else { Err(DisclosureError::IdReused) };
        }
        let id = drawn.id;
        let row = match disclosure::ActiveModel::from(drawn).reset_all().insert(tx).await {
            Ok(row) => row,
            Err(error) => match violation(&error) {
                Some(rule) if rule.contains("disclosure_version") => return Err(DisclosureError::Superseded),
                Some(rule) if rule.contains("disclosure") => return Err(DisclosureError::Stands),
                _ => return Err(error.into()),
            },
        };
        let detail = json!({ "kind": row.kind, "version": row.version, "fingerprint": hex::encode(&row.fingerprint) });
        self.line(tx, now, "disclosure.prepare", format!("disclosure:{id}"), detail, by).await?;
        Ok(row)
    }

    /// The version that is to be corrected, if it is the newest of the same report.
    async fn corrected(&self, tx: &Tx, id: DisclosureId, wish: &Wish, subject: &Subject) -> Result<disclosure::Model> {
        let row = disclosure::Entity::find_by_id(id).one(tx).await?.ok_or(DisclosureError::NoSuchDisclosure)?;
        let same = row.kind == wish.kind
            && row.book_id == subject.book.id
            && row.campaign_id == subject.campaign.as_ref().map(|row| row.id)
            && row.event_id == subject.event.as_ref().map(|row| row.id)
            && row.year == if let About::Year(_, year) = wish.about { Some(i64::from(year)) } else { None };
        if !same {
            return Err(DisclosureError::NoSuchDisclosure);
        }
        let newer = self.newer(tx, &row).await?;
        if newer.is_some() {
            return Err(DisclosureError::Superseded);
        }
        let said =
            wish.correction.as_deref().map(str::trim).is_some_and(|note| (1..=500).contains(&note.chars().count()));
        if !said {
            let problem = "更正已公布的内容须写明更正说明，最多500字";
            return Err(DisclosureError::Invalid { field: "correction", problem });
        }
        Ok(row)
    }

    /// Records that a version was published. For the full report of a campaign this opens the gate of its closing.
    pub async fn publish(&self, id: DisclosureId, new: NewPublication, by: &Member) -> Result<Version> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        self.publish_in(&tx, now, id, new, by).await?;
        tx.commit().await?;
        self.version(id, by).await
    }

    async fn publish_in(
        &self,
        tx: &Tx,
        now: Timestamp,
        id: DisclosureId,
        new: NewPublication,
        by: &Member,
    ) -> Result<()> {
        by.must_be(&PUBLISHERS)?;
        let row = disclosure::Entity::find_by_id(id).one(tx).await?.ok_or(DisclosureError::NoSuchDisclosure)?;
        let place = self.place_of(tx, &row).await?;
        by.may(&PUBLISHERS, &place).map_err(|_| DisclosureError::NoSuchDisclosure)?;
        let reference = new.reference.trim().to_owned();
        if !(1..=500).contains(&reference.chars().count()) {
            let problem = "请填写公布的链接或编号，最多500字";
            return Err(DisclosureError::Invalid { field: "reference", problem });
        }
        if let Some(standing) = disclosure_publication::Entity::find_by_id(new.id).one(tx).await? {
            let same = (standing.disclosure_id, standing.place, &standing.reference, standing.published_on)
                == (id, new.place, &reference, new.published_on);
            return if same { Ok(()) } else { Err(DisclosureError::IdReused) };
        }
        if new.published_on > BusinessDate::of(now) || new.published_on < row.through_day {
            let problem = "公布日期不能晚于今天，也不能早于所公布内容的截止日期";
            return Err(DisclosureError::Invalid { field: "published_on", problem });
        }
        if (row.kind == DutyKind::RelatedParties) != (new.place == Place::Authority) {
            let problem = "关联方名单报送民政部门，其他内容公开发布";
            return Err(DisclosureError::Invalid { field: "place", problem });
        }
        if self.newer(tx, &row).await?.is_some() {
            return Err(DisclosureError::Superseded);
        }
        let publication = disclosure_publication::ActiveModel {
            id: Set(new.id),
            disclosure_id: Set(id),
            place: Set(new.place),
            reference: Set(reference.clone()),
            published_on: Set(new.published_on),
            author_id: Set(by.id),
            created_us: Set(now),
        };
        if let Err(error) = publication.insert(tx).await {
            return match violation(&error) {
                Some(rule) if rule.contains("superseded") => Err(DisclosureError::Superseded),
                Some(rule) if rule.contains("disclosure_publication") => Err(DisclosureError::PublishedThere),
                _ => Err(error.into()),
            };
        }
        if let (DutyKind::RaisingReport, Some(campaign)) = (row.kind, row.campaign_id) {
            crowdfunding::disclose(tx, now, campaign, (new.published_on, reference), by).await?;
        }
        self.done(tx, now, &row).await?;
        let detail = json!({ "kind": row.kind, "place": new.place, "published_on": new.published_on });
        self.line(tx, now, "disclosure.publish", format!("disclosure:{id}"), detail, by).await?;
        Ok(())
    }

    /// Draws up and publishes the last reports of a campaign in one step: of the raising, and of the project if its last accounts are
    /// drawn. Where they were drawn up before, what was drawn up is published.
    pub async fn publish_final(
        &self,
        campaign: CampaignId,
        (published_on, reference): (BusinessDate, String),
        by: &Member,
    ) -> Result<final_disclosure::Model> {
        by.must_be(&PUBLISHERS)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::campaign(&tx, campaign).await?;
        let over = matches!(row.state, CampaignState::Closing | CampaignState::Closed);
        let kinds = [(DutyKind::RaisingReport, true), (DutyKind::ProjectReport, over)];
        for (kind, _) in kinds.into_iter().filter(|(_, wanted)| *wanted) {
            let standing = self.newest(&tx, campaign, kind).await?;
            let id = match standing {
                Some(standing) => standing.id,
                None => {
                    let words = Words { rest: "剩余款物按募捐方案使用".to_owned(), ..Words::default() };
                    let wish = Wish {
                        kind,
                        about: About::Campaign(campaign),
                        from: None,
                        through: Some(published_on),
                        words,
                        corrects: None,
                        correction: None,
                    };
                    let drawn = self.draw_up(&tx, now, DisclosureId::new(), wish, by).await?;
                    self.write(&tx, now, drawn, by).await?.id
                }
            };
            if let Some(known) = self.publications(&tx, &[id]).await?.into_iter().next() {
                if known.published_on != published_on || known.reference != reference.trim() {
                    return Err(DisclosureError::IdReused);
                }
                continue;
            }
            let new = NewPublication {
                id: PublicationId::new(),
                place: Place::CharityChina,
                reference: reference.clone(),
                published_on,
            };
            self.publish_in(&tx, now, id, new, by).await?;
        }
        let noted = final_disclosure::Entity::find_by_id(campaign).one(&tx).await?;
        tx.commit().await?;
        noted.ok_or(DisclosureError::NoSuchDisclosure)
    }

    /// Registers something that has to be told of within thirty days, or that the emergency of a campaign is over.
    pub async fn register_event(&self, new: NewEvent, by: &Member) -> Result<major_event::Model> {
        by.must_be(&PREPARERS)?;
        let now = self.clock.now();
        let (title, words) = (new.title.trim().to_owned(), new.words.trim().to_owned());
        if !(1..=100).contains(&title.chars().count()) || !(1..=5000).contains(&words.chars().count()) {
            let problem = "标题为1至100个字，内容为1至5000个字";
            return Err(DisclosureError::Invalid { field: "words", problem });
        }
        if new.happened_on > BusinessDate::of(now) {
            return Err(DisclosureError::Invalid { field: "happened_on", problem: "发生日期不能晚于今天" });
        }
        let tx = self.db.begin().await?;
        book::Entity::find_by_id(new.book).one(&tx).await?.ok_or(DisclosureError::NoSuchBook)?;
        let place = match new.campaign {
            Some(id) => {
                let row = crowdfunding::campaign(&tx, id).await?;
                let fits = row.book_id == new.book && (new.kind != EventKind::EmergencyOver || row.emergency);
                if !fits {
                    return Err(DisclosureError::Invalid {
                        field: "campaign",
                        problem: "该项目不属于此账套，或不是应急募捐",
                    });
                }
                row.unit_path
            }
            None if new.kind == EventKind::EmergencyOver => {
                return Err(DisclosureError::Invalid { field: "campaign", problem: "请指明应急募捐项目" });
            }
            None => crowdfunding::book_place(&tx, new.book).await?,
        };
        by.may(&PREPARERS, &place)?;
        if let Some(standing) = major_event::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (standing.book_id, standing.campaign_id, standing.kind, &standing.title, &standing.words)
                == (new.book, new.campaign, new.kind, &title, &words)
                && standing.happened_on == new.happened_on;
            return if same { Ok(standing) } else { Err(DisclosureError::IdReused) };
        }
        let row = major_event::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            campaign_id: Set(new.campaign),
            kind: Set(new.kind),
            title: Set(title),
            words: Set(words),
            happened_on: Set(new.happened_on),
            author_id: Set(by.id),
            created_us: Set(now),
        };
        let row = match row.insert(&tx).await {
            Ok(row) => row,
            Err(error) if violation(&error).is_some_and(|rule| rule.contains("major_event")) => {
                return Err(DisclosureError::Stands);
            }
            Err(error) => return Err(error.into()),
        };
        let detail = json!({ "kind": row.kind, "happened_on": row.happened_on });
        self.line(&tx, now, "event.register", format!("event:{}", row.id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The events of a book, newest first.
    pub async fn events(
        &self,
        book: BookId,
        after: Option<MajorEventId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<major_event::Model>> {
        by.may(&READERS, &crowdfunding::book_place(self.db.read(), book).await?)?;
        let mut query = major_event::Entity::find().filter(major_event::Column::BookId.eq(book));
        if let Some(after) = after {
            major_event::Entity::find_by_id(after).one(self.db.read()).await?.ok_or(DisclosureError::NoSuchEvent)?;
            query = query.filter(major_event::Column::Id.lt(after));
        }
        Ok(query.order_by_desc(major_event::Column::Id).limit(limit).all(self.db.read()).await?)
    }

    /// A version, for staff.
    pub async fn version(&self, id: DisclosureId, by: &Member) -> Result<Version> {
        let db = self.db.read();
        by.must_be(&READERS)?;
        let row = disclosure::Entity::find_by_id(id).one(db).await?.ok_or(DisclosureError::NoSuchDisclosure)?;
        by.may(&READERS, &self.place_of(db, &row).await?).map_err(|_| DisclosureError::NoSuchDisclosure)?;
        Ok(self.with_proof(vec![row]).await?.remove(0))
    }

    /// A page of the versions within a member's reach, newest first.
    pub async fn page(
        &self,
        (campaign, kind): (Option<CampaignId>, Option<DutyKind>),
        after: Option<DisclosureId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<Version>> {
        by.must_be(&READERS)?;
        let mut query = disclosure::Entity::find();
        if let (Some(campaigns), Some(books)) =
            (crowdfunding::campaigns_within(by, &READERS), crowdfunding::books_within(by, &READERS))
        {
            let of_book = Condition::all()
                .add(disclosure::Column::CampaignId.is_null())
                .add(disclosure::Column::BookId.in_subquery(books));
            let reach = Condition::any().add(disclosure::Column::CampaignId.in_subquery(campaigns)).add(of_book);
            query = query.filter(reach);
        }
        if let Some(campaign) = campaign {
            query = query.filter(disclosure::Column::CampaignId.eq(campaign));
        }
        if let Some(kind) = kind {
            query = query.filter(disclosure::Column::Kind.eq(kind));
        }
        self.versions(query, after, limit).await
    }

    /// What of a campaign was published, all versions, newest first; for everybody.
    pub async fn of_campaign(&self, id: CampaignId, after: Option<DisclosureId>, limit: u64) -> Result<Vec<Version>> {
        crowdfunding::public_row(self.db.read(), id).await?;
        self.versions(published().filter(disclosure::Column::CampaignId.eq(id)), after, limit).await
    }

    /// What of a charity itself was published, by the code of its book; for everybody.
    pub async fn of_book(&self, code: &str, after: Option<DisclosureId>, limit: u64) -> Result<Vec<Version>> {
        let found = book::Entity::find().filter(book::Column::Code.eq(code)).one(self.db.read()).await?;
        let book = found.ok_or(DisclosureError::NoSuchBook)?;
        let of_book =
            published().filter(disclosure::Column::BookId.eq(book.id)).filter(disclosure::Column::CampaignId.is_null());
        self.versions(of_book, after, limit).await
    }

    /// What charities published of themselves, all versions, newest first, each with the charity's name; for everybody.
    pub async fn of_charities(&self, after: Option<DisclosureId>, limit: u64) -> Result<Vec<(Version, String)>> {
        let of_charities = published().filter(disclosure::Column::CampaignId.is_null());
        let versions = self.versions(of_charities, after, limit).await?;
        let books: BTreeSet<BookId> = versions.iter().map(|version| version.row.book_id).collect();
        let books = book::Entity::find().filter(book::Column::Id.is_in(books)).all(self.db.read()).await?;
        let name = |id: BookId| books.iter().find(|book| book.id == id).map(|book| book.name.clone());
        let named = |version: Version| {
            let name = name(version.row.book_id).unwrap_or_default();
            (version, name)
        };
        Ok(versions.into_iter().map(named).collect())
    }

    /// Every published version of a report, newest first, by the id of one of them, whose text is the one that was fingerprinted; for
    /// everybody.
    pub async fn public_series(&self, id: DisclosureId) -> Result<Vec<Version>> {
        let one = self.public_text(id).await?;
        let all = disclosure::Column::SeriesId.eq(one.series_id);
        self.versions(published().filter(all), None, MOST_VERSIONS).await
    }

    /// The text of a published version as it was fingerprinted, for everybody.
    pub async fn public_text(&self, id: DisclosureId) -> Result<disclosure::Model> {
        let found = published().filter(disclosure::Column::Id.eq(id)).one(self.db.read()).await?;
        intact(found.ok_or(DisclosureError::NoSuchDisclosure)?)
    }

    /// The text of a version as it was fingerprinted, for staff.
    pub async fn text(&self, id: DisclosureId, by: &Member) -> Result<disclosure::Model> {
        intact(self.version(id, by).await?.row)
    }

    /// A version as a workbook in the shape of the form on 慈善中国, with the names of those donors who agree today.
    pub async fn form(&self, id: DisclosureId, by: &Member) -> Result<(String, Vec<u8>)> {
        let row = self.text(id, by).await?;
        let donors = match row.campaign_id.filter(|_| row.kind == DutyKind::RaisingReport) {
            Some(campaign) => form::donors(self.db.read(), &self.identity, campaign, row.through_day).await?,
            None => Vec::new(),
        };
        let name = format!("{}-{}-v{}.xlsx", row.title, row.through_day, row.version);
        Ok((name, form::workbook(&row, &donors)?))
    }

    async fn versions(
        &self,
        mut query: sea_orm::Select<disclosure::Entity>,
        after: Option<DisclosureId>,
        limit: u64,
    ) -> Result<Vec<Version>> {
        if let Some(after) = after {
            let last = disclosure::Entity::find_by_id(after).one(self.db.read()).await?;
            let last = last.ok_or(DisclosureError::NoSuchDisclosure)?;
            let same = Condition::all()
                .add(disclosure::Column::CreatedUs.eq(last.created_us))
                .add(disclosure::Column::Id.lt(last.id));
            query = query.filter(Condition::any().add(disclosure::Column::CreatedUs.lt(last.created_us)).add(same));
        }
        let newest = query.order_by_desc(disclosure::Column::CreatedUs).order_by_desc(disclosure::Column::Id);
        let rows = newest.limit(limit).all(self.db.read()).await?;
        Ok(self.with_proof(rows).await?)
    }

    /// Adds where versions were published and what took their place. Two statements.
    async fn with_proof(&self, rows: Vec<disclosure::Model>) -> Result<Vec<Version>, DbErr> {
        let db = self.db.read();
        let ids: Vec<DisclosureId> = rows.iter().map(|row| row.id).collect();
        let mut published = self.publications(db, &ids).await?;
        let series = Rows::new().uuid("id", rows.iter().map(|row| row.series_id.uuid()));
        let sql = "SELECT d.* FROM disclosure d WHERE d.version > 1 AND d.series_id IN (SELECT id FROM {rows})";
        let found = db.query_all_raw(series.statement(self.db.backend(), sql, [])).await?;
        let later: Vec<disclosure::Model> =
            found.iter().map(|row| disclosure::Model::from_query_result(row, "")).collect::<Result<_, _>>()?;
        let version = |row: disclosure::Model| {
            let of_row = published.extract_if(.., |known| known.disclosure_id == row.id).collect();
            let next = later.iter().find(|next| next.series_id == row.series_id && next.version == row.version + 1);
            Version { newer: next.map(|next| next.id), published: of_row, row }
        };
        Ok(rows.into_iter().map(version).collect())
    }

    async fn publications(
        &self,
        db: &impl ConnectionTrait,
        ids: &[DisclosureId],
    ) -> Result<Vec<disclosure_publication::Model>, DbErr> {
        let rows = Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
        let sql = "SELECT p.* FROM disclosure_publication p WHERE p.disclosure_id IN (SELECT id FROM {rows}) \
                   ORDER BY p.published_on, p.id";
        let found = db.query_all_raw(rows.statement(self.db.backend(), sql, [])).await?;
        found.iter().map(|row| disclosure_publication::Model::from_query_result(row, "")).collect()
    }

    async fn newer(
        &self,
        db: &impl ConnectionTrait,
        row: &disclosure::Model,
    ) -> Result<Option<disclosure::Model>, DbErr> {
        disclosure::Entity::find()
            .filter(disclosure::Column::SeriesId.eq(row.series_id))
            .filter(disclosure::Column::Version.gt(row.version))
            .one(db)
            .await
    }

    async fn newest(
        &self,
        db: &impl ConnectionTrait,
        campaign: CampaignId,
        kind: DutyKind,
    ) -> Result<Option<disclosure::Model>, DbErr> {
        disclosure::Entity::find()
            .filter(disclosure::Column::CampaignId.eq(campaign))
            .filter(disclosure::Column::Kind.eq(kind))
            .order_by_desc(disclosure::Column::Version)
            .one(db)
            .await
    }

    async fn subject(&self, db: &impl ConnectionTrait, about: About) -> Result<Subject> {
        let (book, campaign, event) = match about {
            About::Campaign(id) => {
                let row = crowdfunding::campaign(db, id).await?;
                (row.book_id, Some(row), None)
            }
            About::Year(book, _) => (book, None, None),
            About::Event(id) => {
                let row = major_event::Entity::find_by_id(id).one(db).await?.ok_or(DisclosureError::NoSuchEvent)?;
                let campaign = match row.campaign_id {
                    Some(id) => Some(crowdfunding::campaign(db, id).await?),
                    None => None,
                };
                (row.book_id, campaign, Some(row))
            }
        };
        let book = book::Entity::find_by_id(book).one(db).await?.ok_or(DisclosureError::NoSuchBook)?;
        let place = match &campaign {
            Some(row) => row.unit_path.clone(),
            None => crowdfunding::book_place(db, book.id).await?,
        };
        Ok(Subject { book, campaign, event, place })
    }

    async fn place_of(&self, db: &impl ConnectionTrait, row: &disclosure::Model) -> Result<UnitPath> {
        match row.campaign_id {
            Some(id) => Ok(crowdfunding::campaign(db, id).await?.unit_path),
            None => Ok(crowdfunding::book_place(db, row.book_id).await?),
        }
    }

    /// What somebody was warned of is done: it leaves their desk with the publication that does it.
    async fn done(&self, tx: &Tx, now: Timestamp, row: &disclosure::Model) -> Result<(), DbErr> {
        let subject = row.event_id.map(MajorEventId::uuid).or(row.campaign_id.map(CampaignId::uuid));
        let kinds = row.kind.also_does().iter().copied().chain([row.kind]);
        let mut told = duty_notice::Entity::update_many()
            .col_expr(duty_notice::Column::ClosedUs, now.into())
            .col_expr(duty_notice::Column::DisclosureId, row.id.into())
            .filter(duty_notice::Column::ClosedUs.is_null())
            .filter(duty_notice::Column::BookId.eq(row.book_id))
            .filter(duty_notice::Column::Subject.eq(subject.unwrap_or(row.book_id.uuid())))
            .filter(duty_notice::Column::Kind.is_in(kinds));
        if let Some(year) = row.year {
            // What is told of a year is due in the next.
            let (first, last) = (format!("{}-01-01", year + 1), format!("{}-12-31", year + 1));
            told = told.filter(duty_notice::Column::Due.between(first, last));
        }
        told.exec(tx).await?;
        Ok(())
    }

    async fn line(
        &self,
        tx: &Tx,
        now: Timestamp,
        action: &'static str,
        object: String,
        detail: serde_json::Value,
        by: &Member,
    ) -> Result<(), DbErr> {
        let (actor, origin) = (trail::staff(by.id), by.origin.clone());
        trail::record(tx, now, Line { actor, action, object, origin, detail }).await
    }
}

/// Versions everybody may read: published, and not for the authority alone.
fn published() -> sea_orm::Select<disclosure::Entity> {
    let proven = disclosure_publication::Entity::find()
        .select_only()
        .column(disclosure_publication::Column::DisclosureId)
        .filter(disclosure_publication::Column::Place.ne(Place::Authority))
        .into_query();
    disclosure::Entity::find().filter(disclosure::Column::Id.in_subquery(proven))
}

/// The row, if its text is the one that was fingerprinted.
fn intact(row: disclosure::Model) -> Result<disclosure::Model> {
    if digest(&SHA256, row.content.as_bytes()).as_ref() == row.fingerprint {
        Ok(row)
    } else {
        Err(DisclosureError::Damaged(row.id))
    }
}

/// Whether a partner of the campaign still waits for the evaluation that the full report carries (令81).
async fn unevaluated(db: &impl ConnectionTrait, campaign: CampaignId) -> Result<bool, DbErr> {
    let found = cooperation::Entity::find_by_id(campaign).one(db).await?;
    Ok(found.is_some_and(|cooperation| cooperation.score.is_none()))
}

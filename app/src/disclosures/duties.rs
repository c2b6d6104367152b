//! What is due (facts: charity 4): computed from the rows whenever somebody asks, for as many campaigns as there are in a dozen statements.
//! Who has to do it is warned once before its last day, and the next higher person is told once after it; both lie on their desks until
//! it is done.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::campaign::{CampaignKind, CampaignState};
use domain::duty::{CampaignFacts, Duty, DutyKind, DutyState, EventKind, Rule, Rules};
use domain::role::{Member, Role};
use domain::working_day::WorkingCalendar;
use domain::{BookId, BusinessDate, CampaignId, DutyNoticeId, MajorEventId, Timestamp, UnitPath};
use entity::{Rows, book, calendar_day, campaign, charity, duty_notice, duty_rule, major_event, unit, violation};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Set,
    Statement,
};
use serde_json::json;
use uuid::Uuid;

use super::{DisclosureError, Disclosures, OF_CAMPAIGN, Result, TOLD};

/// Who may set a rule.
const RULERS: [Role; 2] = [Role::Disclosure, Role::Admin];

/// Which duties are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DutyFilter {
    /// How they stand; without one, everything that is not done.
    pub state: Option<DutyState>,
    /// Of which kind.
    pub kind: Option<DutyKind>,
    /// Of which campaign.
    pub campaign: Option<CampaignId>,
    /// Of which charity.
    pub book: Option<BookId>,
}

/// A duty, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyLine {
    /// What is due when.
    pub duty: Duty,
    /// How it stands today.
    pub state: DutyState,
    /// By how many days it is late, or was done late.
    pub days_late: i64,
    /// Whether it has gone to the next higher person.
    pub escalated: bool,
    /// Of which charity.
    pub book: BookId,
    /// Of which campaign.
    pub campaign: Option<CampaignId>,
    /// The campaign's name, the event's, or the charity's.
    pub name: String,
    /// What it is about: the campaign, the event, or the book.
    pub subject: Uuid,
    /// How many things it is about: receipts, enquiries; one otherwise.
    pub count: i64,
    place: UnitPath,
}

impl DutyLine {
    /// Its place in a list: by its last day, then kind and subject.
    pub fn key(&self) -> String {
        use sea_orm::ActiveEnum;
        format!("{}.{}.{}", self.duty.due, self.duty.kind.to_value(), self.subject.simple())
    }

    /// Who is to do it.
    fn doer(&self) -> Role {
        match self.duty.kind {
            DutyKind::GiftReceipt => Role::Cashier,
            _ => Role::Disclosure,
        }
    }
}

/// A rule to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// The rule.
    pub rule: Rule,
    /// Which text says so, or why.
    pub reason: String,
}

#[derive(FromQueryResult)]
struct Days {
    campaign_id: CampaignId,
    began_us: Option<Timestamp>,
    ended_us: Option<Timestamp>,
    planned: Option<BusinessDate>,
}

#[derive(FromQueryResult)]
struct Publication {
    kind: DutyKind,
    book_id: BookId,
    campaign_id: Option<CampaignId>,
    event_id: Option<MajorEventId>,
    year: Option<i64>,
    published_on: BusinessDate,
}

#[derive(FromQueryResult)]
struct Backlog {
    campaign_id: Option<CampaignId>,
    /// Whose general fund it is about.
    book_id: Option<BookId>,
    n: i64,
    since_us: Timestamp,
    due_on: Option<BusinessDate>,
}

impl Disclosures {
    /// A page of what is due within a member's reach, by its last day. `after` is [`DutyLine::key`] of the last one seen.
    pub async fn duties(
        &self,
        filter: DutyFilter,
        after: Option<&str>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<DutyLine>> {
        by.must_be(&TOLD)?;
        let parts = by.parts(&TOLD);
        let mut lines = self.all_duties().await?;
        lines.retain(|line| {
            parts.iter().any(|part| part.covers(&line.place))
                && filter.state.map_or(line.state != DutyState::Done, |state| line.state == state)
                && filter.kind.is_none_or(|kind| line.duty.kind == kind)
                && filter.campaign.is_none_or(|campaign| line.campaign == Some(campaign))
                && filter.book.is_none_or(|book| line.book == book)
                && after.is_none_or(|after| line.key().as_str() > after)
        });
        lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(lines)
    }

    /// How many duties are late, of each kind, for whoever counts.
    pub async fn late(&self) -> Result<BTreeMap<DutyKind, i64>> {
        let mut late = BTreeMap::new();
        for line in self.all_duties().await? {
            let of_kind = late.entry(line.duty.kind).or_default();
            *of_kind += i64::from(line.state == DutyState::Late);
        }
        Ok(late)
    }

    /// The rules in force and to come: the law's, and what was set.
    pub async fn rules(&self) -> Result<Rules, DbErr> {
        let rows = duty_rule::Entity::find().all(self.db.read()).await?;
        let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Rules::with(rows.into_iter().map(|row| Rule {
            kind: row.kind,
            from: row.from_day,
            amount: small(row.amount),
            warn_days: small(row.warn_days),
            escalate_days: small(row.escalate_days),
            escalate_to: row.escalate_to,
        })))
    }

    /// Sets a rule from a day on, no looser than the law's. It does not reach back: what has begun keeps the rule it began under.
    pub async fn set_rule(&self, new: NewRule, by: &Member) -> Result<duty_rule::Model> {
        by.may(&RULERS, &UnitPath::whole())?;
        let now = self.clock.now();
        let NewRule { rule, reason } = new;
        let invalid = |field, problem| Err(DisclosureError::Invalid { field, problem });
        let reason = reason.trim().to_owned();
        if !(1..=500).contains(&reason.chars().count()) {
            return invalid("reason", "请写明依据，最多500字");
        }
        if rule.from < BusinessDate::of(now) {
            return invalid("from", "期限规则不溯及既往，起始日期不能早于今天");
        }
        if !(1..=1231).contains(&rule.amount) || rule.due(rule.from, &WorkingCalendar::default()).is_none() {
            return invalid("amount", "期限数值不正确；年度报告的期限写作月×100+日，如531");
        }
        if rule.warn_days > 366 || rule.escalate_days > 366 {
            return invalid("warn_days", "提醒和上报的天数最多366");
        }
        if !rule.is_as_strict() {
            let law = Rule::of_law(rule.kind);
            let field = if rule.escalate_days > law.escalate_days { "escalate_days" } else { "amount" };
            return invalid(field, "期限和上报只能比法定的（或本系统原定的目标）更严，不能放宽");
        }
        let tx = self.db.begin().await?;
        if let Some(standing) = duty_rule::Entity::find_by_id((rule.kind, rule.from)).one(&tx).await? {
            let same = standing.amount == i64::from(rule.amount)
                && standing.warn_days == i64::from(rule.warn_days)
                && standing.escalate_days == i64::from(rule.escalate_days)
                && standing.escalate_to == rule.escalate_to
                && standing.reason == reason;
            return if same { Ok(standing) } else { Err(DisclosureError::Stands) };
        }
        let row = duty_rule::ActiveModel {
            kind: Set(rule.kind),
            from_day: Set(rule.from),
            amount: Set(rule.amount.into()),
            warn_days: Set(rule.warn_days.into()),
            escalate_days: Set(rule.escalate_days.into()),
            escalate_to: Set(rule.escalate_to),
            reason: Set(reason),
            author_id: Set(by.id),
            created_us: Set(now),
        };
        let row = match row.insert(&tx).await {
            Ok(row) => row,
            Err(error) if violation(&error).is_some() => return Err(DisclosureError::Stands),
            Err(error) => return Err(error.into()),
        };
        let detail = json!({ "kind": row.kind, "from": row.from_day, "amount": row.amount });
        self.line(&tx, now, "duty.set_rule", "duty".to_owned(), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Warns and escalates what is due, once each, and closes what is done. A notice that was closed while its duty stands is written anew.
    /// Answers how many notices were written.
    pub async fn remind(&self) -> Result<u64> {
        use sea_orm::ActiveEnum;
        let now = self.clock.now();
        let lines = self.all_duties().await?;
        let mut wanted: Vec<(&DutyLine, &str, Role)> = Vec::new();
        for line in &lines {
            if matches!(line.state, DutyState::Soon | DutyState::Late) {
                wanted.push((line, "warning", line.doer()));
            }
            if line.escalated {
                wanted.push((line, "escalation", line.duty.rule.escalate_to));
            }
        }
        let tx = self.db.begin().await?;
        let open = duty_notice::Entity::find().filter(duty_notice::Column::ClosedUs.is_null()).all(&tx).await?;
        let key =
            |kind: DutyKind, subject: Uuid, due: BusinessDate, level: &str| (kind, subject, due, level.to_owned());
        let stands: HashSet<_> =
            wanted.iter().map(|(line, level, _)| key(line.duty.kind, line.subject, line.duty.due, level)).collect();
        let gone: Vec<(Uuid, &str)> = open
            .iter()
            .filter(|row| !stands.contains(&key(row.kind, row.subject, row.due, &row.level)))
            .map(|row| (row.id.uuid(), why_gone(row, &lines)))
            .collect();
        if !gone.is_empty() {
            let rows = Rows::new()
                .uuid("id", gone.iter().map(|(id, _)| *id))
                .text("why", gone.iter().map(|(_, why)| (*why).to_owned()));
            let sql = "UPDATE duty_notice SET closed_us = $1, closed_why = r.why FROM {rows} \
                       WHERE duty_notice.id = r.id AND duty_notice.closed_us IS NULL";
            tx.execute_raw(rows.statement(self.db.backend(), sql, [now.into()])).await?;
        }
        let rows = Rows::new()
            .uuid("id", wanted.iter().map(|_| DutyNoticeId::new().uuid()))
            .text("kind", wanted.iter().map(|(line, ..)| line.duty.kind.to_value()))
            .uuid("book_id", wanted.iter().map(|(line, ..)| line.book.uuid()))
            .uuid_or_null("campaign_id", wanted.iter().map(|(line, ..)| line.campaign.map(CampaignId::uuid)))
            .uuid("subject", wanted.iter().map(|(line, ..)| line.subject))
            .text("due", wanted.iter().map(|(line, ..)| line.duty.due.to_string()))
            .text("level", wanted.iter().map(|(_, level, _)| *level))
            .text("addressee", wanted.iter().map(|(.., role)| role.as_str()));
        let sql = "INSERT INTO duty_notice (id, kind, book_id, campaign_id, subject, due, level, addressee, created_us, closed_us) \
                   SELECT id, kind, book_id, campaign_id, subject, due, level, addressee, $1, NULL FROM {rows} WHERE true \
                   ON CONFLICT (kind, subject, due, level) WHERE closed_us IS NULL DO NOTHING";
        let mut written = 0;
        if !wanted.is_empty() {
            written = tx.execute_raw(rows.statement(self.db.backend(), sql, [now.into()])).await?.rows_affected();
        }
        tx.commit().await?;
        Ok(written)
    }

    /// Everything that is or was due, by its last day. Ten statements.
    async fn all_duties(&self) -> Result<Vec<DutyLine>> {
        let db = self.db.read();
        let today = self.clock.today();
        let rules = self.rules().await?;
        let free = calendar_day::Entity::find().all(db).await?;
        let calendar = WorkingCalendar::new(free.into_iter().map(|row| (row.day, row.working)));
        let campaigns = self.campaigns_told_of().await?;
        let days = self.days_of_projects().await?;
        let published = self.published_days().await?;
        let events = major_event::Entity::find().all(db).await?;
        let mut lines = Vec::new();
        let mut add =
            |duty: Duty, of: (BookId, Option<&campaign::Model>), name: &str, subject: Uuid, place: &UnitPath, count| {
                lines.push(DutyLine {
                    state: duty.state(today),
                    days_late: duty.days_late(today),
                    escalated: duty.is_escalated(today),
                    duty,
                    book: of.0,
                    campaign: of.1.map(|row| row.id),
                    name: name.to_owned(),
                    subject,
                    count,
                    place: place.clone(),
                });
            };
        for row in campaigns.values() {
            let facts = facts(row, days.get(&row.id), &published, &events);
            for duty in facts.duties(today, &rules) {
                add(duty, (row.book_id, Some(row)), &row.name, row.id.uuid(), &row.unit_path, 1);
            }
        }
        let houses = self.houses().await?;
        for house in houses.values() {
            let (book, place) = (&house.book, &house.place);
            for year in house.first.year()..today.year() {
                let Some(last) = BusinessDate::new(year, 12, 31) else { continue };
                for kind in [DutyKind::AnnualReport, DutyKind::RelatedParties] {
                    let of_year = |one: &&Publication| {
                        one.kind == kind && one.book_id == book.id && one.year == Some(i64::from(year))
                    };
                    let done = published.iter().filter(of_year).map(|one| one.published_on).min();
                    if let Some(duty) = Duty::of(kind, last, done, &rules, &calendar) {
                        add(duty, (book.id, None), &book.name, book.id.uuid(), place, 1);
                    }
                }
            }
        }
        for event in events.iter().filter(|event| event.kind != EventKind::EmergencyOver) {
            let Some(house) = houses.get(&event.book_id) else { continue };
            let campaign = event.campaign_id.and_then(|id| campaigns.get(&id));
            let told = published.iter().filter(|one| one.event_id == Some(event.id)).map(|one| one.published_on).min();
            let place = campaign.map_or(&house.place, |row| &row.unit_path);
            if let Some(duty) = Duty::of(DutyKind::MajorEvent, event.happened_on, told, &rules, &calendar) {
                add(duty, (event.book_id, campaign), &event.title, event.id.uuid(), place, 1);
            }
        }
        for (kind, backlog) in
            [(DutyKind::GiftReceipt, self.receipts_owed().await?), (DutyKind::Enquiry, self.enquiries_open().await?)]
        {
            for one in backlog {
                let since = BusinessDate::of(one.since_us);
                let Some(mut duty) = Duty::of(kind, since, None, &rules, &calendar) else { continue };
                // An enquiry was given its day when it was asked.
                duty.due = one.due_on.unwrap_or(duty.due);
                let campaign = one.campaign_id.and_then(|id| campaigns.get(&id));
                let book = campaign.map(|row| row.book_id).or(one.book_id);
                let house = book.map_or_else(|| houses.values().next(), |book| houses.get(&book));
                let Some(house) = house else { continue };
                let (name, subject) =
                    campaign.map_or((&house.book.name, house.book.id.uuid()), |row| (&row.name, row.id.uuid()));
                let place = campaign.map_or(&house.place, |row| &row.unit_path);
                add(duty, (house.book.id, campaign), name, subject, place, one.n);
            }
        }
        lines.sort_by_cached_key(DutyLine::key);
        Ok(lines)
    }

    /// Campaigns that ask something of somebody: all but those that are being written, were sent back, or were given up.
    async fn campaigns_told_of(&self) -> Result<BTreeMap<CampaignId, campaign::Model>, DbErr> {
        use CampaignState::{Cancelled, Draft, Rejected};
        let rows = campaign::Entity::find()
            .filter(campaign::Column::State.is_not_in([Draft, Rejected, Cancelled]))
            .filter(campaign::Column::Kind.eq(CampaignKind::Leaf))
            .all(self.db.read())
            .await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }

    /// When each project began and ended, and the last day its milestones name.
    async fn days_of_projects(&self) -> Result<HashMap<CampaignId, Days>, DbErr> {
        let sql = "SELECT c.id AS campaign_id, \
                   (SELECT min(h.at_us) FROM campaign_history h WHERE h.campaign_id = c.id AND h.to_state = 'executing') AS began_us, \
                   (SELECT max(h.at_us) FROM campaign_history h WHERE h.campaign_id = c.id AND h.to_state = 'closing') AS ended_us, \
                   (SELECT max(m.due) FROM milestone m WHERE m.campaign_id = c.id) AS planned \
                   FROM campaign c WHERE c.state IN ('executing', 'closing', 'closed', 'suspended', 'terminated')";
        let rows = Days::find_by_statement(Statement::from_string(self.db.backend(), sql)).all(self.db.read()).await?;
        Ok(rows.into_iter().map(|row| (row.campaign_id, row)).collect())
    }

    /// What was published when: the first day each version stood anywhere.
    async fn published_days(&self) -> Result<Vec<Publication>, DbErr> {
        let sql = "SELECT d.kind, d.book_id, d.campaign_id, d.event_id, d.year, p.published_on FROM disclosure d \
                   JOIN disclosure_publication p ON p.disclosure_id = d.id UNION ALL \
                   SELECT 'raising_report', c.book_id, f.campaign_id, NULL, NULL, f.published_on FROM final_disclosure f \
                   JOIN campaign c ON c.id = f.campaign_id";
        Publication::find_by_statement(Statement::from_string(self.db.backend(), sql)).all(self.db.read()).await
    }

    /// Gifts whose giver wants a receipt and has none, by campaign, or the charity whose general fund they are for; the oldest counts.
    async fn receipts_owed(&self) -> Result<Vec<Backlog>, DbErr> {
        let sql = format!(
            "SELECT d.campaign_id, d.book_id, CAST(count(*) AS BIGINT) AS n, min(d.confirmed_us) AS since_us, CAST(NULL AS TEXT) AS due_on \
             FROM donation d WHERE {} GROUP BY d.campaign_id, d.book_id",
            crate::receipts::WAITS
        );
        Backlog::find_by_statement(Statement::from_string(self.db.backend(), sql)).all(self.db.read()).await
    }

    /// Enquiries without an answer, by campaign; the one due first counts.
    async fn enquiries_open(&self) -> Result<Vec<Backlog>, DbErr> {
        let sql = "SELECT COALESCE(e.campaign_id, d.campaign_id) AS campaign_id, d.book_id, CAST(count(*) AS BIGINT) AS n, \
                   min(e.created_us) AS since_us, min(e.due_on) AS due_on FROM enquiry e LEFT JOIN donation d ON d.id = e.donation_id \
                   WHERE e.state = 'open' GROUP BY 1, 2";
        Backlog::find_by_statement(Statement::from_string(self.db.backend(), sql)).all(self.db.read()).await
    }

    /// The charities, oldest first by their ids, and the first year each has books of.
    async fn houses(&self) -> Result<BTreeMap<BookId, House>, DbErr> {
        let db = self.db.read();
        let sql = "SELECT a.book_id, min(d.day) AS first FROM account a JOIN account_day d ON d.account_id = a.id GROUP BY a.book_id";
        let mut first: HashMap<BookId, BusinessDate> = HashMap::new();
        for row in db.query_all_raw(Statement::from_string(self.db.backend(), sql)).await? {
            first.insert(row.try_get("", "book_id")?, row.try_get("", "first")?);
        }
        let books: HashMap<BookId, book::Model> =
            book::Entity::find().all(db).await?.into_iter().map(|row| (row.id, row)).collect();
        let units: HashMap<_, _> =
            unit::Entity::find().all(db).await?.into_iter().map(|row| (row.id, row.path)).collect();
        let rows = charity::Entity::find().order_by_asc(charity::Column::CreatedUs).all(db).await?;
        let house = |row: charity::Model| {
            let book = books.get(&row.book_id)?.clone();
            let founded = BusinessDate::of(row.created_us);
            let first = first.get(&row.book_id).copied().unwrap_or(founded).min(founded);
            let place = units.get(&row.unit_id).cloned().unwrap_or_else(UnitPath::whole);
            Some((row.book_id, House { book, place, first }))
        };
        Ok(rows.into_iter().filter_map(house).collect())
    }
}

/// Why a notice is closed by itself, for whoever reads it later. What a publication has done was closed with it.
fn why_gone(row: &duty_notice::Model, lines: &[DutyLine]) -> &'static str {
    let same = |line: &&DutyLine| (line.duty.kind, line.subject, line.duty.due) == (row.kind, row.subject, row.due);
    match lines.iter().find(same).map(|line| line.state) {
        Some(DutyState::Done) => "事项已办结",
        Some(DutyState::Due) => "期限规则有变，尚未到提醒的日子",
        Some(DutyState::Soon | DutyState::Late) => "期限规则有变，尚未到上报的日子",
        None => "事项已办结，或期限、事由有变",
    }
}

struct House {
    book: book::Model,
    place: UnitPath,
    first: BusinessDate,
}

fn facts(
    row: &campaign::Model,
    days: Option<&Days>,
    published: &[Publication],
    events: &[major_event::Model],
) -> CampaignFacts {
    use CampaignState::{Closed, Closing, Terminated};
    let day = |at: Option<Timestamp>| at.map(BusinessDate::of);
    let began = days.and_then(|days| day(days.began_us));
    // Execution that was taken up again is not over.
    let over = matches!(row.suspended_from.unwrap_or(row.state), Closing | Closed);
    let given_up = row.state == Terminated && began.is_some();
    let ended = days.and_then(|days| day(days.ended_us)).filter(|_| over).or(day(row.ended_us).filter(|_| given_up));
    let of_row = |one: &&Publication| one.campaign_id == Some(row.id) && OF_CAMPAIGN.contains(&one.kind);
    let over_since =
        |event: &&major_event::Model| event.campaign_id == Some(row.id) && event.kind == EventKind::EmergencyOver;
    CampaignFacts {
        starts: Some(BusinessDate::of(row.starts_us)),
        ends: Some(BusinessDate::of(row.ends_us)),
        emergency: row.emergency,
        opened: day(row.opened_us),
        ended: day(row.ended_us),
        emergency_over: events.iter().find(over_since).map(|event| event.happened_on),
        filing_submitted: row.filing_submitted_on,
        filed: row.filed_on,
        filing_unknown: row.plan_version == 0,
        project_began: began,
        project_planned: days.and_then(|days| days.planned),
        project_ended: ended,
        published: published.iter().filter(of_row).map(|one| (one.kind, one.published_on)).collect(),
    }
}

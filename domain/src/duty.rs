//! What has to be published or done by a day (facts: charity 4), and how it stands: the deadline engine.
//!
//! A duty follows from facts alone: a campaign's days, the years of a charity, what was published when. So it is computed whenever it is
//! asked for and never stored; what changes the facts (a campaign that ends early, a plan that is changed) changes the duty. Days are
//! days in Beijing, "three months" are calendar months that end with a shorter month (30 November + 3 = 28 February), and a duty may
//! be done on its last day.
//!
//! What repeats is counted from publication to publication, not from quarter to quarter: "at least every three months" is broken by a
//! report in January and the next in June, whatever quarters they lie in. One duty of a kind is open at a time.

use std::collections::BTreeMap;

use sea_orm::{DeriveActiveEnum, EnumIter, Iterable};
use serde::{Deserialize, Serialize};

use crate::BusinessDate;
use crate::role::Role;
use crate::working_day::WorkingCalendar;

/// What there is to be done; a row of the table.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DutyKind {
    /// 募捐方案备案: the plan lies with the authority ten days before the campaign begins.
    PlanFiling,
    /// 应急募捐补办备案: within ten days after it opened.
    EmergencyFiling,
    /// 应急阶段款物公示: at least every five days.
    EmergencyReceipts,
    /// 募捐情况公布: of campaigns longer than six months, at least every three months.
    RaisingStatus,
    /// 募捐情况全面报告, with the evaluation of the partner: within three months after the end.
    RaisingReport,
    /// 项目进展公布: of projects longer than six months, at least every three months.
    ProjectProgress,
    /// 项目实施情况全面报告, with what is left: within three months after the end.
    ProjectReport,
    /// 年度工作报告和经审计的财务会计报告: by 31 May.
    AnnualReport,
    /// 关联方名单: by 31 May, to the authority.
    RelatedParties,
    /// 重大事项: within thirty days.
    MajorEvent,
    /// 捐赠票据: seven days, our own target for "promptly".
    GiftReceipt,
    /// 捐赠人查询答复: ten working days, our own target.
    Enquiry,
}

/// Of which kind a registered event is (令81 Art. 13, 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum EventKind {
    /// 重大资产变动.
    AssetChange,
    /// 重大投资.
    Investment,
    /// 重大交易.
    Transaction,
    /// 重大资金往来.
    MoneyFlow,
    /// 与重要关联方的往来, gifts from them and grants to them included.
    RelatedParty,
    /// 应急阶段结束: nothing to be told of, but the five-day clock of a campaign stops.
    EmergencyOver,
}

/// Where something was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Place {
    /// 慈善中国, the unified platform (慈善法 75).
    CharityChina,
    /// Our own pages.
    OwnSite,
    /// The designated platform the campaign runs on.
    DesignatedPlatform,
    /// Handed to the authority and not published: the list of related parties.
    Authority,
    /// Another medium.
    Other,
}

/// How the number of a rule is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// So many days before its day.
    DaysBefore,
    /// So many days after it.
    DaysAfter,
    /// So many calendar months after it.
    MonthsAfter,
    /// At least every so many days.
    EveryDays,
    /// At least every so many calendar months.
    EveryMonths,
    /// A day of the year after, as month × 100 + day.
    DayOfNextYear,
    /// So many working days after it.
    WorkingDays,
}

impl DutyKind {
    /// What people call it.
    pub fn title(self) -> &'static str {
        use DutyKind::*;
        match self {
            PlanFiling => "募捐方案备案",
            EmergencyFiling => "应急募捐补办备案",
            EmergencyReceipts => "应急阶段款物公示",
            RaisingStatus => "募捐情况定期公布",
            RaisingReport => "募捐情况全面报告",
            ProjectProgress => "项目进展定期公布",
            ProjectReport => "项目实施情况全面报告",
            AnnualReport => "年度工作报告和审计报告",
            RelatedParties => "关联方名单报送",
            MajorEvent => "重大事项公布",
            GiftReceipt => "捐赠票据开具",
            Enquiry => "捐赠人查询答复",
        }
    }

    /// Its name for programs.
    pub fn word(self) -> &'static str {
        use DutyKind::*;
        match self {
            PlanFiling => "plan_filing",
            EmergencyFiling => "emergency_filing",
            EmergencyReceipts => "emergency_receipts",
            RaisingStatus => "raising_status",
            RaisingReport => "raising_report",
            ProjectProgress => "project_progress",
            ProjectReport => "project_report",
            AnnualReport => "annual_report",
            RelatedParties => "related_parties",
            MajorEvent => "major_event",
            GiftReceipt => "gift_receipt",
            Enquiry => "enquiry",
        }
    }

    /// Where it is written.
    pub fn source(self) -> &'static str {
        use DutyKind::*;
        match self {
            PlanFiling => "慈善组织公开募捐管理办法第十一条",
            EmergencyFiling => "慈善法第七十三条",
            EmergencyReceipts => "慈善法第七十二条",
            RaisingStatus | ProjectProgress => "慈善法第七十九条",
            RaisingReport | ProjectReport => "慈善法第七十九条、慈善组织信息公开办法",
            AnnualReport | RelatedParties => "慈善组织信息公开办法第十五条",
            MajorEvent => "慈善组织信息公开办法第十三条、第十四条",
            GiftReceipt => "慈善法第三十八条、第一百一十五条",
            Enquiry => "慈善法第四十二条",
        }
    }

    /// How its number is counted.
    pub fn counting(self) -> Counting {
        use DutyKind::*;
        match self {
            PlanFiling => Counting::DaysBefore,
            EmergencyFiling | MajorEvent | GiftReceipt => Counting::DaysAfter,
            EmergencyReceipts => Counting::EveryDays,
            RaisingStatus | ProjectProgress => Counting::EveryMonths,
            RaisingReport | ProjectReport => Counting::MonthsAfter,
            AnnualReport | RelatedParties => Counting::DayOfNextYear,
            Enquiry => Counting::WorkingDays,
        }
    }

    /// What a publication does besides itself: the full report also tells what a regular one would have told.
    pub fn also_does(self) -> &'static [DutyKind] {
        use DutyKind::*;
        match self {
            RaisingStatus => &[EmergencyReceipts],
            RaisingReport => &[EmergencyReceipts, RaisingStatus],
            ProjectReport => &[ProjectProgress],
            PlanFiling | EmergencyFiling | EmergencyReceipts | ProjectProgress | AnnualReport | RelatedParties
            | MajorEvent | GiftReceipt | Enquiry => &[],
        }
    }

    /// Whether it is done by publishing something, and not by filing, issuing or answering.
    pub fn is_published(self) -> bool {
        use DutyKind::*;
        match self {
            EmergencyReceipts | RaisingStatus | RaisingReport | ProjectProgress | ProjectReport | AnnualReport
            | RelatedParties | MajorEvent => true,
            PlanFiling | EmergencyFiling | GiftReceipt | Enquiry => false,
        }
    }
}

/// The number of a duty from a day on, and who is told of it when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Of what.
    pub kind: DutyKind,
    /// For what begins on this day or later.
    pub from: BusinessDate,
    /// How much, counted as [`DutyKind::counting`] says.
    pub amount: u32,
    /// So many days before its last day whoever does it is warned.
    pub warn_days: u32,
    /// So many days after its last day the next higher person is told.
    pub escalate_days: u32,
    /// Who that is.
    pub escalate_to: Role,
}

/// Only periods longer than so many months are published in between (慈善法 79).
pub const LONG_MONTHS: u32 = 6;

impl Rule {
    /// The rule the law has, or our own target where it only says "promptly".
    pub fn of_law(kind: DutyKind) -> Rule {
        use DutyKind::*;
        let (amount, warn_days, escalate_days, escalate_to) = match kind {
            PlanFiling | EmergencyFiling => (10, 3, 0, Role::Chair),
            EmergencyReceipts => (5, 1, 0, Role::Chair),
            RaisingStatus | ProjectProgress => (3, 14, 3, Role::Chair),
            RaisingReport | ProjectReport => (3, 30, 3, Role::Chair),
            AnnualReport | RelatedParties => (531, 60, 0, Role::Chair),
            MajorEvent => (30, 7, 0, Role::Chair),
            GiftReceipt => (7, 2, 7, Role::FinanceHead),
            Enquiry => (10, 3, 5, Role::FinanceHead),
        };
        // Earlier than any day of these books.
        let from = BusinessDate::of(crate::Timestamp::from_seconds(0));
        Rule { kind, from, amount, warn_days, escalate_days, escalate_to }
    }

    /// Whether it leaves no more time than the law, or our own target, does: its last day is no later, and the next higher person is told no
    /// later.
    pub fn is_as_strict(&self) -> bool {
        let law = Rule::of_law(self.kind);
        let in_time = match self.kind.counting() {
            Counting::DaysBefore => self.amount >= law.amount,
            Counting::DaysAfter
            | Counting::MonthsAfter
            | Counting::EveryDays
            | Counting::EveryMonths
            | Counting::DayOfNextYear
            | Counting::WorkingDays => self.amount <= law.amount,
        };
        in_time && self.escalate_days <= law.escalate_days
    }

    /// The last day of a duty that follows from a day; none beyond the end of the calendar, or for a day no year has.
    pub fn due(&self, day: BusinessDate, calendar: &WorkingCalendar) -> Option<BusinessDate> {
        match self.kind.counting() {
            Counting::DaysBefore => day.after_days(-i64::from(self.amount)),
            Counting::DaysAfter | Counting::EveryDays => day.after_days(self.amount.into()),
            Counting::MonthsAfter | Counting::EveryMonths => day.day_of_month_after(self.amount, day.day()),
            Counting::DayOfNextYear => {
                let (month, day_of_month) = (self.amount / 100, self.amount % 100);
                BusinessDate::new(day.year() + 1, u8::try_from(month).ok()?, u8::try_from(day_of_month).ok()?)
            }
            Counting::WorkingDays => Some(calendar.term(day, self.amount)),
        }
    }
}

/// The rules in force: the law's, and what was set instead from a day on.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: BTreeMap<(DutyKind, BusinessDate), Rule>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules::with([])
    }
}

impl Rules {
    /// The law's, and these.
    pub fn with(set: impl IntoIterator<Item = Rule>) -> Rules {
        let all = DutyKind::iter().map(Rule::of_law).chain(set);
        Rules { rules: all.map(|rule| ((rule.kind, rule.from), rule)).collect() }
    }

    /// The rule of a kind for what begins on a day.
    pub fn at(&self, kind: DutyKind, day: BusinessDate) -> Rule {
        let before = self.rules.range((kind, BusinessDate::of(crate::Timestamp::from_seconds(0)))..=(kind, day));
        before.last().map_or_else(|| Rule::of_law(kind), |(_, rule)| *rule)
    }

    /// All of them, by kind and day.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }
}

/// How a duty stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DutyState {
    /// Its last day has passed.
    Late,
    /// Its last day is near.
    Soon,
    /// There is time.
    Due,
    /// It was done.
    Done,
}

/// Something to be done by a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// What.
    pub kind: DutyKind,
    /// The day it follows from: an opening, an end, the publication before.
    pub from: BusinessDate,
    /// The last day on which it is in time.
    pub due: BusinessDate,
    /// The day it was done.
    pub done: Option<BusinessDate>,
    /// The rule it was made by.
    pub rule: Rule,
}

impl Duty {
    /// A duty that follows from a day.
    pub fn of(
        kind: DutyKind,
        from: BusinessDate,
        done: Option<BusinessDate>,
        rules: &Rules,
        calendar: &WorkingCalendar,
    ) -> Option<Duty> {
        let rule = rules.at(kind, from);
        Some(Duty { kind, from, due: rule.due(from, calendar)?, done, rule })
    }

    /// How it stands.
    pub fn state(&self, today: BusinessDate) -> DutyState {
        if self.done.is_some() {
            DutyState::Done
        } else if today > self.due {
            DutyState::Late
        } else if today.days_to(self.due) <= i64::from(self.rule.warn_days) {
            DutyState::Soon
        } else {
            DutyState::Due
        }
    }

    /// By how many days it is late, or was done late; nothing in time.
    pub fn days_late(&self, today: BusinessDate) -> i64 {
        self.due.days_to(self.done.unwrap_or(today)).max(0)
    }

    /// Whether it has gone to whom it is escalated to.
    pub fn is_escalated(&self, today: BusinessDate) -> bool {
        self.state(today) == DutyState::Late && self.due.days_to(today) > i64::from(self.rule.escalate_days)
    }
}

/// What is known of a campaign and its project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignFacts {
    /// The first day of the plan.
    pub starts: Option<BusinessDate>,
    /// Its last day.
    pub ends: Option<BusinessDate>,
    /// Whether it may open before it is filed.
    pub emergency: bool,
    /// The day it took the first gifts.
    pub opened: Option<BusinessDate>,
    /// The day it took the last.
    pub ended: Option<BusinessDate>,
    /// The day the emergency was declared over, if it was before the end.
    pub emergency_over: Option<BusinessDate>,
    /// The day the plan was handed to the authority.
    pub filing_submitted: Option<BusinessDate>,
    /// The day the authority gave its number.
    pub filed: Option<BusinessDate>,
    /// It was open before filings were kept here: nothing is asked of its filing.
    pub filing_unknown: bool,
    /// The day the project began.
    pub project_began: Option<BusinessDate>,
    /// The last day its plan names.
    pub project_planned: Option<BusinessDate>,
    /// The day it was over.
    pub project_ended: Option<BusinessDate>,
    /// What was published, on which days.
    pub published: Vec<(DutyKind, BusinessDate)>,
}

impl CampaignFacts {
    /// The days on which something was published that does a duty of a kind, in order.
    fn told(&self, kind: DutyKind) -> Vec<BusinessDate> {
        let does = |other: &DutyKind| *other == kind || other.also_does().contains(&kind);
        let mut days: Vec<_> = self.published.iter().filter(|(other, _)| does(other)).map(|(_, day)| *day).collect();
        days.sort_unstable();
        days
    }

    /// Everything that follows from it, in the order of the table.
    pub fn duties(&self, today: BusinessDate, rules: &Rules) -> Vec<Duty> {
        use DutyKind::*;
        let none = WorkingCalendar::default();
        let mut duties = Vec::new();
        let mut add = |kind, from: Option<BusinessDate>, done| {
            duties.extend(from.and_then(|from| Duty::of(kind, from, done, rules, &none)));
        };
        if !self.filing_unknown {
            if self.emergency {
                add(EmergencyFiling, self.opened, self.filed);
            } else {
                add(PlanFiling, self.starts, self.filing_submitted);
            }
        }
        if let (true, Some(opened)) = (self.emergency, self.opened) {
            let until = [self.emergency_over, self.ended].into_iter().flatten().min();
            duties.extend(repeated(EmergencyReceipts, opened, opened, until, &self.told(EmergencyReceipts), rules));
        }
        if let (Some(opened), Some(until)) = (self.opened, self.ended.or(self.ends))
            && is_long(opened, until)
        {
            duties.extend(repeated(RaisingStatus, opened, opened, Some(until), &self.told(RaisingStatus), rules));
        }
        let first = |kind, since: Option<BusinessDate>| {
            self.told(kind).into_iter().find(|day| since.is_some_and(|since| *day >= since))
        };
        let mut add = |kind, from: Option<BusinessDate>, done| {
            duties.extend(from.and_then(|from| Duty::of(kind, from, done, rules, &none)));
        };
        add(RaisingReport, self.ended.filter(|_| self.opened.is_some()), first(RaisingReport, self.ended));
        if let Some(began) = self.project_began {
            duties.extend(self.progress(began, today, rules));
        }
        duties.extend(
            self.project_ended
                .and_then(|ended| Duty::of(ProjectReport, ended, first(ProjectReport, Some(ended)), rules, &none)),
        );
        duties
    }

    /// A project that its plan ends within six months is not asked for progress before it turns out to be longer.
    fn progress(&self, began: BusinessDate, today: BusinessDate, rules: &Rules) -> Vec<Duty> {
        let planned = self.project_planned.filter(|planned| *planned >= today || self.project_ended.is_some());
        let so_far = self.project_ended.unwrap_or(today);
        let planned_long = self.project_ended.is_none() && self.project_planned.is_none_or(|end| is_long(began, end));
        if !planned_long && !is_long(began, so_far) {
            return Vec::new();
        }
        let anchor = match self.project_planned {
            Some(end) if !is_long(began, end) => {
                began.day_of_month_after(LONG_MONTHS / 2, began.day()).unwrap_or(began)
            }
            _ => began,
        };
        let kind = DutyKind::ProjectProgress;
        repeated(kind, began, anchor, self.project_ended.or(planned), &self.told(kind), rules)
    }
}

/// Whether a period, its last day counted, is longer than six months.
fn is_long(first: BusinessDate, last: BusinessDate) -> bool {
    first.day_of_month_after(LONG_MONTHS, first.day()).is_some_and(|day| last >= day)
}

/// Duties that repeat, counted from publication to publication until the period is over; the rule is the one of the period's beginning.
/// What was published up to its first day counts for nothing.
fn repeated(
    kind: DutyKind,
    began: BusinessDate,
    anchor: BusinessDate,
    until: Option<BusinessDate>,
    told: &[BusinessDate],
    rules: &Rules,
) -> Vec<Duty> {
    let rule = rules.at(kind, began);
    let calendar = WorkingCalendar::default();
    let (mut duties, mut from) = (Vec::new(), anchor);
    let mut told = told.iter().copied().filter(|day| *day > anchor);
    while let Some(due) = rule.due(from, &calendar).filter(|due| until.is_none_or(|until| *due <= until)) {
        let done = told.find(|day| *day > from);
        duties.push(Duty { kind, from, due, done, rule });
        let Some(done) = done else { break };
        from = done;
    }
    duties
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> BusinessDate {
        text.parse().unwrap()
    }

    fn facts() -> CampaignFacts {
        CampaignFacts {
            starts: Some(day("2026-03-01")),
            ends: Some(day("2026-05-31")),
            filing_submitted: Some(day("2026-02-10")),
            ..CampaignFacts::default()
        }
    }

    fn of(facts: &CampaignFacts, today: &str) -> Vec<(DutyKind, String, DutyState)> {
        let today = day(today);
        let line = |duty: Duty| (duty.kind, duty.due.to_string(), duty.state(today));
        facts.duties(today, &Rules::default()).into_iter().map(line).collect()
    }

    #[test]
    fn a_rule_may_only_be_stricter_than_the_law() {
        for kind in DutyKind::iter() {
            let law = Rule::of_law(kind);
            assert!(law.is_as_strict(), "{kind:?}");
            let (less, more) = match kind.counting() {
                Counting::DaysBefore => (law.amount - 1, law.amount + 5),
                _ => (law.amount + 1, law.amount - 1),
            };
            assert!(
                !Rule { amount: less, ..law }.is_as_strict() && Rule { amount: more, ..law }.is_as_strict(),
                "{kind:?}"
            );
            assert!(!Rule { escalate_days: law.escalate_days + 1, ..law }.is_as_strict(), "{kind:?}");
        }
    }

    #[test]
    fn every_row_of_the_table_has_its_day() {
        let rules = Rules::default();
        // 2026-10-01 to 07 is no work; 2026-10-10 is a Saturday that is worked.
        let free = (1..=7).map(|d| (BusinessDate::new(2026, 10, d).unwrap(), false));
        let calendar = WorkingCalendar::new(free.chain([(day("2026-10-10"), true)]));
        let table = [
            (DutyKind::PlanFiling, "2026-03-01", "2026-02-19"),
            (DutyKind::EmergencyFiling, "2026-07-25", "2026-08-04"),
            (DutyKind::EmergencyReceipts, "2026-12-29", "2027-01-03"),
            (DutyKind::RaisingStatus, "2026-01-31", "2026-04-30"),
            (DutyKind::RaisingReport, "2026-11-30", "2027-02-28"),
            (DutyKind::RaisingReport, "2027-11-30", "2028-02-29"),
            (DutyKind::ProjectProgress, "2026-08-31", "2026-11-30"),
            (DutyKind::ProjectReport, "2026-12-31", "2027-03-31"),
            (DutyKind::AnnualReport, "2026-12-31", "2027-05-31"),
            (DutyKind::RelatedParties, "2026-12-31", "2027-05-31"),
            (DutyKind::MajorEvent, "2026-02-15", "2026-03-17"),
            (DutyKind::GiftReceipt, "2026-02-25", "2026-03-04"),
            (DutyKind::Enquiry, "2026-09-30", "2026-10-20"),
        ];
        for (kind, from, due) in table {
            let duty = Duty::of(kind, day(from), None, &rules, &calendar).unwrap();
            assert_eq!(duty.due, day(due), "{kind:?} of {from}");
        }
        let told: std::collections::BTreeSet<_> = table.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(told.len(), DutyKind::iter().count(), "no row is left out");
    }

    #[test]
    fn a_short_campaign_is_filed_and_told_of_at_its_end() {
        let mut campaign = facts();
        assert_eq!(of(&campaign, "2026-02-12"), [(DutyKind::PlanFiling, "2026-02-19".into(), DutyState::Done)]);
        campaign.filing_submitted = None;
        for (today, state) in
            [("2026-02-15", DutyState::Due), ("2026-02-16", DutyState::Soon), ("2026-02-20", DutyState::Late)]
        {
            assert_eq!(of(&campaign, today), [(DutyKind::PlanFiling, "2026-02-19".into(), state)], "{today}");
        }
        campaign = CampaignFacts { opened: campaign.starts, ended: Some(day("2026-05-31")), ..facts() };
        let report = |today| of(&campaign, today)[1].clone();
        assert_eq!(report("2026-06-01"), (DutyKind::RaisingReport, "2026-08-31".into(), DutyState::Due));
        assert_eq!(report("2026-08-31").2, DutyState::Soon, "its last day is in time");
        assert_eq!(report("2026-09-01").2, DutyState::Late);
        campaign.published = vec![(DutyKind::RaisingReport, day("2026-09-02"))];
        let duty = campaign.duties(day("2026-12-31"), &Rules::default())[1];
        assert_eq!((duty.state(day("2026-12-31")), duty.days_late(day("2026-12-31"))), (DutyState::Done, 2));
    }

    #[test]
    fn a_long_campaign_is_told_of_from_publication_to_publication() {
        let mut campaign = CampaignFacts {
            ends: Some(day("2026-12-31")),
            opened: Some(day("2026-03-01")),
            published: vec![(DutyKind::RaisingStatus, day("2026-04-15")), (DutyKind::RaisingStatus, day("2026-08-01"))],
            ..facts()
        };
        let lines = |campaign: &CampaignFacts, today| {
            let status = of(campaign, today).into_iter().filter(|(kind, ..)| *kind == DutyKind::RaisingStatus);
            status.map(|(_, due, state)| (due, state)).collect::<Vec<_>>()
        };
        assert_eq!(
            lines(&campaign, "2026-09-01"),
            [
                ("2026-06-01".to_owned(), DutyState::Done),
                // Told in the third quarter, and late all the same.
                ("2026-07-15".to_owned(), DutyState::Done),
                ("2026-11-01".to_owned(), DutyState::Due),
            ]
        );
        // It ends early: what would be due later is part of the full report.
        campaign.ended = Some(day("2026-10-01"));
        assert_eq!(lines(&campaign, "2026-12-01").len(), 2);
        // It ends within six months: nothing was due in between.
        campaign.ended = Some(day("2026-08-31"));
        assert_eq!(lines(&campaign, "2026-12-01").len(), 0);
        campaign.ended = Some(day("2026-09-01"));
        assert_eq!(lines(&campaign, "2026-12-01").len(), 2, "six months and a day are longer than six months");
    }

    #[test]
    fn an_emergency_is_told_of_every_five_days_until_it_is_over() {
        let mut campaign = CampaignFacts {
            emergency: true,
            filing_submitted: None,
            opened: Some(day("2026-07-01")),
            ends: Some(day("2026-09-30")),
            published: vec![(DutyKind::EmergencyReceipts, day("2026-07-06"))],
            ..facts()
        };
        assert_eq!(
            of(&campaign, "2026-07-12"),
            [
                (DutyKind::EmergencyFiling, "2026-07-11".into(), DutyState::Late),
                (DutyKind::EmergencyReceipts, "2026-07-06".into(), DutyState::Done),
                (DutyKind::EmergencyReceipts, "2026-07-11".into(), DutyState::Late),
            ]
        );
        campaign.filed = Some(day("2026-07-10"));
        campaign.emergency_over = Some(day("2026-07-10"));
        assert_eq!(of(&campaign, "2026-07-12").len(), 2, "declared over before the next was due");
    }

    #[test]
    fn progress_is_asked_of_projects_that_are_long_or_become_so() {
        let progress = |planned: Option<&str>, ended: Option<&str>, today| {
            let campaign = CampaignFacts {
                filing_unknown: true,
                project_began: Some(day("2026-01-31")),
                project_planned: planned.map(day),
                project_ended: ended.map(day),
                ..CampaignFacts::default()
            };
            of(&campaign, today)
        };
        assert_eq!(
            progress(Some("2026-12-31"), None, "2026-02-01"),
            [(DutyKind::ProjectProgress, "2026-04-30".into(), DutyState::Due)]
        );
        // Nothing says how long it is: it counts as long until it is over.
        assert_eq!(progress(None, None, "2026-02-01").len(), 1);
        assert_eq!(progress(Some("2026-05-01"), None, "2026-04-30"), [], "a short one");
        assert_eq!(
            progress(Some("2026-05-01"), None, "2026-07-31"),
            [(DutyKind::ProjectProgress, "2026-07-30".into(), DutyState::Late)],
            "it became long"
        );
        assert_eq!(
            progress(None, Some("2026-06-30"), "2026-07-01"),
            [(DutyKind::ProjectReport, "2026-09-30".into(), DutyState::Due)],
            "it was short"
        );
    }

    #[test]
    fn a_rule_holds_for_what_begins_on_its_day_or_later() {
        let stricter = Rule {
            kind: DutyKind::RaisingReport,
            from: day("2027-01-01"),
            amount: 2,
            warn_days: 10,
            escalate_days: 0,
            escalate_to: Role::Chair,
        };
        let rules = Rules::with([stricter]);
        let due = |ended| Duty::of(DutyKind::RaisingReport, day(ended), None, &rules, &WorkingCalendar::default());
        assert_eq!(due("2026-12-31").unwrap().due, day("2027-03-31"));
        assert_eq!(due("2027-01-01").unwrap().due, day("2027-03-01"));
        let duty = due("2027-01-01").unwrap();
        assert!(!duty.is_escalated(day("2027-03-01")) && duty.is_escalated(day("2027-03-02")));
    }

    fn days() -> impl Strategy<Value = Vec<i64>> {
        proptest::collection::vec(0_i64..900, 0..12)
    }

    proptest! {
        /// Whatever was published when: no two publications of a long period that lie within their terms are further apart than the term,
        /// one duty at most is open, and duties follow each other.
        #[test]
        fn what_repeats_has_no_gap(started in 0_i64..3_000, length in 0_i64..900, told in days(), seen in 0_i64..1_200) {
            let at = |offset: i64| day("2024-01-01").after_days(started + offset).unwrap();
            let campaign = CampaignFacts {
                filing_unknown: true,
                opened: Some(at(0)),
                ended: Some(at(length)),
                published: told.iter().map(|offset| (DutyKind::RaisingStatus, at(*offset))).collect(),
                ..CampaignFacts::default()
            };
            let duties = campaign.duties(at(seen), &Rules::default());
            let status: Vec<_> = duties.iter().filter(|duty| duty.kind == DutyKind::RaisingStatus).collect();
            prop_assert_eq!(status.is_empty(), !is_long(at(0), at(length)));
            prop_assert!(status.iter().filter(|duty| duty.done.is_none()).count() <= 1);
            for pair in status.windows(2) {
                prop_assert_eq!(Some(pair[1].from), pair[0].done);
                prop_assert!(pair[0].from < pair[1].from);
            }
            for duty in &status {
                prop_assert!(duty.due <= at(length));
                let gap = duty.from.days_to(duty.due);
                prop_assert!((89..=92).contains(&gap), "{} days", gap);
            }
        }

        /// Three months later is never more than 92 days, never in the wrong month, and clamped to the month's end.
        #[test]
        fn months_are_calendar_months(offset in 0_i64..20_000) {
            let from = day("2020-01-01").after_days(offset).unwrap();
            let due = Duty::of(DutyKind::ProjectReport, from, None, &Rules::default(), &WorkingCalendar::default());
            let due = due.unwrap().due;
            prop_assert_eq!((from.month() + 2) % 12 + 1, due.month());
            prop_assert!(due.day() == from.day() || (due.day() < from.day() && due.next().month() != due.month()));
        }

        /// A duty is soon before it is late, and done for ever.
        #[test]
        fn states_follow_each_other(offset in 0_i64..200, done in proptest::option::of(0_i64..400)) {
            let from = day("2026-01-31");
            let at = |offset| from.after_days(offset).unwrap();
            let made = Duty::of(DutyKind::MajorEvent, from, done.map(at), &Rules::default(), &WorkingCalendar::default());
            let duty = made.unwrap();
            let (today, tomorrow) = (at(offset), at(offset + 1));
            match (duty.state(today), duty.state(tomorrow)) {
                (DutyState::Done, DutyState::Done) => prop_assert!(done.is_some()),
                (DutyState::Due, DutyState::Due | DutyState::Soon)
                | (DutyState::Soon, DutyState::Soon | DutyState::Late)
                | (DutyState::Late, DutyState::Late) => prop_assert!(done.is_none()),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

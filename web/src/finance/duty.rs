//! What is due by law: by its last day, with where it is done.

use app::disclosures::{DutyFilter, DutyLine, READERS, TOLD};
use domain::CampaignId;
use domain::duty::{DutyKind, DutyState};
use domain::role::Role;
use maud::html;
use poem::{IntoResponse, Request, Response, handler};

use super::disclosure::PREPARERS;
use crate::page::PageError;
use crate::part::{self, Tone};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, ROWS, Table, column, numbers};
use crate::words as all_words;

/// How something due stands.
fn state(state: DutyState) -> (&'static str, Tone) {
    match state {
        DutyState::Late => ("逾期", Tone::Bad),
        DutyState::Soon => ("将到期", Tone::Waiting),
        DutyState::Due => ("未到期", Tone::Calm),
        DutyState::Done => ("已完成", Tone::Good),
    }
}

const STATES: [(&str, DutyState); 4] =
    [("late", DutyState::Late), ("soon", DutyState::Soon), ("due", DutyState::Due), ("done", DutyState::Done)];

/// Where it is done; none for whoever may not do it there.
fn path(officer: &Officer, line: &DutyLine) -> Option<String> {
    let kind = line.duty.kind;
    let path = match (kind, line.campaign) {
        (DutyKind::GiftReceipt, _) => "/console/receipts/wishes".to_owned(),
        (DutyKind::Enquiry, _) => "/console/enquiries".to_owned(),
        (DutyKind::MajorEvent, _) => {
            format!("/console/disclosures/new?kind={}&event={}", kind.word(), line.subject)
        }
        (_, Some(campaign)) if kind.is_published() => {
            format!("/console/disclosures/new?kind={}&campaign={campaign}", kind.word())
        }
        (_, Some(campaign)) => format!("/console/campaigns/{campaign}"),
        (_, None) => {
            let year = line.duty.from.year();
            format!("/console/disclosures/new?kind={}&year={year}&book={}", kind.word(), line.book)
        }
    };
    let may = match kind {
        DutyKind::GiftReceipt => officer.is(&app::receipts::READERS),
        DutyKind::Enquiry => officer.is(&crate::console::ENQUIRERS),
        _ if path.starts_with("/console/campaigns/") => officer.is(&crowdfunding::READERS),
        _ => !path.starts_with("/console/disclosures/new") || officer.is(&PREPARERS),
    };
    may.then_some(path)
}

/// What is due within one's reach, by its last day.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&TOLD)?;
    let asked = Asked::of(request);
    let given = asked.among("state", &STATES.map(|(key, _)| key))?;
    let wanted = STATES.into_iter().find(|(key, _)| given == Some(*key)).map(|(_, state)| state);
    let filter = DutyFilter {
        state: wanted,
        kind: asked.read::<all_words::Key<DutyKind>>("kind")?.map(|key| key.0),
        campaign: asked.read::<CampaignId>("campaign")?,
        book: None,
    };
    let mut lines = officer.app.disclosures.duties(filter, asked.get("after"), asked.limit(), &officer.member).await?;
    let shown = if asked.file().is_some() { table::MOST } else { usize::try_from(ROWS).unwrap_or(usize::MAX) };
    let more = lines.len() > shown;
    lines.truncate(shown);
    let next = lines.last().filter(|_| more).map(DutyLine::key);
    let columns = [
        column("期限"),
        column("状态"),
        column("事项"),
        column("对象"),
        numbers("件数"),
        numbers("逾期天数"),
        column("依据"),
        column("完成日期"),
    ];
    let table = Table::new("期限", &columns, "没有未完成的事项。");
    let table = table
        .whole(lines.iter().map(|line| {
            vec![
                Cell::day(line.duty.due),
                Cell::badge(state(line.state)),
                match path(&officer, line) {
                    Some(path) => Cell::link(&path, line.duty.kind.title()),
                    None => Cell::text(line.duty.kind.title()),
                },
                Cell::text(line.name.clone()),
                Cell::number(line.count),
                if line.days_late > 0 { Cell::number(line.days_late) } else { Cell::none() },
                Cell::text(line.duty.kind.source()),
                Cell::or_none(line.duty.done, Cell::day),
            ]
        }))
        .then(next);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states: Vec<(String, String)> =
        STATES.into_iter().map(|(key, one)| (key.to_owned(), state(one).0.to_owned())).collect();
    let kinds = all_words::all(DutyKind::title);
    let content = html! {
        (part::heading("公开与办理期限", &html! {
            @if officer.is(&PREPARERS) { a class="button" href="/console/disclosures/new" { "编制公开内容" } }
            @if officer.is(&READERS) { a class="button" href="/console/disclosures" { "已编制的内容" } }
            @if officer.is(&READERS) || officer.is(&[Role::Admin]) { a class="button" href="/console/duty-rules" { "期限规则" } }
        }))
        (table::filter(&asked, &html! {
            label {
                "状态"
                select name="state" {
                    option value="" { "未完成" }
                    @for (key, word) in &states { option value=(key) selected[asked.get("state") == Some(key)] { (word) } }
                }
            }
            (table::filter_choice(&asked, "kind", "事项", &kinds))
            @if let Some(campaign) = filter.campaign { input type="hidden" name="campaign" value=(campaign); }
        }))
        (table.show(&asked))
    };
    Ok(officer.page("公开与办理期限", &[("/console", "工作台")], &content).into_response())
}

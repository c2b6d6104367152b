//! The queues of applications: what waits for whoever looks, and all they may know of.

use app::loans::reviews::MaskedApplication;
use app::problem::Problem;
use domain::lending::LoanState;
use domain::role::Role;
use domain::{BusinessDate, LoanApplicationId, Timestamp};
use entity::loan_application;
use maud::html;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{self, Shelf};
use super::words;
use crate::page::PageError;
use crate::part::{self, Tone};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

/// The path of an application.
pub(super) fn path(id: LoanApplicationId) -> String {
    format!("/console/loan-applications/{id}")
}

/// The last day of whoever is at work on it, and how near it is.
pub(super) fn deadline(row: &loan_application::Model, today: BusinessDate) -> Option<(String, Tone)> {
    let due = row.due_on?;
    Some(match today.days_to(due) {
        ..0 => (format!("{due} 已超{}天", due.days_to(today)), Tone::Bad),
        0 => (format!("{due} 今天到期"), Tone::Waiting),
        left => (format!("{due} 还有{left}天"), Tone::Calm),
    })
}

fn waited(since: Timestamp, now: Timestamp) -> i64 {
    BusinessDate::of(since).days_to(BusinessDate::of(now)).max(0)
}

/// Applications: those that wait for whoever looks, or all.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&lending::READERS)?;
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer).await?;
    let decides = officer.is(&[Role::LeagueOfficer, Role::BankOfficer]);
    let all = !decides || asked.get("show") == Some("all");
    let wanted = shelf::wanted(&asked, &shelf)?;
    let (loans, by) = (&officer.app.loans, &officer.member);
    let rows = if all {
        loans.applications(&wanted, by, asked.after(), asked.limit()).await
    } else {
        loans.waiting_applications(&wanted, by, asked.after(), asked.limit()).await
    };
    let rows = rows.map_err(Problem::of_list)?;
    let (now, today) = (officer.app.business.now(), officer.app.business.today());
    let columns = [
        column("借款人"),
        column("产品"),
        column("状态"),
        column("办理单位"),
        numbers("金额"),
        numbers("期限（月）"),
        column("地区"),
        column("办理期限"),
        numbers("已等（天）"),
    ];
    let cells = |one: MaskedApplication| {
        let row = one.row;
        let name = one.name.unwrap_or_else(|| "（已清除）".to_owned());
        let (word, tone) = words::loan(row.state);
        let state = match shelf::unusual(row.kind) {
            Some(kind) => Cell::shown(
                html! { (part::badge((word, tone))) " " span class="faint" { (kind) } },
                format!("{word} {kind}"),
            ),
            None => Cell::badge((word, tone)),
        };
        let at = match row.state {
            LoanState::BankReview | LoanState::Approved => shelf.bank(row.bank_id),
            _ => row.office_path.as_ref().map(|path| shelf.unit(path)).unwrap_or_default(),
        };
        vec![
            Cell::link(&path(row.id), name),
            Cell::text(shelf.product(row.product_id)),
            state,
            Cell::text(at),
            Cell::yuan_of(row.approved_fen.unwrap_or(row.amount_fen), &path(row.id)),
            Cell::number(row.approved_term.unwrap_or(row.term)),
            Cell::text(shelf::place(&row.division)),
            Cell::or_none(deadline(&row, today), |(text, tone)| {
                let escalated = row.escalated_us.is_some();
                Cell::shown(
                    html! { (part::badge((&text, tone))) @if escalated { " " span class="faint" { "已上报" } } },
                    if escalated { format!("{text}，已上报") } else { text.clone() },
                )
            }),
            Cell::number(waited(row.changed_us, now)),
        ]
    };
    let nothing = if all { "没有这样的贷款申请。" } else { "没有等您办理的贷款申请。" };
    let table = Table::new("贷款申请", &columns, nothing).page(&asked, rows, |one| one.row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states: Vec<_> = [
        LoanState::Applied,
        LoanState::Recommended,
        LoanState::BankReview,
        LoanState::Approved,
        LoanState::Signed,
        LoanState::Draft,
        LoanState::Refused,
        LoanState::Withdrawn,
        LoanState::Expired,
    ]
    .into_iter()
    .map(|state| {
        let word = if state == LoanState::Draft { "退回补正" } else { state.chinese() };
        (all_words::key(state), word.to_owned())
    })
    .collect();
    let content = html! {
        (part::heading("贷款申请", &html! {}))
        @if decides {
            nav class="tabs" aria-label="贷款申请的范围" {
                a href="/console/loan-applications" aria-current=[(!all).then_some("page")] { "待我办理" }
                a href="/console/loan-applications?show=all" aria-current=[all.then_some("page")] { "全部" }
            }
        }
        (table::filter(&asked, &html! {
            @if asked.get("show").is_some() { input type="hidden" name="show" value="all"; }
            @if all { (table::filter_choice(&asked, "state", "状态", &states)) }
            (shelf.filters(&asked))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("贷款申请", &[("/console", "工作台")], &content).into_response())
}

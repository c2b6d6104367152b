//! What happened in the house: the audit trail, who looked at whose data, and the jobs.

use std::sync::Arc;

use app::problem::Problem;
use app::runs::{Outcome, Run, RunJob, Runs, Started};
use app::trail;
use domain::role::Role;
use entity::{audit_log, unmasking};
use maud::html;
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};

use super::people::{Names, staff_of};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column, numbers};
use crate::words;

/// Who may read the trail.
const AUDITORS: [Role; 2] = [Role::Admin, Role::Auditor];
/// Who may start a job.
const OPERATORS: [Role; 4] = [Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
/// Who may see them.
pub(super) const WATCHERS: [Role; 5] = [Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// The trail, newest first.
#[handler]
pub(super) async fn get_audit_trail(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&AUDITORS)?;
    let asked = Asked::of(request);
    let rows = trail::page_for(officer.app.db.read(), &officer.member, &AUDITORS, asked.after(), asked.limit()).await;
    let rows = rows.map_err(|error| PageError(Problem::internal(&error)))?;
    let names = Names::of(&officer, rows.iter().filter_map(|row| staff_of(&row.actor))).await?;
    let columns = [column("时间"), column("办理人"), column("事项"), column("对象"), column("来源"), column("内容")];
    let cells = |row: audit_log::Model| {
        vec![
            Cell::at(row.at_us),
            Cell::text(names.actor(&row.actor)),
            Cell::shown(html! { span class="code" { (row.action) } }, row.action.clone()),
            Cell::shown(html! { span class="code" { (row.object) } }, row.object.clone()),
            Cell::text(row.origin),
            Cell::shown(html! { span class="code" { (row.detail) } }, row.detail.clone()),
        ]
    };
    let table = Table::new("审计日志", &columns, "没有记录。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("审计日志", &nothing()))
        p class="faint" { "只增不改：谁在什么时候、从哪里、对什么做了什么。不含个人信息。" }
        (table.show(&asked))
    };
    Ok(officer.page("审计日志", &[("/console", "工作台")], &content).into_response())
}

/// Who saw whose data and why.
#[handler]
pub(super) async fn get_unmaskings(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let rows = officer.app.privacy.unmaskings(&officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names = Names::of(&officer, rows.iter().map(|row| row.staff_id)).await?;
    let columns = [column("时间"), column("查看人"), column("对象"), column("内容"), column("原因"), column("来源")];
    let cells = |row: unmasking::Model| {
        vec![
            Cell::at(row.at_us),
            Cell::text(names.name(row.staff_id)),
            Cell::text(row.object),
            Cell::text(row.fields),
            Cell::text(row.reason),
            Cell::text(row.origin),
        ]
    };
    let table =
        Table::new("个人信息查看记录", &columns, "没有人查看过。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! { (part::heading("个人信息查看记录", &nothing())) (table.show(&asked)) };
    Ok(officer.page("个人信息查看记录", &[("/console", "工作台")], &content).into_response())
}

fn outcome(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Running => ("运行中", Tone::Waiting),
        Outcome::Done => ("完成", Tone::Good),
        Outcome::Failed => ("有失败", Tone::Bad),
        Outcome::Lost => ("中断", Tone::Bad),
    }
}

/// The jobs: their last runs, and each to be run now.
#[handler]
pub(super) async fn get_jobs(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&WATCHERS)?;
    let asked = Asked::of(request);
    let job = asked.get("job");
    let runs = Runs::new(officer.app.db.clone(), officer.app.real.clone());
    let rows = runs.last(job, 200).await?;
    let names: std::collections::BTreeSet<String> = rows.iter().map(|run| run.job.clone()).collect();
    let columns = [
        column("任务"),
        column("开始"),
        column("结束"),
        column("结果"),
        numbers("完成"),
        numbers("失败"),
        column("说明"),
    ];
    let cells = |run: Run| {
        vec![
            Cell::link(&format!("/console/jobs?job={}", run.job), words::job(&run.job)),
            Cell::at(run.started),
            Cell::or_none(run.finished, Cell::at),
            Cell::badge(outcome(run.outcome)),
            Cell::number(run.done),
            Cell::number(run.failed),
            Cell::or_none(run.detail, Cell::text),
        ]
    };
    let table = Table::new("后台任务", &columns, "还没有运行记录。").whole(rows.into_iter().map(cells));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("后台任务", &nothing()))
        @if officer.is(&OPERATORS) {
            div class="steps" {
                @for name in &names {
                    @let title = format!("立即运行{}", words::job(name));
                    (Step { name: &title, will: "任务只处理到期的事项，重复运行不会重复办理。", to: &format!("/console/jobs/{name}/runs"), grave: false, fields: nothing() }.show(&officer, None))
                }
            }
        }
        @if job.is_some() { p { a href="/console/jobs" { "全部任务" } } }
        (table.show(&asked))
    };
    Ok(officer.page("后台任务", &[("/console", "工作台")], &content).into_response())
}

/// Runs a job now and waits for it.
#[handler]
pub(super) async fn post_run(
    officer: Officer,
    Path(name): Path<String>,
    run_job: Data<&RunJob>,
) -> Result<Response, PageError> {
    officer.must_be(&OPERATORS)?;
    let run_job: RunJob = Arc::clone(run_job.0);
    let said = match run_job(name.clone()).await {
        Started::NoSuchJob => return Err(Problem::not_found("no_such_job", "没有这个任务。").into()),
        Started::UnderWay => "该任务正在运行。".to_owned(),
        Started::Ended(report) => {
            format!("{}已运行：完成{}项，失败{}项。", words::job(&name), report.done, report.failed)
        }
        Started::Failed(error) => format!("{}运行失败：{error}", words::job(&name)),
    };
    Ok(officer.done(&said, "/console/jobs"))
}

//! What runs without a request: how each job stands, each to be run now, and a run while it goes on.

use std::collections::BTreeSet;

use app::problem::Problem;
use app::runs::{
    JobStanding, ListJobs, OPERATORS, Outcome, Run, RunLine, Runs, StartJob, Started, WATCHERS, operators,
};
use domain::{BusinessDate, JobRunId};
use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};

use super::people::Names;
use crate::finance;
use crate::page::{Html, PageError};
use crate::part::{self, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column, numbers};
use crate::words;

/// The runs of jobs.
pub(crate) fn runs(officer: &Officer) -> Runs {
    Runs::new(officer.app.db.clone(), officer.app.real.clone())
}

/// The path of a run.
pub(crate) fn path(id: JobRunId) -> String {
    format!("/console/jobs/runs/{id}")
}

/// How a run ended.
pub(crate) fn outcome(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Running => ("运行中", Tone::Waiting),
        Outcome::Done => ("完成", Tone::Good),
        Outcome::Failed => ("有失败", Tone::Bad),
        Outcome::Lost => ("中断", Tone::Bad),
    }
}

fn standing(job: &JobStanding) -> (&'static str, Tone) {
    match (job.failing, job.missing) {
        (true, _) => ("上次有失败", Tone::Bad),
        (false, true) => ("久未成功", Tone::Bad),
        (false, false) => ("正常", Tone::Good),
    }
}

/// How often, in words.
fn every(job: &JobStanding) -> String {
    let seconds = job.expected.every.as_secs();
    match seconds {
        0 => "随时".to_owned(),
        86_400.. => format!("每{}天", seconds / 86_400).replace("每1天", "每天"),
        3_600.. => format!("每{}小时", seconds / 3_600).replace("每1小", "每小"),
        60.. => format!("每{}分钟", seconds / 60).replace("每1分", "每分"),
        _ => format!("每{seconds}秒"),
    }
}

/// The jobs that failed or have not run, on the first page of whoever runs them; nothing while all is well.
pub(super) async fn troubled(officer: &Officer, list: &ListJobs) -> Result<Markup, PageError> {
    if !officer.is(&OPERATORS) {
        return Ok(nothing());
    }
    let troubled: Vec<_> = runs(officer).standing(list()).await?.into_iter().filter(JobStanding::is_troubled).collect();
    Ok(html! {
        @if !troubled.is_empty() {
            (part::block("后台任务异常", &html! {
                ul class="plainlist" { @for job in &troubled {
                    li { a href={ "/console/jobs?job=" (job.expected.name) } { (words::job(job.expected.name)) } " " (part::badge(standing(job)))
                        @if let Some(run) = &job.last { " 最近运行 " a href=(path(run.id)) { (part::at(run.started)) } } @else { " 尚未运行" } }
                } }
            }))
        }
    })
}

/// The button that begins a job, for whoever may.
fn start(officer: &Officer, name: &str) -> Markup {
    html! {
        @if officer.is(operators(name)) {
            (officer.form(&format!("/console/jobs/{name}/runs"), &html! {
                button type="submit" class="plain" { "立即运行" span class="unseen" { (words::job(name)) } }
            }))
        } @else { span class="faint" { "—" } }
    }
}

/// A job by itself: how it stands, and its runs, the last first.
async fn one_job(officer: &Officer, asked: &Asked, job: &JobStanding) -> Result<Response, PageError> {
    let name = job.expected.name;
    let rows = runs(officer).page(name, asked.after(), asked.limit()).await?;
    let names = Names::of(officer, rows.iter().filter_map(|run| run.asked_by)).await?;
    let columns = [
        column("开始"),
        column("结束"),
        column("结果"),
        numbers("完成"),
        numbers("失败"),
        column("由谁"),
        column("说明"),
    ];
    let cells = |run: Run| {
        vec![
            Cell::shown(html! { a href=(path(run.id)) { (part::at(run.started)) } }, run.started.wall()),
            Cell::or_none(run.finished, Cell::at),
            Cell::badge(outcome(run.outcome)),
            Cell::number(run.done),
            Cell::number(run.failed),
            Cell::text(run.asked_by.map_or_else(|| "定时".to_owned(), |id| names.name(id))),
            Cell::or_none(run.detail, Cell::text),
        ]
    };
    let table = Table::new(format!("{}的运行", words::job(name)), &columns, "还没有运行记录。");
    let table = table.page(asked, rows, |run| run.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let content = html! {
        (part::heading(words::job(name), &html! { (part::badge(standing(job))) (start(officer, name)) }))
        (part::facts(&[
            ("周期", html! { (every(job)) }),
            ("上次成功", html! { @if let Some(at) = job.last_success { (part::at(at)) } }),
            ("下次", html! { @if let Some(at) = job.expected.next { (part::at(at)) } }),
        ]))
        p class="faint" { "没有办理任何事项的运行只保留一小时，其余保留90天。" }
        (table.show(asked))
    };
    Ok(officer.page(words::job(name), &[("/console/jobs", "后台任务")], &content).into_response())
}

/// The jobs, one a row, with how each stands and its last run; or one of them.
#[handler]
pub(super) async fn get_jobs(
    officer: Officer,
    request: &Request,
    list: Data<&ListJobs>,
) -> Result<Response, PageError> {
    officer.must_be(&WATCHERS)?;
    let asked = Asked::of(request);
    let all = runs(&officer).standing((list.0)()).await?;
    if let Some(name) = asked.get("job") {
        let job = all.iter().find(|job| job.expected.name == name);
        return one_job(&officer, &asked, job.ok_or_else(no_such_job)?).await;
    }
    let columns = [
        column("任务"),
        column("状态"),
        column("周期"),
        column("最近运行"),
        column("上次成功"),
        column("下次"),
        column("办理"),
    ];
    let jobs = Table::new("后台任务", &columns, "没有任务。").whole(all.iter().map(|job| {
        let name = job.expected.name;
        let last = |run: &Run| {
            let shown =
                html! { a href=(path(run.id)) { (part::at(run.started)) } " " (part::badge(outcome(run.outcome))) };
            Cell::shown(shown, format!("{} {}", run.started.wall(), outcome(run.outcome).0))
        };
        vec![
            Cell::link(&format!("/console/jobs?job={name}"), words::job(name)),
            Cell::badge(standing(job)),
            Cell::text(every(job)),
            Cell::or_none(job.last.as_ref(), last),
            Cell::or_none(job.last_success, Cell::at),
            Cell::or_none(job.expected.next, Cell::at),
            Cell::shown(start(&officer, name), ""),
        ]
    }));
    if let Some(kind) = asked.file() {
        return Ok(jobs.file(kind, &asked));
    }
    let content = html! {
        (part::heading("后台任务", &nothing()))
        p class="faint" { "任务只处理到期的事项，重复运行不会重复办理。点任务名看它的各次运行。" }
        (jobs.show(&asked))
    };
    Ok(officer.page("后台任务", &[("/console", "工作台")], &content).into_response())
}

fn no_such_job() -> Problem {
    Problem::not_found("no_such_job", "没有这个任务。")
}

/// Begins a job now, and shows how it goes on.
#[handler]
pub(super) async fn post_run(
    officer: Officer,
    Path(name): Path<String>,
    start: Data<&StartJob>,
) -> Result<Response, PageError> {
    officer.must_be(operators(&name))?;
    let begun = (start.0)(name.clone(), officer.id()).await;
    Ok(match begun {
        Ok(run) => officer.done("任务已开始。", &path(run)),
        Err(Started::NoSuchJob) => return Err(no_such_job().into()),
        Err(Started::UnderWay) => officer.done("该任务正在运行。", &format!("/console/jobs?job={name}")),
        Err(Started::Ended(_)) => officer.done("任务已运行。", "/console/jobs"),
        Err(Started::Failed(error)) => {
            officer.done(&format!("{}运行失败：{error}", words::job(&name)), "/console/jobs")
        }
    })
}

/// The job that reconciles days: what it tells of a day begins with it.
const RECONCILE: &str = "reconcile";

/// The days a run told of, oldest first.
fn days(lines: &[RunLine]) -> Vec<BusinessDate> {
    let day = |line: &RunLine| line.words.split_once('：')?.0.parse().ok();
    lines.iter().filter_map(day).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The code of the book whose days a run reconciled, for whoever reads it.
async fn reconciled(officer: &Officer, run: &Run) -> Result<Option<String>, PageError> {
    if run.job != RECONCILE || !officer.is(&app::books::READERS) {
        return Ok(None);
    }
    let Some(book) = officer.app.reconciliation.book_of_channel().await? else { return Ok(None) };
    let readable = officer.app.books.readable(&officer.member).await?;
    Ok(readable.into_iter().find(|one| one.id == book).map(|one| one.code))
}

/// What a run has done so far. While it goes on the browser asks again each second; without a script one loads the page anew.
fn progress(run: &Run, lines: &[RunLine], names: &Names, book: Option<&str>) -> Markup {
    let days = if book.is_some() { days(lines) } else { Vec::new() };
    let report = |day: BusinessDate| finance::report_of(book.unwrap_or_default(), day);
    let running = run.outcome == Outcome::Running;
    let to = path(run.id);
    html! {
        div id="progress" role="status" hx-get=[running.then_some(to.as_str())] hx-trigger=[running.then_some("every 1s")] hx-swap="outerHTML" {
            (part::block("进度", &html! {
                (part::facts(&[
                    ("状态", part::badge(outcome(run.outcome))),
                    ("已完成", html! { (run.done) "项" }),
                    ("失败", html! { (run.failed) "项" }),
                    ("开始", part::at(run.started)),
                    ("结束", html! { @if let Some(at) = run.finished { (part::at(at)) } }),
                    ("由谁", html! { @match run.asked_by { Some(id) => (names.name(id)), None => "定时" } }),
                    ("说明", html! { (run.detail.as_deref().unwrap_or_default()) }),
                ]))
                @if running { p class="faint" { "正在运行，本页自动更新。" } }
                @if !days.is_empty() {
                    p { "对账报告：" @for (at, day) in days.iter().enumerate() { @if at > 0 { "、" } a href=(report(*day)) { (day) } } }
                }
            }))
            @if !lines.is_empty() {
                (part::block("经过", &html! {
                    ol class="history" {
                        @for line in lines { li { (part::at(line.at)) " " @if line.failed { (part::badge(("失败", Tone::Bad))) " " }(line.words) } }
                    }
                }))
            }
        }
    }
}

/// A run: how far it is, what it did, and what it told.
#[handler]
pub(super) async fn get_run(
    officer: Officer,
    Path(id): Path<JobRunId>,
    request: &Request,
) -> Result<Response, PageError> {
    officer.must_be(&WATCHERS)?;
    let found = runs(&officer).run(id).await?;
    let (run, lines) = found.ok_or_else(|| Problem::not_found("no_such_run", "没有这次运行的记录。"))?;
    let names = Names::of(&officer, run.asked_by).await?;
    let book = reconciled(&officer, &run).await?;
    let shown = progress(&run, &lines, &names, book.as_deref());
    if part::is_piece(request) {
        return Ok(Html::part(shown).into_response());
    }
    let title = words::job(&run.job).to_owned();
    let content = html! { h1 { (title) } (shown) };
    Ok(officer.page(&title, &[("/console/jobs", "后台任务")], &content).into_response())
}

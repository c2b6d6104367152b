//! The books computed again: asked for here, watched while it goes on, and what the last ones found.

use app::problem::Problem;
use app::runs::{AUDIT, Outcome, Run, StartJob, Started, WATCHERS};
use maud::html;
use poem::web::Data;
use poem::{IntoResponse, Request, Response, handler};

use crate::console::job;
use crate::console::people::Names;
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column, numbers};

const PAGE: &str = "/console/audit";
/// How many audits are shown; the runs themselves are kept for ninety days.
const SHOWN: u64 = 30;

/// What an audit found, in a word.
fn found(run: &Run) -> (String, Tone) {
    match run.outcome {
        Outcome::Done => ("全部一致".to_owned(), Tone::Good),
        Outcome::Failed if run.failed > 0 => (format!("{}项不一致", run.failed), Tone::Bad),
        Outcome::Failed | Outcome::Running | Outcome::Lost => {
            let (word, tone) = job::outcome(run.outcome);
            (word.to_owned(), tone)
        }
    }
}

/// The last audits.
#[handler]
pub(super) async fn get_audits(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&WATCHERS)?;
    let asked = Asked::of(request);
    let rows = job::runs(&officer).last(Some(AUDIT), SHOWN).await?;
    let names = Names::of(&officer, rows.iter().filter_map(|run| run.asked_by)).await?;
    let columns = [
        column("开始"),
        column("结束"),
        column("结果"),
        numbers("一致"),
        numbers("不一致"),
        column("由谁"),
        column("说明"),
    ];
    let cells = |run: &Run| {
        let (word, tone) = found(run);
        vec![
            Cell::shown(html! { a href=(job::path(run.id)) { (part::at(run.started)) } }, run.started.wall()),
            Cell::or_none(run.finished, Cell::at),
            Cell::badge((&word, tone)),
            Cell::number(run.done),
            Cell::number(run.failed),
            Cell::text(run.asked_by.map_or_else(|| "定时".to_owned(), |id| names.name(id))),
            Cell::or_none(run.detail.clone(), Cell::text),
        ]
    };
    let table = Table::new("账簿核验", &columns, "还没有核验过。").whole(rows.iter().map(cells));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let last = rows.iter().find(|run| run.outcome != Outcome::Running).map(found);
    let content = html! {
        (part::heading("账簿核验", &html! { @if let Some((word, tone)) = &last { "最近一次 " (part::badge((word, *tone))) } }))
        div class="steps" {
            (Step { name: "立即核验", will: "将从分录重新计算每个余额、项目资金、公开募得款、封存指纹和贷款，与账上逐项比较；只读不改，可随时运行。", to: PAGE, grave: false, fields: nothing() }.show(&officer, None))
        }
        (table.show(&asked))
        p class="faint" { "每周日自动核验一次。要在别处独立核验，可下载审计包或用命令行 sangzi audit。" }
    };
    Ok(officer.page("账簿核验", &[("/console", "工作台")], &content).into_response())
}

/// Begins one, and shows how it goes on.
#[handler]
pub(super) async fn post_audit(officer: Officer, start: Data<&StartJob>) -> Result<Response, PageError> {
    officer.must_be(&WATCHERS)?;
    Ok(match (start.0)(AUDIT.to_owned(), officer.id()).await {
        Ok(run) => officer.done("核验已开始。", &job::path(run)),
        Err(Started::UnderWay) => officer.done("核验正在进行。", PAGE),
        Err(Started::Ended(_)) => officer.done("核验已完成。", PAGE),
        Err(Started::Failed(error)) => officer.done(&format!("核验没有完成：{error}"), PAGE),
        Err(Started::NoSuchJob) => return Err(Problem::not_found("no_such_job", "没有这个任务。").into()),
    })
}

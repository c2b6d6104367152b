//! Every day against its bills: a month at a glance, the report of a day, and a run by hand.

use app::breaks::BreakSearch;
use app::closing::Period;
use app::problem::Problem;
use app::reconciliation::{BufferLine, DayReport, Files, Proof, ReconcileError, Side, Sides};
use domain::role::Role;
use domain::{BusinessDate, Money};
use entity::discrepancy;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{Shelf, asked_period, period_fields};
use super::{breaks, words};
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::{self, PageError};
use crate::part::{self, Step, Tone};
use crate::session::{Officer, encoded, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};

/// Who may start a run by hand, or bring files.
const RUNNERS: [Role; 3] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
/// More days than a month has.
const DAYS: u64 = 40;
/// How many breaks of a day are listed.
const BREAKS: u64 = 200;

fn path(code: &str, day: BusinessDate) -> String {
    format!("/console/reconciliation/{}/{day}", encoded(code))
}

/// What a day of the calendar says.
struct DayMark {
    day: BusinessDate,
    /// Nothing before the books begin, and of what is not over yet.
    word: Option<(String, Tone)>,
    sealed: bool,
}

fn marks(
    period: Period,
    reports: &[DayReport],
    first: Option<BusinessDate>,
    sealed: Option<BusinessDate>,
    today: BusinessDate,
) -> Vec<DayMark> {
    let mut marks = Vec::with_capacity(31);
    let mut day = period.first;
    while day <= period.last {
        let word = match reports.iter().find(|report| report.date == day) {
            Some(report) if report.state == "with_breaks" => Some((format!("差错{}", report.breaks.len()), Tone::Bad)),
            Some(report) => {
                let (word, tone) = words::day_state(&report.state);
                Some((word.to_owned(), tone))
            }
            None if first.is_some_and(|first| first <= day) && day < today => Some(("未对账".to_owned(), Tone::Bad)),
            None => None,
        };
        marks.push(DayMark { day, word, sealed: sealed.is_some_and(|sealed| day <= sealed) });
        day = day.next();
    }
    marks
}

/// The month as weeks; what a day says is in words, the colour says it again.
fn calendar(code: &str, marks: &[DayMark], title: &str) -> Markup {
    // Monday is the first day: how many fields are empty before the first of the month.
    let empty = marks.first().map_or(0, |mark| {
        // 2024-01-01 was a Monday.
        let monday = BusinessDate::new(2024, 1, 1).map_or(0, |monday| monday.days_to(mark.day));
        usize::try_from(monday.rem_euclid(7)).unwrap_or_default()
    });
    let mut fields: Vec<Option<&DayMark>> = vec![None; empty];
    fields.extend(marks.iter().map(Some));
    html! {
        table class="calendar" {
            caption class="unseen" { (title) }
            thead { tr { @for day in ["一", "二", "三", "四", "五", "六", "日"] { th scope="col" { (day) } } } }
            tbody {
                @for week in fields.chunks(7) {
                    tr {
                        @for field in week {
                            td {
                                @if let Some(mark) = field {
                                    a href=(path(code, mark.day)) {
                                        span class="date" { (mark.day.day()) }
                                        @if let Some((word, tone)) = &mark.word { (part::badge((word.as_str(), *tone))) }
                                        @if mark.sealed { span class="faint" { "已封存" } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A month of days with their states.
#[handler]
pub(super) async fn get_calendar(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let today = officer.app.business.today();
    let (year, month, _) = asked_period(&asked, today)?;
    let month = month.unwrap_or(1);
    let none = || Problem::not_found("no_such_period", "没有这个会计期间。");
    let period = Period::month(year, month).ok_or_else(none)?;
    let closed = officer.app.closing.closed(shelf.book.id, &officer.member).await?;
    let mut reports = officer.app.reconciliation.reports(shelf.book.id, Some(period.last.next()), DAYS).await?;
    reports.retain(|report| report.date >= period.first);
    let first = closed.booked.map(|(first, _)| first);
    let marks = marks(period, &reports, first, closed.sealed.as_ref().map(|seal| seal.day), today);
    let columns = [
        column("日期"),
        column("状态"),
        numbers("相符"),
        numbers("自动补记"),
        numbers("缓冲"),
        numbers("差错"),
        numbers("1009 差额"),
    ];
    let title = format!("{}{year}年{month}月对账", shelf.book.name);
    let table = Table::new(title.clone(), &columns, "这个月还没有对账。");
    let table = table.whole(reports.iter().rev().map(|report| {
        let count = |number: u64| Cell::number(i64::try_from(number).unwrap_or(i64::MAX));
        vec![
            Cell::link(&path(&shelf.book.code, report.date), report.date.to_string()),
            Cell::badge(words::day_state(&report.state)),
            count(report.matched),
            count(report.healed),
            count(report.waiting),
            count(report.breaks.len() as u64),
            Cell::yuan(report.proof.unexplained),
        ]
    }));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let missing = marks.iter().filter(|mark| mark.word.as_ref().is_some_and(|(word, _)| word == "未对账")).count();
    let open: usize = reports.iter().map(|report| report.breaks.len()).sum();
    let turn = |by: BusinessDate| {
        let (year, month) = (by.year().to_string(), by.month().to_string());
        asked.with(&[("year", &year), ("month", &month)])
    };
    let content = html! {
        (part::heading(&format!("每日对账 {year}年{month}月"), &html! {
            span class="faint" { (shelf.book.name) }
            a class="button" href=(turn(period.first.previous())) { "上个月" }
            @if period.last < today { a class="button" href=(turn(period.last.next())) { "下个月" } }
            a class="button" href={ "/console/reconciliation/rule?" (shelf.query()) } { "对账规则" }
        }))
        (table::filter(&asked, &html! { (shelf.choice(&asked)) (period_fields(year, Some(month), today, first)) }))
        @if missing > 0 { p class="alert" { "这个月有" (missing) "天没有对账。点开日期，可以立即对账或上传账单。" } }
        @if open > 0 { p class="note" { "这个月有" (open) "笔差错。 " a href="/console/breaks" { "去处理" } } }
        (part::block("日历", &calendar(&shelf.book.code, &marks, &title)))
        (part::block("各日结果", &table.show(&asked)))
    };
    Ok(officer.page("每日对账", &[("/console", "工作台")], &content).into_response())
}

fn side(name: &'static str, side: Option<Side>) -> Vec<Cell> {
    match side {
        Some(side) => {
            vec![Cell::text(name), Cell::number(i64::try_from(side.count).unwrap_or(i64::MAX)), Cell::yuan(side.sum)]
        }
        None => vec![Cell::text(name), Cell::text("未取得"), Cell::none()],
    }
}

fn sides(sides: &Sides) -> Markup {
    let rows = [
        side("账本 收款", Some(sides.booked_payments)),
        side("交易账单 收款", sides.trade_payments),
        side("账本 退款", Some(sides.booked_refunds)),
        side("交易账单 退款", sides.trade_refunds),
        side("资金账单 收入", sides.flow_in),
        side("资金账单 支出", sides.flow_out),
        side("银行对账单 收入", sides.bank_in),
        side("银行对账单 支出", sides.bank_out),
    ];
    let columns = [column("来源"), numbers("笔数"), numbers("金额")];
    Table::new("四方合计", &columns, "").whole(rows).plain()
}

fn proof(proof: &Proof) -> Markup {
    let mut rows = vec![
        vec![Cell::text("账本 1009 微信余额"), Cell::none(), Cell::yuan(proof.ledger)],
        vec![Cell::text("加：日初微信多出的金额"), Cell::none(), Cell::yuan(proof.carried)],
    ];
    for item in &proof.items {
        let lead = format!("/console/entries?q={}", encoded(&item.key));
        let key = if item.key.is_empty() { Cell::none() } else { Cell::link(&lead, item.key.clone()) };
        rows.push(vec![Cell::text(format!("加：{}", item.what)), key, Cell::yuan(item.amount)]);
    }
    rows.push(vec![Cell::text("加：无法解释的差额"), Cell::none(), Cell::yuan(proof.unexplained)]);
    let channel = proof.channel.map_or_else(|| Cell::text("当日无流水"), Cell::yuan);
    rows.push(vec![Cell::text("等于：资金账单期末余额"), Cell::none(), channel]);
    rows.push(vec![Cell::text("另：1009 微信在途"), Cell::none(), Cell::yuan(proof.in_transit)]);
    let columns = [column("项目"), column("号码"), numbers("金额")];
    html! {
        (Table::new("1009 证明", &columns, "").whole(rows).plain())
        @if proof.channel.is_some() {
            @if proof.unexplained == Money::ZERO { p { (part::badge(("分毫不差", Tone::Good))) " 微信余额与账本的差额都有来由。" } }
            @else { p class="alert" { "有 " (part::yuan(proof.unexplained)) " 元无法解释，请检查资金账单。" } }
        }
    }
}

/// What waits for its other side (缓冲), and until when.
fn buffer(lines: &[BufferLine]) -> Markup {
    let columns = [
        column("所在"),
        column("单号"),
        numbers("金额"),
        numbers("已等天数"),
        column("最迟等到"),
        column("等不到则为"),
    ];
    let rows = lines.iter().map(|line| {
        vec![
            Cell::text(words::waiting_side(&line.side)),
            Cell::text(line.key.clone()),
            Cell::yuan(line.amount),
            Cell::number(i64::try_from(line.age_days).unwrap_or(i64::MAX)),
            Cell::day(line.until),
            Cell::text(words::class(&line.class)),
        ]
    });
    Table::new("缓冲", &columns, "没有等待对方的流水。").whole(rows).plain()
}

fn open_breaks(rows: &[discrepancy::Model], officer: &Officer) -> Markup {
    let now = officer.app.business.now();
    let columns = [
        column("类别"),
        column("对象"),
        numbers("金额"),
        numbers("账上"),
        column("办理"),
        numbers("天数"),
        column("建议"),
    ];
    let rows = rows.iter().map(|row| {
        vec![
            Cell::link(&breaks::path(row.id), words::class(&row.class)),
            Cell::text(row.item.clone()),
            Cell::yuan_of(row.amount_fen, &breaks::path(row.id)),
            Cell::or_none(row.expected_fen, Cell::yuan),
            Cell::text(words::desk(&row.owner)),
            Cell::number(breaks::age_days(row, now)),
            Cell::text(row.proposal.clone()),
        ]
    });
    Table::new("待处理的差错", &columns, "没有待处理的差错。").whole(rows).plain()
}

async fn show(
    officer: &Officer,
    (code, day): (&str, BusinessDate),
    word: &str,
    typed: &Typed,
) -> Result<Response, PageError> {
    let shelf = Shelf::named(officer, Some(code)).await?;
    let report = officer.app.reconciliation.report(shelf.book.id, day).await?;
    let wanted = BreakSearch {
        state: Some("open".to_owned()),
        book: Some(shelf.book.id),
        day: Some(day),
        ..BreakSearch::default()
    };
    let open = officer.app.breaks.worklist((&officer.member, &app::books::READERS), &wanted, None, BREAKS).await?;
    let closed = officer.app.closing.closed(shelf.book.id, &officer.member).await?;
    let sealed = closed.sealed.as_ref().is_some_and(|seal| day <= seal.day);
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let files = refused("files").unwrap_or(&fresh);
    let over = day < officer.app.business.today();
    let content = html! {
        (part::heading(&format!("对账 {day}"), &html! {
            @match &report { Some(report) => (part::badge(words::day_state(&report.state))), None => (part::badge(("未对账", Tone::Bad))) }
            @if sealed { (part::badge(("已封存", Tone::Calm))) }
            @if report.is_some() { a class="button" href={ (path(code, day)) "/report" } { "下载报告" } }
            a class="button" href=(path(code, day.previous())) { "前一天" }
            a class="button" href=(path(code, day.next())) { "后一天" }
        }))
        @if !over { p class="note" { "这一天还没有结束，账单要到次日10时以后才能取得。" } }
        @if officer.is(&RUNNERS) && over {
            div class="steps" {
                (Step { name: "立即对账", will: "将向微信支付取当日的交易账单和资金账单，与账本逐笔核对：没有通知到的付款按账单补记，手续费入账，其余差异列为差错。可以反复进行，结果相同。需要几秒到几十秒。",
                    to: &format!("{}/run", path(code, day)), grave: false, fields: nothing() }.show(officer, refused("run")))
                details class="step" open[refused("files").is_some()] {
                    summary { "上传账单" }
                    (officer.form_with_files(&format!("{}/files", path(code, day)), &html! {
                        (part::alert(files))
                        p class="will" { "上传当日的文件，再与账本核对。文件须完整、属于本商户和当日，否则整体拒收，账簿不变。再次上传更正的文件会取代前一份。" }
                        (Field::file(files, "trade", "交易账单（CSV）"))
                        (Field::file(files, "fund_flow", "资金账单（CSV）"))
                        (Field::file(files, "bank", "银行对账单（CSV）").hint("列：date,reference,amount,counterparty,remark"))
                        div class="go" { button type="submit" class="primary" { "上传并对账" } }
                    }))
                }
            }
        }
        @match &report {
            None => (part::nothing_here("这一天还没有对账报告。")),
            Some(report) => {
                (part::block("结果", &part::facts(&[
                    ("相符", html! { (report.matched) " 笔" }),
                    ("自动补记", html! { (report.healed) " 笔" }),
                    ("缓冲（等别日账单）", html! { (report.waiting) " 笔" }),
                    ("待处理差错", html! { (open.len()) " 笔" }),
                    ("对账时间", part::at(report.ran_at)),
                ])))
            }
        }
        (part::block("待处理的差错", &html! {
            (open_breaks(&open, officer))
            p { a href={ "/console/breaks?state=&day=" (day) } { "这一天的全部差错（含已处理）" } }
        }))
        @if let Some(report) = &report {
            @if !report.buffer.is_empty() { (part::block("缓冲：等待别日的账单", &buffer(&report.buffer))) }
            div class="pair" {
                (part::block("四方合计", &sides(&report.sides)))
                (part::block("1009 微信余额的证明", &proof(&report.proof)))
            }
        }
    };
    let calendar = format!("/console/reconciliation?{}&year={}&month={}", shelf.query(), day.year(), day.month());
    Ok(officer.shown(&format!("对账 {day}"), &[(calendar.as_str(), "每日对账")], &content, typed))
}

/// The report of a day.
#[handler]
pub(super) async fn get_day(
    officer: Officer,
    Path((code, day)): Path<(String, BusinessDate)>,
) -> Result<Response, PageError> {
    show(&officer, (&code, day), "", &Typed::default()).await
}

/// The report of a day as a workbook.
#[handler]
pub(super) async fn get_sheet(
    officer: Officer,
    Path((code, day)): Path<(String, BusinessDate)>,
) -> Result<Response, PageError> {
    let shelf = Shelf::named(&officer, Some(&code)).await?;
    let none = || Problem::not_found("not_reconciled", "当日尚未对账。");
    let (name, content) = officer.app.reconciliation.sheet(shelf.book.id, day).await?.ok_or_else(none)?;
    Ok(page::file(&name, page::XLSX, content))
}

/// Why a day was not reconciled, with what is wrong with a file.
fn refusal(error: ReconcileError) -> Problem {
    match error {
        ReconcileError::Refused { file, why } => {
            Problem::unprocessable("bill_refused", "").saying(format!("{file}被拒收：{why}。账簿没有变动。"))
        }
        other => other.into(),
    }
}

/// A run by hand: with the channel's bills, or with files.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((code, day, word)): Path<(String, BusinessDate, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let shelf = Shelf::named(&officer, Some(&code)).await?;
    let ran: Result<DayReport, Problem> = async {
        officer.member.must_be(&RUNNERS)?;
        let reconciliation = &officer.app.reconciliation;
        reconciliation.shown(shelf.book.id, &officer.member, &RUNNERS).await?;
        let actor = officer.id().to_string();
        match word.as_str() {
            "run" => reconciliation.fetch(Some(shelf.book.id), day, &actor).await.map_err(refusal),
            "files" => {
                let file = |name: &str| form.upload(name).map(|upload| upload.content.clone());
                let files = Files { trade: file("trade"), fund_flow: file("fund_flow"), bank: file("bank") };
                if files.trade.is_none() && files.fund_flow.is_none() && files.bank.is_none() {
                    return Err(Problem::field("trade", "请至少选择一个文件"));
                }
                reconciliation.run(Some(shelf.book.id), day, &files, &actor).await.map_err(refusal)
            }
            _ => Err(Problem::not_found("no_such_address", "没有这个页面。")),
        }
    }
    .await;
    match ran {
        Ok(report) => {
            let (state, _) = words::day_state(&report.state);
            let said = format!(
                "对账完成：{state}。相符{}笔，自动补记{}笔，差错{}笔。",
                report.matched,
                report.healed,
                report.breaks.len()
            );
            Ok(officer.done(&said, &path(&code, day)))
        }
        Err(refused) => show(&officer, (&code, day), &word, &Typed::refused(&form, refused)).await,
    }
}

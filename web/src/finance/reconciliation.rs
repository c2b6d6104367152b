//! Every day against its bills: a month at a glance, the report of a day, and a run by hand.

use std::collections::BTreeMap;

use app::breaks::BreakSearch;
use app::closing::Period;
use app::problem::Problem;
use app::reconciliation::{BufferLine, DayReport, Files, Proof, ProofItem, Side, Sides};
use app::runs::{StartDay, Started};
use domain::role::Role;
use domain::{BookId, BusinessDate, JobRunId, Money, TransferId};
use entity::discrepancy;
use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{Shelf, asked_period, month_fields};
use super::{breaks, transfer, words};
use crate::console::job;
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
/// How many items of a difference are named in its sentence.
const NAMED: usize = 3;

pub(super) fn path(code: &str, day: BusinessDate) -> String {
    format!("/console/reconciliation/{}/{day}", encoded(code))
}

/// What a day of the calendar says.
struct DayMark {
    day: BusinessDate,
    /// Nothing before the books begin, and of what is not over yet.
    word: Option<(String, Tone)>,
    /// Not reconciled, and the channel has no bill of it any more.
    gone: bool,
    sealed: bool,
}

/// What the books and the channel differed by, by who had more; nothing if they did not.
fn carried(amount: Money) -> Option<(&'static str, Money)> {
    let more = if amount.is_negative() { "账面多" } else { "微信多" };
    (amount != Money::ZERO).then(|| (more, Money::from_fen(amount.fen().abs())))
}

/// The state of a day: what its run found and people have settled since is said so.
fn state(report: &DayReport, open: i64) -> (&str, Tone) {
    if report.state == "with_breaks" && !report.breaks.is_empty() && open == 0 {
        return ("差错已处理", Tone::Good);
    }
    words::day_state(&report.state)
}

fn marks(
    period: Period,
    (reports, open): (&[DayReport], &BTreeMap<BusinessDate, i64>),
    first: Option<BusinessDate>,
    sealed: Option<BusinessDate>,
    (today, is_gone): (BusinessDate, impl Fn(BusinessDate) -> bool),
) -> Vec<DayMark> {
    let mut marks = Vec::with_capacity(31);
    let mut day = period.first;
    while day <= period.last {
        let mut gone = false;
        let word = match reports.iter().find(|report| report.date == day) {
            Some(report) if report.state == "with_breaks" && report.breaks.is_empty() => {
                Some(("有差额".to_owned(), Tone::Bad))
            }
            Some(report) => match open.get(&day) {
                Some(open) if report.state == "with_breaks" => Some((format!("差错{open}"), Tone::Bad)),
                open => {
                    let (word, tone) = state(report, open.copied().unwrap_or_default());
                    Some((word.to_owned(), tone))
                }
            },
            None if first.is_some_and(|first| first <= day) && day < today => {
                gone = is_gone(day);
                Some((if gone { "未对账，须上传账单" } else { "未对账" }.to_owned(), Tone::Bad))
            }
            None => None,
        };
        marks.push(DayMark { day, word, gone, sealed: sealed.is_some_and(|sealed| day <= sealed) });
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
    // A year alone is none of the months of the calendar: the newest there is.
    let month = month.unwrap_or(if year == today.year() { today.month() } else { 12 });
    let none = || Problem::not_found("no_such_period", "没有这个会计期间。");
    let period = Period::month(year, month).ok_or_else(none)?;
    let closed = officer.app.closing.closed(shelf.book.id, &officer.member).await?;
    let mut reports = officer.app.reconciliation.reports(shelf.book.id, Some(period.last.next()), DAYS).await?;
    reports.retain(|report| report.date >= period.first);
    let first = closed.booked.map(|(first, _)| first);
    let is_gone = |day| officer.app.reconciliation.is_gone(day);
    let (whose, whole) = (&officer.member, (period.first, period.last));
    let open = officer.app.breaks.open_by_day(shelf.book.id, whole, whose, &app::books::READERS).await?;
    let marks = marks(period, (&reports, &open), first, closed.sealed.as_ref().map(|seal| seal.day), (today, is_gone));
    let columns = [
        column("日期"),
        column("状态"),
        numbers("相符"),
        numbers("自动补记"),
        numbers("缓冲"),
        numbers("差错"),
        column("日初差额"),
        numbers("当日无法解释"),
    ];
    let title = format!("{}{year}年{month}月对账", shelf.book.name);
    let table = Table::new(title.clone(), &columns, "这个月还没有对账。");
    let table = table.whole(reports.iter().rev().map(|report| {
        let count = |number: u64| Cell::number(i64::try_from(number).unwrap_or(i64::MAX));
        vec![
            Cell::link(&path(&shelf.book.code, report.date), report.date.to_string()),
            Cell::badge(state(report, open.get(&report.date).copied().unwrap_or_default())),
            count(report.matched),
            count(report.healed),
            count(report.waiting),
            count(report.breaks.len() as u64),
            Cell::or_none(carried(report.proof.carried), |(more, amount)| {
                Cell::text(format!("{more} {}", part::grouped(amount)))
            }),
            Cell::yuan_of(report.proof.unexplained, &path(&shelf.book.code, report.date)),
        ]
    }));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let missing =
        marks.iter().filter(|mark| mark.word.as_ref().is_some_and(|(word, _)| word.starts_with("未对账"))).count();
    let gone = marks.iter().filter(|mark| mark.gone).count();
    let open: i64 = open.values().sum();
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
        (table::filter(&asked, &html! { (shelf.choice()) (month_fields(year, month, today, first)) }))
        @if missing > 0 { p class="alert" { "这个月有" (missing) "天没有对账。点开日期，可以立即对账或上传账单。"
            @if gone > 0 { "其中" (gone) "天已超过微信支付保留账单的三个月，只能上传账单文件。" }
        } }
        @if open > 0 { p class="note" { "这个月有" (open) "笔差错待处理。 " a href="/console/breaks" { "去处理" } } }
        (part::block("日历", &calendar(&shelf.book.code, &marks, &title)))
        (part::block("各日结果", &table.show(&asked)))
    };
    Ok(officer.page("每日对账", &[("/console", "工作台")], &content).into_response())
}

fn side(name: &'static str, side: Option<Side>, lead: Option<&str>) -> Vec<Cell> {
    match side {
        Some(side) => {
            let sum = lead.map_or_else(|| Cell::yuan(side.sum), |lead| Cell::yuan_of(side.sum, lead));
            vec![Cell::text(name), Cell::number(i64::try_from(side.count).unwrap_or(i64::MAX)), sum]
        }
        None => vec![Cell::text(name), Cell::text("未取得"), Cell::none()],
    }
}

fn sides(sides: &Sides, books: &str) -> Markup {
    let rows = [
        side("账本 收款", Some(sides.booked_payments), Some(books)),
        side("交易账单 收款", sides.trade_payments, None),
        side("账本 退款", Some(sides.booked_refunds), Some(books)),
        side("交易账单 退款", sides.trade_refunds, None),
        side("资金账单 收入", sides.flow_in, None),
        side("资金账单 支出", sides.flow_out, None),
        side("银行对账单 收入", sides.bank_in, None),
        side("银行对账单 支出", sides.bank_out, None),
    ];
    let columns = [column("来源"), numbers("笔数"), numbers("金额")];
    Table::new("四方合计", &columns, "").whole(rows).plain()
}

/// Where the difference with which a day began comes from, by the first day that was ever reconciled.
fn carried_from(proof: &Proof, first: Option<&DayReport>) -> String {
    let older = first.and_then(|first| Some((first.date, carried(first.proof.carried)?)));
    match (older, first) {
        (Some((day, (more, amount))), Some(first)) if first.proof.carried == proof.carried => format!(
            "这{}元（{more}）是第一个对账日{day}以前留下的：那些日子没有与微信账单核对，其间的手续费等没有入账。",
            part::grouped(amount)
        ),
        (Some((day, (more, amount))), _) => format!(
            "其中{}元（{more}）是第一个对账日{day}以前留下的：那些日子没有与微信账单核对，其间的手续费等没有入账；其余来自此后各日未处理的差错和跨日的流水。",
            part::grouped(amount)
        ),
        (None, _) => {
            let since = |item: &ProofItem| item.since.map_or(String::new(), |day| format!("，{day}起"));
            let named = proof.carried_items.iter().take(NAMED);
            let named: Vec<String> =
                named.map(|item| format!("{}{}元{}", item.what, part::grouped(item.amount), since(item))).collect();
            let more = if proof.carried_items.len() > NAMED { "等" } else { "" };
            format!(
                "来自：{}{more}。这是两边记账日期不同，或差错尚未处理：微信那边先动了、账上后登记，或者相反；另一边补上以后自行消去。",
                named.join("；")
            )
        }
    }
}

/// Whether the movements of the day agree, and what is left from before.
fn verdict(proof: &Proof, first: Option<&DayReport>) -> Markup {
    html! {
        @if proof.channel.is_some() {
            @if proof.unexplained != Money::ZERO {
                p class="alert" { "有 " (part::yuan(proof.unexplained)) " 元无法解释，请检查资金账单。" }
            } @else if let Some((more, amount)) = carried(proof.carried) {
                p { (part::badge(("当日变动分毫不差", Tone::Good))) " " (part::badge(("日初差额未消", Tone::Waiting))) }
                p { "当天的收支与资金账单一分不差，但日初就有差额：" (more) (part::grouped(amount)) "元。" (carried_from(proof, first)) }
            } @else {
                p {
                    (part::badge(("分毫不差", Tone::Good)))
                    @if proof.items.is_empty() { " 微信余额与账本相同。" } @else { " 微信余额与账本的差额都有来由。" }
                }
            }
        }
    }
}

/// What an item of the proof is about: a transfer leads to itself, everything else to the entries that name it.
fn proof_item(item: &ProofItem) -> (Cell, Cell) {
    if item.key.is_empty() {
        return (Cell::none(), Cell::yuan(item.amount));
    }
    let (lead, word) = match item.key.parse::<TransferId>() {
        Ok(id) => (transfer::path(id), "查看这笔划转".to_owned()),
        Err(_) => (format!("/console/entries?q={}", encoded(&item.key)), words::item(&item.key)),
    };
    (Cell::link(&lead, word), Cell::yuan_of(item.amount, &lead))
}

fn proof(proof: &Proof, first: Option<&DayReport>, books: &str) -> Markup {
    let mut rows = vec![vec![Cell::text("账本 1009 微信余额"), Cell::none(), Cell::yuan_of(proof.ledger, books)]];
    rows.push(match carried(proof.carried) {
        Some((more, amount)) if proof.carried.is_negative() => {
            vec![Cell::text(format!("减：日初{more}的金额")), Cell::none(), Cell::yuan(amount)]
        }
        Some((more, amount)) => vec![Cell::text(format!("加：日初{more}的金额")), Cell::none(), Cell::yuan(amount)],
        None => vec![Cell::text("日初差额"), Cell::none(), Cell::yuan(Money::ZERO)],
    });
    for item in &proof.carried_items {
        let since = item.since.map_or(String::new(), |day| format!("（{day}起）"));
        let (key, amount) = proof_item(item);
        rows.push(vec![Cell::text(format!("其中：{}{since}", item.what)), key, amount]);
    }
    for item in &proof.items {
        let (key, amount) = proof_item(item);
        rows.push(vec![Cell::text(format!("加：{}", item.what)), key, amount]);
    }
    rows.push(vec![Cell::text("加：无法解释的差额"), Cell::none(), Cell::yuan(proof.unexplained)]);
    let channel = proof.channel.map_or_else(|| Cell::text("当日无流水"), Cell::yuan);
    rows.push(vec![Cell::text("等于：资金账单期末余额"), Cell::none(), channel]);
    rows.push(vec![Cell::text("另：1009 微信在途"), Cell::none(), Cell::yuan_of(proof.in_transit, books)]);
    let columns = [column("项目"), column("号码"), numbers("金额")];
    html! {
        (Table::new("1009 证明", &columns, "").whole(rows).plain())
        (verdict(proof, first))
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
            Cell::text(words::item(&line.key)),
            Cell::yuan_of(line.amount, &format!("/console/search?q={}", encoded(&line.key))),
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
        column("原因"),
        column("建议"),
    ];
    let rows = rows.iter().map(|row| {
        vec![
            Cell::link(&breaks::path(row.id), words::class(&row.class)),
            Cell::text(words::item(&row.item)),
            Cell::yuan_of(row.amount_fen, &breaks::path(row.id)),
            Cell::or_none(row.expected_fen, Cell::yuan),
            Cell::text(words::desk(&row.owner)),
            Cell::number(breaks::age_days(row, now)),
            Cell::text(row.detail.clone()),
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
    let gone = officer.app.reconciliation.is_gone(day);
    let owing = report.as_ref().is_some_and(|report| report.proof.carried != Money::ZERO);
    // What moved the balance of 1009, by account and then by entry.
    let books = format!("/console/ledger?{}&subjects=1009&day={day}", shelf.query());
    let first = if owing { officer.app.reconciliation.first(shelf.book.id).await? } else { None };
    let content = html! {
        (part::heading(&format!("对账 {day}"), &html! {
            @match &report { Some(report) => (part::badge(state(report, i64::try_from(open.len()).unwrap_or(i64::MAX)))), None => (part::badge(("未对账", Tone::Bad))) }
            @if owing { (part::badge(("有日初差额", Tone::Waiting))) }
            @if sealed { (part::badge(("已封存", Tone::Calm))) }
            @if report.is_some() { a class="button" href={ (path(code, day)) "/report" } { "下载报告" } }
            a class="button" href=(path(code, day.previous())) { "前一天" }
            a class="button" href=(path(code, day.next())) { "后一天" }
        }))
        @if !over { p class="note" { "这一天还没有结束，账单要到次日10时以后才能取得。" } }
        @if gone && over { p class="note" { "微信支付只保留三个月的账单，这一天的已经取不到；要对这一天，请上传当时下载保存的交易账单和资金账单，或由系统管理员执行 sangzi reconcile --date " (day) " --trade-bill 文件 --fund-flow 文件。" } }
        @if officer.keeps(&RUNNERS, shelf.book.id) && over {
            div class="steps" {
                @if !gone { (Step { name: "立即对账", will: "将向微信支付取当日的交易账单和资金账单，与账本逐笔核对：没有通知到的付款按账单补记，手续费入账，其余差异列为差错。可以反复进行，结果相同。开始后可以看到进度，不必等待。",
                    to: &format!("{}/run", path(code, day)), grave: false, fields: nothing() }.show(officer, refused("run"))) }
                details class="step" open[refused("files").is_some()] {
                    summary { "上传账单" }
                    (officer.form_with_files(&format!("{}/files", path(code, day)), &html! {
                        (part::alert(files))
                        p class="will" { "上传当日的文件，再与账本核对。文件须完整、属于本商户和当日，否则整体拒收，账簿不变。再次上传更正的文件会取代前一份。" }
                        (Field::file(files, "trade", "交易账单（CSV）"))
                        (Field::file(files, "fund_flow", "资金账单（CSV）"))
                        (Field::file(files, "bank", "银行对账单（CSV 或 CAMT.053）").hint("CSV 的列名：date（日期）、reference（流水号）、amount（金额，支出为负）、counterparty（对方）、remark（摘要）。"))
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
                (part::block("四方合计", &sides(&report.sides, &books)))
                (part::block("1009 微信余额的证明", &proof(&report.proof, first.as_ref(), &books)))
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

/// Begins a run of the day with the channel's bills, which goes on by itself.
async fn begin(officer: &Officer, book: BookId, day: BusinessDate, start: &StartDay) -> Result<JobRunId, Problem> {
    officer.member.must_be(&RUNNERS)?;
    let reconciliation = &officer.app.reconciliation;
    officer.member.keeps(&RUNNERS, book)?;
    reconciliation.can_fetch(Some(book), day).await?;
    start("reconcile".to_owned(), day, officer.id()).await.map_err(|refused| match refused {
        Started::UnderWay => Problem::conflict("job_running", "对账任务正在运行，请稍后再试。"),
        Started::Failed(error) => Problem::conflict("job_not_started", "对账没有开始。").saying(error),
        Started::NoSuchJob | Started::Ended(_) => Problem::not_found("no_such_job", "没有这个任务。"),
    })
}

/// A run by hand: with the channel's bills, or with files.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((code, day, word)): Path<(String, BusinessDate, String)>,
    form: Form,
    start: Data<&StartDay>,
) -> Result<Response, PageError> {
    let shelf = Shelf::named(&officer, Some(&code)).await?;
    if word == "run" {
        return match begin(&officer, shelf.book.id, day, start.0).await {
            Ok(run) => Ok(officer.done("对账已开始。", &job::path(run))),
            Err(refused) => show(&officer, (&code, day), &word, &Typed::refused(&form, refused)).await,
        };
    }
    let ran: Result<DayReport, Problem> = async {
        officer.member.must_be(&RUNNERS)?;
        let reconciliation = &officer.app.reconciliation;
        officer.member.keeps(&RUNNERS, shelf.book.id)?;
        let actor = officer.id().to_string();
        match word.as_str() {
            "files" => {
                reconciliation.can_be_brought(day)?;
                let file = |name: &str| form.upload(name).map(|upload| upload.content.clone());
                let files = Files { trade: file("trade"), fund_flow: file("fund_flow"), bank: file("bank") };
                if files.trade.is_none() && files.fund_flow.is_none() && files.bank.is_none() {
                    return Err(Problem::field("trade", "请至少选择一个文件"));
                }
                Ok(reconciliation.run(Some(shelf.book.id), day, &files, &actor).await?)
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

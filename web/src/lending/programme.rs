//! Banks' files: how fresh each programme is, what was brought and what it said otherwise than we expected.

use app::problem::Problem;
use app::servicing::{CLAIM_READERS, FileReport, IMPORTERS, KEEPERS, Standing};
use domain::{BankId, BusinessDate, LoanProgrammeId, UnitPath};
use entity::loan_file;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::words;
use crate::console::people::{Names, staff_of};
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, ROWS, Table, column, numbers};
use ::lending::servicing::programme::{NewProgramme, PACES};

/// The list of programmes.
pub(super) const LIST: &str = "/console/loan-programmes";
/// How far a fact of ours and one of a bank's may lie apart, where nobody says otherwise.
const USUAL_MATCH_DAYS: i64 = 3;

/// Whether somebody may open programmes and name pools: over the whole house, as the service asks.
pub(super) fn keeps(officer: &Officer) -> bool {
    officer.member.may(&KEEPERS, &UnitPath::whole()).is_ok()
}

/// The path of a programme.
pub(super) fn path(id: LoanProgrammeId) -> String {
    format!("{LIST}/{id}")
}

fn file_path(row: &loan_file::Model) -> String {
    format!("{}/files/{}", path(row.programme_id), row.sequence)
}

/// How many days ago something was told; the older the worse.
fn freshness(day: Option<BusinessDate>, today: BusinessDate) -> (String, Tone) {
    match day {
        None => ("还没有".to_owned(), Tone::Waiting),
        Some(day) => match day.days_to(today) {
            ..=1 => (day.to_string(), Tone::Good),
            days => (format!("{day}，{days}天前"), if days > OLD_DAYS { Tone::Bad } else { Tone::Waiting }),
        },
    }
}

fn report_of(row: &loan_file::Model) -> FileReport {
    serde_json::from_str(&row.report).unwrap_or_default()
}

/// The step that opens a programme, for a bank that has none yet.
fn opening(banks: &[(String, String)], today: BusinessDate, officer: &Officer, refused: Option<&Typed>) -> Markup {
    let usual = [("match_days", USUAL_MATCH_DAYS.to_string()), ("first_day", today.to_string())];
    let fresh = Typed::fresh(Form::of(usual));
    let typed = refused.unwrap_or(&fresh);
    let paces = options(PACES.map(|pace| (pace, words::pace(pace))));
    let to = format!("{LIST}/opening");
    let will = "将为这家银行开设贷款项目和备查账，从起始日起逐日结账；开设后不能更改。";
    Step {
        name: "开设贷款项目",
        will,
        to: &to,
        grave: false,
        fields: html! {
            (part::new_id(typed))
            div class="fields" {
                (Field::choice(typed, "bank", "银行", banks).required())
                (Field::text(typed, "name", "名称").required().longest(40))
                (Field::choice(typed, "pace", "银行报送", &paces).required())
                (Field::number(typed, "match_days", "匹配天数").required().hint("银行与我方日期最多相差几天，0至31。"))
                (Field::day(typed, "first_day", "起始日").required())
            }
        },
    }
    .show(officer, refused)
}

/// How fresh a programme's files are, as a filter.
const FRESHNESS: [(&str, &str); 3] = [("fresh", "七日内有文件"), ("stale", "七日以上没有文件"), ("none", "还没有文件")];
/// A file of so many days ago is old.
const OLD_DAYS: i64 = 7;

/// Which programmes are asked for; there is one a bank, so all are read.
struct Wanted<'a> {
    words: &'a str,
    bank: Option<BankId>,
    pace: Option<&'a str>,
    freshness: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(asked: &'a Asked) -> Result<Wanted<'a>, PageError> {
        Ok(Wanted {
            words: asked.get("q").unwrap_or_default(),
            bank: asked.read("bank")?,
            pace: asked.among("pace", &PACES)?,
            freshness: asked.among("file", &FRESHNESS.map(|(key, _)| key))?,
        })
    }

    fn takes(&self, one: &Standing, today: BusinessDate) -> bool {
        let freshness = match one.file.as_ref().map(|file| file.day.days_to(today)) {
            None => "none",
            Some(..=OLD_DAYS) => "fresh",
            Some(_) => "stale",
        };
        one.programme.name.contains(self.words)
            && self.bank.is_none_or(|bank| bank == one.bank.id)
            && self.pace.is_none_or(|pace| pace == one.programme.pace)
            && self.freshness.is_none_or(|wanted| wanted == freshness)
    }
}

fn filters(asked: &Asked, all: &[Standing]) -> Markup {
    let banks: Vec<_> = all.iter().map(|one| (one.bank.id.to_string(), one.bank.name.clone())).collect();
    let paces = PACES.map(|pace| (pace.to_owned(), words::pace(pace).to_owned()));
    let freshness = FRESHNESS.map(|(key, word)| (key.to_owned(), word.to_owned()));
    table::filter(
        asked,
        &html! {
            (table::filter_text(asked, "q", "名称"))
            @if banks.len() > 1 { (table::filter_choice(asked, "bank", "银行", &banks)) }
            (table::filter_choice(asked, "pace", "报送", &paces))
            (table::filter_choice(asked, "file", "最近文件", &freshness))
        },
    )
}

async fn list(officer: &Officer, asked: &Asked, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let all = officer.app.servicing.programmes(&officer.member).await?;
    let wanted = Wanted::of(asked)?;
    let today = officer.app.business.today();
    let columns = [
        column("贷款项目"),
        column("银行"),
        column("报送"),
        column("最近文件"),
        column("结账至"),
        numbers("户数"),
        numbers("贷款余额"),
        numbers("逾期贷款余额"),
    ];
    let cells = |one: &Standing| {
        let lead = path(one.programme.id);
        let (file, file_tone) = freshness(one.file.as_ref().map(|file| file.day), today);
        let (day, day_tone) = freshness(one.day.as_ref().map(|day| day.day), today);
        vec![
            Cell::link(&lead, one.programme.name.clone()),
            Cell::text(one.bank.name.clone()),
            Cell::text(words::pace(&one.programme.pace)),
            Cell::badge((&file, file_tone)),
            Cell::badge((&day, day_tone)),
            Cell::or_none(one.day.as_ref().map(|day| day.loans), Cell::number),
            Cell::or_none(one.day.as_ref().map(|day| day.balance_fen), |fen| Cell::yuan_of(fen, &lead)),
            Cell::or_none(one.day.as_ref().map(|day| day.overdue_fen), |fen| Cell::yuan_of(fen, &lead)),
        ]
    };
    let nothing = if all.is_empty() { "还没有开设贷款项目。" } else { "没有这样的贷款项目。" };
    let found = all.iter().filter(|one| wanted.takes(one, today));
    let table = Table::new("贷款项目", &columns, nothing).whole(found.map(cells));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let refused = word == "file";
    let banks = if keeps(officer) { officer.app.loans.banks().await? } else { Vec::new() };
    let without = banks.iter().filter(|bank| bank.active && !all.iter().any(|one| one.bank.id == bank.id));
    let without: Vec<(String, String)> = without.map(|bank| (bank.id.to_string(), bank.name.clone())).collect();
    let content = html! {
        (part::heading("贷款项目与银行文件", &html! {}))
        @if !without.is_empty() { div class="steps" { (opening(&options(without), today, officer, (word == "opening").then_some(typed))) } }
        @if officer.is(&IMPORTERS) {
            details class="step" open[refused] {
                summary { "导入银行文件" }
                (officer.form_with_files(LIST, &html! {
                    (part::alert(typed))
                    p class="will" { "将核对文件的序号、笔数、金额和校验值，逐笔与账上匹配，按银行数据入账，不一致的列入差错；同一文件再次导入不会重复。" }
                    (Field::file(typed, "file", "文件").required().hint("按接口约定的格式，由银行每日、每月或按汇总报送。"))
                    div class="go" { button type="submit" class="primary" { "导入" } }
                }))
            }
        }
        (filters(asked, &all))
        (table.show(asked))
        p class="faint" { (OVERDUE) }
    };
    Ok(officer.shown("贷款项目与银行文件", &[("/console", "工作台")], &content, typed))
}

/// Programmes and how fresh they are.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    list(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// Reads a bank's file.
#[handler]
pub(super) async fn post_import(officer: Officer, form: Form) -> Result<Response, PageError> {
    let imported = async {
        let Some(upload) = form.upload("file") else { return Err(Problem::field("file", "请选择文件")) };
        Ok(officer.app.servicing.import(&upload.content, &officer.member).await?)
    };
    match imported.await {
        Ok(done) => {
            let breaks = done.report.breaks.len();
            let told = match (done.known, breaks) {
                (true, _) => format!("第{}号文件已经导入过，没有重复入账。", done.sequence),
                (false, 0) => format!("第{}号文件已导入，全部一致。", done.sequence),
                (false, _) => format!("第{}号文件已导入，有{breaks}处不一致，已列入差错。", done.sequence),
            };
            Ok(officer.done(&told, &format!("{}/files/{}", path(done.programme), done.sequence)))
        }
        Err(refused) => list(&officer, &Asked::at(LIST), "file", &Typed::refused(&form, refused)).await,
    }
}

/// Opens a programme.
#[handler]
pub(super) async fn post_open(officer: Officer, form: Form) -> Result<Response, PageError> {
    let opened: Result<LoanProgrammeId, Problem> = async {
        let mut check = form.check();
        let (id, bank): (LoanProgrammeId, BankId) = (check.id("id"), check.id("bank"));
        let (name, pace) = (check.text("name"), check.text("pace"));
        let (match_days, first_day) = (check.number("match_days"), check.day("first_day"));
        check.done()?;
        let first_day = first_day.ok_or_else(|| Problem::field("first_day", "请填写日期"))?;
        let new = NewProgramme { id, bank, name, pace, match_days: match_days.unwrap_or_default(), first_day };
        Ok(officer.app.servicing.open(new, &officer.member).await?.id)
    }
    .await;
    match opened {
        Ok(id) => Ok(officer.done("贷款项目已开设。", &path(id))),
        Err(refused) => list(&officer, &Asked::at(LIST), "opening", &Typed::refused(&form, refused)).await,
    }
}

pub(super) async fn known(officer: &Officer, id: LoanProgrammeId) -> Result<Standing, PageError> {
    let all = officer.app.servicing.programmes(&officer.member).await?;
    let missing = || Problem::not_found("no_such_loan_programme", "没有这个贷款项目。");
    Ok(all.into_iter().find(|one| one.programme.id == id).ok_or_else(missing)?)
}

/// The step that names the pool, or gives it another size.
fn pool(officer: &Officer, one: &Standing, refused: Option<&Typed>) -> Markup {
    let fresh = Typed::default();
    let typed = refused.unwrap_or(&fresh);
    let to = format!("{}/pool", path(one.programme.id));
    let size = Field::money(typed, "size", "规模（元）").required();
    let (name, will, fields) = match &one.pool {
        None => (
            "设定风险补偿金",
            "将登记由谁管理风险补偿金、规模多大；管理方设定后不能更改。慈善组织不得管理。",
            html! {
                (Field::text(typed, "holder", "管理方").required().longest(40))
                (Field::text(typed, "holder_credit_code", "管理方的统一社会信用代码").required().longest(18))
                (size)
            },
        ),
        Some(_) => ("调整风险补偿金规模", "将改为新的规模；管理方不变。", html! { (size) }),
    };
    Step { name, will, to: &to, grave: false, fields }.show(officer, refused)
}

async fn show(officer: &Officer, id: LoanProgrammeId, asked: &Asked, typed: &Typed) -> Result<Response, PageError> {
    let one = known(officer, id).await?;
    let before = asked.read::<i64>("after")?;
    let mut files = officer.app.servicing.files(id, before, asked.limit(), &officer.member).await?;
    let shown = if asked.file().is_some() { table::MOST } else { usize::try_from(ROWS).unwrap_or(usize::MAX) };
    let more = files.len() > shown;
    files.truncate(shown);
    let next = files.last().filter(|_| more).map(|row| row.sequence.to_string());
    let people: Vec<_> = files.iter().filter_map(|row| staff_of(&row.actor)).collect();
    let names = Names::of(officer, people).await?;
    let columns = [
        numbers("序号"),
        column("业务日期"),
        column("报送"),
        numbers("记录"),
        numbers("新入账"),
        numbers("已匹配"),
        numbers("不一致"),
        column("导入人"),
        column("导入时间"),
    ];
    let count = |number: u64| Cell::number(i64::try_from(number).unwrap_or(i64::MAX));
    let cells = |row: &loan_file::Model| {
        let report = report_of(row);
        vec![
            Cell::link(&file_path(row), row.sequence.to_string()),
            Cell::day(row.day),
            Cell::text(words::pace(&row.pace)),
            count(report.records),
            count(report.booked),
            count(report.matched),
            count(report.breaks.len() as u64 + report.hidden),
            Cell::text(names.actor(&row.actor)),
            Cell::at(row.received_us),
        ]
    };
    let table = Table::new("银行文件", &columns, "还没有导入过文件。").whole(files.iter().map(cells)).then(next);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let days = officer.app.servicing.days(id, None, 10, &officer.member).await?;
    let day_columns = [
        column("日期"),
        numbers("户数"),
        numbers("变动"),
        numbers("余额"),
        numbers("逾期贷款余额"),
        numbers("计提利息"),
        numbers("罚息"),
        numbers("复利"),
    ];
    let day_rows = days.iter().map(|day| {
        vec![
            Cell::day(day.day),
            Cell::number(day.loans),
            Cell::number(day.changed),
            Cell::yuan(day.balance_fen),
            Cell::yuan(day.overdue_fen),
            Cell::yuan(day.interest_fen),
            Cell::yuan(day.penalty_fen),
            Cell::yuan(day.compound_fen),
        ]
    });
    let content = html! {
        (part::heading(&one.programme.name, &html! {
            @if officer.is(&CLAIM_READERS) { a class="button" href={ (path(id)) "/subsidies" } { "贴息" } }
            @if officer.is(&app::books::READERS) { a class="button" href="/console/breaks" { "差错" } }
        }))
        @if keeps(officer) { div class="steps" { (pool(officer, &one, typed.problem().is_some().then_some(typed))) } }
        (part::block("项目", &part::facts(&[
            ("银行", html! { (one.bank.name) }),
            ("报送", html! { (words::pace(&one.programme.pace)) }),
            ("匹配天数", html! { "前后" (one.programme.match_days) "天" }),
            ("起始日", html! { (one.programme.first_day) }),
            ("结账至", html! { (one.programme.closed_through) }),
            ("风险补偿金", html! { @match &one.pool { Some(pool) => { (pool.holder) "，规模 " (part::yuan(pool.size_fen)) }, None => "未设" } }),
        ])))
        h2 { "文件" }
        (table.show(asked))
        (part::block("最近的日终", &html! {
            (Table::new("日终", &day_columns, "还没有结过一天。").whole(day_rows).plain())
            p class="faint" { (OVERDUE) }
        }))
    };
    Ok(officer.shown(&one.programme.name, &[(LIST, "贷款项目与银行文件")], &content, typed))
}

/// One programme: its files and its last closed days.
#[handler]
pub(super) async fn get_one(
    officer: Officer,
    Path(id): Path<LoanProgrammeId>,
    request: &Request,
) -> Result<Response, PageError> {
    show(&officer, id, &Asked::of(request), &Typed::default()).await
}

/// Names the pool, or gives it another size.
#[handler]
pub(super) async fn post_pool(
    officer: Officer,
    Path(id): Path<LoanProgrammeId>,
    form: Form,
) -> Result<Response, PageError> {
    let named: Result<(), Problem> = async {
        let standing = known(&officer, id).await.map_err(|error| error.0)?.pool;
        let mut check = form.check();
        let size = check.money("size");
        let (holder, code) = match standing {
            Some(pool) => (pool.holder, pool.holder_credit_code),
            None => (check.text("holder"), check.text("holder_credit_code")),
        };
        check.done()?;
        officer.app.servicing.set_pool(id, &holder, &code, size, &officer.member).await?;
        Ok(())
    }
    .await;
    match named {
        Ok(()) => Ok(officer.done("风险补偿金已设定。", &path(id))),
        Err(refused) => show(&officer, id, &Asked::at(&path(id)), &Typed::refused(&form, refused)).await,
    }
}

/// How the figure of a close differs from the one of the monthly report.
const OVERDUE: &str = "逾期贷款余额是有逾期的贷款在结账当日的全部余额；贷款月报的逾期金额只是到期未还的部分，按银行最近一份文件的日期计算，两者不相等。";

fn difference(class: &str) -> &str {
    match class {
        "amount" => "金额或条件不一致",
        "split" => "冲抵不一致",
        "balance" => "余额不一致",
        "class" => "分类不一致",
        "missing_here" => "银行有、账上没有",
        "missing_there" => "账上有、银行没有",
        "duplicate_there" => "银行重复",
        "unknown_line" => "无法入账",
        "rounding" => "尾差",
        "date" => "日期不一致",
        "arrears" => "逾期金额不一致",
        "total" => "分类汇总不一致",
        other => other,
    }
}

fn differences(officer: &Officer, report: &FileReport) -> Markup {
    let works = officer.is(&app::books::READERS);
    let columns = [column("差异"), column("对象"), numbers("银行"), numbers("账上应为"), column("说明")];
    let rows = report.breaks.iter().map(|one| {
        vec![
            Cell::text(difference(&one.class)),
            if works {
                let lead = format!("/console/breaks?state=&item={}", crate::session::encoded(&one.key));
                Cell::link(&lead, crate::finance::break_item(&one.key))
            } else {
                Cell::text(crate::finance::break_item(&one.key))
            },
            Cell::yuan(one.amount),
            Cell::or_none(one.expected, Cell::yuan),
            Cell::text(one.detail.clone()),
        ]
    });
    let none =
        if report.hidden > 0 { "逐户明细仅银行、财务和审计人员可见。" } else { "全部一致。" };
    Table::new("不一致", &columns, none).whole(rows).plain()
}

/// One file, and what it said otherwise.
#[handler]
pub(super) async fn get_file(
    officer: Officer,
    Path((id, sequence)): Path<(LoanProgrammeId, i64)>,
) -> Result<Response, PageError> {
    let one = known(&officer, id).await?;
    let found = officer.app.servicing.files(id, sequence.checked_add(1), 1, &officer.member).await?;
    let missing = || Problem::not_found("no_such_loan_file", "没有这个文件。");
    let row = found.into_iter().find(|row| row.sequence == sequence).ok_or_else(missing)?;
    let names = Names::of(&officer, staff_of(&row.actor)).await?;
    let report = report_of(&row);
    let title = format!("第{sequence}号文件");
    let content = html! {
        (part::heading(&title, &html! {
            @match report.breaks.len() as u64 + report.hidden {
                0 => (part::badge(("全部一致", Tone::Good))),
                count => (part::badge((&format!("{count}处不一致"), Tone::Bad))),
            }
        }))
        (part::block("文件", &part::facts(&[
            ("业务日期", html! { (row.day) }),
            ("报送", html! { (words::pace(&row.pace)) }),
            ("记录", html! { (report.records) }),
            ("新入账", html! { (report.booked) }),
            ("已匹配", html! { (report.matched) }),
            ("余额与合计一致", html! { (report.agreed) }),
            ("导入人", html! { (names.actor(&row.actor)) }),
            ("导入时间", part::at(row.received_us)),
        ])))
        (part::block("不一致", &differences(&officer, &report)))
    };
    let (here, name) = (path(id), one.programme.name.clone());
    Ok(officer.page(&title, &[(LIST, "贷款项目与银行文件"), (&here, &name)], &content).into_response())
}

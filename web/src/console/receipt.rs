//! The register of receipts: what waits, what was issued, and the way to the finance bureau's system and back by file.

use app::problem::Problem;
use app::receipts::{ImportReport, ReceiptFilter, Wish, WishSearch};
use domain::receipt::ReceiptState;
use domain::role::Role;
use domain::{DonationId, ReceiptId};
use entity::receipt;
use maud::{Markup, html};
use poem::http::header;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::donation;
use super::people::Names;
use crate::field::Field;
use crate::finance::entry;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words;

async fn page(
    officer: &Officer,
    asked: &Asked,
    at: &str,
    typed: &Typed,
    report: Option<&ImportReport>,
) -> Result<Response, PageError> {
    let receipts = &officer.app.receipts;
    let backlog = receipts.backlog(&officer.member).await?;
    let wanted = match asked.get("state") {
        Some(state) if state == TO_REVERSE.0 => Some(ReceiptFilter::ToReverse),
        _ => asked.read::<words::Key<ReceiptState>>("state")?.map(|key| ReceiptFilter::State(key.0)),
    };
    let rows = receipts.page(&officer.member, wanted, asked.after(), asked.limit()).await.map_err(Problem::of_list)?;
    let names = Names::of(officer, rows.iter().map(|row| row.author_id)).await?;
    let columns = [
        column("票据代码"),
        column("票据号码"),
        column("状态"),
        numbers("金额"),
        column("开具日期"),
        column("捐赠"),
        column("登记人"),
    ];
    let cells = |row: receipt::Model| {
        vec![
            Cell::text(row.code),
            Cell::link(&format!("/console/receipts/{}", row.id), row.number),
            Cell::badge(words::receipt(row.state)),
            entry::amount(officer, row.amount_fen, row.donation_id),
            Cell::day(row.issued_on),
            Cell::link(&donation::path(row.donation_id), "查看捐赠"),
            Cell::text(names.name(row.author_id)),
        ]
    };
    let list = Table::new("票据", &columns, "没有这样的票据。").page(asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(list.file(kind, asked));
    }
    let mut states = words::all(|state: ReceiptState| words::receipt(state).0);
    states.push((TO_REVERSE.0.to_owned(), TO_REVERSE.1.to_owned()));
    let (reads, cashier) = (officer.is(&app::receipts::READERS), officer.is(&[Role::Cashier]));
    let fresh = Typed::default();
    let refused = |step: &str| (at == step).then_some(typed);
    let content = html! {
        (part::heading("捐赠票据", &html! { @if reads { a class="button" href="/console/receipts/wishes" { "待开票据" } } }))
        (part::facts(&[
            ("待开", html! { @if reads { a href="/console/receipts/wishes" { (backlog.waiting) "张" } } @else { (backlog.waiting) "张" } }),
            ("其中逾期", html! { @if reads { a href="/console/receipts/wishes?state=overdue" { (backlog.overdue) "张" } } @else { (backlog.overdue) "张" } }),
            ("待红冲", html! { a href=(asked.with(&[("state", TO_REVERSE.0), ("after", "")])) { (backlog.to_reverse) "张" } }),
        ]))
        @if let Some(report) = report { (imported(report)) }
        @if cashier {
            div class="steps" {
                (Step { name: "导出待开名单", will: "文件含捐赠人姓名，将记录您导出的原因。", to: "/console/receipts/export", grave: false, fields: html! {
                    (Field::text(refused("export").unwrap_or(&fresh), "reason", "原因").required().longest(500)) } }.show(officer, refused("export")))
                details class="step" open[at == "import"] {
                    summary { "导入票据号码" }
                    (officer.form_with_files("/console/receipts/import", &html! {
                        @if at == "import" { (part::alert(typed)) }
                        p class="will" { "先试算：只检查，不写入。全部正确才会登记，否则一张也不登记。" }
                        (Field::file(refused("import").unwrap_or(&fresh), "file", "财政票据系统的文件").required().hint("CSV（UTF-8），首行是列名：订单号、票据代码、票据号码、校验码、开票日期、金额，不分先后。"))
                        div class="go" {
                            button type="submit" name="mode" value="trial" class="primary" { "试算" }
                            button type="submit" name="mode" value="write" { "正式登记" }
                        }
                    }))
                }
            }
        }
        (table::filter(asked, &table::filter_choice(asked, "state", "状态", &states)))
        (list.show(asked))
    };
    Ok(officer.shown("捐赠票据", &[("/console", "工作台")], &content, typed))
}

fn imported(report: &ImportReport) -> Markup {
    let rows = report.bad.iter().map(|bad| {
        vec![
            Cell::number(i64::try_from(bad.line).unwrap_or(i64::MAX)),
            Cell::text(bad.column),
            Cell::text(&bad.problem),
        ]
    });
    part::block(
        "试算结果",
        &html! {
            (part::facts(&[
                ("行数", html! { (report.lines) }),
                ("可登记", html! { (report.taken) }),
                ("已登记过", html! { (report.known) }),
            ]))
            (Table::new("文件中的问题", &[numbers("行"), column("列"), column("问题")], "没有发现问题，可以正式登记。").whole(rows).plain())
        },
    )
}

/// The register.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    page(&officer, &Asked::of(request), "", &Typed::default(), None).await
}

/// What went back after its receipt was given, as one state of the filter.
const TO_REVERSE: (&str, &str) = ("to_reverse", "待红冲");
/// Whether a wish waits too long, as a filter.
const WISH_STATES: [(&str, &str); 2] = [("overdue", "逾期"), ("waiting", "待开")];
/// The columns of wishes that the query sorts by.
const WISH_AMOUNT: usize = 2;
const WISH_TIME: usize = 3;

/// Which wishes are asked for.
fn wanted(asked: &Asked) -> Result<WishSearch, PageError> {
    let state = asked.among("state", &WISH_STATES.map(|(key, _)| key))?;
    // An order number is the id of its gift without dashes.
    let gift = asked.read::<DonationId>("number")?;
    Ok(WishSearch {
        gift,
        book: asked.read("entity")?,
        overdue: state.map(|state| state == "overdue"),
        amount: donation::amount(asked)?,
        order: asked.order(WISH_AMOUNT, WISH_TIME),
    })
}

/// What waits, oldest first, or as it is asked for.
#[handler]
pub(super) async fn get_wishes(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let of = wanted(&asked)?;
    let rows = officer.app.receipts.wishes(&officer.member, &of, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let overdue = |wish: &Wish| officer.app.receipts.overdue(wish.confirmed_us);
    let cells = |wish: Wish| {
        let state = if overdue(&wish) { ("逾期", Tone::Bad) } else { ("待开", Tone::Waiting) };
        vec![
            Cell::link(&donation::path(wish.id), wish.id.simple()),
            Cell::yuan(wish.amount_fen),
            Cell::at(wish.confirmed_us),
            Cell::badge(state),
            Cell::text(if wish.name_sealed.is_some() || wish.counterparty.is_some() {
                "已登记"
            } else {
                "未登记"
            }),
            Cell::text(&wish.entity),
        ]
    };
    let columns =
        [column("捐赠"), numbers("金额"), column("到账时间"), column("状态"), column("抬头"), column("收款单位")];
    let list = Table::new("待开票据", &columns, "没有这样的待开票据。").ordered(&[WISH_AMOUNT, WISH_TIME]);
    let list = list.page(&asked, rows, |wish| wish.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(list.file(kind, &asked));
    }
    let books = officer.app.books.readable(&officer.member).await?;
    // Nobody gives to a book of loans.
    let charities = books.into_iter().filter(|book| book.kind == "charity");
    let entities: Vec<(String, String)> = charities.map(|book| (book.id.to_string(), book.name)).collect();
    let states = WISH_STATES.map(|(key, word)| (key.to_owned(), word.to_owned()));
    let content = html! {
        (part::heading("待开票据", &nothing()))
        (table::filter(&asked, &html! {
            (table::filter_choice(&asked, "state", "状态", &states))
            @if entities.len() > 1 { (table::filter_choice(&asked, "entity", "收款单位", &entities)) }
            (table::filter_text(&asked, "number", "订单号"))
            (table::filter_text(&asked, "amount", "金额（元）"))
        }))
        (list.show(&asked))
    };
    Ok(officer.page("待开票据", &[("/console/receipts", "捐赠票据")], &content).into_response())
}

/// The list with names, for the finance bureau's system.
#[handler]
pub(super) async fn post_export(officer: Officer, form: Form) -> Result<Response, PageError> {
    match officer.app.receipts.export_wishes(&officer.member, form.get("reason")).await {
        Ok(csv) => Ok(Response::builder()
            .content_type("text/csv; charset=utf-8")
            .header(header::CONTENT_DISPOSITION, "attachment; filename=\"receipts.csv\"")
            .body(csv)),
        Err(refused) => {
            let asked = Asked::at("/console/receipts");
            page(&officer, &asked, "export", &Typed::refused(&form, refused), None).await
        }
    }
}

/// Takes the numbers, or tries.
#[handler]
pub(super) async fn post_import(officer: Officer, form: Form) -> Result<Response, PageError> {
    let asked = Asked::at("/console/receipts");
    let trial = form.get("mode") != "write";
    let read: Result<ImportReport, Problem> = async {
        let upload = form.upload("file").ok_or_else(|| Problem::field("file", "请选择文件"))?;
        Ok(officer.app.receipts.import(&officer.member, &upload.content, trial).await?)
    }
    .await;
    match read {
        Ok(report) if !trial && report.bad.is_empty() => {
            Ok(officer.done(&format!("已登记{}张票据。", report.taken), "/console/receipts"))
        }
        Ok(report) => page(&officer, &asked, "import", &Typed::fresh(form), Some(&report)).await,
        Err(refused) => page(&officer, &asked, "import", &Typed::refused(&form, refused), None).await,
    }
}

async fn show(officer: &Officer, id: ReceiptId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let row = officer.app.receipts.get(&officer.member, id).await?;
    let names = Names::of(officer, [Some(row.author_id), row.ended_by].into_iter().flatten()).await?;
    let fresh = Typed::default();
    let refused = |step: &str| (word == step).then_some(typed);
    let of = |step: &str| refused(step).unwrap_or(&fresh);
    let to = |step: &str| format!("/console/receipts/{id}/{step}");
    let title = format!("票据 {}", row.number);
    let content = html! {
        (part::heading(&title, &part::badge(words::receipt(row.state))))
        (part::block("票据", &part::facts(&[
            ("代码", html! { span class="code" { (row.code) } }),
            ("号码", html! { span class="code" { (row.number) } }),
            ("校验码", html! { span class="code" { (row.check_code) } }),
            ("金额", part::yuan(row.amount_fen)),
            ("开具日期", html! { (row.issued_on) }),
            ("捐赠", html! { a href=(donation::path(row.donation_id)) { "查看捐赠" } }),
            ("登记人", html! { (names.name(row.author_id)) " · " (part::at(row.created_us)) }),
            ("作废或红冲", html! { @if let Some(at) = row.ended_us { (names.maybe(row.ended_by)) " · " (part::at(at)) "：" (row.end_reason.clone().unwrap_or_default()) } }),
            ("红字票据", html! { @if let Some(number) = &row.reversal_number { span class="code" { (row.reversal_code.clone().unwrap_or_default()) " " (number) } } }),
        ])))
        @if row.state == ReceiptState::Issued && officer.is(&[Role::Cashier]) {
            div class="steps" {
                (Step { name: "作废", will: "这张票据作废，捐赠人的开票申请重新等待。", to: &to("void"), grave: true, fields: html! {
                    (Field::text(of("void"), "reason", "原因").required().longest(500)) } }.show(officer, refused("void")))
                (Step { name: "红冲", will: "登记红字票据，这张票据不再有效。", to: &to("reversal"), grave: true, fields: html! {
                    (Field::text(of("reversal"), "code", "红字票据代码").required().longest(20))
                    (Field::text(of("reversal"), "number", "红字票据号码").required().longest(20))
                    (Field::text(of("reversal"), "reason", "原因").required().longest(500)) } }.show(officer, refused("reversal")))
            }
        }
    };
    Ok(officer.shown(&title, &[("/console/receipts", "捐赠票据")], &content, typed))
}

/// One receipt.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<ReceiptId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// Ends a receipt.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((id, word)): Path<(ReceiptId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let ended: Result<(), Problem> = async {
        let mut check = form.check();
        let reason = check.text("reason");
        match word.as_str() {
            "void" => {
                check.done()?;
                officer.app.receipts.void(&officer.member, id, &reason).await?;
            }
            "reversal" => {
                let red = (check.text("code"), check.text("number"));
                check.done()?;
                officer.app.receipts.reverse(&officer.member, id, &reason, red).await?;
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        }
        Ok(())
    }
    .await;
    match ended {
        Ok(()) => Ok(officer.done("已办理。", &format!("/console/receipts/{id}"))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

//! A list of payees as one paper: tried first, which writes nothing, then written.

use app::problem::Problem;
use app::spending::batch::{Batch, BatchReport, COLUMNS, HEADER, NEEDED, Weight};
use crowdfunding::spending::AUTHORS;
use domain::{CampaignId, DisbursementId};
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::disbursement;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::{self, Html, PageError};
use crate::part::{self, Tone};
use crate::session::Officer;
use crate::table::{Asked, Cell, FileKind, Table, column};

/// What stands in each column: what it is for, and an example.
const ABOUT: [(&str, &str); 11] = [
    ("与银行账户的户名一致", "张示例"),
    ("8至32位数字，以文本格式填写", "6222020000000000000"),
    ("写明支行", "示例银行示例支行"),
    ("元，大于零，最多两位小数", "1200.00"),
    ("收款人不是受益人本人时填写", "张小示例"),
    ("收款人与受益人的关系，有受益人时必填", "父亲"),
    ("是或否，不填为否", "否"),
    ("6位数字", "130502"),
    ("收款人电话", "0319-0000000"),
    ("不填，或与本次支出的用途一致", ""),
    ("收款人或受益人与管理人员、捐赠人的关系，没有则不填", ""),
];
const PAGE: &str = "/console/disbursements/batch";

/// The columns of a list, and an empty one to fill in.
fn columns() -> Markup {
    let rows = COLUMNS.iter().zip(ABOUT).enumerate().map(|(at, (name, (what, example)))| {
        let needed = if at < NEEDED { ("必填", Tone::Waiting) } else { ("可不填", Tone::Calm) };
        vec![Cell::text(*name), Cell::badge(needed), Cell::text(what), Cell::text(example)]
    });
    let headings = [column("列名"), column("是否必填"), column("填写要求"), column("示例")];
    html! {
        p { "文件的首行是列名，每行一笔付款，列的先后不限，最多5000行。" }
        p { a class="button" href={ (PAGE) "/template?as=csv" } { "下载模板（CSV）" } " " a class="button" href={ (PAGE) "/template?as=xlsx" } { "下载模板（XLSX）" } }
        (Table::new("名单的列", &headings, "").whole(rows).plain())
    }
}

async fn show(officer: &Officer, typed: &Typed, report: Option<&BatchReport>) -> Result<Response, PageError> {
    let campaign = typed.form().given("campaign").and_then(|id| id.parse::<CampaignId>().ok());
    let form = match campaign {
        None => html! {
            form method="get" {
                (Field::choice(typed, "campaign", "从哪个项目支出", &disbursement::campaigns(officer).await?).required())
                div class="go" { button type="submit" class="primary" { "下一步" } }
            }
        },
        Some(campaign) => {
            let budget = officer.app.campaigns.budget(campaign, &officer.member).await?;
            let name = officer.app.campaigns.get(campaign, &officer.member).await?.name;
            let lines = options(budget.iter().map(|line| (&line.code, format!("{} {}", line.code, line.name))));
            officer.form_with_files(
                PAGE,
                &html! {
                    (part::new_id(typed))
                    input type="hidden" name="campaign" value=(campaign);
                    p { "从“" (name) "”支出。" a href=(PAGE) { "换一个项目" } }
                    div class="fields" {
                        (Field::choice(typed, "line", "预算科目", &lines).required())
                        (Field::text(typed, "purpose", "用途").required().longest(200))
                    }
                    (Field::file(typed, "file", "名单").required().hint("CSV（UTF-8）或XLSX。"))
                    (Field::tick(typed, "despite_warnings", "已核对提醒，仍要生成"))
                    div class="go" {
                        button type="submit" name="do" value="take" class="primary" { "生成草稿" }
                        (part::look_first(PAGE))
                    }
                },
            )
        }
    };
    let content = html! {
        h1 { "按名单上传" }
        p class="note" { "先检查：不写入任何内容。没有错误后再生成支出申请草稿。" }
        (part::alert(typed))
        (form)
        div id="found" role="status" { @if let Some(report) = report { (findings(report)) } }
        (part::block("名单怎么写", &columns()))
    };
    Ok(officer.shown("按名单上传", &[("/console/disbursements", "支出申请")], &content, typed))
}

/// An empty list: the names of the columns, all but the amounts as text, so that no account loses its last digits.
fn workbook() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let money = Format::new().set_num_format("0.00");
    for (at, name) in (0..).zip(COLUMNS) {
        sheet.set_column_format(at, if name == "金额" { &money } else { &text })?;
        sheet.set_column_width(at, 18)?;
        sheet.write_string_with_format(0, at, name, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    book.save_to_buffer()
}

/// The template.
#[handler]
pub(super) async fn get_template(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    match Asked::of(request).file() {
        Some(FileKind::Xlsx) => {
            let bytes = workbook().map_err(|error| PageError(Problem::internal(&error)))?;
            Ok(page::file("付款名单模板.xlsx", page::XLSX, bytes))
        }
        Some(FileKind::Csv) | None => {
            let text = format!("\u{feff}{}\r\n", COLUMNS.join(","));
            Ok(page::file("付款名单模板.csv", "text/csv; charset=utf-8", text))
        }
    }
}

/// Where in the file something was found.
fn place(line: u64) -> String {
    match line {
        0 => "整份名单".to_owned(),
        HEADER => "表头".to_owned(),
        line => format!("第{line}行"),
    }
}

fn findings(report: &BatchReport) -> Markup {
    let rows = report.findings.iter().map(|one| {
        vec![
            Cell::text(place(one.line)),
            Cell::text(one.column),
            match one.weight {
                Weight::Error => Cell::badge(("错误", Tone::Bad)),
                Weight::Warning => Cell::badge(("提醒", Tone::Waiting)),
            },
            Cell::text(&one.problem),
        ]
    });
    let columns = [column("位置"), column("列"), column("程度"), column("问题")];
    part::block(
        "检查结果（尚未写入）",
        &html! {
            (part::facts(&[
                ("行数", html! { (report.lines) }),
                ("合计", part::yuan(report.total)),
                ("已登记的收款人", html! { (report.known) }),
            ]))
            (Table::new("名单中的问题", &columns, "没有发现问题，可以生成草稿。").whole(rows).plain())
        },
    )
}

/// The form.
#[handler]
pub(super) async fn get_ask(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    let asked = Asked::of(request);
    let known = asked.get("campaign").map(|campaign| ("campaign", campaign));
    show(&officer, &Typed::fresh(Form::of(known)), None).await
}

/// Tries a list, or writes it.
#[handler]
pub(super) async fn post_send(officer: Officer, form: Form, request: &Request) -> Result<Response, PageError> {
    let write = form.get("do") == "take";
    let read = async {
        let mut check = form.check();
        let (id, campaign): (DisbursementId, CampaignId) = (check.id("id"), check.id("campaign"));
        let (line, purpose) = (check.text("line"), check.text("purpose"));
        let upload = form.upload("file");
        if upload.is_none() {
            check.say("file", "请选择文件");
        }
        check.done()?;
        let bytes = upload.map(|upload| upload.content.clone()).unwrap_or_default();
        let batch = Batch { id, campaign, line, purpose, bytes };
        let despite = form.ticked("despite_warnings");
        officer.app.spending.batch(batch, write, despite, &officer.member).await.map_err(Problem::from)
    };
    match read.await {
        Ok(BatchReport { paper: Some(row), .. }) => {
            Ok(officer.done("支出申请草稿已生成，请上传证明材料后提交审批。", &disbursement::path(row.id)))
        }
        Ok(report) if part::is_piece(request) => Ok(Html::part(findings(&report)).into_response()),
        Err(refused) if part::is_piece(request) => {
            Ok(Html::part(part::alert(&Typed::refused(&form, refused))).into_response())
        }
        Ok(report) => show(&officer, &Typed::fresh(form), Some(&report)).await,
        Err(refused) => show(&officer, &Typed::refused(&form, refused), None).await,
    }
}

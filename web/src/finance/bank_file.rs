//! A statement of the bank brought as a file: looked at first, then taken.

use app::bank::{CLERKS, Import, ImportReport, KEEPERS};
use app::problem::Problem;
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};

use super::bank::{Desk, desk};
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::{Html, PageError};
use crate::part;
use crate::session::Officer;
use crate::table::Asked;

/// What is in a file, and what came of it.
fn report(report: &ImportReport) -> Markup {
    let money = |amount: Option<domain::Money>| html! { @if let Some(amount) = amount { (part::yuan(amount)) } };
    html! {
        (part::block("文件里有什么", &html! {
            (part::facts(&[
                ("格式", html! { (super::bank_line::format(report.format)) }),
                ("期间", html! { @if let Some((first, last)) = report.days { (first) " 至 " (last) } }),
                ("期初余额", money(report.opening)),
                ("期末余额", money(report.closing)),
                ("笔数", html! { (report.lines) }),
                ("其中新的", html! { (report.fresh) }),
                ("收入", part::yuan(report.income)),
                ("支出", part::yuan(report.expense)),
            ]))
            (part::file_problems("不是流水的行", &report.balance_rows))
            (part::file_problems("不能导入的问题", &report.problems))
            (part::file_problems("请先看一看的提示", &report.warnings))
        }))
    }
}

fn ask_file(officer: &Officer, desk: &Desk, typed: &Typed, read: Option<&ImportReport>) -> Response {
    let content = html! {
        h1 { "导入银行对账单" }
        p class="note" { "支持 CSV、XLSX（按账户保存的列对应）和 CAMT.053；MT940、PDF 和旧版 XLS 请先换成这些格式。同一文件或期间重叠的文件再次导入，不会重复记入。" }
        p class="note" { "表格里可以有期初余额、期末余额、承前页、过次页和合计的行：它们用来核对，不当作流水，读成了什么会在检查结果里写明。" }
        p class="note" {
            "表格的列名与银行的写法不同时，先在“账户与列对应”里写明各列的名称。"
            @if officer.is(&KEEPERS) { a href=(desk.path("/account")) { "账户与列对应" } } @else { "由会计或财务负责人填写，请联系他们。" }
        }
        (part::alert(typed))
        (officer.form_with_files("/console/bank/import", &html! {
            (desk.kept())
            (Field::file(typed, "file", "对账单文件").required())
            (Field::tick(typed, "despite", "有提示也导入"))
            div class="go" {
                button type="submit" name="do" value="take" class="primary" { "导入" }
                (part::look_first("/console/bank/import"))
            }
        }))
        div id="found" role="status" { @if let Some(read) = read { (report(read)) } }
    };
    officer.shown("导入银行对账单", &[(desk.path("").as_str(), "银行流水")], &content, typed)
}

/// The form of a statement.
#[handler]
pub(super) async fn get_import(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&[CLERKS, KEEPERS].concat())?;
    let desk = desk(&officer, &Asked::of(request)).await?;
    Ok(ask_file(&officer, &desk, &Typed::default(), None))
}

/// Looks at a statement, or takes it.
#[handler]
pub(super) async fn post_import(officer: Officer, form: Form, request: &Request) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let write = form.get("do") == "take";
    let read: Result<ImportReport, Problem> = async {
        let name = desk.account.clone().ok_or_else(|| Problem::field("account", "请先登记银行账户"))?;
        let file = form.upload("file").ok_or_else(|| Problem::field("file", "请选择文件"))?;
        let import = Import {
            id: uuid::Uuid::now_v7().into(),
            book: desk.shelf.book.id,
            bank_account: name,
            file_name: Some(file.name.clone()),
            bytes: file.content.clone(),
        };
        Ok(officer.app.bank.import(import, write, form.ticked("despite"), &officer.member).await?)
    }
    .await;
    match read {
        Ok(read) if write && read.statement.is_some() => {
            let said = format!("已导入：新流水{}笔，其中{}笔已自动对应。", read.fresh, read.matched);
            Ok(officer.done(&said, &desk.path("/matching")))
        }
        Ok(read) if part::is_piece(request) => Ok(Html::part(report(&read)).into_response()),
        Err(refused) if part::is_piece(request) => {
            Ok(Html::part(part::alert(&Typed::refused(&form, refused))).into_response())
        }
        Ok(read) => Ok(ask_file(&officer, &desk, &Typed::fresh(form), Some(&read))),
        Err(refused) => Ok(ask_file(&officer, &desk, &Typed::refused(&form, refused), None)),
    }
}

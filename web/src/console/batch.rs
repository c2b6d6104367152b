//! A list of payees as one paper: tried first, which writes nothing, then written.

use app::problem::Problem;
use app::spending::batch::{Batch, BatchReport, Weight};
use crowdfunding::spending::AUTHORS;
use domain::{CampaignId, DisbursementId};
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};

use super::disbursement;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::{Html, PageError};
use crate::part::{self, Tone};
use crate::session::Officer;
use crate::table::{Cell, Table, column, numbers};

async fn page(officer: &Officer, typed: &Typed, report: Option<&BatchReport>) -> Result<Response, PageError> {
    let content = html! {
        h1 { "按名单上传" }
        p class="note" { "先检查：不写入任何内容。没有错误后再生成支出申请草稿。" }
        (part::alert(typed))
        (officer.form_with_files("/console/disbursements/batch", &html! {
            (part::new_id(typed))
            (Field::choice(typed, "campaign", "从哪个项目支出", &disbursement::campaigns(officer).await?).required())
            div class="fields" {
                (Field::text(typed, "line", "预算科目代码").required().longest(20))
                (Field::text(typed, "purpose", "用途").required().longest(200))
            }
            (Field::file(typed, "file", "名单").required().hint("CSV（UTF-8）或XLSX。"))
            (Field::tick(typed, "despite_warnings", "已核对提醒，仍要生成"))
            div class="go" {
                button type="submit" name="do" value="take" class="primary" { "生成草稿" }
                (part::look_first("/console/disbursements/batch"))
            }
        }))
        div id="found" role="status" { @if let Some(report) = report { (findings(report)) } }
    };
    Ok(officer.shown("按名单上传", &[("/console/disbursements", "支出申请")], &content, typed))
}

fn findings(report: &BatchReport) -> Markup {
    let rows = report.findings.iter().map(|one| {
        vec![
            Cell::number(i64::try_from(one.line).unwrap_or(i64::MAX)),
            Cell::text(one.column),
            match one.weight {
                Weight::Error => Cell::badge(("错误", Tone::Bad)),
                Weight::Warning => Cell::badge(("提醒", Tone::Waiting)),
            },
            Cell::text(&one.problem),
        ]
    });
    let columns = [numbers("行"), column("列"), column("程度"), column("问题")];
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
pub(super) async fn get_ask(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    page(&officer, &Typed::default(), None).await
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
        Ok(report) => page(&officer, &Typed::fresh(form), Some(&report)).await,
        Err(refused) => page(&officer, &Typed::refused(&form, refused), None).await,
    }
}

//! The papers of an application: sealed with the borrower's key; whoever reads one is written down.

use app::loans::papers::{OpenPaper, Upload};
use app::problem::Problem;
use domain::{LoanApplicationId, LoanPaperId};
use lending::paper::PaperLine;
use maud::{Markup, html};
use poem::http::header;
use poem::web::Path;
use poem::{Response, handler};

use super::application::path;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part;
use crate::session::{Officer, encoded};

/// What a paper can prove: the word in the database and its name.
const KINDS: [(&str, &str); 6] = [
    ("proof", "证明材料"),
    ("survey", "走访调查"),
    ("recommendation", "推荐意见"),
    ("decision", "审批意见"),
    ("contract", "合同"),
    ("other", "其他"),
];

fn kind(word: &str) -> &str {
    KINDS.iter().find(|(key, _)| *key == word).map_or("其他", |(_, name)| name)
}

fn size(bytes: i64) -> String {
    if bytes < 1024 * 1024 { format!("{} KB", bytes / 1024 + 1) } else { format!("{} MB", bytes / (1024 * 1024)) }
}

/// The papers, with a form if one may be added.
pub(super) fn list(
    officer: &Officer,
    id: LoanApplicationId,
    papers: &[PaperLine],
    may_add: bool,
    refused: Option<&Typed>,
) -> Markup {
    let fresh = Typed::default();
    let typed = refused.unwrap_or(&fresh);
    let kinds = options(KINDS);
    html! {
        @if papers.is_empty() { (part::nothing_here("还没有材料。")) }
        @else {
            ul class="papers" {
                @for paper in papers {
                    li {
                        a href={ (path(id)) "/papers/" (paper.id) } { (paper.file_name) }
                        " " span class="faint" { (kind(&paper.kind)) " · " (size(paper.size)) " · " (if paper.staff_id.is_some() { "工作人员" } else { "借款人" }) " · " (part::at(paper.created_us)) }
                        @if paper.staff_id == Some(officer.id()) {
                            (officer.form(&format!("{}/papers/{}/withdrawal", path(id), paper.id), &html! {
                                button type="submit" class="plain" { "撤下" span class="unseen" { (paper.file_name) } }
                            }))
                        }
                    }
                }
            }
        }
        @if may_add {
            details class="step" open[refused.is_some()] {
                summary { "添加材料" }
                (officer.form_with_files(&format!("{}/papers", path(id)), &html! {
                    (part::alert(typed))
                    (Field::choice(typed, "kind", "材料种类", &kinds).required())
                    (Field::file(typed, "file", "文件").required().hint("PDF、PNG、JPEG、不含宏的XLSX、OFD、CSV或文本文件，最大10 MB。"))
                    div class="go" { button type="submit" class="primary" { "上传" } }
                }))
            }
        }
    }
}

/// Adds the paper of a form.
pub(super) async fn attach(officer: &Officer, id: LoanApplicationId, form: &Form) -> Result<(), Problem> {
    let Some(upload) = form.upload("file") else { return Err(Problem::field("file", "请选择文件")) };
    let upload = Upload {
        kind: form.given("kind").unwrap_or("other").to_owned(),
        file_name: upload.name.clone(),
        bytes: upload.content.clone(),
    };
    officer.app.loans.add_paper_by(id, upload, &officer.member).await?;
    Ok(())
}

/// A paper as a file.
#[handler]
pub(super) async fn get_paper(
    officer: Officer,
    Path((id, paper)): Path<(LoanApplicationId, LoanPaperId)>,
) -> Result<Response, PageError> {
    let OpenPaper { file_name, media_type, bytes } = officer.app.loans.paper(id, paper, &officer.member).await?;
    let name = encoded(&file_name).replace('+', "%20");
    Ok(Response::builder()
        .content_type(&media_type)
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}"))
        .body(bytes))
}

/// Takes back a paper that one added.
#[handler]
pub(super) async fn post_withdraw(
    officer: Officer,
    Path((id, paper)): Path<(LoanApplicationId, LoanPaperId)>,
) -> Result<Response, PageError> {
    officer.app.loans.withdraw_paper(id, paper, &officer.member).await?;
    Ok(officer.done("材料已撤下。", &path(id)))
}

//! Papers under a thing: listed, read, added, withdrawn. Whoever shows a thing says under which name its papers lie and who may
//! do what with them.

use app::documents::{Attached, Content};
use app::spending::lists;
use app::spending::payees::OPENERS;
use domain::AttachmentId;
use domain::document::AttachmentKind;
use maud::{Markup, html};
use poem::Response;

use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::{self, PageError};
use crate::part;
use crate::session::Officer;

/// What a paper can prove, as the form offers it.
const OFFERED: [AttachmentKind; 11] = [
    AttachmentKind::Contract,
    AttachmentKind::Invoice,
    AttachmentKind::Roster,
    AttachmentKind::Filing,
    AttachmentKind::FilingReceipt,
    AttachmentKind::Minutes,
    AttachmentKind::Report,
    AttachmentKind::Statement,
    AttachmentKind::Scan,
    AttachmentKind::Order,
    AttachmentKind::Other,
];

/// What a paper is.
pub(crate) fn name(kind: AttachmentKind) -> &'static str {
    match kind {
        AttachmentKind::Contract => "合同或协议",
        AttachmentKind::Invoice => "发票",
        AttachmentKind::Roster => "名单",
        AttachmentKind::List => "付款清单",
        AttachmentKind::Filing => "备案材料",
        AttachmentKind::FilingReceipt => "备案回执",
        AttachmentKind::Minutes => "会议纪要",
        AttachmentKind::Report => "报告",
        AttachmentKind::Statement => "银行回单",
        AttachmentKind::Scan => "扫描件",
        AttachmentKind::Order => "主管部门的决定或通知",
        AttachmentKind::Picture => "图片",
        AttachmentKind::Other => "其他",
    }
}

/// The name of a word in the database; what was attached before the words were few stays what it is called.
fn kind(word: &str) -> &str {
    match AttachmentKind::of(word) {
        Some(kind) => name(kind),
        None => word,
    }
}

/// The papers of a thing whose page has this path; with a form if one may be added.
pub(crate) async fn list(
    officer: &Officer,
    object: &str,
    path: &str,
    may_add: bool,
    typed: &Typed,
) -> Result<Markup, PageError> {
    listed(officer, object, path, (may_add, false), &[], typed).await
}

/// The same, where some papers are not taken back: a step was taken on them, or the officer only brings papers.
pub(crate) async fn list_with_fixed(
    officer: &Officer,
    object: &str,
    path: &str,
    may_add: bool,
    fixed: &[AttachmentId],
    typed: &Typed,
) -> Result<Markup, PageError> {
    listed(officer, object, path, (may_add, false), fixed, typed).await
}

/// The same, where a list or a roster names people: it is given for a reason, to whoever may read them.
pub(crate) async fn guarded_list(
    officer: &Officer,
    object: &str,
    path: &str,
    may_add: bool,
    typed: &Typed,
) -> Result<Markup, PageError> {
    listed(officer, object, path, (may_add, true), &[], typed).await
}

async fn listed(
    officer: &Officer,
    object: &str,
    path: &str,
    (may_add, guarded): (bool, bool),
    fixed: &[AttachmentId],
    typed: &Typed,
) -> Result<Markup, PageError> {
    let papers = officer.app.documents.of(object).await?;
    Ok(html! {
        @if papers.is_empty() { (part::nothing_here("还没有材料。")) }
        @else { ul class="papers" { @for paper in &papers { (line(officer, paper, path, (may_add && !fixed.contains(&paper.attachment.id), guarded))) } } }
        @if may_add { (add(officer, path, typed)) }
    })
}

fn line(officer: &Officer, paper: &Attached, path: &str, (may_withdraw, guarded): (bool, bool)) -> Markup {
    let id = paper.attachment.id;
    let asks = guarded && lists::names_people(&paper.attachment.kind);
    html! {
        li {
            @if asks { (paper.attachment.file_name) } @else { a href={ (path) "/papers/" (id) } { (paper.attachment.file_name) } }
            " " span class="faint" { (kind(&paper.attachment.kind)) " · " (size(paper.size)) " · " (part::at(paper.attachment.created_us)) }
            @if asks && officer.is(&OPENERS) {
                details class="step" {
                    summary { "查看名单" span class="unseen" { (paper.attachment.file_name) } }
                    (officer.form(&format!("{path}/papers/{id}/reading"), &html! {
                        p class="hint" { "名单含有个人信息，下载会记录在案；涉及未成年人的，只有负责人和经其批准的人可以查看。" }
                        (Field::text(&Typed::default(), "reason", "查看原因").required().longest(200))
                        div class="go" { button type="submit" { "下载" } }
                    }))
                }
            }
            @if may_withdraw {
                (officer.form(&format!("{path}/papers/{id}/withdrawal"), &html! {
                    button type="submit" class="plain" { "撤下" span class="unseen" { (paper.attachment.file_name) } }
                }))
            }
        }
    }
}

fn size(bytes: i64) -> String {
    if bytes < 1024 * 1024 { format!("{} KB", bytes / 1024 + 1) } else { format!("{} MB", bytes / (1024 * 1024)) }
}

fn add(officer: &Officer, path: &str, typed: &Typed) -> Markup {
    let kinds = options(OFFERED.map(|kind| (kind.as_str(), name(kind))));
    html! {
        details class="step" open[typed.problem().is_some()] {
            summary { "添加材料" }
            (officer.form_with_files(&format!("{path}/papers"), &html! {
                (part::alert(typed))
                (Field::choice(typed, "kind", "材料种类", &kinds).required())
                (Field::file(typed, "file", "文件").required().hint("PDF、PNG、JPEG、不含宏的XLSX、OFD、CSV或文本文件，最大10 MB。"))
                div class="go" { button type="submit" class="primary" { "上传" } }
            }))
        }
    }
}

/// Adds the paper of a form.
pub(crate) async fn attach(officer: &Officer, object: &str, form: &Form) -> Result<(), PageError> {
    let Some(upload) = form.upload("file") else {
        return Err(app::problem::Problem::field("file", "请选择文件").into());
    };
    let kind = form.given("kind").unwrap_or(AttachmentKind::Other.as_str());
    officer.app.documents.attach(&officer.member, object, kind, &upload.name, upload.content.clone()).await?;
    Ok(())
}

/// A paper as a file. The browser keeps it, and never runs it.
pub(crate) fn download(content: Content) -> Response {
    page::file(&content.attachment.file_name, &content.media_type, content.bytes)
}

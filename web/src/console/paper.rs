//! Papers under a thing: listed, read, added, withdrawn. Whoever shows a thing says under which name its papers lie and who may
//! do what with them.

use app::documents::{Attached, Content};
use maud::{Markup, html};
use poem::Response;

use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::{self, PageError};
use crate::part;
use crate::session::Officer;

/// What a paper can prove: the word in the database and its name.
pub(crate) const KINDS: [(&str, &str); 8] = [
    ("contract", "合同或协议"),
    ("invoice", "发票"),
    ("roster", "名单"),
    ("filing", "备案材料"),
    ("minutes", "会议纪要"),
    ("report", "报告"),
    ("statement", "银行回单"),
    ("other", "其他"),
];

fn kind(word: &str) -> &str {
    KINDS.iter().find(|(key, _)| *key == word).map_or(word, |(_, name)| name)
}

/// The papers of a thing whose page has this path; with a form if one may be added.
pub(crate) async fn list(
    officer: &Officer,
    object: &str,
    path: &str,
    may_add: bool,
    typed: &Typed,
) -> Result<Markup, PageError> {
    let papers = officer.app.documents.of(object).await?;
    Ok(html! {
        @if papers.is_empty() { (part::nothing_here("还没有材料。")) }
        @else { ul class="papers" { @for paper in &papers { (line(officer, paper, path, may_add)) } } }
        @if may_add { (add(officer, path, typed)) }
    })
}

fn line(officer: &Officer, paper: &Attached, path: &str, may_add: bool) -> Markup {
    let id = paper.attachment.id;
    html! {
        li {
            a href={ (path) "/papers/" (id) } { (paper.attachment.file_name) }
            " " span class="faint" { (kind(&paper.attachment.kind)) " · " (size(paper.size)) " · " (part::at(paper.attachment.created_us)) }
            @if may_add {
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
    let kinds = options(KINDS);
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
    let kind = form.given("kind").unwrap_or("other");
    officer.app.documents.attach(&officer.member, object, kind, &upload.name, upload.content.clone()).await?;
    Ok(())
}

/// A paper as a file. The browser keeps it, and never runs it.
pub(crate) fn download(content: Content) -> Response {
    page::file(&content.attachment.file_name, &content.media_type, content.bytes)
}

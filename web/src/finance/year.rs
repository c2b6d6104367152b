//! Years after they are ended: the pack for the auditors (年度审计资料包), and their report, recorded by one person and confirmed by another.

use app::closing::{NewReport, YearState};
use app::problem::Problem;
use domain::proposal::ProposalState;
use domain::role::Role;
use domain::{AttachmentId, AuditedYearId};
use maud::html;
use poem::web::Path;
use poem::{Request, Response, handler};

use super::shelf::Shelf;
use super::words;
use crate::console::paper;
use crate::console::people::{Names, why_not};
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::{self, PageError};
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked};

const RECORDERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
const CONFIRMERS: [Role; 2] = [Role::FinanceHead, Role::Chair];
const PACKERS: [Role; 3] = [Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
const LIST: &str = "/console/years";

fn path(id: AuditedYearId) -> String {
    format!("/console/audit-reports/{id}")
}

async fn list(officer: &Officer, asked: &Asked, at: Option<i32>, typed: &Typed) -> Result<Response, PageError> {
    let book = typed.form().given("book").or(asked.get("book"));
    let shelf = Shelf::named(officer, book).await?;
    let years = officer.app.closing.years(shelf.book.id, &officer.member).await?;
    let fresh = Typed::default();
    let content = html! {
        (part::heading("年度审计", &html! { span class="faint" { (shelf.book.name) } }))
        @if shelf.books.len() > 1 { (table::filter(asked, &shelf.choice())) }
        p class="note" { "年度结转后可作审计调整；登记审计报告、公布年度工作报告并确认后，该年度不再调整。" }
        @if years.is_empty() { (part::nothing_here("这个账套还没有记账。")) }
        @for one in &years {
            @let refused = (at == Some(one.year)).then_some(typed);
            @let shown = refused.unwrap_or(&fresh);
            (part::block(&format!("{}年度", one.year), &html! {
                (part::facts(&[
                    ("状态", part::badge(words::year(one.state))),
                    ("年终结转", html! { @if let Some(closing) = &one.closing {
                        a href=(super::year_closing::path(closing.id)) { (closing.year) "年度年终结转" } " " (part::badge(words::proposal(closing.state)))
                    } }),
                    ("审计报告", html! { @if let Some(report) = &one.report {
                        a href=(path(report.id)) { (report.report_number) } " " (part::badge(words::proposal(report.state)))
                    } }),
                    ("会计师事务所", html! { @if let Some(report) = &one.report { (report.auditor) } }),
                    ("报告日期", html! { @if let Some(report) = &one.report { (report.reported_on) } }),
                ]))
                div class="steps" {
                    a class="button" href={ "/console/statements?" (shelf.query()) "&year=" (one.year) "&month=" } { "年度报表" }
                    @if officer.is(&PACKERS) { a class="button" href={ (LIST) "/pack?" (shelf.query()) "&year=" (one.year) } { "下载审计资料包" } }
                    @if one.state == YearState::SoftClosed && officer.keeps(&[Role::Bookkeeper], shelf.book.id) {
                        a class="button" href={ "/console/vouchers/new?" (shelf.query()) "&kind=adjustment" } { "填制审计调整" }
                    }
                    @if one.state == YearState::SoftClosed && one.report.is_none() && officer.keeps(&RECORDERS, shelf.book.id) {
                        (Step {
                            name: "登记审计报告", will: "登记后上传报告原件（材料种类选“报告”）；该年度的年度工作报告公布以后，由另一人确认；确认后该年度不再接受审计调整。",
                            to: &format!("{LIST}/{}/report", one.year), grave: false,
                            fields: html! {
                                (part::new_id(shown))
                                input type="hidden" name="book" value=(shelf.book.code);
                                div class="fields" {
                                    (Field::text(shown, "auditor", "会计师事务所").required().longest(100))
                                    (Field::text(shown, "report_number", "报告文号").required().longest(100))
                                    (Field::day(shown, "reported_on", "报告日期").required())
                                }
                            },
                        }.show(officer, refused))
                    }
                }
            }))
        }
    };
    Ok(officer.shown("年度审计", &[("/console/closing", "结账与封存")], &content, typed))
}

/// The years of a book, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    list(&officer, &Asked::of(request), None, &Typed::default()).await
}

/// Everything an auditor asks of a year, as one archive.
#[handler]
pub(super) async fn get_pack(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let year = asked.read::<i32>("year")?.filter(|year| (2000..3000).contains(year));
    let year = year.ok_or_else(|| Problem::not_found("no_such_year", "没有这个会计年度。"))?;
    let (name, bytes) = officer.app.closing.audit_pack(shelf.book.id, year, &officer.member).await?;
    Ok(page::file(&name, "application/zip", bytes))
}

/// Records the report of a year: the first of two persons.
#[handler]
pub(super) async fn post_report(officer: Officer, Path(year): Path<i32>, form: Form) -> Result<Response, PageError> {
    let shelf = Shelf::named(&officer, form.given("book")).await?;
    let recorded: Result<AuditedYearId, Problem> = async {
        let mut check = form.check();
        let (id, auditor, report_number) = (check.id("id"), check.text("auditor"), check.text("report_number"));
        let reported_on = check.day("reported_on");
        check.done()?;
        let reported_on = reported_on.ok_or_else(|| Problem::field("reported_on", "请填写日期"))?;
        let new = NewReport { id, book: shelf.book.id, year, auditor, report_number, reported_on };
        Ok(officer.app.closing.report(new, &officer.member).await?.id)
    }
    .await;
    match recorded {
        Ok(id) => Ok(officer.done("已登记。请上传报告原件，再由另一人确认。", &path(id))),
        Err(refused) => list(&officer, &Asked::at(LIST), Some(year), &Typed::refused(&form, refused)).await,
    }
}

async fn show(officer: &Officer, id: AuditedYearId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let row = officer.app.closing.report_of(id, &officer.member).await?;
    let object = officer.app.closing.report_file(id, false, &officer.member).await?;
    let said = why_not(officer, [object.clone()]).await?;
    let people = [Some(row.author_id), row.author_for_id, row.approver_id, row.approver_for_id];
    let names = Names::of(officer, people.into_iter().flatten()).await?;
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let open = row.state == ProposalState::Proposed;
    let papers_typed = refused("papers").unwrap_or(&fresh);
    let papers =
        paper::list(officer, &object, &path(id), open && officer.keeps(&RECORDERS, row.book_id), papers_typed).await?;
    let own = [Some(row.author_id), row.author_for_id].contains(&Some(officer.id()));
    let to = |step: &str| format!("{}/{step}", path(id));
    let title = format!("{}年度审计报告", row.year);
    let content = html! {
        (part::heading(&title, &part::badge(words::proposal(row.state))))
        (part::refusal(said.get(&object)))
        @if open && officer.keeps(&CONFIRMERS, row.book_id) {
            div class="steps" {
                @if own { p class="faint" { "这是您登记的，须由另一人确认。" } } @else {
                    (Step { name: "确认报告", will: "确认后该年度不再接受审计调整，不能撤销。请先阅读报告原件；该年度的年度工作报告须已公布。", to: &to("approval"), grave: true, fields: nothing() }.show(officer, refused("approval")))
                    (Step { name: "不同意", will: "登记作废，可重新登记。", to: &to("decline"), grave: false, fields: part::why(refused("decline")) }.show(officer, refused("decline")))
                }
            }
        }
        (part::block("报告", &part::facts(&[
            ("年度", html! { (row.year) }),
            ("会计师事务所", html! { (row.auditor) }),
            ("报告文号", html! { (row.report_number) }),
            ("报告日期", html! { (row.reported_on) }),
            ("登记人", html! { (names.name(row.author_id)) }),
            ("登记时间", part::at(row.created_us)),
            ("确认人", names.signed(row.approver_id, row.approver_for_id)),
            ("确认时间", html! { @if let Some(at) = row.decided_us { (part::at(at)) } }),
        ])))
        (part::block("报告原件", &papers))
    };
    Ok(officer.shown(&title, &[(LIST, "年度审计")], &content, typed))
}

/// One report.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<AuditedYearId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// A step of a report.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(AuditedYearId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (closing, by) = (&officer.app.closing, &officer.member);
    let taken: Result<&str, PageError> = async {
        Ok(match word.as_str() {
            "approval" => closing.confirm_report(id, true, by).await.map(|_| "审计报告已确认。")?,
            "decline" => {
                let mut check = form.check();
                let decision = check.decision(false);
                check.done()?;
                closing.confirm_report(id, decision, by).await.map(|_| "已记为不同意。")?
            }
            "papers" => {
                let object = closing.report_file(id, true, by).await?;
                paper::attach(&officer, &object, &form).await.map(|()| "材料已添加。")?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(said, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused.0)).await,
    }
}

/// A document of a report.
#[handler]
pub(super) async fn get_read_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(AuditedYearId, AttachmentId)>,
) -> Result<Response, PageError> {
    let object = officer.app.closing.report_file(id, false, &officer.member).await?;
    Ok(paper::download(officer.app.documents.read(&object, paper_id).await?))
}

/// Takes a document of a report back that is not confirmed yet.
#[handler]
pub(super) async fn post_withdraw_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(AuditedYearId, AttachmentId)>,
) -> Result<Response, PageError> {
    let object = officer.app.closing.report_file(id, true, &officer.member).await?;
    officer.app.documents.withdraw(&officer.member, &object, paper_id).await?;
    Ok(officer.done("材料已撤下。", &path(id)))
}

//! What the screening of names and gifts found: compliance alone sees it.

use app::problem::Problem;
use domain::{GiftAlertId, ScreeningHitId};
use maud::{Markup, html};
use poem::web::Path;
use poem::{Request, Response, handler};

use super::donation;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, ROWS};

fn hit_state(word: &str) -> (&str, Tone) {
    match word {
        "open" => ("待处理", Tone::Waiting),
        "cleared" => ("排除", Tone::Good),
        "blocked" => ("确认命中", Tone::Bad),
        "reported" => ("已报告", Tone::Bad),
        other => (other, Tone::Calm),
    }
}

/// Why a gift was found.
pub(super) fn ground(word: &str) -> &str {
    match word {
        "single" => "单笔大额",
        "repeated" => "累计大额",
        "listed" => "名单命中",
        other => other,
    }
}

/// The panel that loads names onto a list.
fn load(officer: &Officer, refused: Option<&Typed>) -> Markup {
    let fresh = Typed::default();
    let typed = refused.unwrap_or(&fresh);
    let will =
        "名单加密保存，全机构共用；载入后立即与全部收款人比对，以后登记的收款人也会比对。已在名单上的不重复载入。";
    let fields = html! {
        (Field::text(typed, "list", "名单名称").required().longest(40))
        (Field::area(typed, "names", "姓名或名称").required().hint("每行一个，一次最多5000个。理事、监事及其近亲属等关联方也在这里载入；本机构工作人员和大额捐赠单位由系统自动列入。"))
    };
    Step { name: "载入名单", will, to: "/console/screening/list/names/loading", grave: false, fields }
        .show(officer, refused)
}

/// Leaves what a page shows, and answers where the next begins.
fn cut<T>(found: &mut Vec<T>, id: impl Fn(&T) -> String) -> Option<String> {
    let shown = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    found.last().filter(|_| more).map(id)
}

/// The links below one of the lists: to its first page and to the next.
fn further(asked: &Asked, name: &str, next: Option<&str>, label: &str) -> Markup {
    html! {
        @if asked.get(name).is_some() || next.is_some() {
            nav class="pages" aria-label=(label) {
                @if asked.get(name).is_some() { a href=(asked.with(&[(name, "")])) { "第一页" } }
                @if let Some(next) = next { a href=(asked.with(&[(name, next)])) rel="next" { "下一页" } }
            }
        }
    }
}

async fn show(
    officer: &Officer,
    asked: &Asked,
    at: Option<(String, &str)>,
    typed: &Typed,
) -> Result<Response, PageError> {
    let all = asked.get("show") == Some("all");
    let state = (!all).then_some("open");
    // Each of the two lists of the page has a cursor of its own.
    let mut hits = officer.app.spending.hits(state, &officer.member, asked.read("hits")?, ROWS + 1).await?;
    let mut alerts = officer.app.gift_watch.page(state, &officer.member, asked.read("gifts")?, ROWS + 1).await?;
    let next_hit = cut(&mut hits, |hit| hit.row.id.to_string());
    let next_gift = cut(&mut alerts, |alert| alert.row.id.to_string());
    let fresh = Typed::default();
    let refused =
        |id: &str, step: &str| at.as_ref().is_some_and(|(one, word)| one == id && *word == step).then_some(typed);
    let step = |path: &str, id: &str, word: &str, name: &str, will: &str, grave: bool| {
        let refused = refused(id, word);
        let fields = html! { (Field::area(refused.unwrap_or(&fresh), "reason", "理由").required().longest(500)) };
        Step { name, will, to: &format!("/console/screening/{path}/{id}/{word}"), grave, fields }.show(officer, refused)
    };
    let content = html! {
        (part::heading("名单筛查", &nothing()))
        p class="note" { "筛查结果只对反洗钱专员可见，不得告知他人。" }
        div class="steps" { (load(officer, refused("list", "loading"))) }
        nav class="tabs" aria-label="筛查的范围" {
            a href=(asked.with(&[("show", ""), ("hits", ""), ("gifts", "")])) aria-current=[(!all).then_some("page")] { "待处理" }
            a href=(asked.with(&[("show", "all"), ("hits", ""), ("gifts", "")])) aria-current=[all.then_some("page")] { "全部" }
        }
        (part::block("收款人", &html! {
            @if hits.is_empty() { (part::nothing_here("没有待处理的命中。")) }
            @for hit in &hits {
                @let id = hit.row.id.to_string();
                article {
                    p { (part::badge(hit_state(&hit.row.state))) " " (part::at(hit.row.created_us)) " 收款人" a href={ "/console/payees/" (hit.row.payee_id) } { (hit.payee.name) } "，名单“" (hit.list) "”中的“" (hit.name) "”" }
                    @if let Some(reason) = &hit.row.reason { p class="faint" { (reason) } }
                    @if hit.row.state == "open" {
                        div class="steps" {
                            (step("hits", &id, "clearance", "排除", "不是名单上的人，可以继续付款。", false))
                            (step("hits", &id, "block", "确认命中", "就是名单上的人，将不能付款。", true))
                        }
                    }
                }
            }
            (further(asked, "hits", next_hit.as_deref(), "收款人的翻页"))
        }))
        (part::block("捐赠", &html! {
            @if alerts.is_empty() { (part::nothing_here("没有待处理的提示。")) }
            @for alert in &alerts {
                @let id = alert.row.id.to_string();
                article {
                    p { (part::badge(hit_state(&alert.row.state))) " " (part::at(alert.row.created_us)) " " (ground(&alert.row.ground)) "："
                        (alert.row.gifts) "笔，合计" (part::yuan(alert.row.total_fen)) "元 " a href=(donation::path(alert.row.donation_id)) { "查看捐赠" }
                        @if let Some(list) = &alert.list { "，名单“" (list) "”" } }
                    @if let Some(reason) = &alert.row.reason { p class="faint" { (reason) } }
                    @if alert.row.state == "open" {
                        div class="steps" {
                            (step("gifts", &id, "clearance", "排除", "没有可疑之处。", false))
                            (step("gifts", &id, "report", "已报告", "记录已向主管部门提交可疑交易报告。", true))
                        }
                    }
                }
            }
            (further(asked, "gifts", next_gift.as_deref(), "捐赠的翻页"))
        }))
    };
    Ok(officer.shown("名单筛查", &[("/console", "工作台")], &content, typed))
}

/// What was found.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), None, &Typed::default()).await
}

/// Decides a finding about a payee or a gift.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((what, id, word)): Path<(String, String, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let by = &officer.member;
    let missing = || Problem::not_found("no_such_finding", "没有这条筛查结果。");
    let decided: Result<String, Problem> = async {
        let reason = form.get("reason");
        match (what.as_str(), word.as_str()) {
            ("list", "loading") => {
                let names: Vec<String> = form
                    .get("names")
                    .lines()
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect();
                let (new, found) = officer.app.spending.load_watchlist(form.get("list"), &names, by).await?;
                return Ok(format!("名单已载入：新增{new}个，命中收款人{found}处。"));
            }
            ("hits", "clearance" | "block") => {
                let id: ScreeningHitId = id.parse().map_err(|_| missing())?;
                officer.app.spending.decide_hit(id, word == "clearance", reason, by).await?;
            }
            ("gifts", "clearance" | "report") => {
                let id: GiftAlertId = id.parse().map_err(|_| missing())?;
                officer.app.gift_watch.decide(id, word == "report", reason, by).await?;
            }
            _ => return Err(missing()),
        }
        Ok("已处理。".to_owned())
    }
    .await;
    match decided {
        Ok(said) => Ok(officer.done(&said, "/console/screening")),
        Err(refused) => {
            let asked = Asked::at("/console/screening");
            let at = if what == "list" { what } else { id };
            show(&officer, &asked, Some((at, word.as_str())), &Typed::refused(&form, refused)).await
        }
    }
}

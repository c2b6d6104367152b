//! What a campaign tells of itself after its opening: updates that another person publishes, how far its milestones are, and that the full
//! report was published.

use app::problem::Problem;
use crowdfunding::{AUTHORS, NewUpdate};
use domain::campaign::CampaignState;
use domain::role::Role;
use domain::{CampaignId, CampaignUpdateId};
use entity::campaign;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::campaign::{At, path, show};
use super::course::FILERS;
use super::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{Cell, Table, column, numbers};

/// The updates, and a form for another.
pub(super) fn told(
    officer: &Officer,
    row: &campaign::Model,
    updates: &[entity::campaign_update::Model],
    names: &Names,
    at: &At<'_>,
) -> Markup {
    let fresh = Typed::default();
    let typed = at.of("updates").unwrap_or(&fresh);
    html! {
        @if updates.is_empty() { (part::nothing_here("还没有进展。")) }
        @for one in updates {
            article class="update" {
                h3 { (one.title) " " @if one.published_us.is_none() { (part::badge(("未发布", part::Tone::Waiting))) } }
                p { (part::lines(&one.words)) }
                p class="faint" { (names.name(one.author_id)) " · " (part::at(one.created_us)) @if let Some(at) = one.published_us { " · " (names.maybe(one.publisher_id)) "发布于" (part::at(at)) } }
                @if one.published_us.is_none() && one.author_id != officer.id() && officer.is(FILERS) {
                    (Step { name: "发布", will: "将公开这条进展；发布后不能修改，只能另写更正。", to: &format!("{}/updates/{}/publication", path(row.id), one.id), grave: false, fields: nothing() }.show(officer, None))
                }
            }
        }
        @if row.state.is_public() && officer.is(&AUTHORS) {
            details class="step" open[at.of("updates").is_some()] {
                summary { "写进展" }
                (officer.form(&format!("{}/updates", path(row.id)), &html! {
                    (part::alert(typed)) (part::new_id(typed))
                    (Field::text(typed, "title", "标题").required().longest(60))
                    (Field::area(typed, "words", "内容").required().longest(4000))
                    div class="go" { button type="submit" class="primary" { "保存" } span class="faint" { "由另一人发布。" } }
                }))
            }
        }
    }
}

/// The steps of the project, and how far they are.
pub(super) fn reached(
    officer: &Officer,
    row: &campaign::Model,
    milestones: &[entity::milestone::Model],
    at: &At<'_>,
) -> Markup {
    let fresh = Typed::default();
    let typed = at.of("milestone-progress").unwrap_or(&fresh);
    let codes = options(milestones.iter().map(|one| (&one.code, format!("{} {}", one.code, one.name))));
    let columns = [column("里程碑"), column("期限"), numbers("进度"), column("说明"), column("更新时间")];
    let lines = milestones.iter().map(|one| {
        vec![
            Cell::text(&one.name),
            Cell::day(one.due),
            Cell::text(format!("{}%", one.progress)),
            Cell::text(&one.note),
            Cell::at(one.changed_us),
        ]
    });
    let fields = html! {
        (Field::choice(typed, "code", "里程碑", &codes).required())
        (Field::number(typed, "progress", "进度（%）").required().longest(3))
        (Field::text(typed, "note", "说明").required().longest(500))
    };
    html! {
        (Table::new("里程碑", &columns, "方案没有列出里程碑。").whole(lines).plain())
        @if !milestones.is_empty() && officer.is(&AUTHORS) {
            (Step { name: "更新进度", will: "进度将公开显示。", to: &format!("{}/milestone-progress", path(row.id)), grave: false, fields }
                .show(officer, at.of("milestone-progress")))
        }
    }
}

/// That the full report was published, once the money is being used or is used.
pub(super) fn disclosure(officer: &Officer, row: &campaign::Model, at: &At<'_>) -> Markup {
    use CampaignState as S;
    let due = matches!(row.state, S::Ended | S::Executing | S::Closing | S::Closed | S::Terminated);
    let fresh = Typed::default();
    let typed = at.of("final-disclosure").unwrap_or(&fresh);
    html! {
        @if due && officer.is(&[Role::Disclosure]) {
            (Step { name: "登记全面公开", will: "将记录募捐和使用情况已全面公开的日期和网址。", to: &format!("{}/final-disclosure", path(row.id)), grave: false,
                fields: html! {
                    (Field::day(typed, "published_on", "公开日期").required())
                    (Field::text(typed, "reference", "网址或文号").required().longest(300))
                } }.show(officer, at.of("final-disclosure")))
        }
    }
}

/// The forms of a campaign's progress.
pub(super) async fn take(
    officer: &Officer,
    id: CampaignId,
    word: &str,
    form: &Form,
) -> Result<&'static str, PageError> {
    let (campaigns, by) = (&officer.app.campaigns, &officer.member);
    let mut check = form.check();
    match word {
        "updates" => {
            let (update, title, said): (CampaignUpdateId, _, _) =
                (check.id("id"), check.text("title"), check.text("words"));
            check.done()?;
            let new = NewUpdate { id: update, corrects: None, title, words: said };
            campaigns.write_update(id, new, by).await?;
            Ok("进展已保存，待另一人发布。")
        }
        "milestone-progress" => {
            let (code, progress, note) = (check.text("code"), check.number::<i64>("progress"), check.text("note"));
            check.done()?;
            campaigns.progress(id, (code, progress.unwrap_or_default(), note), by).await?;
            Ok("进度已更新。")
        }
        "final-disclosure" => {
            let (published_on, reference) = (check.day("published_on"), check.text("reference"));
            check.done()?;
            let published_on = published_on.ok_or_else(|| Problem::field("published_on", "请填写日期"))?;
            officer.app.disclosures.publish_final(id, (published_on, reference), by).await?;
            Ok("已登记。")
        }
        _ => Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    }
}

/// Publishes an update.
#[handler]
pub(super) async fn post_publish(
    officer: Officer,
    Path((id, update)): Path<(CampaignId, CampaignUpdateId)>,
    form: Form,
) -> Result<Response, PageError> {
    match officer.app.campaigns.publish_update(update, &officer.member).await {
        Ok(_) => Ok(officer.done("进展已发布。", &path(id))),
        Err(refused) => show(&officer, id, &At { form: "updates", typed: Typed::refused(&form, refused) }).await,
    }
}

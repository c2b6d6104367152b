//! Writing a campaign down, and asking for a change of one that is filed.

use app::problem::Problem;
use crowdfunding::{AUTHORS, Access, CampaignDraft, Decision, Exhibit};
use domain::campaign::CampaignKind;
use domain::change::ChangeState;
use domain::plan::{Plan, Terms};
use domain::role::Role;
use domain::{AttachmentId, BookId, BusinessDate, CampaignChangeId, CampaignId, Money, UnitId};
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::campaign::path;
use super::paper;
use super::people::{Names, why_not};
use super::plan;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing, see_other};
use crate::words;

/// Whose campaign it is, and which part of another it may be.
async fn belongs(officer: &Officer, typed: &Typed) -> Result<Markup, PageError> {
    let charities = officer.app.organisation.charities().await?;
    let books: Vec<(String, String)> =
        charities.iter().map(|line| (line.book.id.to_string(), line.book.name.clone())).collect();
    let units = officer.app.organisation.units().await?;
    let mine = units.into_iter().filter(|unit| unit.active && officer.member.may(&AUTHORS, &unit.path).is_ok());
    let mut units = vec![(String::new(), "慈善组织本级".to_owned())];
    units.extend(mine.map(|unit| (unit.id.to_string(), unit.name)));
    let all = officer.app.campaigns.page(None, &officer.member, None, 500).await?;
    let of_others = all.iter().filter(|row| row.kind == CampaignKind::Parent);
    let mut parents = vec![(String::new(), "没有母项目".to_owned())];
    parents.extend(of_others.map(|row| (row.id.to_string(), row.name.clone())));
    // What is in the draft already stays chosen, wherever it is.
    let held = typed.form().get("parent");
    if !held.is_empty() && !parents.iter().any(|(id, _)| id == held) {
        parents.push((held.to_owned(), "现有的母项目".to_owned()));
    }
    let kinds = [
        (words::key(CampaignKind::Leaf), "接受捐赠的项目".to_owned()),
        (words::key(CampaignKind::Parent), "母项目（由子项目接受捐赠）".to_owned()),
    ];
    Ok(html! {
        fieldset {
            legend { "归属" }
            div class="fields" {
                (Field::choice(typed, "book", "慈善组织", &books).required())
                (Field::choice(typed, "unit", "发起单位", &units))
                (Field::choice(typed, "kind", "类型", &kinds).required())
                (Field::choice(typed, "parent", "母项目", &parents))
            }
        }
    })
}

fn read(form: &Form) -> Result<CampaignDraft, Problem> {
    let plan = plan::read(form)?;
    let mut check = form.check();
    let (book, unit, parent): (BookId, Option<UnitId>, Option<CampaignId>) =
        (check.id("book"), check.id_or_none("unit"), check.id_or_none("parent"));
    let kind = form.get("kind").parse::<words::Key<CampaignKind>>().map_or(CampaignKind::Leaf, |key| key.0);
    check.done()?;
    Ok(CampaignDraft { book, unit, parent, kind, plan })
}

async fn page(officer: &Officer, title: &str, to: &str, typed: &Typed) -> Result<Response, PageError> {
    let content = html! {
        h1 { (title) }
        (part::alert(typed))
        (officer.form(to, &html! {
            (part::new_id(typed))
            (belongs(officer, typed).await?)
            (plan::fields(typed))
            div class="go" {
                button type="submit" class="primary" { "保存草稿" }
                span class="faint" { "草稿可以不完整；提交审核前须补齐。" }
            }
        }))
    };
    Ok(officer.shown(title, &[("/console/campaigns", "公益项目")], &content, typed))
}

/// The form of a new campaign.
#[handler]
pub(super) async fn get_blank(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    let now = officer.app.business.now();
    let month = now.after(std::time::Duration::from_secs(30 * 86_400));
    let plan = Plan {
        name: String::new(),
        summary: String::new(),
        target: Money::ZERO,
        over_target: false,
        starts: now,
        ends: month,
        terms: Terms::default(),
    };
    page(&officer, "新建项目", "/console/campaigns", &Typed::fresh(plan::to_form(&plan))).await
}

/// Writes it down.
#[handler]
pub(super) async fn post_write(officer: Officer, form: Form) -> Result<Response, PageError> {
    let written = async {
        let draft = read(&form)?;
        let mut check = form.check();
        let id: CampaignId = check.id("id");
        check.done()?;
        officer.app.campaigns.draft(id, draft, &officer.member).await.map_err(Problem::from)
    };
    match written.await {
        Ok(row) => Ok(officer.done("草稿已保存。", &path(row.id))),
        Err(refused) => page(&officer, "新建项目", "/console/campaigns", &Typed::refused(&form, refused)).await,
    }
}

/// The form of a draft.
#[handler]
pub(super) async fn get_rewrite(officer: Officer, Path(id): Path<CampaignId>) -> Result<Response, PageError> {
    let row = officer.app.campaigns.get(id, &officer.member).await?;
    let plans = officer.app.campaigns.plans(id, &officer.member).await?;
    let plan = &plans.last().ok_or_else(|| Problem::not_found("no_such_plan", "没有这一版募捐方案。"))?.plan;
    let mut known = plan::to_form(plan);
    known.add("book", row.book_id.to_string());
    known.add("unit", row.unit_id.map(|id| id.to_string()).unwrap_or_default());
    known.add("parent", row.parent_id.map(|id| id.to_string()).unwrap_or_default());
    known.add("kind", words::key(row.kind));
    page(&officer, "修改方案", &format!("{}/edit", path(id)), &Typed::fresh(known)).await
}

/// Rewrites it.
#[handler]
pub(super) async fn post_save(officer: Officer, Path(id): Path<CampaignId>, form: Form) -> Result<Response, PageError> {
    let saved = async {
        let draft = read(&form)?;
        officer.app.campaigns.edit(id, draft, &officer.member).await.map_err(Problem::from)
    };
    match saved.await {
        Ok(_) => Ok(officer.done("草稿已保存。", &path(id))),
        Err(refused) => {
            page(&officer, "修改方案", &format!("{}/edit", path(id)), &Typed::refused(&form, refused)).await
        }
    }
}

async fn change_page(officer: &Officer, id: CampaignId, name: &str, typed: &Typed) -> Result<Response, PageError> {
    let to = format!("{}/changes/new", path(id));
    let content = html! {
        h1 { "申请变更" }
        p class="note" { "已备案的方案继续有效，直到变更经两级审核并备案。" }
        (part::alert(typed))
        (officer.form(&to, &html! {
            (part::new_id(typed))
            (Field::area(typed, "reason", "变更原因").required().longest(500))
            (plan::fields(typed))
            div class="go" { button type="submit" class="primary" { "提交变更申请" } }
        }))
    };
    let here = path(id);
    let way = [("/console/campaigns", "公益项目"), (here.as_str(), name)];
    Ok(officer.shown("申请变更", &way, &content, typed))
}

/// The form of a change.
#[handler]
pub(super) async fn get_ask_change(officer: Officer, Path(id): Path<CampaignId>) -> Result<Response, PageError> {
    let row = officer.app.campaigns.get(id, &officer.member).await?;
    let plans = officer.app.campaigns.plans(id, &officer.member).await?;
    let current = plans.iter().find(|one| one.version == row.plan_version).or(plans.last());
    let known = current.map(|one| plan::to_form(&one.plan)).unwrap_or_default();
    change_page(&officer, id, &row.name, &Typed::fresh(known)).await
}

/// Asks for it.
#[handler]
pub(super) async fn post_propose_change(
    officer: Officer,
    Path(id): Path<CampaignId>,
    form: Form,
) -> Result<Response, PageError> {
    let proposed = async {
        let plan = plan::read(&form)?;
        let mut check = form.check();
        let (change, reason): (CampaignChangeId, _) = (check.id("id"), check.text("reason"));
        check.done()?;
        officer.app.campaigns.propose_change(id, change, (plan, reason), &officer.member).await.map_err(Problem::from)
    };
    match proposed.await {
        Ok(_) => Ok(officer.done("变更申请已提交。", &path(id))),
        Err(refused) => {
            let row = officer.app.campaigns.get(id, &officer.member).await?;
            change_page(&officer, id, &row.name, &Typed::refused(&form, refused)).await
        }
    }
}

/// The path of a change.
fn change_path(id: CampaignId, change: CampaignChangeId) -> String {
    format!("/console/campaign-changes/{id}/{change}")
}

async fn show_change(
    officer: &Officer,
    id: CampaignId,
    change: CampaignChangeId,
    word: &str,
    typed: &Typed,
) -> Result<Response, PageError> {
    let by = &officer.member;
    let row = officer.app.campaigns.get(id, by).await?;
    let changes = officer.app.campaigns.changes(id, by).await?;
    let missing = || Problem::not_found("no_such_change", "没有这项变更申请。");
    let one = changes.into_iter().find(|one| one.id == change).ok_or_else(missing)?;
    let plans = officer.app.campaigns.plans(id, by).await?;
    let of = |version: i64| plans.iter().find(|plan| plan.version == version).map(|plan| &plan.plan);
    // What was in force before this one.
    let before = plans
        .iter()
        .filter(|plan| plan.version < one.version && plan.in_force.is_some())
        .map(|plan| plan.version)
        .max();
    let (old, new) = (before.and_then(of).ok_or_else(missing)?, of(one.version).ok_or_else(missing)?);
    let names = Names::of(officer, [one.author_id]).await?;
    let to = |step: &str| format!("{}/{step}", change_path(id, change));
    let exhibit = Exhibit::Change(change);
    let object = officer.app.campaigns.exhibit(exhibit, Access::Read, by).await?;
    let may_add = officer.app.campaigns.exhibit(exhibit, Access::Add, by).await.is_ok();
    let fresh = Typed::default();
    let papers =
        paper::list(officer, &object, &change_path(id, change), may_add, if word == "papers" { typed } else { &fresh })
            .await?;
    let refused = |step: &str| (word == step).then_some(typed);
    let reviewer: &[Role] = match one.state {
        ChangeState::Submitted => &[Role::ProjectManager],
        ChangeState::ManagerApproved => &[Role::FinanceHead],
        ChangeState::Approved | ChangeState::InForce | ChangeState::Declined => &[],
    };
    let object = format!("change:{change}");
    let said = why_not(officer, [object.clone()]).await?;
    let title = format!("方案变更：第{}版", one.version);
    let content = html! {
        (part::heading(&title, &part::badge(words::change(one.state))))
        (part::refusal(said.get(&object)))
        (part::facts(&[
            ("项目", html! { a href=(path(id)) { (row.name) } }),
            ("申请人", html! { (names.name(one.author_id)) }),
            ("申请时间", part::at(one.created_us)),
            ("原因", html! { (one.reason) }),
            ("备案证明", html! { (one.evidence.clone().unwrap_or_default()) }),
            ("备案日期", html! { @if let Some(day) = one.refiled_on { (day) } }),
        ]))
        div class="steps" {
            @if officer.is(reviewer) && one.author_id != officer.id() {
                (Step { name: "批准变更", will: "同意这项变更；两级都同意后可报送备案。", to: &to("approval"), grave: false, fields: nothing() }.show(officer, refused("approval")))
                (Step { name: "不同意", will: "这项变更将不再进行，原方案继续有效。", to: &to("rejection"), grave: true, fields: part::why(refused("rejection")) }.show(officer, refused("rejection")))
            }
            @if one.state == ChangeState::Approved && officer.is(&[Role::Disclosure, Role::ProjectManager]) {
                (Step { name: "登记变更备案", will: "新方案从此生效，目标和预算一并更新。请先在材料中上传变更的备案回执；更换合作方的，还须上传新的书面协议并完成评估。", to: &to("filing"), grave: false, fields: html! {
                    (Field::text(typed, "evidence", "备案证明").required().longest(200))
                    (Field::day(typed, "filed_on", "备案日期").required())
                } }.show(officer, refused("filing")))
            }
        }
        (part::block("材料", &papers))
        (part::block("变更前后对照", &plan::compare(old, new)))
        (part::block("新方案须符合的要求", &plan::rules(new, None)))
    };
    let here = path(id);
    let way = [("/console/campaigns", "公益项目"), (here.as_str(), row.name.as_str())];
    Ok(officer.shown(&title, &way, &content, typed))
}

/// Leads to a change that is known by its id alone.
#[handler]
pub(super) async fn get_change_alone(
    officer: Officer,
    Path(change): Path<CampaignChangeId>,
) -> Result<Response, PageError> {
    let id = officer.app.campaigns.campaign_of_change(change, &officer.member).await?;
    Ok(see_other(&format!("/console/campaign-changes/{id}/{change}")))
}

/// A change, old and new beside each other.
#[handler]
pub(super) async fn get_change(
    officer: Officer,
    Path((id, one)): Path<(CampaignId, CampaignChangeId)>,
) -> Result<Response, PageError> {
    show_change(&officer, id, one, "", &Typed::default()).await
}

/// Agrees to a change, or not, or records its filing.
#[handler]
pub(super) async fn post_step_change(
    officer: Officer,
    Path((id, one, word)): Path<(CampaignId, CampaignChangeId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (campaigns, by) = (&officer.app.campaigns, &officer.member);
    let taken: Result<(), Problem> = async {
        match word.as_str() {
            "approval" => campaigns.review_change(one, Decision::Approve, by).await.map(drop)?,
            "rejection" => {
                let mut check = form.check();
                let reason = check.text("reason");
                check.done()?;
                campaigns.review_change(one, Decision::Reject(reason), by).await.map(drop)?
            }
            "filing" => {
                let mut check = form.check();
                let (evidence, on): (_, Option<BusinessDate>) = (check.text("evidence"), check.day("filed_on"));
                check.done()?;
                let on = on.ok_or_else(|| Problem::field("filed_on", "请填写日期"))?;
                campaigns.file_change(one, (evidence, on), by).await.map(drop)?;
            }
            "papers" => {
                let object = campaigns.exhibit(Exhibit::Change(one), Access::Add, by).await?;
                paper::attach(&officer, &object, &form).await.map_err(|refused| refused.0)?;
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        }
        Ok(())
    }
    .await;
    match taken {
        Ok(()) => Ok(officer.done("已办理。", &change_path(id, one))),
        Err(refused) => show_change(&officer, id, one, &word, &Typed::refused(&form, refused)).await,
    }
}

/// A paper of a change.
#[handler]
pub(super) async fn get_read_change_paper(
    officer: Officer,
    Path((_, change, paper_id)): Path<(CampaignId, CampaignChangeId, AttachmentId)>,
) -> Result<Response, PageError> {
    let object = officer.app.campaigns.exhibit(Exhibit::Change(change), Access::Read, &officer.member).await?;
    Ok(paper::download(officer.app.documents.read(&object, paper_id).await?))
}

/// Takes a paper of a change back.
#[handler]
pub(super) async fn post_withdraw_change_paper(
    officer: Officer,
    Path((id, change, paper_id)): Path<(CampaignId, CampaignChangeId, AttachmentId)>,
) -> Result<Response, PageError> {
    let access = Access::Withdraw(paper_id);
    let object = officer.app.campaigns.exhibit(Exhibit::Change(change), access, &officer.member).await?;
    officer.app.documents.withdraw(&officer.member, &object, paper_id).await?;
    Ok(officer.done("材料已撤下。", &change_path(id, change)))
}

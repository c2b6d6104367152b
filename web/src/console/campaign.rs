//! Campaigns: the list, and one with everything that a reviewer needs.

use app::problem::Problem;
use app::spending::open::Paid;
use crowdfunding::spending::READERS;
use crowdfunding::{AUTHORS, Access, Exhibit, PublicCampaign};
use domain::campaign::{CampaignKind, CampaignState};
use domain::role::Role;
use domain::{AttachmentId, CampaignCommentId, CampaignId, Money};
use entity::{budget_line, campaign};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::paper;
use super::people::{Names, staff_of};
use super::{course, donation, partner, plan, progress, team};
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::{chart, words};

/// Who releases the restriction.
const RELEASERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

/// Campaigns of one's part of the tree.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let state = asked.read::<words::Key<CampaignState>>("state")?.map(|key| key.0);
    let campaigns = &officer.app.campaigns;
    let rows = campaigns.named(asked.get("q"), state, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let ids: Vec<CampaignId> = rows.iter().map(|row| row.id).collect();
    let money = campaigns.with_money(&ids).await?;
    let of = |id: CampaignId| money.iter().find(|one| one.campaign.id == id);
    let columns = [
        column("项目"),
        column("状态"),
        numbers("目标"),
        numbers("已募集"),
        numbers("可用"),
        column("结束时间"),
        column("备案编号"),
    ];
    let cells = |row: campaign::Model| {
        let fund = of(row.id).map(|one| &one.fund);
        let (raised, available) = fund.map_or((Money::ZERO, Money::ZERO), |fund| (fund.raised_cash, fund.available()));
        let leads = leads(&officer, &row);
        let booked = |amount: Money| if leads { Cell::yuan_of(amount, &accounts(row.id)) } else { Cell::yuan(amount) };
        vec![
            Cell::link(&path(row.id), row.name),
            Cell::badge(words::campaign(row.state)),
            Cell::yuan(row.target_fen),
            booked(raised),
            booked(available),
            Cell::at(row.ends_us),
            Cell::or_none(row.filing_number, Cell::text),
        ]
    };
    let table = Table::new("公益项目", &columns, "没有这样的项目。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states = words::all(|state: CampaignState| words::campaign(state).0);
    let content = html! {
        (part::heading("公益项目", &html! {
            @if officer.is(&AUTHORS) { a class="button primary" href="/console/campaigns/new" { "新建项目" } }
        }))
        (table::filter(&asked, &html! {
            (table::filter_text(&asked, "q", "名称或备案编号"))
            (table::filter_choice(&asked, "state", "状态", &states))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("公益项目", &[("/console", "工作台")], &content).into_response())
}

/// Whether the amounts of a campaign lead to its accounts: for whoever reads the books; a parent's money is in its leaves' accounts.
fn leads(officer: &Officer, row: &campaign::Model) -> bool {
    officer.is(&app::books::READERS) && row.kind != CampaignKind::Parent
}

/// The accounts of a campaign.
fn accounts(id: CampaignId) -> String {
    format!("/console/ledger?campaign={id}")
}

/// What a campaign has paid, or with another state owes, by payment; of one line of it, or of all of them and of its leaves.
fn payments(id: CampaignId, line: Option<&str>, state: &str) -> String {
    let line = line.map(|line| format!("&line={}", crate::session::encoded(line))).unwrap_or_default();
    format!("/console/payouts?campaign={id}{line}&state={state}")
}

/// The path of a campaign.
pub(super) fn path(id: CampaignId) -> String {
    format!("/console/campaigns/{id}")
}

/// What was typed on the page of a campaign, and into which of its forms.
pub(super) struct At<'a> {
    pub(super) form: &'a str,
    pub(super) typed: Typed,
}

impl At<'_> {
    fn nowhere() -> At<'static> {
        At { form: "", typed: Typed::default() }
    }

    /// What was typed into a form; nothing into the others.
    pub(super) fn of(&self, form: &str) -> Option<&Typed> {
        (self.form == form).then_some(&self.typed)
    }
}

/// The page of a campaign.
pub(super) async fn show(officer: &Officer, id: CampaignId, at: &At<'_>) -> Result<Response, PageError> {
    let campaigns = &officer.app.campaigns;
    let by = &officer.member;
    let row = campaigns.get(id, by).await?;
    let plans = campaigns.plans(id, by).await?;
    let budget = campaigns.budget(id, by).await?;
    let history = campaigns.history(id, by).await?;
    let comments = campaigns.comments(id, by).await?;
    let changes = campaigns.changes(id, by).await?;
    let updates = campaigns.updates(id, None, 50, by).await?;
    let suspensions = campaigns.suspensions(id, by).await?;
    let complaints = campaigns.complaints_of(id, by).await?;
    let money = campaigns.with_money(&[id]).await?;
    let paid = officer.app.spending.paid(id).await?;
    let milestones = if row.state.is_public() { campaigns.public_milestones(id).await? } else { Vec::new() };
    let names = Names::of(
        officer,
        [row.author_id]
            .into_iter()
            .chain(history.iter().filter_map(|step| staff_of(&step.actor)))
            .chain(comments.iter().map(|one| one.author_id))
            .chain(plans.iter().map(|one| one.author))
            .chain(changes.iter().map(|one| one.author_id))
            .chain(updates.iter().flat_map(|one| [Some(one.author_id), one.publisher_id]).flatten())
            .chain(suspensions.iter().flat_map(|one| [one.author_id, one.lifted_by, one.lifted_for_id]).flatten()),
    )
    .await?;
    let object = campaigns.exhibit(Exhibit::Campaign(id), Access::Read, by).await?;
    let may_add = campaigns.exhibit(Exhibit::Campaign(id), Access::Add, by).await.is_ok();
    let fresh = Typed::default();
    let mut fixed = Vec::new();
    // A campaign has few papers.
    for one in officer.app.documents.of(&object).await? {
        let paper = one.attachment.id;
        if campaigns.exhibit(Exhibit::Campaign(id), Access::Withdraw(paper), by).await.is_err() {
            fixed.push(paper);
        }
    }
    let typed = at.of("papers").unwrap_or(&fresh);
    let papers = paper::list_with_fixed(officer, &object, &path(id), may_add, &fixed, typed).await?;
    let with = partner::block(officer, &row, at).await?;
    // What a change asks for is shown with the change.
    let plan = plans.iter().rfind(|one| one.state == "in_force").or(plans.last());
    let own = row.author_id == officer.id();
    // What has begun has begun.
    let coming = matches!(
        row.state,
        CampaignState::Draft
            | CampaignState::Submitted
            | CampaignState::OrgReview
            | CampaignState::FinanceReview
            | CampaignState::Approved
            | CampaignState::Filing
            | CampaignState::Filed
            | CampaignState::Rejected
    );
    let content = html! {
        (part::heading(&row.name, &html! {
            (part::badge(words::campaign(row.state)))
            @if row.frozen { (part::badge(("资金冻结", part::Tone::Bad))) }
            @if row.state.is_public() && officer.is(&team::READERS) { a class="button" href={ "/console/teams?campaign=" (id) } { "捐赠团队" } }
            @if row.state == CampaignState::Draft && own { a class="button" href={ (path(id)) "/edit" } { "修改方案" } }
            @if row.filing_number.is_some() && officer.is(&AUTHORS) { a class="button" href={ (path(id)) "/changes/new" } { "申请变更" } }
        }))
        @if let Some(step) = history.iter().rev().find(|step| step.to_state == "rejected").filter(|_| own && matches!(row.state, CampaignState::Rejected | CampaignState::Draft)) {
            p class="note" { strong { "上次退回：" } (step.reason.as_deref().unwrap_or_default()) " " span class="faint" { (names.actor(&step.actor)) " · " (part::at(step.at_us)) } }
        }
        div class="steps" {
            (course::steps(officer, &row, (&complaints, &suspensions), at))
            (progress::disclosure(officer, &row, at))
            (release_step(officer, &row, at))
        }
        (facts(officer, &row, money.first(), &paid, &names))
        div class="pair" {
            (part::block("募捐方案", &html! {
                @match plan {
                    Some(version) => { p class="faint" { "第" (version.version) "版 · " (names.name(version.author)) " · " (part::at(version.created)) } (plan::show(&version.plan)) }
                    None => (part::nothing_here("还没有方案。")),
                }
            }))
            div {
                (part::block("方案须符合的要求", &html! { @if let Some(version) = plan { (plan::rules(&version.plan, coming.then(|| officer.app.business.now()))) } }))
                (part::block("审核意见", &said(officer, &row, &comments, &names, at)))
                (part::block("材料", &papers))
            }
        }
        (part::block("预算与使用", &spending(officer, &row, &budget, &paid)))
        @if row.state.is_public() { (part::block("里程碑", &progress::reached(officer, &row, &milestones, at))) }
        (part::block("方案变更", &html! {
            @if changes.is_empty() { (part::nothing_here("没有变更。")) }
            @for change in &changes {
                p {
                    a href={ "/console/campaign-changes/" (id) "/" (change.id) } { "第" (change.version) "版：" (change.reason) }
                    " " (part::badge(words::change(change.state))) " " span class="faint" { (names.name(change.author_id)) " · " (part::at(change.created_us)) }
                }
            }
        }))
        (part::block("项目进展", &progress::told(officer, &row, &updates, &names, at)))
        (with)
        @if !suspensions.is_empty() {
            (part::block("核查记录", &html! {
                @for one in &suspensions {
                    p { (part::at(one.created_us)) " " (names.maybe(one.author_id)) "：" (one.reason)
                        @if let Some(lifted) = one.lifted_us { " — " (part::at(lifted)) " " (names.maybe(one.lifted_by)) @if one.lifted_for_id.is_some() { "（代" (names.maybe(one.lifted_for_id)) "）" } "解除：" (one.lift_reason.as_deref().unwrap_or_default()) } }
                }
            }))
        }
        (part::block("办理经过", &html! {
            ol class="history" {
                @for step in &history {
                    li {
                        (part::at(step.at_us)) " " strong { (words::campaign_word(&step.to_state)) } " " span class="faint" { (names.actor(&step.actor)) }
                        @if let Some(reason) = &step.reason { "：" (reason) }
                    }
                }
            }
        }))
    };
    Ok(officer.shown(&row.name, &[("/console/campaigns", "公益项目")], &content, &at.typed))
}

fn facts(
    officer: &Officer,
    row: &campaign::Model,
    money: Option<&PublicCampaign>,
    paid: &Paid,
    names: &Names,
) -> Markup {
    let (owed, paid) = paid.total();
    let fund = money.map(|one| &one.fund);
    let books = leads(officer, row);
    let pays = officer.is(&READERS);
    let leading = |amount: Money, path: String, leads: bool| {
        if leads { part::yuan_of(amount, &path) } else { part::yuan(amount) }
    };
    let amount = |of: fn(&ledger::Fund) -> Money| html! { @if let Some(fund) = fund { (leading(of(fund), accounts(row.id), books)) } };
    html! {
        section class="block" {
            h2 { "概况" }
            (part::facts(&[
                ("筹款目标", part::yuan(row.target_fen)),
                ("已募集（净额）", amount(|fund| fund.raised_cash)),
                ("已退款", html! { @if let Some(one) = money { (leading(one.refunded, format!("/console/refunds?campaign={}&state=decided", row.id), officer.is(&donation::SEARCHERS))) } }),
                ("捐赠笔数", html! { @if let Some(one) = money { (one.gifts) } }),
                ("已支付", leading(paid, payments(row.id, None, "confirmed"), pays)),
                ("已批准未付", leading(owed, payments(row.id, None, "owed"), pays)),
                ("可用余额", amount(ledger::Fund::available)),
                ("发起人", html! { (names.name(row.author_id)) }),
                ("募捐期限", html! { (part::at(row.starts_us)) " 至 " (part::at(row.ends_us)) }),
                ("备案编号", html! { @if let Some(number) = &row.filing_number { span class="code" { (number) } } }),
                ("备案日期", html! { @if let Some(day) = row.filed_on { (day) } }),
                ("公开页面", html! { @if row.state.is_public() { a href={ "/campaigns/" (row.id) } { "查看" } } }),
            ]))
            @if let Some(fund) = fund {
                (chart::gauge(fund.raised_cash, Money::ZERO, row.target_fen, &format!("已募集{}元，目标{}元", part::grouped(fund.raised_cash), part::grouped(row.target_fen))))
            }
        }
    }
}

/// The budget: what is planned, paid, approved and not paid, left.
fn spending(officer: &Officer, row: &campaign::Model, budget: &[budget_line::Model], paid: &Paid) -> Markup {
    let left = |line: &budget_line::Model| {
        let gone = line.committed_fen.checked_add(line.used_fen);
        gone.and_then(|gone| line.planned_fen.checked_sub(gone)).unwrap_or(Money::ZERO)
    };
    let columns = [
        column("代码"),
        column("科目"),
        column("类别"),
        numbers("预算"),
        numbers("已支付"),
        numbers("已批准未付"),
        numbers("剩余"),
        column("进度"),
    ];
    let lines = budget.iter().map(|line| {
        let (owed, paid) = paid.of(&line.code);
        let title = format!(
            "{}：已支付{}元，已批准未付{}元，预算{}元",
            line.name,
            part::grouped(paid),
            part::grouped(owed),
            part::grouped(line.planned_fen)
        );
        let of_line = |amount: Money, state: &str| {
            let lead = payments(row.id, Some(&line.code), state);
            if officer.is(&READERS) { Cell::yuan_of(amount, &lead) } else { Cell::yuan(amount) }
        };
        vec![
            Cell::text(&line.code),
            Cell::text(&line.name),
            Cell::text(words::budget_kind(line.kind)),
            Cell::yuan(line.planned_fen),
            of_line(paid, "confirmed"),
            of_line(owed, "owed"),
            Cell::yuan(left(line)),
            Cell::shown(chart::gauge(paid, owed, line.planned_fen, &title), title),
        ]
    });
    Table::new("预算与使用", &columns, "还没有预算。").whole(lines).plain()
}

fn said(
    officer: &Officer,
    row: &campaign::Model,
    comments: &[entity::campaign_comment::Model],
    names: &Names,
    at: &At<'_>,
) -> Markup {
    use domain::plan::Section;
    let sections = options(words::all(words::section));
    let fresh = Typed::default();
    let typed = at.of("comments").unwrap_or(&fresh);
    let speakers = [Role::Organiser, Role::ProjectManager, Role::FinanceHead, Role::Disclosure];
    let word = |section: Section| words::section(section);
    html! {
        @if comments.is_empty() { (part::nothing_here("还没有意见。")) }
        @for one in comments {
            p { strong { (word(one.section)) } "：" (one.words) br; span class="faint" { (names.name(one.author_id)) " · 第" (one.version) "版 · " (part::at(one.created_us)) } }
        }
        @if row.filing_number.is_none() && officer.is(&speakers) {
            details class="step" open[at.of("comments").is_some()] {
                summary { "写意见" }
                (officer.form(&format!("{}/comments", path(row.id)), &html! {
                    (part::alert(typed)) (part::new_id(typed))
                    (Field::choice(typed, "section", "针对", &sections).required())
                    (Field::area(typed, "words", "意见").required().longest(500))
                    div class="go" { button type="submit" class="primary" { "提交意见" } }
                }))
            }
        }
    }
}

/// What a campaign's expenses have used stops being restricted.
fn release_step(officer: &Officer, row: &campaign::Model, at: &At<'_>) -> Markup {
    let fresh = Typed::default();
    let typed = at.of("release").unwrap_or(&fresh);
    let spends = matches!(
        row.state,
        CampaignState::Open
            | CampaignState::Paused
            | CampaignState::Ended
            | CampaignState::Executing
            | CampaignState::Closing
    );
    let will = "把截至这一天已用于项目、还没有解除的金额，从限定性净资产转入非限定性净资产。金额由账簿算出；可用余额和募集额不变。";
    html! {
        @if spends && officer.acts(&RELEASERS, row.book_id, &row.unit_path) {
            (Step { name: "解除限定", will, to: &format!("{}/release", path(row.id)), grave: false, fields: html! {
                (part::new_id(typed))
                (Field::day(typed, "through", "截止日期").hint("不填则到今天。"))
            } }.show(officer, at.of("release")))
        }
    }
}

async fn release(officer: &Officer, id: CampaignId, form: &Form) -> Result<String, PageError> {
    let mut check = form.check();
    let (release, through) = (check.id("id"), check.day_or_none("through"));
    check.done()?;
    let released = officer.app.campaigns.release(id, release, through, &officer.member).await?;
    Ok(match released.reference {
        Some(_) => format!("已解除限定{}元。", part::grouped(released.amount)),
        None => "没有需要解除限定的金额。".to_owned(),
    })
}

/// One campaign.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<CampaignId>) -> Result<Response, PageError> {
    show(&officer, id, &At::nowhere()).await
}

/// A step, or one of the other forms of its page.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(CampaignId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    match take(&officer, id, &word, &form).await {
        Ok(done) => Ok(officer.done(&done, &path(id))),
        // The page is only for those who may see the campaign; for others it is the refusal.
        Err(refused) => show(&officer, id, &At { form: &word, typed: Typed::refused(&form, refused.0) }).await,
    }
}

async fn take(officer: &Officer, id: CampaignId, word: &str, form: &Form) -> Result<String, PageError> {
    let (campaigns, by) = (&officer.app.campaigns, &officer.member);
    let mut check = form.check();
    match word {
        "papers" => {
            let object = campaigns.exhibit(Exhibit::Campaign(id), Access::Add, by).await?;
            paper::attach(officer, &object, form).await?;
            Ok("材料已添加。".to_owned())
        }
        "comments" => {
            let comment: CampaignCommentId = check.id("id");
            let (section, said) = (check.choice::<words::Key<domain::plan::Section>>("section"), check.text("words"));
            check.done()?;
            let section = section.map(|key| key.0).ok_or_else(|| Problem::field("section", "请选择"))?;
            campaigns.comment(id, comment, (section, said), by).await?;
            Ok("意见已提交。".to_owned())
        }
        "partner" | "cooperation" | "partner-evaluation" => {
            partner::take(officer, id, word, form).await.map(str::to_owned)
        }
        "updates" | "milestone-progress" | "final-disclosure" => {
            progress::take(officer, id, word, form).await.map(str::to_owned)
        }
        "release" => release(officer, id, form).await,
        _ => course::take(officer, id, word, form).await.map(str::to_owned),
    }
}

/// A paper of a campaign.
#[handler]
pub(super) async fn get_read_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(CampaignId, AttachmentId)>,
) -> Result<Response, PageError> {
    let object = officer.app.campaigns.exhibit(Exhibit::Campaign(id), Access::Read, &officer.member).await?;
    Ok(paper::download(officer.app.documents.read(&object, paper_id).await?))
}

/// Takes a paper of a campaign back.
#[handler]
pub(super) async fn post_withdraw_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(CampaignId, AttachmentId)>,
) -> Result<Response, PageError> {
    let access = Access::Withdraw(paper_id);
    let object = officer.app.campaigns.exhibit(Exhibit::Campaign(id), access, &officer.member).await?;
    officer.app.documents.withdraw(&officer.member, &object, paper_id).await?;
    Ok(officer.done("材料已撤下。", &path(id)))
}

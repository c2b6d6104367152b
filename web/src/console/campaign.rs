//! Campaigns: the list, one with everything that a reviewer needs, and the steps of its way.

use std::collections::BTreeSet;

use app::problem::Problem;
use crowdfunding::{AUTHORS, Access, Channel, Decision, Exhibit, Opening, PublicCampaign, Step as Way};
use domain::campaign::CampaignState;
use domain::role::Role;
use domain::{AttachmentId, CampaignCommentId, CampaignId, CampaignUpdateId, Money, SuspensionId};
use entity::{budget_line, campaign};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::paper;
use super::people::{Names, staff_of};
use super::plan;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::{chart, words};

/// What a step asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Nothing,
    Reason,
    SubmittedOn,
    Filing,
    Opening,
}

/// Whose step it is, beside the role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Author,
    AnotherThanAuthor,
    Anybody,
}

/// A step as it is offered.
struct Offer {
    word: &'static str,
    name: &'static str,
    will: &'static str,
    grave: bool,
    roles: &'static [Role],
    whose: Whose,
    asks: Asks,
}

const MANAGERS: &[Role] = &[Role::ProjectManager];
const FILERS: &[Role] = &[Role::Disclosure, Role::ProjectManager];
const STOPPERS: &[Role] = &[Role::ProjectManager, Role::Disclosure, Role::FinanceHead, Role::Chair];

const fn offer(
    word: &'static str,
    name: &'static str,
    will: &'static str,
    roles: &'static [Role],
    asks: Asks,
) -> Offer {
    Offer { word, name, will, grave: false, roles, whose: Whose::Anybody, asks }
}

impl Offer {
    const fn grave(self) -> Offer {
        Offer { grave: true, ..self }
    }

    const fn of_author(self) -> Offer {
        Offer { whose: Whose::Author, ..self }
    }

    const fn of_another(self) -> Offer {
        Offer { whose: Whose::AnotherThanAuthor, ..self }
    }

    fn is_for(&self, officer: &Officer, row: &campaign::Model) -> bool {
        let own = row.author_id == officer.id();
        let right = match self.whose {
            Whose::Author => own,
            Whose::AnotherThanAuthor => !own,
            Whose::Anybody => true,
        };
        right && officer.member.may(self.roles, &row.unit_path).is_ok()
    }
}

/// The steps that can follow a state; whether one may be taken is for the service to say.
fn offers(state: CampaignState) -> Vec<Offer> {
    use Asks as A;
    use CampaignState as S;
    let approve =
        |roles: &'static [Role], will: &'static str| offer("approval", "批准", will, roles, A::Nothing).of_another();
    let reject = |roles: &'static [Role]| {
        offer("rejection", "退回", "将退回发起人修改，并告知原因。", roles, A::Reason).of_another()
    };
    let cancel =
        || offer("cancellation", "撤销项目", "将放弃此项目。撤销后不能恢复。", &AUTHORS, A::Reason).grave().of_author();
    let submitted = || {
        let will = "将记录方案报送民政部门的日期。";
        offer("filing-submission", "登记报送备案", will, FILERS, A::SubmittedOn)
    };
    let file = || offer("filing", "登记备案编号", "将记录民政部门给出的备案编号。", FILERS, A::Filing);
    let emergency = || {
        let will = "将在备案前先行开放募捐，须在开放后十日内完成备案。仅限应对突发事件。";
        offer("emergency-opening", "应急开放", will, MANAGERS, A::Opening).grave()
    };
    let end = || offer("end", "提前结束", "将不再接受新的捐赠。结束后不能重新开放。", MANAGERS, A::Reason).grave();
    match state {
        S::Draft => vec![
            offer("submission", "提交审核", "将交项目管理员初审；审核期间不能修改方案。", &AUTHORS, A::Nothing)
                .of_author(),
            cancel(),
        ],
        S::Submitted => vec![
            offer("review", "受理", "将由您开始初审，发起人不能再撤回。", MANAGERS, A::Nothing).of_another(),
            approve(MANAGERS, "初审通过，交财务负责人复审。"),
            reject(MANAGERS),
            offer("withdrawal", "撤回", "将收回到草稿，可以继续修改。", &AUTHORS, A::Nothing).of_author(),
        ],
        S::OrgReview => vec![approve(MANAGERS, "初审通过，交财务负责人复审。"), reject(MANAGERS)],
        S::FinanceReview => {
            vec![approve(&[Role::FinanceHead], "复审通过，方案即可报送备案。"), reject(&[Role::FinanceHead])]
        }
        S::Approved => vec![submitted(), emergency(), reject(MANAGERS)],
        S::Filing => {
            let back = offer("filing-return", "登记补正", "将记录民政部门要求补正的内容。", FILERS, A::Reason);
            vec![file(), back, emergency()]
        }
        S::Filed => {
            vec![offer("schedule", "安排开放", "到开始时间将自动开放募捐。", MANAGERS, A::Opening)]
        }
        S::Scheduled => vec![offer("schedule-withdrawal", "取消开放安排", "将不会自动开放。", MANAGERS, A::Reason)],
        S::Open => {
            vec![offer("pause", "暂停", "将暂不接受新的捐赠，已付款的仍会入账。", MANAGERS, A::Reason), end()]
        }
        S::EmergencyOpen => vec![
            submitted(),
            file(),
            offer("pause", "暂停", "将暂不接受新的捐赠，已付款的仍会入账。", MANAGERS, A::Reason),
            end(),
        ],
        S::Paused => {
            vec![offer("resumption", "恢复募捐", "将重新接受捐赠。", MANAGERS, A::Nothing), end()]
        }
        S::Ended => vec![offer("execution", "开始执行", "项目进入执行，可以办理支出。", MANAGERS, A::Nothing)],
        S::Executing => vec![offer("closing", "开始结项", "将开始结项决算。", MANAGERS, A::Nothing)],
        S::Closing => vec![
            offer(
                "closure",
                "结项",
                "将结束此项目，并解除剩余限定。结项后不能恢复。",
                &[Role::FinanceHead],
                A::Nothing,
            )
            .grave(),
            offer("closing-return", "退回执行", "还有事项未完，回到执行中。", MANAGERS, A::Reason),
        ],
        S::Rejected => {
            vec![offer("revision", "继续修改", "将重新成为草稿。", &AUTHORS, A::Nothing).of_author(), cancel()]
        }
        S::Closed | S::Suspended | S::Cancelled | S::Terminated => vec![],
    }
}

/// The step that a form describes.
fn way(word: &str, form: &Form) -> Result<Way, Problem> {
    let mut check = form.check();
    let way = match word {
        "submission" => Way::Submit,
        "withdrawal" => Way::Withdraw,
        "review" => Way::TakeUp,
        "approval" => Way::Review(Decision::Approve),
        "rejection" => Way::Review(Decision::Reject(check.text("reason"))),
        "revision" => Way::Revise,
        "filing-submission" => match check.day("submitted_on") {
            Some(day) => Way::SubmitFiling(day),
            None => return Err(check.done().err().unwrap_or_else(Problem::cursor)),
        },
        "filing-return" => Way::ReturnFiling(check.text("reason")),
        "filing" => {
            let (number, on) = (check.text("number"), check.day("filed_on"));
            match on {
                Some(on) => Way::File { number, on },
                None => return Err(check.done().err().unwrap_or_else(Problem::cursor)),
            }
        }
        "schedule" => Way::Schedule(opening(form)),
        "emergency-opening" => Way::OpenInEmergency(opening(form)),
        "schedule-withdrawal" => Way::Unschedule(check.text("reason")),
        "pause" => Way::Pause(check.text("reason")),
        "resumption" => Way::Resume,
        "end" => Way::End(check.text("reason")),
        "execution" => Way::StartExecution,
        "closing" => Way::StartClosing,
        "closure" => Way::Close,
        "closing-return" => Way::ReopenExecution(check.text("reason")),
        "cancellation" => Way::Cancel(check.text("reason")),
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
    };
    check.done()?;
    Ok(way)
}

const CHANNELS: [(Channel, &str); 3] = [
    (Channel::DesignatedPlatform, "民政部指定的互联网公开募捐服务平台"),
    (Channel::OwnSite, "本机构自有平台"),
    (Channel::Offline, "线下"),
];

fn opening(form: &Form) -> Opening {
    let said = |name: &str| form.given(name).map(str::to_owned);
    let chosen: BTreeSet<Channel> = CHANNELS
        .iter()
        .filter(|(channel, _)| form.all("channels").any(|one| one == channel.as_str()))
        .map(|(channel, _)| *channel)
        .collect();
    Opening {
        channels: chosen,
        platform_number: said("platform_number"),
        platform_url: said("platform_url"),
        operator_code: said("operator_code"),
    }
}

fn asked_for(asks: Asks, typed: &Typed) -> Markup {
    match asks {
        Asks::Nothing => nothing(),
        Asks::Reason => html! { (Field::area(typed, "reason", "原因").required().longest(500)) },
        Asks::SubmittedOn => html! { (Field::day(typed, "submitted_on", "报送日期").required()) },
        Asks::Filing => html! {
            (Field::text(typed, "number", "备案编号").required().longest(24).hint("统一社会信用代码 + A + 两位年份 + 三位序号"))
            (Field::day(typed, "filed_on", "备案日期").required())
        },
        Asks::Opening => html! {
            fieldset class="ticks" {
                legend { "开展渠道" }
                @for (channel, word) in CHANNELS {
                    @let key = channel.as_str();
                    label { input type="checkbox" name="channels" value=(key) checked[typed.form().all("channels").any(|one| one == key)]; (word) }
                }
            }
            (Field::text(typed, "platform_number", "平台项目编号").longest(64))
            (Field::text(typed, "platform_url", "平台项目网址").longest(300))
            (Field::text(typed, "operator_code", "自有平台运营方的统一社会信用代码").longest(18))
        },
    }
}

/// Campaigns of one's part of the tree.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let state = asked.read::<words::Key<CampaignState>>("state").map(|key| key.0);
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
        vec![
            Cell::link(&path(row.id), row.name),
            Cell::badge(words::campaign(row.state)),
            Cell::yuan(row.target_fen),
            Cell::yuan(fund.map_or(Money::ZERO, |fund| fund.raised_cash)),
            Cell::yuan(fund.map_or(Money::ZERO, |fund| fund.available())),
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
            (table::filter_text(&asked, "q", "名称"))
            (table::filter_choice(&asked, "state", "状态", &states))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("公益项目", &[("/console", "工作台")], &content).into_response())
}

/// The path of a campaign.
pub(super) fn path(id: CampaignId) -> String {
    format!("/console/campaigns/{id}")
}

/// What was typed on the page of a campaign, and into which of its forms.
struct At<'a> {
    form: &'a str,
    typed: Typed,
}

impl At<'_> {
    fn nowhere() -> At<'static> {
        At { form: "", typed: Typed::default() }
    }

    /// What was typed into a form; nothing into the others.
    fn of(&self, form: &str) -> Option<&Typed> {
        (self.form == form).then_some(&self.typed)
    }
}

async fn show(officer: &Officer, id: CampaignId, at: &At<'_>) -> Result<Response, PageError> {
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
    let money = campaigns.with_money(&[id]).await?;
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
            .chain(suspensions.iter().flat_map(|one| [one.author_id, one.lifted_by]).flatten()),
    )
    .await?;
    let object = campaigns.exhibit(Exhibit::Campaign(id), Access::Read, by).await?;
    let may_add = campaigns.exhibit(Exhibit::Campaign(id), Access::Add, by).await.is_ok();
    let fresh = Typed::default();
    let papers = paper::list(officer, &object, &path(id), may_add, at.of("papers").unwrap_or(&fresh)).await?;
    let plan = plans.last();
    let own = row.author_id == officer.id();
    let content = html! {
        (part::heading(&row.name, &html! {
            (part::badge(words::campaign(row.state)))
            @if row.frozen { (part::badge(("资金冻结", part::Tone::Bad))) }
            @if row.state == CampaignState::Draft && own { a class="button" href={ (path(id)) "/edit" } { "修改方案" } }
            @if row.filing_number.is_some() && officer.is(&AUTHORS) { a class="button" href={ (path(id)) "/changes/new" } { "申请变更" } }
        }))
        div class="steps" {
            @for offer in offers(row.state).iter().filter(|offer| offer.is_for(officer, &row)) {
                (Step { name: offer.name, will: offer.will, to: &format!("{}/{}", path(id), offer.word), grave: offer.grave,
                    fields: asked_for(offer.asks, at.of(offer.word).unwrap_or(&fresh)) }.show(officer, at.of(offer.word)))
            }
            (stop(officer, &row, at))
            (disclosure(officer, &row, at))
        }
        (facts(&row, money.first(), &names))
        div class="pair" {
            (part::block("募捐方案", &html! {
                @match plan {
                    Some(version) => { p class="faint" { "第" (version.version) "版 · " (names.name(version.author)) " · " (part::at(version.created)) } (plan::show(&version.plan)) }
                    None => (part::nothing_here("还没有方案。")),
                }
            }))
            div {
                (part::block("方案须符合的要求", &html! { @if let Some(version) = plan { (plan::rules(&version.plan)) } }))
                (part::block("审核意见", &said(officer, &row, &comments, &names, at)))
                (part::block("材料", &papers))
            }
        }
        (part::block("预算与使用", &spending(&row, &budget)))
        @if row.state.is_public() { (part::block("里程碑", &reached(officer, &row, &milestones, at))) }
        (part::block("方案变更", &html! {
            @if changes.is_empty() { (part::nothing_here("没有变更。")) }
            @for change in &changes {
                p {
                    a href={ "/console/campaign-changes/" (id) "/" (change.id) } { "第" (change.version) "版：" (change.reason) }
                    " " (part::badge(words::change(change.state))) " " span class="faint" { (names.name(change.author_id)) " · " (part::at(change.created_us)) }
                }
            }
        }))
        (part::block("项目进展", &told(officer, &row, &updates, &names, at)))
        @if !suspensions.is_empty() {
            (part::block("核查记录", &html! {
                @for one in &suspensions {
                    p { (part::at(one.created_us)) " " (names.maybe(one.author_id)) "：" (one.reason)
                        @if let Some(lifted) = one.lifted_us { " — " (part::at(lifted)) " " (names.maybe(one.lifted_by)) "解除：" (one.lift_reason.as_deref().unwrap_or_default()) } }
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
    let page = officer.page(&row.name, &[("/console/campaigns", "公益项目")], &content);
    Ok(page.status(at.typed.status()).into_response())
}

fn facts(row: &campaign::Model, money: Option<&PublicCampaign>, names: &Names) -> Markup {
    let fund = money.map(|one| &one.fund);
    let amount = |of: fn(&ledger::Fund) -> Money| html! { @if let Some(fund) = fund { (part::yuan(of(fund))) } };
    html! {
        section class="block" {
            h2 { "概况" }
            (part::facts(&[
                ("筹款目标", part::yuan(row.target_fen)),
                ("已募集（净额）", amount(|fund| fund.raised_cash)),
                ("已退款", html! { @if let Some(one) = money { (part::yuan(one.refunded)) } }),
                ("捐赠笔数", html! { @if let Some(one) = money { (one.gifts) } }),
                ("已承诺支出", amount(|fund| fund.committed)),
                ("已使用", html! { a href={ "/console/disbursements?campaign=" (row.id) } { (amount(|fund| fund.used)) } }),
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

/// The budget: what is planned, promised, used, left.
fn spending(row: &campaign::Model, budget: &[budget_line::Model]) -> Markup {
    let left = |line: &budget_line::Model| {
        let gone = line.committed_fen.checked_add(line.used_fen);
        gone.and_then(|gone| line.planned_fen.checked_sub(gone)).unwrap_or(Money::ZERO)
    };
    let columns = [
        column("代码"),
        column("科目"),
        column("类别"),
        numbers("预算"),
        numbers("已承诺"),
        numbers("已使用"),
        numbers("剩余"),
        column("进度"),
    ];
    let lines = budget.iter().map(|line| {
        let title = format!(
            "{}：已使用{}元，已承诺{}元，预算{}元",
            line.name,
            part::grouped(line.used_fen),
            part::grouped(line.committed_fen),
            part::grouped(line.planned_fen)
        );
        let papers = format!("/console/disbursements?campaign={}", row.id);
        vec![
            Cell::text(&line.code),
            Cell::text(&line.name),
            Cell::text(words::budget_kind(line.kind)),
            Cell::yuan(line.planned_fen),
            Cell::yuan(line.committed_fen),
            Cell::yuan_of(line.used_fen, &papers),
            Cell::yuan(left(line)),
            Cell::shown(chart::gauge(line.used_fen, line.committed_fen, line.planned_fen, &title), title),
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

fn told(
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
fn reached(officer: &Officer, row: &campaign::Model, milestones: &[entity::milestone::Model], at: &At<'_>) -> Markup {
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
fn disclosure(officer: &Officer, row: &campaign::Model, at: &At<'_>) -> Markup {
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

/// Suspension and its end: not on the straight way.
fn stop(officer: &Officer, row: &campaign::Model, at: &At<'_>) -> Markup {
    let fresh = Typed::default();
    let lifters = [Role::FinanceHead, Role::Chair];
    html! {
        @if row.state == CampaignState::Suspended && officer.is(&lifters) {
            (Step { name: "解除核查", will: "将恢复到核查前的状态，解冻资金。须由提出核查以外的人办理。", to: &format!("{}/suspension-lift", path(row.id)), grave: false,
                fields: asked_for(Asks::Reason, at.of("suspension-lift").unwrap_or(&fresh)) }.show(officer, at.of("suspension-lift")))
        }
        @if row.state.lift().is_some() && officer.is(STOPPERS) {
            @let typed = at.of("suspensions").unwrap_or(&fresh);
            (Step { name: "停募核查", will: "将立即停止接受捐赠，并冻结项目资金。", to: &format!("{}/suspensions", path(row.id)), grave: true,
                fields: html! { (part::new_id(typed)) (asked_for(Asks::Reason, typed)) } }.show(officer, at.of("suspensions")))
        }
    }
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
        Ok(done) => Ok(officer.done(done, &path(id))),
        // The page is only for those who may see the campaign; for others it is the refusal.
        Err(refused) => show(&officer, id, &At { form: &word, typed: Typed::refused(&form, refused.0) }).await,
    }
}

async fn take(officer: &Officer, id: CampaignId, word: &str, form: &Form) -> Result<&'static str, PageError> {
    let (campaigns, by) = (&officer.app.campaigns, &officer.member);
    let mut check = form.check();
    match word {
        "papers" => {
            let object = campaigns.exhibit(Exhibit::Campaign(id), Access::Add, by).await?;
            paper::attach(officer, &object, form).await?;
            Ok("材料已添加。")
        }
        "comments" => {
            let comment: CampaignCommentId = check.id("id");
            let (section, said) = (check.choice::<words::Key<domain::plan::Section>>("section"), check.text("words"));
            check.done()?;
            let section = section.map(|key| key.0).ok_or_else(|| Problem::field("section", "请选择"))?;
            campaigns.comment(id, comment, (section, said), by).await?;
            Ok("意见已提交。")
        }
        "updates" => {
            let (update, title, said): (CampaignUpdateId, _, _) =
                (check.id("id"), check.text("title"), check.text("words"));
            check.done()?;
            let new = crowdfunding::NewUpdate { id: update, corrects: None, title, words: said };
            campaigns.write_update(id, new, by).await?;
            Ok("进展已保存，待另一人发布。")
        }
        "suspensions" => {
            let (suspension, reason): (SuspensionId, _) = (check.id("id"), check.text("reason"));
            check.done()?;
            campaigns.suspend(id, suspension, (crowdfunding::Ground::Order, reason), by).await?;
            Ok("已停止募捐并冻结资金。")
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
        "suspension-lift" => {
            let reason = check.text("reason");
            check.done()?;
            campaigns.lift(id, reason, by).await?;
            Ok("已解除核查。")
        }
        _ => {
            campaigns.step(id, way(word, form)?, by).await?;
            Ok("已办理。")
        }
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
    let object = officer.app.campaigns.exhibit(Exhibit::Campaign(id), Access::Withdraw, &officer.member).await?;
    officer.app.documents.withdraw(&officer.member, &object, paper_id).await?;
    Ok(officer.done("材料已撤下。", &path(id)))
}

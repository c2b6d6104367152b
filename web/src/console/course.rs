//! The way of a campaign: which steps can follow a state, what each asks for and will do, and the emergency brake beside it.

use std::collections::BTreeSet;

use app::problem::Problem;
use crowdfunding::{AUTHORS, Channel, Ground, Opening, Step as Way};
use domain::campaign::CampaignState;
use domain::complaint::ComplaintState;
use domain::role::Role;
use domain::{CampaignId, ComplaintId, SuspensionId};
use entity::{campaign, complaint, suspension};
use maud::{Markup, html};

use super::campaign::{At, path};
use crate::field::{Field, options, ticks};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};

/// What a step asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Nothing,
    Statement,
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
pub(super) const FILERS: &[Role] = &[Role::Disclosure, Role::ProjectManager];
/// Who lifts a suspension.
const LIFTERS: [Role; 2] = [Role::FinanceHead, Role::Chair];
/// Who suspends.
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
        right && officer.acts(self.roles, row.book_id, &row.unit_path)
    }
}

/// The steps that can follow a state; whether one may be taken is for the service to say.
fn offers(row: &campaign::Model) -> Vec<Offer> {
    use Asks as A;
    use CampaignState as S;
    let approve =
        |roles: &'static [Role], will: &'static str| offer("approval", "批准", will, roles, A::Statement).of_another();
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
    // Only a plan that answers a disaster may open before it is filed.
    let emergency = || {
        let will = "将在备案前先行开放募捐，须在开放后十日内完成备案。仅限应对突发事件。";
        row.emergency.then(|| offer("emergency-opening", "应急开放", will, MANAGERS, A::Opening).grave())
    };
    let end = || offer("end", "提前结束", "将不再接受新的捐赠。结束后不能重新开放。", MANAGERS, A::Reason).grave();
    // What opened in an emergency and is over, or was suspended, is filed all the same.
    let late = || if row.filing_number.is_none() && row.plan_version > 0 { vec![submitted(), file()] } else { vec![] };
    let closing = || offer("closing", "开始结项", "将开始结项决算。", MANAGERS, A::Nothing);
    match row.state {
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
        S::Approved => [submitted()].into_iter().chain(emergency()).chain([reject(MANAGERS)]).collect(),
        S::Filing => {
            let back = offer("filing-return", "登记补正", "将记录民政部门要求补正的内容。", FILERS, A::Reason);
            [file(), back].into_iter().chain(emergency()).collect()
        }
        S::Filed => {
            vec![offer("schedule", "安排开放", "到开始时间将自动开放募捐。", MANAGERS, A::Opening)]
        }
        S::Scheduled => vec![offer("schedule-withdrawal", "取消开放安排", "将不会自动开放。", MANAGERS, A::Reason)],
        S::Open => {
            vec![offer("pause", "暂停", "将暂不接受新的捐赠，已付款的仍会入账。", MANAGERS, A::Reason), end()]
        }
        S::EmergencyOpen => vec![submitted(), file(), end()],
        S::Paused => {
            vec![offer("resumption", "恢复募捐", "将重新接受捐赠。", MANAGERS, A::Nothing), end()]
        }
        S::Ended => {
            let execution = offer("execution", "开始执行", "项目进入执行，可以办理支出。", MANAGERS, A::Nothing);
            late().into_iter().chain([execution]).collect()
        }
        S::Executing => vec![closing()],
        S::Terminated => late().into_iter().chain([closing()]).collect(),
        S::Suspended => late(),
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
        S::Closed | S::Cancelled => vec![],
    }
}

/// The step that a form describes.
fn way(word: &str, form: &Form) -> Result<Way, Problem> {
    let mut check = form.check();
    let way = match word {
        "submission" => Way::Submit,
        "withdrawal" => Way::Withdraw,
        "review" => Way::TakeUp,
        "approval" => Way::Approve { for_a_group: form.ticked("for_a_group") },
        "rejection" => Way::Reject(check.text("reason")),
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
        Asks::Statement => html! {
            (Field::tick(typed, "for_a_group", "已核对受益人：本项目面向符合条件的群体，不为特定个人募捐").required())
        },
        Asks::Reason => html! { (Field::area(typed, "reason", "原因").required().longest(500)) },
        Asks::SubmittedOn => html! { (Field::day(typed, "submitted_on", "报送日期").required()) },
        Asks::Filing => html! {
            (Field::text(typed, "number", "备案编号").required().longest(24).hint("统一社会信用代码 + A + 两位年份 + 三位序号"))
            (Field::day(typed, "filed_on", "备案日期").required())
        },
        Asks::Opening => html! {
            (ticks(typed, "channels", "开展渠道", &CHANNELS.map(|(channel, word)| (channel.as_str().to_owned(), word.to_owned()))))
            (Field::text(typed, "platform_number", "平台项目编号").longest(64).needed("指定平台必填"))
            (Field::text(typed, "platform_url", "平台项目网址").longest(300).needed("指定平台必填").hint("以 https:// 开头。"))
            (Field::text(typed, "operator_code", "自有平台运营方的统一社会信用代码").longest(18).needed("自有平台由他人运营时必填"))
        },
    }
}

/// The steps that somebody may take with a campaign now.
pub(super) fn steps(
    officer: &Officer,
    row: &campaign::Model,
    (complaints, suspensions): (&[complaint::Model], &[suspension::Model]),
    at: &At<'_>,
) -> Markup {
    let fresh = Typed::default();
    html! {
        @for offer in offers(row).iter().filter(|offer| offer.is_for(officer, row)) {
            (Step { name: offer.name, will: offer.will, to: &format!("{}/{}", path(row.id), offer.word), grave: offer.grave,
                fields: asked_for(offer.asks, at.of(offer.word).unwrap_or(&fresh)) }.show(officer, at.of(offer.word)))
        }
        (stop(officer, row, (complaints, suspensions), at))
    }
}

/// Why somebody who lifts suspensions cannot lift the one that stands, if so; the service asks the same.
fn not_lifted(
    officer: &Officer,
    row: &campaign::Model,
    (complaints, suspensions): (&[complaint::Model], &[suspension::Model]),
) -> Option<&'static str> {
    let stop = suspensions.iter().find(|one| one.lifted_us.is_none())?;
    let grant = officer.member.may(&LIFTERS, &row.unit_path).ok()?;
    if officer.member.is_among(grant, [stop.author_id, stop.author_for_id]) {
        return Some("这次停募核查是您（或您代办的人）提出的，须由另一位财务负责人或理事长解除。");
    }
    if stop.ground == "overdue" && row.filing_number.is_none() {
        return Some("应急募捐逾期未备案而停募：取得备案编号后才能解除核查。");
    }
    let answered = |one: &complaint::Model| matches!(one.state, ComplaintState::Upheld | ComplaintState::Dismissed);
    let ground = complaints.iter().find(|one| stop.complaint_id == Some(one.id));
    ground.is_some_and(|one| !answered(one)).then_some("据以停募的投诉尚未答复：投诉办结后才能解除核查。")
}

/// What a suspension rests on, where that is no complaint: an authority's order, which must be among the papers.
const BY_ORDER: &str = "order";

/// Suspension and its end: not on the straight way.
fn stop(
    officer: &Officer,
    row: &campaign::Model,
    about: (&[complaint::Model], &[suspension::Model]),
    at: &At<'_>,
) -> Markup {
    let fresh = Typed::default();
    let mut grounds = options([(BY_ORDER, "主管部门的决定或通知")]);
    grounds.extend(about.0.iter().map(|one| {
        let words: String = one.words.chars().take(30).collect();
        (one.id.to_string(), format!("投诉：{words}"))
    }));
    let against = not_lifted(officer, row, about);
    html! {
        @if let (CampaignState::Suspended, true, Some(why)) = (row.state, officer.is(&LIFTERS), against) {
            p class="faint" { (why) }
        } @else if row.state == CampaignState::Suspended && officer.is(&LIFTERS) {
            (Step { name: "解除核查", will: "将恢复到核查前的状态，解冻资金。须由提出核查以外的人办理；因投诉停募的，投诉须已答复。", to: &format!("{}/suspension-lift", path(row.id)), grave: false,
                fields: asked_for(Asks::Reason, at.of("suspension-lift").unwrap_or(&fresh)) }.show(officer, at.of("suspension-lift")))
        }
        @if row.state.lift().is_some() && officer.is(STOPPERS) {
            @let typed = at.of("suspensions").unwrap_or(&fresh);
            (Step { name: "停募核查", will: "将立即停止接受捐赠，并冻结项目资金。", to: &format!("{}/suspensions", path(row.id)), grave: true,
                fields: html! {
                    (part::new_id(typed))
                    (Field::choice(typed, "complaint", "依据", &grounds).required().hint("选一件投诉，或主管部门的决定、通知；后者须先上传到本项目的材料中；一份决定或通知只能停募一次，解除后再次停募须有新的决定或通知。"))
                    (asked_for(Asks::Reason, typed))
                } }.show(officer, at.of("suspensions")))
        }
    }
}

/// Takes a step.
pub(super) async fn take(
    officer: &Officer,
    id: CampaignId,
    word: &str,
    form: &Form,
) -> Result<&'static str, PageError> {
    let (campaigns, by) = (&officer.app.campaigns, &officer.member);
    let mut check = form.check();
    match word {
        "suspensions" => {
            let (suspension, reason): (SuspensionId, _) = (check.id("id"), check.text("reason"));
            let ground = match form.get("complaint") {
                BY_ORDER => Ground::Order,
                _ => Ground::Complaint(check.id::<ComplaintId>("complaint")),
            };
            check.done()?;
            campaigns.suspend(id, suspension, (ground, reason), by).await?;
            Ok("已停止募捐并冻结资金。")
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

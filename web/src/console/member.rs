//! Members of staff, their roles, and what is lent: everything here takes two administrators, or the person itself.

use app::identity::{NewDelegation, NewRoleGrant, NewStaff, ProposedStaff, SessionLine, StaffLine, StaffStanding};
use app::problem::Problem;
use domain::person::IdentityNumber;
use domain::proposal::ProposalState;
use domain::role::Role;
use domain::{BusinessDate, DelegationId, RoleGrantId, SessionId, StaffId, UnitId};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};
use secrecy::ExposeSecret;

use super::people::{Names, why_not};
use crate::field::{Field, options};
use crate::form::{Check, Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column};
use crate::words;

/// The path of a member of staff.
pub(super) fn path(id: StaffId) -> String {
    format!("/console/members/{id}")
}

fn standing(standing: StaffStanding) -> (&'static str, Tone) {
    match standing {
        StaffStanding::Proposed => ("待另一名管理员启用", Tone::Waiting),
        StaffStanding::Active => ("在用", Tone::Good),
        StaffStanding::Disabled => ("已停用", Tone::Bad),
    }
}

/// The roles somebody holds, each with the unit it is over; a role over the whole tree stands alone.
fn grants(line: &StaffLine, units: &[entity::unit::Model]) -> String {
    let one = |grant: &app::identity::GrantLine| {
        let over = grant.over.as_str();
        if over == "/" {
            return words::role(grant.role).to_owned();
        }
        let named = units.iter().find(|unit| unit.path.as_str() == over).map_or(over, |unit| unit.name.as_str());
        format!("{}（{named}）", words::role(grant.role))
    };
    line.grants.iter().map(one).collect::<Vec<_>>().join("、")
}

/// Stands for no unit: the whole tree.
const EVERYWHERE: &str = "all";

/// The units a role can be held over, as options: none is chosen for whoever does not choose.
async fn units(officer: &Officer) -> Result<Vec<(String, String)>, PageError> {
    units_after(officer, options([(EVERYWHERE, "全部范围")])).await
}

async fn units_after(officer: &Officer, mut all: Vec<(String, String)>) -> Result<Vec<(String, String)>, PageError> {
    let units = officer.app.organisation.units().await?;
    all.extend(units.into_iter().filter(|unit| unit.active).map(|unit| (unit.id.to_string(), unit.name)));
    Ok(all)
}

/// The unit that was chosen, or the whole tree.
fn unit(check: &mut Check<'_>, form: &Form) -> Option<UnitId> {
    if form.get("unit") == EVERYWHERE { None } else { Some(check.id("unit")) }
}

fn roles() -> Vec<(String, String)> {
    options(words::all(words::role))
}

/// Everybody.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let wanted = asked.get("q").unwrap_or_default();
    let units = officer.app.organisation.units().await?;
    let people = officer.app.identity.staff(&officer.member).await?;
    let columns = [column("用户名"), column("姓名"), column("角色"), column("状态"), column("创建时间")];
    let rows = people.iter().filter(|line| line.username.contains(wanted) || line.name.contains(wanted)).map(|line| {
        vec![
            Cell::link(&path(line.id), &line.username),
            Cell::text(&line.name),
            Cell::text(grants(line, &units)),
            Cell::badge(standing(line.standing)),
            Cell::at(line.created),
        ]
    });
    let table = Table::new("工作人员", &columns, "没有这样的工作人员。").whole(rows);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("工作人员", &html! {
            @if officer.is(&[Role::Admin]) { a class="button primary" href="/console/members/new" { "添加人员" } }
        }))
        (crate::table::filter(&asked, &crate::table::filter_text(&asked, "q", "用户名或姓名")))
        (table.show(&asked))
    };
    Ok(officer.page("工作人员", &[("/console", "工作台")], &content).into_response())
}

async fn show(
    officer: &Officer,
    id: StaffId,
    word: &str,
    typed: &Typed,
    given: Option<&Markup>,
) -> Result<Response, PageError> {
    let people = officer.app.identity.staff(&officer.member).await?;
    let missing = || Problem::not_found("no_such_member", "没有这名工作人员。");
    let line = people.iter().find(|line| line.id == id).ok_or_else(missing)?;
    let sessions = officer.app.identity.sessions_of(&officer.member, id).await?;
    let logins = officer.app.identity.logins_of(&officer.member, id).await?;
    let asked_by = people.iter().find(|other| Some(other.id) == line.asked_by).map(|other| other.name.as_str());
    let fresh = Typed::default();
    let refused = |step: &str| (word == step).then_some(typed);
    let of = |step: &str| refused(step).unwrap_or(&fresh);
    let to = |step: &str| format!("{}/{step}", path(id));
    let admin = officer.is(&[Role::Admin]) && id != officer.id();
    let step = |name: &'static str, will: &'static str, word: &'static str, grave: bool| {
        Step { name, will, to: &to(word), grave, fields: nothing() }.show(officer, refused(word))
    };
    let known_units = officer.app.organisation.units().await?;
    let (all_roles, all_units) = (roles(), units(officer).await?);
    let held = options(line.grants.iter().map(|grant| (words::key(grant.role), words::role(grant.role))));
    let content = html! {
        (part::heading(&line.name, &part::badge(standing(line.standing))))
        @if let Some(given) = given { (given) }
        (part::block("账号", &part::facts(&[
            ("用户名", html! { (line.username) }),
            ("角色", html! { (grants(line, &known_units)) }),
            ("申请人", html! { (asked_by.unwrap_or_default()) }),
            ("创建时间", part::at(line.created)),
            ("身份证号码", html! { (if line.identified { "已登记" } else { "未登记，不能确认一人一号" }) }),
            ("有效登录", html! { (sessions.len()) "个" }),
        ])))
        @if !sessions.is_empty() { (part::block("有效的登录", &held_sessions(officer, id, &sessions, admin))) }
        (part::block("最近的登录", &super::session::logins(logins)))
        @if admin {
            div class="steps" {
                @if line.standing == StaffStanding::Proposed && line.asked_by == Some(officer.id()) {
                    p class="faint" { "您提出的账号由另一名管理员启用。" }
                }
                @if line.standing == StaffStanding::Proposed && line.asked_by != Some(officer.id()) {
                    (step("启用账号", "将生成初始密码和动态口令，只显示一次；须由申请人以外的管理员办理。", "activation", false))
                }
                @if line.standing == StaffStanding::Active {
                    (step("停用账号", "将立即结束此人的所有登录，不能再登录。", "disablement", true))
                }
                @if line.standing != StaffStanding::Proposed {
                    (step("重置密码", "将作废现有密码和动态口令，由另一名管理员重新发放。", "reset", true))
                }
                @if !line.identified {
                    (Step { name: "登记身份证号码", will: "将用于确认一人一号，登记后不能更改，不保存原文。", to: &to("identification"), grave: false, fields: html! {
                        (Field::text(of("identification"), "identity_number", "身份证号码").required().longest(18))
                    } }.show(officer, refused("identification")))
                }
                @if !sessions.is_empty() { (step("结束全部登录", "将立即结束此人的所有登录。", "sessions", false)) }
                (Step { name: "授予角色", will: "将提出授予申请，由另一名管理员批准。", to: &to("role"), grave: false, fields: html! {
                    (part::new_id(of("role")))
                    (Field::choice(of("role"), "role", "角色", &all_roles).required())
                    (Field::choice(of("role"), "unit", "范围", &all_units).required())
                    (Field::text(of("role"), "reason", "原因").required().longest(500))
                } }.show(officer, refused("role")))
                @if line.grants.len() > 1 {
                    (Step { name: "收回角色", will: "将立即收回，不需要另一人批准。", to: &to("role-revocation"), grave: true, fields: html! {
                        (Field::choice(of("role-revocation"), "role", "角色", &held).required())
                    } }.show(officer, refused("role-revocation")))
                }
            }
        }
    };
    Ok(officer.shown(&line.name, &[("/console/members", "工作人员")], &content, typed))
}

/// The sessions of somebody; each can be ended by whoever may.
fn held_sessions(officer: &Officer, id: StaffId, sessions: &[SessionLine], may: bool) -> Markup {
    let rows = sessions.iter().map(|one| {
        let end = html! {
            @if may {
                (officer.form(&format!("{}/sessions/{}/end", path(id), one.id), &html! {
                    button type="submit" class="plain" { "结束" }
                }))
            } @else { span class="faint" { "—" } }
        };
        vec![Cell::at(one.created), Cell::at(one.expires), Cell::shown(end, "")]
    });
    let columns = [column("登录时间"), column("最迟到期"), column("办理")];
    Table::new("有效的登录", &columns, "没有有效的登录。").whole(rows).plain()
}

/// Ends one session of somebody.
#[handler]
pub(super) async fn post_end_session(
    officer: Officer,
    Path((id, session)): Path<(StaffId, SessionId)>,
) -> Result<Response, PageError> {
    officer.app.identity.end_session_of(&officer.member, id, session).await?;
    Ok(officer.done("已结束这个登录。", &path(id)))
}

/// One of them.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<StaffId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default(), None).await
}

/// What is shown once.
fn credentials(password: Option<&str>, seed: Option<&str>) -> Markup {
    html! {
        section class="block note" {
            h2 { "请立即交给本人" }
            p { "以下内容只显示这一次，系统不再保存。" }
            (part::facts(&[
                ("初始密码", html! { @if let Some(password) = password { span class="code" { (password) } } }),
                ("动态口令密钥", html! { @if let Some(seed) = seed { span class="code" { (seed) } } }),
            ]))
        }
    }
}

fn given(new: &NewStaff) -> Markup {
    credentials(Some(new.password.expose_secret()), new.totp_secret.as_ref().map(|seed| seed.expose_secret()))
}

/// A step with somebody's account.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((id, word)): Path<(StaffId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (identity, by) = (&officer.app.identity, &officer.member);
    let taken: Result<Option<Markup>, Problem> = async {
        let mut check = form.check();
        match word.as_str() {
            "activation" => return Ok(Some(given(&identity.activate_staff(by, id).await?))),
            "identification" => {
                let person: Option<IdentityNumber> =
                    check.reading("identity_number", "身份证号码不正确，请核对18位号码");
                check.done()?;
                identity.identify_staff(by, id, &person.ok_or_else(Problem::no_identity_number)?).await?;
            }
            "disablement" => identity.disable_staff(by, id).await?,
            "reset" => identity.reset_credentials(by, id).await?,
            "sessions" => identity.end_sessions_of(by, id).await.map(drop)?,
            "role" => {
                let (grant, role): (RoleGrantId, Option<Role>) = (check.id("id"), check.choice("role"));
                let unit = unit(&mut check, &form);
                let reason = check.text("reason");
                check.done()?;
                let role = role.ok_or_else(|| Problem::field("role", "请选择"))?;
                identity.propose_role(by, NewRoleGrant { id: grant, staff: id, role, unit, reason }).await.map(drop)?;
            }
            "role-revocation" => {
                let role: Option<Role> = check.choice("role");
                check.done()?;
                identity.revoke_role(by, id, role.ok_or_else(|| Problem::field("role", "请选择"))?).await?;
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        }
        Ok(None)
    }
    .await;
    match taken {
        Ok(None) => Ok(officer.done("已办理。", &path(id))),
        Ok(Some(once)) => show(&officer, id, "", &Typed::default(), Some(&once)).await,
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused), None).await,
    }
}

async fn ask(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let (roles, units) = (roles(), units(officer).await?);
    let content = html! {
        h1 { "添加人员" }
        p class="note" { "一人只能有一个账号。提出后由另一名管理员启用，并发放密码和动态口令。" }
        (part::alert(typed))
        (officer.form("/console/members", &html! {
            (part::new_id(typed))
            div class="fields" {
                (Field::text(typed, "username", "用户名").required().longest(40).hint("小写字母、数字、点、横线"))
                (Field::text(typed, "name", "姓名").required().longest(50))
                (Field::text(typed, "identity_number", "身份证号码").required().longest(18).hint("只用于确认一人一号，不保存原文"))
                (Field::choice(typed, "role", "角色", &roles).required())
                (Field::choice(typed, "unit", "范围", &units).required())
            }
            div class="go" { button type="submit" class="primary" { "提出" } }
        }))
    };
    Ok(officer.shown("添加人员", &[("/console/members", "工作人员")], &content, typed))
}

/// The form of somebody new.
#[handler]
pub(super) async fn get_blank(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&[Role::Admin])?;
    ask(&officer, &Typed::default()).await
}

/// Proposes somebody new.
#[handler]
pub(super) async fn post_propose(officer: Officer, form: Form) -> Result<Response, PageError> {
    let proposed: Result<StaffId, Problem> = async {
        let mut check = form.check();
        let (id, username, name) = (check.id::<StaffId>("id"), check.text("username"), check.text("name"));
        let role: Option<Role> = check.choice("role");
        let unit = unit(&mut check, &form);
        let person: Option<IdentityNumber> = check.reading("identity_number", "身份证号码不正确，请核对18位号码");
        check.done()?;
        let role = role.ok_or_else(|| Problem::field("role", "请选择"))?;
        let person = person.ok_or_else(Problem::no_identity_number)?;
        let new = ProposedStaff { id, username, name, grants: vec![(role, unit)], person };
        officer.app.identity.propose_staff(&officer.member, new).await?;
        Ok(id)
    }
    .await;
    match proposed {
        Ok(id) => Ok(officer.done("已提出，待另一名管理员启用。", &path(id))),
        Err(refused) => ask(&officer, &Typed::refused(&form, refused)).await,
    }
}

fn proposal(state: ProposalState) -> (&'static str, Tone) {
    match state {
        ProposalState::Proposed => ("待批准", Tone::Waiting),
        ProposalState::Approved => ("已批准", Tone::Good),
        ProposalState::Declined => ("未批准", Tone::Bad),
    }
}

async fn role_page(
    officer: &Officer,
    asked: &Asked,
    at: Option<(RoleGrantId, bool)>,
    typed: &Typed,
    once: Option<&Markup>,
) -> Result<Response, PageError> {
    let rows = officer.app.identity.role_grants(&officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let units = officer.app.organisation.units().await?;
    let unit = |id: Option<UnitId>| match id {
        None => "全部范围".to_owned(),
        Some(id) => units.iter().find(|unit| unit.id == id).map(|unit| unit.name.clone()).unwrap_or_default(),
    };
    let names = Names::of(
        officer,
        rows.iter().flat_map(|row| [Some(row.staff_id), Some(row.author_id), row.approver_id]).flatten(),
    )
    .await?;
    let object = |id: RoleGrantId| format!("role_grant:{id}");
    let said = why_not(officer, rows.iter().map(|row| object(row.id))).await?;
    let open = rows.iter().filter(|row| row.state == ProposalState::Proposed);
    let open: Vec<Markup> = open.map(|row| {
        let own = row.author_id == officer.id() || row.staff_id == officer.id();
        let step = |word: &'static str, name: &'static str, will: &'static str, approve: bool| {
            let to = format!("/console/roles/{}/{word}", row.id);
            let refused = (at == Some((row.id, approve))).then_some(typed);
            let fields = if approve { nothing() } else { part::why(refused) };
            Step { name, will, to: &to, grave: !approve, fields }.show(officer, refused)
        };
        html! {
            article class="block" {
                p { strong { (names.name(row.staff_id)) } " — " (words::role(row.role)) "（" (unit(row.unit_id)) "）" }
                p { "原因：" (row.reason) " · 申请人：" (names.name(row.author_id)) " · " (part::at(row.created_us)) }
                @if own { p class="faint" { "须由申请人和本人以外的管理员办理。" } }
                @else if officer.is(&[Role::Admin]) {
                    div class="steps" {
                        (step("approval", "批准", "此人将立即拥有这个角色。", true))
                        (step("decline", "不批准", "这项申请不再进行。", false))
                    }
                }
            }
        }
    }).collect();
    let columns = [
        column("人员"),
        column("角色"),
        column("范围"),
        column("状态"),
        column("申请人"),
        column("批准人"),
        column("不批准的原因"),
        column("申请时间"),
    ];
    let cells = |row: entity::role_grant::Model| {
        vec![
            Cell::link(&path(row.staff_id), names.name(row.staff_id)),
            Cell::text(words::role(row.role)),
            Cell::text(unit(row.unit_id)),
            Cell::badge(proposal(row.state)),
            Cell::text(names.name(row.author_id)),
            Cell::text(names.maybe(row.approver_id)),
            Cell::or_none(said.get(&object(row.id)).cloned(), Cell::text),
            Cell::at(row.created_us),
        ]
    };
    let table = Table::new("角色授予", &columns, "没有角色申请。").page(asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let content = html! {
        h1 { "角色授予" }
        @if let Some(once) = once { (once) }
        @for one in &open { (one) }
        (table.show(asked))
    };
    Ok(officer.shown("角色授予", &[("/console/members", "工作人员")], &content, typed))
}

/// Roles that were asked for.
#[handler]
pub(super) async fn get_role_grants(officer: Officer, request: &Request) -> Result<Response, PageError> {
    role_page(&officer, &Asked::of(request), None, &Typed::default(), None).await
}

/// Decides one.
#[handler]
pub(super) async fn post_decide_role(
    officer: Officer,
    Path((id, word)): Path<(RoleGrantId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let approve = word == "approval";
    let asked = Asked::at("/console/roles");
    let decided: Result<_, Problem> = async {
        let mut check = form.check();
        let decision = check.decision(approve);
        check.done()?;
        Ok(officer.app.identity.decide_role(&officer.member, id, decision).await?)
    }
    .await;
    match decided {
        Ok(granted) => match granted.totp_secret {
            Some(seed) => {
                let once = credentials(None, Some(seed.expose_secret()));
                role_page(&officer, &asked, None, &Typed::default(), Some(&once)).await
            }
            None => Ok(officer.done("已办理。", "/console/roles")),
        },
        Err(refused) => role_page(&officer, &asked, Some((id, approve)), &Typed::refused(&form, refused), None).await,
    }
}

async fn delegation_page(officer: &Officer, asked: &Asked, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let rows = officer.app.identity.delegations(&officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let units = officer.app.organisation.units().await?;
    let unit = |id: Option<UnitId>| match id {
        None => "全部范围".to_owned(),
        Some(id) => units.iter().find(|unit| unit.id == id).map(|unit| unit.name.clone()).unwrap_or_default(),
    };
    let people = rows.iter().flat_map(|row| [Some(row.lender_id), Some(row.holder_id), row.approver_id]).flatten();
    let names = Names::of(officer, people).await?;
    let today = officer.app.business.today();
    let state = |row: &entity::delegation::Model| match (row.revoked_us, row.approver_id) {
        (Some(_), _) => ("已收回", Tone::Bad),
        (None, None) => ("待批准", Tone::Waiting),
        (None, Some(_)) if row.ends_on < today => ("已到期", Tone::Calm),
        (None, Some(_)) if row.starts_on > today => ("未开始", Tone::Calm),
        (None, Some(_)) => ("生效中", Tone::Good),
    };
    let step = |row: &entity::delegation::Model, word: &str, name: &'static str| {
        officer.form(&format!("/console/delegations/{}/{word}", row.id), &html! { button type="submit" { (name) } })
    };
    let columns = [
        column("授权人"),
        column("代办人"),
        column("角色"),
        column("范围"),
        column("起止"),
        column("状态"),
        column("批准人"),
        column("原因"),
        column("办理"),
    ];
    let cells = |row: entity::delegation::Model| {
        let (approve, revoke) = (
            row.approver_id.is_none()
                && row.revoked_us.is_none()
                && officer.is(&[Role::Admin])
                && row.author_id != officer.id(),
            row.revoked_us.is_none()
                && row.ends_on >= today
                && (officer.is(&[Role::Admin]) || [row.lender_id, row.holder_id].contains(&officer.id())),
        );
        let acts = html! {
            @if approve { (step(&row, "approval", "批准")) }
            @if revoke { (step(&row, "revocation", "收回")) }
        };
        vec![
            Cell::text(names.name(row.lender_id)),
            Cell::text(names.name(row.holder_id)),
            Cell::text(words::role(row.role)),
            Cell::text(unit(row.unit_id)),
            Cell::text(format!("{} 至 {}", row.starts_on, row.ends_on)),
            Cell::badge(state(&row)),
            Cell::text(names.maybe(row.approver_id)),
            Cell::text(row.reason.clone()),
            Cell::shown(acts, ""),
        ]
    };
    let table = Table::new("授权代办", &columns, "没有授权。").page(asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let own: Vec<Role> =
        officer.member.grants.iter().filter(|grant| grant.acting_for.is_none()).map(|grant| grant.role).collect();
    let own = options(own.into_iter().map(|role| (words::key(role), words::role(role))));
    let all_units = units_after(officer, vec![(String::new(), "与您的角色相同的范围".to_owned())]).await?;
    let fields = html! {
        (part::new_id(typed))
        (Field::text(typed, "holder", "代办人").required().longest(64).hint("代办人登录用的用户名；代办人在“我的登录”页上也能看到。"))
        (Field::choice(typed, "role", "角色", &own).required())
        (Field::choice(typed, "unit", "范围", &all_units))
        (Field::day(typed, "starts_on", "开始日期").required())
        (Field::day(typed, "ends_on", "结束日期").required().hint("这一天仍有效；最长184天。"))
        (Field::text(typed, "reason", "原因").required().longest(500))
    };
    let content = html! {
        h1 { "授权代办" }
        @if word == "act" { (part::alert(typed)) }
        div class="steps" {
            (Step { name: "授权他人代办", will: "在这段时间内，代办人可以行使您的这个角色；由管理员批准后生效，所办事项会同时记下您的名字。", to: "/console/delegations", grave: false, fields }.show(officer, (word == "new").then_some(typed)))
        }
        (table.show(asked))
    };
    Ok(officer.shown("授权代办", &[("/console", "工作台")], &content, typed))
}

/// What is lent.
#[handler]
pub(super) async fn get_delegations(officer: Officer, request: &Request) -> Result<Response, PageError> {
    delegation_page(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// Lends a role.
#[handler]
pub(super) async fn post_lend(officer: Officer, form: Form) -> Result<Response, PageError> {
    let lent: Result<(), Problem> = async {
        let mut check = form.check();
        let (id, holder): (DelegationId, _) = (check.id("id"), check.text("holder"));
        let (role, unit): (Option<Role>, Option<UnitId>) = (check.choice("role"), check.id_or_none("unit"));
        let (starts_on, ends_on): (Option<BusinessDate>, _) = (check.day("starts_on"), check.day("ends_on"));
        let reason = check.text("reason");
        check.done()?;
        let holder = match holder.parse::<StaffId>() {
            Ok(id) => Some(id),
            Err(_) => officer.app.identity.named(&holder).await?,
        };
        let holder = holder.ok_or_else(|| Problem::field("holder", "没有这个用户名"))?;
        let day = || Problem::field("starts_on", "请填写日期");
        let new = NewDelegation {
            id,
            lender: officer.id(),
            holder,
            role: role.ok_or_else(|| Problem::field("role", "请选择"))?,
            unit,
            starts_on: starts_on.ok_or_else(day)?,
            ends_on: ends_on.ok_or_else(day)?,
            reason,
        };
        officer.app.identity.propose_delegation(&officer.member, new).await?;
        Ok(())
    }
    .await;
    match lent {
        Ok(()) => Ok(officer.done("已提出，待管理员批准。", "/console/delegations")),
        Err(refused) => {
            delegation_page(&officer, &Asked::at("/console/delegations"), "new", &Typed::refused(&form, refused)).await
        }
    }
}

/// Approves what is lent, or takes it back.
#[handler]
pub(super) async fn post_decide_delegation(
    officer: Officer,
    Path((id, word)): Path<(DelegationId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (identity, by) = (&officer.app.identity, &officer.member);
    let decided: Result<(), Problem> = match word.as_str() {
        "approval" => identity.approve_delegation(by, id).await.map(drop).map_err(Problem::from),
        "revocation" => identity.revoke_delegation(by, id).await.map(drop).map_err(Problem::from),
        _ => Err(Problem::not_found("no_such_address", "没有这个页面。")),
    };
    match decided {
        Ok(()) => Ok(officer.done("已办理。", "/console/delegations")),
        Err(refused) => {
            delegation_page(&officer, &Asked::at("/console/delegations"), "act", &Typed::refused(&form, refused)).await
        }
    }
}

//! One's own sessions and password.

use app::identity::LoginLine;
use app::origin::Origin;
use app::throttle::Throttle;
use domain::SessionId;
use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};
use std::sync::Arc;

use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column};

/// The attempts to sign in that the trail knows of, for a page that shows a person's sessions.
pub(super) fn logins(lines: Vec<LoginLine>) -> Markup {
    let rows = lines.into_iter().map(|line| {
        let word = if line.done { ("成功", Tone::Good) } else { ("未成功", Tone::Bad) };
        vec![Cell::at(line.at), Cell::badge(word), Cell::text(line.origin)]
    });
    let columns = [column("时间"), column("结果"), column("来源地址")];
    Table::new("登录记录", &columns, "没有登录记录。").whole(rows).plain()
}

async fn page(officer: &Officer, asked: &Asked, typed: &Typed) -> Result<Response, PageError> {
    let identity = &officer.app.identity;
    let sessions = identity.sessions_of(&officer.member, officer.id()).await?;
    let here = identity.session_of(officer.held.expose()).await?;
    let own = identity.has_own_password(officer.id()).await?;
    let username = identity.username(officer.id()).await?;
    let rows = sessions.into_iter().map(|one| {
        let is_here = Some(one.id) == here;
        let end = Step {
            name: "结束",
            will: "那台设备上的登录立即失效，其上没有提交的内容不会保存。",
            to: &format!("/console/sessions/{}/end", one.id),
            grave: false,
            fields: nothing(),
        }
        .show(officer, None);
        vec![
            Cell::at(one.created),
            Cell::at(one.expires),
            if is_here { Cell::badge(("当前", Tone::Good)) } else { Cell::shown(end, "") },
        ]
    });
    let columns = [column("登录时间"), column("最迟到期"), column("办理")];
    let table = Table::new("登录", &columns, "没有有效的登录。").whole(rows);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let refused = typed.problem().is_some().then_some(typed);
    let change = Step {
        name: "修改密码",
        will: "将换成您自己的密码，其他设备上的登录随即结束；此处保持登录。",
        to: "/console/sessions/password",
        grave: false,
        fields: html! {
            // Whoever keeps passwords keeps them by name.
            input type="text" name="username" value=(username) autocomplete="username" hidden;
            (Field::password(typed, "current", "当前密码").required().longest(1024).complete("current-password"))
            (Field::password(typed, "new", "新密码").required().longest(1024).complete("new-password").hint("至少12个字符；可以用几个词组成的短句。"))
            (Field::password(typed, "again", "再次输入新密码").required().longest(1024).complete("new-password"))
        },
    };
    let leave = Step {
        name: "全部退出",
        will: "将结束您在所有设备上的登录，包括这里；之后需要重新登录。",
        to: "/console/sessions/end",
        grave: true,
        fields: nothing(),
    };
    let content = html! {
        (part::heading("我的登录", &html! {}))
        (part::facts(&[
            ("姓名", html! { (officer.name) }),
            ("用户名", html! { span class="code" { (username) } }),
            ("编号", html! { span class="code" { (officer.id()) } }),
            ("角色", html! { (crate::words::roles(&officer.member.roles())) }),
            ("密码", html! { @if own { "由本人设定" } @else { (part::badge(("仍为发放的初始密码", Tone::Bad))) } }),
        ]))
        (change.show(officer, refused))
        (table.show(asked))
        (leave.show(officer, None))
        (part::block("最近的登录", &logins(identity.logins_of(&officer.member, officer.id()).await?)))
    };
    Ok(officer.shown("我的登录", &[("/console", "工作台")], &content, typed))
}

/// Where one is signed in.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    page(&officer, &Asked::of(request), &Typed::default()).await
}

/// Ends all of them.
#[handler]
pub(super) async fn post_end(officer: Officer) -> Result<Response, PageError> {
    let ended = officer.app.identity.end_sessions_of(&officer.member, officer.id()).await?;
    Ok(officer.done(&format!("已结束{ended}个登录。"), "/console/login"))
}

/// Ends one of them.
#[handler]
pub(super) async fn post_end_one(officer: Officer, Path(id): Path<SessionId>) -> Result<Response, PageError> {
    officer.app.identity.end_session_of(&officer.member, officer.id(), id).await?;
    Ok(officer.done("已结束这个登录。", "/console/sessions").into_response())
}

/// Changes the password. An attempt counts like one to sign in.
#[handler]
pub(super) async fn post_change_password(
    officer: Officer,
    throttle: Data<&Arc<Throttle>>,
    origin: Data<&Origin>,
    form: Form,
) -> Result<Response, PageError> {
    let changed = async {
        let mut check = form.check();
        let (current, new) = (form.get("current"), form.raw("new"));
        for name in ["current", "new", "again"] {
            check.text(name);
        }
        if new != form.raw("again") {
            check.say("again", "两次输入的新密码不一致");
        }
        check.done()?;
        throttle.admit(*origin.0)?;
        let identity = &officer.app.identity;
        let ended = identity.change_password(&officer.member, officer.held.expose(), current, new).await?;
        Ok::<u64, app::problem::Problem>(ended)
    };
    match changed.await {
        Ok(0) => Ok(officer.done("密码已修改。", "/console/sessions")),
        Ok(ended) => Ok(officer.done(&format!("密码已修改，其他{ended}个登录已结束。"), "/console/sessions")),
        Err(refused) => page(&officer, &Asked::at("/console/sessions"), &Typed::refused(&form, refused)).await,
    }
}

//! One's own sessions. The smallest page that has everything: copy it to make another.

use maud::html;
use poem::{IntoResponse, Request, Response, handler};

use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column};

/// Where one is signed in.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let sessions = officer.app.identity.sessions_of(&officer.member, officer.id()).await?;
    let rows = sessions.into_iter().map(|one| vec![Cell::at(one.created), Cell::at(one.expires)]);
    let table = Table::new("登录", &[column("登录时间"), column("最迟到期")], "没有有效的登录。").whole(rows);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
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
            ("角色", html! { (crate::words::roles(&officer.member.roles())) }),
        ]))
        (table.show(&asked))
        (leave.show(&officer, None))
    };
    Ok(officer.page("我的登录", &[("/console", "工作台")], &content).into_response())
}

/// Ends all of them.
#[handler]
pub(super) async fn post_end(officer: Officer) -> Result<Response, PageError> {
    let ended = officer.app.identity.end_sessions_of(&officer.member, officer.id()).await?;
    Ok(officer.done(&format!("已结束{ended}个登录。"), "/console/login"))
}

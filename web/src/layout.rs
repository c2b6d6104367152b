//! The frame of the console's pages: the head with the search and the person, the navigation by role, the way back, what is to be
//! said, and the content. Read in this order by whoever hears a page, with a link over all of it to the content.

use std::time::Duration;

use domain::Timestamp;
use maud::{Markup, html};

use crate::menu;
use crate::page::Html;
use crate::session::Officer;
use crate::words;

/// The pages that show times of the real clock: of sessions and of jobs.
const REAL: [&str; 4] = ["/console/jobs", "/console/sessions", "/console/members", "/console/audit"];

/// What is said where business goes by another clock than the house, as in the demo: what each of them says, and what goes by which.
fn two_clocks(officer: &Officer) -> Option<String> {
    let (business, real) = (officer.app.business.now(), officer.app.real.now());
    let minute = |at: Timestamp| at.wall().chars().take(16).collect::<String>();
    (business.apart(real) > APART).then(|| {
        format!(
            "演示环境有两个时间：业务时间现在是{}，实际时间现在是{}。登录的有效期和后台任务按实际时间，其余都按业务时间。",
            minute(business),
            minute(real),
        )
    })
}

/// How far two clocks lie apart that are not the same.
const APART: Duration = Duration::from_secs(600);

/// Whether a path is another, or below it.
fn is_within(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A page of the console.
pub(crate) fn console(officer: &Officer, title: &str, way: &[(&str, &str)], content: &Markup) -> Html {
    let clocks = two_clocks(officer);
    let body = html! {
        a class="skip" href="#main" { "跳到正文" }
        header class="top" {
            a class="brand" href="/console" { span class="mark" aria-hidden="true" {} "桑梓" span class="faint" { "控制台" } }
            form class="search" role="search" method="get" action="/console/search" {
                label class="unseen" for="search" { "查找" }
                input id="search" type="search" name="q" placeholder="订单号、合同号、凭证号、名称、金额" maxlength="64" autocomplete="off";
                button type="submit" { "查找" }
            }
            div class="person" {
                a href="/console/sessions" { (officer.name) }
                span class="faint roles" { (words::roles(&officer.member.roles())) }
                (officer.form("/console/logout", &html! { button type="submit" class="plain" { "退出" } }))
            }
        }
        div class="frame" {
            nav aria-label="主导航" {
                details class="menu" open[false] { summary { "菜单" } (links(officer)) }
                div class="side" { (links(officer)) }
            }
            main id="main" tabindex="-1" {
                @if !way.is_empty() {
                    nav class="way" aria-label="当前位置" {
                        ol {
                            @for (path, name) in way { li { a href=(path) { (name) } } }
                            li aria-current="page" { (title) }
                        }
                    }
                }
                @if let Some(flash) = &officer.flash { p class="said" role="status" { (flash.text) } }
                @if let Some(clocks) = clocks.as_ref().filter(|_| REAL.iter().any(|whole| is_within(&officer.path, whole))) { p class="note" { (clocks) } }
                (content)
            }
        }
        footer class="foot" { span class="faint" { "时间均为北京时间；金额单位为元。" @if let Some(clocks) = &clocks { " " (clocks) } } }
    };
    Html::whole(title, "console", &body)
}

/// How many links stand open in the navigation without groups that fold.
const FEW: usize = 14;

fn links(officer: &Officer) -> Markup {
    let within = |path: &str| match officer.path.strip_prefix(path) {
        Some("") => true,
        Some(rest) => path != "/console" && rest.starts_with('/'),
        None => false,
    };
    let sections = menu::of(&officer.member);
    let all = sections.iter().flat_map(|(_, items)| items.iter());
    // A page below a page belongs to the nearer one.
    let nearest = all.map(|item| item.path).filter(|path| within(path)).max_by_key(|path| path.len());
    let here = |path: &str| nearest == Some(path);
    let few = sections.iter().map(|(_, items)| items.len()).sum::<usize>() <= FEW;
    html! {
        @for (name, items) in &sections {
            section {
                // One group is open, the page's own; where all are short, none hides anything.
                details open[few || items.iter().any(|item| here(item.path))] {
                    summary { h2 { (*name) } }
                    ul {
                        @for item in items {
                            li { a href=(item.path) aria-current=[here(item.path).then_some("page")] { (item.name) } }
                        }
                    }
                }
            }
        }
    }
}

//! The rules of what is due by when: the law's, and what was set instead from a day on. A rule does not reach back.

use app::disclosures::{NewRule, READERS};
use app::problem::Problem;
use domain::duty::{Counting, DutyKind, Rule};
use domain::role::Role;
use maud::html;
use poem::{Request, Response, handler};

use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::Officer;
use crate::table::{Asked, Cell, Table, column};
use crate::words as all_words;

/// Who sets them.
const RULERS: [Role; 2] = [Role::Disclosure, Role::Admin];
const PAGE: &str = "/console/duty-rules";

/// The number of a rule, in words.
fn term(rule: &Rule) -> String {
    let number = rule.amount;
    match rule.kind.counting() {
        Counting::DaysBefore => format!("开始前{number}天"),
        Counting::DaysAfter => format!("发生后{number}天内"),
        Counting::MonthsAfter => format!("结束后{number}个月内"),
        Counting::EveryDays => format!("至少每{number}天"),
        Counting::EveryMonths => format!("至少每{number}个月"),
        Counting::DayOfNextYear => format!("次年{}月{}日前", number / 100, number % 100),
        Counting::WorkingDays => format!("{number}个工作日内"),
    }
}

async fn show(officer: &Officer, asked: &Asked, typed: &Typed) -> Result<Response, PageError> {
    let rules = officer.app.disclosures.rules().await.map_err(app::disclosures::DisclosureError::Db)?;
    let today = officer.app.business.today();
    let columns = [
        column("事项"),
        column("期限"),
        column("适用于"),
        column("提前提醒"),
        column("逾期上报"),
        column("上报给"),
        column("依据"),
    ];
    let table = Table::new("期限规则", &columns, "没有规则。").whole(rules.all().map(|rule| {
        let in_force = rules.at(rule.kind, today) == *rule;
        let from = if in_force { "现行".to_owned() } else { format!("{}起开始的事项", rule.from) };
        vec![
            Cell::text(rule.kind.title()),
            Cell::text(term(rule)),
            Cell::text(from),
            Cell::text(format!("{}天", rule.warn_days)),
            Cell::text(format!("{}天后", rule.escalate_days)),
            Cell::text(all_words::role(rule.escalate_to)),
            Cell::text(rule.kind.source()),
        ]
    }));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let kinds = options(all_words::all(DutyKind::title));
    let roles = options(all_words::all(all_words::role));
    let content = html! {
        (part::heading("期限规则", &html! {}))
        p class="note" { "法定期限已经内置；内部要求更严时在这里设定，期限和上报只能更严、不能放宽。不溯及既往：已经开始的事项仍按原规则。" }
        @if officer.is(&RULERS) {
            div class="steps" {
                (Step { name: "设定规则", will: "从起始日起开始的事项按新规则计算期限；设定后不能修改，只能另设更晚起始的规则。", to: PAGE, grave: false, fields: html! {
                    div class="fields" {
                        (Field::choice(typed, "kind", "事项", &kinds).required())
                        (Field::day(typed, "from", "起始日期").required())
                        (Field::number(typed, "amount", "期限数值").required().hint("天数、月数或工作日数，与该事项现行的单位相同；年度报告写作月×100+日，如531。"))
                        (Field::number(typed, "warn_days", "提前几天提醒").required())
                        (Field::number(typed, "escalate_days", "逾期几天上报").required())
                        (Field::choice(typed, "escalate_to", "上报给", &roles).required())
                    }
                    (Field::area(typed, "reason", "依据").required().longest(500))
                } }.show(officer, typed.problem().is_some().then_some(typed)))
            }
        }
        (table.show(asked))
    };
    Ok(officer.shown("期限规则", &[("/console/duties", "公开与办理期限")], &content, typed))
}

/// All rules.
#[handler]
pub(super) async fn get_rules(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&[&READERS[..], &RULERS].concat())?;
    show(&officer, &Asked::of(request), &Typed::default()).await
}

/// Sets a rule.
#[handler]
pub(super) async fn post_rule(officer: Officer, form: Form) -> Result<Response, PageError> {
    officer.must_be(&RULERS)?;
    let set: Result<(), Problem> = async {
        let mut check = form.check();
        let kind = check.choice::<all_words::Key<DutyKind>>("kind");
        let escalate_to = check.choice::<all_words::Key<Role>>("escalate_to");
        let from = check.day("from");
        let mut number = |name: &str| check.number::<u32>(name).unwrap_or_default();
        let (amount, warn_days, escalate_days) = (number("amount"), number("warn_days"), number("escalate_days"));
        let reason = check.text("reason");
        check.done()?;
        let (Some(kind), Some(escalate_to), Some(from)) = (kind, escalate_to, from) else {
            return Err(Problem::field("kind", "请选择"));
        };
        let rule = Rule { kind: kind.0, from, amount, warn_days, escalate_days, escalate_to: escalate_to.0 };
        officer.app.disclosures.set_rule(NewRule { rule, reason }, &officer.member).await?;
        Ok(())
    }
    .await;
    match set {
        Ok(()) => Ok(officer.done("规则已设定。", PAGE)),
        Err(refused) => show(&officer, &Asked::at(PAGE), &Typed::refused(&form, refused)).await,
    }
}

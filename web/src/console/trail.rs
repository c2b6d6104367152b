//! Who did what to which thing, when, from where; and who looked at whose personal data, and why.

use std::collections::HashMap;

use app::problem::Problem;
use app::trail::{self, Search};
use domain::role::Role;
use domain::{BusinessDate, CampaignId, PayeeId, StaffId};
use entity::{audit_log, unmasking};
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};
use uuid::Uuid;

use super::deed;
use super::donation::{CampaignNames, campaign_names};
use super::people::{Names, staff_of};
use crate::glossary;
use crate::page::PageError;
use crate::part;
use crate::session::{Officer, encoded, nothing};
use crate::table::{self, Asked, Cell, Table, column};
use crate::words;

/// Who may read the trail.
const AUDITORS: [Role; 2] = [Role::Admin, Role::Auditor];

/// What the address asks for: who, what, about what, from which day to which.
fn search(asked: &Asked) -> Result<Search, PageError> {
    Ok(Search {
        actor: asked.read::<StaffId>("who")?.map(trail::staff),
        thing: asked.get("what").map(str::to_owned),
        object: asked.get("object").map(str::to_owned),
        from: asked.read::<BusinessDate>("from")?.map(BusinessDate::start),
        before: asked.read::<BusinessDate>("to")?.map(|day| day.next().start()),
    })
}

/// Where it came from: an address, the command line, a job.
fn origin(word: &str) -> &str {
    match word {
        "" => "系统",
        "command line" => "命令行",
        "invented world" => "演示数据",
        "job" => "后台任务",
        other => words::job(other),
    }
}

/// How many ids are looked up for a page or a file.
const MOST_NAMED: usize = 5_000;

/// What ids in the details are called: of people, places and campaigns by their names, of other things by what they are.
struct Known {
    names: Names,
    places: HashMap<String, String>,
    campaigns: CampaignNames,
}

impl Known {
    /// Of the ids that stand in these details. Three statements.
    async fn of(officer: &Officer, rows: &[audit_log::Model]) -> Result<Known, PageError> {
        let mut ids = Vec::new();
        for row in rows {
            if let Ok(value) = serde_json::from_str(&row.detail) {
                gather(&value, &mut ids);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        // More than a statement asks for at once stand in a long export alone; those are told by their ends.
        ids.truncate(MOST_NAMED);
        let names = Names::of(
            officer,
            rows.iter().filter_map(|row| staff_of(&row.actor)).chain(ids.iter().map(|id| StaffId::from(*id))),
        )
        .await?;
        let places = officer.app.organisation.units().await?;
        let places = places.into_iter().map(|unit| (unit.id.to_string(), unit.name)).collect();
        let campaigns = campaign_names(officer, ids.into_iter().map(CampaignId::from)).await?;
        Ok(Known { names, places, campaigns })
    }

    /// What an id is called.
    fn called(&self, id: Uuid) -> String {
        let campaign = self.campaigns.name(id.into());
        if let Some(place) = self.places.get(&id.to_string()) {
            place.clone()
        } else if !campaign.is_empty() {
            campaign
        } else if let Some(name) = self.names.known(id.into()) {
            name
        } else {
            short(&id.to_string())
        }
    }

    /// What stands in a member, in words.
    fn said(&self, name: &str, value: &serde_json::Value) -> String {
        match value {
            serde_json::Value::String(text) => match text.parse::<Uuid>() {
                Ok(id) => self.called(id),
                Err(_) => glossary::value(name, value),
            },
            serde_json::Value::Array(all) => all.iter().map(|one| self.said(name, one)).collect::<Vec<_>>().join("、"),
            serde_json::Value::Object(all) => {
                let one = |(name, value): (&String, &serde_json::Value)| {
                    format!("{} {}", glossary::named(name), self.said(name, value))
                };
                all.iter().map(one).collect::<Vec<_>>().join("，")
            }
            other => glossary::value(name, other),
        }
    }
}

/// The ids in a value.
fn gather(value: &serde_json::Value, ids: &mut Vec<Uuid>) {
    match value {
        serde_json::Value::String(text) => ids.extend(text.parse::<Uuid>().ok()),
        serde_json::Value::Array(all) => all.iter().for_each(|one| gather(one, ids)),
        serde_json::Value::Object(all) => all.values().for_each(|one| gather(one, ids)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

/// The end of an id, by which people tell one from another.
fn short(id: &str) -> String {
    let simple: String = id.chars().filter(|c| *c != '-').collect();
    let from = simple.len().saturating_sub(6);
    format!("…{}", simple.get(from..).unwrap_or(&simple))
}

/// Whether a text is one that no browser breaks: a fingerprint, an address.
fn is_long(text: &str) -> bool {
    text.split_whitespace().any(|word| word.len() > 24 && word.is_ascii())
}

/// What stood before and after, as name and value.
fn detail(text: &str, known: &Known) -> Markup {
    let Ok(serde_json::Value::Object(all)) = serde_json::from_str(text) else {
        return html! { span class="code" { (text) } };
    };
    html! {
        @for (at, (name, value)) in all.iter().enumerate() {
            @if at > 0 { "；" }
            @let said = known.said(name, value);
            span class="faint" data-member=(name) { (glossary::named(name)) } " "
            @if is_long(&said) { span class="code" { (said) } } @else { (said) }
        }
    }
}

/// The same for a file.
fn spoken(text: &str, known: &Known) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => known.said("", &value),
        Err(_) => text.to_owned(),
    }
}

/// The trail, newest first.
#[handler]
pub(super) async fn get_audit_trail(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&AUDITORS)?;
    let asked = Asked::of(request);
    let (db, by) = (officer.app.db.read(), &officer.member);
    let rows = trail::page_for(db, (by, &AUDITORS), &search(&asked)?, asked.after(), asked.limit()).await;
    let rows = rows.map_err(|error| PageError(Problem::internal(&error)))?;
    let known = Known::of(&officer, &rows).await?;
    let staff = officer.app.identity.staff(&officer.member).await?;
    let columns = [column("时间"), column("办理人"), column("事项"), column("对象"), column("来源"), column("内容")];
    let cells = |row: audit_log::Model| {
        let (thing, lead) = deed::object(&row.object, &officer);
        let same = asked.with(&[("object", &row.object), ("after", "")]);
        vec![
            Cell::at(row.at_us),
            Cell::text(known.names.actor(&row.actor)),
            Cell::shown(html! { span title=(row.action) { (deed::deed(&row.action)) } }, deed::deed(&row.action)),
            Cell::shown(
                html! {
                    @match lead { Some(lead) => a href=(lead) { (thing) }, None => (thing) } " "
                    a class="faint" href=(same) { "全部经过" span class="unseen" { "：" (thing) } }
                },
                row.object.clone(),
            ),
            Cell::text(origin(&row.origin)),
            Cell::shown(detail(&row.detail, &known), spoken(&row.detail, &known)),
        ]
    };
    let table = Table::new("审计日志", &columns, "没有这样的记录。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let staff: Vec<(String, String)> =
        staff.into_iter().map(|one| (one.id.to_string(), format!("{}（{}）", one.name, one.username))).collect();
    let content = html! {
        (part::heading("审计日志", &nothing()))
        p class="faint" { "只增不改：谁在什么时候、从哪里、对什么做了什么。不含个人信息。" }
        (table::filter(&asked, &html! {
            (table::filter_choice(&asked, "who", "办理人", &staff))
            (table::filter_choice(&asked, "what", "事项", &deed::things()))
            (table::filter_text(&asked, "object", "对象编号"))
            (table::filter_day(&asked, "from", "从"))
            (table::filter_day(&asked, "to", "到"))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("审计日志", &[("/console", "工作台")], &content).into_response())
}

/// The way to who saw the data of a thing, for whoever may know.
pub(super) fn who_saw(officer: &Officer, object: &str) -> Markup {
    let watches = officer.member.may(&app::privacy::WATCHERS, &domain::UnitPath::whole()).is_ok();
    html! {
        @if watches { a class="button" href={ "/console/unmaskings?object=" (encoded(object)) } { "谁查看过个人信息" } }
    }
}

/// Who saw whose data and why.
#[handler]
pub(super) async fn get_unmaskings(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let wanted = (asked.read("who")?, asked.get("object"));
    let rows = officer.app.privacy.unmaskings(&officer.member, wanted, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names = Names::of(&officer, rows.iter().map(|row| row.staff_id)).await?;
    let payee = |object: &str| object.strip_prefix("payee:").and_then(|id| id.parse::<PayeeId>().ok());
    let payees = officer.app.spending.masked_payees(rows.iter().filter_map(|row| payee(&row.object))).await?;
    let columns = [column("时间"), column("查看人"), column("对象"), column("内容"), column("原因"), column("来源")];
    let cells = |row: unmasking::Model| {
        let (thing, lead) = deed::object(&row.object, &officer);
        let known = payee(&row.object).and_then(|id| payees.get(&id));
        let which = match (known, row.object.split_once(':')) {
            (Some(payee), _) => format!("{thing} {}", payee.name),
            (None, Some((_, id))) => format!("{thing} {}", short(id)),
            (None, None) => thing,
        };
        vec![
            Cell::at(row.at_us),
            Cell::text(names.name(row.staff_id)),
            match lead {
                Some(lead) => Cell::link(&lead, which),
                None => Cell::text(which),
            },
            Cell::text(fields(&row.fields)),
            Cell::text(row.reason),
            Cell::text(row.origin),
        ]
    };
    let table =
        Table::new("个人信息查看记录", &columns, "没有人查看过。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let staff = officer.app.identity.staff(&officer.member).await?;
    let people: Vec<(String, String)> = staff.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let content = html! {
        (part::heading("个人信息查看记录", &nothing()))
        (table::filter(&asked, &html! {
            (table::filter_choice(&asked, "who", "查看人", &people))
            @if let Some(object) = asked.get("object") { input type="hidden" name="object" value=(object); }
        }))
        @if let Some(object) = asked.get("object") {
            @let (thing, lead) = deed::object(object, &officer);
            p class="note" {
                "只列出" @match lead { Some(lead) => a href=(lead) { "这项" (thing) }, None => { "这项" (thing) } } "的信息被谁查看过；成批看到的（待开票据的导出、付款文件、支出名单）记在那份文件或名单上，请在全部记录里查看。"
                a href=(asked.with(&[("object", ""), ("after", "")])) { "列出全部" }
            }
        }
        (table.show(&asked))
    };
    Ok(officer.page("个人信息查看记录", &[("/console", "工作台")], &content).into_response())
}

/// Which fields somebody saw, in words.
fn fields(text: &str) -> String {
    let word = |field: &str| glossary::value("fields", &serde_json::Value::String(field.to_owned()));
    text.split([',', ' ']).filter(|field| !field.is_empty()).map(word).collect::<Vec<_>>().join("、")
}

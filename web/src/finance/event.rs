//! Major events (重大事项): what a charity has to tell of within thirty days, and that an emergency is over.

use app::disclosures::{NewEvent, READERS};
use app::problem::Problem;
use domain::duty::EventKind;
use domain::role::Role;
use domain::{BookId, CampaignId};
use entity::major_event;
use maud::html;
use poem::{Request, Response, handler};

use super::shelf::Shelf;
use crate::console::donation::campaign_names;
use crate::console::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column};
use crate::words as all_words;

/// Who registers them.
const PREPARERS: [Role; 3] = [Role::Disclosure, Role::ProjectManager, Role::FinanceHead];
const LIST: &str = "/console/events";

fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::AssetChange => "重大资产变动",
        EventKind::Investment => "重大投资",
        EventKind::Transaction => "重大交易",
        EventKind::MoneyFlow => "重大资金往来",
        EventKind::RelatedParty => "与重要关联方的往来",
        EventKind::EmergencyOver => "应急阶段结束",
    }
}

async fn list(officer: &Officer, asked: &Asked, typed: &Typed) -> Result<Response, PageError> {
    let code = typed.form().given("code").or(asked.get("book"));
    let shelf = Shelf::within(officer, code, &READERS).await?;
    let rows = officer.app.disclosures.events(shelf.book.id, asked.after(), asked.limit(), &officer.member).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names = Names::of(officer, rows.iter().map(|row| row.author_id)).await?;
    let campaigns = campaign_names(officer, rows.iter().filter_map(|row| row.campaign_id)).await?;
    let prepares = officer.is(&PREPARERS);
    let columns = [
        column("发生日期"),
        column("种类"),
        column("标题"),
        column("项目"),
        column("内容"),
        column("登记人"),
        column("公开"),
    ];
    let cells = |row: major_event::Model| {
        let tell = prepares && row.kind != EventKind::EmergencyOver;
        vec![
            Cell::day(row.happened_on),
            Cell::text(kind(row.kind)),
            Cell::text(row.title),
            Cell::or_none(row.campaign_id, |id| Cell::link(&format!("/console/campaigns/{id}"), campaigns.name(id))),
            Cell::text(row.words),
            Cell::text(names.name(row.author_id)),
            if tell {
                Cell::link(&format!("/console/disclosures/new?kind=major_event&event={}", row.id), "编制公开内容")
            } else {
                Cell::none()
            },
        ]
    };
    let table = Table::new("重大事项", &columns, "还没有登记重大事项。").page(asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let all = officer.app.campaigns.page(None, &officer.member, None, 500).await;
    let all = all.unwrap_or_default().into_iter().filter(|row| row.book_id == shelf.book.id);
    let mut about = vec![(String::new(), "不属于某个项目".to_owned())];
    about.extend(all.map(|row| (row.id.to_string(), row.name)));
    let kinds = options(all_words::all(kind));
    let refused = typed.problem().is_some().then_some(typed);
    let content = html! {
        (part::heading("重大事项", &html! { span class="faint" { (shelf.book.name) } }))
        p class="note" { "重大资产变动、投资、交易、资金往来和与重要关联方的往来，须在发生之日起三十日内向社会公开；登记后列入公开期限。" }
        @if shelf.books.len() > 1 { (table::filter(asked, &shelf.choice())) }
        @if prepares {
            div class="steps" {
                (Step { name: "登记重大事项", will: "登记后列入公开期限，须在发生之日起三十日内公开；登记后不能修改。", to: LIST, grave: false, fields: html! {
                    (part::new_id(typed))
                    input type="hidden" name="code" value=(shelf.book.code);
                    input type="hidden" name="book" value=(shelf.book.id);
                    div class="fields" {
                        (Field::choice(typed, "kind", "种类", &kinds).required())
                        (Field::day(typed, "happened_on", "发生日期").required())
                        (Field::choice(typed, "campaign", "项目", &about))
                    }
                    (Field::text(typed, "title", "标题").required().longest(100))
                    (Field::area(typed, "words", "内容").required().longest(5_000))
                } }.show(officer, refused))
            }
        }
        (table.show(asked))
    };
    Ok(officer.shown("重大事项", &[("/console/duties", "公开与办理期限")], &content, typed))
}

/// The events of a charity, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&READERS)?;
    list(&officer, &Asked::of(request), &Typed::default()).await
}

/// Registers one.
#[handler]
pub(super) async fn post_register(officer: Officer, form: Form) -> Result<Response, PageError> {
    officer.must_be(&PREPARERS)?;
    let registered: Result<(), Problem> = async {
        let mut check = form.check();
        let (id, book) = (check.id("id"), check.id::<BookId>("book"));
        let kind = check.choice::<all_words::Key<EventKind>>("kind");
        let campaign = check.id_or_none::<CampaignId>("campaign");
        let (title, words, happened_on) = (check.text("title"), check.text("words"), check.day("happened_on"));
        check.done()?;
        let (Some(kind), Some(happened_on)) = (kind, happened_on) else {
            return Err(Problem::field("kind", "请选择"));
        };
        let new = NewEvent { id, book, campaign, kind: kind.0, title, words, happened_on };
        officer.app.disclosures.register_event(new, &officer.member).await?;
        Ok(())
    }
    .await;
    match registered {
        Ok(()) => Ok(officer.done("已登记，列入公开期限。", LIST)),
        Err(refused) => list(&officer, &Asked::at(LIST), &Typed::refused(&form, refused)).await,
    }
}

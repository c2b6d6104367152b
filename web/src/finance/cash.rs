//! Counted cash (库存现金盘点): the cashier counts, another person signs at the box, a third says what becomes of a difference.

use app::cash::{NewCount, READERS, THE_BOX, told_of};
use app::problem::Problem;
use domain::cash::{CountState, DifferenceChoice, FACES, Pieces};
use domain::role::Role;
use domain::{BusinessDate, CashCountId, Iterable, Money};
use entity::cash_count;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::Shelf;
use super::words;
use crate::console::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

const COUNTERS: [Role; 1] = [Role::Cashier];
const WITNESSES: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];
const LIST: &str = "/console/cash-counts";

fn path(id: CashCountId) -> String {
    format!("{LIST}/{id}")
}

/// Positive for 长款, negative for 短款; nothing before it is signed.
fn difference(row: &cash_count::Model) -> Option<Money> {
    told_of(row).map(|(_, difference)| difference)
}

/// The counts of a book, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&READERS)?;
    let asked = Asked::of(request);
    let shelf = Shelf::within(&officer, asked.get("book"), &READERS).await?;
    let rows = officer.app.cash.page(shelf.book.id, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names =
        Names::of(&officer, rows.iter().flat_map(|row| [Some(row.counter_id), row.witness_id]).flatten()).await?;
    let columns = [
        column("盘点日期"),
        column("钱箱"),
        column("状态"),
        numbers("实有"),
        numbers("账面"),
        numbers("差额"),
        column("盘点人"),
        column("监盘人"),
    ];
    let reads = officer.is(&app::books::READERS);
    let cells = |row: cash_count::Model| {
        vec![
            Cell::link(&path(row.id), row.counted_on.to_string()),
            Cell::text(row.cash_box.clone()),
            Cell::badge(words::count(row.state)),
            Cell::yuan_of(row.counted_fen, &path(row.id)),
            Cell::or_none(told_of(&row), |(booked, _)| {
                if reads { Cell::yuan_of(booked, &cash_at(&shelf, row.counted_on)) } else { Cell::yuan(booked) }
            }),
            Cell::or_none(difference(&row), |gap| Cell::yuan_of(gap, &path(row.id))),
            Cell::text(names.name(row.counter_id)),
            Cell::or_none(row.witness_id, |id| Cell::text(names.name(id))),
        ]
    };
    let table = Table::new("现金盘点", &columns, "还没有盘点过现金。");
    let table = table.page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("现金盘点", &html! {
            span class="faint" { (shelf.book.name) }
            @if officer.keeps(&COUNTERS, shelf.book.id) { a class="button primary" href={ (LIST) "/new?" (shelf.query()) } { "盘点现金" } }
        }))
        @if shelf.books.len() > 1 { (table::filter(&asked, &shelf.choice())) }
        (table.show(&asked))
    };
    Ok(officer.page("现金盘点", &[("/console", "工作台")], &content).into_response())
}

/// The cash of a book at the end of a day, by account.
fn cash_at(shelf: &Shelf, day: BusinessDate) -> String {
    format!("/console/ledger?{}&subjects=1001&day={day}", shelf.query())
}

/// A note or a coin as it is called.
fn face(fen: i64) -> String {
    match fen {
        100.. => format!("{}元", fen / 100),
        10..100 => format!("{}角", fen / 10),
        _ => format!("{fen}分"),
    }
}

fn field(fen: i64) -> String {
    format!("face-{fen}")
}

/// The boxes of a book as a choice; the only one needs no choosing.
fn choices(boxes: &[String]) -> Vec<(String, String)> {
    let mut choices = options(boxes.iter().map(|name| (name, name.clone())));
    if boxes.len() == 1 {
        choices.remove(0);
    }
    choices
}

async fn ask(officer: &Officer, shelf: &Shelf, typed: &Typed) -> Result<Response, PageError> {
    let boxes = officer.app.cash.boxes(shelf.book.id, &officer.member).await?;
    let choices = choices(&boxes);
    let content = html! {
        (part::heading("盘点现金", &html! { span class="faint" { (shelf.book.name) } }))
        p class="note" { "与监盘人一起当面清点，按面额填张数；没有的留空。提交后由监盘人登录签字确认；双方签字后才显示账面数。" }
        (part::alert(typed))
        (officer.form(LIST, &html! {
            (part::new_id(typed))
            input type="hidden" name="book" value=(shelf.book.code);
            @if boxes.is_empty() {
                (Field::text(typed, "new_box", "钱箱").required().longest(60).hint("账上还没有钱箱：盘点后启用这一个。只有一个钱箱时不用改。"))
            } @else {
                (Field::choice(typed, "box", "钱箱", &choices).quiet().hint("账上已有的钱箱。"))
                (Field::text(typed, "new_box", "新启用的钱箱").longest(60).hint("只在清点一个账上还没有的钱箱时填写；填写后就盘点它，它的账面数是零。"))
            }
            fieldset {
                legend { "张数（枚数）" }
                div class="fields narrow" { @for fen in FACES { (Field::number(typed, &field(fen), &face(fen)).quiet()) } }
            }
            div class="go" { button type="submit" class="primary" { "提交盘点" } }
        }))
    };
    Ok(officer.shown("盘点现金", &[(LIST, "现金盘点")], &content, typed))
}

/// The form of a count.
#[handler]
pub(super) async fn get_blank(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&COUNTERS)?;
    let shelf = Shelf::of(&officer, &Asked::of(request)).await?;
    let none = officer.app.cash.boxes(shelf.book.id, &officer.member).await?.is_empty();
    let known = if none { Form::of([("new_box", THE_BOX)]) } else { Form::default() };
    ask(&officer, &shelf, &Typed::fresh(known)).await
}

/// Writes a count down.
#[handler]
pub(super) async fn post_count(officer: Officer, form: Form) -> Result<Response, PageError> {
    officer.must_be(&COUNTERS)?;
    let shelf = Shelf::named(&officer, form.given("book")).await?;
    let counted: Result<cash_count::Model, Problem> = async {
        let mut check = form.check();
        let id = check.id("id");
        let fresh = check.optional("new_box");
        let new_box = fresh.is_some();
        let cash_box = fresh.unwrap_or_else(|| form.get("box").to_owned());
        if cash_box.is_empty() {
            for name in ["box", "new_box"] {
                check.say(name, "请选择钱箱，或填写新启用的钱箱");
            }
        }
        let mut pieces = Vec::new();
        for fen in FACES {
            let name = field(fen);
            if let Some(count) = form.given(&name).and_then(|_| check.number::<u32>(&name)).filter(|count| *count > 0) {
                pieces.push(Pieces { face: Money::from_fen(fen), count });
            }
        }
        check.done()?;
        let new = NewCount { id, book: shelf.book.id, cash_box, new_box, pieces };
        Ok(officer.app.cash.count(new, &officer.member).await?)
    }
    .await;
    match counted {
        Ok(row) => Ok(officer.done("已提交，请监盘人签字。", &path(row.id))),
        Err(refused) => ask(&officer, &shelf, &Typed::refused(&form, refused)).await,
    }
}

/// What somebody may do with a count now.
fn steps(officer: &Officer, row: &cash_count::Model, word: &str, typed: &Typed) -> Markup {
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let to = |step: &str| format!("{}/{step}", path(row.id));
    let me = Some(officer.id());
    let counted = [Some(row.counter_id), row.counter_for_id].contains(&me);
    let had_part = counted || [row.witness_id, row.witness_for_id].contains(&me);
    let short = difference(row).is_some_and(Money::is_negative);
    let fits = |choice: &DifferenceChoice| choice.is_of_shortage() == short;
    let choices = options(
        DifferenceChoice::iter().filter(fits).map(|choice| (all_words::key(choice), words::difference(choice))),
    );
    let will = "签字后与账面核对：相符即办结；短款记入其他应收款，长款记入待查长款，再由第三人处理。";
    html! {
        div class="steps" {
            @if row.state == CountState::Counted {
                @if officer.keeps(&WITNESSES, row.book_id) {
                    @if counted { p class="faint" { "您是盘点人，须由另一人监盘签字。" } } @else {
                        (Step { name: "监盘签字", will: &format!("确认您在场，实有{}元。{will}", part::grouped(row.counted_fen)), to: &to("signature"), grave: false, fields: nothing() }.show(officer, refused("signature")))
                    }
                }
                @if officer.keeps(&COUNTERS, row.book_id) {
                    (Step { name: "撤回盘点", will: "这次盘点作废，可重新盘点。", to: &to("withdrawal"), grave: true, fields: nothing() }.show(officer, refused("withdrawal")))
                }
            }
            @if row.state == CountState::Different && officer.keeps(&DECIDERS, row.book_id) {
                @if had_part { p class="faint" { "您参与了盘点或监盘，差额须由第三人处理。" } } @else {
                    (Step {
                        name: "处理差额", will: "按所选方式记账并办结。", to: &to("settlement"), grave: false,
                        fields: html! {
                            (Field::choice(refused("settlement").unwrap_or(&fresh), "choice", "处理方式", &choices).required())
                            (Field::area(refused("settlement").unwrap_or(&fresh), "reason", "原因").required().longest(500))
                        },
                    }.show(officer, refused("settlement")))
                }
            }
        }
    }
}

async fn show(officer: &Officer, id: CashCountId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let row = officer.app.cash.get(id, &officer.member).await?;
    let people = [
        Some(row.counter_id),
        row.counter_for_id,
        row.witness_id,
        row.witness_for_id,
        row.decider_id,
        row.decider_for_id,
    ];
    let names = Names::of(officer, people.into_iter().flatten()).await?;
    let pieces: Vec<Pieces> = serde_json::from_str(&row.pieces).unwrap_or_default();
    let columns = [column("面额"), numbers("张数"), numbers("金额")];
    let table = Table::new("清点明细", &columns, "钱箱是空的。").whole(pieces.iter().map(|one| {
        let worth = one.face.fen().checked_mul(i64::from(one.count)).map_or(Money::MAX, Money::from_fen);
        vec![Cell::text(face(one.face.fen())), Cell::number(i64::from(one.count)), Cell::yuan(worth)]
    }));
    let booked = |step: &str| format!("/console/entry?reference={step}%3A{id}");
    let title = format!("{} {}", row.cash_box, row.counted_on);
    let content = html! {
        (part::heading(&title, &part::badge(words::count(row.state))))
        (steps(officer, &row, word, typed))
        (part::block("盘点", &part::facts(&[
            ("实有", part::yuan(row.counted_fen)),
            ("盘点时账面", html! { @match told_of(&row) { Some((booked, _)) => (part::yuan(booked)), None => span class="faint" { "双方签字后显示" } } }),
            ("差额", html! { @if let Some(gap) = difference(&row) { (part::yuan(gap)) } }),
            ("盘点人", names.signed(Some(row.counter_id), row.counter_for_id)),
            ("盘点时间", part::at(row.created_us)),
            ("监盘人", names.signed(row.witness_id, row.witness_for_id)),
            ("签字时间", html! { @if let Some(at) = row.signed_us { (part::at(at)) } }),
            ("差额凭证", html! { @if difference(&row).is_some_and(|gap| gap != Money::ZERO) { a href=(booked("cash_count")) { "查看凭证" } } }),
            ("差额处理", html! { @if let Some(choice) = row.choice { (words::difference(choice)) } }),
            ("处理原因", html! { (row.reason.as_deref().unwrap_or_default()) }),
            ("处理人", names.signed(row.decider_id, row.decider_for_id)),
            ("处理凭证", html! { @if row.decided_us.is_some() { a href=(booked("cash_count_settled")) { "查看凭证" } } }),
        ])))
        (part::block("清点明细", &table.plain()))
    };
    Ok(officer.shown(&title, &[(LIST, "现金盘点")], &content, typed))
}

/// One count.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<CashCountId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// A step of a count.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(CashCountId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (cash, by) = (&officer.app.cash, &officer.member);
    let taken: Result<&str, Problem> = async {
        Ok(match word.as_str() {
            "signature" => cash.sign(id, by).await.map(|_| "已签字。")?,
            "withdrawal" => cash.withdraw(id, by).await.map(|_| "已撤回。")?,
            "settlement" => {
                let mut check = form.check();
                let choice = check.choice::<all_words::Key<DifferenceChoice>>("choice");
                let reason = check.text("reason");
                check.done()?;
                let choice = choice.map(|key| key.0).ok_or_else(|| Problem::field("choice", "请选择"))?;
                cash.settle(id, choice, &reason, by).await.map(|_| "差额已处理并记账。")?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(said, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

//! Money between the channel and the bank: the cashier records what was done at the channel's own site, another person confirms.

use app::problem::Problem;
use app::transfers::NewTransfer;
use domain::TransferId;
use domain::role::Role;
use domain::transfer::{TransferKind, TransferState};
use entity::transfer;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::bank_names;
use super::shelf::Shelf;
use super::words;
use crate::console::people::{Names, why_not};
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

use app::books::READERS;

/// Who confirms.
const CONFIRMERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

/// A number of somebody else, once there is one.
fn code(number: Option<&str>) -> Markup {
    html! { @if let Some(number) = number { span class="code" { (number) } } }
}

pub(super) fn path(id: TransferId) -> String {
    format!("/console/transfers/{id}")
}

/// Transfers, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let state = asked.read::<all_words::Key<TransferState>>("state")?.map(|key| key.0);
    let rows = officer.app.transfers.page((&officer.member, &READERS), state, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names = Names::of(&officer, rows.iter().filter_map(|row| row.author_id)).await?;
    let columns = [
        column("方向"),
        column("状态"),
        numbers("金额"),
        column("银行账户"),
        column("登记人"),
        column("登记时间"),
        column("完成时间"),
    ];
    let cells = |row: transfer::Model| {
        let lead = path(row.id);
        vec![
            Cell::link(&lead, words::transfer_kind(row.kind)),
            Cell::badge(words::transfer(row.state)),
            Cell::yuan_of(row.amount_fen, &lead),
            Cell::text(row.bank_account),
            Cell::text(row.author_id.map_or_else(|| "按账单登记".to_owned(), |id| names.name(id))),
            Cell::at(row.created_us),
            Cell::or_none(row.finished_us, Cell::at),
        ]
    };
    let table = Table::new("提现与充值", &columns, "还没有提现或充值。");
    let table = table.page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states = all_words::all(|state: TransferState| words::transfer(state).0);
    let content = html! {
        (part::heading("提现与充值", &html! {
            @if officer.is(&[Role::Cashier]) { a class="button primary" href="/console/transfers/new" { "登记" } }
        }))
        (table::filter(&asked, &table::filter_choice(&asked, "state", "状态", &states)))
        (table.show(&asked))
    };
    Ok(officer.page("提现与充值", &[("/console", "工作台")], &content).into_response())
}

async fn ask(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let shelf = Shelf::named(officer, None).await?;
    // Loans are on no channel.
    let charities: Vec<_> = shelf.books.iter().filter(|book| book.kind == "charity").collect();
    let books = options(charities.iter().map(|book| (book.id, book.name.clone())));
    let kinds = options(all_words::all(words::transfer_kind));
    let banks = bank_names(officer).await?;
    let content = html! {
        h1 { "登记提现或充值" }
        p class="note" { "请先在微信支付商户平台办理，再在这里登记。登记后由另一人确认，确认时才记账：离开的一方先记入 1009 微信在途，到账后再转入。" }
        (part::alert(typed))
        (officer.form("/console/transfers", &html! {
            (part::new_id(typed))
            @if let [only] = charities.as_slice() { input type="hidden" name="book" value=(only.id); }
            @else { (Field::choice(typed, "book", "账套", &books).required()) }
            div class="fields" {
                (Field::choice(typed, "kind", "方向", &kinds).required())
                (Field::money(typed, "amount", "金额（元）").required())
                (Field::listed(typed, "bank_account", "银行账户简称", &banks).required().longest(40))
            }
            (Field::area(typed, "note", "给确认人的说明").longest(500))
            div class="go" { button type="submit" class="primary" { "登记" } }
        }))
    };
    Ok(officer.shown("登记提现或充值", &[("/console/transfers", "提现与充值")], &content, typed))
}

/// The form of a transfer.
#[handler]
pub(super) async fn get_blank(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&[Role::Cashier])?;
    ask(&officer, &Typed::default()).await
}

/// Records a transfer.
#[handler]
pub(super) async fn post_propose(officer: Officer, form: Form) -> Result<Response, PageError> {
    let proposed: Result<TransferId, Problem> = async {
        officer.member.must_be(&[Role::Cashier])?;
        let mut check = form.check();
        let (id, book) = (check.id("id"), check.id("book"));
        let kind = check.choice::<all_words::Key<TransferKind>>("kind");
        let (amount, bank_account) = (check.money("amount"), check.text("bank_account"));
        let note = check.optional("note");
        check.done()?;
        let kind = kind.map(|key| key.0).ok_or_else(|| Problem::field("kind", "请选择"))?;
        let new = NewTransfer { id, book, kind, amount, bank_account, note };
        Ok(officer.app.transfers.propose(new, &officer.member).await?.id)
    }
    .await;
    match proposed {
        Ok(id) => Ok(officer.done("已登记，待另一人确认。", &path(id))),
        Err(refused) => ask(&officer, &Typed::refused(&form, refused)).await,
    }
}

/// What a confirmation will book.
fn will_book(row: &transfer::Model) -> String {
    let bank = &row.bank_account;
    let entry = match (row.kind, row.state) {
        (TransferKind::Withdrawal, TransferState::Proposed) => "借 1009 微信在途，贷 1009 微信余额".to_owned(),
        (TransferKind::Withdrawal, TransferState::ArrivalProposed) => {
            format!("借 1002 银行存款·{bank}，贷 1009 微信在途")
        }
        (TransferKind::Withdrawal, _) => "借 1009 微信余额，贷 1009 微信在途".to_owned(),
        (TransferKind::TopUp, TransferState::Proposed) => format!("借 1009 微信在途，贷 1002 银行存款·{bank}"),
        (TransferKind::TopUp, TransferState::ArrivalProposed) => "借 1009 微信余额，贷 1009 微信在途".to_owned(),
        (TransferKind::TopUp, _) => format!("借 1002 银行存款·{bank}，贷 1009 微信在途"),
    };
    format!("确认后记账：{entry}，{}元。", part::grouped(row.amount_fen))
}

async fn show(officer: &Officer, id: TransferId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    officer.must_be(&READERS)?;
    let row = officer.app.transfers.shown(id, &officer.member, &READERS).await?;
    let people = [
        row.author_id,
        row.approver_id,
        row.outcome_author_id,
        row.outcome_approver_id,
        row.approver_for_id,
        row.outcome_approver_for_id,
    ];
    let names = Names::of(officer, people.into_iter().flatten()).await?;
    let object = format!("transfer:{id}");
    let said = why_not(officer, [object.clone()]).await?;
    let refused = |step: &str| (word == step).then_some(typed);
    let to = |step: &str| format!("{}/{step}", path(id));
    let waits =
        matches!(row.state, TransferState::Proposed | TransferState::ArrivalProposed | TransferState::ReturnProposed);
    let said_by = if row.state == TransferState::Proposed { row.author_id } else { row.outcome_author_id };
    let own = said_by == Some(officer.id());
    let title = format!("{} {}元", words::transfer_kind(row.kind), part::grouped(row.amount_fen));
    let content = html! {
        (part::heading(&title, &part::badge(words::transfer(row.state))))
        div class="steps" {
            @if waits && officer.keeps(&CONFIRMERS, row.book_id) {
                @if own { p class="faint" { "这是您自己登记的，须由另一人确认。" } } @else {
                    (Step { name: "确认", will: &will_book(&row), to: &to("confirmation"), grave: false, fields: nothing() }.show(officer, refused("confirmation")))
                    (Step { name: "不予确认", will: "不记账；如果是到账或退回的登记，这笔款回到在途。", to: &to("rejection"), grave: false, fields: part::why(refused("rejection")) }.show(officer, refused("rejection")))
                }
            }
            @if row.state == TransferState::Departed && officer.keeps(&[Role::Cashier], row.book_id) {
                (Step { name: "登记到账", will: "登记这笔款已经到账，由另一人核对后确认记账。", to: &to("arrival"), grave: false, fields: nothing() }.show(officer, refused("arrival")))
                (Step { name: "登记退回", will: "登记这笔款没有成功、已退回原处，由另一人核对后确认记账。", to: &to("return"), grave: false, fields: nothing() }.show(officer, refused("return")))
            }
        }
        @if matches!(row.state, TransferState::Rejected | TransferState::Departed) { (part::refusal(said.get(&object))) }
        (part::block("划转", &part::facts(&[
            ("金额", part::yuan(row.amount_fen)),
            ("银行账户", html! { (row.bank_account) }),
            ("说明", html! { (row.note.clone().unwrap_or_default()) }),
            ("登记人", html! { @if row.author_id.is_none() { "按微信账单登记" } @else { (names.signed(row.author_id, None)) } }),
            ("登记时间", part::at(row.created_us)),
            ("确认人", names.signed(row.approver_id, row.approver_for_id)),
            ("离开时间", html! { @if let Some(at) = row.departed_us { (part::at(at)) } }),
            ("登记结果的人", names.signed(row.outcome_author_id, None)),
            ("确认结果的人", names.signed(row.outcome_approver_id, row.outcome_approver_for_id)),
            ("完成时间", html! { @if let Some(at) = row.finished_us { (part::at(at)) } }),
            ("微信资金账单流水号", code(row.flow_no.as_deref())),
            ("微信退回的流水号", code(row.return_no.as_deref())),
            ("银行流水号", code(row.bank_line.as_deref())),
            ("离开的凭证", html! { @if row.departed_us.is_some() { a href={ "/console/entry?reference=transfer_left%3A" (row.id) } { "查看凭证" } } }),
            ("到账或退回的凭证", html! { @if row.finished_us.is_some() { a href={ "/console/entry?reference=transfer_done%3A" (row.id) } { "查看凭证" } } }),
        ])))
    };
    Ok(officer.shown(&title, &[("/console/transfers", "提现与充值")], &content, typed))
}

/// One transfer.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<TransferId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// A step of a transfer.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(TransferId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (transfers, by) = (&officer.app.transfers, &officer.member);
    let taken: Result<&str, Problem> = async {
        Ok(match word.as_str() {
            "confirmation" => transfers.confirm(id, by).await.map(|_| "已确认并记账。")?,
            "rejection" => {
                let mut check = form.check();
                let reason = check.text("reason");
                check.done()?;
                transfers.reject(id, Some(&reason), by).await.map(|_| "已记为不予确认。")?
            }
            "arrival" => transfers.report(id, true, by).await.map(|_| "已登记到账，待另一人确认。")?,
            "return" => transfers.report(id, false, by).await.map(|_| "已登记退回，待另一人确认。")?,
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(said, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

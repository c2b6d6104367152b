//! The bank: statements brought and read, what each line may be and what a person says it is, money of nobody, and the month's
//! 银行存款余额调节表.

use app::bank::{
    Accepted, CLERKS, Choice, Import, ImportReport, KEEPERS, Mapping, NewClaim, READERS, ShownLine, Suggestion,
    SuggestionKind,
};
use app::problem::Problem;
use domain::anonymity::Anonymity;
use domain::bank::{BalanceState, ClaimChoice, ClaimState, LineState};
use domain::donation::ReceiptChoice;
use domain::role::Role;
use domain::{BankBalanceId, BankClaimId, BankLineId, BusinessDate, CampaignId};
use entity::bank_account;
use maud::{Markup, html};
use poem::http::header;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::Shelf;
use crate::console::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, encoded, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

/// Who prepares the month's sheet.
const PREPARERS: [Role; 1] = [Role::Bookkeeper];
/// Who reviews it.
const REVIEWERS: [Role; 1] = [Role::FinanceHead];
/// How many lines are asked about at once.
const LINES: u64 = 50;
/// How many lines that wait are looked through for one.
const WAITING: u64 = 2_000;

fn line_state(state: LineState) -> (&'static str, Tone) {
    match state {
        LineState::Open => ("待对应", Tone::Waiting),
        LineState::Matched => ("已对应", Tone::Good),
        LineState::Unclaimed => ("待认领", Tone::Waiting),
        LineState::Claimed => ("已认领", Tone::Good),
        LineState::Returned => ("已退回", Tone::Calm),
    }
}

fn claim_state(state: ClaimState) -> (&'static str, Tone) {
    match state {
        ClaimState::Proposed => ("待决定", Tone::Waiting),
        ClaimState::Declined => ("未同意", Tone::Calm),
        ClaimState::Approved => ("待银行退回", Tone::Waiting),
        ClaimState::Done => ("已办结", Tone::Good),
    }
}

fn claim_choice(choice: ClaimChoice) -> &'static str {
    match choice {
        ClaimChoice::Gift => "认领为捐赠",
        ClaimChoice::Return => "退回付款人",
    }
}

fn balance_state(state: BalanceState) -> (&'static str, Tone) {
    match state {
        BalanceState::Prepared => ("待复核", Tone::Waiting),
        BalanceState::Returned => ("已退回", Tone::Bad),
        BalanceState::Reviewed => ("已复核", Tone::Good),
    }
}

fn suggestion_word(kind: SuggestionKind) -> &'static str {
    match kind {
        SuggestionKind::Gift => "捐赠",
        SuggestionKind::Entry => "已有凭证",
        SuggestionKind::Payouts => "付款成功",
        SuggestionKind::Bounced => "付款退票",
        SuggestionKind::Interest => "利息",
        SuggestionKind::Charge => "银行手续费",
        SuggestionKind::Cash => "现金存入",
        SuggestionKind::Platform => "平台结算",
        SuggestionKind::Return => "退回已付",
        SuggestionKind::Unclaimed => "来历不明，列入待认领",
    }
}

/// A book and one of its accounts at the bank.
struct Desk {
    shelf: Shelf,
    accounts: Vec<bank_account::Model>,
    /// The account the address names, or the first.
    account: Option<String>,
}

impl Desk {
    async fn of(officer: &Officer, book: Option<&str>, account: Option<&str>) -> Result<Desk, PageError> {
        officer.must_be(&READERS)?;
        let shelf = Shelf::named(officer, book).await?;
        let accounts = officer.app.bank.accounts(shelf.book.id, &officer.member).await?;
        let named = accounts.iter().find(|one| account.is_none_or(|name| one.name == name));
        let account = named.map(|one| one.name.clone());
        Ok(Desk { shelf, accounts, account })
    }

    fn query(&self) -> String {
        let account = self.account.as_deref().unwrap_or_default();
        format!("{}&account={}", self.shelf.query(), encoded(account))
    }

    fn path(&self, page: &str) -> String {
        format!("/console/bank{page}?{}", self.query())
    }

    /// Hidden fields that keep the book and the account of a form.
    fn kept(&self) -> Markup {
        html! {
            input type="hidden" name="book" value=(self.shelf.book.code);
            input type="hidden" name="account" value=(self.account.as_deref().unwrap_or_default());
        }
    }

    fn tabs(&self, here: &str) -> Markup {
        let pages = [("", "流水"), ("/matching", "对应"), ("/claims", "待认领"), ("/balance", "余额调节表")];
        html! {
            nav class="tabs" aria-label="银行" {
                @for (page, word) in pages { a href=(self.path(page)) aria-current=[(page == here).then_some("page")] { (word) } }
            }
        }
    }

    fn filter(&self, asked: &Asked, more: &Markup) -> Markup {
        let accounts: Vec<(String, String)> =
            self.accounts.iter().map(|one| (one.name.clone(), one.name.clone())).collect();
        table::filter(
            asked,
            &html! {
                (self.shelf.choice(asked))
                @if accounts.len() > 1 { (table::filter_choice(asked, "account", "账户", &accounts)) }
                (more)
            },
        )
    }

    fn none(&self) -> Markup {
        html! {
            (part::nothing_here("还没有登记银行账户。"))
            p { a class="button" href={ "/console/bank/account?" (self.shelf.query()) } { "登记银行账户" } }
        }
    }
}

async fn desk(officer: &Officer, asked: &Asked) -> Result<Desk, PageError> {
    Desk::of(officer, asked.get("book"), asked.get("account")).await
}

/// The lines of an account, newest first.
#[handler]
pub(super) async fn get_lines(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let desk = desk(&officer, &asked).await?;
    let Some(name) = &desk.account else {
        let content = html! { (part::heading("银行流水", &html! {})) (desk.none()) };
        return Ok(officer.page("银行流水", &[("/console", "工作台")], &content).into_response());
    };
    let state = asked.read::<all_words::Key<LineState>>("state").map(|key| key.0);
    // Names on a statement are shown to finance at work, not handed out as a list.
    let limit = table::ROWS + 1;
    let rows = officer.app.bank.lines((desk.shelf.book.id, name), state, asked.after(), limit, &officer.member).await;
    let rows = rows.map_err(Problem::of_list)?;
    let columns = [
        column("日期"),
        column("状态"),
        numbers("金额"),
        numbers("余额"),
        column("对方"),
        column("摘要"),
        column("银行流水号"),
        column("办理"),
    ];
    let cells = |line: ShownLine| {
        let lead = match line.row.state {
            LineState::Open => Cell::link(&desk.path("/matching"), "对应"),
            LineState::Unclaimed => {
                Cell::link(&format!("{}&line={}", desk.path("/claims/new"), line.row.id), "认领或退回")
            }
            LineState::Matched | LineState::Claimed | LineState::Returned => Cell::none(),
        };
        vec![
            Cell::day(line.row.day),
            Cell::badge(line_state(line.row.state)),
            Cell::yuan(line.row.amount_fen),
            Cell::or_none(line.row.balance_fen, Cell::yuan),
            Cell::text(line.words.counterparty),
            Cell::text(line.words.remark),
            Cell::text(line.row.reference),
            lead,
        ]
    };
    let table = Table::new("银行流水", &columns, "没有这样的流水。");
    let next = (rows.len() as u64 > table::ROWS).then(|| rows.get(49).map(|line| line.row.id.to_string())).flatten();
    let shown = rows.into_iter().take(50).map(cells);
    let table = table.whole(shown);
    let states = all_words::all(|state: LineState| line_state(state).0);
    let content = html! {
        (part::heading("银行流水", &html! {
            span class="faint" { (desk.shelf.book.name) " · " (name) }
            @if officer.is(&CLERKS) || officer.is(&KEEPERS) { a class="button primary" href=(desk.path("/import")) { "导入对账单" } }
            @if officer.is(&KEEPERS) { a class="button" href=(desk.path("/account")) { "账户与列对应" } }
        }))
        (desk.tabs(""))
        (desk.filter(&asked, &table::filter_choice(&asked, "state", "状态", &states)))
        (table.plain())
        nav class="pages" aria-label="翻页" {
            @if asked.get("after").is_some() { a href=(asked.with(&[("after", "")])) { "第一页" } }
            @if let Some(next) = &next { a href=(asked.with(&[("after", next)])) rel="next" { "下一页" } }
        }
    };
    Ok(officer.page("银行流水", &[("/console", "工作台")], &content).into_response())
}

/// What is in a file, and what came of it.
fn report(report: &ImportReport) -> Markup {
    let list = |title: &str, problems: &[app::bank::Problem]| {
        html! {
            @if !problems.is_empty() {
                h3 { (title) }
                ul { @for one in problems { li { @if one.line > 0 { "第" (one.line) "行：" } (one.words) } } }
            }
        }
    };
    let money = |amount: Option<domain::Money>| html! { @if let Some(amount) = amount { (part::yuan(amount)) } };
    html! {
        (part::block("文件里有什么", &html! {
            (part::facts(&[
                ("格式", html! { (report.format) }),
                ("期间", html! { @if let Some((first, last)) = report.days { (first) " 至 " (last) } }),
                ("期初余额", money(report.opening)),
                ("期末余额", money(report.closing)),
                ("笔数", html! { (report.lines) }),
                ("其中新的", html! { (report.fresh) }),
                ("收入", part::yuan(report.income)),
                ("支出", part::yuan(report.expense)),
            ]))
            (list("不能导入的问题", report.problems.as_slice()))
            (list("请先看一看的提示", report.warnings.as_slice()))
        }))
    }
}

fn ask_file(officer: &Officer, desk: &Desk, typed: &Typed, read: Option<&ImportReport>) -> Response {
    let content = html! {
        h1 { "导入银行对账单" }
        p class="note" { "支持 CSV、XLSX（按账户保存的列对应）和 CAMT.053。同一文件或期间重叠的文件再次导入，不会重复记入。" }
        (part::alert(typed))
        @if let Some(read) = read { (report(read)) }
        (officer.form_with_files("/console/bank/import", &html! {
            (desk.kept())
            (Field::file(typed, "file", "对账单文件").required())
            (Field::tick(typed, "despite", "有提示也导入"))
            div class="go" {
                button type="submit" name="do" value="look" { "先检查" }
                button type="submit" name="do" value="take" class="primary" { "导入" }
            }
        }))
    };
    let page = officer.page("导入银行对账单", &[(desk.path("").as_str(), "银行流水")], &content);
    page.status(typed.status()).into_response()
}

/// The form of a statement.
#[handler]
pub(super) async fn get_import(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&[CLERKS, KEEPERS].concat())?;
    let desk = desk(&officer, &Asked::of(request)).await?;
    Ok(ask_file(&officer, &desk, &Typed::default(), None))
}

/// Looks at a statement, or takes it.
#[handler]
pub(super) async fn post_import(officer: Officer, form: Form) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let write = form.get("do") == "take";
    let read: Result<ImportReport, Problem> = async {
        let name = desk.account.clone().ok_or_else(|| Problem::field("account", "请先登记银行账户"))?;
        let file = form.upload("file").ok_or_else(|| Problem::field("file", "请选择文件"))?;
        let import = Import {
            id: uuid::Uuid::now_v7().into(),
            book: desk.shelf.book.id,
            bank_account: name,
            bytes: file.content.clone(),
        };
        Ok(officer.app.bank.import(import, write, form.ticked("despite"), &officer.member).await?)
    }
    .await;
    match read {
        Ok(read) if write && read.statement.is_some() => {
            let said = format!("已导入：新流水{}笔，其中{}笔已自动对应。", read.fresh, read.matched);
            Ok(officer.done(&said, &desk.path("/matching")))
        }
        Ok(read) => Ok(ask_file(&officer, &desk, &Typed::fresh(form), Some(&read))),
        Err(refused) => Ok(ask_file(&officer, &desk, &Typed::refused(&form, refused), None)),
    }
}

const NAMES: [(&str, &str); 11] = [
    ("date", "日期列"),
    ("date_format", "日期写法"),
    ("amount", "金额列（带正负号）"),
    ("income", "收入列（贷方发生额）"),
    ("expense", "支出列（借方发生额）"),
    ("balance", "余额列"),
    ("reference", "流水号列"),
    ("counterparty", "对方户名列"),
    ("counterparty_account", "对方账号列"),
    ("opening_label", "期初余额的标签"),
    ("closing_label", "期末余额的标签"),
];

fn ask_account(officer: &Officer, desk: &Desk, typed: &Typed) -> Response {
    let encodings = [("utf8".to_owned(), "UTF-8".to_owned()), ("gbk".to_owned(), "GBK".to_owned())];
    let content = html! {
        h1 { "银行账户与列对应" }
        p class="note" { "填写银行导出的表格里各列的名称，导入时按此读取。金额填一列，或填收入、支出两列。" }
        (part::alert(typed))
        (officer.form("/console/bank/account", &html! {
            input type="hidden" name="book" value=(desk.shelf.book.code);
            (Field::text(typed, "name", "账户简称").required().longest(40))
            (Field::choice(typed, "encoding", "CSV 编码", &encodings))
            div class="fields" {
                @for (name, word) in NAMES { (Field::text(typed, name, word).longest(60)) }
                (Field::text(typed, "remarks", "摘要列").longest(200).hint("几列用逗号隔开"))
            }
            div class="go" { button type="submit" class="primary" { "保存" } }
        }))
    };
    let page = officer.page("银行账户与列对应", &[(desk.path("").as_str(), "银行流水")], &content);
    page.status(typed.status()).into_response()
}

/// The form of an account.
#[handler]
pub(super) async fn get_account(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&KEEPERS)?;
    let asked = Asked::of(request);
    let desk = desk(&officer, &asked).await?;
    let mut form = Form::of([("date_format", "YYYY-MM-DD")]);
    let known = desk.accounts.iter().find(|one| asked.get("account") == Some(one.name.as_str()));
    if let Some(known) = known {
        let saved = known.mapping.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        form = Form::of([("name", known.name.clone())]);
        if let Some(serde_json::Value::Object(saved)) = saved {
            for (name, value) in saved {
                match value {
                    serde_json::Value::String(text) => form.add(&name, text),
                    serde_json::Value::Array(all) => {
                        let all: Vec<&str> = all.iter().filter_map(|one| one.as_str()).collect();
                        form.add(&name, all.join("，"));
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(ask_account(&officer, &desk, &Typed::fresh(form)))
}

/// Saves an account and how its bank writes.
#[handler]
pub(super) async fn post_account(officer: Officer, form: Form) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), None).await?;
    let saved: Result<bank_account::Model, Problem> = async {
        let mut check = form.check();
        let name = check.text("name");
        check.done()?;
        let column = |name: &str| form.given(name).map(str::to_owned);
        let mapping = column("date").map(|date| Mapping {
            encoding: form.get("encoding").parse::<all_words::Key<_>>().map(|key| key.0).unwrap_or_default(),
            date,
            date_format: column("date_format").unwrap_or_else(|| "YYYY-MM-DD".to_owned()),
            amount: column("amount"),
            income: column("income"),
            expense: column("expense"),
            balance: column("balance"),
            reference: column("reference"),
            counterparty: column("counterparty"),
            counterparty_account: column("counterparty_account"),
            remarks: form
                .get("remarks")
                .split([',', '，'])
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect(),
            opening_label: column("opening_label"),
            closing_label: column("closing_label"),
        });
        Ok(officer.app.bank.set_account(desk.shelf.book.id, &name, mapping, &officer.member).await?)
    }
    .await;
    match saved {
        Ok(row) => {
            let next = format!("/console/bank?{}&account={}", desk.shelf.query(), encoded(&row.name));
            Ok(officer.done("已保存。", &next))
        }
        Err(refused) => Ok(ask_account(&officer, &desk, &Typed::refused(&form, refused))),
    }
}

/// A suggestion as the value of a choice; a gift is claimed by two persons instead.
fn value(one: &Suggestion) -> Option<String> {
    let ids: Vec<String> = one.ids.iter().map(uuid::Uuid::to_string).collect();
    let ids = ids.join(" ");
    Some(match one.kind {
        SuggestionKind::Gift => return None,
        SuggestionKind::Entry => format!("entry:{ids}"),
        SuggestionKind::Payouts => format!("payouts:{ids}"),
        SuggestionKind::Bounced => format!("bounced:{ids}"),
        SuggestionKind::Interest => "interest:".to_owned(),
        SuggestionKind::Charge => "charge:".to_owned(),
        SuggestionKind::Cash => "cash:".to_owned(),
        SuggestionKind::Platform => format!("platform:{}", one.name.as_deref().unwrap_or_default()),
        SuggestionKind::Return => format!("return:{ids}"),
        SuggestionKind::Unclaimed => "unclaimed:".to_owned(),
    })
}

/// What a value of a choice stands for.
fn choice(value: &str) -> Option<Choice> {
    let (kind, rest) = value.split_once(':')?;
    let ids: Vec<uuid::Uuid> = rest.split(' ').filter_map(|id| id.parse().ok()).collect();
    Some(match kind {
        "entry" => Choice::Entries(ids.into_iter().map(Into::into).collect()),
        "payouts" => Choice::Payouts(ids.into_iter().map(Into::into).collect()),
        "bounced" => Choice::Bounced((*ids.first()?).into(), "银行退票".to_owned()),
        "interest" => Choice::Interest,
        "charge" => Choice::Charge,
        "cash" => Choice::Cash,
        "platform" => Choice::Platform(rest.to_owned()),
        "return" => Choice::Return((*ids.first()?).into()),
        "unclaimed" => Choice::Unclaimed,
        _ => return None,
    })
}

async fn show_matching(officer: &Officer, desk: &Desk, typed: &Typed) -> Result<Response, PageError> {
    let open = match &desk.account {
        Some(name) => officer.app.bank.suggestions((desk.shelf.book.id, name), None, LINES, &officer.member).await?,
        None => Vec::new(),
    };
    let may = officer.is(&KEEPERS);
    let one = |line: &ShownLine, suggestions: &[Suggestion]| {
        let name = format!("line-{}", line.row.id);
        let said = typed.form().get(&name).to_owned();
        let gift = suggestions.iter().find(|one| one.kind == SuggestionKind::Gift);
        html! {
            fieldset {
                legend { (line.row.day) " " (part::yuan(line.row.amount_fen)) "元 " (line.words.counterparty) }
                p class="faint" { (line.words.remark) " " span class="code" { (line.row.reference) } }
                div class="tick" {
                    input id={ (name) "-none" } type="radio" name=(name) value="" checked[said.is_empty()] disabled[!may];
                    label for={ (name) "-none" } { "先不办" }
                }
                @for (at, suggestion) in suggestions.iter().enumerate() {
                    @if let Some(key) = value(suggestion) {
                        div class="tick" {
                            input id={ (name) "-" (at) } type="radio" name=(name) value=(key) checked[said == key] disabled[!may];
                            label for={ (name) "-" (at) } { strong { (suggestion_word(suggestion.kind)) } " " span class="faint" { (suggestion.reason) } }
                        }
                    }
                }
                @if let Some(gift) = gift {
                    p { a href={ (desk.path("/claims/new")) "&line=" (line.row.id) "&campaign=" (gift.ids.first().map(uuid::Uuid::to_string).unwrap_or_default()) } { "认领为捐赠" } " " span class="faint" { (gift.reason) } }
                }
            }
        }
    };
    let content = html! {
        (part::heading("银行流水对应", &html! { span class="faint" { (desk.shelf.book.name) " · " (desk.account.as_deref().unwrap_or_default()) } }))
        (desk.tabs("/matching"))
        (part::alert(typed))
        @if desk.account.is_none() { (desk.none()) } @else if open.is_empty() { (part::nothing_here("没有待对应的流水。")) } @else {
            p class="note" { "系统说明每笔流水可能是什么、依据是什么；由会计或财务负责人选定。已有凭证的只作对应，其余按选定的业务记账。" }
            (officer.form("/console/bank/matching", &html! {
                (desk.kept())
                @for (line, suggestions) in &open { (one(line, suggestions.as_slice())) }
                @if may { div class="go" { button type="submit" class="primary" { "确认所选" } } }
            }))
        }
    };
    let page = officer.page("银行流水对应", &[("/console/bank", "银行流水")], &content);
    Ok(page.status(typed.status()).into_response())
}

/// Lines that wait, and what each may be.
#[handler]
pub(super) async fn get_matching(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let desk = desk(&officer, &Asked::of(request)).await?;
    show_matching(&officer, &desk, &Typed::default()).await
}

/// Accepts what was chosen.
#[handler]
pub(super) async fn post_matching(officer: Officer, form: Form) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let accepted: Result<u64, Problem> = async {
        let name = desk.account.as_deref().ok_or_else(|| Problem::field("account", "请先登记银行账户"))?;
        let of = (desk.shelf.book.id, name);
        let open = officer.app.bank.suggestions(of, None, LINES, &officer.member).await?;
        let mut accepted = Vec::new();
        for (line, _) in &open {
            if let Some(choice) = choice(form.get(&format!("line-{}", line.row.id))) {
                accepted.push(Accepted { line: line.row.id, choice });
            }
        }
        if accepted.is_empty() {
            return Err(Problem::unprocessable("invalid_field", "请至少选定一笔。"));
        }
        Ok(officer.app.bank.accept(of, &accepted, &officer.member).await?)
    }
    .await;
    match accepted {
        Ok(count) => Ok(officer.done(&format!("已办理{count}笔。"), &desk.path("/matching"))),
        Err(refused) => show_matching(&officer, &desk, &Typed::refused(&form, refused)).await,
    }
}

async fn show_claims(officer: &Officer, asked: &Asked, typed: &Typed, word: &str) -> Result<Response, PageError> {
    let desk = desk(officer, asked).await?;
    let state = asked.read::<all_words::Key<ClaimState>>("state").map(|key| key.0);
    let claims = officer.app.bank.claims(desk.shelf.book.id, state, None, LINES, &officer.member).await?;
    let names =
        Names::of(officer, claims.iter().flat_map(|one| [Some(one.author_id), one.approver_id]).flatten()).await?;
    let waiting = match &desk.account {
        Some(name) => {
            let of = (desk.shelf.book.id, name.as_str());
            officer.app.bank.lines(of, Some(LineState::Unclaimed), None, LINES, &officer.member).await?
        }
        None => Vec::new(),
    };
    let refused = |id: BankClaimId| (word == id.to_string()).then_some(typed);
    let columns = [column("日期"), numbers("金额"), column("对方"), column("摘要"), numbers("天数"), column("办理")];
    let rows = waiting.iter().map(|line| {
        let lead = format!("{}&line={}", desk.path("/claims/new"), line.row.id);
        vec![
            Cell::day(line.row.day),
            Cell::yuan(line.row.amount_fen),
            Cell::text(line.words.counterparty.clone()),
            Cell::text(line.words.remark.clone()),
            Cell::number(officer.app.bank.age_days(&line.row)),
            if officer.is(&CLERKS) { Cell::link(&lead, "认领或退回") } else { Cell::none() },
        ]
    });
    let content = html! {
        (part::heading("待认领", &html! { span class="faint" { (desk.shelf.book.name) } }))
        (desk.tabs("/claims"))
        (part::block("没有来历的款项", &Table::new("待认领款项", &columns, "没有待认领的款项。").whole(rows).plain()))
        (part::block("认领与退回", &html! {
            @if claims.is_empty() { (part::nothing_here("还没有认领或退回。")) }
            @for one in &claims {
                @let own = one.author_id == officer.id();
                @let to = |step: &str| format!("/console/bank/claims/{}/{step}", one.id);
                article class="update" {
                    p { (part::badge(claim_state(one.state))) " " strong { (claim_choice(one.choice)) } "：" (one.reason) }
                    p class="faint" { (names.name(one.author_id)) "于" (part::at(one.created_us)) "提出" @if one.approver_id.is_some() { "；" (names.maybe(one.approver_id)) "决定" } }
                    @if one.state == ClaimState::Proposed && officer.is(&KEEPERS) {
                        @if own { p class="faint" { "这是您自己提出的，须由另一人决定。" } } @else {
                            div class="steps" {
                                (Step { name: "同意", will: match one.choice {
                                    ClaimChoice::Gift => "记账：借 2209 其他应付款·待认领，贷 410102 捐赠收入—限定性，计入项目募集额。",
                                    ClaimChoice::Return => "同意退回；银行付出后按流水记账。",
                                }, to: &to("approval"), grave: false, fields: nothing() }.show(officer, refused(one.id)))
                                (Step { name: "不同意", will: "这次提出作废，款项仍待认领。", to: &to("decline"), grave: false, fields: nothing() }.show(officer, None))
                            }
                        }
                    }
                }
            }
        }))
    };
    let page = officer.page("待认领", &[("/console/bank", "银行流水")], &content);
    Ok(page.status(typed.status()).into_response())
}

/// Money of nobody, and what two persons make of it.
#[handler]
pub(super) async fn get_claims(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show_claims(&officer, &Asked::of(request), &Typed::default(), "").await
}

/// The second person about a claim.
#[handler]
pub(super) async fn post_claim(
    officer: Officer,
    Path((id, word)): Path<(BankClaimId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let agree = match word.as_str() {
        "approval" => true,
        "decline" => false,
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    };
    match officer.app.bank.decide_claims(&[id], agree, &officer.member).await {
        Ok(_) => Ok(officer.done(if agree { "已同意。" } else { "已记为不同意。" }, "/console/bank/claims")),
        Err(refused) => {
            let typed = Typed::refused(&form, refused);
            show_claims(&officer, &Asked::at("/console/bank/claims"), &typed, &id.to_string()).await
        }
    }
}

async fn ask_claim(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let form = typed.form();
    let desk = Desk::of(officer, form.given("book"), form.given("account")).await?;
    let mut line = None;
    if let (Some(name), Some(id)) = (&desk.account, form.given("line").and_then(|id| id.parse::<BankLineId>().ok())) {
        for state in [LineState::Unclaimed, LineState::Open] {
            let of = (desk.shelf.book.id, name.as_str());
            let waiting = officer.app.bank.lines(of, Some(state), None, WAITING, &officer.member).await?;
            line = line.or_else(|| waiting.into_iter().find(|one| one.row.id == id));
        }
    }
    let missing = || Problem::not_found("no_such_bank_line", "没有这笔待认领的流水。");
    let line = line.ok_or_else(missing)?;
    let rows = officer.app.campaigns.page(None, &officer.member, None, 500).await?;
    let mut campaigns = vec![(String::new(), "（退回时不选）".to_owned())];
    campaigns.extend(rows.into_iter().filter(|row| row.state.is_public()).map(|row| (row.id.to_string(), row.name)));
    let choices = options(all_words::all(claim_choice));
    let shown = options(all_words::all(all_words::anonymity));
    let receipts = options(all_words::all(all_words::receipt_choice));
    let content = html! {
        h1 { "认领或退回" }
        (part::block("流水", &part::facts(&[
            ("日期", html! { (line.row.day) }),
            ("金额", part::yuan(line.row.amount_fen)),
            ("对方", html! { (line.words.counterparty) }),
            ("摘要", html! { (line.words.remark) }),
        ])))
        (part::alert(typed))
        (officer.form("/console/bank/claims", &html! {
            (part::new_id(typed))
            (desk.kept())
            input type="hidden" name="line" value=(line.row.id);
            div class="fields" {
                (Field::choice(typed, "choice", "怎样处理", &choices).required())
                (Field::choice(typed, "campaign", "捐给哪个项目", &campaigns))
                (Field::text(typed, "name", "捐赠人名称").longest(100))
                (Field::choice(typed, "anonymity", "署名方式", &shown))
                (Field::choice(typed, "receipt", "票据", &receipts))
            }
            (Field::tick(typed, "organisation", "捐赠人是单位"))
            (Field::area(typed, "reason", "怎样查明的").required().longest(500))
            div class="go" { button type="submit" class="primary" { "提出" } }
        }))
    };
    let page = officer.page("认领或退回", &[(desk.path("/claims").as_str(), "待认领")], &content);
    Ok(page.status(typed.status()).into_response())
}

/// The form of a claim.
#[handler]
pub(super) async fn get_claim(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&CLERKS)?;
    let asked = Asked::of(request);
    let fields = ["book", "account", "line", "campaign"].into_iter().filter_map(|name| Some((name, asked.get(name)?)));
    ask_claim(&officer, &Typed::fresh(Form::of(fields))).await
}

/// Proposes what money is.
#[handler]
pub(super) async fn post_propose(officer: Officer, form: Form) -> Result<Response, PageError> {
    let proposed: Result<(), Problem> = async {
        let mut check = form.check();
        let (id, line) = (check.id("id"), check.id("line"));
        let choice = check.choice::<all_words::Key<ClaimChoice>>("choice");
        let campaign = check.id_or_none::<CampaignId>("campaign");
        let (name, reason) = (check.optional("name"), check.text("reason"));
        check.done()?;
        let choice = choice.map(|key| key.0).ok_or_else(|| Problem::field("choice", "请选择"))?;
        let anonymity =
            form.get("anonymity").parse::<all_words::Key<Anonymity>>().map_or(Anonymity::Hidden, |key| key.0);
        let receipt = form.get("receipt").parse::<all_words::Key<ReceiptChoice>>();
        let receipt = receipt.map_or(ReceiptChoice::Waived, |key| key.0);
        let organisation = form.ticked("organisation");
        let new = NewClaim { id, line, choice, campaign, name, organisation, anonymity, receipt, reason };
        officer.app.bank.propose_claim(new, &officer.member).await?;
        Ok(())
    }
    .await;
    match proposed {
        Ok(()) => Ok(officer.done("已提出，待另一人决定。", "/console/bank/claims")),
        Err(refused) => ask_claim(&officer, &Typed::refused(&form, refused)).await,
    }
}

/// The month before a day, as it is written.
fn last_month(today: BusinessDate) -> String {
    let last = BusinessDate::new(today.year(), today.month(), 1).map_or(today, BusinessDate::previous);
    format!("{:04}-{:02}", last.year(), last.month())
}

fn item_kind(kind: &str) -> &str {
    match kind {
        "bank_received" => "银行已收、账上未收",
        "bank_paid" => "银行已付、账上未付",
        "booked_received" => "账上已收、银行未收",
        "booked_paid" => "账上已付、银行未付",
        "opening" => "期初差额",
        other => other,
    }
}

async fn show_balance(officer: &Officer, asked: &Asked, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let desk = desk(officer, asked).await?;
    let Some(name) = desk.account.clone() else {
        let content = html! { (part::heading("银行存款余额调节表", &html! {})) (desk.none()) };
        return Ok(officer.page("银行存款余额调节表", &[("/console/bank", "银行流水")], &content).into_response());
    };
    let of = (desk.shelf.book.id, name.as_str());
    let month = asked.get("month").map_or_else(|| last_month(officer.app.business.today()), str::to_owned);
    let report = officer.app.bank.balance(of, &month, &officer.member).await?;
    let sheets = officer.app.bank.balances(of, &officer.member).await?;
    let names =
        Names::of(officer, sheets.iter().flat_map(|one| [Some(one.author_id), one.reviewer_id]).flatten()).await?;
    let refused = |step: &str| (word == step).then_some(typed);
    let columns = [column("原因"), column("日期"), column("单号"), numbers("金额")];
    let items = Table::new("未达账项", &columns, "没有未达账项。").whole(report.items.iter().map(|one| {
        vec![
            Cell::text(item_kind(&one.kind)),
            Cell::day(one.day),
            Cell::link(&format!("/console/entries?q={}", encoded(&one.reference)), one.reference.clone()),
            Cell::yuan(one.amount),
        ]
    }));
    let standing = sheets.iter().find(|one| one.month == month && one.state != BalanceState::Returned);
    let content = html! {
        (part::heading(&format!("银行存款余额调节表 {month}"), &html! {
            span class="faint" { (desk.shelf.book.name) " · " (name) }
            a class="button" href={ (desk.path("/balance/sheet")) "&month=" (month) } { "下载表格" }
        }))
        (desk.tabs("/balance"))
        (desk.filter(asked, &html! { label { "月份" input type="month" name="month" value=(month); } }))
        @if !report.gaps.is_empty() {
            div class="alert" { p { "对账单不完整，还不能编制：" } ul { @for gap in &report.gaps { li { (gap) } } } }
        }
        (part::block("余额", &part::facts(&[
            ("账上余额（1002）", part::yuan(report.ledger)),
            ("对账单余额", part::yuan(report.statement)),
            ("调节后账上", part::yuan(report.adjusted_ledger)),
            ("调节后对账单", part::yuan(report.adjusted_statement)),
            ("结果", html! { @if report.agrees() { (part::badge(("相符", Tone::Good))) } @else { (part::badge(("不符", Tone::Bad))) } }),
        ])))
        (part::block("未达账项", &items.plain()))
        div class="steps" {
            @if standing.is_none() && officer.is(&PREPARERS) {
                (Step { name: "编制", will: "按现在的数字编制这个月的调节表，由财务负责人复核。", to: "/console/bank/balance", grave: false, fields: html! {
                    (part::new_id(refused("").unwrap_or(&Typed::default())))
                    (desk.kept())
                    input type="hidden" name="month" value=(month);
                } }.show(officer, refused("prepare")))
            }
            @if let Some(one) = standing {
                @if one.state == BalanceState::Prepared && officer.is(&REVIEWERS) && one.author_id != officer.id() {
                    @let to = |step: &str| format!("/console/bank/balance/{}/{step}", one.id);
                    (Step { name: "复核通过", will: "确认调节后两边相符，未达账项属实。", to: &to("approval"), grave: false, fields: desk.kept() }.show(officer, refused("approval")))
                    (Step { name: "退回", will: "退回编制人，更正后重新编制。", to: &to("return"), grave: false, fields: desk.kept() }.show(officer, refused("return")))
                }
            }
        }
        @if !sheets.is_empty() {
            (part::block("已编制的", &html! {
                ul class="papers" {
                    @for one in &sheets {
                        li {
                            a href={ (desk.path("/balance")) "&month=" (one.month) } { (one.month) } " " (part::badge(balance_state(one.state))) " " (part::yuan(one.adjusted_fen))
                            " " span class="faint" { (names.name(one.author_id)) "编制" @if one.reviewer_id.is_some() { "，" (names.maybe(one.reviewer_id)) "复核" } }
                        }
                    }
                }
            }))
        }
    };
    let page = officer.page("银行存款余额调节表", &[("/console/bank", "银行流水")], &content);
    Ok(page.status(typed.status()).into_response())
}

/// The month's sheet as things stand.
#[handler]
pub(super) async fn get_balance(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show_balance(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// The month's sheet as a workbook.
#[handler]
pub(super) async fn get_sheet(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let desk = desk(&officer, &asked).await?;
    let name = desk
        .account
        .clone()
        .ok_or_else(|| Problem::not_found("no_such_bank_account", "没有这个银行账户，请先登记。"))?;
    let month = asked.get("month").map_or_else(|| last_month(officer.app.business.today()), str::to_owned);
    let bytes = officer.app.bank.balance_workbook((desk.shelf.book.id, &name), &month, &officer.member).await?;
    let file = encoded(&format!("余额调节表-{name}-{month}.xlsx")).replace('+', "%20");
    Ok(Response::builder()
        .content_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{file}"))
        .body(bytes))
}

/// Prepares a month's sheet.
#[handler]
pub(super) async fn post_prepare(officer: Officer, form: Form) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let prepared: Result<(), Problem> = async {
        let name = desk.account.clone().ok_or_else(|| Problem::field("account", "请先登记银行账户"))?;
        let mut check = form.check();
        let (id, month) = (check.id::<BankBalanceId>("id"), check.text("month"));
        check.done()?;
        officer.app.bank.prepare_balance(id, (desk.shelf.book.id, &name), &month, &officer.member).await?;
        Ok(())
    }
    .await;
    let next = format!("{}&month={}", desk.path("/balance"), encoded(form.get("month")));
    match prepared {
        Ok(()) => Ok(officer.done("已编制，待财务负责人复核。", &next)),
        Err(refused) => {
            show_balance(&officer, &Asked::at("/console/bank/balance"), "prepare", &Typed::refused(&form, refused))
                .await
        }
    }
}

/// The second person about a month's sheet.
#[handler]
pub(super) async fn post_review(
    officer: Officer,
    Path((id, word)): Path<(BankBalanceId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let agree = match word.as_str() {
        "approval" => true,
        "return" => false,
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    };
    match officer.app.bank.review_balance(id, agree, &officer.member).await {
        Ok(_) => Ok(officer.done(if agree { "已复核。" } else { "已退回。" }, &desk.path("/balance"))),
        Err(refused) => {
            show_balance(&officer, &Asked::at("/console/bank/balance"), &word, &Typed::refused(&form, refused)).await
        }
    }
}

//! Contracts, and one loan as it runs: its table, what is owed, its class, what happened and what that booked.

use app::loans::reviews::MaskedContract;
use app::problem::Problem;
use app::servicing::Sheet;
use domain::lending::LoanState;
use domain::loan::allocation::Component;
use domain::loan::life::{Split, Standing, State};
use domain::role::Role;
use domain::{BusinessDate, LoanContractId, LoanEventId, Money};
use entity::{loan_contract, loan_event};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::review::actor;
use super::shelf::{self, Shelf};
use super::{application, happening, words};
use crate::console::people::{Names, staff_of};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Tone};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::{chart, words as all_words};

/// The states of a contract, for a filter.
pub(super) const STATES: [LoanState; 10] = [
    LoanState::Signed,
    LoanState::PaidOut,
    LoanState::Performing,
    LoanState::Overdue,
    LoanState::Compensated,
    LoanState::Settled,
    LoanState::WrittenOff,
    LoanState::Renewed,
    LoanState::Extended,
    LoanState::Restructured,
];

/// Who sees those contracts only whose borrowers agreed.
const SEES_WHO_AGREED: [Role; 3] = [Role::LeagueOfficer, Role::Bookkeeper, Role::FinanceHead];

/// The path of a loan.
pub(super) fn path(id: LoanContractId) -> String {
    format!("/console/loans/{id}")
}

/// The path of an event's entry.
fn entry_path(id: LoanContractId, event: LoanEventId) -> String {
    format!("{}/entries/{event}", path(id))
}

/// The columns of contracts that the query sorts by.
const PRINCIPAL: usize = 6;
const SIGNED: usize = 10;

/// Contracts, newest first; above them how many there are in all, whether or not their borrowers may be seen.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&lending::CONTRACT_READERS)?;
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer).await?;
    let order = asked.order(PRINCIPAL, SIGNED).unwrap_or_default();
    let wanted = lending::view::Wanted { order, ..shelf::wanted(&asked, &shelf)? };
    let rows = officer.app.loans.contracts(&wanted, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let columns = [
        column("合同号"),
        column("借款人"),
        column("产品"),
        column("状态"),
        column("五级分类"),
        numbers("本金"),
        numbers("剩余本金"),
        column("地区"),
        column("到期日"),
        column("登记时间"),
    ];
    let cells = |one: MaskedContract| {
        let row = one.row;
        vec![
            Cell::link(&path(row.id), row.number.clone()),
            Cell::text(one.name.unwrap_or_default()),
            Cell::text(shelf.product(row.product_id)),
            Cell::badge(words::loan(row.state)),
            Cell::badge(words::class(row.class)),
            Cell::yuan_of(row.principal_fen, &path(row.id)),
            Cell::yuan_of(row.outstanding_fen, &path(row.id)),
            Cell::text(shelf::place(&row.division)),
            Cell::day(row.maturity_on),
            Cell::at(row.created_us),
        ]
    };
    let table = Table::new("借款合同", &columns, "没有这样的借款合同。").ordered(&[PRINCIPAL, SIGNED]);
    let table = table.page(&asked, rows, |one| one.row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let counts = officer.app.loans.contract_counts(&officer.member).await?;
    let states: Vec<_> = STATES.into_iter().map(|state| (all_words::key(state), state.chinese().to_owned())).collect();
    let content = html! {
        (part::heading("合同与贷后", &html! { @if officer.is(&lending::READERS) { a class="button" href="/console/loan-arrears" { "逾期贷款" } } }))
        @if !counts.is_empty() {
            dl class="figures small" {
                @for one in &counts {
                    div { dt { (one.state.chinese()) } dd { (part::whole(one.contracts)) "户 " span class="faint" { "剩余本金 " (part::yuan(one.outstanding)) } } }
                }
            }
        }
        (table::filter(&asked, &html! {
            (table::filter_text(&asked, "number", "合同号"))
            (table::filter_choice(&asked, "state", "状态", &states))
            (shelf.filters(&asked))
            @if let Some(quota) = wanted.quota { input type="hidden" name="quota" value=(quota); }
        }))
        @if wanted.quota.is_some() { p class="note" { "只列出占用这一额度的合同，本金之和为额度的已用；借款人未同意贷后查看的，不在其中。" a href=(asked.with(&[("quota", ""), ("after", "")])) { "列出全部" } } }
        (table.show(&asked))
        p class="faint" { "状态和五级分类按逐日结账推算。不是每日报送的银行，最近一份文件之后到期的还款是否已还尚未报送，是否逾期以月报和逾期清单为准。" }
        @if officer.is(&SEES_WHO_AGREED) { p class="faint" { "只列出借款人同意银行向团组织提供贷后信息的合同；上面的户数和金额包括全部合同。" } }
    };
    Ok(officer.page("合同与贷后", &[("/console", "工作台")], &content).into_response())
}

fn plus(amounts: impl IntoIterator<Item = Money>) -> Money {
    Money::checked_sum(amounts).unwrap_or(Money::MAX)
}

/// Where an instalment stands.
fn standing(one: &Standing, today: BusinessDate, told: Option<BusinessDate>) -> (String, Tone) {
    let open = plus([one.open[Component::Principal], one.open[Component::Interest]]);
    if !one.is_due {
        return ("未到期".to_owned(), Tone::Calm);
    }
    if !open.is_positive() {
        return ("已还清".to_owned(), Tone::Good);
    }
    match one.row.due.days_to(today) {
        0 => ("今天到期".to_owned(), Tone::Waiting),
        _ if told.is_some_and(|told| one.row.due >= told) => ("已到期，待银行报送".to_owned(), Tone::Waiting),
        days => (format!("逾期{days}天"), Tone::Bad),
    }
}

fn instalments(rows: &[Standing], today: BusinessDate, told: Option<BusinessDate>) -> Table {
    let columns = [
        numbers("期次"),
        column("还款日"),
        column("状态"),
        numbers("应还本金"),
        numbers("应还利息"),
        numbers("已还"),
        numbers("未还本息"),
        numbers("罚息复利"),
        numbers("期后本金"),
    ];
    let cells = |(at, one): (i64, &Standing)| {
        let open = plus([one.open[Component::Principal], one.open[Component::Interest]]);
        let late = plus([one.open[Component::Penalty], one.open[Component::Compound]]);
        let paid = one.row.total.checked_sub(open).filter(|paid| !paid.is_negative()).unwrap_or(Money::ZERO);
        let (word, tone) = standing(one, today, told);
        vec![
            Cell::number(at),
            Cell::day(one.row.due),
            Cell::badge((&word, tone)),
            Cell::yuan(one.row.principal),
            Cell::yuan(one.row.interest),
            Cell::yuan(paid),
            Cell::yuan(open),
            Cell::yuan(late),
            Cell::yuan(one.row.closing),
        ]
    };
    Table::new("还款计划", &columns, "放款后生成还款计划。").whole((1..).zip(rows).map(cells))
}

fn balances(state: &State, contract: &loan_contract::Model) -> Result<Markup, PageError> {
    let principal = state.principal().map_err(lending::LendingError::Loan)?;
    let repaid = contract.principal_fen.checked_sub(principal).unwrap_or(Money::ZERO);
    let owed = state.due.total().map_err(lending::LendingError::Loan)?;
    Ok(html! {
        dl class="figures" {
            div { dt { "剩余本金" } dd { (part::yuan(principal)) } }
            div { dt { "到期未还" } dd { (part::yuan(owed)) } }
            div { dt { "逾期天数" } dd { (state.days_past_due) } }
        }
        (chart::gauge(repaid, Money::ZERO, contract.principal_fen, "已还本金占合同本金"))
        p class="faint" { "已还本金 " (part::yuan(repaid)) "，合同本金 " (part::yuan(contract.principal_fen)) }
        (part::facts(&[
            ("五级分类", part::badge(words::class(state.class))),
            ("到期未还本金", part::yuan(state.due[Component::Principal])),
            ("到期未还利息", part::yuan(state.due[Component::Interest])),
            ("罚息", part::yuan(state.due[Component::Penalty])),
            ("复利", part::yuan(state.due[Component::Compound])),
            ("本期已计利息", part::yuan(state.accrued)),
            ("挪用中的本金", part::yuan(state.misused)),
            ("本期已计挪用罚息", part::yuan(state.misuse_penalty)),
            ("溢缴款", part::yuan(state.credit)),
            ("计息状态", html! { @if state.accruing { "正常计息" } @else { (part::badge(("非应计（收到才计收入）", Tone::Bad))) } }),
            ("已代偿", part::yuan(state.compensated)),
            ("已追偿", part::yuan(state.recovered)),
        ]))
    })
}

fn payoff(sheet: &Sheet, on: BusinessDate, today: BusinessDate, id: LoanContractId) -> Markup {
    let shown = |split: &Split| {
        let amounts = &split.amounts;
        html! {
            p class="big" { (split.total().map_or_else(|_| html! {}, part::yuan)) span class="faint" { " 元，" (on) "一次结清" } }
            (part::facts(&[
                ("本金", part::yuan(amounts[Component::Principal])),
                ("利息", part::yuan(amounts[Component::Interest])),
                ("罚息与复利", part::yuan(plus([amounts[Component::Penalty], amounts[Component::Compound]]))),
                ("提前还款违约金", part::yuan(amounts[Component::Fee])),
            ]))
        }
    };
    html! {
        @match &sheet.payoff {
            Some(split) => (shown(split)),
            None => p class="nothing" { "这一天不能结清：贷款已结束、日期已过，或合同只允许在还款日提前结清。" },
        }
        form class="filter" method="get" action=(path(id)) {
            label { "换一天试算" input type="date" name="payoff" value=(on) min=(today); }
            button type="submit" { "试算" }
        }
    }
}

fn events(contract: &loan_contract::Model, rows: &[loan_event::Model], names: &Names) -> Markup {
    let columns = [
        column("日期"),
        column("业务"),
        numbers("金额"),
        numbers("本金"),
        numbers("利息"),
        numbers("罚息复利"),
        column("来源"),
        column("说明"),
    ];
    let reversed = |id: LoanEventId| rows.iter().any(|one| one.reverses == Some(id));
    let cells = |row: &loan_event::Model| {
        let lead = entry_path(contract.id, row.id);
        let word = words::happening(&row.kind);
        let mut more: Vec<String> = Vec::new();
        more.extend(row.mode.as_deref().map(|mode| words::prepayment(mode).to_owned()));
        more.extend(row.rate.map(|rate| format!("年利率{}", rate.percent())));
        more.extend(row.class.map(|class| words::class(class).0.to_owned()));
        more.extend(row.reason.clone());
        more.extend(row.serial.as_ref().map(|serial| format!("银行流水号{serial}")));
        let gone = reversed(row.id);
        let amount = |fen: Money| if fen.is_positive() { Cell::yuan_of(fen, &lead) } else { Cell::none() };
        vec![
            Cell::day(row.on_day),
            Cell::shown(
                html! { a href=(lead) { (word) } @if gone { " " (part::badge(("已冲正", Tone::Calm))) } },
                if gone { format!("{word}（已冲正）") } else { word.to_owned() },
            ),
            amount(row.amount_fen),
            amount(row.principal_fen),
            amount(row.interest_fen),
            amount(plus([row.penalty_fen, row.compound_fen])),
            Cell::text(if row.actor.starts_with("file:") {
                "银行文件".to_owned()
            } else {
                actor(names, &row.actor)
            }),
            Cell::text(more.join("；")),
        ]
    };
    Table::new("业务记录", &columns, "放款后开始记录。").whole(rows.iter().map(cells)).plain()
}

/// What was agreed; `whole` for whoever may look at the product and the application, too.
fn agreed(row: &loan_contract::Model, shelf: &Shelf, whole: bool) -> Markup {
    let product = shelf.product(row.product_id);
    part::facts(&[
        (
            "产品",
            html! {
                @if whole { a href={ "/console/loan-products/" (row.product_id) } { (product) } } @else { (product) }
                " 第" (row.version) "版"
            },
        ),
        ("银行", html! { (shelf.bank(row.bank_id)) }),
        ("申请", html! { @if whole { a href=(application::path(row.application_id)) { "查看申请" } } }),
        ("种类", html! { (words::kind(row.kind)) }),
        ("原合同", html! { @if let Some(old) = row.replaces_id { a href=(path(old)) { "查看原合同" } } }),
        ("合同本金", part::yuan(row.principal_fen)),
        (
            "年利率",
            html! { (row.annual_rate.percent()) "（" (words::tenor(row.lpr_tenor)) "LPR " (row.lpr_rate.percent()) " " (format!("{:+}", row.spread_bp)) "个基点）" },
        ),
        ("利率调整", html! { (words::repricing(row.repricing)) }),
        ("还款方式", html! { (all_words::repayment(row.method)) }),
        ("期限", html! { (row.term) "个月，每月" (row.due_day) "日还款" }),
        ("签约日", html! { (row.signed_on) }),
        ("放款日", html! { @match row.paid_out_on { Some(on) => (on), None => { "计划 " (row.payout_on) } } }),
        ("到期日", html! { (row.maturity_on) }),
        ("地区", html! { (shelf::place(&row.division)) }),
    ])
}

/// A loan with what was typed into one of its steps, if it was refused.
pub(super) async fn show(
    officer: &Officer,
    id: LoanContractId,
    asked: &Asked,
    word: &str,
    typed: &Typed,
) -> Result<Response, PageError> {
    let by = &officer.member;
    let (masked, steps) = officer.app.loans.contract(id, by).await?;
    let today = officer.app.business.today();
    let on: BusinessDate = asked.read("payoff")?.unwrap_or(today);
    let sheet = officer.app.servicing.sheet(id, on, by).await?;
    let shelf = Shelf::of(officer).await?;
    let row = &sheet.served.contract;
    let people = steps.iter().filter_map(|step| staff_of(&step.actor));
    let people: Vec<_> = people.chain(sheet.served.events.iter().filter_map(|one| staff_of(&one.actor))).collect();
    let names = Names::of(officer, people).await?;
    let told = sheet.served.told;
    let table = instalments(&sheet.instalments, today, told);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let standing = match &sheet.served.state {
        Some(state) => balances(state, row)?,
        None => part::nothing_here("还没有放款。"),
    };
    let subsidies = sheet.served.subsidies.iter().map(|one| {
        vec![
            Cell::number(one.instalment),
            Cell::day(one.due_on),
            Cell::yuan(one.interest_fen),
            Cell::yuan(one.amount_fen),
            Cell::badge(words::claim(one)),
            Cell::day(one.claimed_on),
            Cell::or_none(one.received_on, Cell::day),
            Cell::or_none(one.received_fen, Cell::yuan),
        ]
    });
    let subsidy_columns = [
        numbers("期次"),
        column("还款日"),
        numbers("利息"),
        numbers("贴息"),
        column("状态"),
        column("申报日"),
        column("到账日"),
        numbers("到账"),
    ];
    let title = format!("合同 {}", row.number);
    let content = html! {
        (part::heading(&title, &html! {
            (part::badge(words::loan(row.state)))
            @if let Some(state) = &sheet.served.state { (part::badge(words::class(state.class))) }
        }))
        p { "借款人 " (masked.name.clone().unwrap_or_default()) }
        @if let Some(told) = told {
            p class="note" { "银行数据截至 " (told) "，这家银行不是每日报送：此后到期的还款是否已还，要等下一份文件；下面的逾期天数、罚息和状态按尚未收到还款推算。" }
        }
        @if let (rate, Some(price)) = sheet.served.rate && price.annual_rate != rate {
            p class="note" { "按合同约定，自" (price.since) "起年利率应为" (price.annual_rate.percent()) "；目前登记为" (rate.percent()) "，请与银行核对。" }
        }
        (happening::steps(officer, &sheet, word, typed))
        div class="pair" {
            (part::block("余额", &standing))
            (part::block("结清试算", &payoff(&sheet, on, today, id)))
        }
        (part::block("还款计划", &table.show(asked)))
        (part::block("业务记录", &events(row, &sheet.served.events, &names)))
        @if !sheet.served.subsidies.is_empty() { (part::block("贴息", &Table::new("贴息", &subsidy_columns, "").whole(subsidies).plain())) }
        div class="pair" {
            (part::block("合同", &agreed(row, &shelf, officer.is(&lending::READERS))))
            (part::block("状态经过", &html! {
                ol class="history" {
                    @for step in &steps {
                        li {
                            (step.on_day) " " strong { (words::event(step.event)) } " "
                            span class="faint" { (step.to_state.chinese()) " · " (if step.actor.starts_with("file:") { "银行文件".to_owned() } else { actor(&names, &step.actor) }) }
                            @if let Some(reason) = &step.reason { "：" (reason) }
                        }
                    }
                }
            }))
        }
    };
    Ok(officer.shown(&title, &[("/console/loans", "合同与贷后")], &content, typed))
}

/// One loan.
#[handler]
pub(super) async fn get_one(
    officer: Officer,
    Path(id): Path<LoanContractId>,
    request: &Request,
) -> Result<Response, PageError> {
    show(&officer, id, &Asked::of(request), "", &Typed::default()).await
}

/// A step of a loan.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(LoanContractId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    match happening::take(&officer, id, &word, &form).await {
        Ok(told) => Ok(officer.done(told, &path(id))),
        Err(refused) => show(&officer, id, &Asked::at(&path(id)), &word, &Typed::refused(&form, refused)).await,
    }
}

/// What an event booked.
#[handler]
pub(super) async fn get_entry(
    officer: Officer,
    Path((id, event)): Path<(LoanContractId, LoanEventId)>,
) -> Result<Response, PageError> {
    let by = &officer.member;
    let sheet = officer.app.servicing.event_entry(id, event, by).await?;
    let served = officer.app.servicing.loan(id, by).await?;
    let happened = served.events.iter().find(|one| one.id == event);
    let books = if officer.is(&app::books::READERS) { officer.app.books.readable(by).await? } else { Vec::new() };
    let reads = |sheet: &ledger::EntrySheet| books.iter().any(|book| book.id == sheet.entry.book_id);
    let title = happened.map_or("凭证", |one| words::happening(&one.kind));
    let columns = [column("借方"), column("贷方"), numbers("金额")];
    let content = html! {
        (part::heading(title, &html! { @if let Some(one) = happened { (one.on_day) } }))
        @match &sheet {
            None => (part::nothing_here("这项业务不改变账面金额，没有凭证。")),
            Some(sheet) => {
                @let named = |id| sheet.accounts.get(&id).map(|one| format!("{} {}", one.account.subject, one.subject)).unwrap_or_default();
                @let rows = sheet.lines.iter().map(|line| vec![Cell::text(named(line.debit_account)), Cell::text(named(line.credit_account)), Cell::yuan(line.amount_fen)]);
                (part::block("分录（备查账）", &Table::new("分录", &columns, "没有分录。").whole(rows).plain()))
                (part::block("凭证", &part::facts(&[
                    ("业务金额", html! { @if let Some(one) = happened.filter(|one| one.amount_fen.is_positive()) { (part::yuan(one.amount_fen)) } }),
                    ("凭证金额", part::yuan(sheet.entry.total_fen)),
                    ("业务日期", html! { (sheet.entry.event_date) }),
                    ("入账日期", html! { (sheet.entry.book_date) }),
                    ("入账时间", part::at(sheet.entry.booked_us)),
                    ("合同", html! { (sheet.entry.document.clone().unwrap_or_default()) }),
                    ("编号", html! { span class="code" { (sheet.entry.reference) } }),
                    ("冲销", html! { @if sheet.reversed_by.is_some() { "已被冲销" } @else if sheet.reverses.is_some() { "冲销另一张凭证" } }),
                ])))
                @if reads(sheet) { p { a href={ "/console/entry?reference=" (crate::session::encoded(&sheet.entry.reference)) } { "在账簿中查看" } } }
            }
        }
    };
    let number = served.contract.number.clone();
    let (here, name) = (path(id), format!("合同 {number}"));
    Ok(officer.page(title, &[("/console/loans", "合同与贷后"), (&here, &name)], &content).into_response())
}

/// Loans with something late, the longest first.
#[handler]
pub(super) async fn get_arrears(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&lending::READERS)?;
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer).await?;
    let wanted = shelf::wanted(&asked, &shelf)?;
    let rows = officer.app.servicing.late(&wanted, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let columns = [
        column("合同号"),
        numbers("逾期天数"),
        column("五级分类"),
        numbers("逾期本金"),
        numbers("逾期利息"),
        numbers("罚息复利"),
        numbers("剩余本金"),
        column("数据截至"),
        column("产品"),
        column("地区"),
    ];
    let cells = |one: app::servicing::LateLoan| {
        let lead = path(one.contract.id);
        vec![
            Cell::link(&lead, one.contract.number.clone()),
            Cell::number(one.days),
            Cell::badge(words::class(one.class)),
            Cell::yuan_of(one.late[Component::Principal], &lead),
            Cell::yuan_of(one.late[Component::Interest], &lead),
            Cell::yuan_of(plus([one.late[Component::Penalty], one.late[Component::Compound]]), &lead),
            Cell::yuan_of(one.balance, &lead),
            Cell::day(one.as_of),
            Cell::text(shelf.product(one.contract.product_id)),
            Cell::text(shelf::place(&one.contract.division)),
        ]
    };
    let table =
        Table::new("逾期贷款", &columns, "没有逾期的贷款。").page(&asked, rows, |one| one.contract.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("逾期贷款", &html! { a class="button" href="/console/loan-report" { "贷款月报" } }))
        (table::filter(&asked, &html! { (shelf.filters(&asked)) (table::filter_text(&asked, "days", "逾期超过（天）")) }))
        (table.show(&asked))
        p class="faint" { "当天到期的不算逾期。按月报送的银行以最近一份文件的日期为准：此后到期的还款是否已还尚未报送，不算逾期。" }
        @if officer.is(&[Role::LeagueOfficer]) { p class="faint" { "只列出借款人同意银行向团组织提供贷后信息的贷款；其余的在月报中只计户数和金额。" } }
    };
    Ok(officer.page("逾期贷款", &[("/console/loans", "合同与贷后")], &content).into_response())
}

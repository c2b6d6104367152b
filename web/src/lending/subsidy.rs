//! What was claimed of a programme's interest subsidies, and what of it came.

use app::problem::Problem;
use app::servicing::CLAIMERS;
use domain::{LoanProgrammeId, LoanSubsidyId, UnitPath};
use entity::loan_subsidy;
use lending::servicing::subsidy::Receipt;
use maud::html;
use poem::web::Path;
use poem::{Request, Response, handler};

use super::{programme, words};
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};

fn path(id: LoanProgrammeId) -> String {
    format!("{}/subsidies", programme::path(id))
}

/// How many a page shows: each holds the form of its receipt.
const FORMS: u64 = 25;

async fn show(
    officer: &Officer,
    id: LoanProgrammeId,
    asked: &Asked,
    word: &str,
    typed: &Typed,
) -> Result<Response, PageError> {
    let one = programme::known(officer, id).await?;
    let waiting = asked.get("show") != Some("all");
    let rows = officer.app.servicing.claims(id, waiting, asked.after(), asked.limit_of(FORMS), &officer.member).await;
    let rows = rows.map_err(Problem::of_list)?;
    let claims = officer.member.may(&CLAIMERS, &UnitPath::whole()).is_ok();
    let payments = match claims {
        true => officer.app.servicing.payments(id, &officer.member).await.map_err(Problem::from)?,
        false => Vec::new(),
    };
    let payments =
        options(payments.into_iter().map(|one| {
            (one.id.to_string(), format!("{} {} 余{}元", one.paid_on, one.purpose, part::grouped(one.left)))
        }));
    let known = Typed::fresh(Form::of([("on", officer.app.business.today().to_string())]));
    let receive = |row: &loan_subsidy::Model| {
        let refused = (word == row.id.to_string()).then_some(typed);
        Step {
            name: "登记到账",
            will: "将登记这笔贴息已到账并记入备查账；少于申报的部分从应收贴息中冲回，分文未给的填0。",
            to: &format!("{}/{}/receipt", path(id), row.id),
            grave: false,
            fields: html! {
                (Field::day(refused.unwrap_or(&known), "on", "到账日").required())
                (Field::money(refused.unwrap_or(&known), "amount", "到账金额（元）").hint("与申报一致的不填。"))
                (Field::text(refused.unwrap_or(&known), "reason", "少于申报的原因").longest(200).needed("到账少于申报时必填"))
                @if !payments.is_empty() {
                    (Field::choice(refused.unwrap_or(&known), "payout", "支付它的付款", &payments).hint("慈善组织以自有资金支付的，选银行已确认的付款。"))
                }
            },
        }
        .show(officer, refused)
    };
    let mut columns = vec![
        column("合同号"),
        numbers("期次"),
        column("还款日"),
        numbers("利息"),
        numbers("贴息"),
        column("状态"),
        column("申报日"),
        column("到账日"),
        numbers("到账"),
    ];
    if claims {
        columns.push(column("办理"));
    }
    let cells = |(row, number): (loan_subsidy::Model, String)| {
        let mut cells = vec![
            Cell::text(number),
            Cell::number(row.instalment),
            Cell::day(row.due_on),
            Cell::yuan(row.interest_fen),
            Cell::yuan(row.amount_fen),
            Cell::badge(words::claim(&row)),
            Cell::day(row.claimed_on),
            Cell::or_none(row.received_on, Cell::day),
            Cell::or_none(row.received_fen, Cell::yuan),
        ];
        if claims {
            cells.push(if row.state == "claimed" { Cell::shown(receive(&row), "") } else { Cell::none() });
        }
        cells
    };
    let title = format!("{}贴息", one.programme.name);
    let nothing_yet = if waiting { "没有待到账的贴息。" } else { "还没有申报过贴息。" };
    let table =
        Table::new(title.clone(), &columns, nothing_yet).page_of(FORMS, asked, rows, |(row, _)| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let shown = [("all".to_owned(), "含已到账".to_owned())];
    let refused = (word == "claim").then_some(typed);
    let content = html! {
        (part::heading("贴息", &html! { span class="faint" { (one.programme.name) } }))
        @if claims {
            div class="steps" {
                (Step { name: "申报到期贴息", will: "将为按期归还、尚未申报的期次逐笔申报贴息并记账；已申报的不重复。", to: &path(id), grave: false, fields: nothing() }.show(officer, refused))
            }
        }
        (table::filter(asked, &table::filter_choice(asked, "show", "范围", &shown)))
        (table.show(asked))
    };
    let here = programme::path(id);
    let way = [(programme::LIST, "贷款项目与银行文件"), (here.as_str(), one.programme.name.as_str())];
    Ok(officer.shown("贴息", &way, &content, typed))
}

/// What was claimed.
#[handler]
pub(super) async fn get_list(
    officer: Officer,
    Path(id): Path<LoanProgrammeId>,
    request: &Request,
) -> Result<Response, PageError> {
    show(&officer, id, &Asked::of(request), "", &Typed::default()).await
}

/// Claims what is due.
#[handler]
pub(super) async fn post_claim(officer: Officer, Path(id): Path<LoanProgrammeId>) -> Result<Response, PageError> {
    match officer.app.servicing.claim_subsidies(id, &officer.member).await {
        Ok(claimed) => {
            let told = if claimed.is_empty() {
                "没有可以申报的贴息。".to_owned()
            } else {
                format!("已申报{}笔贴息。", claimed.len())
            };
            Ok(officer.done(&told, &path(id)))
        }
        Err(refused) => {
            show(&officer, id, &Asked::at(&path(id)), "claim", &Typed::refused(&Form::default(), refused)).await
        }
    }
}

/// Writes down that one came.
#[handler]
pub(super) async fn post_receive(
    officer: Officer,
    Path((id, claim)): Path<(LoanProgrammeId, LoanSubsidyId)>,
    form: Form,
) -> Result<Response, PageError> {
    let received: Result<(), Problem> = async {
        let mut check = form.check();
        let (on, amount, reason) = (check.day("on"), check.money_or_none("amount"), form.get("reason").to_owned());
        let payout = check.id_or_none("payout");
        check.done()?;
        let on = on.ok_or_else(|| Problem::field("on", "请填写日期"))?;
        let receipt = Receipt { on, amount, reason: Some(reason), payout, actor: String::new() };
        officer.app.servicing.receive_subsidy(claim, receipt, &officer.member).await?;
        Ok(())
    }
    .await;
    match received {
        Ok(()) => Ok(officer.done("贴息到账已登记。", &path(id))),
        Err(refused) => {
            let typed = Typed::refused(&form, refused);
            show(&officer, id, &Asked::at(&path(id)), &claim.to_string(), &typed).await
        }
    }
}

//! Our accounts at a bank, and how each bank names the columns of its statements.

use app::bank::{KEEPERS, Mapping};
use app::problem::Problem;
use entity::bank_account;
use maud::html;
use poem::{Request, Response, handler};

use super::bank::{Desk, desk};
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part;
use crate::session::{Officer, encoded};
use crate::table::Asked;
use crate::words as all_words;

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
            (Field::text(typed, "number", "银行账号").longest(40).hint("导入对账单时核对；留空则不改。没有填写时，采用第一份写明账号的对账单上的账号。"))
            (Field::choice(typed, "encoding", "CSV 编码", &encodings))
            div class="fields" {
                @for (name, word) in NAMES { (Field::text(typed, name, word).longest(60)) }
                (Field::text(typed, "remarks", "摘要列").longest(200).hint("几列用逗号隔开"))
            }
            div class="go" { button type="submit" class="primary" { "保存" } }
        }))
    };
    officer.shown("银行账户与列对应", &[(desk.path("").as_str(), "银行流水")], &content, typed)
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
        form = Form::of([("name", known.name.clone()), ("number", known.number.clone().unwrap_or_default())]);
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
        let number = form.given("number");
        Ok(officer.app.bank.set_account(desk.shelf.book.id, &name, number, mapping, &officer.member).await?)
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

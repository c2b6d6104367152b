//! The bank's statement of a month, as the cashier of the invented year brings it: what is in the books already is found again by number, by
//! withdrawal and by suggestion; interest and a charge are booked from their lines; a payment with a code (识别码) becomes a gift by two persons,
//! and of two that nobody knew one does, and one still waits in 待认领.

use anyhow::Context;
use domain::role::Role;
use domain::{BusinessDate, Money};
use ledger::{Account, StatementLine};
use serde_json::{Value, json};
use uuid::Uuid;

use super::drive::{Driver, text};
use super::world::House;

/// On which day the statement of the month before the last is brought.
const STATEMENT_DAY: usize = 35;
/// More than the account moves in a year.
const MOVES: u64 = 20_000;
/// What the bank tells and the books do not know: number, fen, who, what is said. The last one carries a code.
const UNKNOWN: [(&str, i64, &str, &str); 5] = [
    ("DEMOBANK-INT", 1_234, "", "结息"),
    ("DEMOBANK-FEE", -200, "", "账户管理费"),
    ("DEMOBANK-U1", 88_800, "冀中青年商会（示例）", "爱心款"),
    ("DEMOBANK-U2", 66_000, "滏阳乳业有限公司（示例）", "营养餐"),
    ("DEMOBANK-C1", 52_000, "邢襄钢铁有限公司（示例）", "捐款"),
];

impl Driver {
    /// Brings the statement and says what its lines are. Whatever was done before is found done.
    pub(super) async fn bank_month(&self, day: usize) -> anyhow::Result<()> {
        if day != STATEMENT_DAY {
            return Ok(());
        }
        let at = self.world().days[day].opens;
        let id = |what: &str| self.world().seed.id(what, 0, at);
        let name = House::Foundation.bank_account();
        let book = self.book(House::Foundation)?;
        let (path, account) = (format!("/staff/books/{book}"), format!("account={name}"));
        let cashier = self.officer_named(House::Foundation.member(Role::Cashier)).await?;
        let keeper = self.officer_named(House::Foundation.member(Role::Bookkeeper)).await?;
        let mapping = json!({ "name": name, "mapping": {
            "encoding": "utf8", "date": "记账日期", "date_format": "YYYY-MM-DD", "amount": "金额", "balance": "余额", "reference": "流水号",
            "counterparty": "对方户名", "remarks": ["摘要"], "opening_label": "期初余额",
        } });
        self.api().put(&format!("{path}/bank-accounts"), Some(&keeper), &mapping).await?;
        let brought = self.api().get(&format!("{path}/bank-statements?{account}"), Some(&keeper)).await?;
        if brought["items"].as_array().is_none_or(Vec::is_empty) {
            // Who wants to give by bank gets a code for the remark.
            let wish =
                json!({ "id": id("bank code"), "amount": Money::from_fen(UNKNOWN[4].1), "receipt": "requested" });
            let to = format!("/staff/campaigns/{}/bank-codes", self.world().heart().id);
            let code = self.api().post(&to, Some(&keeper), &wish).await?;
            let file = self.statement(book, BusinessDate::of(at), text(&code["code"])).await?;
            let to =
                format!("{path}/bank-statements?id={}&{account}&write=true&despite_warnings=true", id("statement"));
            let taken = self.api().upload(&to, Some(&cashier), file.into_bytes()).await?;
            anyhow::ensure!(taken["statement"].is_string(), "the bank's statement was not taken: {taken:#}");
        }
        self.accept_lines(&path, &account, &keeper).await?;

        for (state, known, reason) in
            [("open", 4, "附言中的识别码与捐赠意向一致"), ("unclaimed", 3, "经电话核实，为寸草心项目捐款")]
        {
            let lines = self.bank_lines(&path, &account, &keeper, state).await?;
            let (number, _, who, _) = UNKNOWN[known];
            let Some(line) = lines.iter().find(|line| line["reference"] == number) else { continue };
            let claim = json!({
                "id": id(number), "choice": "gift", "campaign": self.world().heart().id, "name": who, "organisation": true,
                "anonymity": "name", "receipt": "requested", "reason": reason,
            });
            let to = format!("/staff/bank-lines/{}/claims", text(&line["id"]));
            let claim = self.api().post(&to, Some(&cashier), &claim).await?;
            let head = self.officer_named(House::Foundation.member(Role::FinanceHead)).await?;
            let decided = json!({ "claims": [claim["id"]] });
            self.api().post("/staff/bank-claims/approvals", Some(&head), &decided).await?;
        }
        Ok(())
    }

    /// What the bookkeeper accepts: each line that is an entry of ours, and what the bank did by itself.
    async fn accept_lines(&self, path: &str, account: &str, keeper: &str) -> anyhow::Result<()> {
        let open = self.api().get(&format!("{path}/bank-suggestions?{account}&limit=100"), Some(keeper)).await?;
        let item = |open: &Value| {
            let (line, first) = (&open["line"], &open["suggestions"][0]);
            let known = UNKNOWN.iter().position(|(number, ..)| line["reference"] == *number);
            let kind = match (known, text(&first["kind"])) {
                (Some(0), _) => "interest",
                (Some(1), _) => "charge",
                (Some(2 | 3), _) => "unclaimed",
                (Some(_), _) => return None,
                (None, "entry") => "entry",
                (None, _) => return None,
            };
            let ids = if kind == "entry" { first["ids"].clone() } else { json!([]) };
            Some(json!({ "line": line["id"], "kind": kind, "ids": ids }))
        };
        let items: Vec<Value> = open["items"].as_array().into_iter().flatten().filter_map(item).collect();
        if !items.is_empty() {
            let to = format!("{path}/bank-lines/acceptance?{account}");
            self.api().post(&to, Some(keeper), &json!({ "items": items })).await?;
        }
        Ok(())
    }

    async fn bank_lines(&self, path: &str, account: &str, keeper: &str, state: &str) -> anyhow::Result<Vec<Value>> {
        let found =
            self.api().get(&format!("{path}/bank-lines?{account}&state={state}&limit=100"), Some(keeper)).await?;
        found["items"].as_array().cloned().context("a list has items")
    }

    /// The statement of the month before `today`'s: what the books have moved, as the bank writes it, and what only the bank knows.
    async fn statement(&self, book: Uuid, today: BusinessDate, code: &str) -> anyhow::Result<String> {
        let last = first_of(today).previous();
        let first = first_of(last);
        let account = Account::bank(book.into(), House::Foundation.bank_account());
        let db = self.stage().db.read();
        let moved = ledger::statement(db, account.id(), None, MOVES).await?;
        let (before, mut of_month): (Vec<StatementLine>, Vec<StatementLine>) =
            moved.into_iter().filter(|line| line.book_date <= last).partition(|line| line.book_date < first);
        of_month.sort_by_key(|line| (line.book_date, line.entry_id, line.line));
        let fen = |line: &StatementLine| line.debit.fen() - line.credit.fen();
        let mut balance: i64 = before.iter().map(fen).sum();
        let mut file =
            format!("账户明细\n期初余额,{}\n记账日期,流水号,金额,余额,对方户名,摘要\n", Money::from_fen(balance));
        let mut tell = |day: BusinessDate, number: &str, fen: i64, who: &str, words: &str| {
            balance += fen;
            let (amount, stands) = (Money::from_fen(fen), Money::from_fen(balance));
            file += &format!("{day},{number},{amount},{stands},{who},{words}\n");
        };
        let world = self.world();
        let by_bank = || world.company_gifts.iter().chain(&world.other_bank_gifts);
        for line in &of_month {
            let thing = line.reference.split(':').nth(1).unwrap_or_default();
            // A gift by bank is known by the number with which the cashier has entered it.
            let gift = by_bank().find(|gift| gift.id.to_string() == thing).map(|gift| gift.body());
            let (who, words) = match (line.kind.as_str(), gift) {
                (_, Some(gift)) => (text(&gift["counterparty"]), "捐款".to_owned()),
                ("withdrawal", _) => ("财付通支付科技有限公司", "提现".to_owned()),
                ("disbursement_paid", _) => ("代发", format!("付款 {}", thing.replace('-', ""))),
                _ => ("", "转账".to_owned()),
            };
            let own = format!("B{}-{}", thing.replace('-', ""), line.line);
            let number = gift.map_or(own.as_str(), |gift| text(&gift["reference"]));
            tell(line.book_date, number, fen(line), who, &words);
        }
        for (number, fen, who, words) in UNKNOWN {
            let code = if number == UNKNOWN[4].0 { code } else { "" };
            tell(last, number, fen, who, format!("{words} {code}").trim());
        }
        Ok(file)
    }
}

/// The first day of the month of a day.
fn first_of(day: BusinessDate) -> BusinessDate {
    BusinessDate::new(day.year(), day.month(), 1).unwrap_or(day)
}

//! The bank's statement of a month, as the cashier of the invented year brings it: what is in the books already is found again by number, by
//! withdrawal and by suggestion; interest and the charge are booked from their lines. In September a payment with a code (识别码) becomes a gift by
//! two persons, and of two that nobody knew one does, and one still waits in 待认领. Then two persons sign the 余额调节表.

use anyhow::Context;
use domain::role::Role;
use domain::{BusinessDate, Money};
use ledger::{Account, StatementLine};
use serde_json::{Value, json};
use uuid::Uuid;

use super::drive::{Driver, text};
use super::world::House;

/// More than the account moves in a year.
const MOVES: u64 = 20_000;
/// The account costs so much a month, in fen; at the end of a quarter it bears so much interest.
const CHARGE: i64 = -200;
const INTEREST: i64 = 1_234;
/// On which day somebody asks for a code for the remark, and the month in whose statement it comes back.
const CODE_DAY: usize = 31;
const CODE_MONTH: u8 = 9;
/// What came in that month and the books do not know: number, fen, who, what is said. The last one carries the code.
const UNKNOWN: [(&str, i64, &str, &str); 3] = [
    ("DEMOBANK-U1", 88_800, "冀中青年商会（示例）", "爱心款"),
    ("DEMOBANK-U2", 66_000, "滏阳乳业有限公司（示例）", "营养餐"),
    ("DEMOBANK-C1", 52_000, "邢襄钢铁有限公司（示例）", "捐款"),
];

/// An account and a month of it.
pub(super) struct Month {
    pub(super) house: House,
    pub(super) book: Uuid,
    /// Its last day.
    pub(super) last: BusinessDate,
}

impl Month {
    fn path(&self) -> String {
        format!("/staff/books/{}", self.book)
    }

    fn account(&self) -> String {
        format!("account={}", self.house.bank_account())
    }

    fn name(&self) -> String {
        format!("{:04}-{:02}", self.last.year(), self.last.month())
    }

    fn has_unknown(&self) -> bool {
        self.house == House::Foundation && self.last.month() == CODE_MONTH
    }
}

/// A line of the bank: day, number, fen, who, what is said.
type Line = (BusinessDate, String, i64, String, String);

impl Driver {
    /// Who wants to give by bank gets a code for the remark.
    pub(super) async fn a_code_is_given(&self, day: usize) -> anyhow::Result<()> {
        if day == CODE_DAY {
            self.code().await?;
        }
        Ok(())
    }

    async fn code(&self) -> anyhow::Result<String> {
        let id = self.world().seed.id("bank code", 0, self.world().days[CODE_DAY].opens);
        let wish = json!({ "id": id, "amount": Money::from_fen(UNKNOWN[2].1), "receipt": "requested" });
        let to = format!("/staff/campaigns/{}/bank-codes", self.world().heart().id);
        let keeper = self.officer(Role::Bookkeeper).await?;
        let code = self.api().post(&to, Some(&keeper), &wish).await?;
        Ok(text(&code["code"]).to_owned())
    }

    /// Brings the statement of a month, says what its lines are, and has the 余额调节表 signed. Whatever was done before is found done.
    pub(super) async fn bank_month(&self, of: &Month) -> anyhow::Result<()> {
        let (path, account) = (of.path(), of.account());
        let at = of.last.start();
        let id = |what: &str| self.world().seed.id(&format!("{what} of {}", of.house.bank_account()), 0, at);
        let keeper = self.officer_named(of.house.member(Role::Bookkeeper)).await?;
        let cashier = self.officer_named(of.house.member(Role::Cashier)).await?;
        let head = self.officer_named(of.house.member(Role::FinanceHead)).await?;
        let brought = self.api().get(&format!("{path}/bank-statements?{account}"), Some(&keeper)).await?;
        let brought = brought["items"].as_array().cloned().unwrap_or_default();
        if brought.is_empty() {
            let mapping = json!({ "name": of.house.bank_account(), "mapping": {
                "encoding": "utf8", "date": "记账日期", "date_format": "YYYY-MM-DD", "amount": "金额", "balance": "余额",
                "reference": "流水号", "counterparty": "对方户名", "remarks": ["摘要"], "opening_label": "期初余额",
            } });
            self.api().put(&format!("{path}/bank-accounts"), Some(&keeper), &mapping).await?;
        }
        if !brought.iter().any(|one| text(&one["last_day"]).starts_with(&of.name())) {
            let file = self.statement(of).await?;
            let to =
                format!("{path}/bank-statements?id={}&{account}&write=true&despite_warnings=true", id("statement"));
            let taken = self.api().upload(&to, Some(&cashier), file.into_bytes()).await?;
            anyhow::ensure!(taken["statement"].is_string(), "the bank's statement was not taken: {taken:#}");
        }
        self.accept_lines(of, &keeper).await?;
        if of.has_unknown() {
            self.claim_gifts(of, [&keeper, &cashier, &head]).await?;
        }
        let sheet = format!("{path}/bank-balances/{}?{account}", of.name());
        let prepared = self.api().post(&sheet, Some(&keeper), &json!({ "id": id("balance") })).await?;
        if prepared["state"] == "prepared" {
            let review = format!("/staff/bank-balances/{}/review", text(&prepared["id"]));
            self.api().post(&review, Some(&head), &json!({})).await?;
        }
        Ok(())
    }

    /// Two of the payments nobody had told of are gifts.
    async fn claim_gifts(&self, of: &Month, [keeper, cashier, head]: [&str; 3]) -> anyhow::Result<()> {
        for (state, known, reason) in
            [("open", 2, "附言中的识别码与捐赠意向一致"), ("unclaimed", 0, "经电话核实，为寸草心项目捐款")]
        {
            let (number, _, who, _) = UNKNOWN[known];
            let list = format!("{}/bank-lines?{}&state={state}&limit=100", of.path(), of.account());
            let lines = self.api().get(&list, Some(keeper)).await?;
            let found = lines["items"].as_array().context("a list has items")?;
            let Some(line) = found.iter().find(|line| line["reference"] == number) else { continue };
            let claim = json!({
                "id": self.world().seed.id(number, 0, of.last.start()), "choice": "gift", "campaign": self.world().heart().id,
                "name": who, "organisation": true, "anonymity": "name", "receipt": "requested", "reason": reason,
            });
            let to = format!("/staff/bank-lines/{}/claims", text(&line["id"]));
            let claim = self.api().post(&to, Some(cashier), &claim).await?;
            let decided = json!({ "claims": [claim["id"]] });
            self.api().post("/staff/bank-claims/approvals", Some(head), &decided).await?;
        }
        Ok(())
    }

    /// What the bookkeeper accepts: each line that is an entry of ours, and what the bank did by itself.
    async fn accept_lines(&self, of: &Month, keeper: &str) -> anyhow::Result<()> {
        let (path, account) = (of.path(), of.account());
        let open = self.api().get(&format!("{path}/bank-suggestions?{account}&limit=100"), Some(keeper)).await?;
        let item = |open: &Value| {
            let (line, first) = (&open["line"], &open["suggestions"][0]);
            let kind = match text(&line["reference"]).trim_start_matches("DEMOBANK-") {
                number if number.starts_with("INT-") => "interest",
                number if number.starts_with("FEE-") => "charge",
                "U1" | "U2" => "unclaimed",
                _ if first["kind"] == "entry" => "entry",
                _ => return None,
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

    /// What the books have moved, as the bank writes it, and what only the bank knows.
    async fn statement(&self, of: &Month) -> anyhow::Result<String> {
        let first = first_of(of.last);
        let account = Account::bank(of.book.into(), of.house.bank_account());
        let moved = ledger::statement(self.stage().db.read(), account.id(), None, MOVES).await?;
        let (before, mut of_month): (Vec<StatementLine>, Vec<StatementLine>) =
            moved.into_iter().filter(|line| line.book_date <= of.last).partition(|line| line.book_date < first);
        of_month.sort_by_key(|line| (line.book_date, line.entry_id, line.line));
        let fen = |line: &StatementLine| line.debit.fen() - line.credit.fen();
        let world = self.world();
        let by_bank = || world.company_gifts.iter().chain(&world.other_bank_gifts);
        let ours = |line: &StatementLine| -> Line {
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
            let number = gift.map_or(own, |gift| text(&gift["reference"]).to_owned());
            (line.book_date, number, fen(line), who.to_owned(), words)
        };
        let mut lines: Vec<Line> = of_month.iter().map(ours).collect();
        if of.has_unknown() {
            let code = self.code().await?;
            for (number, fen, who, words) in UNKNOWN {
                let words = if number == UNKNOWN[2].0 { format!("{words} {code}") } else { words.to_owned() };
                lines.push((of.last, number.to_owned(), fen, who.to_owned(), words));
            }
        }
        let by_itself = |kind: &str, on: BusinessDate, fen: i64, words: &str| -> Line {
            (on, format!("DEMOBANK-{kind}-{}", of.name()), fen, String::new(), words.to_owned())
        };
        // Banks reckon interest on the twentieth of a quarter's last month and pay it on the next day.
        if let Some(on) = BusinessDate::new(of.last.year(), of.last.month(), 21).filter(|day| day.month() % 3 == 0) {
            lines.push(by_itself("INT", on, INTEREST, "结息"));
        }
        lines.push(by_itself("FEE", of.last, CHARGE, "账户管理费"));
        lines.sort_by_key(|(day, ..)| *day);

        let mut balance: i64 = before.iter().map(fen).sum();
        let mut file =
            format!("账户明细\n期初余额,{}\n记账日期,流水号,金额,余额,对方户名,摘要\n", Money::from_fen(balance));
        for (day, number, fen, who, words) in lines {
            balance += fen;
            let (amount, stands) = (Money::from_fen(fen), Money::from_fen(balance));
            file += &format!("{day},{number},{amount},{stands},{who},{words}\n");
        }
        Ok(file)
    }
}

/// The first day of the month of a day.
pub(super) fn first_of(day: BusinessDate) -> BusinessDate {
    BusinessDate::new(day.year(), day.month(), 1).unwrap_or(day)
}

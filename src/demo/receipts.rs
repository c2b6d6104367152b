//! Receipts of the invented year (facts: charity 2.9): about once a month the cashier imports the numbers that the finance bureau's system
//! gave for what donors wished; the county's those of its own charity. One receipt is voided and one reversed by a red one; both wishes are met
//! anew with the next import. Those whose name is still asked for wait.

use anyhow::ensure;
use domain::BusinessDate;
use domain::role::Role;
use serde_json::{Value, json};

use super::drive::{Driver, text};
use super::world::House;

/// On which days numbers are imported.
const IMPORT_DAYS: [usize; 10] = [3, 7, 11, 15, 19, 23, 27, 31, 35, 38];
/// On which day a receipt is voided, and on which one is reversed.
const VOID_DAY: usize = 7;
const RED_DAY: usize = 27;
/// So many lines a file has at most.
const MOST_LINES: usize = 4_000;
/// Of so many wishes in a hundred the name is not clear yet.
const IN_QUESTION: u64 = 2;
const DIGITS: &[u8] = b"0123456789";

/// 票据代码 of a charity.
fn code(house: House) -> &'static str {
    match house {
        House::Foundation => "13060126",
        House::Wuan => "13048126",
    }
}

impl Driver {
    /// What is due on a day.
    pub(super) async fn receipts(&self, day: usize) -> anyhow::Result<()> {
        if IMPORT_DAYS.contains(&day) {
            for house in [House::Foundation, House::Wuan] {
                self.take_numbers(day, house).await?;
            }
        }
        match day {
            VOID_DAY => {
                let why = json!({ "reason": "抬头录入有误，作废后重新开具" });
                self.end_newest(("voided", "void"), &why).await
            }
            RED_DAY => {
                let number = self.world().seed.word("red receipt", 10, DIGITS);
                let red = json!({ "code": code(House::Foundation), "number": number, "reason": "捐赠人要求改开单位抬头，开具红字票据" });
                self.end_newest(("reversed", "reversal"), &red).await
            }
            _ => Ok(()),
        }
    }

    async fn take_numbers(&self, day: usize, house: House) -> anyhow::Result<()> {
        let today = self.world().days[day].date();
        let cashier = self.officer_named(house.member(Role::Cashier)).await?;
        let wishes = self.wishes(&cashier).await?;
        let lines: Vec<String> = wishes.iter().filter_map(|wish| self.number(wish, house, today)).collect();
        for lines in lines.chunks(MOST_LINES) {
            let file = format!("订单号,票据代码,票据号码,校验码,开票日期,金额\n{}\n", lines.join("\n"));
            let taken = self.api().post("/staff/receipts/import", Some(&cashier), &json!({ "csv": file })).await?;
            let faulty = &taken["faulty"];
            ensure!(faulty.as_array().is_none_or(Vec::is_empty), "numbers of receipts were not taken: {faulty}");
        }
        Ok(())
    }

    /// What waits for a number.
    async fn wishes(&self, cashier: &str) -> anyhow::Result<Vec<Value>> {
        let (mut wishes, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/staff/receipts/wishes?limit=100{after}");
            let page = self.api().get(&path, Some(cashier)).await?;
            wishes.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(wishes),
            }
        }
    }

    /// The line that answers a wish; none if its name is in question or another charity has to give it.
    fn number(&self, wish: &Value, house: House, today: BusinessDate) -> Option<String> {
        let (order, seed) = (text(&wish["out_trade_no"]), self.world().seed);
        let clear = !seed.branch("receipt in question").dice(order, 0).percent(IN_QUESTION);
        // Given anew on another day, it is another number.
        let given = format!("receipt {order} {today}");
        let (number, check) = (seed.word(&given, 10, DIGITS), seed.word(&given, 6, b"0123456789abcdef"));
        let amount = text(&wish["amount"]);
        let ours = wish["entity"] == house.name();
        (clear && ours).then(|| format!("{order},{},{number},{check},{today},{amount}", code(house)))
    }

    /// Ends the newest receipt so, unless one was ended so before.
    async fn end_newest(&self, (state, step): (&str, &str), body: &Value) -> anyhow::Result<()> {
        let cashier = self.officer_named(House::Foundation.member(Role::Cashier)).await?;
        let newest = async |state: &str| {
            // Those of the county's charity are seen from above, and ended by its own cashier.
            let page = self.api().get(&format!("/staff/receipts?state={state}&limit=100"), Some(&cashier)).await?;
            let ours =
                page["items"].as_array().into_iter().flatten().find(|one| one["code"] == code(House::Foundation));
            anyhow::Ok(ours.cloned().unwrap_or_default())
        };
        if newest(state).await?.is_null() {
            let receipt = newest("issued").await?;
            if !receipt.is_null() {
                let path = format!("/staff/receipts/{}/{step}", text(&receipt["id"]));
                self.api().post(&path, Some(&cashier), body).await?;
            }
        }
        Ok(())
    }
}

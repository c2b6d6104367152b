//! Lists of gifts that came outside of the mini-program (facts: charity 3.3): by bank or in cash, or through a designated platform. CSV in UTF-8
//! or XLSX of up to five thousand lines, looked at line by line; a dry run writes nothing. A second person posts the list. Nobody is thanked,
//! nothing is sent: a list has no other effect than its gifts and their entries.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use crowdfunding::{CrowdfundingError, Decision, ListGift, ListPlace, NewList};
use domain::anonymity::Anonymity;
use domain::bank::ListState;
use domain::donation::{Purpose, ReceiptChoice};
use domain::role::{Member, Role};
use domain::{BusinessDate, Clock, DonationId, GiftListId, Money, Timestamp};
use entity::{Db, Tx, donation, gift_list};
use sea_orm::DbErr;
use serde_json::json;
use uuid::Uuid;

use crate::bank::Problem;
use crate::bank::statement::amount;
use crate::giving::credit_code;
use crate::sheet::{self, Cell, Encoding};
use crate::trail::{self, Line};
use crate::vault::Vault;

/// The longest list.
const LINES: usize = 5_000;
/// The largest file.
const BYTES: usize = 4 << 20;
/// The columns, as the first line names them. The first two must be there.
const COLUMNS: [&str; 8] = ["日期", "金额", "捐赠人", "单位捐赠", "编号", "票据", "实名公开", "统一社会信用代码"];
const NEEDED: usize = 2;
const DAY: usize = 0;
const AMOUNT: usize = 1;
const NAME: usize = 2;
const ORGANISATION: usize = 3;
const NUMBER: usize = 4;
const RECEIPT: usize = 5;
const SHOWN: usize = 6;
const CODE: usize = 7;

/// A list that somebody brings.
#[derive(Clone, Debug)]
pub struct List {
    /// Made by the client.
    pub id: GiftListId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where the money went.
    pub place: ListPlace,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What is in a list, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct ListReport {
    /// How many gifts can be read.
    pub lines: u64,
    /// What they add up to.
    pub total: Money,
    /// What refuses the list.
    pub problems: Vec<Problem>,
    /// What somebody should look at before it is written.
    pub warnings: Vec<Problem>,
    /// The list, if it was written.
    pub list: Option<gift_list::Model>,
}

/// A line that could be read.
struct Read {
    line: u64,
    day: BusinessDate,
    amount: Money,
    name: Option<String>,
    organisation: bool,
    code: Option<String>,
    number: Option<String>,
    receipt: ReceiptChoice,
    shown: bool,
}

/// The lists of the program.
#[derive(Clone, Debug)]
pub struct GiftLists {
    db: Db,
    clock: Clock,
    vault: Vault,
}

impl GiftLists {
    pub(crate) fn new(db: Db, clock: Clock, vault: Vault) -> GiftLists {
        GiftLists { db, clock, vault }
    }

    /// Looks at a list and, with `write`, writes it down for another person to post. The same list under the same id again is the list that
    /// stands; under another id it is refused.
    pub async fn bring(
        &self,
        list: List,
        write: bool,
        despite_warnings: bool,
        by: &Member,
    ) -> Result<ListReport, CrowdfundingError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        named(&list.place)?;
        let target = crowdfunding::may_list(&tx, list.purpose, &list.place, by).await?;
        let sha256 = digest(&SHA256, &list.bytes).as_ref().to_vec();
        let (lines, problems) = read(&list.bytes, BusinessDate::of(now));
        let mut report = ListReport {
            lines: lines.len() as u64,
            total: Money::checked_sum(lines.iter().map(|line| line.amount)).unwrap_or(Money::MAX),
            problems,
            ..ListReport::default()
        };
        if let Some(known) = crowdfunding::gift_list(&tx, list.id).await? {
            let same = (&known.sha256, known.purpose(), known.author_id) == (&sha256, list.purpose, by.id);
            if !same || ListPlace::of(&known.place) != list.place {
                return Err(CrowdfundingError::IdReused);
            }
            report.list = Some(known);
            return Ok(report);
        }
        if crowdfunding::list_of_file(&tx, list.purpose, &sha256).await?.is_some() {
            report.problems.push(Problem::whole("这份清单已经导入过"));
        }
        let gifts: Vec<ListGift> = lines.iter().map(|line| self.gift(&list, line)).collect();
        let (numbers, contents) = crowdfunding::known_gifts(&tx, list.purpose, &list.place, &gifts).await?;
        let mut seen: HashMap<&[u8], u64> = HashMap::new();
        let what = match list.purpose {
            Purpose::Campaign(_) => "项目开始募捐之日",
            Purpose::General(_) => "该账套启用的年度",
        };
        for (line, gift) in lines.iter().zip(&gifts) {
            if gift.received_on < target.from {
                report.problems.push(Problem::at(line.line, format!("日期早于{what}{}", target.from)));
            }
            if numbers.contains(&gift.reference) {
                report.problems.push(Problem::at(line.line, "该编号已登记过"));
            } else if contents.contains(&gift.content) {
                report.warnings.push(Problem::at(line.line, "已有同日、同额、同名的捐赠，请确认不是重复"));
            }
            if let Some(first) = seen.insert(&gift.content, line.line) {
                report.warnings.push(Problem::at(line.line, format!("与第{first}行同日、同额、同名，请确认不是重复")));
            }
        }
        report.problems.sort_by_key(|problem| problem.line);
        report.warnings.sort_by_key(|problem| problem.line);
        if !write || !report.problems.is_empty() || (!despite_warnings && !report.warnings.is_empty()) {
            return Ok(report);
        }
        let new = NewList { id: list.id, purpose: list.purpose, place: list.place, sha256, gifts };
        let row = crowdfunding::write_list(&tx, now, new, by).await?;
        self.trail(&tx, now, &row, "gift_list.write", by).await?;
        tx.commit().await?;
        report.list = Some(row);
        Ok(report)
    }

    fn gift(&self, list: &List, line: &Read) -> ListGift {
        let id: DonationId = Uuid::new_v5(&list.id.uuid(), format!("gift:{}", line.line).as_bytes()).into();
        let said = json!([line.day, line.amount.fen(), line.name, line.organisation]);
        let name = line.name.as_deref();
        ListGift {
            id,
            amount: line.amount,
            // Without a number it is known by its list and line.
            reference: line.number.clone().unwrap_or_else(|| format!("{}-{}", list.id.simple(), line.line)),
            received_on: line.day,
            counterparty: name.filter(|_| line.organisation).map(str::to_owned),
            payer_code: line.code.clone(),
            name_sealed: name
                .filter(|_| !line.organisation)
                .map(|name| self.vault.seal_own(&crate::giving::house_name(id), name.as_bytes())),
            anonymity: if line.shown { Anonymity::Name } else { Anonymity::Hidden },
            receipt: line.receipt,
            content: self.vault.lookup(&said.to_string()),
        }
    }

    /// Posts a list, or declines it: the second person.
    pub async fn decide(
        &self,
        id: GiftListId,
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<gift_list::Model, CrowdfundingError> {
        let decision = decision.into();
        let agree = decision.agrees();
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::decide_list(&tx, now, id, agree, by).await?;
        self.trail(&tx, now, &row, if agree { "gift_list.post" } else { "gift_list.decline" }, by).await?;
        trail::because(&tx, now, format!("gift_list:{id}"), decision.reason(), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A list where somebody has one of these roles.
    pub async fn get(
        &self,
        id: GiftListId,
        (by, roles): (&Member, &[Role]),
    ) -> Result<gift_list::Model, CrowdfundingError> {
        by.must_be(roles)?;
        let db = self.db.read();
        let row = crowdfunding::gift_list(db, id).await?.ok_or(CrowdfundingError::NoSuchDonation)?;
        crowdfunding::reaches(db, row.purpose(), by, roles).await?;
        Ok(row)
    }

    /// The first gifts of a list that was read through [`GiftLists::get`], by day.
    pub async fn gifts(
        &self,
        list: &gift_list::Model,
        skip: u64,
        limit: u64,
    ) -> Result<Vec<donation::Model>, CrowdfundingError> {
        Ok(crowdfunding::gifts_of_list(self.db.read(), list.id, skip, limit).await?)
    }

    /// A page of the lists where somebody has one of these roles, newest first.
    pub async fn page(
        &self,
        whose: (&Member, &[Role]),
        state: Option<ListState>,
        after: Option<GiftListId>,
        limit: u64,
    ) -> Result<Vec<gift_list::Model>, CrowdfundingError> {
        crowdfunding::gift_lists(self.db.read(), whose, state, after, limit).await
    }

    async fn trail(
        &self,
        tx: &Tx,
        now: Timestamp,
        row: &gift_list::Model,
        action: &'static str,
        by: &Member,
    ) -> Result<(), DbErr> {
        let (actor, object) = (trail::staff(by.id), format!("gift_list:{}", row.id));
        let detail = json!({ "lines": row.lines, "total": row.total_fen, "state": row.state });
        trail::record(tx, now, Line { actor, action, object, origin: by.origin.clone(), detail }).await
    }
}

/// Refuses a place without a proper name.
fn named(place: &ListPlace) -> Result<(), CrowdfundingError> {
    let fits = |name: &str| {
        (1..=40).contains(&name.trim().chars().count())
            && !name.contains(|c: char| c.is_control() || "[],=".contains(c))
    };
    match place {
        ListPlace::Cash => Ok(()),
        ListPlace::Bank(name) | ListPlace::Platform(name) if fits(name) => Ok(()),
        ListPlace::Bank(_) | ListPlace::Platform(_) => Err(CrowdfundingError::Invalid {
            field: "name",
            problem: "请填写银行账户简称或平台名称，最多40字",
        }),
    }
}

/// The lines of a list, and everything that is wrong with it in itself.
fn read(bytes: &[u8], today: BusinessDate) -> (Vec<Read>, Vec<Problem>) {
    if bytes.len() > BYTES {
        return (Vec::new(), vec![Problem::whole("文件过大，最多4MB")]);
    }
    let sheet = match sheet::read(bytes, Encoding::Utf8) {
        Ok(sheet) => sheet,
        Err(words) => return (Vec::new(), vec![Problem::whole(words)]),
    };
    let mut rows = sheet.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.text().is_empty()));
    let Some((_, header)) = rows.next() else { return (Vec::new(), vec![Problem::whole("文件是空的")]) };
    let places: Vec<Option<usize>> =
        COLUMNS.iter().map(|name| header.iter().position(|cell| cell.text() == *name)).collect();
    if let Some(missing) = (0..NEEDED).find(|column| places[*column].is_none()) {
        return (Vec::new(), vec![Problem::whole(format!("首行缺少“{}”一列", COLUMNS[missing]))]);
    }
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    let mut numbers: HashMap<String, u64> = HashMap::new();
    for (number, cells) in rows {
        if lines.len() > LINES || problems.len() > LINES {
            break;
        }
        let cell = |column: usize| places[column].and_then(|place| cells.get(place)).map_or("", Cell::text);
        let mut found = Vec::new();
        let mut wrong =
            |column: usize, words: &str| found.push(Problem::at(number, format!("“{}”{words}", COLUMNS[column])));
        let day = cell(DAY).parse::<BusinessDate>().ok();
        match day {
            None => wrong(DAY, "的格式为2026-03-01"),
            Some(day) if day > today => wrong(DAY, "不能晚于今天"),
            Some(_) => {}
        }
        let amount = amount(cell(AMOUNT)).filter(|amount| amount.is_positive());
        if amount.is_none() {
            wrong(AMOUNT, "须为大于零、最多两位小数的数字");
        }
        let name = Some(cell(NAME)).filter(|name| !name.is_empty()).map(str::to_owned);
        if name.as_ref().is_some_and(|name| name.chars().count() > 100) {
            wrong(NAME, "最多100字");
        }
        let mut yes = |column: usize| match cell(column) {
            "" | "否" => false,
            "是" => true,
            _ => {
                wrong(column, "请填写“是”或“否”");
                false
            }
        };
        let (organisation, shown) = (yes(ORGANISATION), yes(SHOWN));
        let receipt = match cell(RECEIPT) {
            "" | "放弃" => ReceiptChoice::Waived,
            "需要" => ReceiptChoice::Requested,
            _ => {
                wrong(RECEIPT, "请填写“需要”或“放弃”");
                ReceiptChoice::Waived
            }
        };
        let code = credit_code(Some(cell(CODE))).unwrap_or_else(|words| {
            wrong(CODE, &format!("：{words}"));
            None
        });
        if code.is_some() && !organisation {
            wrong(CODE, "只有单位捐赠才填写");
        }
        if name.is_none() && (organisation || shown || receipt == ReceiptChoice::Requested) {
            wrong(NAME, "未填写");
        }
        let reference = Some(cell(NUMBER)).filter(|number| !number.is_empty()).map(str::to_owned);
        let rounded = places[NUMBER].and_then(|place| cells.get(place));
        if rounded.is_some_and(|cell| matches!(cell, Cell::Number(digits) if digits.len() > 15)) {
            wrong(NUMBER, "须以文本格式填写，数字格式会丢失末几位");
        }
        if let Some(reference) = &reference {
            if reference.chars().count() > 64 {
                wrong(NUMBER, "最多64字");
            }
            if let Some(first) = numbers.insert(reference.clone(), number) {
                wrong(NUMBER, &format!("与第{first}行重复"));
            }
        }
        if let (Some(day), Some(amount), true) = (day, amount, found.is_empty()) {
            lines.push(Read { line: number, day, amount, name, organisation, code, number: reference, receipt, shown });
        }
        problems.append(&mut found);
    }
    if lines.len() > LINES {
        problems.push(Problem::whole("一份清单最多5000行"));
    } else if lines.is_empty() && problems.is_empty() {
        problems.push(Problem::whole("清单没有内容"));
    }
    (lines, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_with_its_line() {
        let list = "日期,金额,捐赠人,单位捐赠,编号,票据,实名公开\n\
                    2026-03-01,\"1,000.00\",示例公司,是,A-1,需要,是\n\
                    2026-03-02,0,,,A-1,也许,\n\
                    2027-01-01,1.001,,是,,,\n\
                    2026-03-03,5,,,,,\n";
        let (lines, problems) = read(list.as_bytes(), "2026-12-31".parse().unwrap());
        assert_eq!(lines.iter().map(|line| line.line).collect::<Vec<_>>(), [2, 5]);
        let of = |line: u64| problems.iter().filter(|one| one.line == line).count();
        assert_eq!((of(3), of(4)), (3, 3), "{problems:?}");
        let (_, problems) = read("姓名,金额\n".as_bytes(), "2026-12-31".parse().unwrap());
        assert!(problems[0].words.contains("日期"));
    }
}

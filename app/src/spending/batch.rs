//! Lists of payments, as a county sends them: CSV or XLSX of up to five thousand lines, read, looked at line by line, and written as one
//! disbursement in one transaction.
//!
//! A dry run says everything that is wrong at once and writes nothing, and looks at the purpose, the budget line and the fund as the paper's way
//! to its last approval will. Errors refuse the list; warnings want a second look and are passed with a word. The ids of payees and payouts follow from the id of the paper and the line, so the same list again is the same paper. Costs: a dozen
//! statements however many lines, and two ciphers a line.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use crowdfunding::spending::{self, Before, NewPayout, Room, SpendingError};
use domain::disbursement::DisbursementKind;
use domain::role::Member;
use domain::{CampaignId, DisbursementId, Money, PayeeId};
use entity::{campaign, disbursement, payee};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::payees::{PlainAccount, PlainPayee, bank_problem, compared, name_problem, number_problem};
use super::{Draft, SpendError, Spending};
use crate::sheet::{self, Cell, Encoding, Sheet};

/// The longest list.
const LINES: usize = 5_000;
/// The largest file.
const BYTES: usize = 4 << 20;

/// The line that names the columns.
pub const HEADER: u64 = 1;
/// The columns, as the first line names them. The first [`NEEDED`] must be there.
pub const COLUMNS: [&str; 11] = [
    "收款人户名",
    "收款人账号",
    "开户银行",
    "金额",
    "受益人",
    "关系",
    "未成年人",
    "行政区划代码",
    "联系电话",
    "用途",
    "关联关系",
];
/// How many of the columns must be there.
pub const NEEDED: usize = 4;
const NAME: usize = 0;
const ACCOUNT: usize = 1;
const BANK: usize = 2;
const AMOUNT: usize = 3;
const BENEFICIARY: usize = 4;
const RELATION: usize = 5;
const MINOR: usize = 6;
const DIVISION: usize = 7;
const PHONE: usize = 8;
/// One paper has one purpose, which the public reads: a line that names another is in the wrong list.
const PURPOSE: usize = 9;
/// How the payee or beneficiary is close to a manager or a donor; empty if they are not.
const RELATED: usize = 10;
/// What is said about a list as a whole and not about one of its columns.
const BUDGET_LINE: &str = "预算科目";

/// A list to be paid.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Made by the client.
    pub id: DisbursementId,
    /// Whose money.
    pub campaign: CampaignId,
    /// The code of the budget line.
    pub line: String,
    /// What for; the public reads it.
    pub purpose: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The list is refused.
    Error,
    /// Somebody should look.
    Warning,
}

/// Something found in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line in the file, the header being 1; 0 for the list as a whole.
    pub line: u64,
    /// The column.
    pub column: &'static str,
    /// How grave.
    pub weight: Weight,
    /// In Chinese, for whoever made the list.
    pub problem: String,
}

/// What was found in a list, and what came of it.
#[derive(Clone, Debug)]
pub struct BatchReport {
    /// How many payments.
    pub lines: u64,
    /// What the readable amounts add up to.
    pub total: Money,
    /// How many payees are known already.
    pub known: u64,
    /// Everything found, by line.
    pub findings: Vec<Finding>,
    /// The paper, if it was written.
    pub paper: Option<disbursement::Model>,
}

/// A line that could be read.
struct Line {
    number: u64,
    name: String,
    account: String,
    bank: String,
    amount: Money,
    beneficiary: Option<(String, String)>,
    minor: bool,
    division: Option<String>,
    phone: Option<String>,
    related: Option<String>,
}

fn whole(problem: impl Into<String>) -> Finding {
    Finding { line: 0, column: "", weight: Weight::Error, problem: problem.into() }
}

fn read(bytes: &[u8]) -> Result<Sheet, Finding> {
    if bytes.len() > BYTES {
        return Err(whole("文件过大，最多4MB"));
    }
    sheet::read(bytes, Encoding::Utf8).map_err(whole)
}

/// The lines of a list for a purpose, and everything that is wrong with it in itself.
fn lines(bytes: &[u8], purpose: &str) -> (Vec<Line>, Vec<Finding>) {
    let mut sheet = match read(bytes) {
        Ok(sheet) => sheet.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.text().is_empty())),
        Err(finding) => return (Vec::new(), vec![finding]),
    };
    let Some((_, header)) = sheet.next() else { return (Vec::new(), vec![whole("文件是空的")]) };
    let place = |name: &str| header.iter().position(|cell| cell.text() == name);
    let places: Vec<Option<usize>> = COLUMNS.iter().map(|name| place(name)).collect();
    let missing = COLUMNS[..NEEDED].iter().zip(&places).filter(|(_, place)| place.is_none());
    let missing: Vec<Finding> = missing
        .map(|(column, _)| Finding { line: HEADER, column, ..whole(format!("首行缺少“{column}”一列")) })
        .collect();
    if !missing.is_empty() {
        return (Vec::new(), missing);
    }
    let mut findings = Vec::new();
    if let Some(problem) = spending::purpose_problem(purpose) {
        findings.push(Finding { column: COLUMNS[PURPOSE], ..whole(problem) });
    }
    let mut lines = Vec::new();
    for (number, cells) in sheet {
        if lines.len() + findings.len() > LINES * 4 || lines.len() > LINES {
            break;
        }
        let cell = |column: usize| places[column].and_then(|place| cells.get(place)).map_or("", Cell::text);
        let before = findings.len();
        let mut wrong = |column: usize, problem: &str| {
            let (column, problem) = (COLUMNS[column], problem.to_owned());
            findings.push(Finding { line: number, column, weight: Weight::Error, problem });
        };
        if let Some(problem) = name_problem(cell(NAME)) {
            wrong(NAME, problem);
        }
        let account: String = cell(ACCOUNT).chars().filter(|c| !c.is_whitespace()).collect();
        let rounded = matches!(places[ACCOUNT].and_then(|place| cells.get(place)), Some(Cell::Number(_)));
        if rounded {
            wrong(ACCOUNT, "账号须以文本格式填写，数字格式会丢失末几位");
        } else if let Some(problem) = number_problem(&account) {
            wrong(ACCOUNT, problem);
        }
        if let Some(problem) = bank_problem(cell(BANK)) {
            wrong(BANK, problem);
        }
        let amount = cell(AMOUNT).parse::<Money>().ok().filter(|amount| amount.is_positive());
        if amount.is_none() {
            wrong(AMOUNT, "金额须为大于零、最多两位小数的数字");
        }
        let beneficiary = match (cell(BENEFICIARY), cell(RELATION)) {
            ("", "") => None,
            ("", _) => {
                wrong(BENEFICIARY, "填写了关系，但没有受益人");
                None
            }
            (name, relation) => {
                if let Some(problem) = name_problem(name) {
                    wrong(BENEFICIARY, problem);
                }
                if !(1..=20).contains(&relation.chars().count()) {
                    wrong(RELATION, "请填写收款人与受益人的关系，最多20字");
                }
                Some((name.to_owned(), relation.to_owned()))
            }
        };
        let minor = match cell(MINOR) {
            "" | "否" => false,
            "是" => true,
            _ => {
                wrong(MINOR, "请填写“是”或“否”");
                false
            }
        };
        let division = Some(cell(DIVISION)).filter(|code| !code.is_empty());
        if division.is_some_and(|code| code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit())) {
            wrong(DIVISION, "行政区划代码为6位数字");
        }
        let phone = Some(cell(PHONE)).filter(|phone| !phone.is_empty());
        let dialled =
            |phone: &str| phone.bytes().all(|b| b.is_ascii_digit() || b == b'-') && (5..=20).contains(&phone.len());
        if phone.is_some_and(|phone| !dialled(phone)) {
            wrong(PHONE, "请填写正确的电话号码");
        }
        if !["", purpose.trim()].contains(&cell(PURPOSE)) {
            wrong(PURPOSE, &format!("与本次支出的用途“{}”不一致，请另做一份名单", purpose.trim()));
        }
        let related = Some(cell(RELATED)).filter(|note| !note.is_empty());
        if related.is_some_and(|note| note.chars().count() > 200) {
            wrong(RELATED, "请说明关联关系，最多200字");
        }
        if let (Some(amount), true) = (amount, findings.len() == before) {
            lines.push(Line {
                number,
                name: cell(NAME).to_owned(),
                account,
                bank: cell(BANK).to_owned(),
                amount,
                beneficiary,
                minor,
                division: division.map(str::to_owned),
                phone: phone.map(str::to_owned),
                related: related.map(str::to_owned),
            });
        }
    }
    if lines.len() > LINES {
        findings.push(whole("一份名单最多5000行"));
    } else if lines.is_empty() && findings.iter().all(|finding| finding.line == 0) {
        findings.push(whole("名单没有内容"));
    }
    twice(&lines, &mut findings);
    (lines, findings)
}

/// The same account twice is an error, the same beneficiary by name worth a look.
fn twice(lines: &[Line], findings: &mut Vec<Finding>) {
    let (mut accounts, mut names): (HashMap<&str, u64>, HashMap<String, u64>) = (HashMap::new(), HashMap::new());
    for line in lines {
        if let Some(first) = accounts.insert(&line.account, line.number) {
            let problem = format!("账号与第{first}行重复");
            findings.push(Finding { line: line.number, column: COLUMNS[ACCOUNT], weight: Weight::Error, problem });
        }
        let (column, name) = match &line.beneficiary {
            Some((name, _)) => (BENEFICIARY, name),
            None => (NAME, &line.name),
        };
        if let Some(first) = names.insert(compared(name), line.number) {
            let problem = format!("姓名与第{first}行相同，请确认不是同一人");
            findings.push(Finding { line: line.number, column: COLUMNS[column], weight: Weight::Warning, problem });
        }
    }
}

/// What of the money stands against a list of this total. The budget line refuses it when it is handed in; the fund when it is approved, until
/// when gifts may come, and so may the day on which the campaign spends.
fn short(room: &Room, total: Money) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |column, weight, problem: String| findings.push(Finding { line: 0, column, weight, problem });
    match room.line {
        None => say(BUDGET_LINE, Weight::Error, "该项目没有这个预算科目".to_owned()),
        Some(left) if left < total => {
            say(BUDGET_LINE, Weight::Error, format!("预算科目余额不足：目前可用{left}元，名单合计{total}元"));
        }
        Some(_) => {}
    }
    match &room.closed {
        Some(parent @ SpendingError::ParentCampaign) => say("", Weight::Error, words(parent)),
        Some(closed) => say("", Weight::Warning, words(closed)),
        None if room.fund < total => {
            let problem = format!("项目可用资金不足：目前可用{}元，名单合计{total}元，到账前不能通过审批", room.fund);
            say(COLUMNS[AMOUNT], Weight::Warning, problem);
        }
        None => {}
    }
    findings
}

/// How far another paper has come, as a finding says it.
fn far(before: Before) -> &'static str {
    match before {
        Before::Drafted => "已列入另一份草稿（尚未提交）",
        Before::Asked => "已列入另一份在办的支出申请（尚未付款）",
        Before::Paid => "已经付过款",
    }
}

impl Line {
    /// For whom it is, by name.
    fn whose(&self) -> &str {
        self.beneficiary.as_ref().map_or(&self.name, |(name, _)| name)
    }
}

/// Why a campaign cannot spend, as a finding says it.
fn words(closed: &SpendingError) -> String {
    match closed {
        SpendingError::ParentCampaign => "母项目不持有资金，请在其子项目下申请".to_owned(),
        SpendingError::Frozen => "该项目资金已冻结，目前不能支出".to_owned(),
        _ => "该项目目前不能支出".to_owned(),
    }
}

impl Spending {
    /// Looks at a list and, if it is asked for and nothing stands against it, writes it as one draft with its payees. The same list again is the
    /// draft that stands.
    pub async fn batch(
        &self,
        batch: Batch,
        write: bool,
        despite_warnings: bool,
        by: &Member,
    ) -> Result<BatchReport, SpendError> {
        by.must_be(&spending::AUTHORS).map_err(SpendingError::from)?;
        let tx = self.db.begin().await?;
        let campaign = campaign::Entity::find_by_id(batch.campaign).one(&tx).await?;
        let campaign = campaign.ok_or(SpendingError::NoSuchCampaign)?;
        by.acts(&spending::AUTHORS, campaign.book_id, &campaign.unit_path).map_err(SpendingError::from)?;
        let (lines, mut findings) = lines(&batch.bytes, &batch.purpose);
        let total = Money::checked_sum(lines.iter().map(|line| line.amount)).unwrap_or(Money::MAX);
        if !spending::stands(&tx, batch.id).await? {
            findings.extend(short(&spending::room(&tx, &campaign, &batch.line).await?, total));
        }
        let file_hash = digest(&SHA256, &batch.bytes).as_ref().to_vec();
        let earlier = spending::of_list(&tx, batch.campaign, &file_hash).await?.filter(|paper| *paper != batch.id);
        if earlier.is_some() {
            findings.push(whole("这份名单已经提交过"));
        }
        let accounts = lines.iter().map(|line| self.account_hmac(&line.account));
        let known = spending::same_account(&tx, campaign.book_id, accounts).await?;
        let mut by_account: HashMap<&[u8], Vec<&payee::Model>> = HashMap::new();
        for payee in &known {
            by_account.entry(payee.account_hmac.as_deref().unwrap_or_default()).or_default().push(payee);
        }
        let paid = spending::paid_before(&tx, batch.campaign, batch.id, known.iter().map(|payee| payee.id)).await?;
        let names = lines.iter().map(|line| self.name_hmac(&line.name));
        let named = spending::names_with_accounts(&tx, campaign.book_id, names).await?;
        let accounts = lines.iter().map(|line| self.account_hmac(&line.account));
        let forgotten = spending::forgotten_accounts(&tx, campaign.book_id, accounts).await?;
        let whose = lines.iter().map(|line| self.name_hmac(line.whose()));
        let meant = spending::names_before(&tx, batch.campaign, batch.id, whose).await?;
        let mut close: Vec<(&payee::Model, &str)> = Vec::new();
        let mut payouts = Vec::with_capacity(lines.len());
        let mut people = Vec::new();
        let mut met = 0;
        for line in &lines {
            let (account, name) = (self.account_hmac(&line.account), self.name_hmac(&line.name));
            let same = by_account.get(account.as_slice()).map(Vec::as_slice).unwrap_or_default();
            // A child who was once written down without the mark, and again with it, is the one with it.
            let child = line.minor && line.beneficiary.is_none();
            let mut named_so = same.iter().copied().filter(|payee| payee.name_hmac == name);
            let found = named_so.clone().find(|payee| payee.minor == child).or_else(|| named_so.next());
            let payee = found.map(|payee| payee.id);
            if payee.is_none() && !same.is_empty() {
                let problem = "该账号已登记在另一户名下".to_owned();
                findings.push(Finding { line: line.number, column: COLUMNS[ACCOUNT], weight: Weight::Error, problem });
            }
            let mut say = |column: usize, weight, problem: String| {
                findings.push(Finding { line: line.number, column: COLUMNS[column], weight, problem });
            };
            if payee.is_none() && same.is_empty() && named.contains(&name) {
                let problem = "该户名已登记过其他账号，新账号须由另一人核实，或过了观察期，才能付款";
                say(ACCOUNT, Weight::Warning, problem.to_owned());
            }
            // An old list knows who wished to be forgotten, and would write them down anew.
            if payee.is_none() && same.is_empty() && forgotten.contains(&account) {
                say(NAME, Weight::Warning, "该账号的收款人已要求删除个人信息，再次登记前请取得本人同意".to_owned());
            }
            let again = payee.and_then(|payee| paid.get(&payee));
            if let Some(before) = again {
                say(NAME, Weight::Warning, format!("该收款人在本项目中{}，请确认不是重复", far(*before)));
            }
            // The same person may be paid through another account, or another guardian.
            let meant =
                meant.get(&self.name_hmac(line.whose())).filter(|_| line.beneficiary.is_some() || again.is_none());
            if let Some(before) = meant {
                let column = if line.beneficiary.is_some() { BENEFICIARY } else { NAME };
                say(column, Weight::Warning, format!("本项目中同名的受益人{}，请确认不是同一人重复受助", far(*before)));
            }
            if child && found.is_some_and(|payee| !payee.minor) {
                say(MINOR, Weight::Error, "该收款人登记时未标为未成年人，请核对后另行登记".to_owned());
            }
            if line.related.is_some() {
                say(RELATED, Weight::Warning, "声明了关联关系的人登记后不能领款，提交前须从申请中去掉".to_owned());
            }
            let derived = |what: &str| Uuid::new_v5(&batch.id.uuid(), format!("{what}:{}", line.number).as_bytes());
            let beneficiary: Option<PayeeId> = line.beneficiary.as_ref().map(|_| derived("beneficiary").into());
            met += u64::from(payee.is_some());
            let plain = |id: PayeeId, part, name: &str, whole: bool| PlainPayee {
                id,
                campaign: batch.campaign,
                kind: "person",
                part,
                minor: line.minor && part == "beneficiary",
                division: line.division.clone(),
                staff: None,
                related: line.related.clone(),
                name: name.to_owned(),
                phone: line.phone.clone().filter(|_| whole),
                account: whole.then(|| PlainAccount { number: line.account.clone(), bank: line.bank.clone() }),
            };
            let id = payee.unwrap_or_else(|| derived("payee").into());
            if let (Some(payee), Some(note)) = (found.filter(|payee| !payee.related), &line.related) {
                close.push((payee, note.as_str()));
            }
            if payee.is_none() {
                let part = if beneficiary.is_some() { "guardian" } else { "beneficiary" };
                people.push(plain(id, part, &line.name, true));
            }
            if let (Some(id), Some((name, _))) = (beneficiary, &line.beneficiary) {
                people.push(plain(id, "beneficiary", name, false));
            }
            payouts.push(NewPayout {
                id: derived("payout").into(),
                payee: id,
                beneficiary,
                relation: line.beneficiary.as_ref().map(|(_, relation)| relation.clone()),
                amount: line.amount,
            });
        }
        findings.sort_by_key(|finding| finding.line);
        let mut report = BatchReport { lines: lines.len() as u64, total, known: met, findings, paper: None };
        let stands = |finding: &Finding| finding.weight == Weight::Error || !despite_warnings;
        if !write || report.findings.iter().any(stands) {
            return Ok(report);
        }
        let now = self.clock.now();
        let standing = spending::known_payees(&tx, people.iter().map(|person| person.id)).await?;
        let new: Vec<_> = people.into_iter().filter(|person| !standing.contains(&person.id)).collect();
        let sealed = new.into_iter().map(|person| self.sealed(person)).collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<PayeeId> = sealed.iter().map(|payee| payee.id).collect();
        spending::register(&tx, now, batch.campaign, sealed, by).await?;
        self.screen(&tx, now, Some(&ids), by).await?;
        // Few people are close to somebody.
        for (payee, note) in close {
            self.declare(&tx, payee, note, by).await?;
        }
        let draft = Draft {
            id: batch.id,
            campaign: batch.campaign,
            line: batch.line,
            kind: DisbursementKind::Grant,
            purpose: batch.purpose,
            payouts,
            repeat_reason: None,
        };
        let mut new = draft.digested(Some(file_hash));
        if !spending::stands(&tx, new.id).await? {
            self.seal_words_of(&tx, &mut new).await?;
        }
        let paper = spending::draft(&tx, now, new, &self.names(), by).await?;
        self.trail(&tx, &paper, "disbursement.batch", by).await?;
        tx.commit().await?;
        report.paper = Some(paper);
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let list = "收款人户名,收款人账号,开户银行,金额,受益人,关系,未成年人\n\
                    王一,6222020000000000001,示例银行,100.00,,,\n\
                    ,12,x,1.234,,监护人,也许\n\
                    王二,6222020000000000001,示例银行,1e3,,,\n\
                    王一,6222020000000000003,示例银行,5,小王,父亲,是\n";
        let (lines, findings) = super::lines(list.as_bytes(), "助学金");
        assert_eq!(lines.len(), 2);
        let of = |line: u64| findings.iter().filter(|f| f.line == line).map(|f| f.column).collect::<Vec<_>>();
        assert_eq!(of(3), ["收款人户名", "收款人账号", "开户银行", "金额", "受益人", "未成年人"]);
        assert_eq!(of(4), ["金额"]);
        assert!(of(5).is_empty(), "the beneficiary's name is compared, not the payee's");
        let (_, findings) = super::lines("姓名,金额\n".as_bytes(), "助学金");
        assert_eq!(
            findings.iter().map(|f| f.column).collect::<Vec<_>>(),
            ["收款人户名", "收款人账号", "开户银行"],
            "all that is missing"
        );
        assert!(super::lines(b"PK\x03\x04nonsense", "助学金").1[0].problem.contains("XLSX"));
    }

    #[test]
    fn a_spreadsheet_is_read_to_the_fen_and_an_account_in_a_number_is_refused() {
        let (lines, findings) = super::lines(include_bytes!("../../tests/data/payments.xlsx"), "助学金");
        let amounts: Vec<String> = lines.iter().map(|line| line.amount.to_string()).collect();
        assert_eq!(amounts, ["1834.07", "0.10"], "{findings:?}");
        assert_eq!(findings.iter().map(|f| (f.line, f.column)).collect::<Vec<_>>(), [(3, "收款人账号")]);
        assert!(lines[1].minor && lines[1].beneficiary.is_some());
    }
}

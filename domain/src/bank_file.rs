//! The file in which a bank tells what happened to its loans (facts: lending 7; docs/bank-file.md is the interface): a header, one line a
//! fact, a trailer with a digest. Reading is strict: a file is taken whole or refused with the line and the reason.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::loan::allocation::{Amounts, Component};
use crate::loan::life::Split;
use crate::loan::overdue::Class;
use crate::loan::prepayment::Mode;
use crate::{BusinessDate, Money, Rate};

/// The name of the format, and its version.
const FORMAT: (&str, &str) = ("SANGZI-LOAN", "1");
/// Longer lines are none of ours.
const LONGEST_LINE: usize = 512;

/// How much a bank tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// 日终文件: every fact of a day.
    Daily,
    /// 月度文件: every fact of a month, with the day of each.
    Monthly,
    /// 汇总文件: only what the loans add up to.
    Summary,
}

impl Pace {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Pace::Daily => "daily",
            Pace::Monthly => "monthly",
            Pace::Summary => "summary",
        }
    }
}

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 放款.
    Payout,
    /// 还款.
    Repayment,
    /// 提前还款, and what becomes of the rest.
    Prepayment(Mode),
    /// 罚息: what penalty and compound interest have come to.
    Penalty,
    /// 冲正 of another line of the bank.
    Reversal,
    /// 分类调整.
    Class,
    /// 利率调整.
    Rate(Rate),
    /// 减免.
    Waiver,
    /// 代偿.
    Compensation,
    /// 追偿.
    Recovery,
    /// 核销.
    WriteOff,
}

impl Kind {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Payout => "payout",
            Kind::Repayment => "repayment",
            Kind::Prepayment(_) => "prepayment",
            Kind::Penalty => "penalty",
            Kind::Reversal => "reversal",
            Kind::Class => "class",
            Kind::Rate(_) => "rate",
            Kind::Waiver => "waiver",
            Kind::Compensation => "compensation",
            Kind::Recovery => "recovery",
            Kind::WriteOff => "write_off",
        }
    }
}

/// A fact about one loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The line it stands in, from 1.
    pub line: u32,
    /// The bank's number of the contract.
    pub contract: String,
    /// The bank's own number of the fact, never used twice.
    pub serial: String,
    /// What it is.
    pub kind: Kind,
    /// The day it counts for.
    pub on: BusinessDate,
    /// How much.
    pub amount: Money,
    /// How the bank spread it.
    pub split: Split,
    /// Principal not repaid, after it.
    pub balance: Money,
    /// The class, after it.
    pub class: Class,
    /// The serial a reversal takes back.
    pub reverses: Option<String>,
}

/// Where one loan stands at the end of the last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line it stands in.
    pub line: u32,
    /// The bank's number of the contract.
    pub contract: String,
    /// Principal not repaid.
    pub balance: Money,
    /// Due and not paid, of every kind.
    pub arrears: Money,
    /// The class.
    pub class: Class,
}

/// What the loans of a class add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The line it stands in.
    pub line: u32,
    /// The class.
    pub class: Class,
    /// How many loans.
    pub count: u64,
    /// Principal not repaid.
    pub balance: Money,
    /// Due and not paid.
    pub arrears: Money,
}

/// A file that was read, or is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankFile {
    /// Our code of the bank.
    pub bank: String,
    /// The day it tells of, or the last one.
    pub day: BusinessDate,
    /// How much it tells.
    pub pace: Pace,
    /// One more than that of the file before it.
    pub sequence: u64,
    /// Facts.
    pub details: Vec<Detail>,
    /// Where loans stand.
    pub positions: Vec<Position>,
    /// What they add up to.
    pub totals: Vec<Total>,
}

/// Why a file was refused, in Chinese, for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("第 {line} 行：{problem}")]
pub struct BankFileError {
    /// Where, from 1.
    pub line: u32,
    /// What.
    pub problem: String,
}

/// The digest of everything before the trailer: SHA-256 in lower-case hexadecimal.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The word of a class, in the file and in the database.
pub fn class_of(class: Class) -> &'static str {
    match class {
        Class::Normal => "normal",
        Class::SpecialMention => "special_mention",
        Class::Substandard => "substandard",
        Class::Doubtful => "doubtful",
        Class::Loss => "loss",
    }
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Full => "full",
        Mode::ReduceInstalment => "reduce_installment",
        Mode::ShortenTerm => "shorten_term",
    }
}

impl BankFile {
    /// How many lines there are between header and trailer.
    pub fn count(&self) -> usize {
        self.details.len() + self.positions.len() + self.totals.len()
    }

    /// What its facts add up to.
    pub fn sum(&self) -> Option<Money> {
        Money::checked_sum(self.details.iter().map(|one| one.amount))
    }

    /// Reads a file whole, or says why not.
    pub fn parse(bytes: &[u8]) -> Result<BankFile, BankFileError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            refused(line, "文件不是 UTF-8 编码")
        })?;
        let mut at = 0;
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let Some(content) = line.strip_suffix('\n') else {
                return Err(refused(number, "最后一行没有换行符，文件可能不完整"));
            };
            if content.len() > LONGEST_LINE {
                return Err(refused(number, "行过长"));
            }
            if content.contains('\r') {
                return Err(refused(number, "每行以换行符结束，不要回车"));
            }
            if reader.closed {
                return Err(refused(number, "结尾行之后还有内容"));
            }
            reader.line = number;
            reader.take(content, &text.as_bytes()[..at])?;
            at += line.len();
        }
        match (reader.file, reader.closed) {
            (Some((file, ..)), true) => Ok(file),
            _ => Err(refused(reader.line + 1, "文件没有结尾行，可能不完整")),
        }
    }
}

fn refused(line: usize, problem: impl Into<String>) -> BankFileError {
    BankFileError { line: u32::try_from(line).unwrap_or(u32::MAX), problem: problem.into() }
}

#[derive(Default)]
struct Reader {
    line: usize,
    /// The file, and what its header promises.
    file: Option<(BankFile, usize, Money)>,
    serials: std::collections::HashSet<String>,
    closed: bool,
}

impl Reader {
    fn take(&mut self, content: &str, before: &[u8]) -> Result<(), BankFileError> {
        let cells: Vec<&str> = content.split('|').collect();
        let no = |problem: &str| refused(self.line, problem);
        let Some((file, ..)) = &mut self.file else {
            return self.header(&cells);
        };
        let row = Row { line: self.line, cells: &cells };
        match cells[0] {
            "D" => {
                let detail = row.detail()?;
                if detail.on > file.day {
                    return Err(no("业务日期晚于文件日期"));
                }
                if !self.serials.insert(detail.serial.clone()) {
                    return Err(no("银行流水号在文件中重复"));
                }
                file.details.push(detail);
            }
            "P" => file.positions.push(row.position()?),
            "S" => file.totals.push(row.total()?),
            "T" => return self.trailer(&row, before),
            "H" => return Err(no("文件只能有一个文件头")),
            _ => return Err(no("不认识的记录类型，应为 H、D、P、S 或 T")),
        }
        Ok(())
    }

    fn header(&mut self, cells: &[&str]) -> Result<(), BankFileError> {
        let row = Row { line: self.line, cells };
        let no = |problem: &str| refused(self.line, problem);
        if cells[0] != "H" {
            return Err(no("第一行应为文件头 H"));
        }
        row.must_have(9)?;
        if (cells[1], cells[2]) != FORMAT {
            return Err(no("格式名称或版本不对，应为 SANGZI-LOAN|1"));
        }
        let pace = match cells[5] {
            "daily" => Pace::Daily,
            "monthly" => Pace::Monthly,
            "summary" => Pace::Summary,
            _ => return Err(no("文件种类应为 daily、monthly 或 summary")),
        };
        let file = BankFile {
            bank: row.word(3, "银行代码")?,
            day: row.day(4)?,
            pace,
            sequence: row.number(6, "文件序号")?,
            details: Vec::new(),
            positions: Vec::new(),
            totals: Vec::new(),
        };
        let count: usize = row.number(7, "记录数")?;
        self.file = Some((file, count, row.money(8)?));
        Ok(())
    }

    fn trailer(&mut self, row: &Row<'_>, before: &[u8]) -> Result<(), BankFileError> {
        row.must_have(4)?;
        let no = |problem: String| refused(self.line, problem);
        let Some((file, count, sum)) = &self.file else { return Ok(()) };
        if row.cells[3] != digest(before) {
            return Err(no("摘要不符，文件在传送中被改动".to_owned()));
        }
        let (told, total): (usize, Money) = (row.number(1, "记录数")?, row.money(2)?);
        if file.count() != *count || told != *count {
            return Err(no(format!("记录数不符：文件头 {count}，结尾 {told}，实有 {}", file.count())));
        }
        let real = file.sum().ok_or_else(|| no("金额合计过大".to_owned()))?;
        if real != *sum || total != *sum {
            return Err(no(format!("金额合计不符：文件头 {sum}，结尾 {total}，实有 {real}")));
        }
        if file.pace == Pace::Summary && !(file.details.is_empty() && file.positions.is_empty()) {
            return Err(no("汇总文件只能有汇总行 S".to_owned()));
        }
        self.closed = true;
        Ok(())
    }
}

struct Row<'a> {
    line: usize,
    cells: &'a [&'a str],
}

impl Row<'_> {
    fn must_have(&self, cells: usize) -> Result<(), BankFileError> {
        if self.cells.len() == cells {
            return Ok(());
        }
        Err(refused(self.line, format!("应有 {cells} 个字段，实有 {} 个", self.cells.len())))
    }

    fn word(&self, at: usize, name: &str) -> Result<String, BankFileError> {
        let word = self.cells[at];
        let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'));
        if word.is_empty() || word.len() > 64 || !plain {
            return Err(refused(self.line, format!("{name}应为 1 至 64 个字母、数字或 - _ . /")));
        }
        Ok(word.to_owned())
    }

    fn day(&self, at: usize) -> Result<BusinessDate, BankFileError> {
        let text = self.cells[at];
        text.parse().map_err(|_| refused(self.line, format!("日期 {text} 不存在，应写作 2026-01-15")))
    }

    fn money(&self, at: usize) -> Result<Money, BankFileError> {
        let text = self.cells[at];
        text.parse().map_err(|_| refused(self.line, format!("金额 {text} 不对，应以元为单位、不带符号、最多两位小数")))
    }

    fn number<T: FromStr>(&self, at: usize, name: &str) -> Result<T, BankFileError> {
        let text = self.cells[at];
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { None };
        number.ok_or_else(|| refused(self.line, format!("{name}应为数字")))
    }

    fn class(&self, at: usize) -> Result<Class, BankFileError> {
        [Class::Normal, Class::SpecialMention, Class::Substandard, Class::Doubtful, Class::Loss]
            .into_iter()
            .find(|class| class_of(*class) == self.cells[at])
            .ok_or_else(|| refused(self.line, "五级分类应为 normal、special_mention、substandard、doubtful 或 loss"))
    }

    /// D, contract, serial, type, date, amount, principal, interest, penalty, compound, fee, credit, balance, class, note.
    fn detail(&self) -> Result<Detail, BankFileError> {
        self.must_have(15)?;
        let (kind, reverses) = self.kind()?;
        let mut amounts = Amounts::default();
        for (at, component) in COMPONENTS {
            amounts[component] = self.money(at)?;
        }
        let (amount, split) = (self.money(5)?, Split { amounts, credit: self.money(11)? });
        let moves = !matches!(kind, Kind::Payout | Kind::Class | Kind::Rate(_) | Kind::Reversal);
        let spread = split.total().map_err(|_| refused(self.line, "金额合计过大"))?;
        if moves && spread != amount || !moves && spread != Money::ZERO {
            return Err(refused(self.line, format!("分项合计 {spread} 与金额 {amount} 不符")));
        }
        if moves != amount.is_positive() && matches!(kind, Kind::Class | Kind::Rate(_))
            || moves && !amount.is_positive()
        {
            return Err(refused(self.line, "金额应大于零；分类调整和利率调整的金额为零"));
        }
        Ok(Detail {
            line: u32::try_from(self.line).unwrap_or(u32::MAX),
            contract: self.word(1, "合同号")?,
            serial: self.word(2, "银行流水号")?,
            kind,
            on: self.day(4)?,
            amount,
            split,
            balance: self.money(12)?,
            class: self.class(13)?,
            reverses,
        })
    }

    fn kind(&self) -> Result<(Kind, Option<String>), BankFileError> {
        let note = self.cells[14];
        let plain = |kind| {
            if note.is_empty() {
                Ok((kind, None))
            } else {
                Err(refused(self.line, "此类业务的最后一个字段应为空"))
            }
        };
        match self.cells[3] {
            "payout" => plain(Kind::Payout),
            "repayment" => plain(Kind::Repayment),
            "penalty" => plain(Kind::Penalty),
            "class" => plain(Kind::Class),
            "waiver" => plain(Kind::Waiver),
            "compensation" => plain(Kind::Compensation),
            "recovery" => plain(Kind::Recovery),
            "write_off" => plain(Kind::WriteOff),
            "prepayment" => [Mode::Full, Mode::ReduceInstalment, Mode::ShortenTerm]
                .into_iter()
                .find(|mode| mode_word(*mode) == note)
                .map(|mode| (Kind::Prepayment(mode), None))
                .ok_or_else(|| {
                    refused(self.line, "提前还款的最后一个字段应为 full、reduce_installment 或 shorten_term")
                }),
            "reversal" => Ok((Kind::Reversal, Some(self.word(14, "被冲正的流水号")?))),
            "rate" => match note.parse() {
                Ok(rate) => Ok((Kind::Rate(rate), None)),
                Err(_) => Err(refused(self.line, "利率调整的最后一个字段应为年利率，如 0.0435")),
            },
            _ => Err(refused(self.line, "不认识的业务类型")),
        }
    }

    /// P, contract, balance, arrears, class.
    fn position(&self) -> Result<Position, BankFileError> {
        self.must_have(5)?;
        Ok(Position {
            line: u32::try_from(self.line).unwrap_or(u32::MAX),
            contract: self.word(1, "合同号")?,
            balance: self.money(2)?,
            arrears: self.money(3)?,
            class: self.class(4)?,
        })
    }

    /// S, class, count, balance, arrears.
    fn total(&self) -> Result<Total, BankFileError> {
        self.must_have(5)?;
        Ok(Total {
            line: u32::try_from(self.line).unwrap_or(u32::MAX),
            class: self.class(1)?,
            count: self.number(2, "户数")?,
            balance: self.money(3)?,
            arrears: self.money(4)?,
        })
    }
}

/// Where the parts of an amount stand.
const COMPONENTS: [(usize, Component); 5] = [
    (6, Component::Principal),
    (7, Component::Interest),
    (8, Component::Penalty),
    (9, Component::Compound),
    (10, Component::Fee),
];

impl fmt::Display for BankFile {
    /// The file as a bank sends it, count, sum and digest made anew.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let (name, version) = FORMAT;
        let (count, sum) = (self.count(), self.sum().ok_or(fmt::Error)?);
        let BankFile { bank, day, pace, sequence, .. } = self;
        writeln!(text, "H|{name}|{version}|{bank}|{day}|{}|{sequence}|{count}|{sum}", pace.as_str())?;
        for one in &self.details {
            let Detail { contract, serial, kind, on, amount, split, balance, class, .. } = one;
            write!(text, "D|{contract}|{serial}|{}|{on}|{amount}", kind.as_str())?;
            for (_, component) in COMPONENTS {
                write!(text, "|{}", split.amounts[component])?;
            }
            let note = match kind {
                Kind::Prepayment(mode) => mode_word(*mode).to_owned(),
                Kind::Rate(rate) => rate.to_string(),
                Kind::Reversal => one.reverses.clone().unwrap_or_default(),
                _ => String::new(),
            };
            writeln!(text, "|{}|{balance}|{}|{note}", split.credit, class_of(*class))?;
        }
        for Position { contract, balance, arrears, class, .. } in &self.positions {
            writeln!(text, "P|{contract}|{balance}|{arrears}|{}", class_of(*class))?;
        }
        for Total { class, count, balance, arrears, .. } in &self.totals {
            writeln!(text, "S|{}|{count}|{balance}|{arrears}", class_of(*class))?;
        }
        let digest = digest(text.as_bytes());
        writeln!(f, "{text}T|{count}|{sum}|{digest}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file() -> BankFile {
        let on = BusinessDate::new(2026, 5, 15).unwrap();
        let mut split = Split::default();
        split.amounts[Component::Principal] = Money::from_fen(833_333);
        split.amounts[Component::Interest] = Money::from_fen(36_250);
        let detail = Detail {
            line: 2,
            contract: "QND-2026-0001".into(),
            serial: "20260515000001".into(),
            kind: Kind::Repayment,
            on,
            amount: Money::from_fen(869_583),
            split,
            balance: Money::from_fen(9_166_667),
            class: Class::Normal,
            reverses: None,
        };
        BankFile {
            bank: "demo-rural".into(),
            day: on,
            pace: Pace::Daily,
            sequence: 41,
            details: vec![detail],
            positions: vec![Position {
                line: 3,
                contract: "QND-2026-0001".into(),
                balance: Money::from_fen(9_166_667),
                arrears: Money::ZERO,
                class: Class::Normal,
            }],
            totals: Vec::new(),
        }
    }

    #[test]
    fn printed_and_read_again_is_the_same() {
        assert_eq!(BankFile::parse(file().to_string().as_bytes()), Ok(file()));
    }

    /// The example of docs/bank-file.md.
    #[test]
    fn the_published_example_is_one() {
        let document = include_str!("../../docs/bank-file.md");
        let example = document.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert_eq!(example, file().to_string());
    }

    /// Whoever changes anything without knowing the digest is found out.
    #[test]
    fn a_changed_file_is_refused() {
        let text = file().to_string();
        for (from, to, problem) in [
            ("15|8695.83|8", "15|8695.84|8", "分项合计"),
            ("normal|0", "loss|0", "没有换行符"),
            ("|41|", "|42|", "摘要不符"),
            ("2026-05-15|8695", "2026-05-32|8695", "不存在"),
            ("repayment", "repaiment", "不认识的业务类型"),
            ("SANGZI-LOAN|1", "SANGZI-LOAN|2", "格式名称或版本不对"),
            ("|0.00|91666.67", "|-0.01|91666.67", "金额 -0.01 不对"),
            ("\nP|", "\nQ|", "不认识的记录类型"),
        ] {
            if from == "normal|0" {
                let cut = &text[..text.len() - 1];
                assert!(BankFile::parse(cut.as_bytes()).unwrap_err().to_string().contains(problem));
                continue;
            }
            assert!(text.contains(from), "{from}");
            let error = BankFile::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(error.problem.contains(problem), "{from} to {to}: {error}");
        }
        let without_trailer: String = text.split_inclusive('\n').filter(|line| !line.starts_with("T|")).collect();
        assert!(BankFile::parse(without_trailer.as_bytes()).unwrap_err().problem.contains("没有结尾行"));
        assert!(BankFile::parse(format!("{text}D|x\n").as_bytes()).unwrap_err().problem.contains("结尾行之后"));
        let carriage = BankFile::parse(text.replace('\n', "\r\n").as_bytes()).unwrap_err();
        assert_eq!((carriage.line, carriage.problem.contains("不要回车")), (1, true));
        assert!(BankFile::parse(b"").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = BankFile::parse(&bytes);
        }

        #[test]
        fn no_changed_byte_is_taken(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let mut bytes = file().to_string().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            prop_assert!(BankFile::parse(&bytes).is_err());
        }
    }
}

//! Which columns of a bank's table say what.

use serde::{Deserialize, Serialize};

use crate::sheet::Encoding;

/// How a bank writes its tables: the names of its columns, as their first line has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Of CSV files.
    pub encoding: Encoding,
    /// The day of the movement.
    pub date: String,
    /// How the day is written: `YYYY-MM-DD`, `YYYYMMDD`, `YYYY年MM月DD日`, `DD/MM/YYYY`; what stands behind it is left.
    pub date_format: String,
    /// One column with a sign …
    pub amount: Option<String>,
    /// … or two: what came (贷方发生额) …
    pub income: Option<String>,
    /// … and what left (借方发生额).
    pub expense: Option<String>,
    /// The balance after the movement; checked line by line.
    pub balance: Option<String>,
    /// The bank's number of the movement.
    pub reference: Option<String>,
    /// Who is on the other side.
    pub counterparty: Option<String>,
    /// Their account.
    pub counterparty_account: Option<String>,
    /// What is said about it, in one column or several.
    pub remarks: Vec<String>,
    /// The cell before the opening balance, if the file says it.
    pub opening_label: Option<String>,
    /// The cell before the closing balance, if the file says it.
    pub closing_label: Option<String>,
}

impl Mapping {
    /// What is wrong with it, in Chinese.
    pub(in crate::bank) fn problem(&self) -> Option<&'static str> {
        let texts = [
            &self.amount,
            &self.income,
            &self.expense,
            &self.balance,
            &self.reference,
            &self.counterparty,
            &self.counterparty_account,
            &self.opening_label,
            &self.closing_label,
        ];
        let named = texts.into_iter().flatten().chain(&self.remarks).chain([&self.date, &self.date_format]);
        if named.into_iter().any(|name| name.trim().is_empty() || name.chars().count() > 60) {
            return Some("列名为1至60个字");
        }
        match (&self.amount, &self.income, &self.expense) {
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            _ => return Some("请指定一个带正负号的金额列，或收入、支出两列"),
        }
        if self.remarks.len() > 6 {
            return Some("摘要最多6列");
        }
        if !["YYYY", "MM", "DD"].iter().all(|part| self.date_format.contains(part)) {
            return Some("日期格式须含YYYY、MM、DD");
        }
        None
    }
}

/// The one table whose columns everybody may rely on: `date,reference,amount,counterparty,remark`.
pub(super) fn plain_mapping() -> Mapping {
    let name = |name: &str| Some(name.to_owned());
    Mapping {
        encoding: Encoding::Utf8,
        date: "date".to_owned(),
        date_format: "YYYY-MM-DD".to_owned(),
        amount: name("amount"),
        income: None,
        expense: None,
        balance: None,
        reference: name("reference"),
        counterparty: name("counterparty"),
        counterparty_account: None,
        remarks: vec!["remark".to_owned()],
        opening_label: None,
        closing_label: None,
    }
}

pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let mut names: Vec<&[u8]> = first.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    names.sort_unstable();
    let plain: [&[u8]; 5] = [b"amount", b"counterparty", b"date", b"reference", b"remark"];
    names == plain
}

//! Files as lines of cells: CSV in UTF-8 or GB18030, and the first sheet of an XLSX file.

use std::borrow::Cow;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use rust_decimal::Decimal;

/// How the bytes of a text file spell letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without its mark.
    #[default]
    Utf8,
    /// GB18030, which holds GBK and GB2312.
    Gbk,
}

/// A file as lines of cells, each with its number in the file, from 1.
pub(crate) type Sheet = Vec<(u64, Vec<Cell>)>;

/// A cell: text, or a number, which a spreadsheet rounds behind the fifteenth digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Number(String),
}

impl Cell {
    pub(crate) fn text(&self) -> &str {
        match self {
            Cell::Text(text) | Cell::Number(text) => text.trim(),
        }
    }
}

/// The text of a file; none if it is not in this encoding.
pub(crate) fn text(bytes: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    match encoding {
        Encoding::Utf8 => std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok().map(Cow::from),
        Encoding::Gbk => encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes),
    }
}

/// Reads a file. An error is a sentence for whoever brought it.
pub(crate) fn read(bytes: &[u8], encoding: Encoding) -> Result<Sheet, &'static str> {
    if bytes.starts_with(b"PK") {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| "无法读取该XLSX文件")?;
        let range = book.worksheet_range_at(0).and_then(Result::ok).ok_or("该XLSX文件没有工作表")?;
        let cell = |data: &Data| match data {
            Data::Float(value) => Cell::Number(number(&value.to_string())),
            Data::Int(number) => Cell::Number(number.to_string()),
            Data::Bool(true) => Cell::Text("是".to_owned()),
            Data::Bool(false) => Cell::Text("否".to_owned()),
            Data::DateTime(at) if at.is_datetime() => {
                let (year, month, day, ..) = at.to_ymd_hms_milli();
                Cell::Text(format!("{year:04}-{month:02}-{day:02}"))
            }
            Data::Empty => Cell::Text(String::new()),
            other => Cell::Text(other.to_string()),
        };
        let first = range.start().map_or(0, |(row, _)| u64::from(row));
        return Ok(range
            .rows()
            .enumerate()
            .map(|(row, cells)| (first + row as u64 + 1, cells.iter().map(cell).collect()))
            .collect());
    }
    let wrong = match encoding {
        Encoding::Utf8 => "CSV文件须为UTF-8编码",
        Encoding::Gbk => "CSV文件须为GBK编码",
    };
    // The reader counts the lines of a file with CRLF one too low.
    let text = text(bytes, encoding).ok_or(wrong)?.replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut sheet = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| "无法读取该CSV文件")?;
        let number = record.position().map_or(0, csv::Position::line);
        sheet.push((number, record.iter().map(|cell| Cell::Text(cell.to_owned())).collect()));
    }
    Ok(sheet)
}

/// How many digits of a number a spreadsheet keeps.
const DIGITS: usize = 15;

/// A number as a spreadsheet shows it: what the computing of it leaves behind its fifteenth digit is none of it.
fn number(digits: &str) -> String {
    // What is whole may be the number of something, and longer.
    let Some((whole, _)) = digits.split_once('.') else { return digits.to_owned() };
    let places = DIGITS.saturating_sub(whole.trim_start_matches('-').len());
    let rounded = digits.parse().ok().zip(u32::try_from(places).ok());
    rounded.map_or_else(
        || digits.to_owned(),
        |(number, places): (Decimal, u32)| number.round_dp(places).normalize().to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_the_spreadsheet_shows() {
        for (value, shown) in [
            ("0.30000000000000004", "0.3"),
            ("2200.5000000000005", "2200.5"),
            ("-1234567890.12", "-1234567890.12"),
            ("12.345", "12.345"),
            ("100.00000000000001", "100"),
            ("0.0000000000000018", "0"),
            ("1200", "1200"),
            ("622200001111222300", "622200001111222300"),
        ] {
            assert_eq!(number(value), shown);
        }
    }
}

//! What a document is, told from its bytes and never from what its sender calls it.
//!
//! Taken are PDF, PNG, JPEG, XLSX, OFD (版式文件) and plain text in UTF-8, CSV included. A file whose name says something else
//! than its bytes is disguised and refused, and so is a workbook with macros. What it proves is one of a few words.

use sea_orm::EnumIter;

/// The largest document that is kept, 10 MiB.
pub const LARGEST: usize = 10 << 20;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// PDF.
    Pdf,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// A workbook.
    Xlsx,
    /// 版式文件, the form of electronic receipts and official papers.
    Ofd,
    /// Comma-separated values.
    Csv,
    /// Plain text.
    Text,
}

/// What an attached document proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum AttachmentKind {
    /// 合同或协议.
    Contract,
    /// 发票.
    Invoice,
    /// 名单.
    Roster,
    /// 付款清单.
    List,
    /// 备案材料.
    Filing,
    /// 备案回执.
    FilingReceipt,
    /// 会议纪要.
    Minutes,
    /// 报告.
    Report,
    /// 银行回单.
    Statement,
    /// 扫描件.
    Scan,
    /// 主管部门的决定或通知.
    Order,
    /// 图片.
    Picture,
    /// 其他.
    Other,
}

impl AttachmentKind {
    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            AttachmentKind::Contract => "contract",
            AttachmentKind::Invoice => "invoice",
            AttachmentKind::Roster => "roster",
            AttachmentKind::List => "list",
            AttachmentKind::Filing => "filing",
            AttachmentKind::FilingReceipt => "filing_receipt",
            AttachmentKind::Minutes => "minutes",
            AttachmentKind::Report => "report",
            AttachmentKind::Statement => "statement",
            AttachmentKind::Scan => "scan",
            AttachmentKind::Order => "order",
            AttachmentKind::Picture => "picture",
            AttachmentKind::Other => "other",
        }
    }

    /// The kind of this word, if there is one.
    pub fn of(word: &str) -> Option<AttachmentKind> {
        use sea_orm::Iterable;
        AttachmentKind::iter().find(|kind| kind.as_str() == word)
    }
}

/// Why a document is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// No bytes.
    #[error("the document is empty")]
    Empty,
    /// Too many bytes.
    #[error("a document has at most 10 MiB")]
    Size,
    /// None of the kinds that are taken.
    #[error("the bytes are of no kind that is taken")]
    UnknownKind,
    /// The name says something else.
    #[error("the name says something else than the bytes")]
    Disguised,
    /// 1 to 200 characters, no control character, no slash.
    #[error("this is no name of a file")]
    BadName,
}

impl MediaType {
    /// As it stands in `Content-Type`.
    pub fn as_str(self) -> &'static str {
        match self {
            MediaType::Pdf => "application/pdf",
            MediaType::Png => "image/png",
            MediaType::Jpeg => "image/jpeg",
            MediaType::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            MediaType::Ofd => "application/ofd",
            MediaType::Csv => "text/csv; charset=utf-8",
            MediaType::Text => "text/plain; charset=utf-8",
        }
    }

    /// How names of such files end.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            MediaType::Pdf => &["pdf"],
            MediaType::Png => &["png"],
            MediaType::Jpeg => &["jpg", "jpeg"],
            MediaType::Xlsx => &["xlsx"],
            MediaType::Ofd => &["ofd"],
            MediaType::Csv => &["csv"],
            MediaType::Text => &["txt"],
        }
    }

    /// Tells what a document is, and refuses one that is not what its name says.
    pub fn of(file_name: &str, bytes: &[u8]) -> Result<MediaType, NotTaken> {
        let bad =
            |c: char| c.is_control() || matches!(c, '/' | '\\' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if !(1..=200).contains(&file_name.chars().count()) || file_name.contains(bad) || file_name.trim() != file_name {
            return Err(NotTaken::BadName);
        }
        if bytes.is_empty() {
            return Err(NotTaken::Empty);
        }
        if bytes.len() > LARGEST {
            return Err(NotTaken::Size);
        }
        let ending = file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
        let seen = sniff(bytes, ending == "csv").ok_or(NotTaken::UnknownKind)?;
        if seen.endings().contains(&ending.as_str()) { Ok(seen) } else { Err(NotTaken::Disguised) }
    }
}

fn sniff(bytes: &[u8], called_csv: bool) -> Option<MediaType> {
    if bytes.starts_with(b"%PDF-") {
        return Some(MediaType::Pdf);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(MediaType::Png);
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return Some(MediaType::Jpeg);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let names = zip_names(bytes)?;
        let has = |name: &str| names.iter().any(|there| there.eq_ignore_ascii_case(name));
        if has("xl/vbaProject.bin") {
            return None;
        }
        if has("[Content_Types].xml") && has("xl/workbook.xml") {
            return Some(MediaType::Xlsx);
        }
        return has("OFD.xml").then_some(MediaType::Ofd);
    }
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.chars().all(plain))?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    // A page or a script that calls itself text is neither.
    if start.starts_with('<') || start.starts_with("#!") {
        return None;
    }
    Some(if called_csv { MediaType::Csv } else { MediaType::Text })
}

/// The names in the central directory of a ZIP file; nothing if it has none that can be read.
fn zip_names(bytes: &[u8]) -> Option<Vec<&str>> {
    let short = |at: usize| Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let long = |at: usize| usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok();
    // The end record has 22 bytes and a comment of at most 65 535.
    let from = bytes.len().saturating_sub(22 + 65_535);
    let end = from + bytes.get(from..)?.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let (count, mut at) = (short(end + 10)?, long(end + 16)?);
    let mut names = Vec::new();
    for _ in 0..count {
        if bytes.get(at..at + 4)? != b"PK\x01\x02" {
            return None;
        }
        let (name, extra, comment) = (short(at + 28)?, short(at + 30)?, short(at + 32)?);
        names.push(std::str::from_utf8(bytes.get(at + 46..at + 46 + name)?).ok()?);
        at += 46 + name + extra + comment;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ZIP file that holds nothing under these names.
    fn zip(names: &[&str]) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for name in names {
            let length = u16::try_from(name.len()).unwrap().to_le_bytes();
            directory.extend(b"PK\x01\x02");
            directory.extend([0; 24]);
            directory.extend(length);
            directory.extend([0; 12]);
            directory.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
            directory.extend(name.as_bytes());
            bytes.extend(b"PK\x03\x04");
            bytes.extend([0; 22]);
            bytes.extend(length);
            bytes.extend([0; 2]);
            bytes.extend(name.as_bytes());
        }
        let start = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let count = u16::try_from(names.len()).unwrap().to_le_bytes();
        bytes.extend(&directory);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend(count);
        bytes.extend(count);
        bytes.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
        bytes.extend(start);
        bytes.extend([0; 2]);
        bytes
    }

    #[test]
    fn a_document_is_what_its_bytes_say() {
        let book = zip(&["[Content_Types].xml", "xl/workbook.xml"]);
        for (name, bytes, kind) in [
            ("a.pdf", &b"%PDF-1.7 ..."[..], MediaType::Pdf),
            ("回执.PNG", b"\x89PNG\r\n\x1a\n....", MediaType::Png),
            ("a.jpeg", b"\xff\xd8\xff\xe0....", MediaType::Jpeg),
            ("名单.xlsx", &book, MediaType::Xlsx),
            ("票据.ofd", &zip(&["OFD.xml", "Doc_0/Document.xml"]), MediaType::Ofd),
            ("a.csv", "姓名,金额\r\n示例,1.00\n".as_bytes(), MediaType::Csv),
            ("a.txt", "说明".as_bytes(), MediaType::Text),
        ] {
            assert_eq!(MediaType::of(name, bytes), Ok(kind), "{name}");
        }
    }

    #[test]
    fn what_is_disguised_or_of_no_known_kind_is_refused() {
        use NotTaken::*;
        let macros = zip(&["[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"]);
        for (name, bytes, why) in [
            ("a.png", &b"%PDF-1.7"[..], Disguised),
            ("a.pdf", b"\x89PNG\r\n\x1a\n", Disguised),
            ("a", b"%PDF-1.7", Disguised),
            ("a.pdf.exe", b"%PDF-1.7", Disguised),
            ("a.exe", b"MZ\x90\x00", UnknownKind),
            ("a.xlsx", &macros, UnknownKind),
            ("a.xlsx", &zip(&["evil.js"]), UnknownKind),
            ("a.xlsx", b"PK\x03\x04 nothing follows", UnknownKind),
            ("a.txt", b"<html><script>", UnknownKind),
            ("a.csv", b"a\x00b", UnknownKind),
            ("a.txt", b"\xc4\xe3\xba\xc3", UnknownKind),
            ("a.txt", b"", Empty),
            ("../a.txt", b"a", BadName),
            ("a\u{202e}fdp.txt", b"a", BadName),
            ("", b"a", BadName),
        ] {
            assert_eq!(MediaType::of(name, bytes), Err(why), "{name}");
        }
        assert_eq!(MediaType::of("a.txt", &vec![b'a'; LARGEST + 1]), Err(Size));
        // Cut anywhere, a ZIP file is refused and nothing breaks.
        let book = zip(&["[Content_Types].xml", "xl/workbook.xml"]);
        for length in 4..book.len() {
            let _ = MediaType::of("a.xlsx", &book[..length]);
        }
    }
}

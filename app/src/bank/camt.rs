//! CAMT.053 (ISO 20022), every version of the namespace: what they differ in is not what we read. An entry that is only pending is left out;
//! another currency, a statement without its balances or one that does not follow from the one before is refused. An entry of several
//! transactions (a batch) is as many lines, if their amounts add up to it.

use domain::{BusinessDate, Money, Timestamp};
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion, escape};

use super::statement::{Problem, ReadLine, Statement, amount, clipped};
use crate::sheet::{self, Encoding};

/// The namespace, without its version.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.";
/// How deep elements may stand in each other.
const DEPTH: usize = 32;

/// An element with what stands in it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    currency: Option<String>,
    text: String,
    inner: Vec<Element>,
}

impl Element {
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.inner.iter().filter(move |element| element.name == name)
    }

    /// The first element along a path.
    fn at(&self, path: &[&str]) -> Option<&Element> {
        let Some((name, rest)) = path.split_first() else { return Some(self) };
        self.inner.iter().filter(|element| element.name == *name).find_map(|element| element.at(rest))
    }

    fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).map(|element| element.text.trim()).filter(|text| !text.is_empty())
    }
}

/// Whether these bytes are meant as CAMT.053.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    start.starts_with(b"<")
}

/// The text: UTF-8 unless the first line says GBK or one of its family.
fn decoded(bytes: &[u8]) -> Option<std::borrow::Cow<'_, str>> {
    let first = &bytes[..bytes.len().min(200)];
    let chinese = first.windows(2).any(|pair| pair.eq_ignore_ascii_case(b"GB"))
        && first.to_ascii_uppercase().windows(11).any(|word| word == b"ENCODING=\"G" || word == b"ENCODING='G");
    sheet::text(bytes, if chinese { Encoding::Gbk } else { Encoding::Utf8 })
}

fn tree(text: &str) -> Option<Element> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() > DEPTH {
                    return None;
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => open.last_mut()?.inner.push(element(&start)?),
            Event::End(_) => {
                let done = open.pop()?;
                open.last_mut()?.inner.push(done);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text.xml10_content()),
            Event::CData(text) => open.last_mut()?.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(letter) => open.last_mut()?.text.push(letter),
                // Entities of one's own are not read: nobody needs them in a statement.
                None => open.last_mut()?.text.push_str(escape::resolve_predefined_entity(&reference.xml10_content())?),
            },
            Event::DocType(_) => return None,
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    let root = open.pop()?;
    (open.is_empty()).then_some(root)
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Option<Element> {
    let attribute = |name: &str| {
        start.try_get_attribute(name).ok().flatten().and_then(|attribute| {
            attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
        })
    };
    let name = start.local_name().as_ref().to_owned();
    let mut made = Element { currency: attribute("Ccy"), name, ..Element::default() };
    if made.name == "Document" {
        // Under whatever prefix.
        let spaces = start.attributes().filter_map(Result::ok).filter(|one| one.key.as_ref().starts_with("xmlns"));
        made.currency = spaces
            .filter_map(|one| one.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned))
            .find(|space| space.starts_with(NAMESPACE));
    }
    Some(made)
}

/// Reads a file.
pub(super) fn read(bytes: &[u8]) -> Result<Statement, Problem> {
    let text = decoded(bytes).ok_or_else(|| Problem::whole("XML文件的编码无法识别"))?;
    let root = tree(text.trim_start_matches('\u{feff}')).ok_or_else(|| Problem::whole("XML文件已损坏，无法读取"))?;
    let document = root.all("Document").next().filter(|document| document.currency.is_some());
    let document = document.ok_or_else(|| Problem::whole("不是CAMT.053对账单"))?;
    let mut whole = Statement { format: "camt053", ..Statement::default() };
    let mut number = 0;
    let report = document.at(&["BkToCstmrStmt"]).ok_or_else(|| Problem::whole("不是CAMT.053对账单"))?;
    let mut account: Option<&str> = None;
    for statement in report.all("Stmt") {
        let of = statement
            .text_at(&["Acct", "Id", "IBAN"])
            .or_else(|| statement.text_at(&["Acct", "Id", "Othr", "Id"]))
            .unwrap_or_default();
        if account.is_some_and(|account| account != of) {
            return Err(Problem::whole("文件含有多个账户的对账单，请分账户导入"));
        }
        account = Some(of);
        let (opening, closing) = (balance(statement, &["OPBD", "PRCD"])?, balance(statement, &["CLBD"])?);
        let (Some(opening), Some(closing)) = (opening, closing) else {
            return Err(Problem::whole("对账单没有期初余额或期末余额"));
        };
        match whole.closing {
            None => whole.opening = Some(opening),
            Some(before) if before != opening => {
                return Err(Problem::at(number, format!("期初余额{opening}与上一份的期末余额{before}不衔接")));
            }
            Some(_) => {}
        }
        let mut running = opening;
        let first = number + 1;
        for entry in statement.all("Ntry") {
            number += 1;
            for line in read_entry(entry, number)? {
                running = running.checked_add(line.amount).ok_or_else(|| Problem::at(number, "金额合计超出范围"))?;
                whole.lines.push(line);
            }
        }
        if running != closing {
            let words =
                format!("第{first}至{number}笔：期初余额{opening}加各笔合计应为{running}，文件的期末余额是{closing}");
            return Err(Problem::at(number, words));
        }
        whole.closing = Some(closing);
    }
    if whole.opening.is_none() {
        return Err(Problem::whole("文件没有对账单"));
    }
    whole.account = account.filter(|account| !account.is_empty()).map(str::to_owned);
    Ok(whole)
}

/// An amount with the side it stands on.
fn signed(of: &Element, line: u64) -> Result<Money, Problem> {
    let wrong = |words: &str| Problem::at(line, words.to_owned());
    let said = of.at(&["Amt"]).ok_or_else(|| wrong("没有金额"))?;
    if said.currency.as_deref().is_some_and(|currency| !matches!(currency, "CNY" | "RMB")) {
        return Err(wrong("不是人民币"));
    }
    // The standard has up to five decimals; what a fen does not hold is refused.
    let digits = said.text.trim();
    let digits = match digits.split_once('.') {
        Some((whole, rest)) if rest.len() > 2 && rest[2..].bytes().all(|byte| byte == b'0') => {
            format!("{whole}.{}", &rest[..2])
        }
        _ => digits.to_owned(),
    };
    let amount = amount(&digits).filter(|amount| !amount.is_negative()).ok_or_else(|| wrong("金额无法识别"))?;
    match of.text_at(&["CdtDbtInd"]) {
        Some("CRDT") => Ok(amount),
        Some("DBIT") => Ok(Money::from_fen(-amount.fen())),
        _ => Err(wrong("没有借贷方向")),
    }
}

fn balance(statement: &Element, kinds: &[&str]) -> Result<Option<Money>, Problem> {
    let find =
        |kind: &str| statement.all("Bal").find(|balance| balance.text_at(&["Tp", "CdOrPrtry", "Cd"]) == Some(kind));
    kinds.iter().find_map(|kind| find(kind)).map(|balance| signed(balance, 0)).transpose()
}

fn day(of: &Element) -> Option<BusinessDate> {
    let date = of.text_at(&["Dt"]).map(|day| day.get(..10).unwrap_or(day));
    if let Some(date) = date {
        return date.parse().ok();
    }
    let at = of.text_at(&["DtTm"])?;
    match at.parse::<Timestamp>() {
        Ok(at) => Some(BusinessDate::of(at)),
        // Without a zone it is the bank's, which is ours.
        Err(_) => at.get(..10)?.parse().ok(),
    }
}

/// The lines of an entry: one, or as many as it has transactions whose amounts add up to it; none if it is only pending or for information.
fn read_entry(entry: &Element, number: u64) -> Result<Vec<ReadLine>, Problem> {
    let status = entry.text_at(&["Sts", "Cd"]).or_else(|| entry.text_at(&["Sts"])).unwrap_or("BOOK");
    if status != "BOOK" {
        return Ok(Vec::new());
    }
    let amount = signed(entry, number)?;
    if amount == Money::ZERO {
        return Err(Problem::at(number, "没有金额"));
    }
    let booked = entry.at(&["BookgDt"]).or_else(|| entry.at(&["ValDt"])).and_then(day);
    let day = booked.ok_or_else(|| Problem::at(number, "没有记账日期"))?;
    let details: Vec<&Element> = entry.all("NtryDtls").flat_map(|details| details.all("TxDtls")).collect();
    let parts: Vec<Money> = details.iter().map_while(|one| part(one, amount.is_positive(), number)).collect();
    let whole = parts.len() == details.len() && Money::checked_sum(parts.iter().copied()) == Some(amount);
    if details.len() > 1 && whole && !parts.contains(&Money::ZERO) {
        let each = parts.into_iter().zip(&details);
        return Ok(each.map(|(amount, one)| line(entry, &[*one], (number, day), amount)).collect());
    }
    Ok(vec![line(entry, &details, (number, day), amount)])
}

/// The amount of one transaction of an entry, on the entry's side unless it says its own; none if it has none in renminbi.
fn part(of: &Element, credit: bool, number: u64) -> Option<Money> {
    let amount = of.at(&["Amt"]).or_else(|| of.at(&["AmtDtls", "TxAmt", "Amt"]))?;
    let side = of.text_at(&["CdtDbtInd"]).unwrap_or(if credit { "CRDT" } else { "DBIT" });
    let text = |name: &str, text: &str| Element { name: name.to_owned(), text: text.to_owned(), ..Element::default() };
    let amount = Element { currency: amount.currency.clone(), ..text("Amt", &amount.text) };
    signed(&Element { inner: vec![amount, text("CdtDbtInd", side)], ..Element::default() }, number).ok()
}

/// A line from an entry and those of its transactions that are in it.
fn line(entry: &Element, details: &[&Element], (number, day): (u64, BusinessDate), amount: Money) -> ReadLine {
    let in_details = |path: &[&str]| details.iter().find_map(|one| one.text_at(path)).map(str::to_owned);
    let of_entry = || entry.text_at(&["AcctSvcrRef"]).map(str::to_owned);
    let of_one = || in_details(&["Refs", "AcctSvcrRef"]).or_else(|| in_details(&["Refs", "TxId"]));
    // A transaction among others is known by its own number, a whole entry by the entry's.
    let many = entry.all("NtryDtls").flat_map(|details| details.all("TxDtls")).count() > details.len();
    let reference = if many { of_one().or_else(of_entry) } else { of_entry().or_else(of_one) };
    let reference = reference.or_else(|| entry.text_at(&["NtryRef"]).map(str::to_owned)).unwrap_or_default();
    let other = if amount.is_positive() { ("Dbtr", "DbtrAcct") } else { ("Cdtr", "CdtrAcct") };
    let party = |name: &[&str]| in_details(&[&["RltdPties", other.0], name].concat());
    let account = |id: &[&str]| in_details(&[&["RltdPties", other.1, "Id"], id].concat());
    let mut words: Vec<String> = Vec::new();
    for one in details {
        words.extend(one.at(&["RmtInf"]).into_iter().flat_map(|info| info.all("Ustrd")).map(|text| text.text.clone()));
        words.extend(one.text_at(&["Refs", "EndToEndId"]).filter(|id| *id != "NOTPROVIDED").map(str::to_owned));
        words.extend(one.text_at(&["AddtlTxInf"]).map(str::to_owned));
    }
    words.extend(entry.text_at(&["AddtlNtryInf"]).map(str::to_owned));
    let words: Vec<&str> = words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
    ReadLine {
        line: number,
        day,
        reference: clipped(&reference, 64),
        amount,
        balance: None,
        counterparty: clipped(&party(&["Nm"]).or_else(|| party(&["Pty", "Nm"])).unwrap_or_default(), 120),
        account: clipped(&account(&["IBAN"]).or_else(|| account(&["Othr", "Id"])).unwrap_or_default(), 40),
        remark: clipped(&words.join(" "), 300),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: &str, prefix: &str, closing: &str, entries: &str) -> String {
        let colon = if prefix.is_empty() { String::new() } else { format!("{prefix}:") };
        let xmlns = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
        let plain = format!(
            "<BkToCstmrStmt><Stmt><Acct><Id><Othr><Id>6222</Id></Othr></Id></Acct>\
             <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>\
             <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>\
             {entries}</Stmt></BkToCstmrStmt>"
        );
        let named =
            plain.replace("</", "\u{1}").replace('<', &format!("<{colon}")).replace('\u{1}', &format!("</{colon}"));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{colon}Document {xmlns}=\"{NAMESPACE}{version}\">{named}</{colon}Document>"
        )
    }

    const ENTRIES: &str = "<Ntry><Amt Ccy=\"CNY\">20.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-01</Dt></BookgDt>\
        <AcctSvcrRef>R-1</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>示例公司 &amp; 合伙</Nm></Pty></Dbtr></RltdPties>\
        <RmtInf><Ustrd>捐款 &#x53;Z1</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\
        <Ntry><Amt Ccy=\"CNY\">0.50000</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2026-03-01T23:30:00+08:00</DtTm></BookgDt></Ntry>\
        <Ntry><Amt Ccy=\"CNY\">9.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt></Ntry>";

    #[test]
    fn versions_and_prefixes_read_alike() {
        for (version, prefix) in [("001.02", ""), ("001.08", "ns2"), ("001.12", "")] {
            let read = read(file(version, prefix, "120.00", ENTRIES).as_bytes()).unwrap();
            assert_eq!((read.opening, read.closing), (amount("100"), amount("120")));
            assert_eq!(read.lines.len(), 2, "what is pending is not booked");
            let line = &read.lines[0];
            assert_eq!((line.counterparty.as_str(), line.remark.as_str()), ("示例公司 & 合伙", "捐款 SZ1"));
            assert_eq!(read.account.as_deref(), Some("6222"));
            assert_eq!((line.reference.as_str(), read.lines[1].amount), ("R-1", Money::from_fen(-50)));
        }
    }

    #[test]
    fn a_batch_is_as_many_lines_as_it_has_transactions() {
        let one = |amount: &str, who: &str| {
            format!(
                "<TxDtls><Refs><TxId>T-{who}</TxId></Refs><AmtDtls><TxAmt><Amt Ccy=\"CNY\">{amount}</Amt></TxAmt></AmtDtls>\
                 <RltdPties><Dbtr><Nm>{who}</Nm></Dbtr></RltdPties></TxDtls>"
            )
        };
        let batch = |parts: &str| {
            let entry = format!(
                "<Ntry><Amt Ccy=\"CNY\">20.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-01</Dt></BookgDt>\
                 <AcctSvcrRef>R-1</AcctSvcrRef><NtryDtls>{parts}</NtryDtls></Ntry>"
            );
            let read = read(file("001.08", "", "120.00", &entry).as_bytes()).unwrap();
            let lines = read
                .lines
                .iter()
                .map(|line| (line.reference.clone(), line.counterparty.clone(), line.amount.to_string()));
            lines.collect::<Vec<_>>()
        };
        let line = |reference: &str, who: &str, amount: &str| (reference.to_owned(), who.to_owned(), amount.to_owned());
        let both = one("12.00", "甲") + &one("8.00", "乙");
        assert_eq!(batch(&both), [line("T-甲", "甲", "12.00"), line("T-乙", "乙", "8.00")]);
        // What does not add up, or says no amounts, is the one line that the bank has booked.
        for parts in [one("12.00", "甲") + &one("7.00", "乙"), both.replace("TxAmt>", "Other>"), one("20.00", "甲")]
        {
            assert_eq!(batch(&parts), [line("R-1", "甲", "20.00")]);
        }
    }

    #[test]
    fn what_does_not_add_up_or_is_no_statement_is_refused() {
        let good = file("001.08", "", "120.00", ENTRIES);
        for (text, word) in [
            (file("001.08", "", "120.01", ENTRIES), "期末余额是120.01"),
            (good.replace("Ccy=\"CNY\">20.50", "Ccy=\"USD\">20.50"), "人民币"),
            (good.replace(">20.50<", ">20.505<"), "金额"),
            (good.replace("camt.053", "camt.054"), "CAMT.053"),
            (good[..good.len() - 30].to_owned(), "损坏"),
            (good.replacen("?>", "?><!DOCTYPE x [<!ENTITY a \"b\">]>", 1), "损坏"),
        ] {
            let problem = read(text.as_bytes()).unwrap_err();
            assert!(problem.words.contains(word), "{word}: {problem:?}");
        }
    }
}

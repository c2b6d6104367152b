//! The lines of a voucher in a form: a subject, what its money is kept apart by, and an amount on one side. A row holds what a bookkeeper
//! would write on paper; which account that is follows from the subject.

use std::collections::BTreeMap;

use app::problem::Problem;
use domain::voucher::{Side, VoucherAccount, VoucherLine};
use domain::{BookId, CampaignId, Money};
use ledger::CashFlow;
use maud::{Markup, html};

use super::words;
use crate::field::cell;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part;
use crate::session::Officer;
use crate::table::{Cell, Table, column, numbers};

/// How many rows a form has at first, and how many more are asked for at a time.
const ROWS: usize = 6;
/// How many campaigns a form offers; another one is named by its whole number.
const CAMPAIGNS: u64 = 300;
/// What the second part of 1001 is called that has none: the books do not name the one box.
const GOODS: &str = "物资";

/// What the lines of a book's vouchers may name.
pub(super) struct Chart {
    subjects: BTreeMap<String, String>,
    campaigns: Vec<(CampaignId, String)>,
    banks: Vec<String>,
}

/// The campaign as it is offered and typed: its name, and enough of its id to tell it from one of the same name.
fn campaign_text(id: CampaignId, name: &str) -> String {
    let id = id.simple();
    format!("{name}（{}）", id.get(24..).unwrap_or(&id))
}

/// Subject, campaign, budget line, detail, debit, credit and cash flow of a row, as they are typed.
const COLUMNS: [&str; 7] = ["subject", "campaign", "line", "detail", "debit", "credit", "flow"];

impl Chart {
    /// Of a book, with the subjects of a chart. Three statements.
    pub(super) async fn of(officer: &Officer, book: BookId, chart: &str) -> Result<Chart, PageError> {
        let subjects = officer.app.books.subjects(chart, &officer.member).await?;
        let campaigns = officer.app.campaigns.page(None, &officer.member, None, CAMPAIGNS).await?;
        let campaigns = campaigns.into_iter().filter(|row| row.book_id == book).map(|row| (row.id, row.name)).collect();
        let banks = officer.app.bank.accounts(book, &officer.member).await?;
        Ok(Chart { subjects, campaigns, banks: banks.into_iter().map(|one| one.name).collect() })
    }

    /// What an account is called: its subject, and what it is kept apart by.
    pub(super) fn name(&self, account: &VoucherAccount) -> String {
        let campaign = account.campaign.map(|id| {
            let known = self.campaigns.iter().find(|(known, _)| *known == id);
            known.map_or_else(|| "（其他项目）".to_owned(), |(_, name)| name.clone())
        });
        let subject = self.subjects.get(&account.subject).map(String::as_str).unwrap_or_default();
        let parts = [
            campaign,
            account.budget_line.as_ref().map(|line| format!("预算科目{line}")),
            account.channel.as_deref().map(|channel| words::money_place(&account.subject, channel)),
            account.bank_account.clone(),
            account.contract.clone(),
            account.payable.as_deref().map(|kind| words::payable(kind).to_owned()),
            account.goods.then(|| GOODS.to_owned()),
        ];
        let mut name = format!("{} {subject}", account.subject);
        for part in parts.into_iter().flatten() {
            name.push_str(" · ");
            name.push_str(&part);
        }
        name
    }

    /// The lines of a voucher as a list.
    pub(super) fn table(&self, lines: &[VoucherLine]) -> Markup {
        let columns = [column("账户"), numbers("借方"), numbers("贷方"), column("现金流量表项目")];
        let on = |line: &VoucherLine, side: Side| (line.side == side).then_some(line.amount);
        let rows = lines.iter().map(|line| {
            let flow = line.cash_flow.as_deref();
            let flow =
                flow.map(|key| CashFlow::all().find(|(one, ..)| one.key() == key).map_or(key, |(_, title, _)| title));
            vec![
                Cell::text(self.name(&line.account)),
                Cell::or_none(on(line, Side::Debit), Cell::yuan),
                Cell::or_none(on(line, Side::Credit), Cell::yuan),
                Cell::or_none(flow, Cell::text),
            ]
        });
        Table::new("凭证分录", &columns, "没有分录。").whole(rows).plain()
    }

    /// The rows of a form. Empty ones are left out when they are read.
    pub(super) fn rows(&self, typed: &Typed) -> Markup {
        let form = typed.form();
        let columns = COLUMNS.map(|name| form.all(name).map(str::to_owned).collect::<Vec<_>>());
        let at = |column: usize, row: usize| columns[column].get(row).cloned().unwrap_or_default();
        let mut filled =
            (0..columns[0].len()).filter(|row| (0..COLUMNS.len()).any(|column| !at(column, *row).is_empty()));
        let last = filled.next_back().map_or(0, |row| row + 1);
        let wanted = if form.get("do") == "more" { columns[0].len() + ROWS } else { last + 2 };
        html! {
            datalist id="subjects" { @for (code, name) in &self.subjects { option value={ (code) " " (name) } {} } }
            datalist id="campaigns" { @for (id, name) in &self.campaigns { option value=(campaign_text(*id, name)) {} } }
            datalist id="details" { @for bank in &self.banks { option value=(bank) {} } option value=(GOODS) {} }
            div class="rows lines" hx-post="/console/voucher-sums" hx-trigger="change" hx-include="closest form" hx-target="#sums" {
                div class="row head" aria-hidden="true" {
                    @for word in ["会计科目", "项目", "预算科目", "明细", "借方", "贷方", "现金流量表项目"] { span { (word) } }
                }
                @for row in 0..wanted.max(ROWS) {
                    @let label = |what: &str| format!("第{}行的{what}", row + 1);
                    div class="row" {
                        p class="cell nth" aria-hidden="true" { "第" (row + 1) "行" }
                        (cell("会计科目", &html! { input name="subject" list="subjects" value=(at(0, row)) placeholder="科目" maxlength="80" aria-label=(label("会计科目")); }))
                        (cell("项目", &html! { input name="campaign" list="campaigns" value=(at(1, row)) placeholder="项目" maxlength="120" aria-label=(label("项目")); }))
                        (cell("预算科目", &html! { input name="line" value=(at(2, row)) placeholder="预算科目" maxlength="60" aria-label=(label("预算科目")); }))
                        (cell("明细", &html! { input name="detail" list="details" value=(at(3, row)) placeholder="明细" maxlength="60" aria-label=(label("明细")); }))
                        (cell("借方", &html! { input name="debit" class="right" value=(at(4, row)) placeholder="借方" inputmode="decimal" maxlength="20" aria-label=(label("借方金额")); }))
                        (cell("贷方", &html! { input name="credit" class="right" value=(at(5, row)) placeholder="贷方" inputmode="decimal" maxlength="20" aria-label=(label("贷方金额")); }))
                        (cell("现金流量表项目", &html! { select name="flow" aria-label=(label("现金流量表项目")) {
                            option value="" { "无" }
                            @for (flow, title, _) in CashFlow::all() { option value=(flow.key()) selected[at(6, row) == flow.key()] { (title) } }
                        } }))
                    }
                }
            }
            div id="sums" class="sums" role="status" { (sums(form)) }
            p class="hint" {
                "每行填借方或贷方。明细：银行存款填银行账户，库存现金填钱箱（只有一个钱箱时不填），应付款项填种类，项目的物资填“物资”，其他科目填合同。"
                "现金流量表项目只在货币资金的行选择。"
            }
        }
    }

    /// The lines that somebody typed; the first fault of a row refuses them.
    pub(super) fn read(&self, form: &Form) -> Result<Vec<VoucherLine>, Problem> {
        let columns = COLUMNS.map(|name| form.all(name).collect::<Vec<_>>());
        let mut lines = Vec::new();
        for row in 0..columns[0].len() {
            let cells = COLUMNS.map(|name| {
                let place = COLUMNS.iter().position(|known| *known == name).unwrap_or_default();
                columns[place].get(row).copied().unwrap_or_default()
            });
            if cells.iter().any(|cell| !cell.is_empty()) {
                let line = self.line(cells);
                let wrong = |problem| Problem::field("lines", "").saying(format!("第{}行：{problem}。", row + 1));
                lines.push(line.map_err(wrong)?);
            }
        }
        Ok(lines)
    }

    fn line(
        &self,
        [subject, campaign, line, detail, debit, credit, flow]: [&str; 7],
    ) -> Result<VoucherLine, &'static str> {
        let code = subject.split_whitespace().next().ok_or("请填写会计科目")?;
        let campaign = match campaign {
            "" => None,
            typed => Some(self.campaign(typed).ok_or("没有这个项目，请从列表中选择")?),
        };
        let (side, amount) = match (amount(debit)?, amount(credit)?) {
            (Some(amount), None) => (Side::Debit, amount),
            (None, Some(amount)) => (Side::Credit, amount),
            (None, None) => return Err("请填写借方或贷方金额"),
            (Some(_), Some(_)) => return Err("只填借方或贷方"),
        };
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut account =
            VoucherAccount { subject: code.to_owned(), campaign, budget_line: text(line), ..VoucherAccount::default() };
        let goods = campaign.is_some() && detail == GOODS;
        match code {
            _ if goods => account.goods = true,
            "1002" => account.bank_account = text(detail),
            "1001" | "1009" => account.channel = text(detail),
            "2202" | "2209" => account.payable = text(detail),
            _ => account.contract = text(detail),
        }
        Ok(VoucherLine { account, side, amount, cash_flow: text(flow) })
    }

    fn campaign(&self, typed: &str) -> Option<CampaignId> {
        let mut named = self.campaigns.iter().filter(|(id, name)| name == typed || campaign_text(*id, name) == typed);
        match (named.next(), named.next()) {
            (Some((id, _)), None) => Some(*id),
            _ => typed.parse().ok(),
        }
    }

    /// Lines that stand, as they would be typed.
    pub(super) fn typed(&self, form: &mut Form, lines: &[VoucherLine]) {
        for line in lines {
            let account = &line.account;
            let subject = self.subjects.get(&account.subject);
            let details = [&account.bank_account, &account.channel, &account.payable, &account.contract];
            let detail = details.into_iter().flatten().next().cloned();
            let campaign = account.campaign.map(|id| {
                let known = self.campaigns.iter().find(|(known, _)| *known == id);
                known.map_or_else(|| id.to_string(), |(id, name)| campaign_text(*id, name))
            });
            let on = |side: Side| if line.side == side { line.amount.to_string() } else { String::new() };
            form.add(
                "subject",
                subject.map_or_else(|| account.subject.clone(), |name| format!("{} {name}", account.subject)),
            );
            form.add("campaign", campaign.unwrap_or_default());
            form.add("line", account.budget_line.clone().unwrap_or_default());
            form.add("detail", if account.goods { GOODS.to_owned() } else { detail.unwrap_or_default() });
            form.add("debit", on(Side::Debit));
            form.add("credit", on(Side::Credit));
            form.add("flow", line.cash_flow.clone().unwrap_or_default());
        }
    }
}

fn amount(typed: &str) -> Result<Option<Money>, &'static str> {
    let typed = typed.replace([',', '，'], "");
    if typed.is_empty() {
        return Ok(None);
    }
    typed.parse().map(Some).map_err(|_| "金额的写法如 1200 或 1200.50")
}

/// What the rows of a form add up to so far.
pub(super) fn sums(form: &Form) -> Markup {
    let sum = |name: &str| {
        let amounts: Option<Vec<Money>> =
            form.all(name).map(|typed| amount(typed).map(Option::unwrap_or_default).ok()).collect();
        amounts.and_then(Money::checked_sum)
    };
    html! {
        @match (sum("debit"), sum("credit")) {
            (Some(debit), Some(credit)) => {
                "借方合计 " (part::yuan(debit)) "，贷方合计 " (part::yuan(credit))
                @if debit != credit { "，" span class="minus" { "借贷不平" } } @else if debit.is_positive() { "，借贷平衡" }
            }
            _ => span class="minus" { "有金额的写法不对" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let campaign: CampaignId = "01890000-0000-7000-8000-00000000000a".parse().unwrap();
        Chart {
            subjects: [("1002", "银行存款"), ("5301", "管理费用")]
                .map(|(code, name)| (code.to_owned(), name.to_owned()))
                .into(),
            campaigns: vec![(campaign, "助学".to_owned())],
            banks: vec!["基本户".to_owned()],
        }
    }

    fn row(form: &mut Form, cells: [&str; 7]) {
        for (name, cell) in COLUMNS.iter().zip(cells) {
            form.add(name, cell);
        }
    }

    #[test]
    fn what_was_written_reads_the_same_again() {
        let chart = chart();
        let mut form = Form::default();
        row(&mut form, ["5301 管理费用", "助学（0000000a）", "a", "物资", "1,200.50", "", ""]);
        row(&mut form, [""; 7]);
        row(&mut form, ["1002", "", "", "基本户", "", "1200.5", "other_paid"]);
        let lines = chart.read(&form).unwrap();
        assert_eq!(lines.len(), 2, "an empty row is no line");
        assert!(lines[0].account.goods && lines[0].account.campaign.is_some());
        assert_eq!(lines[1].account.bank_account.as_deref(), Some("基本户"));
        let mut again = Form::default();
        chart.typed(&mut again, &lines);
        assert_eq!(chart.read(&again).unwrap(), lines);
        assert_eq!(chart.name(&lines[1].account), "1002 银行存款 · 基本户");
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named() {
        for (cells, said) in [
            (["5301", "", "", "", "1", "1", ""], "只填借方或贷方"),
            (["5301", "", "", "", "", "", ""], "请填写借方或贷方金额"),
            (["5301", "扶贫", "", "", "1", "", ""], "没有这个项目"),
            (["", "", "", "", "1", "", ""], "请填写会计科目"),
            (["5301", "", "", "", "一", "", ""], "金额的写法"),
        ] {
            let mut form = Form::default();
            row(&mut form, [""; 7]);
            row(&mut form, cells);
            let problem = chart().read(&form).unwrap_err();
            assert!(problem.detail.starts_with("第2行：") && problem.detail.contains(said), "{}", problem.detail);
        }
    }
}

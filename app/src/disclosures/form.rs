//! A report as a workbook in the shape of the form on 慈善中国, as far as the facts tell of it: the fields as they are filled in, then the
//! lists behind them. It is made of the frozen text; only the names of donors are of today.

use domain::anonymity::{self, Anonymity, KnownGift};
use domain::{BusinessDate, CampaignId, Money};
use entity::{disclosure, donation};
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::{DisclosureError, Result};
use crate::identity::Identity;

/// So many names are opened at once.
const PAGE: u64 = 1_000;

/// A donor who agrees to be named, with what they agree to show.
pub(super) struct Named {
    name: String,
    amount: Option<Money>,
    on: BusinessDate,
}

/// The donors of gifts up to a day who agree to be named, newest first. One page of gifts at a time.
pub(super) async fn donors(
    db: &impl ConnectionTrait,
    identity: &Identity,
    campaign: CampaignId,
    through: BusinessDate,
) -> Result<Vec<Named>> {
    let (mut named, mut after) = (Vec::new(), None);
    loop {
        let page = crowdfunding::wall(db, campaign, after, PAGE).await?;
        after = page.gifts.last().map(|gift| gift.id);
        let until = through.next().start();
        let agreed = |gift: &donation::Model| {
            gift.anonymity == Anonymity::Name && gift.confirmed_us.is_some_and(|confirmed| confirmed < until)
        };
        let gifts: Vec<donation::Model> = page.gifts.into_iter().filter(agreed).collect();
        let sealed: Vec<_> =
            gifts.iter().filter_map(|gift| Some((gift.donor_id?, gift.name_sealed.clone()?))).collect();
        let mut opened = identity.open_many(&sealed).await?.into_iter();
        for gift in &gifts {
            let name = match (gift.donor_id, &gift.name_sealed) {
                (Some(_), Some(_)) => opened.next().flatten(),
                (None, Some(sealed)) => Some(identity.house_name(gift.id, sealed)?),
                (_, None) => None,
            };
            let known = KnownGift {
                anonymity: gift.anonymity,
                show_amount: gift.show_amount,
                name: name.as_deref().or(gift.counterparty.as_deref()),
                amount: gift.amount_fen,
                ..KnownGift::default()
            };
            let shown = anonymity::public(&known);
            named.push(Named {
                name: shown.donor,
                amount: shown.amount,
                on: BusinessDate::of(gift.confirmed_us.unwrap_or_default()),
            });
        }
        if !page.more {
            return Ok(named);
        }
    }
}

struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    bold: Format,
    money: Format,
}

impl<'a> Sheet<'a> {
    fn new(workbook: &'a mut Workbook, name: &str, widths: &[u16]) -> Result<Sheet<'a>> {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name)?;
        for (column, width) in (0u16..).zip(widths) {
            sheet.set_column_width(column, *width)?;
        }
        let money = Format::new().set_num_format("#,##0.00;[Red]-#,##0.00");
        Ok(Sheet { sheet, row: 0, bold: Format::new().set_bold(), money })
    }

    fn head(&mut self, titles: &[&str]) -> Result<()> {
        for (column, title) in (0u16..).zip(titles) {
            self.sheet.write_string_with_format(self.row, column, *title, &self.bold)?;
        }
        self.row += 1;
        Ok(())
    }

    /// A line: amounts become numbers, everything else text. Text is written as text, so that no cell is ever a formula.
    fn line(&mut self, cells: &[&Value]) -> Result<()> {
        for (column, cell) in (0u16..).zip(cells) {
            match cell {
                Value::Null => {}
                Value::String(text) => match text.parse::<Decimal>() {
                    Ok(yuan) if text.len() > 3 && text.as_bytes()[text.len() - 3] == b'.' => {
                        self.sheet.write_with_format(self.row, column, yuan, &self.money)?;
                    }
                    _ => {
                        self.sheet.write_string(self.row, column, text)?;
                    }
                },
                Value::Number(number) => {
                    self.sheet.write_string(self.row, column, number.to_string())?;
                }
                other => {
                    self.sheet.write_string(self.row, column, other.to_string())?;
                }
            }
        }
        self.row += 1;
        Ok(())
    }

    fn field(&mut self, title: &str, value: &Value) -> Result<()> {
        self.sheet.write_string_with_format(self.row, 0, title, &self.bold)?;
        let row = self.row;
        self.line(&[&Value::Null, value])?;
        debug_assert_eq!(self.row, row + 1);
        Ok(())
    }
}

/// The columns of a list: what they are called, and the members they show.
type Columns = &'static [(&'static str, &'static str)];

/// The workbook of a version.
pub(super) fn workbook(row: &disclosure::Model, donors: &[Named]) -> Result<Vec<u8>> {
    let content: Value = serde_json::from_str(&row.content).map_err(|_| DisclosureError::Damaged(row.id))?;
    let mut workbook = Workbook::new();
    let text = |words: &str| Value::String(words.to_owned());
    let mut form = Sheet::new(&mut workbook, "填报表", &[26, 80])?;
    for (title, path) in [
        ("公布事项", "/title"),
        ("慈善组织名称", "/organisation/name"),
        ("统一社会信用代码", "/organisation/credit_code"),
        ("募捐活动名称", "/campaign/name"),
        ("募捐方案备案编号", "/campaign/filing_number"),
        ("慈善项目编号", "/campaign/project_number"),
        ("互联网平台项目编号", "/campaign/platform_number"),
        ("募捐开始日期", "/campaign/opened_on"),
        ("募捐结束日期", "/campaign/ended_on"),
        ("内容起始日期", "/period/from"),
        ("内容截止日期", "/period/through"),
        ("募捐目标（元）", "/campaign/target"),
        ("募得款（元）", "/figures/raised/total"),
        ("其中本期（元）", "/figures/raised/period"),
        ("募得物资折价（元）", "/figures/goods/total"),
        ("退款（元）", "/figures/refunded/total"),
        ("募捐成本（元）", "/figures/fundraising_cost/total"),
        ("捐赠笔数", "/figures/gifts/total"),
        ("捐赠人数", "/figures/gifts/donors"),
        ("使用金额（元）", "/figures/used_total/total"),
        ("预付未核销（元）", "/figures/advances"),
        ("剩余款项转入（转出为负，元）", "/figures/moved/total"),
        ("尚未使用（元）", "/figures/left"),
        ("剩余款物使用计划", "/words/rest"),
        ("合作方", "/figures/partner/name"),
        ("合作方评估得分", "/figures/partner/score"),
        ("合作方评估情况", "/figures/partner/findings"),
        ("合作方监督情况补充", "/words/partner"),
        ("事项", "/figures/title"),
        ("发生日期", "/figures/happened_on"),
        ("事项内容", "/figures/words"),
        ("慈善活动支出占上年收入（%）", "/figures/ratios/charitable_spending"),
        ("管理费用占总费用（%）", "/figures/ratios/management"),
        ("筹资费用占捐赠收入（%）", "/figures/ratios/fundraising"),
        ("关联方往来笔数", "/figures/related/payments"),
        ("关联方往来金额（元）", "/figures/related/amount"),
        ("情况说明", "/words/summary"),
        ("更正说明", "/corrects/note"),
    ] {
        // What the report does not tell of has no line.
        match content.pointer(path) {
            None | Some(Value::Null) => {}
            Some(Value::String(empty)) if empty.is_empty() => {}
            Some(value) => form.field(title, value)?,
        }
    }
    form.field("内容指纹（SHA-256）", &text(&hex::encode(&row.fingerprint)))?;

    if let Some(Value::Object(received)) = content.pointer("/figures/received") {
        let mut sheet = Sheet::new(&mut workbook, "收入按渠道", &[20, 18, 18])?;
        sheet.head(&["渠道", "本期（元）", "累计（元）"])?;
        for (channel, sums) in received {
            let name = match channel.as_str() {
                "wechat" => "微信支付",
                "bank" => "银行转账",
                "other" => "其他",
                other => other,
            };
            sheet.line(&[&text(name), &sums["period"], &sums["total"]])?;
        }
    }
    let lists: [(&str, &str, Columns); 5] = [
        (
            "支出按预算项目",
            "/figures/used",
            &[
                ("预算项目", "name"),
                ("预算（元）", "planned"),
                ("本期使用（元）", "period"),
                ("累计使用（元）", "total"),
            ],
        ),
        (
            "项目进度",
            "/figures/milestones",
            &[("里程碑", "name"), ("计划完成日期", "due"), ("完成百分比", "progress"), ("说明", "note")],
        ),
        (
            "未成年人受助（按县）",
            "/figures/minors",
            &[("区划代码", "county"), ("县（市、区）", "name"), ("笔数", "payments"), ("金额（元）", "amount")],
        ),
        (
            "业务活动表",
            "/figures/activities",
            &[
                ("项目", "title"),
                ("非限定性（元）", "unrestricted"),
                ("限定性（元）", "restricted"),
                ("合计（元）", "total"),
            ],
        ),
        (
            "本年募捐活动",
            "/figures/campaigns",
            &[("名称", "name"), ("备案编号", "filing_number"), ("本年募得款（元）", "raised")],
        ),
    ];
    for (name, path, columns) in lists {
        let Some(Value::Array(lines)) = content.pointer(path) else { continue };
        let mut sheet = Sheet::new(&mut workbook, name, &[30, 18, 18, 24])?;
        sheet.head(&columns.iter().map(|(title, _)| *title).collect::<Vec<_>>())?;
        for line in lines {
            sheet.line(&columns.iter().map(|(_, member)| &line[*member]).collect::<Vec<_>>())?;
        }
    }
    if !donors.is_empty() {
        let mut sheet = Sheet::new(&mut workbook, "同意公开的捐赠人", &[40, 18, 14])?;
        sheet.head(&["捐赠人", "金额（元，同意公开的）", "日期"])?;
        for donor in donors {
            let amount = donor.amount.map_or(Value::Null, |amount| text(&amount.to_string()));
            sheet.line(&[&text(&donor.name), &amount, &text(&donor.on.to_string())])?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

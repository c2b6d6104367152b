//! What an open line may be, with the reasons.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use domain::disbursement::PayoutState;
use domain::role::Member;
use domain::{BankClaimId, BankLineId, BookId, BusinessDate, CampaignId, Money, PaymentFileId};
use entity::gift_code;
use ledger::Account;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};

use super::import::open_lines;
use super::matching::{OpenEntry, SentPayout, open_entries, payouts_at};
use super::{Bank, BankError, ShownLine, reads};

/// What a donor writes into the remark of a gift to the general fund.
const FREE: [&str; 5] = ["不限定用途", "不指定用途", "非限定性捐赠", "一般捐赠", "一般基金"];
/// How many days an entry may lie from its line to be suggested.
const NEAR_DAYS: i64 = 10;
/// How many of one kind are offered for one line; with more of the same amount, somebody has to look elsewhere.
const OFFERED: usize = 20;

/// From how many letters on a document's number says something when a line contains it …
const NUMBER: usize = 4;
/// … and a name.
const NAME: usize = 2;

/// What a line may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuggestionKind {
    /// A gift: two persons claim it.
    Gift,
    /// An entry that is there.
    Entry,
    /// Payments of a file that the bank has made (12b).
    Payouts,
    /// A payment that came back (12c).
    Bounced,
    /// Interest (18).
    Interest,
    /// A charge of the bank (23).
    Charge,
    /// Cash of the box that was banked (7).
    Cash,
    /// What a designated platform has settled.
    Platform,
    /// A return that two persons have decided.
    Return,
    /// Money of nobody yet (6b).
    Unclaimed,
}

/// What a line may be, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What.
    pub kind: SuggestionKind,
    /// The entries, payouts or the claim it would be; the campaign of a gift, none for the general fund.
    pub ids: Vec<uuid::Uuid>,
    /// The platform, or the reference of the entry.
    pub name: Option<String>,
    /// Why, in Chinese.
    pub reason: String,
}

impl Bank {
    /// What each open line of an account may be, oldest first, with the reasons.
    pub async fn suggestions(
        &self,
        (book, name): (BookId, &str),
        after: Option<BankLineId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<(ShownLine, Vec<Suggestion>)>, BankError> {
        let db = self.db.read();
        reads(db, book, by).await?;
        let mut lines = open_lines(db, book, name).await?;
        if let Some(after) = after {
            let at = lines.iter().position(|line| line.id == after).ok_or(BankError::NoSuchLine)?;
            lines.drain(..=at);
        }
        lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let entries = open_entries(db, &Account::bank(book, name)).await?;
        let payouts = payouts_at(db, book, name).await?;
        let codes: Vec<String> = lines.iter().filter_map(|line| line.code.clone()).collect();
        let codes: HashMap<String, gift_code::Model> = gift_code::Entity::find()
            .filter(gift_code::Column::BookId.eq(book))
            .filter(gift_code::Column::Code.is_in(codes))
            .all(db)
            .await?
            .into_iter()
            .map(|code| (code.code.clone(), code))
            .collect();
        let returns = open_returns(db, book, name).await?;
        let platforms = platforms(db, book).await?;
        let cash = ledger::balance(db, &Account::cash(book), None).await?.net();
        let paid = payouts.iter().filter(|one| one.state == PayoutState::Confirmed);
        let paid =
            paid.map(|one| (format!("disbursement_paid:{}:{}", one.id, one.attempt), one.payment_file_id)).collect();
        let known = Known { entries, payouts, paid, codes, returns, platforms, cash };
        lines
            .into_iter()
            .map(|line| {
                let shown = self.shown(line)?;
                let found = known.of(&shown);
                Ok((shown, found))
            })
            .collect()
    }
}

/// Returns that are decided and not paid yet, with their amounts.
async fn open_returns(db: &impl ConnectionTrait, book: BookId, name: &str) -> Result<Vec<(BankClaimId, Money)>, DbErr> {
    let sql = "SELECT c.id, l.amount_fen FROM bank_claim c JOIN bank_line l ON l.id = c.line_id \
               WHERE c.state = 'approved' AND c.choice = 'return' AND l.book_id = $1 AND l.bank_account = $2 ORDER BY c.created_us, c.id";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [book.into(), name.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "amount_fen")?))).collect()
}

/// What designated platforms hold for us, by name.
async fn platforms(db: &impl ConnectionTrait, book: BookId) -> Result<Vec<(String, Money)>, DbErr> {
    let sql = "SELECT channel, CAST(debit_fen - credit_fen AS BIGINT) AS fen FROM account \
               WHERE book_id = $1 AND subject = '1009' AND channel LIKE 'platform:%' AND debit_fen > credit_fen ORDER BY channel";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [book.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let channel: String = row.try_get("", "channel")?;
            Ok((channel.trim_start_matches("platform:").to_owned(), row.try_get("", "fen")?))
        })
        .collect()
}

/// What is known when suggestions are made.
struct Known {
    entries: Vec<OpenEntry>,
    payouts: Vec<SentPayout>,
    /// The files of payments that stand in the books, by the references of their entries.
    paid: HashMap<String, PaymentFileId>,
    codes: HashMap<String, gift_code::Model>,
    returns: Vec<(BankClaimId, Money)>,
    platforms: Vec<(String, Money)>,
    cash: Money,
}

/// What is said where several have the very same amount: nothing but a person tells them apart.
fn alike(count: usize, what: &str) -> String {
    if count > 1 { format!("；金额相同的{what}有{count}笔，请核对后选定") } else { String::new() }
}

impl Known {
    /// The best first.
    fn of(&self, shown: &ShownLine) -> Vec<Suggestion> {
        let (line, words) = (&shown.row, format!("{} {}", shown.words.counterparty, shown.words.remark));
        let says = |all: &[&str]| all.iter().any(|word| words.contains(word));
        let mut found = Vec::new();
        let mut add = |kind, ids: Vec<uuid::Uuid>, reason: String| {
            found.push(Suggestion { kind, ids, name: None, reason });
        };
        let incoming = line.amount_fen.is_positive();
        if let Some(code) = line.code.as_ref().and_then(|code| self.codes.get(code)) {
            let campaign: CampaignId = code.campaign_id;
            let as_wished = code.amount_fen.is_none_or(|amount| amount == line.amount_fen);
            let note = if as_wished { "" } else { "，但金额与登记的不同" };
            add(SuggestionKind::Gift, vec![campaign.uuid()], format!("附言含识别码{}{note}", code.code));
        } else if incoming && says(&FREE) {
            add(SuggestionKind::Gift, Vec::new(), "附言写明捐赠不限定用途".to_owned());
        }
        let far = |day: BusinessDate| day.days_to(line.day).abs() > NEAR_DAYS;
        let sent: Vec<&SentPayout> = self.payouts.iter().filter(|one| one.state == PayoutState::Sent).collect();
        if incoming {
            let came_back = self.payouts.iter().filter(|one| {
                one.state == PayoutState::Confirmed
                    && one.amount_fen == line.amount_fen
                    && one.paid_on.is_some_and(|day| day <= line.day)
            });
            // The one that is named, or all of the amount, the last one that was paid first.
            let mut came_back: Vec<&SentPayout> = came_back.collect();
            came_back.sort_by_key(|one| Reverse((words.contains(&one.id.simple()), one.paid_on)));
            let note = alike(came_back.len(), "已付款项");
            for one in came_back.into_iter().take(OFFERED) {
                if words.contains(&one.id.simple()) {
                    add(SuggestionKind::Bounced, vec![one.id.uuid()], "附言含已付款项的业务编号".to_owned());
                } else if says(&["退汇", "退回", "退票", "冲正"]) {
                    let paid = one.paid_on.map_or(String::new(), |day| format!("{day}付出，"));
                    let reason = format!("银行退汇，{paid}金额与已付款项相同{note}");
                    add(SuggestionKind::Bounced, vec![one.id.uuid()], reason);
                }
            }
        } else {
            let out = -line.amount_fen.fen();
            let named: Vec<&SentPayout> = sent
                .iter()
                .copied()
                .filter(|one| words.contains(&one.id.simple()) && one.amount_fen.fen() == out)
                .collect();
            if let [one] = named.as_slice() {
                add(SuggestionKind::Payouts, vec![one.id.uuid()], "附言含业务编号，金额相同".to_owned());
            }
            let mut files: BTreeMap<PaymentFileId, Vec<&SentPayout>> = BTreeMap::new();
            for one in &sent {
                files.entry(one.payment_file_id).or_default().push(one);
            }
            for payouts in files.values() {
                let total: i64 = payouts.iter().map(|one| one.amount_fen.fen()).sum();
                if total == out && (payouts.len() > 1 || named.is_empty()) {
                    let ids = payouts.iter().map(|one| one.id.uuid()).collect();
                    add(SuggestionKind::Payouts, ids, format!("与付款文件的{}笔合计相同", payouts.len()));
                }
            }
            // Single payments of a file of several, where none is named: the bank may have made them one by one.
            let of_several = |one: &&SentPayout| files.get(&one.payment_file_id).is_some_and(|all| all.len() > 1);
            let single: Vec<&SentPayout> = sent
                .iter()
                .copied()
                .filter(|one| named.is_empty() && one.amount_fen.fen() == out)
                .filter(of_several)
                .collect();
            let note = alike(single.len(), "待付款项");
            for one in single.into_iter().take(OFFERED) {
                let reason = format!("与付款文件中的一笔金额相同，请核对收款人{note}");
                add(SuggestionKind::Payouts, vec![one.id.uuid()], reason);
            }
            let returns = || self.returns.iter().filter(move |(_, amount)| amount.fen() == out);
            let note = alike(returns().count(), "应退款");
            for (claim, amount) in returns() {
                add(SuggestionKind::Return, vec![claim.uuid()], format!("与应退回的待认领款{amount}相同{note}"));
            }
        }
        // All of the amount: the one whose document or counterparty the line names, then the nearest day.
        let has = |text: &Option<String>, least: usize| {
            let text = text.as_deref().map(str::trim).filter(|text| text.chars().count() >= least);
            text.is_some_and(|text| line.reference == text || words.contains(text))
        };
        let documented = |entry: &OpenEntry| has(&entry.document, NUMBER);
        let named = |entry: &OpenEntry| has(&entry.counterparty, NAME);
        let apart = |entry: &OpenEntry| entry.book_date.days_to(line.day).abs();
        let mut near: Vec<&OpenEntry> =
            self.entries.iter().filter(|entry| entry.open_fen == line.amount_fen && !far(entry.book_date)).collect();
        near.sort_by_key(|entry| (!documented(entry), !named(entry), apart(entry)));
        let note = alike(near.len(), "凭证");
        for entry in near.iter().take(OFFERED) {
            let what = crate::books::words::reference(&entry.reference);
            let mut reason = format!("{}的凭证“{what}”金额相同，", entry.book_date);
            reason += &match apart(entry) {
                0 => "同日".to_owned(),
                days => format!("相差{days}天"),
            };
            if documented(entry) {
                reason += "，单据号也相同";
            }
            match entry.counterparty.as_deref() {
                Some(_) if named(entry) => reason += "，户名也相同",
                Some(other) => reason += &format!("，对方{other}"),
                None => {}
            }
            add(SuggestionKind::Entry, vec![entry.id.uuid()], reason + &note);
        }
        // A file that was confirmed before its statement came: one line of the bank for what was booked one by one.
        let mut files: BTreeMap<PaymentFileId, Vec<&OpenEntry>> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(file) = self.paid.get(&entry.reference) {
                files.entry(*file).or_default().push(entry);
            }
        }
        for entries in files.values().filter(|entries| entries.len() > 1) {
            let total: i64 = entries.iter().map(|entry| entry.open_fen.fen()).sum();
            if total == line.amount_fen.fen() && entries.iter().any(|entry| !far(entry.book_date)) {
                let ids = entries.iter().map(|entry| entry.id.uuid()).collect();
                add(SuggestionKind::Entry, ids, format!("与付款文件已记账的{}笔付款合计相同", entries.len()));
            }
        }
        if incoming && says(&["利息", "结息"]) {
            add(SuggestionKind::Interest, Vec::new(), "摘要为银行结息".to_owned());
        }
        if !incoming && says(&["手续费", "工本费", "账户管理费", "短信费", "汇划费"]) {
            add(SuggestionKind::Charge, Vec::new(), "摘要为银行收费".to_owned());
        }
        if incoming && says(&["现金", "存现"]) && self.cash >= line.amount_fen {
            add(SuggestionKind::Cash, Vec::new(), format!("现金缴存，库存现金账面{}", self.cash));
        }
        let settled =
            self.platforms.iter().filter(|(name, held)| words.contains(name.as_str()) && *held >= line.amount_fen);
        if incoming {
            for (name, held) in settled {
                let reason = format!("户名或摘要含“{name}”，该平台账面{held}");
                let name = Some(name.clone());
                found.push(Suggestion { kind: SuggestionKind::Platform, ids: Vec::new(), name, reason });
            }
            let reason = "暂不能识别时先转入待认领".to_owned();
            found.push(Suggestion { kind: SuggestionKind::Unclaimed, ids: Vec::new(), name: None, reason });
        }
        for one in found.iter_mut().filter(|one| one.kind == SuggestionKind::Entry) {
            let entry = near.iter().find(|entry| one.ids == [entry.id.uuid()]);
            one.name = entry.map(|entry| entry.reference.clone());
        }
        found
    }
}

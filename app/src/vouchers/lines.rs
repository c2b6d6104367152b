//! What a person may write on a voucher, and the entry it becomes.
//!
//! Refused is what has a way of its own, where more is checked than a voucher could: gifts (4101), the payment channel (1009 微信), what
//! refunds, grants and unknown money are owed (2209), payments for a campaign, releases and the year end (3101, 3102).
//!
//! A campaign carries by voucher what its plan lets it carry (facts: charity 6.2, entries 14, 15): a share of management or fundraising cost
//! on a budget line of that kind, against what was accrued, written down or charged already, never against money or what is owed to somebody
//! to be paid. Everything else of a campaign's money is asked for by a paper. Nothing is charged to one that is frozen or over.

use std::collections::{BTreeMap, BTreeSet};

use domain::campaign::CampaignState;
use domain::plan::BudgetKind;
use domain::voucher::{Side, VoucherAccount, VoucherKind, VoucherLine, pairs, total};
use domain::{BookId, CampaignId, Money};
use entity::{Rows, charity, manual_voucher};
use ledger::{Account, CashFlow, Entry, Subject};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Statement};

use super::VoucherError;

/// Debts that have their own papers.
const RESERVED: [&str; 7] =
    ["grant", "reimbursement", "refund", "suspense", "unidentified", "matching", "cash_surplus"];

/// What a share of cost that a campaign carries may stand against: 待摊费用, 累计折旧, 累计摊销, 长期待摊费用, 应付职工薪酬, 应交税费, 预提费用,
/// and cost that was charged before.
const CARRIED_FROM: [&str; 9] = ["1301", "1502", "1602", "1701", "2204", "2206", "2301", "5301", "5401"];

/// What the lines of a voucher may name.
pub(super) struct Ground {
    /// Why nothing is charged to a campaign now, if so.
    campaigns: BTreeMap<CampaignId, Option<&'static str>>,
    budget_lines: BTreeMap<(CampaignId, String), BudgetKind>,
    banks: BTreeSet<String>,
}

impl Ground {
    /// What a book has of what these lines name. Three statements; campaigns are locked, shared, so that freezing one waits.
    pub(super) async fn read(db: &impl ConnectionTrait, book: BookId, lines: &[VoucherLine]) -> Result<Ground, DbErr> {
        let backend = db.get_database_backend();
        let named: BTreeSet<CampaignId> = lines.iter().filter_map(|line| line.account.campaign).collect();
        let (mut campaigns, mut budget_lines) = (BTreeMap::new(), BTreeMap::new());
        if !named.is_empty() {
            let rows = Rows::new().uuid("id", named.iter().map(|id| id.uuid()));
            let lock = if backend == DbBackend::Postgres { " ORDER BY c.id FOR SHARE OF c" } else { "" };
            let sql = format!(
                "SELECT c.id, c.state, c.frozen, l.code, l.kind FROM {{rows}} JOIN campaign c ON c.id = r.id \
                 LEFT JOIN budget_line l ON l.campaign_id = c.id WHERE c.book_id = $1{lock}"
            );
            for row in db.query_all_raw(rows.statement(backend, &sql, [book.into()])).await? {
                let id: CampaignId = row.try_get("", "id")?;
                campaigns.insert(id, closed(row.try_get("", "state")?, row.try_get("", "frozen")?));
                if let Some(code) = row.try_get::<Option<String>>("", "code")? {
                    budget_lines.insert((id, code), row.try_get("", "kind")?);
                }
            }
        }
        let sql = "SELECT bank_account FROM account WHERE book_id = $1 AND subject = '1002' AND bank_account IS NOT NULL \
                   UNION SELECT name FROM bank_account WHERE book_id = $1";
        let known = db.query_all_raw(Statement::from_sql_and_values(backend, sql, [book.into()])).await?;
        let mut banks: BTreeSet<String> =
            known.iter().map(|row| row.try_get("", "bank_account")).collect::<Result<_, _>>()?;
        banks.extend(charity::Entity::find_by_id(book).one(db).await?.map(|charity| charity.bank_account));
        Ok(Ground { campaigns, budget_lines, banks })
    }

    /// The sum of a side, if a person may write these lines.
    pub(super) fn check(&self, kind: VoucherKind, lines: &[VoucherLine]) -> Result<Money, VoucherError> {
        let sum = total(lines)?;
        let subjects: Vec<Subject> = lines
            .iter()
            .zip(1..)
            .map(|(line, n)| {
                // Memo books of loan programmes have a chart of their own; nobody writes there by hand.
                let subject = Subject::of(&line.account.subject).filter(|subject| !subject.code().starts_with('L'));
                subject.ok_or(bad(n, "2024制度下没有这个会计科目"))
            })
            .collect::<Result<_, _>>()?;
        let only_cash = subjects.iter().all(|subject| subject.is_cash());
        for ((line, subject), n) in lines.iter().zip(&subjects).zip(1..) {
            let problem = self.subject(kind, *subject, &line.account).or_else(|| self.dimensions(kind, *subject, line));
            let problem = problem.or_else(|| flow(kind, *subject, line, only_cash));
            let problem = problem.or_else(|| self.charged(*subject, line));
            if let Some(problem) = problem {
                return Err(bad(n, problem));
            }
        }
        if let Some(refused) = against(lines, &subjects) {
            return Err(refused);
        }
        // Net assets that are owed for cannot be a campaign's.
        let sum_of = |side: Side, code: &str| {
            let lines = lines.iter().filter(|line| line.side == side && line.account.subject == code);
            lines.map(|line| line.amount.fen()).sum::<i64>()
        };
        if sum_of(Side::Credit, "3102") > sum.fen() - sum_of(Side::Debit, "3101") {
            return Err(VoucherError::Invalid { field: "lines", problem: "限定性净资产超过资产" });
        }
        Ok(sum)
    }

    /// What is wrong with an account of a campaign in itself: a campaign that is frozen or over pays nothing, and of its cost a voucher
    /// charges shares that the plan has a line for.
    fn charged(&self, subject: Subject, line: &VoucherLine) -> Option<&'static str> {
        let account = &line.account;
        let campaign = account.campaign?;
        if line.side == Side::Debit
            && let Some(closed) = self.campaigns.get(&campaign).copied().flatten()
            && (subject.is_expense() || subject.is_income() || subject.code().starts_with("3201"))
        {
            return Some(closed);
        }
        if !subject.is_expense() {
            return None;
        }
        if account.goods {
            return account.budget_line.is_some().then_some("物资支出不占预算行");
        }
        let carried = match subject.code() {
            "5301" => BudgetKind::Management,
            "5401" => BudgetKind::Fundraising,
            _ => return Some("项目的支出请通过支出申请办理，凭证只记项目分摊的管理费用和筹资费用"),
        };
        let Some(code) = &account.budget_line else { return Some("项目分摊的费用请指明预算行") };
        let kind = self.budget_lines.get(&(campaign, code.clone()));
        (kind != Some(&carried)).then_some("该预算行的种类与科目不符，不能列支")
    }

    fn subject(&self, kind: VoucherKind, subject: Subject, account: &VoucherAccount) -> Option<&'static str> {
        let code = subject.code();
        let opening = kind == VoucherKind::Opening;
        if opening && (subject.is_income() || subject.is_expense() || code.starts_with("3201")) {
            return Some("期初余额只登记资产、负债和净资产");
        }
        if !opening && (code == "3101" || code == "3102") {
            return Some("净资产由解除限定和年终结转生成，不能手工记账");
        }
        if kind == VoucherKind::Adjustment && (subject.is_cash() || code.starts_with("3201")) {
            return Some("审计调整不涉及货币资金，也不直接使用以前年度净资产调整科目");
        }
        if kind != VoucherKind::Adjustment && code.starts_with("4101") {
            return Some("捐赠收入由捐赠记录入账，不能手工记账");
        }
        if code == "1009" {
            return match account.channel.as_deref() {
                None => Some("请指明支付渠道"),
                Some("wechat") if opening => None,
                Some(channel) if channel.starts_with("wechat") => Some("微信账户由账单核对入账，不能手工记账"),
                Some(channel) if channel.starts_with("platform:") && !opening => {
                    Some("平台代收款由捐赠清单与银行流水入账，不能手工记账")
                }
                Some(_) => None,
            };
        }
        if code == "1002" {
            return match &account.bank_account {
                None => Some("请指明银行账户"),
                Some(bank) if !opening && !self.banks.contains(bank) => Some("没有这个银行账户"),
                Some(_) => None,
            };
        }
        if code == "2202" || code == "2209" {
            return match account.payable.as_deref() {
                None => Some("请指明应付款项的种类"),
                Some(payable) if RESERVED.contains(&payable) => Some("这类应付款由对应业务入账，不能手工记账"),
                Some(_) => None,
            };
        }
        None
    }

    fn dimensions(&self, kind: VoucherKind, subject: Subject, line: &VoucherLine) -> Option<&'static str> {
        let VoucherAccount { campaign, budget_line, channel, bank_account, contract, payable, goods, .. } =
            &line.account;
        let texts = [budget_line, channel, bank_account, contract, payable];
        let unfit = |text: &String| {
            text.trim() != text
                || !(1..=60).contains(&text.chars().count())
                || text.contains(|c: char| c.is_control() || matches!(c, '[' | ']' | ',' | '='))
        };
        if texts.into_iter().flatten().any(unfit) {
            return Some("核算项目为1至60个字，不含方括号、逗号和等号");
        }
        if bank_account.is_some() && subject != Subject::BANK {
            return Some("只有银行存款分银行账户");
        }
        if payable.is_some() && !subject.code().starts_with('2') {
            return Some("只有负债分应付种类");
        }
        // What is missing at the channel is written off, or made good, by voucher (entry 24).
        let short = subject == Subject::OTHER_RECEIVABLE && channel.as_deref() == Some("wechat");
        if channel.is_some() && !matches!(subject.code(), "1001" | "1009") && !short {
            return Some("只有库存现金、其他货币资金和微信短款分渠道");
        }
        let own = subject.is_restricted() || subject.is_expense();
        match campaign {
            Some(_) if !own => return Some("该科目不分项目"),
            Some(id) if !self.campaigns.contains_key(id) => return Some("本账套没有这个项目"),
            None if subject.is_restricted() && kind != VoucherKind::Opening => return Some("限定性科目请指明项目"),
            _ => {}
        }
        if let Some(code) = budget_line {
            let known = campaign.is_some_and(|id| self.budget_lines.contains_key(&(id, code.clone())));
            if !subject.is_expense() || !known {
                return Some("该项目没有这个预算行");
            }
        }
        if *goods && campaign.is_none() {
            return Some("只有项目分货币与物资");
        }
        None
    }

    /// The entry of a voucher. Of a year that is over, income and expenses go to 以前年度净资产调整, and with an expense of a campaign
    /// the release that covered it.
    pub(super) fn entry(book: BookId, row: &manual_voucher::Model, lines: &[VoucherLine], prior_year: bool) -> Entry {
        let kind = match row.kind {
            VoucherKind::Ordinary => "voucher",
            VoucherKind::Reversal => "reversal",
            VoucherKind::Opening => "opening",
            VoucherKind::Adjustment => "adjustment",
        };
        let mut entry = Entry::new(book, kind, format!("voucher:{}", row.id), row.event_date);
        let mut lines = lines.to_vec();
        if row.kind == VoucherKind::Opening {
            // 3101 beside 3102 would be a release: what a campaign has stands against assets.
            lines.sort_by_key(|line| match line.account.subject.as_str() {
                "3101" => 2,
                "3102" => 0,
                _ => 1,
            });
        }
        let accounts: Vec<Account> = lines.iter().filter_map(|line| account(book, &line.account)).collect();
        for (d, c, amount) in pairs(&lines) {
            let (Some(debit), Some(credit)) = (accounts.get(d), accounts.get(c)) else { continue };
            let given = |index: usize| lines[index].cash_flow.as_deref().and_then(CashFlow::of);
            let flow = match (debit.subject().is_cash(), credit.subject().is_cash()) {
                (true, false) => given(d),
                (false, true) => given(c),
                _ => None,
            };
            if !prior_year {
                entry = entry.flowing(debit.clone(), credit.clone(), amount, flow);
                continue;
            }
            let (late_debit, late_credit) = (across_years(debit), across_years(credit));
            let free = Account::new(book, Subject::UNRESTRICTED_NET_ASSETS);
            if late_debit != late_credit {
                entry = entry.flowing(late_debit, late_credit, amount, flow);
            } else {
                // From one expense or income to another changes no net assets: what was wrong is taken back and what is right is
                // charged, through the net assets both belong to (entry 21).
                let through = match late_debit.campaign() {
                    Some(campaign) if late_debit.subject().is_restricted() => {
                        let kept = Account::of_campaign(book, Subject::RESTRICTED_NET_ASSETS, campaign);
                        if late_debit.is_goods() { kept.in_goods() } else { kept }
                    }
                    _ => free.clone(),
                };
                entry = entry.posting(through.clone(), late_credit, amount).posting(late_debit, through, amount);
            }
            if let Some(kept) = released_from(debit) {
                entry = entry.posting(kept, free.clone(), amount);
            }
            if let Some(kept) = released_from(credit) {
                entry = entry.posting(free, kept, amount);
            }
        }
        within(entry)
    }
}

/// Why nothing is charged to a campaign in this state, if so: before its first gift, and once it is over.
fn closed(state: CampaignState, frozen: bool) -> Option<&'static str> {
    if frozen {
        return Some("该项目资金已冻结");
    }
    match state {
        CampaignState::Open
        | CampaignState::EmergencyOpen
        | CampaignState::Paused
        | CampaignState::Ended
        | CampaignState::Executing
        | CampaignState::Closing => None,
        CampaignState::Draft
        | CampaignState::Submitted
        | CampaignState::OrgReview
        | CampaignState::FinanceReview
        | CampaignState::Approved
        | CampaignState::Filing
        | CampaignState::Filed
        | CampaignState::Scheduled
        | CampaignState::Closed
        | CampaignState::Rejected
        | CampaignState::Suspended
        | CampaignState::Cancelled
        | CampaignState::Terminated => Some("该项目目前不能支出"),
    }
}

/// Refuses what the money of a campaign does not stand against by hand: a share of cost against money or what is to be paid to somebody,
/// goods against anything but stock, restricted net assets of earlier years against money or debts.
fn against(lines: &[VoucherLine], subjects: &[Subject]) -> Option<VoucherError> {
    let all = || lines.iter().zip(subjects).zip(1_usize..);
    let own = |line: &VoucherLine, subject: &Subject| subject.is_expense() && line.account.campaign.is_some();
    let money = all().any(|((line, subject), _)| own(line, subject) && !line.account.goods);
    let goods = all().any(|((line, subject), _)| own(line, subject) && line.account.goods);
    let earlier = all().any(|((line, subject), _)| {
        line.side == Side::Debit && line.account.campaign.is_some() && subject.code().starts_with("3201")
    });
    all().filter(|((line, subject), _)| !own(line, subject)).find_map(|((_, subject), n)| {
        let code = subject.code();
        if money && !CARRIED_FROM.contains(&code) {
            return Some(bad(n, "项目的付款和应付款请通过支出申请办理"));
        }
        if goods && code != "1201" {
            return Some(bad(n, "发放项目物资只对应存货"));
        }
        let paid = subject.is_cash() || code == "2202" || code == "2209";
        (earlier && paid).then(|| bad(n, "项目的付款和应付款请通过支出申请办理"))
    })
}

/// What lines charge to budget lines, net, in fen.
pub(super) fn charges(lines: &[VoucherLine]) -> BTreeMap<(CampaignId, String), i64> {
    let mut charges = BTreeMap::new();
    for line in lines.iter().filter(|line| !line.account.goods) {
        let expense = Subject::of(&line.account.subject).is_some_and(Subject::is_expense);
        let (Some(campaign), Some(code), true) = (line.account.campaign, &line.account.budget_line, expense) else {
            continue;
        };
        let fen = match line.side {
            Side::Debit => line.amount.fen(),
            Side::Credit => -line.amount.fen(),
        };
        *charges.entry((campaign, code.clone())).or_default() += fen;
    }
    charges.retain(|_, fen| *fen != 0);
    charges
}

/// No account of cash goes below nothing.
pub(super) fn within(entry: Entry) -> Entry {
    let credited: BTreeSet<Account> =
        entry.postings().iter().map(|p| &p.credit).filter(|account| account.subject().is_cash()).cloned().collect();
    credited.into_iter().fold(entry, Entry::within)
}

fn bad(line: usize, problem: &'static str) -> VoucherError {
    VoucherError::Line { line, problem }
}

/// Each line of cash names its line of 现金流量表, where the voucher moves cash at all.
fn flow(kind: VoucherKind, subject: Subject, line: &VoucherLine, only_cash: bool) -> Option<&'static str> {
    let wanted = subject.is_cash() && !only_cash && kind != VoucherKind::Opening;
    match line.cash_flow.as_deref() {
        None if wanted => Some("请指明现金流量表项目"),
        Some(_) if !wanted => Some("该行不产生现金流量，不填现金流量表项目"),
        Some(key) if CashFlow::of(key).is_none() => Some("现金流量表没有这个项目"),
        _ => None,
    }
}

/// The account of a line; none if its subject is not of today's chart.
fn account(book: BookId, of: &VoucherAccount) -> Option<Account> {
    let mut account = Account::new(book, Subject::of(&of.subject)?);
    if let Some(campaign) = of.campaign {
        account = account.for_campaign(campaign);
    }
    if let Some(code) = &of.budget_line {
        account = account.on_line(code);
    }
    if let Some(channel) = &of.channel {
        account = account.through(channel);
    }
    if let Some(bank) = &of.bank_account {
        account = account.at_bank(bank);
    }
    if let Some(contract) = &of.contract {
        account = account.under(contract);
    }
    if let Some(payable) = &of.payable {
        account = account.owed_as(payable);
    }
    Some(if of.goods { account.in_goods() } else { account })
}

/// Income and expenses of an ended year live in 3201.
fn across_years(account: &Account) -> Account {
    let subject = account.subject();
    let to = match () {
        () if subject.is_income() && subject.is_restricted() => Subject::PRIOR_YEAR_RESTRICTED,
        () if subject.is_income() || subject.is_expense() => Subject::PRIOR_YEAR_UNRESTRICTED,
        () => return account.clone(),
    };
    let late = match account.campaign() {
        Some(campaign) => Account::of_campaign(account.book(), to, campaign),
        None => Account::new(account.book(), to),
    };
    if account.is_goods() { late.in_goods() } else { late }
}

/// 3102 of the campaign whose money an expense used: its year released as much.
fn released_from(account: &Account) -> Option<Account> {
    let campaign = account.campaign().filter(|_| account.subject().is_expense())?;
    let kept = Account::of_campaign(account.book(), Subject::RESTRICTED_NET_ASSETS, campaign);
    Some(if account.is_goods() { kept.in_goods() } else { kept })
}

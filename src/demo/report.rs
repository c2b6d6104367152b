//! What the invented year came to: campaigns, trial balance, audit, accounts, addresses. One document for programs, tables for
//! people.

use std::collections::BTreeMap;

use app::books::Books;
use crowdfunding::PublicCampaign;
use domain::campaign::CampaignState;
use domain::lending::LoanState;
use domain::role::Role;
use domain::{CampaignId, Money};
use entity::Db;
use ledger::{AuditReport, TrialLine};
use serde::Serialize;

use super::table::{Align, Table, progress, yuan};
use super::world::World;

/// The report.
#[derive(Serialize)]
pub(crate) struct Report {
    campaigns: Vec<CampaignLine>,
    staff: Vec<StaffLine>,
    loans: Vec<LoanLine>,
    trial_balance: Vec<BalanceLine>,
    audit: Audit,
    urls: BTreeMap<&'static str, String>,
    #[serde(skip)]
    differences: Vec<String>,
}

#[derive(Serialize)]
struct CampaignLine {
    id: String,
    name: String,
    state: CampaignState,
    target: Money,
    raised: Money,
    refunded: Money,
    /// What is available of it.
    left: Money,
    gifts: i64,
}

#[derive(Serialize)]
struct LoanLine {
    state: LoanState,
    count: i64,
    outstanding: Money,
}

#[derive(Serialize)]
struct StaffLine {
    username: String,
    name: &'static str,
    role: Role,
    password: String,
    totp_secret: Option<String>,
}

#[derive(Serialize)]
struct BalanceLine {
    book: String,
    account: String,
    name: String,
    debit: Money,
    credit: Money,
}

#[derive(Serialize)]
struct Audit {
    ok: bool,
    checked: u64,
}

impl Report {
    /// Reads the world's campaigns and all books, and audits. `progress` hears how many entries were read.
    pub(crate) async fn read(
        world: &World,
        db: &Db,
        urls: BTreeMap<&'static str, String>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> anyhow::Result<Report> {
        let planned: Vec<CampaignId> = world.campaigns.iter().map(|planned| planned.id.into()).collect();
        let rows = crowdfunding::named_campaigns(db.read(), &planned).await?;
        let campaigns = crowdfunding::with_money(db.read(), rows).await?;
        let campaigns: Vec<CampaignLine> = campaigns.into_iter().map(CampaignLine::from).collect();
        let books = Books::new(db.clone());
        let names: BTreeMap<&str, &str> = campaigns.iter().map(|line| (line.id.as_str(), line.name.as_str())).collect();
        let mut trial_balance: Vec<BalanceLine> = books
            .trial_balance(None, None)
            .await?
            .into_iter()
            .map(|line| BalanceLine {
                name: readable(&line, &names),
                book: line.book,
                account: line.account,
                debit: line.debit,
                credit: line.credit,
            })
            .collect();
        // By their bytes, whatever the database holds for the alphabet.
        trial_balance.sort_by(|a, b| (&a.book, &a.account).cmp(&(&b.book, &b.account)));
        let loans = lending::view::census(db.read()).await?.into_iter().map(|one| LoanLine {
            state: one.state,
            count: one.count,
            outstanding: one.outstanding,
        });
        let AuditReport { checked, differences } = books.audit(progress).await?;
        let staff = world.staff().into_iter().map(|member| StaffLine {
            username: member.username,
            name: member.name,
            role: member.role,
            password: member.password,
            totp_secret: member.totp_secret,
        });
        Ok(Report {
            staff: staff.collect(),
            loans: loans.collect(),
            trial_balance,
            audit: Audit { ok: differences.is_empty(), checked },
            urls,
            differences: differences
                .iter()
                .map(|d| format!("  {} {}：存为 {}，重算为 {}", d.what, d.key, d.stored, d.computed))
                .collect(),
            campaigns,
        })
    }

    /// Whether the audit is clean.
    pub(crate) fn is_clean(&self) -> bool {
        self.audit.ok
    }

    /// For people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![String::new()];
        lines.extend(self.campaign_table().lines("项目"));
        lines.push(String::new());
        lines.extend(self.loan_table().lines("青年贷款（申请与合同）"));
        lines.push(
            "贷款相关的账号：…-xiangdu-league、…-wuan-league 县级推荐，…-xingtai-league、…-handan-league 市级推荐，"
                .to_owned(),
        );
        lines.push("…-province-league 产品、LPR 与额度，…-lender-taihang、…-lender-hutuo 银行审批、放款与文件；差错在 /console/breaks。".to_owned());
        lines.push(String::new());
        lines.extend(self.balance_table().lines("试算平衡表（贷款本金按合同分户，此处合并）"));
        let checked = yuan(Money::from_fen(i64::try_from(self.audit.checked).unwrap_or_default() * 100));
        let checked = checked.trim_end_matches(".00");
        lines.push(if self.audit.ok {
            format!("审计：由分录重算并核对 {checked} 个数，全部一致。")
        } else {
            format!("审计：核对 {checked} 个数，{} 个不一致：", self.differences.len())
        });
        lines.extend(self.differences.iter().cloned());
        lines.push(String::new());
        lines.extend(self.staff_table().lines("工作人员（演示账号）"));
        lines.push(String::new());
        lines.extend(self.url_table().lines("地址"));
        lines
    }

    fn campaign_table(&self) -> Table {
        let mut table = Table::new(&[
            ("项目", Align::Left),
            ("状态", Align::Left),
            ("目标（元）", Align::Right),
            ("已筹（元）", Align::Right),
            ("退款（元）", Align::Right),
            ("剩余（元）", Align::Right),
            ("捐赠笔数", Align::Right),
            ("进度", Align::Left),
        ]);
        for line in &self.campaigns {
            let raised = yuan(line.raised);
            table.row([
                line.name.clone(),
                state_name(line.state).to_owned(),
                yuan(line.target),
                raised,
                yuan(line.refunded),
                yuan(line.left),
                line.gifts.to_string(),
                progress(line.raised, line.target),
            ]);
        }
        table
    }

    fn loan_table(&self) -> Table {
        let mut table = Table::new(&[("状态", Align::Left), ("件数", Align::Right), ("未还本金（元）", Align::Right)]);
        for line in &self.loans {
            table.row([line.state.chinese().to_owned(), line.count.to_string(), yuan(line.outstanding)]);
        }
        table
    }

    fn balance_table(&self) -> Table {
        let mut table = Table::new(&[
            ("账套", Align::Left),
            ("科目", Align::Left),
            ("名称", Align::Left),
            ("借方（元）", Align::Right),
            ("贷方（元）", Align::Right),
        ]);
        let side = |amount: Money| if amount == Money::ZERO { String::new() } else { yuan(amount) };
        // What is kept apart by contract would fill pages: it is one line a subject.
        let mut folded: BTreeMap<(&str, &str), (Money, Money)> = BTreeMap::new();
        let of_contract = |line: &BalanceLine| line.account.contains("[contract=");
        for line in self.trial_balance.iter().filter(|line| of_contract(line)) {
            let code = line.account.split('[').next().unwrap_or_default();
            let sum = folded.entry((&line.book, code)).or_default();
            let plus = |a: Money, b: Money| a.checked_add(b).unwrap_or(Money::MAX);
            *sum = (plus(sum.0, line.debit), plus(sum.1, line.credit));
        }
        for line in &self.trial_balance {
            let code = line.account.split('[').next().unwrap_or_default();
            let (debit, credit) = if of_contract(line) {
                let Some(sum) = folded.remove(&(line.book.as_str(), code)) else { continue };
                sum
            } else {
                (line.debit, line.credit)
            };
            let name = if of_contract(line) { line.name.split('·').next().unwrap_or_default() } else { &line.name };
            table.row([line.book.clone(), code.to_owned(), name.to_owned(), side(debit), side(credit)]);
        }
        let sum = |of: fn(&BalanceLine) -> Money| {
            Money::checked_sum(self.trial_balance.iter().map(of)).map_or_else(|| "?".to_owned(), yuan)
        };
        table.foot([String::new(), String::new(), "合计".to_owned(), sum(|l| l.debit), sum(|l| l.credit)]);
        table
    }

    fn staff_table(&self) -> Table {
        let columns = ["用户名", "姓名", "角色", "密码", "动态口令密钥（TOTP）"];
        let mut table = Table::new(&columns.map(|title| (title, Align::Left)));
        for line in &self.staff {
            table.row([
                line.username.clone(),
                line.name.to_owned(),
                line.role.as_str().to_owned(),
                line.password.clone(),
                line.totp_secret.clone().unwrap_or_default(),
            ]);
        }
        table
    }

    fn url_table(&self) -> Table {
        let mut table = Table::new(&[("用途", Align::Left), ("地址", Align::Left)]);
        for (what, url) in &self.urls {
            table.row([(*what).to_owned(), url.clone()]);
        }
        table
    }
}

impl From<PublicCampaign> for CampaignLine {
    fn from(public: PublicCampaign) -> CampaignLine {
        let PublicCampaign { campaign, fund, refunded, gifts, .. } = public;
        CampaignLine {
            id: campaign.id.to_string(),
            name: campaign.name,
            state: campaign.state,
            target: campaign.target_fen,
            raised: fund.raised_cash.checked_add(fund.raised_goods).unwrap_or(Money::MAX),
            refunded,
            left: fund.available(),
            gifts,
        }
    }
}

fn state_name(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Draft => "草稿",
        CampaignState::Submitted => "待初审",
        CampaignState::OrgReview => "初审中",
        CampaignState::FinanceReview => "待财务审核",
        CampaignState::Approved => "已批准",
        CampaignState::Filing => "备案中",
        CampaignState::Filed => "已备案",
        CampaignState::Scheduled => "待开放",
        CampaignState::EmergencyOpen => "应急募捐中",
        CampaignState::Open => "募捐中",
        CampaignState::Paused => "暂停",
        CampaignState::Ended => "募捐结束",
        CampaignState::Executing => "执行中",
        CampaignState::Closing => "结项中",
        CampaignState::Closed => "已结项",
        CampaignState::Suspended => "核查中",
        CampaignState::Terminated => "终止",
        CampaignState::Rejected => "退回",
        CampaignState::Cancelled => "撤销",
    }
}

/// The subject's name, and in Chinese what the account is kept apart by.
fn readable(line: &TrialLine, campaigns: &BTreeMap<&str, &str>) -> String {
    let dimensions = line.account.split_once('[').map_or("", |(_, rest)| rest.trim_end_matches(']'));
    let words =
        dimensions.split(',').filter_map(|dimension| dimension.split_once('=')).map(|(dimension, value)| {
            match (dimension, value) {
                ("campaign", id) => campaigns.get(id).copied().unwrap_or(id),
                ("channel", "wechat") => "微信余额",
                ("channel", "wechat_transit") => "微信在途",
                ("payable", kind) => app::books::words::payable(kind),
                ("goods", _) => "实物",
                (_, other) => other,
            }
        });
    std::iter::once(line.subject.as_str()).chain(words).collect::<Vec<_>>().join("·")
}

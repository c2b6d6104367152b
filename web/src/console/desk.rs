//! What waits for whoever has signed in.

use app::runs::ListJobs;
use app::waiting::{Waiting, WaitingItem, WaitingKind};
use domain::DisbursementId;
use domain::decision::DecisionKind;
use domain::duty::DutyKind;
use domain::refund::RefundReason;
use domain::role::Role;
use entity::payout_notice;
use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::{job, screening};
use crate::page::{Html, PageError};
use crate::session::Officer;
use crate::{glossary, part, words};

/// How many notices are shown at once.
const NOTICES: u64 = 20;

/// Where a thing that waits is dealt with.
fn path(kind: WaitingKind, item: &WaitingItem) -> String {
    let id = item.id;
    match kind {
        WaitingKind::Campaign => format!("/console/campaigns/{id}"),
        WaitingKind::Disbursement | WaitingKind::Payment => format!("/console/disbursements/{id}"),
        WaitingKind::PaymentFile => format!("/console/payment-files/{id}"),
        WaitingKind::BankLine => format!("/console/bank/lines/{id}"),
        WaitingKind::Refund => format!("/console/refunds/{id}"),
        WaitingKind::BankGift => format!("/console/donations/{id}"),
        WaitingKind::CampaignChange => format!("/console/campaign-changes/{id}"),
        WaitingKind::CampaignDecision => "/console/decisions".to_owned(),
        WaitingKind::AccountChange => format!("/console/account-changes/{id}"),
        WaitingKind::SmallReview => "/console/small-reviews".to_owned(),
        WaitingKind::RoleGrant => "/console/roles".to_owned(),
        WaitingKind::Delegation => "/console/delegations".to_owned(),
        WaitingKind::Account => format!("/console/members/{id}"),
        WaitingKind::Enquiry => "/console/enquiries".to_owned(),
        WaitingKind::Complaint => "/console/complaints".to_owned(),
        WaitingKind::Screening => "/console/screening".to_owned(),
        WaitingKind::ChildAccess => "/console/child-access".to_owned(),
        WaitingKind::PayeeErasure => "/console/payee-erasures".to_owned(),
        WaitingKind::Message => "/console/messages".to_owned(),
        WaitingKind::TeamName => "/console/teams?state=review".to_owned(),
        WaitingKind::Settlement => format!("/console/settlements/{id}"),
        WaitingKind::Transfer => format!("/console/transfers/{id}"),
        WaitingKind::Break => format!("/console/breaks/{id}"),
        WaitingKind::Duty => {
            let kind = item.note.as_deref().unwrap_or_default();
            format!("/console/duties?kind={}", crate::session::encoded(kind))
        }
        WaitingKind::BankClaim => "/console/bank/claims".to_owned(),
        WaitingKind::BankBalance => "/console/bank/balance".to_owned(),
        WaitingKind::GiftList => format!("/console/gift-lists/{id}"),
        WaitingKind::Voucher => format!("/console/vouchers/{id}"),
        WaitingKind::CashCount => format!("/console/cash-counts/{id}"),
        WaitingKind::MonthLock => format!("/console/closing?book={id}"),
        WaitingKind::YearClosing => format!("/console/year-closings/{id}"),
        WaitingKind::AuditReport => format!("/console/audit-reports/{id}"),
        WaitingKind::LoanApplication | WaitingKind::LoanDecision | WaitingKind::LoanSignature => {
            format!("/console/loan-applications/{id}")
        }
        WaitingKind::LoanProduct => format!("/console/loan-products/{id}"),
        WaitingKind::NeedMatch => "/console/needs".to_owned(),
    }
}

/// Where all things of a kind are listed.
fn list(kind: WaitingKind) -> Option<&'static str> {
    Some(match kind {
        WaitingKind::Campaign | WaitingKind::CampaignChange => "/console/campaigns",
        WaitingKind::CampaignDecision => "/console/decisions",
        WaitingKind::Disbursement => "/console/disbursements",
        WaitingKind::Payment => "/console/disbursements?state=approved",
        WaitingKind::PaymentFile => "/console/payment-files",
        WaitingKind::Refund => "/console/refunds",
        WaitingKind::Transfer => "/console/transfers",
        WaitingKind::BankGift => "/console/bank-gifts",
        WaitingKind::BankLine => "/console/bank",
        WaitingKind::BankClaim => "/console/bank/claims",
        WaitingKind::GiftList => "/console/gift-lists",
        WaitingKind::BankBalance => "/console/bank/balance",
        WaitingKind::Break => "/console/breaks",
        WaitingKind::Voucher => "/console/vouchers",
        WaitingKind::CashCount => "/console/cash-counts",
        WaitingKind::MonthLock => "/console/closing",
        // They have no list of their own.
        WaitingKind::Settlement | WaitingKind::YearClosing | WaitingKind::AuditReport => return None,
        WaitingKind::AccountChange => "/console/charities",
        WaitingKind::SmallReview => "/console/small-reviews",
        WaitingKind::RoleGrant => "/console/roles",
        WaitingKind::Delegation => "/console/delegations",
        WaitingKind::Account => "/console/members",
        WaitingKind::Enquiry => "/console/enquiries",
        WaitingKind::Complaint => "/console/complaints",
        WaitingKind::Screening => "/console/screening",
        WaitingKind::ChildAccess => "/console/child-access",
        WaitingKind::PayeeErasure => "/console/payee-erasures",
        WaitingKind::Message => "/console/messages",
        WaitingKind::TeamName => "/console/teams?state=review",
        WaitingKind::LoanApplication | WaitingKind::LoanDecision | WaitingKind::LoanSignature => {
            "/console/loan-applications"
        }
        WaitingKind::LoanProduct => "/console/loan-products",
        WaitingKind::NeedMatch => "/console/needs",
        WaitingKind::Duty => "/console/duties",
    })
}

/// What a thing is called, in words: what the program calls its kind is told as people call it.
fn title(kind: WaitingKind, item: &WaitingItem) -> String {
    let (title, note) = (item.title.as_deref(), item.note.as_deref().unwrap_or_default());
    let key = |word: &str| glossary::value("kind", &serde_json::Value::String(word.to_owned()));
    let of = |word: &str| title.map_or_else(|| word.to_owned(), |title| format!("{word}：{title}"));
    match kind {
        WaitingKind::Break => crate::finance::break_class(title.unwrap_or_default()).to_owned(),
        WaitingKind::RoleGrant | WaitingKind::Delegation => {
            let role = title.and_then(|role| role.parse::<words::Key<Role>>().ok());
            role.map_or_else(|| "角色".to_owned(), |role| words::role(role.0).to_owned())
        }
        WaitingKind::CampaignDecision => {
            let kind = note.parse::<words::Key<DecisionKind>>().ok();
            of(kind.map_or("决定", |kind| words::decision_kind(kind.0)))
        }
        WaitingKind::Duty => {
            let kind = note.parse::<words::Key<DutyKind>>().ok();
            of(kind.map_or("期限", |kind| kind.0.title()))
        }
        WaitingKind::Transfer | WaitingKind::Settlement => of(&key(note)),
        WaitingKind::Refund => {
            let reason = note.parse::<words::Key<RefundReason>>().ok();
            of(reason.map_or("退款", |reason| words::refund_reason(reason.0)))
        }
        WaitingKind::Screening if note == "payee" => "收款人名单命中".to_owned(),
        WaitingKind::Screening => "捐赠提示".to_owned(),
        WaitingKind::BankBalance => format!("{}：{note}", title.unwrap_or_default()),
        WaitingKind::Enquiry => of("查询"),
        WaitingKind::Complaint => of("投诉"),
        WaitingKind::ChildAccess => format!("{}的查阅申请", title.unwrap_or_default()),
        WaitingKind::PayeeErasure => format!("{}登记的删除申请", title.unwrap_or_default()),
        WaitingKind::LoanApplication | WaitingKind::LoanDecision | WaitingKind::LoanSignature => of("申请"),
        WaitingKind::YearClosing => format!("{}{note}年度", title.unwrap_or_default()),
        WaitingKind::AuditReport => of("报告"),
        WaitingKind::AccountChange => of("账户变更"),
        WaitingKind::SmallReview => of("待复核"),
        WaitingKind::MonthLock => of("月结"),
        WaitingKind::CashCount => of("盘点"),
        WaitingKind::Campaign
        | WaitingKind::CampaignChange
        | WaitingKind::Disbursement
        | WaitingKind::Payment
        | WaitingKind::PaymentFile
        | WaitingKind::BankGift
        | WaitingKind::BankLine
        | WaitingKind::BankClaim
        | WaitingKind::GiftList
        | WaitingKind::Voucher
        | WaitingKind::Account
        | WaitingKind::Message
        | WaitingKind::TeamName
        | WaitingKind::LoanProduct
        | WaitingKind::NeedMatch => title.unwrap_or("（未命名）").to_owned(),
    }
}

/// What tells it from others of that name, or why it came back.
fn note(kind: WaitingKind, item: &WaitingItem) -> Option<String> {
    let note = item.note.as_deref()?;
    Some(match kind {
        WaitingKind::PaymentFile | WaitingKind::SmallReview => format!("{note}笔"),
        WaitingKind::AccountChange => format!("自{note}起"),
        WaitingKind::MonthLock => format!("已锁定至{note}"),
        WaitingKind::BankLine | WaitingKind::BankClaim | WaitingKind::BankGift => format!("流水号{note}"),
        WaitingKind::Screening if note != "payee" => screening::ground(note).to_owned(),
        WaitingKind::Campaign
        | WaitingKind::CampaignChange
        | WaitingKind::Disbursement
        | WaitingKind::Voucher
        | WaitingKind::Payment
        | WaitingKind::GiftList
        | WaitingKind::Break
        | WaitingKind::CashCount
        | WaitingKind::RoleGrant
        | WaitingKind::Delegation
        | WaitingKind::Account => note.to_owned(),
        _ => return None,
    })
}

/// The end of the number of a thing, where nothing else tells it from another of the list.
fn number(waiting: &Waiting, item: &WaitingItem) -> Option<String> {
    let said = |one: &WaitingItem| (title(waiting.kind, one), note(waiting.kind, one), one.fen, one.last_day.clone());
    let same = waiting.first.iter().filter(|other| said(other) == said(item)).count();
    let simple = item.id.simple().to_string();
    (same > 1).then(|| format!("编号…{}", simple.get(26..).unwrap_or_default()))
}

fn kind(waiting: &Waiting) -> Markup {
    let more = waiting.count - i64::try_from(waiting.first.len()).unwrap_or(waiting.count);
    html! {
        section class="block waiting" {
            h2 { (words::waiting(waiting.kind)) " " span class="count" { (waiting.count) } }
            ul {
                @for item in &waiting.first {
                    li {
                        a href=(path(waiting.kind, item)) { (title(waiting.kind, item)) }
                        @if let Some(fen) = item.fen { (part::yuan(fen)) }
                        @if let Some(note) = note(waiting.kind, item) { span { (note) } }
                        @if let Some(number) = number(waiting, item) { span class="faint" { (number) } }
                        @match &item.last_day {
                            Some(day) => span class="faint" { "截止" (day) },
                            None => span class="faint" { (part::at(item.since_us)) "起" },
                        }
                    }
                }
            }
            @if more > 0 {
                p class="faint" {
                    @match list(waiting.kind) { Some(list) => a href=(list) { "另有" (more) "项" }, None => { "另有" (more) "项" } }
                }
            }
        }
    }
}

/// Word of payments that are about to go out, until it was read.
fn told(officer: &Officer, notices: &[payout_notice::Model]) -> Markup {
    html! {
        section class="block" {
            h2 { "即将付款的通知 " span class="count" { (notices.len()) } }
            p class="faint" { "以下支出已经批准，将要付款；如有异议，请在付款前与经办人联系。" }
            ul class="papers" {
                @for one in notices {
                    li {
                        a href={ "/console/disbursements/" (one.disbursement_id) } { "查看支出申请" } " " span class="faint" { (part::at(one.at_us)) } " "
                        (officer.form(&format!("/console/payout-notices/{}/reading", one.disbursement_id), &html! {
                            button type="submit" class="plain" { "已知悉" }
                        }))
                    }
                }
            }
        }
    }
}

/// What is begun often, by whoever may: where, and what it is called. What waits stands above it.
const BEGUN: [(&str, &str, &[Role]); 19] = [
    ("/console/campaigns/new", "新建项目", &[Role::Organiser, Role::ProjectManager]),
    ("/console/disbursements/new", "新建支出申请", &[Role::Organiser, Role::ProjectManager]),
    ("/console/disbursements/batch", "按名单上传支出", &[Role::Organiser, Role::ProjectManager]),
    ("/console/duties?state=late", "逾期未办的公开和期限", &app::disclosures::TOLD),
    ("/console/disclosures/new", "编制公开内容", &[Role::Disclosure, Role::ProjectManager, Role::FinanceHead]),
    ("/console/bank-gifts/new", "登记银行捐赠", &[Role::Cashier, Role::Bookkeeper]),
    ("/console/payment-files/new", "制作付款文件", &[Role::Cashier]),
    ("/console/transfers/new", "登记提现或充值", &[Role::Cashier]),
    ("/console/cash-counts/new", "盘点现金", &[Role::Cashier]),
    ("/console/receipts/wishes", "看待开票据", &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead]),
    ("/console/reconciliation", "看每日对账", &app::books::READERS),
    ("/console/vouchers/new", "填制凭证", &[Role::Bookkeeper]),
    ("/console/closing", "结账与封存", &[Role::Bookkeeper, Role::FinanceHead]),
    ("/console/exports", "导出账簿", &app::books::READERS),
    ("/console/needs/new", "登记企业融资需求", &[Role::LeagueOfficer]),
    ("/console/loan-arrears", "看逾期贷款", &lending::READERS),
    ("/console/loan-report", "看贷款月报", &[Role::LeagueOfficer, Role::BankOfficer, Role::Auditor]),
    ("/console/members/new", "增加工作人员", &[Role::Admin]),
    ("/console/trail", "查审计日志", &[Role::Admin, Role::Auditor]),
];

/// What somebody can begin from here.
fn begun(officer: &Officer) -> Markup {
    let offered: Vec<_> = BEGUN.iter().filter(|(.., roles)| officer.is(roles)).collect();
    html! {
        @if !offered.is_empty() {
            section class="block" {
                h2 { "常用办理" }
                div class="steps" { @for (path, name, _) in offered { a class="button" href=(*path) { (*name) } } }
                p class="faint" { "要找的号码、名称或金额，在页面上方的查找框里输入；" a href="/console/search" { "能查找什么" } "。其他页面在菜单里。" }
            }
        }
    }
}

/// Says that a notice was read.
#[handler]
pub(super) async fn post_read(officer: Officer, Path(id): Path<DisbursementId>) -> Result<Response, PageError> {
    officer.app.spending.read_notice(id, &officer.member).await?;
    Ok(officer.done("已记录您知悉这笔付款。", "/console"))
}

/// The first page.
#[handler]
pub(super) async fn get_desk(officer: Officer, jobs: Data<&ListJobs>) -> Result<Html, PageError> {
    let waiting = officer
        .app
        .desk
        .of(&officer.member)
        .await
        .map_err(|error| PageError(app::problem::Problem::internal(&error)))?;
    let own_password = officer.app.identity.has_own_password(officer.id()).await?;
    let notices = officer.app.spending.notices(&officer.member, NOTICES).await?;
    let troubled = job::troubled(&officer, jobs.0).await?;
    let content = html! {
        h1 { "待办事项" }
        @if !own_password {
            p class="note" { "您还在使用发放的初始密码，发放的人见过它。请" a href="/console/sessions" { "修改密码" } "。" }
        }
        @if !notices.is_empty() { (told(&officer, &notices)) }
        (troubled)
        @if waiting.is_empty() { (part::nothing_here("没有等您办理的事项。")) }
        div class="desk" { @for of_kind in &waiting { (kind(of_kind)) } }
        (begun(&officer))
    };
    Ok(officer.page("待办事项", &[], &content))
}

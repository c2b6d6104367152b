//! The words of the ledger: what its events, its references and the parts of its accounts are called. Pages and files take them from
//! here, so that both say the same. A word that is not known is shown as it stands.

use std::collections::HashMap;

use domain::{AccountId, BookId, CampaignId};
use entity::account;
use uuid::Uuid;

/// The business event of an entry (摘要).
pub fn event(kind: &str) -> &str {
    match kind {
        "donation" => "收到捐赠",
        "suspense" => "收到待查款",
        "suspense_returned" => "退回待查款",
        "payment_difference" => "以微信为准：收款差额",
        "refund_difference" => "以微信为准：退款差额",
        "line_difference" => "以微信为准：其他流水",
        "fee" => "微信支付手续费",
        "fee_returned" => "手续费退回",
        "refund_decided" => "批准退款",
        "refund_sent" => "退款已付",
        "refund_given_up" => "放弃退款",
        "refund_covered" => "非限定性净资产弥补退款",
        "refund_cover_returned" => "退款放弃，弥补款转回",
        "withdrawal" => "微信提现",
        "top_up" => "微信充值",
        "unclaimed" => "收到待认领款",
        "unclaimed_returned" => "退回待认领款",
        "bank_interest" => "银行利息",
        "bank_charge" => "银行手续费",
        "cash_banked" => "现金存入银行",
        "platform_settled" => "平台结算到账",
        "disbursement" => "支出批准",
        "disbursement_paid" => "支出付款",
        "disbursement_bounced" => "付款退票",
        "disbursement_cancelled" => "付款取消",
        "disbursement_recovered" => "支出追回",
        "advance_accounted" => "预付核销",
        "release" => "限定性净资产解除限定",
        "leftover" => "剩余资金转入同类项目",
        "year_end_income" | "year_end_expense" | "year_end_release" | "year_end" | "closing" => "年终结转",
        "voucher" | "manual" => "手工凭证",
        "adjustment" => "审计调整",
        "opening" => "期初余额",
        "cash_difference" => "现金盘点差额",
        "reversal" => "红字冲销",
        "loan_payout" => "贷款放款",
        "loan_repayment" => "贷款还款",
        "loan_subsidy" => "贴息冲抵利息",
        "loan_subsidy_claimed" => "申报贴息",
        "loan_subsidy_received" => "收到贴息",
        "loan_subsidy_withdrawn" => "撤回贴息申报",
        "loan_credit_back" => "退还溢缴款",
        "loan_compensation" => "风险补偿",
        "loan_recovery" => "追偿收回",
        "loan_write_off" => "贷款核销",
        "loan_replaced" => "由新合同承接",
        "loan_change" => "贷款变更",
        "loan_day" => "贷款日结",
        other => other,
    }
}

/// What the reference of an entry says: the deed it books. The rest of it are keys.
pub fn reference(reference: &str) -> String {
    let (about, rest) = reference.split_once(':').unwrap_or((reference, ""));
    match about {
        "reversal" => format!("红字冲销：{}", self::reference(rest)),
        "refund" => "批准退款".to_owned(),
        "transfer_left" => "提现与充值：离开".to_owned(),
        "transfer_done" => "提现与充值：到账或退回".to_owned(),
        "disbursement_settled" => "支出追回或预付核销".to_owned(),
        "channel_difference" => "以微信为准的差额".to_owned(),
        "cash_count" => "现金盘点差额".to_owned(),
        "cash_count_settled" => "盘点差额处理".to_owned(),
        "loan_event" => "贷款业务".to_owned(),
        about => event(about).to_owned(),
    }
}

/// What a debt of 2202 or 2209 is.
pub fn payable(kind: &str) -> &str {
    match kind {
        "refund" => "待退捐款",
        "suspense" => "待查款",
        "unidentified" => "待认领款",
        "channel_surplus" => "待查长款（微信）",
        "cash_surplus" => "待查长款（现金）",
        "grant" => "应付资助",
        "reimbursement" => "应付报销",
        other => other,
    }
}

/// Where money of a channel stands, or what it paid.
pub fn money_place(subject: &str, channel: &str) -> String {
    match (subject, channel) {
        ("1009", "wechat") => "微信余额".to_owned(),
        ("1009", "wechat_transit") => "微信在途".to_owned(),
        ("5401", "wechat") => "通道费".to_owned(),
        ("1122", "wechat") => "微信短款".to_owned(),
        ("1122", cash_box) => format!("现金短款（{cash_box}）"),
        (_, "wechat") => "微信".to_owned(),
        (_, "bank") => "银行".to_owned(),
        (_, other) => other.strip_prefix("platform:").map_or_else(|| other.to_owned(), |name| format!("平台·{name}")),
    }
}

/// What an account is called: its subject, and what it is kept apart by.
pub fn account(row: &account::Model, subject: &str, campaigns: &HashMap<CampaignId, String>) -> String {
    let campaign = row.campaign_id.map(|id| {
        let known = campaigns.get(&id).cloned();
        known.unwrap_or_else(|| "（未命名项目）".to_owned())
    });
    let parts = [
        campaign,
        row.budget_line.as_ref().map(|line| format!("预算科目{line}")),
        row.channel.as_deref().map(|channel| money_place(&row.subject, channel)),
        row.bank_account.clone(),
        row.contract.clone(),
        row.payable.as_deref().map(|kind| payable(kind).to_owned()),
        row.goods.then(|| "物资".to_owned()),
    ];
    let mut name = format!("{} {subject}", row.subject);
    for part in parts.into_iter().flatten() {
        name.push_str(" · ");
        name.push_str(&part);
    }
    name
}

/// What an account will be called that nothing was posted to yet, by its own name: `2209[payable=channel_surplus]`.
pub fn unborn(account: &ledger::Account, subject: &str, campaign: Option<&str>) -> String {
    let name = account.name();
    let (code, dimensions) = name.split_once('[').unwrap_or((&name, ""));
    let part = |dimension: &str| {
        let (what, value) = dimension.split_once('=')?;
        Some(match what {
            "campaign" => campaign.unwrap_or("（未命名项目）").to_owned(),
            "line" => format!("预算科目{value}"),
            "channel" => money_place(code, value),
            "payable" => payable(value).to_owned(),
            "goods" => "物资".to_owned(),
            _ => value.to_owned(),
        })
    };
    let parts = dimensions.trim_end_matches(']').split(',').filter_map(part);
    parts.fold(format!("{code} {subject}"), |name, part| format!("{name} · {part}"))
}

/// The account of a book by its own name: its id follows from the two, as the ledger makes it.
pub fn account_id(book: BookId, name: &str) -> AccountId {
    Uuid::new_v5(&book.uuid(), name.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_name() {
        let book = BookId::new();
        let known = ledger::Account::payable(book, "cash_surplus");
        assert_eq!(account_id(book, &known.name()), known.id());
        assert_eq!(unborn(&known, "其他应付款", None), "2209 其他应付款 · 待查长款（现金）");
        assert_eq!(unborn(&ledger::Account::cash(book), "库存现金", None), "1001 库存现金");
    }

    #[test]
    fn a_reference_says_what_it_books() {
        let id = Uuid::nil();
        assert_eq!(reference(&format!("disbursement_paid:{id}:1")), "支出付款");
        assert_eq!(reference(&format!("reversal:suspense:{id}")), "红字冲销：收到待查款");
        assert_eq!(money_place("1009", "platform:示例平台"), "平台·示例平台");
        assert_eq!(reference("comet:1"), "comet");
    }
}

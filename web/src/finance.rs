//! The console of finance: the days against their bills, the books from a sum down to an entry, statements and closing, and the
//! cashier's desk, and what has to be published by when.

mod audit;
mod balance;
mod bank;
mod bank_account;
mod bank_file;
mod bank_line;
mod breaks;
mod cash;
mod claim;
mod closing;
pub(crate) mod disclosure;
mod duty;
mod duty_rule;
pub(crate) mod entry;
mod event;
mod export;
mod gift_list;
mod ledger;
mod lines;
mod matching;
mod payment;
mod payout;
mod ratio;
mod reconciliation;
mod recurring;
mod rule;
mod shelf;
mod statement;
mod transfer;
mod voucher;
mod words;
mod year;
mod year_closing;

use app::books::READERS;
use domain::BusinessDate;
use poem::{Route, get, post};

use crate::menu::{Item, Section};
use crate::page::PageError;
use crate::part::Tone;
use crate::session::Officer;

/// What the bank accounts are called, as a field offers them; to whoever does not read the books it offers nothing.
pub(crate) async fn bank_names(officer: &Officer) -> Result<Vec<String>, PageError> {
    if !officer.is(&app::bank::READERS) {
        return Ok(Vec::new());
    }
    Ok(officer.app.bank.account_names(&officer.member).await?)
}

/// The path of the report of a day.
pub(crate) fn report_of(code: &str, day: BusinessDate) -> String {
    reconciliation::path(code, day)
}

/// What a class of breaks is called, where a list of work names it.
pub(crate) fn break_class(word: &str) -> &str {
    words::class(word)
}

/// Where a break stands.
pub(crate) fn break_state(word: &str) -> (&str, Tone) {
    words::break_state(word)
}

/// What a break is about, in words.
pub(crate) fn break_item(item: &str) -> String {
    words::item(item)
}

const fn item(path: &'static str, name: &'static str) -> Item {
    Item { path, name, roles: &READERS }
}

/// What is offered: what is due to those who look after it, the rest to those who read the books; what they may do there is asked at
/// each step.
pub(crate) const MENU: &[Section] = &[
    Section {
        name: "信息公开",
        items: &[
            Item { path: "/console/duties", name: "公开与办理期限", roles: &app::disclosures::TOLD },
            Item { path: "/console/disclosures", name: "公开内容", roles: &app::disclosures::READERS },
            Item { path: "/console/events", name: "重大事项", roles: &app::disclosures::READERS },
        ],
    },
    Section {
        name: "对账", items: &[item("/console/reconciliation", "每日对账"), item("/console/breaks", "差错")]
    },
    Section {
        name: "银行",
        items: &[
            item("/console/bank", "银行流水"),
            item("/console/bank/claims", "待认领"),
            item("/console/bank/balance", "余额调节表"),
        ],
    },
    Section {
        name: "出纳",
        items: &[
            item("/console/transfers", "提现与充值"),
            item("/console/payment-files", "付款文件"),
            Item { path: "/console/cash-counts", name: "现金盘点", roles: &app::cash::READERS },
        ],
    },
    Section {
        name: "账簿",
        items: &[
            item("/console/ledger", "科目余额"),
            item("/console/entries", "查凭证"),
            item("/console/vouchers", "手工凭证"),
            item("/console/statements", "会计报表"),
            item("/console/ratios", "财务比例"),
            item("/console/closing", "结账与封存"),
            item("/console/years", "年度审计"),
            item("/console/audit", "账簿核验"),
            item("/console/exports", "导出账簿"),
        ],
    },
];

/// The addresses.
pub(crate) fn routes(route: Route) -> Route {
    voucher_routes(book_routes(route))
}

fn voucher_routes(route: Route) -> Route {
    route
        .at("/console/vouchers", get(voucher::get_list).post(voucher::post_write))
        .at("/console/vouchers/new", get(voucher::get_blank))
        .at("/console/voucher-sums", post(voucher::post_sums))
        .at("/console/vouchers/:id", get(voucher::get_one))
        .at("/console/vouchers/:id/edit", get(voucher::get_rewrite).post(voucher::post_save))
        .at("/console/vouchers/:id/papers/:paper", get(voucher::get_read_paper))
        .at("/console/vouchers/:id/papers/:paper/withdrawal", post(voucher::post_withdraw_paper))
        .at("/console/vouchers/:id/:step", post(voucher::post_step))
        .at("/console/voucher-templates", get(recurring::get_list).post(recurring::post_write))
        .at("/console/voucher-templates/new", get(recurring::get_blank))
        .at("/console/voucher-templates/:id/stop", post(recurring::post_stop))
        .at("/console/cash-counts", get(cash::get_list).post(cash::post_count))
        .at("/console/cash-counts/new", get(cash::get_blank))
        .at("/console/cash-counts/:id", get(cash::get_one))
        .at("/console/cash-counts/:id/:step", post(cash::post_step))
        .at("/console/gift-lists", get(gift_list::get_list).post(gift_list::post_bring))
        .at("/console/gift-lists/new", get(gift_list::get_blank))
        .at("/console/gift-lists/:id", get(gift_list::get_one))
        .at("/console/gift-lists/:id/:step", post(gift_list::post_step))
}

fn book_routes(route: Route) -> Route {
    route
        .at("/console/duties", get(duty::get_list))
        .at("/console/duty-rules", get(duty_rule::get_rules).post(duty_rule::post_rule))
        .at("/console/events", get(event::get_list).post(event::post_register))
        .at("/console/disclosures", get(disclosure::get_list).post(disclosure::post_prepare))
        .at("/console/disclosures/new", get(disclosure::get_blank))
        .at("/console/disclosures/:id", get(disclosure::get_one))
        .at("/console/disclosures/:id/form", get(disclosure::get_form))
        .at("/console/disclosures/:id/text", get(disclosure::get_text))
        .at("/console/disclosures/:id/publication", post(disclosure::post_publish))
        .at("/console/reconciliation/rule", get(rule::get_rule).post(rule::post_rule))
        .at("/console/reconciliation", get(reconciliation::get_calendar))
        .at("/console/reconciliation/:book/:day", get(reconciliation::get_day))
        .at("/console/reconciliation/:book/:day/report", get(reconciliation::get_sheet))
        .at("/console/reconciliation/:book/:day/:step", post(reconciliation::post_step))
        .at("/console/breaks", get(breaks::get_list))
        .at("/console/breaks/:id", get(breaks::get_one))
        .at("/console/breaks/:id/proposal", post(breaks::post_propose))
        .at("/console/resolutions/:id", get(breaks::get_resolution))
        .at("/console/resolutions/:id/:step", post(breaks::post_step))
        .at("/console/audit", get(audit::get_audits).post(audit::post_audit))
        .at("/console/bank", get(bank::get_lines))
        .at("/console/bank/account", get(bank_account::get_account).post(bank_account::post_account))
        .at("/console/bank/import", get(bank_file::get_import).post(bank_file::post_import))
        .at("/console/bank/statements", get(bank_line::get_statements))
        .at("/console/bank/lines/:id", get(bank_line::get_line))
        .at("/console/bank/lines/:id/untying", post(bank_line::post_untie))
        .at("/console/bank/matching", get(matching::get_matching).post(matching::post_matching))
        .at("/console/bank/claims", get(claim::get_claims).post(claim::post_propose))
        .at("/console/bank/claims/new", get(claim::get_claim))
        .at("/console/bank/claims/:id/:step", post(claim::post_claim))
        .at("/console/bank/balance", get(balance::get_balance).post(balance::post_prepare))
        .at("/console/bank/balance/sheet", get(balance::get_sheet))
        .at("/console/bank/balance/:id/:step", post(balance::post_review))
        .at("/console/transfers", get(transfer::get_list).post(transfer::post_propose))
        .at("/console/transfers/new", get(transfer::get_blank))
        .at("/console/transfers/:id", get(transfer::get_one))
        .at("/console/transfers/:id/:step", post(transfer::post_step))
        .at("/console/payment-files", get(payment::get_list).post(payment::post_make))
        .at("/console/payment-files/new", get(payment::get_blank))
        .at("/console/payment-files/:id", get(payment::get_one))
        .at("/console/payment-files/:id/content", get(payment::get_content))
        .at("/console/payment-files/:id/:step", post(payment::post_step))
        .at("/console/payouts/:id", get(payout::get_one))
        .at("/console/payouts/:id/:step", post(payout::post_step))
        .at("/console/settlements/:id", get(payout::get_settlement))
        .at("/console/settlements/:id/papers/:paper", get(payout::get_read_paper))
        .at("/console/settlements/:id/papers/:paper/withdrawal", post(payout::post_withdraw_paper))
        .at("/console/settlements/:id/:step", post(payout::post_decide))
        .at("/console/ledger", get(ledger::get_trial_balance))
        .at("/console/accounts/:id", get(ledger::get_account))
        .at("/console/entries", get(entry::get_search))
        .at("/console/entry", get(entry::get_one))
        .at("/console/statements", get(statement::get_statement))
        .at("/console/statements/lines", get(statement::get_lines))
        .at("/console/ratios", get(ratio::get_ratios).post(ratio::post_rule))
        .at("/console/closing", get(closing::get_closing))
        .at("/console/closing/:book/:step", post(closing::post_step))
        .at("/console/seals", get(closing::get_seals))
        .at("/console/years", get(year::get_list))
        .at("/console/years/pack", get(year::get_pack))
        .at("/console/years/:year/report", post(year::post_report))
        .at("/console/year-closings/:id", get(year_closing::get_one))
        .at("/console/year-closings/:id/:step", post(year_closing::post_step))
        .at("/console/audit-reports/:id", get(year::get_one))
        .at("/console/audit-reports/:id/papers/:paper", get(year::get_read_paper))
        .at("/console/audit-reports/:id/papers/:paper/withdrawal", post(year::post_withdraw_paper))
        .at("/console/audit-reports/:id/:step", post(year::post_step))
        .at("/console/exports", get(export::get_ask))
        .at("/console/exports/file", get(export::get_file))
}

//! The console of finance: the days against their bills, the books from a sum down to an entry, statements and closing, and the
//! cashier's desk, and what has to be published by when.

mod bank;
mod breaks;
mod closing;
mod disclosure;
mod duty;
mod entry;
mod export;
mod ledger;
mod payment;
mod payout;
mod ratio;
mod reconciliation;
mod shelf;
mod statement;
mod transfer;
mod words;

use app::books::READERS;
use poem::{Route, get, post};

use crate::menu::{Item, Section};

const fn item(path: &'static str, name: &'static str) -> Item {
    Item { path, name, roles: &READERS }
}

/// What is offered: what is due to those who look after it, the rest to those who read the books; what they may do there is asked at
/// each step.
pub(crate) const MENU: &[Section] = &[
    Section {
        name: "信息公开",
        items: &[
            Item { path: "/console/duties", name: "公开与办理期限", roles: &app::disclosures::READERS },
            Item { path: "/console/disclosures", name: "公开内容", roles: &app::disclosures::READERS },
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
        items: &[item("/console/transfers", "提现与充值"), item("/console/payment-files", "付款文件")],
    },
    Section {
        name: "账簿",
        items: &[
            item("/console/ledger", "科目余额"),
            item("/console/entries", "凭证"),
            item("/console/statements", "会计报表"),
            item("/console/ratios", "财务比例"),
            item("/console/closing", "结账与封存"),
            item("/console/exports", "导出账簿"),
        ],
    },
];

/// The addresses.
pub(crate) fn routes(route: Route) -> Route {
    route
        .at("/console/duties", get(duty::get_list))
        .at("/console/disclosures", get(disclosure::get_list).post(disclosure::post_prepare))
        .at("/console/disclosures/new", get(disclosure::get_blank))
        .at("/console/disclosures/:id", get(disclosure::get_one))
        .at("/console/disclosures/:id/form", get(disclosure::get_form))
        .at("/console/disclosures/:id/publication", post(disclosure::post_publish))
        .at("/console/reconciliation", get(reconciliation::get_calendar))
        .at("/console/reconciliation/:book/:day", get(reconciliation::get_day))
        .at("/console/reconciliation/:book/:day/report", get(reconciliation::get_sheet))
        .at("/console/reconciliation/:book/:day/:step", post(reconciliation::post_step))
        .at("/console/breaks", get(breaks::get_list))
        .at("/console/breaks/:id", get(breaks::get_one))
        .at("/console/breaks/:id/proposal", post(breaks::post_propose))
        .at("/console/resolutions/:id", get(breaks::get_resolution))
        .at("/console/resolutions/:id/:step", post(breaks::post_step))
        .at("/console/bank", get(bank::get_lines))
        .at("/console/bank/account", get(bank::get_account).post(bank::post_account))
        .at("/console/bank/import", get(bank::get_import).post(bank::post_import))
        .at("/console/bank/matching", get(bank::get_matching).post(bank::post_matching))
        .at("/console/bank/claims", get(bank::get_claims).post(bank::post_propose))
        .at("/console/bank/claims/new", get(bank::get_claim))
        .at("/console/bank/claims/:id/:step", post(bank::post_claim))
        .at("/console/bank/balance", get(bank::get_balance).post(bank::post_prepare))
        .at("/console/bank/balance/sheet", get(bank::get_sheet))
        .at("/console/bank/balance/:id/:step", post(bank::post_review))
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
        .at("/console/settlements/:id/:step", post(payout::post_decide))
        .at("/console/ledger", get(ledger::get_trial_balance))
        .at("/console/accounts/:id", get(ledger::get_account))
        .at("/console/entries", get(entry::get_search))
        .at("/console/entry", get(entry::get_one))
        .at("/console/statements", get(statement::get_statement))
        .at("/console/statements/lines", get(statement::get_lines))
        .at("/console/ratios", get(ratio::get_ratios))
        .at("/console/closing", get(closing::get_closing))
        .at("/console/closing/:book/:step", post(closing::post_step))
        .at("/console/seals", get(closing::get_seals))
        .at("/console/exports", get(export::get_ask))
        .at("/console/exports/file", get(export::get_file))
}

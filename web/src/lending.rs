//! The console of loans: applications on their way through the offices, contracts and how they are served, products, quotas, the
//! banks' files, the monthly report, and what enterprises need.

mod application;
mod bank;
mod cost;
mod happening;
mod loan;
mod need;
mod paper;
mod product;
mod programme;
mod quota;
mod report;
mod review;
mod shelf;
mod subsidy;
mod terms;
mod words;

use domain::role::Role;
use poem::{Route, get, post};

use crate::menu::{Item, Section};

const fn item(path: &'static str, name: &'static str, roles: &'static [Role]) -> Item {
    Item { path, name, roles }
}

/// What is offered.
pub(crate) const MENU: &[Section] = &[Section {
    name: "青年贷款",
    items: &[
        item("/console/loan-applications", "贷款申请", &lending::READERS),
        item("/console/loans", "合同与贷后", &lending::CONTRACT_READERS),
        item("/console/loan-arrears", "逾期贷款", &lending::READERS),
        item("/console/loan-report", "贷款月报", &report::READERS),
        item("/console/loan-programmes", "贷款项目与银行文件", &app::servicing::READERS),
        item("/console/loan-products", "贷款产品", &lending::READERS),
        item("/console/loan-quotas", "额度", &lending::READERS),
        item("/console/lpr", "LPR", &lending::READERS),
        item("/console/needs", "企业融资需求", &lending::READERS),
        item("/console/banks", "合作银行", &lending::KEEPERS),
    ],
}];

/// The addresses.
pub(crate) fn routes(route: Route) -> Route {
    route
        .at("/console/loan-applications", get(application::get_list))
        .at("/console/loan-applications/:id", get(review::get_one))
        .at("/console/loan-applications/:id/unmasking", post(review::post_unmask))
        .at("/console/loan-applications/:id/papers/:paper", get(paper::get_paper))
        .at("/console/loan-applications/:id/papers/:paper/withdrawal", post(paper::post_withdraw))
        .at("/console/loan-applications/:id/:step", post(review::post_step))
        .at("/console/loans", get(loan::get_list))
        .at("/console/loans/:id", get(loan::get_one))
        .at("/console/loans/:id/entries/:event", get(loan::get_entry))
        .at("/console/loans/:id/:step", post(loan::post_step))
        .at("/console/loan-arrears", get(loan::get_arrears))
        .at("/console/loan-report", get(report::get_report))
        .at("/console/loan-programmes", get(programme::get_list).post(programme::post_import))
        .at("/console/loan-programmes/opening", post(programme::post_open))
        .at("/console/loan-programmes/:id", get(programme::get_one))
        .at("/console/loan-programmes/:id/pool", post(programme::post_pool))
        .at("/console/loan-programmes/:id/subsidies", get(subsidy::get_list).post(subsidy::post_claim))
        .at("/console/loan-programmes/:id/subsidies/:claim/receipt", post(subsidy::post_receive))
        .at("/console/loan-programmes/:id/files/:sequence", get(programme::get_file))
        .at("/console/loan-products", get(product::get_list).post(product::post_add))
        .at("/console/loan-products/:id", get(product::get_one))
        .at("/console/loan-products/:id/terms", get(terms::get_form).post(terms::post_write))
        .at("/console/loan-products/:id/:step", post(product::post_step))
        .at("/console/banks", get(bank::get_list).post(bank::post_add))
        .at("/console/banks/:id", get(bank::get_one))
        .at("/console/banks/:id/officers", post(bank::post_seat))
        .at("/console/banks/:id/officers/:officer/removal", post(bank::post_unseat))
        .at("/console/lpr", get(product::get_rates).post(product::post_enter))
        .at("/console/lpr/confirmation", post(product::post_confirm))
        .at("/console/loan-quotas", get(quota::get_list).post(quota::post_set))
        .at("/console/loan-quotas/:id/limit", post(quota::post_change))
        .at("/console/needs", get(need::get_list).post(need::post_add))
        .at("/console/needs/new", get(need::get_blank))
        .at("/console/needs/:id", get(need::get_one))
        .at("/console/needs/:id/:step", post(need::post_step))
        .at("/console/need-matches/:id/:step", post(need::post_answer))
}

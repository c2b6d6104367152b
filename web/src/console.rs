//! The console of staff: signing in, what waits, and the charity's half of the work.

mod account;
mod batch;
mod campaign;
mod child_access;
mod complaint;
mod course;
mod decision;
mod deed;
mod desk;
mod disbursement;
pub(crate) mod donation;
mod draft;
mod enquiry;
pub(crate) mod job;
mod login;
pub(crate) mod lost;
mod member;
mod message;
mod organisation;
pub(crate) mod paper;
mod partner;
mod payee;
mod payee_erasure;
pub(crate) mod people;
mod place;
mod plan;
mod progress;
pub(crate) mod purpose;
mod receipt;
mod refund;
mod review;
mod screening;
mod search;
mod session;
mod team;
mod trail;

use std::sync::Arc;

use app::throttle::Throttle;
use domain::role::Role;
use poem::{EndpointExt, Route, get, post};

use crate::menu::{Item, Section};

const fn item(path: &'static str, name: &'static str, roles: &'static [Role]) -> Item {
    Item { path, name, roles }
}

/// Who reads what donors ask.
pub(crate) const ENQUIRERS: [Role; 4] = [Role::Disclosure, Role::ProjectManager, Role::FinanceHead, Role::Auditor];
/// Who puts down that a payee wishes to be erased, decides on it or audits it.
const ERASERS: &[Role] =
    &[Role::Organiser, Role::ProjectManager, Role::Cashier, Role::Chair, Role::Compliance, Role::Auditor];
/// Who has to do with gifts and refunds.
const MONEY: &[Role] = &[Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// What is offered.
pub(crate) const MENU: &[Section] = &[
    Section { name: "工作台", items: &[item("/console", "待办事项", &[])] },
    Section {
        name: "项目",
        items: &[
            item("/console/campaigns", "公益项目", &crowdfunding::READERS),
            item("/console/partners", "合作方", &crowdfunding::READERS),
            item(
                "/console/decisions",
                "两人决定事项",
                &[Role::ProjectManager, Role::Disclosure, Role::FinanceHead, Role::Chair, Role::Auditor],
            ),
            item("/console/complaints", "投诉", &[Role::Disclosure, Role::ProjectManager, Role::Chair, Role::Auditor]),
            item("/console/enquiries", "捐赠人查询", &ENQUIRERS),
            item("/console/places", "地区年度汇总", &app::openness::PLACE_READERS),
        ],
    },
    Section {
        name: "捐赠",
        items: &[
            item("/console/donations", "捐赠", MONEY),
            item("/console/bank-gifts", "银行捐赠", MONEY),
            item("/console/gift-lists", "捐赠清单", MONEY),
            item("/console/messages", "捐赠留言", &message::READERS),
            item("/console/teams", "捐赠团队", &team::READERS),
            item("/console/refunds", "退款", &refund::READERS),
            item("/console/receipts", "捐赠票据", &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor]),
            item("/console/screening", "名单筛查", &[Role::Compliance]),
        ],
    },
    Section {
        name: "支出",
        items: &[
            item("/console/disbursements", "支出申请", &crowdfunding::spending::READERS),
            item("/console/payouts", "付款", &crowdfunding::spending::READERS),
            item("/console/payees", "收款人", &crowdfunding::spending::READERS),
            item("/console/child-access", "未成年人信息查阅", &app::spending::payees::OPENERS),
            item("/console/payee-erasures", "收款人信息删除", ERASERS),
            item("/console/small-reviews", "小型机构支出复核", &[Role::Auditor]),
        ],
    },
];

/// What is offered last: people, places and the house itself.
pub(crate) const HOUSE: &[Section] = &[
    Section {
        name: "机构与人员",
        items: &[
            item("/console/units", "组织机构", &[Role::Admin, Role::Auditor]),
            item(
                "/console/charities",
                "慈善组织与设置",
                &[Role::Admin, Role::FinanceHead, Role::Chair, Role::Disclosure, Role::Auditor],
            ),
            item("/console/members", "工作人员", &[Role::Admin, Role::Auditor]),
            item("/console/roles", "角色授予", &[Role::Admin, Role::Auditor]),
            item("/console/delegations", "授权代办", &[]),
            item(
                "/console/calendar",
                "工作日历",
                &[Role::Admin, Role::Disclosure, Role::ProjectManager, Role::Auditor],
            ),
        ],
    },
    Section {
        name: "系统",
        items: &[
            item("/console/duty-rules", "期限规则", &[Role::Admin]),
            item("/console/trail", "审计日志", &[Role::Admin, Role::Auditor]),
            item("/console/unmaskings", "个人信息查看记录", &[Role::Admin, Role::Auditor]),
            item("/console/jobs", "后台任务", &app::runs::WATCHERS),
            item("/console/sessions", "我的登录", &[]),
        ],
    },
];

/// The addresses.
pub(crate) fn routes(route: Route, throttle: Arc<Throttle>) -> Route {
    let password_tries = throttle.clone();
    let route = route
        .at("/console", get(desk::get_desk))
        .at("/console/payout-notices/:id/reading", post(desk::post_read))
        .at("/console/login", get(login::get_ask).post(login::post_sign_in).data(throttle))
        .at("/console/logout", post(login::post_sign_out))
        .at("/console/sessions", get(session::get_list))
        .at("/console/sessions/end", post(session::post_end))
        .at("/console/sessions/password", post(session::post_change_password).data(password_tries))
        .at("/console/sessions/:id/end", post(session::post_end_one))
        .at("/console/search", get(search::get_search));
    organisation_routes(money_routes(campaign_routes(route)))
}

fn campaign_routes(route: Route) -> Route {
    route
        .at("/console/campaigns", get(campaign::get_list).post(draft::post_write))
        .at("/console/campaigns/new", get(draft::get_blank))
        .at("/console/campaigns/:id", get(campaign::get_one))
        .at("/console/campaigns/:id/edit", get(draft::get_rewrite).post(draft::post_save))
        .at("/console/campaigns/:id/changes/new", get(draft::get_ask_change).post(draft::post_propose_change))
        .at("/console/campaigns/:id/papers/:paper", get(campaign::get_read_paper))
        .at("/console/campaigns/:id/papers/:paper/withdrawal", post(campaign::post_withdraw_paper))
        .at("/console/campaigns/:id/updates/:update/publication", post(progress::post_publish))
        .at("/console/campaigns/:id/:step", post(campaign::post_step))
        .at("/console/campaign-changes/:id", get(draft::get_change_alone))
        .at("/console/campaign-changes/:id/:change", get(draft::get_change))
        .at("/console/campaign-changes/:id/:change/:step", post(draft::post_step_change))
        .at("/console/campaign-changes/:id/:change/papers/:paper", get(draft::get_read_change_paper))
        .at("/console/campaign-changes/:id/:change/papers/:paper/withdrawal", post(draft::post_withdraw_change_paper))
        .at("/console/partners", get(partner::get_list).post(partner::post_register))
        .at("/console/messages", get(message::get_list))
        .at("/console/messages/:id/:step", post(message::post_act))
        .at("/console/teams", get(team::get_list))
        .at("/console/teams/:id/:step", post(team::post_act))
        .at("/console/decisions", get(decision::get_list).post(decision::post_propose))
        .at("/console/decisions/:id/:step", post(decision::post_act))
        .at("/console/complaints", get(complaint::get_list))
        .at("/console/complaints/:id/:step", post(complaint::post_act))
        .at("/console/enquiries", get(enquiry::get_list))
        .at("/console/enquiries/:id/answer", post(enquiry::post_answer))
        .at("/console/places", get(place::get_list))
}

fn money_routes(route: Route) -> Route {
    route
        .at("/console/donations", get(donation::get_list))
        .at("/console/donations/:id", get(donation::get_one))
        .at("/console/donations/:id/unmasking", post(donation::post_unmask))
        .at("/console/donations/:id/:step", post(donation::post_step))
        .at("/console/bank-gifts", get(donation::get_bank_gifts).post(donation::post_enter))
        .at("/console/bank-gifts/new", get(donation::get_blank))
        .at("/console/refunds", get(refund::get_list))
        .at("/console/refunds/:id", get(refund::get_one))
        .at("/console/refunds/:id/:step", post(refund::post_act))
        .at("/console/receipts", get(receipt::get_list))
        .at("/console/receipts/wishes", get(receipt::get_wishes))
        .at("/console/receipts/export", post(receipt::post_export))
        .at("/console/receipts/import", post(receipt::post_import))
        .at("/console/receipts/:id", get(receipt::get_one))
        .at("/console/receipts/:id/:step", post(receipt::post_act))
        .at("/console/screening", get(screening::get_list))
        .at("/console/screening/:what/:id/:step", post(screening::post_act))
        .at("/console/disbursements", get(disbursement::get_list).post(disbursement::post_write))
        .at("/console/disbursements/new", get(disbursement::get_blank))
        .at("/console/disbursements/batch", get(batch::get_ask).post(batch::post_send))
        .at("/console/disbursements/batch/template", get(batch::get_template))
        .at("/console/disbursements/:id", get(disbursement::get_one))
        .at("/console/disbursements/:id/edit", get(disbursement::get_rewrite).post(disbursement::post_save))
        .at("/console/disbursements/:id/papers/:paper", get(disbursement::get_read_paper))
        .at("/console/disbursements/:id/papers/:paper/reading", post(disbursement::post_read_list))
        .at("/console/disbursements/:id/papers/:paper/withdrawal", post(disbursement::post_withdraw_paper))
        .at("/console/disbursements/:id/:step", post(disbursement::post_step))
        .at("/console/payouts", get(disbursement::get_payouts_of_state))
        .at("/console/payees", get(payee::get_list).post(payee::post_write))
        .at("/console/payees/new", get(payee::get_blank))
        .at("/console/payees/:id", get(payee::get_one))
        .at("/console/payees/:id/unmasking", post(payee::post_unmask))
        .at("/console/child-access", get(child_access::get_list))
        .at("/console/child-access/:id/:step", post(child_access::post_answer))
        .at("/console/payee-erasures", get(payee_erasure::get_list))
        .at("/console/payee-erasures/:id/:step", post(payee_erasure::post_answer))
        .at("/console/payees/:id/:step", post(payee::post_step))
        .at("/console/small-reviews", get(review::get_list))
        .at("/console/small-reviews/:book/:month", get(review::get_one).post(review::post_review))
}

fn organisation_routes(route: Route) -> Route {
    route
        .at("/console/units", get(organisation::get_units).post(organisation::post_add_unit))
        .at("/console/units/:id/:step", post(organisation::post_turn_unit))
        .at("/console/charities", get(organisation::get_charities))
        .at("/console/charities/:id", get(organisation::get_charity))
        .at("/console/charities/:id/:step", post(organisation::post_act))
        .at("/console/charities/:id/certificates/:certificate/:step", post(organisation::post_decide_certificate))
        .at("/console/charities/:id/profile-changes/:change/:step", post(organisation::post_decide_profile))
        .at("/console/account-changes/:id", get(account::get_one))
        .at("/console/account-changes/:id/papers/:paper", get(account::get_read_paper))
        .at("/console/account-changes/:id/papers/:paper/withdrawal", post(account::post_withdraw_paper))
        .at("/console/account-changes/:id/:step", post(account::post_step))
        .at("/console/calendar", get(organisation::get_this_year))
        .at("/console/calendar/:year", get(organisation::get_calendar).post(organisation::post_set_day))
        .at("/console/members", get(member::get_list).post(member::post_propose))
        .at("/console/members/new", get(member::get_blank))
        .at("/console/members/:id", get(member::get_one))
        .at("/console/members/:id/:step", post(member::post_act))
        .at("/console/members/:id/sessions/:session/end", post(member::post_end_session))
        .at("/console/roles", get(member::get_role_grants))
        .at("/console/roles/:id/:step", post(member::post_decide_role))
        .at("/console/delegations", get(member::get_delegations).post(member::post_lend))
        .at("/console/delegations/:id/:step", post(member::post_decide_delegation))
        .at("/console/trail", get(trail::get_audit_trail))
        .at("/console/unmaskings", get(trail::get_unmaskings))
        .at("/console/jobs", get(job::get_jobs))
        .at("/console/jobs/:name/runs", post(job::post_run))
        .at("/console/jobs/runs/:id", get(job::get_run))
}

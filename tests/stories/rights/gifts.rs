//! Who may do what about gifts, refunds and receipts.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::World;

use super::{BOOKS, MONEY, SECOND, Things, Try, get, nothing, post, reason};

pub(super) fn tries(w: &World, t: &Things) -> Vec<Try> {
    let refund = json!({ "id": Uuid::now_v7(), "donation": t.gift, "amount": "1.00", "reason": "error" });
    let bank_gift = json!({
        "id": Uuid::now_v7(), "campaign": t.open, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
        "reference": "B-2", "received_on": w.app.business.today().to_string(),
    });
    let head: &[Role] = &[Role::FinanceHead];
    let cashier: &[Role] = &[Role::Cashier];
    let nobody = Uuid::now_v7().to_string();
    let clerks: &[Role] = &[Role::Cashier, Role::Bookkeeper];
    let bank_code = |who: &[Role]| [who, &[Role::ProjectManager]].concat();
    let (issuers, code_readers): (&[Role], &[Role]) = (bank_code(clerks).leak(), bank_code(&BOOKS).leak());
    let refund_readers: &[Role] = [&MONEY[..], &[Role::Chair]].concat().leak();
    let asking: &[Role] = &[Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    vec![
        get("/staff/donations", "?number=B-1", &MONEY),
        get("/staff/bank-gifts", "", &MONEY),
        post("/staff/bank-gifts", "", bank_gift, &[Role::Cashier, Role::Bookkeeper]),
        post("/staff/bank-gifts/{donation_id}/confirmation", &t.bank_gift, nothing(), &SECOND),
        post("/staff/bank-gifts/{donation_id}/rejection", &t.bank_gift, reason(), &SECOND),
        get("/staff/refunds", "", refund_readers),
        get("/staff/refunds/{refund_id}", &t.requested, refund_readers),
        post("/staff/refunds", "", refund, asking),
        post("/staff/refunds/{refund_id}/approval", &t.requested, nothing(), &[Role::FinanceHead]),
        post("/staff/refunds/{refund_id}/decline", &t.requested, reason(), &[Role::FinanceHead]),
        post(
            "/staff/refunds/{refund_id}/retry",
            &t.failed,
            nothing(),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        post("/staff/refunds/{refund_id}/outcome-proposal", &t.failed, nothing(), &[Role::Cashier, Role::Bookkeeper]),
        post("/staff/refunds/{refund_id}/bank-payment", &t.failed, json!({ "bank_account": "基本户" }), head),
        post("/staff/refunds/{refund_id}/give-up", &t.failed, nothing(), head),
        get("/staff/campaigns/{campaign_id}/bank-codes", &t.open, code_readers),
        post("/staff/campaigns/{campaign_id}/bank-codes", &t.open, json!({ "id": Uuid::now_v7() }), issuers),
        get("/staff/gift-lists", "", &MONEY),
        post(
            "/staff/gift-lists",
            &format!("?id={}&campaign={}&money=cash&", Uuid::now_v7(), t.open),
            json!("日期,金额"),
            clerks,
        ),
        post("/staff/gift-lists/{list_id}/posting", &nobody, nothing(), &SECOND),
        post("/staff/gift-lists/{list_id}/decline", &nobody, reason(), &SECOND),
        get("/staff/receipts", "", &BOOKS),
        get("/staff/receipts/backlog", "", &BOOKS),
        get("/staff/receipts/wishes", "", &BOOKS),
        post("/staff/receipts/wishes/export", "", reason(), cashier),
        post("/staff/receipts/import", "", json!({ "csv": "订单号", "trial": true }), cashier),
        post("/staff/receipts/{receipt_id}/void", &Uuid::now_v7().to_string(), reason(), cashier),
        post(
            "/staff/receipts/{receipt_id}/reversal",
            &Uuid::now_v7().to_string(),
            json!({ "reason": "退款", "code": "13060126", "number": "0000000001" }),
            cashier,
        ),
        post("/staff/refunds/{refund_id}/cover-proposal", &t.requested, nothing(), head),
        post("/staff/refunds/{refund_id}/cover-approval", &t.requested, nothing(), &[Role::Chair]),
    ]
}

//! Who may do what about the accounts: reconciliation, bank lines, transfers, breaks.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::World;

use super::{BOOKS, SECOND, Things, Try, get, nothing, post, put, reason};

pub(super) fn tries(w: &World, t: &Things) -> Vec<Try> {
    let transfer = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "基本户" });
    let proposal = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "重复付款" });
    let head: &[Role] = &[Role::FinanceHead];
    let cashier: &[Role] = &[Role::Cashier];
    let book = w.book.to_string();
    let nobody = Uuid::now_v7().to_string();
    let clerks: &[Role] = &[Role::Cashier, Role::Bookkeeper];
    let finance: &[Role] = &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    let claims = json!({ "claims": [nobody] });
    let declined = json!({ "claims": [nobody], "reason": "核实情况" });
    let claim = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "试" });
    let accepted = json!({ "items": [{ "line": nobody, "kind": "unclaimed" }] });
    let of_account = format!("{book} ?account=基本户");
    let of_month = format!("{book} 2026-01 ?account=基本户");
    vec![
        get("/staff/reconciliations", &format!("?book={}", w.book.uuid()), &BOOKS),
        get("/staff/reconciliations/missing", &format!("?book={}", w.book.uuid()), &BOOKS),
        get("/staff/reconciliations/rule", &format!("?book={}", w.book.uuid()), &BOOKS),
        post(
            "/staff/reconciliations/rule",
            &format!("?book={}", w.book.uuid()),
            json!({ "id": Uuid::now_v7(), "border_minutes": 60, "buffer_days": 3, "bank_days": 3 }),
            head,
        ),
        get("/staff/reconciliations/{date}", &format!("{} ?book={}", w.app.business.today(), w.book.uuid()), &BOOKS),
        get(
            "/staff/reconciliations/{date}/sheet",
            &format!("{} ?book={}", w.app.business.today(), w.book.uuid()),
            &BOOKS,
        ),
        post(
            "/staff/reconciliations/{date}/bills",
            &format!("{} ?book={}", w.app.business.today(), w.book.uuid()),
            json!("form"),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        post(
            "/staff/reconciliations/{date}/runs",
            &format!("{} ?book={}", w.app.business.today(), w.book.uuid()),
            nothing(),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        get("/staff/books/{book_id}/bank-accounts", &book, &BOOKS),
        put("/staff/books/{book_id}/bank-accounts", &book, json!({ "name": "基本户" }), &SECOND),
        post(
            "/staff/books/{book_id}/bank-statements",
            &format!("{book} ?id={}&account=基本户&", Uuid::now_v7()),
            json!("date,reference"),
            finance,
        ),
        get("/staff/books/{book_id}/bank-statements", &of_account, &BOOKS),
        get("/staff/books/{book_id}/bank-lines", &of_account, &BOOKS),
        get("/staff/books/{book_id}/bank-suggestions", &of_account, &BOOKS),
        post("/staff/books/{book_id}/bank-lines/acceptance", &of_account, accepted, &SECOND),
        get("/staff/books/{book_id}/bank-claims", &book, &BOOKS),
        post("/staff/bank-lines/{line_id}/claims", &nobody, claim, clerks),
        get("/staff/bank-lines/{line_id}", &nobody, &BOOKS),
        post("/staff/bank-lines/{line_id}/untying", &nobody, nothing(), &SECOND),
        post("/staff/bank-claims/approvals", "", claims, &SECOND),
        post("/staff/bank-claims/declines", "", declined, &SECOND),
        get("/staff/books/{book_id}/bank-balances", &of_account, &BOOKS),
        get("/staff/books/{book_id}/bank-balances/{month}", &of_month, &BOOKS),
        get(
            "/staff/books/{book_id}/bank-balances/{month}/workbook",
            &format!("{book} 2026-01 ?account=基本户"),
            &BOOKS,
        ),
        post(
            "/staff/books/{book_id}/bank-balances/{month}",
            &of_month,
            json!({ "id": Uuid::now_v7() }),
            &[Role::Bookkeeper],
        ),
        post("/staff/bank-balances/{balance_id}/review", &nobody, nothing(), head),
        post("/staff/bank-balances/{balance_id}/return", &nobody, reason(), head),
        get("/staff/transfers", "", &BOOKS),
        get("/staff/transfers/{transfer_id}", &t.proposed, &BOOKS),
        post("/staff/transfers", "", transfer, cashier),
        post("/staff/transfers/{transfer_id}/arrival", &t.departed, nothing(), cashier),
        post("/staff/transfers/{transfer_id}/return", &t.departed, nothing(), cashier),
        post("/staff/transfers/{transfer_id}/confirmation", &t.proposed, nothing(), &SECOND),
        post("/staff/transfers/{transfer_id}/confirmation", &t.arriving, nothing(), &SECOND),
        post("/staff/transfers/{transfer_id}/rejection", &t.proposed, reason(), &SECOND),
        get("/staff/breaks", "", &BOOKS),
        get("/staff/breaks/{break_id}/resolutions", &t.stray, &BOOKS),
        get("/staff/breaks/{break_id}/ways", &t.stray, &BOOKS),
        post("/staff/breaks/{break_id}/resolutions", &t.stray, proposal, &[Role::Cashier, Role::Bookkeeper]),
        post("/staff/resolutions/{resolution_id}/approval", &t.resolution, nothing(), &SECOND),
        post("/staff/resolutions/{resolution_id}/decline", &t.resolution, reason(), &SECOND),
        post(
            "/staff/resolutions/{resolution_id}/retry",
            &t.resolution,
            nothing(),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        post(
            "/staff/resolutions/{resolution_id}/bank-payment",
            &t.resolution,
            json!({ "bank_account": "基本户" }),
            head,
        ),
    ]
}

//! Who may do what about the books: statements, closings, cash, vouchers.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::vouchers::{voucher, voucher_template};
use crate::world::World;
use crate::year::{audit_report, cash_count, new_box};

use super::{BOOKS, COUNTS, RATIOS, SECOND, Things, Try, delete, get, nothing, post, put, reason};

pub(super) fn tries(w: &World, t: &Things) -> Vec<Try> {
    let head: &[Role] = &[Role::FinanceHead];
    let cashier: &[Role] = &[Role::Cashier];
    let today = w.app.business.today().to_string();
    let keeper: &[Role] = &[Role::Bookkeeper];
    let deciders: &[Role] = &[Role::FinanceHead, Role::Chair];
    let book = w.book.to_string();
    let nobody = Uuid::now_v7().to_string();
    vec![
        get(
            "/staff/books",
            "",
            &[Role::Organiser, Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor],
        ),
        get("/staff/trial-balance", "", &BOOKS),
        get("/staff/books/{book_id}/closing", &book, &BOOKS),
        get("/staff/books/{book_id}/statements", &format!("{book} ?year=2026"), &BOOKS),
        post(
            "/staff/books/{book_id}/years/{year}/months/{month}/closing",
            &format!("{book} 2026 1"),
            nothing(),
            &[Role::Bookkeeper, Role::FinanceHead],
        ),
        post(
            "/staff/books/{book_id}/years/{year}/closing",
            &format!("{book} 2026"),
            json!({ "id": Uuid::now_v7() }),
            &[Role::Bookkeeper, Role::FinanceHead],
        ),
        get("/staff/year-closings/{closing_id}", &nobody, &COUNTS),
        post("/staff/year-closings/{closing_id}/approval", &nobody, nothing(), deciders),
        post("/staff/year-closings/{closing_id}/decline", &nobody, reason(), deciders),
        post(
            "/staff/year-closings/{closing_id}/withdrawal",
            &nobody,
            nothing(),
            &[Role::Bookkeeper, Role::FinanceHead],
        ),
        get(
            "/staff/books/{book_id}/statements/lines",
            &format!("{book} ?year=2026&form=balance_sheet&row=cash&column=closing"),
            &BOOKS,
        ),
        get("/staff/books/{book_id}/statements/workbook", &format!("{book} ?year=2026"), &BOOKS),
        get("/staff/books/{book_id}/years", &book, &BOOKS),
        post("/staff/books/{book_id}/years/{year}/audit-reports", &format!("{book} 2026"), audit_report(), &SECOND),
        post("/staff/audit-reports/{report_id}/approval", &nobody, nothing(), deciders),
        post("/staff/audit-reports/{report_id}/decline", &nobody, reason(), deciders),
        get("/staff/audit-reports/{report_id}/attachments", &nobody, &COUNTS),
        post("/staff/audit-reports/{report_id}/attachments", &nobody, json!("bytes"), &SECOND),
        get("/staff/audit-reports/{report_id}/attachments/{attachment_id}", &format!("{nobody} {nobody}"), &COUNTS),
        get("/staff/books/{book_id}/cash-counts", &book, &COUNTS),
        post("/staff/books/{book_id}/cash-counts", &book, new_box(cash_count("B箱")), cashier),
        post("/staff/cash-counts/{count_id}/signature", &t.cash_count, nothing(), &SECOND),
        post(
            "/staff/cash-counts/{count_id}/settlement",
            &t.cash_count,
            json!({ "choice": "write_off", "reason": "无法查明" }),
            deciders,
        ),
        post("/staff/cash-counts/{count_id}/withdrawal", &t.cash_count, nothing(), cashier),
        get(
            "/staff/books/{book_id}/years/{year}/ratios",
            &format!("{book} {}", w.app.business.today().year()),
            &RATIOS,
        ),
        get(
            "/staff/books/{book_id}/years/{year}/audit-pack",
            &format!("{book} {}", w.app.business.today().year()),
            &[Role::Bookkeeper, Role::FinanceHead, Role::Auditor],
        ),
        get("/staff/ratio-rules", "", &RATIOS),
        post(
            "/staff/ratio-rules",
            "",
            json!({ "ratio": "fundraising_share", "valid_from": "2020-01-01", "bound": "3%", "source": "试行规定" }),
            head,
        ),
        get("/staff/cash-flow-lines", "", &BOOKS),
        get("/staff/books/{book_id}/vouchers", &book, &BOOKS),
        post("/staff/books/{book_id}/vouchers", &book, voucher(Uuid::now_v7()), keeper),
        put(
            "/staff/books/{book_id}/vouchers/{voucher_id}",
            &format!("{book} {}", t.voucher),
            voucher(Uuid::now_v7()),
            keeper,
        ),
        post(
            "/staff/books/{book_id}/opening-conversion",
            &book,
            json!({ "lines": voucher(Uuid::now_v7())["lines"] }),
            &BOOKS,
        ),
        get("/staff/vouchers/{voucher_id}", &t.voucher, &BOOKS),
        post("/staff/vouchers/{voucher_id}/submission", &t.voucher, nothing(), keeper),
        post("/staff/vouchers/{voucher_id}/posting", &t.submitted_voucher, nothing(), head),
        post("/staff/vouchers/{voucher_id}/return", &t.submitted_voucher, reason(), head),
        post("/staff/vouchers/{voucher_id}/discard", &t.submitted_voucher, nothing(), &SECOND),
        post(
            "/staff/vouchers/{voucher_id}/reversal",
            &t.submitted_voucher,
            json!({ "id": Uuid::now_v7(), "event_date": today, "reason": "记错科目" }),
            keeper,
        ),
        get("/staff/vouchers/{voucher_id}/attachments", &t.voucher, &BOOKS),
        post("/staff/vouchers/{voucher_id}/attachments", &t.voucher, json!("bytes"), keeper),
        get("/staff/vouchers/{voucher_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.voucher), &BOOKS),
        delete("/staff/vouchers/{voucher_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.voucher), keeper),
        get("/staff/books/{book_id}/voucher-templates", &book, &BOOKS),
        post("/staff/books/{book_id}/voucher-templates", &book, voucher_template(Uuid::now_v7()), keeper),
        post("/staff/voucher-templates/{template_id}/stop", &t.voucher_template, nothing(), keeper),
        get("/staff/accounts/{account_id}", &Uuid::now_v7().to_string(), &BOOKS),
        get("/staff/accounts/{account_id}/statement", &Uuid::now_v7().to_string(), &BOOKS),
        get("/staff/entries", "?reference=x", &BOOKS),
    ]
}

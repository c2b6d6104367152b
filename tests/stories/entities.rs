//! A legal entity of a county has books of its own: its own people spend, book, confirm, close and approve for it, whoever is above sees,
//! stops and lets go on (docs/decisions/0026). Tried by the interface, by lending a role, and by direct SQL.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::spending::{attach, id, lit, paper, payouts, person, results, step};
use crate::world::{Officer, World, agreed, opening, story};

/// Where it stands.
const SEAT: &str = "/hebei/1305/130502/";

/// A county's own foundation with its people, and an open campaign of it that takes gifts by bank.
pub(crate) struct County {
    pub(crate) book: Uuid,
    pub(crate) campaign: Uuid,
    pub(crate) organiser: Officer,
    pub(crate) manager: Officer,
    pub(crate) head: Officer,
    pub(crate) chair: Officer,
    pub(crate) cashier: Officer,
    pub(crate) keeper: Officer,
}

/// The county's foundation, opened by an administrator; everything else is done by its own people, and filed by the province's disclosure officer.
pub(crate) async fn county(w: &World) -> County {
    let code = "53130502MJX0000001";
    let hire = async |role: Role, name: &str| w.hire_over(role, &format!("xiangdu-{name}"), SEAT).await;
    let (organiser, manager) = (hire(Role::Organiser, "organiser").await, hire(Role::ProjectManager, "manager").await);
    let (head, chair) = (hire(Role::FinanceHead, "head").await, hire(Role::Chair, "chair").await);
    let (cashier, keeper) = (hire(Role::Cashier, "cashier").await, hire(Role::Bookkeeper, "keeper").await);
    let (book, unit) = (Uuid::now_v7(), w.unit("130502").await);
    let charity = json!({
        "id": book, "code": "xiangdu", "name": "示例区青少年基金会", "credit_code": code, "unit": unit, "bank_account": "区基本户",
        "contact": { "office_address": "示例路2号", "contact": "0319-00000000", "information_url": "https://example.org/x" },
    });
    w.staff(Role::Admin).await.post("/staff/charities", charity).await.ok();
    let certificate = json!({
        "id": Uuid::now_v7(), "number": "示例区1号", "issuer": "示例民政局", "issued_on": "2026-01-01", "expires_on": "2027-12-31",
    });
    let certificates = format!("/staff/charities/{book}/certificates");
    w.staff(Role::FinanceHead).await.post(&certificates, certificate.clone()).await.refused(403, "forbidden");
    head.post(&certificates, certificate.clone()).await.ok();
    let confirmation = format!("/staff/certificates/{}/confirmation", id(&certificate));
    w.staff(Role::Chair).await.act(&confirmation).await.refused(403, "forbidden");
    chair.act(&confirmation).await.ok();
    let mut draft = w.draft("1000.00");
    (draft["book"], draft["unit"]) = (json!(book), json!(unit));
    (draft["plan"]["ways"], draft["plan"]["bank_account"]) = (json!(["bank"]), json!("区基本户"));
    let campaign = id(&draft);
    let of = |step: &str| format!("/staff/campaigns/{campaign}/{step}");
    organiser.post("/staff/campaigns", draft).await.ok();
    organiser.act(&of("submission")).await.ok();
    manager.post(&of("approval"), agreed()).await.ok();
    head.post(&of("approval"), agreed()).await.ok();
    let (disclosure, today) = (w.staff(Role::Disclosure).await, w.app.business.today());
    w.filing_receipt(campaign).await;
    disclosure.post(&of("filing-submission"), w.next_step("approved").2).await.ok();
    let filing = json!({ "number": format!("{code}A{:02}999", today.year() % 100), "filed_on": today });
    disclosure.post(&of("filing"), filing).await.ok();
    let mut opened = opening();
    opened["operator_code"] = json!(code);
    manager.post(&of("schedule"), opened).await.ok();
    w.run_job("campaign_clock").await;
    County { book, campaign, organiser, manager, head, chair, cashier, keeper }
}

impl County {
    /// A gift by bank, entered by its cashier and confirmed by its bookkeeper.
    pub(crate) async fn paid_in(&self, w: &World, amount: &str) -> Value {
        let gift = self.gift(w, amount);
        self.cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
        self.keeper.act(&format!("/staff/bank-gifts/{}/confirmation", id(&gift))).await.ok();
        gift
    }

    pub(crate) fn gift(&self, w: &World, amount: &str) -> Value {
        json!({
            "id": Uuid::now_v7(), "campaign": self.campaign, "amount": amount, "counterparty": "示例公司", "bank_account": "区基本户",
            "reference": format!("B-{}", Uuid::now_v7().simple()), "received_on": w.app.business.today().to_string(),
        })
    }
}

/// The province's people and the city's, and what each may see but not do.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_above_sees_a_countys_own_foundation_and_does_not_act_for_it() {
    story(async |w| {
        let c = county(w).await;
        let (manager, head, chair) =
            (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let city = w.hire_over(Role::Cashier, "cashier-1305", "/hebei/1305/").await;
        let gift = c.gift(w, "500.00");
        for above in [&cashier, &city, &keeper] {
            above.post("/staff/bank-gifts", gift.clone()).await.refused(403, "forbidden");
        }
        c.cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
        let confirm = format!("/staff/bank-gifts/{}/confirmation", id(&gift));
        for above in [&keeper, &head] {
            above.act(&confirm).await.refused(403, "forbidden");
        }
        c.keeper.act(&confirm).await.ok();

        // A grant, step by step: the one above is refused, its own people go on.
        let student = person(c.campaign, "王一（示例）", 1);
        manager.post("/staff/payees", student.clone()).await.refused(403, "forbidden");
        c.organiser.post("/staff/payees", student.clone()).await.ok();
        let grant = paper(c.campaign, "a", &[id(&student)], "80.00");
        manager.post("/staff/disbursements", grant.clone()).await.refused(403, "forbidden");
        c.organiser.post("/staff/disbursements", grant.clone()).await.ok();
        attach(&c.organiser, &grant).await.ok();
        step(&c.organiser, &grant, "submission").await.ok();
        assert_eq!(manager.get("/staff/disbursements/waiting").await.ok()["count"], 0, "it waits for nobody above");
        assert_eq!(c.manager.get("/staff/disbursements/waiting").await.ok()["count"], 1);
        let desk = async |who: &Officer| who.get("/staff/waiting").await.ok().to_string();
        assert!(!desk(&manager).await.contains("秋季助学金") && desk(&c.manager).await.contains("秋季助学金"));
        let at = format!("/staff/disbursements/{}", id(&grant));
        assert_eq!(manager.get(&at).await.ok()["state"], "submitted", "what is supervised is seen");
        step(&manager, &grant, "approval").await.refused(403, "forbidden");
        step(&manager, &grant, "rejection").await.refused(403, "forbidden");
        step(&c.manager, &grant, "approval").await.ok();
        step(&head, &grant, "approval").await.refused(403, "forbidden");
        step(&c.head, &grant, "approval").await.ok();
        let new = || json!({ "id": Uuid::now_v7(), "bank_account": "区基本户", "disbursements": [id(&grant)] });
        for above in [&cashier, &city] {
            assert!(!desk(above).await.contains("秋季助学金"));
            above.post("/staff/payment-files", new()).await.refused(403, "forbidden");
        }
        assert!(desk(&c.cashier).await.contains("秋季助学金"));
        let payout = payouts(&grant)[0];
        let drop = format!("/staff/payouts/{payout}/cancellation");
        head.post(&drop, json!({ "reason": "试" })).await.refused(403, "forbidden");
        let file = id(&c.cashier.post("/staff/payment-files", new()).await.ok());
        c.cashier.act(&format!("/staff/payment-files/{file}/sending")).await.ok();
        let told = format!("/staff/payment-files/{file}/results");
        for above in [&keeper, &head] {
            above.post(&told, results(w, &[payout], true)).await.refused(403, "forbidden");
        }
        c.keeper.post(&told, results(w, &[payout], true)).await.ok();

        // Money that comes back, and a gift that goes back.
        let back = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "5.00", "reason": "退回余款", "on": w.app.business.today().to_string(),
            "bank": { "bank_account": "区基本户", "reference": "R-1" },
        });
        let path = format!("/staff/payouts/{payout}/settlements");
        cashier.post(&path, back.clone()).await.refused(403, "forbidden");
        c.cashier.post(&path, back.clone()).await.ok();
        let confirm = format!("/staff/settlements/{}/confirmation", id(&back));
        keeper.act(&confirm).await.refused(403, "forbidden");
        c.keeper.act(&confirm).await.ok();
        let refund = json!({ "id": Uuid::now_v7(), "donation": gift["id"], "amount": "10.00", "reason": "error" });
        cashier.post("/staff/refunds", refund.clone()).await.refused(403, "forbidden");
        c.cashier.post("/staff/refunds", refund.clone()).await.ok();
        head.act(&format!("/staff/refunds/{}/approval", id(&refund))).await.refused(403, "forbidden");
        c.head.act(&format!("/staff/refunds/{}/approval", id(&refund))).await.ok();
        c.cashier.act(&format!("/staff/refunds/{}/outcome-proposal", id(&refund))).await.ok();
        let paid = json!({ "bank_account": "区基本户" });
        let outcome = format!("/staff/refunds/{}/bank-payment", id(&refund));
        head.post(&outcome, paid.clone()).await.refused(403, "forbidden");
        c.head.post(&outcome, paid).await.ok();

        // The books: seen from above, written by its own.
        let books = format!("/staff/books/{}", c.book);
        let rent = crate::vouchers::voucher(Uuid::now_v7());
        keeper.post(&format!("{books}/vouchers"), rent).await.refused(403, "forbidden");
        keeper.get(&format!("{books}/vouchers")).await.ok();
        keeper.get(&format!("{books}/closing")).await.ok();
        let year = w.app.business.today().year();
        keeper.act(&format!("{books}/years/{year}/months/1/closing")).await.refused(403, "forbidden");
        let profile = json!({
            "id": Uuid::now_v7(), "profile": "full", "single_limit": "1.00", "third_limit": "2.00", "account_quiet_days": 1, "reason": "试",
        });
        let changes = format!("/staff/charities/{}/profile-changes", c.book);
        for above in [&head, &chair] {
            above.post(&changes, profile.clone()).await.refused(403, "forbidden");
        }

        // A campaign of it is begun, reviewed, ended by its own; stopped from above, and let go on from there.
        let of = |step: &str| format!("/staff/campaigns/{}/{step}", c.campaign);
        manager.post(&of("end"), json!({ "reason": "试" })).await.refused(403, "forbidden");
        let complaint = json!({ "id": Uuid::now_v7(), "campaign": c.campaign, "words": "这个项目的用途与说明不符" });
        w.stranger.post("/complaints", complaint.clone()).await.ok();
        let stop = json!({ "id": Uuid::now_v7(), "complaint": complaint["id"], "reason": "核查" });
        assert_eq!(manager.post(&of("suspensions"), stop).await.ok()["state"], "suspended");
        let answer = json!({ "answer": "经查用途相符", "upheld": false });
        let handled = format!("/staff/complaints/{}", id(&complaint));
        w.staff(Role::Disclosure).await.act(&format!("{handled}/taking")).await.ok();
        w.staff(Role::Disclosure).await.post(&format!("{handled}/answer"), answer).await.ok();
        assert_eq!(head.post(&of("suspension-lift"), json!({ "reason": "核查完毕" })).await.ok()["state"], "open");
    })
    .await;
}

/// A role is lent with all it is, and no more: the county's cashier lends theirs to somebody of the province, the province's cannot lend what
/// they do not have.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_for_a_legal_entity_is_lent_by_whoever_has_it() {
    story(async |w| {
        let c = county(w).await;
        let (cashier, guest, admin) =
            (w.staff(Role::Cashier).await, w.hire(Role::Organiser, "guest").await, w.staff(Role::Admin).await);
        let secret = w.hire(Role::Chair, "guest-2").await;
        let today = w.app.business.today();
        let lends = async |lender: &Officer, holder: &Officer| {
            let lent = json!({
                "id": Uuid::now_v7(), "lender": lender.id, "holder": holder.id, "role": "cashier", "unit": w.unit("130502").await,
                "starts_on": today.to_string(), "ends_on": today.next().to_string(), "reason": "出差",
            });
            lender.post("/staff/delegations", lent.clone()).await.ok();
            admin.act(&format!("/staff/delegations/{}/approval", id(&lent))).await.ok();
        };
        lends(&cashier, &secret).await;
        secret.post("/staff/bank-gifts", c.gift(w, "1.00")).await.refused(403, "forbidden");
        lends(&c.cashier, &secret).await;
        secret.post("/staff/bank-gifts", c.gift(w, "1.00")).await.ok();
        guest.post("/staff/bank-gifts", c.gift(w, "1.00")).await.refused(403, "forbidden");
    })
    .await;
}

/// A charity raises money for whoever is in its part of the tree: no other county writes campaigns into its books.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_county_has_campaigns_in_a_countys_books() {
    story(async |w| {
        let c = county(w).await;
        let far = w.hire_over(Role::Organiser, "far-organiser", "/hebei/1306/").await;
        let mut draft = w.draft("100.00");
        (draft["book"], draft["unit"]) = (json!(c.book), json!(w.unit("1306").await));
        let refused = far.post("/staff/campaigns", draft.clone()).await;
        assert!(refused.refused(422, "invalid_field").text.contains("不属于该慈善组织"), "{}", refused.text);
        draft["book"] = json!(w.book.uuid());
        far.post("/staff/campaigns", draft.clone()).await.ok();
        let mut moved = draft.clone();
        moved["book"] = json!(c.book);
        let path = format!("/staff/campaigns/{}", id(&draft));
        far.call(Method::PUT, &path, Some(moved)).await.refused(422, "invalid_field");
        let forged = format!("UPDATE campaign SET book_id = {} WHERE id = {}", lit(w, c.book), lit(w, id(&draft)));
        w.attacked(&forged, "campaign_foreign").await;
    })
    .await;
}

/// Whoever sits at the database and has a role above, or none, neither approves, pays, confirms nor decides for the county's foundation.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_asks_for_whose_books_a_role_is_held() {
    story(async |w| {
        let c = county(w).await;
        let gift = c.paid_in(w, "500.00").await;
        let (manager, head, keeper) =
            (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await, w.staff(Role::Bookkeeper).await);
        let student = person(c.campaign, "王一（示例）", 1);
        c.organiser.post("/staff/payees", student.clone()).await.ok();
        let grant = paper(c.campaign, "a", &[id(&student)], "80.00");
        c.organiser.post("/staff/disbursements", grant.clone()).await.ok();
        attach(&c.organiser, &grant).await.ok();
        step(&c.organiser, &grant, "submission").await.ok();
        let (key, now) = (lit(w, id(&grant)), w.app.business.now().us());
        let approval = |step: i64, approver: &Officer| {
            format!(
                "INSERT INTO disbursement_approval (disbursement_id, round, step, author_id, approver_id, amount_fen, at_us) \
                 VALUES ({key}, 1, {step}, {}, {}, 8000, {now})",
                lit(w, c.organiser.id), lit(w, approver.id)
            )
        };
        w.attacked(&approval(1, &manager), "disbursement_approval_role").await;
        step(&c.manager, &grant, "approval").await.ok();
        w.attacked(&approval(2, &head), "disbursement_approval_role").await;
        step(&c.head, &grant, "approval").await.ok();

        let payout = lit(w, payouts(&grant)[0]);
        let bytes = match w.app.db.backend() {
            sea_orm::DbBackend::Postgres => format!("'\\x{}'::bytea", "00".repeat(32)),
            _ => format!("X'{}'", "00".repeat(32)),
        };
        let (file, payer) = (lit(w, Uuid::now_v7()), lit(w, w.staff(Role::Cashier).await.id));
        let made = format!(
            "INSERT INTO payment_file (id, book_id, bank_account, state, lines, total_fen, hash, content, request, author_id, created_us) \
             VALUES ({file}, {}, '区基本户', 'made', 1, 8000, {bytes}, {bytes}, {bytes}, {payer}, {now}); \
             UPDATE payout SET state = 'scheduled', payment_file_id = {file}, payer_id = {payer}, scheduled_us = {now}, \
             account_hmac = (SELECT account_hmac FROM payee WHERE id = {}) WHERE id = {payout}",
            lit(w, c.book), lit(w, id(&student))
        );
        w.attacked(&made, "payout_payer_role").await;
        let new = json!({ "id": Uuid::now_v7(), "bank_account": "区基本户", "disbursements": [id(&grant)] });
        let file = id(&c.cashier.post("/staff/payment-files", new).await.ok());
        c.cashier.act(&format!("/staff/payment-files/{file}/sending")).await.ok();
        let told = format!(
            "UPDATE payout SET state = 'confirmed', confirmer_id = {}, paid_on = '{}', changed_us = {now} WHERE id = {payout}",
            lit(w, keeper.id), w.app.business.today()
        );
        w.attacked(&told, "payout_confirmer_role").await;
        let done = results(w, &payouts(&grant), true);
        c.keeper.post(&format!("/staff/payment-files/{file}/results"), done).await.ok();

        // What comes back is confirmed by a bookkeeper or head of finance of the house, in their own name or one that was lent.
        let back = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "5.00", "reason": "退回余款", "on": w.app.business.today().to_string(),
            "bank": { "bank_account": "区基本户", "reference": "R-1" },
        });
        c.cashier.post(&format!("/staff/payouts/{}/settlements", payouts(&grant)[0]), back.clone()).await.ok();
        let settled = |approver: &Officer, lender: Option<&Officer>| {
            let lender = lender.map_or("NULL".to_owned(), |lender| lit(w, lender.id));
            format!(
                "UPDATE payout_settlement SET state = 'confirmed', approver_id = {}, approver_for_id = {lender}, decided_us = {now} WHERE id = {}",
                lit(w, approver.id), lit(w, id(&back))
            )
        };
        let auditor = w.staff(Role::Auditor).await;
        for (approver, lender) in [(&keeper, None), (&head, None), (&c.chair, None), (&auditor, None), (&auditor, Some(&c.keeper))] {
            w.attacked(&settled(approver, lender), "payout_settlement_role").await;
        }
        c.keeper.act(&format!("/staff/settlements/{}/confirmation", id(&back))).await.ok();

        // A refund is decided by the house's head of finance; under the full profile the chair bears no part of it alone.
        let refund = json!({ "id": Uuid::now_v7(), "donation": gift["id"], "amount": "10.00", "reason": "error" });
        c.cashier.post("/staff/refunds", refund.clone()).await.ok();
        let row = lit(w, id(&refund));
        for decider in [&head, &keeper, &c.chair, &c.manager, &auditor] {
            let decided = format!(
                "UPDATE refund SET state = 'approved', decider_id = {}, decided_us = {now} WHERE id = {row}",
                lit(w, decider.id)
            );
            w.attacked(&decided, "refund_decider_role").await;
        }
        let covered = format!(
            "UPDATE refund SET state = 'approved', decider_id = {0}, decided_us = {now}, cover_author_id = {1}, cover_approver_id = {0} WHERE id = {row}",
            lit(w, c.head.id), lit(w, c.manager.id)
        );
        w.attacked(&covered, "refund_decider_role").await;
        c.head.act(&format!("/staff/refunds/{}/approval", id(&refund))).await.ok();
        c.cashier.act(&format!("/staff/refunds/{}/outcome-proposal", id(&refund))).await.ok();
        for approver in [&head, &c.keeper, &c.chair] {
            let over = format!(
                "UPDATE refund SET state = 'given_up', outcome_approver_id = {}, finished_us = {now} WHERE id = {row}",
                lit(w, approver.id)
            );
            w.attacked(&over, "refund_outcome_role").await;
        }
        c.head.act(&format!("/staff/refunds/{}/give-up", id(&refund))).await.ok();

        // What two persons decide about a campaign, too.
        let operator = json!({
            "id": Uuid::now_v7(), "kind": "operator", "book": c.book, "operator_code": "91350100M000100Y43", "reason": "受托运营",
        });
        c.manager.post("/staff/campaign-decisions", operator.clone()).await.ok();
        for decider in [&head, &c.keeper] {
            let decided = format!(
                "UPDATE campaign_decision SET state = 'approved', approver_id = {}, decided_us = {now} WHERE id = {}",
                lit(w, decider.id), lit(w, id(&operator))
            );
            w.attacked(&decided, "campaign_decision_role").await;
        }
        c.chair.act(&format!("/staff/campaign-decisions/{}/approval", id(&operator))).await.ok();
    })
    .await;
}

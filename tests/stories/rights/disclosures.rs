//! Who may do what about what a charity tells: reports, duties, major events, answers to whoever asks or complains.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::World;

use super::{DRAWERS, DUTIES, TOLD, Things, Try, get, nothing, post};

pub(super) fn tries(w: &World, t: &Things) -> Vec<Try> {
    let filers: &[Role] = &[Role::Disclosure, Role::ProjectManager];
    let today = w.app.business.today().to_string();
    let book = w.book.to_string();
    let nobody = Uuid::now_v7().to_string();
    vec![
        get("/staff/disclosures", "", TOLD),
        post("/staff/disclosures/preview", "", json!({ "kind": "raising_report", "campaign": t.ended }), DRAWERS),
        post(
            "/staff/disclosures",
            "",
            json!({ "id": Uuid::now_v7(), "wish": { "kind": "raising_status", "campaign": t.open } }),
            DRAWERS,
        ),
        get("/staff/disclosures/{disclosure_id}", &nobody, TOLD),
        get("/staff/disclosures/{disclosure_id}/content", &nobody, TOLD),
        get("/staff/disclosures/{disclosure_id}/form", &nobody, TOLD),
        post(
            "/staff/disclosures/{disclosure_id}/publications",
            &nobody,
            json!({ "id": Uuid::now_v7(), "place": "own_site", "reference": "试", "published_on": today }),
            &[Role::Disclosure],
        ),
        get("/staff/duties", "", DUTIES),
        get("/staff/duty-rules", "", TOLD),
        post(
            "/staff/duty-rules",
            "",
            json!({ "reason": "试", "rule": { "kind": "enquiry", "from": today, "amount": 9, "warn_days": 1, "escalate_days": 1,
                "escalate_to": "finance_head" } }),
            &[Role::Disclosure, Role::Admin],
        ),
        get("/staff/major-events", &format!("?book={book}"), TOLD),
        post(
            "/staff/major-events",
            "",
            json!({ "id": Uuid::now_v7(), "book": book, "kind": "investment", "title": "试", "words": "试", "happened_on": today }),
            DRAWERS,
        ),
        get("/staff/complaints", "", &[Role::Disclosure, Role::ProjectManager, Role::Chair, Role::Auditor]),
        post("/staff/complaints/{complaint_id}/taking", &nobody, nothing(), filers),
        post(
            "/staff/complaints/{complaint_id}/answer",
            &nobody,
            json!({ "upheld": false, "answer": "已核实" }),
            filers,
        ),
        post(
            "/staff/donations/{donation_id}/message-moderation",
            &t.gift,
            json!({ "hidden": true, "reason": "试" }),
            filers,
        ),
        get("/staff/teams", "", &[Role::Disclosure, Role::ProjectManager, Role::Auditor]),
        post("/staff/teams/{team_id}/moderation", &nobody, json!({ "step": "hidden", "reason": "试" }), filers),
        get("/staff/enquiries", "", &[Role::Disclosure, Role::ProjectManager, Role::FinanceHead, Role::Auditor]),
        post(
            "/staff/enquiries/{enquiry_id}/answer",
            &Uuid::now_v7().to_string(),
            json!({ "answer": "已用于发放助学金" }),
            &[Role::Disclosure, Role::ProjectManager],
        ),
    ]
}

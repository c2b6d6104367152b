//! Who may do what about campaigns, their partners and their papers.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::{World, agreed, opening};

use super::{AUTHORS, BRINGERS, CAMPAIGNS, CLERKS, SECOND, Things, Try, delete, get, nothing, post, put, reason};

pub(super) fn tries(w: &World, t: &Things) -> Vec<Try> {
    let manager: &[Role] = &[Role::ProjectManager];
    let head: &[Role] = &[Role::FinanceHead];
    let filers: &[Role] = &[Role::Disclosure, Role::ProjectManager];
    let today = w.app.business.today().to_string();
    let deciders: &[Role] = &[Role::FinanceHead, Role::Chair];
    let nobody = Uuid::now_v7().to_string();
    vec![
        get("/staff/campaigns", "", &CAMPAIGNS),
        post("/staff/campaigns", "", w.draft("1.00"), &AUTHORS),
        get("/staff/campaigns/{campaign_id}", &t.draft, &CAMPAIGNS),
        get("/staff/campaigns/{campaign_id}/history", &t.open, &CAMPAIGNS),
        // An author's draft is nobody else's business.
        put("/staff/campaigns/{campaign_id}", &t.draft, w.draft("2.00"), &[Role::Organiser]),
        get("/staff/campaigns/{campaign_id}/plans", &t.open, &CAMPAIGNS),
        get("/staff/campaigns/{campaign_id}/budget", &t.open, &CAMPAIGNS),
        post("/staff/campaigns/{campaign_id}/submission", &t.draft, nothing(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/withdrawal", &t.submitted, nothing(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/review", &t.submitted, nothing(), manager),
        // In another state than the one it is tried in, the head of finance may.
        post("/staff/campaigns/{campaign_id}/approval", &t.submitted, agreed(), manager),
        post("/staff/campaigns/{campaign_id}/rejection", &t.submitted, reason(), manager),
        post("/staff/campaigns/{campaign_id}/filing-submission", &t.approved, json!({ "submitted_on": today }), filers),
        post("/staff/campaigns/{campaign_id}/filing-return", &t.filing, reason(), filers),
        post("/staff/campaigns/{campaign_id}/filing", &t.filing, w.next_step("filing").2, filers),
        post("/staff/campaigns/{campaign_id}/schedule", &t.filed, opening(), manager),
        post("/staff/campaigns/{campaign_id}/schedule-withdrawal", &t.scheduled, reason(), manager),
        post("/staff/campaigns/{campaign_id}/emergency-opening", &t.approved, opening(), manager),
        post("/staff/campaigns/{campaign_id}/execution", &t.ended, nothing(), manager),
        post("/staff/campaigns/{campaign_id}/closing", &t.executing, nothing(), manager),
        post("/staff/campaigns/{campaign_id}/closing-return", &t.closing, reason(), manager),
        post("/staff/campaigns/{campaign_id}/approval", &t.in_finance, agreed(), head),
        post("/staff/campaigns/{campaign_id}/rejection", &t.in_finance, reason(), head),
        post("/staff/campaigns/{campaign_id}/revision", &t.rejected, nothing(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/cancellation", &t.approved, reason(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/pause", &t.open, reason(), manager),
        post("/staff/campaigns/{campaign_id}/resumption", &t.paused, nothing(), manager),
        post("/staff/campaigns/{campaign_id}/end", &t.open, reason(), manager),
        post("/staff/campaigns/{campaign_id}/closure", &t.closing, nothing(), head),
        post(
            "/staff/campaigns/{campaign_id}/suspensions",
            &t.open,
            json!({ "id": Uuid::now_v7(), "reason": "试" }),
            &[Role::ProjectManager, Role::Disclosure, Role::FinanceHead, Role::Chair],
        ),
        get("/staff/campaigns/{campaign_id}/suspensions", &t.open, &CAMPAIGNS),
        post("/staff/campaigns/{campaign_id}/suspension-lift", &t.open, reason(), deciders),
        get("/staff/campaigns/{campaign_id}/comments", &t.submitted, &CAMPAIGNS),
        post(
            "/staff/campaigns/{campaign_id}/comments",
            &t.submitted,
            json!({ "id": Uuid::now_v7(), "section": "budget", "words": "试" }),
            &[Role::Organiser, Role::ProjectManager, Role::FinanceHead, Role::Disclosure],
        ),
        get("/staff/campaigns/{campaign_id}/changes", &t.open, &CAMPAIGNS),
        post(
            "/staff/campaigns/{campaign_id}/changes",
            &t.open,
            json!({ "id": Uuid::now_v7(), "reason": "试", "draft": w.draft("1.00") }),
            &AUTHORS,
        ),
        post(
            "/staff/campaign-changes/{change_id}/approval",
            &nobody,
            nothing(),
            &[Role::ProjectManager, Role::FinanceHead],
        ),
        post(
            "/staff/campaign-changes/{change_id}/rejection",
            &nobody,
            reason(),
            &[Role::ProjectManager, Role::FinanceHead],
        ),
        post(
            "/staff/campaign-changes/{change_id}/filing",
            &nobody,
            json!({ "evidence": "回执", "filed_on": today }),
            filers,
        ),
        get("/staff/campaign-decisions", "", &CAMPAIGNS),
        post(
            "/staff/campaign-decisions",
            "",
            json!({ "id": Uuid::now_v7(), "kind": "exception", "campaign": t.draft, "reason": "试" }),
            filers,
        ),
        post("/staff/campaign-decisions/{decision_id}/approval", &nobody, nothing(), deciders),
        post("/staff/campaign-decisions/{decision_id}/rejection", &nobody, reason(), deciders),
        post("/staff/campaigns/{campaign_id}/releases", &t.open, json!({ "id": Uuid::now_v7() }), &SECOND),
        get("/staff/partners", "", &CAMPAIGNS),
        post(
            "/staff/partners",
            "",
            json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "individual", "name": "示例志愿者" }),
            &AUTHORS,
        ),
        post(
            "/staff/campaigns/{campaign_id}/cooperation",
            &t.draft,
            json!({ "partner": nobody, "signed_on": today, "agreement": "试" }),
            &AUTHORS,
        ),
        post(
            "/staff/campaigns/{campaign_id}/partner-evaluation",
            &t.draft,
            json!({ "score": 80, "findings": "试" }),
            filers,
        ),
        post(
            "/staff/campaigns/{campaign_id}/milestone-progress",
            &t.open,
            json!({ "code": "m1", "progress": 50 }),
            &AUTHORS,
        ),
        get("/staff/campaigns/{campaign_id}/updates", &t.open, &CAMPAIGNS),
        post(
            "/staff/campaigns/{campaign_id}/updates",
            &t.open,
            json!({ "id": Uuid::now_v7(), "title": "进展", "words": "已开始" }),
            &AUTHORS,
        ),
        post("/staff/updates/{update_id}/publication", &nobody, nothing(), filers),
        get("/staff/campaigns/{campaign_id}/attachments", &t.open, &CAMPAIGNS),
        post("/staff/campaigns/{campaign_id}/attachments", &t.open, json!("bytes"), &BRINGERS),
        get("/staff/campaigns/{campaign_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.open), &CAMPAIGNS),
        delete("/staff/campaigns/{campaign_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.open), &CLERKS),
        get("/staff/campaign-changes/{change_id}/attachments", &nobody, &CAMPAIGNS),
        post("/staff/campaign-changes/{change_id}/attachments", &nobody, json!("bytes"), &CLERKS),
        get(
            "/staff/campaign-changes/{change_id}/attachments/{attachment_id}",
            &format!("{nobody} {nobody}"),
            &CAMPAIGNS,
        ),
        delete(
            "/staff/campaign-changes/{change_id}/attachments/{attachment_id}",
            &format!("{nobody} {nobody}"),
            &CLERKS,
        ),
        get("/staff/updates/{update_id}/attachments", &t.update, &CAMPAIGNS),
        post("/staff/updates/{update_id}/attachments", &t.update, json!("bytes"), &AUTHORS),
        get("/staff/updates/{update_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.update), &CAMPAIGNS),
        delete("/staff/updates/{update_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.update), &CLERKS),
        post(
            "/staff/campaigns/{campaign_id}/final-disclosure",
            &t.ended,
            json!({ "published_on": today, "reference": "试" }),
            &[Role::Disclosure],
        ),
        get("/staff/campaigns/{campaign_id}/sheet", &t.open, &CAMPAIGNS),
        get("/staff/campaigns/{campaign_id}/sheet/workbook", &t.open, &CAMPAIGNS),
    ]
}

//! Campaigns, from the draft to the opening.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CREDIT_CODE, World, agreed, opening, plan};

/// Filing numbers are given one after the other.
static SERIAL: AtomicUsize = AtomicUsize::new(1);

impl World {
    /// What an organiser writes down: a campaign of one day, from now.
    pub(crate) fn draft(&self, target: &str) -> Value {
        let now = self.app.business.now();
        json!({
            "id": Uuid::now_v7(), "book": self.book.uuid(), "name": "助学·关爱行动", "summary": "资助困难学生继续学业",
            "target": target, "over_target": true, "starts_at": now.to_string(),
            "ends_at": now.after(Duration::from_secs(86_400)).to_string(), "plan": plan(target),
        })
    }

    /// A campaign that accepts gifts: drafted, reviewed by two persons, opened by the clock.
    pub(crate) async fn open_campaign(&self, target: &str) -> Uuid {
        self.open_as(self.draft(target)).await
    }

    pub(crate) async fn open_as(&self, draft: Value) -> Uuid {
        let id: Uuid = draft["id"].as_str().unwrap().parse().unwrap();
        let organiser = self.staff(Role::Organiser).await;
        organiser.post("/staff/campaigns", draft).await.ok();
        organiser.act(&format!("/staff/campaigns/{id}/submission")).await.ok();
        self.walk(id, "scheduled").await;
        self.run_job("campaign_clock").await;
        assert_eq!(self.campaign(id).await["state"], "open");
        id
    }

    /// Takes a campaign that was handed in as far as this state, by whose it is to take it there.
    pub(crate) async fn walk(&self, id: Uuid, goal: &str) {
        loop {
            let row = self.staff(Role::ProjectManager).await.get(&format!("/staff/campaigns/{id}")).await.ok();
            let state = row["state"].as_str().unwrap();
            if state == goal {
                return;
            }
            let (role, step, body) = self.next_step(state);
            if state == "approved" {
                self.filing_receipt(id).await;
            }
            self.staff(role).await.post(&format!("/staff/campaigns/{id}/{step}"), body).await.ok();
        }
    }

    /// Attaches the authority's receipt: who was filed before the plan was approved here shows it.
    pub(crate) async fn filing_receipt(&self, id: Uuid) {
        self.paper(&format!("/staff/campaigns/{id}"), "filing_receipt").await;
    }

    /// Attaches a paper of a kind to a thing, named by its path.
    pub(crate) async fn paper(&self, of: &str, kind: &str) -> Value {
        let path = format!("/api/v1{of}/attachments?kind={kind}&file_name={kind}.pdf");
        let upload = self.staff(Role::Disclosure).await.request(reqwest::Method::POST, &path);
        let content = format!("%PDF-1.7 {of} {}", Uuid::now_v7());
        let upload = upload.header("content-type", "application/octet-stream").body(content);
        crate::caller::send(upload).await.ok()
    }

    /// Writes a draft down together with the agreement with its partner, who is evaluated. The plan names the partner.
    pub(crate) async fn drafted_with(&self, mut draft: Value, partner: &str) -> Value {
        draft["plan"]["cooperation"] = json!({ "kind": "individual", "name": partner });
        let (organiser, manager) = (self.staff(Role::Organiser).await, self.staff(Role::ProjectManager).await);
        organiser.post("/staff/campaigns", draft.clone()).await.ok();
        let new = json!({ "id": Uuid::now_v7(), "book": self.book.uuid(), "kind": "individual", "name": partner });
        manager.post("/staff/partners", new.clone()).await.ok();
        let of = format!("/staff/campaigns/{}", draft["id"].as_str().unwrap());
        let agreement = json!({ "partner": new["id"], "signed_on": "2026-01-05", "agreement": "合作协议 示例1号" });
        organiser.post(&format!("{of}/cooperation"), agreement).await.ok();
        self.paper(&of, "contract").await;
        let found = json!({ "score": 60, "findings": "实地走访" });
        manager.post(&format!("{of}/partner-evaluation"), found).await.ok();
        draft
    }

    /// The step that follows a state on the straight way to the opening.
    pub(crate) fn next_step(&self, state: &str) -> (Role, &'static str, Value) {
        let now = self.app.business.now();
        let day = |days: u64| domain::BusinessDate::of(now.before(Duration::from_secs(days * 86_400)));
        match state {
            "draft" => (Role::Organiser, "submission", json!({})),
            "submitted" | "org_review" => (Role::ProjectManager, "approval", agreed()),
            "finance_review" => (Role::FinanceHead, "approval", agreed()),
            "approved" => (Role::Disclosure, "filing-submission", json!({ "submitted_on": day(12) })),
            "filing" => {
                let serial = SERIAL.fetch_add(1, Ordering::Relaxed) % 1_000;
                let number = format!("{CREDIT_CODE}A{:02}{serial:03}", day(0).year() % 100);
                (Role::Disclosure, "filing", json!({ "number": number, "filed_on": day(0) }))
            }
            "filed" => (Role::ProjectManager, "schedule", opening()),
            other => panic!("nothing follows {other} by a person"),
        }
    }

    /// A campaign as everybody sees it.
    pub(crate) async fn campaign(&self, id: Uuid) -> Value {
        self.stranger.get(&format!("/campaigns/{id}")).await.ok()
    }

    /// The public total.
    pub(crate) async fn raised(&self, id: Uuid) -> String {
        self.campaign(id).await["raised"].as_str().unwrap().to_owned()
    }
}

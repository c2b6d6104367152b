//! Things for operations to be tried on.

use domain::role::Role;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::send;
use crate::spending::{Papers, papers};
use crate::world::{World, agreed};
use crate::year::{cash_count, new_box};

/// Things for operations to be tried on, each in a state that the operation is for.
pub(super) struct Things {
    pub(super) draft: String,
    pub(super) submitted: String,
    pub(super) filing: String,
    pub(super) filed: String,
    pub(super) scheduled: String,
    pub(super) ended: String,
    pub(super) executing: String,
    pub(super) closing: String,
    pub(super) in_finance: String,
    pub(super) rejected: String,
    pub(super) approved: String,
    pub(super) open: String,
    pub(super) paused: String,
    pub(super) gift: String,
    pub(super) bank_gift: String,
    pub(super) requested: String,
    pub(super) failed: String,
    pub(super) proposed: String,
    pub(super) departed: String,
    pub(super) arriving: String,
    pub(super) stray: String,
    pub(super) resolution: String,
    pub(super) member: String,
    pub(super) stand_in: String,
    pub(super) role_grant: String,
    pub(super) delegation: String,
    pub(super) unit: String,
    pub(super) certificate: String,
    pub(super) scan: String,
    pub(super) change: String,
    pub(super) account_change: String,
    pub(super) account_paper: String,
    pub(super) update: String,
    pub(super) voucher: String,
    pub(super) submitted_voucher: String,
    pub(super) voucher_template: String,
    pub(super) cash_count: String,
    pub(super) papers: Papers,
}

impl Things {
    /// The ids of what belongs to this part of the tree, as an answer would name them.
    pub(super) fn ids(&self) -> Vec<String> {
        let of_papers = &self.papers;
        let all = [
            &self.draft,
            &self.submitted,
            &self.open,
            &self.paused,
            &self.gift,
            &self.bank_gift,
            &self.requested,
            &self.failed,
            &self.proposed,
            &self.departed,
            &self.arriving,
            &self.stray,
            &self.resolution,
            &self.member,
            &self.stand_in,
            &self.role_grant,
            &self.delegation,
            &self.change,
            &self.account_change,
            &self.account_paper,
            &self.update,
            &self.voucher,
            &self.submitted_voucher,
            &self.voucher_template,
            &self.cash_count,
            &of_papers.payee,
            &of_papers.draft,
            &of_papers.submitted,
            &of_papers.approved_payout,
            &of_papers.made_file,
            &of_papers.sent_file,
        ];
        all.into_iter().cloned().chain([of_papers.campaign.to_string()]).collect()
    }
}

pub(super) async fn things(w: &World) -> Things {
    let staff = async |role| w.staff(role).await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let reason = json!({ "reason": "核实情况" });
    let campaign = async |steps: &[(Role, &str)]| {
        let draft = w.draft("1.00");
        staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
        for (role, step) in steps {
            let path = format!("/staff/campaigns/{}/{step}", id(&draft));
            let said = if *step == "approval" { agreed() } else { reason.clone() };
            staff(*role).await.post(&path, said).await.ok();
        }
        id(&draft)
    };
    let submitted = (Role::Organiser, "submission");
    let first = (Role::ProjectManager, "approval");
    // A campaign of its own, walked as far as that.
    let walked = async |goal: &str| {
        let draft = w.draft("1.00");
        staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
        w.walk(id(&draft).parse().unwrap(), goal).await;
        id(&draft)
    };
    // One that was open, and what its manager did with it.
    let after = async |steps: &[&str]| {
        let open = w.open_campaign("1.00").await.to_string();
        for step in steps {
            let path = format!("/staff/campaigns/{open}/{step}");
            staff(Role::ProjectManager).await.post(&path, reason.clone()).await.ok();
        }
        open
    };
    let (open, paused) = (w.open_campaign("1000.00").await, w.open_campaign("1000.00").await);
    let path = format!("/staff/campaigns/{paused}/pause");
    staff(Role::ProjectManager).await.post(&path, reason.clone()).await.ok();

    let donor = w.donor("o-one").await;
    let gift = w.gift(&donor, open, "50.00").await;
    let refund = async |approve: bool| {
        let gift = w.gift(&donor, open, "5.00").await;
        let asked = json!({ "id": Uuid::now_v7(), "amount": "5.00", "reason": "error" });
        donor.post(&format!("/donations/{}/refund-requests", gift.id), asked.clone()).await.ok();
        if approve {
            let path = format!("/staff/refunds/{}/approval", id(&asked));
            staff(Role::FinanceHead).await.act(&path).await.ok();
        }
        id(&asked)
    };
    let (requested, failed) = (refund(false).await, refund(true).await);
    w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
    w.run_job("send_refunds").await;
    let path = format!("/staff/refunds/{failed}");
    let auditor = staff(Role::Auditor).await;
    w.until("the refund failed", async || auditor.get(&path).await.ok()["state"] == "failed").await;
    staff(Role::Bookkeeper).await.act(&format!("{path}/outcome-proposal")).await.ok();

    let transfer = async |steps: &[(Role, &str)]| {
        let new = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "基本户" });
        staff(Role::Cashier).await.post("/staff/transfers", new.clone()).await.ok();
        if !steps.is_empty() {
            w.lever("withdraw", json!({ "amount": "1.00" })).await;
        }
        for (role, step) in steps {
            staff(*role).await.act(&format!("/staff/transfers/{}/{step}", id(&new))).await.ok();
        }
        id(&new)
    };
    let left = (Role::FinanceHead, "confirmation");
    let bank_gift = json!({
        "id": Uuid::now_v7(), "campaign": open, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
        "reference": "B-1", "received_on": w.app.business.today().to_string(),
    });
    staff(Role::Cashier).await.post("/staff/bank-gifts", bank_gift.clone()).await.ok();
    let twice = w.gift(&donor, open, "5.00").await;
    w.lever("pay", json!({ "out_trade_no": twice.order, "again": true })).await;
    let strays = async || auditor.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone();
    w.until("a payment waits for a person", async || strays().await.len() == 1).await;
    let stray = strays().await.remove(0);
    let resolution = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "重复付款" });
    let of = format!("/staff/breaks/{}/resolutions", stray["id"].as_str().unwrap());
    staff(Role::Cashier).await.post(&of, resolution.clone()).await.ok();
    let member = w.staff(Role::Disclosure).await.id;
    let stand_in = w.hire_over(Role::LeagueOfficer, "stand-in", "/").await;
    let role_grant = json!({ "id": Uuid::now_v7(), "role": "league_officer", "reason": "试" });
    let admin = staff(Role::Admin).await;
    admin.post(&format!("/staff/members/{member}/roles"), role_grant.clone()).await.ok();
    let today = w.app.business.today().to_string();
    let delegation = json!({
        "id": Uuid::now_v7(), "lender": member, "holder": stand_in.id, "role": "disclosure", "starts_on": today, "ends_on": today,
        "reason": "试",
    });
    admin.post("/staff/delegations", delegation.clone()).await.ok();
    let charity = format!("/staff/charities/{}", w.book);
    let head = staff(Role::FinanceHead).await;
    let certificate = id(&head.get(&format!("{charity}/certificates")).await.ok()["items"][0]);
    let path = format!("/api/v1/staff/certificates/{certificate}/attachments?kind=scan&file_name=a.txt");
    let scan =
        send(head.request(Method::POST, &path).header(CONTENT_TYPE, "application/octet-stream").body("一")).await;
    let scan = id(&scan.ok());
    let change = json!({
        "id": Uuid::now_v7(), "profile": "small", "single_limit": "1.00", "third_limit": "2.00", "account_quiet_days": 1, "reason": "试",
    });
    staff(Role::Chair).await.post(&format!("{charity}/profile-changes"), change.clone()).await.ok();
    let account_change = json!({ "id": Uuid::now_v7(), "bank_account": "第二户", "mchid": w.app.wechat.mchid(), "valid_from": today, "reason": "试" });
    staff(Role::Chair).await.post(&format!("{charity}/account-changes"), account_change.clone()).await.ok();
    let path = format!("/api/v1/staff/account-changes/{}/attachments?kind=scan&file_name=a.txt", id(&account_change));
    let account_paper =
        send(head.request(Method::POST, &path).header(CONTENT_TYPE, "application/octet-stream").body("户")).await.ok();
    let update = json!({ "id": Uuid::now_v7(), "title": "进展", "words": "已开始" });
    let path = format!("/staff/campaigns/{open}/updates");
    staff(Role::ProjectManager).await.post(&path, update.clone()).await.ok();
    let (voucher, submitted_voucher, voucher_template) = crate::vouchers::things(w).await;
    let cash_count = new_box(cash_count("A箱"));
    staff(Role::Cashier).await.post(&format!("/staff/books/{}/cash-counts", w.book), cash_count.clone()).await.ok();
    Things {
        voucher,
        cash_count: id(&cash_count),
        submitted_voucher,
        voucher_template,
        update: id(&update),
        papers: papers(w).await,
        draft: campaign(&[]).await,
        submitted: campaign(&[submitted]).await,
        in_finance: campaign(&[submitted, first]).await,
        rejected: campaign(&[submitted, (Role::ProjectManager, "rejection")]).await,
        approved: walked("approved").await,
        filing: walked("filing").await,
        filed: walked("filed").await,
        ended: after(&["end"]).await,
        executing: after(&["end", "execution"]).await,
        closing: after(&["end", "execution", "closing"]).await,
        // The clock would open it.
        scheduled: walked("scheduled").await,
        open: open.to_string(),
        paused: paused.to_string(),
        gift: gift.id.to_string(),
        bank_gift: id(&bank_gift),
        requested,
        failed,
        proposed: transfer(&[]).await,
        departed: transfer(&[left]).await,
        stray: stray["id"].as_str().unwrap().to_owned(),
        resolution: id(&resolution),
        arriving: transfer(&[left, (Role::Cashier, "arrival")]).await,
        member: w.staff(Role::Disclosure).await.id.to_string(),
        stand_in: stand_in.id.to_string(),
        role_grant: id(&role_grant),
        delegation: id(&delegation),
        unit: w.unit("130502").await.to_string(),
        certificate,
        scan,
        change: id(&change),
        account_change: id(&account_change),
        account_paper: id(&account_paper),
    }
}

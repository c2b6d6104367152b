//! Who reviews a campaign, and what they say.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Caller;
use crate::world::{agreed, identity_number, story};

use super::{drafted, gates, reason};

/// One person with every role, signed in twice, is still one person.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_many_roles_and_two_sessions_does_not_approve_their_own_campaign() {
    story(async |w| {
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let (first, second) = (w.hire(Role::Admin, "admin-1").await, w.hire(Role::Admin, "admin-2").await);
        let id = Uuid::now_v7();
        let proposal = |roles: &[&str]| {
            let grants: Vec<Value> = roles.iter().map(|role| json!({ "role": role })).collect();
            json!({ "id": id, "username": "everything", "name": "能人", "grants": grants, "identity_number": identity_number(3) })
        };
        let administrator = proposal(&["admin", "organiser", "project_manager", "finance_head"]);
        first.post("/staff/members", administrator).await.refused(409, "admin_moves_no_money");
        let proposal = proposal(&["organiser", "project_manager", "finance_head"]);
        first.post("/staff/members", proposal).await.ok();
        let made = second.act(&format!("/staff/members/{id}/activation")).await.ok();
        let (password, seed) = (made["password"].as_str().unwrap(), made["totp_secret"].as_str().unwrap());
        let one = w.sign_in("everything", password, Some(seed.to_owned())).await;
        let login = json!({ "username": "everything", "password": password, "otp": w.otp(seed, 30) });
        let session = w.stranger.post("/sessions/staff", login).await.ok();
        let other = Caller { token: Some(session["token"].as_str().unwrap().to_owned()), ..w.stranger.clone() };

        let draft = w.draft("100.00");
        one.post("/staff/campaigns", draft.clone()).await.ok();
        let path = |step: &str| format!("/staff/campaigns/{}/{step}", draft["id"].as_str().unwrap());
        one.act(&path("submission")).await.ok();
        for session in [&one.caller, &other] {
            session.act(&path("review")).await.refused(403, "other_person_needed");
            session.post(&path("approval"), agreed()).await.refused(403, "other_person_needed");
        }
        let silent = json!({ "for_a_group": false });
        assert_eq!(gates(manager.post(&path("approval"), silent).await.refused(409, "gate_closed")), ["for_a_group"]);
        manager.post(&path("approval"), agreed()).await.ok();
        for session in [&one.caller, &other] {
            session.post(&path("approval"), agreed()).await.refused(403, "other_person_needed");
        }
        let (campaign, author) = (w.sql_id(draft["id"].as_str().unwrap()), w.sql_id(&id.to_string()));
        let approval = |author: &str, approver: &str| {
            format!(
                "INSERT INTO campaign_approval (campaign_id, round, step, author_id, approver_id, at_us) \
                 VALUES ({campaign}, 1, 'finance', {author}, {approver}, 1)"
            )
        };
        w.attacked(&approval(&author, &author), "campaign_approval_own_check").await;
        let manager = w.sql_id(&manager.id.to_string());
        assert!(w.sql(&approval(&manager, &author)).await.is_err(), "nor in another author's name");
        assert!(w.sql(&approval(&author, &manager)).await.is_err(), "nor twice by the first");
        assert!(w.sql(&format!("UPDATE campaign SET state = 'approved' WHERE id = {campaign}")).await.is_err());
        assert_eq!(head.post(&path("approval"), agreed()).await.ok()["state"], "approved");
        let said = "SELECT CAST(count(*) AS BIGINT) FROM campaign_approval WHERE for_a_group";
        assert_eq!(w.count(said).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewers_speak_of_sections_and_what_they_said_stands_with_its_round() {
    story(async |w| {
        let id = drafted(w, |_| ()).await;
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        let (organiser, manager) = (w.staff(Role::Organiser).await, w.staff(Role::ProjectManager).await);
        organiser.act(&path("submission")).await.ok();
        let said = |section: &str, words: &str| json!({ "id": Uuid::now_v7(), "section": section, "words": words });
        let first = said("budget", "请说明助学金标准");
        manager.post(&path("comments"), first.clone()).await.ok();
        manager.post(&path("comments"), first.clone()).await.ok();
        organiser.post(&path("comments"), first.clone()).await.refused(409, "id_reused");
        manager.post(&path("comments"), said("weather", "试")).await.refused(400, "invalid_body");
        manager.post(&path("rejection"), reason()).await.ok();
        organiser.act(&path("revision")).await.ok();
        organiser.post(&path("comments"), said("budget", "已补充标准")).await.ok();
        let comments = w.staff(Role::FinanceHead).await.get(&path("comments")).await.ok();
        let told: Vec<(i64, &str)> = comments["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["round"].as_i64().unwrap(), it["words"].as_str().unwrap()))
            .collect();
        assert_eq!(told, [(1, "请说明助学金标准"), (2, "已补充标准")]);
        w.attacked("UPDATE campaign_comment SET words = 'x'", "campaign_comment_immutable").await;
        w.attacked("DELETE FROM campaign_comment", "campaign_comment_immutable").await;
        let open = w.open_campaign("10.00").await;
        let late = manager.post(&format!("/staff/campaigns/{open}/comments"), said("budget", "试")).await;
        assert_eq!(gates(late.refused(409, "gate_closed")), ["not_in_review"]);
    })
    .await;
}

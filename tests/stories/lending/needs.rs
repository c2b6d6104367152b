//! 金团助青企: what enterprises need, put before banks.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::story;

use super::town;

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprises_need_is_matched_followed_up_and_met() {
    story(async |w| {
        let town = town(w).await;
        let need = json!({
            "id": Uuid::now_v7(), "division": "130502", "enterprise": "示例青创科技有限公司", "credit_code": crate::world::CREDIT_CODE,
            "industry": "technology", "amount": "200000.00", "term": 12, "guarantee": "surety", "words": "扩大生产",
            "contact": "赵经理 13900000000",
        });
        let added = town.county.post("/staff/needs", need.clone()).await.ok();
        assert_eq!(town.county.post("/staff/needs", need.clone()).await.ok(), added);
        assert!(!added.to_string().contains("13900000000"));
        let path = format!("/staff/needs/{}", need["id"].as_str().unwrap());
        town.lender.get(&path).await.refused(404, "no_such_need");
        let fits = town.county.get(&format!("{path}/products")).await.ok();
        assert_eq!((&fits["items"][0]["product"], &fits["items"][0]["fits"]), (&json!(town.product), &json!(true)));
        let proposal = json!({ "id": Uuid::now_v7(), "product": town.product });
        town.county.post(&format!("{path}/matches"), proposal.clone()).await.ok();
        let twice = json!({ "id": Uuid::now_v7(), "product": town.product });
        town.county.post(&format!("{path}/matches"), twice).await.refused(409, "code_taken");
        assert_eq!(town.lender.get("/staff/waiting").await.ok()["items"][0]["kind"], "need_match");
        assert_eq!(town.lender.get(&path).await.ok()["state"], "open");
        let contact = town.lender.post(&format!("{path}/contact"), json!({ "reason": "联系企业" })).await.ok();
        assert_eq!(contact["contact"], "赵经理 13900000000");
        let answer = |step: &str| format!("/staff/need-matches/{}/{step}", proposal["id"].as_str().unwrap());
        let stranger = w.hire_over(Role::BankOfficer, "stranger", "/").await;
        stranger.act(&answer("acceptance")).await.refused(404, "no_such_match");
        town.lender.act(&answer("acceptance")).await.ok();
        town.lender.post(&answer("decline"), json!({ "reason": "改主意" })).await.refused(409, "wrong_state");
        let today = w.app.business.today();
        let visit = json!({ "id": Uuid::now_v7(), "match": proposal["id"], "on": today, "words": "已上门走访" });
        town.lender.post(&format!("{path}/follow-ups"), visit).await.ok();
        let ahead = json!({ "id": Uuid::now_v7(), "on": today.next(), "words": "明天走访" });
        town.county.post(&format!("{path}/follow-ups"), ahead).await.refused(422, "invalid_field");
        assert_eq!(town.county.get(&format!("{path}/follow-ups")).await.ok()["items"].as_array().unwrap().len(), 1);
        let met = town.county.post(&format!("{path}/fulfilment"), json!({ "outcome": "已获贷款20万元" })).await.ok();
        assert_eq!((&met["state"], &met["outcome"]), (&json!("met"), &json!("已获贷款20万元")));
        town.county.post(&format!("{path}/closing"), json!({ "outcome": "关闭" })).await.refused(409, "wrong_state");
        w.attacked("UPDATE need_follow_up SET words = ''", "need_follow_up").await;
    })
    .await;
}

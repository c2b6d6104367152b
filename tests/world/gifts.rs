//! Gifts, as donors make them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Gift, World};
use crate::caller::Caller;

impl World {
    /// What a donor asks for.
    pub(crate) fn wish(&self, amount: &str) -> Value {
        json!({ "id": Uuid::now_v7(), "amount": amount })
    }

    /// A gift whose order stands at the channel, not paid yet.
    pub(crate) async fn order(&self, donor: &Caller, campaign: Uuid, amount: &str) -> Gift {
        let placed = donor.give(campaign, &self.wish(amount)).await.ok();
        assert_eq!(placed["donation"]["state"], "paying");
        Gift {
            id: placed["donation"]["id"].as_str().unwrap().parse().unwrap(),
            order: placed["donation"]["out_trade_no"].as_str().unwrap().to_owned(),
        }
    }

    /// A gift that was paid, and of which WeChat has told us.
    pub(crate) async fn gift(&self, donor: &Caller, campaign: Uuid, amount: &str) -> Gift {
        let gift = self.order(donor, campaign, amount).await;
        self.sandbox.pay(&gift.order).unwrap();
        self.until_gift(donor, &gift, "paid").await;
        gift
    }

    /// The ids of a donor's own gifts, in order.
    pub(crate) async fn all_gifts(&self, donor: &Caller) -> Vec<String> {
        let mine = donor.get("/me/donations?limit=100").await.ok();
        let mut ids: Vec<String> =
            mine["items"].as_array().unwrap().iter().map(|gift| gift["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// How a gift stands, as its donor sees it.
    pub(crate) async fn state(&self, donor: &Caller, gift: &Gift) -> String {
        let seen = donor.get(&format!("/donations/{}", gift.id)).await.ok();
        seen["state"].as_str().unwrap().to_owned()
    }

    /// Waits until a gift has come so far.
    pub(crate) async fn until_gift(&self, donor: &Caller, gift: &Gift, state: &str) {
        self.until(&format!("the gift is {state}"), async || self.state(donor, gift).await == state).await;
    }
}

//! What donors of the invented year ask about their gifts (慈善法 42): most is answered within ten working days, one answer came too late, one
//! question is open.

use anyhow::Context;
use domain::role::Role;
use serde_json::json;

use super::client::unless;
use super::drive::Driver;
use super::world::House;

/// On which day something is asked, on which it is answered, and how.
struct Enquiry {
    asked: usize,
    answered: Option<usize>,
    question: &'static str,
    answer: &'static str,
}

const ENQUIRIES: [Enquiry; 4] = [
    Enquiry {
        asked: 10,
        answered: Some(11),
        question: "我捐的钱什么时候发给学生？",
        answer: "您的捐款用于春季学期助学金，首批已于四月初发放，明细见项目页“支出公示”。",
    },
    Enquiry {
        asked: 20,
        answered: Some(23),
        question: "能否告诉我受助学校的名单？",
        answer: "为保护未成年人，受助名单按县汇总公示；您可在“我的捐赠”中查看这笔钱的去向。迟复致歉。",
    },
    Enquiry {
        asked: 30,
        answered: Some(31),
        question: "公司想跟捐，票据抬头可以开单位吗？",
        answer: "可以。请由单位账户转账，或在捐赠后提交单位名称和统一社会信用代码。",
    },
    Enquiry {
        asked: 38, answered: None, question: "冬衣已经采购了吗？想看看发放的照片。", answer: ""
    },
];

impl Driver {
    /// What is asked and answered on a day.
    pub(super) async fn enquiries(&self, day: usize) -> anyhow::Result<()> {
        for (number, enquiry) in ENQUIRIES.iter().enumerate() {
            let asked = &self.world().days[enquiry.asked];
            let id = self.world().seed.id("enquiry", number, asked.opens);
            if enquiry.asked == day {
                let gift = self.world().gift(asked.gifts.start);
                let donation = self.paid_id(&gift).await?.context("who asks has given")?;
                let donor = self.donor(gift.donor).await?;
                let body = json!({ "id": id, "donation": donation, "question": enquiry.question });
                self.api().post("/me/enquiries", Some(&donor), &body).await?;
            }
            if enquiry.answered == Some(day) {
                let officer = self.officer_named(House::Foundation.member(Role::Disclosure)).await?;
                let path = format!("/staff/enquiries/{id}/answer");
                let answer = self.api().post(&path, Some(&officer), &json!({ "answer": enquiry.answer })).await;
                unless("already_answered", answer)?;
            }
        }
        Ok(())
    }
}

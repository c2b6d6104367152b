//! What a donor wishes with a gift beyond its campaign and amount (facts: charity 3.2): for whose sake it is given, through which team; and whether
//! a person gives or an organisation.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Caller, send};
use crate::privacy::operations;
use crate::world::{World, story};

/// A wish of two yuan in memory of somebody, or in honour.
fn for_the_sake_of(w: &World, kind: &str, name: &str, shown: bool) -> Value {
    let mut wish = w.wish("2.00");
    wish["tribute"] = json!({ "kind": kind, "name": name, "shown": shown });
    wish
}

/// Gives and pays, and waits until it has arrived.
async fn given(w: &World, who: &Caller, campaign: Uuid, wish: &Value) -> String {
    let placed = who.give(campaign, wish).await.ok();
    w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
    let path = format!("/donations/{}", wish["id"].as_str().unwrap());
    w.until("it is paid", async || who.get(&path).await.ok()["state"] == "paid").await;
    path
}

/// A page, as a browser asks for it.
async fn page(w: &World, path: &str) -> String {
    let answer = send(w.stranger.request(Method::GET, path).header("accept", "text/html")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

async fn wall(w: &World, of: &str) -> Value {
    w.stranger.get(&format!("{of}/donations?limit=100")).await.ok()["items"].clone()
}

/// The tributes of a wall, newest first; nothing where there is none.
async fn tributes(w: &World, campaign: Uuid) -> Vec<Option<String>> {
    let gifts = wall(w, &format!("/campaigns/{campaign}")).await;
    let tribute = |gift: &Value| gift["tribute"].as_str().map(str::to_owned);
    gifts.as_array().unwrap().iter().map(tribute).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tribute_is_read_where_its_donor_wishes_it_and_goes_with_them() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let shown = for_the_sake_of(w, "memory", "钱学慈甲", true);
        let path = given(w, &donor, campaign, &shown).await;
        given(w, &donor, campaign, &for_the_sake_of(w, "honour", "孙师表乙", false)).await;
        given(w, &donor, campaign, &w.wish("2.00")).await;
        assert_eq!(tributes(w, campaign).await, [None, None, Some("纪念钱学慈甲".to_owned())]);
        assert_eq!(w.raised(campaign).await, "6.00");

        // The same request is the same gift; another name is another one.
        donor.give(campaign, &shown).await.ok();
        for (member, value) in [("name", json!("别人")), ("kind", json!("honour")), ("shown", json!(false))] {
            let mut changed = shown.clone();
            changed["tribute"][member] = value;
            donor.give(campaign, &changed).await.refused(409, "id_reused");
        }
        for name in ["", " ", &"甲".repeat(41)] {
            let refused = donor.give(campaign, &for_the_sake_of(w, "memory", name, true)).await;
            assert!([400, 422].contains(&refused.status), "{name}: {}", refused.text);
        }

        // The donor passes a card on; nobody finds it who has not got its address.
        let own = donor.get(&path).await.ok();
        assert_eq!((&own["tribute"], &own["tribute_name"]), (&json!("memory"), &json!("钱学慈甲")));
        let address = own["card"].as_str().unwrap().to_owned();
        let card = w.stranger.get(&address).await.ok();
        assert_eq!((&card["tribute_name"], &card["donor"]), (&json!("钱学慈甲"), &json!("爱心人士")));
        assert_eq!((&card["amount"], &card["campaign"]), (&json!(null), &json!(campaign)));
        let (beginning, key) = address.rsplit_once('/').unwrap();
        for wrong in ["x", &key[1..], &"0".repeat(32)] {
            w.stranger.get(&format!("{beginning}/{wrong}")).await.refused(404, "no_such_donation");
        }
        let shown_card = page(w, &address).await;
        assert!(shown_card.contains("纪念钱学慈甲") && shown_card.contains("爱心人士"), "{shown_card}");
        let shown_wall = page(w, &format!("/campaigns/{campaign}/gifts")).await;
        assert!(shown_wall.contains("纪念钱学慈甲") && !shown_wall.contains("孙师表乙"), "{shown_wall}");
        let plain = given(w, &donor, campaign, &w.wish("2.00")).await;
        assert_eq!(donor.get(&plain).await.ok()["card"], json!(null));

        // It stays as it was wished, whoever writes to the database.
        for attack in
            ["tribute_shown = NOT tribute_shown", "tribute = 'honour'", "tribute = NULL, tribute_sealed = NULL"]
        {
            w.attacked(&format!("UPDATE donation SET {attack} WHERE tribute = 'memory'"), "donation_").await;
        }

        // The donor's copy has it, and it goes with them.
        let data = donor.get("/me/data").await.ok();
        let names: Vec<_> =
            data["donations"].as_array().unwrap().iter().map(|gift| gift["tribute_name"].clone()).collect();
        assert_eq!(names, [json!("钱学慈甲"), json!("孙师表乙"), json!(null), json!(null)]);
        donor.call(Method::DELETE, "/me", None).await.ok();
        assert_eq!(tributes(w, campaign).await, [None, None, None, None]);
        w.stranger.get(&address).await.refused(404, "no_such_donation");
        assert_eq!(w.raised(campaign).await, "8.00", "money stays");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_tribute_is_looked_at_like_a_message() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        donor.give(campaign, &for_the_sake_of(w, "memory", "一起来赌博", true)).await.refused(422, "message_refused");
        let doubtful = for_the_sake_of(w, "memory", "加微信乙", true);
        let path = given(w, &donor, campaign, &doubtful).await;
        let address = donor.get(&path).await.ok()["card"].as_str().unwrap().to_owned();
        assert_eq!(tributes(w, campaign).await, [None]);
        w.stranger.get(&address).await.refused(404, "no_such_donation");

        let disclosure = w.staff(Role::Disclosure).await;
        let moderation = format!("/staff/donations/{}/message-moderation", doubtful["id"].as_str().unwrap());
        let how = |hidden: bool| json!({ "hidden": hidden, "reason": "已核实" });
        disclosure.post(&moderation, how(false)).await.ok();
        assert_eq!(tributes(w, campaign).await, [Some("纪念加微信乙".to_owned())]);
        w.stranger.get(&address).await.ok();
        disclosure.post(&moderation, how(true)).await.ok();
        assert_eq!(tributes(w, campaign).await, [None]);
        w.stranger.get(&address).await.refused(404, "no_such_donation");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_raises_exactly_what_its_gifts_are() {
    story(async |w| {
        let (campaign, other) = (w.open_campaign("1000.00").await, w.open_campaign("1000.00").await);
        let (founder, friend) = (w.donor("o-founder").await, w.donor("o-friend").await);
        let team = json!({ "id": Uuid::now_v7(), "name": "九班同学", "goal": "100.00" });
        let teams = format!("/campaigns/{campaign}/teams");
        let founded = founder.post(&teams, team.clone()).await.ok();
        assert_eq!((&founded["name_state"], &founded["raised"]), (&json!("passed"), &json!("0.00")));
        founder.post(&teams, team.clone()).await.ok();
        friend.post(&teams, team.clone()).await.refused(409, "id_reused");
        let mut renamed = team.clone();
        renamed["name"] = json!("十班同学");
        founder.post(&teams, renamed).await.refused(409, "id_reused");
        let path = format!("/teams/{}", team["id"].as_str().unwrap());

        let through = |amount: &str| {
            let mut wish = w.wish(amount);
            wish["team"] = team["id"].clone();
            wish
        };
        let large = through("30.00");
        given(w, &friend, campaign, &large).await;
        given(w, &founder, campaign, &through("5.50")).await;
        given(w, &friend, campaign, &w.wish("7.00")).await;
        // An order is no gift.
        friend.give(campaign, &through("9.00")).await.ok();
        let seen = w.stranger.get(&path).await.ok();
        assert_eq!((&seen["name"], &seen["raised"], &seen["gifts"]), (&json!("九班同学"), &json!("35.50"), &json!(2)));
        assert_eq!((&seen["goal"], &seen["state"]), (&json!("100.00"), &json!("open")));
        assert_eq!(wall(w, &path).await.as_array().unwrap().len(), 2);
        assert_eq!(w.raised(campaign).await, "42.50");
        assert_eq!(w.stranger.get(&teams).await.ok()["items"][0], seen);
        assert_eq!(friend.get("/me/teams").await.ok()["items"], json!([]));
        assert_eq!(founder.get("/me/teams").await.ok()["items"][0]["raised"], "35.50");

        // What nobody has written to is not sent again.
        let first = send(w.stranger.request(Method::GET, &format!("/api/v1{path}"))).await;
        let tag = first.header("etag").unwrap().to_owned();
        let again = send(w.stranger.request(Method::GET, &format!("/api/v1{path}")).header("If-None-Match", tag)).await;
        assert_eq!(again.status, 304);

        // A refund that is decided is the team's as it is the campaign's.
        let asked = json!({ "id": Uuid::now_v7(), "amount": "10.00", "reason": "error", "note": "输错了金额" });
        let of = large["id"].as_str().unwrap();
        friend.post(&format!("/donations/{of}/refund-requests"), asked.clone()).await.ok();
        assert_eq!(w.stranger.get(&path).await.ok()["raised"], "35.50", "asked for is not decided");
        let refund = format!("/staff/refunds/{}/approval", asked["id"].as_str().unwrap());
        w.staff(Role::FinanceHead).await.act(&refund).await.ok();
        assert_eq!(w.stranger.get(&path).await.ok()["raised"], "25.50");
        w.run_job("send_refunds").await;
        w.until("it has gone back", async || {
            friend.get(&format!("/donations/{of}")).await.ok()["state"] == "partly_refunded"
        })
        .await;
        assert_eq!(w.stranger.get(&path).await.ok()["raised"], "25.50");
        assert_eq!(w.raised(campaign).await, "32.50");

        // A team of another campaign is none, a closed one takes nothing.
        friend.give(other, &through("1.00")).await.refused(404, "no_such_team");
        friend.act(&format!("{path}/closing")).await.refused(404, "no_such_team");
        let closed = founder.act(&format!("{path}/closing")).await.ok();
        assert_eq!(closed["state"], "closed");
        assert_eq!(founder.act(&format!("{path}/closing")).await.ok(), closed);
        friend.give(campaign, &through("1.00")).await.refused(409, "team_closed");
        // What was given stands, and the same request again is answered.
        friend.give(campaign, &large).await.ok();
        w.attacked("UPDATE team SET state = 'open', closed_us = NULL", "team_closed").await;
        w.attacked("UPDATE team SET goal_fen = 1", "team_fixed").await;
        w.attacked("UPDATE team SET name = '别的'", "team_fixed").await;
        w.attacked("DELETE FROM team", "team_fixed").await;
        w.attacked("UPDATE donation SET team_id = NULL WHERE team_id IS NOT NULL", "donation_fixed").await;
        let rest = "channel, state, amount_fen, refunded_fen, donor_id, content, anonymity, show_amount, message_state, receipt, receipt_us, \
            created_us, expires_us, queries, next_query_us, late, team_id";
        let (made, elsewhere) = (w.sql_id(&Uuid::now_v7().to_string()), w.sql_id(&other.to_string()));
        let copy = rest.replace("state, amount", "'created', amount");
        let copied = format!(
            "INSERT INTO donation (id, campaign_id, {rest}) SELECT {made}, {elsewhere}, {copy} FROM donation WHERE team_id IS NOT NULL"
        );
        w.attacked(&copied, "donation_team").await;

        // The founder goes; what was given through the team stays.
        founder.call(Method::DELETE, "/me", None).await.ok();
        let left = w.stranger.get(&path).await.ok();
        assert_eq!((&left["name"], &left["raised"], &left["gifts"]), (&json!("爱心小队"), &json!("25.50"), &json!(2)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_named_in_public_once_its_name_may_be_read() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let founder = w.donor("o-founder").await;
        let teams = format!("/campaigns/{campaign}/teams");
        let found = async |name: &str| {
            let team = json!({ "id": Uuid::now_v7(), "name": name });
            (founder.post(&teams, team.clone()).await, format!("/teams/{}", team["id"].as_str().unwrap()))
        };
        found("一起来赌博").await.0.refused(422, "message_refused");
        found("甲").await.0.refused(422, "invalid_field");
        let (doubtful, path) = found("加微信小队").await;
        assert_eq!(doubtful.ok()["name_state"], "review");
        let name = async || w.stranger.get(&path).await.ok()["name"].as_str().unwrap().to_owned();
        assert_eq!(name().await, "爱心小队");

        let disclosure = w.staff(Role::Disclosure).await;
        let waiting = disclosure.get(&format!("/staff/teams?campaign={campaign}&name_state=review")).await.ok();
        assert_eq!(waiting["items"][0]["name"], "加微信小队");
        let desk = disclosure.get("/staff/waiting").await.ok().to_string();
        assert!(desk.contains("team_name"), "{desk}");
        let moderation = format!("/staff{path}/moderation");
        let step = |step: &str| json!({ "step": step, "reason": "已核实" });
        w.staff(Role::Cashier).await.post(&moderation, step("hidden")).await.refused(403, "forbidden");
        let far = w.hire_over(Role::Disclosure, "far-disclosure", "/hebei/1306/130606/").await;
        far.post(&moderation, step("hidden")).await.refused(404, "no_such_team");
        disclosure.post(&moderation, json!({ "step": "shown", "reason": " " })).await.refused(422, "invalid_field");
        disclosure.post(&moderation, step("shown")).await.ok();
        assert_eq!(name().await, "加微信小队");
        disclosure.post(&moderation, step("hidden")).await.ok();
        assert_eq!(name().await, "爱心小队");
        disclosure.post(&moderation, step("closed")).await.ok();
        disclosure.post(&moderation, step("closed")).await.refused(409, "gate_closed");
        assert_eq!(w.stranger.get(&path).await.ok()["state"], "closed");
        w.attacked("DELETE FROM team_moderation", "team_moderation_immutable").await;
        w.attacked("UPDATE team_moderation SET reason = 'x'", "team_moderation_immutable").await;

        for number in 1..5 {
            found(&format!("第{number}队")).await.0.ok();
        }
        found("第五队").await.0.refused(409, "too_many_teams");
        // A name goes with its founder, whose team takes nothing more.
        let listed = async || w.stranger.get(&teams).await.ok().to_string();
        assert!(listed().await.contains("第4队"));
        assert_eq!(founder.get("/me/data").await.ok()["teams"].as_array().unwrap().len(), 5);
        founder.call(Method::DELETE, "/me", None).await.ok();
        let left = listed().await;
        assert!(!left.contains("第4队") && !left.contains("\"open\""), "{left}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_more_of_a_team_than_the_wall_tells() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let founder = w.donor("o-founder").await;
        let team = json!({ "id": Uuid::now_v7(), "name": "冀南老乡群" });
        founder.post(&format!("/campaigns/{campaign}/teams"), team.clone()).await.ok();
        for (who, level, name) in
            [("o-hidden", "hidden", "张三丰甲"), ("o-named", "name", "王五常甲"), ("o-nickname", "nickname", "李四光甲")]
        {
            let wish = json!({
                "id": Uuid::now_v7(), "amount": "1.00", "anonymity": level, "name": name, "nickname": "小李乙", "team": team["id"],
                "tribute": { "kind": "memory", "name": "赵先慈甲", "shown": false },
            });
            given(w, &w.donor(who).await, campaign, &wish).await;
        }
        let id = team["id"].as_str().unwrap();
        let mut read = 0;
        for operation in operations(w).await {
            if operation.token.is_some() || operation.method != Method::GET || !operation.path.contains("team") {
                continue;
            }
            let path = operation.path.replace("{team_id}", id).replace("{campaign_id}", &campaign.to_string());
            let answer = send(w.stranger.request(Method::GET, &path)).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            for secret in ["张三丰甲", "李四光甲", "赵先慈甲", "o-founder", "o-hidden", "o-named", "o-nickname"] {
                assert!(!answer.text.contains(secret), "{path} tells {secret}: {}", answer.text);
            }
            read += 1;
        }
        assert_eq!(read, 3);
        for path in ["", "/gifts", "/teams"].map(|part| format!("/campaigns/{campaign}{part}")) {
            let text = page(w, &path).await;
            assert!(text.contains("冀南老乡群") || path.ends_with("/gifts"), "{path}");
            for secret in ["张三丰甲", "李四光甲", "赵先慈甲"] {
                assert!(!text.contains(secret), "{path} tells {secret}");
            }
        }
        let text = page(w, &format!("/teams/{id}")).await;
        assert!(text.contains("王五常甲") && !text.contains("张三丰甲") && !text.contains("赵先慈甲"), "{text}");
        let told = wall(w, &format!("/teams/{id}")).await.to_string();
        assert!(told.contains("王五常甲") && told.contains("小李乙") && told.contains("爱心人士"), "{told}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_gives_by_bank_stays_sealed_and_an_organisation_is_named() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (cashier, bookkeeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let gift = |reference: &str| {
            json!({
                "id": Uuid::now_v7(), "campaign": campaign, "amount": "50.00", "counterparty": "示例公司", "bank_account": "基本户",
                "reference": reference, "received_on": w.app.business.today().to_string(), "anonymity": "hidden",
                "receipt": "requested",
            })
        };
        let enter = async |gift: &Value| cashier.post("/staff/bank-gifts", gift.clone()).await;
        let confirm = async |gift: &Value| {
            let path = format!("/staff/bank-gifts/{}/confirmation", gift["id"].as_str().unwrap());
            bookkeeper.act(&path).await.ok()
        };

        let mut organisation = gift("B-1");
        organisation["credit_code"] = json!("不是代码");
        enter(&organisation).await.refused(422, "invalid_field");
        organisation["credit_code"] = json!(crate::world::CREDIT_CODE);
        let entered = enter(&organisation).await.ok();
        assert_eq!((&entered["donor_type"], &entered["counterparty"]), (&json!("organisation"), &json!("示例公司")));
        assert_eq!(entered["credit_code"], crate::world::CREDIT_CODE);
        confirm(&organisation).await;

        let mut person = gift("B-2");
        (person["donor_type"], person["counterparty"]) = (json!("person"), json!("赵捐款甲"));
        let mut coded = person.clone();
        coded["credit_code"] = json!(crate::world::CREDIT_CODE);
        enter(&coded).await.refused(422, "invalid_field");
        let entered = enter(&person).await.ok();
        assert_eq!((&entered["donor_type"], &entered["counterparty"]), (&json!("person"), &json!(null)));
        enter(&person).await.ok();
        let mut other = person.clone();
        other["counterparty"] = json!("钱捐款乙");
        enter(&other).await.refused(409, "id_reused");
        // Whoever confirms it compares the name with the bank's statement, for a reason that is kept.
        let unmask = format!("/staff/donations/{}/unmasking", person["id"].as_str().unwrap());
        let asked = json!({ "reason": "核对银行流水", "fields": ["name"] });
        assert_eq!(bookkeeper.post(&unmask, asked).await.ok()["name"], "赵捐款甲");
        confirm(&person).await;
        let mut named = gift("B-3");
        (named["donor_type"], named["counterparty"]) = (json!("person"), json!("孙署名丙"));
        named["anonymity"] = json!("name");
        enter(&named).await.ok();
        confirm(&named).await;
        assert_eq!(w.raised(campaign).await, "150.00");

        let told = wall(w, &format!("/campaigns/{campaign}")).await.to_string();
        assert!(told.contains("孙署名丙") && !told.contains("赵捐款甲"), "{told}");
        let by_wechat = w.gift(&w.donor("o-one").await, campaign, "1.00").await;
        let found = cashier.get(&format!("/staff/donations?number={}", by_wechat.order)).await.ok();
        assert_eq!(found["items"][0]["donor_type"], "person");

        // The receipt is made out to the name, and to the code of an organisation.
        let exported = cashier.post("/staff/receipts/wishes/export", json!({ "reason": "开具票据" })).await.ok();
        let csv = exported["csv"].as_str().unwrap();
        let line = |name: &str| csv.lines().find(|line| line.contains(name)).unwrap_or_default().trim_end().to_owned();
        assert!(line("示例公司").ends_with(&format!(",单位,{}", crate::world::CREDIT_CODE)), "{csv}");
        assert!(line("赵捐款甲").ends_with(",个人,"), "{csv}");
        w.attacked("UPDATE donation SET payer_code = NULL WHERE payer_code IS NOT NULL", "donation_fixed").await;
        if let Some(file) = w.database_url.strip_prefix("sqlite://") {
            for file in [file.to_owned(), format!("{file}-wal")] {
                let bytes = std::fs::read(&file).unwrap_or_default();
                let name = "赵捐款甲".as_bytes();
                assert!(!bytes.windows(name.len()).any(|window| window == name), "{file} tells a name");
            }
        }
    })
    .await;
}

//! How far a role reaches: not to another county, not to another person's things, and not to the second step of its own.

use std::collections::BTreeSet;

use domain::role::Role;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Answer, send};
use crate::rights::{
    ALL, BOOKS, CAMPAIGNS, CLERKS, CONTRACTS, LENDING, OPENERS, PAYEE_READERS, SECOND, TOLD, standing,
};
use crate::world::{Officer, World, agreed, story};

/// Something that is there, what may be done with it, and by whom.
type Deed = (Method, String, Value, &'static [Role]);

/// Things of this part of the tree that the matrix tries in empty form only: each with its operations and who may do them here.
async fn deeds(w: &World) -> (Vec<Deed>, Vec<String>) {
    use Role::{
        Auditor, BankOfficer, Bookkeeper, Cashier, Chair, Compliance, Disclosure, FinanceHead, LeagueOfficer,
        Organiser, ProjectManager,
    };
    const LEAGUE: &[Role] = &[LeagueOfficer];
    const LENDERS: &[Role] = &[BankOfficer];
    const BOTH: &[Role] = &[LeagueOfficer, BankOfficer];
    const FILERS: &[Role] = &[Disclosure, ProjectManager];
    const DECIDERS: &[Role] = &[FinanceHead, Chair];
    const REVIEWERS: &[Role] = &[ProjectManager, FinanceHead];
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let fresh = |more: Value| {
        let mut new = json!({ "id": Uuid::now_v7() });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        new
    };
    let (open, today) = (w.open_campaign("1000.00").await, w.app.business.today().to_string());
    let organiser = w.staff(Organiser).await;
    let mut draft = w.draft("2000.00");
    draft.as_object_mut().unwrap().remove("id");
    let change = fresh(json!({ "reason": "扩大受益范围", "draft": draft }));
    organiser.post(&format!("/staff/campaigns/{open}/changes"), change.clone()).await.ok();
    let change = format!("/staff/campaign-changes/{}", id(&change));
    let change_paper = id(&w.paper(&change, "other").await);
    let next = w.draft("1.00");
    organiser.post("/staff/campaigns", next.clone()).await.ok();
    let decision = fresh(json!({ "kind": "exception", "campaign": next["id"], "reason": "灾后急需" }));
    w.staff(ProjectManager).await.post("/staff/campaign-decisions", decision.clone()).await.ok();
    let decision = format!("/staff/campaign-decisions/{}", id(&decision));
    let complaint = fresh(json!({ "campaign": open, "words": "这个项目的用途与说明不符" }));
    w.stranger.post("/complaints", complaint.clone()).await.ok();
    let complaint = format!("/staff/complaints/{}", id(&complaint));
    let donor = w.donor("o-one").await;
    let gift = w.gift(&donor, open, "50.00").await;
    let enquiry = fresh(json!({ "donation": gift.id, "question": "我的捐款用在哪里了？" }));
    donor.post("/me/enquiries", enquiry.clone()).await.ok();
    let enquiry = format!("/staff/enquiries/{}", id(&enquiry));
    donor.post(&format!("/donations/{}/receipt-wish", gift.id), json!({ "name": "甲示例" })).await.ok();
    let csv = format!(
        "订单号,票据代码,票据号码,校验码,开票日期,金额\r\n{},13060126,0000000001,a1b2c3,{today},50.00\r\n",
        gift.order
    );
    w.staff(Cashier).await.post("/staff/receipts/import", json!({ "csv": csv, "trial": false })).await.ok();
    let receipt = id(&w.staff(Auditor).await.get("/staff/receipts").await.ok()["items"][0]);
    let receipt = format!("/staff/receipts/{receipt}");
    let version = fresh(json!({ "wish": { "kind": "raising_status", "campaign": open } }));
    w.staff(Disclosure).await.post("/staff/disclosures", version.clone()).await.ok();
    let version = format!("/staff/disclosures/{}", id(&version));
    let list = Uuid::now_v7();
    let path =
        format!("/api/v1/staff/gift-lists?id={list}&campaign={open}&money=platform&name=示例公益平台&write=true");
    let text = format!("日期,金额,捐赠人,单位捐赠,编号,票据,实名公开\n{today},20.00,网友甲,否,T-1,放弃,否\n");
    let request = w.staff(Cashier).await.request(Method::POST, &path).header(CONTENT_TYPE, "application/octet-stream");
    send(request.body(text)).await.ok();
    let list = format!("/staff/gift-lists/{list}");
    let (line, claim) = crate::bank::waiting_lines(w, open).await;
    let mut child = crate::spending::person(open, "小明（示例）", 7);
    child["minor"] = json!(true);
    organiser.post("/staff/payees", child.clone()).await.ok();
    let child = format!("/staff/payees/{}", id(&child));
    let access = fresh(json!({ "reason": "家访核实监护人电话", "days": 3 }));
    w.staff(ProjectManager).await.post(&format!("{child}/child-access"), access.clone()).await.ok();
    let access = format!("/staff/child-access/{}", id(&access));
    let town = crate::lending::town_with(w, crate::lending::terms()).await;
    let borrower = w.donor("o-borrower").await;
    let request = town.request("20000.00", 1);
    let application = town.before_the_bank(&borrower, &request).await;
    let contract = id(&town.signed(w, &w.donor("o-other").await, "10000.00", 2).await);
    let loan = format!("/staff/loan-applications/{application}");
    let contract_path = format!("/staff/loan-contracts/{contract}");

    let get = |path: String, may: &'static [Role]| (Method::GET, path, json!({}), may);
    let post = |path: String, body: Value, may: &'static [Role]| (Method::POST, path, body, may);
    let delete = |path: String, may: &'static [Role]| (Method::DELETE, path, json!({}), may);
    let why = || json!({ "reason": "核实情况" });
    let nothing = || json!({});
    let repayment = fresh(json!({ "kind": "repayment", "on": today, "amount": "1.00" }));
    let deeds: Vec<Deed> = vec![
        get(format!("{change}/attachments"), &CAMPAIGNS),
        get(format!("{change}/attachments/{change_paper}"), &CAMPAIGNS),
        post(format!("{change}/attachments"), json!("bytes"), &CLERKS),
        delete(format!("{change}/attachments/{change_paper}"), &CLERKS),
        post(format!("{change}/approval"), nothing(), REVIEWERS),
        post(format!("{change}/rejection"), why(), REVIEWERS),
        post(format!("{change}/filing"), json!({ "evidence": "回执", "filed_on": today }), FILERS),
        post(format!("{decision}/approval"), nothing(), DECIDERS),
        post(format!("{decision}/rejection"), why(), DECIDERS),
        post(format!("{complaint}/taking"), nothing(), FILERS),
        post(format!("{complaint}/answer"), json!({ "upheld": false, "answer": "已核实" }), FILERS),
        post(format!("{enquiry}/answer"), json!({ "answer": "已用于发放助学金" }), FILERS),
        post(format!("{receipt}/void"), why(), &[Cashier]),
        post(
            format!("{receipt}/reversal"),
            json!({ "reason": "退款", "code": "13060126", "number": "0000000009" }),
            &[Cashier],
        ),
        get(version.clone(), TOLD),
        get(format!("{version}/content"), TOLD),
        get(format!("{version}/form"), TOLD),
        post(
            format!("{version}/publications"),
            fresh(json!({ "place": "own_site", "reference": "试", "published_on": today })),
            &[Disclosure],
        ),
        post(format!("{list}/posting"), nothing(), &SECOND),
        post(format!("{list}/decline"), why(), &SECOND),
        get(format!("/staff/bank-lines/{line}"), &BOOKS),
        post(
            format!("/staff/bank-lines/{line}/claims"),
            fresh(json!({ "choice": "return", "reason": "试" })),
            &[Cashier, Bookkeeper],
        ),
        post("/staff/bank-claims/approvals".to_owned(), json!({ "claims": [claim] }), &SECOND),
        post("/staff/bank-claims/declines".to_owned(), json!({ "claims": [claim], "reason": "核实情况" }), &SECOND),
        get(child.clone(), &PAYEE_READERS),
        post(format!("{child}/child-access"), fresh(json!({ "reason": "核实情况", "days": 3 })), &OPENERS),
        post(format!("{child}/unmasking"), why(), &OPENERS),
        post(format!("{access}/approval"), why(), &[Compliance, Chair]),
        post(format!("{access}/decline"), why(), &[Compliance, Chair]),
        get(loan.clone(), &LENDING),
        get(format!("{loan}/papers"), &LENDING),
        post(format!("{loan}/papers"), json!("bytes"), BOTH),
        post(format!("{loan}/relations"), fresh(json!({ "relation": "父亲" })), BOTH),
        post(format!("{loan}/recommendation"), nothing(), LEAGUE),
        post(format!("{loan}/grant"), json!({ "amount": "1.00", "term": 12, "spread_bp": 0 }), LENDERS),
        post(format!("{loan}/return"), why(), BOTH),
        post(format!("{loan}/refusal"), why(), BOTH),
        post(format!("{loan}/unmasking"), why(), &LENDING),
        get(contract_path.clone(), &CONTRACTS),
        post(format!("{contract_path}/withdrawal"), why(), LENDERS),
        get(format!("{contract_path}/servicing"), &CONTRACTS),
        post(format!("{contract_path}/events"), repayment, LENDERS),
    ];
    let last = |path: &String| path.rsplit('/').next().unwrap().to_owned();
    let things = [&change, &decision, &complaint, &enquiry, &receipt, &version, &list, &child, &access];
    let mut ids: Vec<String> = things.into_iter().map(last).collect();
    ids.extend([line.to_string(), claim.to_string(), application, contract, gift.id.to_string()]);
    (deeds, ids)
}

async fn dare(officer: &Officer, (method, path, body, _): &Deed) -> Answer {
    match body.as_str() {
        Some(text) => {
            let path = format!("/api/v1{path}?kind=other&file_name=a.txt");
            let request = officer.request(method.clone(), &path).header(CONTENT_TYPE, "application/octet-stream");
            send(request.body(text.to_owned())).await
        }
        None => officer.call(method.clone(), path, (*method != Method::GET).then(|| body.clone())).await,
    }
}

/// The matrix again on things that are there: a change, a decision, a complaint, an enquiry, a receipt, a report, a list, the bank's lines, a
/// child's data, a loan. Whoever has the role elsewhere finds nothing (404) or is refused (403), as does everybody without it here; whoever
/// reads everything here, reads them.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_closed_to_other_counties_and_other_roles() {
    story(async |w| {
        let (deeds, ids) = deeds(w).await;
        let mut strangers = Vec::new();
        for role in ALL {
            w.staff(role).await;
            let username = format!("far-{}", role.as_str().replace('_', "-"));
            strangers.push((role, w.hire_over(role, &username, "/hebei/1306/").await));
        }
        let before = standing(w).await;
        let (mut wrong, mut tried) = (BTreeSet::new(), 0);
        for (role, far) in &strangers {
            let here = w.staff(*role).await;
            for deed in &deeds {
                let (method, path, _, may) = deed;
                let told = |answer: &Answer| format!("{role:?} {method} {path}: {} {}", answer.status, answer.text);
                let answer = dare(far, deed).await;
                if ![403, 404].contains(&answer.status)
                    || ids.iter().any(|id| answer.text.contains(id) && !path.contains(id))
                {
                    wrong.insert(format!("from another county {}", told(&answer)));
                }
                if !may.contains(role) {
                    let answer = dare(&here, deed).await;
                    if answer.status != 403 {
                        wrong.insert(format!("without the role {}", told(&answer)));
                    }
                }
                tried += 1;
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(tried > 400, "{tried}");
        assert_eq!(standing(w).await, before, "nothing came of it");
        let auditor = w.staff(Role::Auditor).await;
        for deed in deeds.iter().filter(|(method, _, _, may)| *method == Method::GET && may.contains(&Role::Auditor)) {
            let answer = dare(&auditor, deed).await;
            // Nobody follows the loan yet.
            let untold = deed.1.ends_with("/servicing") && answer.status == 404;
            assert!(answer.status == 200 || untold, "{}: {}", deed.1, answer.text);
        }
        // And no list of another county tells of them.
        let lists = [
            "/staff/campaign-decisions",
            "/staff/complaints",
            "/staff/enquiries",
            "/staff/receipts",
            "/staff/disclosures",
            "/staff/gift-lists",
            "/staff/child-access",
            "/staff/payee-erasures",
            "/staff/payees",
            "/staff/loan-applications",
            "/staff/loan-contracts",
            "/staff/trail",
        ];
        for (role, far) in &strangers {
            for list in lists {
                let answer = far.get(list).await;
                assert!([200, 403].contains(&answer.status), "{role:?} {list}: {}", answer.text);
                let told = ids.iter().find(|id| answer.text.contains(id.as_str()));
                assert_eq!(told, None, "{role:?} {list}");
            }
        }
    })
    .await;
}

/// What is another person's: a colleague with the same role in the same place, or another donor, has no more to do with it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_another_persons_is_not_ones_own_however_alike_the_two_are() {
    story(async |w| {
        let open = w.open_campaign("1000.00").await;
        let (donor, other) = (w.donor("o-one").await, w.donor("o-two").await);
        let gift = w.gift(&donor, open, "50.00").await;
        let enquiry = json!({ "id": Uuid::now_v7(), "donation": gift.id, "question": "我的捐款用在哪里了？" });
        donor.post("/me/enquiries", enquiry.clone()).await.ok();
        let of_gift = |what: &str| format!("/donations/{}{what}", gift.id);
        let back = || json!({ "id": Uuid::now_v7(), "amount": "50.00", "reason": "error" });
        other.get(&of_gift("")).await.refused(404, "no_such_donation");
        other.get(&of_gift("/receipt")).await.refused(404, "no_such_donation");
        other.post(&of_gift("/receipt-wish"), json!({ "name": "乙" })).await.refused(404, "no_such_donation");
        other.post(&of_gift("/refund-requests"), back()).await.refused(404, "no_such_donation");
        for list in ["/me/donations", "/me/enquiries"] {
            assert_eq!(other.get(list).await.ok()["items"], json!([]), "{list}");
        }
        let town = crate::lending::town_with(w, crate::lending::terms()).await;
        let request = town.request("20000.00", 1);
        donor.post("/me/loan-applications", request.clone()).await.ok();
        let loan = format!("/me/loan-applications/{}", request["id"].as_str().unwrap());
        assert_eq!(other.get(&loan).await.status, 404);
        assert_eq!(other.act(&format!("{loan}/submission")).await.status, 404);

        let draft = w.draft("1.00");
        let (first, second) = (w.staff(Role::Organiser).await, w.hire_over(Role::Organiser, "organiser-2", "/").await);
        first.post("/staff/campaigns", draft.clone()).await.ok();
        let campaign = format!("/staff/campaigns/{}", draft["id"].as_str().unwrap());
        let mut changed = draft.clone();
        changed["name"] = json!("别的名字");
        let edit = second.call(Method::PUT, &campaign, Some(changed)).await;
        assert!([403, 404].contains(&edit.status), "{}", edit.text);
        let student = crate::spending::payee(w, open, "王一（示例）", 1).await;
        let paper = crate::spending::paper(open, "a", &[student], "10.00");
        first.post("/staff/disbursements", paper.clone()).await.ok();
        let path = format!("/staff/disbursements/{}", paper["id"].as_str().unwrap());
        for (method, path, body) in [
            (Method::PUT, path.clone(), paper.clone()),
            (Method::POST, format!("{path}/submission"), json!({})),
            (Method::POST, format!("{path}/cancellation"), json!({ "reason": "试" })),
        ] {
            let answer = second.call(method, &path, Some(body)).await;
            assert!([403, 404].contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
        }
        let sessions = format!("/staff/members/{}/sessions", first.id);
        second.get(&sessions).await.refused(403, "forbidden");
        second.call(Method::DELETE, &sessions, None).await.refused(403, "forbidden");
        first.get("/sessions/current").await.ok();
    })
    .await;
}

/// Each of the twelve roles writes what it may write, and is kept from the second step of its own: because the step is another role's, or
/// because it is another person's. Whoever reads everything writes nothing at all (facts: charity 1, 3.5, 6.6a).
#[tokio::test(flavor = "multi_thread")]
async fn no_role_takes_the_second_step_of_its_own_first() {
    story(async |w| {
        use Role::{
            Admin, Auditor, BankOfficer, Bookkeeper, Cashier, Chair, Compliance, Disclosure, FinanceHead, LeagueOfficer,
            Organiser, ProjectManager,
        };
        let (open, today) = (w.open_campaign("1000.00").await, w.app.business.today().to_string());
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, open, "50.00").await;
        let student = crate::spending::payee(w, open, "王一（示例）", 1).await;
        let mut child = crate::spending::person(open, "小明（示例）", 7);
        child["minor"] = json!(true);
        w.staff(Organiser).await.post("/staff/payees", child.clone()).await.ok();
        let town = crate::lending::town_with(w, crate::lending::terms()).await;
        let charity = format!("/staff/charities/{}", w.book);
        let member = w.hire_over(LeagueOfficer, "somebody", "/").await.id;
        let fresh = |more: Value| {
            let mut new = json!({ "id": Uuid::now_v7() });
            new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            new
        };
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let profile = fresh(json!({
            "profile": "full", "single_limit": "1.00", "third_limit": "2.00", "account_quiet_days": 1, "reason": "试",
        }));
        let account = fresh(json!({ "bank_account": "第二户", "mchid": w.app.wechat.mchid(), "valid_from": today, "reason": "试" }));
        let certificate =
            fresh(json!({ "number": "示例9号", "issuer": "示例民政局", "issued_on": "2026-01-01", "expires_on": "2027-01-01" }));
        let bank_gift = |reference: &str| {
            fresh(json!({
                "campaign": open, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户", "reference": reference,
                "received_on": today,
            }))
        };
        let (by_cashier, by_keeper) = (bank_gift("B-1"), bank_gift("B-2"));
        let refund = fresh(json!({ "donation": gift.id, "amount": "5.00", "reason": "minor" }));
        let paper = crate::spending::paper(open, "a", &[student], "10.00");
        let campaign = w.draft("1.00");
        let unsent = w.draft("1.00");
        w.staff(Organiser).await.post("/staff/campaigns", unsent.clone()).await.ok();
        let decision = fresh(json!({ "kind": "exception", "campaign": unsent["id"], "reason": "试" }));
        let role = fresh(json!({ "role": "disclosure", "reason": "试" }));
        let access = fresh(json!({ "reason": "核实情况", "days": 3 }));
        let two = |path: &str, body: &Value, step: &str| (path.to_owned(), body.clone(), step.to_owned());
        let (other, lacking) = ("other_person_needed", "forbidden");
        let firsts: Vec<(Role, (String, Value, String), &str)> = vec![
            (Organiser, two("/staff/campaigns", &campaign, &format!("/staff/campaigns/{}/approval", id(&campaign))), lacking),
            (
                ProjectManager,
                two("/staff/disbursements", &paper, &format!("/staff/disbursements/{}/approval", id(&paper))),
                other,
            ),
            (Cashier, two("/staff/bank-gifts", &by_cashier, &format!("/staff/bank-gifts/{}/confirmation", id(&by_cashier))), lacking),
            (Bookkeeper, two("/staff/bank-gifts", &by_keeper, &format!("/staff/bank-gifts/{}/confirmation", id(&by_keeper))), other),
            (FinanceHead, two("/staff/refunds", &refund, &format!("/staff/refunds/{}/approval", id(&refund))), other),
            (
                FinanceHead,
                two(&format!("{charity}/account-changes"), &account, &format!("/staff/account-changes/{}/approval", id(&account))),
                other,
            ),
            (
                Chair,
                two(&format!("{charity}/profile-changes"), &profile, &format!("/staff/profile-changes/{}/approval", id(&profile))),
                other,
            ),
            (
                Disclosure,
                two("/staff/campaign-decisions", &decision, &format!("/staff/campaign-decisions/{}/approval", id(&decision))),
                lacking,
            ),
            (
                Admin,
                two(
                    &format!("{charity}/certificates"),
                    &certificate,
                    &format!("/staff/certificates/{}/confirmation", id(&certificate)),
                ),
                other,
            ),
            (
                Admin,
                two(&format!("/staff/members/{member}/roles"), &role, &format!("/staff/role-grants/{}/approval", id(&role))),
                other,
            ),
            (
                Auditor,
                two(
                    &format!("/staff/payees/{}/child-access", id(&child)),
                    &access,
                    &format!("/staff/child-access/{}/approval", id(&access)),
                ),
                lacking,
            ),
        ];
        let mut seen = BTreeSet::new();
        for (role, (path, body, step), code) in &firsts {
            let officer = w.staff(*role).await;
            officer.post(path, body.clone()).await.ok();
            if path == "/staff/disbursements" || path == "/staff/campaigns" {
                let of = format!("{path}/{}", id(body));
                if path == "/staff/disbursements" {
                    crate::spending::attach(&officer, body).await.ok();
                }
                officer.act(&format!("{of}/submission")).await.ok();
            }
            let body = if path == "/staff/campaigns" { agreed() } else { json!({ "reason": "试一试" }) };
            officer.post(step, body).await.refused(403, code);
            // Nor with a second session.
            let again = officer.post(step, if path == "/staff/campaigns" { agreed() } else { json!({}) }).await;
            assert!(again.status >= 400, "{step}: {}", again.text);
            seen.insert(*role);
        }
        // Terms of a loan and the rate beneath it: whoever writes them does not publish them.
        let version = format!("/staff/loan-products/{}/versions/2", town.product);
        town.lender.call(Method::PUT, &version, Some(crate::lending::terms())).await.ok();
        town.lender.act(&format!("{version}/publication")).await.refused(403, other);
        let rate = json!({ "tenor": "one_year", "published_on": "2026-02-20", "rate": "0.029" });
        town.province.post("/staff/lpr", rate.clone()).await.ok();
        town.province.post("/staff/lpr/confirmation", rate).await.refused(403, other);
        seen.extend([BankOfficer, LeagueOfficer]);
        // Whoever answers for the screening and for children's data enters nobody and answers no request of their own.
        let compliance = w.staff(Compliance).await;
        for (path, body) in [
            ("/staff/campaigns", w.draft("1.00")),
            ("/staff/disbursements", crate::spending::paper(open, "a", &[student], "1.00")),
            ("/staff/payees", crate::spending::person(open, "李四（示例）", 9)),
            ("/staff/bank-gifts", bank_gift("B-3")),
        ] {
            compliance.post(path, body).await.refused(403, lacking);
        }
        let own = fresh(json!({ "reason": "核实情况", "days": 3 }));
        let asked = compliance.post(&format!("/staff/payees/{}/child-access", id(&child)), own).await;
        assert_eq!(asked.status, 422, "the responsible read without asking themselves: {}", asked.text);
        seen.insert(Compliance);
        // Whoever reads everything writes nothing.
        let auditor = w.staff(Auditor).await;
        for (role, (path, body, _), _) in firsts.iter().filter(|(role, ..)| *role != Auditor) {
            let mut again = body.clone();
            again["id"] = json!(Uuid::now_v7());
            let answer = auditor.post(path, again).await;
            answer.refused(403, lacking);
            assert!(seen.contains(role));
        }
        assert_eq!(seen.len(), ALL.len(), "every role had its turn");
    })
    .await;
}

//! Every operation refuses every role it is not for, and every role from elsewhere.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use crate::caller::{Answer, send};
use crate::privacy::operations;
use crate::world::{Officer, story};

use super::things::things;
use super::{ALL, AUTHORS, KNOWN_TO_ALL, OF_THE_HOUSE, Try, standing, tries};

async fn attempt(officer: &Officer, it: &Try) -> Answer {
    let mut path = it.path.to_owned();
    for on in it.on.split(' ') {
        path = match path.split_once('{') {
            Some((before, rest)) => format!("{before}{on}{}", rest.split_once('}').unwrap().1),
            None => format!("{path}{on}"),
        };
    }
    // A form without parts.
    if it.body == json!("form") {
        let request = officer.request(it.method.clone(), &format!("/api/v1{path}"));
        return send(request.header(CONTENT_TYPE, "multipart/form-data; boundary=x").body("--x--\r\n")).await;
    }
    // A body that is a text stands for a document.
    if let Some(text) = it.body.as_str() {
        let request = officer.request(it.method.clone(), &format!("/api/v1{path}?kind=scan&file_name=a.txt"));
        return send(request.header(CONTENT_TYPE, "application/octet-stream").body(text.to_owned())).await;
    }
    officer.call(it.method.clone(), &path, (it.method != Method::GET).then(|| it.body.clone())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_every_role_it_is_not_for() {
    story(async |w| {
        let things = things(w).await;
        let tries = tries(w, &things);
        let tried: BTreeSet<(String, String)> =
            tries.iter().map(|it| (it.method.to_string(), format!("/api/v1{}", it.path))).collect();
        for operation in operations(w).await.iter().filter(|operation| operation.token.as_deref() == Some("Officer")) {
            let name = (operation.method.to_string(), operation.path.clone());
            assert!(tried.contains(&name), "nobody has said who may {name:?}");
        }
        for role in ALL {
            w.staff(role).await;
        }
        let before = standing(w).await;
        let mut refused = 0;
        for role in ALL {
            let officer = w.staff(role).await;
            for it in tries.iter().filter(|it| !it.may.contains(&role)) {
                let answer = attempt(&officer, it).await;
                if it.method == Method::PUT && it.path == "/staff/campaigns/{campaign_id}" {
                    answer.refused(404, "no_such_campaign");
                } else {
                    answer.refused(403, "forbidden");
                }
                refused += 1;
            }
        }
        assert!(refused > 300, "{refused}");
        assert_eq!(standing(w).await, before, "nothing came of it");
        // Whoever may read, reads.
        for role in ALL {
            let officer = w.staff(role).await;
            for it in tries.iter().filter(|it| it.method == Method::GET && it.may.contains(&role)) {
                let answer = attempt(&officer, it).await;
                assert!([200, 404].contains(&answer.status), "{role:?} {}: {}", it.path, answer.text);
            }
        }
    })
    .await;
}

/// A role over another county is no role here: each operation that a role may do on a thing of its own part of the tree is
/// tried by the same role from elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn no_role_reaches_into_another_county() {
    story(async |w| {
        let things = things(w).await;
        let tries = tries(w, &things);
        let mut strangers = Vec::new();
        for role in ALL {
            let username = format!("far-{}", role.as_str().replace('_', "-"));
            strangers.push((role, w.hire_over(role, &username, "/hebei/1306/").await));
        }
        let before = standing(w).await;
        let (mut refused, mut reached) = (0, BTreeSet::new());
        for (role, officer) in &strangers {
            let local = |it: &&Try| {
                let on_a_thing = it.path.contains('{') || it.method != Method::GET;
                let known = it.method == Method::GET && KNOWN_TO_ALL.contains(&it.path);
                on_a_thing && it.may.contains(role) && !known && !OF_THE_HOUSE.contains(&it.path)
            };
            for it in tries.iter().filter(local) {
                let answer = attempt(officer, it).await;
                if [403, 404].contains(&answer.status) {
                    refused += 1;
                } else {
                    reached.insert(format!("{} {} {}", answer.status, it.method, it.path));
                }
            }
        }
        assert!(reached.is_empty(), "{reached:#?}");
        assert!(refused > 50, "{refused}");
        // And no list tells of what is here.
        let (ours, mut told, mut read) = (things.ids(), BTreeSet::new(), 0);
        for (role, officer) in &strangers {
            let list = |it: &&Try| {
                it.method == Method::GET
                    && !it.path.contains('{')
                    && it.may.contains(role)
                    && !OF_THE_HOUSE.contains(&it.path)
            };
            for it in tries.iter().filter(list) {
                let answer = attempt(officer, it).await;
                let ours = ours.iter().filter(|id| answer.text.contains(id.as_str()));
                told.extend(ours.map(|id| format!("{role:?} {} tells of {id}", it.path)));
                // Who drafts names the book of the charity above them; nobody else has anything to do with it.
                if it.path == "/staff/books" && !AUTHORS.contains(role) {
                    assert_eq!(answer.body["items"], json!([]), "{role:?}");
                }
                read += 1;
            }
        }
        assert!(told.is_empty(), "{told:#?}");
        assert!(read > 50, "{read}");
        assert_eq!(standing(w).await, before, "nothing came of it");
    })
    .await;
}

//! The OpenAPI document is a promise: what changes in it changes for every client, and is reviewed as a diff of the snapshot.
//! Renew it with `INSTA_UPDATE=always cargo test --test openapi`.

use serde_json::Value;

const PROBLEM: &str = "application/problem+json";

fn document() -> Value {
    serde_json::from_str(&api::document()).expect("the document is JSON")
}

/// The document without what is the same at each operation: how it can fail, and what is not said anyway.
#[test]
fn the_document_is_the_one_that_was_reviewed() {
    fn reduced(value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let members = members.into_iter().filter(|(key, value)| {
                    let by_default = (key == "deprecated" && *value == false) || (key == "explode" && *value == true);
                    !by_default && value.get("content").and_then(|content| content.get(PROBLEM)).is_none()
                });
                Value::Object(members.map(|(key, value)| (key, reduced(value))).collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(reduced).collect()),
            other => other,
        }
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&reduced(document())).unwrap());
}

/// What any operation may answer stands at each of them, as a problem document.
#[test]
fn every_operation_tells_how_it_can_fail() {
    for (path, operations) in document()["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for status in ["400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503"] {
                let problem = &operation["responses"][status]["content"][PROBLEM];
                assert!(problem.is_object(), "{method} {path} says nothing of {status}");
            }
        }
    }
}

/// Amounts are strings everywhere: no number of the document is a fraction.
#[test]
fn no_amount_is_a_number() {
    assert!(!api::document().contains("\"type\": \"number\""));
}

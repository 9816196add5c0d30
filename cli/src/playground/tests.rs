//! What the page is answered, and what it is made of.

use super::page::page;
use super::*;
use serde_json::json;

const TWIN: &str = include_str!("../../../plugin-config/examples/istio-twin.yaml");

/// Returns the answer to fields.
fn answered(fields: &Value) -> Value {
    serde_json::from_str(&answer(&fields.to_string())).expect("JSON")
}

#[test]
fn a_question_is_answered_as_explain_tells_it() {
    let told = answered(&json!({
        "configuration": TWIN,
        "request": "GET /orders/7",
        "claims": r#"{"sub": "alice", "roles": ["writer"]}"#,
    }));
    assert_eq!(told["findings"], json!([]));
    assert_eq!(told["problem"], Value::Null);
    assert_eq!(told["explanation"]["decision"]["reason"], "role-missing");
    assert_eq!(told["explanation"]["decision"]["rule"], "orders/read-orders");
}

#[test]
fn what_is_wrong_with_a_configuration_has_its_line_and_column() {
    let told = answered(&json!({"configuration": "issuers:\n- nam: tyk\n", "request": "GET /"}));
    let places: Vec<(Option<u64>, Option<u64>)> = told["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|found| (found["line"].as_u64(), found["column"].as_u64()))
        .collect();
    assert!(places.contains(&(Some(2), Some(3))), "{told}");
    assert_eq!(told["explanation"], Value::Null);
    let told = answered(&json!({"configuration": "issuers: [", "request": "GET /"}));
    assert_eq!(told["findings"][0]["rule"], "syntax");
}

#[test]
fn what_can_t_be_asked_is_told_at_its_field() {
    for (field, text, said) in [
        ("request", "orders", "a path, which begins with `/`"),
        ("headers", "x", "that is no header"),
        ("claims", "[]", "claims are a JSON object"),
        ("keys", "[]", "write a JWKS for each issuer"),
        ("address", "x", "`x` is no IP address"),
        ("clientAddress", "x", "`x` is no IP address"),
        ("port", "65536", "`65536` is no port"),
        ("workload", "x", "`x` is no workload"),
        ("labels", "x", "`x` is no label"),
        ("time", "-1", "`-1` is no time"),
    ] {
        let mut fields = json!({"configuration": TWIN, "request": "GET /"});
        fields[field] = text.into();
        let told = answered(&fields);
        assert_eq!(told["problem"]["field"], field, "{told}");
        let problem = told["problem"]["problem"].as_str().expect("a text");
        assert!(problem.contains(said), "{problem}");
    }
}

#[test]
fn a_text_with_no_configuration_or_with_two_says_so() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
    for (text, said) in [
        (service.to_owned(), "there is no configuration of Attaché in this text"),
        (format!("{TWIN}\n---\n{TWIN}"), "keep one configuration; there are 2"),
    ] {
        let told = answered(&json!({"configuration": text, "request": "GET /"}));
        assert_eq!(told["problem"]["field"], "configuration", "{told}");
        let problem = told["problem"]["problem"].as_str().expect("a text");
        assert!(problem.starts_with(said), "{problem}");
    }
}

#[test]
fn every_example_is_a_configuration_that_decides() {
    let examples: Value = serde_json::from_str(&examples::examples()).expect("JSON");
    let mut outcomes = Vec::new();
    for example in examples.as_array().expect("a list") {
        let mut fields = example["fields"].clone();
        fields.as_object_mut().expect("fields").remove("credential");
        let told = answered(&fields);
        assert_eq!(told["findings"], json!([]), "{example}");
        outcomes
            .push(told["explanation"]["decision"]["outcome"].as_str().unwrap_or("none").to_owned());
    }
    assert_eq!(outcomes, ["refuse", "forward", "refuse", "refuse", "forward", "refuse"]);
}

#[test]
fn the_page_loads_nothing() {
    let page = page(b"an engine").expect("a page");
    for part in ["policy", "version", "style", "examples", "engine", "script"] {
        assert!(!page.contains(&format!("{{{{{part}}}}}")), "{part} is left");
    }
    for outside in ["src=", "href=", "@import", "url(", "fetch(", "http-equiv=\"refresh"] {
        assert!(!page.contains(outside), "{outside}");
    }
    // A part that held the end of its element would end there.
    for (tag, count) in [("</script>", 3), ("</style>", 1)] {
        assert_eq!(page.matches(tag).count(), count, "{tag}");
    }
}

//! What a page must not do: show or keep a signature, make HTML of a text, tell anybody anything.

use crate::playground::{Playground, address};
use attache_test_fixtures::document::document;
use attache_test_fixtures::token::{TokenSpec, now};
use serde_json::json;

/// Everything that a page holds where somebody could find it: its elements, what its fields show,
/// its address and what the fragment encodes, and what it stores.
const EVERYTHING: &str = "JSON.stringify([
    document.documentElement.outerHTML,
    Array.from(document.querySelectorAll('input, textarea'), (field) => field.value),
    location.href, atob(location.hash.slice(1).replaceAll('-', '+').replaceAll('_', '/')), document.cookie, document.title, window.name, history.state,
    Object.entries(localStorage), Object.entries(sessionStorage),
])";

/// Returns a token of the document, and its signature.
fn signed() -> (String, String) {
    let token = TokenSpec::with_claims(json!({"roles": ["writer"]})).mint(now()).expect("a token");
    let (_, signature) = token.rsplit_once('.').expect("a signature");
    let signature = signature.to_owned();
    (token, signature)
}

#[test]
fn a_signature_is_verified_and_neither_shown_nor_kept() {
    let Some(mut playground) = Playground::open("") else { return };
    let (token, signature) = signed();
    playground.type_into("configuration", &document().expect("a document").to_string());
    playground.fill(&json!({"credential": "token", "request": "POST /orders"}));
    for pasted in [token.clone(), format!("Bearer {token}\n")] {
        playground.type_into("token", &pasted);
        assert_eq!(playground.verdict(), "allowed, by rule orders/write");
        playground.page.evaluate("document.getElementById('link').click()");
        assert!(playground.text("#link-status").ends_with("without the token."));
        let everything = playground.page.evaluate(EVERYTHING);
        let everything = everything.as_str().expect("a text");
        assert!(
            everything.contains(token.split('.').next().expect("a header")),
            "the token is not looked for"
        );
        assert!(!everything.contains(&signature), "the signature is there");
        assert!(
            everything.contains(r#"\"request\":\"POST /orders\""#),
            "the fragment is not looked into"
        );
    }
    // What is typed behind it belongs to it.
    playground.page.evaluate("document.getElementById('token').setSelectionRange(1e9, 1e9)");
    playground.page.insert("AAAA");
    playground.wait();
    assert_eq!(playground.explanation()["decision"]["reason"], "signature-invalid");
    let shown = playground.page.evaluate("document.getElementById('token').value");
    assert!(shown.as_str().expect("a text").ends_with(".…"), "{shown}");
    // What is claimed in its place is not its signer's.
    playground.type_into("token", &token);
    playground.page.evaluate("document.getElementById('token').setSelectionRange(60, 61)");
    playground.page.insert("A");
    playground.wait();
    assert_eq!(playground.explanation()["decision"]["status"], 401);
    playground.must_be_quiet();
}

#[test]
fn a_link_brings_everything_back_but_the_token() {
    let Some(mut playground) = Playground::open("") else { return };
    let (token, _) = signed();
    playground.fill(&json!({"credential": "token"}));
    playground.type_into("token", &token);
    playground.fill(&json!({
        "credential": "claims",
        "request": "GET /orders/7?x=1",
        "claims": r#"{"sub": "alice", "name": "Ålice 𝔸", "roles": ["ops"]}"#,
        "headers": "x-sub: root",
        "body": true,
    }));
    let told = playground.explanation();
    assert_eq!(told["decision"]["outcome"], "forward");
    playground.page.evaluate("document.getElementById('link').click()");
    let link = playground.page.evaluate("location.href");
    let link = link.as_str().expect("an address");
    let (page, fragment) = link.split_once('#').expect("a fragment");
    assert_eq!(page, address());
    let Some(mut other) = Playground::open(fragment) else { return };
    assert_eq!(other.explanation(), told);
    let fields =
        "(() => { const { token, body, credential, claims } = document.getElementById('form').elements;
        return [token.value, body.checked, credential.value, claims.value.includes('Ålice 𝔸')] })()";
    assert_eq!(other.page.evaluate(fields), json!(["", true, "claims", true]));
    other.must_be_quiet();
}

#[test]
fn a_text_never_becomes_html() {
    const IMAGE: &str = "<img src=x onerror=window.stranger=1>";
    let Some(mut playground) = Playground::open("") else { return };
    let elements = playground
        .page
        .evaluate("document.querySelectorAll('img, script, iframe, object, a').length");
    let mut document = document().expect("a document");
    document["policies"][0]["rules"][1]["to"][0]["paths"][0] = format!("/{IMAGE}").into();
    document["policies"][0]["rules"][2]["roles"] = json!({"anyOf": [IMAGE]});
    let claims =
        json!({"sub": IMAGE, "roles": [IMAGE], "iss": "https://issuer.example"}).to_string();
    let mut seen = String::new();
    for (fields, place) in [
        (
            json!({"configuration": document.to_string(), "credential": "claims", "claims": claims}),
            "#answer",
        ),
        (json!({"request": "POST /orders"}), "#answer"),
        (json!({"request": format!("GET /{}", IMAGE.replace(' ', ""))}), "#answer"),
        (json!({"headers": IMAGE}), "#problem"),
        (json!({"headers": "", "request": IMAGE}), "#problem"),
        (json!({"configuration": json!({IMAGE: 1, "issuers": []}).to_string()}), "#findings"),
        (json!({"configuration": format!("[{IMAGE}")}), "#findings"),
    ] {
        playground.fill(&fields);
        let text = playground.text(place);
        seen.push_str(&format!("{place}: {text}\n"));
        assert_eq!(playground.page.evaluate("typeof window.stranger"), "undefined", "{seen}");
        let now = playground
            .page
            .evaluate("document.querySelectorAll('img, script, iframe, object, a').length");
        assert_eq!(now, elements, "{seen}");
    }
    // It was there, as a text.
    assert!(seen.matches("onerror=window.stranger=1").count() >= 5, "{seen}");
    playground.must_be_quiet();
}

#[test]
fn a_policy_holds_back_what_a_stranger_would_add() {
    let Some(mut playground) = Playground::open("") else { return };
    let added = "(() => { const script = document.createElement('script'); script.textContent = 'window.stranger = 1';
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', '<img src=\"https://stranger.example/x\" onerror=\"window.stranger=1\">');
        return fetch('https://stranger.example/').then(() => 'fetched', () => 'held back'); })()";
    assert_eq!(playground.page.evaluate(added), "held back");
    assert_eq!(playground.page.evaluate("typeof window.stranger"), "undefined");
    let held: Vec<&str> = playground
        .page
        .events
        .iter()
        .filter(|event| event["method"] == "Log.entryAdded")
        .filter_map(|event| event["params"]["entry"]["text"].as_str())
        .collect();
    for directive in ["script-src", "img-src", "connect-src"] {
        assert!(held.iter().any(|text| text.contains(directive)), "{directive}: {held:?}");
    }
}

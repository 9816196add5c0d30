//! Where tokens are found, and that they are taken out before the request goes on.

use crate::support::{NOW, Verdict, Worker, document_with, token};
use proxy_wasm_test_host::Request;
use serde_json::{Value, json};

fn anywhere(forward: bool) -> Value {
    document_with(|document| {
        let issuer = &mut document["issuers"][0];
        issuer["fromHeaders"] =
            json!([{"name": "Authorization", "prefix": "Bearer "}, {"name": "x-token"}]);
        issuer["fromCookies"] = json!(["session"]);
        issuer["fromParams"] = json!(["access_token"]);
        issuer["forwardOriginalToken"] = json!(forward);
    })
}

#[test]
fn a_token_leaves_every_place_it_was_found_in() {
    let mut worker = Worker::with(&anywhere(false));
    let token = token(json!({}));
    let orders = || Request::get("/orders");
    let with_param = Request::get(&format!("/orders?a=1&access_token={token}&b=2"));
    let cases = [
        orders().bearer(&token),
        orders().with("authorization", format!("bearer {token}")),
        orders().with("x-token", &token),
        orders().with("cookie", format!("a=1; session={token}; b=2")),
        with_param.clone(),
        with_param
            .bearer(&token)
            .with("x-token", &token)
            .with("cookie", format!("session={token}; a=1; b=2")),
    ];
    for request in cases {
        let response = worker.send(request.clone());
        assert!(response.goes_on, "{:?}", response.reason());
        assert_eq!(response.header("x-user").as_deref(), Some("alice"));
        for (name, value) in &response.headers {
            assert!(
                !String::from_utf8_lossy(value).contains(&token),
                "{name} still has it: {request:?}"
            );
        }
        if let Some(cookie) = response.header("cookie") {
            assert_eq!(cookie, "a=1; b=2");
        }
        let path = response.header(":path").unwrap();
        assert!(["/orders", "/orders?a=1&b=2"].contains(&path.as_str()), "{path}");
    }
}

#[test]
fn a_token_stays_where_the_service_wants_to_see_it() {
    let mut worker = Worker::with(&anywhere(true));
    let token = token(json!({}));
    let path = format!("/orders?access_token={token}");
    let response =
        worker.send(Request::get(&path).bearer(&token).with("cookie", format!("session={token}")));
    assert!(response.goes_on);
    assert_eq!(response.header(":path"), Some(path));
    assert_eq!(response.header("authorization"), Some(format!("Bearer {token}")));
    assert_eq!(response.header("cookie"), Some(format!("session={token}")));
}

#[test]
fn a_credential_of_another_kind_is_no_token() {
    let response = Worker::new()
        .send(Request::get("/guest").with("authorization", "Basic dXNlcjpwYXNzd29yZA=="));
    assert!(response.goes_on);
    assert_eq!(response.header("authorization").as_deref(), Some("Basic dXNlcjpwYXNzd29yZA=="));
}

#[test]
fn a_cached_token_expires_like_any_other() {
    let mut worker = Worker::new();
    let request = Request::get("/orders").bearer(&token(json!({"exp": NOW + 10})));
    assert!(worker.send(request.clone()).goes_on);
    worker.set_time(NOW + 69);
    assert!(worker.send(request.clone()).goes_on, "the clock skew is 60 s");
    worker.set_time(NOW + 71);
    assert_eq!(worker.send(request).reason().as_deref(), Some("token-expired"));
    assert_eq!(worker.counter("attache.verify.host"), 1);
}

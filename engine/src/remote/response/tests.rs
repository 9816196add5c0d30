use super::*;
use proptest::prelude::*;

fn response(headers: &[(&str, &str)], body: &[u8]) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    Response { headers, body: body.to_vec() }
}

fn outcome(headers: &[(&str, &str)], body: &[u8]) -> Option<FetchOutcome> {
    response(headers, body).content().err().map(|error| error.outcome)
}

#[test]
fn every_kind_of_answer_has_its_outcome() {
    let ok = (":status", "200");
    assert_eq!(outcome(&[ok], b"{}"), None);
    assert_eq!(outcome(&[ok, ("content-type", "application/jwk-set+json")], b"{}"), None);
    assert_eq!(outcome(&[ok, ("content-encoding", "identity")], b"{}"), None);
    assert_eq!(response(&[(":status", "304")], b"").content(), Ok(Content::NotModified));
    assert_eq!(outcome(&[], b""), Some(FetchOutcome::NoAnswer));
    for status in ["204", "206", "300", "400", "404", "429", "500", "503", "504", "", "20"] {
        assert_eq!(
            outcome(&[(":status", status)], b"{}"),
            Some(FetchOutcome::BadStatus),
            "{status}"
        );
    }
    for status in ["301", "302", "303", "307", "308"] {
        let headers = [(":status", status), ("location", "https://evil.example/")];
        assert_eq!(outcome(&headers, b""), Some(FetchOutcome::Redirect), "{status}");
    }
    for encoding in ["gzip", "br", "GZIP", "identity, gzip"] {
        assert_eq!(
            outcome(&[ok, ("content-encoding", encoding)], b""),
            Some(FetchOutcome::Encoded)
        );
    }
    assert_eq!(outcome(&[ok], &vec![b' '; MAX_BODY]), None);
    assert_eq!(outcome(&[ok], &vec![b' '; MAX_BODY + 1]), Some(FetchOutcome::TooLarge));
    for said in ["Text/HTML; charset=utf-8", "text/plain", "application/octet-stream", ""] {
        assert_eq!(outcome(&[ok, ("content-type", said)], b"{}"), None, "{said}");
    }
}

#[test]
fn freshness_is_max_age_less_age() {
    let fresh =
        |headers: &[(&str, &str)]| response(headers, b"").max_age().map(|age| age.as_secs());
    assert_eq!(fresh(&[]), None);
    assert_eq!(fresh(&[("cache-control", "no-cache, no-store")]), None);
    assert_eq!(fresh(&[("cache-control", "public, Max-Age=60, must-revalidate")]), Some(60));
    assert_eq!(fresh(&[("cache-control", "max-age=\"60\"")]), Some(60));
    assert_eq!(fresh(&[("cache-control", "max-age=60"), ("age", "45")]), Some(15));
    assert_eq!(fresh(&[("cache-control", "max-age=60"), ("age", "90")]), Some(0));
    assert_eq!(
        fresh(&[("cache-control", "max-age=60"), ("cache-control", "max-age=30")]),
        Some(30)
    );
    assert_eq!(fresh(&[("cache-control", "s-maxage=60")]), None);
    assert_eq!(fresh(&[("cache-control", "max-age=-1")]), None);
    assert_eq!(fresh(&[("cache-control", "max-age=")]), None);
    assert_eq!(fresh(&[("cache-control", "max-age=99999999999999999999999")]), Some(u64::MAX));
}

#[test]
fn an_etag_is_kept_only_if_it_can_be_sent_back() {
    assert_eq!(response(&[("etag", "W/\"abc\"")], b"").etag(), Some("W/\"abc\""));
    for etag in ["", "\"a b\"", "\"\u{e9}\"", &format!("\"{}\"", "a".repeat(256))] {
        assert_eq!(response(&[("etag", etag)], b"").etag(), None);
    }
}

fn found_at() -> HttpUrl {
    HttpUrl::parse("https://id.example/.well-known/openid-configuration").unwrap()
}

fn discovery(body: &str) -> Result<String, FetchOutcome> {
    discovery_with(body, &[])
}

fn discovery_with(body: &str, hosts: &[&str]) -> Result<String, FetchOutcome> {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let url = read_discovery(body.as_bytes(), "https://id.example", &found_at(), &hosts);
    url.map(|url| url.as_str().to_owned()).map_err(|error| error.outcome)
}

#[test]
fn a_discovery_document_says_where_the_keys_are() {
    let body = r#"{"issuer":"https://id.example","jwks_uri":"https://id.example/certs","scopes_supported":["a"]}"#;
    assert_eq!(discovery(body).as_deref(), Ok("https://id.example/certs"));
    let spelled = r#"{"issuer":"https://id.example","jwks_uri":"https://ID.example:443/certs"}"#;
    assert_eq!(discovery(spelled).as_deref(), Ok("https://ID.example:443/certs"));
}

#[test]
fn a_discovery_document_leads_to_no_host_that_nobody_named() {
    for elsewhere in [
        "https://keys.example/certs",
        "https://id.example:8443/certs",
        "https://sub.id.example/certs",
        "https://id.example.evil.example/certs",
        "https://orders.shop.svc.cluster.local:8080/admin/reindex",
        "https://[::1]/certs",
    ] {
        let body = format!(r#"{{"issuer":"https://id.example","jwks_uri":"{elsewhere}"}}"#);
        assert_eq!(discovery(&body), Err(FetchOutcome::BadDiscovery), "{elsewhere}");
        let named = ["keys.example", "id.example:8443"];
        let is_named = named.iter().any(|host| elsewhere.starts_with(&format!("https://{host}/")));
        assert_eq!(discovery_with(&body, &named).is_ok(), is_named, "{elsewhere}");
    }
    // A host that was named is not named for plain text.
    let plain = r#"{"issuer":"https://id.example","jwks_uri":"http://keys.example/certs"}"#;
    assert_eq!(discovery_with(plain, &["keys.example"]), Err(FetchOutcome::BadDiscovery));
}

#[test]
fn the_documents_of_large_providers_lead_to_their_keys() {
    for (issuer, jwks_uri, hosts) in [
        (
            "https://accounts.google.com",
            "https://www.googleapis.com/oauth2/v3/certs",
            &["www.googleapis.com"][..],
        ),
        (
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/common/discovery/v2.0/keys",
            &[],
        ),
        ("https://gitlab.com", "https://gitlab.com/oauth/discovery/keys", &[]),
    ] {
        let body = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}"}}"#);
        let found_at =
            HttpUrl::parse(&format!("{issuer}/.well-known/openid-configuration")).unwrap();
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let url = read_discovery(body.as_bytes(), issuer, &found_at, &hosts);
        assert_eq!(url.map(|url| url.as_str().to_owned()).as_deref(), Ok(jwks_uri));
    }
}

#[test]
fn a_discovery_document_must_be_the_issuers_own() {
    for body in [
        r#"{"issuer":"https://id.example/","jwks_uri":"https://id.example/certs"}"#,
        r#"{"issuer":"https://evil.example","jwks_uri":"https://id.example/certs"}"#,
        r#"{"issuer":"https://id.example","jwks_uri":"http://id.example/certs"}"#,
        r#"{"issuer":"https://id.example","jwks_uri":"/certs"}"#,
        r#"{"issuer":"https://id.example","jwks_uri":"https://user@id.example/certs"}"#,
        r#"{"issuer":"https://id.example"}"#,
        r#"{"issuer":1,"jwks_uri":"https://id.example/certs"}"#,
        r#"{"issuer":"https://evil.example","issuer":"https://id.example","jwks_uri":"https://id.example/"}"#,
        "[]",
    ] {
        assert_eq!(discovery(body), Err(FetchOutcome::BadDiscovery), "{body}");
    }
    for body in [
        "",
        "<html>",
        "\u{feff} <!doctype html>",
        r#"{"issuer":"https://id.example","jwks_uri":"https://id.exam"#,
    ] {
        assert_eq!(discovery(body), Err(FetchOutcome::NotJson), "{body}");
    }
}

fn members(body: &str) -> Result<(String, String), FetchError> {
    discovery_members(body.as_bytes())
}

#[test]
fn both_members_are_read_and_others_are_ignored() {
    let text =
        r#"{"a": [1.5, {"issuer": 1, "issuer": 2}], "a": 1, "issuer": "i", "jwks_uri": "j\u0021"}"#;
    assert_eq!(members(text).unwrap(), ("i".to_owned(), "j!".to_owned()));
}

#[test]
fn what_has_another_form_is_refused_as_such() {
    for other in ["1", "null", "true", "-1", "1.5", r#""a""#, r#"["i", "j"]"#, "{}"] {
        assert_eq!(members(other).unwrap_err().outcome, FetchOutcome::BadDiscovery, "{other}");
        let text = format!(r#"{{"issuer": {other}, "jwks_uri": "j"}}"#);
        let is_text = other.starts_with('"');
        let read = members(&text);
        assert_eq!(read.is_ok(), is_text, "{text}");
        assert!(
            read.map_or_else(|error| error.outcome == FetchOutcome::BadDiscovery, |_| is_text),
            "{text}"
        );
    }
    for twice in [
        r#"{"issuer": "i", "jwks_uri": "j", "issuer": "i"}"#,
        r#"{"issuer": 1, "issuer": "i", "jwks_uri": "j"}"#,
        r#"{"jwks_uri": "j", "issuer": "i", "jwks_uri": 1}"#,
    ] {
        assert_eq!(members(twice).unwrap_err().outcome, FetchOutcome::BadDiscovery, "{twice}");
    }
}

#[test]
fn half_a_document_is_no_json_and_its_end_is_told() {
    for cut in [r#"{"issuer": "i", "jwks_uri": "j"#, r#"{"issuer"#, r#"{"a": [1"#, "{"] {
        let error = members(cut).unwrap_err();
        assert_eq!(error.outcome, FetchOutcome::NotJson, "{cut}");
        let end = format!("at line 1 column {}", cut.len());
        assert!(error.detail.ends_with(&end), "{cut}: {}", error.detail);
    }
}

proptest! {
    #[test]
    fn no_answer_is_too_strange(
        headers in proptest::collection::vec(
            ("(:status|etag|age|cache-control|content-type|content-encoding)", proptest::collection::vec(any::<u8>(), 0..20)),
            0..6,
        ),
        body in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let response = Response { headers, body };
        let _ = (response.content().is_ok(), response.max_age(), response.etag());
        prop_assert!(read_discovery(&response.body, "https://id.example", &found_at(), &[]).is_err());
    }
}

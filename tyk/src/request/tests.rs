use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const ISSUER: &str = "https://tyk.example.com";

fn stripper() -> CredentialStripper {
    CredentialStripper::new(Upstream::default(), Credential::default(), [ISSUER.to_owned()].into())
}

fn own_token() -> String {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.c2ln",
        part(r#"{"alg":"ES256"}"#.into()),
        part(format!(r#"{{"iss":"{ISSUER}","roles":["admin"]}}"#))
    )
}

fn request(headers: &[(&str, &str)], url: &str) -> MiniRequestObject {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    MiniRequestObject {
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        url: url.into(),
        params: parse(query.as_bytes()).into_owned().collect(),
        ..MiniRequestObject::default()
    }
}

fn places(headers: &[&str], cookies: &[&str], params: &[&str]) -> Credential {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Credential { headers: owned(headers), cookies: owned(cookies), params: owned(params) }
}

#[test]
fn the_credential_goes_from_headers_cookies_and_parameters() {
    let mut request = request(
        &[("X-Api-Key", "secret"), ("Cookie", "a=1; session=secret; b=2"), ("Accept", "*/*")],
        "/orders?api_key=secret&page=2",
    );
    let leaked =
        stripper().strip(&mut request, &[&places(&["X-Api-Key"], &["session"], &["api_key"])]);
    assert_eq!(leaked, 0);
    assert_eq!(request.delete_headers, ["Authorization", "X-Api-Key", "Cookie"]);
    assert_eq!(request.set_headers["Cookie"], "a=1; b=2");
    assert_eq!(request.url, "/orders?page=2");
    assert_eq!(request.delete_params, ["api_key"]);
}

/// Whoever names a header has all of it taken away, whatever else is named, and whatever the client
/// adds.
#[test]
fn a_cookie_header_that_is_taken_away_does_not_come_back_without_some_cookies() {
    let stray = format!("session=secret; t={}", own_token());
    for (cookies, sent) in [(&["legacy"][..], "session=secret; legacy=1"), (&[], &stray)] {
        let mut request = request(&[("Cookie", sent)], "/");
        stripper().strip(&mut request, &[&places(&["Cookie"], cookies, &[])]);
        assert!(request.delete_headers.contains(&"Cookie".to_owned()));
        assert!(!request.set_headers.contains_key("Cookie"), "{:?}", request.set_headers);
    }
}

/// The gateway takes out what `Connection` names after the token is in.
#[test]
fn a_client_cannot_have_the_token_taken_out_as_its_connections() {
    for (sent, deleted, set) in [
        ("authorization", &["Authorization", "Connection"][..], None),
        ("close, AUTHORIZATION , x-hop,", &["Authorization", "Connection", "close", "x-hop"], None),
        ("keep-alive, Upgrade", &["Authorization", "Connection", "keep-alive"], Some("Upgrade")),
    ] {
        let mut request = request(&[("Connection", sent)], "/");
        stripper().strip(&mut request, &[]);
        assert_eq!(request.delete_headers, deleted);
        assert_eq!(request.set_headers.get("Connection").map(String::as_str), set);
    }
}

#[test]
fn what_the_client_put_where_the_token_goes_is_replaced() {
    let mut request = request(&[("Authorization", "Bearer mine")], "/");
    stripper().strip(&mut request, &[]);
    stripper().put(&mut request, "theirs");
    assert_eq!(request.delete_headers, ["Authorization"]);
    assert_eq!(request.set_headers["Authorization"], "Bearer theirs");
}

#[test]
fn a_clients_own_token_of_the_issuer_goes_wherever_it_stands() {
    let token = own_token();
    let (bearer, cookies) = (format!("Bearer {token}"), format!("t={token}; keep=1"));
    let url = format!("/orders?access_token={token}&page=2");
    let mut request = request(&[("X-Other", &bearer), ("Cookie", &cookies), ("X-Fine", "v")], &url);
    assert_eq!(stripper().strip(&mut request, &[]), 3);
    assert!(request.delete_headers.contains(&"X-Other".to_owned()));
    assert!(!request.delete_headers.contains(&"X-Fine".to_owned()));
    assert_eq!(request.set_headers["Cookie"], "keep=1");
    assert_eq!(request.url, "/orders?page=2");
    assert_eq!(request.delete_params, ["access_token"]);
}

#[test]
fn a_token_behind_an_encoded_or_second_parameter_goes_too() {
    let token = own_token().replace('.', "%2E");
    let mut twice = request(&[], &format!("/?t=1&t={token}"));
    assert_eq!(stripper().strip(&mut twice, &[]), 1);
    assert_eq!(twice.url, "/?t=1");
    assert_eq!(twice.delete_params, ["t"]);
}

#[test]
fn a_query_that_holds_nothing_of_the_kind_stays_byte_for_byte() {
    let mut untouched = request(&[("Cookie", "a=1;b=2")], "/a%2Fb?x=%zz&y=a+b&&z");
    stripper().strip(&mut untouched, &[]);
    assert_eq!(untouched.url, "/a%2Fb?x=%zz&y=a+b&&z");
    assert!(untouched.delete_params.is_empty());
    assert!(!untouched.set_headers.contains_key("Cookie"));
}

#[test]
fn a_cookie_header_that_held_only_the_credential_goes_whole() {
    let mut request = request(&[("Cookie", "session=secret")], "/");
    stripper().strip(&mut request, &[&places(&[], &["session"], &[])]);
    assert!(request.delete_headers.contains(&"Cookie".to_owned()));
    assert!(!request.set_headers.contains_key("Cookie"));
}

#[test]
fn an_api_definition_can_only_name_places() {
    let credential = |json: &str| credential_of(Some(&json.to_owned()));
    assert_eq!(credential_of(None), Ok(None));
    assert_eq!(credential(r#"{"other": 1}"#), Ok(None));
    let named = credential(r#"{"other": 1, "attache": {"credential": {"headers": ["X-Key"]}}}"#);
    assert_eq!(named, Ok(Some(places(&["X-Key"], &[], &[]))));
    for wrong in [r#"{"attache": {"audiences": ["other"]}}"#, r#"{"attache": 1}"#, "attache"] {
        assert_eq!(credential(wrong), Err(Failure::ConfigDataInvalid), "{wrong}");
    }
}

#[test]
fn a_prefix_is_read_in_any_letter_case() {
    assert_eq!(after_prefix("bearer  abc", "Bearer "), Some("abc"));
    assert_eq!(after_prefix("Basic abc", "Bearer "), None);
    assert_eq!(after_prefix("Bearer ", "Bearer "), None);
    assert_eq!(after_prefix("é", "Bearer "), None);
    assert_eq!(after_prefix("abc", ""), Some("abc"));
}

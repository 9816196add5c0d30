use super::*;
use crate::request::HeaderUses;
use attache_plugin_config::{
    AlgorithmSet, HeaderLocation, HeaderName, Issuer, IssuerId, KeySet, KeySource, Name, Preflight,
    Responses, Revoked,
};
use proptest::prelude::{prop_assert_eq, proptest};
use proptest::strategy::Strategy;
use std::time::Duration;

fn issuer(name: &str) -> Issuer {
    Issuer {
        name: Name::new(name).unwrap(),
        issuer: IssuerId::Exact(name.to_owned()),
        audiences: Vec::new(),
        algorithms: AlgorithmSet::default(),
        keys: KeySource::Inline(KeySet::default()),
        from_headers: Vec::new(),
        from_cookies: Vec::new(),
        from_params: Vec::new(),
        forward_original_token: false,
        clock_skew: Duration::ZERO,
        require_expiration: true,
        subject_prefix: String::new(),
        max_lifetime: None,
        require_issued_at: false,
        max_age: None,
        token_types: Vec::new(),
        subjects: Vec::new(),
        claims: Vec::new(),
        role_claims: Vec::new(),
        presenters: Vec::new(),
        revoked: Revoked::default(),
        output_payload_to_header: None,
        output_claim_to_headers: Vec::new(),
    }
}

fn header(name: &str, prefix: &str) -> HeaderLocation {
    HeaderLocation { name: HeaderName::new(name).unwrap(), prefix: prefix.to_owned() }
}

fn config(issuers: Vec<Issuer>) -> Config {
    Config {
        warnings: vec![],
        digest: [0; 32],
        issuers,
        role_hierarchy: Default::default(),
        policies: Vec::new(),
        preflight: Preflight::Allow,
        ambiguous_paths: Default::default(),
        method_override: Default::default(),
        responses: Responses::default(),
        cache: Default::default(),
        audit: Default::default(),
    }
}

/// One issuer that takes tokens everywhere.
fn everywhere() -> Config {
    config(vec![Issuer {
        from_headers: vec![header("authorization", "Bearer "), header("x-token", "")],
        from_cookies: vec!["session".to_owned()],
        from_params: vec!["access_token".to_owned()],
        ..issuer("everywhere")
    }])
}

type Map = Vec<(String, Vec<u8>)>;

fn map(headers: &[(&str, &str)]) -> Map {
    headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn tokens(config: &Config, headers: &[(&str, &str)]) -> Result<Vec<String>, Reason> {
    let map = map(headers);
    let request = HeaderUses::new(config).read(&map);
    let found = Places::new(config).find(&request)?;
    Ok(found.into_iter().map(|found| String::from_utf8(found.token.into_owned()).unwrap()).collect())
}

fn taken_out(config: &Config, headers: &[(&str, &str)]) -> (Vec<String>, Vec<(&'static str, String)>) {
    let map = map(headers);
    let request = HeaderUses::new(config).read(&map);
    let places = Places::new(config);
    let found = places.find(&request).unwrap();
    let out = places.take_out(&request, &found.iter().collect::<Vec<_>>(), request.path);
    let text = |(name, value)| (name, String::from_utf8(value).unwrap());
    (out.remove, out.replace.into_iter().map(text).collect())
}

#[test]
fn a_prefix_is_compared_without_letter_case_and_its_spaces_are_no_part_of_the_token() {
    for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c ", " Bearer a.b.c"] {
        assert_eq!(tokens(&everywhere(), &[("authorization", value)]).unwrap(), ["a.b.c"], "{value}");
    }
}

#[test]
fn a_header_with_another_scheme_holds_no_token() {
    assert!(tokens(&everywhere(), &[("authorization", "Basic dTpw")]).unwrap().is_empty());
    assert!(tokens(&everywhere(), &[("authorization", "Bearer")]).unwrap().is_empty());
    assert!(tokens(&everywhere(), &[("authorization", "")]).unwrap().is_empty());
}

#[test]
fn every_place_is_searched_headers_first() {
    let found = tokens(
        &everywhere(),
        &[
            (":path", "/?x=1&access_token=d"),
            ("cookie", "theme=dark; session=c"),
            ("x-token", "b"),
            ("authorization", "Bearer a"),
        ],
    );
    assert_eq!(found.unwrap(), ["b", "a", "c", "d"]);
}

#[test]
fn two_values_in_one_place_conflict_and_one_value_twice_does_not() {
    let cases: [(&[(&str, &str)], usize); 11] = [
        (&[("authorization", "Bearer a,Bearer b")], 0),
        (&[("authorization", "Basic a, Bearer b")], 0),
        (&[("authorization", "Bearer a, Bearer a")], 1),
        (&[("authorization", "Bearer a"), ("x-token", "b")], 2),
        (&[("authorization", "Bearer a"), ("authorization", "Bearer b")], 0),
        (&[("authorization", "Basic a"), ("authorization", "Bearer b")], 0),
        (&[("cookie", "session=a; session=b")], 0),
        (&[("cookie", "session=a"), ("cookie", "session=b")], 0),
        (&[(":path", "/?access_token=a&access_token=b")], 0),
        (&[("authorization", "Bearer a"), ("authorization", "Bearer a")], 1),
        (&[("cookie", "session=a; session=\"a\"")], 1),
    ];
    for (headers, expected) in cases {
        match tokens(&everywhere(), headers) {
            Err(reason) => assert_eq!((reason, expected), (Reason::TokensConflict, 0), "{headers:?}"),
            Ok(found) => assert_eq!(found.len(), expected, "{headers:?}"),
        }
    }
}

#[test]
fn a_parameter_is_found_however_its_name_is_encoded() {
    assert_eq!(tokens(&everywhere(), &[(":path", "/?access%5Ftoken=a%2Eb")]).unwrap(), ["a.b"]);
}

#[test]
fn a_cleared_cookie_is_no_token() {
    assert!(tokens(&everywhere(), &[("cookie", "session=; theme=dark")]).unwrap().is_empty());
}

#[test]
fn a_place_is_for_the_issuers_that_name_it() {
    let config = config(vec![
        Issuer { from_headers: vec![header("authorization", "Bearer ")], ..issuer("a") },
        Issuer { from_headers: vec![header("authorization", "")], ..issuer("b") },
        Issuer { from_headers: vec![header("authorization", "bearer ")], ..issuer("c") },
    ]);
    let map = map(&[("authorization", "Bearer t")]);
    let request = HeaderUses::new(&config).read(&map);
    let found = Places::new(&config).find(&request).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!([0, 1, 2].map(|issuer| found[0].is_for(issuer)), [true, false, true]);
}

#[test]
fn what_is_taken_out_leaves_the_rest_as_it_was() {
    let (remove, replace) = taken_out(
        &everywhere(),
        &[
            (":path", "/a%20b?x=%41&access_token=t&&y"),
            ("cookie", "theme=dark; session=t; lang=\"de\""),
            ("cookie", "other=1"),
            ("authorization", "Bearer t"),
        ],
    );
    assert_eq!(remove, ["authorization"]);
    let expected = [("cookie", "theme=dark; lang=\"de\"; other=1"), (":path", "/a%20b?x=%41&&y")];
    assert_eq!(replace, expected.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn a_cookie_header_or_a_query_that_held_only_the_token_goes_away() {
    let (remove, replace) =
        taken_out(&everywhere(), &[(":path", "/p?access_token=t"), ("cookie", "session=t")]);
    assert_eq!(remove, ["cookie"]);
    assert_eq!(replace, [(":path", "/p".to_owned())]);
}

fn words() -> impl Strategy<Value = String> {
    "[a-z0-9_%+.-]{1,6}"
}

proptest! {
    /// However a token's cookie or parameter stands among others, it goes, and they stay as they were.
    #[test]
    fn whatever_stands_beside_a_token_stays(
        before in proptest::collection::vec((words(), words()), 0..5),
        after in proptest::collection::vec((words(), words()), 0..5),
        in_query: bool,
    ) {
        let config = everywhere();
        let own = if in_query { "access_token" } else { "session" };
        let is_other = |pair: &&(String, String)| {
            let name = form_urlencoded::parse(pair.0.as_bytes()).next().map(|(name, _)| name.into_owned());
            name.as_deref() != Some(own) && pair.0 != own
        };
        let pairs = |list: &[(String, String)]| -> Vec<String> {
            list.iter().filter(is_other).map(|(name, value)| format!("{name}={value}")).collect()
        };
        let (before, after) = (pairs(&before), pairs(&after));
        let rest: Vec<String> = before.iter().chain(&after).cloned().collect();
        let all: Vec<String> = before.iter().cloned().chain([format!("{own}=a.b.c")]).chain(after).collect();
        let headers = if in_query {
            vec![(":path", format!("/orders?{}", all.join("&")))]
        } else {
            vec![("cookie", all.join("; "))]
        };
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        prop_assert_eq!(tokens(&config, &headers), Ok(vec!["a.b.c".to_owned()]));
        let expected = match (in_query, rest.is_empty()) {
            (true, true) => (vec![], vec![(":path", "/orders".to_owned())]),
            (true, false) => (vec![], vec![(":path", format!("/orders?{}", rest.join("&")))]),
            (false, true) => (vec!["cookie".to_owned()], vec![]),
            (false, false) => (vec![], vec![("cookie", rest.join("; "))]),
        };
        prop_assert_eq!(taken_out(&config, &headers), expected);
    }
}

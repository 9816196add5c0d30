use super::*;
use crate::Reason;
use crate::header_edits::{HeaderEdit, HeaderEdits};
use crate::header_uses::HeaderUses;
use attache_plugin_config::{
    Algorithm, CookieLocation, HeaderLocation, HeaderName, Issuer, IssuerId, Name,
};
use proptest::prelude::{prop_assert_eq, proptest};
use proptest::strategy::Strategy;

fn issuer(name: &str) -> Issuer {
    Issuer {
        name: Name::new(name).unwrap(),
        issuer: IssuerId::Exact(name.to_owned()),
        locations: IssuerLocations::default(),
        ..crate::token::testing::issuer(Algorithm::ES256)
    }
}

fn header(name: &str, prefix: &str) -> HeaderLocation {
    HeaderLocation { name: HeaderName::new(name).unwrap(), prefix: prefix.to_owned() }
}

fn in_headers(headers: Vec<HeaderLocation>) -> IssuerLocations {
    IssuerLocations { headers, ..IssuerLocations::default() }
}

fn cookie(name: &str, chunked: bool) -> CookieLocation {
    CookieLocation { name: name.to_owned(), chunked }
}

fn config(issuers: Vec<Issuer>) -> Config {
    Config { issuers, ..Config::default() }
}

/// One issuer that takes tokens everywhere.
fn everywhere() -> Config {
    let locations = IssuerLocations {
        headers: vec![header("authorization", "Bearer "), header("x-token", "")],
        cookies: vec![cookie("session", false)],
        params: vec!["access_token".to_owned()],
    };
    config(vec![Issuer { locations, ..issuer("everywhere") }])
}

type Map = Vec<(String, Vec<u8>)>;

fn map(headers: &[(&str, &str)]) -> Map {
    headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

fn tokens(config: &Config, headers: &[(&str, &str)]) -> Result<Vec<String>, Cause> {
    let map = map(headers);
    let request = HeaderUses::new(config).read(&map);
    let found = TokenLocations::new(config).find(&request)?;
    Ok(found
        .into_iter()
        .map(|found| String::from_utf8(found.token.into_owned()).unwrap())
        .collect())
}

/// Returns what is removed, and what is replaced, so that all tokens of a request are gone.
fn taken_out(config: &Config, headers: &[(&str, &str)]) -> (Vec<String>, Vec<(String, String)>) {
    taken_out_but(config, headers, &[])
}

/// Returns the same, where some tokens are stale and the others are forwarded, unless all are
/// hidden.
fn taken_out_but(
    config: &Config,
    headers: &[(&str, &str)],
    stale: &[&str],
) -> (Vec<String>, Vec<(String, String)>) {
    let map = map(headers);
    let request = HeaderUses::new(config).read(&map);
    let places = TokenLocations::new(config);
    let found = places.find(&request).unwrap();
    let is_stale =
        |found: &ExtractedToken<'_>| stale.iter().any(|stale| stale.as_bytes() == &*found.token);
    let (old, good): (Vec<_>, Vec<_>) = found.into_iter().partition(is_stale);
    let hidden: Vec<&ExtractedToken<'_>> = good.iter().filter(|_| stale.is_empty()).collect();
    let mut edits = HeaderEdits::default();
    places.strip(&request, &hidden, &old, request.path, &mut edits);
    sorted(&edits)
}

/// Returns what is removed, and what is set.
fn sorted(edits: &HeaderEdits<'_>) -> (Vec<String>, Vec<(String, String)>) {
    let (mut removed, mut set) = (Vec::new(), Vec::new());
    for edit in edits.iter() {
        match edit {
            HeaderEdit::Remove(name) => removed.push(name.to_owned()),
            HeaderEdit::Set(name, value) => {
                set.push((name.to_owned(), String::from_utf8(value.to_vec()).unwrap()));
            }
            HeaderEdit::Add(name, _) => panic!("{name} is added"),
        }
    }
    (removed, set)
}

#[test]
fn a_prefix_is_compared_without_letter_case_and_its_spaces_are_no_part_of_the_token() {
    for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c ", " Bearer a.b.c"] {
        assert_eq!(
            tokens(&everywhere(), &[("authorization", value)]).unwrap(),
            ["a.b.c"],
            "{value}"
        );
    }
}

proptest! {
    #[test]
    fn a_comma_is_seen_wherever_it_stands(value in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40), at in 0_usize..40) {
        prop_assert_eq!(holds_comma(&value), value.contains(&b','));
        let mut with = value;
        with.insert(at.min(with.len()), b',');
        proptest::prelude::prop_assert!(holds_comma(&with));
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
fn two_tokens_in_one_place_conflict_and_one_token_twice_does_not() {
    let cases: [(&[(&str, &str)], usize); 11] = [
        (&[("authorization", "Bearer a,Bearer b")], 0),
        (&[("authorization", "Basic a, Bearer b")], 1),
        (&[("authorization", "Bearer a, Bearer a")], 1),
        (&[("authorization", "Bearer a"), ("x-token", "b")], 2),
        (&[("authorization", "Bearer a"), ("authorization", "Bearer b")], 0),
        (&[("authorization", "Basic a"), ("authorization", "Bearer b")], 1),
        (&[("x-token", "a.b.c, d.e.f")], 0),
        (&[("authorization", "bearer a"), ("authorization", "Bearer  a")], 1),
        (&[(":path", "/?access_token=a&access_token=b")], 0),
        (&[("authorization", "Bearer a"), ("authorization", "Bearer a")], 1),
        (&[("cookie", "session=a; session=\"a\"")], 1),
    ];
    for (headers, expected) in cases {
        match tokens(&everywhere(), headers) {
            Err(cause) => {
                assert_eq!((cause.reason, expected), (Reason::TokensConflict, 0), "{headers:?}")
            }
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
        Issuer { locations: in_headers(vec![header("authorization", "Bearer ")]), ..issuer("a") },
        Issuer { locations: in_headers(vec![header("authorization", "")]), ..issuer("b") },
        Issuer { locations: in_headers(vec![header("authorization", "bearer ")]), ..issuer("c") },
    ]);
    let map = map(&[("authorization", "Bearer t")]);
    let request = HeaderUses::new(&config).read(&map);
    let found = TokenLocations::new(&config).find(&request).unwrap();
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
    assert_eq!(replace, expected.map(owned));
}

#[test]
fn a_cookie_header_or_a_query_that_held_only_the_token_goes_away() {
    let (remove, replace) =
        taken_out(&everywhere(), &[(":path", "/p?access_token=t"), ("cookie", "session=t")]);
    assert_eq!(remove, ["cookie"]);
    assert_eq!(replace, [owned((":path", "/p"))]);
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// One issuer that takes tokens where browsers can put them.
fn browser() -> Config {
    let locations = IssuerLocations {
        cookies: vec![cookie("session", true)],
        ..in_headers(vec![header("sec-websocket-protocol", "jwt."), header("x-token", "")])
    };
    config(vec![Issuer { locations, ..issuer("browser") }])
}

/// `{"alg":"ES256"}.{}.` and a signature.
const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln";

#[test]
fn only_the_token_leaves_a_list_of_protocols() {
    let value = format!("jwt.{JWT}");
    for (lines, rest) in [
        (vec![format!("graphql-ws, {value}")], Some("graphql-ws")),
        (vec![format!("{value},graphql-ws , soap")], Some("graphql-ws , soap")),
        (vec![format!("graphql-ws,{value}, soap")], Some("graphql-ws, soap")),
        (vec!["graphql-ws".to_owned(), value.clone()], Some("graphql-ws")),
        (vec![value.clone(), "v12.stomp, mqtt".to_owned()], Some("v12.stomp, mqtt")),
        (vec![format!("{value}, graphql-ws, {value}")], Some("graphql-ws")),
        (vec![format!("{value}, ")], None),
        (vec![value.clone(), value.clone()], None),
    ] {
        let headers: Vec<(&str, &str)> =
            lines.iter().map(|line| ("sec-websocket-protocol", line.as_str())).collect();
        assert_eq!(tokens(&browser(), &headers), Ok(vec![JWT.to_owned()]), "{lines:?}");
        let (remove, replace) = taken_out(&browser(), &headers);
        match rest {
            Some(rest) => {
                assert_eq!(replace, [owned(("sec-websocket-protocol", rest))], "{lines:?}")
            }
            None => assert_eq!(remove, ["sec-websocket-protocol"], "{lines:?}"),
        }
    }
    assert_eq!(tokens(&browser(), &[("sec-websocket-protocol", "graphql-ws, soap")]), Ok(vec![]));
}

#[test]
fn a_place_without_a_prefix_takes_the_element_that_has_the_form_of_a_token() {
    let value = format!("access_token, {JWT}");
    assert_eq!(tokens(&browser(), &[("x-token", &value)]), Ok(vec![JWT.to_owned()]));
    assert_eq!(
        taken_out(&browser(), &[("x-token", &value)]).1,
        [owned(("x-token", "access_token"))]
    );
    assert_eq!(tokens(&browser(), &[("x-token", "opaque, opaque")]), Ok(vec!["opaque".to_owned()]));
}

#[test]
fn what_a_service_could_take_for_another_token_never_stays_beside_one() {
    for (name, beside) in [
        ("sec-websocket-protocol", JWT.to_owned()),
        ("sec-websocket-protocol", format!("JWT.{JWT}x")),
        ("sec-websocket-protocol", format!("bearer.{JWT}")),
        ("sec-websocket-protocol", format!("token={JWT}")),
        ("sec-websocket-protocol", format!("jwt;{JWT}")),
        ("sec-websocket-protocol", format!("jwt-{JWT}")),
        // The header with white space around it, as readers of JSON take it.
        ("sec-websocket-protocol", "x.IHsiYWxnIjoiRVMyNTYifSA.e30.AA".to_owned()),
        ("authorization", format!("Basic {JWT}")),
        ("authorization", format!("Bearer\t{JWT}x")),
        ("authorization", "Bearer:opaque".to_owned()),
        ("authorization", "BEARER=opaque".to_owned()),
        ("authorization", "bearer".to_owned()),
    ] {
        let (config, value) = match name {
            "authorization" => (everywhere(), format!("Bearer {JWT}")),
            _ => (browser(), format!("jwt.{JWT}")),
        };
        for lines in [vec![format!("{value}, {beside}")], vec![beside.clone(), value.clone()]] {
            let headers: Vec<(&str, &str)> =
                lines.iter().map(|line| (name, line.as_str())).collect();
            let conflict = tokens(&config, &headers).unwrap_err();
            assert_eq!(conflict.detail, Some(Detail::HeaderTokensDiffer), "{lines:?}");
            assert_eq!(conflict.header(), Some(name), "{lines:?}");
        }
    }
}

#[test]
fn unseen_tokens_leave_lists_and_parts_too() {
    let headers = [
        ("sec-websocket-protocol", "graphql-ws, jwt.a, jwt.b"),
        ("x-token", "opaque, other"),
        ("cookie", "session_1=b; a=1; session_0=a"),
    ];
    let map = map(&headers);
    let request = HeaderUses::new(&browser()).read(&map);
    let places = TokenLocations::new(&browser());
    let found = places.occupied(&request, true);
    let mut edits = HeaderEdits::default();
    places.strip(&request, &found.iter().collect::<Vec<_>>(), &[], request.path, &mut edits);
    let (removed, set) = sorted(&edits);
    assert_eq!(removed, ["x-token"]);
    assert_eq!(
        set,
        [("sec-websocket-protocol", "graphql-ws"), ("cookie", "a=1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn a_credential_of_another_scheme_stays() {
    let headers = [("authorization", "Basic YTpi"), ("authorization", "Bearer t")];
    assert_eq!(tokens(&everywhere(), &headers), Ok(vec!["t".to_owned()]));
    assert_eq!(taken_out(&everywhere(), &headers).1, [owned(("authorization", "Basic YTpi"))]);
    let digest = r#"Digest username="a,b", realm="c",Bearer t"#;
    let rest = r#"Digest username="a,b", realm="c""#;
    assert_eq!(
        taken_out(&everywhere(), &[("authorization", digest)]).1,
        [owned(("authorization", rest))]
    );
}

#[test]
fn cookies_of_one_name_are_rivals_up_to_a_bound() {
    for cookies in [
        "session=a; session=b",
        "session=a; session_0=b",
        "session=a; x=y; session_1=c; session_0=b",
    ] {
        let map = map(&[("cookie", cookies)]);
        let request = HeaderUses::new(&browser()).read(&map);
        let found = TokenLocations::new(&browser()).find(&request).unwrap();
        assert_eq!(found.len(), 2, "{cookies}");
        assert!(
            found.iter().all(|one| one.has_rival) && found[0].is_rival_of(&found[1]),
            "{cookies}"
        );
    }
    assert_eq!(
        tokens(&browser(), &[("cookie", "session=a; session=\"a\"; session=")]).unwrap(),
        ["a"]
    );
    assert_eq!(tokens(&browser(), &[("cookie", "session=a; session_0=a")]).unwrap(), ["a"]);
    assert_eq!(
        tokens(&everywhere(), &[("x-token", "a"), ("cookie", "session=b")]).unwrap().len(),
        2
    );
    let many = |count: usize| {
        (0..count).map(|index| format!("session={index}")).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(tokens(&browser(), &[("cookie", &many(4))]).unwrap().len(), 4);
    let conflict = tokens(&browser(), &[("cookie", &many(5))]).unwrap_err();
    assert_eq!(conflict.detail, Some(Detail::CookieTokensDiffer));
}

#[test]
fn a_stale_token_goes_and_the_good_one_of_its_name_stays() {
    let cookies =
        [("cookie", "a=1; session=old; session=new; session_0=cut; session_1=up; session_2=; b=2")];
    let (remove, replace) = taken_out_but(&browser(), &cookies, &["old", "cutup"]);
    assert_eq!((remove, replace), (vec![], vec![owned(("cookie", "a=1; session=new; b=2"))]));
    let (_, replace) = taken_out_but(&browser(), &cookies, &["old", "new"]);
    let expected = "a=1; session_0=cut; session_1=up; session_2=; b=2";
    assert_eq!(replace, [owned(("cookie", expected))]);
    // Hidden, everything of that name goes.
    assert_eq!(taken_out(&browser(), &cookies).1, [owned(("cookie", "a=1; b=2"))]);
}

#[test]
fn parts_are_joined_by_their_numbers() {
    for (cookies, expected) in [
        ("session_0=a.; session_1=b.; session_2=c", Ok(vec!["a.b.c"])),
        ("session_2=c; x=1; session_0=\"a.\"; session_1=b.", Ok(vec!["a.b.c"])),
        ("session_0=a; session_0=a", Ok(vec!["a"])),
        ("session_0=a; session_1=", Ok(vec!["a"])),
        ("session_0=; session_1=", Ok(vec![])),
        ("session_00=a; session_01=b", Ok(vec![])),
        ("session_=a; session_x=b; session-0=c; xsession_0=d; SESSION_0=e", Ok(vec![])),
        ("session_1=b", Err(Some(Detail::CookiePartMissing))),
        ("session_0=a; session_2=c", Err(Some(Detail::CookiePartMissing))),
        ("session_0=a; session_1=; session_2=c", Err(Some(Detail::CookiePartMissing))),
        ("session_0=a; session_0=b", Err(Some(Detail::CookieTokensDiffer))),
        ("session_0=a; session_32=b", Err(None)),
        ("session_0=a; session_99999999999999999999999=b", Err(None)),
    ] {
        let found = tokens(&browser(), &[("cookie", cookies)]).map_err(|cause| cause.detail);
        let expected = expected.map(|tokens| tokens.into_iter().map(str::to_owned).collect());
        assert_eq!(found, expected, "{cookies}");
    }
    assert_eq!(
        tokens(&everywhere(), &[("cookie", "session_0=a")]),
        Ok(vec![]),
        "only where it is said"
    );
    let too_many = tokens(&browser(), &[("cookie", "session_32=b")]).unwrap_err();
    assert_eq!(too_many.reason, Reason::TokenTooLarge);
}

#[test]
fn all_parts_are_taken_out_whatever_their_numbers() {
    let cookies = "session_0=a; a=1; session_1=b; session_007=x; session_2=; session_x=y; session=";
    let (_, replace) = taken_out(&browser(), &[("cookie", cookies)]);
    assert_eq!(replace, [owned(("cookie", "a=1; session_x=y"))]);
}

fn words() -> impl Strategy<Value = String> {
    "[a-z0-9_%+.-]{1,6}"
}

proptest! {
    /// However a token is cut and its parts are shuffled among other cookies, it is read whole and
    /// goes whole.
    #[test]
    fn a_token_is_read_from_its_parts_in_any_order(
        token in "[a-zA-Z0-9_.-]{1,200}",
        size in 7_usize..40,
        others in proptest::collection::vec(words(), 0..4),
        seed: u64,
    ) {
        let parts = token.as_bytes().chunks(size).enumerate();
        let mut pairs: Vec<String> = parts
            .map(|(number, part)| format!("session_{number}={}", str::from_utf8(part).unwrap()))
            .chain(others.iter().map(|word| format!("o{word}=1")))
            .collect();
        let mut state = seed;
        pairs.sort_by_cached_key(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state
        });
        let rest: Vec<String> = pairs.iter().filter(|pair| pair.starts_with('o')).cloned().collect();
        let cookies = pairs.join("; ");
        prop_assert_eq!(tokens(&browser(), &[("cookie", &cookies)]), Ok(vec![token]));
        let (remove, replace) = taken_out(&browser(), &[("cookie", &cookies)]);
        let kept = replace.first().map(|(_, value)| value.clone());
        prop_assert_eq!((kept, remove.is_empty()), (Some(rest.join("; ")).filter(|_| !rest.is_empty()), !rest.is_empty()));
    }

    /// A list never yields a token while another JWT stays in it, wherever the two stand.
    #[test]
    fn no_other_jwt_stays_in_a_list(
        before in "[a-z.=;: ]{0,8}",
        after in "[.=;: ]?[a-z]{0,4}",
        first: bool,
    ) {
        let other = format!("{before}{JWT}x{after}");
        let own = format!("jwt.{JWT}");
        let value = if first { format!("{other},{own}") } else { format!("{own}, {other}") };
        let found = tokens(&browser(), &[("sec-websocket-protocol", &value)]);
        prop_assert_eq!(found.map_err(|cause| cause.reason), Err(Reason::TokensConflict), "{}", value);
    }

    /// However a token's cookie or parameter stands among others, it goes, and they stay as they
    /// were.
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
            (true, true) => (vec![], vec![owned((":path", "/orders"))]),
            (true, false) => (vec![], vec![(":path".to_owned(), format!("/orders?{}", rest.join("&")))]),
            (false, true) => (vec!["cookie".to_owned()], vec![]),
            (false, false) => (vec![], vec![("cookie".to_owned(), rest.join("; "))]),
        };
        prop_assert_eq!(taken_out(&config, &headers), expected);
    }
}

use super::super::MAX_BODY;
use super::*;
use crate::testing::Table;
use attache_plugin_config::{OnKeysUnavailable, Refresh};
use proptest::prelude::*;
use std::cell::RefCell;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const ISSUER: &str = "https://id.example";

/// Three keys on P-256.
const POINTS: [(&str, &str); 3] = [
    ("CnrVZrqW7MNF8IJk_TMuc0ZpeX_MlvFXNBf8OdNM1_U", "5Gy5BqgsLm1-e19e-RSC2yVvZyQkYwax6ORB3fuIBys"),
    ("VhBOHOXZ5j2_XMfx4RyrysdTcpkLeox5T8KR9-7S4a4", "RkK_Rm-14byznetaTXR1kTpAXrZ1p4yXYWuyV7_gid8"),
    ("WyIROEh8EGlSwpPJZBHZaXSCr_2X4H7bHsb65fvNJqg", "YH_9JK9gKR7zVzNps172JBYK38H_3LblqXbkmwv-7NE"),
];

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn key(kid: &str, point: usize) -> String {
    let (x, y) = POINTS[point];
    format!(r#"{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"{x}","y":"{y}"}}"#)
}

fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn answer(headers: &[(&str, &str)], body: &str) -> Response {
    let mut all = vec![(":status".to_owned(), b"200".to_vec())];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())));
    Response { headers: all, body: body.as_bytes().to_vec() }
}

fn status(status: &str) -> Response {
    Response { headers: vec![(":status".to_owned(), status.as_bytes().to_vec())], body: Vec::new() }
}

fn source(location: KeyLocation, cluster: Option<String>) -> RemoteKeys {
    RemoteKeys {
        location,
        cluster,
        jwks_hosts: Vec::new(),
        refresh: Refresh::default(),
        on_keys_unavailable: OnKeysUnavailable::Deny,
    }
}

fn refresher(seed: u64) -> JwksRefresher {
    let location = KeyLocation::JwksUri(HttpUrl::parse("https://id.example/jwks").unwrap());
    JwksRefresher::new(ISSUER, &source(location, None), seed)
}

fn discovering(cluster: Option<&str>) -> JwksRefresher {
    let location = KeyLocation::Discovery(
        HttpUrl::parse("https://id.example/.well-known/openid-configuration").unwrap(),
    );
    JwksRefresher::new(ISSUER, &source(location, cluster.map(str::to_owned)), 1)
}

/// Discovery may lead to these hosts too.
fn discovering_at(hosts: &[&str]) -> JwksRefresher {
    let url = HttpUrl::parse("https://id.example/.well-known/openid-configuration").unwrap();
    let jwks_hosts = hosts.iter().map(|&host| host.to_owned()).collect();
    let source = RemoteKeys { jwks_hosts, ..source(KeyLocation::Discovery(url), None) };
    JwksRefresher::new(ISSUER, &source, 1)
}

fn done(progress: Progress) -> FetchReport {
    match progress {
        Progress::Done(report) => report,
        Progress::Ask(fetch) => panic!("asks on: {fetch:?}"),
    }
}

fn ask(refresher: &mut JwksRefresher, now: UnixMillis, store: &Table) -> Fetch {
    refresher.begin(now, false, store).expect("an attempt is due")
}

/// Has the refresher ask and gives it this answer.
fn fetch(
    refresher: &mut JwksRefresher,
    response: &Response,
    now: UnixMillis,
    store: &Table,
) -> FetchReport {
    ask(refresher, now, store);
    done(refresher.answer(Some(response), now, store))
}

fn kids(refresher: &JwksRefresher) -> Vec<String> {
    refresher.keys().map(|keys| keys.key_ids().map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn the_first_set_is_fetched_at_once_by_one_worker_and_read_by_the_others() {
    let (store, mut one, mut other) = (Table::default(), refresher(1), refresher(2));
    let fetch = ask(&mut one, NOW, &store);
    assert_eq!(fetch.cluster, "outbound|443||id.example");
    assert_eq!(other.begin(NOW, true, &store), None, "one asks for all");

    let report =
        done(one.answer(Some(&answer(&[], &set(&[key("a", 0), key("b", 1)]))), NOW, &store));
    assert_eq!(report.outcome, FetchOutcome::Updated);
    assert_eq!(report.change.unwrap().added, ["a", "b"]);
    assert_eq!(kids(&one), ["a", "b"]);

    assert!(kids(&other).is_empty());
    other.sync(NOW, &store);
    assert_eq!(kids(&other), ["a", "b"]);
    let before = other.keys().map(Rc::clone);
    other.sync(NOW, &store);
    assert!(
        before
            .as_ref()
            .is_some_and(|before| other.keys().is_some_and(|keys| Rc::ptr_eq(before, keys)))
    );
}

/// A store on which something happens after the first look at it.
struct Interrupted<'a> {
    store: &'a Table,
    interruption: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
}

impl SharedStore for Interrupted<'_> {
    fn read(&self, key: &str) -> Option<(Vec<u8>, Option<u32>)> {
        let value = self.store.read(key);
        if let Some(interruption) = self.interruption.take() {
            interruption();
        }
        value
    }

    fn compare_and_set(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        self.store.compare_and_set(key, value, version)
    }
}

#[test]
fn of_two_workers_that_begin_at_once_one_asks() {
    let store = Table::default();
    // The first time there is nothing to be seen; a day later there is what was.
    for now in [NOW, NOW.plus(seconds(24 * 60 * 60))] {
        let (mut one, mut other) = (refresher(1), refresher(2));
        let interruption: Box<dyn FnOnce()> = Box::new(|| _ = ask(&mut other, now, &store));
        let interrupted =
            Interrupted { store: &store, interruption: RefCell::new(Some(interruption)) };
        assert_eq!(one.begin(now, false, &interrupted), None);
        drop(interrupted);
        let report = done(other.answer(Some(&answer(&[], &set(&[key("a", 0)]))), now, &store));
        assert!(report.outcome.is_good(), "{report:?}");
    }
}

#[test]
fn who_learns_that_the_provider_was_asked_learns_what_it_said() {
    let (store, mut one, mut other) = (Table::default(), refresher(1), refresher(2));
    fetch(&mut one, &answer(&[], &set(&[key("a", 0)])), NOW, &store);
    assert_eq!(other.begin(NOW, true, &store), None);
    assert_eq!(kids(&other), ["a"], "a token of it would be refused without a wait");
}

#[test]
fn a_new_configuration_takes_over_what_the_old_one_fetched() {
    let store = Table::default();
    fetch(&mut refresher(1), &answer(&[], &set(&[key("a", 0)])), NOW, &store);
    let mut next = refresher(2);
    next.sync(NOW.plus(seconds(60)), &store);
    assert_eq!(kids(&next), ["a"]);
    assert_eq!(next.begin(NOW.plus(seconds(60)), false, &store), None);
    // One that asks elsewhere does not.
    let mut elsewhere = discovering(None);
    elsewhere.sync(NOW, &store);
    assert!(elsewhere.keys().is_none());
    assert!(elsewhere.begin(NOW, false, &store).is_some());
    assert_eq!(store.keys().len(), 3, "two records of one source, and the state of the other");
}

#[test]
fn a_rotation_names_what_came_and_went() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    fetch(&mut refresher, &answer(&[], &set(&[key("a", 0), key("b", 1)])), NOW, &store);
    let later = NOW.plus(seconds(300));
    let report =
        fetch(&mut refresher, &answer(&[], &set(&[key("b", 1), key("c", 2)])), later, &store);
    let change = report.change.unwrap();
    assert_eq!((change.added, change.removed), (vec!["c".to_owned()], vec!["a".to_owned()]));
    // A kid that stays while its key changes is both.
    let later = later.plus(seconds(300));
    let report =
        fetch(&mut refresher, &answer(&[], &set(&[key("b", 0), key("c", 2)])), later, &store);
    let change = report.change.unwrap();
    assert_eq!((change.added, change.removed), (vec!["b".to_owned()], vec!["b".to_owned()]));
}

#[test]
fn the_same_set_again_is_no_change() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    fetch(&mut refresher, &answer(&[], &set(&[key("a", 0), key("b", 1)])), NOW, &store);
    let mut later = NOW;
    for body in [set(&[key("a", 0), key("b", 1)]), set(&[key("b", 1), key("a", 0)])] {
        later = later.plus(seconds(1000));
        let report = fetch(&mut refresher, &answer(&[], &body), later, &store);
        assert_eq!((report.outcome, report.change), (FetchOutcome::Unchanged, None));
        assert_eq!(refresher.age(later), Some(Duration::ZERO));
    }
}

#[test]
fn an_etag_saves_the_body() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    fetch(&mut refresher, &answer(&[("etag", "\"1\"")], &set(&[key("a", 0)])), NOW, &store);
    let later = NOW.plus(seconds(300));
    let question = ask(&mut refresher, later, &store);
    assert!(question.headers.contains(&("if-none-match", "\"1\"".to_owned())));
    let report = done(refresher.answer(Some(&status("304")), later, &store));
    assert_eq!((report.outcome, report.change), (FetchOutcome::NotModified, None));
    assert_eq!(refresher.age(later), Some(Duration::ZERO));
    assert_eq!(kids(&refresher), ["a"]);
}

#[test]
fn a_304_nobody_asked_for_is_no_answer() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    assert_eq!(fetch(&mut refresher, &status("304"), NOW, &store).outcome, FetchOutcome::BadStatus);
}

#[test]
fn no_bad_answer_touches_the_keys() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    fetch(&mut refresher, &answer(&[], &set(&[key("a", 0)])), NOW, &store);
    let good = set(&[key("b", 1), key("c", 2)]);
    let private = good.replacen("{\"kty\"", "{\"d\":\"AQ\",\"kty\"", 1);
    let off_curve = set(&[key("b", 1).replacen(POINTS[1].1, POINTS[2].1, 1)]);
    let long = " ".repeat(MAX_BODY + 1);
    let cut = good.strip_suffix("]}").unwrap();
    let cases = [
        (status("500"), FetchOutcome::BadStatus),
        (status("302"), FetchOutcome::Redirect),
        (Response::default(), FetchOutcome::NoAnswer),
        (answer(&[("content-encoding", "gzip")], "\x1f"), FetchOutcome::Encoded),
        (answer(&[], &long), FetchOutcome::TooLarge),
        (answer(&[], "<html>"), FetchOutcome::NotJson),
        (answer(&[], cut), FetchOutcome::NotJson),
        (answer(&[], ""), FetchOutcome::NotJson),
        (answer(&[], "{}"), FetchOutcome::BadKeys),
        (answer(&[], r#"{"keys":[]}"#), FetchOutcome::BadKeys),
        (answer(&[], &private), FetchOutcome::BadKeys),
        (answer(&[], &off_curve), FetchOutcome::BadKeys),
        (
            answer(&[], "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
            FetchOutcome::BadKeys,
        ),
    ];
    let mut now = NOW.plus(seconds(300));
    for (response, outcome) in cases {
        let report = fetch(&mut refresher, &response, now, &store);
        assert_eq!(report.outcome, outcome, "{}", report.detail);
        assert!(!report.detail.is_empty() && report.change.is_none());
        assert_eq!(kids(&refresher), ["a"]);
        now = now.plus(seconds(1000));
    }
    ask(&mut refresher, now, &store);
    assert_eq!(done(refresher.answer(None, now, &store)).outcome, FetchOutcome::NotSent);
    assert_eq!(kids(&refresher), ["a"]);
}

#[test]
fn keys_of_no_use_are_skipped_and_named() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    let encryption = r#"{"kty":"RSA","use":"enc","kid":"enc","n":"AQ","e":"AQAB"}"#.to_owned();
    let unknown = r#"{"kty":"AKP","kid":"pq"}"#.to_owned();
    let report =
        fetch(&mut refresher, &answer(&[], &set(&[encryption, unknown, key("a", 0)])), NOW, &store);
    assert_eq!(report.outcome, FetchOutcome::Updated);
    let skipped: Vec<_> = report.skipped.iter().filter_map(|key| key.key_id.as_deref()).collect();
    assert_eq!(skipped, ["enc", "pq"]);
    assert_eq!(kids(&refresher), ["a"]);
}

#[test]
fn a_set_is_taken_whatever_it_is_said_to_be() {
    let pem = include_str!("../../../../testing/fixtures/providers/aws-alb/public-key.pem");
    let certificates = include_str!("../../../../testing/fixtures/providers/firebase/x509.json");
    let good = set(&[key("a", 0)]);
    for (content_type, body, count) in [
        ("text/html; charset=utf-8", good.clone(), 1),
        ("application/json", format!("\u{feff}{good}"), 1),
        ("application/jwk-set+json", key("a", 0), 1),
        ("text/plain", pem.to_owned(), 1),
        ("binary/octet-stream", certificates.to_owned(), 2),
    ] {
        let (store, mut one, mut other) = (Table::default(), refresher(1), refresher(2));
        let report =
            fetch(&mut one, &answer(&[("content-type", content_type)], &body), NOW, &store);
        assert_eq!(
            (report.outcome, report.skipped),
            (FetchOutcome::Updated, vec![]),
            "{content_type}"
        );
        other.sync(NOW, &store);
        for refresher in [&one, &other] {
            assert_eq!(
                refresher.keys().map(|keys| keys.entries().count()),
                Some(count),
                "{content_type}"
            );
        }
    }
}

#[test]
fn what_cannot_be_used_says_why_and_keeps_no_key_away() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    let good = key("new", 0);
    let mut odd = key("odd", 1);
    odd = odd.replacen("\"x\":\"", "\"x\":\"AQEB", 1);
    let off_curve = key("off", 0).replacen(POINTS[0].1, POINTS[2].1, 1);
    let secret = r#"{"kty":"oct","kid":"secret","k":"AAAA"}"#.to_owned();
    let twice = [good.clone(), good.clone(), odd.clone(), off_curve.clone(), secret.clone()];
    let report = fetch(&mut refresher, &answer(&[], &set(&twice)), NOW, &store);
    assert_eq!((report.outcome, kids(&refresher)), (FetchOutcome::Updated, vec!["new".to_owned()]));
    let places: Vec<_> =
        report.skipped.iter().map(|skipped| skipped.reason.path.to_string()).collect();
    assert_eq!(places, ["keys[1]", "keys[2].x", "keys[4].kty", "keys[3]"]);
    let unfit =
        fetch(&mut refresher, &answer(&[], &set(&[odd, secret])), NOW.plus(seconds(300)), &store);
    assert_eq!(unfit.outcome, FetchOutcome::BadKeys);
    assert!(
        unfit.detail.starts_with(
            "keys: none of 2 keys can verify a signature here; keys[0].x: a coordinate"
        )
    );
    let unfit =
        fetch(&mut refresher, &answer(&[], &set(&[off_curve])), NOW.plus(seconds(900)), &store);
    assert_eq!(unfit.outcome, FetchOutcome::BadKeys);
    assert!(
        unfit.detail.starts_with("keys[0]: `x` and `y` are no point on this curve"),
        "{}",
        unfit.detail
    );
    assert_eq!(kids(&refresher), ["new"], "the last good keys hold");
}

#[test]
fn discovery_leads_to_the_keys() {
    let store = Table::default();
    let mut refresher = discovering_at(&["keys.example:8443"]);
    let first = ask(&mut refresher, NOW, &store);
    assert!(first.headers.contains(&(":path", "/.well-known/openid-configuration".to_owned())));
    let document =
        r#"{"issuer":"https://id.example","jwks_uri":"https://keys.example:8443/certs"}"#;
    let Progress::Ask(second) = refresher.answer(Some(&answer(&[], document)), NOW, &store) else {
        panic!("it stops")
    };
    assert_eq!(second.cluster, "outbound|8443||keys.example");
    assert!(second.headers.contains(&(":authority", "keys.example:8443".to_owned())));
    let report = done(refresher.answer(Some(&answer(&[], &set(&[key("a", 0)]))), NOW, &store));
    assert_eq!(report.outcome, FetchOutcome::Updated);
}

#[test]
fn a_document_of_another_issuer_leads_nowhere() {
    let (store, mut refresher) = (Table::default(), discovering(None));
    let document = r#"{"issuer":"https://evil.example","jwks_uri":"https://id.example/certs"}"#;
    let report = fetch(&mut refresher, &answer(&[], document), NOW, &store);
    assert_eq!(report.outcome, FetchOutcome::BadDiscovery);
}

#[test]
fn a_named_cluster_is_for_one_host() {
    let store = Table::default();
    let mut refresher = discovering(Some("provider"));
    assert_eq!(ask(&mut refresher, NOW, &store).cluster, "provider");
    let document = r#"{"issuer":"https://id.example","jwks_uri":"https://id.example/certs"}"#;
    let Progress::Ask(second) = refresher.answer(Some(&answer(&[], document)), NOW, &store) else {
        panic!("it stops")
    };
    assert_eq!(second.cluster, "provider");
    done(refresher.answer(Some(&status("500")), NOW, &store));
    let document = r#"{"issuer":"https://id.example","jwks_uri":"https://keys.example/certs"}"#;
    let report = fetch(&mut refresher, &answer(&[], document), NOW.plus(seconds(10)), &store);
    assert_eq!(report.outcome, FetchOutcome::BadDiscovery);
}

#[test]
fn what_a_host_served_is_worth_nothing_once_the_host_may_not_be_named() {
    let store = Table::default();
    let mut refresher = discovering_at(&["keys.example"]);
    ask(&mut refresher, NOW, &store);
    let document = r#"{"issuer":"https://id.example","jwks_uri":"https://keys.example/certs"}"#;
    refresher.answer(Some(&answer(&[], document)), NOW, &store);
    let report = done(refresher.answer(Some(&answer(&[], &set(&[key("a", 0)]))), NOW, &store));
    assert_eq!(report.outcome, FetchOutcome::Updated);
    let mut narrower = discovering(None);
    narrower.sync(NOW, &store);
    assert!(narrower.keys().is_none());
}

#[test]
fn keys_outlive_an_outage_for_as_long_as_they_may() {
    let (store, mut one, mut other) = (Table::default(), refresher(1), refresher(2));
    fetch(&mut one, &answer(&[], &set(&[key("a", 0)])), NOW, &store);
    let day = seconds(24 * 60 * 60);
    for refresher in [&mut one, &mut other] {
        refresher.sync(NOW.plus(day), &store);
        assert_eq!(kids(refresher), ["a"]);
        refresher.sync(NOW.plus(day).plus(Duration::from_millis(1)), &store);
        assert!(refresher.keys().is_none());
    }
    // The same set, spoken for again, holds again: for both.
    let later = NOW.plus(day).plus(seconds(1));
    fetch(&mut one, &answer(&[], &set(&[key("a", 0)])), later, &store);
    other.sync(later, &store);
    assert_eq!([kids(&one), kids(&other)], [["a"], ["a"]]);
}

#[test]
fn a_worker_that_dies_is_replaced_and_its_late_answer_ignored() {
    let (store, mut slow, mut other) = (Table::default(), refresher(1), refresher(2));
    ask(&mut slow, NOW, &store);
    let later = NOW.plus(seconds(6));
    fetch(&mut other, &answer(&[], &set(&[key("b", 1)])), later, &store);
    let report = done(slow.answer(Some(&answer(&[], &set(&[key("a", 0)]))), later, &store));
    assert_eq!(report.outcome, FetchOutcome::Late);
    assert_eq!([kids(&slow), kids(&other)], [["b"], ["b"]]);
}

#[test]
fn unknown_key_ids_cause_one_question_in_a_while() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    let same = answer(&[], &set(&[key("a", 0)]));
    fetch(&mut refresher, &same, NOW, &store);
    let mut asked = Vec::new();
    // A request with an unknown kid every 100 milliseconds, for a minute.
    for step in 1..=600 {
        let now = NOW.plus(Duration::from_millis(step * 100));
        if refresher.begin(now, true, &store).is_some() {
            done(refresher.answer(Some(&same), now, &store));
            asked.push(now.since(NOW).as_secs());
        }
    }
    assert_eq!(asked, [10, 20, 30, 40, 50, 60]);
}

#[test]
fn it_helps_to_wait_for_a_question_that_will_still_be_asked() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    assert_eq!(
        refresher.wait_decision(MissingKeys::Keys, NOW, NOW),
        WaitDecision::Wait,
        "none was asked yet"
    );
    let same = answer(&[], &set(&[key("a", 0)]));
    fetch(&mut refresher, &same, NOW, &store);

    let at = |millis| NOW.plus(Duration::from_millis(millis));
    let wait_decision = |refresher: &JwksRefresher, arrived: u64, now: u64| {
        refresher.wait_decision(MissingKeys::KeyId, at(arrived), at(now))
    };
    assert_eq!(
        wait_decision(&refresher, 1_000, 1_000),
        WaitDecision::GiveUp(seconds(9)),
        "the next comes too late for it"
    );
    assert_eq!(wait_decision(&refresher, 5_001, 5_001), WaitDecision::Wait);
    assert_eq!(
        wait_decision(&refresher, 5_001, 10_001),
        WaitDecision::GiveUp(Duration::ZERO),
        "it has waited long enough"
    );

    refresher.begin(at(10_000), true, &store).expect("requests wait");
    assert_eq!(wait_decision(&refresher, 5_001, 10_000), WaitDecision::Wait, "it is being asked");
    done(refresher.answer(Some(&same), at(10_500), &store));
    assert_eq!(
        wait_decision(&refresher, 5_001, 10_500),
        WaitDecision::GiveUp(Duration::from_millis(9_500)),
        "that was the answer"
    );
    assert_eq!(
        wait_decision(&refresher, 10_200, 10_500),
        WaitDecision::GiveUp(Duration::from_millis(9_500))
    );
    assert_eq!(wait_decision(&refresher, 15_100, 15_100), WaitDecision::Wait);
}

#[test]
fn without_any_keys_a_retry_is_worth_waiting_for() {
    let (store, mut refresher) = (Table::default(), refresher(1));
    fetch(&mut refresher, &status("500"), NOW, &store);
    assert_eq!(
        refresher.wait_decision(MissingKeys::Keys, NOW, NOW),
        WaitDecision::Wait,
        "the next comes in one to one and a half seconds"
    );
    let mut now = NOW;
    for _ in 0..5 {
        now = now.plus(seconds(1000));
        fetch(&mut refresher, &status("500"), now, &store);
    }
    let WaitDecision::GiveUp(after) = refresher.wait_decision(MissingKeys::Keys, now, now) else {
        panic!("waits in vain")
    };
    assert_eq!(after, seconds(10), "then requests may cause one");
}

#[test]
fn records_that_others_wrote_do_no_harm() {
    let (store, mut other, mut refresher) = (Table::default(), refresher(2), refresher(1));
    fetch(&mut refresher, &answer(&[], &set(&[key("a", 0)])), NOW, &store);
    for record in store.keys() {
        store.compare_and_set(&record, b"something else", None);
    }
    refresher.sync(NOW, &store);
    assert_eq!(kids(&refresher), ["a"]);
    let report =
        fetch(&mut refresher, &answer(&[], &set(&[key("b", 1)])), NOW.plus(seconds(1)), &store);
    assert_eq!(report.outcome, FetchOutcome::Updated);
    other.sync(NOW.plus(seconds(1)), &store);
    assert_eq!(kids(&other), ["b"]);
}

/// One step of three workers and a provider.
#[derive(Clone, Copy, Debug)]
enum Event {
    Pass(u64),
    Look { worker: usize, demand: bool },
    Answer { worker: usize, good: bool },
    Rotate,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        prop_oneof![0_u64..2_000, 0_u64..400_000, Just(90_000_000)].prop_map(Event::Pass),
        (0_usize..3, any::<bool>()).prop_map(|(worker, demand)| Event::Look { worker, demand }),
        (0_usize..3, prop::bool::weighted(0.7))
            .prop_map(|(worker, good)| Event::Answer { worker, good }),
        Just(Event::Rotate),
    ]
}

proptest! {
    #[test]
    fn workers_agree_whatever_happens(events in proptest::collection::vec(event(), 1..120)) {
        let store = Table::default();
        let mut workers = [refresher(1), refresher(2), refresher(3)];
        // What each was sent, and when it asked.
        let mut asked: [Option<(UnixMillis, usize)>; 3] = [None; 3];
        let (mut now, mut version) = (NOW, 0_usize);
        let mut last_asked: Option<UnixMillis> = None;
        let versions = [set(&[key("0", 0)]), set(&[key("1", 1)]), set(&[key("2", 2)])];
        for event in events {
            match event {
                Event::Pass(millis) => now = now.plus(Duration::from_millis(millis)),
                Event::Rotate => version = version.wrapping_add(1),
                Event::Look { worker, demand } => {
                    workers[worker].sync(now, &store);
                    if workers[worker].begin(now, demand, &store).is_some() {
                        // Nobody asks twice within the shortest time between two questions, nor
                        // beside another.
                        if let Some(last) = last_asked {
                            prop_assert!(now.since(last) >= seconds(1));
                        }
                        for (started, _) in asked.iter().flatten() {
                            prop_assert!(now.since(*started) >= seconds(6), "two ask at a time");
                        }
                        last_asked = Some(now);
                        asked[worker] = Some((now, version));
                    }
                }
                Event::Answer { worker, good } => {
                    let Some((_, sent)) = asked[worker].take() else { continue };
                    let response = if good { answer(&[], &versions[sent % 3]) } else { status("503") };
                    let report = done(workers[worker].answer(Some(&response), now, &store));
                    if report.outcome.is_good() {
                        // Whoever looks sees the new set at once, and only that.
                        for other in &mut workers {
                            other.sync(now, &store);
                            prop_assert_eq!(kids(other), [(sent % 3).to_string()]);
                        }
                    }
                }
            }
            for worker in &mut workers {
                worker.sync(now, &store);
                prop_assert!(worker.age(now).is_none_or(|age| age <= seconds(24 * 60 * 60)));
            }
            let held = workers.each_ref().map(kids);
            prop_assert!(held[0] == held[1] && held[1] == held[2], "{:?}", held);
        }
    }
}

use super::super::LONGEST_BODY;
use super::super::board::testing::Table;
use super::*;
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

fn keeper(seed: u64) -> Keeper {
    let location = KeyLocation::JwksUri(HttpUrl::parse("https://id.example/jwks").unwrap());
    Keeper::new(ISSUER, &source(location, None), seed)
}

fn discovering(cluster: Option<&str>) -> Keeper {
    let location = KeyLocation::Discovery(
        HttpUrl::parse("https://id.example/.well-known/openid-configuration").unwrap(),
    );
    Keeper::new(ISSUER, &source(location, cluster.map(str::to_owned)), 1)
}

/// Discovery may lead to these hosts too.
fn discovering_at(hosts: &[&str]) -> Keeper {
    let url = HttpUrl::parse("https://id.example/.well-known/openid-configuration").unwrap();
    let jwks_hosts = hosts.iter().map(|&host| host.to_owned()).collect();
    let source = RemoteKeys { jwks_hosts, ..source(KeyLocation::Discovery(url), None) };
    Keeper::new(ISSUER, &source, 1)
}

fn done(progress: Progress) -> Report {
    match progress {
        Progress::Done(report) => report,
        Progress::Ask(fetch) => panic!("asks on: {fetch:?}"),
    }
}

fn ask(keeper: &mut Keeper, now: UnixMillis, board: &Table) -> Fetch {
    keeper.begin(now, false, board).expect("an attempt is due")
}

/// Has the keeper ask and gives it this answer.
fn fetch(keeper: &mut Keeper, response: &Response, now: UnixMillis, board: &Table) -> Report {
    ask(keeper, now, board);
    done(keeper.answer(Some(response), now, board))
}

fn kids(keeper: &Keeper) -> Vec<String> {
    keeper.keys().map(|keys| keys.key_ids().map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn the_first_set_is_fetched_at_once_by_one_worker_and_read_by_the_others() {
    let (board, mut one, mut other) = (Table::default(), keeper(1), keeper(2));
    let fetch = ask(&mut one, NOW, &board);
    assert_eq!(fetch.cluster, "outbound|443||id.example");
    assert_eq!(other.begin(NOW, true, &board), None, "one asks for all");

    let report = done(one.answer(Some(&answer(&[], &set(&[key("a", 0), key("b", 1)]))), NOW, &board));
    assert_eq!(report.outcome, FetchOutcome::Updated);
    assert_eq!(report.change.unwrap().added, ["a", "b"]);
    assert_eq!(kids(&one), ["a", "b"]);

    assert!(kids(&other).is_empty());
    other.sync(NOW, &board);
    assert_eq!(kids(&other), ["a", "b"]);
    let before = other.keys().map(Rc::clone);
    other.sync(NOW, &board);
    assert!(before.as_ref().is_some_and(|before| other.keys().is_some_and(|keys| Rc::ptr_eq(before, keys))));
}

/// A board on which something happens after the first look at it.
struct Interrupted<'a> {
    board: &'a Table,
    interruption: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
}

impl Board for Interrupted<'_> {
    fn read(&self, key: &str) -> Option<(Vec<u8>, Option<u32>)> {
        let value = self.board.read(key);
        if let Some(interruption) = self.interruption.take() {
            interruption();
        }
        value
    }

    fn post(&self, key: &str, value: &[u8], mark: Option<u32>) -> bool {
        self.board.post(key, value, mark)
    }
}

#[test]
fn of_two_workers_that_begin_at_once_one_asks() {
    let board = Table::default();
    // The first time there is nothing to be seen; a day later there is what was.
    for now in [NOW, NOW.plus(seconds(24 * 60 * 60))] {
        let (mut one, mut other) = (keeper(1), keeper(2));
        let interruption: Box<dyn FnOnce()> = Box::new(|| _ = ask(&mut other, now, &board));
        let interrupted = Interrupted { board: &board, interruption: RefCell::new(Some(interruption)) };
        assert_eq!(one.begin(now, false, &interrupted), None);
        drop(interrupted);
        let report = done(other.answer(Some(&answer(&[], &set(&[key("a", 0)]))), now, &board));
        assert!(report.outcome.is_good(), "{report:?}");
    }
}

#[test]
fn who_learns_that_the_provider_was_asked_learns_what_it_said() {
    let (board, mut one, mut other) = (Table::default(), keeper(1), keeper(2));
    fetch(&mut one, &answer(&[], &set(&[key("a", 0)])), NOW, &board);
    assert_eq!(other.begin(NOW, true, &board), None);
    assert_eq!(kids(&other), ["a"], "a token of it would be refused without a wait");
}

#[test]
fn a_new_configuration_takes_over_what_the_old_one_fetched() {
    let board = Table::default();
    fetch(&mut keeper(1), &answer(&[], &set(&[key("a", 0)])), NOW, &board);
    let mut next = keeper(2);
    next.sync(NOW.plus(seconds(60)), &board);
    assert_eq!(kids(&next), ["a"]);
    assert_eq!(next.begin(NOW.plus(seconds(60)), false, &board), None);
    // One that asks elsewhere does not.
    let mut elsewhere = discovering(None);
    elsewhere.sync(NOW, &board);
    assert!(elsewhere.keys().is_none());
    assert!(elsewhere.begin(NOW, false, &board).is_some());
    assert_eq!(board.keys().len(), 3, "two records of one source, and the ledger of the other");
}

#[test]
fn a_rotation_names_what_came_and_went() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    fetch(&mut keeper, &answer(&[], &set(&[key("a", 0), key("b", 1)])), NOW, &board);
    let later = NOW.plus(seconds(300));
    let report = fetch(&mut keeper, &answer(&[], &set(&[key("b", 1), key("c", 2)])), later, &board);
    let change = report.change.unwrap();
    assert_eq!((change.added, change.removed), (vec!["c".to_owned()], vec!["a".to_owned()]));
    // A kid that stays while its key changes is both.
    let later = later.plus(seconds(300));
    let report = fetch(&mut keeper, &answer(&[], &set(&[key("b", 0), key("c", 2)])), later, &board);
    let change = report.change.unwrap();
    assert_eq!((change.added, change.removed), (vec!["b".to_owned()], vec!["b".to_owned()]));
}

#[test]
fn the_same_set_again_is_no_change() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    fetch(&mut keeper, &answer(&[], &set(&[key("a", 0), key("b", 1)])), NOW, &board);
    let mut later = NOW;
    for body in [set(&[key("a", 0), key("b", 1)]), set(&[key("b", 1), key("a", 0)])] {
        later = later.plus(seconds(1000));
        let report = fetch(&mut keeper, &answer(&[], &body), later, &board);
        assert_eq!((report.outcome, report.change), (FetchOutcome::Unchanged, None));
        assert_eq!(keeper.age(later), Some(Duration::ZERO));
    }
}

#[test]
fn an_etag_saves_the_body() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    fetch(&mut keeper, &answer(&[("etag", "\"1\"")], &set(&[key("a", 0)])), NOW, &board);
    let later = NOW.plus(seconds(300));
    let question = ask(&mut keeper, later, &board);
    assert!(question.headers.contains(&("if-none-match", "\"1\"".to_owned())));
    let report = done(keeper.answer(Some(&status("304")), later, &board));
    assert_eq!((report.outcome, report.change), (FetchOutcome::NotModified, None));
    assert_eq!(keeper.age(later), Some(Duration::ZERO));
    assert_eq!(kids(&keeper), ["a"]);
}

#[test]
fn a_304_nobody_asked_for_is_no_answer() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    assert_eq!(fetch(&mut keeper, &status("304"), NOW, &board).outcome, FetchOutcome::BadStatus);
}

#[test]
fn no_bad_answer_touches_the_keys() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    fetch(&mut keeper, &answer(&[], &set(&[key("a", 0)])), NOW, &board);
    let good = set(&[key("b", 1), key("c", 2)]);
    let private = good.replacen("{\"kty\"", "{\"d\":\"AQ\",\"kty\"", 1);
    let off_curve = set(&[key("b", 1).replacen(POINTS[1].1, POINTS[2].1, 1)]);
    let long = " ".repeat(LONGEST_BODY + 1);
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
        (answer(&[], "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"), FetchOutcome::BadKeys),
    ];
    let mut now = NOW.plus(seconds(300));
    for (response, outcome) in cases {
        let report = fetch(&mut keeper, &response, now, &board);
        assert_eq!(report.outcome, outcome, "{}", report.detail);
        assert!(!report.detail.is_empty() && report.change.is_none());
        assert_eq!(kids(&keeper), ["a"]);
        now = now.plus(seconds(1000));
    }
    ask(&mut keeper, now, &board);
    assert_eq!(done(keeper.answer(None, now, &board)).outcome, FetchOutcome::NotSent);
    assert_eq!(kids(&keeper), ["a"]);
}

#[test]
fn keys_of_no_use_are_skipped_and_named() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    let encryption = r#"{"kty":"RSA","use":"enc","kid":"enc","n":"AQ","e":"AQAB"}"#.to_owned();
    let unknown = r#"{"kty":"AKP","kid":"pq"}"#.to_owned();
    let report = fetch(&mut keeper, &answer(&[], &set(&[encryption, unknown, key("a", 0)])), NOW, &board);
    assert_eq!(report.outcome, FetchOutcome::Updated);
    let skipped: Vec<_> = report.skipped.iter().filter_map(|key| key.key_id.as_deref()).collect();
    assert_eq!(skipped, ["enc", "pq"]);
    assert_eq!(kids(&keeper), ["a"]);
}

#[test]
fn a_set_is_taken_whatever_it_is_said_to_be() {
    let pem = include_str!("../../../e2e/providers/aws-alb/public-key.pem");
    let certificates = include_str!("../../../e2e/providers/firebase/x509.json");
    let good = set(&[key("a", 0)]);
    for (content_type, body, count) in [
        ("text/html; charset=utf-8", good.clone(), 1),
        ("application/json", format!("\u{feff}{good}"), 1),
        ("application/jwk-set+json", key("a", 0), 1),
        ("text/plain", pem.to_owned(), 1),
        ("binary/octet-stream", certificates.to_owned(), 2),
    ] {
        let (board, mut one, mut other) = (Table::default(), keeper(1), keeper(2));
        let report = fetch(&mut one, &answer(&[("content-type", content_type)], &body), NOW, &board);
        assert_eq!((report.outcome, report.skipped), (FetchOutcome::Updated, vec![]), "{content_type}");
        other.sync(NOW, &board);
        for keeper in [&one, &other] {
            assert_eq!(keeper.keys().map(|keys| keys.entries().count()), Some(count), "{content_type}");
        }
    }
}

#[test]
fn what_cannot_be_used_says_why_and_keeps_no_key_away() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    let good = key("new", 0);
    let mut odd = key("odd", 1);
    odd = odd.replacen("\"x\":\"", "\"x\":\"AQEB", 1);
    let off_curve = key("off", 0).replacen(POINTS[0].1, POINTS[2].1, 1);
    let secret = r#"{"kty":"oct","kid":"secret","k":"AAAA"}"#.to_owned();
    let twice = [good.clone(), good.clone(), odd.clone(), off_curve.clone(), secret.clone()];
    let report = fetch(&mut keeper, &answer(&[], &set(&twice)), NOW, &board);
    assert_eq!((report.outcome, kids(&keeper)), (FetchOutcome::Updated, vec!["new".to_owned()]));
    let places: Vec<_> = report.skipped.iter().map(|skipped| skipped.reason.at.as_str()).collect();
    assert_eq!(places, ["keys[1]", "keys[2].x", "keys[4].kty", "keys[3]"]);
    let unfit = fetch(&mut keeper, &answer(&[], &set(&[odd, secret])), NOW.plus(seconds(300)), &board);
    assert_eq!(unfit.outcome, FetchOutcome::BadKeys);
    assert!(
        unfit.detail.starts_with("keys: none of 2 keys can verify a signature here; keys[0].x: a coordinate")
    );
    let unfit = fetch(&mut keeper, &answer(&[], &set(&[off_curve])), NOW.plus(seconds(900)), &board);
    assert_eq!(unfit.outcome, FetchOutcome::BadKeys);
    assert!(unfit.detail.starts_with("keys[0]: `x` and `y` are no point on this curve"), "{}", unfit.detail);
    assert_eq!(kids(&keeper), ["new"], "the last good keys hold");
}

#[test]
fn discovery_leads_to_the_keys() {
    let board = Table::default();
    let mut keeper = discovering_at(&["keys.example:8443"]);
    let first = ask(&mut keeper, NOW, &board);
    assert!(first.headers.contains(&(":path", "/.well-known/openid-configuration".to_owned())));
    let document = r#"{"issuer":"https://id.example","jwks_uri":"https://keys.example:8443/certs"}"#;
    let Progress::Ask(second) = keeper.answer(Some(&answer(&[], document)), NOW, &board) else {
        panic!("it stops")
    };
    assert_eq!(second.cluster, "outbound|8443||keys.example");
    assert!(second.headers.contains(&(":authority", "keys.example:8443".to_owned())));
    let report = done(keeper.answer(Some(&answer(&[], &set(&[key("a", 0)]))), NOW, &board));
    assert_eq!(report.outcome, FetchOutcome::Updated);
}

#[test]
fn a_document_of_another_issuer_leads_nowhere() {
    let (board, mut keeper) = (Table::default(), discovering(None));
    let document = r#"{"issuer":"https://evil.example","jwks_uri":"https://id.example/certs"}"#;
    let report = fetch(&mut keeper, &answer(&[], document), NOW, &board);
    assert_eq!(report.outcome, FetchOutcome::BadDiscovery);
}

#[test]
fn a_named_cluster_is_for_one_host() {
    let board = Table::default();
    let mut keeper = discovering(Some("provider"));
    assert_eq!(ask(&mut keeper, NOW, &board).cluster, "provider");
    let document = r#"{"issuer":"https://id.example","jwks_uri":"https://id.example/certs"}"#;
    let Progress::Ask(second) = keeper.answer(Some(&answer(&[], document)), NOW, &board) else {
        panic!("it stops")
    };
    assert_eq!(second.cluster, "provider");
    done(keeper.answer(Some(&status("500")), NOW, &board));
    let document = r#"{"issuer":"https://id.example","jwks_uri":"https://keys.example/certs"}"#;
    let report = fetch(&mut keeper, &answer(&[], document), NOW.plus(seconds(10)), &board);
    assert_eq!(report.outcome, FetchOutcome::BadDiscovery);
}

#[test]
fn what_a_host_served_is_worth_nothing_once_the_host_may_not_be_named() {
    let board = Table::default();
    let mut keeper = discovering_at(&["keys.example"]);
    ask(&mut keeper, NOW, &board);
    let document = r#"{"issuer":"https://id.example","jwks_uri":"https://keys.example/certs"}"#;
    keeper.answer(Some(&answer(&[], document)), NOW, &board);
    let report = done(keeper.answer(Some(&answer(&[], &set(&[key("a", 0)]))), NOW, &board));
    assert_eq!(report.outcome, FetchOutcome::Updated);
    let mut narrower = discovering(None);
    narrower.sync(NOW, &board);
    assert!(narrower.keys().is_none());
}

#[test]
fn keys_outlive_an_outage_for_as_long_as_they_may() {
    let (board, mut one, mut other) = (Table::default(), keeper(1), keeper(2));
    fetch(&mut one, &answer(&[], &set(&[key("a", 0)])), NOW, &board);
    let day = seconds(24 * 60 * 60);
    for keeper in [&mut one, &mut other] {
        keeper.sync(NOW.plus(day), &board);
        assert_eq!(kids(keeper), ["a"]);
        keeper.sync(NOW.plus(day).plus(Duration::from_millis(1)), &board);
        assert!(keeper.keys().is_none());
    }
    // The same set, spoken for again, holds again: for both.
    let later = NOW.plus(day).plus(seconds(1));
    fetch(&mut one, &answer(&[], &set(&[key("a", 0)])), later, &board);
    other.sync(later, &board);
    assert_eq!([kids(&one), kids(&other)], [["a"], ["a"]]);
}

#[test]
fn a_worker_that_dies_is_replaced_and_its_late_answer_ignored() {
    let (board, mut slow, mut other) = (Table::default(), keeper(1), keeper(2));
    ask(&mut slow, NOW, &board);
    let later = NOW.plus(seconds(6));
    fetch(&mut other, &answer(&[], &set(&[key("b", 1)])), later, &board);
    let report = done(slow.answer(Some(&answer(&[], &set(&[key("a", 0)]))), later, &board));
    assert_eq!(report.outcome, FetchOutcome::Late);
    assert_eq!([kids(&slow), kids(&other)], [["b"], ["b"]]);
}

#[test]
fn unknown_key_ids_cause_one_question_in_a_while() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    let same = answer(&[], &set(&[key("a", 0)]));
    fetch(&mut keeper, &same, NOW, &board);
    let mut asked = Vec::new();
    // A request with an unknown kid every 100 milliseconds, for a minute.
    for step in 1..=600 {
        let now = NOW.plus(Duration::from_millis(step * 100));
        if keeper.begin(now, true, &board).is_some() {
            done(keeper.answer(Some(&same), now, &board));
            asked.push(now.since(NOW).as_secs());
        }
    }
    assert_eq!(asked, [10, 20, 30, 40, 50, 60]);
}

#[test]
fn it_helps_to_wait_for_a_question_that_will_still_be_asked() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    assert_eq!(keeper.hope(Missing::Keys, NOW, NOW), Hope::Wait, "none was asked yet");
    let same = answer(&[], &set(&[key("a", 0)]));
    fetch(&mut keeper, &same, NOW, &board);

    let at = |millis| NOW.plus(Duration::from_millis(millis));
    let hope = |keeper: &Keeper, arrived: u64, now: u64| keeper.hope(Missing::KeyId, at(arrived), at(now));
    assert_eq!(hope(&keeper, 1_000, 1_000), Hope::Never(seconds(9)), "the next comes too late for it");
    assert_eq!(hope(&keeper, 5_001, 5_001), Hope::Wait);
    assert_eq!(hope(&keeper, 5_001, 10_001), Hope::Never(Duration::ZERO), "it has waited long enough");

    keeper.begin(at(10_000), true, &board).expect("requests wait");
    assert_eq!(hope(&keeper, 5_001, 10_000), Hope::Wait, "it is being asked");
    done(keeper.answer(Some(&same), at(10_500), &board));
    assert_eq!(
        hope(&keeper, 5_001, 10_500),
        Hope::Never(Duration::from_millis(9_500)),
        "that was the answer"
    );
    assert_eq!(hope(&keeper, 10_200, 10_500), Hope::Never(Duration::from_millis(9_500)));
    assert_eq!(hope(&keeper, 15_100, 15_100), Hope::Wait);
}

#[test]
fn without_any_keys_a_retry_is_worth_waiting_for() {
    let (board, mut keeper) = (Table::default(), keeper(1));
    fetch(&mut keeper, &status("500"), NOW, &board);
    assert_eq!(
        keeper.hope(Missing::Keys, NOW, NOW),
        Hope::Wait,
        "the next comes in one to one and a half seconds"
    );
    let mut now = NOW;
    for _ in 0..5 {
        now = now.plus(seconds(1000));
        fetch(&mut keeper, &status("500"), now, &board);
    }
    let Hope::Never(after) = keeper.hope(Missing::Keys, now, now) else { panic!("waits in vain") };
    assert_eq!(after, seconds(10), "then requests may cause one");
}

#[test]
fn records_that_others_wrote_do_no_harm() {
    let (board, mut other, mut keeper) = (Table::default(), keeper(2), keeper(1));
    fetch(&mut keeper, &answer(&[], &set(&[key("a", 0)])), NOW, &board);
    for record in board.keys() {
        board.post(&record, b"something else", None);
    }
    keeper.sync(NOW, &board);
    assert_eq!(kids(&keeper), ["a"]);
    let report = fetch(&mut keeper, &answer(&[], &set(&[key("b", 1)])), NOW.plus(seconds(1)), &board);
    assert_eq!(report.outcome, FetchOutcome::Updated);
    other.sync(NOW.plus(seconds(1)), &board);
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
        (0_usize..3, prop::bool::weighted(0.7)).prop_map(|(worker, good)| Event::Answer { worker, good }),
        Just(Event::Rotate),
    ]
}

proptest! {
    #[test]
    fn workers_agree_whatever_happens(events in proptest::collection::vec(event(), 1..120)) {
        let board = Table::default();
        let mut workers = [keeper(1), keeper(2), keeper(3)];
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
                    workers[worker].sync(now, &board);
                    if workers[worker].begin(now, demand, &board).is_some() {
                        // Nobody asks twice within the shortest time between two questions, nor beside another.
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
                    let report = done(workers[worker].answer(Some(&response), now, &board));
                    if report.outcome.is_good() {
                        // Whoever looks sees the new set at once, and only that.
                        for other in &mut workers {
                            other.sync(now, &board);
                            prop_assert_eq!(kids(other), [(sent % 3).to_string()]);
                        }
                    }
                }
            }
            for worker in &mut workers {
                worker.sync(now, &board);
                prop_assert!(worker.age(now).is_none_or(|age| age <= seconds(24 * 60 * 60)));
            }
            let held = workers.each_ref().map(kids);
            prop_assert!(held[0] == held[1] && held[1] == held[2], "{:?}", held);
        }
    }
}

//! Gateways that answer too slowly to be tried.

use crate::clean;
use crate::real::file;
use crate::scenario::{Scenario, World};
use attache_tyk_limits::drive::{Course, drive};
use attache_tyk_limits::hosts::Hosts;
use attache_tyk_limits::judge::Judgement;
use attache_tyk_limits::plan::{Kind, Plan, Step};
use attache_tyk_limits::record::Record;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

fn clean_run(name: &str) -> (Scenario, Record) {
    let scenario = clean::scenarios().into_iter().find(|scenario| scenario.name == name).unwrap();
    let record = Record::parse(&std::fs::read_to_string(file(name)).unwrap()).unwrap();
    (scenario, record)
}

/// A gateway without a limit, whose slow answers keep requests below it.
#[test]
fn what_was_sent_too_late_was_not_tried() {
    let (scenario, mut record) = clean_run("bucket-large");
    for kind in [Kind::Burst, Kind::Over] {
        let own = record.targets[0].answers.iter_mut().filter(|answer| answer.step == kind);
        for (index, answer) in own.enumerate() {
            let late = f64::from(u32::try_from(index).unwrap()) * 0.1;
            (answer.sent, answer.received) = (answer.sent + late, answer.received + late);
            (answer.status, answer.is_own) = (200, false);
        }
    }
    let judgement = scenario.judge(&record);
    let kinds: Vec<Kind> = judgement.untried.iter().map(|step| step.kind).collect();
    assert_eq!(kinds, [Kind::Burst, Kind::Over], "{judgement:?}");
    assert!(judgement.untried[0].reason.contains("answers come too slowly"), "{judgement:?}");
    assert!(!judgement.holds);
}

/// A gateway that is slow to answer has the last requests of a burst sent among those of another key.
#[test]
fn a_burst_that_reaches_into_the_next_step_is_one_step() {
    let (scenario, mut record) = clean_run("bucket");
    let before = scenario.judge(&record);
    let answers = &mut record.targets[0].answers;
    let next = answers.iter().find(|answer| answer.step == Kind::Second).unwrap().sent;
    let last = answers.iter_mut().rfind(|answer| answer.step == Kind::Burst).unwrap();
    (last.sent, last.received) = (next + 0.001, next + 0.01);
    let after = scenario.judge(&record);
    assert!(after.holds, "{after:?}");
    let counted = |judgement: &Judgement| -> Vec<(Kind, usize, usize, usize, usize)> {
        let steps = judgement.steps.iter();
        steps.map(|one| (one.kind, one.sent, one.passed, one.least, one.most)).collect()
    };
    assert_eq!(counted(&after), counted(&before));
    assert!(after.curve.is_sorted_by_key(|point| point.kind));
}

#[test]
fn what_is_missing_was_not_tried() {
    let (scenario, mut record) = clean_run("bucket");
    record.targets[0].answers.retain(|answer| matches!(answer.step, Kind::Below | Kind::At));
    let judgement = scenario.judge(&record);
    assert!(!judgement.holds && judgement.untried.len() == 4, "{:?}", judgement.untried);
    assert_eq!(judgement.untried[0].reason, "0 of 12 requests were sent");
}

#[test]
fn whom_no_key_lets_in_shows_no_algorithm() {
    let (scenario, mut record) = clean_run("bucket");
    for answer in &mut record.targets[0].answers {
        (answer.status, answer.is_own) = (401, false);
    }
    let said = format!("{:?}", scenario.judge(&record));
    assert!(said.contains("running: Untold") && said.contains("is the key one of these"), "{said}");
}

#[test]
fn numbers_that_no_run_writes_are_refused() {
    let (_, record) = clean_run("bucket");
    let text = serde_json::to_string(&record).unwrap();
    for (old, new, said) in [
        (r#""urls":1"#, r#""urls":65"#, "between 1 and 64"),
        (r#""urls":1"#, r#""urls":0"#, "between 1 and 64"),
        (r#""urls":1"#, r#""urls":1e18"#, "invalid type"),
        (r#""urls":1"#, r#""urls":"1""#, "invalid type"),
        (r#""gateway":0"#, r#""gateway":18446744073709551615"#, "there are 1"),
        (r#""key":0"#, r#""key":1000000000"#, "there are 2 at most"),
        (r#""sent":"#, r#""sent":-"#, "no time before its answer"),
        (r#""received":"#, r#""received":1e300,"x":"#, "unknown field"),
        (r#""started":"#, r#""started":-"#, "which is no time"),
        (r#""status":200"#, r#""status":7"#, "none of HTTP"),
    ] {
        assert!(text.contains(old));
        let error = Record::parse(&text.replacen(old, new, 1)).unwrap_err();
        assert!(error.contains(said), "{new}: {error}");
    }
}

/// Answers a request with a body that has no end.
fn drip(mut stream: TcpStream) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let head: Vec<String> =
        lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    assert!(!head.is_empty());
    let mut answer = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
    while answer.is_ok() {
        std::thread::sleep(Duration::from_millis(20));
        answer = stream.write_all(b"x");
    }
}

fn drive_by_one(until: Duration) -> Record {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // DNS knows no such name: where it was looked up before, it is not asked again.
    let urls = [format!("http://gateway.invalid:{}", address.port())];
    let hosts = &Hosts::from_iter([("gateway.invalid".to_owned(), vec![address])]);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || drip(stream.unwrap()));
        }
    });
    let target = Scenario::clean("drip", World::of(8.0)).target();
    let step = Step { kind: Kind::Burst, requests: 2, spacing: 0.01, rest: 0.0 };
    let plan = Plan { steps: vec![step], window: 2.0, left_out: Vec::new() };
    let (targets, keys) = ([(target, plan)], ["key".to_owned()]);
    let timeout = Duration::from_millis(200);
    let course =
        Course { urls: &urls, hosts, targets: &targets, keys: &keys, seed: 7, until, timeout };
    drive(course, &|_| ()).unwrap()
}

#[test]
fn a_body_without_end_ends_no_run() {
    let record = drive_by_one(Duration::from_secs(600));
    assert_eq!(record.targets[0].answers.len(), 2, "both got a status, and neither its body");
}

#[test]
fn nothing_is_sent_after_the_end() {
    assert_eq!(drive_by_one(Duration::ZERO).targets, []);
}

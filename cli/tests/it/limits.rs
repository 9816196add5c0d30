//! `attache limits`, without a gateway: what is planned, refused, and judged of earlier runs.

use crate::support::{Run, attache, attache_given};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;

/// What is told of a key whose limits hold: an example.
pub(crate) const GIVEN: [&str; 6] = [
    "limits",
    "examples/tyk-limits/orders.json",
    "--policies",
    "examples/tyk-limits/policies.json",
    "--session",
    "examples/tyk-limits/session.json",
];
/// What one gateway answered.
pub(crate) const ONE: &str = "examples/tyk-limits/one-gateway.json";
const TWO: &str = "examples/tyk-limits/two-gateways.json";

fn limits(arguments: &[&str]) -> Run {
    attache(&[&GIVEN, arguments].concat())
}

#[test]
fn what_is_planned_is_shown_and_nothing_is_sent() {
    // Nobody may connect.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let run = limits(&["--dry-run", "--gateway", &url, "--seed", "7"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("seed 7, 1 gateway: 112 requests, "), "{}", run.stdout);
    assert!(run.stdout.contains("10 per 2 s, each key, by policy silver: token bucket in memory"));
    assert!(run.stdout.contains("and by the Redis log from 2 on"), "{}", run.stdout);
    assert!(listener.accept().is_err(), "somebody was asked");
    let few = limits(&["--dry-run", "--max-requests", "20"]);
    assert!(
        few.stdout.contains("left out: over: needs 72 requests, and 20 may be sent"),
        "{}",
        few.stdout
    );
}

#[test]
fn a_request_that_is_named_twice_is_planned_once() {
    let once = limits(&["--dry-run", "--seed", "7", "--request", "GET /orders/list"]);
    let twice = ["--request", "GET /orders/list", "--request", "GET /orders/list"];
    let twice = limits(&[&["--dry-run", "--seed", "7"], &twice[..]].concat());
    assert_eq!(once.status, 0, "{}", once.stderr);
    assert_eq!(once.stdout.matches("orders GET /orders/list").count(), 1, "{}", once.stdout);
    assert_eq!(twice.stdout, once.stdout);
}

/// A pipe, as of `<(…)`, can be read only once.
#[test]
#[cfg(unix)]
fn the_configuration_is_read_once() {
    let arguments = [&GIVEN[..], &["--dry-run", "--conf", "/dev/stdin"]].concat();
    let run = attache_given(&arguments, r#"{"enable_fixed_window_rate_limiter": true}"#);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("by policy silver: fixed window"), "{}", run.stdout);
}

/// Answers as a gateway's own API, until all was asked, and returns the paths in their order.
fn serve(listener: &TcpListener, count: usize) -> Vec<String> {
    let definition = std::fs::read_to_string("../examples/tyk-limits/orders.json").unwrap();
    let policies = std::fs::read_to_string("../examples/tyk-limits/policies.json").unwrap();
    let policies: Value = serde_json::from_str(&policies).unwrap();
    let session = std::fs::read_to_string("../examples/tyk-limits/session.json").unwrap();
    let mut paths = Vec::new();
    for _ in 0..count {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
        let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        assert!(
            head.iter().any(|line| line.eq_ignore_ascii_case("x-tyk-authorization: s3cret")),
            "{head:?}"
        );
        let path = head[0].split(' ').nth(1).unwrap().to_owned();
        let body = match path.as_str() {
            "/tyk/apis" => format!("[{definition}]"),
            "/tyk/policies" => Value::Array(vec![policies["silver"].clone()]).to_string(),
            "/tyk/keys/k1" => session.clone(),
            _ => "[]".to_owned(),
        };
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        (&stream).write_all(answer.as_bytes()).unwrap();
        paths.push(path);
    }
    paths
}

#[test]
fn a_gateway_is_asked_for_what_no_file_says() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let gateway = std::thread::spawn(move || serve(&listener, 4));
    let mut command = Command::new(env!("CARGO_BIN_EXE_attache"));
    command
        .args(["limits", "--gateway", &url, "--key", "k1", "--dry-run"])
        .env("TYK_GW_SECRET", "s3cret");
    // No proxy sees the secret: nothing listens at this one.
    command.envs(
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
            .map(|name| (name, "http://127.0.0.1:1")),
    );
    let output = command.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("4 per 2 s, endpoint, each key"),
        "{text}{said}"
    );
    assert!(!text.contains("k1") && !said.contains("k1"));
    assert_eq!(
        gateway.join().unwrap(),
        ["/tyk/apis", "/tyk/apis/oas", "/tyk/policies", "/tyk/keys/k1"]
    );
}

#[test]
fn strangers_are_not_loaded_unasked() {
    // The test has no terminal, and nobody is at that address.
    let far = ["--gateway", "http://192.0.2.1:8080", "--key", "k"];
    // Without a file the gateway is asked with its secret, whatever is sent then.
    let asked = [&["limits"][..], &far].concat();
    let planned = [&asked[..], &["--dry-run"]].concat();
    for run in [limits(&far), attache(&asked), attache(&planned)] {
        assert_eq!(run.status, 2, "{}", run.stdout);
        assert!(run.stderr.contains("neither loopback nor private; say --yes"), "{}", run.stderr);
    }
    // Nobody is asked for what files say.
    assert_eq!(limits(&[&far[..], &["--dry-run"]].concat()).status, 0);
}

/// RFC 9110, section 9.2.1: what may change something is sent to nobody unasked.
#[test]
fn what_is_not_safe_is_not_sent_unasked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for method in ["POST", "PUT", "PATCH", "DELETE", "get"] {
        let request = format!("{method} /orders/list");
        let to = ["--gateway", &url, "--key", "k", "--yes", "--request", &request];
        let run = limits(&to);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{method}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("`{request}` ")), "{}", run.stderr);
        assert!(run.stderr.contains("the method is not safe (RFC 9110)"), "{}", run.stderr);
        assert!(run.stderr.contains("say --unsafe-methods"), "{}", run.stderr);
        let planned = limits(&[&to[..], &["--dry-run"]].concat());
        assert!(planned.stdout.contains("is not sent unasked"), "{}", planned.stdout);
    }
    assert!(listener.accept().is_err(), "somebody was asked");
    // With consent it is sent, here to nobody.
    let request = ["--request", "DELETE /orders/list", "--unsafe-methods", "--max-seconds", "3"];
    let run = limits(&[&["--gateway", "http://127.0.0.1:1", "--key", "k"], &request[..]].concat());
    assert!(run.stderr.contains("did not answer 8 times in a row"), "{}", run.stderr);
    let safe = limits(&["--dry-run", "--request", "HEAD /orders/list"]);
    assert!(!safe.stdout.contains("is not sent unasked"), "{}", safe.stdout);
}

#[test]
fn what_was_not_tried_is_not_green() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let whole: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("../{ONE}")).unwrap()).unwrap();
    let (mut empty, mut fewer, mut shorter) = (whole.clone(), whole.clone(), whole.clone());
    empty["targets"] = Value::Array(Vec::new());
    fewer["targets"].as_array_mut().unwrap().truncate(1);
    let answers = shorter["targets"][0]["answers"].as_array_mut().unwrap();
    answers.retain(|answer| answer["step"] != "over");
    let bounds = ["--max-requests", "90"];
    for (name, record, more, said, skipped) in [
        ("empty", empty, &[][..], "not tried: nothing was sent for it", 2),
        ("fewer", fewer, &[], "not tried: nothing was sent for it", 1),
        ("shorter", shorter, &[], "not tried: over: 0 of 38 requests were sent", 1),
        (
            "bounded",
            whole,
            &bounds,
            "--max-requests, --max-seconds or the key's quota leave out all of it",
            1,
        ),
    ] {
        let (path, junit) = (at(name), at(&format!("{name}.xml")));
        std::fs::write(&path, record.to_string()).unwrap();
        let run = limits(&[&["--judge", &path, "--junit", &junit], more].concat());
        assert_eq!(run.status, 1, "{name}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(said), "{name}: {}", run.stdout);
        let junit = std::fs::read_to_string(junit).unwrap();
        assert_eq!(junit.matches("<skipped ").count(), skipped, "{name}: {junit}");
    }
}

/// What answers tell nothing of is not green, and nothing is sent for it.
#[test]
fn what_can_not_be_judged_is_not_tried() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("session.json");
    let report = folder.path().join("report.xml");
    let run = |session_text: &str, rest: &[&str]| {
        std::fs::write(&session, session_text).unwrap();
        let (session, report) = (session.to_str().unwrap(), report.to_str().unwrap());
        attache(&[&GIVEN[..4], &["--session", session, "--junit", report], rest].concat())
    };
    for (text, word) in [
        (
            r#"{"apply_policies": ["silver"], "throttle_interval": 1, "throttle_retry_limit": 3}"#,
            "`throttle_retry_limit`",
        ),
        (
            r#"{"apply_policies": ["silver"], "meta_data": {"rate_limit_pattern": "$tyk_meta.team"}}"#,
            "`rate_limit_pattern`",
        ),
    ] {
        let judged = run(text, &["--judge", ONE]);
        assert_eq!(judged.status, 1, "{}{}", judged.stdout, judged.stderr);
        assert!(judged.stdout.contains(&format!("not tried: {word}")), "{}", judged.stdout);
        assert!(!judged.stdout.contains("holds"), "{}", judged.stdout);
        let report = std::fs::read_to_string(&report).unwrap();
        assert!(report.contains("<skipped message=") && report.contains(word), "{report}");
        let sent = run(text, &["--gateway", "http://127.0.0.1:1"]);
        assert_eq!(sent.status, 2, "{}{}", sent.stdout, sent.stderr);
        assert!(sent.stderr.contains(&format!("no limit can be tried: {word}")), "{}", sent.stderr);
        assert!(run(text, &["--dry-run"]).stdout.contains(&format!("not tried: {word}")));
    }
    let metered = r#"{"quota_max": 500, "quota_renewal_rate": 60, "rate": 10, "per": 2,
        "access_rights": {"orders": {"api_id": "orders", "versions": ["Default"]}}}"#;
    let metered = run(metered, &["--dry-run"]);
    assert!(
        metered.stdout.contains("403, not 429: that it does is not tried"),
        "{}{}",
        metered.stdout,
        metered.stderr
    );
}

/// Requests are sent without a version, and what holds for the others is said to be left out.
#[test]
fn versions_that_requests_name_are_not_tried() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.json");
    let text = std::fs::read_to_string("../examples/tyk-limits/orders.json").unwrap();
    let mut definition: Value = serde_json::from_str(&text).unwrap();
    let data = &mut definition["version_data"];
    data["not_versioned"] = false.into();
    data["default_version"] = "Default".into();
    let other = data["versions"]["Default"].clone();
    data["versions"]["next"] = other;
    data["versions"]["next"]["name"] = "next".into();
    std::fs::write(&file, definition.to_string()).unwrap();
    let run = attache(&[&["limits", file.to_str().unwrap()], &GIVEN[2..], &["--dry-run"]].concat());
    let said = "not tried: orders: limits of the versions that requests name (`Default`, `next`)";
    assert!(run.stdout.contains(said), "{}{}", run.stdout, run.stderr);
}

/// What lists refuse is counted by no limit: it is answered with 403 before.
#[test]
fn what_lists_refuse_is_not_planned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let planned = |lists: Value, more: &[&str]| {
        let definition = serde_json::json!({
            "api_id": "a", "name": "a", "use_keyless": true, "global_rate_limit": {"rate": 9, "per": 1},
            "proxy": {"listen_path": "/a/", "target_url": "http://127.0.0.1:1/", "strip_listen_path": true},
            "version_data": {"not_versioned": true, "versions": {"Default": {
                "name": "Default", "use_extended_paths": true, "extended_paths": lists
            }}}
        });
        std::fs::write(&path, definition.to_string()).unwrap();
        let dry = ["limits", path.to_str().unwrap(), "--dry-run", "--seed", "7"];
        attache(&[&dry, more].concat())
    };
    let targets = |run: &Run| -> Vec<String> {
        run.stdout.lines().filter(|line| line.starts_with("a ")).map(str::to_owned).collect()
    };
    let entry = |path: &str, method: &str| serde_json::json!({"path": path, "method": method});
    let limit =
        |path: &str| serde_json::json!({"path": path, "method": "GET", "rate": 4, "per": 1});
    let open = planned(serde_json::json!({"rate_limit": [limit("/list")]}), &[]);
    assert_eq!(targets(&open), ["a GET /a/", "a GET /a/list"], "{}", open.stdout);
    // The API's own limit is tried where something is let through, by the method that is.
    let white = serde_json::json!({"white_list": [entry("/items/{id}", "POST")]});
    let run = planned(white.clone(), &[]);
    assert_eq!(targets(&run), ["a POST /a/items/1"], "{}{}", run.stdout, run.stderr);
    // The limit of an endpoint, by a path that both are for.
    let white_and_limit = serde_json::json!({"white_list": [entry("/list/{id}", "GET")], "rate_limit": [limit("/list")]});
    let run = planned(white_and_limit, &[]);
    assert_eq!(targets(&run), ["a GET /a/list/1"], "{}", run.stdout);
    assert!(run.stdout.contains("its limit is tried at no path"), "{}", run.stdout);
    assert_eq!(run.status, 0);
    let black =
        serde_json::json!({"black_list": [entry("/list", "GET")], "rate_limit": [limit("/list")]});
    let run = planned(black, &[]);
    assert_eq!(targets(&run), ["a GET /a/"], "{}", run.stdout);
    assert!(
        run.stdout.contains(
            "the limit of GET `/list` is tried at no path: the API's lists let none through"
        ),
        "{}",
        run.stdout
    );
    let run = planned(white, &["--request", "GET /a/items/1"]);
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(run.stderr.contains("`GET /a/items/1` comes to no limit"), "{}", run.stderr);
}

#[test]
fn an_interval_without_a_unit_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let definition = serde_json::json!({
        "openapi": "3.0.3", "info": {"title": "a", "version": "1"}, "paths": {},
        "x-tyk-api-gateway": {
            "info": {"id": "a", "name": "a", "orgId": "acme", "state": {"active": true}},
            "server": {"listenPath": {"value": "/a/", "strip": true}},
            "upstream": {"url": "http://127.0.0.1:1/", "rateLimit": {"enabled": true, "rate": 20, "per": "4"}}
        }
    });
    std::fs::write(&path, definition.to_string()).unwrap();
    let run = attache(&["limits", path.to_str().unwrap(), "--dry-run"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("its `per` is no duration; write a unit, as in `4s`"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("fraction of a second"), "{}", run.stdout);
}

#[test]
fn the_mistakes_of_an_api_that_is_not_chosen_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let api = |id: &str, whole: Value, rate_limit: Value| {
        serde_json::json!({
            "api_id": id, "name": id, "use_keyless": true, "global_rate_limit": whole,
            "proxy": {"listen_path": format!("/{id}/"), "target_url": "http://127.0.0.1:1/"},
            "version_data": {"not_versioned": true, "versions": {"Default": {
                "name": "Default", "use_extended_paths": true, "extended_paths": {"rate_limit": rate_limit}
            }}}
        })
    };
    let limit = serde_json::json!({"rate": 4, "per": 1});
    // Tyk looks at the path without the listen path.
    let mistake = serde_json::json!([{"path": "/b/list", "method": "GET", "rate": 2, "per": 1}]);
    let definitions = [api("a", limit.clone(), Value::Array(Vec::new())), api("b", limit, mistake)];
    std::fs::write(&path, serde_json::to_string(&definitions).unwrap()).unwrap();
    let path = path.to_str().unwrap();
    for (chosen, status) in [("a", 0), ("b", 1)] {
        let run = attache(&["limits", path, "--dry-run", "--api", chosen]);
        assert_eq!(run.status, status, "{chosen}: {}{}", run.stdout, run.stderr);
        assert_eq!(
            run.stdout.matches("mistake: b").count(),
            usize::from(chosen == "b"),
            "{}",
            run.stdout
        );
    }
}

/// What strangers call their API moves no cursor while requests are sent.
#[test]
fn names_are_shown_as_text_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let definition = std::fs::read_to_string(format!("../{}", GIVEN[1])).unwrap();
    let mut definition: Value = serde_json::from_str(&definition).unwrap();
    definition["api_id"] = "::error::\u{1b}[31m".into();
    definition["use_keyless"] = true.into();
    definition["global_rate_limit"] = serde_json::json!({"rate": 4, "per": 1});
    std::fs::write(&path, definition.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let run = attache(&["limits", path, "--gateway", "http://127.0.0.1:1", "--max-seconds", "3"]);
    assert!(run.stderr.contains(r"\u{3a}:error::\u{1b}[31m GET"), "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn a_gateway_that_does_not_answer_ends_the_run() {
    let run = limits(&["--gateway", "http://127.0.0.1:1", "--key", "k", "--max-seconds", "3"]);
    assert_eq!(run.status, 2, "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("did not answer 8 times in a row"), "{}", run.stderr);
}

#[test]
fn earlier_runs_are_judged_again() {
    let one = limits(&["--judge", ONE]);
    assert_eq!(one.status, 0, "{}{}", one.stdout, one.stderr);
    let two = limits(&["--judge", TWO]);
    assert_eq!(two.status, 0, "{}{}", two.stdout, two.stderr);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (json, junit, svg) = (at("a.json"), at("a.xml"), at("a.svg"));
    let outputs = ["--json", &json, "--junit", &junit, "--svg", &svg];
    // What two gateways answered is not what one would.
    let run = limits(&[&["--judge", TWO, "--gateways", "1"], &outputs[..]].concat());
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(report["holds"], false);
    let judgement = &report["targets"][0]["judgement"];
    assert!(judgement["running"].as_str().unwrap().starts_with("Redis log"), "{judgement:#}");
    let over =
        judgement["steps"].as_array().unwrap().iter().find(|step| step["step"] == "over").unwrap();
    assert_eq!((&over["passed"], &over["holds"]), (&Value::from(10), &Value::from(false)));
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("<testcase name=\"over\"") && junit.contains("<failure"), "{junit}");
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg ") && svg.matches("<polyline").count() == 12, "{svg}");
}

#[test]
fn what_can_not_be_read_is_told() {
    for (arguments, said) in [
        (vec!["limits"], "--gateway"),
        (vec!["limits", "--gateway", "http://127.0.0.1:1"], "TYK_GW_SECRET is not set"),
        (vec!["limits", GIVEN[1], "--dry-run"], "the key has no access to it"),
        ([&GIVEN[..], &["--judge", "README.md"]].concat(), "is no record of attache limits"),
        ([&GIVEN[..], &["--dry-run", "--request", "orders"]].concat(), "is not METHOD /PATH"),
        (
            [&GIVEN[..], &["--gateway", "http://127.0.0.1:1", "--key", "k", "--max-requests", "5"]]
                .concat(),
            "no limit can be tried",
        ),
        ([&GIVEN[..], &["--dry-run", "--api", "nobody"]].concat(), "there is no limit to try"),
        ([&GIVEN[..], &["--gateway", "http://127.0.0.1:1"]].concat(), "give one by --key"),
        (
            [&GIVEN[..], &["--gateway", "http://127.0.0.1/x", "--key", "k"]].concat(),
            "no URL of a gateway",
        ),
        (
            [&GIVEN[..], &["--gateway", "http://127.0.0.1?a=b", "--dry-run"]].concat(),
            "a query or a fragment",
        ),
    ] {
        let run = attache(&arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
}

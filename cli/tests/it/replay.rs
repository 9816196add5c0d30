//! `attache replay`: requests of a log before another configuration.

use crate::support::{Run, attache, attache_given};
use serde_json::Value;
use std::fmt::Write as _;

const WAS: &str = "examples/debugging/orders.yaml";
const NEXT: &str = "examples/debugging/orders-next.yaml";
const AUDIT: &str = "examples/debugging/audit.log";

fn replay(log: &str, against: &str, more: &[&str]) -> Run {
    attache(&[&["replay", log, "--against", against], more].concat())
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr))
}

#[test]
fn who_fares_otherwise_is_told_with_rule_and_example() {
    let run = replay(AUDIT, NEXT, &[]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    for line in [
        "newly refused: 2",
        "       1  role-missing, by rule orders/own-orders",
        "          by alice (1)",
        "newly allowed: 2",
        "       2  by rule orders/read; it was role-missing",
        "          by dave (2)",
        "       3  needs claim tenant",
    ] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
    let told = document(&replay(AUDIT, NEXT, &["--format", "json"]));
    assert_eq!(told["requests"], 24);
    assert_eq!(told["newlyAllowed"][0]["count"], 2);
    assert_eq!(told["newlyAllowed"][0]["was"], "role-missing");
    assert_eq!(told["newlyAllowed"][0]["senders"][0]["name"], "dave");
    assert_eq!(told["newlyAllowed"][0]["first"]["path"], "/orders/7");
}

#[test]
fn every_request_of_the_log_fares_as_it_did_under_its_own_configuration() {
    for log in [AUDIT, "examples/debugging/access.log", "examples/debugging/access-json.log"] {
        let run = replay(log, WAS, &["--format", "json"]);
        let told = document(&run);
        assert_eq!(run.status, 0, "{log}: {}", run.stdout);
        for changed in ["newlyRefused", "newlyAllowed"] {
            assert_eq!(told[changed].as_array().map(Vec::len), Some(0), "{log}: {}", run.stdout);
        }
        let same = &told["asBefore"];
        assert!(
            same["allowed"].as_u64() >= Some(1) && same["refused"].as_u64() >= Some(7),
            "{log}: {same}"
        );
    }
}

#[test]
fn what_nobody_can_tell_is_no_difference_unless_it_is_to_be() {
    assert_eq!(replay(AUDIT, WAS, &[]).status, 0);
    assert_eq!(replay(AUDIT, WAS, &["--deny-unknown"]).status, 1);
}

/// Writes an audit line.
fn line(verdict: &str, method: &str, path: &str, more: &str) -> String {
    format!(
        "wasm log: {{\"log\":\"attache\",\"verdict\":\"{verdict}\",{more}\"method\":\"{method}\",\"host\":\"orders\",\"path\":\"{path}\"}}\n"
    )
}

/// Returns what becomes of one line: `newlyRefused`, `newlyAllowed`, `cannotTell` or `asBefore`;
/// with what it needs.
fn fate(line: &str, configuration: &str, more: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("next.yaml");
    std::fs::write(&file, configuration).expect("it is written");
    let file = file.to_str().expect("UTF-8");
    let ask = ["replay", "-", "--against", file, "--format", "json"];
    let told = document(&attache_given(&[&ask[..], more].concat(), line));
    for kind in ["newlyRefused", "newlyAllowed", "cannotTell"] {
        if let Some(group) = told[kind].get(0) {
            let needs = group["needs"].as_array().into_iter().flatten().filter_map(Value::as_str);
            return (kind.to_owned(), needs.collect::<Vec<_>>().join("; "));
        }
    }
    ("asBefore".to_owned(), String::new())
}

const ISSUERS: &str = "issuers: [{name: tyk, issuer: 'https://tyk.example.com', jwksUri: 'https://tyk.example.com/keys', roleClaims: [{claim: roles}]}]\n";

#[test]
fn a_verdict_that_depends_on_what_the_line_lacks_is_not_guessed() {
    let policy =
        |rule: &str| format!("{ISSUERS}policies: [{{name: p, rules: [{{name: r, {rule}}}]}}]\n");
    let good = "\"issuer\":\"tyk\",\"claims\":{\"sub\":\"alice\"},";
    let of = |kind: &str, needs: &str| (kind.to_owned(), needs.to_owned());
    for (line, rule, expected) in [
        (
            line("allowed", "GET", "/a", good),
            "roles: {anyOf: [x]}",
            of("cannotTell", "the token's roles (claim roles)"),
        ),
        (
            line("allowed", "GET", "/a", good),
            "roles: {noneOf: [x]}",
            of("cannotTell", "the token's roles (claim roles)"),
        ),
        (
            line("allowed", "GET", "/a", good),
            "to: [{paths: [/b]}], roles: {anyOf: [x]}",
            of("newlyRefused", ""),
        ),
        (
            line("allowed", "GET", "/a", good),
            "when: [{claim: sub, equals: alice}]",
            of("asBefore", ""),
        ),
        (
            line("allowed", "GET", "/a", good),
            "when: [{claim: sub, equals: bob}]",
            of("newlyRefused", ""),
        ),
        (
            line("allowed", "GET", "/a", good),
            "when: [{claim: tenant, equals: x}]",
            of("cannotTell", "claim tenant"),
        ),
        (
            line("allowed", "GET", "/a", good),
            "when: [{claim: sub, equalsHeader: x-user}]",
            of("cannotTell", "header x-user"),
        ),
        (line("allowed", "GET", "/a", good), "to: [{ports: [80]}]", of("cannotTell", "the port")),
        (
            line("allowed", "GET", "/a", good),
            "from: [{ipBlocks: [10.0.0.0/8]}]",
            of("cannotTell", "the direct peer's address"),
        ),
        // A line without a caller is one of a connection without mTLS.
        (
            line("allowed", "GET", "/a", good),
            "from: [{namespaces: [shop]}]",
            of("newlyRefused", ""),
        ),
        // What was public may have had a token, or none.
        (
            line("allowed", "GET", "/a", ""),
            "to: [{paths: [/a]}]",
            of("cannotTell", "whether there was a good token"),
        ),
        (
            line("allowed", "GET", "/a", ""),
            "authentication: NONE, to: [{paths: [/a]}]",
            of("asBefore", ""),
        ),
        (line("allowed", "GET", "/a", ""), "to: [{paths: [/b]}]", of("newlyRefused", "")),
        (
            line("denied", "GET", "/a", "\"reason\":\"token-missing\","),
            "authentication: OPTIONAL",
            of("newlyAllowed", ""),
        ),
        (
            line("denied", "GET", "/a", "\"reason\":\"token-expired\","),
            "authentication: OPTIONAL",
            of("asBefore", ""),
        ),
        // A path that the line has cut off.
        (
            line("allowed", "GET", "/a…", good),
            "to: [{paths: ['/a*']}]",
            of("cannotTell", "the path, which the line has cut off or escaped"),
        ),
        (
            line("allowed", "GET", "/a[token]", good),
            "to: [{paths: ['/a*']}]",
            of("cannotTell", "the path, which the line has cut off or escaped"),
        ),
        (line("allowed", "GET", "/a…", good), "to: [{methods: [GET]}]", of("asBefore", "")),
        (
            line("denied", "POST", "/a", "\"reason\":\"method-ambiguous\","),
            "to: [{methods: [POST]}]",
            of(
                "cannotTell",
                "the method, whole and with the headers that ask for another; whether there was a good token",
            ),
        ),
        (
            line("allowed", "OPTIONS", "/a", ""),
            "roles: {anyOf: [x]}",
            of(
                "cannotTell",
                "whether there was a good token; the token's roles (claim roles); headers origin and access-control-request-method, which a preflight request has",
            ),
        ),
        // An issuer that the configuration has not.
        (
            line("allowed", "GET", "/a", "\"issuer\":\"other\","),
            "to: [{paths: [/a]}]",
            of("cannotTell", "the token: the configuration has no issuer `other`"),
        ),
    ] {
        assert_eq!(fate(&line, &policy(rule), &[]), expected, "{line}{rule}");
    }
    let port = line("allowed", "GET", "/a", good);
    assert_eq!(fate(&port, &policy("to: [{ports: [80]}]"), &["--port", "80"]), of("asBefore", ""));
    assert_eq!(
        fate(&port, &policy("to: [{ports: [80]}]"), &["--port", "81"]),
        of("newlyRefused", "")
    );
}

#[test]
fn the_configuration_of_the_log_tells_more_of_it() {
    let line = line("allowed", "GET", "/a", "\"issuer\":\"tyk\",");
    let next = format!(
        "{ISSUERS}policies: [{{name: p, rules: [{{name: r, when: [{{claim: tenant, equals: x}}]}}]}}]\n"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let was = folder.path().join("was.yaml");
    let was_file = was.to_str().expect("UTF-8").to_owned();
    // The claim would be in the line if the token had it.
    std::fs::write(&was, format!("{ISSUERS}audit: {{log: ALL, claims: [tenant]}}\n"))
        .expect("it is written");
    assert_eq!(fate(&line, &next, &["--was", &was_file]).0, "newlyRefused");
    std::fs::write(&was, ISSUERS).expect("it is written");
    assert_eq!(fate(&line, &next, &["--was", &was_file]).1, "claim tenant");
    // Another issuer may take other tokens.
    let all = format!("{ISSUERS}policies: [{{name: p, rules: [{{name: r}}]}}]\n");
    assert_eq!(fate(&line, &all, &["--was", &was_file]).0, "asBefore");
    std::fs::write(&was, ISSUERS.replace("jwksUri", "audiences: [mesh], jwksUri"))
        .expect("it is written");
    assert_eq!(
        fate(&line, &all, &["--was", &was_file]),
        ("cannotTell".to_owned(), "whether there was a good token".to_owned())
    );
}

/// What a line lacks, the filter had: a rule that stands in both configurations fares as the line
/// says.
#[test]
fn the_verdict_of_a_line_is_used_for_rules_of_both_configurations() {
    const CLOSED: &str = "{name: closed, action: DENY, to: [{paths: [\"/*\"]}], when: [{claim: banned, equals: true}]}";
    const OWN: &str = "{name: own, to: [{paths: [/a]}], when: [{claim: tenant, equals: x}]}";
    const MORE: &str = "{name: more, to: [{paths: [/b]}]}";
    let of = |rules: &[&str]| {
        format!("{ISSUERS}policies: [{{name: p, rules: [{}]}}]\n", rules.join(", "))
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("was.yaml");
    let told = |line: &str, was: &str, next: &str| {
        std::fs::write(&file, was).expect("it is written");
        fate(line, next, &["--was", file.to_str().expect("UTF-8")])
    };
    let as_before = ("asBefore".to_owned(), String::new());
    let unknown = |needs: &str| ("cannotTell".to_owned(), needs.to_owned());
    let (was, next) = (of(&[CLOSED, OWN]), of(&[MORE, CLOSED, OWN]));
    let good = "\"issuer\":\"tyk\",\"policy\":\"p\",\"rule\":\"own\",";
    let allowed = line("allowed", "GET", "/a", good);
    assert_eq!(told(&allowed, &was, &next), as_before);
    assert_eq!(fate(&allowed, &next, &[]), unknown("claim banned; claim tenant"));
    // Another rule of the name, and another policy: nothing is known of them.
    let other = OWN.replace("equals: x", "equals: y");
    assert_eq!(told(&allowed, &was, &of(&[CLOSED, &other])), unknown("claim tenant"));
    let elsewhere = was.replace("{name: p, ", "{name: p, defaultAction: ALLOW, ");
    assert_eq!(told(&allowed, &elsewhere, &next), unknown("claim banned; claim tenant"));
    // A rule that is new may refuse, and what was a dry run has refused nobody.
    let new = CLOSED.replace("closed", "new").replace("banned", "blocked");
    assert_eq!(told(&allowed, &was, &of(&[CLOSED, OWN, &new])), unknown("claim blocked"));
    let dry = |text: &str| format!("mode: SHADOW\n{text}");
    assert_eq!(told(&allowed, &dry(&was), &dry(&next)), unknown("claim banned; claim tenant"));
    let shadow = CLOSED.replace("action: DENY", "action: DENY, mode: SHADOW");
    let (was_shadow, next_enforced) = (of(&[&shadow, OWN]), of(&[CLOSED, OWN]));
    assert_eq!(told(&allowed, &was_shadow, &next_enforced), unknown("claim banned"));
    // Other settings.
    let loose = format!("methods: {{override: IGNORE}}\n{next}");
    assert_eq!(told(&allowed, &was, &loose), unknown("claim banned; claim tenant"));
    // What matched nothing matches nothing, where it is still asked; what is new is let through.
    let refused = line("denied", "GET", "/b", "\"reason\":\"no-rule-matched\",\"issuer\":\"tyk\",");
    assert_eq!(told(&refused, &was, &was), as_before);
    assert_eq!(told(&refused, &was, &next).0, "newlyAllowed");
    // A rule that lets everybody in has nobody's claims looked at.
    let public = "{name: public, authentication: NONE, to: [{paths: [/c], ports: [8080]}]}";
    let (was, next) = (of(&[CLOSED, OWN, public]), of(&[CLOSED, OWN, public]));
    let refused = line("denied", "GET", "/a", "\"reason\":\"no-rule-matched\",\"issuer\":\"tyk\",");
    assert_eq!(told(&refused, &was, &next), unknown("claim banned; claim tenant"));
}

#[test]
fn a_reason_that_nobody_knows_is_told() {
    let next = format!("{ISSUERS}policies: [{{name: p, rules: [{{name: r}}]}}]\n");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("next.yaml");
    std::fs::write(&file, next).expect("it is written");
    let file = file.to_str().expect("UTF-8");
    let unknown = line("denied", "GET", "/a", "\"reason\":\"role-mising\",\"issuer\":\"tyk\",");
    let log = unknown.repeat(2) + &line("denied", "GET", "/a", "\"reason\":\"token-missing\",");
    let run = attache_given(&["replay", "-", "--against", file], &log);
    assert!(
        run.stdout.contains("doubtful: 2, since `role-mising` is no reason that this program knows (`role-missing` is one)")
            && run.stdout.contains("the first is <stdin>:1"),
        "{}",
        run.stdout
    );
    let json =
        document(&attache_given(&["replay", "-", "--against", file, "--format", "json"], &log));
    assert_eq!(json["doubtful"][0]["count"], 2, "{json:#}");
    let forged: String =
        (0..100).map(|number| unknown.replace("role-mising", &format!("word-{number}"))).collect();
    let json =
        document(&attache_given(&["replay", "-", "--against", file, "--format", "json"], &forged));
    assert_eq!(json["doubtful"].as_array().map(Vec::len), Some(20));
    assert_eq!(json["otherDoubtful"], 80);
}

#[test]
fn the_standard_input_is_read_once() {
    for arguments in [
        &["replay", "-", "-", "--against", WAS][..],
        &["replay", "-", "--against", "-"],
        &["replay", AUDIT, "--against", "-", "--was", "-"],
        &["diff", "-", "-"],
    ] {
        let run = attache_given(arguments, "");
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(
            run.stderr.contains("can't both") || run.stderr.contains("only one of"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_log_of_strangers_breaks_nothing() {
    let mut log = Vec::new();
    for bytes in [
        &b"\xff\xfe{\"log\":\"attache\"\n"[..],
        b"\x1b[2J{\"log\":\"attache\",\"verdict\":\"denied\",\"method\":\"\\u001b[2J\",\"host\":\"\",\"path\":\"/\\u009b\"}\n",
        b"{\"log\":\"attache\",\"verdict\":\"maybe\",\"method\":\"GET\",\"host\":\"\",\"path\":\"/\"}\n",
        b"{\"log\":\"attache\",\"event\":\"lines-dropped\",\"strangers\":18446744073709551615,\"callers\":18446744073709551615}\n",
        b"{\"log\":\"attache\",\"event\":\"keys-changed\",\"issuer\":\"x\"}\n",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
        b"{\"msg\":\"{\\\"msg\\\":\\\"{}\\\"}\"}\n",
        b"[2026-11-28T12:37:00.948Z] \"GET /a HTTP/1.1\" 99999 -  - \"-\" 0 70 0 - \"-\" \"-\" \"-\" \"-\" \"-\" - - x y - default\n",
    ] {
        log.extend_from_slice(bytes);
    }
    log.extend(std::iter::repeat_n(b'{', 3 << 20));
    log.push(b'\n');
    let good = line("allowed", "GET", "/healthz", "");
    log.extend_from_slice(good.as_bytes());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log\u{1b}[2J");
    std::fs::write(&file, &log).expect("it is written");
    let run = attache(&["replay", file.to_str().expect("UTF-8"), "--against", WAS]);
    assert!(matches!(run.status, 0 | 1), "{}{}", run.stdout, run.stderr);
    assert!(!run.stdout.contains(|c: char| c.is_control() && c != '\n'), "{:?}", run.stdout);
    assert!(
        run.stdout.contains("it is not UTF-8") && run.stdout.contains("longer than 1 MiB"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("missing: 18446744073709551615 lines"), "{}", run.stdout);
}

#[test]
fn alike_requests_are_counted_and_unlike_ones_too() {
    let mut log = String::new();
    for number in 0..5_000 {
        let sender =
            format!("\"issuer\":\"tyk\",\"claims\":{{\"sub\":\"u{number}\",\"roles\":[]}},");
        _ = write!(log, "{}", line("allowed", "GET", &format!("/orders/{number}"), &sender));
    }
    let run = attache_given(&["replay", "-", "--against", NEXT, "--format", "json"], &log);
    let told = document(&run);
    let group = &told["newlyRefused"][0];
    assert_eq!(group["count"], 5_000);
    assert_eq!(group["rule"], "orders/read");
    let named = group["senders"].as_array().map(Vec::len);
    assert_eq!((named, &group["otherSenders"]), (Some(1_000), &Value::from(4_000)));
}

#[test]
fn of_a_dry_run_it_is_said_that_nothing_is_enforced() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../examples/debugging/orders-next.yaml"
    ));
    let text = text.expect("a file");
    let configuration = attache_config_reader::read_yaml(&text).expect("YAML");
    let mut configuration = serde_json::to_value(configuration).expect("JSON");
    let place = if configuration["spec"]["pluginConfig"].is_object() {
        &mut configuration["spec"]["pluginConfig"]
    } else {
        &mut configuration
    };
    place["mode"] = "SHADOW".into();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("next.json");
    std::fs::write(&file, configuration.to_string()).expect("it is written");
    let file = file.to_str().expect("UTF-8");
    let run = attache(&["replay", "examples/debugging/audit.log", "--against", file]);
    assert!(
        run.stdout
            .contains("taken for granted: it is in force, though the configuration is a dry run"),
        "{run:?}"
    );
    let log = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../examples/debugging/audit.log"
    ));
    let log = log.expect("a log");
    let line = log.lines().find(|line| line.contains("role-missing")).expect("a refusal");
    let run = attache(&["why", line, file]);
    assert!(run.stderr.contains("note: the configuration is a dry run"), "{run:?}");
}

#[test]
fn a_log_without_requests_is_no_good_news() {
    let run = attache_given(&["replay", "-", "--against", WAS], "hello\n");
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("no request in 1 line"), "{}", run.stderr);
    let run = replay("no-such.log", WAS, &[]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("can't read `no-such.log`"), "{}", run.stderr);
}

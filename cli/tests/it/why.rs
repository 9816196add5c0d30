//! `attache why`: from a line of the log to the rule, and to what would let the request through.

use crate::support::{Run, attache, attache_given};
use serde_json::{Value, json};
use std::fs;

const CONFIGURATION: &str = "examples/debugging/orders.yaml";

/// Returns what the sample log has, as the filter wrote it in an Envoy.
fn log(name: &str) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    fs::read_to_string(root.join("examples/debugging").join(name)).expect("the sample")
}

/// Asks about the request of the sample log with this number.
fn why(number: &str, more: &[&str]) -> Run {
    let id = format!("000000{number}-7c1e-4b9a-9d2f-0b9a6f1c2e3d");
    let ask = ["why", "-", CONFIGURATION, "--request-id", &id];
    attache_given(&[&ask[..], more].concat(), &log("audit.log"))
}

/// Returns the proposals: what stands behind "what would let it through".
fn proposals(run: &Run) -> Vec<&str> {
    let (_, after) = run.stdout.split_once("what would let it through\n").unwrap_or_default();
    after.lines().map(|line| line.trim_start_matches("  - ")).collect()
}

#[test]
fn a_missing_role_is_named_with_the_rule_and_its_line() {
    let run = why("12", &[]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    for line in [
        "it says   refused: role-missing, by rule orders/read",
        "here      refused: role-missing, by rule orders/read",
        r#"token  good, of tyk; the line names roles ["support"], sub "dave""#,
        "  · orders/read (ALLOW, examples/debugging/orders.yaml:25) does not match",
        r#"      roles.anyOf is ["reader"]: the token has none of the roles that policies know"#,
    ] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
    assert_eq!(
        proposals(&run),
        [
            "the token has role `reader`",
            "add \"support\" to policies[0].rules[1].roles.anyOf (examples/debugging/orders.yaml:27)",
            "add \"/orders/7\" to policies[0].rules[0].to[0].paths (examples/debugging/orders.yaml:24), which opens it to those \
             who have no token, too",
        ]
    );
}

#[test]
fn what_would_let_a_request_through_does() {
    let decided = |configuration: &str, request: &str, claims: &str, more: &[&str]| {
        let ask = ["explain", "-", "--request", request, "--claims", claims, "--format", "json"];
        let run = attache_given(&[&ask[..], more].concat(), configuration);
        let told: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
        told.pointer("/decision/outcome").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let configuration = fs::read_to_string(root.join(CONFIGURATION)).expect("the configuration");

    // A role of the token.
    assert_eq!(proposals(&why("12", &[]))[0], "the token has role `reader`");
    let [without, with] =
        [r#"{"sub":"dave","roles":["support"]}"#, r#"{"sub":"dave","roles":["support","reader"]}"#];
    assert_eq!(decided(&configuration, "GET /orders/7", without, &[]), "refuse");
    assert_eq!(decided(&configuration, "GET /orders/7", with, &[]), "forward");

    // A role more in the rule.
    let changed =
        configuration.replace("roles: {anyOf: [reader]}", "roles: {anyOf: [reader, support]}");
    assert_eq!(decided(&changed, "GET /orders/7", without, &[]), "forward");

    // A claim, past a DENY rule.
    let run = why("18", &[]);
    assert_eq!(proposals(&run)[0], "the token's claim mfa is true");
    let [without, with] = [
        r#"{"sub":"carol","roles":["writer"]}"#,
        r#"{"sub":"carol","roles":["writer"],"mfa":true}"#,
    ];
    assert_eq!(decided(&configuration, "DELETE /orders/7", without, &[]), "refuse");
    assert_eq!(decided(&configuration, "DELETE /orders/7", with, &[]), "forward");

    // A path that the DENY rule is not for.
    assert_eq!(
        proposals(&run)[1],
        "add \"/orders/7\" to policies[0].rules[5].to[0].notPaths (examples/debugging/orders.yaml:41)"
    );
    let changed = configuration
        .replace("to: [{methods: [DELETE]}]", "to: [{methods: [DELETE], notPaths: [/orders/7]}]");
    assert_eq!(decided(&changed, "DELETE /orders/7", without, &[]), "forward");

    // Another subject.
    assert_eq!(proposals(&why("17", &[]))[0], "the token's claim sub is \"bob\"");
}

/// A name with dots in it is one step of a path, as `["https://example.com/tier"]`.
#[test]
fn a_claim_named_by_a_url_is_changed_as_one_claim() {
    let configuration = r#"{
        "issuers": [{"name": "tyk", "issuer": "https://tyk.example.com", "audiences": ["a"],
                     "jwksUri": "https://tyk.example.com/keys", "cluster": "tyk"}],
        "policies": [{"name": "orders", "rules": [{"name": "gold", "to": [{"paths": ["/orders"]}],
            "when": [{"claim": ["https://example.com/tier"], "equals": "gold"}]}]}]
    }"#;
    let line = r#"{"log":"attache","verdict":"denied","reason":"no-rule-matched","method":"GET",
        "host":"orders.example.com","path":"/orders","issuer":"tyk","subject":"carol"}"#
        .replace('\n', "");
    let claims =
        r#"{"iss": "https://tyk.example.com", "sub": "carol", "https://example.com/tier": "tin"}"#;
    let run = attache_given(&["why", &line, "-", "--claims", claims], configuration);
    assert!(
        proposals(&run)
            .iter()
            .any(|told| told.contains("https://example.com/tier") && told.ends_with("is \"gold\"")),
        "{}{}",
        run.stdout,
        run.stderr
    );
}

#[test]
fn what_the_line_lacks_is_told_with_how_to_give_it() {
    let run = why("14", &[]);
    for line in [
        "here      the line does not tell what decides: claim tenant",
        "  ? orders/write (ALLOW, examples/debugging/orders.yaml:28) matches or not: the line does not tell",
        "      when[0] is {\"claim\":\"tenant\",\"in\":[\"acme\",\"globex\"]}: not known: claim tenant; give it by --claims, or \
         `audit: {claims: [tenant]}` for later lines",
    ] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
    assert_eq!(
        proposals(&run),
        ["the token's claim tenant is \"acme\"", "the token's claim tenant is \"globex\""]
    );

    let claims =
        r#"{"iss":"https://tyk.example.com","sub":"bob","roles":["writer"],"tenant":"initech"}"#;
    let run = why("14", &["--claims", claims]);
    for line in [
        "here      refused: no-rule-matched",
        "      when[0] is {\"claim\":\"tenant\",\"in\":[\"acme\",\"globex\"]}: tenant is \"initech\"",
    ] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
}

#[test]
fn a_bad_token_is_told_by_its_reason_and_the_documentation() {
    let run = why("1a", &[]);
    for line in [
        "it says   refused: audience-mismatch (audience-other)",
        "No rule has judged it: a token is looked at first.",
        "  the token was issued for another service",
    ] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
    assert_eq!(
        proposals(&run)[0],
        "the request brings a token whose `aud` has one of mesh, and the token has role `reader`"
    );
    // The line's time counts, and not today.
    let claims = r#"{"iss":"https://tyk.example.com","aud":"mesh","sub":"a","roles":["reader"],"exp":1795871000}"#;
    let run = why("19", &["--claims", claims]);
    assert!(
        run.stdout.contains("\ntoken  good, with the claims that you gave\n"),
        "{}",
        run.stdout
    );
    assert_eq!(run.status, 0, "{}", run.stdout);
}

#[test]
fn a_path_that_no_rule_can_judge_has_its_cause() {
    let run = why("1e", &[]);
    let told = "No rule judges it: path-ambiguous, since the path has a `%` without two hexadecimal digits behind it.";
    assert!(run.stdout.lines().any(|line| line == told), "{}", run.stdout);
    let run = why("27", &[]);
    assert!(
        run.stdout.contains("since the path has the control character 0x1b, encoded."),
        "{}",
        run.stdout
    );
    let run = why("1d", &[]);
    for line in ["as GET /orders/a%2Fb", "as GET /orders/a/b, which a service may read"] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
    assert_eq!(
        proposals(&run)[0],
        "add \"/orders/a/b\" to policies[0].rules[1].to[0].paths (examples/debugging/orders.yaml:26)"
    );
}

#[test]
fn a_line_is_taken_as_an_argument_and_from_an_access_log() {
    let log = log("audit.log");
    let line = log.lines().find(|line| line.contains("role-missing")).expect("a refusal");
    assert_eq!(
        attache(&["why", line, CONFIGURATION]).stdout.replace("line 1,", ""),
        why("12", &[]).stdout.replace("line 6,", "")
    );
    let access = self::log("access.log");
    let line = access.lines().find(|line| line.contains("\"GET /reports ")).expect("a refusal");
    let run = attache(&["why", line, CONFIGURATION]);
    assert!(
        run.stdout.contains("it says   refused; an access log does not tell why"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("here      refused"), "{}", run.stdout);
}

#[test]
fn another_configuration_than_the_line_was_written_under_is_told() {
    let id = "00000012-7c1e-4b9a-9d2f-0b9a6f1c2e3d";
    let next = "examples/debugging/orders-next.yaml";
    let run = attache_given(&["why", "-", next, "--request-id", id], &log("audit.log"));
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(
        run.stdout
            .contains("here      allowed, by rule orders/read\n          so the proxy had another"),
        "{}",
        run.stdout
    );
}

/// The lines are those of a real gateway, issuer, Envoy and filter, and of one trace.
#[test]
fn a_request_is_followed_from_the_gateway_on() {
    let trace = "b72cc8a3e84a790b8a1ff066878f1c9c";
    let ask = ["why", "-", "examples/debugging/way.yaml", "--format", "json"];
    let told = |more: &[&str], log: &str| -> Value {
        let run = attache_given(&[&ask[..], more].concat(), log);
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr))
    };
    let programs = |told: &Value| -> Vec<String> {
        let way = told["way"].as_array().expect("a way");
        way.iter().map(|seen| seen["program"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let log = log("way.log");
    let all = ["gateway", "issuer", "proxy", "filter"];
    for more in [&["--trace-id", trace][..], &["--trace-id", &trace.to_uppercase()], &[]] {
        assert_eq!(programs(&told(more, &log)), all);
    }

    // Another request with the same `x-request-id`, which a client chooses, is another's.
    let other = log.replace(trace, "00000000000000000000000000000001").replace("POST", "PUT");
    let both = [other.as_str(), &log].concat();
    let told = told(&["--trace-id", trace], &both);
    assert_eq!(programs(&told), all);
    let lines: Vec<&Value> =
        told["way"].as_array().expect("a way").iter().map(|seen| &seen["line"]).collect();
    assert_eq!(lines, [6, 5, 7, 8]);

    let run = attache_given(&["why", "-", ask[2], "--trace-id", "00"], &log);
    assert!(run.stderr.contains("no line of the filter has the trace id `00`"), "{}", run.stderr);

    // Many lines of one trace hide none of those around the one that is asked about.
    let line = log.lines().nth(1).unwrap_or_default();
    let flood = [&*log, &format!("{line}\n").repeat(60)].concat();
    let run = attache_given(&[&ask[..], &["--trace-id", trace]].concat(), &flood);
    let flooded: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let found = programs(&flooded);
    assert!(all.iter().all(|program| found.iter().any(|own| own == program)), "{found:?}");

    // What others wrote is no request more.
    let run = attache_given(&["replay", "-", "--against", ask[2]], &log);
    assert!(
        run.stdout.contains("1 request in 4 lines") || run.stderr.contains("1 request in 4 lines"),
        "{}",
        run.stdout
    );
}

#[test]
fn programs_get_the_same() {
    let run = why("14", &["--format", "json"]);
    let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(told["here"]["verdict"], "unknown");
    assert_eq!(told["here"]["dependsOn"][0]["fact"], "claim tenant");
    assert_eq!(
        told["proposals"][0],
        json!({"steps": ["the token's claim tenant is \"acme\""], "opens": false, "dependsOn": []})
    );
}

#[test]
fn what_contradicts_the_line_is_told() {
    // The line has issuer tyk, roles ["support"] and sub "dave".
    let but = |more: &[&str]| -> Vec<String> {
        let run = why("12", more);
        let lines = run.stdout.lines().filter_map(|line| line.strip_prefix("but    "));
        lines.map(str::to_owned).collect()
    };
    let same = r#"{"sub":"dave","roles":["support"],"tenant":"a"}"#;
    assert!(but(&["--claims", same]).is_empty());
    assert!(but(&[]).is_empty());
    assert_eq!(
        but(&["--claims", r#"{"sub":"alice","roles":["support"]}"#]),
        [r#"the line has claim sub "dave", and the claims have "alice""#]
    );
    assert_eq!(
        but(&["--claims", r#"{"sub":"dave"}"#]),
        [r#"the line has claim roles ["support"], and the claims have none"#]
    );
    let other = r#"{"iss":"https://other.example.com","sub":"dave","roles":["support"]}"#;
    assert_eq!(
        but(&["--claims", other]),
        [
            r#"the line has a token of issuer tyk, and the claims have another `iss`: "https://other.example.com""#
        ]
    );
    let told = but(&["--caller", "spiffe://cluster.local/ns/x/sa/y"]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("the line has caller ")
            && told[0].ends_with("and you gave cluster.local/ns/x/sa/y")
    );
    let run =
        why("12", &["--claims", r#"{"sub":"alice","roles":["support"]}"#, "--format", "json"]);
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(document["doubts"].as_array().map(Vec::len), Some(1), "{document:#}");
    // A line without a token.
    let line = r#"wasm log: {"log":"attache","verdict":"denied","reason":"token-missing","method":"GET","host":"a","path":"/a"}"#;
    let run = attache_given(&["why", "-", CONFIGURATION, "--claims", "{}"], line);
    assert!(run.stdout.contains("but    the line says that there was no token"), "{}", run.stdout);
}

#[test]
fn a_reason_that_nobody_knows_is_told() {
    let known = log("audit.log");
    let said = |from: &str, to: &str| {
        let id = "00000012-7c1e-4b9a-9d2f-0b9a6f1c2e3d";
        let ask = ["why", "-", CONFIGURATION, "--request-id", id];
        attache_given(&ask, &known.replace(from, to)).stdout
    };
    let told = said(r#""reason":"role-missing""#, r#""reason":"role-mising""#);
    assert!(
        told.contains(
            "but    `role-mising` is no reason that this program knows (`role-missing` is one)"
        ),
        "{told}"
    );
    assert!(!said("a", "a").contains("but    "));
}

#[test]
fn what_is_unclear_is_said() {
    for (arguments, input, said) in [
        (&["why", "-", "-"][..], "", "can't both come from the standard input"),
        (&["why", "hello", CONFIGURATION], "", "that is no audit line of the filter"),
        (
            &["why", "examples/debugging/audit.log", CONFIGURATION],
            "",
            "is a file; write `attache why - FILE <",
        ),
        (&["why", "-", CONFIGURATION, "--request-id", "x"], "", "no line has the request id `x`"),
        (&["why", "-", CONFIGURATION, "--token", "abc"], "", "no audit line"),
    ] {
        let run = attache_given(arguments, input);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
}

/// Lines that somebody wrote who means ill.
#[test]
fn a_hostile_line_moves_no_cursor_and_breaks_nothing() {
    let base = json!({"log": "attache", "verdict": "denied", "reason": "role-missing", "policy": "orders", "rule": "read",
        "issuer": "tyk", "claims": {"sub": "a"}, "method": "GET", "host": "h", "path": "/orders/7"});
    let hostile = "\u{1b}[2J\u{9b}31m\u{202e}\u{7}\r\n\u{200b}";
    let strings = [
        "reason",
        "policy",
        "rule",
        "issuer",
        "method",
        "host",
        "path",
        "caller",
        "time",
        "requestId",
        "detail",
        "claim",
        "header",
    ];
    let mut lines: Vec<Value> = strings
        .iter()
        .map(|name| {
            let mut line = base.clone();
            line[name] = json!(format!("/x{hostile}"));
            line
        })
        .collect();
    for claims in [
        json!({"sub": hostile, "roles": [hostile]}),
        json!({"sub": 7}),
        json!({hostile: hostile}),
        json!({"exp": -1, "iss": hostile, "aud": [1, 2], "nbf": "x"}),
        json!({"roles": {"a": {"b": 1}}}),
        json!({"a.b.c.d": 1, "a": 2, "a.b": {"c": 3}}),
        json!({"sub": "x".repeat(100_000)}),
        (0..200).fold(json!(1), |inner, _| json!({"a": inner})),
    ] {
        let mut line = base.clone();
        line["claims"] = claims;
        lines.push(line);
    }
    for (name, value) in [
        ("method", json!("")),
        ("path", json!("")),
        ("host", json!("")),
        ("path", json!("/a".repeat(600))),
        ("method", json!("OPTIONS")),
    ] {
        let mut line = base.clone();
        line[name] = value;
        lines.push(line);
    }
    for line in lines {
        // As the filter and Envoy would write it: on one line. `log` comes first, whatever a map
        // does.
        let text = line.to_string();
        let members = text
            .trim_start_matches('{')
            .replace("\"log\":\"attache\",", "")
            .replace(",\"log\":\"attache\"", "");
        let text = format!("wasm log: {{\"log\":\"attache\",{members}");
        for format in ["text", "json"] {
            let run = attache_given(&["why", "-", CONFIGURATION, "--format", format], &text);
            assert!(matches!(run.status, 0..=2), "{text}: {run:?}");
            let shown = format!("{}{}", run.stdout, run.stderr);
            assert!(!shown.contains("panicked"), "{text}: {shown}");
            let obeyed =
                |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
            assert!(
                format == "json"
                    && !run.stdout.contains(|c: char| c.is_control() && c < '\u{80}' && c != '\n')
                    || !shown.contains(obeyed),
                "{text}: {shown:?}"
            );
        }
    }
}

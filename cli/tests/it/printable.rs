//! Whatever strangers call things, what the tool writes is plain text, and Markdown with no markup
//! of theirs.

use crate::support::{Run, attache};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Moves a terminal's cursor, turns text round, hides some, ends a line with a command to GitHub
/// Actions, and is markup.
const NASTY: &str = "\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{200b}\u{7}\r\n::error::x ##[error]y `` ` <b onclick=a> | @octocat ![i](https://evil.example) ";

/// Fails where a character of a text is not plain, or a line begins as a command to GitHub Actions
/// does.
fn assert_plain(text: &str, what: &str) {
    for character in text.chars() {
        let is_format = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        assert!(
            !is_format && (!character.is_control() || character == '\n'),
            "{what}: {character:?} in {text}"
        );
    }
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{what}: {line}");
    }
}

/// Returns Markdown without what stands in code.
fn without_code(markdown: &str) -> String {
    let mut text = String::new();
    let mut is_fenced = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced {
            let parts: Vec<&str> = line.split('`').collect();
            assert_eq!(parts.len() % 2, 1, "a code span is open: {line}");
            assert!(!line.contains("``"), "two of them meet: {line}");
            text.extend(parts.iter().step_by(2).copied());
            text.push('\n');
        }
    }
    assert!(!is_fenced, "{markdown}");
    text
}

fn assert_run(run: &Run, what: &str, says: &str) {
    assert_plain(&run.stdout, what);
    assert_plain(&run.stderr, what);
    assert!(run.stdout.contains(says), "{what} does not say {says}: {run:?}");
}

/// A configuration that has such names where it may have any.
fn configuration(paths: &[&str]) -> Value {
    json!({
        "issuers": [{
            "name": "tyk", "issuer": format!("https://tyk.example.com/{NASTY}"), "jwksUri": "https://tyk.example.com/keys",
            "audiences": [NASTY], "roleClaims": [{"claim": [NASTY]}],
        }],
        "policies": [{
            "name": "p",
            "selector": {"labels": {"app": "orders"}},
            "rules": [
                {"name": "r", "to": [{"methods": ["GET"], "paths": paths}], "roles": {"anyOf": [NASTY]},
                    "when": [{"claim": [NASTY, "b"], "equals": NASTY}, {"claim": "sub", "equalsClaim": [NASTY, "c"]}]},
                {"name": "s", "to": [{"paths": paths}], "roles": {"anyOf": [NASTY]}, "when": [{"claim": "exp", "greaterThan": 1}]},
            ],
        }],
    })
}

/// The same with such names where it may have none.
fn wrong_configuration(paths: &[&str]) -> Value {
    let mut wrong = configuration(paths);
    wrong[NASTY] = json!(1);
    wrong["issuers"][0][NASTY] = json!(1);
    wrong["policies"][0]["name"] = json!(NASTY);
    wrong["policies"][0]["selector"] =
        json!({"namespaces": [NASTY], "labels": {NASTY: NASTY}, "serviceAccounts": [NASTY]});
    wrong["policies"][0]["rules"][0]["to"][0]["hosts"] = json!([NASTY]);
    wrong
}

/// Returns JSON that says the same in ASCII: YAML takes no control character as it is.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for character in value.to_string().chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            let mut units = [0; 2];
            character
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    text
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// Writes a file whose name is as nasty as a name can be.
    fn write(&self, name: &str, value: &Value) -> String {
        let nasty = NASTY.replace('/', "");
        let path = self.0.path().join(format!("{nasty}{name}.json"));
        fs::write(&path, ascii(value)).expect("it is written");
        path.to_str().expect("UTF-8").to_owned()
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Returns the configuration in a resource with such names.
fn resource(configuration: &Value) -> Value {
    json!({
        "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
        "metadata": {"name": NASTY, "namespace": NASTY, "labels": {"app.kubernetes.io/name": "attache"}},
        "spec": {"url": format!("oci://registry.example/{NASTY}"), "match": [{"mode": "SERVER"}], "phase": "AUTHN",
            NASTY: NASTY, "pluginConfig": configuration},
    })
}

#[test]
fn findings_are_plain_in_every_format() {
    let folder = Folder::new();
    for (name, document) in
        [("a", wrong_configuration(&["/x"])), ("b", resource(&wrong_configuration(&["x", NASTY])))]
    {
        let file = folder.write(name, &document);
        for format in ["text", "json", "sarif", "github"] {
            let mut run = attache(&["check", &file, "--format", format]);
            if format == "github" {
                // The commands of the format itself.
                run.stdout = run.stdout.replace("::error file=", "").replace("::warning file=", "");
            }
            assert_run(&run, format, "unknown key");
        }
    }
    // A name stays what it is to programs.
    let run = attache(&["check", folder.path().to_str().expect("UTF-8"), "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert!(
        report["findings"][0]["file"].as_str().expect("a name").contains('\u{202e}'),
        "{report}"
    );
    // The line itself, as YAML.
    let file = folder.path().join("c.yaml");
    for (line, said) in [
        ("issuers: [] # \u{202e}\u{200b} ##[error]x", "1 | issuers: [] # "),
        ("issuers: [] # \u{9b}31m", "1 | issuers: [] # ¿31m"),
    ] {
        fs::write(&file, line).expect("it is written");
        assert_run(&attache(&["check", file.to_str().expect("UTF-8")]), "a line", said);
    }
}

#[test]
fn tests_and_explanations_are_plain() {
    let folder = Folder::new();
    let claims = json!({"sub": NASTY, NASTY: [NASTY, "x"]});
    let tests = json!({
        "title": NASTY, "configuration": configuration(&["/x", "/y"]), "tokens": {NASTY: {"claims": claims}},
        "workload": {"namespace": NASTY, "name": NASTY, "serviceAccount": NASTY, "labels": {NASTY: NASTY, "app": "orders"}},
        "steps": [
            {"name": NASTY, "request": {"path": "/x", "token": NASTY, "headers": {"x-a": NASTY}, "caller": NASTY, "host": NASTY},
                "expect": {"service": {"headers": {NASTY: NASTY, "x-a": "b"}, "absent": ["x-a"], "path": NASTY}}},
            {"name": "refused", "request": {"path": "/z?a", "token": NASTY, "method": NASTY},
                "expect": {"reason": "role-missing", "body": NASTY, "answer": {NASTY: NASTY}}},
        ],
    });
    let file = folder.write("t", &tests);
    let junit = folder.path().join("junit.xml");
    let run = attache(&["test", &file, "--junit", junit.to_str().expect("UTF-8")]);
    assert_run(&run, "test", "FAILED ");
    assert_plain(&fs::read_to_string(junit).expect("a report"), "JUnit");
    assert_run(&attache(&["mutate", &file, "--min", "100"]), "mutate", "");
    for wrong in [
        json!({"title": "t", NASTY: 1, "configuration": NASTY, "steps": [{"name": "n", "request": {"path": "/"}}]}),
        json!({"title": "t", "configuration": NASTY, "steps": [{"name": "n", "request": {"path": "/"}}]}),
        json!({"title": "t", "configuration": configuration(&["/x"]), "steps": [{"name": NASTY, "request": {"path": "/"}, "expect": {"rule": NASTY}}]}),
        json!({"title": "t", "configuration": configuration(&["/x"]), "tokens": {NASTY: {"raw": "a"}}, "steps": [{"name": NASTY, "request": {"path": "/", "token": "b"}}]}),
        json!({"title": "t", "configuration": configuration(&["/x"]), "tokens": {NASTY: {"raw": "a"}}, "steps": [{"name": NASTY, "request": {"path": "/"}}]}),
    ] {
        let run = attache(&["test", &folder.write("wrong", &wrong)]);
        assert_eq!(run.status, 2, "{run:?}");
        assert_run(&run, "a wrong test", "");
    }
    let run = attache(&[
        "explain",
        &folder.write("d", &wrong_configuration(&["x"])),
        "--request",
        "GET /x",
    ]);
    assert_eq!(run.status, 2, "{run:?}");
    assert_run(&run, "explain", "");
    let file = folder.write("c", &configuration(&["/x"]));
    let workload = format!("{}/{NASTY}", "shop");
    let label = format!("{NASTY}={NASTY}");
    for format in ["text", "json"] {
        let run = attache(&[
            "explain",
            &file,
            "--request",
            "GET /x",
            "--claims",
            &claims.to_string(),
            "--header",
            &format!("x-a: {NASTY}"),
            "--host",
            NASTY,
            "--workload",
            &workload,
            "--label",
            &label,
            "--service-account",
            NASTY,
            "--format",
            format,
        ]);
        assert_run(&run, "explain", "");
        assert!(!run.stdout.is_empty(), "{run:?}");
        let resource = folder.write("r", &resource(&configuration(&["/x"])));
        let run = attache(&[
            "explain",
            &resource,
            "--request",
            "GET /x",
            "--workload",
            &workload,
            "--format",
            format,
        ]);
        assert_run(&run, "explain", "");
        assert!(run.stderr.contains("note: "), "{run:?}");
    }
}

#[test]
fn logs_are_told_plainly() {
    let folder = Folder::new();
    let file = folder.write("c", &configuration(&["/x"]));
    let line = json!({
        "log": "attache", "requestId": NASTY, "verdict": "denied", "reason": NASTY, "policy": NASTY, "rule": NASTY,
        "issuer": NASTY, "claims": {NASTY: NASTY}, "method": "GET", "host": NASTY, "path": "/x",
    });
    // `log` stands first in a line of the filter.
    let mut text = line.to_string();
    text = format!(
        "{{\"log\":\"attache\",{}\n",
        text.replace("\"log\":\"attache\",", "").trim_start_matches('{')
    );
    let log = folder.path().join(NASTY.replace('/', ""));
    fs::write(&log, &text).expect("it is written");
    let label = format!("{NASTY}={NASTY}");
    for format in ["text", "json"] {
        let workload =
            ["--label", &label, "--workload", &format!("{NASTY}/{NASTY}"), "--format", format];
        let run = attache(&[&["why", text.trim_end(), &file][..], &workload].concat());
        assert_run(&run, "why", "");
        assert!(!run.stdout.is_empty(), "{run:?}");
        let log = log.to_str().expect("UTF-8");
        let run = attache(&[&["replay", log, "--against", &file][..], &workload].concat());
        assert_run(&run, "replay", "");
        assert!(!run.stdout.is_empty(), "{run:?}");
    }
}

#[test]
fn proofs_and_comparisons_are_plain_and_markdown_has_no_markup_of_theirs() {
    let folder = Folder::new();
    let (old, new) = (configuration(&["/x"]), configuration(&["/x", "/<b>@octocat|`y`"]));
    let mut other = new.clone();
    other["issuers"][0]["clockSkew"] = json!("30s");
    let mut renamed = resource(&other);
    renamed["metadata"]["namespace"] = json!(format!("{NASTY}2"));
    renamed["spec"][format!("{NASTY}z")] = json!("z");
    let list = |items: &[Value]| json!({"apiVersion": "v1", "kind": "List", "items": items});
    let mut second = resource(&old);
    second["metadata"]["name"] = json!(format!("{NASTY}second"));
    for (before, after) in [
        (old.clone(), new.clone()),
        (old.clone(), other.clone()),
        (resource(&old), renamed.clone()),
        (list(&[resource(&old), second]), list(&[renamed])),
    ] {
        let (before, after) = (folder.write("old", &before), folder.write("new", &after));
        for format in ["text", "json", "markdown"] {
            let run = attache(&["diff", &before, &after, "--format", format]);
            assert_eq!(run.status, 1, "{run:?}");
            assert_run(&run, format, "");
            if format == "markdown" {
                let text = without_code(&run.stdout);
                for markup in ["<", "@", "|", "](", "evil.example", "\u{60}"] {
                    assert!(!text.contains(markup), "{markup} in {text}\n{}", run.stdout);
                }
            }
        }
    }
    let proof = json!({"title": NASTY, "configuration": new, "assertions": [
        {"name": NASTY, "expect": "REFUSED", "to": [{"paths": ["/x"]}]},
        {"name": "public", "expect": "REFUSED", "token": "NONE"},
    ]});
    let file = folder.write("p", &proof);
    for format in ["text", "json"] {
        assert_run(&attache(&["prove", &file, "--format", format]), "prove", "fails");
    }
    let wrong = json!({"configuration": NASTY, NASTY: 1, "assertions": [{"name": NASTY, "expect": NASTY, NASTY: 1}]});
    assert_run(&attache(&["prove", &folder.write("w", &wrong)]), "prove", "");
    for wrong in [
        &["check", NASTY][..],
        &["test", NASTY],
        &["prove", NASTY],
        &["diff", NASTY, NASTY],
        &["tyk", "routes", NASTY],
    ] {
        let run = attache(wrong);
        assert_eq!(run.status, 2, "{run:?}");
        assert_run(&run, &format!("{wrong:?}"), "");
    }
}

#[test]
fn resources_are_plain_and_say_the_same() {
    let folder = Folder::new();
    let definition = json!({
        "api_id": NASTY, "name": NASTY, "slug": "a", "active": true,
        "proxy": {"listen_path": "/a/", "target_url": "http://a.shop:80/b\u{202e}", "strip_listen_path": true},
        "version_data": {"not_versioned": true, "versions": {"Default": {"name": "Default"}}},
    });
    let run = attache(&["tyk", "routes", &folder.write("d", &definition)]);
    assert_run(&run, "tyk routes", "VirtualService");
    let resource = attache_config_reader::read_yaml(&run.stdout).expect("YAML");
    let resource = serde_json::to_value(resource).expect("JSON");
    assert_eq!(
        resource["spec"]["http"][0]["match"][0]["uri"]["exact"], "/b\u{202e}",
        "{}",
        run.stdout
    );
}

/// A file is called what strangers like, and may be named by a pattern of the shell.
#[test]
fn no_name_makes_a_line_of_its_own() {
    let folder = Folder::new();
    let name =
        |name: &str| folder.path().join(format!("a\nerror: forged {name}")).display().to_string();
    let file = |own: &str, text: &str| {
        fs::write(name(own), text).expect("it is written");
        name(own)
    };
    let not_utf8 = name("bytes.yaml");
    fs::write(&not_utf8, [0xff, 0xfe]).expect("it is written");
    let torn = file("torn.yaml", "a: [\n");
    let wrong = file("wrong.yaml", "issuers: 1\n");
    let good = file(
        "good.yaml",
        "issuers: [{name: a, issuer: https://a.test, jwksUri: https://a.test/keys}]\n",
    );
    let both = file("two.yaml", "issuers: []\n---\nissuers: []\n");
    let steps = "steps: [{name: 'a\n\n  error: forged', request: {path: /}}]";
    let test = file("t.yaml", &format!("title: t\nconfiguration: {{}}\n{steps}\n"));
    let failing = file(
        "f.yaml",
        &format!(
            "title: t\nconfiguration: {{issuers: [{{name: a, issuer: https://a.test, jwksUri: https://a.test/keys}}]}}\n{steps}\n"
        ),
    );
    let proof = file("p.yaml", "assertions: [{name: a, expect: REFUSED, token: NONE}]\n");
    let outside = file("o.yaml", "title: t\nconfiguration: \"../x\\nerror: forged\"\nsteps: []\n");
    let missing = name("missing.yaml");
    let junit = folder.path().join("junit.xml").display().to_string();
    let under = format!("{missing}/x");
    let option = format!("--{}", "a\nerror: forged");
    let valued = format!("--format=x{}", "\nerror: forged");
    for arguments in [
        &["check", &missing][..],
        &["check", &not_utf8],
        &["check", &torn],
        &["check", &wrong],
        &["check", &wrong, "--format", "github"],
        &["check", &option],
        &["check", &good, &valued],
        &["explain", &wrong, "--request", "GET /"],
        &["explain", &both, "--request", "GET /"],
        &["explain", &good, "--request", "GET /", "--token", &format!("@{missing}")],
        &["explain", &good, "--request", "GET /", "--jwks", &format!("a={missing}")],
        &["diff", &wrong, &good],
        &["diff", &missing, &good],
        &["diff", &good, &both],
        &["test", &missing],
        &["test", &test],
        &["test", &torn],
        &["test", &good],
        &["test", &failing, "--junit", &junit],
        &["test", &failing, "--junit", &under],
        &["test", &outside],
        &["mutate", &failing],
        &["prove", &proof],
        &["prove", &torn],
        &["prove", &wrong],
        &["prove", &proof, "--configuration", &both],
        &["replay", &missing, "--against", &good],
        &["replay", &good, "--against", &good],
        &["import", "istio", &missing],
        &["import", "istio", &torn],
        &["tyk", "routes", &missing],
        &["tyk", "routes", &wrong],
        &["limits", &good, "--conf", &missing, "--dry-run"],
        &["limits", &good, "--conf", &torn, "--dry-run"],
        &["limits", &good, "--policies", &wrong, "--dry-run"],
        &["keys", "--insecure-test-keys", "--key", &missing],
        &["keys", "--insecure-test-keys", "--key", &good],
        &["man", "--output", &missing],
        &["test", &good, "--root", &missing],
    ] {
        let run = attache(arguments);
        for line in run.stdout.lines().chain(run.stderr.lines()) {
            assert!(!line.trim_start().starts_with("error: forged"), "{arguments:?}: {run:?}");
        }
    }
    let report = fs::read_to_string(junit).expect("a report");
    assert!(report.lines().all(|line| !line.trim_start().starts_with("error: forged")), "{report}");
    // SARIF has it as a part of a URI.
    let run = attache(&["check", &wrong, "--format", "sarif"]);
    assert!(run.stdout.contains("a%0Aerror%3A%20forged%20wrong.yaml"), "{run:?}");
}

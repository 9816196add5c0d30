//! The workflows and forms in `.github`: they parse, call what is there with options that it has,
//! run nobody else's code but by commit, and may do no more than they must. What they call is
//! tested by running it (`scripts/release --dry-run`).

#![expect(clippy::unwrap_used, clippy::panic, clippy::string_slice, reason = "tests")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn parsed(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder in `.github` that are YAML, with what they say.
fn documents(folder: &str) -> Vec<(String, Value)> {
    let mut found: Vec<_> = fs::read_dir(root().join(".github").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), parsed(&path)))
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// Each job's name and each of its steps.
fn steps(workflow: &Value) -> impl Iterator<Item = (&str, &Value)> {
    workflow["jobs"].as_object().unwrap().iter().flat_map(|(name, job)| {
        job["steps"].as_array().unwrap().iter().map(move |step| (name.as_str(), step))
    })
}

/// The commands of our own in what a step runs: each script with the options given to it.
fn calls(run: &str) -> Vec<(String, Vec<String>)> {
    let mut calls: Vec<(String, Vec<String>)> = Vec::new();
    let mut of_ours = false;
    for line in run.replace("\\\n", " ").lines() {
        for word in line.split_whitespace() {
            if word.starts_with("scripts/") || word.starts_with(".ci/") {
                calls.push((word.to_owned(), Vec::new()));
                of_ours = true;
            } else if matches!(word, "&&" | "||" | "|" | ";") {
                of_ours = false;
            } else if let (true, true, Some((_, options))) =
                (of_ours, word.starts_with("--"), calls.last_mut())
            {
                options.push(word.to_owned());
            }
        }
        of_ours = false;
    }
    calls
}

#[test]
fn every_script_and_option_that_a_workflow_calls_is_there() {
    let mut seen = Vec::new();
    for (file, workflow) in documents("workflows") {
        for (_, step) in steps(&workflow) {
            for (script, options) in calls(step["run"].as_str().unwrap_or_default()) {
                let path = root().join(&script);
                assert!(path.is_file(), "{file}: there is no {script}");
                if !options.is_empty() {
                    let help = Command::new(&path).arg("--help").output().unwrap();
                    assert!(help.status.success(), "{script} --help");
                    let help = String::from_utf8(help.stdout).unwrap();
                    for option in &options {
                        assert!(help.contains(option.as_str()), "{file}: {script} has no {option}");
                    }
                }
                seen.push(script);
            }
        }
    }
    for needed in [".ci/run", "scripts/release", "scripts/test-install"] {
        assert!(seen.iter().any(|script| script == needed), "no workflow calls {needed}: {seen:?}");
    }
}

#[test]
fn what_strangers_wrote_is_pinned_to_a_commit() {
    let mut uses = 0;
    for (file, workflow) in documents("workflows") {
        let text = fs::read_to_string(root().join(".github/workflows").join(&file)).unwrap();
        for (_, step) in steps(&workflow) {
            let Some(action) = step["uses"].as_str() else { continue };
            let (_, commit) = action.split_once('@').unwrap_or_else(|| panic!("{file}: {action}"));
            let digits = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(digits, "{file}: {action} can be moved");
            assert!(text.contains(&format!("{action} # v")), "{file}: which version is {action}?");
            uses += 1;
        }
    }
    assert!(uses > 0);
}

#[test]
fn a_workflow_may_do_no_more_than_it_must() {
    for (file, workflow) in documents("workflows") {
        assert_eq!(
            workflow["permissions"],
            serde_json::json!({}),
            "{file}: what a job may do, the job says"
        );
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["timeout-minutes"].is_u64(), "{file}: {name} may run for ever");
            let permissions =
                job["permissions"].as_object().unwrap_or_else(|| panic!("{file}: {name}"));
            for (scope, level) in permissions {
                let publishes = file == "release.yml"
                    && name == "publish"
                    && matches!(scope.as_str(), "contents" | "packages" | "id-token");
                assert!(level == "read" || publishes, "{file}: {name} may {level} {scope}");
            }
        }
        for (name, step) in steps(&workflow) {
            let run = step["run"].as_str().unwrap_or_default();
            // What others name (a branch, a title) would become a command.
            assert!(!run.contains("${{"), "{file}: {name}: an expression in a command");
            if step["uses"].as_str().is_some_and(|action| action.starts_with("actions/checkout@")) {
                assert_eq!(
                    step["with"]["persist-credentials"], false,
                    "{file}: {name} leaves its token behind"
                );
            }
        }
    }
}

#[test]
fn a_release_comes_after_the_tests_and_from_a_tag_alone() {
    let (_, workflow) =
        documents("workflows").into_iter().find(|(file, _)| file == "release.yml").unwrap();
    assert_eq!(workflow["on"], serde_json::json!({"push": {"tags": ["v*"]}}));
    assert_eq!(workflow["jobs"]["publish"]["needs"], "test");
    let tests = workflow["jobs"]["test"]["steps"].to_string();
    assert!(tests.contains("scripts/release --check") && tests.contains(".ci/run"), "{tests}");
}

#[test]
fn the_tag_must_be_that_of_the_workspace_and_the_charts() {
    let check = |tag: &str| {
        let output =
            Command::new(root().join("scripts/release")).args(["--check", tag]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let version = env!("CARGO_PKG_VERSION");
    let (_, said) = check("v9.9.9");
    assert!(said.contains(&format!("the tag `v9.9.9` is not `v{version}`")), "{said}");
    let (passed, said) = check(&format!("v{version}"));
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    let dated = changelog.contains(&format!("## [{version}] - "));
    assert_eq!(passed, dated, "{said}");
    for chart in ["attache", "attache-issuer"] {
        let chart = parsed(&root().join("charts").join(chart).join("Chart.yaml"));
        assert_eq!(chart["version"], version);
        assert_eq!(chart["appVersion"], version);
    }
}

/// Runs a few lines as a script of ours would, with programs of its own first on the path; `$WORK`
/// is an empty folder.
fn scripted(programs: &[(&str, &str)], lines: &str) -> (bool, String) {
    use std::os::unix::fs::PermissionsExt;
    let work = tempfile::tempdir().unwrap();
    for (name, body) in programs {
        let path = work.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = format!(
        "set -euo pipefail; . scripts/lib.sh; . e2e/install/lib.sh; HELM=helm CRANE=crane PLAIN_HTTP=()\n{lines}"
    );
    let path = format!("{}:{}", work.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(root())
        .env("PATH", path)
        .env("WORK", work.path())
        .env("CARGO_TARGET_DIR", work.path())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn a_build_that_fails_ends_what_asked_for_it() {
    let cargo = [("cargo", "echo broken >&2; exit 101")];
    for asking in [
        "program=$(build_program one two); echo \"with $program\"",
        "xtask build --issuer; echo on",
    ] {
        let (passed, said) = scripted(&cargo, asking);
        assert!(!passed && said == "broken\n", "{asking}: {said}");
    }
    let (passed, said) = scripted(&[], "f() { false; echo on; }; said=$(f); echo \"$said\"");
    assert!(!passed && said.is_empty(), "{said}");
}

#[test]
fn the_chart_that_was_pushed_is_signed_and_no_other() {
    let (mine, other) =
        (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
    let push = "digest=$(pushed_chart a.tgz here/charts here/charts/a:1.2.3); echo \"$digest\"";
    let helm = format!("echo 'Pushed: here/charts/a:1.2.3'; echo 'Digest: {mine}'");
    let (passed, said) = scripted(&[("helm", &helm), ("crane", &format!("echo {mine}"))], push);
    assert!(passed && said.trim() == mine, "{said}");
    let (passed, said) = scripted(&[("helm", &helm), ("crane", &format!("echo {other}"))], push);
    assert!(!passed && said.contains(&format!("is {other}, and {mine} was pushed")), "{said}");
    let (passed, said) =
        scripted(&[("helm", "echo pushed"), ("crane", &format!("echo {mine}"))], push);
    assert!(!passed && said.contains("does not say what it pushed"), "{said}");
    let release = fs::read_to_string(root().join("scripts/release")).unwrap();
    assert!(release.contains("  pushed_chart ") && !release.contains("\"$HELM\" push"));
}

#[test]
fn a_chart_that_is_signed_and_another_is_not_installed() {
    let chart =
        |name: &str, version: &str| format!("echo 'name: {name}'; echo 'version: {version}'");
    let is = "is_chart a.tgz attache 1.2.3";
    assert_eq!(scripted(&[("helm", &chart("attache", "1.2.3"))], is), (true, String::new()));
    for (name, version) in [("attache", "1.2.2"), ("attache-issuer", "1.2.3"), ("attache", "1x2.3")]
    {
        let (passed, said) = scripted(&[("helm", &chart(name, version))], is);
        assert!(
            !passed && said.contains(&format!("it says: name: {name} version: {version}")),
            "{said}"
        );
    }
    let install = fs::read_to_string(root().join("scripts/test-install")).unwrap();
    assert!(install.contains("is_chart \"$WORK/$chart.tgz\" \"$chart\" \"$version\""));
}

#[test]
fn what_lies_beside_a_release_is_what_was_signed() {
    let signed = "mkdir $WORK/made; cd $WORK/made; echo tool >attache; sha256sum attache >SHA256SUMS; touch notes.md; cd - >/dev/null";
    let verify = "COSIGN=cosign VERIFY=(--key a.pub); signed_files $WORK/made && echo good";
    let good = [("cosign", "exit 0")];
    let run = |programs: &[(&str, &str)], change: &str| {
        scripted(programs, &format!("{signed}; {change}\n{verify}"))
    };
    assert_eq!(run(&good, ":"), (true, "good\n".to_owned()));
    let (passed, said) = run(&[("cosign", "echo no signature >&2; exit 1")], ":");
    assert!(!passed && said.contains("no signature"), "{said}");
    let (passed, said) = run(&good, "echo other >$WORK/made/attache");
    assert!(!passed && said.contains("attache: FAILED"), "{said}");
    let (passed, said) = run(&good, "echo other >$WORK/made/attache-issuer");
    assert!(!passed && said.contains("not in SHA256SUMS: attache-issuer"), "{said}");
    let release = fs::read_to_string(root().join("scripts/release")).unwrap();
    for step in
        ["scripts/build --tool", "attache-linux-$(uname -m)\"\n", "signed_files \"$folder\""]
    {
        assert!(release.contains(step), "{step}");
    }
}

#[test]
fn no_crate_can_be_published_by_mistake() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 8);
    for package in packages {
        assert_eq!(
            package["publish"],
            serde_json::json!([]),
            "{}: releases are images, charts and programs",
            package["name"]
        );
    }
}

#[test]
fn provenance_names_the_workflow_its_run_and_the_commit() {
    let provenance = |set: &[(&str, &str)]| -> Value {
        let output = Command::new(root().join("e2e/install/provenance"))
            .args(["1.2.3", "v1.2.3"])
            .env_remove("GITHUB_ACTIONS")
            .envs(set.iter().copied())
            .current_dir(root())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    // As GitHub sets them (its documentation's "Default environment variables").
    let made = provenance(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "you/attache"),
        ("GITHUB_REPOSITORY_ID", "1"),
        ("GITHUB_REPOSITORY_OWNER_ID", "2"),
        ("GITHUB_REF", "refs/tags/v1.2.3"),
        ("GITHUB_WORKFLOW_REF", "you/attache/.github/workflows/release.yml@refs/tags/v1.2.3"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_RUN_ID", "77"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
    ]);
    let workflow = &made["buildDefinition"]["externalParameters"]["workflow"];
    assert_eq!(workflow["path"], ".github/workflows/release.yml");
    assert_eq!(workflow["repository"], "https://github.com/you/attache");
    let run = &made["runDetails"];
    assert_eq!(
        run["metadata"]["invocationId"],
        "https://github.com/you/attache/actions/runs/77/attempts/1"
    );
    assert_eq!(
        run["builder"]["id"],
        "https://github.com/you/attache/.github/workflows/release.yml@refs/tags/v1.2.3"
    );
    let commit = &made["buildDefinition"]["resolvedDependencies"][0];
    assert_eq!(commit["uri"], "git+https://github.com/you/attache@refs/tags/v1.2.3");
    assert_eq!(commit["digest"]["gitCommit"].as_str().unwrap().len(), 40);

    let by_hand = provenance(&[]);
    assert_eq!(by_hand["runDetails"]["builder"]["id"], "urn:attache:by-hand");
    assert_eq!(by_hand["buildDefinition"]["externalParameters"]["tag"], "v1.2.3");
}

#[test]
fn a_badge_is_of_a_workflow_that_is_there() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let badges: Vec<_> = readme
        .split("actions/workflows/")
        .skip(1)
        .map(|rest| &rest[..rest.find(['/', ')']).unwrap()])
        .collect();
    assert!(!badges.is_empty());
    for badge in badges {
        assert!(
            root().join(".github/workflows").join(badge).is_file(),
            "README has a badge of {badge}"
        );
    }
}

#[test]
fn forms_ask_what_it_takes_to_see_a_fault() {
    let forms = documents("ISSUE_TEMPLATE");
    assert!(forms.len() >= 3);
    for (file, form) in forms {
        if file == "config.yml" {
            assert!(form["blank_issues_enabled"].is_boolean());
            continue;
        }
        for key in ["name", "description"] {
            assert!(form[key].as_str().is_some_and(|text| !text.is_empty()), "{file}: {key}");
        }
        let mut ids = Vec::new();
        for part in form["body"].as_array().unwrap() {
            let kind = part["type"].as_str().unwrap();
            assert!(
                ["markdown", "input", "textarea", "dropdown", "checkboxes"].contains(&kind),
                "{file}: {kind}"
            );
            if kind == "markdown" {
                assert!(part["attributes"]["value"].is_string(), "{file}");
            } else {
                assert!(part["attributes"]["label"].is_string(), "{file}");
                ids.push(part["id"].as_str().unwrap());
            }
        }
        assert!(!ids.is_empty(), "{file}: it asks nothing");
    }
}

//! Planted bugs: `bugs/` has a slip of policy a file, with what was meant, and the command that
//! finds it does. The table of docs/tool.md is made of them.

use crate::support::{Run, attache, attache_given};
use attache_config_reader::read_yaml;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A slip.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bug {
    /// What was meant.
    meant: String,
    /// What was done instead.
    slip: String,
    found: Found,
    peers: Peers,
    /// The configuration, alone or in its resource.
    configuration: Option<Value>,
    /// The configuration as text, where YAML itself is the slip.
    text: Option<String>,
    /// Tests that pass in spite of it.
    #[serde(default)]
    tokens: Value,
    #[serde(default)]
    steps: Value,
    /// What was meant, as assertions.
    #[serde(default)]
    assertions: Value,
    /// The configuration before the slip.
    before: Option<Value>,
}

/// What finds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    by: Finder,
    /// Of `check` the warning and its path; of `mutate` the mutant that no test notices; of `prove`
    /// the assertion that fails; of `diff` the change.
    says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Finder {
    Check,
    Mutate,
    Prove,
    Diff,
}

/// Whether others would find the like in their own language, without a test that is for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Peers {
    opa: String,
    cedar: String,
    istioctl: String,
}

impl Bug {
    fn all() -> Vec<(PathBuf, Self)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bugs");
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .expect("bugs")
            .map(|entry| entry.expect("a file").path())
            .collect();
        files.sort();
        files.into_iter().map(|file| (file.clone(), Self::read(&file))).collect()
    }

    fn read(file: &Path) -> Self {
        let node = read_yaml(&fs::read_to_string(file).expect("a text")).expect("YAML");
        let value = serde_json::to_value(&node).expect("JSON");
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    fn configuration(&self) -> String {
        match (&self.configuration, &self.text) {
            (Some(configuration), None) => configuration.to_string(),
            (None, Some(text)) => text.clone(),
            _ => panic!("a bug has a `configuration` or a `text`"),
        }
    }

    fn check(&self) -> Vec<String> {
        let run = attache_given(&["check", "-", "--format", "json"], &self.configuration());
        let report: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
        let found = report["findings"].as_array().expect("a list");
        let told = |finding: &Value| {
            format!(
                "{} {}",
                finding["rule"].as_str().unwrap(),
                finding["path"].as_str().unwrap_or_default()
            )
        };
        found.iter().map(told).collect()
    }

    /// Runs `prove` on its assertions.
    fn prove(&self) -> Run {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("assertions.yaml");
        let assertions = json!({"title": self.meant, "configuration": self.configuration, "assertions": self.assertions});
        fs::write(&file, assertions.to_string()).expect("it is written");
        attache(&["prove", file.to_str().expect("UTF-8")])
    }

    /// Compares its configuration with the one before.
    fn diff(&self) -> Run {
        let folder = tempfile::tempdir().expect("a folder");
        let before = folder.path().join("before.yaml");
        let text = self.before.as_ref().expect("`before`").to_string();
        fs::write(&before, text).expect("it is written");
        attache_given(&["diff", before.to_str().expect("UTF-8"), "-"], &self.configuration())
    }

    /// Runs a command on its tests.
    fn run_tests(&self, command: &str) -> (Run, TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tests.yaml");
        let tests = json!({"title": self.meant, "configuration": self.configuration, "tokens": self.tokens, "steps": self.steps});
        fs::write(&file, tests.to_string()).expect("it is written");
        (attache(&[command, file.to_str().expect("UTF-8")]), folder)
    }
}

#[test]
fn each_bug_is_found_by_the_command_that_its_file_names() {
    for (file, bug) in Bug::all() {
        let file = file.display();
        match bug.found.by {
            Finder::Check => assert_eq!(bug.check(), [bug.found.says.as_str()], "{file}"),
            Finder::Mutate => {
                let (run, _folder) = bug.run_tests("test");
                assert_eq!(
                    run.status, 0,
                    "{file}: the tests must pass:\n{}{}",
                    run.stdout, run.stderr
                );
                let (run, _folder) = bug.run_tests("mutate");
                let says = format!("no test notices {} (", bug.found.says);
                assert!(run.stdout.contains(&says), "{file}: {}{}", run.stdout, run.stderr);
                assert_eq!(bug.check(), [""; 0], "{file}");
            }
            Finder::Prove => {
                let run = bug.prove();
                let says = format!("fails     {}\n", bug.found.says);
                assert!(run.stdout.contains(&says), "{file}: {}{}", run.stdout, run.stderr);
                assert_eq!((run.status, bug.check()), (1, Vec::new()), "{file}");
            }
            Finder::Diff => {
                let run = bug.diff();
                assert!(
                    run.stdout.contains(&bug.found.says),
                    "{file}: {}{}",
                    run.stdout,
                    run.stderr
                );
                assert_eq!((run.status, bug.check()), (1, Vec::new()), "{file}");
            }
        }
    }
}

#[test]
fn the_page_has_all_of_them() {
    let mut table =
        "| meant | what went wrong | found by | opa, regal | cedar | istioctl |\n|---|---|---|---|---|---|\n"
            .to_owned();
    let mut bugs = Bug::all();
    assert_eq!(bugs.len(), 30);
    bugs.sort_by_key(|(_, bug)| bug.found.by);
    for (_, bug) in bugs {
        let Peers { opa, cedar, istioctl } = &bug.peers;
        let by = format!("{:?}", bug.found.by).to_lowercase();
        table +=
            &format!("| {} | {} | `{by}` | {opa} | {cedar} | {istioctl} |\n", bug.meant, bug.slip);
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tool.md");
    let page = fs::read_to_string(page).expect("the page");
    assert!(page.contains(&table), "docs/tool.md needs this table:\n{table}");
}

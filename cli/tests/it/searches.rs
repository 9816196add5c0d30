//! Which files are read that nobody named: in folders, behind links, and by the name that another
//! file gives.

use crate::support::{Run, attache};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ISSUER: &str = "issuers:\n- {name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys}\n";
const STEPS: &str = "[{name: none, request: {path: /}, expect: {reason: token-missing}}]";
const ASSERTIONS: &str = "[{name: a, expect: REFUSED, token: NONE}]";

/// A folder of these files.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("it is written");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command with what it takes, which begins with `./` where it is in the folder.
    fn run(&self, arguments: &[&str]) -> Run {
        let whole = |argument: &&str| match argument.strip_prefix("./") {
            Some(name) => self.path(name).display().to_string(),
            None => (*argument).to_owned(),
        };
        let arguments: Vec<String> = arguments.iter().map(whole).collect();
        attache(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn suite(configuration: &str) -> String {
    format!("title: t\nconfiguration: {configuration}\nsteps: {STEPS}\n")
}

fn assertions(configuration: &str) -> String {
    format!("configuration: {configuration}\nassertions: {ASSERTIONS}\n")
}

#[test]
fn a_file_names_nothing_beyond_the_folders_of_the_command_line() {
    for (command, text, line) in [
        ("test", suite as fn(&str) -> String, ":2:"),
        ("mutate", suite, ":2:"),
        ("prove", assertions, ":1:"),
    ] {
        for (named, is_absolute) in
            [("../outside.yaml", false), ("outside.yaml", true), ("link.yaml", false)]
        {
            let folder = Folder::new(&[("outside.yaml", "a stranger's: [secret\n")]);
            let named = if is_absolute {
                folder.path(named).display().to_string()
            } else {
                named.to_owned()
            };
            folder.write("suite/t.yaml", &text(&named));
            symlink("../outside.yaml", folder.path("suite/link.yaml")).expect("a link");
            let run = folder.run(&[command, "./suite/t.yaml"]);
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{command} {named}: {run:?}");
            assert!(run.stderr.contains("lies outside of what the command line names"), "{run:?}");
            assert!(run.stderr.contains("--root"), "{run:?}");
            assert!(run.stderr.contains(&format!("t.yaml{line}")), "its place: {run:?}");
            assert!(!run.stderr.contains("stranger"), "{run:?}");
            // A root lets it through.
            let run = folder.run(&[command, "./suite/t.yaml", "--root", "./"]);
            assert!(!run.stderr.contains("lies outside"), "{run:?}");
        }
    }
}

#[test]
fn what_lies_beside_it_or_below_a_root_is_read() {
    let folder = Folder::new(&[
        ("a.yaml", ISSUER),
        ("suites/b.yaml", ISSUER),
        ("suites/deep/own.yaml", &suite("../b.yaml")),
        ("suites/deep/out.yaml", &suite("../../a.yaml")),
        ("suites/deep/proof.yaml", &assertions("../b.yaml")),
        ("-", "nothing"),
    ]);
    symlink("../b.yaml", folder.path("suites/deep/link.yaml")).expect("a link");
    folder.write("suites/deep/linked.yaml", &suite("link.yaml"));
    let run = folder.run(&["test", "./suites/deep/own.yaml"]);
    assert_eq!(run.status, 2, "{run:?}");
    assert_eq!(folder.run(&["prove", "./suites"]).status, 0);
    assert_eq!(folder.run(&["test", "./suites", "--root", "./"]).status, 0);
    assert_eq!(folder.run(&["test", "./suites/deep/out.yaml", "--root", "./a.yaml"]).status, 2);
    fs::remove_file(folder.path("suites/deep/out.yaml")).expect("it is there");
    let run = folder.run(&["test", "./suites"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.starts_with("2 passed"), "{run:?}");
    // The operator may name whatever he will.
    let run = folder.run(&["prove", "./suites/deep/proof.yaml", "--configuration", "./a.yaml"]);
    assert_eq!(run.status, 0, "{run:?}");
}

#[test]
fn a_file_names_no_pipe_and_not_the_standard_input() {
    let folder = Folder::new(&[("t.yaml", &suite("\"-\"")), ("p.yaml", &suite("pipe.yaml"))]);
    let run = folder.run(&["test", "./t.yaml"]);
    assert!(run.stderr.contains("t.yaml:2:1: can't read"), "{run:?}");
    let pipe = std::process::Command::new("mkfifo").arg(folder.path("pipe.yaml")).status();
    assert!(pipe.expect("mkfifo").success());
    for command in [
        &["test", "./p.yaml"][..],
        &["check", "./"],
        &["test", "./"],
        &["mutate", "./"],
        &["prove", "./"],
        &["diff", "./", "./"],
        &["import", "istio", "./"],
        &["tyk", "routes", "./"],
        &["replay", "/dev/null", "--against", "./"],
    ] {
        let run = folder.run(command);
        assert_eq!(run.status, 2, "{run:?}");
        assert!(run.stderr.contains("is no file"), "{run:?}");
    }
}

#[test]
fn a_link_in_a_folder_leads_nowhere_else() {
    let folder = Folder::new(&[
        ("outside/x.yaml", ISSUER),
        ("deploy/a.yaml", ISSUER),
        ("deploy/deep/b.yaml", ISSUER),
    ]);
    let within = |target: &str, link: &str| symlink(target, folder.path(link)).expect("a link");
    within("../a.yaml", "deploy/deep/same.yaml");
    within("a.yaml", "deploy/same.json");
    let run = folder.run(&["check", "./deploy"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stderr.contains("2 configurations in 2 files"), "{run:?}");
    for (target, link) in [("../outside/x.yaml", "deploy/y.yaml"), ("../outside", "deploy/more")] {
        within(target, link);
        for command in ["check", "test", "prove"] {
            let run = folder.run(&[command, "./deploy"]);
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{command}: {run:?}");
            assert!(run.stderr.contains("leads out of what the command line names"), "{run:?}");
        }
        for command in [&["diff", "./deploy", "./deploy"][..], &["import", "istio", "./deploy"]] {
            let run = folder.run(command);
            assert!(run.stderr.contains("leads out of what the command line names"), "{run:?}");
        }
        let run = folder.run(&["check", "./deploy", "./outside"]);
        assert_eq!(run.status, 0, "{run:?}");
        fs::remove_file(folder.path(link)).expect("it is there");
    }
    // Who names a link means what it leads to.
    within("outside/x.yaml", "named.yaml");
    assert_eq!(folder.run(&["check", "./named.yaml"]).status, 0);
}

#[test]
fn files_of_tests_are_found_however_they_are_written() {
    let quoted =
        format!("\"title\": t\n\"configuration\": {{{}}}\n\"steps\": {STEPS}\n", issuers_in_flow());
    let json = r#"{"title": "t", "configuration": {"issuers": [{"name": "tyk", "issuer": "https://tyk.example.com",
        "jwksUri": "https://tyk.example.com/keys"}]},
        "steps": [{"name": "n", "request": {"path": "/"}, "expect": {"reason": "token-missing"}}]}"#;
    let folder = Folder::new(&[
        ("quoted.yaml", &quoted),
        ("upper.YAML", &quoted),
        ("short.yml", &quoted),
        ("a.json", json),
        ("b.JSON", json),
        ("deep/c.Yml", &quoted),
        (
            "flow.yaml",
            &format!("{{title: t, configuration: {{{}}}, steps: {STEPS}}}", issuers_in_flow()),
        ),
        ("elsewhere/linked.yaml", &quoted),
        ("other.yaml", "a: 1\n"),
        (".yaml", &quoted),
        (".hidden.yaml", &quoted),
        (".hidden/hidden.yaml", &quoted),
        (".git/hidden.yaml", &quoted),
    ]);
    symlink("elsewhere", folder.path("link")).expect("a link");
    let run = folder.run(&["test", "./"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.starts_with("11 passed, 0 failed;"), "{run:?}");
    assert_eq!(run.stderr, "note: passed over 1 other document and 1 hidden path\n");
    let proofs = Folder::new(&[(
        "a.JSON",
        &format!("{{\"configuration\": {{{}}}, \"assertions\": {ASSERTIONS}}}", issuers_in_flow()),
    )]);
    assert_eq!(proofs.run(&["prove", "./"]).stdout, "holds     a\n1 of 1 hold\n");
}

fn issuers_in_flow() -> &'static str {
    "\"issuers\": [{\"name\": \"tyk\", \"issuer\": \"https://tyk.example.com\", \"jwksUri\": \"https://tyk.example.com/keys\"}]"
}

#[test]
fn a_gate_of_no_tests_fails() {
    let empty = format!("title: t\nconfiguration: {{{}}}\nsteps: []\n", issuers_in_flow());
    let misspelt = format!("title: t\nconfiguration: {{{}}}\nstep: {STEPS}\n", issuers_in_flow());
    let torn = "title: t\nsteps: [\n";
    let good = suite(&format!("{{{}}}", issuers_in_flow()));
    for (text, said) in [
        (empty.as_str(), "`steps` is empty"),
        (misspelt.as_str(), "unknown key `step`; did you mean `steps`?"),
        (torn, "name the files that are meant in place of their folder"),
        ("a: 1\n", "has `steps` at its root, passed over 1 other document"),
    ] {
        let folder = Folder::new(&[("t.yaml", text)]);
        for command in ["test", "mutate"] {
            let run = folder.run(&[command, "./"]);
            if (command, text) == ("mutate", empty.as_str()) {
                // No mutant is noticed, which is told.
                assert!(run.stdout.contains("no test notices issuer tyk"), "{run:?}");
                continue;
            }
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{command}: {run:?}");
            assert!(run.stderr.contains(said), "{said}: {run:?}");
        }
    }
    // Each folder that is named must have some.
    let folder = Folder::new(&[("good/t.yaml", &good), ("moved/README.md", "")]);
    let run = folder.run(&["test", "./good", "./moved"]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stderr.contains("moved` has `steps` at its root"), "{run:?}");
    assert_eq!(
        folder.run(&["test", "./good", "./good/t.yaml"]).stdout,
        "1 passed, 0 failed; 0 of 0 rules decided a request\nno rule is for the workload that is asked: see what `workload` says\n"
    );
}

/// As `kubectl apply --recursive` does: cli-runtime's `ExpandPathsToFileVisitors` looks at the
/// extension alone, in lower case.
#[test]
fn a_folder_is_read_as_kubectl_reads_it() {
    let folder = Folder::new(&[
        ("a.yaml", ISSUER),
        (".b.yaml", ISSUER),
        (".yml", ISSUER),
        (".github/c.yaml", ISSUER),
        ("deep/.er/d.json", "{\"issuers\": []}"),
        (".notes.txt", ""),
        (".git/e.yaml", ISSUER),
    ]);
    symlink("nowhere", folder.path(".#a.yaml")).expect("a link");
    let run = folder.run(&["check", "./"]);
    assert_eq!(run.status, 1, "{run:?}");
    assert!(
        run.stderr.starts_with("5 configurations in 5 files, passed over 2 hidden paths: "),
        "{run:?}"
    );
    assert!(run.stdout.contains("/deep/.er/d.json:1:"), "{run:?}");
    fs::remove_dir_all(folder.path("deep")).expect("it is there");
    let run = folder.run(&["diff", "./", "./"]);
    assert_eq!(run.stderr, "note: passed over 2 hidden paths\nnote: passed over 2 hidden paths\n");
    // Whatever is hidden is a change.
    let without = Folder::new(&[("a.yaml", ISSUER), (".yml", ISSUER), (".github/c.yaml", ISSUER)]);
    let old = folder.path("");
    let run = without.run(&["diff", old.to_str().expect("UTF-8"), "./"]);
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.stdout.contains(".b.yaml is gone, and was compared with nothing"), "{run:?}");
    // A configuration that kubectl would not see is none that is in force.
    folder.write("x.YAML", ISSUER);
    for command in [&["check", "./"][..], &["diff", "./", "./"]] {
        let run = folder.run(command);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(
            run.stderr.contains("x.YAML` holds a configuration, and in a folder kubectl"),
            "{run:?}"
        );
    }
    assert_eq!(folder.run(&["check", "./x.YAML"]).status, 0, "it was named");
    folder.write("x.YAML", "a: 1");
    assert_eq!(folder.run(&["check", "./"]).status, 0, "it is no configuration");
}

/// A volume of a ConfigMap has each file behind two links, in hidden folders.
#[test]
fn a_mounted_config_map_has_each_file_once() {
    let folder = Folder::new(&[("mount/..2026/a.yaml", ISSUER)]);
    symlink("..2026", folder.path("mount/..data")).expect("a link");
    symlink("..data/a.yaml", folder.path("mount/a.yaml")).expect("a link");
    let run = folder.run(&["check", "./mount", "--format", "json"]);
    assert_eq!(run.stderr, "1 configuration in 1 file: 0 errors, 0 warnings\n");
    let run = folder.run(&["diff", "./mount", "./mount", "--format", "json"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.contains("/mount/a.yaml"), "{run:?}");
}

#[test]
fn of_a_chart_what_has_no_actions_is_read() {
    let folder = Folder::new(&[
        ("chart/Chart.yaml", "name: a"),
        ("chart/templates/plain.yaml", ISSUER),
        ("chart/templates/deep/action.yaml", "a: {{ .Values.a }}\n{{- if }}"),
    ]);
    let run = folder.run(&["check", "./chart"]);
    assert_eq!(
        run.stderr,
        "1 configuration in 2 files, passed over 2 other documents: 0 errors, 0 warnings\n"
    );
}

#[test]
fn what_leads_nowhere_is_an_error() {
    let folder = Folder::new(&[("a.yaml", ISSUER)]);
    symlink("nowhere", folder.path("d.yaml")).expect("a link");
    assert_eq!(folder.run(&["check", "./"]).status, 2);
    assert!(Path::new(&folder.path("d.yaml")).is_symlink());
}

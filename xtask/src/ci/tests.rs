use super::stages::Action;
use super::*;
use crate::process;
use crate::repository::root;
use crate::workspace::packages;

const fn stage(title: &'static str, words: &'static str) -> Stage {
    Stage { title, action: Action::Command(words) }
}

/// A stage that leaves out something that a strict run must have, as a program notes it.
const fn leaves_out_go() -> Stage {
    Stage { title: "go", action: Action::Check("go", |run| note(run, "go\\tno Go")) }
}

/// A stage that leaves out something that a strict run may do without.
const fn leaves_out_tyk() -> Stage {
    Stage { title: "tyk", action: Action::Check("tyk", |run| note(run, "tyk\\tno Tyk")) }
}

fn note(run: &Run, line: &str) -> Result<()> {
    process::run(
        run.command("bash").args(["-c", &format!("printf '{line}\\n' >>\"$ATTACHE_SKIPPED\"")]),
    )
}

/// Runs stages; returns whether they passed, and what was printed, with every number of seconds as
/// `N`.
fn ran(strict: bool, stages: &[Stage]) -> (bool, String) {
    let mut out = Vec::new();
    let status = Run::new(strict).unwrap().all(stages, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let seconds = regex_lite::Regex::new(r" *[0-9]+ s").unwrap();
    (status == ExitCode::SUCCESS, seconds.replace_all(&text, " N s").into_owned())
}

#[test]
fn what_passes_is_told_with_its_time_and_what_was_left_out() {
    let (passed, said) =
        ran(false, &[stage("one", "true"), leaves_out_tyk(), leaves_out_go(), leaves_out_go()]);
    assert!(passed && said.starts_with("== one\n== one: N s\n== tyk\n"), "{said}");
    let (_, summary) = said.split_once("\n\n").unwrap();
    assert_eq!(
        summary,
        "Stages:\n N s  one\n N s  tyk\n N s  go\n N s  go\nNot run:\n  go: no Go\n  tyk: no Tyk\n\
         PASSED in N s\n4 passed, 0 failed\n"
    );
}

#[test]
fn a_run_ends_at_the_first_stage_that_fails() {
    let (passed, said) = ran(
        false,
        &[stage("one", "true"), stage("two", "test -d /dev/null"), stage("three", "true")],
    );
    assert!(!passed && !said.contains("three"), "{said}");
    let end = "\n\nStages:\n N s  one\nNot run: nothing was left out.\nFAILED: two (test -d /dev/null)\n1 passed, 1 failed\n";
    assert!(said.ends_with(end), "{said}");
}

#[test]
fn a_program_that_is_not_there_fails_its_stage() {
    let (passed, said) = ran(false, &[stage("one", "no-such-program")]);
    assert!(
        !passed && said.ends_with("FAILED: one (no-such-program)\n0 passed, 1 failed\n"),
        "{said}"
    );
}

#[test]
fn a_strict_run_may_leave_out_what_is_named_and_nothing_else() {
    let last = || Stage {
        title: "last",
        action: Action::Check("last", checks::nothing_else_was_left_out),
    };
    assert!(ran(true, &[leaves_out_tyk(), last()]).0);
    assert!(!ran(true, &[leaves_out_tyk(), leaves_out_go(), last()]).0);
    assert!(ran(false, &[leaves_out_tyk(), leaves_out_go(), last()]).0);
}

#[test]
fn the_last_stage_is_the_one_that_looks_at_what_was_left_out() {
    let stages = stages();
    assert_eq!(stages.last().unwrap().title, "nothing else was left out");
    let mut titles: Vec<_> = stages.iter().map(|stage| stage.title).collect();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), stages.len(), "two stages have one title");
}

#[test]
fn every_script_that_a_stage_runs_is_there() {
    for stage in stages() {
        let words = stage.action.to_string();
        let program = words.split(' ').next().unwrap();
        if program.contains('/') {
            assert!(root().join(program).is_file(), "{program}");
        }
    }
}

#[test]
fn every_test_that_needs_an_envoy_is_run_by_a_stage_or_a_script() {
    let mut calls: Vec<String> = stages().iter().map(|stage| stage.action.to_string()).collect();
    calls.extend(checks::scripts().unwrap().into_iter().map(|(_, text)| text));
    let packages = packages().unwrap();
    let tests = packages.iter().find(|package| package.name == "attache-e2e").unwrap().tests();
    let forgotten: Vec<_> = tests
        .filter(|test| {
            let call = regex_lite::Regex::new(&format!(r"--test {test}\b")).unwrap();
            !calls.iter().any(|calls| call.is_match(calls))
        })
        .collect();
    assert_eq!(forgotten, [""; 0]);
}

//! The stages of a run, in their order: what is quick and fails often comes first.

use super::{Run, checks};
use crate::process;
use anyhow::Result;
use std::fmt::{Display, Formatter};

/// A stage.
pub(super) struct Stage {
    pub(super) title: &'static str,
    pub(super) action: Action,
}

/// What a stage does.
pub(super) enum Action {
    /// Runs a command: its words, parted by spaces.
    Command(&'static str),
    /// Runs tests of attache-e2e, which need an Envoy; what follows `--` is for the tests.
    OnEnvoy(&'static str),
    /// Runs a check of this program, which has this name.
    Check(&'static str, fn(&mut Run) -> Result<()>),
}

impl Action {
    /// Does it.
    ///
    /// # Errors
    /// The stage fails.
    pub(super) fn run(&self, run: &mut Run) -> Result<()> {
        if let Self::Check(_, check) = self {
            return check(run);
        }
        let line = self.to_string();
        let (program, arguments) = line.split_once(' ').unwrap_or((&line, ""));
        process::run(run.command(program).args(arguments.split_whitespace()))
    }
}

impl Display for Action {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Command(words) | Self::Check(words, _) => formatter.write_str(words),
            Self::OnEnvoy(tests) => {
                write!(formatter, "cargo test --quiet --workspace --all-features --test {tests}")
            }
        }
    }
}

const fn command(title: &'static str, words: &'static str) -> Stage {
    Stage { title, action: Action::Command(words) }
}

const fn on_envoy(title: &'static str, tests: &'static str) -> Stage {
    Stage { title, action: Action::OnEnvoy(tests) }
}

const fn check(
    title: &'static str,
    name: &'static str,
    check: fn(&mut Run) -> Result<()>,
) -> Stage {
    Stage { title, action: Action::Check(name, check) }
}

/// Returns all stages.
pub(super) fn stages() -> Vec<Stage> {
    vec![
        check("published vectors", "find_vectors", checks::find_vectors),
        command("format", "cargo fmt --all --check"),
        command("format of the fuzz targets", "cargo fmt --manifest-path fuzz/Cargo.toml --check"),
        check("scripts", "scripts_are_sound", checks::scripts_are_sound),
        command("the harness for a cluster", "scripts/test-kind"),
        check("dependencies", "host_free", checks::host_free),
        check("generated files", "generated_files", checks::generated_files),
        command(
            "lints",
            "cargo clippy --quiet --workspace --all-targets --all-features -- -D warnings",
        ),
        command("module", "scripts/build"),
        check("unit tests", "unit_tests", checks::unit_tests),
        command(
            "what the code's documentation shows",
            "cargo test --quiet --workspace --all-features --doc",
        ),
        check("the code's documentation", "code_documentation", checks::code_documentation),
        check("what the tests use", "tests_are_prepared", checks::tests_are_prepared),
        command("documentation", "scripts/docs"),
        command("image", "scripts/test-package"),
        command("manifests", "scripts/test-manifests"),
        command("charts", "scripts/test-charts"),
        check("a release, and what is installed from it", "a_release", checks::a_release),
        on_envoy("scenarios", "scenarios -- --test-threads 4"),
        command("keys", "scripts/test-keys"),
        on_envoy("cache", "cache"),
        on_envoy("the guide into force", "rollout"),
        on_envoy("what a proxy starts with, and two plugins", "plugins"),
        command("the module for other hosts", "scripts/build --other-hosts"),
        on_envoy("the module itself", "module --test security"),
        command(
            "requests that the tool works out, before the module",
            "cargo test --quiet -p attache-cli --all-features --lib module -- --ignored",
        ),
        on_envoy("beside native filters", "differential"),
        on_envoy("one verdict everywhere", "verdicts"),
        command("before real backends, in short", "scripts/test-backends --short --requests 1100"),
        command("issuer", "scripts/test-tyk"),
        command("demo", "scripts/demo --once"),
        command("example with Envoy alone", "examples/envoy/run --once"),
        command("a short soak", "scripts/soak 0.4"),
        command("the tool on a fresh checkout", "scripts/attache check plugin-config/examples"),
        command("what the module is made of", "scripts/sbom"),
        command("dependencies and licences", "scripts/deny"),
        check("fuzz targets", "fuzzing_is_prepared", checks::fuzzing_is_prepared),
        check("fuzzing, briefly", "fuzz_briefly", checks::fuzz_briefly),
        check(
            "nothing else was left out",
            "nothing_else_was_left_out",
            checks::nothing_else_was_left_out,
        ),
    ]
}

//! Stages that are more than one command.

use super::{Part, Preparation, Run};
use crate::generate;
use crate::process::{self, on_path, output, status};
use crate::repository::root;
use crate::workspace::packages;
use anyhow::{Context, Result, bail, ensure};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// The status by which a script says that it can't run here, and has said why.
const NOT_HERE: i32 = 3;

/// Says which published vectors this machine lacks, and fetches those that a registry has.
///
/// # Errors
/// What was fetched is not what is pinned.
pub(super) fn find_vectors(run: &mut Run) -> Result<()> {
    let named = env::var_os("ATTACHE_VECTORS").is_some_and(|folder| !folder.is_empty());
    if named || root().join("../shared/vectors").is_dir() {
        return Ok(());
    }
    run.leave_out(
        "vectors",
        "Wycheproof's JWS and JWK vectors and the JOSE cookbook: ATTACHE_VECTORS names no folder of them",
    )?;
    match path_if_here(&mut run.command("scripts/json-test-suite"))? {
        Some(suite) => run.environment.push(("ATTACHE_JSON_SUITE", suite.into())),
        None => run.leave_out("json-test-suite", "the reason is above")?,
    }
    Ok(())
}

/// Returns the path that a script prints; nothing where it says that it can't run here.
fn path_if_here(script: &mut Command) -> Result<Option<String>> {
    let output = script.stderr(std::process::Stdio::inherit()).output()?;
    match output.status.code() {
        Some(0) => Ok(Some(String::from_utf8(output.stdout)?.trim().to_owned())),
        Some(NOT_HERE) => Ok(None),
        _ => bail!("`{}` failed ({})", script.get_program().to_string_lossy(), output.status),
    }
}

/// Holds every script in bash to what bash and shellcheck say of it.
///
/// # Errors
/// One is not sound.
pub(super) fn scripts_are_sound(run: &mut Run) -> Result<()> {
    let scripts = bash_scripts()?;
    for script in &scripts {
        process::run(run.command("bash").arg("-n").arg(script))?;
    }
    let Some(shellcheck) = path_if_here(&mut run.command("scripts/shellcheck"))? else {
        return run.leave_out("shellcheck", "the reason is above");
    };
    let mut check = run.command(&shellcheck);
    process::run(
        check.args(["--external-sources", "--source-path=scripts", "--shell=bash"]).args(scripts),
    )
}

/// Returns the scripts in bash: those of `scripts/` whose first line says so, and three others.
fn bash_scripts() -> Result<Vec<PathBuf>> {
    let mut in_bash = ["scripts/lib.sh", "e2e/kind/fake", ".ci/run"].map(PathBuf::from).to_vec();
    let says_so = |text: &str| {
        text.lines().next().is_some_and(|first| first.starts_with("#!") && first.contains("bash"))
    };
    in_bash.extend(scripts()?.into_iter().filter(|(_, text)| says_so(text)).map(|(path, _)| path));
    in_bash.sort();
    Ok(in_bash)
}

/// Returns the files of `scripts/`, each with its text. A folder there holds none of them.
///
/// # Errors
/// One can't be read, or is no text.
pub(super) fn scripts() -> Result<Vec<(PathBuf, String)>> {
    let mut scripts = Vec::new();
    for entry in fs::read_dir(root().join("scripts")).context("could not read `scripts`")? {
        let path = entry?.path();
        if !path.is_dir() {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("could not read `{}`", path.display()))?;
            scripts.push((path, text));
        }
    }
    Ok(scripts)
}

/// Engine and configuration decide without a host: nothing of a proxy may be among what they are
/// built from.
///
/// # Errors
/// Something is.
pub(super) fn host_free(run: &mut Run) -> Result<()> {
    for package in ["attache-engine", "attache-plugin-config", "attache-config-reader"] {
        let tree = output(run.command("cargo").args([
            "tree",
            "--package",
            package,
            "--edges",
            "all",
            "--prefix",
            "none",
        ]))?;
        let found = tree.lines().find(|line| line.starts_with("proxy-wasm"));
        ensure!(found.is_none(), "{package} depends on {}", found.unwrap_or_default());
    }
    Ok(())
}

/// Holds what is generated to what it is generated from.
///
/// # Errors
/// Something is out of date.
pub(super) fn generated_files(_: &mut Run) -> Result<()> {
    ensure!(generate::check(root())?, "generated files are out of date");
    Ok(())
}

/// Runs everything but what needs an Envoy, which are the integration tests of attache-e2e.
///
/// # Errors
/// A test fails.
pub(super) fn unit_tests(run: &mut Run) -> Result<()> {
    let packages = packages()?;
    let others = packages.iter().filter(|package| package.name != "attache-e2e");
    let tests: Vec<&str> = others.flat_map(|package| package.tests()).collect();
    ensure!(!tests.is_empty(), "no package has an integration test");
    let mut cargo = run.command("cargo");
    cargo.args(["test", "--quiet", "--workspace", "--all-features", "--lib", "--bins"]);
    process::run(cargo.args(tests.iter().flat_map(|test| ["--test", test])))
}

/// Renders the documentation of the code, in which no link may lead nowhere.
///
/// # Errors
/// There is a warning.
pub(super) fn code_documentation(run: &mut Run) -> Result<()> {
    let mut cargo = run.command("cargo");
    cargo.args(["doc", "--quiet", "--workspace", "--all-features", "--no-deps"]);
    process::run(cargo.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Waits for what the tests use, and begins with what is needed last.
///
/// # Errors
/// The process that prepares is lost.
pub(super) fn tests_are_prepared(run: &mut Run) -> Result<()> {
    run.preparation.take().map_or(Ok(()), Preparation::wait)?;
    run.preparation = Some(Preparation::start(&run.program, Part::Fuzzing)?);
    Ok(())
}

/// Waits for the targets that are fuzzed.
///
/// # Errors
/// The process that prepares is lost.
pub(super) fn fuzzing_is_prepared(run: &mut Run) -> Result<()> {
    run.preparation.take().map_or(Ok(()), Preparation::wait)
}

/// Makes a release and installs from it. The issuer that runs here need not be a fast one, and the
/// profile of tests builds in half the time.
///
/// # Errors
/// The release can't be made or installed.
pub(super) fn a_release(run: &mut Run) -> Result<()> {
    let mut release = run.command("scripts/release");
    let ended = status(release.arg("--dry-run").env("ATTACHE_ISSUER_PROFILE", "dev"))?;
    // A script that can't run here has noted that.
    ensure!(ended.success() || ended.code() == Some(NOT_HERE), "no release can be made ({ended})");
    Ok(())
}

/// Fuzzes for a minute, which needs a nightly compiler, which only rustup can bring.
///
/// # Errors
/// A target breaks.
pub(super) fn fuzz_briefly(run: &mut Run) -> Result<()> {
    if !on_path("rustup") {
        return run.leave_out("fuzzing", "it needs rustup, for a nightly compiler");
    }
    process::run(run.command("scripts/fuzz").arg("60"))
}

/// Fails where a strict run left out what it must have.
///
/// # Errors
/// That.
pub(super) fn nothing_else_was_left_out(run: &mut Run) -> Result<()> {
    if run.strict { run.left_out.nothing_that_must_run() } else { Ok(()) }
}

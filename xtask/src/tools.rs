//! Tools of Cargo and of the documentation: pinned, kept outside the clone, fetched or built once.

use crate::process::{command, run};
use crate::repository::{cache, root};
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Names a wheel of a tool in `scripts/tools.lock`, which pip reads. What is not there is built
/// from source.
const WHEEL: &str = "astral-dev-toolchain-";

/// A tool.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Tool {
    /// Lists what a crate is made of.
    CargoCyclonedx,
    /// Holds dependencies to deny.toml.
    CargoDeny,
    /// Builds the targets that are fuzzed.
    CargoFuzz,
    /// Builds the documentation as a site.
    Mdbook,
}

impl Tool {
    const fn name(self) -> &'static str {
        match self {
            Self::CargoCyclonedx => "cargo-cyclonedx",
            Self::CargoDeny => "cargo-deny",
            Self::CargoFuzz => "cargo-fuzz",
            Self::Mdbook => "mdbook",
        }
    }

    const fn version(self) -> &'static str {
        match self {
            Self::CargoCyclonedx => "0.5.9",
            Self::CargoDeny => "0.20.2",
            Self::CargoFuzz => "0.13.2",
            Self::Mdbook => "0.5.4",
        }
    }

    /// Returns the path of the tool's program; it is fetched or built first where it is not there.
    ///
    /// # Errors
    /// The tool can't be fetched or built: most often for want of a network.
    pub(crate) fn path(self) -> Result<PathBuf> {
        let (name, version) = (self.name(), self.version());
        let cache = cache()?.join("tools");
        let program = cache.join(format!("{name}-{version}/bin/{name}"));
        if !program.is_file() {
            fs::create_dir_all(&cache)
                .with_context(|| format!("could not create `{}`", cache.display()))?;
            match self.pinned()? {
                Some(requirement) => self.fetch(&requirement, &cache, &program)?,
                None => self.build(&cache)?,
            }
        }
        Ok(program)
    }

    /// Returns a call of `cargo NAME`, where the tool is a part of Cargo.
    ///
    /// # Errors
    /// As [`path`](Self::path).
    pub(crate) fn cargo(self) -> Result<Command> {
        let program = self.path()?;
        let folder = program.parent().unwrap_or(&program).to_owned();
        let mut path = vec![folder];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let mut cargo = command("cargo");
        cargo.arg(self.name().trim_start_matches("cargo-")).env("PATH", env::join_paths(path)?);
        Ok(cargo)
    }

    /// Returns the line that pins the tool's wheel by its hashes.
    fn pinned(self) -> Result<Option<String>> {
        let lock = root().join("scripts/tools.lock");
        let lines = fs::read_to_string(&lock)
            .with_context(|| format!("could not read `{}`", lock.display()))?;
        let begin = format!("{WHEEL}{}=={} ", self.name(), self.version());
        Ok(lines.lines().find(|line| line.starts_with(&begin)).map(str::to_owned))
    }

    /// Fetches the wheel beside its place and renames the program into it, so that nobody ever sees
    /// half of it.
    fn fetch(self, requirement: &str, cache: &Path, program: &Path) -> Result<()> {
        let (name, version) = (self.name(), self.version());
        eprintln!("fetching {name} {version}");
        let partial = tempfile::Builder::new().prefix(&format!(".{name}.")).tempdir_in(cache)?;
        let requirements = partial.path().join("requirements.txt");
        fs::write(&requirements, format!("{requirement}\n"))?;
        let mut pip = command("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        pip.args(["--only-binary=:all:", "--require-hashes", "--requirement"]).arg(&requirements);
        pip.arg("--prefix").arg(partial.path().join("tool"));
        let advice = "check the network and pip's settings (pip config list)";
        run(&mut pip)
            .with_context(|| format!("{name} {version} could not be fetched: {advice}"))?;
        let Some(fetched) = find(&partial.path().join("tool"), name)? else {
            bail!("the wheel of {name} {version} holds no program of this name");
        };
        if let Some(folder) = program.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(fetched, program)
            .with_context(|| format!("could not write `{}`", program.display()))
    }

    fn build(self, cache: &Path) -> Result<()> {
        let (name, version) = (self.name(), self.version());
        eprintln!("building {name} {version} (once)");
        let mut cargo = command("cargo");
        cargo.args(["install", name, "--locked", "--quiet", "--version", version]);
        cargo.arg("--root").arg(cache.join(format!("{name}-{version}")));
        if let Self::Mdbook = self {
            // Nothing of its speed matters here: without optimisation it is built in 40 s on two
            // cores.
            cargo.args(["--no-default-features", "--features", "search"]);
            cargo.envs([
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
                ("CARGO_PROFILE_RELEASE_STRIP", "true"),
            ]);
        }
        let advice =
            format!("check the network, then: cargo install {name} --locked --version {version}");
        run(&mut cargo).with_context(|| format!("{name} {version} could not be built: {advice}"))
    }
}

/// Returns the first file of this name below a folder.
fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if let Some(found) = find(&path, name)? {
                return Ok(Some(found));
            }
        } else if entry.file_name() == name {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_lock_file_pins_is_fetched_by_its_hashes_and_all_of_it_is_used() {
        let lines = fs::read_to_string(root().join("scripts/tools.lock")).unwrap();
        let pinned: Vec<_> =
            Tool::value_variants().iter().filter_map(|tool| tool.pinned().unwrap()).collect();
        assert!(
            !pinned.is_empty() && pinned.iter().all(|line| line.contains(" --hash=sha256:")),
            "{pinned:?}"
        );
        assert_eq!(pinned.len(), lines.lines().filter(|line| line.starts_with(WHEEL)).count());
    }

    #[test]
    fn a_program_is_found_wherever_a_wheel_has_put_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("lib/tool")).unwrap();
        fs::create_dir_all(folder.path().join("bin")).unwrap();
        fs::write(folder.path().join("bin/tool"), "").unwrap();
        assert_eq!(find(folder.path(), "tool").unwrap(), Some(folder.path().join("bin/tool")));
        assert_eq!(find(folder.path(), "other").unwrap(), None);
    }
}

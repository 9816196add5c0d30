//! What a run leaves out, because the machine lacks something. Programs that a stage runs note it
//! in a file, whose name they find in their environment.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use tempfile::NamedTempFile;

/// The variable that names the file.
pub(super) const VARIABLE: &str = "ATTACHE_SKIPPED";

/// What a strict run may leave out.
const MAY_BE_LEFT_OUT: [&str; 4] = [
    // No registry of packages has Tyk.
    "tyk",
    // The database of advisories is a repository, not a package.
    "advisories",
    // A browser needs the libraries of a desktop, which only a package manager with root's rights
    // installs.
    "playground",
    // Wycheproof's JWS and JWK and the JOSE cookbook are in no registry, and not ours to keep. What
    // this repository makes of every kind of them (engine/tests/forgeries) always runs.
    "vectors",
];

/// Something that was left out.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) reason: String,
}

/// The file: lines of a name, a tab and a reason.
pub(super) struct LeftOut {
    file: NamedTempFile,
}

impl LeftOut {
    /// Begins a file that goes with this.
    ///
    /// # Errors
    /// There is no folder for temporary files.
    pub(super) fn new() -> Result<Self> {
        let file = NamedTempFile::new().context("could not create a temporary file")?;
        Ok(Self { file })
    }

    /// Returns the path of the file.
    pub(super) fn file(&self) -> &Path {
        self.file.path()
    }

    /// Notes that something is left out.
    ///
    /// # Errors
    /// The file can't be written.
    pub(super) fn note(&self, name: &str, reason: &str) -> Result<()> {
        let mut file = OpenOptions::new().append(true).open(self.file())?;
        writeln!(file, "{name}\t{reason}")?;
        Ok(())
    }

    /// Returns what was left out, sorted, each once.
    ///
    /// # Errors
    /// The file can't be read.
    pub(super) fn entries(&self) -> Result<BTreeSet<Entry>> {
        let text = std::fs::read_to_string(self.file())?;
        let parted = text.lines().map(|line| line.split_once('\t').unwrap_or((line, "")));
        Ok(parted
            .map(|(name, reason)| Entry { name: name.to_owned(), reason: reason.to_owned() })
            .collect())
    }

    /// Fails where something was left out that a strict run must have.
    ///
    /// # Errors
    /// That, naming each; or the file can't be read.
    pub(super) fn nothing_that_must_run(&self) -> Result<()> {
        let mut lacking = Vec::new();
        for Entry { name, reason } in self.entries()? {
            if !MAY_BE_LEFT_OUT.contains(&name.as_str()) {
                lacking.push(format!("`{name}` was left out: {reason}"));
            }
        }
        ensure!(lacking.is_empty(), "{}", lacking.join("\n"));
        Ok(())
    }
}

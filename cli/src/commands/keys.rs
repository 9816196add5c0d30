//! `attache keys`.

use crate::exit::Status;
use crate::input::read_text;
use crate::shown::told_path;
use crate::test_keys::{Leave, TestAlgorithm, TestKey};
use clap::Args;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

/// Makes a key for trials, and prints its public half as the JWK Set of an issuer's `jwks`
///
/// The private half goes into a file that nobody else may read, and never to the terminal.
/// `attache token` signs with it.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    leave: Leave,
    /// Make a key, and write its private half into this new file, as PEM
    #[arg(long, value_name = "FILE", conflicts_with = "key", required_unless_present = "key")]
    out: Option<PathBuf>,
    /// Take the key of this file, and print its public half
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// What a new key signs by
    #[arg(long, value_enum, default_value = "ES256", conflicts_with = "key")]
    algorithm: TestAlgorithm,
    /// The key's `kid`; the thumbprint of its public half where none is given (RFC 7638)
    #[arg(long)]
    kid: Option<String>,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    options.leave.check()?;
    let key = match &options.key {
        Some(path) => read(path)?,
        None => TestKey::generate(options.algorithm)?,
    };
    let key = key.with_key_id(options.kid.as_deref());
    let set = key.jwks()?;
    if let Some(path) = &options.out {
        write_new(path, &key.pem()?)
            .map_err(|error| format!("can't write the key into `{}`: {error}", told_path(path)))?;
    }
    writeln!(stdout(), "{set:#}")?;
    Ok(Status::Fine)
}

/// Reads a key from its file.
///
/// # Errors
/// The file can't be read, or holds none.
pub(super) fn read(path: &Path) -> Result<TestKey, String> {
    TestKey::read(&read_text(path)?).map_err(|error| format!("{}: {error}", told_path(path)))
}

/// Writes a file that is not there yet, for its owner alone where the system knows owners.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

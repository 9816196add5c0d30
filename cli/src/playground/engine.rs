//! Where the page's engine comes from: a build for a release carries it, one in a checkout has it
//! built.

use crate::shown::told_path;
use std::error::Error;

/// Returns the engine as Wasm.
///
/// # Errors
/// None: this program carries it.
#[cfg(playground_engine)]
pub(crate) fn engine() -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(include_bytes!(env!("PLAYGROUND_ENGINE")).to_vec())
}

/// Returns the engine as Wasm, built in the checkout that this program lies in.
///
/// # Errors
/// The program was copied out of its checkout, or the build fails.
#[cfg(not(playground_engine))]
pub(crate) fn engine() -> Result<Vec<u8>, Box<dyn Error>> {
    use std::process::{Command, Stdio};

    let checkout = checkout().ok_or(
        "this build of `attache` carries no engine for the page, and does not lie in the checkout that it is of; take the \
         program of a release, run `scripts/attache playground` in a checkout, or have `scripts/build --tool` build a \
         program there that carries it",
    )?;
    let script = checkout.join("scripts/build");
    anstream::eprintln!("building the engine for the page, the first time for a minute or two …");
    let mut build = Command::new(&script);
    // The standard output may be the page.
    build.arg("--playground").stdin(Stdio::null()).stdout(Stdio::null());
    let status =
        build.status().map_err(|error| format!("can't run `{}`: {error}", told_path(&script)))?;
    if !status.success() {
        return Err(
            format!("`scripts/build --playground` failed ({status}); it says why above").into()
        );
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let engine = checkout.join(target).join("playground.wasm");
    std::fs::read(&engine)
        .map_err(|error| format!("can't read `{}`: {error}", told_path(&engine)).into())
}

/// Returns the checkout that this program was built in, where it still lies in that: at another
/// place, it builds nothing in a folder that nobody named.
#[cfg(not(playground_engine))]
fn checkout() -> Option<std::path::PathBuf> {
    let checkout =
        std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).canonicalize().ok()?;
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    // Another folder for what cargo builds is named by whoever runs it.
    let target = std::env::var_os("CARGO_TARGET_DIR").map(|target| checkout.join(target));
    let target = target.and_then(|target| target.canonicalize().ok());
    let is_here =
        program.starts_with(&checkout) || target.is_some_and(|target| program.starts_with(target));
    (is_here && checkout.join("scripts/build").is_file()).then_some(checkout)
}

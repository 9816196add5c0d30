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

/// Returns the engine as Wasm, built from the checkout that this program was built from.
///
/// # Errors
/// The checkout is not there any more, or the build fails.
#[cfg(not(playground_engine))]
pub(crate) fn engine() -> Result<Vec<u8>, Box<dyn Error>> {
    use std::path::Path;
    use std::process::{Command, Stdio};

    const ADVICE: &str = "in a checkout of Attaché, `scripts/attache playground` builds the page";
    let checkout = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let script = checkout.join("scripts/build");
    if !script.is_file() {
        return Err(
            format!("this build of `attache` carries no engine for the page; {ADVICE}").into()
        );
    }
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

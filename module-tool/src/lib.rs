//! Finishes the linked Wasm module.
//!
//! The proxy-wasm SDK exports every callback there is, and Envoy enters the VM for each one that it finds, wanted or
//! not: several times a request. A linker can't know which of them do nothing. So, after linking, the exports that the
//! filter does not use are removed, and with them the code that nothing else reaches. And a request that pauses is made
//! to pause as a whole, whatever the host's configuration says of that.

pub mod callbacks;
pub mod order;
pub mod pause;
pub mod rehearsal;
pub mod surface;

use anyhow::{Result, bail};
use std::collections::BTreeSet;
use walrus::{Module, ModuleConfig};

/// What a build of the filter for tests holds (feature `test-trap`), and none that ships may.
const TEST_BUILD: &[u8] = b"attache: this is a test build";

/// Whether a module was built for tests: then it can be made to trap.
pub fn is_test_build(wasm: &[u8]) -> bool {
    wasm.windows(TEST_BUILD.len()).any(|window| window == TEST_BUILD)
}

/// Removes every callback that is not in [`callbacks::KEPT`], what only they reached, and the sections that no host
/// reads.
///
/// # Errors
/// The bytes are no Wasm module, or one of the callbacks to be kept is missing: then this is not a module of the
/// filter, or the SDK has renamed it.
pub fn strip(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let mut module = config.parse(wasm)?;
    refuse_missing(&module)?;
    for export in unused(&module) {
        module.exports.remove(&export)?;
    }
    let customs: Vec<_> = module.customs.iter().map(|(id, _)| id).collect();
    for custom in customs {
        module.customs.delete(custom);
    }
    walrus::passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

fn refuse_missing(module: &Module) -> Result<()> {
    let exports: BTreeSet<&str> = module.exports.iter().map(|export| export.name.as_str()).collect();
    let missing: Vec<&str> =
        callbacks::KEPT.iter().map(|kept| kept.name).filter(|name| !exports.contains(name)).collect();
    if !missing.is_empty() {
        bail!(
            "the module does not export `{}`: is it the filter, linked with proxy-wasm?",
            missing.join("`, `")
        );
    }
    Ok(())
}

fn unused(module: &Module) -> Vec<String> {
    module
        .exports
        .iter()
        .map(|export| &export.name)
        .filter(|name| callbacks::is_callback(name) && !callbacks::is_kept(name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests;

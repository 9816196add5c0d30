//! Finishes the linked Wasm module.
//!
//! The proxy-wasm SDK exports every callback there is, and Envoy enters the VM for each one that it
//! finds, wanted or not: several times a request. A linker can't know which of them do nothing. So,
//! after linking, the exports that the filter does not use are removed, and with them the code that
//! nothing else reaches. And a request that pauses is made to pause as a whole, whatever the host's
//! configuration says of that.

mod callbacks;
mod function_order;
mod identical;
#[cfg(test)]
mod interface;
mod pause;
mod profile;

use anyhow::{Result, bail, ensure};
use std::collections::BTreeSet;
use walrus::{Module, ModuleConfig};

/// What a build of the filter for tests holds (feature `test-trap`), and none that ships may.
const TEST_BUILD: &[u8] = b"attache: this is a test build";

/// Finishes a linked module: removes the callbacks that the filter does not use, has a request that
/// pauses pause as a whole, writes equal functions once, and puts the functions that requests run
/// through first, in the order of their first use.
///
/// # Errors
/// The bytes are no module of the filter, or one that was built for tests where none is wanted, or
/// the reverse.
pub(crate) fn finish(linked: &[u8], for_tests: bool) -> Result<Vec<u8>> {
    if is_test_build(linked) != for_tests {
        let (is, not) = if for_tests {
            ("no build for tests", "with")
        } else {
            ("a build for tests", "without")
        };
        bail!("it is {is}: build it {not} the feature `test-trap`");
    }
    let stopping = pause::stop_all(&strip(linked)?)?;
    profile::order_by_first_use(&identical::merge(&stopping)?)
}

/// Returns whether a module was built for tests: then it can be made to trap.
fn is_test_build(wasm: &[u8]) -> bool {
    wasm.windows(TEST_BUILD.len()).any(|window| window == TEST_BUILD)
}

/// Removes every callback that is not in [`callbacks::KEPT`], what only they reached, and the
/// sections that no host reads.
///
/// # Errors
/// The bytes are no Wasm module, or one of the callbacks to be kept is missing: then this is not a
/// module of the filter, or the SDK has renamed it.
fn strip(wasm: &[u8]) -> Result<Vec<u8>> {
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
    let exports: BTreeSet<&str> =
        module.exports.iter().map(|export| export.name.as_str()).collect();
    for kept in callbacks::KEPT {
        ensure!(
            exports.contains(kept.name),
            "the module does not export `{}`, without which it can't work ({}): is it the filter, linked with proxy-wasm?",
            kept.name,
            kept.why
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
mod shipped_tests;
#[cfg(test)]
mod tests;

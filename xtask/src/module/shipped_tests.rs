//! The module that ships: what it asks of its host, what it offers, how big it is.

use super::interface::ModuleInterface;
use super::is_test_build;
use super::profile::order_by_first_use;
use anyhow::{Context, Result, ensure};
use proxy_wasm_test_host::State;
use proxy_wasm_test_host::interpreter::Vm;
use std::path::{Path, PathBuf};
use wasmparser::{Parser, Payload};

/// In bytes: no change may make the module bigger unseen. The aim is 600,000, since Envoy compiles
/// every kilobyte before the first request; whoever brings the size down brings this down with it.
const LARGEST: usize = 972_000;

/// In bytes: V8 needs far more memory for one function of 25 kB than for five of 5 kB, and an
/// allocator keeps it for as long as the proxy runs. What is bigger than this counts as big.
/// Whoever brings the sum down brings its limit down with it.
const BIG_FUNCTION: usize = 4096;
const BIG_FUNCTIONS_TOGETHER: usize = 103_000;
const LARGEST_FUNCTION: usize = 12_000;

#[test]
fn the_module_imports_what_the_list_says() -> Result<()> {
    compare(
        "imports",
        &ModuleInterface::of(&module()?)?.imports,
        include_str!("expected/imports.txt"),
    )
}

#[test]
fn the_module_exports_what_the_list_says() -> Result<()> {
    compare(
        "exports",
        &ModuleInterface::of(&module()?)?.exports,
        include_str!("expected/exports.txt"),
    )
}

#[test]
fn the_module_is_no_bigger_than_it_may_be() -> Result<()> {
    let size = module()?.len();
    ensure!(size <= LARGEST, "the module has {size} bytes, the limit is {LARGEST}");
    Ok(())
}

#[test]
fn no_function_is_bigger_than_a_compiler_takes_with_ease() -> Result<()> {
    let sizes = function_sizes(&module()?)?;
    let largest = sizes.iter().copied().max().unwrap_or_default();
    ensure!(
        largest <= LARGEST_FUNCTION,
        "a function has {largest} bytes, the limit is {LARGEST_FUNCTION}: mark parts of it `#[inline(never)]`"
    );
    let big: Vec<usize> = sizes.into_iter().filter(|&size| size > BIG_FUNCTION).collect();
    let together: usize = big.iter().sum();
    ensure!(
        together <= BIG_FUNCTIONS_TOGETHER,
        "{} functions over {BIG_FUNCTION} bytes have {together} together, the limit is {BIG_FUNCTIONS_TOGETHER}",
        big.len()
    );
    Ok(())
}

#[test]
fn what_a_request_runs_through_comes_first() -> Result<()> {
    let module = module()?;
    ensure!(
        order_by_first_use(&module)? == module,
        "the module was not finished by `cargo xtask order`"
    );
    Ok(())
}

#[test]
fn a_request_that_does_not_go_on_stops_as_a_whole() -> Result<()> {
    let mut vm = Vm::start(&module()?, State::default())?;
    vm.call("proxy_on_context_create", &[1, 0])?;
    vm.call("proxy_on_vm_start", &[1, 0])?;
    // Without a configuration nothing goes on.
    vm.call("proxy_on_context_create", &[2, 1])?;
    ensure!(vm.call("proxy_on_request_headers", &[2, 0, 0])? == 4, "StopAllIterationAndWatermark");
    Ok(())
}

/// What a panic tells of where it was is the same wherever the module was built, and so are its
/// bytes.
#[test]
fn no_path_of_this_machine_is_in_the_module() -> Result<()> {
    let module = module()?;
    let registry = b"/registry/src/";
    let mut paths = 0;
    for (at, _) in
        module.windows(registry.len()).enumerate().filter(|(_, window)| window == registry)
    {
        paths += 1;
        let before = module.get(at.saturating_sub(6)..at).unwrap_or_default();
        ensure!(before == b"/cargo", "a path begins with `{}`", String::from_utf8_lossy(before));
    }
    ensure!(paths > 0, "no panic tells where it was");
    Ok(())
}

#[test]
fn the_module_that_ships_is_no_build_for_tests() -> Result<()> {
    ensure!(
        !is_test_build(&module()?),
        "the module traps on demand: build it without the feature `test-trap`"
    );
    Ok(())
}

/// How many bytes the body of each function has.
fn function_sizes(wasm: &[u8]) -> Result<Vec<usize>> {
    let mut sizes = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload? {
            sizes.push(body.range().len());
        }
    }
    Ok(sizes)
}

/// The bytes of what `ATTACHE_MODULE` names, else of `dist/plugin.wasm`.
fn module() -> Result<Vec<u8>> {
    let path = std::env::var_os("ATTACHE_MODULE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/plugin.wasm"),
        PathBuf::from,
    );
    std::fs::read(&path).with_context(|| {
        format!("there is no module at `{}`: run scripts/build first", path.display())
    })
}

fn compare(what: &str, found: &[String], expected: &str) -> Result<()> {
    let expected: Vec<&str> = expected.lines().filter(|line| !line.starts_with('#')).collect();
    let new: Vec<_> = found.iter().filter(|name| !expected.contains(&name.as_str())).collect();
    let gone: Vec<_> =
        expected.iter().filter(|name| !found.iter().any(|found| found == *name)).collect();
    ensure!(
        new.is_empty() && gone.is_empty(),
        "the module's {what} are not those of xtask/src/module/expected/{what}.txt: new {new:?}, gone {gone:?}; \
         if that is meant, change the file"
    );
    Ok(())
}

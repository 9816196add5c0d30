//! The parts of Rust's toolchain that tasks need, and how Cargo is called.

use crate::process::{command, on_path, output, run};
use crate::repository::root;
use anyhow::{Context, Result, ensure};
use std::env;
use std::path::Path;
use std::process::Command;

/// The target of the module.
pub(crate) const WASM: &str = "wasm32-wasip1";

/// Returns the target of a program for this machine that needs no library at all.
pub(crate) fn static_target() -> String {
    format!("{}-unknown-linux-musl", env::consts::ARCH)
}

/// Sees to it that a target is installed; rustup adds one that is missing.
///
/// # Errors
/// The target is missing, and there is no rustup that could add it.
pub(crate) fn need_target(target: &str) -> Result<()> {
    if on_path("rustup") {
        let installed = output(command("rustup").args(["target", "list", "--installed"]))?;
        if installed.lines().any(|line| line == target) {
            return Ok(());
        }
        eprintln!("adding the Rust target {target}");
        return run(command("rustup").args(["target", "add", target])).with_context(|| {
            format!("rustup could not add the target {target}: check the network, then: rustup target add {target}")
        });
    }
    let sysroot = output(command("rustc").args(["--print", "sysroot"]))?;
    ensure!(
        Path::new(&sysroot).join("lib/rustlib").join(target).is_dir(),
        "the Rust target {target} is missing\n  this Rust was not installed by rustup: add {target} the way it was installed"
    );
    Ok(())
}

/// Sees to it that parts of the toolchain are installed; rustup adds one that is missing.
///
/// # Errors
/// One is missing, and there is no rustup that could add it.
pub(crate) fn need_components(components: &[&str]) -> Result<()> {
    if !on_path("rustup") {
        for component in components {
            let subcommand = component.replace("rustfmt", "fmt");
            let has = command("cargo")
                .args([&subcommand, "--version"])
                .output()
                .is_ok_and(|told| told.status.success());
            ensure!(
                has,
                "`{component}` is missing\n  this Rust was not installed by rustup: add {component} the way it was installed"
            );
        }
        return Ok(());
    }
    let installed = output(command("rustup").args(["component", "list", "--installed"]))?;
    for component in components {
        if !installed.lines().any(|line| line.starts_with(component)) {
            run(command("rustup").args(["component", "add", component])).with_context(|| {
                format!("rustup could not add `{component}`: check the network, then: rustup component add {component}")
            })?;
        }
    }
    Ok(())
}

/// Returns a call of Cargo for a package: on its own, or, where `cargo xtask ci` has set
/// `ATTACHE_WHOLE_WORKSPACE`, with the features of the whole workspace, so that no dependency is
/// built once for each set of features.
pub(crate) fn cargo(subcommand: &str, package: &str) -> Command {
    let mut cargo = command("cargo");
    cargo.args([subcommand, "--quiet"]);
    match env::var_os("ATTACHE_WHOLE_WORKSPACE") {
        Some(value) if !value.is_empty() => cargo.args(["--workspace", "--all-features"]),
        _ => cargo.args(["--package", package]),
    };
    cargo
}

/// Returns a call of Cargo that builds a program for this machine that needs no library at all. No
/// path of this machine gets into it, so that the same sources give the same bytes elsewhere.
pub(crate) fn cargo_static(target: &str) -> Command {
    let mut cargo = command("cargo");
    cargo.args(["build", "--quiet", "--locked", "--target", target]);
    // The few C files among the dependencies need no C library, so any compiler will do.
    let compiler = format!("CC_{}", target.replace('-', "_"));
    if env::var_os(&compiler).is_none() {
        cargo.env(compiler, "cc");
    }
    without_paths(&mut cargo, target);
    cargo
}

/// Has Cargo leave the paths of this machine out of what it builds for a target.
pub(crate) fn without_paths(cargo: &mut Command, target: &str) {
    let home = env::var("CARGO_HOME")
        .unwrap_or_else(|_| format!("{}/.cargo", env::var("HOME").unwrap_or_default()));
    let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.replace('-', "_").to_uppercase());
    let root = root().display();
    cargo.env(
        flags,
        format!("--remap-path-prefix={home}=/cargo --remap-path-prefix={root}=/attache"),
    );
}

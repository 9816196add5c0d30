//! `cargo xtask build` with a Cargo of its own, so that nothing is compiled.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// A rustup that has every target.
const RUSTUP: (&str, &str) = (
    "rustup",
    "echo wasm32-wasip1; echo x86_64-unknown-linux-musl; echo aarch64-unknown-linux-musl",
);

/// A Cargo that notes what the issuer would be compiled with, and leaves a program where it would
/// be.
const CARGO: (&str, &str) = (
    "cargo",
    r#"echo "$@" >"$CARGO_TARGET_DIR/arguments"
env | grep RUSTFLAGS >"$CARGO_TARGET_DIR/flags"
for folder in "$CARGO_TARGET_DIR"/*-unknown-linux-musl/native; do echo program >"$folder/attache-issuer"; done"#,
);

fn build(folder: &Path, programs: &[(&str, &str)], arguments: &[&str]) -> Output {
    for (name, body) in programs {
        let path = folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for processor in ["x86_64", "aarch64"] {
        fs::create_dir_all(folder.join(format!("{processor}-unknown-linux-musl/native"))).unwrap();
    }
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("build")
        .args(arguments)
        .current_dir(folder)
        .env("PATH", path)
        .env("CARGO_TARGET_DIR", folder)
        .env_remove("ATTACHE_ISSUER_PROFILE")
        .output()
        .unwrap()
}

#[test]
fn the_issuer_is_built_without_a_path_of_this_machine_and_put_where_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    // One that runs can't be written to, but may be replaced.
    fs::write(folder.path().join("issuer"), "of before").unwrap();
    fs::set_permissions(folder.path().join("issuer"), fs::Permissions::from_mode(0o555)).unwrap();
    let output = build(folder.path(), &[RUSTUP, CARGO], &["--issuer", "--output", "issuer"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(folder.path().join("issuer")).unwrap(), "program\n");
    let arguments = fs::read_to_string(folder.path().join("arguments")).unwrap();
    for word in ["--locked", "--profile native", "--package attache-issuer", "-unknown-linux-musl"]
    {
        assert!(arguments.contains(word), "{arguments}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let flags = fs::read_to_string(folder.path().join("flags")).unwrap();
    assert!(flags.contains(&format!("--remap-path-prefix={}=/attache", root.display())), "{flags}");
}

#[test]
fn a_build_that_fails_leaves_nothing_of_an_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), &[RUSTUP, CARGO], &["--issuer", "--output", "first"]);
    let output = build(
        folder.path(),
        &[RUSTUP, ("cargo", "echo broken >&2; exit 101")],
        &["--issuer", "--output", "second"],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.starts_with("broken\nerror: `cargo build "), "{said}");
    assert!(folder.path().join("first").exists() && !folder.path().join("second").exists());
}

#[test]
fn a_target_that_can_not_be_added_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let rustup = ("rustup", r#"[ "$2" = list ] || exit 1"#);
    let output = build(folder.path(), &[rustup, CARGO], &["--issuer"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("check the network, then: rustup target add"),
        "{said}"
    );
    assert!(!folder.path().join("arguments").exists(), "something was built");
}

#[test]
fn two_parts_at_once_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = build(folder.path(), &[RUSTUP, CARGO], &["--issuer", "--test-build"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!folder.path().join("arguments").exists(), "something was built");
}

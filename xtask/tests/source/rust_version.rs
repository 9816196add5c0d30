//! The least Rust is the one that the tests run with, and the page says so.

use std::path::Path;

/// Returns what stands between quotes behind a key in TOML.
fn value(toml: &str, key: &str) -> String {
    let line = toml.lines().find(|line| line.starts_with(key)).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn the_least_rust_is_the_one_that_is_tested_and_promised() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let least = value(&read("Cargo.toml"), "rust-version");
    let tested = value(&read("rust-toolchain.toml"), "channel");
    assert!(
        tested == least || tested.starts_with(&format!("{least}.")),
        "{least} is promised, {tested} tested"
    );
    let promise = format!("The least Rust that compiles it is {least} ");
    assert!(read("CONTRIBUTING.md").contains(&promise), "CONTRIBUTING.md does not say: {promise}");
}

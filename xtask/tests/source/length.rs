//! A file fits a head: what has more lines is more than one thing.

use std::path::{Path, PathBuf};

/// The most lines of a file, its tests apart.
const MAX_LINES: usize = 300;

/// The files that may have more, each with the reason that its head gives.
const LONGER: [&str; 0] = [];

/// Adds the Rust files of a folder that are no tests, at any depth.
fn add_sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_source = !name.starts_with('.') && !["target", "tests", "benches"].contains(&name);
        if path.is_dir() && is_source {
            add_sources(&path, found);
        } else if name.ends_with(".rs") && !["tests.rs", "testing.rs"].contains(&name) {
            found.push(path);
        }
    }
}

/// Returns how many lines a text has before the tests at its end.
fn lines(text: &str) -> usize {
    text.split("#[cfg(test)]\nmod tests").next().unwrap().trim_end().lines().count()
}

#[test]
fn a_file_fits_a_head() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Vec::new();
    add_sources(root, &mut sources);
    assert!(sources.len() > 300, "{} sources", sources.len());
    let is_long = |path: &&PathBuf| lines(&std::fs::read_to_string(path).unwrap()) > MAX_LINES;
    let long: Vec<&str> = sources
        .iter()
        .filter(is_long)
        .map(|path| path.strip_prefix(root).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(long, LONGER, "more than {MAX_LINES} lines: split by meaning, or give the reason at the head");
}

#[test]
fn tests_at_the_end_do_not_count() {
    assert_eq!(lines("fn a() {}\n\nfn b() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"), 3);
    assert_eq!(lines("fn a() {}\n"), 1);
}

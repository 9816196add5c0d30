//! A file fits a head: what has more lines is more than one thing.

use crate::module;
use crate::sources::{repository, roots, rust_files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The most lines of a file, its tests apart.
const MAX_LINES: usize = 300;

/// The files that may have more, each with the reason that its head gives.
const LONGER: [&str; 0] = [];

/// What stands before the tests at the end of a file.
const TESTS: &str = "#[cfg(test)]\nmod tests";

/// Returns how many lines a text has besides the module of its tests.
fn lines(text: &str) -> usize {
    let Some((before, tests)) = text.split_once(TESTS) else {
        return text.trim_end().lines().count();
    };
    let after = match tests.strip_prefix(';') {
        Some(after) => after,
        None => tests.split_once("\n}\n").map_or("", |(_, after)| after),
    };
    before.trim_end().lines().count() + after.trim().lines().count()
}

/// Returns whether a file is apart by its name. That it is a test's does not follow: the compiler
/// may know better.
fn is_called_a_test(path: &Path) -> bool {
    let is = |names: &[&str], part: &std::ffi::OsStr| names.iter().any(|name| part == *name);
    path.iter().any(|part| is(&["tests", "benches"], part))
        || path.file_name().is_some_and(|name| is(&["tests.rs", "testing.rs"], name))
}

/// Returns every file that is more than tests: all but those called so, and what a library or a
/// program is built of, whatever it is called.
fn files() -> BTreeSet<PathBuf> {
    let built = roots().into_iter().flat_map(|(_, root)| module::files(&root));
    let root = repository();
    let others = rust_files()
        .into_iter()
        .filter(|path| !is_called_a_test(path.strip_prefix(&root).unwrap()));
    built.chain(others).collect()
}

#[test]
fn a_file_fits_a_head() {
    let root = repository();
    let files = files();
    assert!(files.len() > 300, "{} files", files.len());
    let is_long = |path: &&PathBuf| lines(&std::fs::read_to_string(path).unwrap()) > MAX_LINES;
    let long: Vec<&str> = files
        .iter()
        .filter(is_long)
        .map(|path| path.strip_prefix(&root).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        long, LONGER,
        "more than {MAX_LINES} lines: split by meaning, or give the reason at the head"
    );
}

#[test]
fn what_a_program_is_built_of_counts_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
    std::fs::create_dir(folder.path().join("benches")).unwrap();
    for name in ["tests.rs", "testing.rs", "benches/mod.rs"] {
        write(name);
    }
    let root = folder.path().join("lib.rs");
    std::fs::write(&root, "mod tests; mod benches; #[cfg(test)] mod testing;").unwrap();
    let built: BTreeSet<PathBuf> = module::files(&root).into_iter().collect();
    let expected = ["lib.rs", "tests.rs", "benches/mod.rs"].map(|name| folder.path().join(name));
    assert_eq!(built, expected.into());
}

#[test]
fn tests_do_not_count_and_what_follows_them_does() {
    assert_eq!(lines("fn a() {}\n"), 1);
    assert_eq!(
        lines("fn a() {}\n\nfn b() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"),
        3
    );
    assert_eq!(
        lines("#[cfg(test)]\nmod tests {\n    use super::*;\n}\n\nfn a() {}\nfn b() {}\n"),
        2
    );
    assert_eq!(lines("mod a;\n#[cfg(test)]\nmod tests;\n\nfn a() {}\nfn b() {}\n"), 3);
}

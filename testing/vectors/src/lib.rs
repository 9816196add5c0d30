//! Finds the test vectors that others have published. They are not part of this repository: what is
//! not here is skipped, and that is said, for a clone must pass with nothing beside it.
//!
//! Vectors are looked for in
//! 1. the folder that `ATTACHE_VECTORS` names; what is missing there is an error,
//! 2. `shared/vectors` beside the repository,
//! 3. for `JSONTestSuite`, the folder that `ATTACHE_JSON_SUITE` names, which
//!    `scripts/json-test-suite` fetches.
//!
//! ```no_run
//! if let Some(file) = attache_test_vectors::published("wycheproof/json_web_key_test.json") {
//!     let vectors = std::fs::read_to_string(file).unwrap();
//! }
//! ```

use std::env;
use std::path::{Path, PathBuf};

/// Returns the file or folder `name` of the published vectors, such as
/// `wycheproof/json_web_key_test.json`; `None`, and a line on standard error, where this machine
/// has none.
///
/// # Panics
/// `ATTACHE_VECTORS` is set and holds no `name`.
#[must_use]
pub fn published(name: &str) -> Option<PathBuf> {
    if let Some(folder) = env::var_os("ATTACHE_VECTORS") {
        let path = PathBuf::from(folder).join(name);
        assert!(
            path.exists(),
            "there is no `{}`: let ATTACHE_VECTORS name the folder that holds wycheproof, ietf-jose-cookbook and \
             JSONTestSuite, or unset it",
            path.display(),
        );
        return Some(path);
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors").join(name);
    if beside.exists() {
        return Some(beside);
    }
    let fetched = name
        .strip_prefix("JSONTestSuite/")
        .and_then(|name| Some(PathBuf::from(env::var_os("ATTACHE_JSON_SUITE")?).join(name)))
        .filter(|path| path.exists());
    if fetched.is_none() {
        eprintln!(
            "SKIPPED: there are no published vectors `{name}` here, and ATTACHE_VECTORS names no folder of them"
        );
    }
    fetched
}

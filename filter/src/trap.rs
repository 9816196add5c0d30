//! A trap on demand, for tests of what a host does about one. It is in test builds only.

use log::error;

/// What every test build says of itself, and by which `cargo xtask order` knows one.
const NOTICE: &str = "attache: this is a test build: it traps on demand";

/// The header that demands it.
const HEADER: &str = "x-attache-trap";

/// Traps, if a request demands it.
pub(crate) fn abort_if_requested(headers: &[(String, Vec<u8>)]) {
    if headers.iter().any(|(name, _)| name == HEADER) {
        error!("{NOTICE}");
        std::process::abort();
    }
}

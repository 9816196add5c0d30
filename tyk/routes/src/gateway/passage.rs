//! A request on its way.

use super::request::Request;

/// A request on its way through the gateway.
pub(super) struct Passage<'r> {
    pub(super) request: &'r Request,
    pub(super) path: String,
    pub(super) version: Option<String>,
    pub(super) method: String,
    pub(super) query: String,
    pub(super) loops: usize,
}

//! What must hold of requests.

use crate::symbolic::Region;

/// Something that must hold of all requests of a region.
pub(crate) struct Assertion {
    /// What it says, in words.
    pub(crate) name: String,
    /// Whether each must be allowed, or each refused.
    pub(crate) allowed: bool,
    pub(crate) region: Region,
}

//! Whether a request waits for keys.

use super::{Hope, Missing};
use crate::ids::IssuerIndex;
use std::time::Duration;

/// Whether requests wait for keys that a provider serves.
pub trait Patience {
    /// Whether this request, which lacks keys of this issuer, is to wait: then it will be decided about anew. Where
    /// not, it is decided about without them.
    fn hope(&self, issuer: IssuerIndex, missing: Missing) -> Hope;
}

/// No patience: no request waits.
impl Patience for () {
    fn hope(&self, _: IssuerIndex, _: Missing) -> Hope {
        Hope::Never(Duration::ZERO)
    }
}

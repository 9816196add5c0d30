//! Whether a request waits for keys.

use super::{MissingKeys, WaitDecision};
use crate::ids::IssuerIndex;
use std::time::Duration;

/// Whether requests wait for keys that a provider serves.
pub trait KeyWait {
    /// Returns whether this request, which lacks keys of this issuer, is to wait: then it will be decided about anew.
    /// Where not, it is decided about without them.
    fn wait_decision(&self, issuer: IssuerIndex, missing: MissingKeys) -> WaitDecision;
}

/// Lets no request wait.
impl KeyWait for () {
    fn wait_decision(&self, _: IssuerIndex, _: MissingKeys) -> WaitDecision {
        WaitDecision::GiveUp(Duration::ZERO)
    }
}

//! Whether a request waits for keys.

use crate::ids::IssuerIndex;
use std::time::Duration;

/// Whether requests wait for keys that a provider serves.
pub trait KeyWait {
    /// Returns whether this request, which lacks keys of this issuer, is to wait: then it will be
    /// decided about anew. Where not, it is decided about without them.
    fn wait_decision(&self, issuer: IssuerIndex, missing: MissingKeys) -> WaitDecision;
}

/// Lets no request wait.
impl KeyWait for () {
    fn wait_decision(&self, _: IssuerIndex, _: MissingKeys) -> WaitDecision {
        WaitDecision::GiveUp(Duration::ZERO)
    }
}

/// What a request lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKeys {
    /// All keys of the issuer.
    Keys,
    /// A key with the token's `kid`.
    KeyId,
}

/// Whether it helps a request to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitDecision {
    /// An attempt is under way, or will begin in time.
    Wait,
    /// None will; the next one may begin after so long.
    GiveUp(Duration),
    /// It would, but there is no place left to wait in.
    Full,
}

//! What stands for a part of the configuration.

/// The place of an issuer in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IssuerIndex(pub u16);

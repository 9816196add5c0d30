//! What is wrong with a token.

use crate::Cause;
use crate::ids::IssuerIndex;
use crate::remote::MissingKeys;

/// Why a token does not authenticate its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthError {
    /// The token is bad, or may not be used here.
    Rejected(Cause),
    /// Keys are missing that may still come.
    KeysPending {
        issuer: IssuerIndex,
        missing: MissingKeys,
        /// Why the request is refused if they don't come.
        cause: Cause,
    },
}

impl<T: Into<Cause>> From<T> for AuthError {
    fn from(cause: T) -> Self {
        Self::Rejected(cause.into())
    }
}

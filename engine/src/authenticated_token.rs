//! What is kept of a verified token: everything a request with it needs, ready to use.

use crate::Cause;
use crate::claims::{IdentityHeader, Times};
use crate::ids::IssuerIndex;
use crate::policy::RoleSet;

use serde_json::Value;

/// A verified token, taken apart once: a request that brings it again parses nothing.
#[derive(Debug)]
pub struct AuthenticatedToken {
    /// Who issued it.
    pub issuer: IssuerIndex,
    /// `sub`, after the issuer's `subjectPrefix`.
    pub subject: Option<String>,
    /// `jti`.
    pub token_id: Option<String>,
    /// When it is good; checked at every use.
    pub times: Times,
    /// The `kid` of the key that verified it; where it has none, what the token says.
    pub key_id: Option<String>,
    /// The key that verified it.
    pub key: u64,
    /// The roles that policies know.
    pub roles: RoleSet,
    /// The claims that policies and audit lines ask for, by their slot.
    pub claims: Box<[Option<Value>]>,
    /// The identity headers, ready to write, or the claim that can't be written safely.
    pub headers: Result<Box<[IdentityHeader]>, Cause>,
    /// About how many bytes it holds, with the token itself.
    pub weight: u32,
}

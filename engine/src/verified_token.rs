//! A token that has just been verified, and what is kept of it.

use crate::authenticated_token::AuthenticatedToken;
use crate::claims::{IdentityHeader, identity_headers};
use crate::ids::IssuerIndex;
use crate::policy::{ClaimTable, RoleTable};
use crate::token::Verified;
use attache_plugin_config::Issuer;
use serde_json::Value;

/// A token that has just been verified.
pub(crate) struct VerifiedToken<'t> {
    /// Who issued it.
    pub(crate) issuer: IssuerIndex,
    /// The issuer's entry.
    pub(crate) config: &'t Issuer,
    /// What was verified.
    pub(crate) verified: Verified,
    /// Its payload as it came.
    pub(crate) payload_base64: &'t str,
}

impl VerifiedToken<'_> {
    /// Takes from the token all that later requests with it need.
    #[inline(never)]
    pub(crate) fn into_authenticated(
        self,
        token: &[u8],
        roles: &RoleTable,
        claim_table: &ClaimTable,
    ) -> AuthenticatedToken {
        let Self { issuer, config, verified, payload_base64 } = self;
        let Verified { mut claims, times, key_id, key_fingerprint, .. } = verified;
        claims.prefix_subject(&config.subject_prefix);
        let headers = identity_headers(config, &claims, payload_base64).map_err(Into::into);
        let slots: Box<[Option<Value>]> =
            claim_table.paths().iter().map(|path| claims.get(path).cloned()).collect();
        AuthenticatedToken {
            issuer,
            subject: claims.subject().map(str::to_owned),
            token_id: claims.token_id().map(str::to_owned),
            times,
            key_id,
            key: key_fingerprint,
            roles: roles.read(&claims, &config.role_claims),
            weight: weight(token, headers.iter().flatten(), &slots),
            claims: slots,
            headers,
        }
    }
}

/// Returns about how many bytes are kept of a token.
fn weight<'h>(
    token: &[u8],
    headers: impl Iterator<Item = &'h IdentityHeader>,
    slots: &[Option<Value>],
) -> u32 {
    // The claims that are kept can't be larger than the token that holds them, but a JSON tree
    // takes more room than its text.
    let kept = if slots.iter().any(Option::is_some) { token.len().saturating_mul(4) } else { 0 };
    let headers = headers.map(|(name, value)| name.as_str().len().saturating_add(value.len()));
    let weight =
        headers.fold(token.len().saturating_add(512).saturating_add(kept), usize::saturating_add);
    u32::try_from(weight).unwrap_or(u32::MAX)
}

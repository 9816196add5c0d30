//! A configuration whose issuers take any token: one that a log calls good is good, whatever else
//! it held.

use attache_plugin_config::{Config, HeaderLocation, HeaderName, IssuerId, Revoked};

/// Returns a configuration that judges as this does, and takes every token of its issuers for good.
///
/// # Errors
/// None: `authorization` may be the name of a header.
pub(super) fn lenient(config: &Config) -> Result<Config, String> {
    let mut config = crate::explain::trusting(config);
    let place =
        HeaderLocation { name: HeaderName::new("authorization")?, prefix: "Bearer ".to_owned() };
    // No token is as long as what a line may hold of one.
    config.cache.max_token_bytes = u32::MAX;
    for issuer in &mut config.issuers {
        if !matches!(issuer.issuer, IssuerId::Exact(_)) {
            issuer.issuer = IssuerId::Exact(format!("urn:attache:{}", issuer.name));
        }
        issuer.locations.headers = vec![place.clone()];
        issuer.locations.cookies.clear();
        issuer.locations.params.clear();
        issuer.audiences.clear();
        issuer.token_types.clear();
        issuer.subjects.clear();
        issuer.claims.clear();
        issuer.presenters.clear();
        issuer.max_lifetime = None;
        issuer.require_issued_at = false;
        issuer.max_age = None;
        issuer.revoked = Revoked::default();
        // The log has the subject with it.
        issuer.subject_prefix.clear();
        issuer.output_payload_to_header = None;
        issuer.output_claim_to_headers.clear();
    }
    Ok(config)
}

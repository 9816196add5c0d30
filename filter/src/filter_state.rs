//! What access logs can tell of a request: `%FILTER_STATE(wasm.attache.reason:PLAIN)%`.
//!
//! A request that goes on as the rules say sets nothing, so that it costs nothing: whom it speaks
//! for stands in its identity headers, which an access log reads as `%REQ(x-user)%`.

use crate::host;
use crate::redact;
use attache_engine::{Decided, Engine, Reason};

/// Why the request was refused.
const REASON: &str = "attache.reason";
/// Why the request went on without the identity that its token claims.
const UNVERIFIED: &str = "attache.unverified";
/// The policy of the rule that refused it.
const POLICY: &str = "attache.policy";
/// The rule that refused it.
const RULE: &str = "attache.rule";
/// The issuer of the token of a refused request, where that was good.
const ISSUER: &str = "attache.issuer";
/// The token's subject.
const SUBJECT: &str = "attache.subject";
/// Why the request would be refused if SHADOW were ENFORCE, or `allowed`.
const SHADOW: &str = "attache.shadow_reason";

/// A subject is cut after so many bytes.
const SUBJECT_BYTES: usize = 256;

/// Sets what there is to tell.
pub(crate) fn set(engine: &Engine, decided: &Decided<'_>) {
    if let Some(shadow) = &decided.shadow {
        let reason = shadow.reason().map_or("allowed", |reason| reason.as_str());
        host::set_filter_state(SHADOW, reason.as_bytes());
    }
    if let Some(reason) = decided.unverified {
        host::set_filter_state(UNVERIFIED, reason.as_str().as_bytes());
    }
    if let Some(reason) = decided.reason() {
        set_refused(engine, decided, reason);
    }
}

#[inline(never)]
fn set_refused(engine: &Engine, decided: &Decided<'_>, reason: Reason) {
    host::set_filter_state(REASON, reason.as_str().as_bytes());
    if let Some(names) = decided.rule.and_then(|rule| engine.rule(rule)) {
        host::set_filter_state(POLICY, names.policy.as_str().as_bytes());
        host::set_filter_state(RULE, names.rule.as_str().as_bytes());
    }
    if let Some(authenticated) = &decided.authenticated {
        if let Some(issuer) = engine.issuer(authenticated.issuer) {
            host::set_filter_state(ISSUER, issuer.as_str().as_bytes());
        }
        if let Some(subject) = &authenticated.subject {
            host::set_filter_state(
                SUBJECT,
                redact::redact(subject.as_bytes(), SUBJECT_BYTES).as_bytes(),
            );
        }
    }
}

//! From a session to the claims of its token.

use crate::config::{Mint, RoleRules, Source, Taken};
use crate::failure::Failure;
use crate::proto::SessionState;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Who calls, as the gateway knows it.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The session.
    pub session: &'a SessionState,
    /// The id of the API.
    pub api_id: &'a str,
    /// The payload of the caller's JWT, where the gateway verified one.
    pub jwt: Option<&'a Map<String, Value>>,
}

/// Returns the claims that depend on nothing but the caller and the API: all but `iat`, `nbf`,
/// `exp` and `jti`.
///
/// # Errors
/// No source of `sub` has a value.
pub fn claims(
    mint: &Mint,
    audiences: &[String],
    caller: Caller<'_>,
) -> Result<Map<String, Value>, Failure> {
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", mint.issuer.clone().into());
    put(
        "aud",
        match audiences {
            [one] => one.clone().into(),
            many => many.into(),
        },
    );
    put("sub", subject(mint, caller).ok_or(Failure::SubjectMissing)?.into());
    put(&mint.roles.claim, roles(&mint.roles, caller.session).into_iter().collect());
    for rule in &mint.claims {
        let value = match &rule.taken {
            Taken::Value(value) => Some(value.clone()),
            Taken::From(source) => value(source, caller),
        };
        if let Some(value) = value {
            put(&rule.claim, value);
        }
    }
    Ok(claims)
}

/// Returns a hash of a key, to name it without revealing it: the first 128 bits of its SHA-256, as
/// hex.
pub fn key_hash(key: &str) -> String {
    Sha256::digest(key).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn subject(mint: &Mint, caller: Caller<'_>) -> Option<String> {
    mint.subject.iter().find_map(|rule| match value(&rule.from, caller)? {
        Value::String(text) if rule.per_organisation => {
            Some(format!("{}{}:{text}", rule.prefix, one_word(&caller.session.org_id)))
        }
        Value::String(text) => Some(format!("{}{text}", rule.prefix)),
        _ => None,
    })
}

/// Returns an organisation without the sign that ends it.
fn one_word(org_id: &str) -> String {
    org_id.replace('%', "%25").replace(':', "%3A")
}

/// Returns whether the gateway made this session from a JWT: it marks such sessions.
pub fn is_from_jwt(session: &SessionState) -> bool {
    session.metadata.contains_key("TykJWTSessionID")
}

fn roles(rules: &RoleRules, session: &SessionState) -> BTreeSet<String> {
    let mut roles = BTreeSet::new();
    for policy in policies(session) {
        roles.extend(rules.policies.get(policy).into_iter().flatten().cloned());
    }
    for tag in &session.tags {
        roles.extend(rules.tags.get(tag).into_iter().flatten().cloned());
        let named = rules.tag_prefix.as_ref().and_then(|prefix| tag.strip_prefix(prefix.as_str()));
        roles.extend(named.filter(|role| !role.is_empty()).map(str::to_owned));
    }
    for rule in &rules.metadata {
        let Some(text) = session.metadata.get(&rule.key) else { continue };
        let listed = serde_json::from_str::<Vec<String>>(text).unwrap_or_else(|_| {
            text.split(rule.split.as_str()).map(|role| role.trim().to_owned()).collect()
        });
        let allowed = |role: &String| {
            !role.is_empty() && rule.allow.as_ref().is_none_or(|allow| allow.contains(role))
        };
        roles.extend(listed.into_iter().filter(allowed));
    }
    roles
}

/// Returns the ids of the session's policies; old sessions name one in a field of its own.
fn policies(session: &SessionState) -> impl Iterator<Item = &String> {
    let old = Some(&session.apply_policy_id).filter(|id| !id.is_empty());
    session.apply_policies.iter().chain(old.filter(|id| !session.apply_policies.contains(id)))
}

fn value(source: &Source, caller: Caller<'_>) -> Option<Value> {
    let session = caller.session;
    let text = |text: &str| (!text.is_empty()).then(|| text.into());
    let list =
        |items: Vec<&String>| (!items.is_empty()).then(|| items.into_iter().cloned().collect());
    match source {
        Source::OrgId => text(&session.org_id),
        Source::Alias | Source::JwtIdentity
            if is_from_jwt(session) != (*source == Source::JwtIdentity) =>
        {
            None
        }
        Source::Alias | Source::JwtIdentity => text(&session.alias),
        Source::KeyHash if session.key_id.is_empty() => None,
        Source::KeyHash => text(&key_hash(&session.key_id)),
        Source::OauthClient => text(&session.oauth_client_id),
        Source::Policies => list(policies(session).collect()),
        Source::Tags => list(session.tags.iter().collect()),
        Source::Metadata(key) => session.metadata.get(key).and_then(|value| text(value)),
        Source::JwtClaim(name) => {
            caller.jwt.and_then(|jwt| jwt.get(name)).filter(|value| !value.is_null()).cloned()
        }
        Source::ApiId => text(caller.api_id),
    }
}

#[cfg(test)]
mod tests;

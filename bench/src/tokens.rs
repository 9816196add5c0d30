//! The tokens that requests carry.

use crate::keys::{Algorithm, Keys};
use crate::strangers::Junk;
use anyhow::Result;
use attache_test_fixtures::keys::base64url;
use serde_json::json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Longer than any run.
const LIFETIME_SECONDS: u64 = 6 * 3600;

/// Makes tokens that differ in subject, e-mail and `jti`.
#[derive(Debug)]
pub(crate) struct Mint<'k> {
    keys: &'k Keys,
    algorithm: Algorithm,
    roles: &'static [&'static str],
    header: String,
    now: u64,
}

impl<'k> Mint<'k> {
    pub(crate) fn new(
        keys: &'k Keys,
        algorithm: Algorithm,
        roles: &'static [&'static str],
    ) -> Self {
        let name = algorithm.name();
        let header =
            base64url(json!({"alg": name, "kid": name, "typ": "JWT"}).to_string().as_bytes());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        Self { keys, algorithm, roles, header, now }
    }

    /// The good token of a number.
    pub(crate) fn token(&self, number: u64) -> Result<String> {
        let message = format!("{}.{}", self.header, base64url(self.payload(number).as_bytes()));
        let signature = self.keys.sign(self.algorithm, message.as_bytes())?;
        Ok(format!("{message}.{}", base64url(&signature)))
    }

    /// A token that is good but for its signature, which is that of another.
    pub(crate) fn forged(&self, number: u64) -> Result<String> {
        let message = format!("{}.{}", self.header, base64url(self.payload(number).as_bytes()));
        let signature = self.keys.sign(self.algorithm, b"another message")?;
        Ok(format!("{message}.{}", base64url(&signature)))
    }

    /// A token that is good but for its signature, of which it is junk.
    pub(crate) fn junk(&self, junk: Junk, number: u64) -> Result<String> {
        let header = base64url(junk.header().to_string().as_bytes());
        let payload = base64url(self.payload(number).as_bytes());
        Ok(format!("{header}.{payload}.{}", base64url(&junk.signature(self.keys)?)))
    }

    fn payload(&self, number: u64) -> String {
        json!({
            "iss": "tyk",
            "aud": "orders",
            "sub": format!("user-{number:07}"),
            "org_id": "acme",
            "email": format!("user-{number:07}@acme.example"),
            "scope": "orders:read orders:write",
            "roles": self.roles,
            "iat": self.now,
            "exp": self.now.saturating_add(LIFETIME_SECONDS),
            "jti": format!("{number:016x}"),
        })
        .to_string()
    }
}

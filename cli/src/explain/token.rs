//! Tokens: one that somebody has, or claims that are to count as if an issuer had signed them.

use attache_config_reader::read_json;
use attache_plugin_config::{Algorithm, AlgorithmSet, Config, Issuer, IssuerId, KeySet, KeySource};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value, json};

/// A public key on P-256 that nobody has the private part of: a host that trusts every signature
/// never asks.
const KEY: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"attache","alg":"ES256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// Returns a token with these claims, signed by nobody. What an issuer always writes is added where
/// it is missing: `iss` of the only issuer or of the one that is named, `aud`, and the times; but
/// for the claims that it is to lack.
///
/// # Errors
/// Nobody can tell which issuer's claims they are.
pub(crate) fn unsigned(
    mut claims: Map<String, Value>,
    without: &[String],
    issuer: Option<&str>,
    now: u64,
    config: &Config,
) -> Result<String, String> {
    complete_claims(&mut claims, without, issuer, now, config)?;
    let typ = config.issuers.iter().flat_map(|issuer| &issuer.token_types).next();
    let header =
        json!({"alg": "ES256", "kid": "attache", "typ": typ.map_or("JWT", String::as_str)});
    let parts =
        [header.to_string(), Value::Object(claims).to_string()].map(|part| BASE64.encode(part));
    Ok(format!("{}.{}", parts.join("."), BASE64.encode([1; 64])))
}

/// Adds what an issuer always writes where it is missing, but for the claims that a token is to
/// lack.
///
/// # Errors
/// Nobody can tell which issuer's claims they are.
pub(crate) fn complete_claims(
    claims: &mut Map<String, Value>,
    without: &[String],
    issuer: Option<&str>,
    now: u64,
    config: &Config,
) -> Result<(), String> {
    if !without.iter().any(|name| name == "iss") {
        add_issuer(claims, issuer, config)?;
    }
    add_audience(claims, config);
    claims.entry("exp").or_insert_with(|| json!(now.saturating_add(300)));
    claims.entry("iat").or_insert_with(|| json!(now));
    claims.retain(|name, _| !without.contains(name));
    Ok(())
}

/// Checks that claims are those of the issuer that is named, where they say whose they are.
///
/// # Errors
/// There is no such issuer, or their `iss` is none of its own.
pub(crate) fn is_of_issuer(
    claims: &Map<String, Value>,
    name: Option<&str>,
    config: &Config,
) -> Result<(), String> {
    let (Some(name), Some(iss)) = (name, claims.get("iss")) else { return Ok(()) };
    let issuer = named(name, config)?;
    if issuer.issuer.takes(iss.as_str()) {
        return Ok(());
    }
    Err(format!(
        "the claims are not of issuer `{name}`: their `iss` is {iss}; leave `iss` out of them, or the issuer"
    ))
}

/// Returns the issuer of a name.
///
/// # Errors
/// There is none.
pub(super) fn named<'c>(name: &str, config: &'c Config) -> Result<&'c Issuer, String> {
    let found = config.issuers.iter().find(|issuer| issuer.name.as_str() == name);
    found.ok_or_else(|| format!("there is no issuer `{name}`; there are: {}", names(config)))
}

/// Returns the names of all issuers.
fn names(config: &Config) -> String {
    let names: Vec<&str> = config.issuers.iter().map(|issuer| issuer.name.as_str()).collect();
    names.join(", ")
}

/// What a token says, of which nobody has verified the signature.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DecodedToken {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
}

/// Takes a token apart (RFC 7515 section 7.1), and leaves its signature where it is.
///
/// # Errors
/// It is no JWT in compact form.
pub(crate) fn decoded(token: &str) -> Result<DecodedToken, String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, _] = parts.as_slice() else {
        return Err(format!(
            "that is no JWT: it has {} where a token has three parts between dots",
            crate::counted::counted(parts.len(), "part")
        ));
    };
    let object = |part: &str, name: &str| {
        let bytes = BASE64
            .decode(part.trim_end_matches('='))
            .map_err(|error| format!("the {name} of the token is not base64url: {error}"))?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(_) => Err(format!("the {name} of the token is no JSON object")),
            Err(error) => Err(format!("the {name} of the token is no JSON object: {error}")),
        }
    };
    Ok(DecodedToken { header: object(header, "header")?, claims: object(claims, "payload")? })
}

/// Reads claims.
///
/// # Errors
/// They are no JSON object, or one that no token may hold: a member is there twice.
pub(crate) fn read_claims(text: &str) -> Result<Map<String, Value>, String> {
    let mut repeated = Vec::new();
    // Only for what it says of members that come twice: as numbers it has what a configuration may
    // hold.
    _ = read_json(text.as_bytes(), &mut repeated);
    if let Some(error) = repeated.first() {
        return Err(format!("{error}; with the same member twice a token is `token-malformed`"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(claims)) => Ok(claims),
        Ok(_) => Err("claims are a JSON object".to_owned()),
        Err(error) => Err(format!("claims are a JSON object: {error}")),
    }
}

/// Returns a configuration whose issuers sign with a key that a host which trusts every signature
/// never asks for.
pub(crate) fn trusting(config: &Config) -> Config {
    let mut config = config.clone();
    // The set is a good one, which a test holds.
    let Ok(set) = KeySet::parse(KEY.as_bytes()) else { return config };
    for issuer in &mut config.issuers {
        issuer.keys = KeySource::Inline(set.clone());
        issuer.algorithms =
            issuer.algorithms.union([Algorithm::ES256].into_iter().collect::<AlgorithmSet>());
    }
    config
}

/// Adds the first audience that the issuer of these claims is asked for.
fn add_audience(claims: &mut Map<String, Value>, config: &Config) {
    let iss = claims.get("iss").and_then(Value::as_str);
    let is_theirs = |issuer: &&Issuer| issuer.issuer.takes(iss);
    let audience =
        config.issuers.iter().find(is_theirs).and_then(|issuer| issuer.audiences.first()).cloned();
    if let Some(audience) = audience {
        claims.entry("aud").or_insert_with(|| json!(audience));
    }
}

fn add_issuer(
    claims: &mut Map<String, Value>,
    name: Option<&str>,
    config: &Config,
) -> Result<(), String> {
    if claims.contains_key("iss") {
        return Ok(());
    }
    let issuer = match (name, config.issuers.as_slice()) {
        (Some(name), _) => named(name, config)?,
        (None, [only]) => only,
        (None, _) => {
            return Err(format!(
                "name the issuer whose claims they are, one of: {}",
                names(config)
            ));
        }
    };
    match &issuer.issuer {
        IssuerId::Exact(iss) => _ = claims.insert("iss".to_owned(), json!(iss)),
        IssuerId::Absent => {}
        IssuerId::Pattern(_) => {
            return Err(format!(
                "issuer `{}` has a pattern: write the whole `iss` into the claims",
                issuer.name
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_stands_for_all_keys_is_a_good_one() {
        let config = attache_plugin_config::parse(
            br#"{"issuers":[{"name":"a","issuer":"https://a.example","jwksUri":"https://a.example/keys"}]}"#,
        );
        let trusting = trusting(&config.unwrap());
        assert!(matches!(&trusting.issuers[0].keys, KeySource::Inline(set) if set.keys.len() == 1));
    }
}

//! Tokens as data: what a token says, which key signs it, and in what way it is spoiled.

use crate::keys::{SigningKey, base64url};
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A token to be made. As it stands by default it is good: the issuer `https://issuer.example`, the subject `alice`,
/// the audience `mesh`, ten minutes to live, signed by the key `p256`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TokenSpec {
    /// This text instead of a JWT.
    pub raw: Option<String>,
    /// The key of `e2e/keys` that signs.
    pub key: Option<String>,
    /// What `alg` says and the key does.
    pub algorithm: Option<String>,
    /// Members of the header to add or replace.
    pub header: Map<String, Value>,
    /// Members of the header to leave away.
    pub without_header: Vec<String>,
    /// Claims to add or replace.
    pub claims: Map<String, Value>,
    /// Claims to leave away.
    pub without: Vec<String>,
    /// The header as this text, JSON or not.
    pub header_text: Option<String>,
    /// The payload as this text, JSON or not.
    pub payload_text: Option<String>,
    /// Whether each part gets the padding of base64 before it is signed, as AWS load balancers do it.
    pub padded: bool,
    /// What is done to the finished token, in this order.
    pub spoil: Vec<Spoil>,
}

/// A way to spoil a token.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Spoil {
    /// Another first byte of the signature.
    Signature,
    /// An empty signature.
    NoSignature,
    /// The payload of another subject under the old signature.
    Payload,
    /// Two parts more, as an encrypted token has.
    FiveParts,
    /// No third part at all.
    TwoParts,
    /// Base64 padding behind the signature.
    Padding,
    /// Another letter that base64 decodes to the same bytes.
    TrailingBits,
}

impl TokenSpec {
    /// A good token of the default issuer with these claims besides.
    pub fn with_claims(claims: Value) -> Self {
        let claims = match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        };
        Self { claims, ..Self::default() }
    }

    /// Makes the token with the fixed key it names.
    ///
    /// # Errors
    /// There is no such key, or the key can't do the algorithm.
    pub fn mint(&self, now: u64) -> Result<String> {
        let key = SigningKey::fixed(self.key.as_deref().unwrap_or("p256"))?;
        self.mint_with(&key, now)
    }

    /// Makes the token with a key.
    ///
    /// # Errors
    /// The key can't do the algorithm.
    pub fn mint_with(&self, key: &SigningKey, now: u64) -> Result<String> {
        if let Some(raw) = &self.raw {
            return Ok(raw.clone());
        }
        let algorithm = self.algorithm.as_deref().unwrap_or_else(|| key.default_algorithm());
        let header = self.header_text.clone().unwrap_or_else(|| {
            let defaults = json!({"alg": algorithm, "typ": "JWT", "kid": key.name()});
            merged(defaults, &self.header, &self.without_header).to_string()
        });
        let payload = self.payload_text.clone().unwrap_or_else(|| {
            let defaults = json!({
                "iss": "https://issuer.example", "sub": "alice", "aud": "mesh",
                "iat": now, "exp": now.saturating_add(600),
            });
            merged(defaults, &self.claims, &self.without).to_string()
        });
        let base64url = |bytes: &[u8]| if self.padded { URL_SAFE.encode(bytes) } else { base64url(bytes) };
        let message = format!("{}.{}", base64url(header.as_bytes()), base64url(payload.as_bytes()));
        let signature = match algorithm {
            "none" => Vec::new(),
            _ => key.sign(algorithm, message.as_bytes())?,
        };
        let token = format!("{message}.{}", base64url(&signature));
        self.spoil.iter().try_fold(token, |token, spoil| spoil.apply(&token))
    }
}

impl Spoil {
    fn apply(self, token: &str) -> Result<String> {
        let (message, signature) =
            token.rsplit_once('.').context("a token that is no JWT can't be spoiled")?;
        Ok(match self {
            Self::Signature => {
                let first = if signature.starts_with('A') { "B" } else { "A" };
                format!("{message}.{first}{}", signature.get(1..).unwrap_or_default())
            }
            Self::NoSignature => format!("{message}."),
            Self::Payload => {
                let (header, payload) = message.split_once('.').context("a token needs a payload")?;
                let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?;
                if let Some(claims) = claims.as_object_mut() {
                    claims.insert("sub".into(), "mallory".into());
                }
                format!("{header}.{}.{signature}", base64url(claims.to_string().as_bytes()))
            }
            Self::FiveParts => format!("{token}.AAAA.AAAA"),
            Self::TwoParts => message.to_owned(),
            Self::Padding => format!("{token}=="),
            Self::TrailingBits => {
                // An ES256 signature ends in a letter of which only the first two bits count.
                let last = signature.chars().next_back().context("a token needs a signature")?;
                let twin = match last {
                    'A' => 'B',
                    'Q' => 'R',
                    'g' => 'h',
                    'w' => 'x',
                    _ => anyhow::bail!("only a token signed with ES256 or RS256 has trailing bits"),
                };
                let kept = token.strip_suffix(last).unwrap_or_default();
                format!("{kept}{twin}")
            }
        })
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

fn merged(mut defaults: Value, with: &Map<String, Value>, without: &[String]) -> Value {
    if let Some(object) = defaults.as_object_mut() {
        object.extend(with.clone());
        object.retain(|name, _| !without.contains(name));
    }
    defaults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_three_parts_and_a_spoiled_one_differs() {
        let good = TokenSpec { algorithm: Some("none".into()), ..TokenSpec::default() }.mint(0).unwrap();
        assert_eq!(good.split('.').count(), 3);
        assert!(good.ends_with('.'));
        let spec = TokenSpec { spoil: vec![Spoil::FiveParts], ..TokenSpec::default() };
        assert_eq!(spec.mint(0).unwrap().split('.').count(), 5);
    }

    #[test]
    fn trailing_bits_change_the_text_and_not_the_bytes() {
        use base64::alphabet::URL_SAFE;
        use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
        let spec = TokenSpec { spoil: vec![Spoil::TrailingBits], ..TokenSpec::default() };
        let token = spec.mint(0).unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        let lax = GeneralPurpose::new(
            &URL_SAFE,
            GeneralPurposeConfig::new()
                .with_decode_allow_trailing_bits(true)
                .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
        );
        let bytes = lax.decode(signature).unwrap();
        assert_ne!(base64url(&bytes), signature);
    }
}

//! Junk: tokens that anyone can make, and what verifies them is what strangers can have a worker
//! do.

use crate::keys::{Algorithm, Keys, public};
use anyhow::{Context as _, Result};
use attache_test_fixtures::keys::base64url;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// How many keys the set has that they are held against.
pub(crate) const KEYS: usize = 256;

/// A token whose signature no key has made, by what it has the filter do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Junk {
    /// RS256, with the `kid` of one key: what all others are compared with.
    Known,
    /// RS256 without a `kid`.
    Rs256,
    /// ES256 without a `kid`.
    Es256,
    /// ES384 without a `kid`.
    Es384,
    /// ES512 without a `kid`.
    Es512,
    /// PS512, which the VM verifies.
    Ps512,
    /// Ed25519, which the VM verifies.
    Ed25519,
}

impl Junk {
    /// All that are compared with [`Junk::Known`].
    pub(crate) const COMPARED: [Self; 6] =
        [Self::Rs256, Self::Es256, Self::Es384, Self::Es512, Self::Ps512, Self::Ed25519];

    /// The name in results.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Known => "junk-rs256-kid",
            Self::Rs256 => "junk-rs256",
            Self::Es256 => "junk-es256",
            Self::Es384 => "junk-es384",
            Self::Es512 => "junk-es512",
            Self::Ps512 => "junk-ps512",
            Self::Ed25519 => "junk-ed25519",
        }
    }

    /// The header of such a token.
    pub(crate) fn header(self) -> Value {
        match self {
            Self::Known => json!({"alg": "RS256", "kid": Algorithm::Rs256.name()}),
            Self::Rs256 => json!({"alg": "RS256"}),
            Self::Es256 => json!({"alg": "ES256"}),
            Self::Es384 => json!({"alg": "ES384"}),
            Self::Es512 => json!({"alg": "ES512"}),
            Self::Ps512 => json!({"alg": "PS512"}),
            Self::Ed25519 => json!({"alg": "EdDSA"}),
        }
    }

    /// A signature of the right form, so that it is refused by arithmetic and not by its looks.
    pub(crate) fn signature(self, keys: &Keys) -> Result<Vec<u8>> {
        // Both halves of a signature on a curve are numbers below the order, and so is one whose
        // first byte is 0. Of a signature by EdDSA the second half is one, its last byte being the
        // highest.
        let halves = |bytes: usize| [vec![0], vec![7; bytes.saturating_sub(1)]].concat().repeat(2);
        Ok(match self {
            Self::Known | Self::Rs256 | Self::Ps512 => {
                keys.sign(Algorithm::Rs256, b"another message")?
            }
            Self::Es256 => halves(32),
            Self::Es384 => halves(48),
            Self::Es512 => halves(66),
            // The first half is a point.
            Self::Ed25519 => [point()?, [vec![7; 31], vec![0]].concat()].concat(),
        })
    }
}

/// Returns the public key of Ed25519: 32 bytes.
fn point() -> Result<Vec<u8>> {
    let jwk = public("ed25519")?;
    let x = jwk.get("x").and_then(Value::as_str).context("a key on a curve has an x")?;
    Ok(URL_SAFE_NO_PAD.decode(x)?)
}

/// A set of [`KEYS`] keys of every kind, the benchmark's own among them; no `alg` says what one is
/// for.
pub(crate) fn key_set(keys: &Keys) -> Result<Value> {
    let mut random = fastrand::Rng::with_seed(1);
    let own = keys.jwks()?;
    let own = own.get("keys").and_then(Value::as_array).context("the keys are a set")?;
    let mut set = own.clone();
    let curves = [public("p256")?, public("p384")?, public("p521")?];
    let okp = public("ed25519")?;
    for number in set.len()..KEYS {
        let mut key = match number % 5 {
            0 => okp.clone(),
            1 => rsa(&mut random),
            kind => curves.get(kind.saturating_sub(2)).context("one of three curves")?.clone(),
        };
        if let Some(key) = key.as_object_mut() {
            key.insert("kid".into(), json!(format!("key-{number}")));
        }
        set.push(key);
    }
    for key in set.iter_mut().filter_map(Value::as_object_mut) {
        key.remove("alg");
    }
    Ok(json!({"keys": set}))
}

/// A key of 2048 bits, larger than any signature that is held against it; nobody has its other
/// half.
fn rsa(random: &mut fastrand::Rng) -> Value {
    let mut modulus: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(256).collect();
    if let [first, .., last] = modulus.as_mut_slice() {
        (*first, *last) = (0xff, *last | 1);
    }
    json!({"kty": "RSA", "n": base64url(&modulus), "e": "AQAB"})
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_set_has_many_keys_of_every_kind() {
        let set = key_set(&Keys::load().unwrap()).unwrap();
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for key in set["keys"].as_array().unwrap() {
            let kind = key["crv"].as_str().or_else(|| key["kty"].as_str()).unwrap();
            *kinds.entry(kind.to_owned()).or_default() += 1;
            assert!(key.get("alg").is_none() && key["kid"].is_string());
        }
        assert_eq!(kinds.values().sum::<usize>(), KEYS);
        assert_eq!(kinds.keys().collect::<Vec<_>>(), ["Ed25519", "P-256", "P-384", "P-521", "RSA"]);
        assert!(kinds.values().all(|&count| count > 40), "{kinds:?}");
    }
}

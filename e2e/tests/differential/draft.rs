//! Tokens in the making: good ones, and the ways in which they are made odd.

use crate::random::Random;
use anyhow::{Context, Result};
use attache_test_fixtures::keys::{SigningKey, base64url};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The keys that both sides trust, and an algorithm of each.
pub(crate) const SIGNERS: [(&str, &str); 9] = [
    ("p256", "ES256"),
    ("p256", "ES256"),
    ("p384", "ES384"),
    ("ed25519", "EdDSA"),
    ("rsa", "RS256"),
    ("rsa", "RS384"),
    ("rsa", "RS512"),
    ("rsa", "PS256"),
    ("rsa", "PS512"),
];

/// A token in the making.
pub(crate) struct Draft {
    key: &'static str,
    algorithm: &'static str,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// Put in the place of the header, or of the claims.
    header_text: Option<String>,
    claims_text: Option<Vec<u8>>,
    finish: Vec<&'static str>,
}

/// What is done to a token before it is signed, and after.
pub(crate) const ODDITIES: &[&str] = &[
    "good",
    "no-typ",
    "typ-other",
    "no-kid",
    "kid-unknown",
    "kid-of-another-key",
    "kid-empty",
    "kid-number",
    "alg-none",
    "alg-lower-case",
    "alg-missing",
    "alg-number",
    "alg-of-the-family",
    "alg-hmac-with-public-key",
    "crit-empty",
    "crit-unknown",
    "b64-false",
    "b64-true",
    "jwk-embedded",
    "jku",
    "x5c",
    "cty-jwt",
    "header-member-twice",
    "header-alg-twice",
    "header-not-object",
    "header-deep",
    "header-with-bom",
    "header-with-tail",
    "header-empty",
    "exp-past",
    "exp-within-skew",
    "exp-missing",
    "exp-text",
    "exp-fraction",
    "exp-negative",
    "exp-huge",
    "exp-1e300",
    "exp-null",
    "exp-true",
    "nbf-future",
    "nbf-within-skew",
    "nbf-text",
    "nbf-fraction",
    "nbf-negative",
    "nbf-null",
    "iat-future",
    "iat-text",
    "iat-fraction",
    "iss-missing",
    "iss-other",
    "iss-list",
    "iss-number",
    "iss-with-slash",
    "aud-missing",
    "aud-other",
    "aud-list",
    "aud-list-empty",
    "aud-number",
    "aud-list-of-numbers",
    "aud-null",
    "aud-with-slash",
    "aud-upper-case",
    "sub-missing",
    "sub-number",
    "sub-null",
    "jti-number",
    "claim-twice",
    "exp-twice",
    "claim-twice-below",
    "claims-not-object",
    "claims-empty",
    "claims-deep",
    "claims-latin1",
    "claims-lone-surrogate",
    "claims-with-bom",
    "claims-with-tail",
    "claims-with-nul",
    "claims-look-alike",
    "number-of-400-digits",
    "number-of-30-digits",
    "number-with-exponent",
    "signature-bit",
    "signature-empty",
    "signature-zero",
    "signature-cut",
    "signature-longer",
    "signature-der",
    "another-key",
    "payload-swapped",
    "padding",
    "trailing-bits",
    "standard-alphabet",
    "space-inside",
    "space-in-signature",
    "space-behind",
    "newline-behind",
    "two-parts",
    "four-parts",
    "five-parts",
    "empty-payload",
    "dot-before",
    "dots",
    "opaque",
    "byte-changed",
    "byte-removed",
    "byte-added",
    "letter-case",
];

impl Draft {
    pub(crate) fn good(random: &mut Random, now: u64) -> Self {
        let (key, algorithm) = random.one(&SIGNERS);
        let members = |value: Value| value.as_object().cloned().unwrap_or_default();
        Self {
            key,
            algorithm,
            header: members(json!({"alg": algorithm, "typ": "JWT", "kid": key})),
            claims: members(json!({
                "iss": "https://issuer.example", "aud": "mesh", "sub": format!("user-{}", random.below(1000)),
                "iat": now, "exp": now + 600, "roles": ["reader"],
            })),
            header_text: None,
            claims_text: None,
            finish: Vec::new(),
        }
    }

    /// Makes it odd in one more way.
    pub(crate) fn tamper(&mut self, oddity: &'static str, now: u64) {
        if let Some((part, name)) = oddity.split_once('-') {
            match part {
                "exp" | "nbf" | "iat" | "iss" | "aud" | "sub" | "jti" if name != "twice" => {
                    return self.claim(part, name, now);
                }
                "no" => {
                    self.header.remove(name);
                    return;
                }
                _ => {}
            }
        }
        let nested = || format!("{}{}", "[".repeat(200), "]".repeat(200));
        let claims = Value::from(self.claims.clone()).to_string();
        let header = Value::from(self.header.clone()).to_string();
        let with = |text: String, more: &str| text.replacen('{', &format!("{{{more},"), 1);
        let mut set = |name: &str, value: Value| _ = self.header.insert(name.to_owned(), value);
        match oddity {
            "typ-other" => set("typ", json!("at+jwt")),
            "kid-unknown" => set("kid", json!("nobody")),
            "kid-of-another-key" => {
                set("kid", json!(if self.key == "rsa" { "p256" } else { "rsa" }))
            }
            "kid-empty" => set("kid", json!("")),
            "kid-number" => set("kid", json!(7)),
            "alg-none" => set("alg", json!("none")),
            "alg-lower-case" => set("alg", json!(self.algorithm.to_lowercase())),
            "alg-missing" => _ = self.header.remove("alg"),
            "alg-number" => set("alg", json!(256)),
            "alg-of-the-family" => {
                let other = match self.algorithm {
                    "RS256" => "RS512",
                    "RS384" => "PS384",
                    "PS256" => "RS256",
                    "ES256" => "ES384",
                    _ => "ES256",
                };
                set("alg", json!(other));
            }
            "alg-hmac-with-public-key" => set("alg", json!("HS256")),
            "crit-empty" => set("crit", json!([])),
            "crit-unknown" => {
                set("crit", json!(["exp"]));
                set("exp", json!(1));
            }
            "b64-false" => set("b64", json!(false)),
            "b64-true" => set("b64", json!(true)),
            "jwk-embedded" => set("jwk", SigningKey::fixed("p256-other").unwrap().jwk().unwrap()),
            "jku" => set("jku", json!("https://mallory.example/jwks")),
            "x5c" => set("x5c", json!(["MIIB"])),
            "cty-jwt" => set("cty", json!("JWT")),
            "header-member-twice" => self.header_text = Some(with(header, r#""typ":"other""#)),
            "header-alg-twice" => self.header_text = Some(with(header, r#""alg":"none""#)),
            "header-not-object" => self.header_text = Some(format!("[{}]", header)),
            "header-deep" => {
                self.header_text = Some(with(header, &format!(r#""deep":{}"#, nested())))
            }
            "header-with-bom" => self.header_text = Some(format!("\u{feff}{}", header)),
            "header-with-tail" => self.header_text = Some(format!("{} x", header)),
            "header-empty" => self.header_text = Some(String::new()),
            "claim-twice" => {
                self.claims_text = Some(with(claims, r#""sub":"mallory""#).into_bytes())
            }
            "exp-twice" => self.claims_text = Some(with(claims, r#""exp":1"#).into_bytes()),
            "claim-twice-below" => {
                self.claims_text = Some(with(claims, r#""a":{"b":1,"b":2}"#).into_bytes())
            }
            "claims-not-object" => self.claims_text = Some(format!("[{}]", claims).into_bytes()),
            "claims-empty" => self.claims_text = Some(Vec::new()),
            "claims-deep" => {
                self.claims_text =
                    Some(with(claims, &format!(r#""deep":{}"#, nested())).into_bytes())
            }
            "claims-latin1" => {
                let text = with(claims, r#""name":"J@rg""#);
                self.claims_text =
                    Some(text.bytes().map(|byte| if byte == b'@' { 0xf6 } else { byte }).collect());
            }
            "claims-lone-surrogate" => {
                self.claims_text = Some(with(claims, r#""name":"\ud800""#).into_bytes())
            }
            "claims-with-bom" => {
                self.claims_text = Some(format!("\u{feff}{}", claims).into_bytes())
            }
            "claims-with-tail" => self.claims_text = Some(format!("{} x", claims).into_bytes()),
            "claims-with-nul" => self.claims_text = Some(format!("{}\0", claims).into_bytes()),
            "claims-look-alike" => {
                self.claims_text = Some(claims.replace("\"iss\"", "\"\u{456}ss\"").into_bytes())
            }
            "number-of-400-digits" => {
                self.claims_text =
                    Some(with(claims, &format!(r#""n":{}"#, "9".repeat(400))).into_bytes());
            }
            "number-of-30-digits" => {
                self.claims_text =
                    Some(with(claims, &format!(r#""n":{}"#, "9".repeat(30))).into_bytes());
            }
            "number-with-exponent" => {
                self.claims_text = Some(with(claims, r#""n":[1e30,-2.5E+40]"#).into_bytes())
            }
            after => self.finish.push(after),
        }
    }

    fn claim(&mut self, name: &str, how: &str, now: u64) {
        let value = match (name, how) {
            (_, "missing") => {
                self.claims.remove(name);
                return;
            }
            ("exp", "past") => json!(now - 120),
            ("exp", "within-skew") => json!(now - 20),
            ("nbf", "future") => json!(now + 3600),
            ("iat", "future") => json!(now + 3600),
            ("nbf", "within-skew") => json!(now + 20),
            (_, "text") => json!((now + 600).to_string()),
            ("exp", "fraction") => serde_json::from_str(&format!("{}.5", now + 600)).unwrap(),
            (_, "fraction") => serde_json::from_str(&format!("{}.5", now - 600)).unwrap(),
            (_, "negative") => json!(-1),
            (_, "huge") => json!(u64::MAX),
            (_, "1e300") => json!(1e300),
            (_, "null") => Value::Null,
            (_, "true") => json!(true),
            (_, "other") => json!("https://other.example"),
            ("iss", "list") => json!(["https://issuer.example"]),
            ("iss", "with-slash") => json!("https://issuer.example/"),
            ("aud", "list") => json!(["elsewhere", "mesh"]),
            (_, "list-empty") => json!([]),
            (_, "list-of-numbers") => json!([1, "mesh"]),
            ("aud", "with-slash") => json!("https://mesh/"),
            ("aud", "upper-case") => json!("MESH"),
            _ => json!(7),
        };
        self.claims.insert(name.to_owned(), value);
    }

    /// Signs it, and spoils what is signed.
    pub(crate) fn token(&self, random: &mut Random) -> Result<String> {
        let header = self
            .header_text
            .clone()
            .unwrap_or_else(|| Value::from(self.header.clone()).to_string());
        let claims = self
            .claims_text
            .clone()
            .unwrap_or_else(|| Value::from(self.claims.clone()).to_string().into_bytes());
        let message = format!("{}.{}", base64url(header.as_bytes()), base64url(&claims));
        let key = match self.key {
            "p256" | "rsa" if self.finish.contains(&"another-key") => format!("{}-other", self.key),
            key => key.to_owned(),
        };
        let mut signature = signer(&key)?.sign(self.algorithm, message.as_bytes())?;
        if key == self.key && self.finish.contains(&"another-key") {
            signature.reverse();
        }
        let mut token =
            format!("{message}.{}", base64url(&spoil_signature(signature, &self.finish, random)));
        for oddity in &self.finish {
            token = spoil_text(token, oddity, random);
        }
        Ok(token)
    }
}

/// Reading an RSA key takes longer than using it.
fn signer(name: &str) -> Result<&'static SigningKey> {
    static KEYS: OnceLock<BTreeMap<String, SigningKey>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let names = ["p256", "p256-other", "p384", "ed25519", "rsa", "rsa-other"];
        names.into_iter().map(|name| (name.to_owned(), SigningKey::fixed(name).unwrap())).collect()
    });
    keys.get(name).with_context(|| format!("no key `{name}`"))
}

fn spoil_signature(mut signature: Vec<u8>, oddities: &[&str], random: &mut Random) -> Vec<u8> {
    for oddity in oddities {
        match *oddity {
            "signature-bit" if !signature.is_empty() => {
                let at = random.below(signature.len());
                signature[at] ^= 1 << random.below(8);
            }
            "signature-empty" => signature.clear(),
            "signature-zero" => signature.fill(0),
            "signature-cut" => signature.truncate(random.below(signature.len().max(1))),
            "signature-longer" => signature.push(0),
            "signature-der" if !signature.is_empty() => signature = der(&signature),
            _ => {}
        }
    }
    signature
}

/// An ECDSA signature in the form of X.509.
fn der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let number = |bytes: &[u8]| {
        let mut bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
            bytes.insert(0, 0);
        }
        [vec![2, u8::try_from(bytes.len()).unwrap_or(0)], bytes].concat()
    };
    let both = [number(r), number(s)].concat();
    [vec![0x30, u8::try_from(both.len()).unwrap_or(0)], both].concat()
}

fn spoil_text(token: String, oddity: &str, random: &mut Random) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return token };
    match oddity {
        "payload-swapped" => format!(
            "{header}.{}.{signature}",
            base64url(br#"{"iss":"https://issuer.example","aud":"mesh","exp":99999999999}"#)
        ),
        "padding" => format!("{token}=="),
        "trailing-bits" => {
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let at = token.chars().next_back().and_then(|last| alphabet.find(last)).unwrap_or(0);
            let twin = alphabet.chars().nth(at ^ 1).unwrap_or('A');
            format!("{}{twin}", token.get(..token.len() - 1).unwrap_or_default())
        }
        "standard-alphabet" => token.replace('-', "+").replace('_', "/"),
        "space-inside" => format!("{header}. {payload}.{signature}"),
        "space-in-signature" => {
            let (start, end) =
                signature.split_at_checked(random.below(signature.len())).unwrap_or_default();
            format!("{header}.{payload}.{start} {end}")
        }
        "space-behind" => format!("{token} "),
        "newline-behind" => format!("{token}%0A"),
        "two-parts" => format!("{header}.{payload}"),
        "four-parts" => format!("{token}.AAAA"),
        "five-parts" => format!("{token}.AAAA.AAAA"),
        "empty-payload" => format!("{header}..{signature}"),
        "dot-before" => format!(".{token}"),
        "dots" => ".".repeat(2 + random.below(500)),
        "opaque" => "5e9d9544a1dcd60001d0ed20".to_owned(),
        "byte-changed" | "byte-removed" | "byte-added" | "letter-case" => {
            let mut bytes = token.into_bytes();
            let at = random.below(bytes.len());
            let byte = *b"ABCDEFghijkl0123456789-_.=+/~".get(random.below(29)).unwrap_or(&b'A');
            match oddity {
                "byte-changed" => bytes[at] = byte,
                "byte-removed" => _ = bytes.remove(at),
                "byte-added" => bytes.insert(at, byte),
                _ => bytes[at] ^= if bytes[at].is_ascii_alphabetic() { 0x20 } else { 0 },
            }
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => token,
    }
}

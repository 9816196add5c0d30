//! Sets of keys, in every form that providers give them (RFC 7517 section 5, RFC 7468): inline and served, they are
//! read by these rules alone.

use super::read::{LONGEST_KEY_ID, Outcome, SECRET_MEMBERS, private, read_key};
use super::{Jwk, KeySet, Skipped, der, pem};
use crate::json::{self, At, Fault, Node, Step};
use crate::{ConfigError, Errors};
use serde::de::IgnoredAny;

/// The most keys of a set that are used.
const MOST_KEYS: usize = 256;
/// The most keys that are named one by one where they are left out.
const MOST_NAMED: usize = 64;
/// The longest set that is given as text, in bytes.
const LONGEST_TEXT: usize = 256 * 1024;

impl KeySet {
    /// Reads a set as a provider serves it or a configuration holds it, 256 KiB at most: a JWK set, a single JWK, an
    /// object of certificates by `kid`, or PEM of public keys and certificates.
    ///
    /// Every key that can be used is taken, 256 at most; the others are left out, as RFC 7517 section 5 asks, and named
    /// in [`KeySet::skipped`].
    ///
    /// # Errors
    /// What makes the whole set unfit: none of these forms, a private key in it, or no key that can be used.
    pub fn parse(text: &[u8]) -> Result<Self, Errors> {
        read_text(text).map_err(|faults| Errors::of(faults.into_iter().map(ConfigError::from).collect()))
    }

    /// Whether a text that is no set is JSON or PEM at least, and not an error page or half an answer.
    pub fn has_a_form(text: &[u8]) -> bool {
        let text = without_mark(text);
        str::from_utf8(text).is_ok_and(pem::is_pem) || serde_json::from_slice::<IgnoredAny>(text).is_ok()
    }
}

/// Reads a set that is given as text; places are within the set.
pub(crate) fn read_text(text: &[u8]) -> Result<KeySet, Vec<Fault>> {
    let wrong = |message: String| vec![At::Root.fault(message)];
    if text.len() > LONGEST_TEXT {
        return Err(wrong(format!("a key set has {LONGEST_TEXT} bytes at most, this one {}", text.len())));
    }
    let text = without_mark(text);
    match str::from_utf8(text).map(str::trim_start) {
        Ok(text) if pem::is_pem(text) => return read_pem(text),
        Ok(text) if text.starts_with('<') => {
            return Err(wrong("is HTML or XML, not a key set; check where it comes from".to_owned()));
        }
        _ => {}
    }
    let mut repeated = Vec::new();
    match json::read(text, &At::Root, &mut repeated) {
        Some(node) => read(&node, repeated),
        None => Err(repeated),
    }
}

/// RFC 8259 section 8.1 lets a reader ignore a byte order mark.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads a set that is given as an object; places are within the set.
pub(crate) fn read_node(node: &Node) -> Result<KeySet, Vec<Fault>> {
    read(node, Vec::new())
}

/// `repeated` are the members that are repeated: such a key could be read in two ways.
fn read(node: &Node, mut repeated: Vec<Fault>) -> Result<KeySet, Vec<Fault>> {
    let mut gathered = Gathered::default();
    match node.get("keys") {
        Some(Node::Array(keys)) => {
            let list = At::Root.key("keys");
            if repeated.iter().any(|fault| fault.place == list.place()) {
                return Err(repeated);
            }
            for (index, key) in keys.iter().enumerate() {
                let at = list.index(index);
                let outcome = one(key, &at, &mut repeated);
                gathered.add(&at, key_id(key), outcome);
            }
            gathered.finish(&list)
        }
        Some(other) => {
            let message = format!("expected a list of keys, got {}", other.kind());
            Err(vec![At::Root.key("keys").fault(message)])
        }
        None if ["kty", "x5c"].iter().any(|member| node.get(member).is_some()) => {
            gathered.add(&At::Root, key_id(node), one(node, &At::Root, &mut repeated));
            gathered.finish(&At::Root)
        }
        None => match node {
            Node::Object(members) if members.iter().any(|(_, value)| is_pem(value)) => {
                for (name, value) in members {
                    let at = At::Root.key(name);
                    let outcome = spoiled(&at, &mut repeated).unwrap_or_else(|| named_key(name, value, &at));
                    gathered.add(&at, Some(name.chars().take(LONGEST_KEY_ID).collect()), outcome);
                }
                gathered.finish(&At::Root)
            }
            Node::Object(_) => {
                let message = "`keys` is missing; a JWK set is an object with a list of keys under `keys`, a single JWK \
                               has a `kty`, and a set of certificates holds PEM by `kid`";
                Err(vec![At::Root.fault(message)])
            }
            other => Err(vec![At::Root.fault(format!("expected a JWK set, got {}", other.kind()))]),
        },
    }
}

/// Reads a JWK, unless one of its members is repeated.
fn one(node: &Node, at: &At<'_>, repeated: &mut Vec<Fault>) -> Outcome {
    match read_key(node, at) {
        private @ Outcome::Private(_) => private,
        outcome => spoiled(at, repeated).unwrap_or(outcome),
    }
}

/// What happens to a key that has a member twice.
fn spoiled(at: &At<'_>, repeated: &mut Vec<Fault>) -> Option<Outcome> {
    if repeated.is_empty() {
        return None;
    }
    let place = at.place();
    let depth = place.0.len();
    let faults: Vec<Fault> = repeated.extract_if(.., |fault| fault.place.is_in(&place)).collect();
    let secret = faults.iter().find_map(|fault| match fault.place.0.get(depth..) {
        Some([Step::Key(member)]) => SECRET_MEMBERS.into_iter().find(|secret| secret == member),
        _ => None,
    });
    match secret {
        Some(member) => Some(Outcome::Private(private(member, at))),
        None => faults.into_iter().next().map(Outcome::Unfit),
    }
}

fn is_pem(node: &Node) -> bool {
    matches!(node, Node::String(text) if pem::is_pem(text))
}

/// The key of a certificate or of a public key that stands under its `kid`.
fn named_key(name: &str, value: &Node, at: &At<'_>) -> Outcome {
    let text = match value {
        Node::String(text) => text,
        other => return Outcome::Unfit(at.fault(format!("expected PEM, got {}", other.kind()))),
    };
    let blocks = match pem::blocks(text) {
        Ok(blocks) => blocks,
        Err(message) => return Outcome::Unfit(at.fault(message)),
    };
    match blocks.as_slice() {
        _ if name.len() > LONGEST_KEY_ID => Outcome::Unfit(at.fault("a key id has 256 bytes at most")),
        [block] => pem_key(block, Some(name).filter(|name| !name.is_empty()), at),
        blocks if blocks.iter().any(pem::Block::is_private) => Outcome::Private(private("PRIVATE KEY", at)),
        _ => Outcome::Unfit(
            at.fault("expected one certificate or public key; put others under a `kid` of their own"),
        ),
    }
}

fn read_pem(text: &str) -> Result<KeySet, Vec<Fault>> {
    let mut gathered = Gathered::default();
    let blocks = pem::blocks(text).map_err(|message| vec![At::Root.fault(message)])?;
    for (index, block) in blocks.iter().enumerate() {
        let at = At::Root.index(index);
        gathered.add(&at, None, pem_key(block, None, &at));
    }
    gathered.finish(&At::Root)
}

fn pem_key(block: &pem::Block<'_>, key_id: Option<&str>, at: &At<'_>) -> Outcome {
    if block.is_private() {
        return Outcome::Private(private(block.label, at));
    }
    let read = match block.label {
        "CERTIFICATE" => der::certificate,
        "PUBLIC KEY" => der::public_key,
        "RSA PUBLIC KEY" => der::rsa_public_key,
        other => {
            let message = format!(
                "{} holds no key that can be used; give a `PUBLIC KEY` or a `CERTIFICATE`",
                json::quote(other)
            );
            return Outcome::Unfit(at.fault(message));
        }
    };
    let Some(content) = block.content() else {
        return Outcome::Unfit(at.fault("is no base64 (RFC 4648 section 4); copy it anew"));
    };
    match read(&content) {
        Ok((material, algorithms)) => Outcome::Key(Jwk {
            at: at.place().to_string(),
            key_id: key_id.map(str::to_owned),
            algorithms,
            material,
        }),
        Err(message) => Outcome::Unfit(at.fault(message)),
    }
}

/// What was found so far.
#[derive(Default)]
struct Gathered {
    keys: Vec<Jwk>,
    /// With the `kid` of each.
    unfit: Vec<(Option<String>, Fault)>,
    /// How many more are unfit than are named.
    unnamed: usize,
    private: Vec<Fault>,
}

impl Gathered {
    fn add(&mut self, at: &At<'_>, key_id: Option<String>, outcome: Outcome) {
        match outcome {
            Outcome::Private(fault) if self.private.len() < MOST_NAMED => self.private.push(fault),
            Outcome::Private(_) => {}
            Outcome::Unfit(fault) => self.leave_out(key_id, fault),
            Outcome::Key(key) => match self.why_not(&key) {
                Some(message) => self.leave_out(key_id, at.fault(message)),
                None => self.keys.push(key),
            },
        }
    }

    /// Why a key that could be used is none for this set.
    fn why_not(&self, key: &Jwk) -> Option<String> {
        if self.keys.len() >= MOST_KEYS {
            return Some(format!("a set has {MOST_KEYS} keys at most, and this one comes after them"));
        }
        let of = |key: &Jwk| (key.key_id.clone(), key.algorithms, key.material.clone());
        let same = self.keys.iter().find(|other| other.material == key.material && of(other) == of(key))?;
        Some(format!("is the same key as `{}`", same.at))
    }

    fn leave_out(&mut self, key_id: Option<String>, fault: Fault) {
        if self.unfit.len() < MOST_NAMED {
            self.unfit.push((key_id, fault));
        } else {
            self.unnamed = self.unnamed.saturating_add(1);
        }
    }

    fn finish(mut self, list: &At<'_>) -> Result<KeySet, Vec<Fault>> {
        if !self.private.is_empty() {
            return Err(self.private);
        }
        let named = self.unfit.len();
        if self.unnamed > 0 {
            let message = format!("{} more keys cannot be used", self.unnamed);
            self.unfit.push((None, list.fault(message)));
        }
        if self.keys.is_empty() {
            let all = named.saturating_add(self.unnamed);
            let message = match all {
                0 => "there is no key; give at least one".to_owned(),
                all => format!("none of {all} keys can verify a signature here"),
            };
            let reasons = self.unfit.into_iter().map(|(_, fault)| fault);
            return Err([list.fault(message)].into_iter().chain(reasons).collect());
        }
        let skipped = self.unfit.into_iter().map(|(key_id, fault)| Skipped { key_id, reason: fault.into() });
        Ok(KeySet { keys: self.keys, skipped: skipped.collect() })
    }
}

/// The `kid` of a key, usable or not, to name it by.
fn key_id(node: &Node) -> Option<String> {
    match node.get("kid") {
        Some(Node::String(kid)) if !kid.is_empty() => Some(kid.chars().take(LONGEST_KEY_ID).collect()),
        _ => None,
    }
}

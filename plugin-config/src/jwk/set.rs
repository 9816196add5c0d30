//! Sets of keys, in every form that providers give them (RFC 7517 section 5, RFC 7468): inline and
//! served, they are read by these rules alone.

use super::gathered::Gathered;
use super::read::{MAX_KEY_ID_BYTES, Outcome, SECRET_MEMBERS, private, read_key};
use super::{Jwk, KeySet, der, pem};
use attache_config_reader::{Diagnostic, Diagnostics, Node, PathRef, Step, quote, read_json};
use serde::de::IgnoredAny;

/// The longest set that is given as text, in bytes.
const MAX_TEXT_BYTES: usize = 256 * 1024;

impl KeySet {
    /// Reads a set as a provider serves it or a configuration holds it, 256 KiB at most: a JWK set,
    /// a single JWK, an object of certificates by `kid`, or PEM of public keys and certificates.
    ///
    /// Every key that can be used is taken, 256 at most; the others are left out, as RFC 7517
    /// section 5 asks, and named in [`KeySet::skipped`].
    ///
    /// ```
    /// use attache_plugin_config::KeySet;
    ///
    /// let refused = KeySet::parse(br#"{"keys": []}"#).unwrap_err();
    /// assert_eq!(refused.to_string(), "keys: there is no key; give at least one");
    /// ```
    ///
    /// # Errors
    /// What makes the whole set unfit: none of these forms, a private key in it, or no key that can
    /// be used.
    pub fn parse(text: &[u8]) -> Result<Self, Diagnostics> {
        read_text(text)
    }

    /// Returns whether a text that is no set is JSON or PEM at least, and not an error page or half
    /// an answer.
    pub fn has_a_form(text: &[u8]) -> bool {
        let text = without_mark(text);
        str::from_utf8(text).is_ok_and(pem::is_pem)
            || serde_json::from_slice::<IgnoredAny>(text).is_ok()
    }
}

/// Reads a set that is given as text; places are within the set.
pub(crate) fn read_text(text: &[u8]) -> Result<KeySet, Diagnostics> {
    let wrong = |message: String| Diagnostics::from(PathRef::Root.error(message));
    if text.len() > MAX_TEXT_BYTES {
        return Err(wrong(format!(
            "a key set has {MAX_TEXT_BYTES} bytes at most, this one {}",
            text.len()
        )));
    }
    let text = without_mark(text);
    match str::from_utf8(text).map(str::trim_start) {
        Ok(text) if pem::is_pem(text) => return read_pem(text),
        Ok(text) if text.starts_with('<') => {
            return Err(wrong(
                "is HTML or XML, not a key set; check where it comes from".to_owned(),
            ));
        }
        _ => {}
    }
    let mut repeated = Vec::new();
    match read_json(text, &mut repeated) {
        Ok(node) => read(&node, repeated),
        Err(error) => Err(Diagnostics::new(error, repeated)),
    }
}

/// Removes a byte order mark, which RFC 8259 section 8.1 lets a reader ignore.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads a set that is given as an object; places are within the set.
pub(crate) fn read_node(node: &Node) -> Result<KeySet, Diagnostics> {
    read(node, Vec::new())
}

/// Reads a set. `repeated` are the members that are repeated: such a key could be read in two ways.
fn read(node: &Node, mut repeated: Vec<Diagnostic>) -> Result<KeySet, Diagnostics> {
    let mut gathered = Gathered::default();
    match node.get("keys") {
        Some(Node::Array(keys)) => {
            let list = PathRef::Root.key("keys");
            if repeated.iter().any(|error| error.path == list.to_path()) {
                Diagnostics::check(std::mem::take(&mut repeated))?;
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
            Err(PathRef::Root.key("keys").error(message).into())
        }
        None if ["kty", "x5c"].iter().any(|member| node.get(member).is_some()) => {
            gathered.add(&PathRef::Root, key_id(node), one(node, &PathRef::Root, &mut repeated));
            gathered.finish(&PathRef::Root)
        }
        None => match node {
            Node::Object(members) if members.iter().any(|(_, value)| is_pem(value)) => {
                for (name, value) in members {
                    let at = PathRef::Root.key(name);
                    let outcome = repeated_in(&at, &mut repeated)
                        .unwrap_or_else(|| named_key(name, value, &at));
                    gathered.add(&at, Some(name.chars().take(MAX_KEY_ID_BYTES).collect()), outcome);
                }
                gathered.finish(&PathRef::Root)
            }
            Node::Object(_) => {
                let message = "`keys` is missing; a JWK set is an object with a list of keys under `keys`, a single JWK \
                               has a `kty`, and a set of certificates holds PEM by `kid`";
                Err(PathRef::Root.error(message).into())
            }
            other => {
                Err(PathRef::Root.error(format!("expected a JWK set, got {}", other.kind())).into())
            }
        },
    }
}

/// Reads a JWK, unless one of its members is repeated.
fn one(node: &Node, at: &PathRef<'_>, repeated: &mut Vec<Diagnostic>) -> Outcome {
    match read_key(node, at) {
        private @ Outcome::Private(_) => private,
        outcome => repeated_in(at, repeated).unwrap_or(outcome),
    }
}

/// Returns what happens to a key that has a member twice.
fn repeated_in(at: &PathRef<'_>, repeated: &mut Vec<Diagnostic>) -> Option<Outcome> {
    if repeated.is_empty() {
        return None;
    }
    let path = at.to_path();
    let depth = path.steps().len();
    let errors: Vec<Diagnostic> =
        repeated.extract_if(.., |error| error.path.starts_with(&path)).collect();
    let secret = errors.iter().find_map(|error| match error.path.steps().get(depth..) {
        Some([Step::Key(member)]) => SECRET_MEMBERS.into_iter().find(|secret| secret == member),
        _ => None,
    });
    match secret {
        Some(member) => Some(Outcome::Private(private(member, at))),
        None => errors.into_iter().next().map(Outcome::Unfit),
    }
}

fn is_pem(node: &Node) -> bool {
    matches!(node, Node::String(text) if pem::is_pem(text))
}

/// Returns the key of a certificate or of a public key that stands under its `kid`.
#[inline(never)]
fn named_key(name: &str, value: &Node, at: &PathRef<'_>) -> Outcome {
    let text = match value {
        Node::String(text) => text,
        other => return Outcome::Unfit(at.error(format!("expected PEM, got {}", other.kind()))),
    };
    let blocks = match pem::blocks(text) {
        Ok(blocks) => blocks,
        Err(message) => return Outcome::Unfit(at.error(message)),
    };
    match blocks.as_slice() {
        _ if name.len() > MAX_KEY_ID_BYTES => {
            Outcome::Unfit(at.error("a key id has 256 bytes at most"))
        }
        [block] => pem_key(block, Some(name).filter(|name| !name.is_empty()), at),
        blocks if blocks.iter().any(pem::Block::is_private) => {
            Outcome::Private(private("PRIVATE KEY", at))
        }
        _ => Outcome::Unfit(at.error(
            "expected one certificate or public key; put others under a `kid` of their own",
        )),
    }
}

fn read_pem(text: &str) -> Result<KeySet, Diagnostics> {
    let mut gathered = Gathered::default();
    let blocks = pem::blocks(text).map_err(|message| PathRef::Root.error(message))?;
    for (index, block) in blocks.iter().enumerate() {
        let at = PathRef::Root.index(index);
        gathered.add(&at, None, pem_key(block, None, &at));
    }
    gathered.finish(&PathRef::Root)
}

#[inline(never)]
fn pem_key(block: &pem::Block<'_>, key_id: Option<&str>, at: &PathRef<'_>) -> Outcome {
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
                quote(other)
            );
            return Outcome::Unfit(at.error(message));
        }
    };
    let Some(content) = block.content() else {
        return Outcome::Unfit(at.error("is no base64 (RFC 4648 section 4); copy it anew"));
    };
    match read(&content) {
        Ok((material, algorithms)) => Outcome::Key(Jwk {
            path: at.to_path(),
            key_id: key_id.map(str::to_owned),
            algorithms,
            material,
        }),
        Err(message) => Outcome::Unfit(at.error(message)),
    }
}

/// Returns the `kid` of a key, usable or not, to name it by.
#[inline(never)]
fn key_id(node: &Node) -> Option<String> {
    match node.get("kid") {
        Some(Node::String(kid)) if !kid.is_empty() => {
            Some(kid.chars().take(MAX_KEY_ID_BYTES).collect())
        }
        _ => None,
    }
}

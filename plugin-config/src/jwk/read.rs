//! One key of a set.

use super::algorithm::curves;
use super::numbers::{self, Numbers, Unfit};
use super::scheme::CURVES;
use super::{Algorithm, AlgorithmSet, EcCurve, Jwk, bytes, der, pem};
use attache_config_reader::{Diagnostic, Node, PathRef, quote};

/// What a key came to.
pub(super) enum Outcome {
    /// A key that may verify.
    Key(Jwk),
    /// A key that can't be used, and why.
    Unfit(Diagnostic),
    /// A key that must not be in any set that others can read, and why.
    Private(Diagnostic),
}

/// Members that only a private or symmetric key has (RFC 7518 sections 6.2.2, 6.3.2 and 6.4, RFC
/// 9964 section 4).
pub(super) const SECRET_MEMBERS: [&str; 9] = ["d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"];

/// Reads one key. Members that no part of this reading names are ignored, as RFC 7517 section 4
/// asks.
pub(super) fn read_key(node: &Node, at: &PathRef<'_>) -> Outcome {
    // A secret that stands where others can read it is worth nothing, but it never verifies
    // anything here, so that the keys beside it lose nothing by it. A private key tells that its
    // owner, who keeps the others too, leaks them.
    let is_symmetric = matches!(node.get("kty"), Some(Node::String(kind)) if kind == "oct");
    let is_private = |member: &&str| {
        !(is_symmetric && *member == "k")
            && node.get(member).is_some_and(|value| *value != Node::Null)
    };
    if let Some(member) = SECRET_MEMBERS.into_iter().find(|member| is_private(member)) {
        return Outcome::Private(private(member, at));
    }
    match jwk(node, at) {
        Ok(key) => Outcome::Key(key),
        Err(error) => Outcome::Unfit(error),
    }
}

/// Returns what is said of a private key. Never with its value: this goes to logs.
pub(super) fn private(member: &str, at: &PathRef<'_>) -> Diagnostic {
    at.error(format!(
        "{} belongs to a private or symmetric key; remove it, replace the key, which is known to others now, and give \
         only public keys here (HMAC secrets go into `secrets`)",
        quote(member)
    ))
}

fn jwk(node: &Node, at: &PathRef<'_>) -> Result<Jwk, Diagnostic> {
    if !matches!(node, Node::Object(_)) {
        return Err(at.error(format!("expected a key, got {}", node.kind())));
    }
    check_use(node, at)?;
    check_operations(node, at)?;
    let key_id = key_id(node, at)?;
    let (material, possible) = match certificate(node) {
        Some(chain) => certified(node, chain, at)?,
        None => material(node, at)?,
    };
    let algorithms = algorithms(node, at, possible)?;
    Ok(Jwk { path: at.to_path(), key_id, algorithms, material })
}

/// Returns the public numbers, and what a key of this type can verify.
#[inline(never)]
fn material(node: &Node, at: &PathRef<'_>) -> Result<Numbers, Diagnostic> {
    let numbers = match required(node, at, "kty")? {
        "RSA" => numbers::rsa_key(&number(node, at, "n")?, &number(node, at, "e")?),
        "EC" => {
            let curve = curve(node, at)?;
            numbers::ec_key(curve, &number(node, at, "x")?, &number(node, at, "y")?)
        }
        "OKP" => {
            check_ed25519(node, at)?;
            numbers::ed25519_key(&number(node, at, "x")?)
        }
        "oct" => {
            let message = "a symmetric key has no place among public keys, and whoever can read it can sign with it; \
                           give HMAC secrets in `secrets`";
            return Err(at.key("kty").error(message));
        }
        other => {
            let message =
                format!("{} keys are not supported; use `RSA`, `EC` or `OKP`", quote(other));
            return Err(at.key("kty").error(message));
        }
    };
    numbers.map_err(|Unfit { member, message }| at.key(member).error(message))
}

/// Returns the `x5c` (RFC 7517 section 4.7) of a key that has no numbers beside it.
fn certificate(node: &Node) -> Option<&Node> {
    let has_numbers = ["n", "e", "x", "y"]
        .iter()
        .any(|member| node.get(member).is_some_and(|v| *v != Node::Null));
    node.get("x5c").filter(|chain| !has_numbers && **chain != Node::Null)
}

/// Returns the key of the first certificate, which is the key's own.
#[inline(never)]
fn certified(node: &Node, chain: &Node, at: &PathRef<'_>) -> Result<Numbers, Diagnostic> {
    let at_chain = at.key("x5c");
    let Some(Node::String(first)) =
        (if let Node::Array(chain) = chain { chain.first() } else { None })
    else {
        return Err(at_chain.error("expected a list of certificates, each as base64 of its DER"));
    };
    let at_first = at_chain.index(0);
    let bytes = pem::base64(first)
        .ok_or_else(|| at_first.error("is no base64 (RFC 4648 section 4); copy it anew"))?;
    let (material, possible) =
        der::certificate(&bytes).map_err(|message| at_first.error(message))?;
    match text(node, at, "kty")? {
        Some(kind) if kind != material.key_type() => {
            let message = format!(
                "is {} while the certificate's key is `{}`",
                quote(kind),
                material.key_type()
            );
            Err(at.key("kty").error(message))
        }
        _ => Ok((material, possible)),
    }
}

/// Returns the `kid`, where there is one; an empty one names no key, as an absent one.
fn key_id(node: &Node, at: &PathRef<'_>) -> Result<Option<String>, Diagnostic> {
    match text(node, at, "kid")? {
        None | Some("") => Ok(None),
        Some(kid) if kid.len() > MAX_KEY_ID_BYTES => {
            Err(at.key("kid").error("a key id has 256 bytes at most"))
        }
        Some(kid) => Ok(Some(kid.to_owned())),
    }
}

/// The longest `kid`, in bytes.
pub(super) const MAX_KEY_ID_BYTES: usize = 256;

/// Returns the one that `alg` names, else all that the key can do.
#[inline(never)]
fn algorithms(
    node: &Node,
    at: &PathRef<'_>,
    possible: AlgorithmSet,
) -> Result<AlgorithmSet, Diagnostic> {
    let Some(name) = text(node, at, "alg")? else { return Ok(possible) };
    let fits = Algorithm::from_name(name).filter(|&algorithm| possible.contains(algorithm));
    fits.map(|algorithm| [algorithm].into_iter().collect()).ok_or_else(|| {
        let names: Vec<&str> = possible.iter().map(Algorithm::name).collect();
        let message =
            format!("this key cannot verify {}; it can {}", quote(name), names.join(", "));
        at.key("alg").error(message)
    })
}

/// Checks that `use`, where present, allows verification: of any signature (RFC 7517 section 4.2),
/// or of a JWT-SVID (SPIFFE Trust Domain and Bundle, section 4.2.2).
#[inline(never)]
fn check_use(node: &Node, at: &PathRef<'_>) -> Result<(), Diagnostic> {
    match text(node, at, "use")? {
        None | Some("sig" | "jwt-svid") => Ok(()),
        Some(other) => {
            let message = format!(
                "a key for {} cannot verify signatures; `use: sig` is for one that can",
                quote(other)
            );
            Err(at.key("use").error(message))
        }
    }
}

/// Checks that `key_ops`, where present, allows verification (RFC 7517 section 4.3).
#[inline(never)]
fn check_operations(node: &Node, at: &PathRef<'_>) -> Result<(), Diagnostic> {
    let at = at.key("key_ops");
    let operations = match node.get("key_ops") {
        None | Some(Node::Null) => return Ok(()),
        Some(Node::Array(operations)) => operations,
        Some(other) => {
            return Err(at.error(format!("expected a list of strings, got {}", other.kind())));
        }
    };
    if operations
        .iter()
        .any(|operation| matches!(operation, Node::String(name) if name == "verify"))
    {
        Ok(())
    } else {
        Err(at.error("a key without `verify` among its operations cannot verify signatures"))
    }
}

fn curve(node: &Node, at: &PathRef<'_>) -> Result<EcCurve, Diagnostic> {
    let name = required(node, at, "crv")?;
    curves().find(|curve| curve.name() == name).ok_or_else(|| {
        let message = format!("curve {} is not supported; use {CURVES}", quote(name));
        at.key("crv").error(message)
    })
}

fn check_ed25519(node: &Node, at: &PathRef<'_>) -> Result<(), Diagnostic> {
    match required(node, at, "crv")? {
        "Ed25519" => Ok(()),
        other => {
            let message = format!("curve {} is not supported; use `Ed25519`", quote(other));
            Err(at.key("crv").error(message))
        }
    }
}

fn number(node: &Node, at: &PathRef<'_>, member: &str) -> Result<Vec<u8>, Diagnostic> {
    bytes::decode(required(node, at, member)?).map_err(|message| at.key(member).error(message))
}

fn required<'n>(node: &'n Node, at: &PathRef<'_>, member: &str) -> Result<&'n str, Diagnostic> {
    text(node, at, member)?.ok_or_else(|| at.error(missing(node, member)))
}

/// Returns what is said of a member that is not there. `kubectl` reads YAML 1.1, where a bare `y`
/// is `true` and a bare `n` is `false`, also as keys.
fn missing(node: &Node, member: &str) -> String {
    let taken = match member {
        "y" => "true",
        "n" => "false",
        _ => "",
    };
    if node.get(taken).is_some() {
        format!(
            "this key has no `{member}` but a `{taken}`, which YAML makes of a bare `{member}`; quote it: `\"{member}\":`"
        )
    } else {
        format!("this key has no `{member}`; copy the key anew")
    }
}

fn text<'n>(node: &'n Node, at: &PathRef<'_>, member: &str) -> Result<Option<&'n str>, Diagnostic> {
    match node.get(member) {
        None | Some(Node::Null) => Ok(None),
        Some(Node::String(text)) => Ok(Some(text)),
        Some(other) => {
            Err(at.key(member).error(format!("expected a string, got {}", other.kind())))
        }
    }
}

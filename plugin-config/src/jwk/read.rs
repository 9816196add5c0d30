//! One key of a set.

use super::{Algorithm, AlgorithmSet, EcCurve, Jwk, JwkMaterial, bytes, rsa};
use crate::json::{At, Fault, Node, quote};

/// What a key came to.
pub(super) enum Outcome {
    /// A key that may verify.
    Key(Jwk),
    /// A key that cannot be used, and everything that speaks against it.
    Unfit(Vec<Fault>),
    /// A key that must not be in any set that others can read, and why.
    Secret(Fault),
}

/// Members that only a private or symmetric key has (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
const SECRET_MEMBERS: [&str; 8] = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];

/// Reads one key. Members that no part of this reading names are ignored, as RFC 7517 section 4 asks.
pub(super) fn read_key(node: &Node, at: &At<'_>) -> Outcome {
    if !matches!(node, Node::Object(_)) {
        return Outcome::Unfit(vec![at.fault(format!("expected a key, got {}", node.kind()))]);
    }
    // Never with the value: this message goes to logs.
    if let Some(member) =
        SECRET_MEMBERS.into_iter().find(|member| node.get(member).is_some_and(|value| *value != Node::Null))
    {
        return Outcome::Secret(at.fault(format!(
            "`{member}` belongs to a private or symmetric key; remove it, replace the key, which is known to others \
             now, and give only public keys here (HMAC secrets go into `secrets`)"
        )));
    }
    let mut faults = Vec::new();
    let material = material(node, at).map_err(|fault| faults.push(fault)).ok();
    let may_verify = check_use(node, at).and_then(|()| check_operations(node, at));
    let key_id = may_verify.and_then(|()| key_id(node, at)).map_err(|fault| faults.push(fault)).ok();
    let algorithms = material
        .as_ref()
        .and_then(|(_, possible)| algorithms(node, at, *possible).map_err(|fault| faults.push(fault)).ok());
    match (key_id, algorithms, material) {
        (Some(key_id), Some(algorithms), Some((material, _))) => {
            Outcome::Key(Jwk { key_id, algorithms, material })
        }
        _ => Outcome::Unfit(faults),
    }
}

/// The public numbers, and what a key of this type can verify.
fn material(node: &Node, at: &At<'_>) -> Result<(JwkMaterial, AlgorithmSet), Fault> {
    match required(node, at, "kty")? {
        "RSA" => Ok((rsa_key(node, at)?, RSA.into_iter().collect())),
        "EC" => ec_key(node, at),
        "OKP" => Ok((okp_key(node, at)?, [Algorithm::EdDSA].into_iter().collect())),
        "oct" => {
            let message = "a symmetric key has no place among public keys; give HMAC secrets in `secrets`";
            Err(at.key("kty").fault(message))
        }
        other => {
            let message = format!("{} keys are not supported; use `RSA`, `EC` or `OKP`", quote(other));
            Err(at.key("kty").fault(message))
        }
    }
}

fn key_id(node: &Node, at: &At<'_>) -> Result<Option<String>, Fault> {
    match text(node, at, "kid")? {
        Some(kid) if kid.is_empty() || kid.len() > 256 => {
            Err(at.key("kid").fault("a key id has 1 to 256 bytes"))
        }
        kid => Ok(kid.map(str::to_owned)),
    }
}

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// The one that `alg` names, else all that the key can do.
fn algorithms(node: &Node, at: &At<'_>, possible: AlgorithmSet) -> Result<AlgorithmSet, Fault> {
    let Some(name) = text(node, at, "alg")? else { return Ok(possible) };
    let fits = Algorithm::from_name(name).filter(|&algorithm| possible.contains(algorithm));
    fits.map(|algorithm| [algorithm].into_iter().collect()).ok_or_else(|| {
        let names: Vec<&str> = possible.iter().map(Algorithm::name).collect();
        let message = format!("this key cannot verify {}; it can {}", quote(name), names.join(", "));
        at.key("alg").fault(message)
    })
}

/// `use`, where present, must allow verification (RFC 7517 section 4.2).
fn check_use(node: &Node, at: &At<'_>) -> Result<(), Fault> {
    match text(node, at, "use")? {
        None | Some("sig") => Ok(()),
        Some(other) => {
            let message = format!(
                "a key for {} cannot verify signatures; leave it out or set `use: sig`",
                quote(other)
            );
            Err(at.key("use").fault(message))
        }
    }
}

/// `key_ops`, where present, must allow verification (RFC 7517 section 4.3).
fn check_operations(node: &Node, at: &At<'_>) -> Result<(), Fault> {
    let at = at.key("key_ops");
    let operations = match node.get("key_ops") {
        None | Some(Node::Null) => return Ok(()),
        Some(Node::Array(operations)) => operations,
        Some(other) => return Err(at.fault(format!("expected a list of strings, got {}", other.kind()))),
    };
    for (index, operation) in operations.iter().enumerate() {
        let at = at.index(index);
        match operation {
            Node::String(_) if operations.iter().take(index).any(|earlier| earlier == operation) => {
                return Err(at.fault("stands twice; keep one of them (RFC 7517 section 4.3)"));
            }
            Node::String(_) => {}
            other => return Err(at.fault(format!("expected a string, got {}", other.kind()))),
        }
    }
    if operations.iter().any(|operation| matches!(operation, Node::String(name) if name == "verify")) {
        Ok(())
    } else {
        Err(at.fault("a key without `verify` cannot verify signatures; leave the key out or add `verify`"))
    }
}

fn rsa_key(node: &Node, at: &At<'_>) -> Result<JwkMaterial, Fault> {
    let n = number(node, at, "n")?;
    let e = number(node, at, "e")?;
    if n.first() == Some(&0) {
        let message =
            "begins with a zero byte, which RFC 7518 section 6.3.1.1 forbids; write the modulus without it";
        return Err(at.key("n").fault(message));
    }
    let bits = rsa::bits(&n);
    if !(2048..=4096).contains(&bits) {
        let message = format!("an RSA key has 2048 to 4096 bits here, this one {bits}; make a new key");
        return Err(at.key("n").fault(message));
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err(at.key("n").fault("an even number is no RSA modulus; copy the key anew"));
    }
    if rsa::is_roca(&n) {
        let message = "this key has the weakness of CVE-2017-15361 (ROCA), anyone can compute its private half; make \
                       a new key";
        return Err(at.key("n").fault(message));
    }
    if e != [1, 0, 1] {
        return Err(at.key("e").fault("the exponent of an RSA key must be 65537 (`AQAB`); make a new key"));
    }
    Ok(JwkMaterial::Rsa { n, e })
}

fn ec_key(node: &Node, at: &At<'_>) -> Result<(JwkMaterial, AlgorithmSet), Fault> {
    let name = required(node, at, "crv")?;
    let (curve, algorithm, length) = match name {
        "P-256" => (EcCurve::P256, Algorithm::ES256, 32),
        "P-384" => (EcCurve::P384, Algorithm::ES384, 48),
        "P-521" => (EcCurve::P521, Algorithm::ES512, 66),
        other => {
            let message = format!("curve {} is not supported; use `P-256`, `P-384` or `P-521`", quote(other));
            return Err(at.key("crv").fault(message));
        }
    };
    let coordinate = |member| {
        let value = number(node, at, member)?;
        if value.len() == length {
            return Ok(value);
        }
        let message = format!(
            "a coordinate of `{name}` has {length} bytes, leading zeros included, not {}",
            value.len()
        );
        Err(at.key(member).fault(message))
    };
    let material = JwkMaterial::Ec { curve, x: coordinate("x")?, y: coordinate("y")? };
    Ok((material, [algorithm].into_iter().collect()))
}

fn okp_key(node: &Node, at: &At<'_>) -> Result<JwkMaterial, Fault> {
    match required(node, at, "crv")? {
        "Ed25519" => {}
        other => {
            let message = format!("curve {} is not supported; use `Ed25519`", quote(other));
            return Err(at.key("crv").fault(message));
        }
    }
    let x = number(node, at, "x")?;
    let length = x.len();
    match <[u8; 32]>::try_from(x) {
        Ok(x) => Ok(JwkMaterial::Ed25519 { x }),
        Err(_) => Err(at.key("x").fault(format!("an Ed25519 public key has 32 bytes, not {length}"))),
    }
}

fn number(node: &Node, at: &At<'_>, member: &str) -> Result<Vec<u8>, Fault> {
    let text = required(node, at, member)?;
    match bytes::decode(text) {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(at
            .key(member)
            .fault("is not base64url without padding (RFC 7515 section 2); copy the key anew")),
    }
}

fn required<'n>(node: &'n Node, at: &At<'_>, member: &str) -> Result<&'n str, Fault> {
    text(node, at, member)?.ok_or_else(|| at.fault(format!("this key has no `{member}`; copy the key anew")))
}

fn text<'n>(node: &'n Node, at: &At<'_>, member: &str) -> Result<Option<&'n str>, Fault> {
    match node.get(member) {
        None | Some(Node::Null) => Ok(None),
        Some(Node::String(text)) => Ok(Some(text)),
        Some(other) => Err(at.key(member).fault(format!("expected a string, got {}", other.kind()))),
    }
}

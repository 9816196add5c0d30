//! Where an issuer's keys come from, and what they may be used for.

use super::{Checker, remote};
use crate::document::{IssuerDocument, KeySetDocument, SecretDocument};
use crate::{Algorithm, AlgorithmSet, KeySet, KeySource, SecretRef, jwk};
use attache_config_reader::{List, Node, NonEmpty, Path, PathRef, Reported, quote};

/// Reads the keys and the algorithms that they are used with.
#[inline(never)]
pub(super) fn keys(
    document: &IssuerDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<(KeySource, AlgorithmSet), Reported> {
    let named = algorithms(document.algorithms.as_ref(), &at.key("algorithms"), checker);
    let given = [
        ("jwks", document.jwks.is_some()),
        ("jwksUri", document.jwks_uri.is_some()),
        ("discovery", document.discovery == Some(true)),
        ("secrets", document.secrets.is_some()),
    ];
    let given: Vec<String> =
        given.into_iter().filter(|(_, given)| *given).map(|(key, _)| format!("`{key}`")).collect();
    if given.len() > 1 {
        let message = format!(
            "{} stand side by side; split them into two issuers or keep one",
            given.join(" and ")
        );
        return Err(checker.error(at, message));
    }
    remote::check_needless(document, at, checker);
    if let Some(jwks) = &document.jwks {
        public_keys(jwks, named, at, checker)
    } else if let Some(list) = &document.secrets {
        secrets(list, named, at, checker)
    } else if document.jwks_uri.is_some() || document.discovery == Some(true) {
        remote_keys(document, named, at, checker)
    } else {
        Err(checker
            .error(at, "there are no keys; give `jwks`, `jwksUri`, `discovery` or `secrets`"))
    }
}

/// Reads where public keys are that are not here yet: what they can do is not known, but HMAC is
/// none of it.
#[inline(never)]
fn remote_keys(
    document: &IssuerDocument,
    named: Option<Named>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<(KeySource, AlgorithmSet), Reported> {
    for (index, algorithm) in
        named.iter().flat_map(|named| &named.0).filter(|(_, one)| one.is_hmac())
    {
        let message = format!(
            "`{algorithm}` with public keys would let anyone who knows a key sign; give HMAC secrets to an issuer of \
             their own"
        );
        checker.error(&at.key("algorithms").index(*index), message);
    }
    let possible = Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_hmac()).collect();
    let keys = remote::remote_keys(document, at, checker)?;
    Ok((KeySource::Remote(keys), named.map_or(possible, |named| named.set())))
}

/// The algorithms that the document names, with their places; none where it names none.
struct Named(Vec<(usize, Algorithm)>);

impl Named {
    fn set(&self) -> AlgorithmSet {
        self.0.iter().map(|&(_, algorithm)| algorithm).collect()
    }
}

#[inline(never)]
fn algorithms(
    list: Option<&List<Algorithm>>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Option<Named> {
    let mut named: Vec<(usize, Algorithm)> = Vec::new();
    for (index, &algorithm) in checker.non_empty(list, at) {
        let is_there = named.iter().any(|&(_, other)| other == algorithm);
        if is_there && algorithm == Algorithm::EdDSA {
            // `Ed25519` beside `EdDSA` are two names of what is one here, and tokens come with
            // either.
        } else if is_there {
            checker.error(
                &at.index(index),
                format!("`{algorithm}` is listed twice; keep one of them"),
            );
        } else {
            named.push((index, algorithm));
        }
    }
    // A list that could not be read as a whole must not restrict the keys to what is left of it.
    (list.is_some() && !named.is_empty() && !checker.is_invalid(at)).then_some(Named(named))
}

#[inline(never)]
fn public_keys(
    document: &KeySetDocument,
    named: Option<Named>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<(KeySource, AlgorithmSet), Reported> {
    let jwks = at.key("jwks");
    if let Node::String(text) = &document.0
        && ["https://", "http://"].iter().any(|scheme| text.trim_start().starts_with(scheme))
    {
        let message =
            "is a URL; keys that a provider serves are named by it: write `jwksUri` for `jwks`";
        return Err(checker.error(&jwks, message));
    }
    let set = match &document.0 {
        Node::String(text) => jwk::read_text(text.as_bytes()),
        node => jwk::read_node(node),
    };
    let set = set.map_err(|errors| checker.report.add_below(&jwks, errors));
    for skipped in set.iter().flat_map(|set| &set.skipped) {
        warn_of_key(&skipped.reason.path, &skipped.reason.message, &jwks, checker);
    }
    let hmac = named.iter().flat_map(|named| &named.0).filter(|(_, algorithm)| algorithm.is_hmac());
    for (index, algorithm) in hmac {
        let message = format!(
            "`{algorithm}` with public keys would let anyone who knows a key sign; name only what `jwks` can do, and \
             give HMAC secrets to an issuer of their own"
        );
        checker.error(&at.key("algorithms").index(*index), message);
    }
    let set = set?;
    let possible = |of: fn(AlgorithmSet) -> AlgorithmSet| {
        set.keys.iter().fold(AlgorithmSet::default(), |all, key| all.union(of(key.algorithms)))
    };
    let Some(named) = named else {
        let unnamed = possible(AlgorithmSet::unnamed);
        return Ok((KeySource::Inline(set), unnamed));
    };
    let possible = possible(|all| all);
    check_every_key_used(&set, named.set(), &jwks, checker);
    for &(index, algorithm) in named.0.iter().filter(|(_, algorithm)| !algorithm.is_hmac()) {
        if !possible.contains(algorithm) {
            let message = format!(
                "no key of `jwks` can verify `{algorithm}`; add such a key or leave it out"
            );
            checker.error(&at.key("algorithms").index(index), message);
        }
    }
    Ok((KeySource::Inline(set), named.set()))
}

#[inline(never)]
fn check_every_key_used(
    set: &KeySet,
    named: AlgorithmSet,
    at: &PathRef<'_>,
    checker: &mut Checker,
) {
    for key in set.keys.iter().filter(|key| key.algorithms.intersection(named).is_empty()) {
        let can: Vec<&str> = key.algorithms.iter().map(Algorithm::name).collect();
        let message = format!(
            "no algorithm of this issuer can use it; name one of {} in `algorithms` if tokens are signed with it",
            can.join(", ")
        );
        warn_of_key(&key.path, &message, at, checker);
    }
}

/// Warns of a key that is never used. `within` is its path in the set.
fn warn_of_key(within: &Path, message: &str, set: &PathRef<'_>, checker: &mut Checker) {
    let path = set.to_path().join(within.clone());
    checker.warn(path, format!("this key is left out: {message}"));
}

#[inline(never)]
fn secrets(
    list: &List<SecretDocument>,
    named: Option<Named>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<(KeySource, AlgorithmSet), Reported> {
    let place = at.key("secrets");
    if list.len() > 256 {
        checker.error(&place, "an issuer has 256 secrets at most");
    }
    let (mut secrets, mut refused): (Vec<SecretRef>, _) = (Vec::new(), None);
    for (index, document) in list.iter() {
        let secret = match secret(document, &place.index(index), checker) {
            Ok(secret) => secret,
            Err(reported) => {
                refused = Some(reported);
                continue;
            }
        };
        if let Some(kid) = &secret.key_id
            && secrets.iter().any(|other| other.key_id.as_ref() == Some(kid))
        {
            let message =
                format!("{} names another secret of this issuer; give each its own", quote(kid));
            checker.error(&place.index(index).key("kid"), message);
        }
        if secrets.contains(&secret) {
            checker.error(&place.index(index), "this secret is listed twice; keep one of them");
        }
        secrets.push(secret);
    }
    let possible: AlgorithmSet = secrets.iter().map(|secret| secret.algorithm).collect();
    let source = NonEmpty::new(secrets).map(KeySource::Secrets).ok_or_else(|| {
        refused.unwrap_or_else(|| checker.error(&place, "there is no secret; give at least one"))
    });
    let Some(named) = named else { return Ok((source?, possible)) };
    for &(index, algorithm) in &named.0 {
        if !possible.contains(algorithm) {
            let message = if algorithm.is_hmac() {
                format!("no secret is for `{algorithm}`; add one or leave it out")
            } else {
                format!(
                    "`{algorithm}` needs a public key, and this issuer has secrets; name HMAC algorithms only"
                )
            };
            checker.error(&at.key("algorithms").index(index), message);
        }
    }
    for (index, document) in list.iter() {
        if let Ok(&algorithm) = document.algorithm.get()
            && algorithm.is_hmac()
            && !named.set().contains(algorithm)
        {
            let message = format!(
                "`algorithms` does not name `{algorithm}`, so this secret is never used; name it there"
            );
            checker.error(&place.index(index).key("algorithm"), message);
        }
    }
    Ok((source?, named.set()))
}

#[inline(never)]
fn secret(
    document: &SecretDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<SecretRef, Reported> {
    let env =
        document.env.get().and_then(|env| checker.ok_or_report(&at.key("env"), variable(env)));
    let algorithm = document.algorithm.get().copied();
    if let Ok(algorithm) = algorithm
        && !algorithm.is_hmac()
    {
        let message =
            format!("`{algorithm}` does not use a secret; use `HS256`, `HS384` or `HS512`");
        checker.error(&at.key("algorithm"), message);
    }
    if document.kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > 256) {
        checker.error(&at.key("kid"), "a key id has 1 to 256 bytes");
    }
    Ok(SecretRef { env: env?, algorithm: algorithm?, key_id: document.kid.clone() })
}

fn variable(text: &str) -> Result<String, &'static str> {
    let head = text.bytes().next().is_some_and(|c| c.is_ascii_alphabetic() || c == b'_');
    if head && text.len() <= 128 && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
        Ok(text.to_owned())
    } else {
        // Never with the value: it may be the secret itself.
        Err(
            "is no name of an environment variable; put the secret into the VM's environment and its name, such as \
             `ATTACHE_HMAC`, here",
        )
    }
}

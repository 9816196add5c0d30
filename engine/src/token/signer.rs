//! Which of several keys made a signature.

use super::Backend;
use super::public_key::Outcome;
use crate::{Cause, Detail, Reason};

/// The most keys that a token without a `kid` is tried with.
pub(super) const MAX_TRIED: usize = 4;

/// The same by an algorithm that is dear: a key and the one that it is replaced with.
pub(super) const MAX_TRIED_DEAR: usize = 2;

/// What made a good signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signer<'k> {
    /// The key's fingerprint.
    pub fingerprint: u64,
    /// The key's `kid`.
    pub key_id: Option<&'k str>,
    /// What verified it.
    pub backend: Backend,
}

/// Why a signature is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// [`Reason::AlgorithmNotAllowed`], [`Reason::KeyNotFound`] or [`Reason::SignatureInvalid`].
    pub cause: Cause,
    /// What refuted it; `None` where no arithmetic was needed.
    pub backend: Option<Backend>,
}

impl From<Detail> for Refusal {
    fn from(detail: Detail) -> Self {
        Self { cause: detail.into(), backend: None }
    }
}

/// Returns the keys that a token is tried with: those with its `kid`, or without one where it has
/// none, before the others.
pub(super) fn to_try<'k, K>(
    keys: &'k [K],
    wanted: Option<&str>,
    most: usize,
    key_id: fn(&K) -> Option<&str>,
    serves: impl Fn(&K) -> bool,
) -> Vec<&'k K> {
    let named = keys.iter().filter(|key| key_id(key) == wanted);
    // Whatever else a token may have been signed with: any key where it has no `kid`, else those
    // that have none.
    let others = keys.iter().filter(|key| key_id(key).is_some() == wanted.is_none());
    named.chain(others).filter(|key| serves(key)).take(most).collect()
}

/// Returns what the first key says that made the signature, or the last that did not; `None` where
/// there is no key.
pub(super) fn first_good<'k, K: 'k>(
    keys: Vec<&'k K>,
    verify: impl Fn(&'k K) -> Outcome,
    names: impl Fn(&'k K) -> (u64, Option<&'k str>),
) -> Option<Result<Signer<'k>, Refusal>> {
    let mut tried = None;
    for key in keys {
        match verify(key) {
            Ok(backend) => {
                let (fingerprint, key_id) = names(key);
                return Some(Ok(Signer { fingerprint, key_id, backend }));
            }
            Err(backend) => tried = Some(backend.or(tried.flatten())),
        }
    }
    tried.map(|backend| Err(Refusal { cause: Reason::SignatureInvalid.into(), backend }))
}

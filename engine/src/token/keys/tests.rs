use super::IssuerKeys;
use crate::host::HostCrypto;
use crate::token::testing::{DerHost, Env, NoHost, compact, jwk, key_set, keys, source};
use crate::token::{Allowed, Backend, Compact};
use crate::{Detail, Reason};
use attache_plugin_config::{
    Algorithm, AlgorithmSet, Diagnostics, Jwk, KeySource, NonEmpty, SecretRef,
};
use std::cell::Cell;

fn set(algorithms: &[Algorithm]) -> Allowed {
    Allowed { algorithms: algorithms.iter().copied().collect(), are_named: true }
}

fn signed(algorithm: Algorithm, key_id: Option<&str>) -> String {
    let key_id = key_id.map(|id| format!(r#","kid":"{id}""#)).unwrap_or_default();
    compact(algorithm, &format!(r#"{{"alg":"{algorithm}"{key_id}}}"#), "any text")
}

fn outcome(
    keys: &IssuerKeys,
    token: &str,
    allowed: &[Algorithm],
) -> Result<(Option<String>, Backend), Reason> {
    keys.verify(&Compact::parse(token.as_bytes())?, set(allowed), &NoHost, None)
        .map(|signer| {
            assert!(keys.has_key(signer.fingerprint));
            (signer.key_id.map(str::to_owned), signer.backend)
        })
        .map_err(|refusal| refusal.cause.reason)
}

#[test]
fn all_thirteen_algorithms_round_trip() {
    for algorithm in Algorithm::ALL {
        let keys = keys(algorithm, Some("k"));
        let token = signed(algorithm, Some("k"));
        assert_eq!(
            outcome(&keys, &token, &[algorithm]),
            Ok((Some("k".into()), Backend::Software)),
            "{algorithm}"
        );
        let token = Compact::parse(token.as_bytes()).unwrap();
        assert!(
            keys.verify(&token, set(&[algorithm]), &DerHost::default(), None).is_ok(),
            "{algorithm}"
        );
    }
}

#[test]
fn a_kid_calls_for_its_key_and_no_other() {
    let two = key_set([jwk(Algorithm::ES384, Some("a")), jwk(Algorithm::EdDSA, Some("b"))]);
    let keys = IssuerKeys::from_set(&two).unwrap();
    let all = Algorithm::ALL;
    let found = |algorithm, key_id| {
        outcome(&keys, &signed(algorithm, key_id), &all).map(|(key_id, _)| key_id)
    };
    assert_eq!(found(Algorithm::ES384, Some("a")), Ok(Some("a".into())));
    assert_eq!(found(Algorithm::ES384, None), Ok(Some("a".into())), "no kid: every key that can");
    assert_eq!(
        found(Algorithm::ES256, Some("a")),
        Err(Reason::KeyNotFound),
        "that key can't do it"
    );
    assert_eq!(found(Algorithm::ES384, Some("c")), Err(Reason::KeyNotFound), "no key has it");
    assert_eq!(found(Algorithm::ES384, Some("")), Ok(Some("a".into())), "an empty kid is none");
    assert_eq!(found(Algorithm::ES384, Some("A")), Err(Reason::KeyNotFound), "letter case counts");
    assert_eq!(found(Algorithm::RS256, None), Err(Reason::KeyNotFound), "no key can");
    assert_eq!(keys.key_ids().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_key_without_kid_is_a_candidate_for_every_token() {
    let anonymous = IssuerKeys::from_set(&key_set([jwk(Algorithm::ES256, None)])).unwrap();
    let mixed = [jwk(Algorithm::ES256, None), jwk(Algorithm::ES384, Some("a"))];
    let mixed = IssuerKeys::from_set(&key_set(mixed)).unwrap();
    for keys in [&anonymous, &mixed] {
        for key_id in [None, Some(""), Some("a"), Some("unknown")] {
            let good = signed(Algorithm::ES256, key_id);
            assert_eq!(
                outcome(keys, &good, &[Algorithm::ES256]),
                Ok((None, Backend::Software)),
                "{key_id:?}"
            );
        }
    }
    // A `kid` that no key has may be that of a key that is yet to come, whatever the key without
    // one says.
    let forged = |key_id| {
        let good = signed(Algorithm::ES256, key_id);
        let (input, _) = good.rsplit_once('.').unwrap();
        format!("{input}.{}", "A".repeat(86))
    };
    let refused = |keys, key_id| outcome(keys, &forged(key_id), &[Algorithm::ES256]);
    assert_eq!(refused(&mixed, Some("new")), Err(Reason::KeyNotFound));
    assert_eq!(refused(&mixed, Some("a")), Err(Reason::SignatureInvalid));
    assert_eq!(refused(&mixed, None), Err(Reason::SignatureInvalid));
    let secrets = keys(Algorithm::HS256, None);
    assert!(outcome(&secrets, &signed(Algorithm::HS256, Some("any")), &[Algorithm::HS256]).is_ok());
    assert_eq!(
        outcome(&anonymous, &signed(Algorithm::HS256, Some("any")), &Algorithm::ALL),
        Err(Reason::KeyNotFound),
        "a public key is no secret for any `kid`"
    );
}

#[test]
fn keys_of_one_kid_are_all_candidates() {
    let mut other = jwk(Algorithm::ES256, Some("a"));
    if let attache_plugin_config::JwkMaterial::Ec { x, y, .. } = &mut other.material {
        let point = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
        let point = point.verifying_key().to_sec1_point(false);
        (*x, *y) = (point.x().unwrap().to_vec(), point.y().unwrap().to_vec());
    }
    let good = jwk(Algorithm::ES256, Some("a"));
    for keys in [[good.clone(), other.clone()], [other.clone(), good.clone()]] {
        let keys = IssuerKeys::from_set(&key_set(keys)).unwrap();
        assert!(outcome(&keys, &signed(Algorithm::ES256, Some("a")), &[Algorithm::ES256]).is_ok());
    }
    let wrong = IssuerKeys::from_set(&key_set([other])).unwrap();
    let token = signed(Algorithm::ES256, Some("a"));
    assert_eq!(outcome(&wrong, &token, &[Algorithm::ES256]), Err(Reason::SignatureInvalid));
}

#[test]
fn the_algorithm_is_looked_at_first() {
    let keys = keys(Algorithm::ES256, None);
    let token = signed(Algorithm::ES256, Some("unknown"));
    assert_eq!(outcome(&keys, &token, &[Algorithm::RS256]), Err(Reason::AlgorithmNotAllowed));
    for name in ["none", "None", "NONE", "es256", "ES256K", "HS1", ""] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        let token = compact(Algorithm::ES256, &header, "{}");
        assert_eq!(
            outcome(&keys, &token, &Algorithm::ALL),
            Err(Reason::AlgorithmNotAllowed),
            "{name}"
        );
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(
            outcome(&keys, &unsigned, &Algorithm::ALL),
            Err(Reason::AlgorithmNotAllowed),
            "{name}"
        );
    }
}

#[test]
fn a_public_key_is_never_a_secret() {
    // The classic confusion: a token "signed" by HMAC with the bytes of the public key.
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let keys = keys(algorithm, None);
        for hmac in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            assert_eq!(
                outcome(&keys, &signed(hmac, None), &Algorithm::ALL),
                Err(Reason::KeyNotFound)
            );
        }
    }
    let keys = keys(Algorithm::HS256, None);
    assert_eq!(
        outcome(&keys, &signed(Algorithm::ES256, None), &Algorithm::ALL),
        Err(Reason::KeyNotFound)
    );
    assert_eq!(
        outcome(&keys, &signed(Algorithm::HS512, None), &Algorithm::ALL),
        Err(Reason::KeyNotFound)
    );
}

#[test]
fn a_wrong_tag_of_any_length_is_refused() {
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let keys = keys(algorithm, None);
        let good = signed(algorithm, None);
        let (input, tag) = good.rsplit_once('.').unwrap();
        let swapped = if tag.starts_with('A') { 'B' } else { 'A' };
        for bad in [
            String::new(),
            "AA".into(),
            tag.get(..40).unwrap().into(),
            format!("{swapped}{}", tag.get(1..).unwrap()),
        ] {
            let token = format!("{input}.{bad}");
            assert_eq!(
                outcome(&keys, &token, &[algorithm]),
                Err(Reason::SignatureInvalid),
                "{algorithm}: {bad}"
            );
        }
    }
}

#[test]
fn every_key_that_cannot_be_used_is_named_with_its_place() {
    let mut bad = jwk(Algorithm::ES256, None);
    bad.material = jwk(Algorithm::ES384, None).material;
    if let attache_plugin_config::JwkMaterial::Ec { x, .. } = &mut bad.material {
        x[0] ^= 1;
    }
    let places = |errors: &Diagnostics| {
        errors.iter().map(|error| error.path.to_string()).collect::<Vec<_>>()
    };
    let left_out = |keys: &IssuerKeys| {
        keys.skipped().iter().map(|skipped| skipped.reason.path.to_string()).collect::<Vec<_>>()
    };
    let beside = key_set([bad.clone(), jwk(Algorithm::ES256, Some("a")), bad.clone()]);
    let keys = IssuerKeys::from_set(&beside).unwrap();
    assert_eq!(
        (keys.key_ids().collect::<Vec<_>>(), left_out(&keys)),
        (vec!["a"], vec!["keys[0]".into(), "keys[2]".into()])
    );
    let keys = IssuerKeys::new(&KeySource::Inline(beside), &Env).unwrap();
    assert_eq!(left_out(&keys), ["jwks.keys[0]", "jwks.keys[2]"]);
    let alone = key_set([bad]);
    assert_eq!(places(&IssuerKeys::from_set(&alone).unwrap_err()), ["keys[0]"]);
    assert_eq!(
        places(&IssuerKeys::new(&KeySource::Inline(alone), &Env).unwrap_err()),
        ["jwks.keys[0]"]
    );

    let secret = |env: &str, algorithm| SecretRef { env: env.into(), algorithm, key_id: None };
    let secrets = vec![secret("UNSET", Algorithm::HS256), secret("SHORT", Algorithm::HS384)];
    let source = KeySource::Secrets(NonEmpty::new(secrets).unwrap());
    struct Short;
    impl crate::host::Environment for Short {
        fn variable(&self, name: &str) -> Option<Vec<u8>> {
            (name == "SHORT").then(|| vec![1; 47])
        }
    }
    let errors = IssuerKeys::new(&source, &Short).unwrap_err();
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "secrets[0]: environment variable `UNSET` is not set: hand it to the VM (vmConfig.env of a WasmPlugin)",
            "secrets[1]: environment variable `SHORT` holds 47 bytes: HS384 needs at least 48",
        ]
    );
}

#[test]
fn the_fingerprint_of_a_set_is_of_its_keys_in_any_order() {
    let (a, b) = (jwk(Algorithm::ES256, Some("a")), jwk(Algorithm::EdDSA, Some("b")));
    let print = |keys: &[&Jwk]| {
        IssuerKeys::from_set(&key_set(keys.iter().copied().cloned())).unwrap().fingerprint()
    };
    assert_eq!(print(&[&a, &b]), print(&[&b, &a]));
    assert_ne!(print(&[&a, &b]), print(&[&a]));
    let secrets =
        |key_id| IssuerKeys::new(&source(Algorithm::HS256, key_id), &Env).unwrap().fingerprint();
    assert_eq!(secrets(None), secrets(None));
    assert_ne!(secrets(None), secrets(Some("a")));
}

/// Refutes every signature, counts what it is told, and has time or not.
#[derive(Default)]
struct Watched {
    has_time: bool,
    asked: Cell<u32>,
    in_vain: Cell<u32>,
}

impl HostCrypto for Watched {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        self.asked.set(self.asked.get().saturating_add(1));
        Some(false)
    }

    fn has_time(&self) -> bool {
        self.has_time
    }

    fn tried_in_vain(&self) {
        self.in_vain.set(self.in_vain.get().saturating_add(1));
    }
}

fn without_alg(key_id: Option<&str>) -> Jwk {
    let algorithms =
        Algorithm::ALL.into_iter().filter(|one| one.name().starts_with(['R', 'P'])).collect();
    Jwk { algorithms, ..jwk(Algorithm::RS256, key_id) }
}

#[test]
fn what_the_vm_computes_has_to_be_named() {
    let keys = IssuerKeys::from_set(&key_set([without_alg(Some("k"))])).unwrap();
    let all: AlgorithmSet = Algorithm::ALL.into_iter().collect();
    let verify = |algorithm, are_named| {
        let token = signed(algorithm, Some("k"));
        let allowed = Allowed { algorithms: all, are_named };
        let jws = Compact::parse(token.as_bytes()).unwrap();
        keys.verify(&jws, allowed, &NoHost, None)
            .map(|_| ())
            .map_err(|refusal| refusal.cause.reason)
    };
    for algorithm in [Algorithm::PS256, Algorithm::PS384, Algorithm::PS512] {
        assert_eq!(verify(algorithm, false), Err(Reason::KeyNotFound), "{algorithm}");
        assert_eq!(verify(algorithm, true), Ok(()), "{algorithm}");
    }
    assert_eq!(verify(Algorithm::RS512, false), Ok(()));
    // A key whose `alg` names it may be used for that and for nothing else.
    for algorithm in [Algorithm::PS256, Algorithm::EdDSA] {
        let named = IssuerKeys::from_set(&key_set([jwk(algorithm, Some("k"))])).unwrap();
        let token = signed(algorithm, Some("k"));
        let jws = Compact::parse(token.as_bytes()).unwrap();
        let allowed = Allowed { algorithms: all, are_named: false };
        assert!(named.verify(&jws, allowed, &NoHost, None).is_ok(), "{algorithm}");
    }
}

#[test]
fn a_token_without_a_kid_is_tried_with_few_keys() {
    let mut many: Vec<Jwk> =
        (0..255).map(|number| without_alg(Some(&format!("k{number}")))).collect();
    many.push(without_alg(None));
    let keys = IssuerKeys::from_set(&key_set(many)).unwrap();
    let asked = |algorithm: Algorithm, key_id: Option<&str>| {
        let header = key_id.map(|id| format!(r#","kid":"{id}""#)).unwrap_or_default();
        let junk =
            compact(Algorithm::RS256, &format!(r#"{{"alg":"{algorithm}"{header}}}"#), "junk");
        let host = Watched { has_time: true, ..Watched::default() };
        let jws = Compact::parse(junk.as_bytes()).unwrap();
        let refusal = keys.verify(&jws, set(&Algorithm::ALL), &host, None).unwrap_err();
        assert_eq!(refusal.cause.reason, Reason::SignatureInvalid);
        host.asked.get()
    };
    assert_eq!(asked(Algorithm::RS256, Some("k7")), 2, "that, and the one without a kid");
    assert_eq!(asked(Algorithm::RS256, None), 4);
    // The one without a `kid` comes first, wherever it stands.
    let good = signed(Algorithm::PS256, None);
    let jws = Compact::parse(good.as_bytes()).unwrap();
    let signer = keys.verify(&jws, set(&Algorithm::ALL), &NoHost, None).unwrap();
    assert_eq!(signer.key_id, None);
}

#[test]
fn what_takes_long_is_tried_with_a_key_and_the_one_that_replaces_it() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES384, Algorithm::ES512, Algorithm::PS256] {
        let keys = key_set((0..256).map(|number| jwk(algorithm, Some(&format!("k{number}")))));
        let keys = IssuerKeys::from_set(&keys).unwrap();
        let verify = |token: &str| {
            let host = Watched { has_time: true, ..Watched::default() };
            let jws = Compact::parse(token.as_bytes()).unwrap();
            let outcome = keys.verify(&jws, set(&[algorithm]), &host, None).map(|_| ());
            (outcome.map_err(|refusal| refusal.cause.reason), host.in_vain.get())
        };
        let signature = signed(algorithm, None).rsplit_once('.').unwrap().1.to_owned();
        let header = format!(r#"{{"alg":"{algorithm}"}}"#);
        let message =
            compact(Algorithm::RS256, &header, "junk").rsplit_once('.').unwrap().0.to_owned();
        let junk = format!("{message}.{signature}");
        assert_eq!(verify(&junk), (Err(Reason::SignatureInvalid), 2), "{algorithm}");
    }
}

#[test]
fn without_time_what_takes_long_is_not_verified() {
    let busy = Watched::default();
    let detail = |algorithm, key_id, known_signer: bool| {
        let keys = keys(algorithm, Some("k"));
        let token = signed(algorithm, key_id);
        let known_signer = known_signer.then(|| keys.entries().next().unwrap().0);
        let outcome = keys.verify(
            &Compact::parse(token.as_bytes()).unwrap(),
            set(&[algorithm]),
            &busy,
            known_signer,
        );
        outcome.map(|signer| signer.backend).map_err(|refusal| refusal.cause.detail)
    };
    for algorithm in [Algorithm::PS256, Algorithm::EdDSA, Algorithm::ES384, Algorithm::ES512] {
        assert_eq!(
            detail(algorithm, Some("k"), false),
            Err(Some(Detail::VerificationLimit)),
            "{algorithm}"
        );
        // What another worker has verified costs nothing, and what no key is for needs no
        // arithmetic.
        assert_eq!(detail(algorithm, Some("k"), true), Ok(Backend::Shared), "{algorithm}");
        assert_eq!(
            detail(algorithm, Some("x"), false),
            Err(Some(Detail::KeyIdUnknown)),
            "{algorithm}"
        );
    }
    assert_eq!(detail(Algorithm::RS256, Some("k"), false), Err(None), "the host has judged it");
}

use super::{Failure, Verified, verify};
use crate::host::UnixSeconds;
use crate::token::testing::{DerHost, NOW, NoHost, claims, compact, issuer, keys, path, token};
use crate::token::{Backend, IssuerRules, Jws};
use crate::{Detail, Reason};
use attache_plugin_config::{Algorithm, Condition, Issuer, Scalar, StringMatch, Test};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

fn decide(text: &str, change: impl FnOnce(&mut Issuer)) -> Result<Verified, Failure> {
    let mut issuer = issuer(Algorithm::ES256);
    change(&mut issuer);
    let keys = keys(Algorithm::ES256, None);
    verify(
        Jws::parse(text.as_bytes()).map_err(|cause| Failure { cause, backend: None })?,
        &IssuerRules::compile(&issuer),
        &keys,
        &NoHost,
        None,
        UnixSeconds(NOW),
    )
}

fn reason(claims: &Value, change: impl FnOnce(&mut Issuer)) -> Option<Reason> {
    decide(&token(Algorithm::ES256, claims), change).err().map(|failure| failure.cause.reason)
}

#[test]
fn a_good_token_is_believed() {
    let verified = decide(&token(Algorithm::ES256, &claims()), |_| ()).unwrap();
    assert_eq!(verified.claims.subject(), Some("user:ann"));
    assert_eq!(verified.times.expires, Some(NOW + 3600));
    assert_eq!((verified.key_id, verified.backend), (None, Backend::Software));
    assert!(keys(Algorithm::ES256, None).has_key(verified.key_fingerprint));
}

#[test]
fn the_host_is_asked_first() {
    let text = token(Algorithm::ES256, &claims());
    let rules = IssuerRules::compile(&issuer(Algorithm::ES256));
    let keys = keys(Algorithm::ES256, None);
    let host = DerHost::default();
    let verified =
        verify(Jws::parse(text.as_bytes()).unwrap(), &rules, &keys, &host, None, UnixSeconds(NOW))
            .unwrap();
    assert_eq!((verified.backend, host.calls.get()), (Backend::Host, 1));
}

#[test]
fn audiences_are_any_of() {
    let demand = |issuer: &mut Issuer| issuer.audiences = vec!["other".into(), "mesh".into()];
    let with = |aud: Value| {
        let mut claims = claims();
        claims["aud"] = aud;
        claims
    };
    assert_eq!(reason(&with(json!("mesh")), demand), None);
    assert_eq!(reason(&with(json!(["x", "mesh"])), demand), None);
    for aud in
        [json!("mes"), json!("Mesh"), json!("mesh "), json!("other,mesh"), json!([]), json!(["x"])]
    {
        assert_eq!(reason(&with(aud), demand), Some(Reason::AudienceMismatch));
    }
    let mut without = claims();
    without.as_object_mut().unwrap().remove("aud");
    assert_eq!(reason(&without, demand), Some(Reason::AudienceMismatch));
    assert_eq!(reason(&without, |_| ()), None);
}

#[test]
fn the_type_is_compared_as_a_media_type() {
    let typed = |typ: &str| {
        compact(Algorithm::ES256, &format!(r#"{{"alg":"ES256"{typ}}}"#), &claims().to_string())
    };
    let demand = |issuer: &mut Issuer| issuer.token_types = vec!["at+jwt".into()];
    for good in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(decide(&typed(&format!(r#","typ":"{good}""#)), demand).is_ok(), "{good}");
    }
    for bad in [r#","typ":"JWT""#, r#","typ":"""#, r#","typ":"logout+jwt""#, ""] {
        assert_eq!(
            decide(&typed(bad), demand).unwrap_err().cause.reason,
            Reason::ClaimMismatch,
            "{bad}"
        );
    }
}

#[test]
fn subjects_and_claims_are_held_to_the_entry() {
    let subject = |wanted: &'static str| {
        move |issuer: &mut Issuer| issuer.subjects = vec![StringMatch::Prefix(wanted.into())]
    };
    assert_eq!(reason(&claims(), subject("user:")), None);
    assert_eq!(reason(&claims(), subject("service:")), Some(Reason::ClaimMismatch));
    let mut nobody = claims();
    nobody.as_object_mut().unwrap().remove("sub");
    assert_eq!(reason(&nobody, subject("")), Some(Reason::ClaimMismatch));

    let org = |issuer: &mut Issuer| {
        issuer.claims = vec![Condition {
            claim: path("org.id"),
            test: Test::In(vec![Scalar::String("acme".into()), Scalar::String("globex".into())]),
        }];
    };
    let mut member = claims();
    member["org"] = json!({"id": "globex"});
    assert_eq!(reason(&member, org), None);
    assert_eq!(reason(&claims(), org), Some(Reason::ClaimMismatch));
}

#[test]
fn the_first_failing_check_is_the_reason() {
    // Everything is wrong with this token; the entry is then put right, one check at a time.
    let everything = |issuer: &mut Issuer| {
        issuer.max_lifetime = Some(Duration::from_secs(1));
        issuer.audiences = vec!["other".into()];
        issuer.token_types = vec!["at+jwt".into()];
        issuer.revoked.subjects.insert("user:ann".into());
    };
    let mut late = claims();
    late["exp"] = json!(1);
    late["nbf"] = json!(NOW + 7200);
    let mut early = late.clone();
    early["exp"] = json!(NOW + 3600);
    let broken = |claims: &Value| {
        let text = token(Algorithm::ES256, claims);
        let swapped = if text.ends_with('A') { "Q" } else { "A" };
        format!("{}{swapped}", text.get(..text.len() - 1).unwrap())
    };
    let unknown = token(Algorithm::ES384, &late);
    let failure = |text: &str, change: &dyn Fn(&mut Issuer)| {
        let Failure { cause, backend } = decide(text, change).unwrap_err();
        (cause.reason, backend)
    };
    let software = Some(Backend::Software);

    let rs = |issuer: &mut Issuer| issuer.algorithms = [Algorithm::RS256].into_iter().collect();
    let of = |reason, backend| (reason, backend);
    assert_eq!(failure(&unknown, &rs), of(Reason::AlgorithmNotAllowed, None));
    let with_es384 = |issuer: &mut Issuer| {
        everything(issuer);
        issuer.algorithms = [Algorithm::ES256, Algorithm::ES384].into_iter().collect();
    };
    assert_eq!(failure(&unknown, &with_es384), of(Reason::KeyNotFound, None));
    assert_eq!(failure(&broken(&late), &everything), of(Reason::SignatureInvalid, software));
    let of = |reason| of(reason, software);
    assert_eq!(failure(&token(Algorithm::ES256, &late), &everything), of(Reason::TokenExpired));
    assert_eq!(
        failure(&token(Algorithm::ES256, &early), &everything),
        of(Reason::TokenNotYetValid)
    );
    let good = token(Algorithm::ES256, &claims());
    assert_eq!(failure(&good, &everything), of(Reason::LifetimeTooLong));
    let but = |put_right: &'static dyn Fn(&mut Issuer)| {
        move |issuer: &mut Issuer| {
            everything(issuer);
            issuer.max_lifetime = None;
            put_right(issuer);
        }
    };
    assert_eq!(failure(&good, &but(&|_| ())), of(Reason::AudienceMismatch));
    assert_eq!(failure(&good, &but(&|issuer| issuer.audiences.clear())), of(Reason::ClaimMismatch));
    let last = but(&|issuer| {
        issuer.audiences.clear();
        issuer.token_types.clear();
    });
    assert_eq!(failure(&good, &last), of(Reason::TokenRevoked));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_changed_character_is_ever_accepted(at in any::<prop::sample::Index>(), new in any::<char>()) {
        let good = token(Algorithm::ES256, &claims());
        let mut characters: Vec<char> = good.chars().collect();
        let place = at.index(characters.len());
        prop_assume!(characters[place] != new);
        characters[place] = new;
        prop_assert!(!accepted(characters.iter().collect::<String>().as_bytes()));
    }

    #[test]
    fn no_flipped_bit_is_ever_accepted(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = token(Algorithm::ES256, &claims()).into_bytes();
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(!accepted(&bytes));
    }
}

fn accepted(token: &[u8]) -> bool {
    let rules = IssuerRules::compile(&issuer(Algorithm::ES256));
    Jws::parse(token).is_ok_and(|jws| {
        verify(jws, &rules, &keys(Algorithm::ES256, None), &NoHost, None, UnixSeconds(NOW)).is_ok()
    })
}

#[test]
fn a_key_without_kid_brings_no_revoked_kid_back() {
    let revoke = |issuer: &mut Issuer| _ = issuer.revoked.key_ids.insert("old".into());
    let verdict = |kid: &str| {
        let header = format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#);
        decide(&compact(Algorithm::ES256, &header, &claims().to_string()), revoke)
    };
    assert_eq!(verdict("old").unwrap_err().cause.detail, Some(Detail::KeyRevoked));
    assert_eq!(
        verdict("new").unwrap().key_id.as_deref(),
        Some("new"),
        "so that the cache can check it again"
    );
}

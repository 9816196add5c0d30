use super::{IssuerRules, media_type};
use crate::claims::Times;
use crate::host::UnixSeconds;
use crate::token::testing::{NOW, issuer};
use crate::{Detail, Reason};
use attache_plugin_config::{Algorithm, Issuer, Revoked};
use std::time::Duration;

fn rules(change: impl FnOnce(&mut Issuer)) -> IssuerRules {
    let mut issuer = issuer(Algorithm::ES256);
    change(&mut issuer);
    IssuerRules::compile(&issuer)
}

fn check(rules: &IssuerRules, expires: Option<u64>, not_before: Option<u64>) -> Result<(), Reason> {
    let times = Times { expires, not_before, issued_at: None };
    rules.check_times(&times, UnixSeconds(NOW)).map_err(|cause| cause.reason)
}

#[test]
fn exp_is_too_late_already_and_nbf_is_early_enough() {
    let rules = rules(|_| ());
    assert_eq!(check(&rules, Some(NOW - 59), None), Ok(()));
    assert_eq!(check(&rules, Some(NOW - 60), None), Err(Reason::TokenExpired));
    assert_eq!(check(&rules, Some(0), None), Err(Reason::TokenExpired));
    assert_eq!(check(&rules, Some(NOW + 1), Some(NOW + 60)), Ok(()));
    assert_eq!(check(&rules, Some(NOW + 1), Some(NOW + 61)), Err(Reason::TokenNotYetValid));
    assert_eq!(check(&rules, Some(u64::MAX), Some(u64::MAX)), Err(Reason::TokenNotYetValid));
    assert_eq!(
        check(&rules, Some(1), Some(u64::MAX)),
        Err(Reason::TokenExpired),
        "expired comes first"
    );
}

#[test]
fn without_skew_the_second_counts() {
    let rules = rules(|issuer| issuer.clock_skew = Duration::ZERO);
    assert_eq!(check(&rules, Some(NOW + 1), Some(NOW)), Ok(()));
    assert_eq!(check(&rules, Some(NOW), None), Err(Reason::TokenExpired));
    assert_eq!(check(&rules, Some(NOW + 1), Some(NOW + 1)), Err(Reason::TokenNotYetValid));
}

#[test]
fn a_lifetime_is_bounded_where_the_entry_says_so() {
    let hour = rules(|issuer| issuer.max_lifetime = Some(Duration::from_secs(3600)));
    assert_eq!(check(&hour, Some(NOW + 3600), None), Ok(()));
    assert_eq!(check(&hour, Some(NOW + 3601), None), Err(Reason::LifetimeTooLong));
    assert_eq!(check(&hour, Some(NOW - 1), None), Ok(()), "expired, but for the skew");
    assert_eq!(check(&hour, None, None), Err(Reason::LifetimeTooLong));
    assert_eq!(check(&rules(|_| ()), None, None), Err(Reason::LifetimeTooLong), "exp is required");
    let endless = rules(|issuer| issuer.require_expiration = false);
    assert_eq!(check(&endless, None, None), Ok(()));
    let bounded = rules(|issuer| {
        issuer.require_expiration = false;
        issuer.max_lifetime = Some(Duration::from_secs(3600));
    });
    assert_eq!(check(&bounded, None, None), Err(Reason::LifetimeTooLong), "no end is no hour");
}

#[test]
fn the_time_of_issue_counts_where_the_entry_asks_for_it() {
    let bounds = |rules: &IssuerRules, expires, issued_at| {
        let named = Times { expires, not_before: Some(5), issued_at };
        let times = rules.bounds(named, UnixSeconds(NOW)).map_err(|cause| cause.reason)?;
        assert_eq!(rules.check_times(&times, UnixSeconds(NOW)), Ok(()), "the cache says the same");
        Ok((times.expires, times.not_before))
    };
    let end = Some(NOW + 9000);
    let unasked = rules(|_| ());
    assert_eq!(bounds(&unasked, end, Some(u64::MAX)), Ok((end, Some(5))), "nobody looks at it");
    let present = rules(|issuer| issuer.require_issued_at = true);
    assert_eq!(bounds(&present, end, None), Err(Reason::LifetimeTooLong));
    assert_eq!(
        bounds(&present, end, Some(0)),
        Ok((end, Some(5))),
        "without an age, any past will do"
    );
    assert_eq!(bounds(&present, end, Some(NOW + 60)), Ok((end, Some(NOW + 60))), "within the skew");
    assert_eq!(bounds(&present, end, Some(NOW + 61)), Err(Reason::TokenNotYetValid));
    let hour = rules(|issuer| {
        issuer.require_issued_at = true;
        issuer.max_age = Some(Duration::from_secs(3600));
    });
    assert_eq!(bounds(&hour, end, None), Err(Reason::LifetimeTooLong));
    assert_eq!(bounds(&hour, end, Some(NOW)), Ok((Some(NOW + 3600), Some(NOW))));
    assert_eq!(
        bounds(&hour, Some(NOW + 1), Some(NOW)),
        Ok((Some(NOW + 1), Some(NOW))),
        "`exp` comes first"
    );
    assert_eq!(
        bounds(&hour, end, Some(NOW - 3659)),
        Ok((Some(NOW - 59), Some(NOW - 3659))),
        "within the skew"
    );
    assert_eq!(bounds(&hour, end, Some(NOW - 3660)), Err(Reason::TokenExpired));
    assert_eq!(bounds(&hour, end, Some(NOW + 61)), Err(Reason::TokenNotYetValid));
    assert_eq!(
        bounds(&hour, end, Some(u64::MAX)),
        Err(Reason::TokenNotYetValid),
        "no end is run past"
    );
}

#[test]
fn revocation_looks_at_all_three_lists() {
    let list = |text: &str| [text.to_owned()].into_iter().collect();
    let rules = rules(|issuer| {
        issuer.revoked = Revoked { token_ids: list("t"), key_ids: list("k"), subjects: list("s") };
    });
    assert_eq!(rules.check_revoked(None, None, None), Ok(()));
    assert_eq!(
        rules.check_revoked(Some("k"), Some("t"), Some("s")),
        Ok(()),
        "each list is its own"
    );
    for (token, subject, key, detail) in [
        (Some("t"), None, None, Detail::TokenIdRevoked),
        (None, Some("s"), None, Detail::SubjectRevoked),
        (None, None, Some("k"), Detail::KeyRevoked),
    ] {
        assert_eq!(rules.check_revoked(token, subject, key), Err(detail));
    }
}

#[test]
fn a_media_type_has_one_name() {
    for (name, same) in [
        ("JWT", "jwt"),
        ("application/at+jwt", "at+jwt"),
        ("Application/AT+JWT", "at+jwt"),
        ("application/a/b", "application/a/b"),
        ("text/jwt", "text/jwt"),
    ] {
        assert_eq!(media_type(name), same);
    }
}

//! What two lists that must both hold come to in one, since Attaché has one list a key where Istio
//! has `from` and `when`.

use super::clause::{Clause, without_repetition};
use attache_plugin_config::StringPattern;

/// What fits both of two values.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Both<T> {
    /// Nothing does.
    Nothing,
    /// What fits this one.
    One(T),
    /// What no single value says.
    Inexpressible,
}

/// Two lists in one.
pub(super) struct Joined<T> {
    pub(super) clause: Clause<T>,
    /// Whether some of what fits both is missing, as no value says it.
    pub(super) lacks_some: bool,
}

/// Joins two lists that must both hold.
pub(super) fn lists<T: Clone + PartialEq>(
    one: Clause<T>,
    other: Clause<T>,
    both: &dyn Fn(&T, &T) -> Both<T>,
) -> Joined<T> {
    let (ones, others) = match (one, other) {
        (Clause::Never, _) | (_, Clause::Never) => {
            return Joined { clause: Clause::Never, lacks_some: false };
        }
        (Clause::Any, clause) | (clause, Clause::Any) => {
            return Joined { clause, lacks_some: false };
        }
        (Clause::These(ones), Clause::These(others)) => (ones, others),
    };
    let (mut these, mut lacks_some) = (Vec::new(), false);
    for one in &ones {
        for other in &others {
            match both(one, other) {
                Both::Nothing => {}
                Both::One(value) => these.push(value),
                Both::Inexpressible => lacks_some = true,
            }
        }
    }
    let these = without_repetition(these);
    Joined {
        clause: if these.is_empty() { Clause::Never } else { Clause::These(these) },
        lacks_some,
    }
}

/// Returns a list without what it must not fit, and that; `None` where nothing is left.
///
/// Attaché refuses a value that stands on both sides.
pub(super) fn without<T: PartialEq>(
    wanted: Clause<T>,
    unwanted: Vec<T>,
) -> Option<(Vec<T>, Vec<T>)> {
    let unwanted = without_repetition(unwanted);
    let asks = matches!(wanted, Clause::These(_));
    let mut wanted = wanted.values()?;
    wanted.retain(|value| !unwanted.contains(value));
    (!asks || !wanted.is_empty()).then_some((wanted, unwanted))
}

/// Returns what fits two values that only equal ones fit.
pub(super) fn equal<T: Clone + PartialEq>(one: &T, other: &T) -> Both<T> {
    if one == other { Both::One(one.to_owned()) } else { Both::Nothing }
}

/// Returns what fits two patterns: `exact`, `prefix*`, `*suffix` and `*`.
pub(super) fn patterns(one: &str, other: &str) -> Both<String> {
    let (Ok(first), Ok(second)) = (StringPattern::parse(one), StringPattern::parse(other)) else {
        return Both::Inexpressible;
    };
    match (&first, &second) {
        (StringPattern::Any, _) => Both::One(other.to_owned()),
        (_, StringPattern::Any) => Both::One(one.to_owned()),
        (StringPattern::Exact(text), pattern) => when(fits(pattern, text), one),
        (pattern, StringPattern::Exact(text)) => when(fits(pattern, text), other),
        (StringPattern::Prefix(short), StringPattern::Prefix(long))
            if long.starts_with(short.as_str()) =>
        {
            Both::One(other.to_owned())
        }
        (StringPattern::Prefix(long), StringPattern::Prefix(short)) => {
            when(long.starts_with(short.as_str()), one)
        }
        (StringPattern::Suffix(short), StringPattern::Suffix(long))
            if long.ends_with(short.as_str()) =>
        {
            Both::One(other.to_owned())
        }
        (StringPattern::Suffix(long), StringPattern::Suffix(short)) => {
            when(long.ends_with(short.as_str()), one)
        }
        (StringPattern::Prefix(_), StringPattern::Suffix(_))
        | (StringPattern::Suffix(_), StringPattern::Prefix(_)) => Both::Inexpressible,
    }
}

/// Returns what fits two blocks of addresses: the smaller, where it lies in the other.
pub(super) fn blocks(one: &str, other: &str) -> Both<String> {
    if holds(one, other) { Both::One(other.to_owned()) } else { when(holds(other, one), one) }
}

fn when(fits: bool, value: &str) -> Both<String> {
    if fits { Both::One(value.to_owned()) } else { Both::Nothing }
}

fn fits(pattern: &StringPattern, text: &str) -> bool {
    match pattern {
        StringPattern::Exact(exact) => exact == text,
        StringPattern::Prefix(start) => text.starts_with(start.as_str()),
        StringPattern::Suffix(end) => text.ends_with(end.as_str()),
        StringPattern::Any => true,
    }
}

/// Returns whether a block holds all of another.
fn holds(outer: &str, inner: &str) -> bool {
    use attache_plugin_config::IpBlock;
    let (Ok(outer), Ok(inner)) = (IpBlock::parse(outer), IpBlock::parse(inner)) else {
        return false;
    };
    let same_bits = match (outer.address, inner.address) {
        (std::net::IpAddr::V4(one), std::net::IpAddr::V4(other)) => {
            (one.to_bits() ^ other.to_bits()).leading_zeros()
        }
        (std::net::IpAddr::V6(one), std::net::IpAddr::V6(other)) => {
            (one.to_bits() ^ other.to_bits()).leading_zeros()
        }
        _ => return false,
    };
    outer.prefix <= inner.prefix && same_bits >= u32::from(outer.prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(one: &str, other: &str, both: fn(&str, &str) -> Both<String>) -> Both<String> {
        both(one, other)
    }

    #[test]
    fn the_narrower_of_two_patterns_is_left() {
        for (one, other, left) in [
            ("*", "a*", "a*"),
            ("a*", "ab*", "ab*"),
            ("*c", "*bc", "*bc"),
            ("abc", "a*", "abc"),
            ("*c", "abc", "abc"),
        ] {
            assert_eq!(joined(one, other, patterns), Both::One(left.to_owned()), "{one} {other}");
            assert_eq!(joined(other, one, patterns), Both::One(left.to_owned()), "{other} {one}");
        }
        assert_eq!(joined("a*", "b*", patterns), Both::Nothing);
        assert_eq!(joined("a*", "*c", patterns), Both::Inexpressible);
    }

    #[test]
    fn the_smaller_of_two_blocks_is_left() {
        let one = Both::One("10.1.0.0/16".to_owned());
        assert_eq!(joined("10.0.0.0/8", "10.1.0.0/16", blocks), one);
        assert_eq!(joined("10.0.0.0/8", "11.1.0.0/16", blocks), Both::Nothing);
        assert_eq!(joined("0.0.0.0/0", "::/0", blocks), Both::Nothing);
    }
}

//! Conditions that cannot hold together.

use super::Checker;
use crate::{Condition, Scalar, Test};
use attache_config_reader::{PathRef, quote};

/// Reports every condition that contradicts an earlier one on the same claim.
#[inline(never)]
pub(super) fn check(conditions: &[(usize, Condition)], at: &PathRef<'_>, checker: &mut Checker) {
    for (position, (index, condition)) in conditions.iter().enumerate() {
        let earlier = conditions.iter().take(position);
        let other =
            earlier.filter(|(_, other)| other.claim == condition.claim).find(|(_, other)| {
                excludes(&condition.test, &other.test) || excludes(&other.test, &condition.test)
            });
        if let Some((other, _)) = other {
            let claim = quote(&condition.claim.to_string());
            let message =
                format!("this and entry {other} on {claim} never hold together; keep one of them");
            checker.error(&at.index(*index), message);
        }
        if let Test::EqualsClaim(other) = &condition.test
            && *other == condition.claim
        {
            checker.error(
                &at.index(*index),
                "a claim equals itself; to ask for presence use `exists: true`",
            );
        }
    }
}

/// Returns whether no claim passes both. A list claim passes if any element does, so two values may
/// well be equal to it.
fn excludes(one: &Test, other: &Test) -> bool {
    match one {
        Test::Exists(false) => !other.holds_of_nothing(),
        Test::Equals(value) | Test::Contains(value) => match other {
            Test::NotEquals(not) => value == not,
            Test::NotIn(not) => not.contains(value),
            _ => false,
        },
        Test::In(values) => match other {
            Test::NotEquals(not) => all_in(values, std::slice::from_ref(not)),
            Test::NotIn(not) => all_in(values, not),
            _ => false,
        },
        Test::LessThan(below) => matches!(other, Test::GreaterThan(above) if below <= above),
        // Whatever they exclude is said above, from the other's side, or is not known before there
        // is a request.
        Test::NotEquals(_) | Test::NotIn(_) | Test::Exists(true) | Test::GreaterThan(_) => false,
        Test::Prefix(_) | Test::Suffix(_) | Test::Matches(_) => false,
        Test::EqualsPath(_) | Test::EqualsHeader(_) | Test::EqualsClaim(_) => false,
    }
}

fn all_in(values: &[Scalar], not: &[Scalar]) -> bool {
    !values.is_empty() && values.iter().all(|value| not.contains(value))
}

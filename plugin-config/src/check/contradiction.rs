//! Conditions that cannot hold together.

use super::Checker;
use crate::{Condition, Scalar, Test};
use attache_config_reader::{PathRef, quote};

/// Reports every condition that contradicts an earlier one on the same claim.
pub(super) fn check(conditions: &[(usize, Condition)], at: &PathRef<'_>, checker: &mut Checker) {
    for (position, (index, condition)) in conditions.iter().enumerate() {
        let earlier = conditions.iter().take(position);
        let other = earlier.filter(|(_, other)| other.claim == condition.claim).find(|(_, other)| {
            excludes(&condition.test, &other.test) || excludes(&other.test, &condition.test)
        });
        if let Some((other, _)) = other {
            let claim = quote(&condition.claim.to_string());
            let message = format!("this and entry {other} on {claim} never hold together; keep one of them");
            checker.error(&at.index(*index), message);
        }
        if let Test::EqualsClaim(other) = &condition.test
            && *other == condition.claim
        {
            checker.error(&at.index(*index), "a claim equals itself; to ask for presence use `exists: true`");
        }
    }
}

/// Returns whether no claim passes both. A list claim passes if any element does, so two values may well be equal to it.
fn excludes(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::Exists(false), Test::Exists(here)) => *here,
        (Test::Exists(false), Test::NotEquals(_) | Test::NotIn(_)) => false,
        (Test::Exists(false), _) => true,
        (Test::Equals(value), Test::NotEquals(not)) => value == not,
        (Test::Equals(value) | Test::Contains(value), Test::NotIn(not)) => not.contains(value),
        (Test::Contains(value), Test::NotEquals(not)) => value == not,
        (Test::In(values), Test::NotEquals(not)) => all_in(values, std::slice::from_ref(not)),
        (Test::In(values), Test::NotIn(not)) => all_in(values, not),
        (Test::LessThan(below), Test::GreaterThan(above)) => below <= above,
        _ => false,
    }
}

fn all_in(values: &[Scalar], not: &[Scalar]) -> bool {
    !values.is_empty() && values.iter().all(|value| not.contains(value))
}

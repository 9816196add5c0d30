//! Values in an order, and by what they share, with one sort for all of them: a map or a sort of its
//! own for each type is some kilobytes of code.

use std::cmp::Ordering;

/// Sorts values; equal ones stay as they stand.
pub(crate) fn sorted<T>(values: Vec<T>, compare: fn(&T, &T) -> Ordering) -> Vec<T> {
    let places = places(values.len(), &|one, other| match (values.get(one), values.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    });
    let mut values: Vec<Option<T>> = values.into_iter().map(Some).collect();
    places.into_iter().filter_map(|place| values.get_mut(place)?.take()).collect()
}

/// Returns the values of each key, in the order of the keys; those of one key as they stand.
pub(crate) fn grouped<K: Ord, V>(pairs: Vec<(K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in sorted(pairs, |one, other| one.0.cmp(&other.0)) {
        match groups.last_mut() {
            Some((last, values)) if *last == key => values.push(value),
            _ => groups.push((key, vec![value])),
        }
    }
    groups
}

/// Returns the places of so many values in their order.
#[inline(never)]
fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_unstable_by(|one, other| compare(*one, *other).then(one.cmp(other)));
    places
}

#[cfg(test)]
mod tests {
    use super::{grouped, sorted};
    use std::collections::BTreeMap;

    #[test]
    fn equal_values_stay_as_they_stand() {
        let words = vec!["bb", "a", "cc", "", "b"];
        let by_length = sorted(words, |one, other| one.len().cmp(&other.len()));
        assert_eq!(by_length, ["", "a", "b", "bb", "cc"]);
        assert!(sorted(Vec::<u8>::new(), u8::cmp).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn values_come_by_their_key(
            pairs in proptest::collection::vec((0_u8..9, proptest::num::u16::ANY), 0..60),
        ) {
            let mut expected: BTreeMap<u8, Vec<u16>> = BTreeMap::new();
            for (key, value) in &pairs {
                expected.entry(*key).or_default().push(*value);
            }
            proptest::prop_assert_eq!(grouped(pairs), expected.into_iter().collect::<Vec<_>>());
        }
    }
}

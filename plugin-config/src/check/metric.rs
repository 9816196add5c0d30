//! Names that become parts of metrics.

use super::Checker;
use crate::json::{Fault, Place, quote};
use std::collections::BTreeMap;

/// Notes every name whose series would be another's: to Prometheus `-`, `_` and `.` are one character.
///
/// What is equal byte for byte in one list is noted where names must be unique.
pub(super) fn apart(names: impl Iterator<Item = (Place, String)>, what: &str, checker: &mut Checker) {
    let mut seen: BTreeMap<String, (Place, String)> = BTreeMap::new();
    for (place, name) in names {
        let series = name.replace(['-', '.'], "_");
        match seen.get(&series) {
            // A second policy of the same name has the same rules, and is at fault itself.
            Some((first, other)) if *other != name || !is_beside(first, &place) => {
                let message = format!(
                    "{} counts in the same metric as {} (`{first}`), where `-`, `_` and `.` are one; let the {what} \
                     differ in more than these",
                    quote(&name),
                    quote(other)
                );
                checker.faults.push(Fault { place, message });
            }
            Some(_) => {}
            None => {
                seen.insert(series, (place, name));
            }
        }
    }
}

/// Whether two places are members of elements of one list.
fn is_beside(one: &Place, other: &Place) -> bool {
    let list =
        |place: &Place| place.0.len().checked_sub(2).and_then(|end| place.0.get(..end).map(<[_]>::to_vec));
    list(one) == list(other)
}

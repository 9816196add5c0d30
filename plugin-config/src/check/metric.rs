//! Names that become parts of metrics.

use super::Checker;
use attache_config_reader::{Diagnostic, Path, quote};
use std::collections::BTreeMap;

/// Notes every name whose series would be another's: to Prometheus `-`, `_` and `.` are one
/// character.
///
/// What is equal byte for byte in one list is noted where names must be unique.
#[inline(never)]
pub(super) fn apart(
    names: &mut dyn Iterator<Item = (Path, String)>,
    what: &str,
    checker: &mut Checker,
) {
    let mut seen: BTreeMap<String, (Path, String)> = BTreeMap::new();
    for (path, name) in names {
        let series = name.replace(['-', '.'], "_");
        match seen.get(&series) {
            // A second policy of the same name has the same rules, and is at fault itself.
            Some((first, other)) if *other != name || !is_beside(first, &path) => {
                let message = format!(
                    "{} counts in the same metric as {} (`{first}`), where `-`, `_` and `.` are one; let the {what} \
                     differ in more than these",
                    quote(&name),
                    quote(other)
                );
                checker.report.add(Diagnostic::error(path, message));
            }
            Some(_) => {}
            None => {
                seen.insert(series, (path, name));
            }
        }
    }
}

/// Returns whether two paths lead to members of elements of one list.
fn is_beside(one: &Path, other: &Path) -> bool {
    let list = |path: &Path| path.steps().split_last_chunk::<2>().map(|(list, _)| list.to_vec());
    list(one) == list(other)
}

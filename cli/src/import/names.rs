//! Names of issuers and policies, which Attaché wants apart from each other in metrics too, where
//! `-`, `_` and `.` are one.

use std::collections::BTreeSet;

/// The longest name, in bytes.
const MAX_BYTES: usize = 63;

/// Names that were given.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Returns the first of these names that is free, in the form of a name, or the last with a
    /// number.
    pub(super) fn give(&mut self, wanted: &[String]) -> String {
        for name in wanted {
            if let Some(name) = self.take(shortened(name, MAX_BYTES)) {
                return name;
            }
        }
        let last = wanted.last().map(String::as_str).unwrap_or_default();
        // Four digits and a hyphen less; more than ten thousand resources of one name are none of
        // this world.
        let start = shortened(last, MAX_BYTES.saturating_sub(5));
        let numbered = (2..10_000).find_map(|number| self.take(format!("{start}-{number}")));
        numbered.unwrap_or(start)
    }

    fn take(&mut self, name: String) -> Option<String> {
        self.0.insert(name.replace(['-', '.'], "_")).then_some(name)
    }
}

/// Returns a name of the characters that one may have, without what is too much.
fn shortened(text: &str, max: usize) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') => c,
        _ => '-',
    };
    let name: String = text.chars().map(plain).take(max).collect();
    let name = name.trim_matches(['-', '_', '.']);
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_in_more_than_their_hyphens() {
        let mut names = Names::default();
        let mut give = |wanted: &[&str]| {
            names.give(&wanted.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(give(&["orders", "shop.orders"]), "orders");
        assert_eq!(give(&["orders", "pay.orders"]), "pay.orders");
        assert_eq!(give(&["pay-orders"]), "pay-orders-2");
        assert_eq!(give(&["-Ä-"]), "unnamed");
        assert_eq!(give(&["x".repeat(99).as_str()]).len(), 63);
        assert_eq!(give(&["x".repeat(99).as_str()]).len(), 60);
    }
}

//! What Envoy's admin interface tells.

use std::collections::BTreeMap;

/// Counters and gauges at one moment. One that was never counted is 0.
#[derive(Clone, Debug, Default)]
pub struct Stats(BTreeMap<String, u64>);

impl Stats {
    /// Reads the text form: `name: value` a line; what is no number is left out.
    pub(crate) fn parse(text: &str) -> Self {
        let number = |line: &str| {
            let (name, value) = line.rsplit_once(": ")?;
            Some((name.to_owned(), value.trim().parse().ok()?))
        };
        Self(text.lines().filter_map(number).collect())
    }

    /// One of them by its name.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// The sum of those whose name fits.
    pub fn sum(&self, fits: impl Fn(&str) -> bool) -> u64 {
        self.0
            .iter()
            .filter(|(name, _)| fits(name))
            .fold(0, |sum, (_, value)| sum.saturating_add(*value))
    }

    /// What the filter counted, by the names it gave: Envoy puts `wasmcustom.attache.` before them.
    pub fn of_filter(&self) -> BTreeMap<&str, u64> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("wasmcustom.attache.")?, *value)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_the_rest_is_left_out() {
        let stats = Stats::parse(
            "a.b: 3\nwasmcustom.attache.requests.allowed: 2\nc: \"text\"\nd: No recorded values\n",
        );
        assert_eq!((stats.get("a.b"), stats.get("c"), stats.get("none")), (3, 0, 0));
        assert_eq!(stats.of_filter(), BTreeMap::from([("requests.allowed", 2)]));
    }
}

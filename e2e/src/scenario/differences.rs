//! What differs between what came and what was expected.

use super::Match;
use super::placeholders::Placeholders;
use anyhow::Result;
use serde_json::Value;

/// What was expected and did not come, a difference a text.
#[derive(Default)]
pub(super) struct Differences(pub(super) Vec<String>);

impl Differences {
    /// Notes a difference, unless there is none.
    pub(super) fn unless(
        &mut self,
        holds: bool,
        what: &str,
        expected: &dyn std::fmt::Debug,
        came: &dyn std::fmt::Debug,
    ) {
        if !holds {
            self.0.push(format!("{what}\n  expected: {expected:?}\n  came:     {came:?}"));
        }
    }

    /// Compares what came with the only thing that it may be.
    pub(super) fn equal<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        expected: T,
        came: T,
    ) {
        let holds = expected == came;
        self.unless(holds, what, &expected, &came);
    }

    /// Compares the values of one name with what they must be.
    pub(super) fn matches(
        &mut self,
        what: &str,
        expected: &Match,
        came: &[&str],
        placeholders: &Placeholders,
    ) -> Result<()> {
        let holds = match expected {
            Match::Is(text) => came == [placeholders.text(text)?.as_str()],
            Match::Are(texts) => came == *texts,
            Match::Contains { contains } => {
                came.iter().any(|value| value.contains(contains.as_str()))
            }
            Match::Absent { absent } => came.is_empty() == *absent,
        };
        self.unless(holds, what, expected, &came);
        Ok(())
    }
}

/// Whether a value is the expected one; of an object only the expected members count.
pub(super) fn covers(expected: &Value, came: &Value) -> bool {
    match (expected, came) {
        (Value::Object(expected), Value::Object(came)) => expected
            .iter()
            .all(|(name, value)| covers(value, came.get(name).unwrap_or(&Value::Null))),
        _ => expected == came,
    }
}

//! What is passed over in folders, and among resources.

use crate::counted::counted;
use std::fmt;

/// How much was passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// Resources of other kinds.
    pub(crate) resources: usize,
    /// Resources that load another module.
    pub(crate) plugins: usize,
    /// Documents of a folder that are no resource and have no `issuers`, and templates of charts.
    pub(crate) documents: usize,
    /// Files and folders whose name begins with a dot.
    pub(crate) hidden: usize,
}

impl Skipped {
    /// Tells people, and no program that reads what a command writes, where anything was passed
    /// over.
    pub(crate) fn tell(self) {
        if self != Self::default() {
            anstream::eprintln!("note: {}", self.to_string().trim_start_matches(", "));
        }
    }
}

/// Writes `, passed over 2 other resources and 1 hidden path`, or nothing.
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.resources, "other resource"),
            (self.plugins, "other module"),
            (self.documents, "other document"),
            (self.hidden, "hidden path"),
        ];
        let counts: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| counted(count, noun))
            .collect();
        if counts.is_empty() {
            return Ok(());
        }
        write!(f, ", passed over {}", counts.join(" and "))
    }
}

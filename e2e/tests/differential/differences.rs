//! The written list of differences, and that each of them occurs.

use crate::pair::Verdict;
use anyhow::{Result, ensure};
use attache_e2e::{repository, yaml};
use serde::Deserialize;
use std::collections::BTreeSet;

/// `e2e/differential.yaml`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Differences {
    tokens: Vec<Difference>,
    policies: Vec<Difference>,
}

/// A request on which the two sides differ.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Difference {
    /// What is odd about the request: one thing, or several with commas between, of which it must
    /// have all.
    case: String,
    /// Attaché refuses it for this reason, and Envoy lets it through.
    reason: Option<String>,
    /// Envoy refuses it with this text, and Attaché lets it through.
    envoy: Option<String>,
    why: String,
}

/// Compares verdicts.
pub(crate) struct Judge {
    differences: Vec<Difference>,
    seen: BTreeSet<usize>,
    complaints: Vec<String>,
    pub(crate) agreed: [u64; 2],
    pub(crate) differed: u64,
}

impl Judge {
    pub(crate) fn of_tokens() -> Result<Self> {
        Ok(Self::new(read()?.tokens))
    }

    pub(crate) fn of_policies() -> Result<Self> {
        Ok(Self::new(read()?.policies))
    }

    fn new(differences: Vec<Difference>) -> Self {
        Self {
            differences,
            seen: BTreeSet::new(),
            complaints: Vec::new(),
            agreed: [0, 0],
            differed: 0,
        }
    }

    /// Notes the verdicts on a request that is odd in these ways.
    pub(crate) fn note(&mut self, cases: &[&str], what: &str, [native, attache]: &[Verdict; 2]) {
        if native.allowed == attache.allowed {
            self.agreed[usize::from(native.allowed)] += 1;
            return;
        }
        let listed = self.differences.iter().position(|listed| {
            let refusal = if native.allowed {
                listed
                    .reason
                    .as_ref()
                    .is_some_and(|reason| attache.said.contains(&format!("\"{reason}\"")))
            } else {
                listed.envoy.as_ref().is_some_and(|text| native.said.contains(text))
            };
            refusal && listed.case.split(", ").all(|case| cases.contains(&case))
        });
        match listed {
            Some(index) => {
                self.seen.insert(index);
                self.differed += 1;
            }
            None => {
                let head =
                    format!("{cases:?}\n  Envoy: {}\n  Attaché: {}", native.said, attache.said);
                // One example of each kind will do.
                if !self.complaints.iter().any(|complaint| complaint.starts_with(&head)) {
                    self.complaints.push(format!("{head}\n  {what}"));
                }
            }
        }
    }

    /// Fails where a difference is not listed, or a listed one never occurred.
    pub(crate) fn finish(self) -> Result<()> {
        let unseen: Vec<String> = (self.differences.iter().enumerate())
            .filter(|(index, _)| !self.seen.contains(index))
            .map(|(_, listed)| format!("{}: {}", listed.case, listed.why))
            .collect();
        ensure!(
            self.complaints.is_empty(),
            "{} differences that e2e/differential.yaml does not list:\n{}",
            self.complaints.len(),
            self.complaints.join("\n")
        );
        ensure!(
            unseen.is_empty(),
            "listed in e2e/differential.yaml and never seen:\n{}",
            unseen.join("\n")
        );
        Ok(())
    }
}

fn read() -> Result<Differences> {
    Ok(serde_json::from_value(yaml::read(&repository().join("e2e/differential.yaml"))?)?)
}

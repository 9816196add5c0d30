//! Finds the rules that may be for a path, without looking at all.

use super::PlacedRule;
use super::covers::head;
use attache_plugin_config::PathPattern;
use std::collections::HashMap;

/// How many rules are compared with one: past them a rule that is covered is not told of.
const MAX_COMPARED: usize = 256;

/// Rules by what their paths begin with.
#[derive(Default)]
pub(super) struct RuleIndex<'c> {
    /// Those with an entry for paths of any beginning.
    anywhere: Vec<PlacedRule<'c>>,
    by_head: HashMap<String, Vec<PlacedRule<'c>>>,
}

impl<'c> RuleIndex<'c> {
    pub(super) fn add(&mut self, placed: PlacedRule<'c>) {
        let mut heads: Vec<Option<String>> = Vec::new();
        if placed.rule.to.is_empty() {
            heads.push(None);
        }
        for operation in &placed.rule.to {
            if operation.paths.is_empty() {
                heads.push(None);
            }
            heads.extend(operation.paths.iter().map(beginning));
        }
        heads.sort_unstable();
        heads.dedup();
        for head in heads {
            match head {
                None => self.anywhere.push(placed),
                Some(head) => self.by_head.entry(head).or_default().push(placed),
            }
        }
    }

    /// Returns the rules that may cover a path (`None`: all paths), those with the same beginning
    /// first, [`MAX_COMPARED`] at most.
    pub(super) fn covering(
        &self,
        path: Option<&PathPattern>,
    ) -> impl Iterator<Item = PlacedRule<'c>> {
        let text = path.and_then(beginning).unwrap_or_default();
        let heads =
            text.char_indices().map(|(at, letter)| at.saturating_add(letter.len_utf8())).rev();
        let by_head: Vec<&Vec<PlacedRule<'c>>> =
            heads.filter_map(|end| self.by_head.get(text.get(..end)?)).collect();
        by_head.into_iter().flatten().chain(&self.anywhere).copied().take(MAX_COMPARED)
    }
}

/// Returns what every path of a pattern begins with; `None` where that may be anything.
fn beginning(pattern: &PathPattern) -> Option<String> {
    match pattern {
        PathPattern::Exact(text) | PathPattern::Prefix(text) => Some(text.clone()),
        PathPattern::Template(segments) => Some(head(segments)).filter(|head| !head.is_empty()),
        PathPattern::Suffix(_) | PathPattern::Any => None,
    }
}

//! Mutants of a configuration, each with one clause changed, and whether the tests of its policies
//! notice.
//!
//! What is changed is the document and not what is compiled from it, so that a mutant has a line of
//! the source. Each of the files named after a part of the document says what may be changed there.

mod clause;
mod conditions;
mod document;
mod edit;
mod issuers;
mod lists;
mod mutation;
mod operations;
mod path_pattern;
mod policies;
mod report;
mod run;
mod settings;

pub(crate) use mutation::Mutation;
pub(crate) use report::{json, text};
pub(crate) use run::{Limits, Score, Subjects, Survivor, run};

use attache_config_reader::Node;

/// Returns every mutant of a configuration, in the order of the document.
pub(crate) fn mutations(configuration: &Node) -> Vec<Mutation> {
    let mut mutations = Vec::new();
    issuers::add(configuration, &mut mutations);
    policies::add(configuration, &mut mutations);
    settings::add(configuration, &mut mutations);
    mutations
}

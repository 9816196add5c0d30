//! What must hold of all requests, and whether it does.

mod assertion;
mod document;
mod doubts;
mod find;
mod read;
mod report;
mod run;
mod schema;

#[cfg(test)]
pub(crate) use assertion::Assertion;
pub(crate) use find::find;
pub(crate) use read::{ProofFile, ProofFileError};
pub(crate) use report::{json, text};
#[cfg(test)]
pub(crate) use run::Answer;
pub(crate) use run::prove;
pub(crate) use schema::schema;

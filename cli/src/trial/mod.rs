//! Tests of policies: files of requests and what must become of each.

mod document;
mod expect;
mod faults;
mod file;
mod find;
mod junit;
mod prepared;
mod run;
mod text_match;

pub(crate) use find::find;
pub(crate) use junit::junit;
pub(crate) use prepared::Prepared;
pub(crate) use run::{Suite, read};

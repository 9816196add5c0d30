//! Tests of policies: files of requests and what must become of each.

mod expect;
mod file;
mod junit;
mod run;

pub(crate) use file::find;
pub(crate) use junit::junit;
pub(crate) use run::Suite;

//! Texts that no pattern tells apart: which classes of them there are, and the shortest text of
//! each.

mod expression;
mod languages;
mod letters;
mod program;
mod search;

pub(super) use expression::Expression;
pub(super) use languages::Languages;
pub(super) use program::{Letters, Program};

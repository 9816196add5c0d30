//! Patterns, and the texts that they tell apart.

use super::expression::Expression;
use super::program::Program;

/// Patterns, and which texts there are at all.
#[derive(Default)]
pub(in super::super) struct Languages {
    pub(in super::super) programs: Vec<Program>,
    pub(in super::super) expressions: Vec<Expression>,
    /// Letters that are tried everywhere.
    pub(in super::super) letters: &'static str,
    /// Texts that this does not match are none.
    pub(in super::super) form: Option<Expression>,
}

/// A class of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct TextClass {
    /// A short one.
    pub(in super::super) text: String,
    /// The programs that match them, in order.
    pub(in super::super) programs: Vec<usize>,
}

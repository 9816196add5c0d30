//! Why a text can't be read.

use super::Position;

/// Why a text is neither YAML nor JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not valid YAML: {message} at line {} column {}", position.line, position.column)]
pub struct SyntaxError {
    /// Where reading ended.
    pub position: Position,
    /// What is wrong there, lower case.
    pub message: String,
}

impl SyntaxError {
    pub(super) fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

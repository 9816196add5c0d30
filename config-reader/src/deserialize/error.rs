//! Why a node could not be read.

use crate::problem::{A_BOOLEAN, mismatch, missing_key, unknown_word};
use crate::{Path, Step, quote};
use serde::de::{Error, Expected, Unexpected};
use std::fmt;

/// What a message calls the value of a key below which nothing stands.
const NULL: &str = "null";

/// Why a node could not be read, and where: the error of `&Node` as a serde
/// [`Deserializer`](serde::Deserializer).
///
/// It is one pointer wide, for it is part of what reading each member of each type returns.
#[derive(Debug)]
pub struct ReadError(Box<Located>);

/// What is wrong at which place.
#[derive(Debug)]
struct Located {
    /// From the inside out.
    steps: Vec<Step>,
    problem: Problem,
}

/// Why a node could not be read.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The value itself is wrong.
    Value(String),
    /// An object has a member that it may not have; those that it may have.
    UnknownKey { key: String, known: &'static [&'static str] },
    /// An object lacks a member.
    MissingKey(&'static str),
    /// `null` stands where something else must: what that is, in a few words.
    Null(String),
    /// A key that may be left out has `null` for a value: what may stand there.
    NoValue(String),
}

impl ReadError {
    pub(super) fn new(problem: Problem) -> Self {
        Self(Box::new(Located { steps: Vec::new(), problem }))
    }

    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.steps.push(step);
        self
    }

    /// Creates the error of a value of another kind than the one that belongs there.
    pub(super) fn mismatch(expected: &str, got: &str) -> Self {
        Self::new(match got {
            NULL => Problem::Null(expected.to_owned()),
            _ => Problem::Value(mismatch(expected, got)),
        })
    }

    /// Returns what is wrong, wherever it is.
    pub(super) fn into_problem(self) -> Problem {
        self.0.problem
    }

    /// Returns what is wrong and where.
    pub(crate) fn into_parts(self) -> (Path, Problem) {
        let Located { mut steps, problem } = *self.0;
        steps.reverse();
        (Path(steps), problem)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.problem {
            Problem::Value(message) => f.write_str(message),
            Problem::UnknownKey { key, .. } => write!(f, "unknown key {}", quote(key)),
            Problem::MissingKey(key) => f.write_str(&missing_key(key)),
            Problem::Null(expected) => f.write_str(&mismatch(expected, NULL)),
            Problem::NoValue(expected) => {
                write!(f, "no value; write {expected}, or leave the key out")
            }
        }
    }
}

impl std::error::Error for ReadError {}

impl Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Value(message.to_string()))
    }

    /// Creates the error without the value: it may be a secret at the wrong place.
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let got = match unexpected {
            Unexpected::Bool(_) => A_BOOLEAN,
            Unexpected::Float(_) | Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a number",
            Unexpected::Str(_) => "a string",
            Unexpected::Seq => "a list",
            Unexpected::Map => "an object",
            _ => NULL,
        };
        let expected = expected.to_string();
        let expected = match expected.as_str() {
            "a sequence" => "a list",
            "a map" => "an object",
            "a boolean" => "true or false",
            "f64" => "a number",
            "u16" | "u32" => "a whole number",
            text if text.starts_with("struct ") => "an object",
            text => text,
        };
        Self::mismatch(expected, got)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::Value(unknown_word(variant, expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownKey { key: field.to_owned(), known: expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::MissingKey(field))
    }
}

//! One text, with the positions of everything in it.

use super::secrets::Secrets;
use crate::shown::escaped;
use attache_config_reader::{Position, SourceDocument, SourceText, SyntaxError};
use serde::de::IgnoredAny;
use std::cell::OnceCell;
use std::fmt::Display;

/// One text: of a file, the standard input or a cluster.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Its path as it was given, or what stands for it: `<stdin>`.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) text: String,
    /// Whether it is JSON, and not only YAML.
    pub(crate) is_json: bool,
    /// Its documents; none where it can't be read.
    pub(crate) documents: Vec<SourceDocument>,
    /// What of it nobody is told, once somebody asks.
    secrets: OnceCell<Secrets>,
}

impl SourceFile {
    /// Reads a text. What can't be read is kept, so that the place of its error can be shown.
    pub(crate) fn new(name: String, text: String) -> (Self, Option<SyntaxError>) {
        let (is_json, documents) = match read(&name, &text) {
            Ok(read) => read,
            Err(error) => {
                let secrets = OnceCell::new();
                return (
                    Self { name, text, is_json: false, documents: Vec::new(), secrets },
                    Some(error),
                );
            }
        };
        (Self { name, text, is_json, documents, secrets: OnceCell::new() }, None)
    }

    /// Returns what is wrong with it, behind its name and without its secrets.
    pub(crate) fn told(&self, error: &dyn Display) -> String {
        format!("{}: {}", escaped(&self.name), self.secrets().redacted(&error.to_string()))
    }

    /// Returns its secrets, and what of it may be shown.
    pub(crate) fn secrets(&self) -> &Secrets {
        self.secrets.get_or_init(|| Secrets::of(&self.text, &self.documents))
    }

    /// Returns a place of the text by its line and column, from 1.
    fn position(text: &str, line: usize, column: usize) -> Position {
        let before: usize =
            text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let byte = before.saturating_add(column.saturating_sub(1)).min(text.len());
        Position { line: line.max(1), column: column.max(1), byte }
    }
}

/// Returns whether a text is JSON, and its documents.
fn read(name: &str, text: &str) -> Result<(bool, Vec<SourceDocument>), SyntaxError> {
    let json = serde_json::from_str::<IgnoredAny>(text);
    // What is called JSON is read as such by others too.
    if let Err(error) = &json
        && name.ends_with(".json")
    {
        let position = SourceFile::position(text, error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        return Err(SyntaxError { position, message: format!("not JSON: {message}") });
    }
    Ok((json.is_ok(), SourceText::parse(text)?.documents().to_vec()))
}

//! What walks through a document's tables.

use super::{Elements, Fields, Key, Value};
use crate::document::{MAX_ERRORS, invalidate, no_value, unknown_key};
use crate::problem::{mismatch, missing_key, unknown_word};
use crate::{Diagnostic, ForeignKey, Node, Path, PathRef, Report, Reported};

/// Reads a document into its types by their tables.
///
/// Every error is noted in one pass, and its place is marked as invalid, in the report and in the
/// tree, so that no check takes offence at what only follows from it. Where an element, or a key
/// that must be there, could not be read, a [`Slot`](crate::Slot) says so.
///
/// ```
/// use attache_config_reader::{Node, Object, Report, Slot, read_by_table, read_json};
///
/// #[derive(Object)]
/// struct Server {
///     port: Slot<u32>,
///     host_name: Option<String>,
/// }
///
/// let mut report = Report::default();
/// let mut tree = read_json(br#"{"prot": 80, "hostName": true}"#, &mut Vec::new()).unwrap();
/// let server = read_by_table::<Server>(&mut tree, &[], &mut report);
/// assert!(server.is_ok_and(|server| server.port.get().is_err() && server.host_name.is_none()));
/// let refused = report.finish(Ok(()), &tree).unwrap_err();
/// let messages: Vec<String> = refused.iter().map(ToString::to_string).collect();
/// assert_eq!(
///     messages,
///     [
///         "`port` is missing",
///         "prot: unknown key `prot`; did you mean `port`?",
///         "hostName: expected a string, got a Boolean, as YAML reads a bare yes, no, on, off, y or n; put it in quotes",
///     ]
/// );
/// ```
///
/// # Errors
/// The document itself is of another kind, or has too many errors.
pub fn read_by_table<D: Value>(
    tree: &mut Node,
    foreign_keys: &[ForeignKey],
    report: &mut Report,
) -> Result<D, Reported> {
    let mut reader = Reader { report, foreign_keys, invalid: Vec::new(), gave_up: None };
    let document = D::read(tree, &PathRef::Root, &mut reader)?;
    reader.finish(tree)?;
    Ok(document)
}

/// Reads values of a document, and notes what is wrong with them.
pub struct Reader<'a> {
    report: &'a mut Report,
    foreign_keys: &'a [ForeignKey],
    /// Where nothing could be read.
    invalid: Vec<Path>,
    /// Past the most errors nothing more is noted.
    gave_up: Option<Reported>,
}

impl Reader<'_> {
    /// Marks in the tree what could not be read.
    ///
    /// # Errors
    /// There were too many errors.
    fn finish(self, tree: &mut Node) -> Result<(), Reported> {
        for path in self.invalid {
            invalidate(tree, path.steps(), Reported::noted());
            self.report.mark_invalid(path);
        }
        self.gave_up.map_or(Ok(()), Err)
    }

    /// Notes that the value at a path is wrong.
    pub fn note(&mut self, at: &PathRef<'_>, message: String) -> Reported {
        let path = at.to_path();
        self.note_of(path.clone(), message, path)
    }

    /// Notes an error; `invalid` is where there is no value for it.
    fn note_of(&mut self, at: Path, message: String, invalid: Path) -> Reported {
        if let Some(reported) = self.gave_up {
            return reported;
        }
        let reported = self.report.add(Diagnostic::error(at, message));
        if self.report.len() >= MAX_ERRORS {
            self.gave_up = Some(reported);
        } else {
            self.invalid.push(invalid);
        }
        reported
    }

    /// Notes that a value of another kind belongs at a path.
    pub fn mismatch(&mut self, at: &PathRef<'_>, expected: &str, node: &Node) -> Reported {
        self.note(at, mismatch(expected, node.kind()))
    }

    /// Returns the value, or notes why there is none.
    pub(crate) fn ok_or_note<T>(
        &mut self,
        at: &PathRef<'_>,
        result: Result<T, String>,
    ) -> Result<T, Reported> {
        result.map_err(|message| self.note(at, message))
    }

    /// Reads the members of an object into its fields.
    ///
    /// # Errors
    /// It is no object.
    pub fn object(
        &mut self,
        node: &Node,
        at: &PathRef<'_>,
        keys: &'static [Key],
        fields: &mut dyn Fields,
    ) -> Result<(), Reported> {
        let Node::Object(members) = node else {
            return Err(self.mismatch(at, "an object", node));
        };
        for (name, value) in members {
            let at = at.key(name);
            let known = keys.iter().enumerate().find(|(_, key)| key.name == name);
            let Some((index, key)) = known else {
                self.note_unknown(name, &at, keys);
                continue;
            };
            // What is left of a key whose lines were commented out or whose template was empty:
            // taken for absent, it would have a rule match more than its author wrote.
            if matches!(value, Node::Null) && !key.is_required {
                let path = at.to_path();
                let message = no_value(&path, key.expected);
                self.note_of(path.clone(), message, path);
            } else if let Some(field) = fields.field(index) {
                field.fill(value, &at, self);
            }
        }
        for key in keys {
            if key.is_required && !members.iter().any(|(name, _)| key.name == name) {
                let path = at.to_path();
                self.note_of(path.clone(), missing_key(key.name), path.key(key.name));
            }
        }
        Ok(())
    }

    fn note_unknown(&mut self, name: &str, at: &PathRef<'_>, keys: &[Key]) {
        let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
        let message = unknown_key(name, &known, self.foreign_keys);
        self.note(at, message);
    }

    /// Reads the elements of a list.
    ///
    /// # Errors
    /// It is no list.
    pub(crate) fn list(
        &mut self,
        node: &Node,
        at: &PathRef<'_>,
        elements: &mut dyn Elements,
    ) -> Result<(), Reported> {
        let Node::Array(items) = node else {
            return Err(self.mismatch(at, "a list", node));
        };
        for (index, item) in items.iter().enumerate() {
            elements.add("", item, &at.index(index), self);
        }
        Ok(())
    }

    /// Reads the members of an object whose keys are the author's own.
    ///
    /// # Errors
    /// It is no object.
    pub(crate) fn map(
        &mut self,
        node: &Node,
        at: &PathRef<'_>,
        elements: &mut dyn Elements,
    ) -> Result<(), Reported> {
        let Node::Object(members) = node else {
            return Err(self.mismatch(at, "an object", node));
        };
        for (name, value) in members {
            elements.add(name, value, &at.key(name), self);
        }
        Ok(())
    }

    /// Reads one of several words; returns its index.
    ///
    /// # Errors
    /// It is none of them. `expected` says what they are.
    pub fn word(
        &mut self,
        node: &Node,
        at: &PathRef<'_>,
        expected: &str,
        words: &[&str],
    ) -> Result<usize, Reported> {
        let Node::String(text) = node else {
            return Err(self.mismatch(at, expected, node));
        };
        let index = words.iter().position(|word| word == text);
        index.ok_or_else(|| self.unknown_word(at, text, words))
    }

    /// Notes that a text is none of the words that may stand at a path.
    pub fn unknown_word(&mut self, at: &PathRef<'_>, text: &str, words: &[&str]) -> Reported {
        self.note(at, unknown_word(text, words))
    }
}

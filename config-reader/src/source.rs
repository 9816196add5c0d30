//! Where in a text the values of a document stand.

mod document_end;
mod kubernetes;
mod syntax_error;
mod tree;

pub use syntax_error::SyntaxError;

use crate::{Path, Step};
use std::rc::Rc;
use tree::{Tree, Value};

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The byte of the text, from 0.
    pub byte: usize,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// The first character after it.
    pub end: Position,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The key that leads to the value, if it is the member of an object.
    pub key: Option<Span>,
    /// The value: a scalar with its quotes, or all of a list or an object.
    pub value: Span,
    /// Whether the whole path is in the text. If not, this is the innermost value on its way there:
    /// what a key is missing in, or a string that holds a document of its own.
    pub is_exact: bool,
}

impl Location {
    /// Returns what to underline: the value, or its key where the value goes on over several lines.
    pub fn span(&self) -> Span {
        match self.key {
            Some(key) if self.value.start.line != self.value.end.line => key,
            _ => self.value,
        }
    }
}

/// The documents of a text and the positions of everything in them.
///
/// YAML 1.2 and JSON are both read; JSON is read as the YAML that it is too.
///
/// ```
/// use attache_config_reader::{Path, SourceText};
///
/// let text = "spec:\n  pluginConfig:\n    issuers:\n    - {name: tyk, issuer: 7}\n";
/// let source = SourceText::parse(text).unwrap();
/// let plugin_config = Path::default().key("spec").key("pluginConfig");
/// let path = Path::default().key("issuers").index(0).key("issuer");
/// let span = source.documents()[0].locate(&plugin_config.join(path)).span();
/// assert_eq!((span.start.line, span.start.column), (4, 27));
/// assert_eq!(&text[span.start.byte..span.end.byte], "7");
/// ```
#[derive(Clone, Debug)]
pub struct SourceText {
    documents: Vec<SourceDocument>,
}

/// One document of a [`SourceText`].
#[derive(Clone, Debug)]
pub struct SourceDocument(Rc<Tree>);

impl SourceText {
    /// Finds where everything stands.
    ///
    /// # Errors
    /// The text is neither YAML nor JSON, is nested more than 128 levels deep, or has a document
    /// behind `...` that kubectl does not see.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let documents = tree::documents(text)?;
        document_end::check(text)?;
        Ok(Self { documents: documents.into_iter().map(SourceDocument).collect() })
    }

    /// Returns the documents of a stream of YAML, those without content left out; a text of JSON
    /// has one.
    pub fn documents(&self) -> &[SourceDocument] {
        &self.documents
    }
}

impl SourceDocument {
    /// Returns where the value at a path stands, or what there is of the way to it.
    ///
    /// A key that is repeated is found where it stands first. What an alias of YAML stands for is
    /// found at its anchor, and what a merge key (`<<`) brings where it was merged from.
    pub fn locate(&self, path: &Path) -> Location {
        let mut location = Location { key: None, value: self.0.span, is_exact: true };
        let mut tree = &self.0;
        for step in path.steps() {
            let found = match (&tree.value, step) {
                (Value::Object(members), Step::Key(key)) => member(members, key),
                (Value::List(items), Step::Index(index)) => {
                    items.get(*index).map(|item| (None, item))
                }
                _ => None,
            };
            let Some((key, value)) = found else { return Location { is_exact: false, ..location } };
            location = Location { key, value: value.span, is_exact: true };
            tree = value;
        }
        location
    }
}

/// Returns the member of an object, its own or merged.
fn member<'t>(
    members: &'t [(Rc<Tree>, Rc<Tree>)],
    name: &str,
) -> Option<(Option<Span>, &'t Rc<Tree>)> {
    let own = members.iter().find(|(key, _)| key.is_text(name));
    // A bare `y` is `true` to Kubernetes.
    if let Some((key, value)) =
        own.or_else(|| members.iter().find(|(key, _)| kubernetes::is_key(key, name)))
    {
        return Some((Some(key.span), value));
    }
    let merged = members
        .iter()
        .filter(|(key, _)| key.is_text("<<"))
        .flat_map(|(_, value)| value.alternatives());
    merged.into_iter().find_map(|tree| match &tree.value {
        Value::Object(members) => member(members, name),
        Value::List(_) | Value::Scalar(_) => None,
    })
}

#[cfg(test)]
mod tests;

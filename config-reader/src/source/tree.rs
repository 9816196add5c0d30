//! The events of the YAML parser as a tree with positions.

use super::{Position, Span, SyntaxError};
use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StructureStyle, Tag};
use std::collections::HashMap;
use std::rc::Rc;

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) span: Span,
    pub(super) value: Value,
    /// How many levels there are, 1 for a scalar: whoever walks through the tree goes no deeper.
    levels: usize,
}

/// A value; what aliases share is one.
#[derive(Debug)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Rc<Tree>>),
    Object(Vec<(Rc<Tree>, Rc<Tree>)>),
}

/// A scalar, whatever its type.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Whether it stands without quotes, so that its text says which type it has.
    pub(super) is_plain: bool,
    /// Whether it stands in double quotes, where a character may be written as an escape.
    pub(super) may_escape: bool,
    /// The type that is written before it, such as `str` for `!!str`.
    pub(super) tag: Option<String>,
}

impl Tree {
    /// Returns whether this is a scalar of that text.
    pub(super) fn is_text(&self, text: &str) -> bool {
        matches!(&self.value, Value::Scalar(own) if own.text == text)
    }

    /// Returns the elements of a list, or the value itself if it is none.
    pub(super) fn alternatives(&self) -> Vec<&Self> {
        match &self.value {
            Value::List(items) => items.iter().map(Rc::as_ref).collect(),
            Value::Scalar(_) | Value::Object(_) => vec![self],
        }
    }
}

/// A list or an object of which not all has been read.
struct Open {
    start: Position,
    anchor: usize,
    style: StructureStyle,
    is_object: bool,
    /// The elements, or keys and values in turn.
    children: Vec<Rc<Tree>>,
}

impl Open {
    fn close(self, end: Position) -> Tree {
        // A block ends where what it holds ends; the parser knows only where the next begins.
        let end = match (self.style, self.children.last()) {
            (StructureStyle::Block, Some(last)) => last.span.end,
            _ => end,
        };
        let levels =
            self.children.iter().map(|child| child.levels).max().unwrap_or(0).saturating_add(1);
        let value = if self.is_object {
            let mut children = self.children.into_iter();
            let pair = || Some((children.next()?, children.next()?));
            Value::Object(std::iter::from_fn(pair).collect())
        } else {
            Value::List(self.children)
        };
        Tree { span: Span { start: self.start, end }, value, levels }
    }
}

/// How many levels values may be nested: what serde_json reads of JSON.
const MAX_LEVELS: usize = 128;

/// What is said of `a: &x {b: *x}`.
const HOLDS_ITSELF: &str = "this alias is a part of what it stands for; write that out";

/// Spellings of `null`: a document that is nothing else has no content.
const NULLS: [&str; 5] = ["", "~", "null", "Null", "NULL"];

/// Reads every document that has content.
pub(super) fn documents(text: &str) -> Result<Vec<Rc<Tree>>, SyntaxError> {
    // The parser gives up on long keys, as the YAML specification lets it; a reader of JSON does
    // not.
    let options = granit_parser::options! { simple_key_max_lookahead: text.len().max(1024) };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, Rc<Tree>> = HashMap::new();
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax_error(&error))?;
        let (start, end) = (position(span.start), position(span.end));
        let too_deep = || {
            SyntaxError::new(
                start,
                format!("values are nested {MAX_LEVELS} levels deep at most; flatten them"),
            )
        };
        if open.len() > MAX_LEVELS {
            return Err(too_deep());
        }
        let mut begin = |style, anchor, is_object| {
            open.push(Open { start, anchor, style, is_object, children: Vec::new() });
        };
        let (tree, anchor) = match event {
            Event::SequenceStart(style, anchor, _) => {
                begin(style, anchor, false);
                continue;
            }
            Event::MappingStart(style, anchor, _) => {
                begin(style, anchor, true);
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(closed) = open.pop() else { continue };
                let anchor = closed.anchor;
                (Rc::new(closed.close(end)), anchor)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                if open.is_empty() && is_plain && NULLS.contains(&text.as_ref()) {
                    continue;
                }
                let scalar = Scalar {
                    text: text.into_owned(),
                    is_plain,
                    may_escape: style == ScalarStyle::DoubleQuoted,
                    tag: tag.as_deref().map(tag_name),
                };
                (
                    Rc::new(Tree {
                        span: Span { start, end },
                        value: Value::Scalar(scalar),
                        levels: 1,
                    }),
                    anchor,
                )
            }
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(tree) => (Rc::clone(tree), 0),
                None => return Err(SyntaxError::new(start, HOLDS_ITSELF)),
            },
            _ => continue,
        };
        // An alias has the levels of what it stands for.
        if tree.levels.saturating_add(open.len()) > MAX_LEVELS {
            return Err(too_deep());
        }
        if anchor != 0 {
            anchors.insert(anchor, Rc::clone(&tree));
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(tree),
            None => documents.push(tree),
        }
    }
    Ok(documents)
}

/// Returns the name of a type of YAML (`str` of `!!str`), and of any other tag all of it.
fn tag_name(tag: &Tag) -> String {
    let name = [tag.handle(), tag.suffix()].concat();
    name.strip_prefix("tag:yaml.org,2002:").map(str::to_owned).unwrap_or(name)
}

fn syntax_error(error: &ScanError) -> SyntaxError {
    SyntaxError::new(position(*error.marker()), error.info())
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col().saturating_add(1),
        byte: marker.byte_offset().unwrap_or_default(),
    }
}

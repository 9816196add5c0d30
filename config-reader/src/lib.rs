//! Reads a configuration strictly, for the filter and the issuer: everything that is wrong with a
//! document comes to light at once, each with its path and what to do, and nothing is dropped in
//! silence.
//!
//! A text becomes a tree of [`Node`]s ([`read_json`]), the tree the types of a document, by their
//! tables ([`read_by_table`], for the filter) or by serde ([`read_document`]), and those the
//! configuration, by checks of the caller that note errors in a [`Report`]. A check that can't give
//! a value gives a [`Reported`] in its place, which is had for a noted error only:
//! [`Report::finish`] then refuses the document.
//!
//! ```
//! use attache_config_reader::{Path, Report, Slot, read_document, read_json};
//!
//! #[derive(serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Document {
//!     port: Slot<u16>,
//! }
//!
//! fn read(text: &[u8]) -> Result<u16, String> {
//!     let mut report = Report::default();
//!     let mut tree = read_json(text, &mut Vec::new()).map_err(|error| error.to_string())?;
//!     let document = read_document(&mut tree, &[], &mut report);
//!     let port = document.and_then(|document: Document| document.port.get().copied());
//!     report.finish(port, &tree).map(|(port, _)| port).map_err(|errors| errors.to_string())
//! }
//!
//! assert_eq!(read(br#"{"port": 80}"#), Ok(80));
//! let refused = read(br#"{"prot": 80}"#).unwrap_err();
//! assert_eq!(refused, "`port` is missing\nprot: unknown key `prot`; did you mean `port`?");
//! ```
//!
//! With the feature `source`, documents may be YAML, and [`SourceText`] finds where in its text a
//! value stands.

mod deserialize;
mod diagnostic;
mod document;
mod duration;
mod header;
mod json;
mod node;
mod non_empty;
mod number;
mod path;
mod problem;
mod quote;
mod report;
mod reported;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "source")]
mod serialize;
#[cfg(feature = "source")]
mod source;
mod suggest;
mod table;
mod value;
#[cfg(feature = "source")]
mod yaml;

pub use attache_config_reader_derive::{Object, Words};
pub use deserialize::ReadError;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use document::{ForeignKey, check_length, read_document};
pub use duration::{DurationDocument, format_duration, parse_duration};
pub use header::{HeaderName, fold};
pub use json::read_json;
pub use node::Node;
pub use non_empty::NonEmpty;
pub use path::{Path, PathRef, Step};
pub use quote::quote;
pub use report::{MAX_ENTRIES, Report};
pub use reported::{Reported, valid};
#[cfg(feature = "source")]
pub use source::{Location, Position, SourceDocument, SourceText, Span, SyntaxError};
pub use suggest::suggestion;
pub use table::{Field, Fields, Key, Place, Reader, Value, read_by_table};
pub use value::{List, Map, Slot};
#[cfg(feature = "source")]
pub use yaml::{read_yaml, read_yaml_stream};

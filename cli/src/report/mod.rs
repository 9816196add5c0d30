//! How findings are written.

mod excerpt;
mod text;

use crate::finding::Finding;
use clap::ValueEnum;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: the source line, what is wrong with it, and what to do
    Text,
}

/// Returns findings as they are to be written, a line feed at the end of each line; nothing for no findings.
pub(crate) fn render(findings: &[Finding], format: Format, is_styled: bool) -> String {
    match format {
        Format::Text => text::render(findings, is_styled),
    }
}

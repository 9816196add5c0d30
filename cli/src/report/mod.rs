//! How findings are written.

mod excerpt;
mod github;
mod json;
mod sarif;
mod text;

pub(crate) use json::list;

use crate::finding::Finding;
use clap::ValueEnum;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: the source line, what is wrong with it, and what to do
    Text,
    /// For programs: an object with a list of findings
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// Returns findings as they are to be written, a line feed at the end of each line.
///
/// # Errors
/// None that a finding can cause; serde_json may have some.
pub(crate) fn render(
    findings: &[Finding],
    format: Format,
    is_styled: bool,
) -> Result<String, serde_json::Error> {
    let findings: Vec<Finding> = findings.iter().map(Finding::without_secrets).collect();
    match format {
        Format::Text => Ok(text::render(&findings, is_styled)),
        Format::Json => json::render(&findings),
        Format::Sarif => sarif::render(&findings),
        Format::Github => Ok(github::render(&findings)),
    }
}

//! Files, or parts of them, that are made from something else in the repository, and are checked
//! in.

mod chart_schema;
mod chart_values;
mod configuration_page;
mod figures;
mod json_schema;
mod sidecar_figures;
mod wasm_plugin_schema;

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// A file with something generated in it.
struct Generated {
    /// The path from the root of the repository.
    file: &'static str,
    /// What it is generated from, for people.
    source: &'static str,
    /// Returns the whole text that the file is to have, given the root of the repository.
    text: fn(&Path) -> Result<String>,
}

const TYPES: &str = "the types of plugin-config/src/document";

/// Every generated file.
const FILES: &[Generated] = &[
    Generated { file: "plugin-config/schema.json", source: TYPES, text: json_schema::text },
    Generated {
        file: "plugin-config/wasmplugin.schema.json",
        source: TYPES,
        text: wasm_plugin_schema::text,
    },
    Generated {
        file: "charts/attache/values.schema.json",
        source: TYPES,
        text: chart_schema::text,
    },
    Generated {
        file: configuration_page::FILE,
        source: "the types of plugin-config/src/document and the limits in the sources",
        text: configuration_page::text,
    },
    Generated {
        file: "charts/attache/README.md",
        source: "charts/attache/values.yaml",
        text: |root| chart_values::readme(root, "attache"),
    },
    Generated {
        file: "charts/attache-issuer/README.md",
        source: "charts/attache-issuer/values.yaml",
        text: |root| chart_values::readme(root, "attache-issuer"),
    },
    Generated { file: figures::SIZING_PAGE, source: figures::FILE, text: figures::sizing_page },
    Generated {
        file: figures::COMPARISON_PAGE,
        source: figures::FILE,
        text: figures::comparison_page,
    },
    Generated {
        file: figures::PERFORMANCE_PAGE,
        source: sidecar_figures::FILE,
        text: figures::performance_page,
    },
];

/// Writes every generated file that is out of date, and says which.
///
/// # Errors
/// What a file is generated from is missing or not as expected, or the file can't be written.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (generated, text) in out_of_date(root)? {
        fs::write(root.join(generated.file), text)
            .with_context(|| format!("could not write `{}`", generated.file))?;
        eprintln!("wrote {} from {}", generated.file, generated.source);
    }
    Ok(())
}

/// Says which generated files are out of date; returns whether none is.
///
/// # Errors
/// What a file is generated from is missing or not as expected.
pub(crate) fn check(root: &Path) -> Result<bool> {
    let stale = out_of_date(root)?;
    for (generated, _) in &stale {
        eprintln!(
            "error: {} is out of date: it is generated from {}",
            generated.file, generated.source
        );
    }
    if !stale.is_empty() {
        eprintln!("  run: cargo xtask generate");
    }
    Ok(stale.is_empty())
}

/// Returns each file that is not as it would be written, with the text that it is to have.
fn out_of_date(root: &Path) -> Result<Vec<(&'static Generated, String)>> {
    let mut stale = Vec::new();
    for generated in FILES {
        let text = (generated.text)(root)
            .with_context(|| format!("can't generate `{}`", generated.file))?;
        let path = root.join(generated.file);
        // A file that is not there yet is out of date too.
        if !path.exists() || read(root, generated.file)? != text {
            stale.push((generated, text));
        }
    }
    Ok(stale)
}

fn read(root: &Path, file: &str) -> Result<String> {
    fs::read_to_string(root.join(file)).with_context(|| format!("could not read `{file}`"))
}

/// Puts `inner` between the line `begin` and the line `end` of a page.
///
/// # Errors
/// The page does not have both lines, each once and in this order.
fn replace_between(page: &str, begin: &str, end: &str, inner: &str) -> Result<String> {
    let lines =
        || anyhow::anyhow!("the page needs one line `{begin}` and, below it, one line `{end}`");
    let (before, rest) = page.split_once(&format!("{begin}\n")).with_context(lines)?;
    let (_, after) = rest.split_once(end).with_context(lines)?;
    anyhow::ensure!(!after.contains(begin), lines());
    Ok(format!("{before}{begin}\n{inner}\n{end}{after}"))
}

/// Writes a table in Markdown.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut lines = vec![row(head.iter().copied()), format!("|{}", "---|".repeat(head.len()))];
    lines.extend(rows.iter().map(|cells| row(cells.iter().map(String::as_str))));
    lines.join("\n")
}

fn row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::from("|");
    for cell in cells {
        if !cell.is_empty() {
            line.push(' ');
            line.push_str(cell);
        }
        line.push_str(" |");
    }
    line
}

#[cfg(test)]
mod tests;

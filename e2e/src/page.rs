//! Pages of the documentation, as tests read them.

use crate::repository;
use anyhow::{Context, Result};

/// A fenced block of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line of the page that it begins on, from 1.
    pub line: usize,
    /// The heading of the second level that it stands below.
    pub heading: String,
    /// What stands behind the fence: `yaml`.
    pub language: String,
    /// Its lines, without what the fence is indented by.
    pub text: String,
}

/// Reads a page.
///
/// # Errors
/// It can't be read; the message names it.
pub fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(repository().join(path))
        .with_context(|| format!("`{path}` can't be read"))
}

/// The fenced blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut heading, mut open): (_, _, Option<(usize, Block)>) =
        (Vec::new(), String::new(), None);
    for (number, line) in (1..).zip(page.lines()) {
        let text = line.trim_start();
        let indent = line.len().saturating_sub(text.len());
        match (&mut open, text.strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take().map(|(_, block)| block)),
            (Some((outer, block)), _) => {
                block.text.push_str(line.get(indent.min(*outer)..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, Some(language)) => {
                let (heading, language) = (heading.clone(), language.to_owned());
                open =
                    Some((indent, Block { line: number, heading, language, text: String::new() }));
            }
            (None, None) => heading = text.strip_prefix("## ").map_or(heading, str::to_owned),
        }
    }
    blocks
}

/// The rows of the tables below a heading: the cells of each, trimmed, without the lines that part
/// head and body.
pub fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let below =
        page.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading).skip(1);
    let section = below.take_while(|line| !line.starts_with("## "));
    let cells = |line: &str| {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    section
        .filter(|line| line.trim_start().starts_with('|') && !line.trim_start().starts_with("|---"))
        .map(cells)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_rows_are_found_where_they_stand() {
        let page = "# T\n## A\n1. x\n   ```yaml\n   a:\n     b: 1\n   ```\n## B\n| h | i |\n|---|---|\n| `x` | y |\n";
        let found = blocks(page);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].line, found[0].heading.as_str(), found[0].language.as_str()),
            (4, "A", "yaml")
        );
        assert_eq!(found[0].text, "a:\n  b: 1\n");
        assert_eq!(rows(page, "B"), [["h", "i"], ["`x`", "y"]]);
        assert_eq!(rows(page, "A"), Vec::<Vec<String>>::new());
    }
}

//! The table of values in a chart's README, from its `values.yaml`.
//!
//! A value's description is the comment above it, or beside it; lines of it that are indented are
//! examples, and left out. A blank line parts a comment from the value below it.

use super::{read, replace_between, table};
use anyhow::{Context, Result, bail};
use std::path::Path;

const BEGIN: &str = "<!-- values: cargo xtask generate -->";
const END: &str = "<!-- end of values -->";

/// Returns the README of a chart, with the table of its values.
///
/// # Errors
/// A file can't be read, `values.yaml` has a line that is no `key: value`, or the README no place
/// for the table.
pub(super) fn readme(root: &Path, chart: &str) -> Result<String> {
    let file = format!("charts/{chart}/values.yaml");
    let rows = rows(&read(root, &file)?).with_context(|| format!("`{file}`"))?;
    let page = read(root, &format!("charts/{chart}/README.md"))?;
    replace_between(&page, BEGIN, END, &table(&["value", "default", ""], &rows))
}

/// Returns each value's path, default (nothing where it has parts of its own) and description, in
/// the file's order.
fn rows(values: &str) -> Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for (number, line) in (1..).zip(values.lines()) {
        if let Some(said) = line.trim_start().strip_prefix('#') {
            if !said.starts_with("  ") {
                comment.push(said.trim());
            }
            continue;
        }
        if !line.trim().is_empty() {
            let Some(entry) = Entry::parse(line) else {
                bail!("line {number}: `{line}` is no `key: value` on one line")
            };
            path.truncate(entry.depth);
            path.push(entry.key);
            let described = comment.join(" ");
            let described = if described.is_empty() { entry.beside.to_owned() } else { described };
            let default =
                if entry.value.is_empty() { String::new() } else { format!("`{}`", entry.value) };
            rows.push(vec![format!("`{}`", path.join(".")), default, cell(&described)]);
        }
        comment.clear();
    }
    Ok(rows)
}

/// Writes text so that it is one cell of a table, and no HTML.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

/// A line `key: value # comment`.
struct Entry<'a> {
    /// 0 at the left margin; two spaces make one.
    depth: usize,
    key: &'a str,
    /// Empty where parts follow.
    value: &'a str,
    /// The comment beside it.
    beside: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let unindented = line.trim_start_matches(' ');
        let depth = line.len().checked_sub(unindented.len())? / 2;
        let (key, rest) = unindented.split_once(':')?;
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        let (value, beside) = rest.split_once(" # ").unwrap_or((rest, ""));
        if !(value.is_empty() || value.starts_with(' ')) || value.contains('#') {
            return None;
        }
        Some(Self { depth, key, value: value.trim(), beside: beside.trim() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_told_with_its_path_its_default_and_the_comment_above_or_beside() {
        let values = "# Of the file.\n\n# Who\n# it is.\n#   example: 1\nname: \"\"\nimage:\n  tag: v1 # a | b\n  digest: ''\n";
        assert_eq!(
            rows(values).unwrap(),
            [
                ["`name`", "`\"\"`", "Who it is."],
                ["`image`", "", ""],
                ["`image.tag`", "`v1`", "a \\| b"],
                ["`image.digest`", "`''`", ""],
            ]
        );
    }

    #[test]
    fn what_is_no_key_and_value_on_one_line_is_named() {
        for line in ["- a", "name", "name:v", "a b: 1"] {
            let error = rows(&format!("a: 1\n{line}\n")).unwrap_err().to_string();
            assert_eq!(error, format!("line 2: `{line}` is no `key: value` on one line"));
        }
    }
}

//! The page of settings, `docs/configuration.md`: every key by the JSON Schema, and the limits by
//! the sources that hold them.

mod limits;

use super::{read, replace_between, table};
use anyhow::{Context, Result};
use regex_lite::Regex;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

pub(super) const FILE: &str = "docs/configuration.md";

const BEGIN: &str = "<!-- settings: cargo xtask generate -->";
const END: &str = "<!-- end of settings -->";

/// Returns the page.
///
/// # Errors
/// The schema refers to a definition that it does not have, a limit is not where it was, or the
/// page has no place for the tables.
pub(super) fn text(root: &Path) -> Result<String> {
    let schema = attache_plugin_config::schema();
    let page =
        Page { definitions: schema.get("$defs").and_then(Value::as_object).context("no `$defs`")? };
    let mut parts = vec![page.section("The document", &schema)?];
    let mut values = BTreeSet::new();
    for name in page.referred(&schema)? {
        let definition = page.definition(&name)?;
        if definition.get("properties").is_some() {
            parts.push(page.section(&capitalized(&words(&name)), definition)?);
        } else if definition.get("enum").is_none() {
            values.insert(name);
        }
    }
    parts.push(page.values(&values)?);
    parts.push(limits::section(root)?);
    replace_between(&read(root, FILE)?, BEGIN, END, &parts.join("\n"))
}

/// Returns the files that the limits are read from.
#[cfg(test)]
pub(super) fn sources_of_limits() -> impl Iterator<Item = &'static str> {
    limits::LIMITS.iter().map(|limit| limit.file)
}

/// What the page is written from.
struct Page<'a> {
    definitions: &'a Map<String, Value>,
}

impl Page<'_> {
    fn definition(&self, name: &str) -> Result<&Value> {
        self.definitions.get(name).with_context(|| format!("the schema has no definition `{name}`"))
    }

    /// Returns the names of all definitions that the properties of the document lead to, nearest
    /// first.
    fn referred(&self, schema: &Value) -> Result<Vec<String>> {
        let reference = Regex::new(r##""#/\$defs/(\w+)""##)?;
        let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
        let mut queue =
            VecDeque::from([schema.get("properties").context("the document has no properties")?]);
        while let Some(part) = queue.pop_front() {
            for found in reference.captures_iter(&part.to_string()) {
                let name = found.get(1).map_or("", |name| name.as_str());
                if seen.insert(name.to_owned()) {
                    names.push(name.to_owned());
                    queue.push_back(self.definition(name)?);
                }
            }
        }
        Ok(names)
    }

    /// Writes a heading, the description of an object and a table of its keys.
    fn section(&self, title: &str, schema: &Value) -> Result<String> {
        let required =
            schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let properties =
            schema.get("properties").and_then(Value::as_object).context("no `properties`")?;
        let mut rows = Vec::new();
        for (key, value) in properties {
            let mark = if required.iter().any(|name| name == key) { " (required)" } else { "" };
            rows.push(vec![
                format!("`{key}`{mark}"),
                cell(&self.kind(value)?),
                cell(description(value)),
            ]);
        }
        let keys = table(&["key", "value", ""], &rows);
        Ok(format!("## {title}\n\n{}\n\n{keys}\n", cell(description(schema))))
    }

    /// Writes a table of the definitions that are neither objects nor lists of words.
    fn values(&self, names: &BTreeSet<String>) -> Result<String> {
        let mut rows = Vec::new();
        for name in names {
            rows.push(vec![words(name), cell(description(self.definition(name)?))]);
        }
        Ok(format!("## Values\n\n{}\n", table(&["", ""], &rows)))
    }

    /// Tells what a value is, in a few words.
    fn kind(&self, schema: &Value) -> Result<String> {
        if let Some(alternatives) = schema.get("oneOf").and_then(Value::as_array) {
            let kinds =
                alternatives.iter().map(|each| self.kind(each)).collect::<Result<Vec<_>>>()?;
            return Ok(kinds.join(" or "));
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self
                .kind_of_definition(reference.strip_prefix("#/$defs/").unwrap_or(reference));
        }
        Ok(match schema.get("type").and_then(Value::as_str) {
            Some("array") => {
                format!("list of {}", self.kind(schema.get("items").unwrap_or(&Value::Null))?)
            }
            Some("object") => match schema.get("additionalProperties") {
                Some(inner @ Value::Object(_)) => format!("names, each with {}", self.kind(inner)?),
                _ => "object".to_owned(),
            },
            Some("string") => "text".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("number") => "number".to_owned(),
            Some("boolean") => "`true`, `false`".to_owned(),
            Some("null") => "`null`".to_owned(),
            _ => "any".to_owned(),
        })
    }

    fn kind_of_definition(&self, name: &str) -> Result<String> {
        let target = self.definition(name)?;
        if let Some(words) = target.get("enum").and_then(Value::as_array) {
            let quoted: Vec<_> = words
                .iter()
                .map(|word| format!("`{}`", word.as_str().unwrap_or_default()))
                .collect();
            return Ok(quoted.join(", "));
        }
        let words = words(name);
        if target.get("properties").is_none() {
            return Ok(words);
        }
        Ok(format!("[{words}](#{})", words.replace(' ', "-")))
    }
}

fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// Writes text on one line, so that it is one cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Parts the name of a type into words: `RoleClaim` is `role claim`. A run of capitals is one word.
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut previous = ' ';
    for letter in name.chars() {
        if previous.is_ascii_lowercase() && letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
        previous = letter;
    }
    words
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_told_in_words() {
        for (name, expected) in
            [("RoleClaim", "role claim"), ("Jwk", "jwk"), ("HTTPUrl", "httpurl")]
        {
            assert_eq!(words(name), expected);
        }
        assert_eq!(capitalized("role claim"), "Role claim");
    }
}

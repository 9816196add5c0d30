//! The limits of a configuration, read from the constants that hold them.

use crate::generate::{read, table};
use anyhow::{Context, Result};
use regex_lite::Regex;
use std::path::Path;

/// What is limited, and the constant that says how much.
pub(super) struct Limit {
    what: &'static str,
    pub(super) file: &'static str,
    constant: &'static str,
}

const fn limit(what: &'static str, file: &'static str, constant: &'static str) -> Limit {
    Limit { what, file, constant }
}

pub(super) const LIMITS: &[Limit] = &[
    limit("a document, in bytes", "plugin-config/src/parse.rs", "MAX_DOCUMENT_BYTES"),
    limit("issuers", "plugin-config/src/check.rs", "MAX_ISSUERS"),
    limit("rules of one policy", "plugin-config/src/check/policy.rs", "MAX_RULES"),
    limit(
        "entries of a list, where nothing else is said",
        "config-reader/src/report.rs",
        "MAX_ENTRIES",
    ),
    limit(
        "conditions of one rule (`when`)",
        "plugin-config/src/check/condition.rs",
        "MAX_CONDITIONS",
    ),
    limit(
        "regular expressions (`matches`) of a document",
        "plugin-config/src/check.rs",
        "MAX_EXPRESSIONS",
    ),
    limit(
        "roles of `roleHierarchy` that include others",
        "plugin-config/src/check/roles.rs",
        "MAX_ROLES",
    ),
    limit(
        "headers that one issuer writes (`outputClaimToHeaders`)",
        "plugin-config/src/check.rs",
        "MAX_MAPPINGS",
    ),
    limit("entries of one list of `revoked`", "plugin-config/src/check/issuer.rs", "MAX_REVOKED"),
    limit("keys of a key set", "plugin-config/src/jwk/gathered.rs", "MAX_KEYS"),
    limit(
        "a key set or discovery document that is fetched, in bytes",
        "engine/src/remote/response.rs",
        "MAX_BODY",
    ),
    limit("a claim in a header, in bytes", "engine/src/claims/headers.rs", "MAX_BYTES"),
    limit("a path in a rule, in bytes", "plugin-config/src/pattern/path.rs", "MAX_BYTES"),
];

/// Writes the section with the table of limits.
///
/// # Errors
/// A constant is not where the list above has it.
pub(super) fn section(root: &Path) -> Result<String> {
    let mut rows = Vec::new();
    for Limit { what, file, constant } in LIMITS {
        let value = constant_in(&read(root, file)?, constant).with_context(|| {
            format!(
                "`{file}` has no whole number `{constant}`: change LIMITS in xtask/src/generate"
            )
        })?;
        rows.push(vec![(*what).to_owned(), grouped(value)]);
    }
    Ok(format!(
        "## Limits\n\n\
         More than this is an error when the document is read, or, of what a provider or a token brings, when it comes.\n\
         `cache.maxTokenBytes` bounds tokens.\n\n{}\n",
        table(&["at most", ""], &rows)
    ))
}

/// Returns the value of a constant in Rust: a product of whole numbers.
fn constant_in(source: &str, name: &str) -> Option<u64> {
    let definition = Regex::new(&format!(r"const {name}: usize = ([0-9_ *]+);")).ok()?;
    let product = definition.captures(source)?.get(1)?.as_str();
    product.split('*').try_fold(1_u64, |value, factor| {
        value.checked_mul(factor.trim().replace('_', "").parse().ok()?)
    })
}

/// Writes a number with a comma before every third digit from the right.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (digit, left) in digits.chars().zip((1..=digits.len()).rev()) {
        if left % 3 == 0 && !grouped.is_empty() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_is_a_product_of_whole_numbers() {
        let source = "const MOST: usize = 2 * 1_024;\npub(crate) const OTHER: usize = 7;\nconst TEXT: &str = \"\";";
        assert_eq!(constant_in(source, "MOST"), Some(2048));
        assert_eq!(constant_in(source, "OTHER"), Some(7));
        assert_eq!(constant_in(source, "TEXT"), None);
        assert_eq!(constant_in(source, "LEAST"), None);
    }

    #[test]
    fn thousands_are_parted() {
        let written = [0, 12, 512, 1024, 65_536, 1_048_576].map(grouped);
        assert_eq!(written, ["0", "12", "512", "1,024", "65,536", "1,048,576"]);
    }
}

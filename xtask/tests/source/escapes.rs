//! Ways past the compiler's and the other checks that nobody may go.

use crate::sources::{metadata, repository, rust_files};
use proc_macro2::{TokenStream, TokenTree};

/// Returns what a source does that no source may: words for a reader, with no place, since a file
/// fits a head.
fn escapes(tokens: TokenStream) -> Vec<&'static str> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let is =
            |at: Option<usize>, mark: &str| at.is_some_and(|at| tokens[at].to_string() == mark);
        let is_in_head = is(at.checked_sub(1), "!") && is(at.checked_sub(2), "#");
        let after: Vec<String> =
            tokens.iter().skip(at + 1).take(2).map(ToString::to_string).collect();
        let next = after.first().map_or("", String::as_str);
        match token {
            TokenTree::Ident(word) if word == "include" && next == "!" => {
                found.push("`include!`: what it brings in is in no module; write `mod`");
            }
            TokenTree::Ident(word) if word == "extern" && next == "crate" => {
                found.push("`extern crate`: a path through it is not followed; name the crate");
            }
            TokenTree::Group(group) if is_in_head || is(at.checked_sub(1), "#") => {
                found.extend(of_attribute(group.stream()));
                found.extend(escapes(group.stream()));
            }
            TokenTree::Group(group) => found.extend(escapes(group.stream())),
            _ => {}
        }
    }
    found
}

/// Returns what an attribute does that none may.
fn of_attribute(tokens: TokenStream) -> Option<&'static str> {
    let mut tokens = tokens.into_iter();
    let name = tokens.next()?.to_string();
    let next = tokens.next();
    match (name.as_str(), &next) {
        ("path", Some(_)) => Some(
            "`path` of a module: it lies where its name says; put what is shared into `testing/`",
        ),
        // clippy's `allow_attributes` leaves `#![allow(…)]` at the head of a file alone.
        ("allow", _) => {
            Some("`allow`: say what is expected, with its reason: `expect(…, reason = \"…\")`")
        }
        ("cfg_attr", Some(TokenTree::Group(group))) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let parts = inner.split(|token| token.to_string() == ",").skip(1);
            parts.filter_map(|part| of_attribute(part.iter().cloned().collect())).next()
        }
        _ => None,
    }
}

#[test]
fn no_source_goes_past_the_checks() {
    let root = repository();
    let mut found = Vec::new();
    for path in rust_files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(&root).unwrap().display();
        let tokens = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        found.extend(escapes(tokens).into_iter().map(|escape| format!("{name}: {escape}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_goes_past_the_checks_is_seen() {
    for source in [
        concat!("#[", "path = \"../other.rs\"] mod other;"),
        "#[cfg_attr(test, path = \"../other.rs\")] mod other;",
        "fn f() { include!(\"other.rs\"); }",
        "extern crate self as own;",
        "#![allow(clippy::unwrap_used, reason = \"none\")]",
        "mod inner { #[allow(dead_code)] fn f() {} }",
        "#[cfg_attr(test, derive(Debug), allow(dead_code))] struct S;",
        "macro_rules! m { () => { #[allow(dead_code)] struct S; } }",
    ] {
        assert_eq!(escapes(source.parse().unwrap()).len(), 1, "{source}");
    }
    for source in [
        "#[expect(dead_code, reason = \"none\")] const TEXT: &str = include_str!(\"text\");",
        "fn allow(path: &str) -> Rule { if let rule @ Some(_) = allow(path) { rule } else { vec![path] } }",
        "extern \"C\" { fn f(); }",
    ] {
        assert_eq!(escapes(source.parse().unwrap()), [""; 0], "{source}");
    }
}

/// A crate whose lints are its own could be without any.
#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    let workspace = std::fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let wanted: Vec<&str> = lints(&workspace, "workspace.lints.");
    assert!(wanted.len() > 20, "{wanted:?}");
    for package in metadata()["packages"].as_array().unwrap() {
        let manifest = package["manifest_path"].as_str().unwrap();
        let text = std::fs::read_to_string(manifest).unwrap();
        if text.contains("\n[lints]\nworkspace = true\n") {
            continue;
        }
        let own = lints(&text, "lints.");
        // Raw pointers are what a host is made of.
        let missing = wanted
            .iter()
            .filter(|lint| !own.contains(lint) && **lint != "unsafe_code = \"forbid\"");
        assert_eq!(
            missing.count(),
            0,
            "{manifest}: `[lints]` has no `workspace = true`, and lacks some of {wanted:?}"
        );
    }
}

/// Returns the lines of the tables whose names begin so.
fn lints<'t>(manifest: &'t str, tables: &str) -> Vec<&'t str> {
    let mut is_inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            is_inside = table.starts_with(tables) && !table.contains("rustdoc");
        } else if is_inside && line.contains(" = ") {
            found.push(line);
        }
    }
    found
}

//! What the filter asks of its host goes through one file.

use crate::module::files;
use crate::sources::{repository, root_of};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;

/// The file that may name hostcalls.
const HOST: &str = "filter/src/host.rs";

/// What a file calls of the host: `hostcalls` themselves, and what a context inherits from the
/// traits of the SDK.
fn calls(text: &str) -> Vec<String> {
    let tokens = flat(text.parse().unwrap());
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token == word);
    let own: BTreeSet<&str> =
        (1..tokens.len()).filter(|at| is(at - 1, "fn")).map(|at| tokens[at].as_str()).collect();
    let implements = (0..tokens.len())
        .any(|at| is(at, "Context") || is(at, "HttpContext") || is(at, "RootContext"));
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let is_inherited = implements
            && is(at.wrapping_sub(1), ".")
            && is(at.wrapping_sub(2), "self")
            && is(at + 1, "(")
            && !own.contains(token.as_str());
        let of_trait = ["Context", "HttpContext", "RootContext"].contains(&token.as_str())
            && is(at + 1, ":")
            && is(at + 2, ":");
        if token == "hostcalls" || is_inherited || of_trait {
            found.push(token.clone());
        }
    }
    found
}

/// Returns the words and marks of a source, one after the other.
fn flat(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let [open, close] = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ["(", ")"],
                    _ => ["{", "}"],
                };
                found.push(open.to_owned());
                found.extend(flat(group.stream()));
                found.push(close.to_owned());
            }
            other => found.push(other.to_string()),
        }
    }
    found
}

#[test]
fn one_file_names_hostcalls() {
    let files = files(&root_of("attache_filter"));
    let host = repository().join(HOST);
    assert!(files.contains(&host) && files.len() > 10, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        if file == host {
            assert!(!text.contains("pub(crate) use proxy_wasm"), "{HOST} hands hostcalls on");
        } else {
            assert_eq!(calls(&text), [""; 0], "{} calls the host beside {HOST}", file.display());
        }
    }
}

#[test]
fn a_hostcall_is_seen() {
    let context = |body: &str| format!("impl Context for C {{ fn own(&mut self) {{ {body} }} }}");
    for body in [
        "self.get_property(vec![])",
        "Context::get_property(self, vec![])",
        "proxy_wasm::hostcalls::done()",
    ] {
        assert_eq!(calls(&context(body)).len(), 1, "{body}");
    }
    for body in ["self.own()", "self.plugin.get_property()", "host::get_property()"] {
        assert_eq!(calls(&context(body)), [""; 0], "{body}");
    }
}

//! The modules of a crate, read as the compiler finds them, without those of its unit tests.

use crate::imports::{Import, use_tree};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The names of a module and of those around it, from the crate's root, which itself is the empty path.
pub(crate) type ModulePath = Vec<String>;

/// What one module names and hands on.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Every path that begins with `crate`, `self`, `super`, or stands in a `use`.
    pub(crate) named: Vec<Vec<String>>,
    /// What `use` brings into it, so that others may name it here.
    pub(crate) imports: Vec<Import>,
}

/// The modules of a crate by their paths.
pub(crate) type Modules = BTreeMap<ModulePath, Module>;

/// Reads the modules of the crate whose root is this file.
pub(crate) fn modules(root: &Path) -> Modules {
    let mut modules = Modules::new();
    let mut reader = Reader { modules: &mut modules };
    reader.file(root, root.parent().unwrap(), &Vec::new());
    modules
}

struct Reader<'m> {
    modules: &'m mut Modules,
}

impl Reader<'_> {
    /// Reads a file, whose submodules lie in this folder.
    fn file(&mut self, file: &Path, folder: &Path, path: &ModulePath) {
        let text = std::fs::read_to_string(file).unwrap();
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.modules.entry(path.clone()).or_default();
        self.tokens(tokens, folder, path);
    }

    fn tokens(&mut self, tokens: TokenStream, folder: &Path, path: &ModulePath) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let Some((first, after)) = rest.split_first() {
            rest = match first {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_for_tests(after) => after_item(after),
                TokenTree::Ident(word) if word == "mod" => self.submodule(after, folder, path),
                TokenTree::Ident(word) if word == "use" => self.import(after, path),
                TokenTree::Ident(word) if word == "crate" || word == "self" || word == "super" => {
                    self.path(rest, path)
                }
                TokenTree::Group(group) => {
                    self.tokens(group.stream(), folder, path);
                    after
                }
                _ => after,
            };
        }
    }

    /// Reads what stands after `mod`; returns what comes after the module.
    fn submodule<'t>(
        &mut self,
        tokens: &'t [TokenTree],
        folder: &Path,
        path: &ModulePath,
    ) -> &'t [TokenTree] {
        let [TokenTree::Ident(name), body, after @ ..] = tokens else { return tokens };
        let name = name.to_string();
        let mut inside = path.clone();
        inside.push(name.clone());
        match body {
            TokenTree::Punct(mark) if mark.as_char() == ';' => {
                self.file(&file_of(folder, &name), &folder.join(&name), &inside);
            }
            TokenTree::Group(group) => {
                self.modules.entry(inside.clone()).or_default();
                self.tokens(group.stream(), &folder.join(&name), &inside);
            }
            _ => {}
        }
        after
    }

    /// Reads what stands after `use`; returns what comes after it.
    fn import<'t>(&mut self, tokens: &'t [TokenTree], path: &ModulePath) -> &'t [TokenTree] {
        let end = tokens.iter().position(is_semicolon).unwrap_or(tokens.len());
        let (tree, after) = tokens.split_at(end);
        let module = self.modules.entry(path.clone()).or_default();
        for import in use_tree(tree) {
            module.named.push(import.path.clone());
            module.imports.push(import);
        }
        after
    }

    /// Reads a path that stands in code; returns what comes after it.
    fn path<'t>(&mut self, tokens: &'t [TokenTree], path: &ModulePath) -> &'t [TokenTree] {
        let mut names = Vec::new();
        let mut rest = tokens;
        while let [TokenTree::Ident(name), after @ ..] = rest {
            names.push(name.to_string());
            rest = after;
            match rest {
                [TokenTree::Punct(one), TokenTree::Punct(two), after @ ..]
                    if one.as_char() == ':' && two.as_char() == ':' =>
                {
                    rest = after;
                }
                _ => break,
            }
        }
        if names.len() > 1 {
            self.modules.entry(path.clone()).or_default().named.push(names);
        }
        rest
    }
}

/// Returns whether the attribute after a `#` leaves the next item to tests.
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    let Some(TokenTree::Group(attribute)) = tokens.first() else { return false };
    let text = attribute.stream().to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// Returns what comes after the item that tokens begin with.
fn after_item(tokens: &[TokenTree]) -> &[TokenTree] {
    let ends = |token: &TokenTree| {
        is_semicolon(token)
            || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    let end = tokens.iter().position(ends).map_or(tokens.len(), |last| last + 1);
    &tokens[end..]
}

fn is_semicolon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';')
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let beside = folder.join(format!("{name}.rs"));
    if beside.exists() { beside } else { folder.join(name).join("mod.rs") }
}

//! The modules of a crate, read as the compiler finds them, without those of its unit tests.

use crate::imports::{Import, use_tree};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The names of a module and of those around it, from the crate's root, which itself is the empty
/// path.
pub(crate) type ModulePath = Vec<String>;

/// What one module names and hands on.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// The files that it is read from, without those of the modules inside it.
    pub(crate) files: Vec<PathBuf>,
    /// Every path of two names or more, and every one that stands in a `use`.
    pub(crate) named: Vec<Vec<String>>,
    /// What `use` or a `type` of another name brings into it, so that others may name it here.
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

/// Returns the files of the crate whose root is this file.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    modules(root).into_values().flat_map(|module| module.files).collect()
}

struct Reader<'m> {
    modules: &'m mut Modules,
}

impl Reader<'_> {
    /// Reads a file, whose submodules lie in this folder.
    fn file(&mut self, file: &Path, folder: &Path, path: &ModulePath) {
        let text = std::fs::read_to_string(file).unwrap();
        let tokens: TokenStream =
            text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.modules.entry(path.clone()).or_default().files.push(file.to_owned());
        self.items(tokens, folder, path);
    }

    /// Reads what stands in a module itself, and not in an item of it.
    fn items(&mut self, tokens: TokenStream, folder: &Path, path: &ModulePath) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            if matches!(token, TokenTree::Ident(word) if word == "type") {
                self.alias(&tokens[at + 1..], path);
            }
        }
        self.tokens(&tokens, folder, path);
    }

    fn tokens(&mut self, tokens: &[TokenTree], folder: &Path, path: &ModulePath) {
        let mut rest = tokens;
        while let Some((first, after)) = rest.split_first() {
            rest = match first {
                TokenTree::Punct(mark) if mark.as_char() == '#' && is_for_tests(after) => {
                    after_item(after)
                }
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    self.attribute(after, path);
                    after
                }
                TokenTree::Ident(word) if word == "mod" => self.submodule(after, folder, path),
                TokenTree::Ident(word) if word == "use" && !is_punct(after.first(), '<') => {
                    self.import(after, path)
                }
                TokenTree::Ident(_) => self.path(rest, path),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.tokens(&inner, folder, path);
                    after
                }
                _ => after,
            };
        }
    }

    /// Reads what stands after `type`: another name for what a path leads to.
    fn alias(&mut self, tokens: &[TokenTree], path: &ModulePath) {
        let [TokenTree::Ident(name), TokenTree::Punct(mark), target @ ..] = tokens else { return };
        let (names, _) = names(target);
        if mark.as_char() == '=' && !names.is_empty() {
            let import = Import { name: Some(name.to_string()), path: names };
            self.modules.entry(path.clone()).or_default().imports.push(import);
        }
    }

    /// Reads the paths that an attribute holds as text: `with = "crate::duration"`.
    fn attribute(&mut self, tokens: &[TokenTree], path: &ModulePath) {
        let Some(TokenTree::Group(group)) = tokens.first() else { return };
        for text in literals(group.stream()) {
            let Ok(stream) = text.parse::<TokenStream>() else { continue };
            let tokens: Vec<TokenTree> = stream.into_iter().collect();
            let (names, rest) = names(&tokens);
            if names.len() > 1 && rest.is_empty() {
                self.modules.entry(path.clone()).or_default().named.push(names);
            }
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
                self.items(group.stream(), &folder.join(&name), &inside);
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
        let (names, rest) = names(tokens);
        if names.len() > 1 {
            self.modules.entry(path.clone()).or_default().named.push(names);
        }
        rest
    }
}

/// Returns the names of the path that tokens begin with, and what comes after it.
fn names(tokens: &[TokenTree]) -> (Vec<String>, &[TokenTree]) {
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
    (names, rest)
}

/// Returns the texts in quotes among tokens, at any depth.
fn literals(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                found.extend(
                    text.strip_prefix('"')
                        .and_then(|text| text.strip_suffix('"'))
                        .map(str::to_owned),
                );
            }
            TokenTree::Group(group) => found.extend(literals(group.stream())),
            _ => {}
        }
    }
    found
}

/// Returns whether the attribute after a `#` leaves the next item to tests.
fn is_for_tests(tokens: &[TokenTree]) -> bool {
    let Some(TokenTree::Group(attribute)) = tokens.first() else { return false };
    let text = attribute.stream().to_string().replace(' ', "");
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// The words that items and statements begin with, after their attributes and what sees them.
const ITEMS: [&str; 15] = [
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "let",
    "macro_rules",
    "mod",
    "static",
    "struct",
    "trait",
    "type",
    "unsafe",
    "use",
];

/// Returns what comes after the item, field, variant or arm whose attribute tokens begin with.
fn after_item(tokens: &[TokenTree]) -> &[TokenTree] {
    let is_before = |token: &&TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == '#',
        TokenTree::Ident(word) => word == "pub",
        TokenTree::Literal(_) => false,
    };
    let first = tokens.iter().find(|token| !is_before(token));
    let is_item = first.is_some_and(|token| ITEMS.contains(&token.to_string().as_str()));
    let ends = |token: &TokenTree| {
        is_semicolon(token)
            || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
            || !is_item && is_punct(Some(token), ',')
    };
    let end = tokens.iter().position(ends).map_or(tokens.len(), |last| last + 1);
    &tokens[end..]
}

fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn is_semicolon(token: &TokenTree) -> bool {
    is_punct(Some(token), ';')
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let beside = folder.join(format!("{name}.rs"));
    if beside.exists() { beside } else { folder.join(name).join("mod.rs") }
}

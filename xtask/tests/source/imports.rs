//! What `use` brings into a module, and where a path leads.

use crate::module::{ModulePath, Modules};
use proc_macro2::TokenTree;

/// One name that a `use` brings into a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// What it is called there; none for all that the path holds (`*`).
    pub(crate) name: Option<String>,
    /// Where it is from.
    pub(crate) path: Vec<String>,
}

/// Takes what stands between `use` and `;` apart.
pub(crate) fn use_tree(tokens: &[TokenTree]) -> Vec<Import> {
    let mut imports = Vec::new();
    below(tokens, &[], &mut imports);
    imports
}

fn below(tokens: &[TokenTree], prefix: &[String], imports: &mut Vec<Import>) {
    let mut path = prefix.to_vec();
    let mut tokens = tokens.iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                let name = tokens.next().map(ToString::to_string);
                imports.push(Import { name, path });
                return;
            }
            TokenTree::Ident(word)
                if word == "self" && path.len() == prefix.len() && !prefix.is_empty() => {}
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Punct(mark) if mark.as_char() == '*' => {
                imports.push(Import { name: None, path });
                return;
            }
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for one in inner.split(is_comma).filter(|one| !one.is_empty()) {
                    below(one, &path, imports);
                }
                return;
            }
            _ => {}
        }
    }
    imports.push(Import { name: path.last().cloned(), path });
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',')
}

/// Returns the module that holds what a path in a module leads to; none for what is of another
/// crate.
pub(crate) fn resolve(modules: &Modules, from: &ModulePath, path: &[String]) -> Option<ModulePath> {
    resolve_within(modules, from, path, 16)
}

/// As [`resolve`], following so many imports at most: two modules may import all of each other.
fn resolve_within(
    modules: &Modules,
    from: &ModulePath,
    path: &[String],
    imports: usize,
) -> Option<ModulePath> {
    let (first, rest) = path.split_first()?;
    let mut at = from.clone();
    match first.as_str() {
        "crate" => at.clear(),
        "self" => {}
        "super" => _ = at.pop(),
        _ => return step(modules, &at, path, imports),
    }
    walk(modules, at, rest, imports)
}

fn walk(
    modules: &Modules,
    mut at: ModulePath,
    mut rest: &[String],
    imports: usize,
) -> Option<ModulePath> {
    while let [first, after @ ..] = rest {
        if first != "super" {
            break;
        }
        at.pop();
        rest = after;
    }
    if rest.is_empty() {
        return Some(at);
    }
    // What no submodule is called, and no import from within the crate, the module holds itself or
    // hands on.
    step(modules, &at, rest, imports).or(Some(at))
}

/// Follows the first name of a path, if it is that of a submodule or of an import.
fn step(modules: &Modules, at: &ModulePath, path: &[String], imports: usize) -> Option<ModulePath> {
    let (first, rest) = path.split_first()?;
    let mut below = at.clone();
    below.push(first.clone());
    if modules.contains_key(&below) {
        return walk(modules, below, rest, imports);
    }
    let fewer = imports.checked_sub(1)?;
    let module = modules.get(at)?;
    for import in &module.imports {
        let target = match &import.name {
            // `use attache_config_reader::X` in the same module would lead to itself.
            Some(name) if name == first && import.path != path => [&import.path, rest].concat(),
            Some(_) => continue,
            None => [&import.path, path].concat(),
        };
        if let Some(found) = resolve_within(modules, at, &target, fewer) {
            return Some(found);
        }
    }
    None
}

//! The engine's modules form layers: what one imports, directly or through others, never imports it.

#![expect(clippy::unwrap_used, reason = "what the tests share fails as a test does")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Imports = BTreeMap<String, BTreeSet<String>>;

/// Reads which modules at the top of the crate each of them names in code that ships.
fn imports() -> Imports {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut imports = Imports::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&source).unwrap();
            if is_test(inside) {
                continue;
            }
            let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            imports.entry(module).or_default().extend(named(shipped, "crate::"));
        }
    }
    imports.remove("lib");
    let exported = exported(&std::fs::read_to_string(source.join("lib.rs")).unwrap());
    let modules: BTreeSet<String> = imports.keys().cloned().collect();
    for (module, named) in &mut imports {
        let of_root = |name: &String| exported.get(name).unwrap_or(name).clone();
        *named =
            named.iter().map(of_root).filter(|other| other != module && modules.contains(other)).collect();
    }
    imports
}

/// The module that each name comes from which the crate's root exports.
fn exported(root: &str) -> BTreeMap<String, String> {
    let mut exported = BTreeMap::new();
    for line in root.split("pub use ").skip(1) {
        let (module, names) = line.split(';').next().unwrap().split_once("::").unwrap();
        for name in names.trim_matches(['{', '}']).split(',') {
            exported.insert(name.trim().to_owned(), module.to_owned());
        }
    }
    exported
}

fn is_test(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_str().unwrap();
    ["tests", "properties", "testing"].contains(&name)
}

/// Reads which files of a folder each of them names in code that ships.
fn imports_inside(folder: &Path) -> Imports {
    let mut imports = Imports::new();
    let mut root = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || is_test(&path) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if module == "mod" {
            root = text;
            continue;
        }
        let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        imports.entry(module).or_default().extend(named(shipped, "super::"));
    }
    let exported = exported(&root.replace("pub(crate) use ", "pub use "));
    let modules: BTreeSet<String> = imports.keys().cloned().collect();
    for (module, named) in &mut imports {
        let of_root = |name: &String| exported.get(name).unwrap_or(name).clone();
        *named =
            named.iter().map(of_root).filter(|other| other != module && modules.contains(other)).collect();
    }
    imports
}

/// The words after `crate::` or `super::`, those in braces too.
fn named(text: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    for rest in code.join("\n").split(prefix).skip(1) {
        let list = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap(),
            None => rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap(),
        };
        names.extend(list.split(',').map(|word| word.trim().split("::").next().unwrap().to_owned()));
    }
    names
}

/// A way from a module back to itself.
fn circle(imports: &Imports) -> Option<Vec<String>> {
    imports.keys().find_map(|start| {
        let mut ways = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for next in imports.get(way.last().unwrap()).into_iter().flatten() {
                let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
                if next == start {
                    return Some(longer);
                }
                if seen.insert(next.clone()) {
                    ways.push(longer);
                }
            }
        }
        None
    })
}

#[test]
fn no_module_imports_what_imports_it() {
    let imports = imports();
    assert!(imports.len() > 15, "the sources were not found: {imports:?}");
    assert!(imports["policy"].contains("claims"), "imports are not seen: {imports:?}");
    assert!(
        imports["authenticated_token"].contains("detail"),
        "what the root exports is not seen: {imports:?}"
    );
    if let Some(circle) = circle(&imports) {
        panic!("a circle of imports: {}", circle.join(" → "));
    }
}

#[test]
fn no_file_of_a_module_imports_what_imports_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for folder in ["claims", "pipeline", "policy", "policy/path", "policy/index", "remote", "token"] {
        let imports = imports_inside(&source.join(folder));
        assert!(imports.values().any(|named| !named.is_empty()), "{folder}: imports are not seen");
        if let Some(circle) = circle(&imports) {
            panic!("a circle of imports in {folder}: {}", circle.join(" → "));
        }
    }
}

#[test]
fn a_circle_is_seen() {
    let imports = |pairs: &[(&str, &str)]| {
        let mut imports = Imports::new();
        for (module, named) in pairs {
            imports.entry((*module).to_owned()).or_default().insert((*named).to_owned());
        }
        imports
    };
    assert_eq!(circle(&imports(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    assert_eq!(circle(&imports(&[("a", "b"), ("b", "c"), ("c", "b")])).unwrap(), ["b", "c", "b"]);
}

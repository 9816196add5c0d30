//! Modules form layers: what one of them imports, directly or through its neighbours, never imports it.
//!
//! A module and those inside it count as one: that they name each other is what they are for.

use crate::imports::resolve;
use crate::module::{ModulePath, Modules, modules};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// Which of its neighbours each module of one parent names.
type Neighbours = BTreeMap<String, BTreeSet<String>>;

/// Returns, for every module that holds others, how these name each other.
fn neighbours(modules: &Modules) -> BTreeMap<ModulePath, Neighbours> {
    let mut all: BTreeMap<ModulePath, Neighbours> = BTreeMap::new();
    for (from, module) in modules {
        for named in &module.named {
            let Some(to) = resolve(modules, from, named) else { continue };
            let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
            if let (Some(one), Some(other)) = (from.get(shared), to.get(shared)) {
                let parent = from[..shared].to_vec();
                all.entry(parent).or_default().entry(one.clone()).or_default().insert(other.clone());
            }
        }
    }
    all
}

/// Returns a way from a module back to itself.
fn circle(neighbours: &Neighbours) -> Option<Vec<String>> {
    neighbours.keys().find_map(|start| {
        let mut ways = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for next in neighbours.get(way.last().unwrap()).into_iter().flatten() {
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

/// Returns the root file of every library and program of the workspace, with its name.
fn crates() -> Vec<(String, PathBuf)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut crates = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for target in package["targets"].as_array().unwrap() {
            let is = |kind: &str| target["kind"].as_array().unwrap().iter().any(|own| own == kind);
            if is("lib") || is("rlib") || is("bin") {
                let [name, root] = ["name", "src_path"].map(|key| target[key].as_str().unwrap().to_owned());
                crates.push((name, PathBuf::from(root)));
            }
        }
    }
    crates
}

#[test]
fn no_module_imports_what_imports_it() {
    let crates = crates();
    let mut circles = Vec::new();
    for (name, root) in &crates {
        for (parent, neighbours) in neighbours(&modules(root)) {
            if let Some(circle) = circle(&neighbours) {
                circles.push(format!("{name} {}: {}", parent.join("::"), circle.join(" → ")));
            }
        }
    }
    assert!(circles.is_empty(), "circles of imports:\n{}", circles.join("\n"));
}

#[test]
fn imports_are_seen() {
    let crates: BTreeMap<String, PathBuf> = crates().into_iter().collect();
    for name in
        ["attache_config_reader", "attache_plugin_config", "attache_engine", "attache_filter", "attache"]
    {
        assert!(crates.contains_key(name), "{name} is not among {crates:?}");
    }
    let engine = neighbours(&modules(&crates["attache_engine"]));
    let of_root = &engine[&Vec::new()];
    assert!(of_root["policy"].contains("claims"), "{of_root:?}");
    assert!(
        of_root["authenticated_token"].contains("detail"),
        "what the root exports is not seen: {of_root:?}"
    );
    let inside = &engine[&vec!["policy".to_owned()]];
    assert!(inside["compile"].contains("rule"), "{inside:?}");
}

#[test]
fn a_circle_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "lib.rs",
        "mod a; mod b; pub use b::{inner::Deep as D, B}; #[cfg(test)] mod tests { use crate::a; }",
    );
    write("a.rs", "use super::D; pub struct A(D);");
    write("b.rs", "pub mod inner { pub struct Deep; } pub struct B;");
    let root = folder.path().join("lib.rs");
    let found = |root: &std::path::Path| neighbours(&modules(root)).values().find_map(circle);
    assert_eq!(found(&root), None);
    write("b.rs", "pub mod inner { pub struct Deep; } pub struct B; fn f() -> crate::a::A { todo!() }");
    assert_eq!(found(&root).unwrap(), ["a", "b", "a"]);
    write(
        "b.rs",
        "pub mod inner { pub struct Deep; } pub struct B; #[cfg(test)] fn f() -> crate::a::A { todo!() }",
    );
    assert_eq!(found(&root), None);
    write(
        "b.rs",
        "pub mod inner { use super::super::{a::{self as other, A}}; pub struct Deep; } pub struct B;",
    );
    assert_eq!(found(&root).unwrap(), ["a", "b", "a"]);
}

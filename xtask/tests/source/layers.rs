//! Modules form layers: what one of them imports, directly or through its neighbours, never imports
//! it.
//!
//! A module and those inside it count as one: that they name each other is what they are for.

use crate::imports::resolve;
use crate::module::{ModulePath, Modules, modules};
use crate::sources::{metadata, root_of, roots};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

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
                all.entry(parent)
                    .or_default()
                    .entry(one.clone())
                    .or_default()
                    .insert(other.clone());
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

#[test]
fn no_module_imports_what_imports_it() {
    let crates = roots();
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
    let crates: BTreeMap<String, PathBuf> = roots().into_iter().collect();
    for name in [
        "attache_config_reader",
        "attache_plugin_config",
        "attache_engine",
        "attache_filter",
        "attache",
    ] {
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
    write(
        "b.rs",
        "pub mod inner { pub struct Deep; } pub struct B; fn f() -> crate::a::A { todo!() }",
    );
    assert_eq!(found(&root).unwrap(), ["a", "b", "a"]);
    write(
        "b.rs",
        "pub mod inner { pub struct Deep; } pub struct B; #[cfg(test)] fn f() -> crate::a::A { todo!() }",
    );
    assert_eq!(found(&root), None);
}

/// The ways to name a module without a `use` of it, each in a module that lies below the one it
/// names.
#[test]
fn no_way_to_name_a_module_hides_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let root = folder.path().join("lib.rs");
    write("lib.rs", "mod a; mod b; type Up = a::A; pub use b::B;");
    write("a.rs", "use super::B; pub use std::collections::BTreeMap; pub struct A(B);");
    for (way, text) in [
        (
            "inside another module",
            "pub struct B; mod inner { use super::super::{a::{self as other, A}}; }",
        ),
        (
            "an ancestor by another name",
            "use crate as top; pub struct B; fn f() -> top::a::A { todo!() }",
        ),
        (
            "from further up",
            "mod inner { use super::super as up; fn f(_: up::a::A) {} } pub struct B;",
        ),
        ("a module by another name", "use crate::{self as top}; use top::a::A; pub struct B;"),
        ("another name for the type", "pub struct B(Box<crate::Up>);"),
        (
            "inside a trait",
            "pub struct B; impl B { fn f() { <crate::a::A as Default>::default(); } }",
        ),
        ("what a module hands on", "pub struct B; fn f(map: crate::a::BTreeMap<u8, u8>) {}"),
        ("a macro", "pub struct B; macro_rules! m { () => { $crate::a::A } }"),
        (
            "an attribute",
            "#[derive(Deserialize)] pub struct B { #[serde(with = \"crate::a\")] field: u8 }",
        ),
        (
            "after a field for tests",
            "pub struct B { #[cfg(test)] one: u8, other: Box<crate::a::A> }",
        ),
        ("after a variant for tests", "pub enum B { #[cfg(test)] One(u8), Other(crate::a::A) }"),
        (
            "after a statement for tests",
            "pub struct B; fn f() { #[cfg(test)] g(1, 2); crate::a::f(); }",
        ),
        ("behind a bound", "pub struct B; fn f() -> impl Sized + use<> { crate::a::f() }"),
    ] {
        write("b.rs", text);
        let found = neighbours(&modules(&root)).values().find_map(circle);
        assert_eq!(found.as_deref(), Some(["a", "b", "a"].map(str::to_owned).as_slice()), "{way}");
    }
}

/// The modules of the engine from its entry down: none names one that stands above it, whether that
/// is a circle yet or not.
const ENGINE: [&[&str]; 5] = [
    // The way of a request, and what it goes through.
    &["pipeline", "logging", "engine"],
    // What it meets there: the request as it came, issuers, what is remembered.
    &["coverage", "cache", "issuers", "shared", "token_location", "header_uses", "request"],
    // What comes of it.
    &[
        "compiled_issuer",
        "verified_token",
        "decision",
        "answer",
        "cors",
        "header_edits",
        "authenticated_token",
    ],
    // What is decided by.
    &[
        "policy",
        "method",
        "authority",
        "host_context",
        "budget",
        "auth_error",
        "remote",
        "token",
        "claims",
    ],
    // Words and ports.
    &["detail", "host", "reason", "ids", "hash", "order", "words"],
];

#[test]
fn the_engine_is_in_layers() {
    let modules = modules(&root_of("attache_engine"));
    let names: BTreeSet<&str> =
        modules.keys().filter(|path| path.len() == 1).map(|path| path[0].as_str()).collect();
    let layers = ENGINE.concat();
    let known: BTreeSet<&str> = layers.iter().copied().collect();
    assert_eq!(known, names, "each module of the engine has its layer here");
    let layer = |name: &str| layers.iter().position(|module| *module == name).unwrap();
    let mut upwards = Vec::new();
    for (from, named) in &neighbours(&modules)[&Vec::new()] {
        let above = named.iter().filter(|to| layer(to) < layer(from));
        upwards.extend(above.map(|to| format!("{from} names {to}")));
    }
    assert!(
        upwards.is_empty(),
        "what names a module that stands above it:\n{}",
        upwards.join("\n")
    );
}

/// What each crate that ships is built of, of this repository's.
const CRATES: [(&str, &[&str]); 7] = [
    ("attache-config-reader-derive", &[]),
    ("attache-config-reader", &["attache-config-reader-derive"]),
    ("attache-plugin-config", &["attache-config-reader"]),
    ("attache-engine", &["attache-plugin-config"]),
    ("attache-filter", &["attache-engine", "attache-plugin-config"]),
    ("attache-issuer", &["attache-config-reader"]),
    ("attache-tyk-routes", &["attache-config-reader"]),
];

#[test]
fn crates_point_one_way() {
    let packages = metadata()["packages"].as_array().unwrap();
    let named = |name: &str| packages.iter().find(|package| package["name"] == name);
    for (name, expected) in CRATES {
        let dependencies = named(name).unwrap()["dependencies"].as_array().unwrap();
        let built_of: BTreeSet<&str> = dependencies
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| dependency["name"].as_str().unwrap())
            .filter(|dependency| named(dependency).is_some())
            .collect();
        assert_eq!(built_of, expected.iter().copied().collect(), "what {name} is built of");
    }
}

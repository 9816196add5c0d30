//! What one begins with in a library is shown by an example, which runs as a test.
//!
//! A library's head has an example. Of a library that a product is built of, so has every function
//! at its root and every constructor of a type there: its own, or another's that calls it.

use crate::module::files;
use crate::sources::{repository, roots};
use std::collections::BTreeSet;
use std::path::Path;

/// The libraries without examples, each with why.
const WITHOUT: [(&str, &str); 3] = [
    ("attache_filter", "a module: what a proxy calls of it is proxy-wasm's"),
    ("attache_cli", "the program and the page are its only users, and one function each"),
    ("attache_package_tool", "a program, and what its tests see of it"),
];

/// What one begins with in a library, and what its examples say.
#[derive(Debug, Default)]
struct Library {
    /// Functions as `read(`, constructors as `Name::new(`, without the bracket.
    entries: BTreeSet<String>,
    /// The lines of all its examples.
    examples: String,
    has_head: bool,
}

impl Library {
    /// Reads the library whose root is this file.
    fn read(root: &Path) -> Self {
        let text = std::fs::read_to_string(root).unwrap();
        let exported = exported(&text);
        let mut library = Self::default();
        let included = root.parent().unwrap().join("../README.md");
        if text.contains("include_str!(\"../README.md\")") {
            library.examples = examples(std::fs::read_to_string(included).unwrap().lines());
        } else {
            library.examples = examples(comments(&text, "//!"));
        }
        library.has_head = !library.examples.is_empty();
        for file in files(root) {
            let text = std::fs::read_to_string(&file).unwrap();
            library.add(&text, file == root, &exported);
        }
        library
    }

    /// Adds the examples and the entries of a file.
    fn add(&mut self, text: &str, is_root: bool, exported: &BTreeSet<String>) {
        self.examples.push_str(&examples(comments(text, "///")));
        let mut of = None;
        for (at, line) in text.lines().enumerate() {
            if let Some(rest) = line.strip_prefix("impl") {
                of = implemented(rest);
            } else if line == "}" {
                of = None;
            }
            let Some(name) = function(line) else { continue };
            let is_inside = line.starts_with(' ');
            if !is_inside && (is_root || exported.contains(name)) {
                self.entries.insert(name.to_owned());
            } else if let Some(of) = of.filter(|of| is_inside && exported.contains(*of)) {
                let signature: Vec<&str> = text
                    .lines()
                    .skip(at)
                    .take_while(|line| !line.trim_end().ends_with('}'))
                    .take(10)
                    .collect();
                let signature = signature.join(" ");
                let signature = signature.split('{').next().unwrap_or_default();
                let (taken, made) = signature.split_once("->").unwrap_or_default();
                let is_made = ["Self", of]
                    .iter()
                    .any(|own| made.split(|c: char| !c.is_alphanumeric()).any(|word| word == *own));
                if is_made && !taken.contains("self") {
                    self.entries.insert(format!("{of}::{name}"));
                }
            }
        }
    }

    /// Returns the entries that no example calls.
    fn without_example(&self) -> Vec<&str> {
        let calls = |entry: &&String| {
            self.examples.contains(&format!("{entry}("))
                || self.examples.contains(&format!("{entry}::<"))
        };
        self.entries.iter().filter(|entry| !calls(entry)).map(String::as_str).collect()
    }
}

/// Returns the name of the public function that a line begins.
fn function(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let rest = rest.strip_prefix("const ").unwrap_or(rest);
    let rest = rest.strip_prefix("async ").unwrap_or(rest).strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}

/// Returns the type that an `impl` is of; `None` where it is that of a trait.
fn implemented(rest: &str) -> Option<&str> {
    if rest.contains(" for ") {
        return None;
    }
    let rest = if rest.starts_with('<') { rest.split_once("> ")?.1 } else { rest.trim_start() };
    rest.split(['<', ' ']).next()
}

/// Returns the names that a root hands on from its modules.
fn exported(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join(" ");
    let uses = code.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let names = uses.flat_map(|tree| tree.split([',', '{', '}']));
    names
        .filter_map(|path| path.trim().rsplit("::").next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Returns the text of a file's comments of one kind; an empty line for each other line.
fn comments<'t>(text: &'t str, mark: &'static str) -> impl Iterator<Item = &'t str> {
    text.lines().map(move |line| line.trim_start().strip_prefix(mark).unwrap_or_default())
}

/// Returns the lines of the blocks that are compiled.
fn examples<'t>(lines: impl Iterator<Item = &'t str>) -> String {
    let mut found = String::new();
    let mut block = None;
    for line in lines {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match (line.strip_prefix("```"), block) {
            (Some(_), Some(_)) => block = None,
            (Some(kind), None) => block = Some(["", "no_run", "rust"].contains(&kind.trim())),
            (None, Some(true)) => {
                found.push_str(line);
                found.push('\n');
            }
            (None, _) => {}
        }
    }
    found
}

#[test]
fn what_one_begins_with_is_shown() {
    let root = repository();
    let libraries: Vec<_> =
        roots().into_iter().filter(|(_, file)| file.ends_with("lib.rs")).collect();
    for (name, _) in WITHOUT {
        assert!(libraries.iter().any(|(library, _)| library == name), "there is no `{name}`");
    }
    let mut lacking = Vec::new();
    let mut shown = 0;
    for (name, file) in libraries {
        if WITHOUT.iter().any(|(without, _)| *without == name) {
            continue;
        }
        let library = Library::read(&file);
        if !library.has_head {
            lacking.push(format!("{name}: its head"));
        }
        let folder = file.strip_prefix(&root).unwrap();
        if !folder.starts_with("testing") && !folder.starts_with("e2e") {
            lacking
                .extend(library.without_example().iter().map(|entry| format!("{name}: {entry}")));
            shown += library.entries.len();
        }
    }
    assert!(shown > 30, "only {shown} entries are seen");
    assert!(lacking.is_empty(), "no example shows:\n{}", lacking.join("\n"));
}

#[test]
fn an_entry_without_an_example_is_seen() {
    let head = "pub use a::{Thing, make as build, read};\npub fn own() {}\n";
    let exported = exported(head);
    let mut library = Library::default();
    library.add(head, true, &exported);
    library.add(
        "/// Makes.\n///\n/// ```\n/// read::<u8>(1);\n/// Thing::new();\n/// ```\n/// ```text\n/// own()\n/// ```\n\
         pub fn read<T>(number: T) {}\npub fn other() {}\nimpl Thing {\n    pub fn new() -> Self {\n    }\n    \
         pub fn parse(\n        text: &str,\n    ) -> Result<Self, String> {\n    }\n    pub fn with(self) -> Self {\n    }\n    \
         pub fn len() -> usize {\n    }\n}\nimpl From<u8> for Thing {\n    pub fn from() -> Self {\n    }\n}\n",
        false,
        &exported,
    );
    let entries: Vec<&str> = library.entries.iter().map(String::as_str).collect();
    assert_eq!(entries, ["Thing::new", "Thing::parse", "own", "read"]);
    assert_eq!(library.without_example(), ["Thing::parse", "own"]);
}

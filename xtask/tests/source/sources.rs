//! Where the sources are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Returns the folder of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Returns what Cargo tells of the workspace, which is asked once.
pub(crate) fn metadata() -> &'static serde_json::Value {
    static METADATA: LazyLock<serde_json::Value> = LazyLock::new(|| {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    });
    &METADATA
}

/// Returns the root file of every library and program of the workspace, with its name.
pub(crate) fn roots() -> Vec<(String, PathBuf)> {
    let packages = metadata()["packages"].as_array().unwrap();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let is = |target: &serde_json::Value, kind: &str| {
        target["kind"].as_array().unwrap().iter().any(|own| own == kind)
    };
    let built = targets.filter(|target| ["lib", "rlib", "bin"].iter().any(|kind| is(target, kind)));
    built
        .map(|target| {
            let [name, root] =
                ["name", "src_path"].map(|key| target[key].as_str().unwrap().to_owned());
            (name, PathBuf::from(root))
        })
        .collect()
}

/// Returns the root file of a library or a program of the workspace.
pub(crate) fn root_of(name: &str) -> PathBuf {
    let root = roots().into_iter().find(|(other, _)| other == name);
    root.unwrap_or_else(|| panic!("the workspace has no `{name}`")).1
}

/// Returns every Rust file of the repository, tests among them.
pub(crate) fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    add_files(&repository(), &mut found);
    found
}

fn add_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            add_files(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

//! Bills of materials: what the module, the issuer or the tool is made of, in CycloneDX form.

use crate::image::Kind;
use crate::process::{command, output, run};
use crate::repository::{from_here, root};
use crate::tools::Tool;
use crate::workspace::packages;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The name that `cargo cyclonedx` writes under, beside each package's Cargo.toml.
const MADE: &str = "attache-made";

/// What is listed, and where to.
#[derive(Args)]
pub(crate) struct Options {
    /// What the list is of.
    #[arg(default_value = "filter")]
    kind: Kind,
    /// The file whose SHA-256 the list has: dist/plugin.wasm, dist/attache-issuer or dist/attache
    /// where none is named.
    file: Option<PathBuf>,
    /// The list: dist/filter.cdx.json, dist/issuer.cdx.json or dist/tool.cdx.json where none is
    /// named.
    output: Option<PathBuf>,
    /// Get what this uses, and write nothing.
    #[arg(long, conflicts_with_all = ["file", "output"])]
    get_tool: bool,
}

/// Writes what the options say.
///
/// # Errors
/// As [`fn@write`].
pub(crate) fn run_task(options: &Options) -> Result<()> {
    if options.get_tool {
        return Tool::CargoCyclonedx.path().map(drop);
    }
    let kind = options.kind;
    let file = options.file.as_deref().map_or_else(|| Ok(kind.artefact()), from_here)?;
    let output = options.output.as_deref().map_or_else(|| Ok(kind.bill()), from_here)?;
    let listed = write(kind, &file, &output)?;
    println!("{}: {listed} crates", output.display());
    Ok(())
}

/// Writes the crates that the file is linked from, with version, licence and checksum, and the
/// file's own SHA-256. The same file and lock file give the same list. Returns how many crates
/// there are.
///
/// # Errors
/// The file is not there, `cargo-cyclonedx` can't be had or fails, or the list is not one of what
/// `kind` is made of.
pub(crate) fn write(kind: Kind, file: &Path, output: &Path) -> Result<usize> {
    ensure!(
        file.is_file(),
        "there is no `{}`\n  run {} first",
        file.display(),
        kind.build_command()
    );
    let bytes = fs::read(file).with_context(|| format!("could not read `{}`", file.display()))?;
    let mut bill = crates(kind)?;
    keep_linked(&mut bill, &linked(kind)?)?;
    tidy(&mut bill, kind, &hex(&hmac_sha256::Hash::hash(&bytes)))?;
    let listed = verify(&bill, kind)?;
    let text = format!("{bill:#}\n");
    ensure!(
        !text.contains(&root().display().to_string()),
        "a path of this machine is in the list of the {kind}"
    );
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not create `{}`", folder.display()))?;
    }
    fs::write(output, text).with_context(|| format!("could not write `{}`", output.display()))?;
    Ok(listed)
}

/// Returns what `cargo cyclonedx` says. It writes a file for every package of the workspace, of
/// which one is wanted.
fn crates(kind: Kind) -> Result<Value> {
    let folder = root().join(kind.folder());
    let mut cargo = Tool::CargoCyclonedx.cargo()?;
    cargo.arg("--manifest-path").arg(folder.join("Cargo.toml"));
    cargo.args(["--format", "json", "--spec-version", "1.5", "--no-build-deps", "--quiet"]);
    cargo.args(["--target", &kind.target(), "--override-filename", MADE]);
    let listed = run(&mut cargo);
    let made = format!("{MADE}.json");
    let text = fs::read_to_string(folder.join(&made));
    for package in packages()? {
        let beside = package.manifest_path.with_file_name(&made);
        if beside.exists() {
            fs::remove_file(&beside)
                .with_context(|| format!("could not remove `{}`", beside.display()))?;
        }
    }
    listed?;
    serde_json::from_str(&text.context("cargo-cyclonedx wrote nothing")?)
        .context("cargo-cyclonedx wrote no JSON")
}

/// Returns name and version of the crates that the artefact is linked from, and of those that make
/// code for it.
///
/// # Errors
/// Cargo does not tell.
fn linked(kind: Kind) -> Result<BTreeSet<(String, String)>> {
    let mut cargo = command("cargo");
    cargo.args(["tree", "--package", kind.package(), "--target", &kind.target()]);
    cargo.args(["--edges", "normal", "--prefix", "none", "--no-dedupe"]);
    let tree = output(&mut cargo)?;
    let named = tree.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    });
    Ok(named.collect())
}

/// Leaves these crates in the list, and what is said of them: `cargo cyclonedx` lists what a
/// package would be linked from if its dependencies had all features that anything in the workspace
/// asks of them.
fn keep_linked(bill: &mut Value, linked: &BTreeSet<(String, String)>) -> Result<()> {
    let parts =
        bill.get_mut("components").and_then(Value::as_array_mut).context("no `components`")?;
    let mut gone = BTreeSet::new();
    parts.retain(|part| {
        let kept = linked
            .contains(&(text_of(part, "name").to_owned(), text_of(part, "version").to_owned()));
        if !kept {
            gone.insert(text_of(part, "bom-ref").to_owned());
        }
        kept
    });
    let edges =
        bill.get_mut("dependencies").and_then(Value::as_array_mut).context("no `dependencies`")?;
    edges.retain(|edge| !gone.contains(text_of(edge, "ref")));
    for edge in edges {
        if let Some(Value::Array(to)) = edge.get_mut("dependsOn") {
            to.retain(|part| part.as_str().is_none_or(|part| !gone.contains(part)));
        }
    }
    Ok(())
}

/// Has the list be of the artefact, not of a crate on this machine's disk, and the same whenever it
/// is made.
fn tidy(bill: &mut Value, kind: Kind, digest: &str) -> Result<()> {
    let prefix = format!("path+file://{}/", root().display());
    let text = bill.to_string().replace(&prefix, "");
    *bill = serde_json::from_str(&text)?;
    let members = bill.as_object_mut().context("the list is no object")?;
    members.remove("serialNumber");
    let metadata =
        members.get_mut("metadata").and_then(Value::as_object_mut).context("no `metadata`")?;
    metadata.remove("timestamp");
    let main = metadata
        .get_mut("component")
        .and_then(Value::as_object_mut)
        .context("no main component")?;
    main.remove("components");
    main.insert("type".to_owned(), "application".into());
    main.insert("name".to_owned(), kind.product().into());
    main.insert("hashes".to_owned(), json!([{"alg": "SHA-256", "content": digest}]));
    strip_path(main);
    let parts =
        members.get_mut("components").and_then(Value::as_array_mut).context("no `components`")?;
    parts.sort_by(|one, other| order(one).cmp(&order(other)));
    parts.iter_mut().filter_map(Value::as_object_mut).for_each(strip_path);
    Ok(())
}

fn order(part: &Value) -> (&str, &str) {
    (text_of(part, "name"), text_of(part, "version"))
}

fn text_of<'a>(part: &'a Value, key: &str) -> &'a str {
    part.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Takes from a package URL where a crate of this repository lies on this disk.
fn strip_path(part: &mut serde_json::Map<String, Value>) {
    if let Some(Value::String(url)) = part.get_mut("purl")
        && url.contains("file://")
        && let Some((name, _)) = url.split_once('?')
    {
        *url = name.to_owned();
    }
}

/// Returns how many crates are listed, if the list can be that of `kind`.
fn verify(bill: &Value, kind: Kind) -> Result<usize> {
    let parts = bill.get("components").and_then(Value::as_array).context("no `components`")?;
    let names: BTreeSet<&str> = parts.iter().map(|part| text_of(part, "name")).collect();
    let (needed, foreign) = kind.crates();
    let missing: Vec<_> = needed.iter().filter(|name| !names.contains(**name)).collect();
    let foreign: Vec<_> = foreign.iter().filter(|name| names.contains(**name)).collect();
    if !missing.is_empty() || !foreign.is_empty() {
        bail!("the list is not that of the {kind}: missing {missing:?}, foreign {foreign:?}");
    }
    Ok(names.len())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(crates: &[&str]) -> Value {
        let url = format!("path+file://{}/engine#0.2.0", root().display());
        let components: Vec<_> = crates
            .iter()
            .map(|name| json!({"name": name, "version": "1", "bom-ref": url, "purl": "pkg:cargo/a@1?download_url=file://x"}))
            .collect();
        json!({
            "serialNumber": "urn:uuid:1",
            "metadata": {"timestamp": "now", "component": {"name": "attache-filter", "type": "library", "components": []}},
            "components": components,
        })
    }

    const OF_THE_FILTER: [&str; 6] = [
        "serde_json",
        "rsa",
        "proxy-wasm",
        "attache-plugin-config",
        "attache-engine",
        "attache-config-reader",
    ];

    #[test]
    fn a_list_is_of_the_artefact_and_tells_nothing_of_the_machine_or_the_day() {
        let mut bill = bill(&OF_THE_FILTER);
        tidy(&mut bill, Kind::Filter, "0123").unwrap();
        let main = &bill["metadata"]["component"];
        assert_eq!(
            *main,
            json!({"name": "attache", "type": "application", "hashes": [{"alg": "SHA-256", "content": "0123"}]})
        );
        assert!(bill.get("serialNumber").is_none() && bill["metadata"].get("timestamp").is_none());
        assert_eq!(bill["components"][0]["name"], "attache-config-reader");
        assert_eq!(bill["components"][0]["purl"], "pkg:cargo/a@1");
        assert_eq!(bill["components"][0]["bom-ref"], "engine#0.2.0");
    }

    #[test]
    fn what_only_another_package_of_the_workspace_needs_is_not_listed() {
        let part = |name: &str| json!({"name": name, "version": "1.0.0", "bom-ref": name});
        let mut bill = json!({
            "components": [part("serde"), part("schemars")],
            "dependencies": [{"ref": "main", "dependsOn": ["serde", "schemars"]}, {"ref": "serde"}, {"ref": "schemars"}],
        });
        keep_linked(&mut bill, &[("serde".to_owned(), "1.0.0".to_owned())].into()).unwrap();
        assert_eq!(
            bill,
            json!({
                "components": [part("serde")],
                "dependencies": [{"ref": "main", "dependsOn": ["serde"]}, {"ref": "serde"}],
            })
        );
    }

    #[test]
    fn a_list_of_something_else_is_refused() {
        assert_eq!(verify(&bill(&OF_THE_FILTER), Kind::Filter).unwrap(), 6);
        let error = verify(&bill(&OF_THE_FILTER), Kind::Issuer).unwrap_err().to_string();
        assert!(error.contains(r#"foreign ["attache-engine", "proxy-wasm"]"#), "{error}");
        let error = verify(&bill(&OF_THE_FILTER[1..]), Kind::Filter).unwrap_err().to_string();
        assert!(error.contains(r#"missing ["serde_json"]"#), "{error}");
    }

    #[test]
    fn what_is_not_built_is_told_with_how_to_build_it() {
        let error = write(Kind::Issuer, Path::new("/nowhere/issuer"), Path::new("/nowhere/bill"))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no `/nowhere/issuer`\n  run scripts/build --issuer first"
        );
    }
}

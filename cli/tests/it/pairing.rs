//! Which configurations of two versions `attache diff` takes for one.

use crate::support::attache;
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

/// A configuration that opens one path.
fn bare(path: &str) -> String {
    format!(
        "issuers:\n- {{name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys}}\n\
         policies: [{{name: p, rules: [{{name: r, to: [{{paths: [{path}]}}]}}]}}]\n"
    )
}

/// The same in a resource.
fn resource(namespace: &str, name: &str, path: &str) -> String {
    let configuration: String = bare(path).lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         spec:\n  url: oci://registry.example/attache@sha256:0\n  pluginConfig:\n{configuration}"
    )
}

fn stream(documents: &[String]) -> String {
    documents.join("---\n")
}

/// Writes two versions, each of files by their paths.
fn versions(old: &[(&str, String)], new: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (version, files) in [("old", old), ("new", new)] {
        for (name, text) in files {
            let path = folder.path().join(version).join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("it is written");
        }
    }
    folder
}

/// Compares what lies at these paths, and returns how the paths of each pair changed, and what was
/// compared with nothing.
fn compared(folder: &TempDir, old: &str, new: &str) -> (Vec<String>, Vec<String>) {
    let [old, new] = [old, new].map(|path| folder.path().join(path).display().to_string());
    let run = attache(&["diff", &old, &new, "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let path = |value: &Value| {
        list(value)
            .first()
            .map_or("-", |it| it["request"]["path"].as_str().unwrap_or("?"))
            .to_owned()
    };
    let pairs = list(&report["comparisons"]);
    let pairs =
        pairs.iter().map(|it| format!("{} > {}", path(&it["refused"]), path(&it["allowed"])));
    let unpaired = list(&report["unpaired"]);
    let unpaired: Vec<String> =
        unpaired.iter().map(|it| it.as_str().expect("a text").to_owned()).collect();
    assert_eq!(
        run.status,
        i32::from(!report.to_string().contains("\"comparisons\":[]") || !unpaired.is_empty())
    );
    (pairs.collect(), unpaired)
}

fn whole(folder: &TempDir) -> (Vec<String>, Vec<String>) {
    compared(folder, "old", "new")
}

#[test]
fn documents_are_known_by_the_path_of_their_file() {
    let folder = versions(
        &[("a/values.yaml", bare("/a")), ("b/values.yaml", bare("/b"))],
        &[("a/values.yaml", bare("/a2")), ("b/values.yaml", bare("/b2"))],
    );
    assert_eq!(whole(&folder), (vec!["/a > /a2".to_owned(), "/b > /b2".to_owned()], Vec::new()));
    let folder = versions(
        &[("a/values.yaml", bare("/a")), ("b/values.yaml", bare("/b"))],
        &[("b/values.yaml", bare("/b2")), ("c/values.yaml", bare("/c"))],
    );
    let (pairs, unpaired) = whole(&folder);
    assert_eq!(pairs, ["/b > /b2"]);
    assert_eq!(unpaired.len(), 2, "{unpaired:?}");
    assert!(unpaired.iter().any(|it| it.contains("a/values.yaml is gone")), "{unpaired:?}");
    assert!(unpaired.iter().any(|it| it.contains("c/values.yaml is new")), "{unpaired:?}");
}

#[test]
fn documents_of_one_file_are_known_by_their_order() {
    let two = |one: &str, other: &str| vec![("x.yaml", stream(&[bare(one), bare(other)]))];
    let folder = versions(&two("/a", "/b"), &two("/a2", "/b2"));
    let expected = (vec!["/a > /a2".to_owned(), "/b > /b2".to_owned()], Vec::new());
    assert_eq!(whole(&folder), expected);
    // Two files that are named, whatever they are called.
    fs::rename(folder.path().join("new/x.yaml"), folder.path().join("new/y.yaml"))
        .expect("it is there");
    assert_eq!(compared(&folder, "old/x.yaml", "new/y.yaml"), expected);
    // Which of three are the two that there were, nobody can tell.
    let three = stream(&[bare("/c"), bare("/a"), bare("/b")]);
    let folder = versions(&two("/a", "/b"), &[("x.yaml", three)]);
    let (pairs, unpaired) = whole(&folder);
    assert_eq!(pairs, [""; 0]);
    assert_eq!(unpaired.len(), 5, "{unpaired:?}");
    assert!(
        unpaired[0].contains("is one of 2 before and 3 now that nothing tells apart"),
        "{unpaired:?}"
    );
}

#[test]
fn resources_are_known_by_kind_namespace_and_name_wherever_they_stand() {
    let folder = versions(
        &[(
            "x.yaml",
            stream(&[resource("shop", "attache", "/a"), resource("web", "attache", "/b")]),
        )],
        &[
            ("y.yaml", resource("web", "attache", "/b2")),
            ("z.yaml", resource("shop", "attache", "/a2")),
        ],
    );
    assert_eq!(whole(&folder), (vec!["/b > /b2".to_owned(), "/a > /a2".to_owned()], Vec::new()));
    // One of several that is in another namespace now is another, for other workloads.
    let folder = versions(
        &[(
            "x.yaml",
            stream(&[resource("shop", "attache", "/a"), resource("web", "attache", "/b")]),
        )],
        &[(
            "x.yaml",
            stream(&[resource("bank", "attache", "/a"), resource("web", "attache", "/b2")]),
        )],
    );
    let (pairs, unpaired) = whole(&folder);
    assert_eq!(pairs, ["/b > /b2"]);
    assert!(
        unpaired
            .iter()
            .any(|it| it.starts_with("WasmPlugin bank/attache") && it.contains("is new")),
        "{unpaired:?}"
    );
    assert!(
        unpaired
            .iter()
            .any(|it| it.starts_with("WasmPlugin shop/attache") && it.contains("is gone")),
        "{unpaired:?}"
    );
}

#[test]
fn a_resource_of_one_name_in_several_files_is_known_by_its_file() {
    let overlays = |base: &str, east: &str| {
        vec![
            ("base/x.yaml", resource("shop", "attache", base)),
            ("east/x.yaml", resource("shop", "attache", east)),
        ]
    };
    let folder = versions(&overlays("/a", "/b"), &overlays("/a2", "/b2"));
    assert_eq!(whole(&folder), (vec!["/a > /a2".to_owned(), "/b > /b2".to_owned()], Vec::new()));
    let folder =
        versions(&overlays("/a", "/b"), &[("base/x.yaml", resource("shop", "attache", "/a2"))]);
    let (pairs, unpaired) = whole(&folder);
    assert_eq!(pairs, ["/a > /a2"]);
    assert!(unpaired.len() == 1 && unpaired[0].contains("east/x.yaml is gone"), "{unpaired:?}");
}

#[test]
fn the_only_resource_in_another_namespace_is_told_to_be_for_others() {
    let folder = versions(
        &[("x.yaml", resource("shop", "attache", "/a"))],
        &[("x.yaml", resource("web", "attache", "/a"))],
    );
    let [old, new] = ["old", "new"].map(|path| folder.path().join(path).display().to_string());
    let run = attache(&["diff", &old, &new, "--fail-on", "allowed"]);
    assert_eq!(run.status, 1, "{run:?}");
    let said = "WasmPlugin `shop/attache` before, WasmPlugin `web/attache` now, so workloads of `shop` load it no more";
    assert!(run.stdout.contains(said), "{run:?}");
}

/// What has kustomize or a proxy leave a resource out is a change, though no request shows it.
#[test]
fn labels_and_annotations_by_which_a_resource_is_left_out_are_told() {
    let with = |metadata: &str| {
        resource("shop", "attache", "/a")
            .replace("namespace: shop", &format!("namespace: shop{metadata}"))
    };
    let diff = |old: &str, new: &str, fail_on: &str| {
        let folder = versions(&[("x.yaml", with(old))], &[("x.yaml", with(new))]);
        let [old, new] = ["old", "new"].map(|path| folder.path().join(path).display().to_string());
        attache(&["diff", &old, &new, "--fail-on", fail_on])
    };
    for (metadata, name) in [
        (
            ", annotations: {config.kubernetes.io/local-config: \"true\"}",
            "config.kubernetes.io/local-config",
        ),
        (", annotations: {argocd.argoproj.io/hook: Skip}", "argocd.argoproj.io/hook"),
        (", annotations: {helm.sh/hook: test}", "helm.sh/hook"),
        (
            ", annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}",
            "kustomize.toolkit.fluxcd.io/reconcile",
        ),
        (", labels: {istio.io/rev: canary}", "istio.io/rev"),
    ] {
        for (old, new) in [("", metadata), (metadata, "")] {
            let run = diff(old, new, "allowed");
            assert_eq!(run.status, 1, "{metadata}: {run:?}");
            assert!(run.stdout.contains("not compared by requests, and may allow more"), "{run:?}");
            assert!(run.stdout.contains(&format!("[\"{name}\"]`: ")), "{name}: {run:?}");
        }
        assert_eq!(diff(metadata, metadata, "any").status, 0);
    }
    let run = diff(", labels: {istio.io/rev: stable}", ", labels: {istio.io/rev: canary}", "any");
    assert!(
        run.stdout.contains("`metadata.labels[\"istio.io/rev\"]`: `stable` before, `canary` now"),
        "{run:?}"
    );
    // Whoever selects by another label finds it or not, which is for a review to see.
    let team = ", labels: {team: shop}";
    assert_eq!((diff("", team, "any").status, diff("", team, "allowed").status), (1, 0));
    // What each release writes anew is none.
    let release = ", labels: {app.kubernetes.io/version: \"2\", helm.sh/chart: a-2}";
    assert_eq!(diff("", release, "any").status, 0);
}

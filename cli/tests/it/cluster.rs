//! What a cluster holds, by a kubectl that this test wrote.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Runs `attache check --cluster` with a kubectl of these lines, or none.
fn check(kubectl: Option<&str>, arguments: &[&str]) -> (Output, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    if let Some(script) = kubectl {
        let path = folder.path().join("kubectl");
        let asked = folder.path().join("asked");
        let head = format!("#!/bin/sh\nPATH=/usr/bin:/bin\necho \"$@\" >>'{}'\n", asked.display());
        fs::write(&path, head + script).expect("it is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it may run");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_attache"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    command.args(["check", "--cluster"]).args(arguments).current_dir(root);
    // Without a script there is no kubectl at all, whatever this machine has.
    (command.env("PATH", folder.path()).output().expect("it runs"), folder)
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const HAS_ISTIO: &str =
    "if [ \"$1\" = api-resources ]; then echo wasmplugins.extensions.istio.io; exit; fi\n";

#[test]
fn every_plugin_of_the_cluster_is_checked_and_no_kind_is_asked_for_that_it_lacks() {
    let list = "cat <<'EOF'\napiVersion: v1\nkind: List\nitems:\n- apiVersion: extensions.istio.io/v1alpha1\n  kind: WasmPlugin\n  \
                metadata: {name: attache, namespace: shop}\n  spec:\n    url: oci://a.example/attache:1\n    match: [{mode: SERVER}]\n    \
                pluginConfig: {isuers: []}\n- apiVersion: extensions.istio.io/v1alpha1\n  kind: WasmPlugin\n  metadata: {name: other}\n  \
                spec: {url: oci://a.example/waf}\nEOF\n";
    let (output, folder) = check(Some(&format!("{HAS_ISTIO}{list}")), &["--context", "east"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(text.contains("cluster:10:20") && text.contains("did you mean `issuers`?"), "{text}");
    assert!(
        stderr(&output).contains("1 configuration in 1 file, passed over 1 other module"),
        "{}",
        stderr(&output)
    );
    let asked = fs::read_to_string(folder.path().join("asked")).expect("it was asked");
    assert_eq!(
        asked,
        "api-resources --output name --context east\n\
         get wasmplugins.extensions.istio.io --output yaml --all-namespaces --context east\n"
    );
}

#[test]
fn what_is_wrong_with_the_cluster_is_told_with_what_to_do() {
    for (kubectl, said) in [
        (None, "can't run `kubectl`: "),
        (Some("exit 0\n"), "none of the kinds that are looked for"),
        (
            Some("echo 'The connection to the server was refused' >&2; exit 1\n"),
            "`kubectl api-resources --output name` failed: The connection to the server was refused; ",
        ),
        (
            Some(&*format!("{HAS_ISTIO}echo 'apiVersion: v1\nkind: List\nitems: []'\n")),
            "no configuration of Attaché in the cluster",
        ),
    ] {
        let (output, _folder) = check(kubectl, &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).starts_with("error: ") && stderr(&output).contains(said),
            "{}",
            stderr(&output)
        );
    }
}

//! `attache check`: what it finds, and where.

use crate::support::{attache, attache_given};

#[test]
fn an_error_has_its_place_its_line_and_what_to_do() {
    let run =
        attache_given(&["check", "-"], "issuers:\n- name: x\n  issuer: https://x.example\n  isuer: 1\n");
    let expected = "\
error[invalid]: unknown key `isuer`
 --> <stdin>:4:3
  |
4 |   isuer: 1
  |   ^^^^^
  |
  = at: issuers[0].isuer
  = help: did you mean `issuer`?
";
    assert!(run.stdout.contains(expected), "{}", run.stdout);
    assert_eq!(run.status, 1);
}

#[test]
fn yaml_is_read_as_kubernetes_does() {
    let resource = "\
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: attache}
spec:
  pluginConfig:
    issuers:
    - name: tyk
      issuer: https://tyk.example.com
      jwks: {keys: [{kty: EC, crv: P-256, kid: a, x: OUXXO_D7Fx8d_1cC86YG0zYO7U0T-Cem-gLhEd-8yBY, y: g8pjK8}]}
";
    let run = attache_given(&["check", "-"], resource);
    assert!(run.stdout.contains("which YAML makes of a bare `y`"), "{}", run.stdout);
    assert!(run.stdout.contains("<stdin>:9:"), "{}", run.stdout);
    assert_eq!(run.status, 1);
}

#[test]
fn what_holds_no_configuration_is_not_passed_as_good() {
    let run = attache(&["check", "istio/base/kustomization.yaml"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains(
            "no configuration of Attaché in `istio/base/kustomization.yaml`, passed over 1 other resource"
        ),
        "{}",
        run.stderr
    );
    let run = attache(&["check", "no-such-file.yaml"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("can't read `no-such-file.yaml`"), "{}", run.stderr);
}

#[test]
fn a_text_that_cannot_be_read_is_a_finding_with_its_place() {
    for (name, text, place) in [("-", "issuers: [\n", "<stdin>:1:10"), ("-", "a: b: c\n", "<stdin>:1:5")] {
        let run = attache_given(&["check", name], text);
        assert!(run.stdout.starts_with("error[syntax]: "), "{}", run.stdout);
        assert!(run.stdout.contains(place), "{}", run.stdout);
        assert_eq!(run.status, 1);
    }
}

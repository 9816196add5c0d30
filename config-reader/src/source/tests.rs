use super::*;
use crate::{read_json, read_yaml, read_yaml_stream};

fn path(steps: &[Step]) -> Path {
    Path(steps.to_vec())
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

/// Line, column and text of a part.
type Part<'t> = (usize, usize, &'t str);

fn part(span: Span, text: &str) -> Part<'_> {
    (span.start.line, span.start.column, text.get(span.start.byte..span.end.byte).unwrap())
}

/// What stands at a path: its key, if it has one, its value, and whether that is all of the path.
fn located<'t>(text: &'t str, steps: &[Step]) -> (Option<Part<'t>>, Part<'t>, bool) {
    let source = SourceText::parse(text).unwrap();
    let location = source.documents()[0].locate(&path(steps));
    (location.key.map(|key| part(key, text)), part(location.value, text), location.is_exact)
}

const WASM_PLUGIN: &str = r#"
# Who may call.
apiVersion: extensions.istio.io/v1alpha1
spec:
  pluginConfig:
    issuers:
    - name: tÿk # the gateway's
      "issuer": 'https://tyk.example.com'
      audiences: [mesh, "a b"]
    policies:
    - name: orders
      rules:
        - {name: read, to: [{paths: [/orders]}]}

other: 1
"#;

#[test]
fn yaml_in_a_wasm_plugin_is_found_by_line_column_and_byte() {
    let config = [key("spec"), key("pluginConfig")];
    let below = |steps: &[Step]| [&config, steps].concat();
    let issuer = |name| below(&[key("issuers"), Step::Index(0), key(name)]);
    assert_eq!(located(WASM_PLUGIN, &issuer("name")), (Some((7, 7, "name")), (7, 13, "tÿk"), true));
    assert_eq!(
        located(WASM_PLUGIN, &issuer("issuer")),
        (Some((8, 7, "\"issuer\"")), (8, 17, "'https://tyk.example.com'"), true)
    );
    let audience = [issuer("audiences").as_slice(), &[Step::Index(1)]].concat();
    assert_eq!(located(WASM_PLUGIN, &audience), (None, (9, 25, "\"a b\""), true));
    let rule = below(&[key("policies"), Step::Index(0), key("rules"), Step::Index(0)]);
    assert_eq!(located(WASM_PLUGIN, &rule).1, (13, 11, "{name: read, to: [{paths: [/orders]}]}"));
    let paths = [rule.as_slice(), &[key("to"), Step::Index(0), key("paths")]].concat();
    assert_eq!(
        located(WASM_PLUGIN, &paths),
        (Some((13, 30, "paths")), (13, 37, "[/orders]"), true)
    );
}

#[test]
fn a_block_ends_with_what_it_holds() {
    let (key, (line, column, text), _) = located(WASM_PLUGIN, &[key("spec")]);
    assert_eq!((key, line, column), (Some((4, 1, "spec")), 5, 3));
    assert!(text.starts_with("pluginConfig:") && text.ends_with("[/orders]}]}"), "{text}");
}

#[test]
fn a_path_that_ends_early_is_found_as_far_as_it_goes() {
    let missing = [key("spec"), key("pluginConfig"), key("issuers"), Step::Index(0), key("jwks")];
    let (_, (line, column, text), is_exact) = located(WASM_PLUGIN, &missing);
    assert_eq!((line, column, is_exact), (7, 7, false));
    assert!(text.starts_with("name: ") && text.ends_with("\"a b\"]"), "{text}");
    assert_eq!(
        located("a: '{\"keys\": []}'", &[key("a"), key("keys")]).1,
        (1, 4, "'{\"keys\": []}'")
    );
    assert_eq!(located("[1]", &[Step::Index(3)]).1, (1, 1, "[1]"));
    assert_eq!(located("[1]", &[key("a")]).1, (1, 1, "[1]"));
}

#[test]
fn json_is_found_too() {
    let long = "k".repeat(5000);
    let text = format!(
        "{{\n\t\"a\\/\\ud83d\\ude00\": [\n\t\t1.5e3,\n\t\ttrue ],\n\t\"{long}\": {{\"b\" : null}}\n}}\n"
    );
    read_json(text.as_bytes(), &mut Vec::new()).unwrap();
    assert_eq!(located(&text, &[key("a/😀"), Step::Index(0)]), (None, (3, 3, "1.5e3"), true));
    assert_eq!(located(&text, &[key("a/😀"), Step::Index(1)]), (None, (4, 3, "true"), true));
    assert_eq!(located(&text, &[key(&long), key("b")]).1, (5, 5013, "null"));
    assert_eq!(located(&text, &[]).1.2, text.trim_end());
}

#[test]
fn aliases_and_merged_keys_are_found_where_they_are_defined() {
    let text = "base: &base {a: 1, b: 2}\none:\n  <<: *base\n  b: 3\ntwo: *base\nthree: {<<: [{c: 4}, *base]}\n";
    assert_eq!(located(text, &[key("one"), key("a")]), (Some((1, 14, "a")), (1, 17, "1"), true));
    assert_eq!(located(text, &[key("one"), key("b")]).1, (4, 6, "3"));
    assert_eq!(located(text, &[key("two"), key("b")]).1, (1, 23, "2"));
    assert_eq!(located(text, &[key("three"), key("b")]).1, (1, 23, "2"));
    assert_eq!(located(text, &[key("three"), key("c")]).1, (6, 18, "4"));
}

#[test]
fn nested_aliases_cost_no_more_than_their_text() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for depth in 1..60 {
        text += &format!("a{depth}: &a{depth} [*a{0}, *a{0}, *a{0}]\n", depth - 1);
    }
    let steps = [key("a59"), Step::Index(2), Step::Index(1), Step::Index(0)];
    assert!(located(&text, &steps).2);
}

#[test]
fn documents_are_those_that_reading_finds() {
    let text = "---\n---\na: 1\n---\n# nothing\n---\nnull\n---\nb: 2\n...\n";
    let read = read_yaml_stream(text).unwrap();
    let source = SourceText::parse(text).unwrap();
    let has =
        |index: usize, name: &str| source.documents()[index].locate(&path(&[key(name)])).is_exact;
    let positions: Vec<_> =
        (0..read.len()).filter(|&index| read[index].get("b").is_some()).collect();
    assert_eq!((read.len(), source.documents().len()), (2, 2), "{read:?}");
    assert!(has(0, "a") && has(1, "b") && positions == [1]);
}

#[test]
fn what_cannot_be_read_has_no_positions_and_does_not_panic() {
    for text in ["a: [", "\"", "*nobody", "{a: 1]", "\u{0}", "a: b: c", "- a\nb: 1"] {
        assert_eq!(SourceText::parse(text).is_ok(), read_yaml(text).is_ok(), "{text:?}");
    }
    assert!(SourceText::parse("").unwrap().documents().is_empty());
}

#[test]
fn a_long_value_is_underlined_by_its_key() {
    let source = SourceText::parse("a:\n  b: 1\n  c: 2\nd: 3").unwrap();
    let line_of = |name: &str| source.documents()[0].locate(&path(&[key(name)])).span().start;
    assert_eq!((line_of("a").line, line_of("a").column), (1, 1));
    assert_eq!((line_of("d").line, line_of("d").column), (4, 4));
}

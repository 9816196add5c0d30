use super::encode;
use attache_plugin_config::HeaderFormat::{self, Base64Json, Csv, Json, PercentEncoded};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn each_format_has_one_way_to_write_a_value() {
    let cases: &[(Value, Option<HeaderFormat>, Option<&str>)] = &[
        (json!("Ann Lee"), None, Some("Ann Lee")),
        (json!("a,b%"), None, Some("a,b%")),
        (json!(7), None, Some("7")),
        (json!(-1.5), None, Some("-1.5")),
        (json!(u64::MAX), None, Some("18446744073709551615")),
        (json!(12345.0), None, Some("12345")),
        (json!(1e-7), None, Some("1e-7")),
        (json!([1.0, 2.5]), None, Some("1,2.5")),
        (json!(true), None, Some("true")),
        (json!("Zoë"), Some(PercentEncoded), Some("Zo%C3%AB")),
        (json!("Zo%C3%AB"), Some(PercentEncoded), Some("Zo%25C3%25AB")),
        (json!(" Łoś, Ann\r\n"), Some(PercentEncoded), Some("%20%C5%81o%C5%9B,%20Ann%0D%0A")),
        (json!(12345.0), Some(PercentEncoded), Some("12345")),
        (json!(["a"]), Some(PercentEncoded), None),
        (json!({"a": 1}), Some(PercentEncoded), None),
        (json!(["a", "b c", "d,e", 1, false]), None, Some("a,b%20c,d%2Ce,1,false")),
        (json!([]), None, Some("")),
        (json!(["a", null, "b"]), None, Some("a,b")),
        (json!({"a": [1, "é"]}), None, Some(r#"{"a":[1,"\u00e9"]}"#)),
        (json!(["a", {"b": 1}]), None, Some(r#"["a",{"b":1}]"#)),
        (json!([["a"]]), None, Some(r#"[["a"]]"#)),
        (json!("a,b"), Some(Csv), Some("a%2Cb")),
        (json!("100%"), Some(Csv), Some("100%25")),
        (json!("é\r\n"), Some(Csv), Some("%C3%A9%0D%0A")),
        (json!(7), Some(Csv), Some("7")),
        (json!({"a": 1}), Some(Csv), None),
        (json!([["a"]]), Some(Csv), None),
        (json!("a\"b"), Some(Json), Some(r#""a\"b""#)),
        (json!("\u{7f}\u{0}\n\u{1f600}"), Some(Json), Some(r#""\u007f\u0000\n\ud83d\ude00""#)),
        (json!([]), Some(Json), Some("[]")),
        (json!({"é": 1}), Some(Json), Some(r#"{"\u00e9":1}"#)),
        (json!(["a"]), Some(Base64Json), Some("WyJhIl0")),
    ];
    for (value, format, expected) in cases {
        assert_eq!(encode(value, *format).as_deref(), *expected, "{value} as {format:?}");
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn percent_decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
            decoded.push(u8::from_str_radix(str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).unwrap()
}

proptest! {
    #[test]
    fn json_is_ascii_and_reads_back(value in json_value()) {
        let text = encode(&value, Some(Json)).unwrap();
        prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text}");
        prop_assert!(!text.starts_with(' ') && !text.ends_with(' '));
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn base64_json_is_visible_ascii_and_reads_back(value in json_value()) {
        let text = encode(&value, Some(Base64Json)).unwrap();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
        let json = URL_SAFE_NO_PAD.decode(text).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), value);
    }

    #[test]
    fn a_percent_encoded_text_is_visible_ascii_and_reads_back(text in any::<String>()) {
        let line = encode(&json!(text), Some(PercentEncoded)).unwrap();
        prop_assert!(line.bytes().all(|byte| byte.is_ascii_graphic()), "{line}");
        prop_assert_eq!(percent_decode(&line), text);
    }

    #[test]
    fn csv_is_visible_ascii_and_reads_back(elements in proptest::collection::vec(any::<String>(), 1..8)) {
        let line = encode(&json!(elements), Some(Csv)).unwrap();
        prop_assert!(line.bytes().all(|byte| byte.is_ascii_graphic()), "{line}");
        prop_assert_eq!(line.split(',').map(percent_decode).collect::<Vec<_>>(), elements);
    }

    #[test]
    fn a_list_of_scalars_is_csv_unless_told_otherwise(elements in proptest::collection::vec(any::<String>(), 0..8)) {
        let list = json!(elements);
        prop_assert_eq!(encode(&list, None), encode(&list, Some(Csv)));
    }
}

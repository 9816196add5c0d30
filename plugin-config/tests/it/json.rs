//! The document as text.

use crate::support::with_issuer;
use attache_plugin_config::{MAX_DOCUMENT_BYTES, parse};
use serde_json::json;

fn error(text: &[u8]) -> String {
    parse(text).expect_err("refused").to_string()
}

#[test]
fn what_is_not_json_is_named_by_line_and_column() {
    assert_eq!(error(b""), "not JSON: EOF while parsing a value at line 1 column 0");
    assert_eq!(error(b"{\n  \"issuers\": [,]\n}"), "not JSON: expected value at line 2 column 15");
    assert_eq!(error(b"{} {}"), "not JSON: trailing characters at line 1 column 4");
    assert_eq!(error(b"{\n\"a\": \"\xff\"}"), "not UTF-8 at line 2 column 7; save it as UTF-8");
    assert_eq!(error(b"\xef\xbb\xbf{}"), "begins with a byte order mark; save it without one");
    let deep = "[".repeat(100_000);
    assert!(error(deep.as_bytes()).starts_with("not JSON: recursion limit exceeded"));
}

#[test]
fn a_key_that_stands_twice_is_an_error_wherever_it_is() {
    let text = with_issuer(json!({})).to_string();
    let text = text.replace("\"kty\":", "\"kty\":\"EC\",\"kty\":");
    assert_eq!(
        error(text.as_bytes()),
        "issuers[0].jwks.keys[0].kty: `kty` is repeated in this object; keep one of them"
    );
    let text = "{\"issuers\":[{\"name\":\"a\",\"na\\u006de\":\"b\",\"issuer\":\"x\",\"secrets\":[{\"env\":\"A\",\
                \"env\":\"B\",\"env\":\"C\",\"algorithm\":\"HS256\"}]}]}";
    assert_eq!(
        error(text.as_bytes()),
        "issuers[0].name: `name` is repeated in this object; keep one of them\n\
         issuers[0].secrets[0].env: `env` is repeated in this object; keep one of them"
    );
}

#[test]
fn a_document_has_an_end() {
    let mut text = with_issuer(json!({})).to_string();
    text.push_str(&" ".repeat(MAX_DOCUMENT_BYTES - text.len()));
    parse(text.as_bytes()).expect("as long as may be");
    text.push(' ');
    assert_eq!(
        error(text.as_bytes()),
        "a configuration has 4194304 bytes at most, this one 4194305; split it"
    );
}

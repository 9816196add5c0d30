//! JSONTestSuite, as the payload of a token: each text as a claim's value.

use super::Tally;
use attache_engine::token::Jws;
use attache_test_vectors::published;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs;

const DIGITS: &str = "an integer past 64 bits is kept as its digits";
const TWICE: &str = "a member named twice is read in two ways (RFC 8259 section 4)";
const EXACT: &str = "64 bits hold this integer exactly";
const DOUBLE: &str = "a fraction is a double, as in every reader that RFC 8259 section 6 counts on";

fn reads(text: &[u8]) -> bool {
    let payload = [b"{\"claim\":", text, b"}"].concat();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    Jws::parse(format!("{header}.{}.", URL_SAFE_NO_PAD.encode(payload)).as_bytes()).is_ok()
}

/// Returns every file of a folder, by name; `None` where there is none.
fn files(folder: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let mut files: Vec<_> = fs::read_dir(published(&format!("JSONTestSuite/{folder}"))?)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    Some(files)
}

#[test]
fn json_is_read_as_rfc_8259_has_it() {
    let mut tally = Tally::new(&[
        ("i_number_double_huge_neg_exp.json", "a fraction too small for a double is read as zero"),
        ("i_number_too_big_neg_int.json", DIGITS),
        ("i_number_too_big_pos_int.json", DIGITS),
        ("i_number_very_big_negative_int.json", DIGITS),
        ("i_number_real_underflow.json", "a fraction too small for a double is read as zero"),
        ("y_object_duplicated_key.json", TWICE),
        ("y_object_duplicated_key_and_value.json", TWICE),
    ]);
    let Some(files) = files("test_parsing") else { return };
    for (name, text) in &files {
        // i_: up to the reader; this one refuses, but for the exceptions.
        tally.note(name.as_str(), "", reads(text), name.starts_with("y_"));
    }
    // The copy in the npm registry has 293 files, those that are not UTF-8 left out; the suite has
    // 318.
    assert!(files.len() >= 293, "only {} files", files.len());
    tally.finish(280);
}

#[test]
fn what_two_readers_read_in_two_ways_is_refused() {
    let mut tally = Tally::new(&[
        ("number_-9223372036854775808.json", EXACT),
        ("number_-9223372036854775809.json", DIGITS),
        ("number_1000000000000000.json", EXACT),
        ("number_10000000000000000999.json", EXACT),
        ("number_9223372036854775807.json", EXACT),
        ("number_9223372036854775808.json", EXACT),
        ("number_1.0.json", DOUBLE),
        ("number_1.000000000000000005.json", DOUBLE),
        ("number_1e-999.json", DOUBLE),
        ("number_1e6.json", DOUBLE),
        ("object_key_nfc_nfd.json", "names are compared byte for byte: these are two"),
        ("object_key_nfd_nfc.json", "names are compared byte for byte: these are two"),
        ("string_with_escaped_NULL.json", "a NUL is a character; it can't get into a header"),
    ]);
    let Some(files) = files("test_transform") else { return };
    for (name, text) in &files {
        tally.note(name.as_str(), "", reads(text), false);
    }
    tally.finish(5);
}

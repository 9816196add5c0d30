//! JSONTestSuite: what every JSON parser must take, must refuse, and may do as it likes.

use crate::read_json;
use attache_test_vectors::published;

/// Valid JSON that is refused, with the reason.
const REFUSED: [(&str, &str); 2] = [
    ("y_object_duplicated_key.json", "a repeated key means two things to two readers"),
    ("y_object_duplicated_key_and_value.json", "a repeated key is a mistake, even with one value"),
];

/// What the standard leaves to the parser: whether it is taken, and why.
const LEFT_OPEN: [(&str, bool, &str); 35] = [
    ("i_number_double_huge_neg_exp.json", true, "rounds to zero"),
    ("i_number_huge_exp.json", false, "no float64 holds it"),
    ("i_number_neg_int_huge_exp.json", false, "no float64 holds it"),
    ("i_number_pos_double_huge_exp.json", false, "no float64 holds it"),
    ("i_number_real_neg_overflow.json", false, "no float64 holds it"),
    ("i_number_real_pos_overflow.json", false, "no float64 holds it"),
    ("i_number_real_underflow.json", true, "rounds to zero"),
    ("i_number_too_big_neg_int.json", true, "a float64; refused where it is read"),
    ("i_number_too_big_pos_int.json", true, "a float64; refused where it is read"),
    ("i_number_very_big_negative_int.json", true, "a float64; refused where it is read"),
    ("i_object_key_lone_2nd_surrogate.json", false, "half a surrogate pair is no character"),
    ("i_string_1st_surrogate_but_2nd_missing.json", false, "half a surrogate pair is no character"),
    (
        "i_string_1st_valid_surrogate_2nd_invalid.json",
        false,
        "half a surrogate pair is no character",
    ),
    ("i_string_UTF-16LE_with_BOM.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_UTF-8_invalid_sequence.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_UTF8_surrogate_U+D800.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    (
        "i_string_incomplete_surrogate_and_escape_valid.json",
        false,
        "half a surrogate pair is no character",
    ),
    ("i_string_incomplete_surrogate_pair.json", false, "half a surrogate pair is no character"),
    (
        "i_string_incomplete_surrogates_escape_valid.json",
        false,
        "half a surrogate pair is no character",
    ),
    ("i_string_invalid_lonely_surrogate.json", false, "half a surrogate pair is no character"),
    ("i_string_invalid_surrogate.json", false, "half a surrogate pair is no character"),
    ("i_string_invalid_utf-8.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_inverted_surrogates_U+1D11E.json", false, "half a surrogate pair is no character"),
    ("i_string_iso_latin_1.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_lone_second_surrogate.json", false, "half a surrogate pair is no character"),
    ("i_string_lone_utf8_continuation_byte.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_not_in_unicode_range.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_overlong_sequence_2_bytes.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_overlong_sequence_6_bytes.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_overlong_sequence_6_bytes_null.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_truncated-utf-8.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_utf16BE_no_BOM.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_string_utf16LE_no_BOM.json", false, "not UTF-8 (RFC 8259 section 8.1)"),
    ("i_structure_500_nested_arrays.json", false, "nested deeper than 127 levels"),
    (
        "i_structure_UTF-8_BOM_empty_object.json",
        false,
        "begins with a byte order mark (RFC 8259 section 8.1)",
    ),
];

/// Returns every file of the suite; `None` where this machine has none.
fn suite() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = published("JSONTestSuite/test_parsing")?;
    let files = std::fs::read_dir(folder).expect("the folder of the suite");
    let files = files
        .map(|file| file.expect("a file").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a vector"))
        })
        .collect();
    Some(files)
}

#[test]
fn the_suite_is_taken_and_refused_as_it_should() {
    let Some(suite) = suite() else { return };
    let mut seen = [0, 0, 0];
    let mut wrong = Vec::new();
    for (name, text) in suite {
        let mut repeated = Vec::new();
        let taken = read_json(&text, &mut repeated).is_ok() && repeated.is_empty();
        let (kind, expected) = match name.as_bytes()[0] {
            b'y' => (0, !REFUSED.iter().any(|(listed, _)| *listed == name)),
            b'n' => (1, false),
            _ => {
                let listed = LEFT_OPEN.iter().find(|(listed, ..)| *listed == name);
                (2, listed.unwrap_or_else(|| panic!("{name} is not listed")).1)
            }
        };
        seen[kind] += 1;
        if taken != expected {
            wrong.push(name);
        }
    }
    assert_eq!(wrong, [""; 0], "taken where they should not be, or the contrary");
    // The copy in the npm registry lacks the files that are not UTF-8.
    assert!([[95, 188, LEFT_OPEN.len()], [95, 176, 22]].contains(&seen), "{seen:?}");
}

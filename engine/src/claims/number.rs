//! Numbers compared exactly: a 64-bit integer is not rounded to the double it is compared with.

use serde_json::Number;
use std::cmp::Ordering;

/// 2^64.
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// Returns how a claim's number stands to a configured one; `None` where that is not a number.
pub(super) fn compare(number: &Number, other: f64) -> Option<Ordering> {
    if other.is_nan() {
        None
    } else if let Some(positive) = number.as_u64() {
        Some(compare_u64(positive, other))
    } else if let Some(negative) = number.as_i64() {
        Some(compare_u64(negative.unsigned_abs(), -other).reverse())
    } else {
        number.as_f64()?.partial_cmp(&other)
    }
}

/// Returns the one text of a number: `12345` also where the token has `12345.0` or `1.2345e4`. A
/// fraction stays as serde_json writes it, and so does what is past 2^50: up to there no rounding,
/// of a double or of serde_json's reader, makes one integer of another.
pub(super) fn text(number: &Number) -> String {
    const LARGEST: f64 = 1_125_899_906_842_624.0;
    match number.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "an integer of 51 bits")]
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() <= LARGEST => {
            (value as i64).to_string()
        }
        _ => number.to_string(),
    }
}

/// Returns whether two numbers are equal, however they are written.
pub(super) fn equal(one: &Number, other: &Number) -> bool {
    one == other
        || match (one.is_f64(), other.is_f64()) {
            (_, true) => {
                other.as_f64().and_then(|other| compare(one, other)) == Some(Ordering::Equal)
            }
            (true, false) => {
                one.as_f64().and_then(|one| compare(other, one)) == Some(Ordering::Equal)
            }
            (false, false) => false,
        }
}

fn compare_u64(integer: u64, other: f64) -> Ordering {
    if other < 0.0 {
        return Ordering::Greater;
    }
    if other >= TWO_64 {
        return Ordering::Less;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 <= other < 2^64"
    )]
    let whole = other.trunc() as u64;
    integer.cmp(&whole).then(if other.fract() > 0.0 { Ordering::Less } else { Ordering::Equal })
}

#[cfg(test)]
mod tests {
    use super::{compare, equal, text};
    use std::cmp::Ordering::{Equal, Greater, Less};

    fn number(text: &str) -> serde_json::Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn integers_past_53_bits_are_not_rounded() {
        for (left, right, expected) in [
            ("1", 1.0, Equal),
            ("1.0", 1.0, Equal),
            ("1", 1.5, Less),
            ("2", 1.5, Greater),
            ("-1", -1.0, Equal),
            ("-1", -1.5, Greater),
            ("-2", -1.5, Less),
            ("-1", 1.0, Less),
            ("1", -1.0, Greater),
            ("0", -0.0, Equal),
            ("9007199254740993", 9_007_199_254_740_992.0, Greater),
            ("-9007199254740993", -9_007_199_254_740_992.0, Less),
            ("18446744073709551615", 18_446_744_073_709_551_616.0, Less),
            ("1.25", 1.5, Less),
            ("5", f64::INFINITY, Less),
        ] {
            assert_eq!(compare(&number(left), right), Some(expected), "{left} and {right}");
        }
        assert_eq!(compare(&number("1"), f64::NAN), None);
    }

    #[test]
    fn a_number_has_one_text() {
        for (written, one) in [
            ("12345", "12345"),
            ("12345.0", "12345"),
            ("1.2345e4", "12345"),
            ("-7.0", "-7"),
            ("-0.0", "0"),
            ("0.5", "0.5"),
            ("12345.5", "12345.5"),
            ("1125899906842623.000", "1125899906842623"),
            ("1125899906842624.0", "1125899906842624"),
            ("9007199254740992.0", "9007199254740992.0"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
        ] {
            assert_eq!(text(&number(written)), one, "{written}");
        }
    }

    #[test]
    fn no_integer_is_written_as_another() {
        let ends = (1..1000_u64).chain((1 << 50) - 1000..1 << 50).chain((1 << 53) - 1000..1 << 53);
        for integer in ends {
            for fraction in [".0", ".00", ".000000", "e0"] {
                let text = text(&number(&format!("{integer}{fraction}")));
                assert!(
                    text == integer.to_string() || text.contains(['.', 'e']),
                    "{integer}{fraction} as {text}"
                );
            }
        }
    }

    #[test]
    fn equality_looks_through_the_spelling() {
        assert!(equal(&number("1"), &number("1.0")));
        assert!(equal(&number("1.0"), &number("1")));
        assert!(equal(&number("-3"), &number("-3")));
        assert!(!equal(&number("9007199254740993"), &number("9007199254740992.0")));
        assert!(!equal(&number("1"), &number("-1")));
    }
}

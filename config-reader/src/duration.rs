//! Lengths of time.

use crate::problem::{A_DURATION, not_a_duration, without_unit};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use std::time::Duration;

/// A length of time as a document has it: see [`parse_duration`].
#[derive(Clone, Copy, Debug)]
pub struct DurationDocument(pub Duration);

impl<'de> Deserialize<'de> for DurationDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DurationVisitor;

        impl Visitor<'_> for DurationVisitor {
            type Value = DurationDocument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(A_DURATION)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<DurationDocument, E> {
                let duration = parse_duration(text);
                duration.map(DurationDocument).ok_or_else(|| E::custom(not_a_duration(text)))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<DurationDocument, E> {
                Err(E::custom(without_unit(value)))
            }
        }

        deserializer.deserialize_any(DurationVisitor)
    }
}

/// The longest duration of a configuration, 100 years: it keeps sums of times far from any
/// overflow.
const MAX_DURATION: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// Reads one or more whole numbers with a unit each, `h`, `m`, `s` or `ms`, from the largest;
/// `None` for anything else, and for more than 100 years.
///
/// That is less than the humantime crate takes: with spaces, days and months beside them, one
/// duration would have many spellings, and the JSON Schema could not say which.
///
/// ```
/// use attache_config_reader::parse_duration;
/// use std::time::Duration;
///
/// assert_eq!(parse_duration("1h30m"), Some(Duration::from_secs(5400)));
/// assert_eq!(parse_duration("30"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, after) = rest.split_at_checked(digits)?;
        let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let millis = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1000,
            "ms" => 1,
            _ => return None,
        };
        if millis >= last_unit {
            return None;
        }
        last_unit = millis;
        let part = count.parse::<u64>().ok()?.checked_mul(millis)?;
        total = total.checked_add(Duration::from_millis(part))?;
        rest = after;
    }
    (!text.is_empty() && total <= MAX_DURATION).then_some(total)
}

/// Writes a duration as [`parse_duration`] reads it, to the millisecond.
///
/// ```
/// use attache_config_reader::format_duration;
/// use std::time::Duration;
///
/// assert_eq!(format_duration(Duration::from_secs(90)), "1m30s");
/// ```
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
        (u64::from(duration.subsec_millis()), "ms"),
    ];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for (millis, text) in [
            (0, "0s"),
            (250, "250ms"),
            (90_000, "1m30s"),
            (120_000, "2m"),
            (3_600_000, "1h"),
            (3_601_001, "1h1s1ms"),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(format_duration(duration), text);
            assert_eq!(parse_duration(text), Some(duration));
        }
    }

    #[test]
    fn durations_are_numbers_with_units_from_the_largest() {
        for (text, millis) in [
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("250ms", 250),
            ("1h30m", 5_400_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "", "30", "s", "1d", "30m1h", "1s1s", "1.5s", "-1s", "+1s", " 1s", "1 s", "1S", "1h30",
            "1000000h",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(parse_duration("99999999999999999999s"), None);
    }
}

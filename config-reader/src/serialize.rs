//! A node as JSON.

use crate::Node;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// 2^53: integers below it are exact as float64.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// What could not be read, and a number that JSON does not have (`.inf`), is `null`.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null | Self::Invalid(_) => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serialize_number(*value, serializer),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Object(members) => {
                let mut object = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    object.serialize_entry(key, value)?;
                }
                object.end()
            }
        }
    }
}

/// Writes a whole number as one: `8080`, not `8080.0`.
fn serialize_number<S: Serializer>(value: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && value.abs() < MAX_EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of 53 bits is an i64")]
        let whole = value as i64;
        return serializer.serialize_i64(whole);
    }
    serializer.serialize_f64(value)
}

#[cfg(test)]
mod tests {
    use crate::{Node, read_json};

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for json in [
            r#"{"a":[1,-2.5,true,null,"b\"\u0001"],"":{"x":{}}}"#,
            "9007199254740991",
            "-9007199254740991",
            "1e300",
        ] {
            let node = read_json(json.as_bytes(), &mut Vec::new()).unwrap();
            let written = serde_json::to_vec(&node).unwrap();
            assert_eq!(read_json(&written, &mut Vec::new()), Ok(node), "{json}");
        }
        assert_eq!(serde_json::to_string(&Node::Number(8080.0)).unwrap(), "8080");
        assert_eq!(serde_json::to_string(&Node::Number(f64::INFINITY)).unwrap(), "null");
    }
}

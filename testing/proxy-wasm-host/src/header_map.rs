//! Header maps as they cross the ABI: a count, the lengths, then names and values with a NUL after
//! each.

/// A header map: it keeps its order and its duplicates. Values are bytes, not always UTF-8.
pub type Headers = Vec<(String, Vec<u8>)>;

/// Returns the form that crosses the ABI. A map of 4 GiB or more has none: its lengths read as the
/// greatest.
pub(crate) fn write(map: &Headers) -> Vec<u8> {
    let mut bytes = length(map.len()).to_vec();
    for (name, value) in map {
        bytes.extend(length(name.len()));
        bytes.extend(length(value.len()));
    }
    for (name, value) in map {
        for text in [name.as_bytes(), value] {
            bytes.extend_from_slice(text);
            bytes.push(0);
        }
    }
    bytes
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// Reads a map; `None` where the bytes are none.
pub(crate) fn read(bytes: &[u8]) -> Option<Headers> {
    if bytes.is_empty() {
        return Some(Headers::new());
    }
    let (count, rest) = split_u32(bytes)?;
    let (lengths, mut data) = rest.split_at_checked(count.checked_mul(8)?)?;
    let (lengths, _) = lengths.as_chunks::<8>();
    let mut map = Headers::new();
    for pair in lengths {
        let (name_length, rest) = split_u32(pair)?;
        let (value_length, _) = split_u32(rest)?;
        let (name, rest) = split_text(data, name_length)?;
        let (value, rest) = split_text(rest, value_length)?;
        data = rest;
        map.push((String::from_utf8(name.to_vec()).ok()?, value.to_vec()));
    }
    Some(map)
}

fn split_u32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

/// Splits off a text and the NUL after it.
fn split_text(data: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = data.split_at_checked(length)?;
    Some((text, rest.strip_prefix(b"\0")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_survives_the_wire() {
        let map = vec![
            (":path".to_owned(), b"/".to_vec()),
            ("x".to_owned(), vec![0xff]),
            ("y".to_owned(), vec![]),
        ];
        assert_eq!(read(&write(&map)), Some(map));
        assert_eq!(read(&[]), Some(vec![]));
    }

    #[test]
    fn bytes_that_are_cut_are_no_map() {
        let whole = write(&vec![("x".to_owned(), b"y".to_vec())]);
        for length in 1..whole.len() {
            assert_eq!(read(&whole[..length]), None, "{length} bytes");
        }
    }
}

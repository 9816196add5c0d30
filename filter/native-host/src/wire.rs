//! Header maps as they cross the ABI: a count, the lengths, then names and values with a NUL after each.

/// Writes a map.
pub(crate) fn write_map(map: &[(String, Vec<u8>)]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).expect("a map of less than 4 GiB").to_le_bytes();
    let mut bytes = length(map.len()).to_vec();
    for (name, value) in map {
        bytes.extend(length(name.len()));
        bytes.extend(length(value.len()));
    }
    for (name, value) in map {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(value);
        bytes.push(0);
    }
    bytes
}

/// Reads a map; `None` where the bytes are none.
pub(crate) fn read_map(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let (count, rest) = split_u32(bytes)?;
    let (mut lengths, mut data) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut map = Vec::new();
    for _ in 0..count {
        let mut next = || {
            let length;
            (length, lengths) = split_u32(lengths)?;
            let (text, rest) = data.split_at_checked(length)?;
            data = rest.strip_prefix(b"\0")?;
            Some(text)
        };
        let (name, value) = (next()?, next()?);
        map.push((String::from_utf8(name.to_vec()).ok()?, value.to_vec()));
    }
    Some(map)
}

fn split_u32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_survives_the_wire() {
        let map =
            vec![(":path".to_owned(), b"/".to_vec()), ("x".to_owned(), vec![0xff]), ("y".to_owned(), vec![])];
        assert_eq!(read_map(&write_map(&map)), Some(map));
        assert_eq!(read_map(&[]), Some(vec![]));
        assert_eq!(read_map(&[1, 0, 0, 0]), None);
    }
}

//! The shared record of a key set, as the provider sent it.

use hmac_sha256::Hash;

/// A key set that one worker fetched and found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SharedSet {
    /// The number of the attempt that brought it: no two sets have the same.
    pub(super) sequence: u64,
    /// What the provider calls this version of it (RFC 9110 section 8.8.3), where it does.
    pub(super) etag: Option<String>,
    /// Where it came from.
    pub(super) url: String,
    /// The JSON.
    pub(super) body: Vec<u8>,
}

const MAGIC: [u8; 8] = *b"attkset1";
const DIGEST: usize = 32;

impl SharedSet {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        for part in
            [self.etag.as_deref().unwrap_or_default().as_bytes(), self.url.as_bytes(), &self.body]
        {
            bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(&Hash::hash(&bytes));
        bytes
    }

    /// Reads a record; `None` for one that is torn or was written by somebody else.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, digest) = bytes.split_last_chunk::<DIGEST>()?;
        let rest = content.strip_prefix(&MAGIC)?;
        if *digest != Hash::hash(content) {
            return None;
        }
        let (sequence, rest) = rest.split_first_chunk()?;
        let (etag, rest) = split_part(rest)?;
        let (url, rest) = split_part(rest)?;
        let (body, rest) = split_part(rest)?;
        let etag = str::from_utf8(etag).ok()?;
        rest.is_empty().then_some(Self {
            sequence: u64::from_le_bytes(*sequence),
            etag: (!etag.is_empty()).then(|| etag.to_owned()),
            url: str::from_utf8(url).ok()?.to_owned(),
            body: body.to_vec(),
        })
    }
}

fn split_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_is_read_as_it_was_written(
            sequence: u64,
            etag in proptest::option::of("[!-~]{1,40}"),
            url in "[!-~]{0,40}",
            body in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let set = SharedSet { sequence, etag, url, body };
            prop_assert_eq!(SharedSet::decode(&set.encode()), Some(set));
        }

        #[test]
        fn foreign_bytes_are_no_set(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(SharedSet::decode(&bytes), None);
        }
    }

    #[test]
    fn a_torn_set_is_worthless() {
        let set = SharedSet {
            sequence: 1,
            etag: None,
            url: "https://a/".to_owned(),
            body: b"{}".to_vec(),
        };
        let bytes = set.encode();
        for end in 0..bytes.len() {
            assert_eq!(SharedSet::decode(&bytes[..end]), None);
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(SharedSet::decode(&changed), None);
        }
    }
}

//! Which keys are published and which one signs, as time passes and files come and go.

use super::key::{PublicKey, Signer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A key as it lies in the folder.
#[derive(Debug)]
pub struct Found {
    /// The file's name without `.pem`: keys are taken in the order of their names, so name them by
    /// date.
    pub name: String,
    /// When the file was written, in seconds of Unix time.
    pub written: u64,
    /// The public half.
    pub public: PublicKey,
    /// The private half, where the file holds it.
    pub signer: Option<Signer>,
}

/// A key set that changes.
#[derive(Debug)]
pub struct Ring {
    publish_before: u64,
    publish_after: u64,
    keys: BTreeMap<String, Entry>,
    started: bool,
}

#[derive(Debug)]
struct Entry {
    name: String,
    public: PublicKey,
    signer: Option<Arc<Signer>>,
    /// Since when verifiers can know it.
    since: u64,
    /// When its file went away.
    gone: Option<u64>,
}

/// What an update changed, as key ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Published from now on.
    pub added: Vec<String>,
    /// Published no more.
    pub removed: Vec<String>,
}

impl Ring {
    /// Creates a ring without keys. A new key is published `publish_before` seconds before it
    /// signs, and `publish_after` seconds after its file went away.
    pub fn new(publish_before: u64, publish_after: u64) -> Self {
        Self { publish_before, publish_after, keys: BTreeMap::new(), started: false }
    }

    /// Takes in what the folder holds now.
    ///
    /// At the first call a key counts as known since its file was written, so that a restart
    /// changes nothing; later a key counts from when it is first seen, for a copied file may bring
    /// its old time with it.
    pub fn update(&mut self, found: Vec<Found>, now: u64) -> Changes {
        let mut changes = Changes::default();
        let mut there = BTreeMap::new();
        for key in found {
            // A key that lies there as private and as public can sign.
            let known = there
                .entry(key.public.key_id.clone())
                .or_insert_with(|| Found { signer: None, ..copy(&key) });
            if key.signer.is_some() || known.signer.is_none() {
                *known = key;
            }
        }
        for (key_id, entry) in &mut self.keys {
            if !there.contains_key(key_id) && entry.gone.is_none() {
                entry.gone = Some(now);
                entry.signer = None;
            }
        }
        for (key_id, key) in there {
            let first = if self.started { now } else { key.written.min(now) };
            let signer = key.signer.map(Arc::new);
            match self.keys.get_mut(&key_id) {
                Some(entry) => {
                    // A key that comes back was published all the while.
                    entry.gone = None;
                    entry.name = key.name;
                    entry.signer = signer;
                }
                None => {
                    changes.added.push(key_id.clone());
                    let entry = Entry {
                        name: key.name,
                        public: key.public,
                        signer,
                        since: first,
                        gone: None,
                    };
                    self.keys.insert(key_id, entry);
                }
            }
        }
        self.started = true;
        let over = |gone: u64| gone.saturating_add(self.publish_after) <= now;
        self.keys.retain(|key_id, entry| {
            let ended = entry.gone.is_some_and(over);
            if ended {
                changes.removed.push(key_id.clone());
            }
            !ended
        });
        changes
    }

    /// Returns the key that signs: of those published long enough the one whose name comes last,
    /// or, where none is, the one published longest.
    pub fn signing(&self, now: u64) -> Option<Arc<Signer>> {
        let mut able: Vec<_> = self.keys.values().filter(|entry| entry.signer.is_some()).collect();
        able.sort_by(|a, b| a.name.cmp(&b.name));
        let known = |entry: &&&Entry| entry.since.saturating_add(self.publish_before) <= now;
        let chosen =
            able.iter().rev().find(known).or_else(|| able.iter().min_by_key(|entry| entry.since));
        chosen.and_then(|entry| entry.signer.clone())
    }

    /// Returns all published keys, in the order of their names.
    pub fn published(&self) -> Vec<PublicKey> {
        let mut keys: Vec<_> = self.keys.values().collect();
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        keys.into_iter().map(|entry| entry.public.clone()).collect()
    }
}

fn copy(key: &Found) -> Found {
    Found { name: key.name.clone(), written: key.written, public: key.public.clone(), signer: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::key;
    use jwt_simple::algorithms::ES256KeyPair;

    struct Key {
        name: &'static str,
        pem: String,
        id: String,
    }

    fn make(name: &'static str) -> Key {
        let pem = ES256KeyPair::generate().to_pem().unwrap();
        let id = key::parse(&pem).unwrap().0.key_id;
        Key { name, pem, id }
    }

    fn found(keys: &[&Key], written: u64) -> Vec<Found> {
        let one = |key: &&Key| {
            let (public, signer) = key::parse(&key.pem).unwrap();
            Found { name: key.name.into(), written, public, signer }
        };
        keys.iter().map(one).collect()
    }

    fn signs(ring: &Ring, now: u64) -> String {
        ring.signing(now).unwrap().key_id().to_owned()
    }

    fn ids(ring: &Ring) -> Vec<String> {
        ring.published().into_iter().map(|key| key.key_id).collect()
    }

    #[test]
    fn the_first_key_signs_at_once() {
        let (a, mut ring) = (make("a"), Ring::new(600, 120));
        assert_eq!(ring.update(found(&[&a], 1_000), 1_000).added, [a.id.as_str()]);
        assert_eq!(signs(&ring, 1_000), a.id);
    }

    #[test]
    fn a_new_key_is_published_before_it_signs_and_an_old_one_after_it_stopped() {
        let (a, b, mut ring) = (make("a"), make("b"), Ring::new(600, 120));
        ring.update(found(&[&a], 0), 1_000);
        // Its file brings an old time; what counts is when it was first seen.
        ring.update(found(&[&a, &b], 0), 2_000);
        assert_eq!(ids(&ring), [a.id.clone(), b.id.clone()]);
        assert_eq!(signs(&ring, 2_599), a.id);
        assert_eq!(signs(&ring, 2_600), b.id);

        ring.update(found(&[&b], 0), 3_000);
        assert_eq!(ids(&ring), [a.id.clone(), b.id.clone()], "published on");
        assert!(ring.update(found(&[&b], 0), 3_119).removed.is_empty());
        assert_eq!(ring.update(found(&[&b], 0), 3_120).removed, [a.id]);
        assert_eq!(ids(&ring), [b.id]);
    }

    #[test]
    fn a_restart_amid_a_rotation_does_not_sign_with_the_new_key_too_early() {
        let (a, b, mut ring) = (make("a"), make("b"), Ring::new(600, 120));
        // A Kubernetes secret is written anew as a whole: both files have one time.
        ring.update(found(&[&b, &a], 5_000), 5_100);
        assert_eq!(signs(&ring, 5_100), a.id);
        assert_eq!(signs(&ring, 5_600), b.id);
    }

    #[test]
    fn a_restart_long_after_a_rotation_changes_nothing() {
        let (a, b, mut ring) = (make("a"), make("b"), Ring::new(600, 120));
        ring.update(found(&[&a, &b], 5_000), 9_000);
        assert_eq!(signs(&ring, 9_000), b.id);
    }

    #[test]
    fn without_its_signing_key_the_ring_signs_with_what_it_has() {
        let (a, b, mut ring) = (make("a"), make("b"), Ring::new(600, 120));
        ring.update(found(&[&a], 0), 1_000);
        ring.update(found(&[&b], 1_000), 1_000);
        assert_eq!(signs(&ring, 1_000), b.id);
        assert_eq!(ids(&ring).len(), 2);
    }

    #[test]
    fn a_public_key_is_published_and_never_signs() {
        let (a, old, mut ring) = (make("a"), make("z"), Ring::new(0, 0));
        let mut keys = found(&[&a, &old], 0);
        keys[1].signer = None;
        ring.update(keys, 1_000);
        assert_eq!(signs(&ring, 1_000), a.id);
        assert_eq!(ids(&ring), [a.id, old.id]);
    }

    #[test]
    fn a_key_that_lies_there_twice_signs() {
        let (a, mut ring) = (make("a"), Ring::new(0, 0));
        let mut keys = found(&[&a, &a], 0);
        keys[1].signer = None;
        ring.update(keys, 1_000);
        assert_eq!(signs(&ring, 1_000), a.id);
    }
}

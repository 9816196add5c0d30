//! The signing keys: a folder that is watched, a ring that knows which key signs, and the key set
//! that verifiers fetch.

mod folder;
mod key;
mod ring;

pub use folder::FolderError;
pub use key::{KeyError, PublicKey, SignError, Signer, parse};
pub use ring::{Changes, Found, Ring};

use crate::clock::Clock;
use crate::config::KeyFolder;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The keys as requests see them.
#[derive(Clone, Debug)]
pub struct KeySet {
    /// The key that signs.
    pub signer: Arc<Signer>,
    /// Every published key's id.
    pub key_ids: BTreeSet<String>,
    /// The algorithms of the published keys.
    pub algorithms: BTreeSet<&'static str>,
    /// The key set as verifiers fetch it: JSON (RFC 7517 section 5).
    pub jwks: String,
}

/// The signing keys. Requests read a snapshot; [`Keys::reload`] makes a new one.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    clock: Clock,
    ring: Mutex<Ring>,
    now: RwLock<Arc<KeySet>>,
}

impl Keys {
    /// Reads the folder.
    ///
    /// # Errors
    /// It can't be read, or a key in it can't be used, or none signs.
    pub fn open(config: &KeyFolder, clock: Clock) -> Result<Self, FolderError> {
        let mut ring = Ring::new(config.publish_before.as_secs(), config.publish_after.as_secs());
        let now = clock.now();
        ring.update(folder::read(&config.folder)?, now);
        let set = key_set(&ring, now).ok_or_else(|| FolderError::NothingSigns {
            path: config.folder.display().to_string(),
        })?;
        let (ring, now) = (Mutex::new(ring), RwLock::new(Arc::new(set)));
        Ok(Self { folder: config.folder.clone(), clock, ring, now })
    }

    /// Reads the folder again and lets time tell which key signs.
    ///
    /// # Errors
    /// As [`Keys::open`]; the keys stay as they were.
    pub fn reload(&self) -> Result<Changes, FolderError> {
        let found = folder::read(&self.folder);
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let changes = match found {
            Ok(found) => ring.update(found, now),
            Err(error) => {
                self.show(&ring, now);
                return Err(error);
            }
        };
        self.show(&ring, now);
        Ok(changes)
    }

    /// Returns the keys as they are now.
    pub fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn show(&self, ring: &Ring, now: u64) {
        if let Some(set) = key_set(ring, now) {
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
        }
    }
}

/// Looks whether a folder's keys could be used.
///
/// # Errors
/// As [`Keys::open`].
pub fn check(folder: &Path) -> Result<(), FolderError> {
    folder::read(folder).map(drop)
}

fn key_set(ring: &Ring, now: u64) -> Option<KeySet> {
    let signer = ring.signing(now)?;
    let published = ring.published();
    let jwks: Vec<_> = published.iter().map(|key| &key.jwk).collect();
    Some(KeySet {
        signer,
        algorithms: published.iter().map(|key| key.algorithm).collect(),
        jwks: serde_json::json!({ "keys": jwks }).to_string(),
        key_ids: published.into_iter().map(|key| key.key_id).collect(),
    })
}

#[cfg(test)]
mod tests;

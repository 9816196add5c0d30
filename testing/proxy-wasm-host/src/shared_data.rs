//! Data that the workers of one proxy share.

use crate::abi::Status;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values that workers share, each with a version that changes with every write. Clones share the
/// same values.
#[derive(Clone, Debug, Default)]
pub struct SharedData(Arc<Mutex<BTreeMap<String, Versioned>>>);

/// A value, and the number of its last write.
type Versioned = (Vec<u8>, u32);

impl SharedData {
    /// Returns a value and its version.
    pub fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.lock().get(key).cloned()
    }

    /// Writes a value, as `proxy_set_shared_data` does: only if `cas` is 0, the value's present
    /// version, or there is no value yet.
    ///
    /// # Errors
    /// [`Status::CasMismatch`] where another worker was faster.
    pub fn set(&self, key: &str, value: &[u8], cas: u32) -> Result<(), Status> {
        let mut data = self.lock();
        let present = data.get(key).map(|(_, version)| *version);
        if cas != 0 && present.is_some_and(|present| cas != present) {
            return Err(Status::CasMismatch);
        }
        data.insert(key.to_owned(), (value.to_vec(), present.unwrap_or(0).wrapping_add(1)));
        Ok(())
    }

    /// Returns the keys, sorted.
    pub fn keys(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Versioned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_names_the_present_version_writes() {
        let data = SharedData::default();
        data.set("key", b"first", 7).unwrap();
        let (value, version) = data.get("key").unwrap();
        assert_eq!(value, b"first", "what is not there yet is written whatever the version");
        data.set("key", b"second", version).unwrap();
        assert_eq!(data.set("key", b"third", version), Err(Status::CasMismatch));
        assert_eq!(data.get("key").unwrap().0, b"second");
        data.set("key", b"fourth", 0).unwrap();
        assert_eq!(data.get("key").unwrap().0, b"fourth");
    }
}

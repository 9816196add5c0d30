//! What the workers of a proxy tell each other of tokens, through Envoy's shared data.

use crate::host;
use attache_engine::host::SharedStore;

/// Envoy's shared data. All Wasm plugins of a proxy have one space of keys, since Istio sets no
/// `vm_id`.
pub(crate) struct AllWorkers;

impl SharedStore for AllWorkers {
    fn read(&self, key: &str) -> Option<(Vec<u8>, Option<u32>)> {
        host::shared_data(key)
    }

    fn compare_and_set(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        host::set_shared_data(key, value, version)
    }
}

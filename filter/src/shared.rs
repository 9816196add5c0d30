//! What the workers of a proxy tell each other of tokens, through Envoy's shared data.

use crate::host;
use attache_engine::host::SharedData;

/// Envoy's shared data. All Wasm plugins of a proxy have one space of keys, since Istio sets no `vm_id`.
pub(crate) struct AllWorkers;

impl SharedData for AllWorkers {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        host::shared_data(key).map(|(value, _)| value)
    }

    fn set(&self, key: &str, value: &[u8]) {
        host::share_data(key, value, None);
    }
}

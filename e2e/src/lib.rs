//! Attaché end to end: real Envoys with the real module, a service that echoes what reached it,
//! clients that send what a browser never would.
//!
//! The demo needs no more than the modules here; the feature `scenarios` adds what runs
//! `scenarios/*.yaml`.
//!
//! ```no_run
//! let module = attache_e2e::module().unwrap();
//! assert!(module.starts_with(attache_e2e::repository()));
//! ```

pub mod echo;
pub mod envoy;
pub mod http1;
pub mod latin1;
pub mod page;
pub mod provider;
pub mod yaml;

#[cfg(feature = "scenarios")]
pub mod cluster;
#[cfg(feature = "scenarios")]
pub mod http2;
#[cfg(feature = "scenarios")]
pub mod mtls;
#[cfg(feature = "scenarios")]
pub mod scenario;

use std::path::{Path, PathBuf};

/// The root of the repository that this crate was built in.
pub fn repository() -> &'static Path {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().unwrap_or(crate_folder)
}

/// The Wasm module under test: what `ATTACHE_MODULE` names, else `dist/plugin.wasm`.
///
/// # Errors
/// There is no such file.
pub fn module() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("ATTACHE_MODULE")
        .map_or_else(|| repository().join("dist/plugin.wasm"), PathBuf::from);
    anyhow::ensure!(
        path.is_file(),
        "there is no module at `{}`: run scripts/build first",
        path.display()
    );
    Ok(path.canonicalize()?)
}

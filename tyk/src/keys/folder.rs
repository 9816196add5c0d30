//! The folder with the keys, as a mounted Kubernetes secret or plain files.

use super::key::{self, KeyError};
use super::ring::Found;
use crate::clock::unix_seconds;
use std::fs;
use std::io;
use std::path::Path;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// Why the folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder or a file can't be read.
    #[error("can't read `{path}`: {source}")]
    Unreadable {
        /// The folder or file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file holds no key that fits.
    #[error("`{file}` {source}")]
    Key {
        /// The file's name.
        file: String,
        /// Why.
        source: KeyError,
    },
    /// A file is far larger than a key.
    #[error("`{file}` is larger than 64 KiB; is it a key?")]
    TooLarge {
        /// The file's name.
        file: String,
    },
    /// No file holds a private key.
    #[error(
        "`{path}` holds no `.pem` file with a private key; make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`"
    )]
    NothingSigns {
        /// The folder.
        path: String,
    },
}

/// Reads every `.pem` file of a folder. Names that begin with `.` are Kubernetes' own and are
/// passed over; links are followed, so that a secret's `..data` swap is seen.
///
/// # Errors
/// The folder or one of its keys can't be used: all or nothing, for half a rotation is worse than
/// none.
pub(super) fn read(folder: &Path) -> Result<Vec<Found>, FolderError> {
    let unreadable = |path: &Path| {
        let path = path.display().to_string();
        move |source| FolderError::Unreadable { path, source }
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        // Names are compared without their ending, or `2026-11-b.pem` would come before
        // `2026-11.pem`: `-` before `.`.
        let Some(stem) = name.strip_suffix(".pem").filter(|stem| !stem.starts_with('.')) else {
            continue;
        };
        let meta = fs::metadata(&path).map_err(unreadable(&path))?;
        if meta.len() > MAX_FILE {
            return Err(FolderError::TooLarge { file: name.to_owned() });
        }
        let pem = fs::read_to_string(&path).map_err(unreadable(&path))?;
        let (public, signer) = key::parse(&pem)
            .map_err(|source| FolderError::Key { file: name.to_owned(), source })?;
        let written = meta.modified().map(unix_seconds).map_err(unreadable(&path))?;
        found.push(Found { name: stem.to_owned(), written, public, signer });
    }
    if found.iter().all(|key| key.signer.is_none()) {
        return Err(FolderError::NothingSigns { path: folder.display().to_string() });
    }
    Ok(found)
}

//! Where a file may lie that another one names, or a link leads to: what strangers wrote must not
//! reach whatever else the machine holds.

use crate::shown::told_path;
use clap::Args;
use std::path::{Path, PathBuf};

/// What beside the command line's own files may be read.
#[derive(Args)]
pub(crate) struct BoundaryOptions {
    /// A folder below which `configuration` may name files, and links lead; beside it the folders
    /// of what is named here
    #[arg(long, value_name = "FOLDER")]
    root: Vec<PathBuf>,
}

impl BoundaryOptions {
    /// Returns the boundary around what is named.
    ///
    /// # Errors
    /// A root is no folder.
    pub(crate) fn around(&self, paths: &[PathBuf]) -> Result<Boundary, String> {
        if let Some(root) = self.root.iter().find(|root| !root.is_dir()) {
            return Err(format!(
                "--root: `{}` is no folder; name one that is there",
                told_path(root)
            ));
        }
        Ok(Boundary::around(paths.iter().chain(&self.root)))
    }
}

/// The folders below which a file may lie that was not named on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Boundary {
    /// Each without links in its path.
    folders: Vec<PathBuf>,
}

impl Boundary {
    /// Returns the folders that are named, and those of files that are. A path that is not there
    /// adds none.
    pub(crate) fn around<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Self {
        let folder =
            |path: &'p PathBuf| if path.is_dir() { Some(path.as_path()) } else { parent(path) };
        // The standard input lies nowhere.
        let folders = paths.into_iter().filter(|path| path.as_os_str() != "-").filter_map(folder);
        Self { folders: folders.filter_map(|folder| folder.canonicalize().ok()).collect() }
    }

    /// Returns whether a path leads to what lies below one of the folders, wherever the links in it
    /// lead.
    ///
    /// # Errors
    /// It can't be followed: there is no such file, or a folder of it may not be entered.
    pub(crate) fn holds(&self, path: &Path) -> std::io::Result<bool> {
        let real = path.canonicalize()?;
        Ok(self.folders.iter().any(|folder| real.starts_with(folder)))
    }
}

/// Returns the folder that a path is in, also where it is a name alone.
fn parent(path: &Path) -> Option<&Path> {
    path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_path_is_held_by_where_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs::create_dir_all(inside.join("deep")).unwrap();
        for file in ["inside/deep/a.yaml", "inside/b.yaml", "outside.yaml"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let of_folder = Boundary::around([&inside]);
        let of_file = Boundary::around([&inside.join("b.yaml")]);
        for boundary in [of_folder, of_file] {
            let holds = |path: &str| boundary.holds(&inside.join(path));
            assert!(holds("deep/a.yaml").unwrap());
            assert!(holds("deep/../b.yaml").unwrap());
            assert!(!holds("../outside.yaml").unwrap());
            assert!(!holds("/").unwrap());
            assert!(holds("nothing.yaml").is_err());
        }
        assert!(!Boundary::around([&inside.join("deep")]).holds(&inside.join("b.yaml")).unwrap());
    }
}

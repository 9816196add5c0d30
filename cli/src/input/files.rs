//! Files, folders and the standard input.

use super::{Boundary, InputError, Skipped};
use crate::shown::{escaped, told_path};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// What stands for the standard input.
const STANDARD_INPUT: &str = "-";

/// The longest file that is read: sixteen times what a configuration may have.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// How the names of files end that kubectl reads in a folder (`FileExtensions` of its cli-runtime).
const EXTENSIONS: [&str; 3] = [".json", ".yaml", ".yml"];

/// A file to read.
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Whether it was named, and not found in a folder.
    pub(super) is_named: bool,
}

impl File {
    /// Returns what reports call it.
    pub(super) fn name(&self) -> String {
        name(&self.path)
    }

    /// Returns what messages call it.
    pub(super) fn told(&self) -> String {
        told(&self.path)
    }

    /// Returns whether kubectl would not look at it, since it lies in a folder and has its
    /// extension in another case.
    pub(super) fn is_passed_over_by_kubectl(&self) -> bool {
        !self.is_named && !EXTENSIONS.iter().any(|extension| ends_with(&self.path, extension))
    }

    /// Reads it.
    ///
    /// # Errors
    /// It can't be read, or is no UTF-8.
    pub(super) fn read(&self) -> Result<String, InputError> {
        let mut bytes = Vec::new();
        let read = if is_standard_input(&self.path) {
            std::io::stdin().read_to_end(&mut bytes).map(drop)
        } else {
            read_within(&self.path).map(|content| bytes = content)
        };
        read.map_err(|source| InputError::Unreadable { path: self.told(), source })?;
        String::from_utf8(bytes).map_err(|_| InputError::NotUtf8(self.told()))
    }
}

/// Reads a file of at most [`MAX_FILE_BYTES`].
///
/// # Errors
/// It can't be read, or is longer: a link may lead to what never ends.
fn read_within(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE_BYTES.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE_BYTES) {
        return Ok(bytes);
    }
    let limit = format!("it has more than {MAX_FILE_BYTES} bytes");
    Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, limit))
}

/// Reads a text, as [`read_within`] does.
///
/// # Errors
/// Those of that, or it is no UTF-8, with the file's name.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let read = read_within(path).map_err(|error| error.to_string());
    let text =
        read.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned()));
    text.map_err(|error| format!("can't read `{}`: {error}", told_path(path)))
}

/// Returns what messages call the files of a command line.
pub(super) fn names(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", told(path))).collect();
    names.join(", ")
}

/// Returns the files that are named, and those of each folder that is, in the order of their names.
///
/// # Errors
/// A file is not there, a folder can't be searched, or a link in one leads out of the boundary.
pub(super) fn list(
    paths: &[PathBuf],
    boundary: &Boundary,
    skipped: &mut Skipped,
) -> Result<Vec<File>, InputError> {
    let mut files = Vec::new();
    for path in paths {
        if is_standard_input(path) {
            files.push(File { path: path.clone(), is_named: true });
            continue;
        }
        let metadata = std::fs::metadata(path)
            .map_err(|source| InputError::Unreadable { path: told(path), source })?;
        if metadata.is_dir() {
            search(path, boundary, skipped, &mut files)?;
        } else {
            files.push(File { path: path.clone(), is_named: true });
        }
    }
    without_repeats(&mut files);
    Ok(files)
}

/// Leaves the first of the files that are named or found twice: the standard input can be read
/// once, and a file of two names is one.
pub(super) fn without_repeats(files: &mut Vec<File>) {
    let mut seen = BTreeSet::new();
    files.retain(|file| {
        let path = if is_standard_input(&file.path) { None } else { file.path.canonicalize().ok() };
        seen.insert(path.unwrap_or_else(|| file.path.clone()))
    });
}

/// Adds the files of a folder that `kubectl apply --recursive` reads, hidden ones among them, and
/// those whose extension differs in case. `.git` is not looked into: nobody commits what is there.
fn search(
    folder: &Path,
    boundary: &Boundary,
    skipped: &mut Skipped,
    files: &mut Vec<File>,
) -> Result<(), InputError> {
    let walk = WalkDir::new(folder).follow_links(true).sort_by(hidden_last);
    let mut entries = walk.into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            // A lock file of an editor is a link that leads nowhere.
            Err(error) if error.depth() > 0 && error.path().is_some_and(is_hidden) => {
                skipped.hidden = skipped.hidden.saturating_add(1);
                continue;
            }
            Err(error) => {
                // Its own words hold the path as it is.
                let why = error.io_error().map(ToString::to_string);
                return Err(InputError::Folder {
                    path: told(error.path().unwrap_or(folder)),
                    why: why.unwrap_or_else(|| "it leads to a folder that it lies in".to_owned()),
                });
            }
        };
        let is_folder = entry.file_type().is_dir();
        if !is_folder && !is_configuration(entry.path()) {
            continue;
        }
        if is_folder && entry.depth() > 0 && entry.file_name() == ".git" {
            skipped.hidden = skipped.hidden.saturating_add(1);
            entries.skip_current_dir();
            continue;
        }
        if entry.depth() > 0 && entry.path_is_symlink() {
            check_link(entry.path(), boundary)?;
        }
        if is_folder {
            continue;
        }
        if !entry.file_type().is_file() {
            // Whoever opens a pipe waits for somebody who writes into it.
            return Err(InputError::NoFile(told(entry.path())));
        }
        if is_template(entry.path())? {
            skipped.documents = skipped.documents.saturating_add(1);
        } else {
            files.push(File { path: entry.into_path(), is_named: false });
        }
    }
    Ok(())
}

/// Returns the order in which a folder is walked. What is hidden comes last, so that of the names
/// that a mounted ConfigMap gives a file, it is known by the one that is not.
fn hidden_last(one: &DirEntry, other: &DirEntry) -> Ordering {
    let key = |entry: &DirEntry| (is_hidden(entry.path()), entry.file_name().to_owned());
    key(one).cmp(&key(other))
}

/// Returns whether a file is no YAML before Helm has rendered it: it has actions, and lies below
/// `templates` of a chart.
///
/// # Errors
/// It can't be read.
fn is_template(path: &Path) -> Result<bool, InputError> {
    if !path.ancestors().skip(1).any(holds_templates) {
        return Ok(false);
    }
    let text =
        read_within(path).map_err(|source| InputError::Unreadable { path: told(path), source })?;
    Ok(text.windows(2).any(|pair| pair == b"{{"))
}

/// Refuses a link that leads out of the boundary.
fn check_link(path: &Path, boundary: &Boundary) -> Result<(), InputError> {
    match boundary.holds(path) {
        Ok(true) => Ok(()),
        Ok(false) => Err(InputError::Outside(told(path))),
        Err(source) => Err(InputError::Unreadable { path: told(path), source }),
    }
}

/// Returns whether a name begins with a dot, as that of `.git` does.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn holds_templates(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == "templates")
        && folder.parent().is_some_and(|chart| chart.join("Chart.yaml").is_file())
}

fn is_configuration(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::to_ascii_lowercase).unwrap_or_default();
    EXTENSIONS.iter().any(|extension| ends_with(Path::new(&name), extension))
}

/// Returns whether a name ends so. One that is nothing but `.yaml` does, as it does to Go.
fn ends_with(path: &Path, extension: &str) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().ends_with(extension.as_bytes()))
}

/// Returns whether a path of a command line stands for the standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == STANDARD_INPUT
}

fn name(path: &Path) -> String {
    if is_standard_input(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// Returns what messages call a file, on one line.
fn told(path: &Path) -> String {
    escaped(&name(path))
}

/// Returns a path without `folder/..`, where that leads to the same file.
pub(crate) fn shortened(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for component in path.components() {
        let is_up = component == Component::ParentDir;
        if is_up && matches!(short.components().next_back(), Some(Component::Normal(_))) {
            short.pop();
        } else {
            short.push(component);
        }
    }
    match (short.canonicalize(), path.canonicalize()) {
        (Ok(one), Ok(other)) if one == other => short,
        _ => path.to_owned(),
    }
}

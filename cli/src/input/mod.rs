//! Where configurations come from: files, folders, the standard input or a cluster, each text read
//! as Kubernetes reads it.

mod boundary;
mod cluster;
mod configuration;
mod files;
mod find;
mod having_key;
mod misnamed;
mod named;
mod resource;
mod secret_search;
mod secrets;
mod skipped;
mod source_file;
mod workload;

pub(crate) use boundary::{Boundary, BoundaryOptions};
pub(crate) use configuration::{Carrier, Configuration};
pub(crate) use files::{is_standard_input, read_text, shortened};
pub(crate) use having_key::{HavingKey, having_key, is_configuration};
pub(crate) use misnamed::Misnamed;
pub(crate) use named::named_configuration;
pub(crate) use resource::{Kind, Resource, text};
pub(crate) use skipped::Skipped;
pub(crate) use source_file::SourceFile;
pub(crate) use workload::{ModuleEnvironment, NoVariables, WorkloadDocument, has_policy_for};

use crate::shown::{escaped, told_path};
use attache_config_reader::SyntaxError;
use clap::Args;
use find::find;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What to read.
#[derive(Args)]
pub(crate) struct InputOptions {
    /// Files, folders (searched as kubectl does: for *.yaml, *.yml and *.json), and `-` for the
    /// standard input
    #[arg(value_name = "FILE", required_unless_present = "cluster", conflicts_with = "cluster")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    cluster: ClusterOptions,
}

/// Whether to look into a cluster, and where.
#[derive(Args, Default)]
pub(crate) struct ClusterOptions {
    /// Read what the cluster holds that kubectl's current context is for
    #[arg(long)]
    cluster: bool,
    /// The namespace to look into, in place of all
    #[arg(long, short, requires = "cluster")]
    namespace: Option<String>,
    /// The context of kubectl, in place of the current one
    #[arg(long, requires = "cluster")]
    context: Option<String>,
}

/// A cluster to look into.
pub(crate) struct ClusterSource<'o> {
    options: &'o ClusterOptions,
}

impl ClusterOptions {
    /// Returns the cluster; `None` where none is asked for.
    ///
    /// # Errors
    /// A place in a cluster is named, and no cluster is asked for. clap lets that pass where files
    /// are named, since these conflict with `--cluster`.
    pub(crate) fn source(&self) -> Result<Option<ClusterSource<'_>>, InputError> {
        if self.cluster {
            return Ok(Some(ClusterSource { options: self }));
        }
        match (&self.namespace, &self.context) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(InputError::WithoutCluster("--namespace")),
            (None, Some(_)) => Err(InputError::WithoutCluster("--context")),
        }
    }
}

impl ClusterSource<'_> {
    /// Returns the resources of these kinds as YAML, a list of each kind that there is.
    ///
    /// # Errors
    /// kubectl is missing, or says what is wrong.
    pub(crate) fn read(&self, kinds: &[&str]) -> Result<String, InputError> {
        let ClusterOptions { context, namespace, .. } = self.options;
        Ok(cluster::read(kinds, context.as_deref(), namespace.as_deref())?)
    }
}

/// What was read.
#[derive(Default)]
pub(crate) struct Input {
    /// In the order of their files and of these texts.
    pub(crate) configurations: Vec<Configuration>,
    /// The texts that are neither YAML nor JSON.
    pub(crate) unreadable: Vec<(Rc<SourceFile>, SyntaxError)>,
    /// The resources that nothing reads as they are named.
    pub(crate) misnamed: Vec<Misnamed>,
    /// How many texts were read.
    pub(crate) files: usize,
    /// What was passed over.
    pub(crate) skipped: Skipped,
}

/// Why there is nothing to work on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("can't read `{path}`: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("can't search `{path}`: {why}")]
    Folder { path: String, why: String },
    #[error(
        "the link `{0}` leads out of what the command line names; name what it leads to, or put a copy in its place"
    )]
    Outside(String),
    #[error("`{0}` is no file; take it out of the folder, or name the files that are to be read")]
    NoFile(String),
    #[error(
        "`{0}` holds a configuration, and in a folder kubectl passes over what ends otherwise than `.yaml`, `.yml` or \
         `.json`, in lower case; rename it, or name the file itself"
    )]
    PassedOverByKubectl(String),
    #[error("`{0}` is not UTF-8; save it as UTF-8")]
    NotUtf8(String),
    #[error(
        "no configuration of Attaché in {names}{skipped}; name files that hold one, bare or in a WasmPlugin, a \
         TrafficExtension or an EnvoyExtensionPolicy"
    )]
    Nothing { names: String, skipped: Skipped },
    #[error("`{0}` is of a cluster; add `--cluster` and name no files, or leave it out")]
    WithoutCluster(&'static str),
    #[error(transparent)]
    Cluster(#[from] cluster::ClusterError),
}

/// A text, and why it can't be read where it can't.
pub(crate) struct Text {
    pub(crate) file: Rc<SourceFile>,
    pub(crate) error: Option<SyntaxError>,
    /// Whether it was named, and not found in a folder.
    pub(crate) is_named: bool,
}

/// Reads texts that may hold other resources than configurations, and tells people what was passed
/// over.
///
/// # Errors
/// A file or a folder can't be read.
pub(crate) fn read_texts(paths: &[PathBuf]) -> Result<Vec<Text>, InputError> {
    let (mut texts, mut skipped) = (Vec::new(), Skipped::default());
    for file in files::list(paths, &Boundary::around(paths), &mut skipped)? {
        let (text, error) = SourceFile::new(file.name(), file.read()?);
        texts.push(Text { file: Rc::new(text), error, is_named: file.is_named });
    }
    skipped.tell();
    Ok(texts)
}

impl InputOptions {
    /// Returns what reads one file.
    pub(crate) fn of_file(file: &Path) -> Self {
        Self { files: vec![file.to_owned()], cluster: ClusterOptions::default() }
    }

    /// Returns whether a configuration is to come from the standard input.
    pub(crate) fn has_standard_input(&self) -> bool {
        self.files.iter().any(|file| is_standard_input(file))
    }

    /// Reads everything.
    ///
    /// # Errors
    /// A file or the cluster can't be read, or holds no configuration.
    pub(crate) fn read(&self) -> Result<Input, InputError> {
        let mut input = Input::default();
        if let Some(cluster) = self.cluster.source()? {
            let text = cluster.read(&cluster::KINDS)?;
            input.add("cluster".to_owned(), text, false);
        } else {
            input.add_files(&self.files, &Boundary::around(&self.files))?;
        }
        if input.configurations.is_empty()
            && input.unreadable.is_empty()
            && input.misnamed.is_empty()
        {
            let names = if self.cluster.cluster {
                "the cluster".to_owned()
            } else {
                files::names(&self.files)
            };
            return Err(InputError::Nothing { names, skipped: input.skipped });
        }
        Ok(input)
    }
}

impl Input {
    /// Returns the configuration, where there is one.
    ///
    /// # Errors
    /// There are several, or a text that can't be read.
    pub(crate) fn only(self) -> Result<Configuration, String> {
        if let Some(error) = self.unread() {
            return Err(error);
        }
        let all: Vec<String> = self.configurations.iter().map(ToString::to_string).collect();
        let mut configurations = self.configurations.into_iter();
        match (configurations.next(), configurations.next()) {
            (Some(only), None) => Ok(only),
            _ => {
                let (count, all) = (all.len(), escaped(&all.join(", ")));
                Err(format!("name one configuration; there are {count}: {all}"))
            }
        }
    }

    /// Returns why the first text or resource that nothing reads is such, where there is one.
    pub(crate) fn unread(&self) -> Option<String> {
        match (self.unreadable.first(), self.misnamed.first()) {
            (Some((file, error)), _) => Some(file.told(error)),
            (None, Some(Misnamed { file, error, .. })) => Some(file.told(error)),
            (None, None) => None,
        }
    }

    /// Returns what a text holds, which is a configuration whatever it looks like, unless it is a
    /// resource.
    pub(crate) fn of_text(name: String, text: String) -> Self {
        let mut input = Self::default();
        input.add(name, text, true);
        input
    }

    /// Reads a file or a folder that another file names: never the standard input, and nothing
    /// beyond the boundary.
    ///
    /// # Errors
    /// It can't be read, or a link in it leads out of the boundary.
    pub(crate) fn of_path(path: &Path, boundary: &Boundary) -> Result<Self, InputError> {
        let metadata = std::fs::metadata(path);
        let metadata =
            metadata.map_err(|source| InputError::Unreadable { path: told_path(path), source })?;
        if !metadata.is_file() && !metadata.is_dir() {
            return Err(InputError::NoFile(told_path(path)));
        }
        // What is called `-` is that file here.
        let path = if is_standard_input(path) { PathBuf::from("./-") } else { path.to_owned() };
        let mut input = Self::default();
        input.add_files(&[path], boundary)?;
        Ok(input)
    }

    /// Adds what files and folders hold.
    fn add_files(&mut self, paths: &[PathBuf], boundary: &Boundary) -> Result<(), InputError> {
        for file in files::list(paths, boundary, &mut self.skipped)? {
            let before = self.configurations.len();
            self.add(file.name(), file.read()?, file.is_named);
            if file.is_passed_over_by_kubectl() && self.configurations.len() > before {
                return Err(InputError::PassedOverByKubectl(file.told()));
            }
        }
        Ok(())
    }

    /// Returns what files hold that is a configuration, or looks like one.
    pub(crate) fn of_files(files: &[Rc<SourceFile>]) -> Self {
        let mut input = Self { files: files.len(), ..Self::default() };
        for file in files {
            let found = find(file, false, &mut input.skipped);
            input.configurations.extend(found.configurations);
            input.misnamed.extend(found.misnamed);
        }
        input
    }

    /// Adds what a text holds. One that was named is a configuration whatever it looks like, unless
    /// it is a resource.
    fn add(&mut self, name: String, text: String, is_named: bool) {
        let (file, error) = SourceFile::new(name, text);
        let file = Rc::new(file);
        self.files = self.files.saturating_add(1);
        match error {
            Some(error) => self.unreadable.push((file, error)),
            None => {
                let found = find(&file, is_named, &mut self.skipped);
                self.configurations.extend(found.configurations);
                self.misnamed.extend(found.misnamed);
            }
        }
    }
}

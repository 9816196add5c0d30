//! Paths to values in a document.

use std::fmt;

/// A path while a document is walked through: it borrows its steps and costs nothing until
/// something is wrong there.
///
/// ```
/// use attache_config_reader::PathRef;
///
/// let policies = PathRef::Root.key("policies");
/// let policy = policies.index(2);
/// assert_eq!(policy.key("name").to_path().to_string(), "policies[2].name");
/// ```
#[derive(Clone, Copy, Debug)]
pub enum PathRef<'a> {
    /// The whole document.
    Root,
    /// A member of the object at a path.
    Key(&'a PathRef<'a>, &'a str),
    /// An element, from 0, of the list at a path.
    Index(&'a PathRef<'a>, usize),
}

impl<'a> PathRef<'a> {
    /// Returns the path of a member.
    pub const fn key(&'a self, key: &'a str) -> Self {
        PathRef::Key(self, key)
    }

    /// Returns the path of an element, counted from 0.
    pub const fn index(&'a self, index: usize) -> Self {
        PathRef::Index(self, index)
    }

    /// Copies the steps into a path of its own.
    pub fn to_path(&self) -> Path {
        let mut steps = Vec::new();
        let mut path = self;
        loop {
            path = match path {
                PathRef::Root => break,
                PathRef::Key(parent, key) => {
                    steps.push(Step::Key((*key).to_owned()));
                    parent
                }
                PathRef::Index(parent, index) => {
                    steps.push(Step::Index(*index));
                    parent
                }
            };
        }
        steps.reverse();
        Path(steps)
    }
}

/// A path from the root of a document, empty for the document itself.
///
/// It is written as `policies[2].rules[0]`; a key that could be misread after a dot stands in
/// brackets and quotes, as in `tags["a.b"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub(crate) Vec<Step>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// To the member of an object.
    Key(String),
    /// To the element of a list, from 0.
    Index(usize),
}

impl Path {
    /// Returns the steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns whether this path is the other or leads into it.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Returns the path from another to this one; all of it where it does not lead into the other.
    ///
    /// ```
    /// use attache_config_reader::Path;
    ///
    /// let rule = Path::default().key("rules").index(2);
    /// assert_eq!(rule.clone().key("roles").relative_to(&rule).to_string(), "roles");
    /// ```
    #[must_use]
    pub fn relative_to(&self, other: &Self) -> Self {
        Self(self.0.strip_prefix(other.0.as_slice()).unwrap_or(&self.0).to_vec())
    }

    /// Returns the path of an element, counted from 0.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// Returns the path of a member.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.push(Step::Key(key.to_owned()));
        self
    }

    /// Returns the path that leads on from this one as `inner` does from its root.
    ///
    /// ```
    /// use attache_config_reader::Path;
    ///
    /// let plugin_config = Path::default().key("spec").key("pluginConfig");
    /// let name = Path::default().key("issuers").index(0).key("name");
    /// assert_eq!(plugin_config.join(name).to_string(), "spec.pluginConfig.issuers[0].name");
    /// ```
    #[must_use]
    pub fn join(mut self, inner: Self) -> Self {
        self.0.extend(inner.0);
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if !is_plain(key) => write!(f, "[{key:?}]")?,
                Step::Key(key) if depth == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// Returns whether a key can stand after a dot and be told apart.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
}

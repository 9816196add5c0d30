//! Claims: where they lie in a payload, and what is asked of them.

mod dotted;

use attache_config_reader::{HeaderName, quote};
use regex_lite::RegexBuilder;
use std::fmt;

/// The way to a claim from the payload's root, one step an object member: never empty, 16 steps at
/// most.
///
/// In a document `realm_access.roles` is two steps; a list names each step literally, so a member
/// with a dot in its name can be reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    /// The most steps of a path.
    pub const MAX_STEPS: usize = 16;
    /// The longest step, in bytes.
    pub const MAX_STEP_BYTES: usize = 256;

    /// Reads a path whose steps are parted by dots.
    ///
    /// ```
    /// use attache_plugin_config::ClaimPath;
    ///
    /// let path = ClaimPath::parse("realm_access.roles").unwrap();
    /// assert_eq!(path.steps(), ["realm_access", "roles"]);
    /// ```
    ///
    /// # Errors
    /// A sentence that says what a path needs, or how one is written that is in another language's
    /// form.
    pub fn parse(dotted: &str) -> Result<Self, String> {
        dotted::check(dotted)?;
        Self::new(dotted.split('.').map(str::to_owned).collect())
    }

    /// Takes the steps as they are.
    ///
    /// ```
    /// use attache_plugin_config::ClaimPath;
    ///
    /// let path = ClaimPath::new(vec!["https://example.com/roles".to_owned()]).unwrap();
    /// assert_eq!(path.steps().len(), 1);
    /// ```
    ///
    /// # Errors
    /// A sentence that says what a path needs.
    pub fn new(steps: Vec<String>) -> Result<Self, String> {
        if steps.is_empty() || steps.iter().any(String::is_empty) {
            Err("a claim has a name, and no step of its path is empty; a name with a dot in it is written as a list: \
                 `[\"a.b\"]`"
                .to_owned())
        } else if steps.len() > Self::MAX_STEPS
            || steps.iter().any(|step| step.len() > Self::MAX_STEP_BYTES)
        {
            Err(format!(
                "a claim's path has {} steps of {} bytes at most",
                Self::MAX_STEPS,
                Self::MAX_STEP_BYTES
            ))
        } else {
            Ok(Self(steps))
        }
    }

    /// Returns the steps: at least one, none of them empty.
    pub fn steps(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// A value that a claim is compared with. Types must be the same: `"1"` is not `1`, unless that is
/// against the caller.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A string, compared byte for byte.
    String(String),
    /// A number; integers are exact to 53 bits, as everything in a WasmPlugin.
    Number(f64),
    /// A Boolean.
    Bool(bool),
}

/// A compiled regular expression that matches a whole value, as in Envoy. Two are equal if they are
/// written alike.
#[derive(Clone, Debug)]
pub struct Regex(regex_lite::Regex);

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Regex {}

impl Regex {
    /// The longest expression, in bytes.
    pub const MAX_BYTES: usize = 1024;
    /// What one may weigh compiled, in bytes.
    pub const MAX_WEIGHT: usize = 64 * 1024;

    /// Reads an expression, in the syntax of the crate `regex-lite`.
    ///
    /// ```
    /// use attache_plugin_config::Regex;
    ///
    /// assert!(Regex::new("tenant-[0-9]+").is_ok());
    /// assert!(Regex::new("tenant-[0-9").is_err());
    /// ```
    ///
    /// # Errors
    /// A sentence that says why it is none.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(
                "an empty expression matches only the empty string; use `equals` or `exists`"
                    .to_owned(),
            );
        }
        if text.len() > Self::MAX_BYTES {
            return Err(format!("a regular expression has {} bytes at most", Self::MAX_BYTES));
        }
        let whole = format!("^(?:{text})$");
        let compile = |expression: &str| {
            RegexBuilder::new(expression)
                .size_limit(Self::MAX_WEIGHT)
                .build()
                .map_err(|error| format!("{} is no regular expression: {error}", quote(text)))
        };
        // By itself first: `a)(b` would compile only inside the group.
        compile(text)?;
        compile(&whole).map(Self)
    }

    /// Tells whether the expression matches the whole text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Returns the expression, anchored at both ends.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// How a string is compared, as Istio's StringMatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StringMatch {
    /// The whole string.
    Exact(String),
    /// Its beginning.
    Prefix(String),
    /// Its end.
    Suffix(String),
    /// Any part of it.
    Contains(String),
    /// The whole string against an expression.
    Matches(Regex),
}

impl StringMatch {
    /// Tells whether a string is so.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(wanted) => text == wanted,
            Self::Prefix(wanted) => text.starts_with(wanted),
            Self::Suffix(wanted) => text.ends_with(wanted),
            Self::Contains(wanted) => text.contains(wanted),
            Self::Matches(regex) => regex.is_match(text),
        }
    }
}

/// One demand on one claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The claim.
    pub claim: ClaimPath,
    /// What must be true of it.
    pub test: Test,
}

/// What must be true of a claim. On an absent claim (or one that is `null`) each is false, except
/// `Exists(false)`, `NotEquals` and `NotIn`. A list claim passes if any element does; `NotEquals`
/// and `NotIn` ask that none does. Where types differ, what a value is written as counts against
/// the caller.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Equal in type and value.
    Equals(Scalar),
    /// Not `Equals`.
    NotEquals(Scalar),
    /// Equal to one of these.
    In(Vec<Scalar>),
    /// Equal to none of these.
    NotIn(Vec<Scalar>),
    /// A string that begins so.
    Prefix(String),
    /// A string that ends so.
    Suffix(String),
    /// A list that has this element; of anything but a list false, or what a DENY rule makes of it.
    Contains(Scalar),
    /// A string that the whole expression matches.
    Matches(Regex),
    /// Present and not `null`, or the contrary.
    Exists(bool),
    /// A number below.
    LessThan(f64),
    /// A number above.
    GreaterThan(f64),
    /// The text that a `{name}` segment of the rule's path stands for; a number or a Boolean equals
    /// what it is written as.
    EqualsPath(String),
    /// The value of a request header that came exactly once; numbers and Booleans as with a path.
    EqualsHeader(HeaderName),
    /// Another claim of the same token, equal in type and value; a number or a Boolean also equals
    /// the string that it is written as.
    EqualsClaim(ClaimPath),
}

/// What a claim is compared with that only the request, or the rest of the token, tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparand<'t> {
    /// Nothing: the configuration says it all.
    Configured,
    /// What this `{name}` segment of the rule's path stands for.
    PathSegment(&'t str),
    /// A header of the request.
    Header(&'t HeaderName),
    /// Another claim.
    Claim(&'t ClaimPath),
}

impl Test {
    /// Returns what it compares the claim with.
    pub const fn comparand(&self) -> Comparand<'_> {
        match self {
            Self::EqualsPath(name) => Comparand::PathSegment(name.as_str()),
            Self::EqualsHeader(name) => Comparand::Header(name),
            Self::EqualsClaim(path) => Comparand::Claim(path),
            Self::Equals(_) | Self::NotEquals(_) | Self::In(_) | Self::NotIn(_) => {
                Comparand::Configured
            }
            Self::Prefix(_) | Self::Suffix(_) | Self::Contains(_) | Self::Matches(_) => {
                Comparand::Configured
            }
            Self::Exists(_) | Self::LessThan(_) | Self::GreaterThan(_) => Comparand::Configured,
        }
    }

    /// Returns whether it holds of an absent claim, and so for a caller without a token, who has no
    /// claims.
    pub(crate) const fn holds_of_nothing(&self) -> bool {
        match self {
            Self::NotEquals(_) | Self::NotIn(_) | Self::Exists(false) => true,
            Self::Equals(_)
            | Self::In(_)
            | Self::Prefix(_)
            | Self::Suffix(_)
            | Self::Contains(_)
            | Self::Matches(_)
            | Self::Exists(true)
            | Self::LessThan(_)
            | Self::GreaterThan(_)
            | Self::EqualsPath(_)
            | Self::EqualsHeader(_)
            | Self::EqualsClaim(_) => false,
        }
    }
}

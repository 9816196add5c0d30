//! What `iss` must be.

use crate::ClaimPath;

/// What a token's `iss` must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerId {
    /// This, byte for byte.
    Exact(String),
    /// A URL with one segment that may vary.
    Pattern(IssuerPattern),
    /// Absent. No place of such an issuer is another's.
    Absent,
}

impl IssuerId {
    /// Returns the issuer as the document writes it, and as a discovery document must; `None` where
    /// `iss` is absent.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Pattern(pattern) => Some(&pattern.text),
            Self::Absent => None,
        }
    }

    /// Returns whether it is the `iss` of a token; `None`: the token has none. What a pattern's
    /// segment must equal is not looked at, since that is another claim.
    pub fn takes(&self, iss: Option<&str>) -> bool {
        match (self, iss) {
            (Self::Exact(own), Some(iss)) => own == iss,
            (Self::Pattern(pattern), Some(iss)) => pattern.takes(iss),
            (Self::Absent, None) => true,
            (Self::Exact(_) | Self::Pattern(_), None) | (Self::Absent, Some(_)) => false,
        }
    }
}

/// A URL with one segment of its path that may vary: `https://login.example.com/{tenant}/v2.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerPattern {
    text: String,
    /// What stands before the segment, a slash at the end.
    before: String,
    /// What stands after it: nothing, or a slash at the beginning.
    after: String,
    values: Vec<String>,
    equals_claim: Option<ClaimPath>,
}

impl IssuerPattern {
    /// Reads a pattern; `None` for a text without braces. What the segment stands for is yet to be
    /// said.
    ///
    /// # Errors
    /// A sentence that says what a pattern needs.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, &'static str> {
        const FORM: &str = "a name in braces is one whole segment in the path of a URL, and occurs there once: \
                            `https://login.example.com/{tenant}/v2.0`";
        let is_brace = |c: char| c == '{' || c == '}';
        if !text.contains(is_brace) {
            return Ok(None);
        }
        let (before, rest) = text.split_once('{').ok_or(FORM)?;
        let (name, after) = rest.split_once('}').ok_or(FORM)?;
        let url = before.strip_prefix("https://").or_else(|| before.strip_prefix("http://"));
        let is_in_path = url.is_some_and(|url| url.ends_with('/') && !url.starts_with('/'));
        let is_whole = after.is_empty() || after.starts_with('/');
        let is_name = !name.is_empty()
            && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-');
        if is_in_path
            && is_whole
            && is_name
            && ![before, after].iter().any(|part| part.contains(['{', '}', '?', '#']))
        {
            let [text, before, after] = [text, before, after].map(str::to_owned);
            Ok(Some(Self { text, before, after, values: Vec::new(), equals_claim: None }))
        } else {
            Err(FORM)
        }
    }

    /// Says what the segment stands for; one of both must ask for something.
    pub(crate) fn standing_for(self, values: Vec<String>, equals_claim: Option<ClaimPath>) -> Self {
        Self { values, equals_claim, ..self }
    }

    /// Returns what the segment may be; none: anything that the claim holds which it must equal.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Returns the claim that must hold the same text as the segment. There is one where there are
    /// no values.
    pub const fn equals_claim(&self) -> Option<&ClaimPath> {
        self.equals_claim.as_ref()
    }

    /// Returns the segment of an `iss` that the pattern fits. The name of a segment, with its
    /// braces, is nobody's.
    pub fn segment<'i>(&self, iss: &'i str) -> Option<&'i str> {
        let segment = iss.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        (!segment.is_empty() && !segment.contains(['/', '{', '}'])).then_some(segment)
    }

    /// Returns whether the pattern fits an `iss`, and its segment is one that it may be.
    fn takes(&self, iss: &str) -> bool {
        let may_be = |segment: &str| {
            self.values.is_empty() || self.values.iter().any(|value| value == segment)
        };
        self.segment(iss).is_some_and(may_be)
    }

    /// Returns the `iss` with this segment.
    pub fn with(&self, segment: &str) -> String {
        [&self.before, segment, &self.after].concat()
    }

    /// Returns whether some `iss` fits both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let segments = |pattern: &Self| -> Vec<Option<String>> {
            let text = pattern.with("{}");
            text.split('/')
                .map(|segment| Some(segment.to_owned()).filter(|text| text != "{}"))
                .collect()
        };
        let (one, other) = (segments(self), segments(other));
        let fits =
            |(a, b): (&Option<String>, &Option<String>)| a.is_none() || b.is_none() || a == b;
        one.len() == other.len() && one.iter().zip(&other).all(fits)
    }
}

//! Headers that claims are compared with.

use super::claims::Claim;
use super::dimension::Dimension;
use crate::symbolic::diagram::Diagram;
use attache_engine::claims::scalar_text;
use attache_plugin_config::HeaderName;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What a request has of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum HeaderValue {
    Absent,
    Once(String),
    /// Two that differ.
    Twice,
}

/// A header and its classes.
pub(in super::super) struct Header {
    pub(in super::super) values: Vec<HeaderValue>,
    pub(in super::super) value: Dimension,
}

/// All headers that claims are compared with.
#[derive(Default)]
pub(in super::super) struct Headers(pub(in super::super) BTreeMap<HeaderName, Header>);

impl Headers {
    /// Finds the classes, given which claims each is compared with.
    pub(super) fn find(
        compared: &BTreeMap<HeaderName, BTreeSet<usize>>,
        claims: &[Claim],
        diagram: &mut Diagram,
    ) -> Self {
        let mut header = |numbers: &BTreeSet<usize>| {
            let claims = numbers.iter().filter_map(|number| claims.get(*number));
            let texts =
                claims.flat_map(|claim| claim.singles.iter().flatten().chain(&claim.elements));
            let texts: BTreeSet<String> = texts
                .filter_map(scalar_text)
                .map(Cow::into_owned)
                .filter(|text| can_be_sent(text))
                .collect();
            let mut other = "other".to_owned();
            while texts.contains(&other) {
                other.push('-');
            }
            let mut values = vec![HeaderValue::Absent];
            values.extend(texts.into_iter().chain([other]).map(HeaderValue::Once));
            values.push(HeaderValue::Twice);
            let value = Dimension::new(diagram, values.len());
            Header { values, value }
        };
        Self(compared.iter().map(|(name, numbers)| (name.clone(), header(numbers))).collect())
    }
}

/// Returns whether a header arrives with this value as it was sent.
fn can_be_sent(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        && text.trim() == text
}

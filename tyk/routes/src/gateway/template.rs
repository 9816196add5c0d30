//! Listen paths and hosts with parameters, as gorilla/mux reads them: `{name}` and
//! `{name:pattern}`.

use regex::Regex;

/// A listen path.
#[derive(Clone, Debug)]
pub struct ListenPath {
    text: String,
    /// What matches its beginning; absent where the text itself does.
    template: Option<(Regex, String)>,
}

impl ListenPath {
    /// Reads a listen path.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        if !text.contains('{') && !text.contains('}') {
            return Ok(Self { text: text.to_owned(), template: None });
        }
        let source = translate(text, "[^/]+")?;
        let regex = Regex::new(&format!("^{source}")).map_err(|error| last_line(&error))?;
        Ok(Self { text: text.to_owned(), template: Some((regex, source)) })
    }

    /// Returns it as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the regular expression for it, where it has parameters.
    #[must_use]
    pub fn regex(&self) -> Option<&str> {
        self.template.as_ref().map(|(_, source)| source.as_str())
    }

    /// Returns the length by which Tyk orders it.
    #[must_use]
    pub fn length(&self) -> usize {
        listen_path_length(&self.text)
    }

    /// Returns whether a path begins with it.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        match &self.template {
            None => path.starts_with(&self.text),
            Some((regex, _)) => regex.is_match(path),
        }
    }

    /// Returns a path without it; one that does not begin with it stays as it is, but for the slash
    /// at its beginning.
    #[must_use]
    pub fn strip(&self, path: &str) -> String {
        let rest = match (path.strip_prefix(&self.text), &self.template) {
            (Some(rest), _) => rest.to_owned(),
            (None, None) => path.to_owned(),
            (None, Some((regex, _))) => regex.replace_all(path, "").into_owned(),
        };
        if rest.starts_with('/') { rest } else { format!("/{rest}") }
    }
}

/// A host, or none where any will do.
#[derive(Clone, Debug)]
pub(super) struct HostPattern {
    text: String,
    regex: Option<Regex>,
}

impl HostPattern {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let regex = if text.is_empty() {
            None
        } else {
            let source = translate(text, "[^.]+")?;
            Some(Regex::new(&format!("^{source}$")).map_err(|error| last_line(&error))?)
        };
        Ok(Self { text: text.to_owned(), regex })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, host: &str) -> bool {
        self.regex.as_ref().is_none_or(|regex| regex.is_match(host))
    }
}

/// Returns the regular expression of a template, without anchors.
fn translate(text: &str, default: &str) -> Result<String, String> {
    let mut source = String::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (literal, template) = rest.split_at(open);
        source.push_str(&regex::escape(literal));
        let end = closing(template).ok_or("its braces do not match")?;
        let (variable, after) = template.split_at(end);
        let inner = variable.get(1..).unwrap_or_default();
        let (name, pattern) = inner.split_once(':').unwrap_or((inner, default));
        if name.is_empty() || pattern.is_empty() {
            return Err(format!("`{{{inner}}}` needs a name and, after a colon, a pattern"));
        }
        source.push_str(&format!("(?:{pattern})"));
        rest = after.get(1..).unwrap_or_default();
    }
    source.push_str(&regex::escape(rest));
    Ok(source)
}

/// Returns where the brace that a text begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth = depth.saturating_add(1),
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns the length by which Tyk orders listen paths: a segment that is one parameter counts as
/// nothing.
pub(super) fn listen_path_length(path: &str) -> usize {
    if !path.contains('{') {
        return path.len();
    }
    let is_parameter =
        |segment: &&str| segment.len() > 2 && segment.starts_with('{') && segment.ends_with('}');
    let segments = path.split('/').filter(|segment| !is_parameter(segment));
    segments.map(str::len).fold(path.matches('/').count(), usize::saturating_add)
}

/// Returns what is wrong with a regular expression, without the picture of it.
pub(super) fn last_line(error: &regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_of_the_router() {
        let path = ListenPath::new("/a/{id:[0-9]{2}}/b").unwrap();
        assert!(path.matches("/a/12/bc") && !path.matches("/a/1x/b"));
        assert_eq!(path.strip("/a/12/b/c"), "/c");
        assert_eq!(path.strip("/other"), "/other");
        assert!(ListenPath::new("/a/{id").is_err() && ListenPath::new("/a/{:x}").is_err());
        assert!(ListenPath::new("/a}").is_err());
    }

    #[test]
    fn a_parameter_counts_as_nothing() {
        assert_eq!(listen_path_length("/orders/"), 8);
        assert_eq!(listen_path_length("/{id}/orders"), 8);
        assert_eq!(listen_path_length("/a{id}"), 6);
    }

    #[test]
    fn a_host_has_parameters_too() {
        let host = HostPattern::new("{tenant}.example.com").unwrap();
        assert!(host.matches("a.example.com") && !host.matches("a.b.example.com"));
        assert!(HostPattern::new("").unwrap().matches("any"));
    }
}

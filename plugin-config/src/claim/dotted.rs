//! What stands where a claim's path with dots belongs, and is written in the way of another
//! language.

use attache_config_reader::quote;

/// Returns what to write instead of a path that would be taken literally and is not meant so.
///
/// # Errors
/// A sentence with the right form.
#[inline(never)]
pub(super) fn check(text: &str) -> Result<(), String> {
    let Some((language, meant)) = other_language(text) else { return Ok(()) };
    let right = match meant {
        Meant::Path(path) if path.is_empty() => {
            "name a claim, such as `realm_access.roles`".to_owned()
        }
        Meant::Path(path) => format!("write {}", quote(&path)),
        Meant::Name(name) => format!("write it as a list: `[{name:?}]`"),
    };
    Err(format!("{} {language}; {right}", quote(text)))
}

/// What someone meant.
enum Meant {
    /// A path with dots.
    Path(String),
    /// The name of one claim.
    Name(String),
}

fn other_language(text: &str) -> Option<(&'static str, Meant)> {
    let plain = text.trim();
    if plain.contains("://")
        || (plain.contains('/') && plain.contains('.') && !plain.starts_with('/'))
    {
        return Some((
            "is the name of one claim, and its dots would part it",
            Meant::Name(plain.to_owned()),
        ));
    }
    if let Some(pointer) = plain.strip_prefix('/') {
        return Some(("is a JSON pointer", Meant::Path(pointer.replace('/', "."))));
    }
    if plain.contains(['{', '}']) {
        let inner = plain.trim_start_matches(['$', '{', ' ']).trim_end_matches(['}', ' ']);
        return Some(("is a template, and nothing fills it in", Meant::Path(inner.to_owned())));
    }
    if plain == "$" || plain.starts_with("$.") || plain.starts_with("$[") {
        return Some((
            "is JSONPath",
            Meant::Path(without_brackets(plain.trim_start_matches(['$', '.']))),
        ));
    }
    if plain.contains(['[', ']']) {
        return Some((
            "has brackets: a list is looked through by itself",
            Meant::Path(without_brackets(plain)),
        ));
    }
    (plain.len() < text.len()).then(|| ("has a space around it", Meant::Path(plain.to_owned())))
}

/// Writes `a[b]['c'][*][0]` as `a.b.c`: no element of a list is picked.
fn without_brackets(text: &str) -> String {
    let steps = text.split(['.', '[', ']']).map(|step| step.trim_matches(['\'', '"', ' ']));
    let is_name =
        |step: &&str| !step.is_empty() && *step != "*" && !step.bytes().all(|c| c.is_ascii_digit());
    steps.filter(is_name).collect::<Vec<_>>().join(".")
}

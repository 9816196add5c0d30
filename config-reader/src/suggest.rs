//! What was probably meant.

/// Returns the word that someone who wrote `word` most likely meant; none if nothing is near.
///
/// ```
/// use attache_config_reader::suggestion;
///
/// assert_eq!(suggestion("hookname", ["hookNames", "listen"]), Some("hookNames"));
/// assert_eq!(suggestion("mode", ["hookNames", "listen"]), None);
/// ```
pub fn suggestion<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // Far beyond any key, and the distance costs the product of both lengths.
    if word.len() > 64 {
        return None;
    }
    let plain = simplify(word);
    words
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&plain, &simplify(candidate)), candidate))
        .filter(|&(distance, candidate)| distance <= (candidate.len().min(word.len()) / 3).min(3))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Removes letter case and separators, which are the likeliest mistakes.
fn simplify(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

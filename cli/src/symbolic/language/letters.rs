//! Letters that stand for others: for those of the other case, and for all that no pattern names.

use super::expression::BEYOND;
use super::languages::Languages;
use super::program::{Letters, Step};
use attache_engine::policy::fold_path;

/// Letters that stand for all that no pattern names: the first of them that none does.
const FRESH: &str =
    "x1ayz0bcdefghijklmnopqrstuvw23456789_-~XYZABCDEFGHIJKLMNOPQRSTUVW\u{3c9}\u{2192}";

/// Returns letters that count as one where letter case does not matter: itself, its capital, and
/// one that no pattern is likely to name.
pub(super) fn alike(letter: char) -> impl Iterator<Item = char> {
    let rare = ['\u{17f}', '\u{212a}', '\u{131}', '\u{130}'];
    let mut others: Vec<char> = letter.to_uppercase().chain(rare).collect();
    others.retain(|other| {
        *other != letter && fold_path(other.encode_utf8(&mut [0; 4])).chars().eq([letter])
    });
    std::iter::once(letter).chain(others)
}

/// Returns a letter that no pattern names.
pub(super) fn fresh(languages: &Languages) -> char {
    let steps = || languages.programs.iter().flat_map(|program| &program.steps);
    let names = |letter: char| {
        steps().any(|step| match step {
            Step::Read(letters) | Step::ReadMany(letters) => {
                matches!(letters, Letters::One(_) | Letters::Folded(_)) && letters.have(letter)
            }
            Step::MaySkip(_) => false,
        })
    };
    let private = (0xe000..0xf8ff).filter_map(char::from_u32);
    FRESH.chars().chain(private).find(|letter| !names(*letter)).unwrap_or(BEYOND)
}

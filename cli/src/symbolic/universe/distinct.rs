//! Values without repetition.

/// Returns each of these once, in the order in which they come first.
pub(super) fn distinct<'v, T: PartialEq>(values: impl Iterator<Item = &'v T>) -> Vec<&'v T> {
    let mut distinct: Vec<&T> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

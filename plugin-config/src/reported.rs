//! The proof that something is wrong with a document and has been noted.

/// Stands in for a value that could not be had: a fault was noted, so the document is refused whatever becomes of the rest.
///
/// What a check returns for a value that it refuses is this and not `None`: a value can be absent only where a fault is
/// noted, and a check that forgets to note one does not compile. [`Checker::fault`](crate::check::Checker::fault) gives it
/// out, and so does what reads a document for a place that it found spoiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reported(());

impl Reported {
    /// Vouches that a fault was noted.
    ///
    /// For the two places that note faults, and for no check.
    pub(crate) const fn noted() -> Self {
        Self(())
    }
}

/// Keeps the values that could be had, so that further checks see them: the document is refused all the same.
pub(crate) fn kept<T>(results: impl IntoIterator<Item = Result<T, Reported>>) -> Vec<T> {
    results.into_iter().filter_map(Result::ok).collect()
}

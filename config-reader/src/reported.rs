//! The proof that an error has been noted.

/// Stands in for a value that could not be had: an error was noted, so the document is refused
/// whatever becomes of the rest.
///
/// What a check returns for a value that it refuses is this and not `None`: a value can be absent
/// only where an error is noted, and a check that forgets to note one does not compile. Only a
/// [`Report`](crate::Report) gives it out, and what reads a document for a value that it found
/// invalid. rustc's own `ErrorGuaranteed` is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported(());

impl Reported {
    /// Vouches that an error was noted.
    ///
    /// For the report, and for the value that stands for an invalid node.
    pub(crate) const fn noted() -> Self {
        Self(())
    }
}

/// Keeps the values that could be had, so that further checks see them: the document is refused all
/// the same.
///
/// ```
/// use attache_config_reader::{PathRef, Report, valid};
///
/// let mut report = Report::default();
/// let refused = report.error(&PathRef::Root.key("port"), "no port; write a number below 65536");
/// assert_eq!(valid([Ok(80), Err(refused)]), [80]);
/// ```
pub fn valid<T>(results: impl IntoIterator<Item = Result<T, Reported>>) -> Vec<T> {
    results.into_iter().filter_map(Result::ok).collect()
}

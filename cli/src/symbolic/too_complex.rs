//! When there is no answer.

/// Why no answer comes in bearable time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooComplex {
    #[error(
        "its patterns tell too many texts apart; take away patterns that begin with `*` or have `{{**}}` in the middle"
    )]
    Patterns,
    #[error("its rules combine in too many ways; split the policies by workload")]
    Sets,
    #[error(
        "the regular expression `{0}` is too large to reason about, or uses what only a search can tell (`\\b`)"
    )]
    Expression(String),
}

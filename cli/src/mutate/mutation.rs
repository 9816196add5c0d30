//! One mutant.

use super::edit::Edit;
use attache_config_reader::Path;

/// A change of one clause.
#[derive(Clone, Debug)]
pub(crate) struct Mutation {
    /// What the clause belongs to: `rule orders/read`.
    pub(crate) owner: String,
    /// Where the clause stands, from the configuration's root; the name of its owner where nothing
    /// stands in the document.
    pub(crate) at: Path,
    /// What is done to it: `` `methods` dropped ``.
    pub(crate) change: String,
    /// Whom it is for.
    pub(crate) effect: Effect,
    /// How it is done.
    pub(super) edit: Edit,
}

/// Which requests a mutant decides in another way, where there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It lets through, or believes, what the document does not.
    More,
    /// It refuses what the document lets through.
    Less,
    /// Either, as the other parts of the document are.
    Either,
}

impl Effect {
    /// Returns it as a report says it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::More => "lets more through",
            Self::Less => "lets less through",
            Self::Either => "lets others through",
        }
    }
}

//! A change that no request shows, and what it can do.

/// A change that no request shows.
pub(crate) struct Setting {
    /// What changed, without a final stop.
    pub(crate) text: String,
    pub(crate) effect: Effect,
}

/// What a change can do to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It decides nothing.
    Nothing,
    /// More is refused, and certainly nothing is allowed that was refused before.
    OnlyRefuses,
    /// More may be allowed.
    MayAllow,
}

impl Effect {
    /// Returns the effect of a value that is the same, or one that lets less through, or neither
    /// for sure.
    pub(super) fn of(is_same: bool, is_narrower: bool) -> Self {
        match (is_same, is_narrower) {
            (true, _) => Self::Nothing,
            (false, true) => Self::OnlyRefuses,
            (false, false) => Self::MayAllow,
        }
    }
}

impl Setting {
    pub(super) fn new(text: impl Into<String>, effect: Effect) -> Self {
        Self { text: text.into(), effect }
    }
}

/// Returns the texts of the changes that may allow more, or of all others.
pub(super) fn texts(settings: &[Setting], may_allow: bool) -> Vec<String> {
    let those = settings.iter().filter(|it| (it.effect == Effect::MayAllow) == may_allow);
    those.map(|it| it.text.clone()).collect()
}

//! Logic in which not everything is known (Kleene's): what is so whatever the unknown may be is
//! known.

/// Whether something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tri {
    Yes,
    No,
    Unknown,
}

impl Tri {
    /// Returns whether all are so.
    pub(crate) fn all(items: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::Yes;
        for item in items {
            match item {
                Self::No => return Self::No,
                Self::Unknown => all = Self::Unknown,
                Self::Yes => {}
            }
        }
        all
    }

    /// Returns whether any is so.
    pub(crate) fn any(items: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Self::No;
        for item in items {
            match item {
                Self::Yes => return Self::Yes,
                Self::Unknown => any = Self::Unknown,
                Self::No => {}
            }
        }
        any
    }

    /// Returns whether it is so, where that is known.
    pub(crate) const fn known(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }

    /// Returns the contrary.
    pub(crate) const fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Tri {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_unknown_cannot_change_is_known() {
        let (yes, no, unknown) = (Tri::Yes, Tri::No, Tri::Unknown);
        for (items, all, any) in [
            (&[][..], yes, no),
            (&[unknown, no], no, unknown),
            (&[unknown, yes], unknown, yes),
            (&[unknown], unknown, unknown),
            (&[yes, yes], yes, yes),
            (&[no, no], no, no),
        ] {
            assert_eq!(Tri::all(items.iter().copied()), all, "{items:?}");
            assert_eq!(Tri::any(items.iter().copied()), any, "{items:?}");
        }
        assert_eq!(unknown.not(), unknown);
    }
}

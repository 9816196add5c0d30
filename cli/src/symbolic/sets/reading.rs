//! Roles as claims hold them.

use foldhash::HashMap;

/// The roles that the classes of a claim hold.
#[derive(Default)]
pub(super) struct Readings {
    /// The claim.
    pub(super) claim: usize,
    /// Which classes hold each role.
    pub(super) roles: HashMap<String, Holders>,
}

/// Classes of a claim: values that are no lists, and elements of lists, in order.
#[derive(Default)]
pub(super) struct Holders {
    pub(super) singles: Vec<usize>,
    pub(super) elements: Vec<usize>,
}

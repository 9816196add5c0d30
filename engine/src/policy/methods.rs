//! Methods, by number.

/// The number of a method that some rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct MethodId(u32);

/// The methods that rules name, in order: few, so that searching takes less than hashing would.
#[derive(Clone, Debug)]
pub(super) struct Methods(Vec<(Box<str>, MethodId)>);

impl Methods {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn intern(&mut self, name: &str) -> MethodId {
        match self.find(name) {
            Ok(at) => self.0.get(at).map_or(MethodId(u32::MAX), |(_, id)| *id),
            Err(at) => {
                let next = MethodId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
                self.0.insert(at, (name.into(), next));
                next
            }
        }
    }

    /// Returns the number of a method; `None` where no rule names it.
    pub(super) fn get(&self, name: &str) -> Option<MethodId> {
        self.find(name).ok().and_then(|at| self.0.get(at)).map(|(_, id)| *id)
    }

    /// Returns where a name is, or would be.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name))
    }
}

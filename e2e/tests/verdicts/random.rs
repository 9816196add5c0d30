//! Numbers that are the same in every run.

pub(crate) struct Random(fastrand::Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Returns true once in so many times.
    pub(crate) fn rarely(&mut self, once_in: usize) -> bool {
        self.0.usize(..once_in) == 0
    }

    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.0.usize(..of.len())]
    }

    /// Returns from one to so many of these, none twice, in their order.
    pub(crate) fn some<'a, T: ?Sized>(&mut self, of: &[&'a T], most: usize) -> Vec<&'a T> {
        let count = self.0.usize(1..=most.min(of.len()));
        let mut places = self.0.choose_multiple(0..of.len(), count);
        places.sort_unstable();
        places.into_iter().map(|place| of[place]).collect()
    }
}

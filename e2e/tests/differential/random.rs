//! Numbers that are the same in every run.

pub(crate) struct Random(fastrand::Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0.usize(..limit)
    }

    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// True once in so many times.
    pub(crate) fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Some of these, in their order; one at least.
    pub(crate) fn some<T: Clone>(&mut self, of: &[T], most: usize) -> Vec<T> {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.one(of)).collect()
    }
}

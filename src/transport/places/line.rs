use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::caller::Caller;

/// A line is looked through for those who have left when it has grown to this, and then to twice what was left of it.
const SWEPT_AT: usize = 64;

/// Those of one kind who wait for a place, in the order of coming. Some may have left.
pub(super) struct Line<P> {
    waiting: VecDeque<Waiting<P>>,
    sweep_at: usize,
}

/// Somebody who waits.
pub(super) struct Waiting<P> {
    pub(super) number: u64,
    pub(super) caller: Caller,
    pub(super) place: oneshot::Sender<P>,
}

impl<P> Default for Line<P> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), sweep_at: SWEPT_AT }
    }
}

impl<P> Line<P> {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn join(&mut self, waiting: Waiting<P>) {
        if self.waiting.len() >= self.sweep_at {
            self.waiting.retain(|waiting| !waiting.place.is_closed());
            self.sweep_at = self.waiting.len().saturating_mul(2).max(SWEPT_AT);
        }
        self.waiting.push_back(waiting);
    }

    /// The number of the first who is still there.
    pub(super) fn first(&mut self) -> Option<u64> {
        while self.waiting.front()?.place.is_closed() {
            self.waiting.pop_front();
        }
        self.waiting.front().map(|waiting| waiting.number)
    }

    pub(super) fn leave(&mut self) -> Option<Waiting<P>> {
        self.waiting.pop_front()
    }
}

#[cfg(all(test, not(authsec_model)))]
impl<P> Line<P> {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

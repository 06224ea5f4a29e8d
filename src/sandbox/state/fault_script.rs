//! The handle by which a test breaks things.

use std::fmt;
use std::sync::Arc;

use super::fault::Fault;
use super::script::Call;
use super::shared::Shared;

/// The fault script of a running sandbox. Handles are cheap to clone and all write the same script.
#[derive(Clone)]
pub struct FaultScript {
    shared: Arc<Shared>,
}

impl FaultScript {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    /// Queues a fault for the next call of this kind that no earlier entry of the queue takes.
    pub fn next(&self, call: Call, fault: Fault) -> &Self {
        self.shared.record().script.push(call, fault);
        self
    }

    /// Queues the same fault `times` times.
    pub fn next_n(&self, times: usize, call: Call, fault: &Fault) -> &Self {
        for _ in 0..times {
            self.next(call, fault.clone());
        }
        self
    }

    /// Sets the fault for every call of this kind that finds nothing in the queue. One fault per kind; the
    /// one set last wins where [`Call::Any`] and another kind both fit.
    pub fn always(&self, call: Call, fault: Fault) -> &Self {
        self.shared.record().script.set(call, fault);
        self
    }

    /// Takes back all faults that have not happened yet.
    pub fn clear(&self) -> &Self {
        self.shared.record().script.clear();
        self
    }

    /// How many faults still wait in the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.shared.record().script.queue.len()
    }

    /// The faults that still wait, by name.
    pub(crate) fn left(&self) -> Vec<(Call, &'static str)> {
        self.shared.record().script.queue.iter().map(|(call, fault)| (*call, fault.name())).collect()
    }
}

impl fmt::Debug for FaultScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultScript").field("queued", &self.queued()).finish_non_exhaustive()
    }
}

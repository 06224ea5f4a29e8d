//! Which call meets which fault.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::fault::Fault;
use super::shared::Shared;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Initiate on any plane, `/oauth/bc-authorize` included (section 2.1).
    Initiate,
    /// Poll on any plane, `/oauth/token` included (section 2.2).
    Poll,
    /// The phone's answer (section 2.3).
    Respond,
    /// The list of pending requests (section 2.4).
    Requests,
    /// Registration, list and removal of push devices (section 2.5).
    Devices,
    /// TOTP login (section 2.6).
    Totp,
    /// The two metadata documents (section 1).
    Discovery,
    /// A request that no route takes.
    Unknown,
    /// In a script: every call. It never stands in a log.
    Any,
}

impl Call {
    fn covers(self, call: Self) -> bool {
        self == Self::Any || self == call
    }
}

#[derive(Default)]
pub(super) struct Script {
    queue: VecDeque<(Call, Fault)>,
    always: Vec<(Call, Fault)>,
}

impl Script {
    /// Takes the fault for `call`: the oldest fitting one of the queue, else the youngest permanent one.
    pub(super) fn take(&mut self, call: Call) -> Fault {
        let queued = self.queue.iter().position(|(wanted, _)| wanted.covers(call));
        if let Some((_, fault)) = queued.and_then(|at| self.queue.remove(at)) {
            return fault;
        }
        let permanent = self.always.iter().rev().find(|(wanted, _)| wanted.covers(call));
        permanent.map_or(Fault::Pass, |(_, fault)| fault.clone())
    }

    pub(super) fn push(&mut self, call: Call, fault: Fault) {
        self.queue.push_back((call, fault));
    }

    pub(super) fn set(&mut self, call: Call, fault: Fault) {
        self.always.retain(|(wanted, _)| *wanted != call);
        self.always.push((call, fault));
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.always.clear();
    }
}

/// The fault script of a running sandbox. Handles are cheap to clone and all write the same script.
#[derive(Clone)]
pub struct FaultScript {
    shared: Arc<Shared>,
}

impl FaultScript {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
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
}

impl fmt::Debug for FaultScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultScript").field("queued", &self.queued()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_goes_first_and_in_order() {
        let mut script = Script::default();
        script.set(Call::Poll, Fault::Hang);
        script.push(Call::Initiate, Fault::ResetBefore);
        script.push(Call::Any, Fault::Pass);
        script.push(Call::Poll, Fault::CloseBefore);
        assert_eq!(script.take(Call::Poll), Fault::Pass);
        assert_eq!(script.take(Call::Poll), Fault::CloseBefore);
        assert_eq!(script.take(Call::Poll), Fault::Hang);
        assert_eq!(script.take(Call::Poll), Fault::Hang);
        assert_eq!(script.take(Call::Initiate), Fault::ResetBefore);
        assert_eq!(script.take(Call::Initiate), Fault::Pass);
        script.clear();
        assert_eq!(script.take(Call::Poll), Fault::Pass);
    }
}

//! Which call meets which fault.

use std::collections::VecDeque;

use super::fault::Fault;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Initiate on any plane, `/oauth/bc-authorize` and `/bc-authorize` included (section 2.1).
    Initiate,
    /// Poll on any plane, `/oauth/token` and `/token` included (section 2.2).
    Poll,
    /// The phone's answer (section 2.3).
    Respond,
    /// The list of pending requests (section 2.4).
    Requests,
    /// Registration, list and removal of push devices (section 2.5).
    Devices,
    /// TOTP login (section 2.6).
    Totp,
    /// The two metadata documents (section 1), and that of the OpenID provider.
    Discovery,
    /// The key set of the OpenID provider.
    Keys,
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
pub(crate) struct Script {
    pub(crate) queue: VecDeque<(Call, Fault)>,
    always: Vec<(Call, Fault)>,
}

impl Script {
    /// Takes the fault for `call`: the oldest fitting one of the queue, else the youngest permanent one.
    pub(crate) fn take(&mut self, call: Call) -> Fault {
        let queued = self.queue.iter().position(|(wanted, _)| wanted.covers(call));
        if let Some((_, fault)) = queued.and_then(|at| self.queue.remove(at)) {
            return fault;
        }
        let permanent = self.always.iter().rev().find(|(wanted, _)| wanted.covers(call));
        permanent.map_or(Fault::Pass, |(_, fault)| fault.clone())
    }

    pub(crate) fn push(&mut self, call: Call, fault: Fault) {
        self.queue.push_back((call, fault));
    }

    pub(crate) fn set(&mut self, call: Call, fault: Fault) {
        self.always.retain(|(wanted, _)| *wanted != call);
        self.always.push((call, fault));
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.always.clear();
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

use std::time::Duration;

use super::millis::Millis;
use crate::clock::{Instant, later};

/// How long an `auth_req_id` lives that this client initiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    /// The acknowledgement plus `expires_in`.
    end: Instant,
    /// How long the acknowledgement took: the server sends the push inside the request.
    push: Millis,
}

impl Life {
    /// Of an id whose initiate was sent and acknowledged at these instants.
    pub(crate) fn new(sent: Instant, acknowledged: Instant, expires_in: Duration) -> Self {
        let push = acknowledged.saturating_duration_since(sent);
        Self { end: later(acknowledged, expires_in), push: Millis::of(push) }
    }

    pub(crate) fn ending(end: Instant, push: Millis) -> Self {
        Self { end, push }
    }

    pub(crate) fn push(self) -> Millis {
        self.push
    }

    /// Where its time is over at the latest.
    pub(crate) fn end(self) -> Instant {
        self.end
    }

    /// Where its time may be over: a server may count from the arrival of the initiate.
    pub(crate) fn earliest_end(self) -> Instant {
        self.push.duration().and_then(|push| self.end.checked_sub(push)).unwrap_or(self.end)
    }
}

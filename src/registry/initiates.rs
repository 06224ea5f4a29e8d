use std::time::Duration;

use super::Said;
use crate::clock::Instant;
use crate::expiring::Entry;
use crate::poll::Life;
use crate::trace::FlowId;
use crate::types::{AuthReqId, PersonKey};

/// What the server has promised of an id.
pub(crate) struct Acknowledged {
    pub(crate) id: AuthReqId,
    pub(crate) interval: Duration,
    pub(crate) life: Life,
    pub(crate) flow: FlowId,
    pub(crate) said: Said,
    /// When the acknowledgement came.
    pub(crate) at: Instant,
}

/// The initiates of one person that are under way.
pub(super) struct Initiates {
    pub(super) key: PersonKey,
    pub(super) under_way: u32,
    /// How many have begun.
    begun: u32,
    /// The newest that the server has acknowledged.
    acknowledged: u32,
    /// Cancels since the first of them began.
    pub(super) cancels: u32,
}

impl Initiates {
    pub(super) fn new(key: PersonKey) -> Self {
        Self { key, under_way: 0, begun: 0, acknowledged: 0, cancels: 0 }
    }

    /// One more. Returns its number.
    pub(super) fn begin(&mut self) -> u32 {
        self.under_way = self.under_way.saturating_add(1);
        self.begun = self.begun.saturating_add(1);
        self.begun
    }

    /// The server has taken this one. `false` where it has taken a newer one before.
    pub(super) fn acknowledge(&mut self, number: u32) -> bool {
        let is_newest = number >= self.acknowledged;
        self.acknowledged = self.acknowledged.max(number);
        is_newest
    }
}

impl Entry for Initiates {
    type Key = PersonKey;

    fn key(&self) -> &PersonKey {
        &self.key
    }

    fn is_over(&self, _: Instant) -> bool {
        self.under_way == 0
    }
}

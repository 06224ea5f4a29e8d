use std::sync::Arc;
use std::time::Duration;

use super::{Registry, Said};
use crate::clock::Instant;
use crate::expiring::Entry;
use crate::poll::Life;
use crate::trace::FlowId;
use crate::types::{AuthReqId, EmailKey};

/// An initiate that is under way.
pub(crate) struct Initiating {
    registry: Arc<Registry>,
    key: EmailKey,
    /// How many cancels there had been when it began.
    cancels_seen: u32,
}

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

impl Initiating {
    pub(super) fn new(registry: Arc<Registry>, key: EmailKey, cancels_seen: u32) -> Self {
        Self { registry, key, cancels_seen }
    }

    /// The server has taken the request: remember its id, and end what it replaces.
    pub(crate) fn acknowledged(self, acknowledged: Acknowledged) {
        self.registry.acknowledge(&self.key, self.cancels_seen, acknowledged);
    }
}

impl Drop for Initiating {
    fn drop(&mut self) {
        self.registry.end_initiate(&self.key);
    }
}

/// The initiates of one person that are under way.
pub(super) struct Initiates {
    pub(super) key: EmailKey,
    pub(super) under_way: u32,
    /// Cancels since the first of them began.
    pub(super) cancels: u32,
}

impl Initiates {
    pub(super) fn new(key: EmailKey) -> Self {
        Self { key, under_way: 0, cancels: 0 }
    }
}

impl Entry for Initiates {
    type Key = EmailKey;

    fn key(&self) -> &EmailKey {
        &self.key
    }

    fn is_over(&self, _: Instant) -> bool {
        self.under_way == 0
    }
}

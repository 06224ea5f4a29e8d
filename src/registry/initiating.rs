use std::sync::Arc;

use super::Registry;
use crate::trace::FlowId;
use crate::types::EmailKey;
use crate::wire::Acknowledgement;

/// An initiate that is under way.
pub(crate) struct Initiating {
    registry: Arc<Registry>,
    key: EmailKey,
    /// How many cancels there had been when it began.
    cancels_seen: u32,
}

impl Initiating {
    pub(super) fn new(registry: Arc<Registry>, key: EmailKey, cancels_seen: u32) -> Self {
        Self { registry, key, cancels_seen }
    }

    /// The server has taken the request: remember its id, and end what it replaces.
    pub(crate) fn acknowledged(self, ack: &Acknowledgement, resource: Option<&str>, _flow: FlowId) {
        self.registry.acknowledge(&self.key, self.cancels_seen, ack, resource);
    }
}

impl Drop for Initiating {
    fn drop(&mut self) {
        self.registry.end_initiate(&self.key);
    }
}

use std::sync::Arc;

use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use super::Slot;
use crate::outcome::CancelReason;

/// A poll's hold on a slot. Dropping it frees the slot.
pub(crate) struct Claim {
    slot: Arc<Slot>,
    token: CancellationToken,
    /// The generation under which it holds the slot, or why it was not granted.
    hold: Result<u32, CancelReason>,
}

impl Claim {
    pub(super) fn new(slot: Arc<Slot>) -> Self {
        let token = CancellationToken::new();
        let hold = slot.hold(&token);
        if hold.is_err() {
            token.cancel();
        }
        Self { slot, token, hold }
    }

    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// The generation under which it holds the slot; 0, which no poll has, if it was not granted.
    pub(crate) fn generation(&self) -> u32 {
        self.hold.unwrap_or(0)
    }

    /// Whether it was granted and nobody has stopped it since.
    pub(crate) fn is_live(&self) -> bool {
        self.hold.is_ok_and(|generation| self.slot.is_held_by(generation))
    }

    /// Resolves when somebody stops this poll; at once if the claim was not granted.
    pub(crate) fn stopped(&self) -> WaitForCancellationFuture<'_> {
        self.token.cancelled()
    }

    /// Gives the slot back, and says whether an outcome may come out: decided under the slot's lock, so that after a
    /// cancel has returned no approval can.
    pub(crate) fn commit(mut self) -> Result<(), CancelReason> {
        let generation = std::mem::replace(&mut self.hold, Err(CancelReason::Requested))?;
        self.slot.release(generation)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Ok(generation) = self.hold {
            // Whether it was stopped does not matter any more: nothing comes out of it.
            let _ = self.slot.release(generation);
        }
    }
}

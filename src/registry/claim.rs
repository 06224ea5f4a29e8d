use std::sync::Arc;

use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use super::Slot;
use crate::outcome::CancelReason;

/// A poll's hold on a slot. Dropping it frees the slot.
pub(crate) struct Claim {
    slot: Arc<Slot>,
    hold: Result<Hold, CancelReason>,
}

struct Hold {
    generation: u32,
    token: CancellationToken,
}

impl Claim {
    pub(super) fn new(slot: Arc<Slot>) -> Self {
        let hold = slot.hold().map(|(generation, token)| Hold { generation, token });
        Self { slot, hold }
    }

    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    pub(crate) fn generation(&self) -> u32 {
        self.hold.as_ref().map_or(0, |hold| hold.generation)
    }

    /// Whether it was granted and nobody has stopped it since.
    pub(crate) fn is_live(&self) -> bool {
        self.hold.as_ref().is_ok_and(|hold| self.slot.is_held_by(hold.generation))
    }

    /// Resolves when somebody stops this poll; `None` if the claim was not granted in the first place.
    pub(crate) fn stopped(&self) -> Option<WaitForCancellationFuture<'_>> {
        self.hold.as_ref().ok().map(|hold| hold.token.cancelled())
    }

    /// Gives the slot back, and says whether an outcome may come out: decided under the slot's lock, so that after a
    /// cancel has returned no approval can.
    pub(crate) fn commit(mut self) -> Result<(), CancelReason> {
        let hold = std::mem::replace(&mut self.hold, Err(CancelReason::Requested))?;
        self.slot.release(hold.generation)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Ok(hold) = &self.hold {
            // Whether it was stopped does not matter any more: nothing comes out of it.
            let _ = self.slot.release(hold.generation);
        }
    }
}

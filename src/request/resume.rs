use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::PollForApproval;
use crate::client::Inner;
use crate::clock::{Instant, later, now};
use crate::error::Error;
use crate::poll::{Life, Millis};
use crate::profile::Profile;
use crate::seal::Carried;
use crate::types::ApprovalTicket;

/// A wait that goes on with what another process has begun, or one that tells when it is awaited why it cannot.
pub(crate) fn resume(inner: Arc<Inner>, ticket: &ApprovalTicket) -> PollForApproval {
    match open(&inner, ticket) {
        Ok(carried) => {
            let life = life(&carried, now(), SystemTime::now());
            PollForApproval::resumed(inner, carried, life)
        }
        Err(error) => PollForApproval::refused(inner, error),
    }
}

fn open(inner: &Inner, ticket: &ApprovalTicket) -> Result<Carried, Error> {
    let carried = inner.sealer()?.open_ticket(ticket)?;
    match &inner.profile {
        Profile::AuthSec(_) => Ok(carried),
        #[cfg(feature = "openid")]
        // What is granted is checked by it, so it has to be there.
        Profile::OpenId(_) if carried.started.is_none() => {
            Err(Error::input("ticket", "does not say how its request was started"))
        }
        #[cfg(feature = "openid")]
        Profile::OpenId(_) => Ok(carried),
    }
}

/// What is left of its life, by this process's clocks.
pub(super) fn life(carried: &Carried, at: Instant, wall: SystemTime) -> Life {
    /// Where it is over, it is over before anything can be sent.
    const OVER: Duration = Duration::from_millis(1);
    match carried.left(wall) {
        Some(left) => Life::ending(later(at, left), Millis::of(carried.push)),
        None => Life::ending(at.checked_sub(OVER).unwrap_or(at), Millis::ZERO),
    }
}

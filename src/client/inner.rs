use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;
use url::Url;

use crate::attempts::Attempts;
use crate::poll::{Jitter, PollPolicy};
use crate::push_guard::PushLedger;
use crate::registry::Registry;
use crate::transport::{Places, Transport};
use crate::wire::Plane;

/// What every request needs. Data only.
pub(crate) struct Inner {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) targets: Targets,
    pub(crate) plane: Plane,
    pub(crate) policy: PollPolicy,
    pub(crate) request_timeout: Duration,
    pub(crate) initiate_timeout: Duration,
    /// For polls and TOTP logins.
    pub(crate) places: Places,
    /// For initiates, which are slow: the server sends the push inside them.
    pub(crate) initiate_places: Places,
    pub(crate) registry: Arc<Registry>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) pushes: PushLedger,
    /// The polls that were spawned.
    pub(crate) tasks: TaskTracker,
    /// Set by tests that assert instants.
    pub(crate) fixed_jitter: Option<u16>,
}

/// The three addresses, parsed once.
#[derive(Debug)]
pub(crate) struct Targets {
    pub(crate) initiate: Url,
    pub(crate) poll: Url,
    pub(crate) totp: Url,
}

impl Inner {
    pub(crate) fn jitter(&self) -> Jitter {
        Jitter(self.fixed_jitter.unwrap_or_else(|| fastrand::u16(..)))
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CibaClient")
            .field("origin", &self.targets.poll.origin().ascii_serialization())
            .field("poll_policy", &self.policy)
            .field("usage", &super::Usage::of(self))
            .finish_non_exhaustive()
    }
}

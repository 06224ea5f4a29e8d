use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::headers::{Headers, OutgoingRequest, RequestKind};
use crate::attempts::Attempts;
#[cfg(feature = "ticket")]
use crate::error::Error;
use crate::poll::{Jitter, PollPolicy};
use crate::profile::Profile;
use crate::push_guard::PushLedger;
use crate::registry::Registry;
#[cfg(feature = "ticket")]
use crate::seal::Sealer;
use crate::trace::FlowId;
use crate::transport::{Places, RequestHeaders, Transport};

/// What every request needs. Data only.
pub(crate) struct Inner {
    /// Other clients may share it, and the places with it.
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) profile: Profile,
    pub(crate) policy: PollPolicy,
    pub(crate) request_timeout: Duration,
    pub(crate) initiate_timeout: Duration,
    pub(crate) places: Places,
    /// What the caller adds to each request.
    pub(crate) headers: Option<Headers>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) pushes: PushLedger,
    /// The polls that were spawned.
    pub(crate) tasks: TaskTracker,
    /// Where the application has given a key.
    #[cfg(feature = "ticket")]
    pub(crate) sealer: Option<Sealer>,
    /// Set by tests that assert instants.
    pub(crate) fixed_jitter: Option<u16>,
}

impl Inner {
    /// What the caller adds to one request, in whose span this is called.
    pub(crate) fn headers(&self, kind: RequestKind, flow: FlowId) -> Option<RequestHeaders> {
        self.headers.as_ref().map(|headers| headers.of(OutgoingRequest::new(kind, flow)))
    }

    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the application has given no key.
    #[cfg(feature = "ticket")]
    pub(crate) fn sealer(&self) -> Result<&Sealer, Error> {
        let why = "is not set: tickets need sealing_key(..) on the client's builder";
        self.sealer.as_ref().ok_or_else(|| Error::config("sealing_key", why))
    }

    pub(crate) fn jitter(&self) -> Jitter {
        Jitter(self.fixed_jitter.unwrap_or_else(|| fastrand::u16(..)))
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CibaClient")
            .field("origin", &self.profile.poll_target().url.origin().ascii_serialization())
            .field("poll_policy", &self.policy)
            .field("usage", &super::Usage::of(self))
            .finish_non_exhaustive()
    }
}

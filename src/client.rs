//! The client: the calls, each a few lines.

mod builder;
mod config_file;
mod inner;
mod origin;
mod usage;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

pub use builder::CibaClientBuilder;
pub(crate) use inner::{Inner, Targets};
pub(crate) use origin::is_loopback;
use tracing::Instrument as _;
pub use usage::Usage;

use crate::error::Error;
use crate::outcome::{Cancelled, TotpOutcome};
use crate::request::{InitiateApproval, PollForApproval, totp};
use crate::trace::MaskedEmail;
use crate::types::{AuthReqId, Email, TotpCode};

/// Signs people in by their phone: the four calls of AuthSec's API reference.
///
/// Cheap to clone; all clones share one connection pool, one registry of polls and one count of TOTP attempts. What
/// is shared ends at the process: another replica has its own (see the README).
///
/// Polls hold what they need of the client: they go on when the last clone is dropped.
/// [`shutdown`](Self::shutdown) ends them.
#[derive(Clone)]
pub struct CibaClient {
    inner: Arc<Inner>,
}

impl CibaClient {
    /// Starts a configuration.
    pub fn builder() -> CibaClientBuilder {
        CibaClientBuilder::new()
    }

    /// Configures a client by the environment: `AUTHSEC_BASE_URL`, `AUTHSEC_CLIENT_ID`, `AUTHSEC_CLIENT_SECRET` and
    /// `AUTHSEC_WORKSPACE_ID`. Each may be missing; an empty one counts as missing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with the field that is wrong, never its secret value.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().env()?.build()
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// Sends a push notification to a person's phone, asking them to approve.
    ///
    /// Await the returned builder, with or without a [`binding_message`](InitiateApproval::binding_message). It does
    /// not wait for the person; a successful one ends the older request of the same email as
    /// `Cancelled(Superseded)`. It is never repeated once a byte of it may have left, because a repeat is a second push.
    ///
    /// API reference, `initiate_app_approval`; wire contract, section 2.1; OpenID CIBA Core, section 7.1.
    pub fn initiate_app_approval(&self, email: &str) -> InitiateApproval {
        InitiateApproval::new(Arc::clone(&self.inner), email)
    }

    /// Waits until the person approves or denies, or until time runs out.
    ///
    /// Await the returned builder, [`spawn`](PollForApproval::spawn) it, or look [`once`](PollForApproval::once). The
    /// poll keeps the server's interval, backs off when things break, and goes on inside its deadline. A second poll
    /// of the same id takes over from the first.
    ///
    /// API reference, `poll_for_approval`; wire contract, section 2.2; OpenID CIBA Core, section 10.1.
    pub fn poll_for_approval(&self, email: &str, auth_req_id: &AuthReqId) -> PollForApproval {
        PollForApproval::new(Arc::clone(&self.inner), Email::new(email), auth_req_id.clone())
    }

    /// Verifies a six-digit TOTP code.
    ///
    /// Three wrong codes for one email lock it for 15 minutes, or until
    /// [`cancel_approval`](Self::cancel_approval), without another request. The crate never repeats the request.
    ///
    /// API reference, `verify_totp`; wire contract, section 2.6.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a bad email or code: nothing was sent and no attempt used.
    /// Every other kind means that the code was not judged; no attempt is used, but one that
    /// [may have reached the server](Error::may_have_reached_server) keeps its place for 30 s.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the code may have been judged and a login recorded at the server; the attempt keeps
    /// its place for 30 s.
    pub fn verify_totp(
        &self,
        email: &str,
        code: &str,
    ) -> impl Future<Output = Result<TotpOutcome, Error>> + Send + use<> {
        let inner = Arc::clone(&self.inner);
        let input = Email::new(email).and_then(|email| Ok((email, TotpCode::new(code)?)));
        let span = tracing::debug_span!(
            "authsec.totp",
            email =
                input.as_ref().ok().map(|(email, _)| tracing::field::display(MaskedEmail(email.as_str()))),
        );
        async move {
            let (email, code) = input?;
            totp::verify(inner, email, code).await
        }
        .instrument(span)
    }

    /// Stops every poll of an email in this client, and resets its TOTP attempts to three.
    ///
    /// A poll that it stopped ends as `Cancelled(Requested)`: once this has returned, no approval comes out of it. An
    /// id of this email that is not being polled yet is stopped too, also one whose initiate is still under way. Safe
    /// when nothing runs, and twice.
    ///
    /// It is local: AuthSec has no cancel call, so the phone still shows the request, and an approval there goes
    /// nowhere.
    ///
    /// API reference, `cancel_approval`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a bad email.
    ///
    /// # Cancel safety
    ///
    /// It does its work when it is first polled, without waiting for anything.
    pub fn cancel_approval(
        &self,
        email: &str,
    ) -> impl Future<Output = Result<Cancelled, Error>> + Send + use<> {
        let inner = Arc::clone(&self.inner);
        let email = Email::new(email);
        async move {
            let key = email?.key();
            let polls_stopped = inner.registry.cancel(&key);
            inner.attempts.reset_by_cancel(&key);
            tracing::debug!(polls_stopped, "cancelled");
            Ok(Cancelled { polls_stopped })
        }
    }

    /// Ends all polls of this client and of its clones as `Cancelled(Shutdown)`, and waits until the spawned ones have
    /// ended. Later calls send nothing: polls end at once, the others fail with
    /// [`ErrorKind::Shutdown`](crate::ErrorKind::Shutdown).
    ///
    /// # Cancel safety
    ///
    /// Everything is stopped when it is first polled; dropping it only ends the wait.
    pub fn shutdown(&self) -> impl Future<Output = ()> + Send + use<> {
        let inner = Arc::clone(&self.inner);
        async move {
            inner.registry.close();
            inner.tasks.close();
            inner.tasks.wait().await;
        }
    }

    /// What this client holds right now, for gauges and for tests.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(&self.inner)
    }
}

impl fmt::Debug for CibaClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// For the fuzz targets: see [`fuzzing`](crate::fuzzing).
#[cfg(fuzzing)]
pub(crate) fn poll_url(base_url: &str) -> Option<String> {
    let plane = crate::wire::Plane::Admin { workspace_id: None };
    let base_url = origin::parse(base_url).ok()?;
    Some(origin::join(&base_url, crate::ApiRoutes::default().paths(&plane)).poll.into())
}

/// For the fuzz targets: see [`fuzzing`](crate::fuzzing).
#[cfg(fuzzing)]
pub(crate) fn read_config_file(text: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let file = config_file::ConfigFile::parse(text).ok()?;
    Some((file.client_id, file.ciba_base_url))
}

#[cfg(test)]
pub(crate) mod tests;

//! The client: the calls, each a few lines.

mod builder;
mod config_file;
mod inner;
mod origin;
mod usage;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use builder::CibaClientBuilder;
pub(crate) use inner::{Inner, Targets};
pub(crate) use origin::is_loopback;
use tracing::Instrument as _;
pub use usage::Usage;

use crate::clock::check_runtime;
use crate::error::Error;
use crate::outcome::{Cancelled, TotpOutcome};
use crate::request::{BoxFuture, InitiateApproval, PollForApproval, totp};
use crate::trace::MaskedEmail;
use crate::types::{AuthReqId, Email, TotpCode};

/// How long a shutdown waits at least for what was spawned.
const SHORTEST_GRACE: Duration = Duration::from_secs(1);

/// Signs people in by their phone: the four calls of AuthSec's API reference.
///
/// Cheap to clone; all clones share one connection pool, one registry of polls and one count of TOTP attempts. What
/// is shared ends at the process: another replica has its own (see the README).
///
/// Polls hold what they need of the client: they go on when the last clone is dropped.
/// [`shutdown`](Self::shutdown) ends them.
///
/// Every call takes the address as it was typed, or as an [`Email`], which has been checked before and cannot be refused
/// any more:
///
/// ```no_run
/// use authsec_ciba::{CibaClient, Email};
///
/// # async fn example(client: CibaClient, form: &str) -> Result<(), authsec_ciba::Error> {
/// client.initiate_app_approval("user@example.com").await?;
///
/// let email = Email::new(form)?; // or `form.parse()?`: a bad address ends here
/// let pending = client.initiate_app_approval(&email).await?;
/// let outcome = client.poll_for_approval(&email, pending.auth_req_id()).await?;
/// # let _ = outcome;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CibaClient {
    inner: Arc<Inner>,
}

impl CibaClient {
    /// Starts a configuration.
    pub fn builder() -> CibaClientBuilder {
        CibaClientBuilder::new()
    }

    /// Configures a client of the newest server by the environment.
    ///
    /// | variable | what needs it |
    /// |---|---|
    /// | `AUTHSEC_BASE_URL` | a server that is not `https://prod.api.authsec.ai` |
    /// | `AUTHSEC_CLIENT_ID` | every call for the users of a client; without one, the calls are for admins |
    /// | `AUTHSEC_CLIENT_SECRET` | initiates and polls for the users of a client |
    /// | `AUTHSEC_WORKSPACE_ID` | TOTP logins for the users of a client; initiates for admins |
    ///
    /// So the users of a client take all of the last three, or the first two of them if they never use a code; admins take
    /// the workspace alone.
    ///
    /// An older server needs other routes, which no variable names, and beside them the client id alone, or nothing
    /// for its admins:
    ///
    /// ```no_run
    /// use authsec_ciba::{ApiRoutes, CibaClient};
    ///
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// let client = CibaClient::builder().routes(ApiRoutes::Tenant).env()?.build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with the field that is wrong, never its secret value: a variable
    /// that is not Unicode or holds a control character; an id that is only white space; a base URL that is not https, or
    /// http to loopback, or has more than a path; a secret without a client id, or beside an id with a colon, which HTTP
    /// Basic cannot carry.
    ///
    /// A missing variable is never an error here, and an empty one counts as missing. What it was needed for fails with
    /// the server's word, when it is called.
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
    pub fn initiate_app_approval(&self, email: impl AsRef<str>) -> InitiateApproval {
        InitiateApproval::new(Arc::clone(&self.inner), Email::new(email.as_ref()))
    }

    /// Waits until the person approves or denies, or until time runs out.
    ///
    /// Await the returned builder, [`spawn`](PollForApproval::spawn) it, or look [`once`](PollForApproval::once). The
    /// poll keeps the server's interval, backs off when things break, and goes on inside its deadline. Whoever waits for the
    /// same id joins: they share its requests and what these bring, and each has its own deadline.
    ///
    /// API reference, `poll_for_approval`; wire contract, section 2.2; OpenID CIBA Core, section 10.1.
    pub fn poll_for_approval(&self, email: impl AsRef<str>, auth_req_id: &AuthReqId) -> PollForApproval {
        PollForApproval::new(Arc::clone(&self.inner), Email::new(email.as_ref()), auth_req_id.clone())
    }

    /// Verifies a six-digit TOTP code.
    ///
    /// A code is exactly six of the digits 0 to 9, leading zeros included. It is not trimmed: a code with a space at its
    /// end or in its middle, as authenticator apps show it, is refused and uses no attempt. Take the spaces out of what a
    /// person typed:
    ///
    /// ```no_run
    /// use authsec_ciba::{CibaClient, TotpOutcome};
    ///
    /// # async fn example(client: CibaClient, typed: &str) -> Result<(), authsec_ciba::Error> {
    /// let code = typed.replace(char::is_whitespace, ""); // "123 456 " is 123456
    /// match client.verify_totp("user@example.com", &code).await? {
    ///     TotpOutcome::Verified { .. } => println!("welcome"),
    ///     TotpOutcome::InvalidCode { remaining: 0 } => println!("wrong, and that was the last attempt for now"),
    ///     TotpOutcome::InvalidCode { remaining } => println!("wrong, {remaining} attempts left"),
    ///     TotpOutcome::TooManyRetries { .. } => println!("too many wrong codes, try again later"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Three wrong codes for one email lock it for 15 minutes, or until
    /// [`cancel_approval`](Self::cancel_approval). The third is told as `InvalidCode { remaining: 0 }`; every later one,
    /// right or wrong, is `TooManyRetries`, without another request. How many are left before the first says
    /// [`totp_attempts_left`](Self::totp_attempts_left). The crate never repeats the request.
    ///
    /// For the users of a client, the newest server needs the [`workspace_id`](CibaClientBuilder::workspace_id) too:
    /// without it, every code is an error of kind [`Config`](crate::ErrorKind::Config), and uses no attempt.
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
    pub fn verify_totp(&self, email: impl AsRef<str>, code: &str) -> BoxFuture<Result<TotpOutcome, Error>> {
        let inner = Arc::clone(&self.inner);
        let input = Email::new(email.as_ref()).and_then(|email| Ok((email, TotpCode::new(code)?)));
        let span = tracing::debug_span!(
            "authsec.totp",
            email =
                input.as_ref().ok().map(|(email, _)| tracing::field::display(MaskedEmail(email.as_str()))),
        );
        let verifying = async move {
            let (email, code) = input?;
            totp::verify(inner, email, code).await
        };
        Box::pin(verifying.instrument(span))
    }

    /// How many codes this client would still send for an email: for "3 attempts left" beside the field, before the
    /// first is typed.
    ///
    /// It is three, less the wrong ones, those under way, and those that may have been judged without a word of it; 0
    /// while the email is locked. Nothing is sent and nothing is claimed, so it is a number to show and not to rely on:
    /// [`verify_totp`](Self::verify_totp) itself decides. The count is this client's: another process has its own, and
    /// the server's, which can be lower, shows only when a code is tried.
    ///
    /// ```
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// # let client = authsec_ciba::CibaClient::builder().base_url("http://localhost:7468").build()?;
    /// assert_eq!(client.totp_attempts_left("user@example.com")?, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a bad email.
    pub fn totp_attempts_left(&self, email: impl AsRef<str>) -> Result<u32, Error> {
        Ok(self.inner.attempts.left(&Email::new(email.as_ref())?.key()))
    }

    /// Stops every poll of an email in this client, and resets its TOTP attempts to three.
    ///
    /// A poll that it stopped ends as `Cancelled(Requested)`: once this has returned, no approval comes out of it, also none
    /// that has already arrived and that nobody has received. An
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
    pub fn cancel_approval(&self, email: impl AsRef<str>) -> BoxFuture<Result<Cancelled, Error>> {
        let inner = Arc::clone(&self.inner);
        let email = Email::new(email.as_ref());
        Box::pin(async move {
            let key = email?.key();
            let polls_stopped = inner.registry.cancel(&key);
            inner.attempts.reset_by_cancel(&key);
            tracing::debug!(polls_stopped, "cancelled");
            Ok(Cancelled { polls_stopped })
        })
    }

    /// Ends all polls of this client and of its clones as `Cancelled(Shutdown)`, and waits until the spawned ones have
    /// ended: at most the [`grace`](crate::PollPolicy::grace), or a second if that is longer, because a task of another runtime
    /// ends only when somebody drives that. Later calls send nothing: polls end at once, the others fail with
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
            let ended = inner.tasks.wait();
            match check_runtime() {
                Ok(()) => drop(tokio::time::timeout(inner.policy.grace.max(SHORTEST_GRACE), ended).await),
                // Without a clock there is no other way.
                Err(_) => ended.await,
            }
        }
    }

    /// What this client holds right now, for gauges and for tests. A shutdown ends the polls in it and forgets nothing:
    /// see [`Usage`].
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

//! The client: the calls, each a few lines.

mod builder;
mod config_file;
mod credential;
mod environment;
mod headers;
mod inner;
#[cfg(feature = "openid")]
mod openid;
mod origin;
mod usage;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use builder::CibaClientBuilder;
pub use headers::{OutgoingRequest, RequestKind};
pub(crate) use inner::Inner;
pub use usage::Usage;

use crate::authsec::Plane;
use crate::clock::check_runtime;
use crate::error::Error;
use crate::outcome::{Cancellation, TotpOutcome};
use crate::profile::Profile;
#[cfg(feature = "ticket")]
use crate::request::resume::resume;
use crate::request::{BoxFuture, InitiateApproval, PollForApproval, check, totp};
use crate::secret::ClientSecret;
#[cfg(feature = "ticket")]
use crate::types::ApprovalTicket;
use crate::types::{AuthReqId, Email, TotpCode, Whom};
#[cfg(feature = "openid")]
use crate::{jose::SigningKey, openid::Hint, types::PersonKey};

/// How long a shutdown waits at least for what it has ended.
const LEAST_GRACE: Duration = Duration::from_secs(1);

/// Signs people in by their phone: the four calls of AuthSec's API reference, and the same at any OpenID provider.
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

    /// Configures a client by the environment.
    ///
    /// | variable | what needs it |
    /// |---|---|
    /// | `AUTHSEC_BASE_URL` | everything |
    /// | `AUTHSEC_CLIENT_ID` | every call for the users of a client |
    /// | `AUTHSEC_CLIENT_SECRET` | initiates and polls for the users of a client, on the newest server; with `oauth` everything |
    /// | `AUTHSEC_WORKSPACE_ID` | on the newest server: TOTP logins for the users of a client; initiates for admins |
    /// | `AUTHSEC_ROUTES` | the routes of the standard: `oauth`; an older server: `tenant` or `unprefixed` (see [`ApiRoutes`](crate::ApiRoutes)); calls for administrators: `admin`, `tenant-admin` or `unprefixed-admin` |
    ///
    /// So the users of a client take the first three (and `AUTHSEC_ROUTES=oauth`, if their server is to speak the standard), and the workspace if they use codes; administrators take the base
    /// URL, `AUTHSEC_ROUTES=admin` and the workspace.
    ///
    /// An empty variable counts as missing. Any other variable whose name begins with `AUTHSEC_` is a warning in the log:
    /// most likely it is one of these, mistyped. AuthSec's cloud is chosen by name, not by silence:
    ///
    /// ```no_run
    /// use authsec_ciba::CibaClient;
    ///
    /// # fn main() -> Result<(), authsec_ciba::Error> {
    /// let client = CibaClient::builder().authsec_cloud().env()?.build()?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with the field that is wrong, never its secret value, and the name
    /// of its variable where one is missing: no base URL; neither a client nor admin routes, or both; a variable that is
    /// not Unicode or holds a control character; routes that do not exist; an id that is only white space; a base URL that
    /// is not https, or http to loopback, or has more than a path; a secret without a client id, or beside an id with a
    /// colon, which HTTP Basic cannot carry.
    ///
    /// What only some calls or servers need may be missing: such a call then fails with the server's word.
    /// [`check`](Self::check) tells beforehand.
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
    /// At an OpenID provider the address may be any login name; what is none has no [`Approval::email`](crate::Approval::email).
    ///
    /// API reference, `initiate_app_approval`; `docs/wire.md`, section 2.1; OpenID CIBA Core, section 7.1.
    pub fn initiate_app_approval(&self, email: impl AsRef<str>) -> InitiateApproval {
        InitiateApproval::new(Arc::clone(&self.inner), email.as_ref())
    }

    /// Waits until the person approves or denies, or until time runs out.
    ///
    /// Await the returned builder, [`spawn`](PollForApproval::spawn) it, or look [`once`](PollForApproval::once). The
    /// poll keeps the server's interval, backs off when things break, and goes on inside its deadline. Waits of one id join:
    /// the server sees one poll per interval, and each of them gets the answer. An id is of one person: polled for another,
    /// it is refused.
    ///
    /// API reference, `poll_for_approval`; `docs/wire.md`, section 2.2; OpenID CIBA Core, section 10.1.
    pub fn poll_for_approval(&self, email: impl AsRef<str>, auth_req_id: &AuthReqId) -> PollForApproval {
        PollForApproval::new(Arc::clone(&self.inner), self.whom(email.as_ref()), auth_req_id.clone())
    }

    /// Goes on with an approval that another process has begun, or this one before a restart: the wait that its
    /// [`wait`](crate::PendingApproval::wait) would be there.
    ///
    /// It knows whom the approval is for, the interval, how long the request still lives, the resource and, at an OpenID provider,
    /// what the ID Token is checked by. Both processes are set up with the same [`sealing_key`](CibaClientBuilder::sealing_key),
    /// server and `client_id`.
    ///
    /// ```no_run
    /// use authsec_ciba::{ApprovalTicket, CibaClient, Email, PollStatus};
    ///
    /// # async fn example(client: CibaClient, from_the_session: &str, whose: Email) -> Result<(), authsec_ciba::Error> {
    /// let ticket: ApprovalTicket = from_the_session.parse()?;
    /// let wait = client.resume(&ticket);
    /// if wait.person() != Some(&whose.key()) {
    ///     println!("no ticket of this person's");
    ///     return Ok(());
    /// }
    /// match wait.once().await? {
    ///     PollStatus::Ended(outcome) => println!("{}", outcome.status()),
    ///     _ => println!("not yet"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A ticket is no lock, and processes share nothing by it:
    ///
    /// - Two of them that wait at once poll at once, each at the interval; the first one's wait should be over. So that the pace
    ///   holds when one goes on where another left off, the first poll here comes one interval after this process has first heard of
    ///   the id.
    /// - An approval comes out in one process, since the server gives it once: the others hear what the server says of a spent id, at
    ///   AuthSec `ExpiredToken`. So it is with a ticket that is handed in twice; within this client a second one joins the wait of the
    ///   first, as for any id.
    /// - A cancel, a newer request of the same person, a shutdown and a `slow_down` elsewhere are not heard of here. What this client
    ///   itself has cancelled or replaced stays so: a ticket brings nothing back.
    /// - An answer that another process has lost is not known to be missing: what was `ApprovalLost` there is `ExpiredToken` here.
    /// - It proves nothing of who hands it in. Compare [whose it is](PollForApproval::person).
    ///
    /// What is left of its life is told by the wall clocks of both processes: by how far they differ, the wait here ends early, or
    /// late. It never lives longer than the server had said, counted from now.
    ///
    /// # Errors
    ///
    /// When it is awaited, and then nothing was sent. [`ErrorKind::Input`](crate::ErrorKind::Input) with field `ticket`: it was altered
    /// or cut off, is of another server or client, sealed with a key that this client does not have, or of a version of this crate
    /// that this one cannot read. [`ErrorKind::Input`](crate::ErrorKind::Input) with field `auth_req_id`: this client knows its id as
    /// another person's, or, at an OpenID provider, has polled it by the bare id, without what the ID Token is to be checked by.
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `sealing_key` where this client has none. One whose life is
    /// over is no error: the wait ends at once, as `ExpiredToken`, and nothing is sent.
    ///
    /// [The guide](crate::guide::replicas); OpenID CIBA Core, section 10.1.
    #[cfg(feature = "ticket")]
    pub fn resume(&self, ticket: &ApprovalTicket) -> PollForApproval {
        resume(Arc::clone(&self.inner), ticket)
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
    ///     TotpOutcome::Verified(_) => println!("welcome"),
    ///     TotpOutcome::InvalidCode { remaining: 0 } => println!("wrong, and that was the last attempt for now"),
    ///     TotpOutcome::InvalidCode { remaining } => println!("wrong, {remaining} attempts left"),
    ///     TotpOutcome::TooManyRetries { .. } => println!("no code is taken for now, try again later"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Three wrong codes for one email lock it for 15 minutes, or until
    /// [`cancel_approval`](Self::cancel_approval), which ends the person's push, too, unless the client was built with
    /// [`TotpLockout::Strict`](crate::TotpLockout::Strict). The third is told as `InvalidCode { remaining: 0 }`; every later
    /// one, right or wrong, is `TooManyRetries`, without another request. Codes that nobody has judged hold their places as
    /// well, and [`LockedBy`](crate::LockedBy) tells them apart from wrong ones. How many are left before the first says
    /// [`totp_attempts_left`](Self::totp_attempts_left). The crate never repeats the request.
    ///
    /// For the users of a client, the newest server needs the [`workspace_id`](CibaClientBuilder::workspace_id) too:
    /// without it, every code is an error of kind [`Config`](crate::ErrorKind::Config), and uses no attempt.
    ///
    /// API reference, `verify_totp`; `docs/wire.md`, section 2.6.
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
    /// its place for 30 s. One that is dropped while it still waits for its place among the requests under way, or while its
    /// connection is made, does not: nothing of it had left.
    pub fn verify_totp(&self, email: impl AsRef<str>, code: &str) -> BoxFuture<Result<TotpOutcome, Error>> {
        totp::verify(Arc::clone(&self.inner), Email::new(email.as_ref()), TotpCode::new(code))
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
    /// # let client = authsec_ciba::CibaClient::builder().base_url("http://localhost:7468").admin().build()?;
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
    /// It does both: whoever cancels to get a person fresh attempts ends the push on their phone too. Codes that were wrong
    /// are forgiven, and so are those whose answer is missing; those that are under way keep their places until they are
    /// judged. [`TotpLockout::Strict`](crate::TotpLockout::Strict) takes the reset away.
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
    pub fn cancel_approval(&self, email: impl AsRef<str>) -> BoxFuture<Result<Cancellation, Error>> {
        let inner = Arc::clone(&self.inner);
        let whom = self.whom(email.as_ref());
        Box::pin(async move { whom.map(|whom| cancel(&inner, &whom)) })
    }

    /// Whom a text names.
    fn whom(&self, text: &str) -> Result<Whom, Error> {
        match &self.inner.profile {
            Profile::AuthSec(_) => Email::new(text).map(Whom::from),
            #[cfg(feature = "openid")]
            Profile::OpenId(provider) => provider.name(&Hint::login(text)),
        }
    }

    /// Asks somebody at an OpenID provider to approve, on their own device.
    ///
    /// As [`initiate_app_approval`](Self::initiate_app_approval), which is the same with [`Hint::login`]. At AuthSec only hints that
    /// are an email address are taken.
    ///
    /// OpenID CIBA Core, section 7.1.
    #[cfg(feature = "openid")]
    pub fn initiate(&self, hint: Hint) -> InitiateApproval {
        InitiateApproval::hinted(Arc::clone(&self.inner), hint)
    }

    /// Waits until a person approves or denies, or until time runs out: as
    /// [`poll_for_approval`](Self::poll_for_approval), for a person who is named otherwise than by an address.
    ///
    /// OpenID CIBA Core, section 10.1.
    #[cfg(feature = "openid")]
    pub fn poll(&self, person: &PersonKey, auth_req_id: &AuthReqId) -> PollForApproval {
        PollForApproval::new(Arc::clone(&self.inner), Ok(person.clone().into()), auth_req_id.clone())
    }

    /// Stops every poll of a person in this client: as [`cancel_approval`](Self::cancel_approval), for a person who is named
    /// otherwise than by an address.
    #[cfg(feature = "openid")]
    pub fn cancel(&self, person: &PersonKey) -> Cancellation {
        cancel(&self.inner, &person.clone().into())
    }

    /// Changes the key by which this client and its clones prove who they are. Requests that leave from now on are signed by the
    /// new one, those of polls that sleep too; so the provider should take both for a while.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `signing_key` for a client that does not authenticate by
    /// [`private_key_jwt`](crate::ClientAuth::private_key_jwt) or a [`signer`](crate::ClientAuth::signer).
    #[cfg(feature = "openid")]
    pub fn set_signing_key(&self, key: SigningKey) -> Result<(), Error> {
        match &self.inner.profile {
            Profile::OpenId(provider) => provider.set_key(key),
            Profile::AuthSec(authsec) => authsec.set_key(key),
        }
    }

    /// Tells a right configuration from a wrong one, without a push and without a person: for a start-up check, or for a
    /// deployment's smoke test.
    ///
    /// It polls once for a request that does not exist. A server that takes this client answers that it is over; whatever
    /// else comes is the error, with the [endpoint](Error::endpoint) and the [server's own words](Error::server_message):
    ///
    /// | [kind](Error::kind) | [field](Error::field) | what is wrong |
    /// |---|---|---|
    /// | `ClientAuth` | `client_secret` | the secret is wrong or missing, or there is no such client: the newest server says the same of both |
    /// | `ClientAuth` | `client_auth` | at an OpenID provider: the id, the secret, the key or its `kid`, or how the client is registered |
    /// | `ClientAuth` | `client_id` | the client is not approved, or an older server knows no such client |
    /// | `Config` | `routes` | the server has other routes, or `base_url` has another path or host |
    /// | `Config` | `base_url` | it is a website, not the API |
    /// | `Tls` | | the server could not prove who it is |
    /// | `Network` | | host, port or proxy cannot be reached |
    /// | `Protocol` | | something answers that is not AuthSec |
    /// | `Server`, `RateLimited` | | nothing could be learnt now |
    ///
    /// `Ok` does not say that codes work, that a [`workspace_id`](CibaClientBuilder::workspace_id) is right or that a push
    /// arrives: no request tells without a person. The servers before workspaces know no client secret, and none is asked
    /// for there.
    ///
    /// # Errors
    ///
    /// What is wrong, as above.
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves nothing behind.
    pub fn check(&self) -> BoxFuture<Result<(), Error>> {
        Box::pin(check::check(Arc::clone(&self.inner)))
    }

    /// Ends all polls of this client and of its clones as `Cancelled(Shutdown)`, forgets them, and waits until the spawned
    /// ones have ended: those of a runtime that stands still for the policy's [`grace`](crate::PollPolicy::grace) at most.
    /// Later calls send nothing: polls end at once, the others fail with
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
            if check_runtime().is_ok() {
                // Told to end they do, as soon as their runtimes run.
                drop(tokio::time::timeout(inner.policy.grace.max(LEAST_GRACE), ended).await);
            } else {
                ended.await;
            }
        }
    }

    /// Changes the client secret, for this client and its clones. Requests that leave from now on carry the new one; those
    /// under way keep the old one, so the server should take both for a while. Polls go on: pace, lockouts and ids stay as
    /// they are. A client that [shares a transport](CibaClientBuilder::share_transport_of) has a secret of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `client_secret` for a secret that is empty or holds a
    /// control character, for a client without a `client_id`, or for one that proves who it is otherwise; with `client_id` where
    /// that holds a colon. The old secret then stays.
    pub fn set_client_secret(&self, secret: impl Into<String>) -> Result<(), Error> {
        #[cfg_attr(
            not(feature = "openid"),
            expect(clippy::infallible_destructuring_match, reason = "there is another with a feature")
        )]
        let authsec = match &self.inner.profile {
            Profile::AuthSec(authsec) => authsec,
            #[cfg(feature = "openid")]
            Profile::OpenId(provider) => return provider.set_secret(ClientSecret::new(secret.into())),
        };
        #[cfg(feature = "openid")]
        if authsec.asserts() {
            return Err(Error::config("client_secret", "is nothing that this client authenticates with"));
        }
        let id = match &authsec.plane {
            Plane::Client { client_id, .. } => Some(client_id.as_str()),
            Plane::Admin { .. } => None,
        };
        let authorization = credential::authorization(id, Some(&ClientSecret::new(secret.into())))?;
        drop(authsec.set_authorization(authorization));
        Ok(())
    }

    /// What this client holds right now, for gauges and for tests. A shutdown ends the polls in it and forgets nothing:
    /// see [`Usage`].
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(&self.inner)
    }
}

/// Stops the polls of a person, and forgives their codes.
fn cancel(inner: &Inner, whom: &Whom) -> Cancellation {
    let polls_stopped = inner.registry.cancel(&whom.key);
    inner.attempts.reset_by_cancel(&whom.key);
    tracing::debug!(email = %whom.masked(), polls_stopped, "cancelled");
    Cancellation { polls_stopped }
}

impl fmt::Debug for CibaClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// For the fuzz targets: see [`fuzzing`](crate::internals::fuzzing).
#[cfg(fuzzing)]
pub(crate) fn poll_url(base_url: &str) -> Option<String> {
    let plane = Plane::Admin { workspace_id: None };
    let base_url = origin::parse(base_url, None).ok()?;
    Some(origin::join(&base_url, crate::ApiRoutes::default().paths(&plane)).poll.url.into())
}

/// For the fuzz targets: see [`fuzzing`](crate::internals::fuzzing).
#[cfg(fuzzing)]
pub(crate) fn read_config_file(text: &[u8]) -> Option<(Option<String>, Option<String>)> {
    let file = config_file::ConfigFile::parse(text).ok()?;
    Some((file.client_id, file.ciba_base_url))
}

#[cfg(test)]
pub(crate) mod tests;

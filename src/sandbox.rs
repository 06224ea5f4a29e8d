//! A fake AuthSec server with a phone.
//!
//! [`Sandbox`] is a real HTTP server on the loopback interface. It speaks the bytes of the real servers, each
//! [`ApiRoutes`](crate::ApiRoutes) with its own statuses and shapes, keeps their state machine, and has what the real ones
//! lack: a [`Phone`] that a test can hold, an [`Authenticator`], a [`SandboxClock`] that can be moved, a
//! [`FaultScript`], and a log of everything that arrived. With the feature `openid`, `SandboxBuilder::openid` makes it a standard OpenID
//! provider besides. "Section" in these pages is a section of
//! `docs/wire.md`, what AuthSec's servers say.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use authsec_ciba::sandbox::{Sandbox, User};
//!
//! let sandbox = Sandbox::builder()
//!     .user(User::new("user@example.com").with_totp())
//!     .client("client-id", Some("client-secret"))
//!     .start()
//!     .await?;
//! println!("point your client at {}", sandbox.base_url());
//! assert_eq!(sandbox.phone("user@example.com").pending().len(), 0);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Everything runs as tasks on the caller's tokio runtime and waits on tokio's clock, so that a paused clock
//! works if client and server share one current-thread runtime. The server speaks HTTP/1.1 and, by prior
//! knowledge, HTTP/2. It compresses nothing, and knows neither TOTP enrolment, password login nor the MFA
//! routes (sections 2.7 to 2.9): they are 404 here.
//!
//! # The phone page and the control API
//!
//! `GET /` is a page that looks like a phone. The JSON API behind it is for tests in other languages, too;
//! neither appears in the log. Times of the log are milliseconds of tokio's clock since the start.
//!
//! | request | body or query | answer |
//! |---|---|---|
//! | `GET /_sandbox/users` | | `users`: `email`, `device`, `totp`, `active` |
//! | `GET /_sandbox/pending` | | `requests`, newest first: `auth_req_id`, `email`, `binding_message`, `scopes`, `created_at`, `expires_at`, `remaining_seconds` |
//! | `POST /_sandbox/answer` | `auth_req_id`, `approved` | `answered` |
//! | `POST /_sandbox/react` | `email`, `reaction` (`ignore`, `approve`, `deny`), `after_seconds` (optional) | `ok` |
//! | `GET /_sandbox/totp` | `?email=` | `email`, `code`, `next_code`, `wrong_code`, `remaining_seconds` |
//! | `GET /_sandbox/log` | `?auth_req_id=` (optional) | `requests`: `call`, `method`, `path`, `status`, `fault`, `connection`, `auth_req_id`, `email`, `received_ms`, `answered_ms`, `unexpected` |
//! | `GET /_sandbox/issued` | | `requests`: `auth_req_id`, `email`, `state`, `pushes` |
//! | `POST /_sandbox/clock` | `advance_seconds` | `now` |
//! | `POST /_sandbox/keys` | `drop_old` (optional) | `kid` of the new key; for an OpenID provider ([`SandboxBuilder`]) |
//! | `POST /_sandbox/fault` | `call`, `fault`, `times` or `always`, and what the fault needs; or `clear` | `ok` |
//!
//! `call` is `initiate`, `poll`, `respond`, `requests`, `devices`, `totp`, `discovery`, `keys`, `unknown` or `any`. `fault` is
//! what [`Fault::name`] says or one of the prepared answers (`html_502`, `slow_down`, ...), with `keep` (bytes),
//! `milliseconds`, `status`, `headers` (an object), `body` (text), `retry_after`, `location`, `flaw`, or `after`.
//!
//! A web page elsewhere cannot drive it: the `Host` (and the `Origin`, if there is one) has to be a loopback
//! name or address, and a `POST` needs `X-Sandbox: 1` or a JSON content type.
//!
#![doc = include_str!("../docs/testing-your-login.md")]

mod authsec;
mod builder;
mod control;
mod message;
#[cfg(feature = "openid")]
mod openid;
mod phone;
#[cfg(feature = "openid")]
mod rotation;
mod server;
mod state;
mod take;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub use builder::SandboxBuilder;
pub use phone::authenticator::{Authenticator, SandboxClock};
pub use phone::handset::{NotPending, PendingRequest, Phone};
pub use state::fault::Fault;
pub use state::fault_script::FaultScript;
#[cfg(feature = "openid")]
pub use state::flaw::IdTokenFlaw;
pub use state::issued::{Connections, Issued, IssuedRequest};
pub use state::ledger::RequestState;
pub use state::log::{LoggedBody, LoggedRequest};
pub use state::script::Call;
pub use state::user::{Reaction, User};

use server::listener::Port;
use state::shared::Shared;
use state::users::Users;
use state::world::Bearer;

/// A running fake server. Dropping it stops the server and closes every connection as soon as the runtime
/// gets to it; [`stop`](Self::stop) waits for that.
pub struct Sandbox {
    shared: Arc<Shared>,
    port: Port,
}

impl Sandbox {
    /// The way to a server of your own making.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// Starts a server of the newest generation with the user `user@example.com`, who has a device and an
    /// authenticator, and the client `client-id` with the secret `client-secret`: what [`builder`](Self::builder) has
    /// where nothing else is named.
    ///
    /// # Errors
    ///
    /// No port could be bound, or the operating system gives no random bytes.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or on one without I/O or time.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// `http://ADDRESS:PORT`, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.port.address)
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address
    }

    /// Who the server says it is, without a slash at its end: what the OpenID provider's clients are pointed at, and what `iss` is in
    /// its ID Tokens. It is the [`base_url`](Self::base_url), unless the builder was given another.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.settings.issuer
    }

    /// The id of this user, a random UUID for every sandbox: `sub` in the OpenID provider's ID Tokens. Capitals of the address do not
    /// matter.
    ///
    /// # Panics
    ///
    /// If the sandbox has no such user.
    #[must_use]
    #[track_caller]
    pub fn subject(&self, email: &str) -> String {
        self.must_know(email);
        self.shared.world().account_mut(email).map(|account| account.id.clone()).unwrap_or_default()
    }

    /// The first known workspace id: what `workspace_id` has to be on the newest admin plane.
    #[must_use]
    pub fn workspace_id(&self) -> String {
        self.shared.settings.workspace_id().to_owned()
    }

    /// The id of the first approved client, or of the first if none is: what `client_id` has to be.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.shared.settings.first_client().map_or("", |client| client.id.as_str())
    }

    /// The secret of that client, empty if it has none.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        self.shared.settings.first_client().and_then(|it| it.secret.as_deref()).unwrap_or_default()
    }

    /// The phone of this user. Capitals do not matter.
    ///
    /// # Panics
    ///
    /// If the sandbox has no such user.
    #[must_use]
    #[track_caller]
    pub fn phone(&self, email: &str) -> Phone {
        self.must_know(email);
        Phone::of(&self.shared, email)
    }

    /// The authenticator of this user. Capitals do not matter.
    ///
    /// # Panics
    ///
    /// If the sandbox has no such user.
    #[must_use]
    #[track_caller]
    pub fn authenticator(&self, email: &str) -> Authenticator {
        self.must_know(email);
        Authenticator::of(&self.shared, email)
    }

    /// A user token for the bearer routes (sections 2.3 to 2.5), valid for a day on the server's clock. The
    /// server does not ask whether the user exists.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn bearer(&self, email: &str) -> io::Result<String> {
        let (now, day) = (self.shared.clock.now(), Duration::from_secs(86_400));
        let token = state::random::token(email, now, day, "HS256")?;
        let bearer = Bearer { email: email.to_owned(), expires_at: now.saturating_add(day) };
        self.shared.world().bearers.insert(token.clone(), bearer);
        Ok(token)
    }

    /// Activates or deactivates a user while the server runs.
    ///
    /// # Panics
    ///
    /// If the sandbox has no such user.
    #[track_caller]
    pub fn set_active(&self, email: &str, active: bool) {
        self.must_know(email);
        if let Some(account) = self.shared.world().account_mut(email) {
            account.active = active;
        }
    }

    /// Replaces the scopes that the user's roles grant.
    ///
    /// # Panics
    ///
    /// If the sandbox has no such user.
    #[track_caller]
    pub fn set_scopes<S: Into<String>>(&self, email: &str, scopes: impl IntoIterator<Item = S>) {
        self.must_know(email);
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        if let Some(account) = self.shared.world().account_mut(email) {
            account.scopes = Some(scopes);
        }
    }

    /// The server's clock.
    #[must_use]
    pub fn clock(&self) -> SandboxClock {
        SandboxClock::of(&self.shared)
    }

    /// The fault script.
    #[must_use]
    pub fn faults(&self) -> FaultScript {
        FaultScript::of(&self.shared)
    }

    /// Every request so far, in the order in which they were complete.
    #[must_use]
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.shared.record().log.clone()
    }

    /// The requests of this kind; with [`Call::Any`], all.
    #[must_use]
    pub fn calls(&self, call: Call) -> Vec<LoggedRequest> {
        self.logged(|entry| call == Call::Any || entry.call == call)
    }

    /// The polls of this request, those that met a fault included.
    ///
    /// # Panics
    ///
    /// If the sandbox has issued no such id. Polls of an id that a fault made up are among [`calls`](Self::calls).
    #[must_use]
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion for tests")]
    pub fn polls_of_request(&self, auth_req_id: &str) -> Vec<LoggedRequest> {
        let issued = self.issued();
        if issued.request(auth_req_id).is_none() {
            panic!(
                "the sandbox has issued no auth_req_id {auth_req_id:?}; it has issued {} to {:?}",
                issued.requests.len(),
                issued.requests.iter().map(|request| request.email.as_str()).collect::<Vec<_>>()
            );
        }
        let named = |entry: &LoggedRequest| {
            let sent = entry.body.field("auth_req_id");
            entry.auth_req_id.as_deref().or(sent) == Some(auth_req_id)
        };
        self.logged(|entry| entry.call == Call::Poll && named(entry))
    }

    /// The polls of all requests of this user, those that met a fault included. Capitals do not matter.
    ///
    /// # Panics
    ///
    /// If the sandbox has no such user.
    #[must_use]
    #[track_caller]
    pub fn polls_of_person(&self, email: &str) -> Vec<LoggedRequest> {
        self.must_know(email);
        let email = email.trim().to_lowercase();
        let issued = self.issued();
        let mine = |id: &str| issued.request(id).is_some_and(|it| it.email.to_lowercase() == email);
        self.logged(|entry| {
            let id = entry.auth_req_id.as_deref().or_else(|| entry.body.field("auth_req_id"));
            entry.call == Call::Poll && id.is_some_and(mine)
        })
    }

    /// What the server has issued.
    #[must_use]
    pub fn issued(&self) -> Issued {
        Issued::of(&self.shared)
    }

    /// Connection counts.
    #[must_use]
    pub fn connections(&self) -> Connections {
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.shared.counters;
        Connections {
            accepted: read(&counters.accepted),
            open: read(&counters.open),
            peak: read(&counters.peak),
        }
    }

    /// The requests that a correct client does not send: no such route, broken JSON, a field that is
    /// missing, malformed or unknown. The real server ignores unknown fields, and so does this one.
    #[must_use]
    pub fn unexpected(&self) -> Vec<LoggedRequest> {
        self.logged(|entry| entry.unexpected.is_some())
    }

    /// Fails the test if there was an unexpected request, or if a fault still waits in the queue for its call: what the test
    /// means to play has not happened.
    ///
    /// # Panics
    ///
    /// With a list of the [`unexpected`](Self::unexpected) requests, if there are any; else with a list of the faults that
    /// [`next`](FaultScript::next) has queued and no call has met.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion for tests")]
    pub fn assert_expected(&self) {
        let odd = self.unexpected();
        if !odd.is_empty() {
            let line = |entry: &LoggedRequest| {
                let why = entry.unexpected.as_deref().unwrap_or_default();
                format!("\n  {} {}: {why}", entry.method, entry.path)
            };
            let list: String = odd.iter().map(line).collect();
            panic!("{} unexpected requests:{list}", odd.len());
        }
        let left = self.faults().left();
        if !left.is_empty() {
            let list: String = left.iter().map(|(call, fault)| format!("\n  {call:?}: {fault}")).collect();
            panic!("{} faults that no call has met:{list}", left.len());
        }
    }

    /// Closes the port and every connection; until [`come_back`](Self::come_back) connections are refused.
    /// Returns when that is so. The state, the clock and running reactions go on.
    ///
    /// # Errors
    ///
    /// The port is closed but could not be kept for this server.
    pub async fn go_down(&self) -> io::Result<()> {
        self.port.close().await
    }

    /// Listens on the same port again. No effect on a server that is not down.
    ///
    /// # Errors
    ///
    /// The port cannot be opened again.
    pub async fn come_back(&self) -> io::Result<()> {
        self.port.open(&self.shared).await
    }

    /// Stops the server and waits until its port and its connections are closed and its tasks have ended.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// A test that asks for somebody who is not there has a slip in it, and would wait for ever or see nothing.
    #[track_caller]
    fn must_know(&self, email: &str) {
        let users = Users::of(&self.shared.world());
        users.must_have(email);
    }

    fn logged(&self, wanted: impl Fn(&LoggedRequest) -> bool) -> Vec<LoggedRequest> {
        self.shared.record().log.iter().filter(|entry| wanted(entry)).cloned().collect()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("base_url", &self.base_url())
            .field("routes", &self.shared.settings.routes)
            .field("oauth", &self.shared.settings.oauth)
            .finish_non_exhaustive()
    }
}

//! What broke. What a person or the clock decides is not here: see [`outcome`](crate::ApprovalOutcome).

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::trace::FlowId;
use crate::wire::ErrorCode;

/// Why an answer could not be had.
///
/// Opaque: a [`kind`](Error::kind), what is known around it, and a source. It never holds a token, an `auth_req_id`, a
/// TOTP code, a client secret, a whole email address or an address with user info, and neither does its source.
#[derive(Debug)]
pub struct Error(Box<Repr>);

#[derive(Debug)]
struct Repr {
    kind: ErrorKind,
    message: Cow<'static, str>,
    field: Option<&'static str>,
    code: Option<ErrorCode>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    may_have_reached_server: bool,
    attempts: u32,
    flow: Option<FlowId>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of thing broke. Each line says whether this crate tries again by itself while polling; no other call is
/// ever repeated once a byte of it may have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value of the call was refused before anything was sent; [`Error::field`] names it. Never retried.
    Input,
    /// The client is set up wrongly, or its base URL or routes do not lead to AuthSec (404, 405, 406, 415).
    /// [`Error::field`] names the setting where one is at fault. Never retried.
    Config,
    /// No answer: the name was not found, the connection was refused, reset or cut, or time ran out. Polls go on.
    Network,
    /// The server could not prove who it is, or does not speak TLS. Never retried.
    Tls,
    /// An answer that is none of the contract's. Polls end at the fifth unreadable answer in a row, and at once where
    /// the answer is readable and final.
    Protocol,
    /// The server failed (5xx, `server_error`). Polls go on; the fifth `server_error` with status 200 ends them.
    Server,
    /// The server's general rate limit (429); [`Error::retry_after`] may say how long. Polls go on.
    RateLimited,
    /// The server does not accept this client (`invalid_client`): is the client secret set? Never retried.
    ClientAuth,
    /// There is no such user. Not meant for the eyes of the person who typed the address: on a public page it tells
    /// strangers who has an account, so show there what a person sees who waits and is not answered. Never retried.
    UserNotFound,
    /// The user has no phone or no authenticator registered. Never retried.
    NoDeviceRegistered,
    /// The server refused the request; [`Error::code`] says why. Never retried.
    Refused,
    /// This client has sent as many pushes to this person as it may for now; nothing was sent.
    /// [`Error::retry_after`] says how long to wait.
    TooManyPushes,
    /// The client was shut down; nothing was sent.
    Shutdown,
    /// Called outside a tokio runtime with timers and I/O, or the system is out of something. Nothing was sent.
    ///
    /// Where a runtime has no timers, tokio says so by a panic, which is caught here: the program's panic hook hears of it,
    /// and where panics abort, the program ends.
    Runtime,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Repr {
            kind,
            message: message.into(),
            field: None,
            code: None,
            status: None,
            retry_after: None,
            may_have_reached_server: false,
            attempts: 0,
            flow: None,
            source: None,
        }))
    }

    pub(crate) fn input(field: &'static str, why: &'static str) -> Self {
        Self::new(ErrorKind::Input, format!("{field} {why}")).with_field(field)
    }

    pub(crate) fn config(field: &'static str, why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Config, format!("{field} {why}")).with_field(field)
    }

    pub(crate) fn with_field(mut self, field: &'static str) -> Self {
        self.0.field = Some(field);
        self
    }

    pub(crate) fn with_code(mut self, code: ErrorCode) -> Self {
        self.0.code = Some(code);
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_flow(mut self, flow: FlowId) -> Self {
        self.0.flow = Some(flow);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn maybe_sent(mut self, maybe: bool) -> Self {
        self.0.may_have_reached_server = maybe;
        self
    }

    /// What kind of thing broke.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later without anything being changed. For an initiate that
    /// [may have reached the server](Self::may_have_reached_server) a repeat is a second push on the person's phone.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Network | ErrorKind::Server | ErrorKind::RateLimited | ErrorKind::TooManyPushes
        )
    }

    /// Whether the request may have been processed although this error came of it. `false` only where nothing of it
    /// can have left this machine, or where the server has refused it. For an initiate, `true` means that a push may
    /// be on the phone.
    #[must_use]
    pub fn may_have_reached_server(&self) -> bool {
        self.0.may_have_reached_server
    }

    /// How long to wait before trying again, where the server or a local guard said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The server's machine-readable code, where it sent one.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        self.0.code.as_ref()
    }

    /// The HTTP status of the answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The argument or the setting that was refused.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        self.0.field
    }

    /// How many requests in a row had failed when the call gave up; 0 where none was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The id under which the log tells the story of this error; `None` where no flow had begun.
    #[must_use]
    pub fn flow_id(&self) -> Option<FlowId> {
        self.0.flow
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(code) = &self.0.code {
            write!(f, " ({code})")?;
        }
        if let Some(status) = self.0.status {
            write!(f, " (HTTP status {status})")?;
        }
        if self.0.attempts > 1 {
            write!(f, " after {} attempts", self.0.attempts)?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

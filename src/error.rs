//! What broke. What a person or the clock decides is not here: see [`outcome`](crate::ApprovalOutcome).

mod kind;
mod server_message;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use kind::ErrorKind;

use crate::answer::ErrorCode;
use crate::trace::FlowId;

/// Why an answer could not be had.
///
/// Opaque: a [`kind`](Error::kind), what is known around it, and a source. It never holds a token, an `auth_req_id`, a
/// TOTP code, a client secret, a whole email address or an address with user info, and neither does its source. Only what a
/// `Signer` of the program's says, or a panic, is its source as it is.
///
/// `Display` is one sentence: what was seen, where, when to try again, and what to look at. It says nothing of the causes. `Debug` is that
/// sentence with its kind and one line for each cause, so that `fn main() -> Result<(), Error>` prints what a person can
/// read; a cause that is somebody else's code has none.
#[derive(Clone)]
pub struct Error(Arc<Details>);

#[derive(Clone)]
struct Details {
    kind: ErrorKind,
    message: Cow<'static, str>,
    field: Option<&'static str>,
    code: Option<ErrorCode>,
    status: Option<u16>,
    endpoint: Option<Arc<str>>,
    server_message: Option<Box<str>>,
    /// They are told to the caller alone.
    is_confidential: bool,
    request_id: Option<Box<str>>,
    retry_after: Option<Duration>,
    may_have_reached_server: bool,
    /// The same call would only tell the same.
    is_final: bool,
    attempts: u32,
    flow: Option<FlowId>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// The source is no error of ours or of the libraries': nobody knows what it says.
    is_foreign: bool,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Details {
            kind,
            message: message.into(),
            field: None,
            code: None,
            status: None,
            endpoint: None,
            server_message: None,
            is_confidential: false,
            request_id: None,
            retry_after: None,
            may_have_reached_server: false,
            is_final: false,
            attempts: 0,
            flow: None,
            source: None,
            is_foreign: false,
        }))
    }

    pub(crate) fn input(field: &'static str, why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Input, format!("{field} {why}")).with_field(field)
    }

    pub(crate) fn config(field: &'static str, why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Config, format!("{field} {why}")).with_field(field)
    }

    pub(crate) fn with_field(mut self, field: &'static str) -> Self {
        self.details().field = Some(field);
        self
    }

    /// The same, seen as something else.
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.details().kind = kind;
        self
    }

    /// The same, in other words.
    pub(crate) fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.details().message = message.into();
        self
    }

    pub(crate) fn with_code(mut self, code: ErrorCode) -> Self {
        self.details().code = Some(code);
        self
    }

    /// Without the server's code, where it is none of the known ones and holds something that nobody may read.
    pub(crate) fn without_code_of(mut self, hide: &[&str]) -> Self {
        if let Some(ErrorCode::Other(code)) = self.code()
            && server_message::holds_any(code, hide)
        {
            self.details().code = None;
        }
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.details().status = Some(status);
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.details().retry_after = wait;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.details().attempts = attempts;
        self
    }

    pub(crate) fn with_flow(mut self, flow: FlowId) -> Self {
        self.details().flow = Some(flow);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.details().source = Some(source.into().into());
        self
    }

    /// What somebody else's code has said: it is the source, and stands in no text of this error's, `Debug` included.
    pub(crate) fn with_foreign_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.details().is_foreign = true;
        self.with_source(source)
    }

    /// Where the request went: origin and path, no query and no user info.
    pub(crate) fn with_endpoint(mut self, endpoint: impl Into<Arc<str>>) -> Self {
        self.details().endpoint = Some(endpoint.into());
        self
    }

    /// The server's own words, cleaned; `hide` is what the request carried and nobody may read.
    pub(crate) fn with_server_message(mut self, text: &str, hide: &[&str]) -> Self {
        self.details().server_message = server_message::clean(text, hide);
        self
    }

    /// The server's own words are for the caller alone: they may hold the person's name.
    #[cfg(feature = "openid")]
    pub(crate) fn confidential(mut self) -> Self {
        self.details().is_confidential = true;
        self
    }

    /// What of the server's own words anybody may read.
    pub(crate) fn public_server_message(&self) -> Option<&str> {
        self.server_message().filter(|_| !self.0.is_confidential)
    }

    /// What the server calls the request, from its `X-Request-ID`.
    pub(crate) fn with_request_id(mut self, id: &str, hide: &[&str]) -> Self {
        self.details().request_id = server_message::clean_request_id(id, hide);
        self
    }

    fn details(&mut self) -> &mut Details {
        Arc::make_mut(&mut self.0)
    }

    pub(crate) fn maybe_sent(mut self, maybe: bool) -> Self {
        self.details().may_have_reached_server = maybe;
        self
    }

    /// The approval's time is over: whatever its kind, nothing heals any more.
    pub(crate) fn for_good(mut self) -> Self {
        self.details().is_final = true;
        self
    }

    /// What kind of thing broke.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later without anything being changed: not where the approval's time is over, whatever
    /// the kind. For an initiate that
    /// [may have reached the server](Self::may_have_reached_server) a repeat is a second push on the person's phone.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let heals = matches!(
            self.0.kind,
            ErrorKind::Network | ErrorKind::Server | ErrorKind::RateLimited | ErrorKind::TooManyPushes
        );
        heals && !self.0.is_final
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

    /// Where the request went: origin and path, as in `https://auth.example.com/authsec/uflow/auth/ciba/token`. `None`
    /// where there was none.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.0.endpoint.as_deref()
    }

    /// The server's own words, where it gave a reason in free text: at most 256 visible characters on one line, with the
    /// secrets of the request and every email address taken out. For whoever reads the log, not for the person who signs
    /// in, and never to be matched: a server may change its words at any time.
    ///
    /// What another OpenID provider than AuthSec writes may hold the person's name: it can be read here alone, and stands in no
    /// `Display`, no `Debug` and no event.
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        self.0.server_message.as_deref()
    }

    /// What the server calls the request (`X-Request-ID`), to ask its operator about it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
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

impl Error {
    /// The source, where it may be told.
    fn told_source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source().filter(|_| !self.0.is_foreign)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &*self.0;
        f.write_str(&details.message)?;
        let mut facts = Facts { f, any: false };
        if let Some(code) = &details.code {
            facts.add(format_args!("code {code}"))?;
        }
        if let Some(status) = details.status {
            facts.add(format_args!("HTTP status {status}"))?;
        }
        if let Some(endpoint) = &details.endpoint {
            facts.add(format_args!("{endpoint}"))?;
        }
        if let Some(id) = &details.request_id {
            facts.add(format_args!("request id {id}"))?;
        }
        if details.attempts > 1 {
            facts.add(format_args!("{} attempts", details.attempts))?;
        }
        if let Some(wait) = details.retry_after {
            // A second too late rather than too early.
            let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            facts.add(format_args!("try again in {seconds} s"))?;
        }
        facts.end()?;
        match self.public_server_message() {
            Some(text) => write!(f, "; the server says: \"{text}\""),
            None => Ok(()),
        }
    }
}

/// What is known, in one pair of brackets.
struct Facts<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    any: bool,
}

impl Facts<'_, '_> {
    fn add(&mut self, fact: fmt::Arguments<'_>) -> fmt::Result {
        self.f.write_str(if self.any { ", " } else { " (" })?;
        self.any = true;
        self.f.write_fmt(fact)
    }

    fn end(self) -> fmt::Result {
        self.f.write_str(if self.any { ")" } else { "" })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [{}]", self.0.kind)?;
        let mut cause = self.told_source();
        while let Some(error) = cause {
            write!(f, "\n  caused by: {error}")?;
            cause = match error.downcast_ref::<Self>() {
                Some(error) => error.told_source(),
                None => error.source(),
            };
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// Where more is known than the kind says.
    sentence: Option<Cow<'static, str>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of fault: each says whether any of the request can have left, and whether it heals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The name has no address, and this client has never found one for it: not sent. It may heal, but not for ever.
    NameMissing,
    /// No connection: not sent. Heals.
    NotConnected,
    /// What answers does not speak TLS: not sent. It may be another server for a while.
    #[cfg_attr(
        not(any(feature = "rustls", feature = "rustls-no-provider")),
        allow(dead_code, reason = "without TLS nobody notices")
    )]
    NotTls,
    /// The server could not prove who it is, or does not take our proof: not sent. Does not heal.
    Tls,
    /// The server says that it has not processed the request (HTTP/2: a refused stream, GOAWAY), though its bytes have
    /// left. Heals.
    Refused,
    /// Reset, closed or cut somewhere behind the first byte: maybe sent. Heals.
    Broken,
    /// Time ran out: maybe sent. Heals.
    TimedOut,
    /// What came back is not HTTP: maybe sent.
    Garbled,
    /// The request could not even be made, or the runtime lacks something: not sent. Does not heal.
    Unusable,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind) -> Self {
        Self { kind, sentence: None, source: None }
    }

    /// No answer came within this time.
    pub(crate) fn timed_out(time: Duration) -> Self {
        // What is left of it when the request leaves is a little less than what was set.
        let seconds = time.as_millis().div_ceil(1_000);
        Self::new(FaultKind::TimedOut).saying(format!("no answer came within {seconds} s"))
    }

    pub(crate) fn because(kind: FaultKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, sentence: None, source: Some(source.into()) }
    }

    /// Says it in other words than the kind's.
    pub(crate) fn saying(mut self, sentence: impl Into<Cow<'static, str>>) -> Self {
        self.sentence = Some(sentence.into());
        self
    }

    /// Whether the request may have been processed: some of it may have left, and nobody says that it was not.
    pub(crate) fn maybe_sent(&self) -> bool {
        match self.kind {
            FaultKind::NameMissing
            | FaultKind::NotConnected
            | FaultKind::NotTls
            | FaultKind::Tls
            | FaultKind::Refused
            | FaultKind::Unusable => false,
            FaultKind::Broken | FaultKind::TimedOut | FaultKind::Garbled => true,
        }
    }

    pub(crate) fn into_error(self) -> Error {
        let maybe_sent = self.maybe_sent();
        let kind = match self.kind {
            FaultKind::NameMissing
            | FaultKind::NotConnected
            | FaultKind::Refused
            | FaultKind::Broken
            | FaultKind::TimedOut => ErrorKind::Network,
            FaultKind::Tls | FaultKind::NotTls => ErrorKind::Tls,
            FaultKind::Garbled => ErrorKind::Protocol,
            FaultKind::Unusable => ErrorKind::Runtime,
        };
        let sentence = match self.kind {
            FaultKind::TimedOut => format!("{}: see request_timeout", self.sentence()).into(),
            _ => self.sentence(),
        };
        let error = Error::new(kind, sentence).maybe_sent(maybe_sent);
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }

    fn sentence(&self) -> Cow<'static, str> {
        if let Some(sentence) = &self.sentence {
            return sentence.clone();
        }
        Cow::Borrowed(match self.kind {
            FaultKind::NameMissing => "the server's name has no address",
            FaultKind::NotConnected => "the server could not be reached",
            FaultKind::NotTls => "what answers at the server's address does not speak TLS",
            FaultKind::Tls => "the server could not prove who it is",
            FaultKind::Refused => "the server did not take the request, and says so",
            FaultKind::Broken => "the connection broke before the answer was there",
            FaultKind::TimedOut => "no answer came in time",
            FaultKind::Garbled => {
                "the answer is not HTTP: check the port of base_url, and whether it wants https"
            }
            FaultKind::Unusable => "the request could not be made",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

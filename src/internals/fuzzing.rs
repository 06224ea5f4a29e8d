//! What the fuzz targets of `fuzz/` reach: the pure functions behind the public calls. Only under `--cfg fuzzing`, which
//! `cargo fuzz` sets; no part of the published API.

#[cfg(feature = "openid")]
mod openid;
#[cfg(feature = "ticket")]
mod ticket;

#[cfg(feature = "ticket")]
pub use self::ticket::{is_ticket, read_record};

use std::time::{Duration, SystemTime};

use crate::answer::{Answer, Asked, PollAnswer};
use crate::authsec::TotpAnswer;
use crate::types::{Email, PersonKey};

#[cfg(feature = "openid")]
pub use self::openid::{
    ID_TOKEN_AT, ID_TOKEN_NAMES, PUBLISHED, id_token, is_accepted, is_unverified_id_token, jwks, metadata,
    read_openid_poll, read_openid_start,
};

/// The request and the person that are asked for, always.
pub const ASKED: (&str, &str) = ("id-1", "user@example.com");

#[allow(clippy::expect_used)]
fn key() -> PersonKey {
    Email::new(ASKED.1).expect("an address").key()
}

/// What the three readers make of an answer.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Read {
    Token(String),
    Acknowledged {
        id: String,
        expires_in: Duration,
        interval: Duration,
    },
    Pending,
    SlowDown {
        interval: Option<Duration>,
    },
    Denied,
    Expired,
    WrongCode,
    Locked,
    /// Polled past. Whether it counts towards the five in a row, and whether an approval may be hidden behind it.
    GoesOn {
        counts: bool,
        may_have_approved: bool,
        shown: String,
    },
    /// Final for an id that nobody has answered, else polled past.
    Codeless(String),
    /// An error, as it shows itself: `Debug` and `Display` of it and of all behind it.
    Failed(String),
}

fn failed(error: crate::Error) -> Read {
    Read::Failed(shown(error))
}

fn shown(error: crate::Error) -> String {
    let mut shown = format!("{error:?} {error}");
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        shown.push_str(&format!(" {error:?} {error}"));
        source = error.source();
    }
    shown
}

fn answer(status: u16, body: Option<&[u8]>) -> Answer<'_> {
    Answer { status, retry_after: None, body }
}

/// The answer to a poll.
#[must_use]
pub fn read_poll(status: u16, body: Option<&[u8]>) -> Read {
    of_poll(crate::authsec::read_poll(&answer(status, body), &Asked { auth_req_id: ASKED.0, email: &key() }))
}

fn of_poll(answer: PollAnswer) -> Read {
    match answer {
        PollAnswer::Approved(approval) => Read::Token(approval.token.expose_secret().to_owned()),
        PollAnswer::Pending { .. } => Read::Pending,
        PollAnswer::SlowDown { interval, .. } => Read::SlowDown { interval },
        PollAnswer::Denied => Read::Denied,
        PollAnswer::Expired => Read::Expired,
        PollAnswer::Fault { error, may_have_approved, .. } => {
            Read::GoesOn { counts: false, may_have_approved, shown: shown(error) }
        }
        PollAnswer::Unreadable { error, may_have_approved, .. } => {
            Read::GoesOn { counts: true, may_have_approved, shown: shown(error) }
        }
        PollAnswer::Codeless { error, .. } => Read::Codeless(shown(error)),
        PollAnswer::InvalidGrant(error) | PollAnswer::TransactionFailed(error) | PollAnswer::Fatal(error) => {
            failed(error)
        }
        #[cfg(feature = "openid")]
        PollAnswer::Over => Read::Expired,
        #[cfg(feature = "openid")]
        PollAnswer::DeniedOrOver => Read::Denied,
        #[cfg(feature = "openid")]
        PollAnswer::Spent(error) | PollAnswer::Unacceptable(error) => failed(error),
    }
}

/// The answer to an initiate.
#[must_use]
pub fn read_initiate(status: u16, body: Option<&[u8]>) -> Read {
    match crate::authsec::read_initiate(&answer(status, body), &key()) {
        Ok(ack) => Read::Acknowledged {
            id: ack.auth_req_id.expose_secret().to_owned(),
            expires_in: ack.expires_in,
            interval: ack.interval,
        },
        Err(error) => failed(error),
    }
}

/// The answer to a TOTP login.
#[must_use]
pub fn read_totp(status: u16, body: Option<&[u8]>) -> Read {
    match crate::authsec::read_totp(&answer(status, body), &key()) {
        TotpAnswer::Verified(token) => Read::Token(token.expose_secret().to_owned()),
        TotpAnswer::WrongCode => Read::WrongCode,
        TotpAnswer::Locked { .. } => Read::Locked,
        TotpAnswer::Failed(error) => failed(error),
    }
}

/// `Retry-After`, beside the answer's `Date` and the local clock.
#[must_use]
pub fn retry_after(text: &str, date: Option<&str>, local: SystemTime) -> Option<Duration> {
    crate::transport::parse_retry_after(text, date, local)
}

/// The address of the poll that a base URL and the newest routes make; `None` where the URL is refused.
#[must_use]
pub fn poll_url(base_url: &str) -> Option<String> {
    crate::client::poll_url(base_url)
}

/// `client_id` and `ciba_base_url` of an SDK's configuration file.
#[must_use]
pub fn config_file(text: &[u8]) -> Option<(Option<String>, Option<String>)> {
    crate::client::read_config_file(text)
}

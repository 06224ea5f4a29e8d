use std::time::Duration;

use super::ErrorCode;
use super::document::{Document, Flaw, Scalar};
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;
use crate::types::is_visible_ascii;

/// A week: no wait that a server names is taken for more, so that no arithmetic on it can overflow.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// No token is taken to live longer: a hundred years, to which a caller can add a date without overflow.
const LONGEST_TOKEN: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What came back, as the caller carries it here from the transport.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    /// `None` where the body could not be read as it was sent: encoded, or longer than the cap.
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> Answer<'a> {
    pub(super) fn document(&self) -> Result<Document<'a>, Flaw> {
        self.body.ok_or(Flaw::NotOneObject).and_then(Document::read)
    }

    /// What a status means when the body does not say: the same for every call.
    pub(super) fn by_status(&self) -> ByStatus {
        match self.status {
            408 | 425 => ByStatus::Heals(ErrorKind::Server),
            429 => ByStatus::Heals(ErrorKind::RateLimited),
            500..=599 => ByStatus::Heals(ErrorKind::Server),
            404 | 405 | 406 | 415 => ByStatus::Final(
                ErrorKind::Config,
                "the address is not one of AuthSec's: check base_url, routes and client_id",
            ),
            401 | 403 => ByStatus::Final(ErrorKind::Refused, "the server refused the request"),
            300..=399 => ByStatus::Final(
                ErrorKind::Protocol,
                "the server answered with a redirect, which is never followed",
            ),
            400..=499 => ByStatus::Final(ErrorKind::Refused, "the server refused the request"),
            200 | 202 => ByStatus::Unreadable,
            _ => ByStatus::Final(
                ErrorKind::Protocol,
                "the server answered with a status that is none of the contract's",
            ),
        }
    }

    /// A 4xx was turned away at the door, but for 408, which a server also sends when its handler took too long.
    fn refused_by_status(&self) -> bool {
        (400..=499).contains(&self.status) && self.status != 408
    }

    /// The error of an answer that heals by itself or is final by its status.
    pub(super) fn error(&self, kind: ErrorKind, message: &'static str) -> Error {
        Error::new(kind, message)
            .with_status(self.status)
            .with_retry_after(self.retry_after)
            .maybe_sent(!self.refused_by_status())
    }
}

/// A status without a body that decides.
pub(super) enum ByStatus {
    Heals(ErrorKind),
    Final(ErrorKind, &'static str),
    Unreadable,
}

impl ByStatus {
    pub(super) fn message(kind: ErrorKind) -> &'static str {
        match kind {
            ErrorKind::RateLimited => "the server's rate limit is reached",
            _ => "the server failed",
        }
    }
}

/// The `error` member, sorted.
pub(super) enum ErrorMember {
    Absent,
    Code(ErrorCode),
    /// Free text, a code in capitals, or no text at all: it says that something is wrong and no more.
    Text,
}

impl Document<'_> {
    pub(super) fn error_member(&self) -> ErrorMember {
        match &self.error {
            Scalar::Absent => ErrorMember::Absent,
            Scalar::Text(text) => match ErrorCode::known(text).or_else(|| ErrorCode::unknown(text)) {
                Some(code) => ErrorMember::Code(code),
                None => ErrorMember::Text,
            },
            _ => ErrorMember::Text,
        }
    }

    /// The one token of an answer: CIBA names it `access_token`, TOTP `token`. `Err` for anything that is there and is
    /// not one non-empty string of visible ASCII.
    pub(super) fn one_token(&self) -> Result<Option<AccessToken>, ()> {
        match (&self.access_token, &self.token) {
            (Scalar::Absent, Scalar::Absent) => Ok(None),
            (Scalar::Text(token), Scalar::Absent) | (Scalar::Absent, Scalar::Text(token)) => {
                let visible = !token.is_empty() && is_visible_ascii(token);
                if visible { Ok(Some(AccessToken::new(token))) } else { Err(()) }
            }
            _ => Err(()),
        }
    }

    /// Whether `success` is missing or true: anything else contradicts a token.
    pub(super) fn may_succeed(&self) -> bool {
        matches!(self.success, Scalar::Absent | Scalar::Bool(true))
    }

    pub(super) fn names_a_token(&self) -> bool {
        !matches!((&self.access_token, &self.token), (Scalar::Absent, Scalar::Absent))
    }
}

impl Scalar<'_> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number of seconds as servers write it: `5`, `5.0`, `"5"`. `None` where there is none to be read.
    fn seconds(&self) -> Option<f64> {
        let number = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    /// `interval`: missing, unreadable, zero and negative are `None`; a fraction is rounded up.
    pub(super) fn interval(&self) -> Option<Duration> {
        let seconds = self.seconds().filter(|seconds| *seconds > 0.0)?;
        Some(whole_seconds(seconds.ceil(), LONGEST))
    }

    /// `expires_in` of a request: `None` where it is missing or unreadable; zero and negative are zero, which is over.
    pub(super) fn lifetime(&self) -> Option<Duration> {
        self.seconds().map(|seconds| whole_seconds(seconds.floor(), LONGEST))
    }

    /// `expires_in` of a token, which may live for a year (wire contract, section 3.7).
    pub(super) fn token_lifetime(&self) -> Option<Duration> {
        self.seconds().map(|seconds| whole_seconds(seconds.floor(), LONGEST_TOKEN))
    }
}

fn whole_seconds(seconds: f64, longest: Duration) -> Duration {
    // `as` saturates: negative becomes zero, huge becomes the largest number.
    Duration::from_secs(seconds as u64).min(longest)
}

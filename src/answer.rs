//! What any server's answer is: a status, a strict document, an error code, words. Pure; what they mean for a call is read by
//! the room of the protocol.

mod acknowledgement;
mod asked;
mod code;
mod document;
mod number;
mod poll_answer;
mod reason;

use std::time::Duration;

pub(crate) use acknowledgement::Acknowledgement;
pub(crate) use asked::Asked;
pub use code::ErrorCode;
pub(crate) use document::{Document, Scalar};
pub(crate) use poll_answer::PollAnswer;
pub(crate) use reason::{is_web_page, reason};

use self::code::{UNKNOWN, UNKNOWN_CLIENT};
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;
use crate::types::is_visible_ascii;

/// What came back, as the caller carries it here from the transport.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    /// `None` where the body could not be read as it was sent: encoded, or longer than the cap.
    pub(crate) body: Option<&'a [u8]>,
}

/// What a status means where no known code stands in the body: the one table for all calls.
pub(crate) enum StatusClass {
    /// 200 and 202: the body says it, or nobody does.
    Contract,
    /// The server, or a gateway before it, is in trouble or overrun: it heals by itself.
    Heals(ErrorKind, &'static str),
    /// Any other 4xx.
    Refused(ErrorKind, &'static str),
    /// No status of the contract's.
    Foreign(&'static str),
}

impl<'a> Answer<'a> {
    /// The body as one clean JSON object, if it is one.
    pub(crate) fn document(&self) -> Option<Document<'a>> {
        self.body.and_then(Document::read)
    }

    pub(crate) fn class(&self) -> StatusClass {
        match self.status {
            200 | 202 => StatusClass::Contract,
            429 => StatusClass::Heals(ErrorKind::RateLimited, "the server's rate limit is reached"),
            408 | 425 | 500..=599 => StatusClass::Heals(ErrorKind::Server, "the server failed"),
            404 | 405 | 406 | 415 => StatusClass::Refused(
                ErrorKind::Config,
                "the address is not one of AuthSec's: check base_url, routes and client_id",
            ),
            407 => StatusClass::Refused(
                ErrorKind::Refused,
                "a proxy wants a user name and a password, or does not take those it was given",
            ),
            400..=499 => StatusClass::Refused(ErrorKind::Refused, "the server refused the request"),
            300..=399 => StatusClass::Foreign("the server answered with a redirect, which is never followed"),
            _ => StatusClass::Foreign("the server answered with a status that is none of the contract's"),
        }
    }

    /// Whether the request was turned away at the door: by any 4xx but 408, which a server also sends when its handler
    /// took too long.
    fn refused_by_status(&self) -> bool {
        (400..=499).contains(&self.status) && self.status != 408
    }

    pub(crate) fn error(&self, kind: ErrorKind, message: &'static str) -> Error {
        Error::new(kind, message)
            .with_status(self.status)
            .with_retry_after(self.retry_after)
            .maybe_sent(!self.refused_by_status())
    }

    /// The error that a known code is.
    pub(crate) fn known(&self, code: ErrorCode) -> Error {
        let (kind, message) = match code {
            ErrorCode::InvalidClient if self.status != 401 => (ErrorKind::ClientAuth, UNKNOWN_CLIENT),
            _ => code.as_error(),
        };
        let refuses = code.refuses();
        let field = (code == ErrorCode::InvalidBindingMessage).then_some("binding_message");
        let error = self.error(kind, message).with_code(code).maybe_sent(!refuses);
        match field {
            Some(field) => error.with_field(field),
            None => error,
        }
    }

    /// The error that an unknown code is: what the status says where that heals, else final.
    pub(crate) fn unknown(&self, code: Option<ErrorCode>) -> Error {
        let error = match self.class() {
            StatusClass::Heals(kind, message) => self.error(kind, message),
            _ => self.error(ErrorKind::Protocol, UNKNOWN).maybe_sent(true),
        };
        match code {
            Some(code) => error.with_code(code),
            None => error,
        }
    }

    /// The error that an answer without a code is: what its status says, or what it lacks where that is the contract's.
    pub(crate) fn codeless(&self, lacking: &'static str) -> Error {
        match self.class() {
            StatusClass::Contract if self.body.is_some_and(is_web_page) => self.error(
                ErrorKind::Protocol,
                "a web page came in the place of an answer: base_url leads to a console or a gateway and not to AuthSec's \
                 API, which often has a host of its own",
            ),
            StatusClass::Contract => self.error(ErrorKind::Protocol, lacking),
            StatusClass::Heals(kind, message) | StatusClass::Refused(kind, message) => {
                self.error(kind, message)
            }
            StatusClass::Foreign(message) => self.error(ErrorKind::Protocol, message),
        }
    }
}

/// The `error` member, sorted.
pub(crate) enum ErrorMember {
    Absent,
    Known(ErrorCode),
    /// Letters, digits and `_`: a code, although none of the table. Kept where it cannot be a secret.
    Unknown(Option<ErrorCode>),
    /// Free text, or no text at all: it says that something is wrong and no more.
    Text,
}

/// What the contract's rate limiter says, in any case of letters.
pub(crate) const RATE_LIMIT: &str = "rate limit exceeded";

impl Document<'_> {
    pub(crate) fn error_member(&self) -> ErrorMember {
        match self.error.given() {
            None => ErrorMember::Absent,
            Some(Scalar::Text(text)) => match ErrorCode::known(text) {
                Some(code) => ErrorMember::Known(code),
                None if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                    ErrorMember::Unknown(ErrorCode::unknown(text))
                }
                None => ErrorMember::Text,
            },
            Some(_) => ErrorMember::Text,
        }
    }

    /// Whether the server's own rate limiter wrote this answer, and no gateway.
    pub(crate) fn is_rate_limit(&self) -> bool {
        self.error.text().is_some_and(|text| text.trim().eq_ignore_ascii_case(RATE_LIMIT))
    }

    /// The one token of an answer: CIBA names it `access_token`, TOTP `token`; the same under both names is one. `Err`
    /// for anything that is there and is not one text of visible ASCII.
    pub(crate) fn one_token(&self) -> Result<Option<AccessToken>, ()> {
        let token = match (self.access_token.given(), self.token.given()) {
            (None, None) => return Ok(None),
            (Some(Scalar::Text(token)), None) | (None, Some(Scalar::Text(token))) => token,
            (Some(Scalar::Text(token)), Some(Scalar::Text(same))) if **token == **same => token,
            _ => return Err(()),
        };
        if is_visible_ascii(token) { Ok(Some(AccessToken::new(token))) } else { Err(()) }
    }

    /// Whether `success` is missing or true: anything else contradicts a token.
    pub(crate) fn may_succeed(&self) -> bool {
        matches!(self.success, Scalar::Missing | Scalar::Null | Scalar::Bool(true))
    }

    pub(crate) fn names_a_token(&self) -> bool {
        self.access_token.given().is_some() || self.token.given().is_some()
    }
}

/// Whether these bytes are one whole, clean JSON object: what was cut off behind it was nothing.
pub(crate) fn is_one_object(body: &[u8]) -> bool {
    Document::read(body).is_some()
}

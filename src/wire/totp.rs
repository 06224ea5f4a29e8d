use std::time::Duration;

use serde::Serialize;

use super::answer::{Answer, ByStatus, ErrorMember};
use super::document::{Document, Scalar};
use super::{ErrorCode, Plane};
use crate::error::{Error, ErrorKind};
use crate::secret::AccessToken;

/// A TOTP login (wire contract, section 2.6).
pub(crate) struct TotpBody<'a> {
    pub(crate) email: &'a str,
    pub(crate) code: &'a str,
}

#[derive(Serialize)]
struct Login<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    email: &'a str,
    totp_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<&'a str>,
}

impl TotpBody<'_> {
    pub(crate) fn encode(&self, plane: &Plane) -> Vec<u8> {
        let Self { email, code: totp_code } = *self;
        super::encode(&match plane {
            Plane::Admin { workspace_id } | Plane::Client { workspace_id: workspace_id @ Some(_), .. } => {
                Login { client_id: None, email, totp_code, workspace_id: workspace_id.as_deref() }
            }
            Plane::Client { client_id, workspace_id: None } => {
                Login { client_id: Some(client_id), email, totp_code, workspace_id: None }
            }
        })
    }
}

/// What the answer to a TOTP login says.
#[derive(Debug)]
pub(crate) enum TotpAnswer {
    Verified(AccessToken),
    WrongCode,
    /// The server's own lock.
    Locked {
        retry_after: Option<Duration>,
    },
    Failed(Error),
}

/// Reads the answer to a TOTP login. There are no codes here, so the texts of the contract's section 2.6 are read for
/// meaning: the only free texts that this crate ever reads so.
pub(crate) fn read_totp(answer: &Answer<'_>) -> TotpAnswer {
    let failed = |kind, message| TotpAnswer::Failed(answer.error(kind, message));
    let Ok(document) = answer.document() else {
        return TotpAnswer::Failed(by_status(answer));
    };
    if answer.status == 200 {
        let contradicted = !document.may_succeed() || !matches!(document.error_member(), ErrorMember::Absent);
        return match document.one_token() {
            Ok(Some(token)) if !contradicted => TotpAnswer::Verified(token),
            _ => failed(ErrorKind::Protocol, "the answer to a TOTP login is not one of the contract's"),
        };
    }
    if let ErrorMember::Code(code) = document.error_member()
        && let Some(error) = by_code(answer, code)
    {
        return TotpAnswer::Failed(error);
    }
    if !matches!(answer.status, 400 | 401 | 404 | 429) || document.names_a_token() {
        return TotpAnswer::Failed(by_status(answer));
    }
    match (answer.status, Saying::of(&document)) {
        (400 | 401, Saying::WrongCode) => TotpAnswer::WrongCode,
        (401 | 429, Saying::Locked) => TotpAnswer::Locked { retry_after: answer.retry_after },
        (429, Saying::RateLimited) => failed(ErrorKind::RateLimited, "the server's rate limit is reached"),
        // The TOTP route's own 429 is its lockout, whatever words it finds for it.
        (429, _) if matches!(document.error_member(), ErrorMember::Text) => {
            TotpAnswer::Locked { retry_after: answer.retry_after }
        }
        (400 | 401, Saying::NoDevice) => {
            failed(ErrorKind::NoDeviceRegistered, "the user has no authenticator registered")
        }
        (400 | 401 | 404, Saying::NoUser) => failed(ErrorKind::UserNotFound, "the server knows no such user"),
        (400, Saying::NotSixDigits) => TotpAnswer::Failed(
            answer.error(ErrorKind::Input, "the server takes only codes of six digits").with_field("code"),
        ),
        (401, _) => failed(
            ErrorKind::Config,
            "the server does not take TOTP logins of this client: check client_id, workspace_id and routes",
        ),
        _ => TotpAnswer::Failed(by_status(answer)),
    }
}

/// The few sentences that the contract lists.
enum Saying {
    WrongCode,
    Locked,
    RateLimited,
    NoDevice,
    NoUser,
    NotSixDigits,
    Other,
}

impl Saying {
    fn of(document: &Document<'_>) -> Self {
        let text = match (&document.error, &document.message) {
            // The rate limiter has both; its `error` is the fixed text.
            (Scalar::Text(text), _) | (Scalar::Absent, Scalar::Text(text)) => text.to_ascii_lowercase(),
            _ => return Self::Other,
        };
        let text = zeroize::Zeroizing::new(text);
        match text.trim() {
            "invalid totp code" => Self::WrongCode,
            "rate limit exceeded" => Self::RateLimited,
            "no totp devices registered" => Self::NoDevice,
            "user not found" => Self::NoUser,
            other if other.contains("must be exactly 6") => Self::NotSixDigits,
            other if other.contains("locked") || other.contains("too many") => Self::Locked,
            _ => Self::Other,
        }
    }
}

fn by_code(answer: &Answer<'_>, code: ErrorCode) -> Option<Error> {
    let (kind, message) = match code {
        ErrorCode::UserNotFound => (ErrorKind::UserNotFound, "the server knows no such user"),
        ErrorCode::NoDeviceRegistered => {
            (ErrorKind::NoDeviceRegistered, "the user has no authenticator registered")
        }
        ErrorCode::InvalidClient => (
            ErrorKind::ClientAuth,
            "the server does not accept this client: check client_id and client_secret",
        ),
        ErrorCode::ServerError => (ErrorKind::Server, "the server failed"),
        ErrorCode::SlowDown => (ErrorKind::RateLimited, "the server asks to slow down"),
        ErrorCode::Other(_) => return None,
        _ => (ErrorKind::Refused, "the server refused the request"),
    };
    Some(answer.error(kind, message).with_code(code))
}

fn by_status(answer: &Answer<'_>) -> Error {
    match answer.by_status() {
        ByStatus::Heals(kind) => answer.error(kind, ByStatus::message(kind)),
        ByStatus::Final(kind, message) => answer.error(kind, message),
        ByStatus::Unreadable => {
            answer.error(ErrorKind::Protocol, "the answer to a TOTP login is not one of the contract's")
        }
    }
}

use std::time::Duration;

use serde::Serialize;

use super::answer::{Answer, ByStatus, ErrorMember};
use super::document::{Document, Flaw};
use super::{ErrorCode, Plane};
use crate::error::{Error, ErrorKind};
use crate::outcome::Grant;

/// A poll (wire contract, section 2.2).
#[derive(Serialize)]
pub(crate) struct PollBody<'a> {
    pub(crate) auth_req_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
}

impl<'a> PollBody<'a> {
    pub(crate) fn new(auth_req_id: &'a str, resource: Option<&'a str>, plane: &'a Plane) -> Self {
        match plane {
            Plane::Admin { .. } => Self { auth_req_id, client_id: None, resource: None },
            Plane::Client { client_id, .. } => Self { auth_req_id, client_id: Some(client_id), resource },
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        super::encode(self)
    }
}

/// What a poll's answer says.
#[derive(Debug)]
pub(crate) enum PollAnswer {
    Approved(Grant),
    Pending,
    /// Still pending; a server may name its new interval.
    SlowDown {
        interval: Option<Duration>,
        retry_after: Option<Duration>,
    },
    Denied,
    /// `expired_token`: over, unknown, or already fetched.
    Expired,
    /// `invalid_grant`: another's, or already fetched.
    InvalidGrant(Error),
    /// It will heal: poll on.
    Fault {
        error: Error,
        retry_after: Option<Duration>,
    },
    /// It may heal, but five in a row are a wrong address: poll on for now. `cut_short` where an approval may have
    /// stood in the part that is missing.
    Unreadable {
        error: Error,
        cut_short: bool,
        retry_after: Option<Duration>,
    },
    /// It will not heal.
    Fatal(Error),
}

/// Reads the answer to a poll: a contradiction first, then a known code on any status, then the status.
pub(crate) fn read_poll(answer: &Answer<'_>) -> PollAnswer {
    let retry_after = answer.retry_after;
    if (300..=399).contains(&answer.status) {
        return by_status(answer, Flaw::NotOneObject);
    }
    let document = match answer.document() {
        Ok(document) => document,
        Err(flaw) => return by_status(answer, flaw),
    };
    match document.error_member() {
        ErrorMember::Absent => {}
        _ if document.names_a_token() => {
            return PollAnswer::Fatal(
                answer.error(ErrorKind::Protocol, "the server sent a token and an error at once"),
            );
        }
        ErrorMember::Code(code) => return by_code(answer, &document, code),
        ErrorMember::Text => {
            return match answer.by_status() {
                ByStatus::Unreadable => PollAnswer::Fatal(answer.error(
                    ErrorKind::Protocol,
                    "the server answered with a text where the contract has a code",
                )),
                _ => by_status(answer, Flaw::NotOneObject),
            };
        }
    }
    if document.names_a_token() && !document.may_succeed() {
        return PollAnswer::Fatal(
            answer.error(ErrorKind::Protocol, "the server sent a token and said that it did not succeed"),
        );
    }
    match document.one_token() {
        Ok(Some(token)) if answer.status == 200 => PollAnswer::Approved(Grant {
            token,
            token_type: document.token_type.text().map(str::to_owned),
            expires_in: document.expires_in.token_lifetime(),
            scope: document.scope.text().map(str::to_owned),
        }),
        Ok(Some(_)) if answer.status == 202 => PollAnswer::Fatal(
            answer.error(ErrorKind::Protocol, "the server sent a token with a status that does not approve"),
        ),
        Ok(_) => by_status(answer, Flaw::NotOneObject),
        Err(()) => match answer.by_status() {
            ByStatus::Unreadable => PollAnswer::Unreadable {
                error: answer.error(ErrorKind::Protocol, "the server sent a token that cannot be one"),
                cut_short: false,
                retry_after,
            },
            _ => by_status(answer, Flaw::NotOneObject),
        },
    }
}

fn by_code(answer: &Answer<'_>, document: &Document<'_>, code: ErrorCode) -> PollAnswer {
    let retry_after = answer.retry_after;
    let fatal = |kind, message, code| PollAnswer::Fatal(answer.error(kind, message).with_code(code));
    match code {
        ErrorCode::AuthorizationPending => PollAnswer::Pending,
        ErrorCode::SlowDown => PollAnswer::SlowDown { interval: document.interval.interval(), retry_after },
        ErrorCode::AccessDenied => PollAnswer::Denied,
        ErrorCode::ExpiredToken => PollAnswer::Expired,
        ErrorCode::InvalidGrant => PollAnswer::InvalidGrant(
            answer
                .error(ErrorKind::Refused, "the auth_req_id belongs to another client or resource")
                .with_code(code),
        ),
        ErrorCode::InvalidClient => fatal(
            ErrorKind::ClientAuth,
            "the server does not accept this client: check client_id and client_secret",
            code,
        ),
        ErrorCode::ServerError => {
            let error = answer.error(ErrorKind::Server, "the server failed").with_code(code).maybe_sent(true);
            match answer.by_status() {
                ByStatus::Heals(_) => PollAnswer::Fault { error, retry_after },
                _ => PollAnswer::Unreadable { error, cut_short: false, retry_after },
            }
        }
        ErrorCode::UserNotFound => fatal(ErrorKind::UserNotFound, "the server knows no such user", code),
        ErrorCode::NoDeviceRegistered => {
            fatal(ErrorKind::NoDeviceRegistered, "the user has no phone registered", code)
        }
        ErrorCode::InvalidRequest | ErrorCode::InvalidScope | ErrorCode::UnsupportedGrantType => {
            fatal(ErrorKind::Refused, "the server refused the poll", code)
        }
        ErrorCode::Other(_) => match answer.by_status() {
            ByStatus::Heals(kind) => PollAnswer::Fault {
                error: answer.error(kind, ByStatus::message(kind)).with_code(code),
                retry_after,
            },
            _ => fatal(ErrorKind::Protocol, "the server answered with a code that is not known", code),
        },
    }
}

fn by_status(answer: &Answer<'_>, flaw: Flaw) -> PollAnswer {
    let retry_after = answer.retry_after;
    match answer.by_status() {
        ByStatus::Heals(kind) => {
            PollAnswer::Fault { error: answer.error(kind, ByStatus::message(kind)), retry_after }
        }
        ByStatus::Final(kind, message) => PollAnswer::Fatal(answer.error(kind, message)),
        ByStatus::Unreadable => PollAnswer::Unreadable {
            error: answer.error(ErrorKind::Protocol, "the answer to a poll is not one of the contract's"),
            // Over HTTP/2 a GOAWAY reads like the end of a body, and an approval may end before its first byte.
            cut_short: flaw == Flaw::CutShort || (flaw == Flaw::Empty && answer.status == 200),
            retry_after,
        },
    }
}

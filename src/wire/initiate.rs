use std::time::Duration;

use serde::Serialize;

use super::answer::{Answer, ByStatus, ErrorMember};
use super::document::{Document, Scalar};
use super::{ErrorCode, Plane};
use crate::error::{Error, ErrorKind};
use crate::types::AuthReqId;

/// What is assumed where the server does not say (OpenID CIBA Core, section 7.3; wire contract, section 3.2).
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const DEFAULT_LIFETIME: Duration = Duration::from_secs(300);

/// An initiate request, before it is known in whose words it is sent (wire contract, section 2.1).
pub(crate) struct InitiateBody<'a> {
    pub(crate) email: &'a str,
    pub(crate) binding_message: &'a str,
    pub(crate) scopes: &'a [String],
    pub(crate) resource: Option<&'a str>,
}

#[derive(Serialize)]
struct AdminInitiate<'a> {
    login_hint: &'a str,
    binding_message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<&'a str>,
}

#[derive(Serialize)]
struct ClientInitiate<'a> {
    client_id: &'a str,
    email: &'a str,
    binding_message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
}

impl InitiateBody<'_> {
    pub(crate) fn encode(&self, plane: &Plane) -> Vec<u8> {
        let Self { email, binding_message, scopes, resource } = *self;
        match plane {
            Plane::Admin { workspace_id } => super::encode(&AdminInitiate {
                login_hint: email,
                binding_message,
                scopes,
                workspace_id: workspace_id.as_deref(),
            }),
            Plane::Client { client_id, .. } => {
                super::encode(&ClientInitiate { client_id, email, binding_message, scopes, resource })
            }
        }
    }
}

/// A pushed request: what the server promises about it.
#[derive(Debug)]
pub(crate) struct Acknowledgement {
    pub(crate) auth_req_id: AuthReqId,
    pub(crate) expires_in: Duration,
    pub(crate) interval: Duration,
}

/// Reads the answer to an initiate: a known code first, on any status; then the status.
pub(crate) fn read_initiate(answer: &Answer<'_>) -> Result<Acknowledgement, Error> {
    let document = answer.document().ok();
    if let Some(ErrorMember::Code(code)) = document.as_ref().map(Document::error_member) {
        let unknown = matches!(code, ErrorCode::Other(_));
        if !(unknown && matches!(answer.by_status(), ByStatus::Heals(_))) {
            return Err(refusal(answer, code));
        }
    }
    match answer.by_status() {
        ByStatus::Heals(kind) => return Err(answer.error(kind, ByStatus::message(kind))),
        ByStatus::Final(kind, message) => return Err(answer.error(kind, message)),
        ByStatus::Unreadable => {}
    }
    let malformed = |what| Err(answer.error(ErrorKind::Protocol, what));
    match document {
        Some(document) if answer.status == 200 => match document.error_member() {
            ErrorMember::Absent => acknowledgement(&document)
                .or_else(|()| malformed("the server acknowledged the request without a usable auth_req_id")),
            _ => malformed("the server answered with a text where the contract has a code"),
        },
        _ => malformed("the answer to the request is not one of the contract's"),
    }
}

fn acknowledgement(document: &Document<'_>) -> Result<Acknowledgement, ()> {
    let id = document.auth_req_id.text().ok_or(())?;
    let auth_req_id = AuthReqId::new(id).map_err(drop)?;
    let expires_in = match &document.expires_in {
        Scalar::Absent => DEFAULT_LIFETIME,
        stated => stated.lifetime().unwrap_or(DEFAULT_LIFETIME),
    };
    // An interval beyond the lifetime is honoured as far as the deadline: one look, when the request ends.
    let interval = document.interval.interval().unwrap_or(DEFAULT_INTERVAL).min(expires_in);
    Ok(Acknowledgement { auth_req_id, expires_in, interval })
}

/// A coded refusal. No push went out for any of them (wire contract, section 2.1), but for the server's own fault.
fn refusal(answer: &Answer<'_>, code: ErrorCode) -> Error {
    let (kind, message) = match code {
        ErrorCode::UserNotFound => (ErrorKind::UserNotFound, "the server knows no such user"),
        ErrorCode::NoDeviceRegistered => (ErrorKind::NoDeviceRegistered, "the user has no phone registered"),
        ErrorCode::InvalidClient => (
            ErrorKind::ClientAuth,
            "the server does not accept this client: check client_id and client_secret",
        ),
        ErrorCode::ServerError => (ErrorKind::Server, "the server failed"),
        ErrorCode::SlowDown => (ErrorKind::RateLimited, "the server asks to slow down"),
        ErrorCode::Other(_) => (ErrorKind::Protocol, "the server answered with a code that is not known"),
        _ => (ErrorKind::Refused, "the server refused the request"),
    };
    let refused = !matches!(kind, ErrorKind::Server | ErrorKind::Protocol);
    answer.error(kind, message).with_code(code).maybe_sent(!refused)
}

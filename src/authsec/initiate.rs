use std::time::Duration;

use super::Plane;
use super::body::{Value, object};
use crate::answer::{Acknowledgement, Answer, Document, ErrorMember};
use crate::error::Error;
use crate::types::{AuthReqId, PersonKey, Wish};

/// What is assumed where the server does not say (OpenID CIBA Core, section 7.3; `docs/wire.md`, section 3.2).
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const DEFAULT_LIFETIME: Duration = Duration::from_secs(300);

/// An initiate request (`docs/wire.md`, section 2.1).
pub(crate) fn write_initiate(wish: &Wish<'_>, plane: &Plane) -> Vec<u8> {
    let email = Some(wish.login_hint.into());
    let binding_message = Some(wish.binding_message.into());
    let scopes = (!wish.scopes.is_empty()).then_some(Value::Texts(wish.scopes));
    match plane {
        Plane::Admin { workspace_id } => object([
            ("login_hint", email),
            ("binding_message", binding_message),
            ("scopes", scopes),
            ("workspace_id", workspace_id.as_deref().map(Into::into)),
        ]),
        Plane::Client { client_id, .. } => object([
            ("client_id", Some(client_id.as_str().into())),
            ("email", email),
            ("binding_message", binding_message),
            ("scopes", scopes),
            ("resource", wish.resource.map(Into::into)),
        ]),
    }
}

/// Reads the answer to an initiate for this person: a code first, on any status; then the status.
pub(crate) fn read_initiate(answer: &Answer<'_>, email: &PersonKey) -> Result<Acknowledgement, Error> {
    const LACKING: &str = "the answer to the request is not one of the contract's";
    let document = answer.document().ok_or_else(|| answer.codeless(LACKING))?;
    match document.error_member() {
        // No push went out for any of them (`docs/wire.md`, section 2.1), but for the server's own fault.
        ErrorMember::Known(code) => Err(answer.known(code)),
        ErrorMember::Unknown(code) => Err(answer.unknown(code)),
        ErrorMember::Text => {
            Err(answer.codeless("the server answered with a text where the contract has a code"))
        }
        ErrorMember::Absent if answer.status != 200 => Err(answer.codeless(LACKING)),
        ErrorMember::Absent if document.names_another_person(email) => {
            Err(answer.codeless("the acknowledgement names another person than was asked for"))
        }
        ErrorMember::Absent => acknowledgement(&document).ok_or_else(|| {
            answer.codeless("the server acknowledged the request without a usable auth_req_id")
        }),
    }
}

fn acknowledgement(document: &Document<'_>) -> Option<Acknowledgement> {
    let auth_req_id = AuthReqId::new(document.auth_req_id.text()?).ok()?;
    let expires_in = document.expires_in.lifetime().unwrap_or(DEFAULT_LIFETIME);
    let interval = document.interval.interval().unwrap_or(DEFAULT_INTERVAL);
    Some(Acknowledgement { auth_req_id, expires_in, interval })
}

use std::time::Duration;

use super::refusal::{Challenge, Refusal};
use crate::answer::{Acknowledgement, Answer, Document, ErrorCode, ErrorMember};
use crate::error::{Error, ErrorKind};
use crate::types::AuthReqId;

/// What is assumed where the provider names no interval (OpenID CIBA Core, section 7.3).
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

const LACKING: &str = "the answer to the request is not one of CIBA's";

/// Reads the answer to a start (OpenID CIBA Core, sections 7.3 and 13): a code first, on any status but a redirect; then the
/// status.
pub(crate) fn read_start(answer: &Answer<'_>, challenge: Challenge) -> Result<Acknowledgement, Error> {
    let refusal = Refusal { answer, challenge };
    if (300..=399).contains(&answer.status) {
        return Err(refusal.codeless(LACKING));
    }
    let document = answer.document().ok_or_else(|| refusal.codeless(LACKING))?;
    match document.error_member() {
        ErrorMember::Known(code @ ErrorCode::AuthorizationPending) => {
            let pending = "the provider answered to a start as if it were a poll";
            Err(refusal.known(code).with_kind(ErrorKind::Protocol).with_message(pending))
        }
        ErrorMember::Known(code) => Err(refusal.known(code)),
        ErrorMember::Unknown(code) => Err(refusal.unknown(code)),
        ErrorMember::Text => Err(refusal.codeless("the provider answered with a text where CIBA has a code")),
        ErrorMember::Absent if answer.status != 200 || refusal.is_of_client() => {
            let error = refusal.codeless(LACKING);
            // A success of another kind is none.
            Err(if answer.status == 202 { error.with_kind(ErrorKind::Protocol) } else { error })
        }
        ErrorMember::Absent => acknowledgement(&document).ok_or_else(|| {
            refusal
                .codeless("the provider acknowledged the request without a usable auth_req_id and expires_in")
        }),
    }
}

/// Both are required: without an end nobody knows how long to poll.
fn acknowledgement(document: &Document<'_>) -> Option<Acknowledgement> {
    let auth_req_id = AuthReqId::new(document.auth_req_id.text()?).ok()?;
    let expires_in = document.expires_in.lifetime()?;
    let interval = document.interval.interval().unwrap_or(DEFAULT_INTERVAL);
    Some(Acknowledgement { auth_req_id, expires_in, interval })
}

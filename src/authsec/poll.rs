use super::Plane;
use super::body::object;
use crate::answer::{Answer, Asked, Document, ErrorCode, ErrorMember, PollAnswer, StatusClass};
use crate::error::ErrorKind;
use crate::outcome::Granted;

/// A poll (`docs/wire.md`, section 2.2).
pub(crate) struct PollBody<'a> {
    auth_req_id: &'a str,
    client_id: Option<&'a str>,
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
        object([
            ("auth_req_id", Some(self.auth_req_id.into())),
            ("client_id", self.client_id.map(Into::into)),
            ("resource", self.resource.map(Into::into)),
        ])
    }
}

/// Reads the answer to a poll: a contradiction first, then a code, on any status but a redirect; then the status.
pub(crate) fn read_poll(answer: &Answer<'_>, asked: &Asked<'_>) -> PollAnswer {
    if (300..=399).contains(&answer.status) {
        return by_status(answer, None);
    }
    let Some(document) = answer.document() else { return by_status(answer, None) };
    let protocol = |what| PollAnswer::Fatal(answer.error(ErrorKind::Protocol, what));
    let error = document.error_member();
    if document.names_a_token() && !matches!(error, ErrorMember::Absent) {
        return protocol("the server sent a token and an error at once");
    }
    // A gateway's own words may name anybody; what the server says must be about this request.
    let is_of_the_server =
        matches!(error, ErrorMember::Known(_)) || matches!(answer.class(), StatusClass::Contract);
    if is_of_the_server && document.names_another(asked) {
        return protocol("the answer names another request or person than was asked for");
    }
    match error {
        ErrorMember::Known(code) => by_code(answer, &document, code),
        ErrorMember::Unknown(code) => match answer.class() {
            StatusClass::Heals(..) => PollAnswer::Fault {
                error: answer.unknown(code),
                retry_after: answer.retry_after,
                may_have_approved: may_hide_an_approval(answer, Some(&document)),
            },
            _ => PollAnswer::Fatal(answer.unknown(code)),
        },
        ErrorMember::Text => by_status(answer, Some(&document)),
        ErrorMember::Absent => by_token(answer, &document),
    }
}

fn by_code(answer: &Answer<'_>, document: &Document<'_>, code: ErrorCode) -> PollAnswer {
    let retry_after = answer.retry_after;
    match code {
        ErrorCode::AuthorizationPending => PollAnswer::Pending { retry_after },
        ErrorCode::SlowDown => PollAnswer::SlowDown { interval: document.interval.interval(), retry_after },
        ErrorCode::AccessDenied => PollAnswer::Denied,
        ErrorCode::ExpiredToken => PollAnswer::Expired,
        ErrorCode::InvalidGrant => PollAnswer::InvalidGrant(answer.known(code)),
        ErrorCode::TransactionFailed => PollAnswer::TransactionFailed(answer.known(code)),
        // The server says itself that it did not get so far, or that it took the approval back.
        ErrorCode::TemporarilyUnavailable => {
            PollAnswer::Fault { error: answer.known(code), retry_after, may_have_approved: false }
        }
        ErrorCode::ServerError => {
            let error = answer.known(code);
            match answer.class() {
                StatusClass::Heals(..) => PollAnswer::Fault { error, retry_after, may_have_approved: false },
                // Where the status hides it, it may be a setting that will never be right.
                _ => PollAnswer::Unreadable { error, retry_after, may_have_approved: false },
            }
        }
        code => PollAnswer::Fatal(answer.known(code)),
    }
}

fn by_token(answer: &Answer<'_>, document: &Document<'_>) -> PollAnswer {
    let protocol = |what| answer.error(ErrorKind::Protocol, what);
    if !matches!(answer.class(), StatusClass::Contract) {
        return by_status(answer, Some(document));
    }
    if document.names_a_token() && !document.may_succeed() {
        return PollAnswer::Fatal(protocol("the server sent a token and said that it did not succeed"));
    }
    match document.one_token() {
        Ok(Some(token)) if answer.status == 200 => PollAnswer::Approved(Granted {
            token,
            token_type: document.token_type.text().map(str::to_owned),
            expires_in: document.expires_in.token_lifetime(),
            scope: document.scope.text().map(str::to_owned),
            #[cfg(feature = "openid")]
            unchecked: None,
        }),
        Ok(Some(_)) => {
            PollAnswer::Fatal(protocol("the server sent a token with a status that does not approve"))
        }
        Ok(None) => by_status(answer, Some(document)),
        Err(()) => PollAnswer::Unreadable {
            error: protocol("the server sent a token that cannot be one"),
            retry_after: answer.retry_after,
            may_have_approved: true,
        },
    }
}

/// What says nothing that can be read: the status alone.
fn by_status(answer: &Answer<'_>, document: Option<&Document<'_>>) -> PollAnswer {
    let error = answer.codeless("the answer to a poll is not one of the contract's");
    let retry_after = answer.retry_after;
    match answer.class() {
        StatusClass::Heals(..) => PollAnswer::Fault {
            error,
            retry_after,
            may_have_approved: may_hide_an_approval(answer, document),
        },
        StatusClass::Refused(..) => PollAnswer::Codeless { error, retry_after },
        StatusClass::Contract => PollAnswer::Unreadable { error, retry_after, may_have_approved: true },
        StatusClass::Foreign(_) => PollAnswer::Fatal(error),
    }
}

/// Whether a gateway may have written this status over an approval. 425 says that the request was not processed, and the
/// contract's rate limiter stands before the handler.
fn may_hide_an_approval(answer: &Answer<'_>, document: Option<&Document<'_>>) -> bool {
    match answer.status {
        425 => false,
        429 => !document.is_some_and(Document::is_rate_limit),
        _ => true,
    }
}

use super::refusal::{Challenge, Refusal};
use super::token::{check_type, read_unchecked};
use crate::answer::{Answer, Document, ErrorCode, ErrorMember, PollAnswer, Scalar, StatusClass};
use crate::error::ErrorKind;
use crate::outcome::Granted;
use crate::secret::AccessToken;
use crate::types::is_visible_ascii;

const LACKING: &str = "the answer to a poll is not one of CIBA's";

/// Reads the answer to a poll (OpenID CIBA Core, sections 10.1 and 11): a contradiction first, then a code, on any status but a
/// redirect; then the status. `denied_may_mean_expired`: the provider has one word for both.
pub(crate) fn read_poll(
    answer: &Answer<'_>,
    challenge: Challenge,
    denied_may_mean_expired: bool,
) -> PollAnswer {
    let refusal = Refusal { answer, challenge };
    if (300..=399).contains(&answer.status) {
        return PollAnswer::Fatal(refusal.codeless(LACKING));
    }
    let Some(document) = answer.document() else { return by_status(&refusal) };
    let error = document.error_member();
    if document.access_token.given().is_some() && !matches!(error, ErrorMember::Absent) {
        let what = "the provider sent a token and an error at once";
        return PollAnswer::Unacceptable(answer.error(ErrorKind::Protocol, what));
    }
    match error {
        ErrorMember::Known(ErrorCode::AccessDenied) if denied_may_mean_expired => PollAnswer::DeniedOrOver,
        ErrorMember::Known(code) => by_code(&refusal, &document, code),
        ErrorMember::Unknown(code) => match answer.class() {
            StatusClass::Heals(..) => PollAnswer::Fault {
                error: refusal.unknown(code),
                retry_after: answer.retry_after,
                may_have_approved: may_hide_an_approval(answer),
            },
            _ => PollAnswer::Fatal(refusal.unknown(code)),
        },
        ErrorMember::Text => by_status(&refusal),
        ErrorMember::Absent => by_token(&refusal, &document),
    }
}

fn by_code(refusal: &Refusal<'_>, document: &Document<'_>, code: ErrorCode) -> PollAnswer {
    let answer = refusal.answer;
    let retry_after = answer.retry_after;
    match code {
        ErrorCode::AuthorizationPending => PollAnswer::Pending { retry_after },
        ErrorCode::SlowDown => PollAnswer::SlowDown { interval: document.interval.interval(), retry_after },
        ErrorCode::AccessDenied => PollAnswer::Denied,
        ErrorCode::ExpiredToken => PollAnswer::Over,
        ErrorCode::InvalidGrant => PollAnswer::Spent(refusal.known(code)),
        ErrorCode::TransactionFailed => PollAnswer::TransactionFailed(refusal.known(code)),
        ErrorCode::TemporarilyUnavailable => {
            PollAnswer::Fault { error: refusal.known(code), retry_after, may_have_approved: false }
        }
        ErrorCode::ServerError => {
            let error = refusal.known(code);
            match answer.class() {
                StatusClass::Heals(..) => PollAnswer::Fault { error, retry_after, may_have_approved: false },
                _ => PollAnswer::Unreadable { error, retry_after, may_have_approved: false },
            }
        }
        code => PollAnswer::Fatal(refusal.known(code)),
    }
}

/// What was granted, if anything was (RFC 6749, section 5.1).
fn by_token(refusal: &Refusal<'_>, document: &Document<'_>) -> PollAnswer {
    let answer = refusal.answer;
    let token = match document.access_token.given() {
        Some(token) if matches!(answer.class(), StatusClass::Contract) => token,
        _ => return by_status(refusal),
    };
    let unacceptable = |what| PollAnswer::Unacceptable(answer.error(ErrorKind::Protocol, what));
    if answer.status != 200 {
        return unacceptable("the provider sent a token with a status that does not approve");
    }
    let Scalar::Text(token) = token else {
        return unacceptable("the provider sent an access token that is no text");
    };
    if !is_visible_ascii(token) {
        return unacceptable("the provider sent an access token that cannot be one");
    }
    if let Err(what) = check_type(document.token_type.text()) {
        return unacceptable(what);
    }
    match read_unchecked(answer.body.unwrap_or_default()) {
        Ok(unchecked) => PollAnswer::Approved(Granted {
            token: AccessToken::new(token),
            token_type: document.token_type.text().map(str::to_owned),
            expires_in: document.expires_in.token_lifetime(),
            scope: document.scope.text().map(str::to_owned),
            unchecked: Some(Box::new(unchecked)),
        }),
        Err(what) => unacceptable(what),
    }
}

/// What says nothing that can be read: the status alone.
fn by_status(refusal: &Refusal<'_>) -> PollAnswer {
    let answer = refusal.answer;
    let error = refusal.codeless(LACKING);
    let retry_after = answer.retry_after;
    if refusal.is_of_client() {
        return PollAnswer::Fatal(error);
    }
    match answer.class() {
        StatusClass::Heals(..) => {
            PollAnswer::Fault { error, retry_after, may_have_approved: may_hide_an_approval(answer) }
        }
        StatusClass::Refused(..) => PollAnswer::Codeless { error, retry_after },
        StatusClass::Contract => PollAnswer::Unreadable { error, retry_after, may_have_approved: true },
        StatusClass::Foreign(_) => PollAnswer::Fatal(error),
    }
}

/// Whether a gateway may have written this status over an approval. 425 says that the request was not processed.
fn may_hide_an_approval(answer: &Answer<'_>) -> bool {
    answer.status != 425
}

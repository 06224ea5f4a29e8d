use std::sync::Arc;

use tokio::time::timeout_at;

use super::check_runtime;
use crate::attempts::Attempt;
use crate::client::Inner;
use crate::clock::{later, now};
use crate::error::{Error, ErrorKind};
use crate::outcome::{LockedBy, TotpOutcome};
use crate::transport::{Body, Caller, HttpCall, Lane, Turn};
use crate::types::{Email, TotpCode};
use crate::wire::{self, Answer, TotpAnswer, TotpBody};

/// Claims an attempt, sends, classifies, settles.
pub(crate) async fn verify(inner: Arc<Inner>, email: Email, code: TotpCode) -> Result<TotpOutcome, Error> {
    check_runtime()?;
    if inner.registry.is_closed() {
        return Err(Error::new(ErrorKind::Shutdown, "the client was shut down"));
    }
    let mut attempt = match inner.attempts.claim(email.key()) {
        Ok(attempt) => attempt,
        Err(retry_after) => return Ok(TotpOutcome::TooManyRetries { retry_after, by: LockedBy::Client }),
    };
    let outcome = match ask(&inner, &email, &code, &mut attempt).await {
        TotpAnswer::Verified(token) => Ok(TotpOutcome::Verified { token, remaining: attempt.right() }),
        TotpAnswer::WrongCode => Ok(TotpOutcome::InvalidCode { remaining: attempt.wrong() }),
        TotpAnswer::Locked { retry_after } => {
            attempt.refund();
            Ok(TotpOutcome::TooManyRetries { retry_after, by: LockedBy::Server })
        }
        TotpAnswer::Failed(error) => {
            if error.may_have_reached_server() {
                attempt.hold()
            } else {
                attempt.refund()
            }
            Err(error)
        }
    };
    match &outcome {
        Ok(outcome) => tracing::debug!(outcome = outcome.error_code().unwrap_or("verified"), "judged"),
        Err(error) => {
            tracing::warn!(kind = ?error.kind(), status = error.status(), "the code was not judged")
        }
    }
    outcome
}

async fn ask(inner: &Inner, email: &Email, code: &TotpCode, attempt: &mut Attempt) -> TotpAnswer {
    let until = later(now(), inner.request_timeout);
    let Ok(Turn::Mine(place)) = timeout_at(until, inner.places.queue(Caller::Totp)).await else {
        let message = "no place for another request was free in time";
        return TotpAnswer::Failed(Error::new(ErrorKind::Network, message));
    };
    attempt.sending();
    let body = TotpBody { email: email.as_str(), code: code.expose_secret() }.encode(&inner.plane);
    let call = HttpCall {
        target: &inner.targets.totp,
        body: body.into(),
        timeout: until.saturating_duration_since(now()),
        lane: Lane::Once,
        // The routes have no client authentication.
        authorization: None,
        place: &place,
    };
    let reply = match inner.transport.send(call).await {
        Ok(reply) => reply,
        Err(fault) => return TotpAnswer::Failed(fault.into_error()),
    };
    let (status, retry_after) = (reply.status, reply.retry_after);
    let read = |body| wire::read_totp(&Answer { status, retry_after, body });
    match reply.body {
        Body::Whole(bytes) => read(Some(&bytes)),
        Body::Cut(bytes, _) if wire::is_one_object(&bytes) => read(Some(&bytes)),
        Body::Cut(_, fault) => TotpAnswer::Failed(fault.into_error().with_status(status)),
        Body::TooLong | Body::Encoded => read(None),
    }
}

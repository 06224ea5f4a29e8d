use std::sync::Arc;

use tokio::time::timeout_at;
use tracing::field::Empty;

use super::{BoxFuture, check_runtime, no_place, tell_failure};
use crate::answer::{self, Answer};
use crate::attempts::{Attempt, Refusal};
use crate::authsec::TotpAnswer;
use crate::client::{Inner, RequestKind};
use crate::clock::{later, now};
use crate::error::{Error, ErrorKind};
use crate::evidence::{Evidence, Purpose, Reply};
use crate::outcome::{LockedBy, TotpOutcome, Verified};
use crate::trace::{self, CallSpan, FlowId};
use crate::transport::{Body, Caller, Departure, HttpCall, Lane, Turn};
use crate::types::{Email, TotpCode, Whom};

/// One login: in its span, with its flow's id on an error.
pub(crate) fn verify(
    inner: Arc<Inner>,
    email: Result<Email, Error>,
    code: Result<TotpCode, Error>,
) -> BoxFuture<Result<TotpOutcome, Error>> {
    let flow = FlowId::random();
    let span = tracing::info_span!(
        trace::TOTP,
        %flow,
        email = email.as_ref().ok().map(|email| display(email.masked())),
        attempts = Empty,
        remaining = Empty,
        outcome = Empty,
        error = Empty,
    );
    let span = CallSpan::new(span);
    Box::pin(async move {
        let masked = email.as_ref().ok().cloned();
        let mut sent = 0;
        let ended =
            judge(&inner, email, code, &mut sent, (flow, &span)).await.map_err(|error| error.with_flow(flow));
        span.tell(|span| {
            span.record("attempts", sent);
            match &ended {
                Ok(outcome) => {
                    span.record("remaining", outcome.remaining());
                    let by = match outcome {
                        TotpOutcome::TooManyRetries { by, .. } => Some(by.as_str()),
                        _ => None,
                    };
                    tracing::debug!(outcome = name(outcome), by, "judged");
                }
                Err(error) => {
                    tell_failure("TOTP login", flow, masked.clone().map(Whom::from).as_ref(), error);
                    span.record("error", error.kind().as_str());
                }
            }
        });
        span.ended(ended.as_ref().map_or("error", name));
        ended
    })
}

fn name(outcome: &TotpOutcome) -> &'static str {
    outcome.error_code().unwrap_or("verified")
}

/// Claims an attempt, sends, classifies, settles.
async fn judge(
    inner: &Arc<Inner>,
    email: Result<Email, Error>,
    code: Result<TotpCode, Error>,
    sent: &mut u32,
    call: (FlowId, &CallSpan),
) -> Result<TotpOutcome, Error> {
    let (email, code) = (email?, code?);
    check_runtime()?;
    if inner.registry.is_closed() {
        return Err(Error::new(ErrorKind::Shutdown, "the client was shut down"));
    }
    let mut attempt = match inner.attempts.claim(email.key()) {
        Ok(attempt) => attempt,
        Err(Refusal { retry_after, by }) => return Ok(TotpOutcome::TooManyRetries { retry_after, by }),
    };
    match ask(inner, &email, &code, &mut attempt, sent, call).await {
        TotpAnswer::Verified(token) => {
            Ok(TotpOutcome::Verified(Verified { token, remaining: attempt.right(), email }))
        }
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
    }
}

async fn ask(
    inner: &Inner,
    email: &Email,
    code: &TotpCode,
    attempt: &mut Attempt,
    sent: &mut u32,
    (flow, span): (FlowId, &CallSpan),
) -> TotpAnswer {
    let queue = inner.places.queue(Caller::Totp);
    let Ok(Turn::Mine(place)) = timeout_at(later(now(), inner.request_timeout), queue).await else {
        return TotpAnswer::Failed(no_place());
    };
    let outgoing = match inner.profile.totp(email.as_str(), code.expose_secret()) {
        Ok(outgoing) => outgoing,
        Err(error) => return TotpAnswer::Failed(error),
    };
    let departure = Departure::default();
    attempt.sending(departure.clone());
    *sent = 1;
    let headers = span.in_scope(|| inner.headers(RequestKind::Totp, flow));
    // Not all that a server knows, and may repeat, stood in this request.
    let failed = |error, reply: Option<Reply<'_>>| {
        let authorization = inner.profile.authorization();
        let evidence = Evidence {
            server: inner.profile.server(),
            purpose: Purpose::Login,
            target: outgoing.target,
            authorization: authorization.as_ref(),
            headers: headers.as_ref(),
            secrets: &[email.as_str(), code.expose_secret()],
            more_secrets: &[],
        };
        TotpAnswer::Failed(evidence.add_to(error, reply))
    };
    let call = HttpCall {
        target: outgoing.target,
        media: outgoing.media,
        body: outgoing.body,
        timeout: inner.request_timeout,
        lane: Lane::Once,
        authorization: outgoing.authorization,
        headers: headers.as_ref(),
        departure: Some(&departure),
        place: &place,
    };
    let reply = match inner.transport.send(call).await {
        Ok(reply) => reply,
        Err(fault) => return failed(fault.into_error(), None),
    };
    let (status, retry_after, head) = (reply.status, reply.retry_after, &reply.headers);
    let read = |body| match inner.profile.read_totp(&Answer { status, retry_after, body }, &email.key()) {
        TotpAnswer::Failed(error) => failed(error, Some(Reply { headers: head, body })),
        answer => answer,
    };
    match reply.body {
        Body::Whole(bytes) => read(Some(&bytes)),
        Body::Cut(bytes, _) if answer::is_one_object(&bytes) => read(Some(&bytes)),
        Body::Cut(_, fault) => {
            let error = fault.into_error().with_status(status);
            failed(error, Some(Reply { headers: head, body: None }))
        }
        Body::TooLong | Body::Encoded => read(None),
    }
}

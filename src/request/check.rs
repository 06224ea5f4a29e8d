use std::sync::Arc;

use tokio::time::timeout_at;

use super::{check_runtime, no_place};
use crate::answer::{self, Answer, Asked, ErrorCode, PollAnswer};
use crate::client::{Inner, RequestKind};
use crate::clock::{later, now};
use crate::error::{Error, ErrorKind};
use crate::evidence::{Evidence, Purpose, Reply, Server};
use crate::profile::Outgoing;
use crate::trace::FlowId;
use crate::transport::{Body, Caller, HttpCall, Lane, Turn};
use crate::types::Email;

/// An id that no server issues: AuthSec's are 44 characters of base64url.
const NO_REQUEST: &str = "authsec-ciba-configuration-check";

/// Whose approval nobody asks for.
const NOBODY: &str = "nobody@example.invalid";

/// Polls once for a request that does not exist. A server that takes this client says so with `expired_token`, on every
/// generation of routes; whatever else it says is what is wrong.
pub(crate) async fn check(inner: Arc<Inner>) -> Result<(), Error> {
    check_runtime()?;
    if inner.registry.is_closed() {
        return Err(Error::new(ErrorKind::Shutdown, "the client was shut down"));
    }
    let flow = FlowId::random();
    let result = ask(&inner, flow).await.map_err(|error| error.with_flow(flow));
    match &result {
        Ok(()) => tracing::info!(%flow, "the configuration is right as far as a poll can tell"),
        Err(error) => tracing::warn!(
            %flow,
            field = error.field(),
            kind = error.kind().as_str(),
            status = error.status(),
            code = error.code().map(ErrorCode::as_str),
            endpoint = error.endpoint(),
            server_message = error.public_server_message(),
            request_id = error.request_id(),
            retry_after = error.retry_after().map(|wait| wait.as_secs()),
            "the configuration does not work: {error}"
        ),
    }
    result
}

async fn ask(inner: &Inner, flow: FlowId) -> Result<(), Error> {
    let queue = inner.places.queue(Caller::Totp);
    let Ok(Turn::Mine(place)) = timeout_at(later(now(), inner.request_timeout), queue).await else {
        return Err(no_place());
    };
    let Outgoing { target, media, body, authorization, secrets } =
        inner.profile.poll(NO_REQUEST, None).await?;
    let headers = inner.headers(RequestKind::Check, flow);
    let evidence = Evidence {
        server: inner.profile.server(),
        purpose: Purpose::Approval,
        target,
        authorization: authorization.as_ref(),
        headers: headers.as_ref(),
        secrets: &[NO_REQUEST],
        more_secrets: &secrets,
    };
    let call = HttpCall {
        target,
        media,
        body,
        timeout: inner.request_timeout,
        lane: Lane::Once,
        authorization: authorization.clone(),
        headers: headers.as_ref(),
        departure: None,
        place: &place,
    };
    let reply = inner.transport.send(call).await;
    let reply = reply.map_err(|fault| evidence.add_to(fault.into_error(), None))?;
    inner.profile.notice(&reply.headers);
    let (status, retry_after) = (reply.status, reply.retry_after);
    let bytes = match &reply.body {
        Body::Whole(bytes) | Body::Cut(bytes, _) => Some(bytes.as_slice()),
        Body::TooLong | Body::Encoded => None,
    };
    let asked = Asked { auth_req_id: NO_REQUEST, email: &Email::new(NOBODY)?.key() };
    let answer =
        inner.profile.read_poll(&Answer { status, retry_after, body: bytes }, &reply.headers, &asked);
    let page = bytes.is_some_and(answer::is_web_page);
    let reply = Reply { headers: &reply.headers, body: bytes };
    judge(answer, status, page, evidence.server).map_err(|error| evidence.add_to(error, Some(reply)))
}

/// What the answer says of the configuration.
fn judge(answer: PollAnswer, status: u16, page: bool, server: Server) -> Result<(), Error> {
    let error = match answer {
        PollAnswer::Expired | PollAnswer::InvalidGrant(_) => return Ok(()),
        #[cfg(feature = "openid")]
        PollAnswer::Over | PollAnswer::Spent(_) => return Ok(()),
        #[cfg(feature = "openid")]
        PollAnswer::DeniedOrOver => return Err(answered_for_nobody(status)),
        #[cfg(feature = "openid")]
        PollAnswer::Unacceptable(error) => error,
        PollAnswer::Pending { .. } | PollAnswer::Denied | PollAnswer::Approved(_) => {
            return Err(answered_for_nobody(status));
        }
        PollAnswer::SlowDown { retry_after, .. } => {
            return Err(Error::new(
                ErrorKind::RateLimited,
                "the server asks to slow down: check again later",
            )
            .with_status(status)
            .with_retry_after(retry_after));
        }
        PollAnswer::Fault { error, .. }
        | PollAnswer::Unreadable { error, .. }
        | PollAnswer::Codeless { error, .. }
        | PollAnswer::TransactionFailed(error)
        | PollAnswer::Fatal(error) => error,
    };
    // In the settings of a client of any provider.
    #[cfg(feature = "openid")]
    if server == Server::Provider {
        return Err(match error.kind() {
            ErrorKind::ClientAuth => error.with_field("client_auth"),
            _ if page && status < 500 => error.with_kind(ErrorKind::Config).with_field("token_endpoint"),
            ErrorKind::Config if error.field().is_none() => error.with_field("token_endpoint"),
            _ => error,
        });
    }
    #[cfg(not(feature = "openid"))]
    let Server::AuthSec = server;
    if page && status < 500 {
        return Err(config(
            &error,
            "base_url",
            "leads to a web page, not to AuthSec's API: take the API's address, which often has a host of its own",
        ));
    }
    match (error.kind(), status) {
        (ErrorKind::ClientAuth, 401) if error.field().is_none() => Err(error.with_field("client_secret")),
        (ErrorKind::ClientAuth, 401) => Err(error),
        (ErrorKind::ClientAuth, _) => Err(error.with_field("client_id")),
        (ErrorKind::Config, _) if error.field().is_none() => Err(config(
            &error,
            "routes",
            "do not exist at this server: check base_url and its path, and which generation of routes the server has",
        )),
        _ => Err(error),
    }
}

fn config(seen: &Error, field: &'static str, why: &'static str) -> Error {
    let error = Error::config(field, why).maybe_sent(true);
    match seen.status() {
        Some(status) => error.with_status(status),
        None => error,
    }
}

fn answered_for_nobody(status: u16) -> Error {
    Error::new(
        ErrorKind::Protocol,
        "the server answered for a request that does not exist: the address does not lead to the server that is meant",
    )
    .with_status(status)
}

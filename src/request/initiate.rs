use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout_at;
use tracing::field::Empty;

use super::{BoxFuture, PendingApproval, check_runtime, no_place, tell_failure};
use crate::answer::{self, Acknowledgement, Answer};
use crate::client::{Inner, RequestKind};
use crate::clock::{Instant, later, now};
use crate::error::{Error, ErrorKind};
use crate::evidence::{Evidence, Purpose, Reply};
use crate::poll::Life;
use crate::profile::{Outgoing, Profile};
use crate::push_guard::Push;
use crate::registry::{Acknowledged, Said};
use crate::trace::{self, CallSpan, FlowId};
use crate::transport::{Body, Caller, Fault, FaultKind, HttpCall, HttpReply, Lane, RequestHeaders, Turn};
use crate::types::{BindingMessage, Email, PersonKey, Wish};

/// A connection that was provably not made is tried again so many times.
const RECONNECTS: u32 = 2;

/// The wait before the first of them; it doubles.
const RECONNECT_WAIT: Duration = Duration::from_millis(250);

/// A push to a person's phone, not yet sent: await it.
///
/// Made by [`CibaClient::initiate_app_approval`](crate::CibaClient::initiate_app_approval). `.await` takes it as it is;
/// what wants a future, as `tokio::spawn` does, takes its [`into_future`](IntoFuture::into_future):
///
/// ```no_run
/// # async fn example(client: authsec_ciba::CibaClient) -> Result<(), Box<dyn std::error::Error>> {
/// let asking = tokio::spawn(client.initiate_app_approval("user@example.com").into_future());
/// let pending = asking.await??;
/// # let _ = pending;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until it is awaited; `tokio::spawn` takes its `.into_future()`"]
pub struct InitiateApproval {
    inner: Arc<Inner>,
    email: Result<Email, Error>,
    binding_message: BindingMessage,
    scopes: Vec<String>,
    resource: Option<String>,
}

impl InitiateApproval {
    pub(crate) fn new(inner: Arc<Inner>, email: Result<Email, Error>) -> Self {
        let binding_message = BindingMessage::unspecific();
        Self { inner, email, binding_message, scopes: Vec::new(), resource: None }
    }

    /// The text that the phone shows (`binding_message`). Default: `Sign-in request`.
    pub fn binding_message(mut self, message: BindingMessage) -> Self {
        self.binding_message = message;
        self
    }

    /// The scopes to ask for. Default: none, which on most servers means `openid email profile` (`docs/wire.md`,
    /// section 2.1).
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The URI of the resource server that the token is for. The newest server needs it where the client is approved
    /// for more than one; it is sent with the polls of this approval too. The admin routes ignore it.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    #[expect(clippy::manual_async_fn, reason = "an async fn would hold the call twice")]
    fn run(
        mut self,
        flow: FlowId,
        span: CallSpan,
    ) -> impl Future<Output = Result<PendingApproval, Error>> + Send {
        async move {
            let email = self.email.as_ref().ok().cloned();
            let mut tried = 0;
            let ended = self.send(flow, &span, &mut tried).await.map_err(|error| error.with_flow(flow));
            span.tell(|span| {
                span.record("attempts", tried);
                match &ended {
                    Ok(pending) => tracing::debug!(
                        expires_in = pending.expires_in().as_secs(),
                        interval = pending.interval().as_secs(),
                        "pushed"
                    ),
                    Err(error) => {
                        tell_failure("initiate", flow, email.as_ref(), error);
                        span.record("error", error.kind().as_str());
                    }
                }
            });
            span.ended(if ended.is_ok() { "pushed" } else { "error" });
            ended
        }
    }

    /// Takes the call apart, but does not move it: a future of more than 1,032 bytes is slow to allocate.
    async fn send(
        &mut self,
        flow: FlowId,
        span: &CallSpan,
        tried: &mut u32,
    ) -> Result<PendingApproval, Error> {
        check_runtime()?;
        let email = self.email.clone()?;
        let inner = &self.inner;
        if inner.registry.is_closed() {
            return Err(Error::new(ErrorKind::Shutdown, "the client was shut down"));
        }
        let key = email.key();
        let mut push = inner.pushes.claim(key.clone())?;
        let initiating = inner.registry.initiating(key.clone());
        let wish = Wish {
            login_hint: email.as_str(),
            binding_message: self.binding_message.as_str(),
            scopes: &self.scopes,
            resource: self.resource.as_deref(),
        };
        let headers = || span.in_scope(|| inner.headers(RequestKind::Initiate, flow));
        match send(inner, &wish, &key, &mut push, tried, headers).await {
            Ok((ack, sent)) => {
                let at = now();
                let life = Life::new(sent, at, ack.expires_in);
                let resource = self.resource.as_deref().map(Into::into);
                let said = Said { email: Some(email.clone()), resource };
                let (id, interval) = (ack.auth_req_id.clone(), ack.interval);
                initiating.acknowledged(Acknowledged { id, interval, life, flow, said, at });
                let (message, resource) = (self.binding_message.clone(), self.resource.take());
                Ok(PendingApproval::new(Arc::clone(inner), email, ack, message, resource, life, flow))
            }
            Err(error) => {
                if !error.may_have_reached_server() {
                    push.not_sent();
                }
                Err(error)
            }
        }
    }
}

/// Sends once. Only a connection that was provably not made is tried again: any other repeat would be a second push.
async fn send(
    inner: &Inner,
    wish: &Wish<'_>,
    key: &PersonKey,
    push: &mut Push<'_>,
    tried: &mut u32,
    headers: impl Fn() -> Option<RequestHeaders>,
) -> Result<(Acknowledgement, Instant), Error> {
    let queue = inner.places.queue(Caller::Initiate);
    let Ok(Turn::Mine(place)) = timeout_at(later(now(), inner.initiate_timeout), queue).await else {
        return Err(no_place());
    };
    // From here: what it waited for its place would be taken from the time that the server needs for a push.
    let until = later(now(), inner.initiate_timeout);
    loop {
        let Outgoing { target, media, body, authorization } = inner.profile.start(wish).await;
        let headers = headers();
        let evidence = Evidence {
            purpose: Purpose::Push,
            target,
            authorization: authorization.as_ref(),
            headers: headers.as_ref(),
            secrets: &[wish.login_hint],
        };
        let call = HttpCall {
            target,
            media,
            body,
            timeout: until.saturating_duration_since(now()),
            lane: Lane::Once,
            authorization: authorization.clone(),
            headers: headers.as_ref(),
            place: &place,
        };
        *tried = tried.saturating_add(1);
        push.sending();
        let sent = now();
        let fault = match inner.transport.send(call).await {
            Ok(reply) => return read(reply, &inner.profile, &evidence, key).map(|ack| (ack, sent)),
            Err(fault) => fault,
        };
        let again = matches!(fault.kind, FaultKind::NotConnected | FaultKind::NameMissing);
        if !again || *tried > RECONNECTS {
            let error = pushed_perhaps(fault).with_attempts(*tried);
            return Err(evidence.add_to(error, None));
        }
        drop(fault);
        push.not_sent();
        tokio::time::sleep(RECONNECT_WAIT.saturating_mul(*tried)).await;
    }
}

fn read(
    reply: HttpReply,
    profile: &Profile,
    evidence: &Evidence<'_>,
    key: &PersonKey,
) -> Result<Acknowledgement, Error> {
    profile.notice(&reply.headers);
    let (status, retry_after, head) = (reply.status, reply.retry_after, &reply.headers);
    let read = |body| {
        profile
            .read_start(&Answer { status, retry_after, body }, key)
            .map_err(|error| evidence.add_to(error, Some(Reply { headers: head, body })))
    };
    match reply.body {
        Body::Whole(bytes) => read(Some(&bytes)),
        Body::Cut(bytes, _) if answer::is_one_object(&bytes) => read(Some(&bytes)),
        Body::Cut(_, fault) => {
            let error = pushed_perhaps(fault).with_status(status);
            Err(evidence.add_to(error, Some(Reply { headers: head, body: None })))
        }
        Body::TooLong | Body::Encoded => read(None),
    }
}

fn pushed_perhaps(fault: Fault) -> Error {
    if fault.maybe_sent() {
        let (kind, message) = match fault.kind {
            // Something did answer, and asking again would not change what it is.
            FaultKind::Garbled => (ErrorKind::Protocol, "the answer is not HTTP: a push may be on the phone"),
            FaultKind::TimedOut => (
                ErrorKind::Network,
                "no answer to the request came within initiate_timeout: a push may be on the phone",
            ),
            _ => (ErrorKind::Network, "no answer to the request came: a push may be on the phone"),
        };
        Error::new(kind, message).maybe_sent(true).with_source(fault)
    } else {
        fault.into_error()
    }
}

impl IntoFuture for InitiateApproval {
    type Output = Result<PendingApproval, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    /// Sends the request and waits for the acknowledgement; that the server sends the push inside this call makes it
    /// slow (`docs/wire.md`, section 3.8).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] for a bad email, [`ErrorKind::TooManyPushes`] and [`ErrorKind::Shutdown`]: nothing was
    /// sent. [`ErrorKind::NoDeviceRegistered`], [`ErrorKind::UserNotFound`], [`ErrorKind::ClientAuth`],
    /// [`ErrorKind::Refused`]: the server said no, and sent no push. Every other kind: see
    /// [`Error::may_have_reached_server`].
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, the push may have been sent and may be approved, but nobody knows its
    /// `auth_req_id`: it simply expires, and counts against the push guard. Dropped while it still waits for a place among
    /// the requests under way, nothing was sent, and it does not count.
    fn into_future(self) -> Self::IntoFuture {
        let flow = FlowId::random();
        let span = tracing::info_span!(
            trace::INITIATE,
            %flow,
            email = self.email.as_ref().ok().map(|email| display(email.masked())),
            attempts = Empty,
            outcome = Empty,
            error = Empty,
        );
        Box::pin(self.run(flow, CallSpan::new(span)))
    }
}

impl fmt::Debug for InitiateApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitiateApproval")
            .field("email", &self.email.as_ref().ok())
            .field("binding_message", &self.binding_message)
            .field("scopes", &self.scopes)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

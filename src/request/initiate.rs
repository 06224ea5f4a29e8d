use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout_at;
use tracing::field::Empty;

use super::pending::Asked;
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
use crate::transport::{
    Body, Caller, Departure, Fault, FaultKind, HttpCall, HttpReply, Lane, RequestHeaders, Turn,
};
use crate::types::{BindingMessage, Email, PersonKey, Whom, Wish};
#[cfg(feature = "openid")]
use crate::{
    openid::{Hint, Wishes},
    profile::Prepared,
    secret::ClientSecret,
};

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
    whom: Result<Whom, Error>,
    binding_message: Option<BindingMessage>,
    scopes: Vec<String>,
    resource: Option<String>,
    /// What is asked of an OpenID provider.
    #[cfg(feature = "openid")]
    openid: Option<Box<AskedOfOpenId>>,
}

/// A hint, and what no server of AuthSec's takes.
#[cfg(feature = "openid")]
struct AskedOfOpenId {
    hint: Hint,
    wishes: Wishes,
}

impl InitiateApproval {
    pub(crate) fn new(inner: Arc<Inner>, email: &str) -> Self {
        #[cfg(feature = "openid")]
        if matches!(inner.profile, Profile::OpenId(_)) {
            return Self::hinted(inner, Hint::login(email));
        }
        Self::of(inner, Email::new(email).map(Whom::from))
    }

    fn of(inner: Arc<Inner>, whom: Result<Whom, Error>) -> Self {
        Self {
            inner,
            whom,
            binding_message: None,
            scopes: Vec::new(),
            resource: None,
            #[cfg(feature = "openid")]
            openid: None,
        }
    }

    #[cfg(feature = "openid")]
    pub(crate) fn hinted(inner: Arc<Inner>, hint: Hint) -> Self {
        let Profile::OpenId(provider) = &inner.profile else {
            return Self::of(inner, hint.as_email().map(Whom::from));
        };
        let whom = provider.name(&hint);
        let openid = Some(Box::new(AskedOfOpenId { hint, wishes: Wishes::default() }));
        Self { openid, ..Self::of(inner, whom) }
    }

    /// The text that the phone shows (`binding_message`). Default: at AuthSec `Sign-in request`, at an OpenID provider none.
    pub fn binding_message(mut self, message: BindingMessage) -> Self {
        self.binding_message = Some(message);
        self
    }

    /// The scopes to ask for. Default: none, which on most servers means `openid email profile` (`docs/wire.md`,
    /// section 2.1). At an OpenID provider `openid` is added where it is missing, unless it has no ID Tokens.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The URI of the resource server that the token is for. The newest server needs it where the client is approved
    /// for more than one; it is sent with the polls of this approval too. The admin routes ignore it.
    ///
    /// At an OpenID provider it is an absolute URI without a fragment (RFC 8707), and may be called several times; at AuthSec
    /// the last counts.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        let resource = resource.into();
        #[cfg(feature = "openid")]
        if let Some(openid) = &mut self.openid {
            openid.wishes.resources.push(resource);
            return self;
        }
        self.resource = Some(resource);
        self
    }

    fn whom_to_ask(&self) -> Result<Whom, Error> {
        self.whom.clone()
    }

    #[expect(clippy::manual_async_fn, reason = "an async fn would hold the call twice")]
    fn run(
        mut self,
        flow: FlowId,
        span: CallSpan,
    ) -> impl Future<Output = Result<PendingApproval, Error>> + Send {
        async move {
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
                        tell_failure("initiate", flow, self.whom.as_ref().ok(), error);
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
        let whom = self.whom_to_ask()?;
        if self.inner.registry.is_closed() {
            return Err(Error::new(ErrorKind::Shutdown, "the client was shut down"));
        }
        #[cfg(feature = "openid")]
        let prepared = self.prepare()?;
        let inner = &self.inner;
        let mut push = inner.pushes.claim(whom.key.clone())?;
        let initiating = inner.registry.initiating(whom.key.clone());
        let unspecific = BindingMessage::unspecific();
        let wish = Wish {
            login_hint: whom.email.as_ref().map_or("", Email::as_str),
            binding_message: self.binding_message.as_ref().unwrap_or(&unspecific).as_str(),
            scopes: &self.scopes,
            resource: self.resource.as_deref(),
            #[cfg(feature = "openid")]
            form: prepared.as_ref().map(|prepared| &prepared.form),
        };
        let headers = || span.in_scope(|| inner.headers(RequestKind::Initiate, flow));
        match send(inner, &wish, &whom.key, &mut push, tried, headers).await {
            Ok((ack, sent)) => {
                let at = now();
                let life = Life::new(sent, at, ack.expires_in);
                #[cfg(not(feature = "openid"))]
                let (resource, started) = (self.resource.take(), None);
                #[cfg(feature = "openid")]
                let (resource, started) = match prepared {
                    Some(prepared) => prepared.started(at.saturating_duration_since(sent)),
                    None => (self.resource.take(), None),
                };
                let is_openid = started.is_some();
                let said = Said {
                    email: whom.email.clone(),
                    resource: resource.as_deref().map(Into::into),
                    started: started.clone(),
                };
                let (id, interval) = (ack.auth_req_id.clone(), ack.interval);
                initiating.acknowledged(Acknowledged { id, interval, life, flow, said, at });
                let binding_message = match self.binding_message.take() {
                    None if !is_openid => Some(unspecific),
                    message => message,
                };
                let asked = Asked { whom, binding_message, resource, started, life, flow };
                Ok(PendingApproval::new(Arc::clone(inner), ack, asked))
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

/// What OpenID providers take, and AuthSec's routes do not: set there, the call is refused before anything is sent.
#[cfg(feature = "openid")]
impl InitiateApproval {
    /// For whom the token is, in the provider's own words (`audience`).
    pub fn audience(self, audience: impl Into<String>) -> Self {
        let audience = audience.into();
        self.wish("audience", |wishes| wishes.audience = Some(audience))
    }

    /// How the person should be authenticated (`acr_values`), the best first. The provider may do otherwise;
    /// [`OpenId::require_acr`](crate::OpenId::require_acr) then refuses the approval.
    pub fn acr_values<S: Into<String>>(self, values: impl IntoIterator<Item = S>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        self.wish("acr_values", |wishes| wishes.acr_values = values)
    }

    /// How long the request should live (`requested_expiry`), in whole seconds. What counts is what the provider answers:
    /// [`PendingApproval::expires_in`].
    pub fn requested_expiry(self, expiry: Duration) -> Self {
        self.wish("requested_expiry", |wishes| wishes.requested_expiry = Some(expiry))
    }

    /// The code that only the person and their provider know (`user_code`), where the provider takes one. It is a secret: wiped,
    /// never shown.
    pub fn user_code(self, code: impl Into<String>) -> Self {
        let code = ClientSecret::new(code.into());
        self.wish("user_code", |wishes| wishes.user_code = Some(code))
    }

    /// What is to be allowed in detail (RFC 9396): a JSON array of objects, each with a text `type`.
    pub fn authorization_details(self, json: impl Into<String>) -> Self {
        let json = json.into();
        self.wish("authorization_details", |wishes| wishes.authorization_details = Some(json))
    }

    /// Any other parameter, for what a provider has of its own. Its value is treated as a secret. Those that this crate sets
    /// itself, and one that is set twice, are refused.
    pub fn parameter(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let parameter = (name.into(), ClientSecret::new(value.into()));
        self.wish("parameter", |wishes| wishes.parameters.push(parameter))
    }

    fn wish(mut self, field: &'static str, set: impl FnOnce(&mut Wishes)) -> Self {
        match &mut self.openid {
            Some(openid) => set(&mut openid.wishes),
            None if self.whom.is_ok() => {
                self.whom = Err(Error::input(field, "is nothing that AuthSec's own routes take"));
            }
            None => {}
        }
        self
    }

    /// Checks it all, before anything is sent.
    fn prepare(&mut self) -> Result<Option<Box<Prepared>>, Error> {
        let (Some(openid), Profile::OpenId(provider)) = (&mut self.openid, &self.inner.profile) else {
            return Ok(None);
        };
        openid.wishes.scopes = std::mem::take(&mut self.scopes);
        openid.wishes.binding_message =
            self.binding_message.as_ref().map(|message| message.as_str().to_owned());
        let prepared = provider.prepare(&openid.hint, &openid.wishes)?;
        if let Some(keys) = provider.keys_to_refresh() {
            // So they are there when the person approves.
            drop(self.inner.tasks.spawn(async move { keys.refresh().await }));
        }
        // Boxed, so that a call of AuthSec's need not hold the room for it.
        Ok(Some(Box::new(prepared)))
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
    let departure = Departure::default();
    loop {
        let Outgoing { target, media, body, authorization, secrets } = inner.profile.start(wish).await?;
        let headers = headers();
        let evidence = Evidence {
            server: inner.profile.server(),
            purpose: Purpose::Push,
            target,
            authorization: authorization.as_ref(),
            headers: headers.as_ref(),
            secrets: std::slice::from_ref(&wish.login_hint),
            more_secrets: &secrets,
        };
        let call = HttpCall {
            target,
            media,
            body,
            timeout: until.saturating_duration_since(now()),
            lane: Lane::Once,
            authorization: authorization.clone(),
            headers: headers.as_ref(),
            departure: Some(&departure),
            place: &place,
        };
        *tried = tried.saturating_add(1);
        push.sending(&departure);
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
            .read_start(&Answer { status, retry_after, body }, head, key)
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
    /// the requests under way, or while its connection is made, nothing was sent, and it does not count.
    fn into_future(self) -> Self::IntoFuture {
        let flow = FlowId::random();
        let span = tracing::info_span!(
            trace::INITIATE,
            %flow,
            email = self.whom.as_ref().ok().map(|whom| display(whom.masked())),
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
            .field("email", &self.whom.as_ref().ok())
            .field("binding_message", &self.binding_message)
            .field("scopes", &self.scopes)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

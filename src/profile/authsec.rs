use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "openid")]
use zeroize::Zeroizing;

use super::Outgoing;
#[cfg(feature = "openid")]
use super::credential::credential;
use crate::answer::{Acknowledgement, Answer, Asked, PollAnswer};
use crate::authsec::{
    ApiRoutes, Plane, PollBody, TotpBody, off_the_routes, read_initiate, read_poll, write_initiate,
    write_poll_form, write_start_form,
};
use crate::error::Error;
#[cfg(feature = "ticket")]
use crate::seal::Audience;
use crate::sync::{Mutex, lock};
use crate::transport::{Authorization, Media, ReplyHeaders, Target};
use crate::types::{PersonKey, Wish};
#[cfg(feature = "openid")]
use crate::{
    error::ErrorKind,
    form::Form,
    jose::{Alg, SigningKey},
    openid::{AssertionAudience, Authenticator, ClientAuth, Identity},
};

/// By what a client's assertions may be signed (`docs/wire.md`, section 4).
#[cfg(feature = "openid")]
const ALGS: [Alg; 9] = [
    Alg::RS256,
    Alg::RS384,
    Alg::RS512,
    Alg::PS256,
    Alg::PS384,
    Alg::PS512,
    Alg::ES256,
    Alg::ES384,
    Alg::ES512,
];

/// AuthSec: its generations of routes, and on whose behalf requests are made.
pub(crate) struct AuthSec {
    routes: ApiRoutes,
    pub(crate) plane: Plane,
    pub(crate) targets: Targets,
    /// It can be changed while polls run.
    authorization: Mutex<Option<Authorization>>,
    /// In the place of a secret, at the routes of the standard.
    #[cfg(feature = "openid")]
    asserting: Option<Authenticator>,
    /// Whether it was said that the routes have an end.
    knows_the_end: AtomicBool,
}

/// The three addresses, parsed once.
#[derive(Debug)]
pub(crate) struct Targets {
    pub(crate) initiate: Target,
    pub(crate) poll: Target,
    pub(crate) totp: Target,
}

impl AuthSec {
    pub(crate) fn new(
        routes: ApiRoutes,
        plane: Plane,
        targets: Targets,
        authorization: Option<Authorization>,
    ) -> Self {
        let authorization = Mutex::new(authorization);
        Self {
            routes,
            plane,
            targets,
            authorization,
            #[cfg(feature = "openid")]
            asserting: None,
            knows_the_end: AtomicBool::new(false),
        }
    }

    /// The client proves who it is by assertions: each is for the token endpoint, wherever it goes.
    #[cfg(feature = "openid")]
    pub(crate) fn asserting(self, client_id: &str, auth: ClientAuth) -> Result<Self, Error> {
        auth.private_key_alg().map_or(Ok(()), takes)?;
        let token = &self.targets.poll.url;
        let identity = Identity {
            client_id,
            issuer: token.as_str(),
            token_endpoint: token,
            audience: AssertionAudience::TokenEndpoint,
            id_in_form: true,
        };
        let asserting = Some(Authenticator::new(identity, auth, None)?);
        Ok(Self { asserting, ..self })
    }

    pub(super) fn start(&self, wish: &Wish<'_>) -> Outgoing<'_> {
        let (media, body) = match self.routes {
            ApiRoutes::OAuth => (Media::Form, write_start_form(wish)),
            _ => (Media::Json, write_initiate(wish, &self.plane)),
        };
        Outgoing {
            target: &self.targets.initiate,
            media,
            body: body.into(),
            authorization: self.authorization(),
            secrets: Box::default(),
        }
    }

    pub(super) fn read_start(
        &self,
        answer: &Answer<'_>,
        person: &PersonKey,
    ) -> Result<Acknowledgement, Error> {
        read_initiate(answer, person).map_err(|error| self.at_these_routes(error))
    }

    pub(super) fn poll(&self, auth_req_id: &str, resource: Option<&str>) -> Outgoing<'_> {
        let (media, body) = match self.routes {
            ApiRoutes::OAuth => (Media::Form, write_poll_form(auth_req_id, resource)),
            _ => (Media::Json, PollBody::new(auth_req_id, resource, &self.plane).encode()),
        };
        Outgoing {
            target: &self.targets.poll,
            media,
            body: body.into(),
            authorization: self.authorization(),
            secrets: Box::default(),
        }
    }

    /// The request, with an assertion in it where the client proves who it is by one.
    #[cfg(feature = "openid")]
    pub(super) async fn asserted<'a>(&self, outgoing: Outgoing<'a>) -> Result<Outgoing<'a>, Error> {
        let Some(asserting) = &self.asserting else { return Ok(outgoing) };
        let credential = credential(asserting, outgoing.target).await?;
        let secrets = credential.secrets().collect();
        let fields = Form::encode_all(&[&credential]);
        let body = Zeroizing::new([outgoing.body.as_slice(), b"&", fields.as_slice()].concat());
        Ok(Outgoing { body, authorization: None, secrets, ..outgoing })
    }

    pub(super) fn read_poll(&self, answer: &Answer<'_>, asked: &Asked<'_>) -> PollAnswer {
        match read_poll(answer, asked) {
            PollAnswer::Fatal(error) => PollAnswer::Fatal(self.at_these_routes(error)),
            said => said,
        }
    }

    /// The routes have no client authentication.
    pub(super) fn totp(&self, email: &str, code: &str) -> Outgoing<'_> {
        let body = TotpBody { email, code }.encode(self.routes, &self.plane);
        Outgoing {
            target: &self.targets.totp,
            media: Media::Json,
            body: body.into(),
            authorization: None,
            secrets: Box::default(),
        }
    }

    /// Not the generation of routes: a server that is renewed keeps its ids.
    #[cfg(feature = "ticket")]
    pub(super) fn audience(&self) -> Audience {
        let origin = self.targets.poll.url.origin().ascii_serialization();
        let (client, workspace) = match &self.plane {
            Plane::Client { client_id, workspace_id } => (client_id.as_str(), workspace_id),
            Plane::Admin { workspace_id } => ("", workspace_id),
        };
        let workspace = workspace.as_deref().unwrap_or_default();
        Audience::new(&["authsec", &origin, self.plane.name(), client, workspace])
    }

    pub(super) fn authorization(&self) -> Option<Authorization> {
        lock(&self.authorization).clone()
    }

    /// Whether the client proves who it is by assertions, and not by a secret.
    #[cfg(feature = "openid")]
    pub(crate) fn asserts(&self) -> bool {
        self.asserting.is_some()
    }

    #[cfg(feature = "openid")]
    pub(crate) fn set_key(&self, key: SigningKey) -> Result<(), Error> {
        let Some(asserting) = &self.asserting else {
            return Err(Error::config("signing_key", "is nothing that this client authenticates with"));
        };
        takes(key.algorithm())?;
        asserting.set_key(key)
    }

    /// Gives back the one before, to be dropped under no lock.
    pub(crate) fn set_authorization(&self, authorization: Option<Authorization>) -> Option<Authorization> {
        std::mem::replace(&mut *lock(&self.authorization), authorization)
    }

    /// Says once that the routes have an end.
    pub(super) fn notice(&self, headers: &ReplyHeaders) {
        if self.knows_the_end.load(Ordering::Relaxed) || !headers.is_deprecated() {
            return;
        }
        if !self.knows_the_end.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                sunset = headers.sunset().map(|day| display(httpdate::HttpDate::from(day))),
                "these routes of AuthSec have an end: ApiRoutes::OAuth are their successor"
            );
        }
    }

    fn at_these_routes(&self, error: Error) -> Error {
        #[cfg(feature = "openid")]
        if self.asserts() && (error.kind(), error.status()) == (ErrorKind::ClientAuth, Some(401)) {
            return error.with_field("client_auth").with_message(
                "the server does not accept the client's assertion: check client_id, what is registered for it, that base_url is \
                 the issuer, and the clock",
            );
        }
        match self.routes {
            ApiRoutes::OAuth => off_the_routes(error),
            _ => error,
        }
    }
}

/// Whether AuthSec takes assertions that are signed so.
#[cfg(feature = "openid")]
fn takes(alg: Alg) -> Result<(), Error> {
    if ALGS.contains(&alg) {
        return Ok(());
    }
    Err(Error::config(
        "signing_key",
        format_args!("signs with {alg}, which AuthSec does not take: it takes RS, PS and ES 256 to 512"),
    ))
}

use std::sync::atomic::{AtomicBool, Ordering};

use super::Outgoing;
use crate::answer::{Acknowledgement, Answer, Asked, PollAnswer};
use crate::authsec::{
    ApiRoutes, Plane, PollBody, TotpBody, off_the_routes, read_initiate, read_poll, write_initiate,
    write_poll_form, write_start_form,
};
use crate::error::Error;
use crate::sync::{Mutex, lock};
use crate::transport::{Authorization, Media, ReplyHeaders, Target};
use crate::types::{PersonKey, Wish};

/// AuthSec: its generations of routes, and on whose behalf requests are made.
pub(crate) struct AuthSec {
    routes: ApiRoutes,
    pub(crate) plane: Plane,
    pub(crate) targets: Targets,
    /// It can be changed while polls run.
    authorization: Mutex<Option<Authorization>>,
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
        Self { routes, plane, targets, authorization, knows_the_end: AtomicBool::new(false) }
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

    pub(super) fn authorization(&self) -> Option<Authorization> {
        lock(&self.authorization).clone()
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
        match self.routes {
            ApiRoutes::OAuth => off_the_routes(error),
            _ => error,
        }
    }
}

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;
use crate::secret::ClientSecret;
use crate::trace::FlowId;
use crate::transport::{HeaderRefusal, RequestHeaders};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// A push is asked for.
    Initiate,
    /// An approval is polled for.
    Poll,
    /// A TOTP code is verified.
    Totp,
    /// The configuration is checked.
    Check,
}

/// A request that is about to be sent, as [`headers_with`](crate::CibaClientBuilder::headers_with) is told of it.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingRequest {
    kind: RequestKind,
    flow: FlowId,
}

impl OutgoingRequest {
    pub(crate) fn new(kind: RequestKind, flow: FlowId) -> Self {
        Self { kind, flow }
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    /// The flow that it belongs to: that of the approval's `PendingApproval::flow_id`, or of the error that comes of the
    /// request.
    #[must_use]
    pub fn flow_id(&self) -> FlowId {
        self.flow
    }
}

/// Names and values that a caller adds to a request.
pub(crate) type HeaderFunction = dyn Fn(&OutgoingRequest) -> Vec<(String, String)> + Send + Sync;

/// The headers that a caller adds to the requests of a client.
pub(crate) struct Headers {
    same: RequestHeaders,
    function: Option<Box<HeaderFunction>>,
    /// Whether it was told that something of the function's is left out.
    warned: AtomicBool,
}

impl Headers {
    /// `None` where the caller adds none.
    pub(super) fn new(
        same: &[(String, ClientSecret)],
        function: Option<Box<HeaderFunction>>,
    ) -> Result<Option<Self>, Error> {
        let mut headers = RequestHeaders::default();
        for (name, value) in same {
            headers.set(name, value.expose_secret()).map_err(|refusal| refused(&refusal))?;
        }
        let is_set = !same.is_empty() || function.is_some();
        Ok(is_set.then(|| Self { same: headers, function, warned: AtomicBool::new(false) }))
    }

    /// Those of one request.
    pub(crate) fn of(&self, request: OutgoingRequest) -> RequestHeaders {
        let mut headers = self.same.clone();
        let Some(function) = &self.function else { return headers };
        let Ok(added) = catch_unwind(AssertUnwindSafe(|| function(&request))) else {
            self.warn(request.flow, &"the function panicked");
            return headers;
        };
        for (name, value) in added {
            let value = ClientSecret::new(value);
            if let Err(refusal) = headers.set(&name, value.expose_secret()) {
                self.warn(request.flow, &refused(&refusal));
            }
        }
        headers
    }

    fn warn(&self, flow: FlowId, why: &dyn fmt::Display) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(%flow, "headers_with: left out, and not told again: {why}");
        }
    }
}

fn refused(refusal: &HeaderRefusal) -> Error {
    match refusal {
        HeaderRefusal::Own(name) => {
            Error::config("header", format_args!("{name} is one that this crate sets, and cannot be added"))
        }
        HeaderRefusal::Name => Error::config("header", "has a name that cannot be sent"),
        HeaderRefusal::Value(name) => {
            Error::config("header", format_args!("{name} has a value that cannot be sent"))
        }
    }
}

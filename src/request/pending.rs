use std::fmt;
use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "ticket")]
use std::time::SystemTime;

use super::PollForApproval;
use crate::answer::Acknowledgement;
use crate::client::Inner;
#[cfg(feature = "ticket")]
use crate::clock::now;
#[cfg(feature = "ticket")]
use crate::error::Error;
use crate::poll::Life;
#[cfg(feature = "ticket")]
use crate::seal::Carried;
use crate::trace::FlowId;
#[cfg(feature = "ticket")]
use crate::types::ApprovalTicket;
use crate::types::{AuthReqId, BindingMessage, Email, PersonKey, Started, Whom};

/// A request that is on its way to a phone: the answer of `initiate_app_approval` in the API reference.
///
/// The server's word is no proof that the push arrived: it acknowledges also where the push failed (`docs/wire.md`,
/// section 2.1).
#[derive(Clone)]
pub struct PendingApproval {
    inner: Arc<Inner>,
    whom: Whom,
    ack: Arc<Acknowledgement>,
    binding_message: Option<BindingMessage>,
    resource: Option<String>,
    started: Option<Started>,
    life: Life,
    flow: FlowId,
}

/// What a start was, beside its acknowledgement.
pub(super) struct Asked {
    pub(super) whom: Whom,
    pub(super) binding_message: Option<BindingMessage>,
    pub(super) resource: Option<String>,
    pub(super) started: Option<Started>,
    pub(super) life: Life,
    pub(super) flow: FlowId,
}

impl PendingApproval {
    pub(super) fn new(inner: Arc<Inner>, ack: Acknowledgement, asked: Asked) -> Self {
        let Asked { whom, binding_message, resource, started, life, flow } = asked;
        Self { inner, whom, ack: Arc::new(ack), binding_message, resource, started, life, flow }
    }

    /// The id to poll with.
    #[must_use]
    pub fn auth_req_id(&self) -> &AuthReqId {
        &self.ack.auth_req_id
    }

    /// How long the request lives in all, counted from the acknowledgement, in whole seconds; 300 s where AuthSec did
    /// not say (an OpenID provider always does), seven days at most. It does not count down. What ends a poll first, this or its own timeout:
    /// [`PollForApproval::timeout`].
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.ack.expires_in
    }

    /// How long to wait between polls, in whole seconds; 5 s where the server did not say, and no longer than the
    /// request lives.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.ack.interval
    }

    /// Whom the request went to, where they were named by an address; at AuthSec they always are.
    #[must_use]
    pub fn email(&self) -> Option<&Email> {
        self.whom.email.as_ref()
    }

    /// Whom the request went to, as this client counts them: for [`CibaClient::cancel`](crate::CibaClient::cancel), and for the
    /// maps of the program.
    #[must_use]
    pub fn person(&self) -> &PersonKey {
        &self.whom.key
    }

    /// The text that the phone shows; `None` where none was sent to an OpenID provider.
    #[must_use]
    pub fn binding_message(&self) -> Option<&BindingMessage> {
        self.binding_message.as_ref()
    }

    /// The id that the log shows for this approval.
    #[must_use]
    pub fn flow_id(&self) -> FlowId {
        self.flow
    }

    /// Waits for the person: [`poll_for_approval`](crate::CibaClient::poll_for_approval) without naming anything again.
    /// After a `Timeout` it can wait again, as long as the request lives.
    /// Its [`timeout`](PollForApproval::timeout) begins when it is awaited, the request's life has begun before.
    pub fn wait(&self) -> PollForApproval {
        let poll = PollForApproval::new(
            Arc::clone(&self.inner),
            Ok(self.whom.clone()),
            self.ack.auth_req_id.clone(),
        )
        .initiated(self.life, self.flow, self.started.clone());
        match &self.resource {
            Some(resource) => poll.resource(resource.clone()),
            None => poll,
        }
    }
}

#[cfg(feature = "ticket")]
impl PendingApproval {
    /// The request as a text, for another process, or for this one after a restart:
    /// [`CibaClient::resume`](crate::CibaClient::resume) goes on with it there. It may be made as often as one likes, and each
    /// one does the same.
    ///
    /// It carries the id, whom it is for, the interval, how long the request still lives, the resource, the
    /// [flow](Self::flow_id) and, of an OpenID provider's request, what its ID Token will be checked by. It is sealed
    /// (XChaCha20-Poly1305) with the client's [`sealing_key`](crate::CibaClientBuilder::sealing_key), for this server and this
    /// `client_id` alone. What it does not carry is listed in [the guide](crate::guide::replicas).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with field `sealing_key` where the client has none,
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) with field `ticket` where it would be longer than 64 KiB (a `resource` or
    /// scopes of that length), [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) when the system has no randomness to give.
    pub fn ticket(&self) -> Result<ApprovalTicket, Error> {
        let sealer = self.inner.sealer()?;
        let left = self.life.end().saturating_duration_since(now());
        let wall = SystemTime::now();
        sealer.seal_ticket(&Carried {
            whom: self.whom.clone(),
            id: self.ack.auth_req_id.clone(),
            flow: self.flow,
            interval: self.ack.interval,
            expires_in: self.ack.expires_in,
            push: self.life.push().duration().unwrap_or_default(),
            ends_at: wall.checked_add(left).unwrap_or(wall),
            resource: self.resource.as_deref().map(Box::from),
            started: self.started.clone(),
        })
    }
}

impl fmt::Debug for PendingApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingApproval")
            .field("email", &self.whom)
            .field("auth_req_id", self.auth_req_id())
            .field("expires_in", &self.expires_in())
            .field("interval", &self.interval())
            .field("flow_id", &self.flow)
            .finish_non_exhaustive()
    }
}

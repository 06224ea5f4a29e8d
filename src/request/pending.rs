use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::PollForApproval;
use crate::answer::Acknowledgement;
use crate::client::Inner;
use crate::poll::Life;
use crate::trace::FlowId;
use crate::types::{AuthReqId, BindingMessage, Email};

/// A request that is on its way to a phone: the answer of `initiate_app_approval` in the API reference.
///
/// The server's word is no proof that the push arrived: it acknowledges also where the push failed (`docs/wire.md`,
/// section 2.1).
#[derive(Clone)]
pub struct PendingApproval {
    inner: Arc<Inner>,
    email: Email,
    ack: Arc<Acknowledgement>,
    binding_message: BindingMessage,
    resource: Option<String>,
    life: Life,
    flow: FlowId,
}

impl PendingApproval {
    pub(crate) fn new(
        inner: Arc<Inner>,
        email: Email,
        ack: Acknowledgement,
        binding_message: BindingMessage,
        resource: Option<String>,
        life: Life,
        flow: FlowId,
    ) -> Self {
        Self { inner, email, ack: Arc::new(ack), binding_message, resource, life, flow }
    }

    /// The id to poll with.
    #[must_use]
    pub fn auth_req_id(&self) -> &AuthReqId {
        &self.ack.auth_req_id
    }

    /// How long the request lives in all, counted from the acknowledgement, in whole seconds; 300 s where the server did
    /// not say, seven days at most. It does not count down. What ends a poll first, this or its own timeout:
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

    /// Whom the request went to.
    #[must_use]
    pub fn email(&self) -> &Email {
        &self.email
    }

    /// The text that the phone shows.
    #[must_use]
    pub fn binding_message(&self) -> &BindingMessage {
        &self.binding_message
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
            Ok(self.email.clone()),
            self.ack.auth_req_id.clone(),
        )
        .initiated(self.life, self.flow);
        match &self.resource {
            Some(resource) => poll.resource(resource.clone()),
            None => poll,
        }
    }
}

impl fmt::Debug for PendingApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingApproval")
            .field("email", &self.email)
            .field("auth_req_id", self.auth_req_id())
            .field("expires_in", &self.expires_in())
            .field("interval", &self.interval())
            .field("flow_id", &self.flow)
            .finish_non_exhaustive()
    }
}

use std::fmt;
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tracing::Instrument as _;

use super::{BoxFuture, check_runtime};
use crate::client::Inner;
use crate::clock::{Instant, later, now};
use crate::error::Error;
use crate::outcome::{ApprovalOutcome, PollStatus};
use crate::poll::driver::{self, Asked};
use crate::poll::watch::{Watch, hand_out};
use crate::poll::{ApprovalTask, Deadline, LONGEST_WAIT, Plan, PollPolicy, Schedule, until};
use crate::registry::Look;
use crate::trace::MaskedEmail;
use crate::types::{AuthReqId, Email};

/// A wait for a person's answer, not yet begun: `.await` it, [`spawn`](Self::spawn) it, or look [`once`](Self::once).
///
/// Made by [`CibaClient::poll_for_approval`](crate::CibaClient::poll_for_approval) and
/// [`PendingApproval::wait`](crate::PendingApproval::wait).
///
/// What wants a future, as `JoinSet::spawn` does, takes its [`into_future`](IntoFuture::into_future).
#[must_use = "nothing is polled until it is awaited or spawned; `JoinSet::spawn` takes its `.into_future()`"]
pub struct PollForApproval {
    inner: Arc<Inner>,
    email: Result<Email, Error>,
    id: AuthReqId,
    interval: Option<Duration>,
    timeout: Option<Duration>,
    policy: Option<PollPolicy>,
    resource: Option<String>,
    /// When the request's life is over, where that is known even if the registry has forgotten it.
    expires: Option<Instant>,
}

impl PollForApproval {
    pub(crate) fn new(inner: Arc<Inner>, email: Result<Email, Error>, id: AuthReqId) -> Self {
        Self { inner, email, id, interval: None, timeout: None, policy: None, resource: None, expires: None }
    }

    pub(super) fn expiring(mut self, at: Instant) -> Self {
        self.expires = Some(at);
        self
    }

    /// Seconds between polls, if more than the server asks for: the longer of both holds. Default: the server's.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// How long to wait at most, counted from the `.await` or the [`spawn`](Self::spawn). Default: 300 s, or the policy's;
    /// more than seven days counts as seven days. Zero is one look without sleeping, as [`once`](Self::once), that says
    /// `Timeout` where nothing is decided.
    ///
    /// The request's own life, [`expires_in`](crate::PendingApproval::expires_in), runs beside it since the
    /// acknowledgement. Whichever is over first ends the poll and names the outcome: `Timeout` for yours, `ExpiredToken`
    /// for the server's, also where both fall together. So the default ends as `ExpiredToken` where the life is 300 s.
    /// For an id of another process, whose life is not known here, this timeout counts alone, until the server says that
    /// the id has expired.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use authsec_ciba::{ApprovalOutcome, CibaClient};
    ///
    /// # async fn example(client: CibaClient) -> Result<(), authsec_ciba::Error> {
    /// let pending = client.initiate_app_approval("user@example.com").await?;
    /// let ended = loop {
    ///     match pending.wait().timeout(Duration::from_secs(60)).await? {
    ///         ApprovalOutcome::Timeout => println!("no answer yet"), // and another minute, until the request expires
    ///         ended => break ended,
    ///     }
    /// };
    /// # let _ = ended;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Both run by tokio's clock: a change of the wall clock does not move them, and a test can pause it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Another schedule than the client's, for this poll only.
    pub fn policy(mut self, policy: PollPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The resource that was named at the initiate, for an id that another process initiated; this client remembers
    /// its own.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Starts the poll as a task of the current runtime. The id is claimed before this returns, so that a cancel right
    /// after it is seen.
    ///
    /// Outside a runtime, and for bad input, the task is ready at once with the error.
    pub fn spawn(self) -> ApprovalTask {
        let runtime = match check_runtime().map(|()| Handle::current()) {
            Ok(runtime) => runtime,
            Err(error) => return ApprovalTask::failed(error),
        };
        let tasks = self.inner.tasks.clone();
        match self.begin() {
            Ok(watch) => {
                let (slot, generation) = (Arc::clone(watch.claim().slot()), watch.claim().generation());
                ApprovalTask::running(tasks.spawn_on(watch.run(), &runtime), slot, generation)
            }
            Err(error) => ApprovalTask::failed(error),
        }
    }

    /// One look without sleeping: the outcome if there is one, else [`PollStatus::Pending`] with the time until a next
    /// look can reach the server. A look that comes too early sends nothing; ask as often as you like. A poll that is
    /// running for the same id is not disturbed: the look then answers `Pending` and leaves the outcome to it.
    ///
    /// # Errors
    ///
    /// As the poll itself; but a single fault is an error here, since nobody goes on asking.
    ///
    /// # Cancel safety
    ///
    /// As the poll itself.
    pub fn once(self) -> impl Future<Output = Result<PollStatus, Error>> + Send + 'static {
        let span = self.span();
        async move {
            check_runtime()?;
            let timeout = self.timeout.unwrap_or(LONGEST_WAIT);
            let looked = self.look(timeout).await;
            let outcome = match &looked {
                Ok(PollStatus::Ended(outcome)) => outcome.status(),
                Ok(PollStatus::Pending { .. }) => "pending",
                Err(_) => "error",
            };
            tracing::Span::current().record("outcome", outcome);
            looked
        }
        .instrument(span)
    }

    /// Claims the id and makes the plan. No await stands before the claim.
    fn begin(self) -> Result<Watch, Error> {
        let span = self.span();
        let email = self.email?;
        let policy = self.policy.map(PollPolicy::validated).transpose()?;
        let timeout = self.timeout.unwrap_or(policy.unwrap_or(self.inner.policy).timeout).min(LONGEST_WAIT);
        let claim = self.inner.registry.claim(&email.key(), &self.id, self.resource.as_deref());
        if let Some(at) = self.expires {
            claim.slot().learn_expiry(at);
        }
        let deadline = Deadline::earlier(later(now(), timeout), claim.slot().expires());
        // The caller's own interval may be cut by the caller's own timeout; the server's never is.
        let schedule = Schedule::new(deadline, self.interval.map(|interval| interval.min(timeout)));
        let floor = claim.slot().pace(|pace| schedule.floor(pace, &policy.unwrap_or(self.inner.policy)));
        span.record("interval", tracing::field::debug(floor));
        Ok(Watch::new(claim, Plan::new(self.inner, schedule, policy, span)))
    }

    async fn look(self, timeout: Duration) -> Result<PollStatus, Error> {
        let email = self.email?;
        let inner = self.inner;
        let policy = self.policy.map(PollPolicy::validated).transpose()?;
        let look = inner.registry.look(&email.key(), &self.id, self.resource.as_deref());
        let slot = match &look {
            Look::Free(claim) => Arc::clone(claim.slot()),
            Look::Held(slot) => Arc::clone(slot),
        };
        if let Some(at) = self.expires {
            slot.learn_expiry(at);
        }
        let at = now();
        let deadline = Deadline::earlier(later(at, timeout.min(LONGEST_WAIT)), slot.expires());
        let schedule = Schedule::new(deadline, self.interval.map(|interval| interval.min(LONGEST_WAIT)));
        let mut plan = Plan::new(inner, schedule, policy, tracing::Span::current());
        let Look::Free(claim) = look else {
            return Ok(PollStatus::Pending { next_poll_in: plan.next_poll_in(&slot) });
        };
        if claim.is_live() {
            if slot.expires().is_some_and(|expires| expires < at) {
                return Ok(PollStatus::Ended(ApprovalOutcome::ExpiredToken));
            }
            let next_poll_in = plan.next_poll_in(&slot);
            if !next_poll_in.is_zero() {
                return Ok(PollStatus::Pending { next_poll_in });
            }
        }
        match until(claim.stopped(), driver::ask(&mut plan, &slot)).await {
            Some(Asked::Decided(outcome)) => return hand_out(claim, Some(outcome)).map(PollStatus::Ended),
            None => return hand_out(claim, None).map(PollStatus::Ended),
            Some(Asked::Undecided | Asked::Starved) => {}
        }
        match (claim.commit(), plan.take_fault()) {
            (Err(reason), _) => Ok(PollStatus::Ended(ApprovalOutcome::Cancelled(reason))),
            (Ok(()), Some(error)) => Err(error),
            (Ok(()), None) => Ok(PollStatus::Pending { next_poll_in: plan.next_poll_in(&slot) }),
        }
    }

    fn span(&self) -> tracing::Span {
        use tracing::field::Empty;

        tracing::debug_span!(
            "authsec.poll",
            email =
                self.email.as_ref().ok().map(|email| tracing::field::display(MaskedEmail(email.as_str()))),
            interval = Empty,
            polls = Empty,
            attempts = Empty,
            outcome = Empty,
            error = Empty,
        )
    }
}

impl IntoFuture for PollForApproval {
    type Output = Result<ApprovalOutcome, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    /// Polls until the person answers, time runs out, or somebody stops it. The id is claimed here, before the first
    /// await.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a bad email: nothing was sent. Anything else means that the
    /// answer could not be learnt: something that does not heal, or that did not heal before the deadline; then
    /// [`Error::attempts`] says how many requests in a row had failed. The kinds say which is which.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the poll and frees all it held; the id can be polled again, and its floor is kept. If
    /// a request was under way, its answer is lost: should the approval have been in it, the next poll ends as
    /// [`ApprovalLost`](ApprovalOutcome::ApprovalLost).
    fn into_future(self) -> Self::IntoFuture {
        if self.timeout == Some(Duration::ZERO) {
            return Box::pin(async move {
                let look = self.timeout(Duration::ZERO).once().await?;
                Ok(match look {
                    PollStatus::Ended(outcome) => outcome,
                    PollStatus::Pending { .. } => ApprovalOutcome::Timeout,
                })
            });
        }
        let begun = self.begin();
        Box::pin(async move {
            let watch = begun?;
            check_runtime()?;
            watch.run().await.commit()
        })
    }
}

impl fmt::Debug for PollForApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollForApproval")
            .field("email", &self.email.as_ref().ok())
            .field("auth_req_id", &self.id)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

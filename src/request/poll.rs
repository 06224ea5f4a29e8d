use std::fmt;
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{BoxFuture, check_runtime};
use crate::client::Inner;
use crate::clock::{later, now};
use crate::error::Error;
use crate::outcome::{ApprovalOutcome, PollStatus};
use crate::poll::driver::{self, Finished, Held, Looked, Run};
use crate::poll::{ApprovalTask, Deadline, LONGEST_WAIT, Life, PollPolicy, Progress, Schedule, Tell, Wait};
use crate::registry::{Said, UnknownId};
#[cfg(feature = "ticket")]
use crate::seal::Carried;
use crate::trace::{self, FlowId};
use crate::types::{AuthReqId, PersonKey, Started, Whom};

/// A wait for a person's answer, not yet begun: `.await` it, [`spawn`](Self::spawn) it, or look [`once`](Self::once).
///
/// Made by [`CibaClient::poll_for_approval`](crate::CibaClient::poll_for_approval) and
/// [`PendingApproval::wait`](crate::PendingApproval::wait).
///
/// What wants a future, as `JoinSet::spawn` does, takes its [`into_future`](IntoFuture::into_future).
#[must_use = "nothing is polled until it is awaited or spawned; `JoinSet::spawn` takes its `.into_future()`"]
pub struct PollForApproval {
    inner: Arc<Inner>,
    of: Result<(Whom, AuthReqId), Error>,
    interval: Option<Duration>,
    timeout: Option<Duration>,
    policy: Option<PollPolicy>,
    resource: Option<String>,
    /// What the initiate said, where that is known even if the registry has forgotten it.
    initiated: Option<(Life, FlowId)>,
    /// The server's, where another process has begun.
    resumed: Option<Duration>,
    tell: Option<Arc<Tell>>,
    /// What the start said, where it is this client's.
    started: Option<Started>,
}

impl PollForApproval {
    pub(crate) fn new(inner: Arc<Inner>, whom: Result<Whom, Error>, id: AuthReqId) -> Self {
        Self::of(inner, whom.map(|whom| (whom, id)))
    }

    fn of(inner: Arc<Inner>, of: Result<(Whom, AuthReqId), Error>) -> Self {
        Self {
            inner,
            of,
            interval: None,
            timeout: None,
            policy: None,
            resource: None,
            initiated: None,
            resumed: None,
            tell: None,
            started: None,
        }
    }

    /// Of what another process has begun.
    #[cfg(feature = "ticket")]
    pub(super) fn resumed(inner: Arc<Inner>, carried: Carried, life: Life) -> Self {
        let Carried { whom, id, flow, interval, resource, started, .. } = carried;
        let mut poll = Self::new(inner, Ok(whom), id).initiated(life, flow, started);
        poll.resumed = Some(interval);
        poll.resource = resource.map(String::from);
        poll
    }

    /// It tells this error when it is awaited.
    #[cfg(feature = "ticket")]
    pub(super) fn refused(inner: Arc<Inner>, error: Error) -> Self {
        Self::of(inner, Err(error))
    }

    pub(super) fn initiated(mut self, life: Life, flow: FlowId, started: Option<Started>) -> Self {
        self.initiated = Some((life, flow));
        self.started = started;
        self
    }

    /// Whose approval it is, as this client counts them; `None` where the wait will only tell why it is refused. It is there to be
    /// compared, before the wait is awaited, with whom a session belongs to.
    #[must_use]
    pub fn person(&self) -> Option<&PersonKey> {
        Some(&self.whom()?.key)
    }

    fn whom(&self) -> Option<&Whom> {
        self.of.as_ref().ok().map(|(whom, _)| whom)
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
    /// its own. It is of the id: named once, every later poll names it, whoever waits; a wait that names another one is
    /// refused.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Reports how the wait goes on: see [`Progress`]. Every wait of an id hears of every poll of it, whoever has sent it, and
    /// nothing more once it has its outcome.
    ///
    /// It is called where the poll is driven, and should return soon: send into a channel, set a flag. A panic in it is caught.
    /// Who sets none pays nothing.
    ///
    /// ```no_run
    /// use authsec_ciba::{PendingApproval, Progress};
    /// use tokio::sync::watch;
    ///
    /// # async fn example(pending: PendingApproval) -> Result<(), authsec_ciba::Error> {
    /// let (reachable, _) = watch::channel(true);
    /// let outcome = pending
    ///     .wait()
    ///     .on_progress(move |progress| match progress {
    ///         Progress::Unreachable { .. } => drop(reachable.send_replace(false)),
    ///         Progress::Reachable => drop(reachable.send_replace(true)),
    ///         _ => {}
    ///     })
    ///     .await?;
    /// # let _ = outcome;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(mut self, listener: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.tell = Some(Arc::new(listener));
        self
    }

    /// Starts the wait as a task of the current runtime. It joins the id before this returns, so that a cancel right after it
    /// is seen.
    ///
    /// Outside a runtime, and for bad input, the task is ready at once with the error.
    pub fn spawn(self) -> ApprovalTask {
        let runtime = match check_runtime().map(|()| Handle::current()) {
            Ok(runtime) => runtime,
            Err(error) => return ApprovalTask::failed(error),
        };
        let tasks = self.inner.tasks.clone();
        let is_look = self.timeout == Some(Duration::ZERO);
        match self.join() {
            Ok((wait, ended)) if is_look => {
                ApprovalTask::running(tasks.spawn_on(look_as_wait(wait.for_task(), ended), &runtime))
            }
            Ok((wait, ended)) => {
                let running = Run::new(wait.for_task(), ended, std::convert::identity);
                ApprovalTask::running(tasks.spawn_on(running, &runtime))
            }
            Err(error) => ApprovalTask::failed(error),
        }
    }

    /// One look: the outcome if there is one, else [`PollStatus::Pending`] with the time until a next look can reach the
    /// server. Ask as often as you like: a look that comes too early sends nothing, and one that finds a request of this
    /// client under way goes along with it, and so takes as long as that. It never sleeps, but for 250 ms at most where
    /// [`max_in_flight`](crate::CibaClientBuilder::max_in_flight) requests are under way.
    ///
    /// # Errors
    ///
    /// As the wait itself; but a single fault is an error here, since nobody goes on asking.
    ///
    /// # Cancel safety
    ///
    /// As the wait itself.
    #[expect(clippy::manual_async_fn, reason = "the signature says that it is `Send` and borrows nothing")]
    pub fn once(self) -> impl Future<Output = Result<PollStatus, Error>> + Send + 'static {
        async move {
            check_runtime()?;
            let (wait, ended) = self.join()?;
            match driver::look(wait, ended).await {
                Looked::Id(wait) => wait.receive().map(PollStatus::Ended),
                Looked::Unended(wait) => wait.looked(),
            }
        }
    }

    /// Joins the id. No await stands before it.
    fn join(self) -> Result<(Wait, CancellationToken), Error> {
        let (whom, id) = self.of?;
        let policy = self.policy.map(PollPolicy::validated).transpose()?;
        let timeout = self.timeout.unwrap_or(policy.unwrap_or(self.inner.policy).timeout).min(LONGEST_WAIT);
        let (life, flow) = self.initiated.unzip();
        let email = whom.email.clone().filter(|_| life.is_some());
        let resource = self.resource.map(Into::into);
        let said = Said { email, resource, started: self.started };
        let flow = flow.unwrap_or_else(FlowId::random);
        let unknown = UnknownId { flow, said, life, interval: self.resumed };
        let (slot, joined) = self.inner.registry.join(&whom.key, &id, unknown)?;
        // The caller's own interval may be cut by the caller's own timeout; the server's never is.
        let interval = self.interval.map(|interval| interval.min(timeout));
        let schedule = slot.pace(|_, life| {
            Schedule::new(Deadline::earlier(later(now(), timeout), life), interval, joined.heard)
        });
        let span = wait_span(&whom, slot.flow());
        let wait = Wait::new(self.inner, slot, schedule, &joined, policy, span, self.tell);
        Ok((wait, joined.token))
    }
}

/// A wait of no time: a look that says `Timeout` where nothing is decided.
async fn look_as_wait(wait: Wait, ended: CancellationToken) -> Finished {
    match driver::look(wait, ended).await {
        Looked::Id(wait) => Finished::Id(wait),
        Looked::Unended(wait) => Finished::Wait(wait.looked_in_vain()),
    }
}

fn wait_span(whom: &Whom, flow: FlowId) -> tracing::Span {
    use tracing::field::Empty;

    tracing::info_span!(
        trace::POLL,
        %flow,
        email = %whom.masked(),
        interval = Empty,
        polls = Empty,
        attempts = Empty,
        outcome = Empty,
        error = Empty,
    )
}

impl IntoFuture for PollForApproval {
    type Output = Result<ApprovalOutcome, Error>;
    type IntoFuture = BoxFuture<Self::Output>;

    /// Waits until the person answers, time runs out, or somebody stops it. It joins the id here, before the first await.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a bad email, an id that is another person's, or another
    /// [`resource`](Self::resource) than the id is polled with: nothing was sent.
    /// [`ErrorKind::AlreadyAnswered`](crate::ErrorKind::AlreadyAnswered) where an approval was handed out before. Anything
    /// else means that the answer could not be learnt: something that does not heal, or that did not heal before the
    /// deadline; then [`Error::attempts`] says how many requests of the id in a row had failed. The kinds say which is which.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends this wait and no other. With the last wait of an id its polling stops; a request that is under
    /// way is still finished, and the approval that it may bring is kept for the next wait. To stop it all,
    /// [`cancel_approval`](crate::CibaClient::cancel_approval).
    fn into_future(self) -> Self::IntoFuture {
        let is_look = self.timeout == Some(Duration::ZERO);
        match self.join() {
            Err(error) => Box::pin(std::future::ready(Err(error))),
            Ok((wait, ended)) if is_look => Box::pin(async move {
                check_runtime()?;
                look_as_wait(wait, ended).await.commit()
            }),
            Ok((wait, ended)) => Box::pin(Held::new(Run::new(wait, ended, Finished::commit))),
        }
    }
}

impl fmt::Debug for PollForApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollForApproval")
            .field("email", &self.whom())
            .field("auth_req_id", &self.of.as_ref().ok().map(|(_, id)| id))
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

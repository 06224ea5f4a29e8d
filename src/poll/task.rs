use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;

use super::driver::Finished;
use crate::error::{Error, ErrorKind};
use crate::outcome::{ApprovalOutcome, CancelReason, Outcome};

/// A wait that runs on its own: a future of its outcome.
///
/// Dropping it ends the wait; [`detach`](Self::detach) is the only way to let it go on alone. How the id ended is decided
/// when it is handed out: a [`cancel_approval`](crate::CibaClient::cancel_approval) that returns before that wins, even
/// over an approval that has already arrived. Until it is awaited, a task counts as a wait that is under way.
///
/// # Cancel safety
///
/// Awaiting `&mut task` is cancel safe: the wait goes on, and the task can be awaited again.
#[must_use = "dropping the task ends the wait: await it, keep it, or detach it"]
pub struct ApprovalTask {
    state: State,
    cancelled: AtomicBool,
}

enum State {
    Running(JoinHandle<Finished>),
    /// It could not be started.
    Failed(Error),
    Ended,
}

impl ApprovalTask {
    pub(crate) fn running(handle: JoinHandle<Finished>) -> Self {
        Self { state: State::Running(handle), cancelled: AtomicBool::new(false) }
    }

    pub(crate) fn failed(error: Error) -> Self {
        Self { state: State::Failed(error), cancelled: AtomicBool::new(false) }
    }

    /// Ends this wait and no other: awaiting the task then gives `Cancelled(Requested)`, unless it had already ended
    /// otherwise. The id can be waited for again, and an answer that is under way is not lost. Does not wait.
    pub fn cancel(&self) {
        if let State::Running(handle) = &self.state {
            self.cancelled.store(true, Ordering::Relaxed);
            handle.abort();
        }
    }

    /// Whether awaiting it would give the outcome at once.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.state {
            State::Running(handle) => handle.is_finished(),
            State::Failed(_) | State::Ended => true,
        }
    }

    /// Lets the wait go on without anybody to hear its outcome; only a cancel, a newer request or a shutdown stops it then.
    /// An approval that it fetches goes to the other waits of the id, and is kept for the next one if there is none.
    pub fn detach(mut self) {
        self.state = State::Ended;
    }
}

impl Future for ApprovalTask {
    type Output = Outcome;

    /// # Panics
    ///
    /// Never. Polled again after it was ready, it gives an error of kind [`ErrorKind::Runtime`].
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let joined = match &mut self.state {
            State::Running(handle) => ready!(Pin::new(handle).poll(cx)),
            _ => {
                return Poll::Ready(match std::mem::replace(&mut self.state, State::Ended) {
                    State::Failed(error) => Err(error),
                    _ => Err(Error::new(ErrorKind::Runtime, "the task was polled after its end")),
                });
            }
        };
        self.state = State::Ended;
        Poll::Ready(match joined {
            Ok(finished) => finished.commit(),
            Err(join) if join.is_cancelled() => {
                let requested = self.cancelled.load(Ordering::Relaxed);
                let reason = if requested { CancelReason::Requested } else { CancelReason::Shutdown };
                Ok(ApprovalOutcome::Cancelled(reason))
            }
            Err(join) => {
                Err(Error::new(ErrorKind::Runtime, "the wait's task ended by a panic")
                    .with_foreign_source(join))
            }
        })
    }
}

impl Drop for ApprovalTask {
    fn drop(&mut self) {
        if let State::Running(handle) = &self.state {
            handle.abort();
        }
    }
}

impl fmt::Debug for ApprovalTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApprovalTask").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}

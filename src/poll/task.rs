use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;

use super::driver::Outcome;
use super::watch::Finished;
use crate::error::{Error, ErrorKind};
use crate::outcome::{ApprovalOutcome, CancelReason};
use crate::registry::Slot;

/// A poll that runs on its own: a future of its outcome.
///
/// Dropping it cancels the poll; [`detach`](Self::detach) is the only way to let it go on alone. The outcome is decided
/// when it is handed out: a [`cancel_approval`](crate::CibaClient::cancel_approval) that returns before that wins, even
/// over an approval that has already arrived.
///
/// # Cancel safety
///
/// Awaiting `&mut task` is cancel safe: the poll goes on, and the task can be awaited again.
#[must_use = "dropping the task cancels the poll: await it, keep it, or detach it"]
pub struct ApprovalTask(State);

enum State {
    Running {
        handle: JoinHandle<Finished>,
        slot: Arc<Slot>,
        generation: u32,
    },
    /// It could not be started.
    Failed(Error),
    Ended,
}

impl ApprovalTask {
    pub(crate) fn running(handle: JoinHandle<Finished>, slot: Arc<Slot>, generation: u32) -> Self {
        Self(State::Running { handle, slot, generation })
    }

    pub(crate) fn failed(error: Error) -> Self {
        Self(State::Failed(error))
    }

    /// Stops this poll and no other: awaiting the task then gives `Cancelled(Requested)`, unless it had already ended
    /// otherwise. The id can be polled again. Does not wait.
    pub fn cancel(&self) {
        if let State::Running { slot, generation, .. } = &self.0 {
            slot.stop_generation(*generation, CancelReason::Requested);
        }
    }

    /// Whether awaiting it would give the outcome at once.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            State::Running { handle, .. } => handle.is_finished(),
            State::Failed(_) | State::Ended => true,
        }
    }

    /// Lets the poll go on without anybody to hear its outcome; only a cancel or a shutdown stops it then. An approval
    /// that it fetches is wiped, so this is of use only to keep the pace of an id, or in tests.
    pub fn detach(mut self) {
        self.0 = State::Ended;
    }
}

impl Future for ApprovalTask {
    type Output = Outcome;

    /// # Panics
    ///
    /// Never. Polled again after it was ready, it gives an error of kind [`ErrorKind::Runtime`].
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let joined = match &mut self.0 {
            State::Running { handle, .. } => ready!(Pin::new(handle).poll(cx)),
            _ => {
                return Poll::Ready(match std::mem::replace(&mut self.0, State::Ended) {
                    State::Failed(error) => Err(error),
                    _ => Err(Error::new(ErrorKind::Runtime, "the task was polled after its end")),
                });
            }
        };
        self.0 = State::Ended;
        Poll::Ready(match joined {
            Ok(finished) => finished.commit(),
            Err(join) if join.is_cancelled() => Ok(ApprovalOutcome::Cancelled(CancelReason::Shutdown)),
            Err(join) => {
                Err(Error::new(ErrorKind::Runtime, "the poll's task ended by a panic").with_source(join))
            }
        })
    }
}

impl Drop for ApprovalTask {
    fn drop(&mut self) {
        if let State::Running { handle, slot, generation } = &self.0 {
            slot.stop_generation(*generation, CancelReason::Requested);
            handle.abort();
        }
    }
}

impl fmt::Debug for ApprovalTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApprovalTask").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}

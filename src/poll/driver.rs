//! The loop of a wait, and the look that does not wait.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::runtime::{Handle, Id};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::wait::{Glance, Next, Wait};
use crate::clock::{Instant, check_runtime, now};
use crate::outcome::Outcome;
use crate::registry::{Companion, Request};
use crate::transport::Caller;

/// How a wait has ended.
pub(crate) enum Finished {
    /// The id has ended, or its waits: what comes out is decided when it is handed out.
    Id(Wait),
    /// The wait's own time was over.
    Wait(Outcome),
}

impl Finished {
    /// Hands the outcome out.
    pub(crate) fn commit(self) -> Outcome {
        match self {
            Self::Id(wait) => wait.receive(),
            Self::Wait(outcome) => outcome,
        }
    }
}

pin_project! {
    /// The loop of a wait: sleeps, and goes along with requests, until the id has ended or the wait's time is over. Whoever is due
    /// first asks.
    // By hand, because this is what every sleeping poll costs: an `async fn` would hold some of it twice.
    pub(crate) struct Run<E> {
        // Taken when it is over, with what makes of its end what the caller needs.
        wait: Option<Wait>,
        end: Option<E>,
        #[pin]
        ended: WaitForCancellationFutureOwned,
        // Made by the runtime that drives it.
        #[pin]
        timer: Option<Sleep>,
        // Whether it waits for the timer, too.
        is_timed: bool,
        // The request that it goes along with.
        request: Option<Arc<Request>>,
        companion: Companion,
    }
}

impl<E, T> Run<E>
where
    E: FnOnce(Finished) -> T,
{
    pub(crate) fn new(wait: Wait, ended: CancellationToken, end: E) -> Self {
        let ended = ended.cancelled_owned();
        Self {
            wait: Some(wait),
            end: Some(end),
            ended,
            timer: None,
            is_timed: true,
            request: None,
            companion: Companion::default(),
        }
    }
}

impl<E, T> Future for Run<E>
where
    E: FnOnce(Finished) -> T,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut this = self.project();
        let finished = loop {
            let Some(mut timer) = this.timer.as_mut().as_pin_mut() else {
                let Some(wait) = this.wait.take() else { return Poll::Pending };
                if let Err(error) = check_runtime() {
                    break Finished::Wait(wait.tell(Err(error)));
                }
                this.timer.set(Some(tokio::time::sleep_until(wait.begins(now()))));
                *this.wait = Some(wait);
                continue;
            };
            let is_told = this.ended.as_mut().poll(cx).is_ready();
            let at = if is_told
                || this.request.as_ref().is_some_and(|request| request.drive(this.companion, cx).is_ready())
            {
                now()
            } else if *this.is_timed && timer.as_mut().poll(cx).is_ready() {
                // What was planned for an instant is decided for that instant, however late its timer is.
                timer.deadline()
            } else {
                return Poll::Pending;
            };
            let Some(wait) = this.wait.take() else { return Poll::Pending };
            let until;
            (*this.request, until) = match wait.next(at) {
                Next::Receive => break Finished::Id(wait),
                Next::End(outcome) => break Finished::Wait(wait.tell(outcome)),
                Next::Sleep(until) => (None, Some(until)),
                Next::Drive(request, until) => (Some(request), until),
            };
            *this.wait = Some(wait);
            *this.companion = Companion::default();
            *this.is_timed = until.is_some();
            if let Some(until) = until {
                timer.reset(until);
            }
        };
        this.end.take().map_or(Poll::Pending, |end| Poll::Ready(end(finished)))
    }
}

pin_project! {
    /// The loop of a wait in somebody's future, which may be awaited on another runtime than before. A task is not: for it this
    /// would be 8 bytes too many.
    pub(crate) struct Held<E> {
        #[pin]
        run: Run<E>,
        home: Option<Id>,
    }
}

impl<E, T> Held<E>
where
    E: FnOnce(Finished) -> T,
{
    pub(crate) fn new(run: Run<E>) -> Self {
        Self { run, home: None }
    }
}

impl<E, T> Future for Held<E>
where
    E: FnOnce(Finished) -> T,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut this = self.project();
        let here = Handle::try_current().ok().map(|runtime| runtime.id());
        if *this.home != here {
            *this.home = here;
            // Here it would not fire, or panic where its runtime has ended: another is made.
            this.run.as_mut().project().timer.set(None);
        }
        this.run.poll(cx)
    }
}

/// What a look has come to.
pub(crate) enum Looked {
    /// The id has ended.
    Id(Wait),
    /// It has not.
    Unended(Wait),
}

/// Looks once: goes along with a request that is under way, or makes one where the floor allows it.
pub(crate) async fn look(wait: Wait, ended: CancellationToken) -> Looked {
    let (request, until) = loop {
        match wait.glance(now()) {
            Glance::Receive => return Looked::Id(wait),
            Glance::Join(request) => break (Some(Arc::clone(&request)), wait.looks_until(&request)),
            Glance::Ask(begun) => {
                if let Some(request) = wait.ask(begun, Caller::Look) {
                    break (Some(request), None);
                }
                // Another thread was first: what it has begun can be joined.
            }
            Glance::Pending => break (None, None),
        }
    };
    if let Some(request) = request {
        follow(&request, until, &ended).await;
    }
    if ended.is_cancelled() { Looked::Id(wait) } else { Looked::Unended(wait) }
}

/// Goes along with a request until it has ended, or somebody ends the wait.
async fn follow(request: &Arc<Request>, until: Option<Instant>, ended: &CancellationToken) {
    let mut ended = pin!(ended.cancelled());
    let mut companion = Companion::default();
    let driving = poll_fn(|cx| {
        if ended.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { request.drive(&mut companion, cx) }
    });
    match until {
        Some(until) => drop(tokio::time::timeout_at(until, driving).await),
        None => driving.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same loop, whoever is asked: tokio rounds its task up to 384 bytes, and one of more than 272 to 512.
    #[test]
    fn o55_b80_the_loop_of_a_wait_has_room_in_the_smaller_task() {
        let bytes = size_of::<Run<()>>();
        assert!(bytes <= 272, "{bytes} bytes");
    }
}

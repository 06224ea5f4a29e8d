use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// Some work, until somebody stops it: `None` then. The stop is looked at first, every time.
    ///
    /// What `select!` with `biased` does, without the room that its own bookkeeping takes in every sleeping poll.
    pub(crate) struct Until<S, W> {
        #[pin]
        stop: S,
        #[pin]
        work: W,
    }
}

/// Works until stopped.
pub(crate) fn until<S, W>(stop: S, work: W) -> Until<S, W> {
    Until { stop, work }
}

impl<S: Future<Output = ()>, W: Future> Future for Until<S, W> {
    type Output = Option<W::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.stop.poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        this.work.poll(cx).map(Some)
    }
}

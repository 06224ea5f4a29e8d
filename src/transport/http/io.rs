use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// The runtime has no sockets.
#[derive(Debug)]
pub(super) struct NoIo;

pin_project! {
    /// A future that may open sockets. Tokio cannot be asked whether the runtime has them: it panics when the first is made.
    pub(super) struct WithIo<F> {
        #[pin]
        work: F,
    }
}

pub(super) fn with_io<F>(work: F) -> WithIo<F> {
    WithIo { work }
}

impl<F: Future> Future for WithIo<F> {
    type Output = Result<F::Output, NoIo>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let work = self.project().work;
        // Whoever hears of it drops the work: nobody sees what the panic left.
        match catch_unwind(AssertUnwindSafe(|| work.poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) if is_of_tokio(&*panic) => Poll::Ready(Err(NoIo)),
            Err(panic) => resume_unwind(panic),
        }
    }
}

fn is_of_tokio(panic: &(dyn Any + Send)) -> bool {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => return false,
    };
    text.contains("enable_io")
}

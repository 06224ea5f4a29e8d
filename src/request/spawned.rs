//! What the compiler says where a call is handed to something that takes a future, as `tokio::spawn` does. A call is none: it becomes
//! one by `into_future`, which `.await` writes by itself. So that nobody has to know that, each call *would be* a future if a trait
//! held for it that holds for nothing, and whose name is the advice.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{InitiateApproval, PollForApproval};

/// Nothing implements it. The lifetime is there because a bound that can never hold is refused where nothing in it is open.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no future yet: call `.into_future()` on it",
    label = "`.into_future()` is missing here",
    note = "`.await` calls it by itself; what takes a future, as `tokio::spawn` does, needs it written"
)]
pub trait CallIntoFutureOnIt<'a> {}

macro_rules! is_no_future {
    ($call:ty) => {
        #[doc(hidden)]
        impl Future for $call
        where
            for<'a> $call: CallIntoFutureOnIt<'a>, // such a call becomes a future by `.into_future()`
        {
            type Output = std::convert::Infallible;

            fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
                Poll::Pending
            }
        }
    };
}

is_no_future!(InitiateApproval);
is_no_future!(PollForApproval);

//! The calls: each is built, awaited once, and gone.

pub(crate) mod check;
mod initiate;
mod pending;
mod poll;
pub(crate) mod totp;

pub use initiate::InitiateApproval;
pub use pending::PendingApproval;
pub use poll::PollForApproval;

use std::future::Future;
use std::pin::Pin;

use tracing::field::display;

use crate::error::{Error, ErrorKind};
use crate::trace::FlowId;
use crate::types::Email;
use crate::wire::ErrorCode;

/// What an awaited call becomes: `Send`, and owns all that it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// Checks what would otherwise be a panic deep inside.
pub(crate) fn check_runtime() -> Result<(), Error> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(no_runtime("there is no tokio runtime here"));
    }
    // Tokio has no other way to ask whether the runtime has timers.
    std::panic::catch_unwind(|| drop(tokio::time::sleep(std::time::Duration::ZERO)))
        .map_err(|_| no_runtime("the tokio runtime has no timers: call `enable_all` on its builder"))
}

/// Tells why a call failed, so that it is understood without its span. What a person mistyped or a shutdown ended is no
/// fault of the system.
fn tell_failure(call: &'static str, flow: FlowId, email: Option<&Email>, error: &Error) {
    let email = email.map(|email| display(email.masked()));
    let (kind, status, code) = (error.kind(), error.status(), error.code().map(ErrorCode::as_str));
    match kind {
        ErrorKind::Input | ErrorKind::Shutdown => {
            tracing::debug!(%flow, email, ?kind, status, "{call} refused: {error}");
        }
        _ => tracing::warn!(
            %flow,
            email,
            ?kind,
            status,
            code,
            endpoint = error.endpoint(),
            server_message = error.server_message(),
            request_id = error.request_id(),
            "{call} failed: {error}"
        ),
    }
}

fn no_runtime(message: &'static str) -> Error {
    Error::new(ErrorKind::Runtime, message)
}

#[cfg(test)]
mod tests;

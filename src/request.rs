//! The calls: each is built, awaited once, and gone.

pub(crate) mod check;
mod initiate;
mod pending;
mod poll;
#[cfg(feature = "ticket")]
pub(crate) mod resume;
mod spawned;
pub(crate) mod totp;

pub use initiate::InitiateApproval;
pub use pending::PendingApproval;
pub use poll::PollForApproval;

use std::future::Future;
use std::pin::Pin;

use tracing::field::display;

use crate::answer::ErrorCode;
use crate::clock::check_runtime;
use crate::error::{Error, ErrorKind};
use crate::trace::FlowId;
use crate::types::Whom;

/// What an awaited call becomes: `Send`, and owns all that it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// Nothing was sent, for want of a place among the requests under way.
fn no_place() -> Error {
    let message = "no place for another request came free in time: max_in_flight requests are under way";
    Error::new(ErrorKind::Network, message)
}

/// Tells why a call failed, so that it is understood without its span. What a person mistyped or a shutdown ended is no
/// fault of the system, and anybody can type the address of nobody.
fn tell_failure(call: &'static str, flow: FlowId, whom: Option<&Whom>, error: &Error) {
    let email = whom.map(|whom| display(whom.masked()));
    let (kind, status, code) = (error.kind().as_str(), error.status(), error.code().map(ErrorCode::as_str));
    match error.kind() {
        ErrorKind::Input | ErrorKind::Shutdown => {
            tracing::debug!(%flow, email, kind, status, "{call} refused: {error}");
        }
        ErrorKind::UserNotFound | ErrorKind::NoDeviceRegistered => {
            tracing::info!(
                %flow,
                email,
                kind,
                status,
                code,
                request_id = error.request_id(),
                "{call} for nobody who can be asked: {error}"
            );
        }
        _ => tracing::warn!(
            %flow,
            email,
            kind,
            status,
            code,
            endpoint = error.endpoint(),
            server_message = error.public_server_message(),
            request_id = error.request_id(),
            retry_after = error.retry_after().map(|wait| wait.as_secs()),
            "{call} failed: {error}"
        ),
    }
}

#[cfg(test)]
mod tests;

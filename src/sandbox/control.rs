//! The phone page and its small JSON API under `/_sandbox/`, for browsers and for tests in any language.

use std::sync::Arc;

use super::exchange::Arrived;
use super::reply::Reply;
use super::shared::Shared;

/// Whether the request is for the page or its API, and not for the imitated server.
pub(super) fn claims(request: &Arrived) -> bool {
    request.path == "/" || request.path.starts_with("/_sandbox/")
}

pub(super) fn answer(_shared: &Arc<Shared>, _request: &Arrived) -> Reply {
    Reply::not_found()
}

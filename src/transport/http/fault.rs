use std::error::Error as StdError;
use std::io;

use super::causes::{chain, find};
use super::resolver::{DidNotComeBack, NameMissing};
use super::{handshake, local};
use crate::transport::{Fault, FaultKind};

/// Sorts what reqwest says by what matters: whether anything can have been processed, and whether it heals.
pub(super) fn sort(error: reqwest::Error, has_proxy: bool) -> Fault {
    // A URL is no secret here, but a base URL may be private: it is never repeated.
    let error = error.without_url();
    let (kind, sentence) = if error.is_builder() {
        (FaultKind::Unusable, None)
    } else if error.is_connect() {
        connecting(&error, has_proxy)
    } else if let Some(refusal) = handshake::refuses_us(&error) {
        (FaultKind::Tls, Some(refusal))
    } else if was_not_processed(&error) {
        (FaultKind::Refused, None)
    } else if error.is_timeout() {
        (FaultKind::TimedOut, None)
    } else if is_garbled(&error) {
        (FaultKind::Garbled, None)
    } else {
        (FaultKind::Broken, None)
    };
    Fault::because(kind, error).saying(sentence)
}

/// Whether nothing was sent because no connection was there, and none was dialled.
pub(super) fn did_not_come_back(error: &reqwest::Error) -> bool {
    find::<DidNotComeBack>(error).is_some()
}

/// No connection was made. Only what concerns the server's identity, or ours, does not heal.
fn connecting(error: &reqwest::Error, has_proxy: bool) -> (FaultKind, Option<&'static str>) {
    if let Some(sorted) = handshake::sort(error) {
        return sorted;
    }
    if let Some(missing) =
        chain(error).filter_map(|it| it.downcast_ref::<io::Error>()).find_map(local::missing)
    {
        return (FaultKind::NotConnected, Some(missing));
    }
    if let Some(name) = find::<NameMissing>(error) {
        let kind = if name.was_found { FaultKind::NotConnected } else { FaultKind::NameMissing };
        let sentence =
            if has_proxy { "the proxy's name has no address" } else { "the server's name has no address" };
        return (kind, Some(sentence));
    }
    let sentence = if is_from_proxy(error) {
        Some("the proxy did not open a way to the server")
    } else {
        has_proxy.then_some("the proxy, or the server behind it, could not be reached")
    };
    (FaultKind::NotConnected, sentence)
}

/// What a proxy answers to CONNECT has a type that cannot be named from here; its text is all there is.
fn is_from_proxy(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| error.to_string().starts_with("tunnel error"))
}

/// RFC 9113, sections 6.8 and 8.7: the request may be sent again, for it was not processed.
#[cfg(feature = "http2")]
fn was_not_processed(error: &(dyn StdError + 'static)) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        let reason = error.reason();
        error.is_remote()
            && (error.is_go_away() && reason == Some(h2::Reason::NO_ERROR)
                || error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM))
    })
}

#[cfg(not(feature = "http2"))]
fn was_not_processed(_: &(dyn StdError + 'static)) -> bool {
    false
}

/// No HTTP, or a body in chunks that are none: hyper has an I/O error for those, of a kind that no socket has.
fn is_garbled(error: &(dyn StdError + 'static)) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput};

    chain(error).any(|it| {
        it.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
            || it
                .downcast_ref::<io::Error>()
                .is_some_and(|it| matches!(it.kind(), InvalidData | InvalidInput))
                && !handshake::is_tls(error)
    })
}

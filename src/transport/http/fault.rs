use std::error::Error as StdError;

use super::resolver::NameMissing;
use crate::transport::{Fault, FaultKind};

/// Sorts what reqwest says by what matters: whether anything can have been sent, and whether it heals.
pub(super) fn sort(error: reqwest::Error) -> Fault {
    // A URL is no secret here, but a base URL may be private: it is never repeated.
    let error = error.without_url();
    let kind = if error.is_builder() {
        FaultKind::Unusable
    } else if is_tls(&error) {
        FaultKind::Tls
    } else if error.is_connect() {
        if finds::<NameMissing>(&error) { FaultKind::NameMissing } else { FaultKind::NotConnected }
    } else if error.is_timeout() {
        FaultKind::TimedOut
    } else if is_garbled(&error) {
        FaultKind::Garbled
    } else {
        FaultKind::Broken
    };
    Fault::because(kind, error)
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn next<'a>(error: &&'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        // io::Error's `source` skips the error that it wraps.
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), next)
}

fn finds<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| error.is::<E>())
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    finds::<rustls::Error>(error)
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}

fn is_garbled(error: &(dyn StdError + 'static)) -> bool {
    chain(error).filter_map(|error| error.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse)
}

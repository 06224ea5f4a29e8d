use std::error::Error as StdError;

use super::resolver::NameMissing;
use crate::transport::{Fault, FaultKind};

/// Sorts what reqwest says by what matters: whether anything can have been sent, and whether it heals.
pub(super) fn sort(error: reqwest::Error) -> Fault {
    // A URL is no secret here, but a base URL may be private: it is never repeated.
    let error = error.without_url();
    let kind = if error.is_builder() {
        FaultKind::Unusable
    } else if error.is_connect() {
        if is_tls(&error) {
            FaultKind::Tls
        } else if finds::<NameMissing>(&error) {
            FaultKind::NameMissing
        } else {
            FaultKind::NotConnected
        }
    } else if wants_certificate(&error) {
        FaultKind::Tls
    } else if error.is_timeout() {
        FaultKind::TimedOut
    } else if is_garbled(&error) {
        FaultKind::Garbled
    } else {
        FaultKind::Broken
    };
    let sentence = match kind {
        FaultKind::Tls if !error.is_connect() => Some("the server wants a certificate of its clients"),
        FaultKind::Tls => out_of_time(&error),
        FaultKind::NotConnected => {
            is_from_proxy(&error).then_some("the proxy did not open a way to the server")
        }
        _ => None,
    };
    Fault::because(kind, error).saying(sentence)
}

/// What a proxy answers to CONNECT has a type that cannot be named from here; its text is all there is.
fn is_from_proxy(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| error.to_string().starts_with("tunnel error"))
}

/// A certificate that is good at another time than this machine's: a wrong clock in a container is as likely.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn out_of_time(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};

    match chain(error).find_map(|error| error.downcast_ref::<rustls::Error>())? {
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            Some("the server's certificate has expired, or the clock of this machine is wrong")
        }
        rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            Some("the server's certificate is not valid yet, or the clock of this machine is wrong")
        }
        _ => None,
    }
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn out_of_time(_: &(dyn StdError + 'static)) -> Option<&'static str> {
    None
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

/// A server of TLS 1.3 that wants a certificate of its clients says so when the handshake is over for us, and reads nothing of
/// the request. Whatever else goes wrong with TLS behind the handshake is a connection that broke.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn wants_certificate(error: &(dyn StdError + 'static)) -> bool {
    use rustls::AlertDescription::{AccessDenied, BadCertificate, CertificateRequired, UnknownCA};

    chain(error).filter_map(|error| error.downcast_ref::<rustls::Error>()).any(|error| {
        matches!(
            error,
            rustls::Error::AlertReceived(CertificateRequired | BadCertificate | UnknownCA | AccessDenied)
        )
    })
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn wants_certificate(_: &(dyn StdError + 'static)) -> bool {
    false
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn is_tls(_: &(dyn StdError + 'static)) -> bool {
    false
}

fn is_garbled(error: &(dyn StdError + 'static)) -> bool {
    chain(error).filter_map(|error| error.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse)
}

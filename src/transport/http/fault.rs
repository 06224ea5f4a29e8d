use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;

use url::Url;

use super::causes::{chain, find};
use super::resolver::{DidNotComeBack, NameMissing, NoLookUp};
use super::{handshake, local};
use crate::transport::{Fault, FaultKind};

/// The way that a request was to take, for words.
pub(super) struct Way<'a> {
    pub(super) to: &'a Url,
    /// By which setting that is known.
    pub(super) setting: &'static str,
    /// The proxy's origin.
    pub(super) proxy: Option<&'a str>,
}

impl Way<'_> {
    fn name(&self) -> &str {
        self.to.host_str().unwrap_or_default()
    }

    /// Host and port, also where the port is the scheme's own.
    fn host(&self) -> String {
        format!("{}:{}", self.name(), self.to.port_or_known_default().unwrap_or_default())
    }
}

/// Sorts what reqwest says by what matters: whether anything can have been processed, and whether it heals.
pub(super) fn sort(error: reqwest::Error, way: &Way<'_>) -> Fault {
    // The error that it becomes says where.
    let error = error.without_url();
    let (kind, sentence): (_, Option<Cow<'static, str>>) = if error.is_builder() {
        (FaultKind::Unusable, None)
    } else if error.is_connect() {
        connecting(&error, way)
    } else if let Some(refusal) = handshake::refuses_us(&error) {
        (FaultKind::Tls, Some(refusal.into()))
    } else if was_not_processed(&error) {
        (FaultKind::Refused, None)
    } else if error.is_timeout() {
        (FaultKind::TimedOut, None)
    } else if is_garbled(&error) {
        let sentence =
            format!("the answer is not HTTP: check the port of {}, and whether it wants https", way.setting);
        (FaultKind::Garbled, Some(sentence.into()))
    } else {
        (FaultKind::Broken, None)
    };
    let fault = Fault::because(kind, error);
    match sentence {
        Some(sentence) => fault.saying(sentence),
        None => fault,
    }
}

/// Whether nothing was sent because no connection was there, and none was dialled. A connect timeout that is shorter than what
/// the resolver waits ends that wait first.
pub(super) fn was_not_dialled(error: &reqwest::Error) -> bool {
    find::<DidNotComeBack>(error).is_some() || (error.is_connect() && error.is_timeout())
}

/// No connection was made. Only what concerns the server's identity, or ours, does not heal.
fn connecting(error: &(dyn StdError + 'static), way: &Way<'_>) -> (FaultKind, Option<Cow<'static, str>>) {
    if let Some((kind, sentence)) = handshake::sort(error) {
        let sentence = match (kind, sentence) {
            (_, Some(sentence)) => sentence.into(),
            (FaultKind::NotTls, None) => {
                format!(
                    "what answers at {} does not speak TLS: check scheme and port of {}",
                    way.host(),
                    way.setting
                )
            }
            (_, None) => "the server could not prove who it is".to_owned(),
        };
        // Whether it was the server's, the proxy's own, or one that the proxy made: all come this way.
        let sentence = match way.proxy {
            Some(proxy) => format!("{sentence} (by way of the proxy {proxy})"),
            None => sentence,
        };
        return (kind, Some(sentence.into()));
    }
    let io = || chain(error).filter_map(|it| it.downcast_ref::<io::Error>());
    if let Some(missing) = io().find_map(local::missing) {
        return (FaultKind::NotConnected, Some(missing.into()));
    }
    if let Some(name) = find::<NameMissing>(error) {
        let kind = if name.was_found { FaultKind::NotConnected } else { FaultKind::NameMissing };
        let sentence = match way.proxy {
            Some(proxy) => format!("the proxy's name has no address: {proxy}"),
            None => format!("the server's name has no address: {}", way.name()),
        };
        return (kind, Some(sentence.into()));
    }
    if find::<NoLookUp>(error).is_some() {
        let sentence = match way.proxy {
            Some(proxy) => format!("the resolver of this machine does not answer for the proxy {proxy}"),
            None => format!("the resolver of this machine does not answer for the name {}", way.name()),
        };
        return (FaultKind::NotConnected, Some(sentence.into()));
    }
    let sentence = match (way.proxy, tunnel(error)) {
        (Some(proxy), Some(why)) if why.contains("authorization required") => {
            format!(
                "the proxy {proxy} wants a user name and a password, or does not take those it was given (407)"
            )
        }
        (Some(proxy), Some(_)) => format!("the proxy {proxy} did not open a way to {}", way.host()),
        (Some(proxy), None) => format!("the proxy {proxy}, or the server behind it, could not be reached"),
        (None, _) if io().any(|error| error.kind() == io::ErrorKind::ConnectionRefused) => {
            format!("nothing listens on {}: check host and port of {}", way.host(), way.setting)
        }
        (None, _) => format!("the server could not be reached on {}", way.host()),
    };
    (FaultKind::NotConnected, Some(sentence.into()))
}

/// What a proxy answers to CONNECT has a type that cannot be named from here; its text is all there is.
fn tunnel(error: &(dyn StdError + 'static)) -> Option<String> {
    chain(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error"))
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

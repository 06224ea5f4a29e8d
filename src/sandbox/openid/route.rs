//! From method and path to a handler.

use hyper::Method;

use super::key_set;
use super::metadata;
use super::path;
use super::start;
use super::token;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::script::Call;
use crate::sandbox::state::settings::Settings;

/// A route of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Metadata,
    Keys,
    Start,
    Token,
}

impl Route {
    pub(crate) fn find(settings: &Settings, method: &Method, path: &str) -> Option<Self> {
        if !settings.openid {
            return None;
        }
        match (method.as_str(), path) {
            ("GET", path::METADATA) => Some(Self::Metadata),
            ("GET", path::KEYS) => Some(Self::Keys),
            ("POST", path::START) => Some(Self::Start),
            ("POST", path::TOKEN) => Some(Self::Token),
            _ => None,
        }
    }

    pub(crate) fn call(self) -> Call {
        match self {
            Self::Metadata => Call::Discovery,
            Self::Keys => Call::Keys,
            Self::Start => Call::Initiate,
            Self::Token => Call::Poll,
        }
    }

    /// Runs the state machine.
    pub(crate) fn answer(self, exchange: &mut Exchange<'_>) -> Reply {
        match self {
            Self::Metadata => metadata::document(exchange.settings),
            Self::Keys => key_set::document(exchange.world),
            // RFC 6749, section 5.1: nothing of these is kept by a cache.
            Self::Start => start::answer(exchange).header("cache-control", "no-store"),
            Self::Token => token::answer(exchange).header("cache-control", "no-store"),
        }
    }
}

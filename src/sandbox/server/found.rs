//! Whose route a request is for.

use hyper::Method;

use crate::sandbox::authsec;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
#[cfg(feature = "openid")]
use crate::sandbox::openid;
use crate::sandbox::state::script::Call;
use crate::sandbox::state::settings::Settings;

/// A route of one of the imitated servers.
pub(crate) enum Found {
    AuthSec(authsec::route::Route),
    #[cfg(feature = "openid")]
    OpenId(openid::route::Route),
}

impl Found {
    /// The OpenID provider's routes go first: the two servers have one document in common.
    pub(crate) fn find(settings: &Settings, method: &Method, path: &str) -> Option<Self> {
        #[cfg(feature = "openid")]
        if let Some(route) = openid::route::Route::find(settings, method, path) {
            return Some(Self::OpenId(route));
        }
        authsec::route::Route::find(settings, method, path).map(Self::AuthSec)
    }

    pub(crate) fn call(&self) -> Call {
        match self {
            Self::AuthSec(route) => route.call(),
            #[cfg(feature = "openid")]
            Self::OpenId(route) => route.call(),
        }
    }

    /// Whether the limit of `/oauth/bc-authorize` counts this request, too.
    pub(crate) fn is_bc_authorize(&self) -> bool {
        matches!(self, Self::AuthSec(authsec::route::Route::BcAuthorize))
    }

    /// Runs the state machine.
    pub(crate) fn answer(&self, exchange: &mut Exchange<'_>) -> Reply {
        match self {
            Self::AuthSec(route) => route.answer(exchange),
            #[cfg(feature = "openid")]
            Self::OpenId(route) => route.answer(exchange),
        }
    }
}

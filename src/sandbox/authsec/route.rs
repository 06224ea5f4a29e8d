//! From method and path to a handler (section 1).

use hyper::Method;

use super::admin;
use super::devices;
use super::oauth;
use super::respond;
use super::tenant;
use super::totp_login;
use super::workspace;
use crate::ApiRoutes;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::ledger::Table;
use crate::sandbox::state::script::Call;
use crate::sandbox::state::settings::Settings;

/// A plane of the JSON routes. Which of the last two exists depends on the generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    Admin,
    Tenant,
    Workspace,
}

impl Plane {
    fn table(self) -> Table {
        if self == Self::Admin { Table::Admin } else { Table::Workspace }
    }
}

/// A route that this server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Initiate(Plane),
    Poll(Plane),
    Respond(Plane),
    Requests(Plane),
    RegisterDevice(Plane),
    Devices(Plane),
    DeleteDevice(Plane, String),
    Totp(Plane),
    BcAuthorize,
    Token,
    Metadata,
}

impl Route {
    pub(crate) fn find(settings: &Settings, method: &Method, path: &str) -> Option<Self> {
        if settings.is_new() {
            match (method.as_str(), path) {
                ("POST", "/oauth/bc-authorize") => return Some(Self::BcAuthorize),
                ("POST", "/oauth/token") => return Some(Self::Token),
                ("GET", "/.well-known/oauth-authorization-server" | "/.well-known/openid-configuration") => {
                    return Some(Self::Metadata);
                }
                _ => {}
            }
        }
        let (prefix, member, plane) = match settings.routes {
            ApiRoutes::Unprefixed => ("/uflow/auth/", "tenant/", Plane::Tenant),
            ApiRoutes::Tenant => ("/authsec/uflow/auth/", "tenant/", Plane::Tenant),
            ApiRoutes::Workspace | ApiRoutes::OAuth => {
                ("/authsec/uflow/auth/", "workspace/", Plane::Workspace)
            }
        };
        let rest = path.strip_prefix(prefix)?;
        let (plane, rest) = rest.strip_prefix(member).map_or((Plane::Admin, rest), |rest| (plane, rest));
        match (method.as_str(), rest) {
            ("POST", "ciba/initiate") => Some(Self::Initiate(plane)),
            ("POST", "ciba/token") => Some(Self::Poll(plane)),
            ("POST", "ciba/respond") => Some(Self::Respond(plane)),
            ("GET", "ciba/requests") if plane != Plane::Admin => Some(Self::Requests(plane)),
            ("POST", "ciba/register-device") => Some(Self::RegisterDevice(plane)),
            ("GET", "ciba/devices") => Some(Self::Devices(plane)),
            ("POST", "totp/login") => Some(Self::Totp(plane)),
            ("DELETE", rest) => {
                let id =
                    rest.strip_prefix("ciba/devices/").filter(|id| !id.is_empty() && !id.contains('/'))?;
                Some(Self::DeleteDevice(plane, id.to_owned()))
            }
            _ => None,
        }
    }

    pub(crate) fn call(&self) -> Call {
        match self {
            Self::Initiate(_) | Self::BcAuthorize => Call::Initiate,
            Self::Poll(_) | Self::Token => Call::Poll,
            Self::Respond(_) => Call::Respond,
            Self::Requests(_) => Call::Requests,
            Self::RegisterDevice(_) | Self::Devices(_) | Self::DeleteDevice(..) => Call::Devices,
            Self::Totp(_) => Call::Totp,
            Self::Metadata => Call::Discovery,
        }
    }

    /// Whether the newest server announces the end of this route.
    fn is_deprecated(&self, settings: &Settings) -> bool {
        settings.is_new()
            && matches!(
                self,
                Self::Initiate(Plane::Admin)
                    | Self::Poll(Plane::Admin)
                    | Self::Respond(Plane::Admin)
                    | Self::RegisterDevice(Plane::Admin)
                    | Self::Devices(Plane::Admin)
                    | Self::DeleteDevice(Plane::Admin, _)
            )
    }

    /// Runs the state machine.
    pub(crate) fn answer(&self, exchange: &mut Exchange<'_>) -> Reply {
        if matches!(self, Self::BcAuthorize | Self::Token | Self::Metadata)
            && let Some(elsewhere) = oauth::canonical(exchange)
        {
            return elsewhere;
        }
        let reply = match self {
            Self::Initiate(Plane::Admin) => admin::initiate(exchange),
            Self::Initiate(Plane::Tenant) => tenant::initiate(exchange),
            Self::Initiate(Plane::Workspace) => workspace::initiate(exchange),
            Self::Poll(Plane::Admin) => admin::poll(exchange),
            Self::Poll(Plane::Tenant) => tenant::poll(exchange),
            Self::Poll(Plane::Workspace) => workspace::poll(exchange),
            Self::Respond(plane) => respond::respond(exchange, plane.table()),
            Self::Requests(_) => respond::requests(exchange),
            Self::RegisterDevice(plane) => devices::register(exchange, plane.table()),
            Self::Devices(_) => devices::list(exchange),
            Self::DeleteDevice(plane, id) => devices::delete(exchange, plane.table(), id),
            Self::Totp(Plane::Admin) => totp_login::admin(exchange),
            Self::Totp(Plane::Tenant) => totp_login::tenant(exchange),
            Self::Totp(Plane::Workspace) => totp_login::workspace(exchange),
            Self::BcAuthorize => oauth::bc_authorize(exchange),
            Self::Token => oauth::token(exchange),
            Self::Metadata => oauth::metadata(exchange),
        };
        if self.is_deprecated(exchange.settings) {
            reply
                .header("deprecation", "true")
                .header("sunset", "Thu, 31 Dec 2026 00:00:00 UTC")
                .header("link", "</authsec/uflow/auth/workspace/ciba>; rel=\"successor-version\"")
        } else {
            reply
        }
    }
}

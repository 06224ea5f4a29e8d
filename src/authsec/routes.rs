use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// Which generation of AuthSec's routes to call (`docs/wire.md`, section 1). Chosen, never guessed from a host name.
///
/// [`as_str`](Self::as_str) is its one spelling: in `AUTHSEC_ROUTES`, in logs, in `Display` and [`FromStr`], and with the
/// feature `serde`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ApiRoutes {
    /// Generation 2, the newest: `/authsec/uflow/auth/workspace/…`.
    #[default]
    Workspace,
    /// Generation 1: `/authsec/uflow/auth/tenant/…`.
    Tenant,
    /// Generation 0, before the services were merged: `/uflow/auth/tenant/…`.
    Unprefixed,
    /// The standard: `/oauth/bc-authorize` and `/oauth/token` of OpenID CIBA, which the server has to have switched on. It needs
    /// a `client_id` and its secret (or, with the feature `openid`, an assertion in its place), and is what the admin routes of CIBA end in favour of on 31 December 2026. TOTP
    /// logins, which the standard does not know, go by the admin route.
    #[cfg_attr(feature = "serde", serde(rename = "oauth"))]
    OAuth,
}

impl ApiRoutes {
    /// `workspace`, `oauth`, `tenant` or `unprefixed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Tenant => "tenant",
            Self::Unprefixed => "unprefixed",
            Self::OAuth => "oauth",
        }
    }
}

impl fmt::Display for ApiRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As [`as_str`](ApiRoutes::as_str) writes it, letter by letter; anything else is an error of kind
/// [`Config`](crate::ErrorKind::Config).
impl FromStr for ApiRoutes {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Workspace, Self::OAuth, Self::Tenant, Self::Unprefixed]
            .into_iter()
            .find(|routes| routes.as_str() == text)
            .ok_or_else(|| Error::config("routes", "are one of workspace, oauth, tenant and unprefixed"))
    }
}

/// On whose behalf requests are made: which half of the server answers, and what every body carries.
#[derive(Debug)]
pub(crate) enum Plane {
    /// No client: the admin routes.
    Admin { workspace_id: Option<String> },
    /// A client: the workspace or tenant routes.
    Client { client_id: String, workspace_id: Option<String> },
}

impl Plane {
    /// For logs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Admin { .. } => "admin",
            Self::Client { .. } => "client",
        }
    }
}

/// The paths of the three requests, joined to the base URL by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paths {
    pub(crate) initiate: &'static str,
    pub(crate) poll: &'static str,
    pub(crate) totp: &'static str,
}

impl ApiRoutes {
    pub(crate) fn paths(self, plane: &Plane) -> Paths {
        match plane {
            Plane::Admin { .. } => self.admin(),
            // The workspace TOTP route cannot succeed on the newest server; the admin one can, and takes the
            // workspace (`docs/wire.md`, section 2.6).
            Plane::Client { workspace_id: Some(_), .. } => Paths { totp: self.admin().totp, ..self.client() },
            Plane::Client { .. } => self.client(),
        }
    }

    fn admin(self) -> Paths {
        match self {
            Self::Workspace | Self::Tenant | Self::OAuth => Paths {
                initiate: "/authsec/uflow/auth/ciba/initiate",
                poll: "/authsec/uflow/auth/ciba/token",
                totp: "/authsec/uflow/auth/totp/login",
            },
            Self::Unprefixed => Paths {
                initiate: "/uflow/auth/ciba/initiate",
                poll: "/uflow/auth/ciba/token",
                totp: "/uflow/auth/totp/login",
            },
        }
    }

    fn client(self) -> Paths {
        match self {
            Self::Workspace => Paths {
                initiate: "/authsec/uflow/auth/workspace/ciba/initiate",
                poll: "/authsec/uflow/auth/workspace/ciba/token",
                totp: "/authsec/uflow/auth/workspace/totp/login",
            },
            Self::Tenant => Paths {
                initiate: "/authsec/uflow/auth/tenant/ciba/initiate",
                poll: "/authsec/uflow/auth/tenant/ciba/token",
                totp: "/authsec/uflow/auth/tenant/totp/login",
            },
            Self::Unprefixed => Paths {
                initiate: "/uflow/auth/tenant/ciba/initiate",
                poll: "/uflow/auth/tenant/ciba/token",
                totp: "/uflow/auth/tenant/totp/login",
            },
            // The standard has no TOTP, and the workspace route of it cannot succeed.
            Self::OAuth => {
                Paths { initiate: "/oauth/bc-authorize", poll: "/oauth/token", totp: self.admin().totp }
            }
        }
    }
}

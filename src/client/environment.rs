use std::ffi::OsString;

use crate::error::Error;
use crate::secret::ClientSecret;
use crate::wire::ApiRoutes;

pub(super) const BASE_URL: &str = "AUTHSEC_BASE_URL";
pub(super) const CLIENT_ID: &str = "AUTHSEC_CLIENT_ID";
pub(super) const CLIENT_SECRET: &str = "AUTHSEC_CLIENT_SECRET";
pub(super) const WORKSPACE_ID: &str = "AUTHSEC_WORKSPACE_ID";
pub(super) const ROUTES: &str = "AUTHSEC_ROUTES";

/// Every variable that is read.
const KNOWN: [&str; 5] = [BASE_URL, CLIENT_ID, CLIENT_SECRET, WORKSPACE_ID, ROUTES];

/// What all of them begin with.
const PREFIX: &str = "AUTHSEC_";

/// What the environment says about a client. A variable that is empty counts as missing.
#[derive(Default)]
pub(super) struct Environment {
    pub(super) base_url: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<ClientSecret>,
    pub(super) workspace_id: Option<String>,
    pub(super) routes: Option<Routes>,
    /// Names that begin like ours and that nobody reads: a slip of the pen, most likely.
    pub(super) unknown: Vec<String>,
}

/// What `AUTHSEC_ROUTES` names: a generation of routes, and whether their admin half is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Routes {
    pub(super) routes: ApiRoutes,
    pub(super) admin: bool,
}

impl Environment {
    pub(super) fn read(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, Error> {
        let mut read = Self::default();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            if !KNOWN.contains(&name) {
                read.unknown.push(name.to_owned());
                continue;
            }
            let field = field(name);
            let value = value
                .into_string()
                .map_err(|_| Error::config(field, format_args!("is not Unicode: see {name}")))?;
            if value.is_empty() {
                continue;
            }
            match name {
                BASE_URL => read.base_url = Some(value),
                CLIENT_ID => read.client_id = Some(value),
                CLIENT_SECRET => read.client_secret = Some(ClientSecret::new(value)),
                WORKSPACE_ID => read.workspace_id = Some(value),
                _ => read.routes = Some(Routes::named(&value)?),
            }
        }
        Ok(read)
    }

    /// Says what nobody reads. Names only: a value may be a secret under the wrong name.
    pub(super) fn warn_of_unknown(&self) {
        for name in &self.unknown {
            tracing::warn!(variable = name, "this variable is not read: known are {}", KNOWN.join(", "));
        }
    }
}

impl Routes {
    fn named(text: &str) -> Result<Self, Error> {
        let (routes, admin) = match text.trim() {
            "workspace" => (ApiRoutes::Workspace, false),
            "tenant" => (ApiRoutes::Tenant, false),
            "unprefixed" => (ApiRoutes::Unprefixed, false),
            "admin" | "workspace-admin" => (ApiRoutes::Workspace, true),
            "tenant-admin" => (ApiRoutes::Tenant, true),
            "unprefixed-admin" => (ApiRoutes::Unprefixed, true),
            _ => {
                return Err(Error::config(
                    "routes",
                    format_args!(
                        "are not known: {ROUTES} is one of workspace, tenant, unprefixed, admin, tenant-admin and \
                         unprefixed-admin"
                    ),
                ));
            }
        };
        Ok(Self { routes, admin })
    }
}

/// The setting that a variable is for.
fn field(variable: &str) -> &'static str {
    match variable {
        BASE_URL => "base_url",
        CLIENT_ID => "client_id",
        CLIENT_SECRET => "client_secret",
        WORKSPACE_ID => "workspace_id",
        _ => "routes",
    }
}

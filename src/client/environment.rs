use std::ffi::OsString;

use crate::authsec::ApiRoutes;
use crate::error::Error;
use crate::secret::ClientSecret;

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
    /// Why the first value that cannot be used is none.
    pub(super) refused: Option<Error>,
}

/// What `AUTHSEC_ROUTES` names: a generation of routes, and whether their admin half is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Routes {
    pub(super) routes: ApiRoutes,
    pub(super) admin: bool,
}

impl Environment {
    pub(super) fn read(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut read = Self::default();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            if !KNOWN.contains(&name) {
                read.unknown.push(name.to_owned());
                continue;
            }
            if let Err(error) = read.take(name, value) {
                read.refused.get_or_insert(error);
            }
        }
        read
    }

    fn take(&mut self, name: &str, value: OsString) -> Result<(), Error> {
        let value = value
            .into_string()
            .map_err(|_| Error::config(field(name), format_args!("is not Unicode: see {name}")))?;
        if value.is_empty() {
            return Ok(());
        }
        match name {
            BASE_URL => self.base_url = Some(value),
            CLIENT_ID => self.client_id = Some(value),
            CLIENT_SECRET => self.client_secret = Some(ClientSecret::new(value)),
            WORKSPACE_ID => self.workspace_id = Some(value),
            _ => self.routes = Some(Routes::named(&value)?),
        }
        Ok(())
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
        let text = text.trim();
        let (routes, admin) = match text.strip_suffix("-admin") {
            Some(routes) => (routes, true),
            None if text == "admin" => (ApiRoutes::Workspace.as_str(), true),
            None => (text, false),
        };
        let routes = routes.parse().map_err(|_| {
            Error::config(
                "routes",
                format_args!(
                    "are not known: {ROUTES} is one of workspace, oauth, tenant, unprefixed, admin, tenant-admin \
                     and unprefixed-admin"
                ),
            )
        })?;
        Ok(Self { routes, admin })
    }
}

/// The variable of a setting.
pub(super) fn variable(field: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|name| self::field(name) == field)
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

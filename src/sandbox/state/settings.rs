//! What stays as it is while the server runs.

use std::time::Duration;

#[cfg(feature = "openid")]
use super::public_key::PublicKey;
use crate::ApiRoutes;

/// A registered client.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) approved: bool,
    /// What its assertions are verified by.
    #[cfg(feature = "openid")]
    pub(crate) key: Option<PublicKey>,
}

impl Client {
    pub(crate) fn new(id: impl Into<String>, secret: Option<&str>, approved: bool) -> Self {
        Self {
            id: id.into(),
            secret: secret.map(str::to_owned),
            approved,
            #[cfg(feature = "openid")]
            key: None,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) routes: ApiRoutes,
    pub(crate) oauth: bool,
    /// Whether the sandbox is an OpenID provider, too.
    #[cfg(feature = "openid")]
    pub(crate) openid: bool,
    pub(crate) clients: Vec<Client>,
    pub(crate) workspaces: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) allow_unauthenticated_clients: bool,
    pub(crate) lifetime: Duration,
    pub(crate) interval: Duration,
    pub(crate) rate_limit: Option<u32>,
    pub(crate) keep_log: bool,
    /// How long an idle HTTP/1 connection stays open.
    pub(crate) keep_alive: Option<Duration>,
    /// Without a slash at its end.
    pub(crate) issuer: String,
}

impl Settings {
    /// The newest server, which has the workspace routes and, where it is told so, those of the standard.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.routes, ApiRoutes::Workspace | ApiRoutes::OAuth)
    }

    #[cfg(feature = "openid")]
    pub(crate) fn client_mut(&mut self, id: &str) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.id == id)
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// Which client a test means that names none: the first approved one, if there is one.
    pub(crate) fn first_client(&self) -> Option<&Client> {
        self.clients.iter().find(|client| client.approved).or(self.clients.first())
    }

    pub(crate) fn is_approved(&self, id: &str) -> bool {
        self.client(id).is_some_and(|client| client.approved)
    }

    /// The id that stands in rows: the first known workspace.
    pub(crate) fn workspace_id(&self) -> &str {
        self.workspaces.first().map_or("", String::as_str)
    }

    /// What acknowledgements say: whole seconds, a part of a second counts as a whole one.
    pub(crate) fn expires_in(&self) -> u64 {
        let whole = self.lifetime.as_secs();
        if self.lifetime.subsec_nanos() == 0 { whole } else { whole.saturating_add(1) }
    }

    /// What acknowledgements say: a whole number where it is one, else a fraction, which no AuthSec
    /// server sends.
    pub(crate) fn interval(&self) -> serde_json::Value {
        if self.interval.subsec_nanos() == 0 {
            self.interval.as_secs().into()
        } else {
            self.interval.as_secs_f64().into()
        }
    }
}

//! What stays as it is while the server runs.

use std::time::Duration;

use crate::ApiRoutes;

/// A registered client.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: Option<String>,
    pub(super) approved: bool,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) routes: ApiRoutes,
    pub(super) oauth: bool,
    pub(super) clients: Vec<Client>,
    pub(super) workspaces: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) allow_unauthenticated_clients: bool,
    pub(super) lifetime: Duration,
    pub(super) interval: Duration,
    pub(super) rate_limit: Option<u32>,
    pub(super) keep_log: bool,
    /// Without a slash at its end.
    pub(super) issuer: String,
}

impl Settings {
    pub(super) fn is_new(&self) -> bool {
        self.routes == ApiRoutes::Workspace
    }

    pub(super) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    pub(super) fn is_approved(&self, id: &str) -> bool {
        self.client(id).is_some_and(|client| client.approved)
    }

    /// The id that stands in rows: the first known workspace.
    pub(super) fn workspace_id(&self) -> &str {
        self.workspaces.first().map_or("", String::as_str)
    }

    /// What acknowledgements say: whole seconds, a part of a second counts as a whole one.
    pub(super) fn expires_in(&self) -> u64 {
        let whole = self.lifetime.as_secs();
        if self.lifetime.subsec_nanos() == 0 { whole } else { whole.saturating_add(1) }
    }

    /// What acknowledgements say: a whole number where it is one, else a fraction, which no AuthSec
    /// server sends.
    pub(super) fn interval(&self) -> serde_json::Value {
        if self.interval.subsec_nanos() == 0 {
            self.interval.as_secs().into()
        } else {
            self.interval.as_secs_f64().into()
        }
    }
}

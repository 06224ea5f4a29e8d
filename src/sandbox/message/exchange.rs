//! One request on its way through the server.

use std::time::Duration;

use super::arrived::Arrived;
#[cfg(feature = "openid")]
use crate::sandbox::state::flaw::IdTokenFlaw;
use crate::sandbox::state::ledger::NewRequest;
use crate::sandbox::state::settings::Settings;
use crate::sandbox::state::user::Reaction;
use crate::sandbox::state::world::World;

/// What the log and the phone need to know afterwards.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) unexpected: Option<String>,
    pub(crate) auth_req_id: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) push: Option<(String, Reaction)>,
}

/// A request, the server's tables and the time, for the length of one handler.
pub(crate) struct Exchange<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) world: &'a mut World,
    pub(crate) request: &'a Arrived,
    pub(crate) now: Duration,
    pub(crate) notes: Notes,
    /// What the fault script wants wrong with an ID Token.
    #[cfg(feature = "openid")]
    pub(crate) flaw: Option<IdTokenFlaw>,
}

impl Exchange<'_> {
    /// Marks the request as one that a correct client does not send. The first reason stands.
    pub(crate) fn unexpected(&mut self, why: &str) {
        self.notes.unexpected.get_or_insert_with(|| why.to_owned());
    }

    /// Writes an approval request down and pushes it to the person's phone, which reacts in its own way.
    pub(crate) fn open(&mut self, request: NewRequest, reaction: Reaction, lifetime: Duration) {
        self.notes.auth_req_id = Some(request.auth_req_id.clone());
        self.notes.push = Some((request.auth_req_id.clone(), reaction));
        self.world.ledger.insert(request, self.now, lifetime);
    }
}

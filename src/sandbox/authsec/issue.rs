//! The steps that all initiate and poll routes share.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::ledger::{NewRequest, RequestState, Row};
use crate::sandbox::state::random;
use crate::sandbox::state::world::Bearer;

/// What initiate asks for, once it is checked.
pub(crate) struct Wanted {
    pub(crate) table: crate::sandbox::state::ledger::Table,
    pub(crate) email: String,
    pub(crate) binding_message: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) client: Option<String>,
    pub(crate) resource: Option<String>,
}

/// The database column's limits: longer texts and NUL make the insert fail (section 2.1).
pub(crate) fn fits_column(binding_message: &str) -> bool {
    binding_message.chars().count() <= 255 && !binding_message.contains('\0')
}

/// The scopes where the body names none, on the planes that have a default.
pub(crate) fn or_default_scopes(scopes: Vec<String>) -> Vec<String> {
    if scopes.is_empty() { ["openid", "email", "profile"].map(str::to_owned).to_vec() } else { scopes }
}

impl Exchange<'_> {
    /// Writes the request down and pushes it. The error is the text of a 500.
    pub(crate) fn open_request(&mut self, wanted: Wanted) -> io::Result<Value> {
        if !fits_column(&wanted.binding_message) {
            return Err(io::Error::other("value too long or not allowed for the column binding_message"));
        }
        let auth_req_id = random::auth_req_id()?;
        let Some(account) = self.world.admin_account(&wanted.email) else {
            return Err(io::Error::other("the user is gone"));
        };
        // The older server pushes to the newest device, the newest server to all of them.
        let devices = account.devices.len();
        let pushes = if self.settings.is_new() { devices } else { devices.min(1) };
        let reaction = account.reaction;
        let request = NewRequest {
            auth_req_id: auth_req_id.clone(),
            table: wanted.table,
            email: account.email.clone(),
            binding_message: Some(wanted.binding_message).filter(|text| !text.is_empty()),
            scopes: wanted.scopes,
            client: wanted.client,
            resource: wanted.resource,
            pushes,
        };
        self.open(request, reaction, self.settings.lifetime);
        Ok(json!({
            "auth_req_id": auth_req_id,
            "expires_in": self.settings.expires_in(),
            "interval": self.settings.interval(),
        }))
    }

    /// What a poll of `auth_req_id` meets, after `allowed` has looked at the row. Unknown ids look expired.
    pub(crate) fn look(
        &mut self,
        auth_req_id: &str,
        table: crate::sandbox::state::ledger::Table,
        allowed: impl Fn(&Row) -> Result<(), Reply>,
    ) -> Result<RequestState, Reply> {
        self.notes.auth_req_id = Some(auth_req_id.to_owned());
        let Some(row) = self.world.ledger.get(auth_req_id).filter(|row| row.request.table == table) else {
            return Ok(RequestState::Expired);
        };
        self.notes.email = Some(row.request.email.clone());
        allowed(row)?;
        let state = row.state_at(self.now);
        self.world.ledger.touch(auth_req_id, self.now);
        Ok(state)
    }

    /// Spends the approval: the token JSON of section 2.2.
    pub(crate) fn spend(&mut self, auth_req_id: &str, lifetime: u64, algorithm: &str) -> io::Result<Value> {
        let Some(row) = self.world.ledger.get(auth_req_id) else {
            return Err(io::Error::other("the request is gone"));
        };
        let (email, scope) = (row.request.email.clone(), row.request.scopes.join(" "));
        let token = self.mint(&email, lifetime, algorithm)?;
        self.world.ledger.consume(auth_req_id, token.clone());
        let mut body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": lifetime });
        if let Some(members) = body.as_object_mut()
            && !scope.is_empty()
        {
            members.insert("scope".into(), scope.into());
        }
        Ok(body)
    }

    /// A token that is also good for the bearer routes.
    pub(crate) fn mint(&mut self, email: &str, lifetime: u64, algorithm: &str) -> io::Result<String> {
        let lifetime = Duration::from_secs(lifetime);
        let token = random::token(email, self.now, lifetime, algorithm)?;
        let expires_at = self.now.saturating_add(lifetime);
        self.world.bearers.insert(token.clone(), Bearer { email: email.to_owned(), expires_at });
        Ok(token)
    }
}

pub(crate) const PENDING: (&str, &str) =
    ("authorization_pending", "The user has not yet answered the authentication request");
pub(crate) const DENIED: (&str, &str) = ("access_denied", "The user denied the authentication request");
pub(crate) const EXPIRED: (&str, &str) =
    ("expired_token", "The authentication request has expired or does not exist");

//! The newest server's workspace plane: `.../auth/workspace/ciba/*` (sections 2.1 and 2.2). The two steps
//! behind it are the ones of `/oauth`, too.

use serde_json::{Value, json};

use super::issue::{DENIED, EXPIRED, PENDING, Wanted};
use super::tenant::invalid;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::ledger::{RequestState, Table};

/// Why the service said no.
pub(crate) enum Refusal {
    /// A code and its description; the route knows the status.
    Code(&'static str, String),
    /// The text of a 500.
    Failure(String),
}

/// `POST .../auth/workspace/ciba/initiate`. The body is checked before the client.
pub(crate) fn initiate(exchange: &mut Exchange<'_>) -> Reply {
    let known = ["client_id", "email", "binding_message", "scopes", "resource", "workspace_domain"];
    let read = exchange.json(&known).and_then(|fields| {
        let (client, email) = (fields.string("client_id")?, fields.email("email")?);
        let (message, resource) = (fields.string("binding_message")?, fields.string("resource")?);
        Ok((client, email, message, fields.strings("scopes")?, resource))
    });
    let (claimed, email, message, scopes, resource) = match read {
        Ok(read) => read,
        Err(text) => return invalid(exchange, &text),
    };
    exchange.notes.email = Some(email.clone());
    let client = match exchange.workspace_client(&claimed) {
        Ok(client) => client,
        Err(why) => return Reply::code(401, "invalid_client", why),
    };
    match begin(exchange, &client, &email, message, scopes, &resource) {
        Ok(mut body) => {
            if let Some(members) = body.as_object_mut() {
                members.insert("message".into(), json!("Authentication request sent to the user's device"));
            }
            Reply::json(200, &body)
        }
        Err(Refusal::Code(code, description)) => Reply::initiate_code(400, code, &description),
        Err(Refusal::Failure(text)) => Reply::text_error(500, &text),
    }
}

/// Opens a request for an authenticated client.
pub(crate) fn begin(
    exchange: &mut Exchange<'_>,
    client: &str,
    email: &str,
    binding_message: String,
    scopes: Vec<String>,
    resource: &str,
) -> Result<Value, Refusal> {
    let coded = |code: &'static str, why: &str| Err(Refusal::Code(code, why.to_owned()));
    let resource = match exchange.resource(client, resource) {
        Ok(resource) => resource,
        Err(why) => return coded("invalid_client", why),
    };
    let Some(account) = exchange.world.workspace_account(email) else {
        return coded("user_not_found", "No active user with this e-mail address");
    };
    if account.devices.is_empty() {
        return coded("no_device_registered", "The user has no registered push device");
    }
    let granted = account.granted(&scopes);
    if granted.is_empty() && !scopes.is_empty() {
        return coded("invalid_scope", "None of the requested scopes is granted to the user");
    }
    let wanted = Wanted {
        table: Table::Workspace,
        email: account.email.clone(),
        binding_message,
        scopes: granted,
        client: Some(client.to_owned()),
        resource: Some(resource),
    };
    exchange.open_request(wanted).map_err(|error| Refusal::Failure(error.to_string()))
}

/// `POST .../auth/workspace/ciba/token`.
pub(crate) fn poll(exchange: &mut Exchange<'_>) -> Reply {
    let read = exchange.json(&["auth_req_id", "client_id", "resource"]).and_then(|fields| {
        Ok((fields.required("auth_req_id")?, fields.string("client_id")?, fields.string("resource")?))
    });
    let (auth_req_id, claimed, resource) = match read {
        Ok(read) => read,
        Err(text) => return invalid(exchange, &text),
    };
    exchange.notes.auth_req_id = Some(auth_req_id.clone());
    let client = match exchange.workspace_client(&claimed) {
        Ok(client) => client,
        Err(why) => return Reply::code(401, "invalid_client", why),
    };
    match collect(exchange, &client, &auth_req_id, &resource) {
        Ok(body) => Reply::json(200, &body),
        Err(Refusal::Code("authorization_pending", description)) => {
            Reply::code(202, "authorization_pending", &description)
        }
        Err(Refusal::Code(code, description)) => Reply::code(400, code, &description),
        Err(Refusal::Failure(text)) => Reply::text_error(500, &text),
    }
}

/// Looks at a request for an authenticated client, and spends it if it is approved.
pub(crate) fn collect(
    exchange: &mut Exchange<'_>,
    client: &str,
    auth_req_id: &str,
    resource: &str,
) -> Result<Value, Refusal> {
    let coded = |(code, why): (&'static str, &str)| Err(Refusal::Code(code, why.to_owned()));
    let resource = match exchange.resource(client, resource) {
        Ok(resource) => resource,
        Err(why) => return coded(("invalid_client", why)),
    };
    let mut foreign = false;
    let row = exchange.world.ledger.get(auth_req_id).filter(|row| row.request.table == Table::Workspace);
    if let Some(row) = row {
        let bound = (row.request.client.as_deref(), row.request.resource.as_deref());
        foreign = bound != (Some(client), Some(resource.as_str()));
    }
    if foreign {
        exchange.notes.auth_req_id = Some(auth_req_id.to_owned());
        return coded(("invalid_grant", "The request belongs to another client or resource"));
    }
    let state = exchange.look(auth_req_id, Table::Workspace, |_| Ok(()));
    match state.unwrap_or(RequestState::Expired) {
        RequestState::Pending => return coded(PENDING),
        RequestState::Denied => return coded(DENIED),
        RequestState::Expired | RequestState::Consumed => return coded(EXPIRED),
        RequestState::Approved => {}
    }
    let Some(row) = exchange.world.ledger.get(auth_req_id) else { return coded(EXPIRED) };
    let Some(account) = exchange.world.workspace_account(&row.request.email) else {
        return coded(("access_denied", "The user is no longer active"));
    };
    let scopes = row.request.scopes.clone();
    if account.granted(&scopes).is_empty() && !scopes.is_empty() {
        return coded(("invalid_scope", "None of the requested scopes is still granted"));
    }
    let (lifetime, algorithm) = if exchange.settings.oauth { (3_600, "RS256") } else { (86_400, "HS256") };
    exchange.spend(auth_req_id, lifetime, algorithm).map_err(|error| Refusal::Failure(error.to_string()))
}

//! The admin plane: `.../auth/ciba/initiate` and `.../auth/ciba/token` (sections 2.1 and 2.2).

use serde_json::json;

use super::issue::{DENIED, EXPIRED, PENDING, Wanted, or_default_scopes};
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::ledger::{RequestState, Table};
use crate::sandbox::state::random;

const YEAR: u64 = 31_536_000;
const DAY: u64 = 86_400;

/// The admin controllers' answer to a body that they cannot read.
pub(crate) fn invalid(exchange: &mut Exchange<'_>, text: &str) -> Reply {
    exchange.unexpected(text);
    Reply::detailed(400, "Invalid request body", text)
}

/// `POST .../auth/ciba/initiate`; no authentication.
pub(crate) fn initiate(exchange: &mut Exchange<'_>) -> Reply {
    let is_new = exchange.settings.is_new();
    let mut known = vec!["login_hint", "binding_message", "client_id", "scopes"];
    known.extend(is_new.then_some("workspace_id"));
    let read = exchange.json(&known).and_then(|fields| {
        let hint = fields.required("login_hint")?;
        let (client, workspace) = (fields.string("client_id")?, fields.string("workspace_id"));
        let workspace = if is_new { workspace? } else { String::new() };
        Ok((hint, client, workspace, fields.string("binding_message")?, fields.strings("scopes")?))
    });
    let (hint, client, workspace, binding_message, scopes) = match read {
        Ok(read) => read,
        Err(text) => return invalid(exchange, &text),
    };
    exchange.notes.email = Some(hint.clone());
    if is_new && let Err(why) = check_place(exchange, &client, &workspace) {
        return Reply::initiate_code(400, "invalid_request", why);
    }
    let account = exchange.world.admin_account(&hint).filter(|account| account.active || !is_new);
    let Some(account) = account else {
        return Reply::initiate_code(400, "user_not_found", "No user with this login hint");
    };
    if account.devices.is_empty() {
        return Reply::initiate_code(200, "no_device_registered", "The user has no registered push device");
    }
    let email = account.email.clone();
    // The older server takes UUIDs only and drops everything else without a word.
    let client = Some(client).filter(|id| if is_new { !id.is_empty() } else { random::is_uuid(id) });
    let scopes = or_default_scopes(scopes);
    let wanted = Wanted { table: Table::Admin, email, binding_message, scopes, client, resource: None };
    match exchange.open_request(wanted) {
        Ok(mut body) => {
            if let Some(members) = body.as_object_mut() {
                members.insert("message".into(), json!("Authentication request sent to the user's device"));
            }
            Reply::json(200, &body)
        }
        Err(error) => Reply::detailed(500, "Failed to initiate CIBA", &error.to_string()),
    }
}

/// The newest server needs to know the workspace, by its id or by an approved client.
fn check_place(exchange: &Exchange<'_>, client: &str, workspace: &str) -> Result<(), &'static str> {
    if client.is_empty() && workspace.is_empty() {
        return Err("client_id or workspace_id is required");
    }
    if !workspace.is_empty() && !exchange.settings.workspaces.iter().any(|known| known == workspace) {
        return Err("Unknown workspace");
    }
    if !client.is_empty() && !exchange.settings.is_approved(client) {
        return Err("The client is not approved in exactly one workspace");
    }
    Ok(())
}

/// `POST .../auth/ciba/token`.
pub(crate) fn poll(exchange: &mut Exchange<'_>) -> Reply {
    let read = exchange
        .json(&["auth_req_id", "client_id"])
        .and_then(|fields| Ok((fields.required("auth_req_id")?, fields.string("client_id")?)));
    let (auth_req_id, client) = match read {
        Ok(read) => read,
        Err(text) => return invalid(exchange, &text),
    };
    let is_new = exchange.settings.is_new();
    let state = exchange.look(&auth_req_id, Table::Admin, |row| match &row.request.client {
        Some(bound) if is_new && *bound != client => {
            Err(Reply::code(401, "invalid_client", "The request belongs to another client"))
        }
        _ => Ok(()),
    });
    let code = |status: u16, (code, description): (&str, &str)| Reply::code(status, code, description);
    match state {
        Err(refused) => refused,
        Ok(RequestState::Pending) => code(200, PENDING),
        Ok(RequestState::Denied) => code(403, DENIED),
        Ok(RequestState::Expired | RequestState::Consumed) => code(400, EXPIRED),
        Ok(RequestState::Approved) => {
            match exchange.spend(&auth_req_id, if is_new { DAY } else { YEAR }, "HS256") {
                Ok(body) => Reply::json(200, &body),
                Err(_) => Reply::code(200, "server_error", "Failed to generate the token"),
            }
        }
    }
}

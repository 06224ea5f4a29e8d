//! The older servers' tenant plane: `.../auth/tenant/ciba/*` (sections 2.1 and 2.2).

use serde_json::json;

use super::issue::{DENIED, EXPIRED, PENDING, Wanted, or_default_scopes};
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::ledger::{RequestState, Table};
use crate::sandbox::state::random;

/// The tenant and workspace controllers' answer to a body that they cannot read.
pub(crate) fn invalid(exchange: &mut Exchange<'_>, text: &str) -> Reply {
    exchange.unexpected(text);
    Reply::text_error(400, text)
}

/// Why a `client_id` is refused, if it is: it has to be a UUID with a tenant.
pub(crate) fn client_problem(exchange: &Exchange<'_>, client: &str) -> Option<&'static str> {
    if !random::is_uuid(client) {
        return Some("Invalid client_id format");
    }
    (!exchange.settings.is_approved(client)).then_some("The client is not mapped to a tenant")
}

/// `POST .../auth/tenant/ciba/initiate`; no authentication.
pub(crate) fn initiate(exchange: &mut Exchange<'_>) -> Reply {
    let known = ["client_id", "email", "binding_message", "scopes", "tenant_domain"];
    let read = exchange.json(&known).and_then(|fields| {
        let (client, email) = (fields.required("client_id")?, fields.email("email")?);
        Ok((client, email, fields.string("binding_message")?, fields.strings("scopes")?))
    });
    let (client, email, binding_message, scopes) = match read {
        Ok(read) => read,
        Err(text) => return invalid(exchange, &text),
    };
    exchange.notes.email = Some(email.clone());
    if let Some(problem) = client_problem(exchange, &client) {
        return Reply::initiate_code(400, "invalid_client", problem);
    }
    let Some(account) = exchange.world.tenant_account(&email) else {
        return Reply::initiate_code(400, "user_not_found", "No user with this e-mail address");
    };
    if account.devices.is_empty() {
        return Reply::initiate_code(400, "no_device_registered", "The user has no registered push device");
    }
    let email = account.email.clone();
    let scopes = or_default_scopes(scopes);
    let wanted = Wanted {
        table: Table::Workspace,
        email,
        binding_message,
        scopes,
        client: Some(client),
        resource: None,
    };
    match exchange.open_request(wanted) {
        Ok(mut body) => {
            if let Some(members) = body.as_object_mut() {
                members.insert("message".into(), json!("Authentication request sent to the user's device"));
            }
            Reply::json(200, &body)
        }
        Err(error) => Reply::text_error(500, &error.to_string()),
    }
}

/// `POST .../auth/tenant/ciba/token`: any client of the tenant may poll any id.
pub(crate) fn poll(exchange: &mut Exchange<'_>) -> Reply {
    let read = exchange
        .json(&["auth_req_id", "client_id"])
        .and_then(|fields| Ok((fields.required("auth_req_id")?, fields.required("client_id")?)));
    let (auth_req_id, client) = match read {
        Ok(read) => read,
        Err(text) => return invalid(exchange, &text),
    };
    if let Some(problem) = client_problem(exchange, &client) {
        return Reply::code(400, "invalid_client", problem);
    }
    let state = exchange.look(&auth_req_id, Table::Workspace, |_| Ok(()));
    let code = |status: u16, (code, description): (&str, &str)| Reply::code(status, code, description);
    match state {
        Err(refused) => refused,
        Ok(RequestState::Pending) => code(202, PENDING),
        Ok(RequestState::Denied) => code(400, DENIED),
        Ok(RequestState::Expired | RequestState::Consumed) => code(400, EXPIRED),
        Ok(RequestState::Approved) => match exchange.spend(&auth_req_id, 86_400, "HS256") {
            Ok(body) => Reply::json(200, &body),
            Err(error) => Reply::text_error(500, &error.to_string()),
        },
    }
}

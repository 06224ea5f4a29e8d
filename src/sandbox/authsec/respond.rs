//! The phone's own calls: its answer and the list of what waits for one (sections 2.3 and 2.4).

use serde_json::{Value, json};

use super::admin;
use super::tenant;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::ledger::{Row, Table};

/// `POST .../ciba/respond`. An absent `approved` denies.
pub(crate) fn respond(exchange: &mut Exchange<'_>, table: Table) -> Reply {
    let email = match exchange.bearer() {
        Ok(email) => email,
        Err(refused) => return refused,
    };
    let read = exchange.json(&["auth_req_id", "approved", "biometric_verified"]).and_then(|fields| {
        fields.boolean("biometric_verified")?;
        Ok((fields.required("auth_req_id")?, fields.boolean("approved")?))
    });
    let (auth_req_id, approved) = match (read, table) {
        (Ok(read), _) => read,
        (Err(text), Table::Admin) => return admin::invalid(exchange, &text),
        (Err(text), _) => return tenant::invalid(exchange, &text),
    };
    exchange.notes.auth_req_id = Some(auth_req_id.clone());
    exchange.notes.email = Some(email.clone());
    // On the older admin plane any logged-in user may answer any request.
    let anyone = table == Table::Admin && !exchange.settings.is_new();
    let row = exchange.world.ledger.get(&auth_req_id).filter(|row| row.request.table == table);
    let owned = row.is_some_and(|row| anyone || same(&row.request.email, &email));
    if owned && exchange.world.ledger.answer(&auth_req_id, approved, exchange.now) {
        let message =
            if approved { "Authentication request approved" } else { "Authentication request denied" };
        return Reply::json(200, &json!({ "success": true, "message": message }));
    }
    let why = "authentication request not found or not pending";
    match table {
        Table::Admin => Reply::detailed(400, "Failed to respond", why),
        _ => Reply::json(200, &json!({ "success": false, "message": why })),
    }
}

/// `GET .../ciba/requests`: the caller's pending requests, newest first.
pub(crate) fn requests(exchange: &mut Exchange<'_>) -> Reply {
    let email = match exchange.bearer() {
        Ok(email) => email,
        Err(refused) => return refused,
    };
    exchange.notes.email = Some(email.clone());
    let mine = |row: &Row| row.request.table == Table::Workspace && same(&row.request.email, &email);
    let account = exchange.world.admin_account(&email);
    let device = account.and_then(|account| account.devices.last()).map_or("", |device| device.id.as_str());
    let user = account.map_or("", |account| account.id.as_str());
    let rows: Vec<Value> = exchange
        .world
        .ledger
        .open(exchange.now, mine)
        .map(|row| row_json(exchange, row, user, device))
        .collect();
    Reply::json(200, &json!({ "success": true, "requests": rows }))
}

fn row_json(exchange: &Exchange<'_>, row: &Row, user: &str, device: &str) -> Value {
    let request = &row.request;
    let mut body = json!({
        "id": row.row_id,
        "auth_req_id": request.auth_req_id,
        "user_id": user,
        "user_email": request.email,
        "device_token_id": device,
        "scopes": request.scopes,
        "status": "pending",
        "biometric_verified": false,
        "expires_at": row.expires_at.as_secs(),
        "created_at": row.created_at.as_secs(),
    });
    let is_new = exchange.settings.is_new();
    let workspace = Some(exchange.settings.workspace_id().to_owned());
    let optional = [
        (if is_new { "workspace_id" } else { "tenant_id" }, workspace.map(Value::from)),
        ("client_id", request.client.clone().map(Value::from)),
        ("binding_message", request.binding_message.clone().map(Value::from)),
        ("last_polled_at", row.last_polled_at.map(|at| at.as_secs().into())),
        (
            "resource_server_id",
            request.resource.clone().filter(|it| is_new && !it.is_empty()).map(Value::from),
        ),
    ];
    if let Some(members) = body.as_object_mut() {
        for (name, value) in optional {
            members.extend(value.map(|value| (name.to_owned(), value)));
        }
    }
    body
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

//! Push devices (section 2.5).

use serde_json::{Map, Value, json};

use super::admin;
use super::fields::Fields;
use super::tenant;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::ledger::Table;
use crate::sandbox::state::random;
use crate::sandbox::state::world::Device;

const FIELDS: [&str; 6] =
    ["device_token", "platform", "device_name", "device_model", "app_version", "os_version"];

/// `POST .../ciba/register-device`.
pub(crate) fn register(exchange: &mut Exchange<'_>, table: Table) -> Reply {
    let email = match exchange.bearer() {
        Ok(email) => email,
        Err(refused) => return refused,
    };
    exchange.notes.email = Some(email.clone());
    let now = exchange.now;
    let read = exchange.json(&FIELDS).and_then(|fields| {
        let device = read(&fields, now)?;
        let known = matches!(device.platform.as_str(), "ios" | "android");
        if table == Table::Workspace && !known {
            return Err("platform must be ios or android".to_owned());
        }
        Ok((device, too_long(&fields)?))
    });
    let (mut device, over_long) = match (read, table) {
        (Ok(read), _) => read,
        (Err(text), Table::Admin) => return admin::invalid(exchange, &text),
        (Err(text), _) => return tenant::invalid(exchange, &text),
    };
    if over_long {
        let text = "value too long for the column";
        return match table {
            Table::Admin => Reply::detailed(500, "Failed to register device", text),
            _ => Reply::text_error(500, text),
        };
    }
    let owner = exchange
        .world
        .accounts_mut()
        .iter_mut()
        .find(|held| held.devices.iter().any(|it| it.token == device.token));
    let mut answered_id = device.id.clone();
    if let Some(owner) = owner
        && let Some(at) = owner.devices.iter().position(|it| it.token == device.token)
    {
        let old = owner.devices.remove(at);
        if table == Table::Workspace {
            // The row stays with its owner, and the answer names it.
            answered_id.clone_from(&old.id);
            owner.devices.insert(at, old);
            return registered(&answered_id);
        }
        // The row moves to the caller under its old id and platform; the answer names an id that is not its.
        device.id = old.id;
        device.platform = old.platform;
    }
    match exchange.world.account_mut(&email) {
        Some(account) => {
            account.devices.push(device);
            registered(&answered_id)
        }
        None => Reply::detailed(500, "Failed to register device", "the user does not exist"),
    }
}

fn registered(id: &str) -> Reply {
    Reply::json(
        200,
        &json!({ "success": true, "device_id": id, "message": "Device registered successfully" }),
    )
}

fn read(fields: &Fields, created_at: std::time::Duration) -> Result<Device, String> {
    Ok(Device {
        id: random::uuid(),
        token: fields.required("device_token")?,
        platform: fields.required("platform")?,
        name: fields.string("device_name")?,
        model: fields.string("device_model")?,
        app_version: fields.string("app_version")?,
        os_version: fields.string("os_version")?,
        created_at,
    })
}

/// Whether a text exceeds its column.
fn too_long(fields: &Fields) -> Result<bool, String> {
    for (name, longest) in FIELDS.into_iter().zip([500, 20, 100, 100, 20, 20]) {
        if fields.string(name)?.chars().count() > longest {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `GET .../ciba/devices`.
pub(crate) fn list(exchange: &mut Exchange<'_>) -> Reply {
    let email = match exchange.bearer() {
        Ok(email) => email,
        Err(refused) => return refused,
    };
    let devices = exchange.world.admin_account(&email).map(|account| account.devices.as_slice());
    let rows: Vec<Value> = devices.unwrap_or_default().iter().map(row).collect();
    Reply::json(
        200,
        &json!({ "success": true, "devices": rows, "message": "Devices retrieved successfully" }),
    )
}

fn row(device: &Device) -> Value {
    let mut row = Map::new();
    row.insert("id".into(), device.id.as_str().into());
    let optional = [
        ("device_name", &device.name),
        ("device_model", &device.model),
        ("app_version", &device.app_version),
        ("os_version", &device.os_version),
    ];
    let filled = optional.into_iter().filter(|(_, text)| !text.is_empty());
    row.extend(filled.map(|(name, text)| (name.to_owned(), text.as_str().into())));
    row.insert("platform".into(), device.platform.as_str().into());
    row.insert("is_active".into(), true.into());
    row.insert("created_at".into(), device.created_at.as_secs().into());
    row.into()
}

/// `DELETE .../ciba/devices/{uuid}`.
pub(crate) fn delete(exchange: &mut Exchange<'_>, table: Table, id: &str) -> Reply {
    let email = match exchange.bearer() {
        Ok(email) => email,
        Err(refused) => return refused,
    };
    if !random::is_uuid(id) {
        exchange.unexpected("the device id is not a UUID");
        return Reply::text_error(400, "Invalid device ID format");
    }
    let mut found = false;
    if let Some(account) = exchange.world.account_mut(&email) {
        let before = account.devices.len();
        account.devices.retain(|device| device.id != id);
        found = account.devices.len() != before;
    }
    if found || table == Table::Workspace {
        Reply::json(200, &json!({ "success": true, "message": "Device removed" }))
    } else {
        Reply::detailed(400, "Failed to delete device", "device not found")
    }
}

//! `POST /bc-authorize` (CIBA, sections 7 and 13).

use std::time::Duration;

use serde_json::{Value, json};

use super::client_auth::authenticate;
use super::form::{Form, refuse};
use super::hint;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::clock::wall;
use crate::sandbox::state::ledger::{NewRequest, Table};
use crate::sandbox::state::provider::Asked;
use crate::sandbox::state::random;

const KNOWN: [&str; 11] = [
    "scope",
    "acr_values",
    "login_hint",
    "id_token_hint",
    "login_hint_token",
    "binding_message",
    "user_code",
    "requested_expiry",
    "resource",
    "client_notification_token",
    "request",
];

/// A request lives no longer than this, whatever was asked for.
const LONGEST: Duration = Duration::from_secs(86_400);

/// The longest `binding_message`, in characters.
const LONGEST_MESSAGE: usize = 255;

pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Reply {
    match begin(exchange) {
        Ok(acknowledgement) => Reply::json(200, &acknowledgement),
        Err(refused) => refused,
    }
}

fn begin(exchange: &mut Exchange<'_>) -> Result<Value, Reply> {
    let form = Form::read(exchange, &KNOWN)?;
    let client = authenticate(exchange, &form)?;
    for (name, why) in [
        ("request", "signed requests are not supported"),
        ("user_code", "user_code is not supported, as the metadata say"),
        (
            "client_notification_token",
            "client_notification_token is for ping and push, and this client polls",
        ),
    ] {
        if form.get(name).is_some() {
            return Err(refuse(exchange, why));
        }
    }
    let scopes: Vec<String> = form.required(exchange, "scope")?.split(' ').map(str::to_owned).collect();
    if !scopes.iter().any(|scope| scope == "openid") {
        exchange.unexpected("scope without openid");
        return Err(Reply::code(400, "invalid_scope", "scope has to hold openid"));
    }
    let lifetime = lifetime(exchange, &form)?;
    let binding_message = binding_message(&form)?;
    let email = hint::person(exchange, &form, &client)?;
    let Some(account) = exchange.world.admin_account(&email) else {
        return Err(Reply::code(400, "unknown_user_id", "the user is gone"));
    };
    if account.devices.is_empty() {
        return Err(Reply::code(403, "access_denied", "the user has no device on which to be asked"));
    }
    // What the person's roles do not grant is left out, and the answer to the poll says so. `openid` is no role's.
    let granted = account.granted(&scopes);
    let scopes = scopes.into_iter().filter(|scope| scope == "openid" || granted.contains(scope)).collect();
    let (pushes, reaction) = (account.devices.len(), account.reaction);
    let auth_req_id =
        random::opaque().map_err(|error| Reply::code(500, "server_error", &error.to_string()))?;
    if let Some(provider) = exchange.world.provider.as_mut() {
        let acr = form.get("acr_values").and_then(|values| values.split(' ').next()).map(str::to_owned);
        let interval = exchange.settings.interval;
        provider.note(&auth_req_id, Asked { at: wall(), interval, acr });
    }
    let request = NewRequest {
        auth_req_id: auth_req_id.clone(),
        table: Table::OpenId,
        email,
        binding_message,
        scopes,
        client: Some(client),
        resource: form.get("resource").map(str::to_owned),
        pushes,
    };
    exchange.open(request, reaction, lifetime);
    Ok(json!({
        "auth_req_id": auth_req_id,
        "expires_in": whole_seconds(lifetime),
        "interval": exchange.settings.interval(),
    }))
}

/// What the answer says: a part of a second counts as a whole one.
fn whole_seconds(lifetime: Duration) -> u64 {
    lifetime.as_secs().saturating_add(u64::from(lifetime.subsec_nanos() != 0))
}

/// `requested_expiry`: a positive whole number (CIBA, section 7.1). Some providers' clients send it as a text of digits, which
/// in a form it is anyway.
fn lifetime(exchange: &mut Exchange<'_>, form: &Form) -> Result<Duration, Reply> {
    let Some(wanted) = form.get("requested_expiry") else { return Ok(exchange.settings.lifetime) };
    match wanted.parse() {
        Ok(seconds @ 1_u64..) => Ok(Duration::from_secs(seconds).min(LONGEST)),
        _ => Err(refuse(exchange, "requested_expiry is no positive whole number")),
    }
}

/// A text that a phone can show on one line.
fn binding_message(form: &Form) -> Result<Option<String>, Reply> {
    let Some(text) = form.get("binding_message") else { return Ok(None) };
    if text.chars().count() > LONGEST_MESSAGE || text.chars().any(char::is_control) {
        let why = "binding_message has more than 255 characters, or control characters";
        return Err(Reply::code(400, "invalid_binding_message", why));
    }
    Ok(Some(text.to_owned()))
}

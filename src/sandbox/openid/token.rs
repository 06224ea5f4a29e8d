//! `POST /token` with the CIBA grant (CIBA, sections 10 and 11).

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use super::client_auth::authenticate;
use super::form::{Form, GRANT};
use super::id_token;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::flaw::IdTokenFlaw;
use crate::sandbox::state::ledger::{RequestState, Row, Table};
use crate::sandbox::state::random;

/// How long an access token is good, in seconds.
const ACCESS: u64 = 3_600;

/// A poll may be so much too early: the network brings one faster than another.
const TOLERANCE: Duration = Duration::from_millis(500);

pub(crate) fn answer(exchange: &mut Exchange<'_>) -> Reply {
    match poll(exchange) {
        Ok(tokens) => Reply::json(200, &tokens),
        Err(refused) => refused,
    }
}

fn poll(exchange: &mut Exchange<'_>) -> Result<Value, Reply> {
    let form = Form::read(exchange, &["grant_type", "auth_req_id", "resource"])?;
    exchange.notes.auth_req_id = form.get("auth_req_id").map(str::to_owned);
    let client = authenticate(exchange, &form)?;
    if form.required(exchange, "grant_type")? != GRANT {
        exchange.unexpected("grant_type is not CIBA's");
        return Err(Reply::code(400, "unsupported_grant_type", "the provider has the CIBA grant alone"));
    }
    let auth_req_id = form.required(exchange, "auth_req_id")?;
    let row = exchange.world.ledger.get(auth_req_id);
    let row = row.filter(|row| row.request.table == Table::OpenId);
    let Some(row) = row.filter(|row| row.request.client.as_deref() == Some(&client)).cloned() else {
        return Err(Reply::code(400, "invalid_grant", "no such auth_req_id, or another client's"));
    };
    exchange.notes.email = Some(row.request.email.clone());
    exchange.world.ledger.touch(auth_req_id, exchange.now);
    match row.outcome_at(exchange.now) {
        RequestState::Pending if is_early(exchange, &row) => {
            if let Some(provider) = exchange.world.provider.as_mut() {
                provider.slow_down(auth_req_id, exchange.settings.interval);
            }
            Err(Reply::code(400, "slow_down", "polled too early: wait 5 s longer from now on"))
        }
        RequestState::Pending => Err(Reply::code(400, "authorization_pending", "nobody has answered yet")),
        RequestState::Denied => Err(Reply::code(400, "access_denied", "the person has said no")),
        RequestState::Expired => Err(Reply::code(400, "expired_token", "the request has expired")),
        RequestState::Consumed => Err(Reply::code(400, "invalid_grant", "the tokens were fetched before")),
        RequestState::Approved => spend(exchange, &row, &client)
            .map_err(|error| Reply::code(500, "server_error", &error.to_string())),
    }
}

/// Whether less than the interval has passed since the poll before, or since the start.
fn is_early(exchange: &Exchange<'_>, row: &Row) -> bool {
    let asked = exchange.world.provider.as_ref().and_then(|it| it.asked(&row.request.auth_req_id));
    let Some(interval) = asked.map(|asked| asked.interval) else { return false };
    let least = interval.saturating_sub(TOLERANCE.min(interval.checked_div(2).unwrap_or_default()));
    exchange.now.saturating_sub(row.last_polled_at.unwrap_or(row.created_at)) < least
}

/// Spends the approval for tokens.
fn spend(exchange: &mut Exchange<'_>, row: &Row, client: &str) -> io::Result<Value> {
    let access_token = random::opaque()?;
    let flaw = exchange.flaw;
    let mut body = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": ACCESS,
        "scope": row.request.scopes.join(" "),
    });
    if flaw != Some(IdTokenFlaw::Missing)
        && let Some(members) = body.as_object_mut()
    {
        let id_token = id_token::mint(exchange, row, client, &access_token, flaw)?;
        members.insert("id_token".into(), id_token.into());
    }
    exchange.world.ledger.consume(&row.request.auth_req_id, access_token);
    Ok(body)
}

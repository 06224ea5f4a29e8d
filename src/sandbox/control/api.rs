//! The phone page and its small JSON API under `/_sandbox/`, for browsers and for tests in any language.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::spelling::{self, text};
use crate::sandbox::message::arrived::Arrived;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::phone::authenticator::Authenticator;
use crate::sandbox::phone::handset::Phone;
use crate::sandbox::state::fault_script::FaultScript;
use crate::sandbox::state::issued::Issued;
use crate::sandbox::state::ledger::RequestState;
use crate::sandbox::state::log::LoggedRequest;
use crate::sandbox::state::script::Call;
use crate::sandbox::state::shared::Shared;
use crate::sandbox::state::user::Reaction;

const PAGE: &str = include_str!("phone.html");
/// Nothing from elsewhere, and no framing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether the request is for the page or its API, and not for the imitated server.
pub(crate) fn claims(request: &Arrived) -> bool {
    request.path == "/" && request.method == Method::GET || request.path.starts_with("/_sandbox/")
}

pub(crate) fn answer(shared: &Arc<Shared>, request: &Arrived) -> Reply {
    if let Err(why) = admitted(request) {
        return Reply::text_error(403, why);
    }
    if request.path == "/" {
        return Reply::new(200, "text/html; charset=utf-8", PAGE)
            .header("content-security-policy", POLICY)
            .header("x-content-type-options", "nosniff")
            .header("referrer-policy", "no-referrer")
            .header("cache-control", "no-store");
    }
    let name = request.path.strip_prefix("/_sandbox/").unwrap_or_default();
    let answer = match (request.method.as_str(), name) {
        ("GET", "users") => Ok(users(shared)),
        ("GET", "pending") => Ok(pending(shared)),
        ("GET", "totp") => totp(shared, &query(request, "email")),
        ("GET", "log") => Ok(log(shared, &query(request, "auth_req_id"))),
        ("GET", "issued") => Ok(issued(shared)),
        ("POST", "answer") => body(request).and_then(|body| decide(shared, &body)),
        ("POST", "react") => body(request).and_then(|body| react(shared, &body)),
        ("POST", "clock") => body(request).and_then(|body| advance(shared, &body)),
        ("POST", "fault") => body(request).and_then(|body| fault(shared, &body)),
        #[cfg(feature = "openid")]
        ("POST", "keys") => body(request).and_then(|body| keys(shared, &body)),
        _ => return Reply::text_error(404, "no such control call"),
    };
    match answer {
        Ok(body) => Reply::json(200, &body).header("cache-control", "no-store"),
        Err(why) => Reply::text_error(400, &why),
    }
}

/// Keeps other web sites out: no foreign name that resolves to this machine, no form that posts across
/// origins, and no answer to a preflight.
fn admitted(request: &Arrived) -> Result<(), &'static str> {
    if !is_loopback(&request.host) {
        return Err("the Host is not a loopback name or address");
    }
    if let Some(origin) = request.headers.get("origin") {
        let own =
            origin.to_str().ok().and_then(|it| it.split_once("://")).is_some_and(|it| is_loopback(it.1));
        if !own {
            return Err("the Origin is not a loopback name or address");
        }
    }
    let json = request.header("content-type").is_some_and(|it| it.starts_with("application/json"));
    if request.method == Method::POST && !json && request.header("x-sandbox") != Some("1") {
        return Err("send X-Sandbox: 1 or a JSON content type");
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn query(request: &Arrived, name: &str) -> String {
    let query = request.query.as_deref().unwrap_or_default();
    let found = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn body(request: &Arrived) -> Result<Value, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

/// A non-negative number of seconds.
fn seconds(body: &Value, name: &str) -> Result<Duration, String> {
    let number = body.get(name).and_then(Value::as_f64);
    let time = number.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| format!("{name} has to be a number of seconds"))
}

fn users(shared: &Shared) -> Value {
    let world = shared.world();
    let users = world.accounts().iter().map(|account| {
        json!({
            "email": account.email,
            "device": !account.devices.is_empty(),
            "totp": account.codes.is_some(),
            "active": account.active,
        })
    });
    json!({ "users": users.collect::<Vec<_>>() })
}

fn pending(shared: &Shared) -> Value {
    let now = shared.clock.now();
    let world = shared.world();
    let rows = world.ledger.open(now, |_| true).map(|row| {
        json!({
            "auth_req_id": row.request.auth_req_id,
            "email": row.request.email,
            "binding_message": row.request.binding_message,
            "scopes": row.request.scopes,
            "created_at": row.created_at.as_secs(),
            "expires_at": row.expires_at.as_secs(),
            "remaining_seconds": row.expires_at.saturating_sub(now).as_secs(),
        })
    });
    json!({ "requests": rows.collect::<Vec<_>>() })
}

fn decide(shared: &Shared, body: &Value) -> Result<Value, String> {
    let approved = body.get("approved").and_then(Value::as_bool).ok_or("approved has to be true or false")?;
    Ok(json!({ "answered": shared.answer(text(body, "auth_req_id")?, approved) }))
}

fn react(shared: &Arc<Shared>, body: &Value) -> Result<Value, String> {
    let after = body.get("after_seconds").map(|_| seconds(body, "after_seconds")).transpose()?;
    let reaction = match (text(body, "reaction")?, after) {
        ("ignore", _) => Reaction::Ignore,
        ("approve", None) => Reaction::Approve,
        ("deny", None) => Reaction::Deny,
        ("approve", Some(wait)) => Reaction::ApproveAfter(wait),
        ("deny", Some(wait)) => Reaction::DenyAfter(wait),
        _ => return Err("reaction has to be ignore, approve or deny".to_owned()),
    };
    let email = text(body, "email")?;
    if shared.world().account_mut(email).is_none() {
        return Err("no such user".to_owned());
    }
    Phone::of(shared, email).react(reaction);
    Ok(json!({ "ok": true }))
}

fn totp(shared: &Arc<Shared>, email: &str) -> Result<Value, String> {
    let world = shared.world();
    if world.admin_account(email).is_none_or(|account| account.codes.is_none()) {
        return Err("no such user, or no authenticator".to_owned());
    }
    drop(world);
    let authenticator = Authenticator::of(shared, email);
    let into_step = shared.clock.now().as_secs().checked_rem(30).unwrap_or(0);
    Ok(json!({
        "email": email,
        "code": authenticator.code(),
        "next_code": authenticator.next_code(),
        "wrong_code": authenticator.wrong_code(),
        "remaining_seconds": 30_u64.saturating_sub(into_step),
    }))
}

/// The name of a call in the API, and back.
pub(crate) const CALLS: [(Call, &str); 10] = [
    (Call::Initiate, "initiate"),
    (Call::Poll, "poll"),
    (Call::Respond, "respond"),
    (Call::Requests, "requests"),
    (Call::Devices, "devices"),
    (Call::Totp, "totp"),
    (Call::Discovery, "discovery"),
    (Call::Keys, "keys"),
    (Call::Unknown, "unknown"),
    (Call::Any, "any"),
];

fn log(shared: &Shared, auth_req_id: &str) -> Value {
    let record = shared.record();
    let id = |entry: &LoggedRequest| {
        let sent = entry.body.field("auth_req_id");
        entry.auth_req_id.as_deref().or(sent).map(str::to_owned)
    };
    let wanted = |entry: &&LoggedRequest| auth_req_id.is_empty() || id(entry).as_deref() == Some(auth_req_id);
    let rows = record.log.iter().filter(wanted).map(|entry| {
        json!({
            "call": CALLS.iter().find(|(call, _)| *call == entry.call).map(|(_, name)| name),
            "method": entry.method,
            "path": entry.path,
            "status": entry.status,
            "fault": entry.fault,
            "connection": entry.connection,
            "auth_req_id": id(entry),
            "email": entry.email,
            "received_ms": shared.clock.millis_at(entry.received_at),
            "answered_ms": entry.answered_at.map(|at| shared.clock.millis_at(at)),
            "unexpected": entry.unexpected,
        })
    });
    json!({ "requests": rows.collect::<Vec<_>>() })
}

fn issued(shared: &Shared) -> Value {
    let rows = Issued::of(shared).requests.into_iter().map(|request| {
        let state = match request.state {
            RequestState::Pending => "pending",
            RequestState::Approved => "approved",
            RequestState::Denied => "denied",
            RequestState::Consumed => "consumed",
            RequestState::Expired => "expired",
        };
        json!({
            "auth_req_id": request.auth_req_id,
            "email": request.email,
            "state": state,
            "pushes": request.pushes,
        })
    });
    json!({ "requests": rows.collect::<Vec<_>>() })
}

fn advance(shared: &Shared, body: &Value) -> Result<Value, String> {
    shared.clock.advance(seconds(body, "advance_seconds")?);
    Ok(json!({ "now": shared.clock.now().as_secs() }))
}

fn fault(shared: &Arc<Shared>, body: &Value) -> Result<Value, String> {
    let script = FaultScript::of(shared);
    if body.get("clear").and_then(Value::as_bool) == Some(true) {
        script.clear();
        return Ok(json!({ "ok": true }));
    }
    let name = text(body, "call")?;
    let call = CALLS.iter().find(|(_, known)| *known == name).map(|(call, _)| *call);
    let call = call.ok_or_else(|| format!("no call is named {name:?}"))?;
    let fault = spelling::read(body)?;
    if body.get("always").and_then(Value::as_bool) == Some(true) {
        script.always(call, fault);
    } else {
        let times = body.get("times").and_then(Value::as_u64).unwrap_or(1).min(10_000);
        script.next_n(usize::try_from(times).unwrap_or(1), call, &fault);
    }
    Ok(json!({ "ok": true }))
}

/// Rotates the OpenID provider's keys.
#[cfg(feature = "openid")]
fn keys(shared: &Shared, body: &Value) -> Result<Value, String> {
    let mut world = shared.world();
    let provider = world.provider.as_mut().ok_or("the sandbox is no OpenID provider")?;
    provider.keys.rotate().map_err(|error| error.to_string())?;
    if body.get("drop_old").and_then(Value::as_bool) == Some(true) {
        provider.keys.drop_old();
    }
    Ok(json!({ "kid": provider.keys.current().kid }))
}

//! Generation 3: `/oauth/bc-authorize`, `/oauth/token` and the metadata (sections 1, 2.1, 2.2 and 4).

use serde_json::{Value, json};

#[cfg(feature = "openid")]
use super::assertion;
use super::client_auth::basic;
use super::workspace::{Refusal, begin, collect};
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;

const GRANT: &str = "urn:openid:params:grant-type:ciba";

struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }
}

fn form(exchange: &mut Exchange<'_>, known: &[&str]) -> Form {
    let form = Form(exchange.request.form());
    let odd = form.0.iter().find(|(name, _)| !known.contains(&name.as_str()));
    if let Some((name, _)) = odd {
        exchange.unexpected(&format!("unknown form field {name:?}"));
    }
    form
}

/// The client that has proved who it is, in one way.
fn client(exchange: &mut Exchange<'_>, form: &Form) -> Option<String> {
    match (basic(exchange.request), form.get("client_assertion")) {
        (Some(basic), "") => basic.filter(|basic| exchange.is_genuine(basic)).map(|basic| basic.id),
        #[cfg(feature = "openid")]
        (None, text) if !text.is_empty() => {
            let id = assertion::client(exchange, form.get("client_assertion_type"), text)?;
            ["", id.as_str()].contains(&form.get("client_id")).then_some(id)
        }
        _ => None,
    }
}

/// 308 to the issuer, if the request came in under another host.
pub(crate) fn canonical(exchange: &Exchange<'_>) -> Option<Reply> {
    let issuer = exchange.settings.issuer.as_str();
    let host = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    if exchange.request.host.eq_ignore_ascii_case(host) {
        return None;
    }
    let query = exchange.request.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{issuer}{}{query}", exchange.request.path);
    Some(Reply::new(308, "text/plain", "").header("location", &location))
}

/// `POST /oauth/bc-authorize`.
pub(crate) fn bc_authorize(exchange: &mut Exchange<'_>) -> Reply {
    if !exchange.settings.oauth {
        return Reply::code(400, "unsupported_grant_type", "CIBA is not enabled");
    }
    let known = [
        "login_hint",
        "scope",
        "binding_message",
        "resource",
        "client_id",
        "client_assertion",
        "client_assertion_type",
    ];
    let form = form(exchange, &known);
    let Some(client) = client(exchange, &form) else {
        return Reply::code(401, "invalid_client", "invalid_client: client authentication failed");
    };
    let hint = form.get("login_hint").trim().to_lowercase();
    if hint.is_empty() {
        exchange.unexpected("login_hint is missing");
        return Reply::code(400, "invalid_request", "login_hint is required");
    }
    exchange.notes.email = Some(hint.clone());
    let scopes = form.get("scope").split_whitespace().map(str::to_owned).collect();
    let message = form.get("binding_message").to_owned();
    match begin(exchange, &client, &hint, message, scopes, form.get("resource")) {
        Ok(body) => Reply::json(200, &body),
        Err(refusal) => refused(refusal),
    }
}

/// `POST /oauth/token` with the CIBA grant.
pub(crate) fn token(exchange: &mut Exchange<'_>) -> Reply {
    let known =
        ["grant_type", "auth_req_id", "resource", "client_id", "client_assertion", "client_assertion_type"];
    let form = form(exchange, &known);
    if !exchange.settings.oauth || form.get("grant_type") != GRANT {
        if exchange.settings.oauth {
            exchange.unexpected("grant_type is not CIBA's");
        }
        return Reply::code(400, "unsupported_grant_type", "The grant type is not supported");
    }
    let auth_req_id = form.get("auth_req_id");
    if auth_req_id.is_empty() {
        exchange.unexpected("auth_req_id is missing");
        return Reply::code(400, "invalid_request", "auth_req_id is required");
    }
    exchange.notes.auth_req_id = Some(auth_req_id.to_owned());
    let credential = basic(exchange.request).flatten();
    let claimed = credential.as_ref().map_or_else(|| form.get("client_id"), |basic| basic.id.as_str());
    if claimed.is_empty() {
        exchange.unexpected("no client");
        return Reply::code(400, "invalid_request", "client_id is required");
    }
    if exchange.settings.client(claimed).is_none() {
        return Reply::code(400, "invalid_client", "Unknown client");
    }
    let Some(client) = client(exchange, &form) else {
        return Reply::code(401, "invalid_client", "client authentication failed");
    };
    match collect(exchange, &client, auth_req_id, form.get("resource")) {
        Ok(body) => Reply::json(200, &body),
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Code(code, description) => Reply::code(400, code, &description),
        Refusal::Failure(_) => Reply::json(500, &json!({ "error": "server_error" })),
    }
}

/// The document of both metadata addresses.
pub(crate) fn metadata(exchange: &Exchange<'_>) -> Reply {
    let issuer = &exchange.settings.issuer;
    let mut grants = vec!["authorization_code", "client_credentials"];
    grants.extend(exchange.settings.oauth.then_some(GRANT));
    let mut document = json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauth/token"),
        "grant_types_supported": grants,
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    });
    if let Value::Object(members) = &mut document
        && exchange.settings.oauth
    {
        let endpoint = format!("{issuer}/oauth/bc-authorize");
        members.insert("backchannel_authentication_endpoint".into(), endpoint.into());
        members.insert("backchannel_token_delivery_modes_supported".into(), json!(["poll"]));
        members.insert("backchannel_user_code_parameter_supported".into(), false.into());
    }
    Reply::json(200, &document)
}

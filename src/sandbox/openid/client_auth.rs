//! Who asks (RFC 6749, section 2.3; CIBA, sections 7.1 and 10.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::assertion;
use super::form::{Form, refuse};
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;

/// The client that has authenticated and may use CIBA.
pub(crate) fn authenticate(exchange: &mut Exchange<'_>, form: &Form) -> Result<String, Reply> {
    let header = exchange.request.headers.contains_key("authorization");
    let (secret, assertion) = (form.get("client_secret"), form.get("client_assertion"));
    let ways = [header, secret.is_some(), assertion.is_some()].into_iter().filter(|way| *way).count();
    if ways > 1 {
        return Err(refuse(exchange, "the client authenticates in more than one way"));
    }
    let claimed = form.get("client_id");
    let client = if header {
        let (id, secret) = exchange
            .request
            .header("authorization")
            .and_then(basic)
            .ok_or_else(|| unknown("the Authorization header is not Basic"))?;
        if claimed.is_some_and(|claimed| claimed != id) {
            return Err(refuse(exchange, "client_id is not the client of the Authorization header"));
        }
        check_secret(exchange, &id, &secret)?;
        id
    } else if let Some(secret) = secret {
        let id = form.required(exchange, "client_id")?;
        check_secret(exchange, id, secret)?;
        id.to_owned()
    } else if let Some(assertion) = assertion {
        assertion::client(exchange, form, assertion).map_err(unknown)?
    } else {
        let is_public = |id: &&str| {
            exchange.settings.allow_unauthenticated_clients && exchange.settings.client(id).is_some()
        };
        claimed.filter(is_public).ok_or_else(|| unknown("the client does not authenticate"))?.to_owned()
    };
    if exchange.settings.is_approved(&client) {
        Ok(client)
    } else {
        Err(Reply::code(400, "unauthorized_client", "the client may not use CIBA"))
    }
}

fn check_secret(exchange: &Exchange<'_>, id: &str, secret: &str) -> Result<(), Reply> {
    let known = exchange.settings.client(id).and_then(|client| client.secret.as_deref());
    if known == Some(secret) { Ok(()) } else { Err(unknown("no such client, or not its secret")) }
}

/// 401, with the challenge that RFC 9110 (section 15.5.2) wants there.
fn unknown(why: &str) -> Reply {
    Reply::code(401, "invalid_client", why).header("www-authenticate", "Basic realm=\"sandbox\"")
}

/// Id and secret, each form-encoded before they were joined (RFC 6749, section 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    // An ampersand would have been encoded.
    if text.contains('&') {
        return None;
    }
    let pair = format!("value={text}");
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
}

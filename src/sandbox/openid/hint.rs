//! Whom a start means (CIBA, section 7.1).

use super::form::{Form, refuse};
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::jwt::Jwt;
use crate::sandbox::message::reply::Reply;

/// The e-mail address of the person, as it is stored.
pub(crate) fn person(exchange: &mut Exchange<'_>, form: &Form, client: &str) -> Result<String, Reply> {
    let hints = ["login_hint", "id_token_hint", "login_hint_token"];
    if hints.iter().filter(|name| form.get(name).is_some()).count() != 1 {
        return Err(refuse(
            exchange,
            "exactly one of login_hint, id_token_hint and login_hint_token has to be there",
        ));
    }
    let known = if let Some(hint) = form.get("login_hint") {
        exchange.notes.email = Some(hint.to_owned());
        exchange.world.workspace_account(hint)
    } else if let Some(token) = form.get("id_token_hint") {
        let Some(subject) = subject(exchange, token, client) else {
            return Err(refuse(exchange, "id_token_hint is no ID Token of this provider for this client"));
        };
        exchange.world.account_of_subject(&subject)
    } else {
        // What is in one is between a provider and those who issue them.
        return Err(refuse(exchange, "login_hint_token is not supported"));
    };
    known
        .map(|account| account.email.clone())
        .ok_or_else(|| Reply::code(400, "unknown_user_id", "no active user is meant by the hint"))
}

/// The subject of an ID Token that a key of the set has signed. It may have expired (CIBA, section 7.1).
fn subject(exchange: &Exchange<'_>, token: &str, client: &str) -> Option<String> {
    let jwt = Jwt::split(token)?;
    let kid = jwt.header.get("kid")?.as_str()?;
    let provider = exchange.world.provider.as_ref()?;
    let key = provider.keys.published().find(|key| key.kid == kid)?;
    let is_right = key.has_signed(jwt.input, &jwt.signature)
        && jwt.text("iss") == Some(exchange.settings.issuer.as_str())
        && jwt.is_for(&[client]);
    if is_right { jwt.text("sub").map(str::to_owned) } else { None }
}

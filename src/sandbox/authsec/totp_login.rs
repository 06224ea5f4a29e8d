//! TOTP login on the three planes (section 2.6) with the newest server's lockout (section 3.6).

use serde_json::json;

use super::admin;
use super::fields::failed;
use super::tenant;
use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::random;
use crate::sandbox::state::totp::{Attempts, Verdict};

const DAY: u64 = 86_400;
const LOCKED: &str = "account temporarily locked due to too many failed attempts";
const WRONG: &str = "Invalid TOTP code";
const NO_DEVICE: &str = "no TOTP devices registered";

/// `exactly 6 characters, any characters`.
fn six(code: String) -> Result<String, String> {
    if code.chars().count() == 6 { Ok(code) } else { Err(failed("totp_code", "len")) }
}

/// `POST .../auth/totp/login`.
pub(crate) fn admin(exchange: &mut Exchange<'_>) -> Reply {
    let is_new = exchange.settings.is_new();
    let mut known = vec!["email", "totp_code"];
    known.extend(is_new.then_some(["workspace_id", "workspace_domain"]).into_iter().flatten());
    let read = exchange.json(&known).and_then(|fields| {
        let (email, code) = (fields.email("email")?, six(fields.required("totp_code")?)?);
        let workspace = if is_new { fields.string("workspace_id")? } else { String::new() };
        Ok((email, code, workspace))
    });
    let (email, code, workspace) = match read {
        Ok(read) => read,
        Err(text) => return admin::invalid(exchange, &text),
    };
    exchange.notes.email = Some(email.clone());
    let elsewhere = !workspace.is_empty() && !exchange.settings.workspaces.contains(&workspace);
    let account =
        exchange.world.admin_account(&email).filter(|_| !elsewhere).map(|found| found.email.clone());
    let Some(account) = account else { return Reply::text_error(404, "User not found") };
    match judge(exchange, &account, &code) {
        None => Reply::text_error(400, NO_DEVICE),
        Some(Verdict::Wrong) => Reply::text_error(400, WRONG),
        Some(Verdict::Locked) => Reply::text_error(429, LOCKED),
        Some(Verdict::Right) => verified(exchange, &account),
    }
}

/// `POST .../auth/tenant/totp/login` of the older servers.
pub(crate) fn tenant(exchange: &mut Exchange<'_>) -> Reply {
    let (client, email, code) = match member_body(exchange, "tenant_domain") {
        Ok(read) => read,
        Err(reply) => return reply,
    };
    if let Some(problem) = tenant::client_problem(exchange, &client) {
        return refused(problem);
    }
    let account = exchange.world.tenant_account(&email).map(|found| found.email.clone());
    let Some(account) = account else { return refused("User not found") };
    match judge(exchange, &account, &code) {
        None => refused(NO_DEVICE),
        Some(Verdict::Wrong) => refused(WRONG),
        Some(Verdict::Locked) => refused(LOCKED),
        Some(Verdict::Right) => verified(exchange, &account),
    }
}

/// `POST .../auth/workspace/totp/login` of the newest server, which cannot succeed: its look-up from client
/// to workspace was removed.
pub(crate) fn workspace(exchange: &mut Exchange<'_>) -> Reply {
    match member_body(exchange, "workspace_domain") {
        Err(reply) => reply,
        Ok((client, _, _)) if random::is_uuid(&client) => refused("client is not mapped to a workspace"),
        Ok(_) => refused("client_id has a bad format"),
    }
}

fn member_body(exchange: &mut Exchange<'_>, domain: &str) -> Result<(String, String, String), Reply> {
    let read = exchange.json(&["client_id", "email", "totp_code", domain]).and_then(|fields| {
        let (email, code) = (fields.email("email")?, six(fields.required("totp_code")?)?);
        Ok((fields.string("client_id")?, email, code))
    });
    let (client, email, code) = read.map_err(|text| tenant::invalid(exchange, &text))?;
    exchange.notes.email = Some(email.clone());
    if client.is_empty() {
        exchange.unexpected("client_id is missing");
    }
    Ok((client, email, code))
}

/// `None`: the user has no authenticator.
fn judge(exchange: &mut Exchange<'_>, email: &str, code: &str) -> Option<Verdict> {
    let (now, is_new) = (exchange.now, exchange.settings.is_new());
    let account = exchange.world.account_mut(email)?;
    let codes = account.codes.as_ref()?;
    Some(if is_new {
        account.attempts.judge(codes, code, now)
    } else {
        Attempts::judge_leniently(codes, code, now)
    })
}

fn verified(exchange: &mut Exchange<'_>, email: &str) -> Reply {
    match exchange.mint(email, DAY, "HS256") {
        Ok(token) => {
            exchange.world.totp_tokens.push((email.to_owned(), token.clone()));
            let body = json!({ "success": true, "token": token, "message": "TOTP verification successful" });
            Reply::json(200, &body)
        }
        Err(error) => Reply::text_error(500, &error.to_string()),
    }
}

fn refused(message: &str) -> Reply {
    Reply::json(401, &json!({ "success": false, "message": message }))
}

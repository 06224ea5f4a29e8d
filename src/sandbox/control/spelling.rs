//! Faults as the control API spells them.

use std::time::Duration;

use serde_json::Value;

use crate::sandbox::state::fault::Fault;
#[cfg(feature = "openid")]
use crate::sandbox::state::flaw::IdTokenFlaw;

/// A string member, or why there is none.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, String> {
    body.get(name).and_then(Value::as_str).ok_or_else(|| format!("{name} has to be a string"))
}

/// Reads `fault` and what it needs from the same object.
pub(crate) fn read(body: &Value) -> Result<Fault, String> {
    let fault = named(body, text(body, "fault")?)?;
    let after = body.get("after").and_then(Value::as_bool).unwrap_or(false);
    Ok(if after { fault.after() } else { fault })
}

fn named(body: &Value, name: &str) -> Result<Fault, String> {
    let optional = |member: &str| body.get(member).and_then(Value::as_str);
    Ok(match name {
        "pass" => Fault::Pass,
        "hang" => Fault::Hang,
        "hang_after" => Fault::HangAfter,
        "reset_before" => Fault::ResetBefore,
        "reset_after" => Fault::ResetAfter,
        "close_before" => Fault::CloseBefore,
        "close_after" => Fault::CloseAfter,
        "cut_body" => Fault::CutBody { keep: usize::try_from(number(body, "keep")?).unwrap_or(usize::MAX) },
        "cut_after_complete_json" => Fault::CutAfterCompleteJson,
        "slow_headers" => Fault::SlowHeaders(millis(body)?),
        "slow_body" => Fault::SlowBody(millis(body)?),
        "delay" => Fault::Delay(millis(body)?),
        "delay_after" => Fault::DelayAfter(millis(body)?),
        "respond" => respond(body)?,
        "respond_after" => respond(body)?.after(),
        "raw" => Fault::Raw(text(body, "body")?.as_bytes().to_vec()),
        "extra_members" => Fault::ExtraMembers,
        "endless_body" => Fault::EndlessBody,
        "html_502" => Fault::html_502(),
        "unavailable_503" => Fault::unavailable_503(optional("retry_after")),
        "too_many_requests_429" => Fault::too_many_requests_429(optional("retry_after")),
        "slow_down" => Fault::slow_down(status(body).unwrap_or(400)),
        "empty_200" => Fault::empty_200(),
        "json_array" => Fault::json_array(),
        "truncated_gzip" => Fault::truncated_gzip(),
        "redirect_308" => Fault::redirect_308(text(body, "location")?),
        "server_error_200" => Fault::server_error_200(),
        "transaction_failed" => Fault::transaction_failed(),
        #[cfg(feature = "openid")]
        "wrong_id_token" => Fault::WrongIdToken(flaw(body)?),
        "unknown_code" => Fault::unknown_code(),
        "token_lost" => Fault::token_lost(),
        other => return Err(format!("no fault is named {other:?}")),
    })
}

fn number(body: &Value, name: &str) -> Result<u64, String> {
    body.get(name).and_then(Value::as_u64).ok_or_else(|| format!("{name} has to be a whole number"))
}

fn millis(body: &Value) -> Result<Duration, String> {
    number(body, "milliseconds").map(Duration::from_millis)
}

fn status(body: &Value) -> Result<u16, String> {
    let status = u16::try_from(number(body, "status")?).ok().filter(|status| (100..1000).contains(status));
    status.ok_or_else(|| "status has to be between 100 and 999".to_owned())
}

fn respond(body: &Value) -> Result<Fault, String> {
    let headers = match body.get("headers") {
        None => Some(Vec::new()),
        Some(Value::Object(members)) => members
            .iter()
            .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect::<Option<Vec<_>>>(),
        Some(_) => None,
    };
    let headers = headers.ok_or("headers has to be an object of strings")?;
    let text = body.get("body").and_then(Value::as_str).unwrap_or_default();
    Ok(Fault::Respond { status: status(body)?, headers, body: text.as_bytes().to_vec() })
}

#[cfg(feature = "openid")]
fn flaw(body: &Value) -> Result<IdTokenFlaw, String> {
    let name = text(body, "flaw")?;
    let found = IdTokenFlaw::NAMED.iter().find(|(_, known)| *known == name).map(|(flaw, _)| *flaw);
    found.ok_or_else(|| format!("no flaw is named {name:?}"))
}

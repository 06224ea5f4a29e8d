//! The Rust side of `tests/interop/openid`: signs in as the scenario in its argument says, and prints in a few words what
//! came of it. It shows no token and no id.

// It is a test: what is not there should fail it, loudly.
#![allow(clippy::expect_used, clippy::panic)]

use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::{
    ApprovalOutcome, BindingMessage, CibaClient, ClientAuth, Error, Hint, InitiateApproval, OpenId,
    SigningKey,
};
use serde_json::Value;

const HELP: &str = "\
interop_openid SCENARIO

  SCENARIO is the JSON object that tests/interop/openid/callers.mjs makes.
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(Ok(scenario)) = std::env::args().nth(1).map(|text| serde_json::from_str::<Value>(&text)) else {
        eprintln!("{HELP}");
        return ExitCode::from(2);
    };
    println!("{}", sign_in(&scenario).await.unwrap_or_else(|error| word(&error)));
    ExitCode::SUCCESS
}

async fn sign_in(scenario: &Value) -> Result<String, Error> {
    let mut provider = OpenId::at(text(scenario, "issuer")).trust_my_settings(is_set(scenario, "trust"));
    // Those of the line between, where there is one.
    if let (Some(start), Some(token)) = (scenario["start"].as_str(), scenario["token"].as_str()) {
        provider = provider.backchannel_authentication_endpoint(start).token_endpoint(token);
    }
    let mut builder = CibaClient::builder()
        .openid(provider)
        .client_id(text(scenario, "client_id"))
        .client_auth(authentication(scenario)?);
    if let Some(authority) = scenario["authority"].as_str() {
        builder = builder.root_certificate(read(authority));
    }
    let client = builder.discover().await?;
    let pending = asking(scenario, client.initiate(hint(&scenario["hint"]))).await?;
    if !is_set(scenario, "polls") {
        return Ok(format!("started, {} s", pending.expires_in().as_secs()));
    }
    if let Some(next) = signing_key(&scenario["next_key"])? {
        client.set_signing_key(next)?;
    }
    let first = said(&pending.wait().await?);
    if !is_set(scenario, "again") {
        return Ok(first);
    }
    let second = pending.wait().await.map_or_else(|error| word(&error), |outcome| said(&outcome));
    Ok(format!("{first}; {second}"))
}

/// The start, with all that the scenario asks for.
fn asking(scenario: &Value, start: InitiateApproval) -> InitiateApproval {
    let mut start = start.scopes(["openid", "profile"]);
    let params = scenario["params"].as_object().expect("parameters, perhaps none");
    for (name, value) in params {
        let value = value.as_str().expect("a text");
        start = match name.as_str() {
            "scope" => start.scopes(value.split(' ')),
            "binding_message" => start.binding_message(BindingMessage::new(value).expect("a message")),
            "requested_expiry" => {
                start.requested_expiry(Duration::from_secs(value.parse().expect("whole seconds")))
            }
            "resource" => start.resource(value),
            "acr_values" => start.acr_values(value.split(' ')),
            "authorization_details" => start.authorization_details(value),
            "user_code" => start.user_code(value),
            _ => start.parameter(name, value),
        };
    }
    start
}

fn hint(hint: &Value) -> Hint {
    match hint["login"].as_str() {
        Some(name) => Hint::login(name),
        None => Hint::login_token(text(hint, "login_token")),
    }
}

fn authentication(scenario: &Value) -> Result<ClientAuth, Error> {
    Ok(match text(scenario, "method") {
        "secret_basic" => ClientAuth::secret_basic(text(scenario, "secret")),
        "secret_post" => ClientAuth::secret_post(text(scenario, "secret")),
        "secret_jwt" => ClientAuth::secret_jwt(text(scenario, "secret")),
        "private_key_jwt" => ClientAuth::private_key_jwt(signing_key(&scenario["key"])?.expect("a key")),
        "certificate" => {
            ClientAuth::certificate(read(text(scenario, "certificate")), read(text(&scenario["key"], "pem")))
        }
        "none" => ClientAuth::none(),
        other => unreachable!("no such method: {other}"),
    })
}

fn signing_key(key: &Value) -> Result<Option<SigningKey>, Error> {
    if key.is_null() {
        return Ok(None);
    }
    Ok(Some(SigningKey::from_pem(read(text(key, "pem")))?.kid(text(key, "kid"))))
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(path).expect("a file that the provider has made")
}

fn said(outcome: &ApprovalOutcome) -> String {
    match outcome {
        ApprovalOutcome::Approved(approval) => {
            format!("approved, {}", approval.person().map_or("nobody", |(_, subject)| subject))
        }
        other => other.status().to_owned(),
    }
}

fn word(error: &Error) -> String {
    let kind = error.kind().to_string();
    match (error.code(), error.field()) {
        (Some(code), _) if code.as_str() == kind => kind,
        (Some(code), _) => format!("{kind} {code}"),
        (None, Some(field)) => format!("{kind} {field}"),
        (None, None) => kind,
    }
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_else(|| panic!("no {name}"))
}

fn is_set(object: &Value, name: &str) -> bool {
    object[name].as_bool().unwrap_or_else(|| panic!("no {name}"))
}

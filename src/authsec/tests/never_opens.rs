//! Whatever a network sends, nobody is let in by accident (B-02, B-73, B-75). The oracle is independent of the readers:
//! serde_json's own `Value`.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{Answer, EMAIL, ID, PollAnswer, TotpAnswer, initiate, read_poll, totp};

/// The token that a body holds if it lets somebody in: `None` where it must not.
fn token_of(status: u16, body: &[u8], is_totp: bool) -> Option<String> {
    // What is too large for a number is none to `Value`.
    let body = std::str::from_utf8(body).ok()?.replace("1e999", "1e300");
    let object: Map<String, Value> = serde_json::from_str(&body).ok()?;
    let present = |name: &str| object.get(name).filter(|value| !value.is_null());
    let given = |name: &str| present(name).filter(|value| value.as_str() != Some(""));
    let token = match (given("access_token"), given("token")) {
        (Some(Value::String(token)), None) | (None, Some(Value::String(token))) => token.clone(),
        (Some(Value::String(token)), Some(Value::String(same))) if token == same => token.clone(),
        _ => return None,
    };
    let is = |name: &str, asked: &str| {
        given(name).is_none_or(|named| named.as_str().is_some_and(|named| named.eq_ignore_ascii_case(asked)))
    };
    if !is("email", EMAIL) || !is("login_hint", EMAIL) || (!is_totp && !is("auth_req_id", ID)) {
        return None;
    }
    let visible = !token.is_empty() && token.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    let contradicted = is_totp && present("success").is_some_and(|success| success != &Value::Bool(true));
    (status == 200 && visible && given("error").is_none() && !contradicted).then_some(token)
}

fn check(status: u16, body: &[u8]) -> Result<(), TestCaseError> {
    let answer = Answer { status, retry_after: None, body: Some(body) };
    if let PollAnswer::Approved(approval) = read_poll(&answer) {
        let expected = token_of(status, body, false);
        prop_assert_eq!(Some(approval.token.expose_secret()), expected.as_deref());
    }
    if let TotpAnswer::Verified(token) = totp(status, body) {
        let expected = token_of(status, body, true);
        prop_assert_eq!(Some(token.expose_secret()), expected.as_deref());
    }
    if let Ok(ack) = initiate(status, body) {
        prop_assert_eq!(status, 200);
        prop_assert!(!ack.auth_req_id.expose_secret().is_empty());
        prop_assert!(!ack.interval.is_zero());
    }
    Ok(())
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![5 => Just(200_u16), 3 => proptest::sample::select(&[202, 400, 401, 403, 429, 500][..]), 2 => any::<u16>()]
}

fn name() -> impl Strategy<Value = String> {
    let ours = [
        "access_token",
        "token",
        "error",
        "success",
        "message",
        "auth_req_id",
        "email",
        "login_hint",
        "interval",
        "expires_in",
        "scope",
        "access\\u005ftoken",
        "\\u0065rror",
        "x",
        "y",
    ];
    proptest::sample::select(ours.to_vec()).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    let written = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "5.5",
        "1e308",
        "1e999",
        "\"t\"",
        "\"eyJ.a.b\"",
        "\"\"",
        "\" \"",
        "\"a b\"",
        "\"\\ud800\"",
        "\"authorization_pending\"",
        "\"access_denied\"",
        "\"temporarily_unavailable\"",
        "\"transaction_failed\"",
        "\"id-1\"",
        "\"USER@example.com\"",
        "\"other@example.com\"",
        "\"expired_token\"",
        "\"Invalid TOTP code\"",
        "{}",
        "[]",
        "{\"a\":1,\"a\":2}",
        "[[\"t\"]]",
        "\"\u{e9}\"",
    ];
    proptest::sample::select(written.to_vec()).prop_map(str::to_owned)
}

fn near_answer() -> impl Strategy<Value = String> {
    proptest::collection::vec((name(), value()), 0..5).prop_map(|members| {
        let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b75_any_bytes_on_any_status(status in status(), body in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(status, &body)?;
    }

    #[test]
    fn b73_any_near_answer_on_any_status(status in status(), body in near_answer()) {
        check(status, body.as_bytes())?;
    }

    #[test]
    fn b73_any_near_answer_damaged(
        status in status(), body in near_answer(), place in any::<proptest::sample::Index>(), byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = body.into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if cut {
            bytes.truncate(place);
        }
        check(status, &bytes)?;
    }

    /// The other direction, so that "never" is not the readers' only answer.
    #[test]
    fn b73_what_the_oracle_approves_is_approved(token in "[!-~]{1,80}", more in "[a-z]{1,10}") {
        let token = Value::String(token);
        let body = format!(r#"{{"access_token":{token},"n_{more}":"{more}"}}"#);
        let answer = Answer { status: 200, retry_after: None, body: Some(body.as_bytes()) };
        prop_assert_eq!(token_of(200, body.as_bytes(), false), token.as_str().map(str::to_owned));
        let approved = matches!(read_poll(&answer), PollAnswer::Approved(_));
        prop_assert!(approved);
        let verified = matches!(totp(200, &body), TotpAnswer::Verified(_));
        prop_assert!(verified);
    }
}

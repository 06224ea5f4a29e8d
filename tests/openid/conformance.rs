//! Conformance cases that have no place of their own: a start that is refused for its hint, and what was asked in detail and granted
//! otherwise. The case numbers are those of `main.rs`.

use authsec_ciba::{ErrorCode, ErrorKind, Hint};
use serde_json::json;
use tokio::time::Instant;

use crate::op::{Answer, Op, START, TOKEN};
use crate::support::{client, stops};

/// An ID Token that is over may still say whom to ask, and the provider may still refuse it. Nothing is polled behind that.
#[tokio::test(start_paused = true)]
async fn c09_c11_a_hint_that_the_provider_refuses_is_the_end_of_the_start() {
    for (code, kind, known) in [
        ("expired_login_hint_token", ErrorKind::Refused, ErrorCode::ExpiredLoginHintToken),
        ("invalid_request", ErrorKind::Refused, ErrorCode::InvalidRequest),
        ("unknown_user_id", ErrorKind::UserNotFound, ErrorCode::UserNotFound),
    ] {
        let op = Op::start().await;
        op.always(START, Answer::code(400, code));
        let client = client(&op).await;
        let expired = op.id_token(json!({ "exp": 1, "iat": 1 }));
        for (hint, parameter) in [
            (Hint::id_token(expired.clone()), "id_token_hint"),
            (Hint::login_token("a-token.of-an.agent"), "login_hint_token"),
        ] {
            let before = op.requests(START).len();
            let error = client.initiate(hint).await.expect_err("refused");
            assert_eq!((error.kind(), error.code()), (kind, Some(&known)), "{parameter}");
            assert!(!error.may_have_reached_server() && !error.is_retryable(), "nobody was asked");
            let starts = op.requests(START).split_off(before);
            assert_eq!(starts.len(), 1, "nothing is repeated");
            let hints: Vec<_> =
                starts[0].form().into_iter().map(|(name, _)| name).filter(|it| it.contains("hint")).collect();
            assert_eq!(hints, [parameter]);
            stops(&op).await;
        }
        assert_eq!(op.requests(TOKEN).len(), 0, "nothing is polled");
    }
}

/// Rich authorization requests (RFC 9396): what is granted is what the answer says, poorer or richer.
#[tokio::test(start_paused = true)]
async fn c41_o46_details_that_are_granted_otherwise_than_asked() {
    const ASKED: &str = r#"[{"type":"payment","amount":500},{"type":"account"}]"#;
    for (granted, seen) in [
        (Some(r#"[{"type":"payment","amount":300}]"#), json!([{ "type": "payment", "amount": 300 }])),
        (
            Some(r#"[{"type":"payment","amount":500,"id":"p-1"},{"type":"account"},{"type":"more"}]"#),
            json!([{ "type": "payment", "amount": 500, "id": "p-1" }, { "type": "account" }, { "type": "more" }]),
        ),
        (Some("[]"), json!([])),
        (None, json!([])),
    ] {
        let op = Op::start().await;
        let details = granted.map(|json| format!(r#","authorization_details":{json}"#)).unwrap_or_default();
        let id_token = op.id_token(json!({}));
        let body = format!(
            r#"{{"access_token":"access-1","token_type":"Bearer","id_token":"{id_token}"{details}}}"#
        );
        op.then(TOKEN, [Answer::pending(), Answer::json(200, body)]);
        let client = client(&op).await;
        let pending =
            client.initiate(Hint::login("alice")).authorization_details(ASKED).await.expect("started");
        let start = Instant::now();
        let approval = pending.wait().await.expect("an outcome").approved().expect("approved");
        assert_eq!(json!(approval.authorization_details()), seen, "never what was asked: {granted:?}");
        assert_eq!(op.requests(START)[0].field("authorization_details").as_deref(), Some(ASKED));
        assert_eq!(op.instants(TOKEN, start), [5_000, 10_000]);
        stops(&op).await;
    }
}

/// The example is what somebody copies: it stays as short as it is said to be.
#[test]
fn i3_the_example_is_fifteen_lines() {
    let example = include_str!("../../examples/openid.rs");
    let body = example.split_once("async fn sign_in(").and_then(|(_, rest)| rest.split_once("\n}\n"));
    let lines = body.expect("the function").0.lines().skip(1).count();
    assert!((10..=15).contains(&lines), "{lines} lines");
}

//! The waits of an OpenID provider: the same engine, other words (O-35 to O-47).

use std::time::Duration;

use authsec_ciba::{ErrorCode, ErrorKind, Hint, OpenId, Quirks};
use serde_json::json;
use tokio::time::Instant;

use crate::op::{Answer, Op, START, TOKEN, acknowledgement};
use crate::support::{client, polled, started, status, stops, with};

#[tokio::test(start_paused = true)]
async fn c01_the_happy_path() {
    let op = Op::start().await;
    let (outcome, polls) = polled(&op, [Answer::pending(), op.approval()]).await;
    let approval = outcome.expect("an outcome").approved().expect("an approval");
    assert_eq!(polls, [5_000, 10_000]);
    assert_eq!(approval.token().expose_secret(), "access-1");
    assert_eq!(approval.person(), Some((op.issuer(), "alice-1")));
    assert_eq!(approval.id_token().expect("an ID Token").subject(), "alice-1");
    assert_eq!(approval.expires_in(), Some(Duration::from_secs(3600)));
    let poll = op.requests(TOKEN).pop().expect("a poll");
    assert_eq!(poll.method, "POST");
    assert_eq!(poll.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(
        poll.form(),
        [
            ("grant_type".to_owned(), "urn:openid:params:grant-type:ciba".to_owned()),
            ("auth_req_id".to_owned(), "id-1.a_b-c".to_owned()),
        ]
    );
    let start = op.requests(START).pop().expect("a start");
    assert_eq!(
        start.form(),
        [("scope".to_owned(), "openid".to_owned()), ("login_hint".to_owned(), "alice".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn c03_an_audience_as_a_list_of_one() {
    let op = Op::start().await;
    let id_token = op.id_token(json!({ "aud": ["checkout"] }));
    let (outcome, _) = polled(&op, [op.tokens(&id_token)]).await;
    assert_eq!(status(&outcome), "approved");
}

#[tokio::test(start_paused = true)]
async fn c04_o45_without_scope_and_expires_in() {
    let op = Op::start().await;
    let body = format!(
        r#"{{"access_token":"access-1","token_type":"bearer","id_token":"{}"}}"#,
        op.id_token(json!({}))
    );
    op.always(TOKEN, Answer::json(200, body));
    let client = client(&op).await;
    let pending = client.initiate(Hint::login("alice")).scopes(["payments", "email"]).await.expect("started");
    let approval = pending.wait().await.expect("an outcome").approved().expect("an approval");
    assert_eq!((approval.expires_in(), approval.scope()), (None, None));
    assert_eq!(approval.granted_scopes().collect::<Vec<_>>(), ["openid", "payments", "email"]);
}

#[tokio::test(start_paused = true)]
async fn o45_the_answers_scope_is_what_was_granted() {
    let op = Op::start().await;
    let body = format!(
        r#"{{"access_token":"a","token_type":"Bearer","scope":"openid","id_token":"{}"}}"#,
        op.id_token(json!({}))
    );
    op.always(TOKEN, Answer::json(200, body));
    let client = client(&op).await;
    let pending =
        client.initiate(Hint::login("alice")).scopes(["openid", "payments"]).await.expect("started");
    let approval = pending.wait().await.expect("an outcome").approved().expect("an approval");
    assert_eq!(approval.scope(), Some("openid"));
    assert_eq!(approval.granted_scopes().collect::<Vec<_>>(), ["openid"]);
}

#[tokio::test(start_paused = true)]
async fn c05_an_interval_of_31() {
    let op = Op::start().await;
    op.always(START, acknowledgement(31, 300));
    let slow = Answer::pending().after(Duration::from_secs(2));
    let (outcome, polls) = polled(&op, [slow, Answer::pending(), op.approval()]).await;
    assert_eq!(status(&outcome), "approved");
    assert_eq!(polls, [31_000, 64_000, 95_000], "counted from the end of each answer");
}

#[tokio::test(start_paused = true)]
async fn c06_slow_down_adds_5_s_for_good() {
    let op = Op::start().await;
    let answers = [
        Answer::pending(),
        Answer::code(400, "slow_down"),
        Answer::pending(),
        Answer::pending(),
        op.approval(),
    ];
    let (outcome, polls) = polled(&op, answers).await;
    assert_eq!(status(&outcome), "approved");
    assert_eq!(polls, [5_000, 10_000, 20_000, 30_000, 40_000]);
}

#[tokio::test(start_paused = true)]
async fn c12_invalid_request_on_the_third_poll() {
    let op = Op::start().await;
    let (outcome, polls) =
        polled(&op, [Answer::pending(), Answer::pending(), Answer::code(400, "invalid_request")]).await;
    let error = outcome.expect_err("refused");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some(&ErrorCode::InvalidRequest)));
    assert_eq!(polls.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn c13_c14_denied_and_expired() {
    for (code, means) in [("access_denied", "access_denied"), ("expired_token", "expired_token")] {
        let op = Op::start().await;
        let (outcome, polls) = polled(&op, [Answer::pending(), Answer::code(400, code)]).await;
        assert_eq!(status(&outcome), means);
        assert_eq!(polls.len(), 2);
    }
}

/// O-38.
#[tokio::test(start_paused = true)]
async fn c32_o38_slow_down_on_a_429_with_retry_after() {
    let op = Op::start().await;
    let slow = Answer::code(429, "slow_down").header("retry-after", "17");
    let (outcome, polls) = polled(&op, [slow, Answer::pending(), op.approval()]).await;
    assert_eq!(status(&outcome), "approved");
    assert_eq!(polls, [5_000, 22_000, 32_000], "17 s once, and 10 s for good");
}

/// O-39.
#[tokio::test(start_paused = true)]
async fn c33_o39_pending_with_retry_after() {
    let op = Op::start().await;
    let later = Answer::pending().header("retry-after", "8");
    let sooner = Answer::pending().header("retry-after", "1");
    let (outcome, polls) = polled(&op, [later, sooner, op.approval()]).await;
    assert_eq!(status(&outcome), "approved");
    assert_eq!(polls, [5_000, 13_000, 18_000]);
}

#[tokio::test(start_paused = true)]
async fn c34_a_503_is_polled_past() {
    for (answer, least) in [
        (Answer::code(503, "temporarily_unavailable").header("retry-after", "20"), 25_000),
        (Answer::json(503, "<html>"), 10_000),
    ] {
        let op = Op::start().await;
        let (outcome, polls) = polled(&op, [answer, op.approval()]).await;
        assert_eq!(status(&outcome), "approved");
        assert!(polls[1] >= least, "{polls:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn c35_transaction_failed_is_no_word_of_the_person() {
    let op = Op::start().await;
    let (outcome, _) = polled(&op, [Answer::code(400, "transaction_failed")]).await;
    let error = outcome.expect_err("failed");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some(&ErrorCode::TransactionFailed)));
}

#[tokio::test(start_paused = true)]
async fn c36_a_client_that_may_not() {
    let op = Op::start().await;
    let (outcome, polls) = polled(&op, [Answer::code(400, "unauthorized_client")]).await;
    let error = outcome.expect_err("refused");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some(&ErrorCode::UnauthorizedClient)));
    assert_eq!(polls.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn c37_o43_an_answer_that_was_lost_behind_the_tokens() {
    let op = Op::start().await;
    let (outcome, polls) = polled(&op, [Answer::lost(), Answer::code(400, "invalid_grant")]).await;
    assert_eq!(status(&outcome), "approval_lost");
    assert_eq!(polls.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn o43_an_id_that_has_ended_is_ended() {
    let op = Op::start().await;
    op.always(TOKEN, op.approval());
    let client = client(&op).await;
    let pending = started(&client).await;
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    assert_eq!(op.requests(TOKEN).len(), 1);
    assert_eq!(pending.wait().await.expect("from memory").status(), "approved");
    stops(&op).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let error = pending.wait().await.expect_err("answered");
    assert_eq!(error.kind(), ErrorKind::AlreadyAnswered);
    let error = pending.wait().once().await.expect_err("answered");
    assert_eq!(error.kind(), ErrorKind::AlreadyAnswered);
    let error = client.poll(pending.person(), pending.auth_req_id()).await.expect_err("answered");
    assert_eq!(error.kind(), ErrorKind::AlreadyAnswered);
    assert_eq!(op.requests(TOKEN).len(), 1, "a second poll would revoke the tokens at a strict provider");
}

#[tokio::test(start_paused = true)]
async fn o40_an_answer_may_be_held_back_for_30_s() {
    let op = Op::start().await;
    let held = Answer::pending().after(Duration::from_secs(29));
    let (outcome, polls) = polled(&op, [held, op.approval()]).await;
    assert_eq!(status(&outcome), "approved");
    assert_eq!(polls, [5_000, 39_000], "counted from the end of the answer");
}

#[tokio::test(start_paused = true)]
async fn o42_behind_the_end_of_life_it_has_expired() {
    for (answer, quirks) in [
        (Answer::code(400, "expired_token"), Quirks::default()),
        (Answer::code(400, "invalid_grant"), Quirks::default()),
        (Answer::code(400, "access_denied"), {
            let mut quirks = Quirks::default();
            quirks.denied_may_mean_expired = true;
            quirks
        }),
    ] {
        let op = Op::start().await;
        op.always(START, acknowledgement(5, 12));
        // The last look goes before the end, and its answer comes behind it.
        op.then(TOKEN, [Answer::pending(), Answer::pending(), answer.after(Duration::from_secs(5))]);
        let client = with(OpenId::at(op.issuer()).quirks(quirks)).discover().await.expect("a client");
        let outcome = started(&client).await.wait().await;
        assert_eq!(status(&outcome), "expired_token");
    }
}

#[tokio::test(start_paused = true)]
async fn o42_a_denial_in_time_is_one_whatever_the_provider_means_by_it() {
    let op = Op::start().await;
    op.always(TOKEN, Answer::code(400, "access_denied"));
    let client = with(OpenId::at(op.issuer()).quirks({
        let mut quirks = Quirks::default();
        quirks.denied_may_mean_expired = true;
        quirks
    }))
    .discover()
    .await
    .expect("a client");
    assert_eq!(status(&started(&client).await.wait().await), "access_denied");
}

#[tokio::test(start_paused = true)]
async fn o44_what_is_no_token_answer_lets_nobody_in() {
    let op = Op::start().await;
    let id_token = op.id_token(json!({}));
    for body in [
        format!(r#"{{"access_token":"a","id_token":"{id_token}"}}"#),
        format!(r#"{{"access_token":"a","token_type":"","id_token":"{id_token}"}}"#),
        format!(r#"{{"access_token":"a","token_type":"mac","id_token":"{id_token}"}}"#),
        format!(r#"{{"access_token":"a","token_type":"DPoP","id_token":"{id_token}"}}"#),
        format!(r#"{{"access_token":"a","token_type":["Bearer"],"id_token":"{id_token}"}}"#),
        format!(r#"{{"token_type":"Bearer","id_token":"{id_token}"}}"#),
        format!(r#"{{"access_token":"","token_type":"Bearer","id_token":"{id_token}"}}"#),
        format!(r#"{{"access_token":"a","access_token":"a","token_type":"Bearer","id_token":"{id_token}"}}"#),
        format!(
            r#"{{"access_token":"a","token_type":"Bearer","error":"access_denied","id_token":"{id_token}"}}"#
        ),
        r#"{"access_token":"a","token_type":"Bearer"}"#.to_owned(),
        r#"{"access_token":"a","token_type":"Bearer","id_token":null}"#.to_owned(),
        r#"{"access_token":"a","token_type":"Bearer","id_token":{}}"#.to_owned(),
        String::new(),
    ] {
        for status in [200, 201, 202] {
            let op = Op::start().await;
            let (outcome, _) = polled(&op, [Answer::json(status, body.clone())]).await;
            assert!(!matches!(outcome, Ok(ref outcome) if outcome.status() == "approved"), "{status} {body}");
            assert!(outcome.is_err(), "{status} {body}: {outcome:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn o46_details_are_kept_as_the_provider_says_them() {
    let op = Op::start().await;
    let body = format!(
        r#"{{"access_token":"a","token_type":"Bearer","refresh_token":"refresh-1","id_token":"{}",
        "authorization_details":[{{"type":"payment","amount":3,"extra":[1]}}]}}"#,
        op.id_token(json!({}))
    );
    op.always(TOKEN, Answer::json(200, body));
    let client = client(&op).await;
    let asked = r#"[{"type":"payment","amount":5},{"type":"other"}]"#;
    let pending = client.initiate(Hint::login("alice")).authorization_details(asked).await.expect("started");
    let approval = pending.wait().await.expect("an outcome").approved().expect("an approval");
    assert_eq!(approval.authorization_details(), [json!({ "type": "payment", "amount": 3, "extra": [1] })]);
    assert_eq!(approval.refresh_token().map(|token| token.expose_secret()), Some("refresh-1"));
}

#[tokio::test(start_paused = true)]
async fn o47_a_provider_without_id_tokens_is_one_by_setting_alone() {
    let tokens = || Answer::json(200, r#"{"access_token":"a","token_type":"Bearer"}"#);
    let op = Op::start().await;
    let (outcome, _) = polled(&op, [tokens()]).await;
    let error = outcome.expect_err("no ID Token");
    assert_eq!(error.kind(), ErrorKind::IdToken);

    let op = Op::start().await;
    op.always(TOKEN, tokens());
    let client = with(OpenId::at(op.issuer()).without_id_token()).discover().await.expect("a client");
    let pending = client.initiate(Hint::login("alice")).scopes(["payments"]).await.expect("started");
    assert_eq!(op.requests(START)[0].field("scope").as_deref(), Some("payments"));
    let approval = pending.wait().await.expect("an outcome").approved().expect("an approval");
    assert_eq!((approval.person(), approval.id_token().is_none()), (None, true));

    // One that comes all the same is checked.
    op.always(TOKEN, op.tokens(&op.id_token(json!({ "iss": "https://other.example" }))));
    let error = started(&client).await.wait().await.expect_err("another issuer");
    assert_eq!(error.kind(), ErrorKind::IdToken);
}

#[tokio::test(start_paused = true)]
async fn o37_a_cancel_stops_the_wait_of_a_person() {
    let op = Op::start().await;
    let client = client(&op).await;
    let pending = started(&client).await;
    let waiting = pending.wait().spawn();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(client.cancel(pending.person()).polls_stopped(), 1);
    assert_eq!(waiting.await.expect("an outcome").status(), "cancelled");
    stops(&op).await;
    assert_eq!(op.requests(TOKEN).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn o36_the_resource_goes_with_every_poll() {
    let op = Op::start().await;
    let client = client(&op).await;
    op.then(TOKEN, [Answer::pending(), op.approval()]);
    let pending =
        client.initiate(Hint::login("alice")).resource("https://api.example/a").await.expect("started");
    let start = Instant::now();
    assert_eq!(status(&pending.wait().await), "approved");
    assert_eq!(op.instants(TOKEN, start), [5_000, 10_000]);
    for request in [op.requests(START), op.requests(TOKEN)].concat() {
        assert_eq!(request.field("resource").as_deref(), Some("https://api.example/a"));
    }
}

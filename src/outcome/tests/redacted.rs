//! `Debug` of every public type that holds or is near a secret (B-70, B-74).

use super::{approval, verified};
use crate::client::tests::{initiate, scripted, scripted_with};
use crate::outcome::{ApprovalOutcome, LockedBy, PollStatus, TotpOutcome};
use crate::secret::{AccessToken, ClientSecret};
use crate::transport::script::{Line, Script};
use crate::{AuthReqId, CibaClient};

const CANARIES: [&str; 4] = ["canary", "token-1", "id-1", "user@"];

fn clean(shown: &str) {
    for canary in CANARIES {
        assert!(!shown.contains(canary), "{shown}");
    }
}

#[test]
fn b70_no_outcome_shows_its_token() {
    let token = || AccessToken::new("canary.token");
    assert_eq!(format!("{:?}", token()), "AccessToken([redacted])");
    assert_eq!(format!("{:?}", ClientSecret::new("canary".to_owned())), "ClientSecret([redacted])");
    let outcome = ApprovalOutcome::Approved(approval("canary.token"));
    clean(&format!("{outcome:?} {outcome:#?}"));
    clean(&format!("{:?}", PollStatus::Ended(outcome.clone())));
    clean(&format!("{:?}", outcome.clone().approved()));
    clean(&format!("{:?}", TotpOutcome::Verified(verified(token()))));
    clean(&format!("{:?}", TotpOutcome::TooManyRetries { retry_after: None, by: LockedBy::Server }));
    assert!(format!("{outcome:?}").contains("[redacted]"), "it was really there");
}

/// An approval that goes to several waits is one secret, wiped with the last holder.
#[test]
fn b74_copies_of_a_token_share_its_bytes() {
    let one = AccessToken::new("canary.token");
    let another = one.clone();
    assert!(std::ptr::eq(one.expose_secret(), another.expose_secret()));
    drop(one);
    assert_eq!(another.expose_secret(), "canary.token");
}

#[test]
fn b70_no_builder_shows_its_secrets() {
    let builder = CibaClient::builder()
        .client_id("client")
        .client_secret("canary-secret")
        .base_url("https://canary:canary@example.com")
        .proxy("http://canary:canary@proxy.example")
        .root_certificate("canary");
    let shown = format!("{builder:?} {builder:#?}");
    clean(&shown);
    assert!(shown.contains("ClientSecret([redacted])"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn b70_no_call_shows_its_secrets() {
    let script = Script::new([Line::ack(5, 300), Line::approved()]);
    let client = scripted_with(&script, |builder| builder.client_secret("canary-secret"));
    let call = client.initiate_app_approval("user@example.com");
    clean(&format!("{call:?}"));
    let id = AuthReqId::new("canary-id").expect("an id");
    let poll = client.poll_for_approval("user@example.com", &id);
    clean(&format!("{poll:?}"));
    let pending = initiate(&client).await;
    clean(&format!("{pending:?} {pending:#?}"));
    let poll = pending.wait();
    clean(&format!("{poll:?}"));
    let task = poll.spawn();
    clean(&format!("{task:?} {client:?} {:?}", client.usage()));
    let outcome = task.await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    clean(&format!("{outcome:?}"));
}

#[tokio::test(start_paused = true)]
async fn b70_no_error_shows_what_was_refused() {
    let script = Script::new([
        Line::json(400, r#"{"error":"free text for user@example.com"}"#),
        Line::json(200, r#"{"auth_req_id":"canary id"}"#),
        Line::json(400, r#"{"token":"canary-1","error":"canary-1","details":"canary"}"#),
    ]);
    let client = scripted(&script);
    for _ in 0..3 {
        let error = client.initiate_app_approval("user@example.com").await.expect_err("refused");
        clean(&format!("{error} {error:?} {error:#?}"));
    }
    let error = client.verify_totp("user@example.com", "canary").await.expect_err("refused");
    clean(&format!("{error} {error:?}"));
    let error = client.verify_totp("canary", "000000").await.expect_err("refused");
    clean(&format!("{error} {error:?}"));
}

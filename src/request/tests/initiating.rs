//! Pushes: one each, never repeated, never too many.

use std::future::IntoFuture as _;
use std::time::Duration;

use crate::client::tests::{initiate, scripted, scripted_with};
use crate::clock::now;
use crate::transport::FaultKind;
use crate::transport::script::{Line, Script};
use crate::{ApprovalOutcome, BindingMessage, CancelReason, CibaClient, ErrorKind, PushGuard};

const EMAIL: &str = "user@example.com";

fn ack(id: &str) -> Line {
    Line::json(200, &format!(r#"{{"auth_req_id":"{id}","expires_in":300,"interval":5}}"#))
}

#[tokio::test(start_paused = true)]
async fn b30_a_push_is_never_repeated_once_a_byte_of_it_may_have_left() {
    for kind in [FaultKind::Broken, FaultKind::TimedOut, FaultKind::Garbled] {
        let script = Script::new([Line::fault(kind), ack("second")]);
        let client = scripted(&script);
        let error = client.initiate_app_approval(EMAIL).await.expect_err("an error");
        assert!(error.may_have_reached_server(), "{kind:?}");
        assert!(error.to_string().contains("push may be on the phone"), "{error}");
        assert_eq!(script.asked().len(), 1, "{kind:?}");
    }
    for status in [408, 429, 500, 502, 503] {
        let script = Script::new([Line::json(status, ""), ack("second")]);
        let client = scripted(&script);
        let error = client.initiate_app_approval(EMAIL).await.expect_err("an error");
        assert!(error.is_retryable(), "{status}");
        assert_eq!(error.may_have_reached_server(), status != 429, "{status}");
        assert_eq!(script.asked().len(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn b30_a_connection_that_was_not_made_is_tried_again_twice() {
    let refused = || Line::fault(FaultKind::NotConnected);
    let script = Script::new([refused(), refused(), ack("third")]);
    let start = now();
    initiate(&scripted(&script)).await;
    assert_eq!(script.instants("/initiate", start), [0, 250, 750]);

    let script = Script::new([refused(), refused(), refused(), ack("fourth")]);
    let error = scripted(&script).initiate_app_approval(EMAIL).await.expect_err("an error");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 3));
    assert!(!error.may_have_reached_server());
    assert_eq!(script.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn b31_an_initiate_waits_at_least_35_seconds() {
    let script = Script::new([ack("slow").after(Duration::from_secs(35))]);
    initiate(&scripted(&script)).await;
    let short = CibaClient::builder().initiate_timeout(Duration::from_secs(34)).build();
    assert_eq!(short.expect_err("too short").field(), Some("initiate_timeout"));
    let script = Script::new([ack("too slow").after(Duration::from_secs(61))]);
    let start = now();
    let error = scripted(&script).initiate_app_approval(EMAIL).await.expect_err("an error");
    assert!(error.may_have_reached_server());
    assert_eq!(now().duration_since(start), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn b32_a_successful_initiate_supersedes_the_older_poll_and_a_failed_one_does_not() {
    let script = Script::new([ack("old"), Line::json(400, r#"{"error":"user_not_found"}"#), ack("new")]);
    let client = scripted(&script);
    let old = initiate(&client).await;
    let task = old.wait().spawn();
    client.initiate_app_approval(EMAIL).await.expect_err("refused");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!task.is_finished(), "a failed initiate leaves the older one alone");
    let new = client.initiate_app_approval(" USER@example.com").await.expect("an acknowledgement");
    let superseded = |outcome: Result<ApprovalOutcome, _>| {
        assert!(matches!(outcome, Ok(ApprovalOutcome::Cancelled(CancelReason::Superseded))), "{outcome:?}");
    };
    superseded(task.await);
    superseded(old.wait().await);
    script.then(Line::approved());
    assert_eq!(new.wait().await.expect("an outcome").status(), "approved");
    let polled: Vec<_> = script.asked().into_iter().filter(|asked| asked.path.ends_with("/token")).collect();
    assert_eq!(polled.len(), 1);
    assert!(polled[0].body.contains("new"), "the old id is never polled again");
}

#[tokio::test(start_paused = true)]
async fn b31_the_queue_takes_nothing_from_the_time_that_a_push_needs() {
    let slow = |id: &str, seconds| ack(id).after(Duration::from_secs(seconds));
    let script = Script::new([slow("first", 50), slow("second", 34)]);
    // Initiates hold one of the two places at most.
    let client = scripted_with(&script, |builder| builder.max_in_flight(2));
    let start = now();
    let first = tokio::spawn(client.initiate_app_approval("other@example.com").into_future());
    tokio::task::yield_now().await;
    client.initiate_app_approval(EMAIL).await.expect("acknowledged, 34 s behind its leaving");
    assert_eq!(now().duration_since(start), Duration::from_secs(84));
    first.await.expect("no panic").expect("acknowledged");
}

#[tokio::test(start_paused = true)]
async fn b31_b51_nor_from_that_of_a_login() {
    let verified = Line::json(200, r#"{"success":true,"token":"tok"}"#).after(Duration::from_secs(2));
    let script = Script::new([ack("slow").after(Duration::from_secs(9)), verified]);
    let client = scripted_with(&script, |builder| builder.max_in_flight(1));
    let first = tokio::spawn(client.initiate_app_approval("other@example.com").into_future());
    tokio::task::yield_now().await;
    let outcome = client.verify_totp(EMAIL, "123456").await.expect("judged: it had its 10 s");
    assert!(outcome.verified().is_ok());
    first.await.expect("no panic").expect("acknowledged");
}

/// The person clicks again while the first push is still on its way.
#[tokio::test(start_paused = true)]
async fn b32_an_older_initiate_that_is_acknowledged_late_ends_nothing_newer() {
    let slow = ack("older").after(Duration::from_secs(30));
    let script = Script::new([slow, ack("newer").after(Duration::from_secs(1))]);
    let client = scripted(&script);
    let older = tokio::spawn(client.initiate_app_approval(EMAIL).into_future());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let newer = initiate(&client).await.wait().spawn();
    let older = older.await.expect("no panic").expect("acknowledged");
    let outcome = older.wait().await;
    assert!(matches!(outcome, Ok(ApprovalOutcome::Cancelled(CancelReason::Superseded))), "{outcome:?}");
    script.then(Line::approved());
    assert_eq!(newer.await.expect("an outcome").status(), "approved");
}

#[tokio::test(start_paused = true)]
async fn b32_several_approvals_may_run_side_by_side() {
    let script = Script::new([ack("one"), ack("two")]);
    let client = scripted_with(&script, |builder| builder.concurrent_approvals(true));
    let one = initiate(&client).await.wait().spawn();
    let two = initiate(&client).await.wait().spawn();
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(!one.is_finished() && !two.is_finished());
    assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 2);
}

#[tokio::test(start_paused = true)]
async fn b33_the_sixth_push_in_five_minutes_is_not_sent() {
    let script = Script::new((0..6).map(|n| ack(&format!("id-{n}"))));
    let client = scripted(&script);
    for _ in 0..5 {
        initiate(&client).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let error = client.initiate_app_approval(" User@Example.com ").await.expect_err("too many");
    assert_eq!(error.kind(), ErrorKind::TooManyPushes);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(250)));
    assert_eq!(script.asked().len(), 5, "nothing was sent");
    tokio::time::sleep(Duration::from_secs(250)).await;
    initiate(&client).await;
    client.initiate_app_approval("other@example.com").await.expect_err("pending is no acknowledgement");
    assert_eq!(script.asked().len(), 7, "another person is not held up");
}

#[tokio::test(start_paused = true)]
async fn b33_what_pushed_nothing_does_not_count_and_the_guard_can_be_switched_off() {
    let script = Script::new((0..20).map(|_| Line::json(400, r#"{"error":"no_device_registered"}"#)));
    let client = scripted(&script);
    for _ in 0..20 {
        let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::NoDeviceRegistered);
    }
    let script = Script::new((0..20).map(|n| ack(&format!("id-{n}"))));
    let client = scripted_with(&script, |builder| builder.push_guard(PushGuard::off()));
    for _ in 0..20 {
        initiate(&client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f40_initiates_dropped_in_the_queue_are_no_pushes() {
    let script = Script::new([ack("somebody's").after(Duration::from_secs(30))]);
    let client = scripted_with(&script, |builder| builder.max_in_flight(1));
    let slow = tokio::spawn(client.initiate_app_approval("other@example.com").into_future());
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..5 {
        let queued = client.initiate_app_approval(EMAIL).into_future();
        assert!(tokio::time::timeout(Duration::from_secs(1), queued).await.is_err());
    }
    slow.await.expect("no panic").expect("an acknowledgement");
    assert_eq!((script.asked().len(), client.usage().push_counts), (1, 1), "nothing of the five was sent");
    for n in 0..5 {
        script.then(ack(&format!("id-{n}")));
        initiate(&client).await;
    }
    let error = client.initiate_app_approval(EMAIL).await.expect_err("too many");
    assert_eq!((error.kind(), script.asked().len()), (ErrorKind::TooManyPushes, 6));
}

#[tokio::test(start_paused = true)]
async fn b33_an_initiate_dropped_when_it_has_left_is_a_push_and_one_without_a_connection_is_none() {
    let script =
        Script::new([ack("slow").after(Duration::from_secs(30)), Line::fault(FaultKind::NotConnected)]);
    let client = scripted_with(&script, |builder| builder.push_guard(PushGuard::at_most(1)));
    let dropped = client.initiate_app_approval(EMAIL).into_future();
    assert!(tokio::time::timeout(Duration::from_secs(1), dropped).await.is_err());
    let error = client.initiate_app_approval(EMAIL).await.expect_err("it may be on the phone");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(299)));
    let connecting = client.initiate_app_approval("other@example.com").into_future();
    assert!(tokio::time::timeout(Duration::from_millis(100), connecting).await.is_err());
    assert_eq!((script.asked().len(), client.usage().push_counts), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn f40_initiates_dropped_while_they_dial_are_no_pushes() {
    let dialling = || ack("nobody's").dialling(Duration::from_secs(2)).after(Duration::from_secs(2));
    let script = Script::new((0..6).map(|_| dialling()));
    let client = scripted(&script);
    for _ in 0..5 {
        let dialling = client.initiate_app_approval(EMAIL).into_future();
        assert!(tokio::time::timeout(Duration::from_millis(1_999), dialling).await.is_err());
    }
    assert_eq!((script.asked().len(), client.usage().push_counts), (5, 0));
    let left = client.initiate_app_approval(EMAIL).into_future();
    assert!(tokio::time::timeout(Duration::from_millis(2_001), left).await.is_err());
    assert_eq!(client.usage().push_counts, 1, "this one has left");
    for n in 0..4 {
        script.then(ack(&format!("id-{n}")));
        initiate(&client).await;
    }
    let error = client.initiate_app_approval(EMAIL).await.expect_err("too many");
    assert_eq!((error.kind(), script.asked().len()), (ErrorKind::TooManyPushes, 10));
}

#[tokio::test(start_paused = true)]
async fn f40_b33_of_a_thousand_at_once_no_more_are_sent_than_may_be() {
    let script = Script::new((0..1_000).map(|n| ack(&format!("id-{n}")).after(Duration::from_secs(1))));
    let client = scripted_with(&script, |builder| builder.max_in_flight(2));
    let calls: Vec<_> =
        (0..1_000).map(|_| tokio::spawn(client.initiate_app_approval(EMAIL).into_future())).collect();
    let mut pushed = 0;
    for call in calls {
        match call.await.expect("no panic") {
            Ok(_) => pushed += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::TooManyPushes),
        }
    }
    assert_eq!((pushed, script.asked().len()), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn b33_c11_fifty_at_once_are_never_merged() {
    let script = Script::new((0..50).map(|n| ack(&format!("id-{n}")).after(Duration::from_secs(1))));
    let client = scripted(&script);
    let calls: Vec<_> =
        (0..50).map(|_| tokio::spawn(client.initiate_app_approval(EMAIL).into_future())).collect();
    let mut ids = std::collections::HashSet::new();
    let mut tasks = Vec::new();
    for call in calls {
        match call.await.expect("no panic") {
            Ok(pending) => {
                assert!(ids.insert(pending.auth_req_id().clone()), "each has its own id");
                tasks.push(pending.wait().spawn());
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::TooManyPushes),
        }
    }
    assert_eq!((ids.len(), script.asked().len()), (5, 5));
    tokio::task::yield_now().await;
    assert_eq!(tasks.iter().filter(|task| !task.is_finished()).count(), 1, "one live poll remains");
}

#[tokio::test(start_paused = true)]
async fn b34_the_message_is_the_callers_and_the_default_names_nobody() {
    let script = Script::new([ack("one"), ack("two")]);
    let client = scripted(&script);
    initiate(&client).await;
    let message = BindingMessage::new("Pay 12 € to Ann").expect("printable");
    let pending = client
        .initiate_app_approval(" user@example.com ")
        .binding_message(message)
        .scopes(["openid", "pay"])
        .resource("https://bank.example")
        .await
        .expect("an acknowledgement");
    script.then(Line::approved());
    let _ = pending.wait().await.expect("an outcome");
    let bodies: Vec<_> = script.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(
        bodies,
        [
            r#"{"client_id":"client","email":"user@example.com","binding_message":"Sign-in request"}"#,
            r#"{"client_id":"client","email":"user@example.com","binding_message":"Pay 12 € to Ann","scopes":["openid","pay"],"resource":"https://bank.example"}"#,
            r#"{"auth_req_id":"two","client_id":"client","resource":"https://bank.example"}"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn j33_a_refused_initiate_leaves_nothing_behind() {
    let refused = r#"{"auth_req_id":"","expires_in":0,"interval":0,"error":"no_device_registered"}"#;
    let client = scripted(&Script::new([Line::json(200, refused)]));
    let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::NoDeviceRegistered);
    assert!(!error.may_have_reached_server(), "no push went out");
    assert_eq!(client.usage(), crate::Usage::default());
}

#[tokio::test(start_paused = true)]
async fn b60_bad_input_is_refused_with_its_field_before_anything_is_sent() {
    let script = Script::new([]);
    let client = scripted(&script);
    for email in
        ["", "  ", "nobody", "a@b@c", "@example.com", "a@", "a\r\n@example.com", "a\u{202e}@example.com"]
    {
        let error = client.initiate_app_approval(email).await.expect_err(email);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("email")), "{email:?}");
    }
    assert_eq!(script.asked().len(), 0);
    assert_eq!(client.usage(), crate::Usage::default());
}

//! B-25: an approval that nobody has received is kept for the next wait, for a while.

use std::future::IntoFuture as _;

use super::{EMAIL, millis, seconds, status};
use crate::client::tests::{initiate, scripted};
use crate::clock::now;
use crate::transport::script::{Line, Script};
use crate::{CancelReason, CibaClient, PendingApproval};

/// An approval arrives 7 s behind the acknowledgement, when nobody waits any more.
async fn kept(life: u64) -> (Script, CibaClient, PendingApproval) {
    let script = Script::new([Line::ack(5, life), Line::approved().after(seconds(2))]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    assert!(tokio::time::timeout(seconds(6), pending.wait().into_future()).await.is_err());
    tokio::time::sleep(seconds(1)).await;
    (script, client, pending)
}

#[tokio::test(start_paused = true)]
async fn b25_it_is_kept_until_the_ids_end_but_at_least_60_and_at_most_300_seconds() {
    // Lives of 12 s, 200 s, 900 s: kept for 60, 193 and 300 s.
    for (life, kept_for) in [(12, 60), (200, 193), (900, 300)] {
        for late in [false, true] {
            let (script, client, pending) = kept(life).await;
            tokio::time::sleep(seconds(kept_for) - millis(1)).await;
            if late {
                tokio::time::sleep(millis(1)).await;
            }
            let start = now();
            let expected = if late { "approval_lost" } else { "approved" };
            assert_eq!(status(pending.wait().await), expected, "a life of {life} s");
            assert_eq!(now(), start, "at once");
            let again = pending.wait().once().await.expect("a status");
            assert!(!format!("{again:?}").contains("Pending"), "told again: {again:?}");
            assert_eq!(script.asked().len(), 2, "nothing more is sent");
            assert_eq!(client.usage().live_polls, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn b25_it_is_wiped_when_its_time_is_over_though_nobody_comes() {
    let (_script, client, pending) = kept(300).await;
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(alive(), 1, "one timer");
    tokio::time::sleep(seconds(294)).await;
    assert_eq!(alive(), 0);
    assert_eq!(status(pending.wait().await), "approval_lost");
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn b25_b32_a_cancel_a_newer_initiate_or_a_shutdown_wipes_it() {
    for (how, reason) in [
        ("cancel", CancelReason::Requested),
        ("initiate", CancelReason::Superseded),
        ("shutdown", CancelReason::Shutdown),
    ] {
        let (script, client, pending) = kept(300).await;
        let mut sent = 2;
        match how {
            "cancel" => {
                let stopped = client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped();
                assert_eq!(stopped, 0, "nobody was waiting");
            }
            "initiate" => {
                script.then(Line::json(200, r#"{"auth_req_id":"id-2","expires_in":300}"#));
                let _ = initiate(&client).await;
                sent += 1;
            }
            _ => client.shutdown().await,
        }
        tokio::task::yield_now().await;
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0, "{how}");
        match pending.wait().await.expect("an outcome") {
            crate::ApprovalOutcome::Cancelled(why) => assert_eq!(why, reason, "{how}"),
            other => panic!("{how}: {other:?}"),
        }
        assert_eq!(script.asked().len(), sent, "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn f10_b25_after_an_approval_was_received_nothing_is_sent_and_others_are_told() {
    let gone = || Line::json(400, r#"{"error":"invalid_grant"}"#);
    let script = Script::new([Line::ack(5, 300), Line::approved(), gone(), gone()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let early = pending.wait().spawn();
    assert_eq!(status(pending.wait().await), "approved");
    tokio::time::sleep(seconds(10)).await;
    for error in [
        pending.wait().await.expect_err("too late"),
        pending.wait().spawn().await.expect_err("too late"),
        pending.wait().once().await.expect_err("too late"),
        pending.wait().timeout(seconds(0)).await.expect_err("too late"),
    ] {
        assert_eq!(error.kind(), crate::ErrorKind::AlreadyAnswered);
        assert!(!error.is_retryable() && !error.may_have_reached_server());
    }
    assert_eq!(status(early.await), "approved", "it was under way when the approval came");
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn b25_what_the_server_has_not_said_ends_the_waits_and_not_the_id() {
    let refused = Line::json(401, r#"{"error":"invalid_client"}"#);
    let script = Script::new([Line::ack(5, 300), refused, Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let [one, two] = [pending.wait().spawn(), pending.wait().spawn()];
    for task in [one, two] {
        let error = task.await.expect_err("the client's secret is wrong");
        assert_eq!(error.kind(), crate::ErrorKind::ClientAuth, "each wait under way");
    }
    assert_eq!(status(pending.wait().await), "approved", "the secret was changed meanwhile");
    assert_eq!(script.instants("/token", start), [5_000, 10_000, 15_000], "at the floor");
}

#[tokio::test(start_paused = true)]
async fn b25_a_known_end_is_kept_also_by_what_the_registry_has_forgotten() {
    let script = Script::new([Line::ack(5, 60)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    tokio::time::sleep(seconds(24 * 60 * 60)).await;
    assert_eq!(client.usage().remembered_ids, 0);
    assert_eq!(status(pending.wait().await), "expired_token");
    assert_eq!(status(pending.wait().timeout(seconds(0)).spawn().await), "expired_token");
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn f13_an_id_of_another_process_is_remembered_for_an_hour_behind_its_last_use() {
    use crate::transport::FaultKind;

    let id = crate::AuthReqId::new("of-another-process").expect("a valid id");
    // A cancel.
    let script = Script::new([]);
    let client = scripted(&script);
    let task = client.poll_for_approval(EMAIL, &id).timeout(seconds(381)).spawn();
    tokio::time::sleep(seconds(380)).await;
    let _ = client.cancel_approval(EMAIL).await.expect("cancelled");
    assert_eq!(status(task.await), "cancelled");
    let sent = script.asked().len();
    tokio::time::sleep(seconds(3_500)).await;
    assert_eq!(status(client.poll_for_approval(EMAIL, &id).await), "cancelled");
    assert_eq!(script.asked().len(), sent);
    // A lost answer.
    let script = Script::new([Line::fault(FaultKind::Broken)]);
    let client = scripted(&script);
    let _ = client.poll_for_approval(EMAIL, &id).timeout(seconds(1)).await.expect_err("the attempt failed");
    tokio::time::sleep(seconds(3_500)).await;
    script.then(Line::expired());
    assert_eq!(status(client.poll_for_approval(EMAIL, &id).await), "approval_lost");
}

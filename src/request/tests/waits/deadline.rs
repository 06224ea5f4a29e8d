//! B-14, B-22: deadlines, the grace behind them, and the last look.

use std::future::IntoFuture as _;

use super::{EMAIL, millis, seconds, status};
use crate::client::tests::{initiate, scripted, scripted_with};
use crate::clock::now;
use crate::request::tests::server::{Server, an_id};
use crate::transport::script::{Line, Script};
use crate::{AuthReqId, ErrorKind, PollPolicy};

#[tokio::test(start_paused = true)]
async fn f15_b14_no_wait_outlives_its_deadline_while_the_server_hangs() {
    let script = Script::new((0..1_000).map(|_| Line::pending().after(seconds(1_000))));
    let client = scripted_with(&script, |builder| builder.max_in_flight(4));
    let start = now();
    let waits: Vec<_> = (0..200)
        .map(|n| {
            let id = AuthReqId::new(format!("id-{n}")).expect("a valid id");
            let timeout = seconds(1 + n % 40);
            let wait = client.poll_for_approval(format!("user{n}@example.com"), &id).timeout(timeout);
            tokio::spawn(async move {
                let outcome = wait.await;
                (timeout, now(), outcome)
            })
        })
        .collect();
    for wait in waits {
        let (timeout, ended, outcome) = wait.await.expect("no panic");
        let late = (ended - start).saturating_sub(timeout);
        assert!(late <= seconds(2), "{timeout:?} took {:?}", ended - start);
        // Where an own attempt was not answered before, that is said.
        assert!(outcome.is_err() || outcome.is_ok_and(|outcome| outcome.status() == "timeout"));
    }
}

#[tokio::test(start_paused = true)]
async fn f17_b14_the_grace_is_at_least_twice_the_slowest_answer() {
    let server = Server::new(millis(150));
    let policy = PollPolicy::default().grace(millis(100));
    let client = server.client_with(|builder| builder.poll_policy(policy));
    let pending = initiate(&client).await;
    let start = now();
    server.approves_at(start + seconds(17));
    let outcome = pending.wait().timeout(seconds(18)).await;
    assert_eq!(status(outcome), "approved", "the last look takes 150 ms, which the client has seen");
    assert_eq!(server.polls(start), [5_000, 10_150, 18_000]);
}

/// A request that was not answered says nothing of how long answers take: the last look is as late as ever.
#[tokio::test(start_paused = true)]
async fn f17_b14_a_request_without_an_answer_is_not_the_slowest_answer() {
    let silent = || Line::pending().after(seconds(60));
    let looks = |line: Option<Line>| async move {
        let script = Script::new(std::iter::once(Line::ack(5, 60)).chain(line));
        let client = scripted(&script);
        let pending = initiate(&client).await;
        let start = now();
        drop(pending.wait().await);
        script.instants("/token", start).last().copied()
    };
    let undisturbed = looks(None).await;
    assert_eq!(looks(Some(silent())).await, undisturbed);
}

#[tokio::test(start_paused = true)]
async fn f17_b14_the_grace_is_at_most_the_request_timeout() {
    let slow = || Line::pending().after(seconds(4));
    let script = Script::new([Line::ack(5, 300), slow(), Line::pending().after(seconds(60))]);
    let client = scripted_with(&script, |builder| builder.request_timeout(seconds(7)));
    let pending = initiate(&client).await;
    let start = now();
    // Polls after 5 s and after 14 s, the second stretched to 19 s; twice 4 s is more than 7 s.
    let error = pending.wait().timeout(seconds(18)).await.expect_err("the request has failed by then");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 1));
    assert_eq!(now() - start, seconds(25));
    assert_eq!(script.instants("/token", start), [5_000, 18_000]);
}

#[tokio::test(start_paused = true)]
async fn f17_f18_b14_a_request_outlives_its_wait_and_what_it_brings_is_kept() {
    let script = Script::new([Line::ack(5, 300), Line::approved().after(seconds(8))]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    assert_eq!(status(pending.wait().timeout(seconds(5)).await), "timeout", "it has not failed");
    assert_eq!(now() - start, seconds(7), "the grace of two seconds");
    assert_eq!(client.usage().live_polls, 0);
    assert_eq!(status(pending.wait().timeout(seconds(10)).await), "approved");
    assert_eq!(now() - start, seconds(13));
    assert_eq!(script.instants("/token", start), [5_000]);
}

#[tokio::test(start_paused = true)]
async fn f18_b22_a_request_without_its_answer_at_the_ids_end_is_an_error() {
    let script = Script::new([Line::ack(5, 12), Line::pending(), Line::approved().after(seconds(5))]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let error = pending.wait().await.expect_err("nobody knows");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true));
    assert_eq!(error.attempts(), 1);
    assert_eq!(now() - start, seconds(14));
    tokio::time::sleep(seconds(4)).await;
    assert_eq!(status(pending.wait().await), "approved", "the request went on, and was answered after all");
}

#[tokio::test(start_paused = true)]
async fn f18_b23_half_of_a_200_before_the_ids_end_is_a_lost_approval_for_who_asks_again() {
    let script = Script::new([Line::ack(5, 12), Line::pending(), Line::cut(200, r#"{"access_token":"tok"#)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let error = pending.wait().await.expect_err("an attempt failed");
    assert_eq!(error.attempts(), 1);
    assert_eq!(status(pending.wait().await), "approval_lost");
}

#[tokio::test(start_paused = true)]
async fn f19_b22_no_place_is_an_error_at_the_ids_end_and_a_timeout_at_an_own_deadline() {
    for (own, expected) in [(None, Err(ErrorKind::Network)), (Some(seconds(50)), Ok("timeout"))] {
        let script = Script::new([Line::ack(5, 60)]);
        for _ in 0..100 {
            script.then(Line::pending().after(seconds(1_000)));
        }
        let client = scripted_with(&script, |builder| {
            builder.max_in_flight(1).request_timeout(seconds(1_000)).initiate_timeout(seconds(1_000))
        });
        let pending = initiate(&client).await;
        let start = now();
        let hog = client.poll_for_approval("hog@example.com", &an_id()).timeout(seconds(900)).spawn();
        let wait = pending.wait();
        let outcome = match own {
            Some(own) => wait.timeout(own).await,
            None => wait.await,
        };
        let outcome = outcome.map(|outcome| outcome.status()).map_err(|error| error.kind());
        assert_eq!(outcome, expected);
        assert_eq!(now() - start, own.unwrap_or(seconds(60)), "and in time");
        assert_eq!(script.instants("/token", start), [0], "nothing of it was sent");
        drop(hog);
    }
}

#[tokio::test(start_paused = true)]
async fn f16_b14_no_look_is_stretched_past_the_earliest_end() {
    // The push took 3 s, and the server counts from where the initiate arrived: 15 s behind its answer all is over.
    let script = Script::new([Line::ack(5, 18).after(seconds(3))]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    assert_eq!(status(pending.wait().await), "expired_token");
    assert_eq!(script.instants("/token", start), [5_000, 10_000, 15_000]);
    assert_eq!(now() - start, seconds(18));

    // Nor does the caller's own deadline, if it falls between the two ends.
    let script = Script::new([Line::ack(5, 18).after(seconds(3))]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    assert_eq!(status(pending.wait().timeout(seconds(17)).await), "timeout");
    assert_eq!(script.instants("/token", start), [5_000, 10_000, 15_000]);

    // The answers take 400 ms: the last one is asked for so much earlier.
    let script = Script::new([
        Line::ack(5, 19).after(seconds(1)),
        Line::pending().after(millis(400)),
        Line::pending().after(millis(400)),
        Line::pending().after(millis(400)),
    ]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    assert_eq!(status(pending.wait().await), "expired_token");
    assert_eq!(script.instants("/token", start), [5_000, 10_400, 17_600]);
}

#[tokio::test(start_paused = true)]
async fn b14_the_last_gap_stretches_only_while_no_other_wait_goes_on() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    let longer = pending.wait().timeout(seconds(43)).spawn();
    assert_eq!(status(pending.wait().timeout(seconds(18)).await), "timeout");
    assert_eq!(script.instants("/token", start), [5_000, 10_000, 15_000]);
    assert_eq!(status(longer.await), "timeout");
    let rest = [20_000, 25_000, 30_000, 35_000, 43_000];
    assert_eq!(script.instants("/token", start)[3..], rest, "alone again");
}

#[tokio::test(start_paused = true)]
async fn b14_the_last_gap_stretches_only_behind_a_poll_of_this_wait() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let start = now();
    assert_eq!(status(pending.wait().timeout(seconds(6)).await), "timeout");
    assert_eq!(script.instants("/token", start), [5_000], "the first comes where the floor allows it");
    assert_eq!(status(pending.wait().timeout(seconds(7)).await), "timeout");
    assert_eq!(script.instants("/token", start), [5_000, 10_000], "and that of the next wait");
    assert_eq!(now() - start, seconds(13));
}

#[tokio::test(start_paused = true)]
async fn b22_who_asked_nothing_hears_of_the_attempts_of_the_id() {
    use crate::transport::FaultKind;

    let script = Script::new([Line::ack(5, 300)]);
    for _ in 0..50 {
        script.then(Line::fault(FaultKind::NotConnected));
    }
    let client = scripted(&script);
    let pending = initiate(&client).await;
    let _ = tokio::time::timeout(seconds(12), pending.wait().into_future()).await;
    let error = pending.wait().timeout(seconds(1)).await.expect_err("two attempts have failed");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Network, 2));
    assert!(!error.may_have_reached_server());
    let _ = client.cancel_approval(EMAIL).await;
}

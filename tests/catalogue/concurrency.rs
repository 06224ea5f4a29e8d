//! C1, C2, C10 to C12, C23, C24, C29: several calls at once.

use std::future::IntoFuture as _;

use authsec_ciba::sandbox::{Call, Fault, Reaction, Sandbox};
use authsec_ciba::{ApprovalOutcome, AuthReqId, CancelReason, ErrorKind, PollStatus};
use tokio::time::Instant;

use crate::support::{EMAIL, OTHER, configured, json, leaves_nothing, seconds, start};

fn is_superseded(outcome: &ApprovalOutcome) -> bool {
    matches!(outcome, ApprovalOutcome::Cancelled(CancelReason::Superseded))
}

/// No two polls of one id overlap, and each comes at least one floor after the end of the one before.
fn polls_keep_their_distance(sandbox: &Sandbox, id: &AuthReqId) {
    let polls = sandbox.polls_of_request(id.expose_secret());
    for pair in polls.windows(2) {
        let end = pair[0].answered_at.unwrap_or(pair[0].received_at);
        let gap = pair[1].received_at.checked_duration_since(end).expect("one after the other");
        assert!(gap >= seconds(5), "{gap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn c01_b13_waits_of_the_same_approval_join() {
    let (sandbox, client) = start().await;
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let first = pending.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    assert_eq!(sandbox.calls(Call::Poll).len(), 1);
    let second = pending.wait().spawn();
    tokio::time::sleep(seconds(20)).await;
    let third = pending.wait().into_future();
    let short = pending.wait().timeout(seconds(3)).await.expect("an outcome");
    assert_eq!(short.status(), "timeout", "each has its own deadline");
    assert!(!first.is_finished() && !second.is_finished(), "and ends no other");
    assert_eq!(client.usage().live_polls, 1, "one approval, however many wait for it");
    sandbox.phone(EMAIL).approve().await;
    for outcome in [first.await, second.await, third.await] {
        assert_eq!(outcome.expect("an outcome").status(), "approved");
    }
    polls_keep_their_distance(&sandbox, pending.auth_req_id());
    assert_eq!(sandbox.polls_of_request(pending.auth_req_id().expose_secret()).len(), 6, "one per floor");
    assert_eq!(sandbox.connections().accepted, 1, "one for the initiate and all polls");
    drop(pending);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c01_joining_while_a_request_is_under_way() {
    let (sandbox, client) = start().await;
    sandbox.faults().always(Call::Poll, Fault::Delay(seconds(4)));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let mut tasks = vec![pending.wait().spawn()];
    tokio::time::sleep(seconds(7)).await;
    for _ in 0..20 {
        tasks.push(pending.wait().spawn());
        tokio::time::sleep(seconds(1)).await;
        let looked = client.poll_for_approval(EMAIL, pending.auth_req_id()).once().await.expect("a look");
        assert!(matches!(looked, PollStatus::Pending { .. }), "it disturbs nobody: {looked:?}");
    }
    sandbox.phone(EMAIL).approve().await;
    for task in tasks {
        assert_eq!(task.await.expect("an outcome").status(), "approved");
    }
    polls_keep_their_distance(&sandbox, pending.auth_req_id());
    drop(pending);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c01_from_many_threads_at_once() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let other = configured(&sandbox).build().expect("valid");
    let id = other.initiate_app_approval(EMAIL).await.expect("pushed").auth_req_id().clone();
    // Everybody looks at once: one asks, and all get what it brings.
    let polls: Vec<_> = (0..64)
        .map(|_| {
            let (client, id) = (client.clone(), id.clone());
            tokio::spawn(async move {
                let looked = client.poll_for_approval(EMAIL, &id).once().await.expect("a look");
                matches!(looked, PollStatus::Ended(ApprovalOutcome::Approved(_)))
            })
        })
        .collect();
    for poll in polls {
        assert!(poll.await.expect("no panic"));
    }
    assert_eq!(sandbox.calls(Call::Poll).len(), 1, "one look reached the server");
    assert_eq!(client.usage().live_polls, 0);
}

#[tokio::test(start_paused = true)]
async fn c02_b32_two_polls_of_different_ids_of_one_email_both_run() {
    let (sandbox, other) = start().await;
    for several in [false, true] {
        let mut ids = Vec::new();
        for _ in 0..2 {
            ids.push(other.initiate_app_approval(EMAIL).await.expect("pushed").auth_req_id().clone());
        }
        let client = configured(&sandbox).concurrent_approvals(several).build().expect("valid");
        let first = client.poll_for_approval(EMAIL, &ids[0]).spawn();
        tokio::time::sleep(seconds(1)).await;
        let second = client.poll_for_approval("USER@EXAMPLE.COM", &ids[1]).spawn();
        tokio::time::sleep(seconds(20)).await;
        assert!(!first.is_finished() && !second.is_finished(), "only an initiate of this client supersedes");
        sandbox.phone(EMAIL).approve_id(ids[0].expose_secret()).expect("pending");
        assert_eq!(first.await.expect("an outcome").status(), "approved");
        assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 1);
        assert_eq!(second.await.expect("an outcome").status(), "cancelled");
        leaves_nothing(&sandbox, &client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn c10_an_initiate_during_a_poll() {
    let (sandbox, client) = start().await;
    let older = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let old = older.wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    // One that fails leaves it alone.
    sandbox.faults().next(Call::Initiate, Fault::html_502());
    client.initiate_app_approval(EMAIL).await.expect_err("failed");
    assert!(!old.is_finished());
    let newer = client.initiate_app_approval(EMAIL).await.expect("pushed");
    assert!(is_superseded(&old.await.expect("an outcome")));
    sandbox.phone(EMAIL).approve_id(older.auth_req_id().expose_secret()).expect("pending");
    let outcome = newer.wait().timeout(seconds(30)).await.expect("an outcome");
    assert_eq!(outcome.status(), "timeout", "the old approval completes nothing");
    assert!(is_superseded(&older.wait().await.expect("an outcome")), "nor can it be fetched here");
    sandbox.phone(EMAIL).approve_id(newer.auth_req_id().expose_secret()).expect("pending");
    assert_eq!(newer.wait().await.expect("an outcome").status(), "approved");
    drop((older, newer));
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c11_fifty_initiates_at_once() {
    let (sandbox, client) = start().await;
    let initiates: Vec<_> =
        (0..50).map(|_| tokio::spawn(client.initiate_app_approval(EMAIL).into_future())).collect();
    let mut acknowledged = Vec::new();
    for initiate in initiates {
        match initiate.await.expect("no panic") {
            Ok(pending) => acknowledged.push(pending),
            Err(error) => {
                assert_eq!((error.kind(), error.attempts()), (ErrorKind::TooManyPushes, 0));
                assert!(error.retry_after().is_some_and(|wait| wait <= seconds(300)));
            }
        }
    }
    assert_eq!(
        (acknowledged.len(), sandbox.issued().pushes(), sandbox.log().len()),
        (5, 5, 5),
        "never merged"
    );
    let ids: std::collections::HashSet<_> = acknowledged.iter().map(|one| one.auth_req_id()).collect();
    assert_eq!(ids.len(), 5);
    let tasks: Vec<_> = acknowledged.iter().map(|pending| pending.wait().spawn()).collect();
    let mut superseded = 0;
    tokio::task::yield_now().await;
    client.shutdown().await;
    for task in tasks {
        superseded += usize::from(is_superseded(&task.await.expect("an outcome")));
    }
    assert_eq!(superseded, 4, "at most one that lives");
}

#[tokio::test(start_paused = true)]
async fn c12_a_storm_of_pushes() {
    let (sandbox, client) = start().await;
    let start = Instant::now();
    let mut refused = 0;
    for n in 0..10 {
        match client.initiate_app_approval(EMAIL).await {
            Ok(_) => assert!(n < 5, "{n}"),
            Err(error) => {
                assert_eq!(
                    (error.kind(), error.may_have_reached_server()),
                    (ErrorKind::TooManyPushes, false)
                );
                assert_eq!(
                    error.retry_after(),
                    Some(seconds(300) - start.elapsed()),
                    "until the first is over"
                );
                refused += 1;
            }
        }
        tokio::time::sleep(seconds(6)).await;
    }
    assert_eq!((refused, sandbox.issued().pushes(), sandbox.log().len()), (5, 5, 5));
    client.initiate_app_approval(OTHER).await.expect("nobody else is held up");
    tokio::time::sleep(seconds(300) - start.elapsed()).await;
    client.initiate_app_approval("User@Example.com").await.expect("the first is over");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("the second is not");
    assert_eq!(error.retry_after(), Some(seconds(6)));
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c23_outcomes_that_nobody_reads() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let held = pending.wait().spawn();
    tokio::time::sleep(seconds(10)).await;
    assert!(held.is_finished());
    // An hour of other people's approvals later, the one outcome is all that is held.
    for n in 0..100 {
        let id = AuthReqId::new(format!("id-{n}")).expect("valid");
        let outcome = client.poll_for_approval(format!("user-{n}@example.com"), &id).await;
        assert_eq!(outcome.expect("an outcome").status(), "expired_token");
        tokio::time::sleep(seconds(36)).await;
        assert!(client.usage().remembered_ids <= 1 + 3_600 / 36 + 1, "{:?}", client.usage());
    }
    tokio::time::sleep(seconds(3_601)).await;
    assert_eq!((client.usage().live_polls, client.usage().remembered_ids), (1, 1));
    assert_eq!(held.await.expect("an outcome").status(), "approved", "however late");
    drop(pending);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c24_clones_and_drops_of_the_client() {
    let (sandbox, client) = start().await;
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let (clone, task, waiting) = (client.clone(), pending.wait().spawn(), client.clone());
    drop((client, pending));
    assert_eq!(clone.usage(), waiting.usage(), "all clones are one");
    drop((clone, waiting));
    tokio::time::sleep(seconds(12)).await;
    sandbox.phone(EMAIL).approve().await;
    assert_eq!(task.await.expect("an outcome").status(), "approved", "polls go on");
    let polls = sandbox.calls(Call::Poll).len();
    tokio::time::sleep(seconds(3_600)).await;
    assert_eq!((sandbox.calls(Call::Poll).len(), sandbox.connections().open), (polls, 0));
}

#[tokio::test(start_paused = true)]
async fn c29_right_and_wrong_codes_at_once() {
    let wrong = r#"{"success":false,"message":"Invalid TOTP code"}"#;
    let right = r#"{"success":true,"token":"a-token"}"#;
    // Each answer, and when it comes: whatever the order, the right one fills the count, and wrong ones behind it count.
    for (answers, left) in [
        ([(wrong, 1), (right, 2), (wrong, 3)], 2),
        ([(right, 1), (wrong, 2), (wrong, 3)], 1),
        ([(wrong, 1), (wrong, 2), (right, 3)], 3),
    ] {
        let (sandbox, client) = start().await;
        let mut logins = Vec::new();
        for (body, after) in answers {
            let status = if body == right { 200 } else { 401 };
            sandbox.faults().next(Call::Totp, json(status, body));
            let client = client.clone();
            // All claim their place now; the scripted answers come one after the other.
            logins.push(async move {
                tokio::time::sleep(seconds(after)).await;
                client.verify_totp(EMAIL, "123456").await.expect("judged").error_code()
            });
        }
        let [one, two, three] =
            <[_; 3]>::try_from(logins.into_iter().map(tokio::spawn).collect::<Vec<_>>()).expect("three");
        for login in [one, two, three] {
            login.await.expect("no panic");
        }
        sandbox.faults().clear();
        let mut wrongs = 0;
        sandbox.faults().always(Call::Totp, json(401, wrong));
        while client.verify_totp(EMAIL, "123456").await.expect("judged").error_code() == Some("invalid_code")
        {
            wrongs += 1;
        }
        assert_eq!(wrongs, left, "{answers:?}");
        leaves_nothing(&sandbox, &client).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c29_from_many_threads_no_update_is_lost() {
    let (sandbox, client) = start().await;
    for _ in 0..20 {
        sandbox.faults().clear();
        sandbox.faults().next(Call::Totp, json(200, r#"{"success":true,"token":"a-token"}"#));
        sandbox.faults().always(Call::Totp, json(401, r#"{"success":false,"message":"Invalid TOTP code"}"#));
        let logins: Vec<_> = (0..3).map(|_| tokio::spawn(client.verify_totp(EMAIL, "123456"))).collect();
        let mut verified = 0;
        for login in logins {
            verified += usize::from(login.await.expect("no panic").expect("judged").error_code().is_none());
        }
        assert_eq!(verified, 1);
        let mut more = 0;
        while client.verify_totp(EMAIL, "123456").await.expect("judged").error_code() == Some("invalid_code")
        {
            more += 1;
        }
        assert!((1..=3).contains(&more), "{more}: at most the two wrong ones count behind the right one");
        client.cancel_approval(EMAIL).await.expect("reset");
        assert_eq!(client.usage().totp_counts, 0);
    }
}

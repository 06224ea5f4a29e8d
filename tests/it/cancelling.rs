//! Cancelling, with sockets under it.

use std::future::IntoFuture as _;
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use authsec_ciba::{ApprovalOutcome, CancelReason};

use crate::support::{EMAIL, start};

/// Lets tasks that are ready run, the server's included.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn b40_a_cancel_in_the_middle_of_a_request_closes_its_socket() {
    let (sandbox, client) = start().await;
    sandbox.faults().always(Call::Poll, Fault::Hang);
    let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(sandbox.calls(Call::Poll).len(), 1, "under way");
    client.cancel_approval(EMAIL).await.expect("cancelled");
    let outcome = task.await.expect("an outcome");
    assert!(matches!(outcome, ApprovalOutcome::Cancelled(CancelReason::Requested)), "{outcome:?}");
    settle().await;
    assert_eq!(sandbox.connections().open, 0);
}

#[tokio::test(start_paused = true)]
async fn f11_b43_a_dropped_request_is_finished_and_brings_its_approval() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    sandbox.faults().next(Call::Poll, Fault::Delay(Duration::from_secs(5)));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let dropped = tokio::time::timeout(Duration::from_secs(8), pending.wait().into_future()).await;
    assert!(dropped.is_err());
    assert_eq!(client.usage().live_polls, 0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved", "it was kept");
    assert_eq!(sandbox.calls(Call::Poll).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn b44_a_cancel_is_local_and_the_phone_still_shows_the_request() {
    let (sandbox, client) = start().await;
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let task = pending.wait().spawn();
    let requests = sandbox.log().len();
    client.cancel_approval(EMAIL).await.expect("cancelled");
    let _ = task.await.expect("an outcome");
    let phone = sandbox.phone(EMAIL);
    assert_eq!(phone.pending().len(), 1);
    phone.approve().await;
    let later = pending.wait().await.expect("an outcome");
    assert!(matches!(later, ApprovalOutcome::Cancelled(CancelReason::Requested)), "goes nowhere: {later:?}");
    assert_eq!(sandbox.log().len(), requests, "the server was told nothing");
}

#[tokio::test(start_paused = true)]
async fn b32_the_late_approval_of_an_older_request_never_completes_a_newer_one() {
    let (sandbox, client) = start().await;
    let older = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let old_task = older.wait().spawn();
    let newer = client.initiate_app_approval(EMAIL).await.expect("pushed");
    sandbox.phone(EMAIL).approve_id(older.auth_req_id().expose_secret()).expect("still pending there");
    let outcome = newer.wait().timeout(Duration::from_secs(20)).await.expect("an outcome");
    assert_eq!(outcome.status(), "timeout");
    let old = old_task.await.expect("an outcome");
    assert!(matches!(old, ApprovalOutcome::Cancelled(CancelReason::Superseded)), "{old:?}");
    sandbox.phone(EMAIL).react(Reaction::Ignore);
    assert_eq!(sandbox.polls_of_request(older.auth_req_id().expose_secret()).len(), 0);
}

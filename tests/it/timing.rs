//! Poll instants as the server measures them.

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use tokio::time::Instant;

use crate::support::{EMAIL, Plane, polled_at, start};

#[tokio::test(start_paused = true)]
async fn b10_the_server_sees_its_own_interval() {
    let sandbox = Plane::MAIN.sandbox().interval(Duration::from_secs(10)).start().await.expect("a port");
    let client = Plane::MAIN.client(&sandbox).build().expect("valid");
    sandbox.phone(EMAIL).react(Reaction::ApproveAfter(Duration::from_secs(25)));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let start = Instant::now();
    let outcome = pending.wait().interval(Duration::from_secs(2)).await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    assert_eq!(polled_at(&sandbox, start), [10_000, 20_000, 30_000]);
}

#[tokio::test(start_paused = true)]
async fn b11_slow_down_twice_over_a_socket() {
    let (sandbox, client) = start().await;
    sandbox.faults().next(Call::Poll, Fault::slow_down(400)).next(Call::Poll, Fault::slow_down(429));
    sandbox.phone(EMAIL).react(Reaction::ApproveAfter(Duration::from_secs(20)));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let start = Instant::now();
    let _ = pending.wait().await.expect("an outcome");
    assert_eq!(polled_at(&sandbox, start), [5_000, 15_000, 30_000]);
}

#[tokio::test(start_paused = true)]
async fn b12_a_web_backend_that_asks_every_second() {
    let (sandbox, client) = start().await;
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let start = Instant::now();
    for _ in 0..17 {
        let check = client.poll_for_approval(EMAIL, pending.auth_req_id()).timeout(Duration::from_secs(1));
        assert_eq!(check.await.expect("an outcome").status(), "timeout");
    }
    assert_eq!(polled_at(&sandbox, start), [5_000, 10_000, 15_000]);
}

#[tokio::test(start_paused = true)]
async fn b14_the_last_look_finds_an_approval_of_the_last_second() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::ApproveAfter(Duration::from_millis(17_500)));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let start = Instant::now();
    let outcome = pending.wait().timeout(Duration::from_secs(18)).await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    assert_eq!(polled_at(&sandbox, start), [5_000, 10_000, 18_000]);
}

#[tokio::test(start_paused = true)]
async fn b20_retry_after_over_a_socket() {
    let (sandbox, client) = start().await;
    sandbox
        .faults()
        .next(Call::Poll, Fault::too_many_requests_429(Some("40")))
        .next(Call::Poll, Fault::unavailable_503(Some("garbage")));
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let start = Instant::now();
    let _ = pending.wait().await.expect("an outcome");
    let polled = polled_at(&sandbox, start);
    assert_eq!(polled[..2], [5_000, 45_000]);
    // The second fault in a row: the floor and 0.5 to 2 s, three quarters of it jitter.
    assert!((50_500..=52_000).contains(&polled[2]), "{polled:?}");
}

//! Enough in the log to reconstruct a flow.

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::support::{EMAIL, start};

#[tokio::test(start_paused = true)]
async fn b90_one_span_per_flow_tells_its_story() {
    let captured = Captured::default();
    async {
        let (sandbox, client) = start().await;
        sandbox.phone(EMAIL).react(Reaction::ApproveAfter(Duration::from_secs(12)));
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        sandbox.faults().next(Call::Poll, Fault::Pass).next(Call::Poll, Fault::html_502());
        let _ = pending.wait().await.expect("an outcome");
    }
    .with_subscriber(captured.subscriber())
    .await;
    let text = captured.text();
    let ours: Vec<_> = text.lines().filter(|line| line.contains(" authsec_ciba::")).collect();
    let count = |needles: &[&str]| {
        ours.iter().filter(|line| needles.iter().all(|needle| line.contains(needle))).count()
    };
    assert_eq!(
        count(&["authsec.initiate", " DEBUG ", "pushed", "interval=5", "expires_in=300"]),
        1,
        "{ours:#?}"
    );
    let polled = ["polled", " DEBUG ", "flow=", "email=u***@example.com"];
    assert_eq!(count(&polled), 2, "{ours:#?}");
    let fault = ["a poll failed", " WARN ", "flow=", "email=u***@example.com", "kind=Server", "status=502"];
    assert_eq!(count(&fault), 1, "{ours:#?}");
    let closing = ["authsec.poll", "close", "email=u***@example.com", "interval=5s", "polls=3", "attempts=1"];
    assert_eq!(count(&closing), 1, "{ours:#?}");
    assert_eq!(count(&["authsec.poll", "close", "outcome=\"approved\""]), 1, "{ours:#?}");
}

#[tokio::test(start_paused = true)]
async fn b90_a_dropped_poll_tells_its_end_too() {
    let captured = Captured::default();
    async {
        let (_sandbox, client) = start().await;
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let looked = tokio::time::timeout(Duration::from_secs(12), pending.wait()).await;
        assert!(looked.is_err());
        drop(pending.wait().spawn());
        client.shutdown().await;
    }
    .with_subscriber(captured.subscriber())
    .await;
    let text = captured.text();
    let told =
        |line: &&str| ["authsec.poll", "close", "outcome=\"dropped\""].iter().all(|it| line.contains(it));
    assert_eq!(text.lines().filter(told).count(), 2, "{text}");
}

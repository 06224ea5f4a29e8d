//! Emptying a sandbox that runs for long.

use std::time::Duration;

use authsec_ciba::CibaClient;
use authsec_ciba::sandbox::{Call, Reaction, RequestState, Sandbox};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn what_was_taken_is_gone_and_what_is_under_way_stays() {
    let sandbox = Sandbox::start().await.expect("a port");
    let client = CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id("client-id")
        .client_secret("client-secret")
        .build()
        .expect("valid");
    sandbox.phone("user@example.com").react(Reaction::Approve);
    let pending = client.initiate_app_approval("user@example.com").await.expect("pushed");
    assert_eq!(sandbox.take_log(Instant::now() + Duration::from_millis(1)).len(), 1);
    assert!(sandbox.log().is_empty());
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    // The answer found its entry, although the one before it is gone.
    let polls = sandbox.calls(Call::Poll);
    assert_eq!((polls.len(), polls[0].status), (1, Some(200)));
    assert!(sandbox.take_log(polls[0].received_at).is_empty(), "not before itself");

    assert!(sandbox.take_expired().is_empty());
    sandbox.clock().advance(Duration::from_secs(301));
    let taken = sandbox.take_expired();
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].state, taken[0].token.is_some()), (RequestState::Consumed, true));
    assert!(sandbox.issued().requests.is_empty());
}

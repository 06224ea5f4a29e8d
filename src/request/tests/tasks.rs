//! What a task says of itself, and of a wait that could not go on.

use std::time::Duration;

use crate::client::tests::{initiate, scripted};
use crate::transport::script::{Line, Script};
use crate::transport::{HttpCall, Replying, Transport};
use crate::{CibaClient, ErrorKind};

/// Breaks in the middle of a poll, as what the program has put beneath the crate may.
struct Breaks(Script);

impl Transport for Breaks {
    fn send<'a>(&'a self, call: HttpCall<'a>) -> Replying<'a> {
        assert!(!call.target.url.path().ends_with("/token"), "somebody's fault");
        self.0.send(call)
    }
}

#[tokio::test(start_paused = true)]
async fn b13_a_panic_in_a_task_is_told_as_one_and_not_as_a_shutdown() {
    let transport = Breaks(Script::new([Line::ack(5, 300)]));
    let builder = CibaClient::builder().base_url("https://authsec.example").client_id("client");
    let inner = builder.into_inner(Box::new(transport)).expect("a valid configuration");
    let client = CibaClient::from_inner(inner);
    let error = initiate(&client).await.wait().spawn().await.expect_err("nobody knows");
    assert_eq!(error.kind(), ErrorKind::Runtime, "{error}");
    assert_eq!(client.usage().live_polls, 0);
}

#[tokio::test(start_paused = true)]
async fn b13_a_task_shows_whether_it_is_finished() {
    let script = Script::new([Line::ack(5, 300), Line::approved()]);
    let client = scripted(&script);
    let task = initiate(&client).await.wait().spawn();
    assert_eq!(format!("{task:?}"), "ApprovalTask { finished: false, .. }");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(format!("{task:?}"), "ApprovalTask { finished: true, .. }");
}

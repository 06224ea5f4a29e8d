//! B-35: an id is of one person.

use super::{EMAIL, seconds, status};
use crate::client::tests::{initiate, scripted};
use crate::request::tests::server::an_id;
use crate::transport::script::{Line, Script};
use crate::{AuthReqId, CibaClient, Error, ErrorKind};

const OTHER: &str = "other@example.com";

async fn refused(client: &CibaClient, id: &AuthReqId) -> [Error; 4] {
    [
        client.poll_for_approval(OTHER, id).await.expect_err("another's"),
        client.poll_for_approval(OTHER, id).spawn().await.expect_err("another's"),
        client.poll_for_approval(OTHER, id).once().await.expect_err("another's"),
        client.poll_for_approval(OTHER, id).timeout(seconds(0)).await.expect_err("another's"),
    ]
}

#[tokio::test(start_paused = true)]
async fn f09_b35_an_id_of_another_person_is_refused_and_nothing_is_sent() {
    let script = Script::new([Line::ack(5, 300), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    tokio::time::sleep(seconds(10)).await;
    for error in refused(&client, pending.auth_req_id()).await {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("auth_req_id")), "{error:?}");
        assert!(!error.may_have_reached_server());
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("id-1") && !shown.contains(EMAIL), "{shown}");
    }
    assert_eq!(script.asked().len(), 1);
    assert_eq!(client.cancel_approval(OTHER).await.expect("cancelled").polls_stopped(), 0);
    // The person's own address, as ever it is written.
    let outcome = client.poll_for_approval(" User@EXAMPLE.com", pending.auth_req_id()).await;
    assert_eq!(status(outcome), "approved");
}

#[tokio::test(start_paused = true)]
async fn f09_b35_an_id_of_another_process_is_of_whom_it_is_first_polled_for() {
    let script = Script::new([Line::pending(), Line::approved()]);
    let client = scripted(&script);
    let task = client.poll_for_approval(EMAIL, &an_id()).spawn();
    tokio::time::sleep(seconds(1)).await;
    for error in refused(&client, &an_id()).await {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("auth_req_id")), "{error:?}");
    }
    assert_eq!(script.asked().len(), 1);
    assert_eq!(status(task.await), "approved");
    assert_eq!(refused(&client, &an_id()).await[0].field(), Some("auth_req_id"), "also when it has ended");
}

#[tokio::test(start_paused = true)]
async fn f70_ten_thousand_ids_of_one_person() {
    let client = scripted(&Script::new([]));
    let ids: Vec<_> = (0..10_000).map(|n| AuthReqId::new(format!("id-{n}")).expect("a valid id")).collect();
    let tasks: Vec<_> = ids.iter().map(|id| client.poll_for_approval(EMAIL, id).spawn()).collect();
    assert_eq!(client.usage().live_polls, 10_000);
    assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 10_000);
    for task in tasks {
        assert_eq!(status(task.await), "cancelled");
    }
    assert_eq!(client.usage().live_polls, 0);
}

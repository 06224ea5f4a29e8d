//! B-35: the resource is the id's, like its person, whoever of those who wait for it has named it.

use super::{EMAIL, seconds, status};
use crate::client::tests::{initiate, scripted};
use crate::transport::script::{Line, Script};
use crate::{AuthReqId, CibaClient, Error, ErrorKind};

const API: &str = "https://api.example";
const OTHER: &str = "https://other.example";

/// The resource that each poll named.
fn named(script: &Script) -> Vec<Option<String>> {
    let polls = script.asked().into_iter().filter(|asked| asked.path.ends_with("/token"));
    let resource = |body: &str| {
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        body.get("resource").map(|resource| resource.as_str().expect("a text").to_owned())
    };
    polls.map(|asked| resource(&asked.body)).collect()
}

fn refused(error: &Error) {
    assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("resource")), "{error}");
    assert!(!error.to_string().contains("example"), "{error}");
}

/// A client, and a wait for an id of another process under way, which names no resource and has polled once.
async fn waiting(script: &Script) -> (CibaClient, AuthReqId, crate::ApprovalTask) {
    let (client, id) = (scripted(script), AuthReqId::new("id-1").expect("an id"));
    let task = client.poll_for_approval(EMAIL, &id).spawn();
    tokio::time::sleep(seconds(1)).await;
    (client, id, task)
}

#[tokio::test(start_paused = true)]
async fn b35_a_resource_that_a_later_wait_names_is_in_every_poll_from_then_on() {
    let script = Script::new([Line::pending(), Line::pending(), Line::approved()]);
    let (client, id, first) = waiting(&script).await;
    assert_eq!(named(&script), [None]);
    let second = client.poll_for_approval(EMAIL, &id).resource(API).spawn();
    assert_eq!(status(first.await), "approved");
    assert_eq!(status(second.await), "approved");
    assert_eq!(named(&script), [None, Some(API.to_owned()), Some(API.to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn b35_a_wait_that_names_another_resource_is_refused_and_the_others_go_on() {
    let script = Script::new([Line::pending(), Line::pending(), Line::approved()]);
    let (client, id, first) = waiting(&script).await;
    let second = client.poll_for_approval(EMAIL, &id).resource(API).spawn();
    let other = || client.poll_for_approval(EMAIL, &id).resource(OTHER);
    refused(&other().await.expect_err("another"));
    refused(&other().once().await.expect_err("another"));
    refused(&other().spawn().await.expect_err("another"));
    assert_eq!(client.usage().live_polls, 1, "the id has its two waits still, and no third");
    let same = client.poll_for_approval(EMAIL, &id).resource(API).spawn();
    for task in [first, second, same] {
        assert_eq!(status(task.await), "approved");
    }
    assert!(!named(&script).contains(&Some(OTHER.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn b35_a_resource_of_this_clients_initiate_is_not_changed_by_a_wait() {
    let script = Script::new([Line::ack(5, 300), Line::approved()]);
    let client = scripted(&script);
    let pending = client.initiate_app_approval(EMAIL).resource(API).await.expect("an acknowledgement");
    refused(&pending.wait().resource(OTHER).await.expect_err("another"));
    assert_eq!(status(pending.wait().await), "approved");
    assert_eq!(named(&script), [Some(API.to_owned())]);
}

/// What ended is told from memory, and to nobody who asks for something else.
#[tokio::test(start_paused = true)]
async fn b25_b35_what_has_ended_is_not_told_to_a_wait_for_another_resource() {
    let script = Script::new([Line::ack(5, 300), Line::approved()]);
    let client = scripted(&script);
    let pending = initiate(&client).await;
    assert_eq!(status(pending.wait().resource(API).await), "approved");
    refused(&pending.wait().resource(OTHER).await.expect_err("another"));
    assert_eq!(status(pending.wait().await), "approved", "whoever names none takes what there is");
}

//! The README's web sample, compiled as it stands there and played through (F-57).

include!("../../docs/web-sample.rs");

use tokio::time::sleep;

use authsec_ciba::ErrorKind;
use authsec_ciba::sandbox::{Call, Fault, Reaction, RequestState, Sandbox};

use crate::support::EMAIL;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn stand() -> (Sandbox, CibaClient, SignIns) {
    let sandbox = Sandbox::start().await.expect("a port");
    let settings = CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .workspace_id(sandbox.workspace_id());
    (sandbox, client(settings).expect("valid"), SignIns::default())
}

fn shown(status: &Option<Status>) -> String {
    match status {
        None => "nothing".to_owned(),
        Some(Status::Waiting) => "waiting".to_owned(),
        Some(Status::SignedIn(_)) => "signed in".to_owned(),
        Some(Status::Failed(why)) => format!("failed: {why}"),
    }
}

/// What a page sees that asks once a second, and when.
async fn watched(sign_ins: &SignIns, session: &str) -> (String, u64) {
    let begun = Instant::now();
    loop {
        let status = shown(&sign_ins.status(session));
        if status != "waiting" {
            return (status, begun.elapsed().as_secs());
        }
        sleep(seconds(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f57_a_person_who_approves_is_in_once() {
    let (sandbox, client, sign_ins) = stand().await;
    sandbox.phone(EMAIL).react(Reaction::ApproveAfter(seconds(7)));
    let code = sign_ins.begin(&client, "s", EMAIL).expect("a code");
    sleep(seconds(1)).await;
    assert!(
        sandbox.phone(EMAIL).pending()[0]
            .binding_message
            .as_deref()
            .is_some_and(|text| text.contains(code.as_str()))
    );
    sleep(seconds(10)).await;
    let Some(Status::SignedIn(approval)) = sign_ins.status("s") else { panic!("approved") };
    assert_eq!(Some(approval.token().expose_secret()), sandbox.issued().requests[0].token.as_deref());
    assert_eq!(shown(&sign_ins.status("s")), "nothing");
    assert_eq!(shown(&sign_ins.status("another")), "nothing");
}

#[tokio::test(start_paused = true)]
async fn f57_cancel_during_a_slow_initiate_lets_nobody_in() {
    let (sandbox, client, sign_ins) = stand().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    sandbox.faults().next(Call::Initiate, Fault::DelayAfter(seconds(20)));
    sign_ins.begin(&client, "s", EMAIL).expect("a code");
    sleep(seconds(5)).await;
    assert_eq!(sandbox.issued().pushes_to(EMAIL), 1, "the push is out");
    sign_ins.cancel("s");
    sleep(seconds(60)).await;
    assert_eq!(shown(&sign_ins.status("s")), "nothing");
    assert!(sandbox.calls(Call::Poll).is_empty(), "and nobody asks for the approval");
    assert_eq!(sandbox.issued().requests[0].state, RequestState::Approved);
}

#[tokio::test(start_paused = true)]
async fn f57_cancel_while_waiting_stops_the_polls() {
    let (sandbox, client, sign_ins) = stand().await;
    sign_ins.begin(&client, "s", EMAIL).expect("a code");
    sleep(seconds(12)).await;
    sign_ins.cancel("s");
    let polls = sandbox.calls(Call::Poll).len();
    sandbox.phone(EMAIL).approve().await;
    sleep(seconds(60)).await;
    assert_eq!(
        (shown(&sign_ins.status("s")), sandbox.calls(Call::Poll).len()),
        ("nothing".to_owned(), polls)
    );
    assert_eq!(client.usage().live_polls, 0);
}

#[tokio::test(start_paused = true)]
async fn f57_a_browser_that_never_comes_back_leaves_nothing() {
    let (sandbox, client, sign_ins) = stand().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    for session in 0..5 {
        sign_ins.begin(&client, &session.to_string(), EMAIL).expect("a code");
        sleep(seconds(61)).await;
    }
    assert_eq!(sign_ins.0.lock().unwrap().len(), 5, "kept for who comes back");
    sleep(LIFE * 2).await;
    sign_ins.begin(&client, "new", EMAIL).expect("a code");
    assert_eq!(sign_ins.0.lock().unwrap().len(), 1, "and no longer");
}

const STRANGER: &str = "stranger@example.com";

/// What two pages see of which one asks for an account and one for none, from the click to the end.
async fn both_watched(client: &CibaClient, sign_ins: &SignIns) -> [(String, u64); 2] {
    for (session, email) in [("known", EMAIL), ("stranger", STRANGER)] {
        sign_ins.begin(client, session, email).expect("a code");
    }
    let (known, stranger) = tokio::join!(watched(sign_ins, "known"), watched(sign_ins, "stranger"));
    [known, stranger]
}

#[tokio::test(start_paused = true)]
async fn f57_a_stranger_sees_what_somebody_sees_who_does_not_answer() {
    let (_sandbox, client, sign_ins) = stand().await;
    let [known, stranger] = both_watched(&client, &sign_ins).await;
    assert_eq!((known.0.as_str(), known.1.abs_diff(240) <= 1), ("failed: timeout", true), "{known:?}");
    assert_eq!(known, stranger);
}

/// The patience is counted from the click: neither a slow push, nor a poll that hangs at the end, nor a server that is gone
/// by then can be seen.
#[tokio::test(start_paused = true)]
async fn f57_a_stranger_waits_as_long_whatever_the_server_takes() {
    for slow in [
        [(Call::Initiate, Fault::DelayAfter(seconds(3)))],
        [(Call::Initiate, Fault::DelayAfter(seconds(50)))],
        [(Call::Poll, Fault::DelayAfter(seconds(4)))],
        [(Call::Poll, Fault::Hang)],
        [(Call::Poll, Fault::html_502())],
    ] {
        let (sandbox, client, sign_ins) = stand().await;
        for (call, fault) in slow.clone() {
            sandbox.faults().always(call, fault);
        }
        let [known, stranger] = both_watched(&client, &sign_ins).await;
        assert_eq!(known.0, "failed: timeout", "{slow:?}");
        assert_eq!(known, stranger, "{slow:?}");
    }
}

/// A sign-in that somebody else begins ends nobody's: neither the owner's, nor, for all to see, that of who tries an address.
#[tokio::test(start_paused = true)]
async fn f57_a_second_session_with_the_same_address_ends_nobodys() {
    let (sandbox, client, sign_ins) = stand().await;
    for (session, email) in [("one", EMAIL), ("tries", STRANGER)] {
        sign_ins.begin(&client, session, email).expect("a code");
    }
    sleep(seconds(7)).await;
    sandbox.phone(EMAIL).react(Reaction::Ignore);
    for (session, email) in [("two", EMAIL), ("tries again", STRANGER)] {
        sign_ins.begin(&client, session, email).expect("a code");
    }
    sleep(seconds(60)).await;
    for session in ["one", "two", "tries", "tries again"] {
        assert_eq!(shown(&sign_ins.status(session)), "waiting", "{session}");
    }
    let first = sandbox.issued().requests[0].auth_req_id.clone();
    sandbox.phone(EMAIL).approve_id(&first).expect("pending");
    assert_eq!(watched(&sign_ins, "one").await.0, "signed in", "the owner's goes on");
    assert_eq!(shown(&sign_ins.status("two")), "waiting", "and the approval is for that one alone");
}

/// A Cancel of a page gives nobody new guesses at a code, as the guide says of its client.
#[tokio::test(start_paused = true)]
async fn f57_the_samples_client_is_strict() {
    let (sandbox, client, _) = stand().await;
    let wrong = sandbox.authenticator(EMAIL).wrong_code();
    for _ in 0..3 {
        let _ = client.verify_totp(EMAIL, &wrong).await.expect("judged");
    }
    client.cancel_approval(EMAIL).await.expect("cancelled");
    let next = client.verify_totp(EMAIL, &wrong).await.expect("an outcome");
    assert_eq!(next.error_code(), Some("too_many_retries"), "{next:?}");
}

/// Told at once, as `begin` answers, and not by a page that waits.
#[tokio::test(start_paused = true)]
async fn f57_a_mistyped_address_is_told_at_once() {
    let (sandbox, client, sign_ins) = stand().await;
    let error = sign_ins.begin(&client, "s", "nobody").expect_err("no address");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("email")), "{error}");
    assert_eq!(shown(&sign_ins.status("s")), "nothing");
    assert!(sandbox.calls(Call::Any).is_empty());
}

#[tokio::test(start_paused = true)]
async fn f57_a_second_sign_in_of_a_session_replaces_the_first() {
    let (sandbox, client, sign_ins) = stand().await;
    let first = sign_ins.begin(&client, "s", EMAIL).expect("a code");
    sleep(seconds(2)).await;
    let older = sandbox.phone(EMAIL).pending()[0].auth_req_id.clone();
    sign_ins.begin(&client, "s", EMAIL).expect("a code");
    sleep(seconds(2)).await;
    assert!(
        sandbox
            .phone(EMAIL)
            .pending()
            .iter()
            .any(|it| it.binding_message.as_deref().is_some_and(|text| text.contains(first.as_str())))
    );
    sandbox.phone(EMAIL).approve_id(&older).expect("pending");
    sleep(seconds(30)).await;
    assert_eq!(shown(&sign_ins.status("s")), "waiting", "the older one lets nobody in");
    sandbox.phone(EMAIL).approve().await;
    assert_eq!(watched(&sign_ins, "s").await.0, "signed in");
}

/// Two tabs of one session, and a page that is loaded again, look at one sign-in: no second push, no second poll.
#[tokio::test(start_paused = true)]
async fn f57_a_reload_and_a_second_tab_look_at_the_same_sign_in() {
    let (sandbox, client, sign_ins) = stand().await;
    sign_ins.begin(&client, "s", EMAIL).expect("a code");
    for _ in 0..50 {
        assert!(matches!(sign_ins.status("s"), Some(Status::Waiting)));
        assert!(matches!(sign_ins.status("s"), Some(Status::Waiting)));
        sleep(Duration::from_millis(500)).await;
    }
    assert_eq!((sandbox.issued().pushes_to(EMAIL), sandbox.calls(Call::Poll).len() <= 5), (1, true));
    sandbox.phone(EMAIL).deny().await;
    assert_eq!(watched(&sign_ins, "s").await.0, "failed: access_denied");
}

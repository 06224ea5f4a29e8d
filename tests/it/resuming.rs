//! A sign-in that moves from one process to another by its ticket, at a server that gives an approval out once (B-101, B-102).

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Sandbox};
use authsec_ciba::{ApprovalTicket, CibaClient, ErrorKind, SealingKey};
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::support::{EMAIL, Plane, polled_at};

fn key(byte: u8) -> SealingKey {
    SealingKey::new([byte; 32]).expect("32 bytes")
}

/// Each call makes what is a process of its own: they share nothing but the key.
fn process(plane: Plane, sandbox: &Sandbox) -> CibaClient {
    plane.client(sandbox).sealing_key(key(1)).build().expect("a valid configuration")
}

#[tokio::test(start_paused = true)]
async fn b101_a_deploy_in_the_middle_of_a_sign_in_on_every_plane() {
    for plane in Plane::all() {
        let sandbox = plane.sandbox().start().await.expect("a free port");
        let before = process(plane, &sandbox);
        let pending = before.initiate_app_approval(EMAIL).await.expect("pushed");
        let start = tokio::time::Instant::now();
        let waiting = pending.wait().spawn();
        tokio::time::sleep(Duration::from_secs(12)).await;
        let session = pending.ticket().expect("sealed").to_string();
        before.shutdown().await;
        assert_eq!(waiting.await.expect("an outcome").status(), "cancelled");

        let after = process(plane, &sandbox);
        let ticket: ApprovalTicket = session.parse().expect("a text of a ticket");
        let (outcome, ()) = tokio::join!(after.resume(&ticket), async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            sandbox.phone(EMAIL).approve().await;
        });
        let approval = outcome.expect("an outcome").approved().expect("an approval");
        assert_eq!(approval.email().map(ToString::to_string).as_deref(), Some(EMAIL));
        assert_eq!(polled_at(&sandbox, start), [5_000, 10_000, 17_000, 22_000], "{plane:?}");
        sandbox.assert_expected();

        // It came out, and comes out nowhere else.
        let third = process(plane, &sandbox);
        let outcome = third.resume(&ticket).await.expect("an outcome");
        assert_eq!(outcome.status(), "expired_token", "{plane:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn b101_a_ticket_is_no_lock_each_process_polls_at_its_own_pace() {
    let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
    let (here, there) = (process(Plane::MAIN, &sandbox), process(Plane::MAIN, &sandbox));
    let pending = here.initiate_app_approval(EMAIL).await.expect("pushed");
    let start = tokio::time::Instant::now();
    let first = pending.wait().spawn();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let second = there.resume(&pending.ticket().expect("sealed")).spawn();
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(polled_at(&sandbox, start)[0], 5_000);
    // A cancel there is not heard of here.
    assert_eq!(there.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 1);
    assert_eq!(second.await.expect("an outcome").status(), "cancelled");
    assert!(!first.is_finished());
    sandbox.phone(EMAIL).approve().await;
    assert_eq!(first.await.expect("an outcome").status(), "approved");
}

#[tokio::test(start_paused = true)]
async fn b127_no_ticket_and_nothing_of_one_is_in_a_log_or_a_value() {
    let captured = Captured::default();
    let mut shown = String::new();
    let secrets = async {
        let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
        let (here, there) = (process(Plane::MAIN, &sandbox), process(Plane::MAIN, &sandbox));
        let pending = here.initiate_app_approval(EMAIL).await.expect("pushed");
        let ticket = pending.ticket().expect("sealed");
        sandbox.phone(EMAIL).approve().await;
        let wait = there.resume(&ticket);
        shown.push_str(&format!("{ticket:?} {wait:?} {pending:?} {there:?} {:?}", key(1)));
        shown.push_str(&format!("{:?}", there.resume(&ticket).await));
        let stranger =
            Plane::MAIN.client(&sandbox).sealing_key(key(2)).build().expect("a valid configuration");
        let error = stranger.resume(&ticket).await.expect_err("another key");
        assert_eq!(error.kind(), ErrorKind::Input);
        shown.push_str(&format!("{error} {error:?} {error:#?}"));
        let text = ticket.to_string();
        let error =
            text[1..].parse::<ApprovalTicket>().map(|cut| there.resume(&cut)).expect("letters of a ticket");
        let error = error.await.expect_err("cut off");
        shown.push_str(&format!("{error} {error:?}"));
        let halves = text.split_at(text.len() / 2);
        assert_eq!(sandbox.calls(Call::Poll).len(), 1);
        [halves.0.to_owned(), halves.1.to_owned(), pending.auth_req_id().expose_secret().to_owned()]
    }
    .with_subscriber(captured.subscriber())
    .await;
    let told = captured.text();
    assert!(told.contains("authsec.poll"), "{told}");
    for secret in secrets.iter().map(String::as_str).chain([EMAIL, "1, 1, 1", "\\x01\\x01"]) {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let ours: String = told.lines().filter(|line| line.contains("authsec_ciba")).collect();
    for secret in secrets.iter().map(String::as_str).chain([EMAIL]) {
        assert!(!ours.contains(secret), "{secret} in {ours}");
    }
}

//! What was said at the start of a request checks what is granted, also in the process that goes on with it (B-101, B-102).

use std::time::Duration;

use authsec_ciba::{ApprovalTicket, CibaClient, ErrorKind, Hint, OpenId, PendingApproval, SealingKey};
use serde_json::json;
use tokio::time::Instant;

use crate::op::{Answer, Op, START, TOKEN, now};
use crate::support::{builder, status, with};

fn key() -> SealingKey {
    SealingKey::new([0x5a; 32]).expect("32 bytes")
}

/// Each call makes what is a process of its own: they share nothing but the key.
async fn process(op: &Op) -> CibaClient {
    builder(op).sealing_key(key()).discover().await.expect("a client")
}

/// As it comes out of a session.
fn ticket(pending: &PendingApproval) -> ApprovalTicket {
    pending.ticket().expect("sealed").to_string().parse().expect("a text of a ticket")
}

async fn begun(op: &Op, hint: Hint) -> ApprovalTicket {
    ticket(&process(op).await.initiate(hint).await.expect("an acknowledgement"))
}

/// The check that this answer fails by in another process.
async fn refused_there(op: &Op, ticket: &ApprovalTicket, answer: Answer) -> Option<&'static str> {
    op.always(TOKEN, answer);
    let error = process(op).await.resume(ticket).await.expect_err("nobody is let in");
    assert_eq!(error.kind(), ErrorKind::IdToken, "{error}");
    error.field()
}

#[tokio::test(start_paused = true)]
async fn b101_a_request_goes_on_in_another_process_and_its_id_token_is_checked_by_its_start() {
    let op = Op::start().await;
    let client = process(&op).await;
    let asking = client
        .initiate(Hint::iss_sub("alice-1").of_person("account-42"))
        .scopes(["openid", "payments"])
        .resource("https://one.example")
        .resource("https://two.example");
    let pending = asking.await.expect("an acknowledgement");
    let ticket = ticket(&pending);
    drop((client, pending));
    op.then(TOKEN, [Answer::pending(), op.approval()]);
    let start = Instant::now();
    let elsewhere = process(&op).await;
    let wait = elsewhere.resume(&ticket);
    assert_eq!(wait.person().map(ToString::to_string).as_deref(), Some("account-42"));
    let approval = wait.await.expect("an outcome").approved().expect("an approval");
    assert_eq!(op.instants(TOKEN, start), [5_000, 10_000]);
    assert_eq!(approval.person(), Some((op.issuer(), "alice-1")));
    // What was asked for, where the answer does not say what was granted.
    assert_eq!(approval.granted_scopes().collect::<Vec<_>>(), ["openid", "payments"]);
    let poll = op.requests(TOKEN).pop().expect("a poll");
    let resources: Vec<_> = poll.form().into_iter().filter(|(name, _)| name == "resource").collect();
    assert_eq!(resources.len(), 2, "{resources:?}");
}

#[tokio::test(start_paused = true)]
async fn b102_the_approval_of_somebody_else_is_refused_in_another_process_too() {
    let op = Op::start().await;
    let named = begun(&op, Hint::iss_sub("alice-1")).await;
    let bob = op.tokens(&op.id_token(json!({ "sub": "bob-1" })));
    assert_eq!(refused_there(&op, &named, bob.clone()).await, Some("sub"));
    let by_token = begun(&op, Hint::id_token(op.id_token(json!({ "exp": 1 })))).await;
    assert_eq!(refused_there(&op, &by_token, bob.clone()).await, Some("sub"));
    // Whom the start did not name may be anybody, as in the process that began.
    let unnamed = begun(&op, Hint::login("alice")).await;
    op.always(TOKEN, bob);
    assert_eq!(status(&process(&op).await.resume(&unnamed).await), "approved");
}

#[tokio::test(start_paused = true)]
async fn b102_an_id_token_from_before_the_start_is_refused_in_another_process_too() {
    let op = Op::start().await;
    let ticket = begun(&op, Hint::login("alice")).await;
    // The clocks may differ by a minute.
    let old = op.tokens(&op.id_token(json!({ "iat": now() - 90 })));
    assert_eq!(refused_there(&op, &ticket, old.clone()).await, Some("iat"));
    // Of a bare id it is not known when it was begun: this is what the ticket is for.
    op.always(TOKEN, old);
    let id = authsec_ciba::AuthReqId::new("id-1.a_b-c").expect("an id");
    assert_eq!(status(&process(&op).await.poll_for_approval("alice", &id).await), "approved");
}

#[tokio::test(start_paused = true)]
async fn b102_an_id_that_was_polled_bare_is_not_resumed_with_fewer_checks() {
    let op = Op::start().await;
    let ticket = begun(&op, Hint::login("alice")).await;
    let elsewhere = process(&op).await;
    let id = authsec_ciba::AuthReqId::new("id-1.a_b-c").expect("an id");
    let bare = elsewhere.poll_for_approval("alice", &id).spawn();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let polls = op.requests(TOKEN).len();
    for ended in [
        elsewhere.resume(&ticket).await.map(|_| ()),
        elsewhere.resume(&ticket).spawn().await.map(|_| ()),
        elsewhere.resume(&ticket).once().await.map(|_| ()),
    ] {
        let error = ended.expect_err("refused");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("auth_req_id")));
    }
    assert_eq!(op.requests(TOKEN).len(), polls);
    drop(bare);
}

#[tokio::test(start_paused = true)]
async fn r57_the_ticket_of_another_issuer_or_client_is_refused() {
    let (op, another) = (Op::start().await, Op::start().await);
    let ticket = begun(&op, Hint::login("alice")).await;
    let others = [
        process(&another).await,
        builder(&op).client_id("another").sealing_key(key()).discover().await.expect("a client"),
        with(OpenId::from_metadata(another.metadata(""))).sealing_key(key()).build().expect("a client"),
        CibaClient::builder()
            .base_url(op.issuer())
            .client_id(crate::op::CLIENT)
            .sealing_key(key())
            .build()
            .expect("a client of AuthSec at the same address"),
    ];
    for other in others {
        let error = other.resume(&ticket).await.expect_err("another's");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("ticket")), "{error}");
    }
    for op in [&op, &another] {
        assert_eq!(op.requests(TOKEN).len(), 0);
    }
    assert_eq!(op.requests(START).len(), 1);
}

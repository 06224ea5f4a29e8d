//! What one process has begun, another goes on with. Two clients of one server are two processes: they share nothing.

#![allow(clippy::arithmetic_side_effects, reason = "a test's own numbers")]

use std::future::IntoFuture as _;
use std::time::{Duration, SystemTime};

use super::server::Server;
use crate::client::tests::{initiate, scripted, scripted_with};
use crate::clock::now;
use crate::poll::{Life, Millis};
use crate::request::resume::life;
use crate::seal::{Audience, Carried, Sealer};
use crate::trace::FlowId;
use crate::transport::script::{Line, Script};
use crate::types::Whom;
use crate::{
    ApprovalOutcome, ApprovalTicket, AuthReqId, CancelReason, CibaClient, CibaClientBuilder, Email,
    ErrorKind, PendingApproval, PersonKey, PollForApproval, PollStatus, SealingKey,
};

const EMAIL: &str = "user@example.com";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn key(byte: u8) -> SealingKey {
    SealingKey::new([byte; 32]).expect("32 bytes")
}

fn with_key(builder: CibaClientBuilder) -> CibaClientBuilder {
    builder.sealing_key(key(1))
}

fn process(script: &Script) -> CibaClient {
    scripted_with(script, with_key)
}

/// As it comes out of a session.
fn carried_over(pending: &PendingApproval) -> ApprovalTicket {
    pending.ticket().expect("sealed").to_string().parse().expect("a text of a ticket")
}

/// A ticket of these clients, whatever it says.
fn sealed(change: impl FnOnce(&mut Carried)) -> ApprovalTicket {
    let mut carried = Carried {
        whom: Email::new(EMAIL).expect("an address").into(),
        id: AuthReqId::new("id-1").expect("an id"),
        flow: FlowId::from_number(7),
        interval: seconds(5),
        expires_in: seconds(300),
        push: Duration::ZERO,
        ends_at: SystemTime::now() + seconds(300),
        resource: None,
        started: None,
    };
    change(&mut carried);
    let audience = Audience::new(&["authsec", "https://authsec.example", "client", "client", ""]);
    Sealer::new(key(1), Vec::new(), audience).seal_ticket(&carried).expect("sealed")
}

fn status(outcome: Result<ApprovalOutcome, crate::Error>) -> &'static str {
    outcome.expect("an outcome").status()
}

/// Awaited, spawned and looked at.
async fn all_ways(wait: impl Fn() -> PollForApproval) -> [Result<&'static str, crate::Error>; 4] {
    let looked = wait().once().await.map(|looked| match looked {
        PollStatus::Ended(outcome) => outcome.status(),
        PollStatus::Pending { .. } => "pending",
    });
    let outcome = |outcome: Result<ApprovalOutcome, _>| outcome.map(|outcome| outcome.status());
    [
        looked,
        outcome(wait().await),
        outcome(wait().spawn().await),
        outcome(wait().timeout(Duration::ZERO).await),
    ]
}

async fn is_refused(wait: impl Fn() -> PollForApproval, kind: ErrorKind, field: &str) -> String {
    assert!(wait().person().is_none());
    let mut words = String::new();
    for ended in all_ways(wait).await {
        let error = ended.expect_err("refused");
        assert_eq!((error.kind(), error.field()), (kind, Some(field)), "{error}");
        assert!(!error.may_have_reached_server());
        words = error.to_string();
    }
    words
}

#[tokio::test(start_paused = true)]
async fn b101_r01_what_one_process_has_begun_another_goes_on_with() {
    let server = Server::new(Duration::from_millis(100)).with_interval(7);
    let pending = initiate(&server.client_with(with_key)).await;
    let start = now();
    tokio::time::sleep(seconds(2)).await;
    server.approves_at(now() + seconds(10));
    let elsewhere = server.client_with(with_key);
    let wait = elsewhere.resume(&carried_over(&pending));
    assert_eq!(wait.person(), Some(&PersonKey::from(EMAIL)));
    let approval = wait.await.expect("an outcome").approved().expect("an approval");
    assert_eq!(approval.token().expose_secret(), "token-1");
    assert_eq!(approval.email().map(Email::as_str), Some(EMAIL), "the ticket says whose it is");
    assert_eq!(approval.auth_req_id(), pending.auth_req_id());
    // One interval of the server's behind the call here, whoever polled before, and one behind each answer.
    assert_eq!(server.polls(start), [9_000, 16_100]);
}

#[tokio::test(start_paused = true)]
async fn b103_where_one_left_off_the_next_keeps_the_floor() {
    let server = Server::new(Duration::ZERO);
    let here = server.client_with(with_key);
    let pending = initiate(&here).await;
    let start = now();
    let wait = pending.wait().spawn();
    tokio::time::sleep(Duration::from_millis(10_001)).await;
    drop(wait);
    let elsewhere = server.client_with(with_key);
    server.approves_at(now());
    assert_eq!(status(elsewhere.resume(&carried_over(&pending)).await), "approved");
    assert_eq!(server.polls(start), [5_000, 10_000, 15_001]);
}

#[tokio::test(start_paused = true)]
async fn r25_looks_from_a_status_page_keep_the_pace() {
    let server = Server::new(Duration::ZERO);
    let pending = initiate(&server.client_with(with_key)).await;
    let (start, ticket) = (now(), carried_over(&pending));
    let elsewhere = server.client_with(with_key);
    server.approves_at(now() + seconds(7));
    for looks in 0.. {
        match elsewhere.resume(&ticket).once().await.expect("a look") {
            PollStatus::Pending { .. } => tokio::time::sleep(Duration::from_millis(100)).await,
            PollStatus::Ended(outcome) => {
                assert_eq!((outcome.status(), looks), ("approved", 100));
                break;
            }
        }
    }
    assert_eq!(server.polls(start), [5_000, 10_000]);
}

#[tokio::test(start_paused = true)]
async fn b101_in_the_same_process_a_ticket_is_one_wait_more() {
    let server = Server::new(Duration::ZERO);
    let client = server.client_with(with_key);
    let pending = initiate(&client).await;
    let (start, ticket) = (now(), carried_over(&pending));
    let wait = pending.wait().spawn();
    tokio::time::sleep(seconds(2)).await;
    let resumed = client.resume(&ticket).spawn();
    server.approves_at(now());
    assert_eq!((status(wait.await), status(resumed.await)), ("approved", "approved"));
    assert_eq!(server.polls(start), [5_000], "the pace is the id's");
}

#[tokio::test(start_paused = true)]
async fn b107_a_ticket_that_is_handed_in_again_brings_nothing_more() {
    let server = Server::new(Duration::ZERO);
    let client = server.client_with(with_key);
    let pending = initiate(&client).await;
    let (start, ticket) = (now(), carried_over(&pending));
    server.approves_at(now());
    assert_eq!(status(client.resume(&ticket).await), "approved");
    tokio::time::sleep(seconds(10)).await;
    for _ in 0..3 {
        let error = client.resume(&ticket).await.expect_err("it came out");
        assert_eq!(error.kind(), ErrorKind::AlreadyAnswered);
    }
    let elsewhere = server.client_with(with_key);
    for _ in 0..2 {
        // The word of this server for an id that is spent, told from memory the second time.
        let error = elsewhere.resume(&ticket).await.expect_err("it came out elsewhere");
        assert_eq!(error.code().map(crate::ErrorCode::as_str), Some("invalid_grant"));
    }
    assert_eq!(server.polls(start), [5_000, 20_000], "the server is asked once by each process");
}

#[tokio::test(start_paused = true)]
async fn b102_a_ticket_brings_back_nothing_that_was_stopped_here() {
    let script = Script::new([Line::ack(5, 300)]);
    let client = process(&script);
    let cancelled = carried_over(&initiate(&client).await);
    client.cancel_approval(EMAIL).await.expect("cancelled");
    for ended in all_ways(|| client.resume(&cancelled)).await {
        assert_eq!(ended.expect("an outcome"), "cancelled");
    }
    script.then(Line::json(200, r#"{"auth_req_id":"id-2","expires_in":300,"interval":5}"#));
    script.then(Line::json(200, r#"{"auth_req_id":"id-3","expires_in":300,"interval":5}"#));
    let superseded = carried_over(&initiate(&client).await);
    let newest = carried_over(&initiate(&client).await);
    let outcome = client.resume(&superseded).await.expect("an outcome");
    assert!(matches!(outcome, ApprovalOutcome::Cancelled(CancelReason::Superseded)), "{outcome:?}");
    client.shutdown().await;
    let outcome = client.resume(&newest).await.expect("an outcome");
    assert!(matches!(outcome, ApprovalOutcome::Cancelled(CancelReason::Shutdown)), "{outcome:?}");
    assert_eq!(script.asked().len(), 3, "nothing but the initiates was sent");
}

#[tokio::test(start_paused = true)]
async fn b102_what_was_resumed_here_is_cancelled_and_superseded_here() {
    let script = Script::new([Line::ack(5, 300)]);
    let ticket = carried_over(&initiate(&process(&script)).await);
    let elsewhere = process(&script);
    let task = elsewhere.resume(&ticket).spawn();
    assert_eq!(elsewhere.cancel_approval(" User@Example.com").await.expect("cancelled").polls_stopped(), 1);
    assert_eq!(status(task.await), "cancelled");
    let third = process(&script);
    let task = third.resume(&ticket).spawn();
    script.then(Line::json(200, r#"{"auth_req_id":"id-2","expires_in":300,"interval":5}"#));
    initiate(&third).await;
    let outcome = task.await.expect("an outcome");
    assert!(matches!(outcome, ApprovalOutcome::Cancelled(CancelReason::Superseded)), "{outcome:?}");
    assert_eq!(script.instants("/token", now()).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn b102_a_ticket_whose_life_is_over_sends_nothing() {
    for over in [Duration::ZERO, Duration::from_millis(1), seconds(1), seconds(900), seconds(400 * 86_400)] {
        let script = Script::default();
        let client = process(&script);
        let ticket = sealed(|carried| carried.ends_at = SystemTime::now() - over);
        let start = now();
        for ended in all_ways(|| client.resume(&ticket)).await {
            assert_eq!(ended.expect("an outcome"), "expired_token");
        }
        assert_eq!((now(), script.asked().len()), (start, 0), "{over:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn b102_what_is_left_of_the_life_goes_on() {
    let script = Script::new([Line::ack(5, 300)]);
    let pending = initiate(&process(&script)).await;
    tokio::time::sleep(seconds(100)).await;
    let start = now();
    let outcome = process(&script).resume(&carried_over(&pending)).timeout(seconds(900)).await;
    assert_eq!(status(outcome), "expired_token", "it is the request's end, and not the caller's");
    // The one thing that is told by the wall clock, which no test can pause.
    let ended = now().duration_since(start);
    assert!(ended <= seconds(200) && ended > seconds(190), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn b102_the_end_is_counted_from_here() {
    let (at, wall) = (now(), SystemTime::now());
    let carried = |left: Duration| {
        let mut made = None;
        sealed(|carried| {
            carried.push = Duration::from_millis(1_500);
            carried.ends_at = wall + left;
            made = Some(Carried { whom: carried.whom.clone(), id: carried.id.clone(), ..copy(carried) });
        });
        made.expect("made")
    };
    let ending = |left| Life::ending(at + left, Millis::of(Duration::from_millis(1_500)));
    assert_eq!(life(&carried(seconds(200)), at, wall), ending(seconds(200)));
    assert_eq!(life(&carried(seconds(200)), at, wall + seconds(60)), ending(seconds(140)));
    assert_eq!(
        life(&carried(seconds(200)), at, wall - seconds(3_600)),
        ending(seconds(300)),
        "no more than it had"
    );
    assert_eq!(life(&carried(seconds(90_000)), at, wall), ending(seconds(300)));
    let over = life(&carried(seconds(200)), at, wall + seconds(200));
    assert!(over.end() < at && over.earliest_end() < at);
}

fn copy(carried: &Carried) -> Carried {
    Carried {
        whom: Whom::from(PersonKey::from("")),
        id: carried.id.clone(),
        resource: None,
        started: None,
        ..*carried
    }
}

#[tokio::test(start_paused = true)]
async fn b102_the_resource_goes_with_every_poll_in_the_body_of_this_client() {
    let script = Script::new([Line::ack(5, 300)]);
    let asking = process(&script).initiate_app_approval(EMAIL).resource("https://bank.example");
    let ticket = carried_over(&asking.await.expect("pushed"));
    script.then(Line::approved());
    assert_eq!(status(process(&script).resume(&ticket).await), "approved");
    let poll = script.asked().pop().expect("a poll");
    assert_eq!(poll.body, r#"{"auth_req_id":"id-1","client_id":"client","resource":"https://bank.example"}"#);
}

#[tokio::test(start_paused = true)]
async fn r57_a_ticket_of_strangers_is_refused_and_nothing_is_sent() {
    let script = Script::new([Line::ack(5, 300)]);
    let ticket = initiate(&process(&script)).await.ticket().expect("sealed");
    let others = [
        scripted_with(&script, |builder| builder.sealing_key(key(2))),
        scripted_with(&script, |builder| with_key(builder).client_id("another")),
        scripted_with(&script, |builder| with_key(builder).base_url("https://other.example")),
        scripted_with(&script, |builder| with_key(builder).base_url("https://authsec.example:8443")),
        scripted_with(&script, |builder| with_key(builder).workspace_id("another")),
    ];
    for other in &others {
        is_refused(|| other.resume(&ticket), ErrorKind::Input, "ticket").await;
    }
    for text in ["A", "AAAA", "not-a-ticket", &"A".repeat(64 * 1024)] {
        let ticket = text.parse().expect("letters of a ticket");
        let words = is_refused(|| others[0].resume(&ticket), ErrorKind::Input, "ticket").await;
        assert!(!words.contains(text) || text == "A", "{words}");
    }
    for text in
        ["", " ", "a ticket", "ticket=", "tick\u{e9}t", &"A".repeat(64 * 1024 + 1), &"A".repeat(1 << 20)]
    {
        let error = text.parse::<ApprovalTicket>().expect_err("no ticket");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("ticket")));
    }
    assert_eq!(script.asked().len(), 1, "nothing but the initiate was sent");
}

/// Other routes of the same server, and another path of it, are the same client there: a server is renewed while people wait.
#[tokio::test(start_paused = true)]
async fn b102_a_ticket_outlives_a_change_of_routes() {
    let script = Script::new([Line::ack(5, 300)]);
    let ticket = initiate(&process(&script)).await.ticket().expect("sealed");
    let renewed = scripted_with(&script, |builder| {
        with_key(builder)
            .routes(crate::ApiRoutes::OAuth)
            .client_secret("its secret")
            .base_url("https://authsec.example:443/prefix/")
    });
    script.then(Line::approved());
    assert_eq!(status(renewed.resume(&ticket).await), "approved");
}

#[tokio::test(start_paused = true)]
async fn b102_without_a_key_there_are_no_tickets() {
    let script = Script::new([Line::ack(5, 300)]);
    let without = scripted(&script);
    let error = initiate(&without).await.ticket().expect_err("no key");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("sealing_key")));
    assert_eq!(
        error.to_string(),
        "sealing_key is not set: tickets need sealing_key(..) on the client's builder"
    );
    is_refused(|| without.resume(&sealed(|_| {})), ErrorKind::Config, "sealing_key").await;
    assert_eq!(script.asked().len(), 1);
    let build = CibaClient::builder().base_url("https://authsec.example").client_id("client");
    let error = build.also_opens(key(1)).build().expect_err("opens and seals nothing");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("also_opens")));
}

#[tokio::test(start_paused = true)]
async fn r58_keys_are_changed_while_people_wait() {
    let script = Script::new([Line::ack(5, 300)]);
    let old = process(&script);
    let pending = initiate(&old).await;
    let between = scripted_with(&script, |builder| builder.sealing_key(key(1)).also_opens(key(2)));
    let new = scripted_with(&script, |builder| builder.sealing_key(key(2)).also_opens(key(1)));
    let ticket = pending.ticket().expect("sealed");
    script.then(Line::pending());
    script.then(Line::json(200, r#"{"auth_req_id":"id-2","expires_in":300,"interval":5}"#));
    for client in [&between, &new] {
        assert!(client.resume(&ticket).person().is_some());
    }
    let _ = tokio::time::timeout(seconds(6), new.resume(&ticket).into_future()).await;
    let newer = initiate(&new).await.ticket().expect("sealed");
    assert!(between.resume(&newer).person().is_some(), "who is a step behind opens it, too");
    assert!(old.resume(&newer).person().is_none());
}

#[tokio::test(start_paused = true)]
async fn b102_an_id_is_of_one_person_whatever_a_ticket_says() {
    let script = Script::default();
    let client = process(&script);
    let ticket =
        sealed(|carried| carried.whom = Email::new("mallory@example.com").expect("an address").into());
    let id = AuthReqId::new("id-1").expect("an id");
    let _first = client.poll_for_approval(EMAIL, &id).spawn();
    let error = client.resume(&ticket).await.expect_err("another person's");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some("auth_req_id")));
    assert_eq!(script.asked().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn b127_a_wait_of_a_ticket_shows_no_more_than_any() {
    let client = process(&Script::default());
    let ticket = sealed(|_| {});
    let shown = format!("{:?} {:?} {client:?}", client.resume(&ticket), ticket);
    for secret in ["id-1", EMAIL, &ticket.to_string()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("u***@example.com"), "{shown}");
    let refused = client.resume(&"AAAA".parse().expect("letters of a ticket"));
    assert!(format!("{refused:?}").contains("auth_req_id: None"));
}

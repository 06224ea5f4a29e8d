//! N1 to N10, N34, N38, N40: connections that fail, stall or break.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use authsec_ciba::{AuthReqId, CibaClient, CibaClientBuilder, ErrorKind, TotpOutcome, Usage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::support::wire::{ACK, APPROVED, Act, EXPIRED, Greeting, PENDING, Wire, answer, ok};
use crate::support::{
    EMAIL, an_id, chain, child, initiate_through, leaves_nothing, poll_through, poll_with, respond, seconds,
    start, totp_through,
};

/// `Content-Length` promises more than there is.
fn short_of(body: &str, missing: usize) -> Vec<u8> {
    let length = body.len() + missing;
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

#[tokio::test(start_paused = true)]
async fn n01_connection_refused() {
    let (sandbox, client) = start().await;
    sandbox.go_down().await.expect("down");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false));
    assert_eq!(error.attempts(), 3, "two retries");
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("refused");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false));
    assert_eq!(client.usage(), Usage::default(), "the attempt and the push were given back");

    sandbox.come_back().await.expect("back");
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    sandbox.go_down().await.expect("down");
    let task = pending.wait().spawn();
    tokio::time::sleep(seconds(40)).await;
    assert!(!task.is_finished(), "it polls on");
    sandbox.come_back().await.expect("back");
    sandbox.phone(EMAIL).approve().await;
    assert_eq!(task.await.expect("an outcome").status(), "approved");
    assert_eq!(sandbox.calls(Call::Poll).len(), 1);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn n02_reset_before_the_request_is_written() {
    // The client cannot see that the server read nothing: it counts as maybe sent, which forbids a repeat.
    let wire = Wire::greeting(Greeting::Reset, []).await;
    let client = wire.client();
    let error = client.initiate_app_approval(EMAIL).await.expect_err("reset");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true));
    assert_eq!((wire.accepted(), wire.requests()), (1, 0), "no second connection");
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("reset");
    assert_eq!((error.kind(), wire.accepted()), (ErrorKind::Network, 2));
    let error = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await.expect_err("reset");
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(error.attempts() as usize, wire.accepted() - 2, "it polled on until its deadline");
    assert!(error.attempts() > 3);
    assert_eq!(wire.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn n03_reset_after_the_request_before_the_headers() {
    for (fault, pushes) in [(Fault::ResetBefore, 0), (Fault::ResetAfter, 1), (Fault::CloseAfter, 1)] {
        let initiated = initiate_through(fault.clone()).await;
        assert_eq!(initiated.failed_as(), (ErrorKind::Network, None, true), "{fault:?}");
        assert_eq!((initiated.requests, initiated.pushes), (1, pushes), "{fault:?}");
        assert!(initiated.error().to_string().contains("a push may be on the phone"), "{fault:?}");
        assert_eq!(
            totp_through(fault.clone()).await.failed_as(),
            (ErrorKind::Network, None, true),
            "{fault:?}"
        );
    }
    assert_eq!(poll_through([Fault::ResetBefore]).await.came_to(), ("approved", 2));
    assert_eq!(poll_through([Fault::ResetAfter]).await.came_to(), ("approval_lost", 2), "it was remembered");
    // A readable pending answer in between clears the suspicion.
    let cleared = [Fault::ResetBefore, crate::support::pending(), crate::support::code(400, "expired_token")];
    assert_eq!(poll_through(cleared).await.came_to(), ("expired_token", 3));
}

#[tokio::test(start_paused = true)]
async fn n04_reset_in_the_middle_of_a_pending_answer() {
    let cut = short_of(&PENDING[..12], 21);
    let wire = Wire::new([Act::Reset(cut), Act::Say(ok(PENDING)), Act::Say(ok(APPROVED))]).await;
    let outcome = wire.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!((outcome.status(), wire.requests()), ("approved", 3));
    // The same with a FIN, by the sandbox: the request was still pending, so nothing was lost.
    let polled = poll_with(Reaction::ApproveAfter(seconds(8)), [Fault::CutBody { keep: 12 }]).await;
    assert_eq!(polled.came_to(), ("approved", 2));
}

#[tokio::test(start_paused = true)]
async fn n05_reset_in_the_middle_of_a_200() {
    // Complete JSON that was read is salvaged.
    let wire = Wire::new([Act::Reset(short_of(APPROVED, 9))]).await;
    let outcome = wire.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!((outcome.status(), wire.requests()), ("approved", 1));
    // Incomplete JSON: one more look, one floor and a backoff later, learns that the approval is lost.
    for last in [EXPIRED, r#"{"error":"invalid_grant"}"#] {
        let wire = Wire::new([Act::Reset(short_of(&APPROVED[..30], 99)), Act::Say(ok(last))]).await;
        let (client, start) = (wire.client(), Instant::now());
        let outcome = client.poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!((outcome.status(), wire.requests()), ("approval_lost", 2), "{last}");
        let waited = start.elapsed();
        assert!((seconds(5)..seconds(7)).contains(&waited), "{waited:?}");
    }
    assert_eq!(poll_through([Fault::CutBody { keep: 40 }]).await.came_to(), ("approval_lost", 2));
}

#[tokio::test(start_paused = true)]
async fn n06_accepts_and_never_answers() {
    let initiated = initiate_through(Fault::HangAfter).await;
    assert_eq!(initiated.failed_as(), (ErrorKind::Network, None, true));
    assert_eq!((initiated.requests, initiated.pushes), (1, 1));
    assert_eq!(totp_through(Fault::Hang).await.failed_as(), (ErrorKind::Network, None, true));
    let polled = poll_through([Fault::Hang]).await;
    assert_eq!(polled.came_to(), ("approved", 2));
    assert_eq!(polled.at[0], 5_000);
    // 10 s for the request, then the floor and 0.25 to 1 s of backoff.
    assert!((20_250..=21_100).contains(&polled.at[1]), "{:?}", polled.at);
    assert_eq!(poll_through([Fault::HangAfter]).await.came_to(), ("approval_lost", 2));
    // One that does not even read.
    let wire = Wire::greeting(Greeting::Deaf, []).await;
    let start = Instant::now();
    let error = wire.client().verify_totp(EMAIL, "123456").await.expect_err("no answer");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true));
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn n07_headers_at_one_byte_per_second() {
    let slow = Fault::SlowHeaders(seconds(1));
    let polled = poll_through([slow.clone()]).await;
    assert_eq!(polled.came_to(), ("approval_lost", 2));
    assert!((20_250..=21_100).contains(&polled.at[1]), "the whole request is timed: {:?}", polled.at);
    assert_eq!(initiate_through(slow.clone()).await.failed_as(), (ErrorKind::Network, None, true));
    assert_eq!(totp_through(slow).await.failed_as(), (ErrorKind::Network, None, true));
}

#[tokio::test(start_paused = true)]
async fn n08_body_at_one_byte_per_second() {
    let slow = Fault::SlowBody(seconds(1));
    let polled = poll_through([slow.clone()]).await;
    assert_eq!(polled.came_to(), ("approval_lost", 2));
    assert!((20_250..=21_100).contains(&polled.at[1]), "the whole request is timed: {:?}", polled.at);
    let initiated = initiate_through(slow.clone()).await;
    assert_eq!(initiated.failed_as(), (ErrorKind::Network, Some(200), true), "not bad JSON");
    assert!(chain(initiated.error()).contains("came within 60 s"), "{}", chain(initiated.error()));
    assert_eq!(totp_through(slow).await.failed_as(), (ErrorKind::Network, Some(200), true));
}

#[tokio::test(start_paused = true)]
async fn n09_truncated_body() {
    let cut = Fault::CutBody { keep: 20 };
    assert_eq!(poll_through([cut.clone()]).await.came_to(), ("approval_lost", 2));
    let before = poll_with(Reaction::ApproveAfter(seconds(8)), [cut.clone()]).await;
    assert_eq!(before.came_to(), ("approved", 2), "a pending answer consumes nothing");
    assert_eq!(initiate_through(cut.clone()).await.failed_as(), (ErrorKind::Network, Some(200), true));
    assert_eq!(totp_through(cut).await.failed_as(), (ErrorKind::Network, Some(200), true));
}

#[tokio::test(start_paused = true)]
async fn n10_content_length_too_large_and_the_body_complete() {
    let long = Fault::CutAfterCompleteJson;
    assert_eq!(poll_through([long.clone()]).await.came_to(), ("approved", 1));
    let pending = poll_with(Reaction::ApproveAfter(seconds(8)), [long.clone()]).await;
    assert_eq!(
        (pending.came_to(), &pending.at[..]),
        (("approved", 2), &[5_000, 10_000][..]),
        "no fault at all"
    );
    assert!(initiate_through(long.clone()).await.result.is_ok());
    assert_eq!(totp_through(long).await.error_code(), None);
}

#[tokio::test(start_paused = true)]
async fn n34_an_idle_connection_is_closed_as_we_write() {
    // The server answers once on each connection, and closes it when the next request is on its way.
    let wire = Wire::new([Act::Say(ok(PENDING)), Act::Reset(Vec::new()), Act::Say(ok(APPROVED))]).await;
    let client = wire.client();
    let outcome = client.poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
    assert_eq!(outcome.status(), "approved");
    let heard: Vec<_> = wire.heard().iter().map(|request| request.connection).collect();
    assert_eq!(heard, [1, 1, 2], "the idle connection was used, and left");
    // An initiate does not take a connection that has been idle.
    let wire = Wire::new([Act::Say(ok(PENDING)), Act::Say(ok(ACK))]).await;
    let client = wire.client();
    let _ = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(2)).await.expect("an outcome");
    assert_eq!(wire.open(), 1, "idle");
    client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
    assert_eq!(connections(&wire), [1, 2]);
}

fn wrong_code() -> Vec<u8> {
    answer("401 Unauthorized", "", r#"{"success":false,"message":"Invalid TOTP code"}"#)
}

/// The connection that each request came over.
fn connections(wire: &Wire) -> Vec<usize> {
    wire.heard().iter().map(|request| request.connection).collect()
}

/// B-83, F-44: no handshake per login in a busy backend.
#[tokio::test(start_paused = true)]
async fn b83_f44_initiates_and_logins_take_a_connection_that_has_just_answered() {
    let verified = r#"{"success":true,"token":"a-token"}"#;
    let acts = [ACK, verified, ACK, verified, ACK, verified].map(|body| Act::Say(ok(body)));
    let wire = Wire::new(acts).await;
    let client = wire.client();
    for wait in [0, 1_000, 1_001] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        client.initiate_app_approval(format!("user-{wait}@example.com")).await.expect("an acknowledgement");
        let _ = client.verify_totp(EMAIL, "123456").await.expect("judged");
    }
    assert_eq!(connections(&wire), [1, 1, 1, 1, 2, 2], "the last came a millisecond too late");
}

/// B-85: the connection that was used last is taken first.
#[tokio::test(start_paused = true)]
async fn b85_of_idle_connections_the_one_used_last_is_taken() {
    let wire = Wire::new([Act::Say(ok(PENDING))]).await;
    let client = wire.client();
    let look = |n: u32| {
        let id = AuthReqId::new(format!("id-{n}")).expect("valid");
        let look = client.poll_for_approval(format!("user-{n}@example.com"), &id).once();
        async { drop(look.await.expect("answered")) }
    };
    tokio::join!(look(1), look(2));
    tokio::time::sleep(seconds(2)).await;
    look(3).await;
    let last = connections(&wire)[2];
    for n in 4..8 {
        tokio::time::sleep(seconds(2)).await;
        look(n).await;
    }
    assert_eq!(connections(&wire)[2..], [last; 5]);
    assert_eq!(wire.accepted(), 2);
}

/// B-85, F-68: a connection is left alone within a second of what its `Keep-Alive` names.
#[tokio::test(start_paused = true)]
async fn b85_f68_keep_alive_that_equals_the_interval() {
    for (header, expected) in [
        ("keep-alive: timeout=5\r\n", [1, 2, 3]),
        ("Keep-Alive: max=100, timeout=6\r\n", [1, 2, 3]),
        ("keep-alive: timeout=7\r\n", [1, 1, 1]),
        ("keep-alive: nonsense\r\n", [1, 1, 1]),
        ("connection: close\r\n", [1, 2, 3]),
        ("connection: Keep-Alive, CLOSE\r\n", [1, 2, 3]),
    ] {
        let wire = Wire::new([Act::Say(answer("202 Accepted", header, PENDING))]).await;
        let poll = wire.client().poll_for_approval(EMAIL, &an_id()).timeout(seconds(17));
        assert_eq!(poll.await.expect("an outcome").status(), "timeout", "{header}");
        assert_eq!(connections(&wire)[..3], expected, "{header}");
    }
}

/// A server that closes a connection just as the request for its next use arrives: at this idle age.
async fn closes_at(age: Duration) -> (CibaClientBuilder, Arc<Mutex<Vec<usize>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            number += 1;
            let hearing = Arc::clone(&hearing);
            tokio::spawn(async move {
                let mut last: Option<Instant> = None;
                let mut piece = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut piece).await {
                    if !String::from_utf8_lossy(&piece[..read]).contains("auth_req_id") {
                        continue;
                    }
                    hearing.lock().expect("not poisoned").push(number);
                    if last.is_some_and(|last| last.elapsed() >= age) {
                        return;
                    }
                    stream.write_all(&answer("202 Accepted", "", PENDING)).await.expect("written");
                    last = Some(Instant::now());
                }
            });
        }
    });
    (CibaClient::builder().base_url(format!("http://{address}")), heard)
}

/// B-85, F-68: it costs one poll in ten minutes.
#[tokio::test(start_paused = true)]
async fn b85_f68_an_age_at_which_connections_are_closed_is_learnt() {
    let (builder, heard) = closes_at(seconds(5)).await;
    let client = builder.admin().build().expect("valid");
    let polls = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(550)).spawn();
    assert_eq!(polls.await.expect("an outcome").status(), "timeout");
    let numbers = heard.lock().expect("not poisoned").clone();
    assert_eq!(numbers[..4], [1, 1, 2, 3], "one is lost, the later ones take new connections");
    assert!(numbers[1..].windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    assert!(numbers.len() > 100);
}

/// F-45: nothing of ours counts as connecting.
#[tokio::test(start_paused = true)]
async fn f45_a_short_connect_timeout_and_a_server_that_closes() {
    let wire = Wire::new([Act::Close(wrong_code())]).await;
    let client = wire.configured().connect_timeout(Duration::from_millis(50)).build().expect("valid");
    for n in 0..8 {
        let login = client.verify_totp(format!("user-{n}@example.com"), "123456").await;
        assert_eq!(login.expect("judged").error_code(), Some("invalid_code"), "{n}");
    }
    assert_eq!(wire.requests(), 8);
}

/// F-45: nor where several threads share a runtime, and a connection may be on its way back on another of them. That the server's
/// close crosses with a request which has left is another thing, and told as it is.
#[test]
fn f45_on_several_threads_too() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let wire = Wire::new([Act::Close(wrong_code())]).await;
        let client = wire.configured().connect_timeout(Duration::from_millis(50)).build().expect("valid");
        let mut judged = 0;
        for n in 0..16 {
            match client.verify_totp(format!("user-{n}@example.com"), "123456").await {
                Ok(outcome) => {
                    assert_eq!(outcome.error_code(), Some("invalid_code"), "{n}");
                    judged += 1;
                }
                Err(error) => assert!(error.may_have_reached_server(), "{n}: {error}"),
            }
        }
        assert!(judged > 0, "the first has a connection of its own");
    });
}

/// F-69: the credential goes where it is needed; it can be changed while polls run (B-93).
#[tokio::test(start_paused = true)]
async fn b93_f69_the_secret_changes_while_a_poll_runs() {
    let wire = Wire::new([ACK, PENDING, PENDING, PENDING].map(|body| Act::Say(ok(body)))).await;
    let client = wire.configured().client_secret("canary-old").build().expect("valid");
    let waiting = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    tokio::time::sleep(seconds(6)).await;
    let refused = client.set_client_secret("canary\nsecret").expect_err("no header");
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Config, Some("client_secret")));
    assert!(!chain(&refused).contains("canary"));
    client.set_client_secret("canary-new").expect("valid");
    tokio::time::sleep(seconds(5)).await;
    let _ = client.verify_totp("other@example.com", "123456").await;
    assert!(!format!("{client:?}").contains("canary"));
    drop(waiting);
    let credentials: Vec<_> = wire
        .heard()
        .iter()
        .map(|heard| {
            let line =
                heard.head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization: "));
            line.map(|line| line["authorization: ".len()..].to_owned())
        })
        .collect();
    let (old, new) =
        ("Basic Y2xpZW50OmNhbmFyeS1vbGQ=".to_owned(), "Basic Y2xpZW50OmNhbmFyeS1uZXc=".to_owned());
    assert_eq!(credentials, [Some(old.clone()), Some(old), Some(new), None]);
    let nobody = CibaClient::builder().base_url(wire.base_url()).admin().build().expect("valid");
    let refused = nobody.set_client_secret("canary").expect_err("nobody's");
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Config, Some("client_secret")));
}

/// B-93: clients of many ids share connections and places, and nothing else.
#[tokio::test(start_paused = true)]
async fn b93_clients_that_share_a_transport() {
    let wire = Wire::new([Act::Say(wrong_code())]).await;
    let first =
        wire.configured().client_id("first").client_secret("one").max_in_flight(1).build().expect("valid");
    let second = wire.configured().client_id("second").client_secret("two").share_transport_of(&first);
    let second = second.build().expect("valid");
    for client in [&first, &second] {
        for remaining in [2, 1, 0] {
            let login = client.verify_totp(EMAIL, "123456").await.expect("judged");
            assert!(
                matches!(login, TotpOutcome::InvalidCode { remaining: left } if left == remaining),
                "{login:?}"
            );
        }
    }
    assert_eq!((wire.requests(), wire.accepted()), (6, 1), "one connection, two counts");
    first.shutdown().await;
    assert!(second.verify_totp("other@example.com", "123456").await.is_ok());

    let refused = |builder: CibaClientBuilder, field| {
        let error = builder.share_transport_of(&first).build().map(drop).expect_err(field);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{error}");
    };
    refused(wire.configured().base_url("http://127.0.0.1:1"), "base_url");
    refused(wire.configured().max_in_flight(2), "max_in_flight");
    refused(wire.configured().connect_timeout(seconds(1)), "connect_timeout");
    refused(wire.configured().proxy("http://proxy.example"), "proxy");
    refused(wire.configured().user_agent("mine"), "user_agent");
    refused(wire.configured().root_certificate("pem"), "root_certificate");
}

/// Hoards descriptors, and calls. Does nothing unless the test below starts it.
#[test]
fn inner_runs_out_of_descriptors() {
    if !child::is_inner() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let wire = Wire::new([Act::Say(ok(r#"{"success":true,"token":"a-token"}"#))]).await;
        let client = wire.client();
        let named = CibaClient::builder().base_url("http://a-name.invalid:1");
        let named = named.danger_unencrypted_http_to("a-name.invalid").admin().build().expect("valid");
        // What a runtime needs at its first call is not what is missing here.
        let _ = client.verify_totp("first@example.com", "123456").await.expect("judged");
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let mut hoard = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            hoard.push(file);
        }
        for client in [&client, &named] {
            let error = client.verify_totp(EMAIL, "123456").await.expect_err("no descriptor");
            println!("out of them: {:?} {} {error}", error.kind(), error.may_have_reached_server());
        }
        let poll = named.poll_for_approval(EMAIL, &an_id()).interval(seconds(1)).timeout(seconds(6)).spawn();
        tokio::time::sleep(seconds(5)).await;
        println!("polls on: {}", !poll.is_finished());
        drop(hoard);
        println!("again: {}", client.verify_totp(EMAIL, "123456").await.is_ok());
    });
}

/// F-28: what this machine is out of is named, and heals.
#[cfg(target_os = "linux")]
#[test]
fn f28_out_of_file_descriptors() {
    let said = child::run_limited("network::inner_runs_out_of_descriptors", 64);
    assert_eq!(
        said.matches("out of them: Network false this machine has no file descriptor").count(),
        2,
        "{said}"
    );
    assert!(said.contains("polls on: true") && said.contains("again: true"), "{said}");
}

/// Uses the last local port, and calls. Does nothing unless the test below starts it.
#[cfg(target_os = "linux")]
#[test]
fn inner_runs_out_of_ports() {
    if !child::is_inner() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 7_468)).await.expect("a network of our own");
        let acts = [ACK, r#"{"success":true,"token":"a-token"}"#].map(|body| Act::Say(ok(body)));
        let wire = Wire::on(listener, Greeting::None, acts);
        let client = wire.client();
        let mut hoard = Vec::new();
        let last = loop {
            match TcpStream::connect(wire.address).await {
                Ok(stream) => {
                    // Its port is free as soon as it is closed.
                    stream.set_zero_linger().expect("a socket");
                    hoard.push(stream);
                }
                Err(error) => break error,
            }
        };
        println!("{} ports, then {:?}", hoard.len(), last.kind());
        let error = client.initiate_app_approval(EMAIL).await.expect_err("no port");
        println!("initiate: {:?} {} {error}", error.kind(), error.may_have_reached_server());
        let error = client.verify_totp(EMAIL, "123456").await.expect_err("no port");
        println!("login: {:?} {} {error}", error.kind(), error.may_have_reached_server());
        println!("counted: {:?}", client.usage());
        let poll = client.poll_for_approval(EMAIL, &an_id()).interval(seconds(1)).timeout(seconds(6)).spawn();
        tokio::time::sleep(seconds(5)).await;
        println!("polls on: {}", !poll.is_finished());
        println!("requests: {}", wire.requests());
        drop((poll, hoard));
        println!("again: {}", client.initiate_app_approval(EMAIL).await.is_ok());
    });
}

/// F-44: the same of local ports.
#[cfg(target_os = "linux")]
#[test]
fn f44_out_of_local_ports() {
    let Some(said) = child::run_with_ports("network::inner_runs_out_of_ports", 40_000..=40_003) else {
        return;
    };
    assert!(said.contains("4 ports, then AddrNotAvailable"), "{said}");
    for call in ["initiate", "login"] {
        assert!(said.contains(&format!("{call}: Network false this machine has no local port")), "{said}");
    }
    assert!(said.contains("totp_counts: 0, push_counts: 0"), "nothing has left: {said}");
    assert!(said.contains("polls on: true") && said.contains("requests: 0"), "{said}");
    assert!(said.contains("again: true"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn n38_captive_portal() {
    let page = respond(200, "text/html", "<html>Please sign in to the Wi-Fi</html>");
    let network_authentication = respond(511, "text/html", "<html>Please sign in to the Wi-Fi</html>");
    assert_eq!(initiate_through(page.clone()).await.failed_as(), (ErrorKind::Protocol, Some(200), true));
    assert_eq!(totp_through(page.clone()).await.failed_as(), (ErrorKind::Protocol, Some(200), true));
    assert_eq!(poll_through([page.clone(), page.clone()]).await.came_to(), ("approved", 3));
    assert_eq!(poll_through(vec![page; 5]).await.failed_as(), (ErrorKind::Protocol, Some(200), 5));
    let initiated = initiate_through(network_authentication.clone()).await;
    assert_eq!(initiated.failed_as(), (ErrorKind::Server, Some(511), true));
    let verified = totp_through(network_authentication.clone()).await;
    assert_eq!(verified.failed_as(), (ErrorKind::Server, Some(511), true));
    assert_eq!(poll_through(vec![network_authentication; 7]).await.came_to(), ("approved", 8));
}

#[tokio::test(start_paused = true)]
async fn n40_three_in_ten_lost_and_two_seconds_slow() {
    let mut random: u32 = 40;
    let mut polls = 0;
    for _ in 0..10 {
        let faults: Vec<_> = (0..60)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                match random >> 16 & 0xff {
                    0..38 => Fault::Hang,
                    38..77 => Fault::ResetBefore,
                    _ => Fault::Delay(seconds(2)),
                }
            })
            .collect();
        let polled = poll_with(Reaction::ApproveAfter(seconds(90)), faults).await;
        assert_eq!(polled.status(), "approved");
        assert!(polled.at.len() <= 61, "B-17");
        let answered = polled.sandbox.calls(Call::Poll);
        for pair in answered.windows(2) {
            let end = pair[0].answered_at.unwrap_or(pair[0].received_at);
            assert!(pair[1].received_at.duration_since(end) >= seconds(5), "B-10");
        }
        polls += polled.at.len();
    }
    assert!(polls > 60, "the losses were met");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_before_the_request_is_none() {
    let wire = Wire::greeting(
        Greeting::Say(answer("400 Bad Request", "connection: close\r\n", r#"{"error":"user_not_found"}"#)),
        [Act::Close(Vec::new())],
    )
    .await;
    let error = wire.client().initiate_app_approval(EMAIL).await.expect_err("no acknowledgement");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true));
    assert_eq!((wire.accepted(), wire.requests()), (1, 0), "and nothing is tried again");
}

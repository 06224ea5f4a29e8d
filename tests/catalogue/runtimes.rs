//! C14, C15, C18, C19: runtimes and clocks.

use std::future::{Future, IntoFuture as _};
use std::task::{Context, Poll, Waker};

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use authsec_ciba::{ApprovalOutcome, AuthReqId, CancelReason, CibaClient, Error, ErrorKind, PollStatus};
use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::support::wire::{Act, PENDING, Wire, ok};
use crate::support::{EMAIL, an_id, leaves_nothing, seconds, start};

#[test]
fn c14_the_runtime_ends_in_the_middle_of_a_poll() {
    for (threads, background) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut builder = if threads { Builder::new_multi_thread() } else { Builder::new_current_thread() };
        let runtime = builder.enable_all().build().expect("a runtime");
        let (sandbox, client, sleeping, asking) = runtime.block_on(async {
            let (sandbox, client) = start().await;
            let sleeping = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
            sandbox.faults().always(Call::Poll, Fault::Hang);
            let asking = client.poll_for_approval("other@example.com", &an_id()).spawn();
            tokio::task::yield_now().await;
            (sandbox, client, sleeping, asking)
        });
        if background {
            runtime.shutdown_background()
        } else {
            drop(runtime)
        }
        let next = Builder::new_current_thread().enable_all().build().expect("a runtime");
        for task in [sleeping, asking] {
            let outcome = next.block_on(task).expect("an outcome, no panic");
            assert!(matches!(outcome, ApprovalOutcome::Cancelled(CancelReason::Shutdown)), "{outcome:?}");
        }
        assert_eq!(client.usage().live_polls, 0);
        next.block_on(client.shutdown());
        drop(sandbox);
    }
}

fn poll_once<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for a runtime that is not there"),
    }
}

fn all_three(client: &CibaClient) -> [Error; 3] {
    [
        poll_once(client.initiate_app_approval(EMAIL).into_future()).expect_err("no runtime"),
        poll_once(client.verify_totp(EMAIL, "123456")).expect_err("no runtime"),
        poll_once(client.poll_for_approval(EMAIL, &an_id()).into_future()).expect_err("no runtime"),
    ]
}

#[test]
fn c15_outside_a_runtime_or_on_one_without_a_clock() {
    let client = CibaClient::builder().base_url("http://127.0.0.1:9").admin().build().expect("valid");
    let outside = all_three(&client);
    let runtime = Builder::new_current_thread().enable_io().build().expect("a runtime");
    let guard = runtime.enter();
    let timeless = all_three(&client);
    drop(guard);
    for error in outside.iter().chain(&timeless) {
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Runtime, false), "{error:?}");
    }
    assert!(outside[0].to_string().contains("runtime") && timeless[0].to_string().contains("enable_all"));
    let task = client.poll_for_approval(EMAIL, &an_id()).spawn();
    assert_eq!(poll_once(task).expect_err("no runtime").kind(), ErrorKind::Runtime);
    assert_eq!(poll_once(client.cancel_approval(EMAIL)).expect("needs none").status(), "cancelled");
    assert_eq!(client.usage().live_polls, 0);
}

#[test]
fn c15_on_a_runtime_without_sockets() {
    let client = CibaClient::builder().base_url("http://127.0.0.1:9").admin().build().expect("valid");
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let errors = runtime.block_on(async {
        [
            client.initiate_app_approval(EMAIL).await.expect_err("no sockets"),
            client.verify_totp(EMAIL, "123456").await.expect_err("no sockets"),
            client.poll_for_approval(EMAIL, &an_id()).await.expect_err("no sockets"),
            client.poll_for_approval(EMAIL, &an_id()).spawn().await.expect_err("no sockets"),
        ]
    });
    for error in errors {
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Runtime, false), "{error:?}");
        assert!(error.to_string().contains("enable_all"), "{error}");
    }
    let usage = client.usage();
    assert_eq!((usage.live_polls, usage.totp_counts, usage.push_counts), (0, 0, 0));
}

/// What a runtime leaves in the pool when it ends is no connection for the next one.
#[test]
fn c14_one_client_on_runtimes_that_come_and_go() {
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let wire = servers.block_on(Wire::new([Act::Say(ok(PENDING))]));
    let client = wire.client();
    for number in 1..5 {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let id = AuthReqId::new(format!("id-{number}")).expect("valid");
        let looked = runtime.block_on(client.poll_for_approval(EMAIL, &id).once()).expect("an answer");
        assert!(matches!(looked, PollStatus::Pending { .. }), "{looked:?}");
        assert_eq!((wire.requests(), wire.accepted()), (number, number));
    }
}

/// A server in threads of its own, and a client of it.
fn elsewhere(max_in_flight: usize) -> (tokio::runtime::Runtime, Wire, CibaClient) {
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let wire = servers.block_on(Wire::new([Act::Say(ok(r#"{"success":true,"token":"a-token"}"#))]));
    let client = wire.configured().max_in_flight(max_in_flight).build().expect("valid");
    (servers, wire, client)
}

fn single() -> tokio::runtime::Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// B-84, F-41: a connection of a runtime that stands still carries nobody's login.
#[test]
fn b84_f41_a_login_beside_a_runtime_that_is_idle_or_gone() {
    let (_servers, wire, client) = elsewhere(2);
    let first = single();
    let _ = first.block_on(client.verify_totp(EMAIL, "123456")).expect("judged");
    let second = single();
    let start = Instant::now();
    let _ = second.block_on(client.verify_totp(EMAIL, "123456")).expect("judged beside an idle one");
    drop(first);
    let _ = second.block_on(client.verify_totp(EMAIL, "123456")).expect("judged beside one that is gone");
    assert!(start.elapsed() < seconds(8), "no request timeout was waited for");
    assert_eq!(wire.accepted(), 2, "the second one's own connection is used again");
}

/// F-41: 320 logins on 320 short runtimes.
#[test]
fn f41_many_short_runtimes() {
    let (_servers, wire, client) = elsewhere(4);
    for n in 0..320 {
        let login = client.verify_totp(format!("user-{n}@example.com"), "123456");
        let _ = single().block_on(login).expect("judged");
    }
    assert_eq!(wire.requests(), 320);
}

/// B-84: all places are held by requests of a runtime that is not driven, and hang.
#[test]
fn b84_f41_places_of_a_runtime_that_stands_still_are_not_waited_for() {
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let verified = Act::Say(ok(r#"{"success":true,"token":"a-token"}"#));
    let wire = servers.block_on(Wire::new([Act::Hold(Vec::new()), Act::Hold(Vec::new()), verified]));
    let client = wire.configured().max_in_flight(2).build().expect("valid");
    let (still, other) = (single(), single());
    let mut hanging: Vec<_> =
        (0..2).map(|n| client.verify_totp(format!("user-{n}@example.com"), "123456")).collect();
    still.block_on(async {
        for login in &mut hanging {
            let begun = tokio::time::timeout(std::time::Duration::from_millis(200), login).await;
            assert!(begun.is_err(), "it hangs");
        }
    });
    let mut both = Vec::new();
    for n in 0..2 {
        both.push(other.block_on(client.verify_totp(format!("other-{n}@example.com"), "123456")));
    }
    assert!(both.iter().all(Result::is_ok), "{both:?}");
    assert_eq!(wire.accepted(), 3, "one more than there are places");
    drop(hanging);
}

/// F-41: over HTTP/2 each runtime has a connection of its own.
#[cfg(feature = "http2")]
#[test]
fn f41_http2_on_two_runtimes() {
    use crate::support::http2::{self, Frames};

    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let answer = http2::Act::Answer(r#"{"success":true,"token":"a-token"}"#);
    let server = servers.block_on(Frames::new([answer]));
    let client = server.client();
    let (first, second) = (single(), single());
    for (n, runtime) in [&first, &second, &first, &second].into_iter().enumerate() {
        let login = client.verify_totp(format!("user-{n}@example.com"), "123456");
        let _ = runtime.block_on(login).expect("judged");
    }
    assert_eq!((server.requests(), server.accepted()), (4, 2));
}

#[test]
fn c15_a_runtime_of_one_thread_is_enough() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let (sandbox, client) = start().await;
        sandbox.phone(EMAIL).react(Reaction::ApproveAfter(seconds(12)));
        let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
        assert_eq!(task.await.expect("an outcome").status(), "approved");
        leaves_nothing(&sandbox, &client).await;
    });
}

#[tokio::test(start_paused = true)]
async fn c18_the_machine_sleeps_for_ten_minutes() {
    // On Linux the monotonic clock stands still meanwhile: only the server has grown older.
    let (sandbox, client) = start().await;
    let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    tokio::time::sleep(seconds(11)).await;
    assert_eq!(sandbox.calls(Call::Poll).len(), 2);
    sandbox.clock().advance(seconds(600));
    assert_eq!(task.await.expect("an outcome").status(), "expired_token", "the server's word");
    assert_eq!(sandbox.calls(Call::Poll).len(), 3, "no burst");
    leaves_nothing(&sandbox, &client).await;

    // Elsewhere it jumps: ten minutes are gone at once, and the deadline with them; a connection may be there or not.
    for (approved, until, jump) in [(false, 11, 600), (true, 11, 600), (false, 291, 30), (true, 291, 30)] {
        let (sandbox, client) = start().await;
        if approved {
            sandbox.phone(EMAIL).react(Reaction::ApproveAfter(seconds(until + 1)));
        }
        let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
        tokio::time::sleep(seconds(until)).await;
        let (start, polls) = (Instant::now(), sandbox.calls(Call::Poll).len());
        tokio::time::advance(seconds(jump)).await;
        assert_eq!(task.await.expect("an outcome").status(), "expired_token");
        assert_eq!(start.elapsed(), seconds(jump), "at once");
        assert_eq!(sandbox.calls(Call::Poll).len(), polls, "nothing is asked for that nobody would wait for");
        leaves_nothing(&sandbox, &client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn c18_a_short_sleep_makes_no_burst() {
    let (sandbox, client) = start().await;
    let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    tokio::time::sleep(seconds(11)).await;
    tokio::time::advance(seconds(100)).await;
    tokio::time::sleep(seconds(4)).await;
    assert_eq!(sandbox.calls(Call::Poll).len(), 3, "one for twenty that were slept through");
    sandbox.phone(EMAIL).approve().await;
    assert_eq!(task.await.expect("an outcome").status(), "approved");
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c19_a_paused_clock_moves_every_wait() {
    // Each of these waits for minutes to days; a real one would be noticed.
    let (sandbox, client) = start().await;
    let start = Instant::now();
    sandbox.faults().next(Call::Initiate, Fault::Delay(seconds(59)));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    sandbox.faults().next(Call::Poll, Fault::Hang);
    sandbox.faults().next(Call::Poll, Fault::unavailable_503(Some("100")));
    assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token");
    sandbox.faults().next(Call::Totp, Fault::Hang);
    client.verify_totp(EMAIL, "123456").await.expect_err("no answer");
    assert_eq!(start.elapsed(), seconds(59 + 300 + 10));
    sandbox.go_down().await.expect("down");
    let poll = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(2 * 60 * 60));
    let error = poll.await.expect_err("refused to the end");
    assert_eq!(start.elapsed().as_secs(), 369 + 2 * 60 * 60);
    assert!(error.attempts() > 200, "one in 35 s at least: {}", error.attempts());
    drop(pending);
    leaves_nothing(&sandbox, &client).await;
}

#[test]
fn c17_nothing_that_waits_reads_the_wall_clock() {
    // A step of the wall clock cannot be made in a test; but what does not read it cannot notice one. A Retry-After
    // date without a Date beside it has nothing else to go by, nor have the dates in signed
    // tokens, nor what goes from one process to another.
    let mut readers = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                if ["SystemTime::now", "UNIX_EPOCH", "std::time::Instant"]
                    .iter()
                    .any(|clock| text.contains(clock))
                {
                    readers.push(path.to_string_lossy().replace('\\', "/"));
                }
            }
        }
    }
    let apart = ["/src/sandbox", "/src/internals", "/tests/", "/tests.rs"];
    readers.retain(|path| !apart.iter().any(|apart| path.contains(apart)));
    readers.sort();
    let known = [
        "openid/authenticator.rs",
        "openid/id_token.rs",
        "outcome/id_token.rs",
        "profile/openid.rs",
        "request/pending.rs",
        "request/resume.rs",
        "seal/ticket.rs",
        "transport/http.rs",
    ];
    assert_eq!(readers.len(), known.len(), "{readers:?}");
    for (reader, known) in readers.iter().zip(known) {
        assert!(reader.ends_with(&format!("src/{known}")), "{readers:?}");
    }
}

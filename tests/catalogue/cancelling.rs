//! C3 to C9: cancels and drops, at every moment.

use std::future::{Future, IntoFuture as _};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use authsec_ciba::{ApprovalOutcome, CancelReason, Usage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::support::wire::Wire;
use crate::support::{EMAIL, OTHER, an_id, configured, leaves_nothing, sandbox, seconds, start};

fn is_cancelled(outcome: &ApprovalOutcome) -> bool {
    matches!(outcome, ApprovalOutcome::Cancelled(CancelReason::Requested))
}

#[tokio::test(start_paused = true)]
async fn c03_cancel_before_the_poll_starts() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 0);
    let start = Instant::now();
    for _ in 0..3 {
        assert!(is_cancelled(&pending.wait().await.expect("an outcome")), "not lost, and not used up");
    }
    let looked = client.poll_for_approval(EMAIL, pending.auth_req_id()).timeout(seconds(0)).await;
    assert!(is_cancelled(&looked.expect("an outcome")));
    assert_eq!(start.elapsed(), seconds(0), "at once");
    assert_eq!(sandbox.calls(Call::Poll).len(), 0);
    // One that overtakes the acknowledgement is not lost either.
    sandbox.faults().next(Call::Initiate, Fault::DelayAfter(seconds(3)));
    let initiating = tokio::spawn(client.initiate_app_approval(EMAIL).into_future());
    tokio::time::sleep(seconds(1)).await;
    client.cancel_approval(EMAIL).await.expect("cancelled");
    let pending = initiating.await.expect("no panic").expect("pushed");
    assert!(is_cancelled(&pending.wait().await.expect("an outcome")));
    assert_eq!(sandbox.calls(Call::Poll).len(), 0);
    // The next one is not touched.
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    drop(pending);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c04_cancel_at_every_stage() {
    for (stage, fault, after) in [
        ("asleep", Fault::Pass, 2),
        ("waiting for headers", Fault::Hang, 7),
        ("between headers", Fault::SlowHeaders(seconds(1)), 9),
        ("in the body", Fault::SlowBody(seconds(1)), 9),
        ("in the backoff", Fault::html_502(), 6),
    ] {
        let (sandbox, client) = start().await;
        sandbox.faults().always(Call::Poll, fault);
        let task = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
        tokio::time::sleep(seconds(after)).await;
        assert!(!task.is_finished());
        let start = Instant::now();
        assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 1, "{stage}");
        assert!(is_cancelled(&task.await.expect("an outcome")), "{stage}");
        assert!(start.elapsed().as_millis() < 100, "{stage}");
        assert_eq!(client.usage().live_polls, 0, "{stage}");
        let polls = sandbox.calls(Call::Poll).len();
        leaves_nothing(&sandbox, &client).await;
        assert_eq!(sandbox.calls(Call::Poll).len(), polls, "{stage}: nothing more was sent");
    }
}

#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn c04_cancel_in_the_handshake() {
    let silent = Wire::over_tls(None, false, []).await;
    let base_url = format!("https://{}", silent.address);
    let client = silent.configured().base_url(base_url).build().expect("valid");
    let task = client.poll_for_approval(EMAIL, &an_id()).spawn();
    tokio::time::sleep(seconds(2)).await;
    assert_eq!(silent.open(), 1);
    let start = Instant::now();
    client.cancel_approval(EMAIL).await.expect("cancelled");
    assert!(is_cancelled(&task.await.expect("an outcome")));
    assert!(start.elapsed().as_millis() < 100);
    tokio::time::sleep(seconds(10)).await;
    assert_eq!((silent.open(), silent.accepted()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn c05_cancel_wins_over_an_approval_that_has_arrived() {
    let captured = Captured::default();
    let token = async {
        let (sandbox, client) = start().await;
        sandbox.phone(EMAIL).react(Reaction::Approve);
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let task = pending.wait().spawn();
        tokio::time::sleep(seconds(6)).await;
        assert!(task.is_finished(), "the token is there, and nobody has taken it");
        assert_eq!(client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped(), 1);
        assert!(is_cancelled(&task.await.expect("an outcome")));
        let token = sandbox.issued().requests[0].token.clone().expect("issued");
        drop(pending);
        leaves_nothing(&sandbox, &client).await;
        token
    }
    .with_subscriber(captured.subscriber())
    .await;
    let log = captured.text();
    let warned = log.lines().find(|line| line.contains("before anybody had received it")).expect("reported");
    assert!(warned.contains("WARN") && !log.contains(&token));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c05_after_a_cancel_has_returned_no_approval_comes_out() {
    let sandbox = sandbox().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let (mut cancelled, mut approved) = (0, 0);
    for round in 0..150 {
        // The id is another client's: the first poll goes at once, so that nothing has to be waited for.
        let other = configured(&sandbox).build().expect("valid");
        let id = other.initiate_app_approval(EMAIL).await.expect("pushed").auth_req_id().clone();
        let client = configured(&sandbox).build().expect("valid");
        let task = client.poll_for_approval(EMAIL, &id).spawn();
        let canceller = {
            let client = client.clone();
            tokio::spawn(async move {
                // Another moment in each round, without a clock.
                for _ in 0..round * 3 {
                    tokio::task::yield_now().await;
                }
                client.cancel_approval(EMAIL).await.expect("cancelled").polls_stopped()
            })
        };
        let outcome = if round % 2 == 0 {
            // The cancel has returned before anybody takes the outcome.
            let stopped = canceller.await.expect("no panic");
            let outcome = task.await.expect("an outcome");
            assert_eq!((stopped, is_cancelled(&outcome)), (1, true), "{outcome:?}");
            outcome
        } else {
            let outcome = task.await.expect("an outcome");
            let stopped = canceller.await.expect("no panic");
            assert_eq!(is_cancelled(&outcome), stopped == 1, "one of both, never neither: {outcome:?}");
            outcome
        };
        match outcome.status() {
            "approved" => approved += 1,
            _ => cancelled += 1,
        }
        assert_eq!(client.usage().live_polls, 0);
    }
    assert_eq!(cancelled + approved, 150);
    assert!(cancelled >= 75);
}

#[tokio::test(start_paused = true)]
async fn c06_cancel_is_idempotent() {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    assert_eq!(client.cancel_approval(EMAIL).await.expect("nothing runs").status(), "cancelled");
    assert_eq!(client.cancel_approval("nobody@example.com").await.expect("unknown").polls_stopped(), 0);
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let outcome = pending.wait().await.expect("an outcome");
    for _ in 0..2 {
        assert_eq!(client.cancel_approval(EMAIL).await.expect("after the end").polls_stopped(), 0);
    }
    assert_eq!(outcome.status(), "approved", "what has come out stays out");
    // The count of attempts is full again.
    let wrong = || sandbox.authenticator(EMAIL).wrong_code();
    for remaining in [2, 1] {
        assert_eq!(client.verify_totp(EMAIL, &wrong()).await.expect("judged").remaining(), remaining);
    }
    client.cancel_approval(" USER@example.com ").await.expect("cancelled");
    assert_eq!(client.verify_totp(EMAIL, &wrong()).await.expect("judged").remaining(), 2);
    let log = sandbox.log().len();
    client.cancel_approval(EMAIL).await.expect("cancelled");
    assert_eq!(sandbox.log().len(), log, "local");
    drop(pending);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c07_a_cancel_for_one_does_not_touch_another() {
    let (sandbox, client) = start().await;
    let one = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    let other = client.initiate_app_approval(OTHER).await.expect("pushed").wait().spawn();
    client.cancel_approval(EMAIL).await.expect("cancelled");
    assert!(is_cancelled(&one.await.expect("an outcome")));
    sandbox.phone(OTHER).approve().await;
    assert_eq!(other.await.expect("an outcome").status(), "approved");
    leaves_nothing(&sandbox, &client).await;
}

/// Polls a future so many times, and gives its output if it came to one.
struct Times<F>(Pin<Box<F>>, usize);

impl<F: Future> Future for Times<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(left) = self.1.checked_sub(1) else { return Poll::Ready(None) };
        self.1 = left;
        match self.0.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c08_drop_at_every_await_point() {
    let mut seen = Vec::new();
    for times in 0.. {
        let (sandbox, client) = start().await;
        sandbox.phone(EMAIL).react(Reaction::Approve);
        sandbox.faults().next(Call::Poll, crate::support::pending());
        sandbox.faults().next(Call::Poll, Fault::Delay(seconds(1)));
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let output = Times(Box::pin(pending.wait().into_future()), times).await;
        assert_eq!(client.usage().live_polls, 0, "dropped after {times} polls");
        tokio::time::sleep(seconds(1)).await;
        let polls = sandbox.calls(Call::Poll).len();
        if let Some(outcome) = output {
            assert_eq!(outcome.expect("an outcome").status(), "approved");
            drop(pending);
            leaves_nothing(&sandbox, &client).await;
            break;
        }
        // Whatever was under way has been finished: no drop loses the approval.
        let again = pending.wait().await.expect("an outcome").status();
        assert_eq!(again, "approved", "after {times} polls");
        seen.push((polls, again));
        drop(pending);
        leaves_nothing(&sandbox, &client).await;
    }
    assert!(seen.contains(&(0, "approved")) && seen.iter().any(|(polls, _)| *polls >= 1), "{seen:?}");
    assert!(seen.len() >= 4, "asleep, asking, asleep, asking: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn c08_an_initiate_and_a_totp_login_dropped_at_every_await_point() {
    for times in 0.. {
        let (sandbox, client) = start().await;
        let mut initiate = Times(Box::pin(client.initiate_app_approval(EMAIL).into_future()), times);
        let initiated = pin!(&mut initiate).await.is_some();
        drop(initiate);
        let mut totp = Times(Box::pin(client.verify_totp(EMAIL, "123456")), times);
        let judged = pin!(&mut totp).await.is_some();
        drop(totp);
        assert!(sandbox.issued().pushes() <= 1);
        leaves_nothing(&sandbox, &client).await;
        if initiated && judged {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c09_a_handler_that_is_dropped_when_its_client_leaves() {
    // A web application as axum and hyper run one: a request's future is dropped when its connection ends.
    for detached in [false, true] {
        let (sandbox, client) = start().await;
        let application = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = application.local_addr().expect("bound");
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let handler = {
            let pending = pending.clone();
            async move {
                let (stream, _) = application.accept().await.expect("a visitor");
                let (mut from, mut to) = stream.into_split();
                let handle = async {
                    let task = pending.wait().spawn();
                    if detached {
                        task.detach();
                        std::future::pending::<()>().await;
                    } else {
                        let outcome = task.await.expect("an outcome");
                        to.write_all(outcome.status().as_bytes()).await.expect("said");
                    }
                };
                let gone = async { while from.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {} };
                tokio::select! {
                    () = handle => {}
                    () = gone => {}
                }
            }
        };
        let handler = tokio::spawn(handler);
        let visitor = tokio::net::TcpStream::connect(address).await.expect("connected");
        tokio::time::sleep(seconds(7)).await;
        assert_eq!((client.usage().live_polls, sandbox.calls(Call::Poll).len()), (1, 1));
        drop(visitor);
        handler.await.expect("no panic");
        tokio::time::sleep(seconds(1)).await;
        assert_eq!(client.usage().live_polls, usize::from(detached));
        tokio::time::sleep(seconds(30)).await;
        let polls = sandbox.calls(Call::Poll).len();
        assert_eq!(polls > 1, detached, "{polls} polls");
        drop(pending);
        leaves_nothing(&sandbox, &client).await;
        assert_eq!(client.usage(), Usage::default());
    }
}

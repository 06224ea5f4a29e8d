//! B-42 on all cores: a cancel at a random instant around the arrival of the token.

use std::future::{Future as _, IntoFuture, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use authsec_ciba::{ApprovalOutcome, AuthReqId, CancelReason, CibaClient, Error, PollPolicy};
use tokio::time::Instant;

use crate::server;

/// Approvals, half of them spawned, half awaited.
const APPROVALS: usize = 20_480;
/// At the same time.
const WORKERS: usize = 32;

#[derive(Default)]
struct Tally {
    approved: AtomicUsize,
    cancelled: AtomicUsize,
    /// Outcomes that were handed out after their cancel had returned.
    after_cancel: AtomicUsize,
}

/// The outcome, and whether the cancel had already returned when it was asked for the last time.
pub(crate) async fn outcome<T>(
    poll: impl IntoFuture<Output = Result<T, Error>>,
    cancelled: &AtomicBool,
) -> (Result<T, Error>, bool) {
    let mut poll = pin!(poll.into_future());
    poll_fn(|cx| {
        let too_late = cancelled.load(Ordering::SeqCst);
        poll.as_mut().poll(cx).map(|outcome| (outcome, too_late))
    })
    .await
}

/// Lets a random time pass: nothing, some turns of the scheduler, or a busy wait of up to a third of a millisecond.
async fn dither() {
    match fastrand::u8(..) {
        0..32 => {}
        32..160 => {
            for _ in 0..fastrand::u8(..24) {
                tokio::task::yield_now().await;
            }
        }
        _ => {
            let until = Instant::now() + Duration::from_micros(fastrand::u64(..330));
            while Instant::now() < until {
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn one_approval(client: &CibaClient, worker: usize, number: usize, tally: &Tally) {
    // Names of many people, some of them in capitals.
    let (email, shouted) = (format!("user{worker}@example.com"), format!(" USER{worker}@Example.COM "));
    let kind = if fastrand::u8(..4) == 0 { "later" } else { "now" };
    let id = AuthReqId::new(format!("{worker}-{number}-{kind}")).expect("an id");
    let poll = client.poll_for_approval(&email, &id).interval(Duration::from_millis(1));
    let cancelled = Arc::new(AtomicBool::new(false));
    let cancelling = {
        let (client, cancelled) = (client.clone(), Arc::clone(&cancelled));
        async move {
            dither().await;
            let stopped = client.cancel_approval(&shouted).await.expect("a valid address").polls_stopped();
            cancelled.store(true, Ordering::SeqCst);
            stopped
        }
    };
    let (cancelling, (outcome, too_late)) = if number.is_multiple_of(2) {
        let task = poll.spawn();
        let cancelling = tokio::spawn(cancelling);
        dither().await;
        (cancelling, outcome(task, &cancelled).await)
    } else {
        let future = poll.into_future();
        (tokio::spawn(cancelling), outcome(future, &cancelled).await)
    };
    let stopped = cancelling.await.expect("no panic");
    match outcome.expect("an outcome") {
        ApprovalOutcome::Approved(approval) => {
            assert!(!too_late, "an approval came out after cancel_approval had returned");
            assert_eq!(stopped, 0, "cancel_approval stopped the poll that an approval came out of");
            assert_eq!(approval.token().expose_secret(), format!("token-{}", id.expose_secret()));
            tally.approved.fetch_add(1, Ordering::Relaxed);
        }
        ApprovalOutcome::Cancelled(CancelReason::Requested) => {
            assert_eq!(stopped, 1);
            tally.cancelled.fetch_add(1, Ordering::Relaxed);
        }
        other => panic!("{other:?}"),
    }
    tally.after_cancel.fetch_add(usize::from(too_late), Ordering::Relaxed);
}

#[tokio::test(flavor = "multi_thread")]
async fn b42_no_approval_comes_out_after_a_cancel_has_returned() {
    let (address, counts) = server::start().await;
    let policy = PollPolicy::default().minimum_interval(Duration::from_millis(1));
    let client = CibaClient::builder()
        .base_url(format!("http://{address}"))
        .client_id("client")
        .poll_policy(policy)
        .build()
        .expect("valid");
    let tally = Arc::new(Tally::default());
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (client, tally) = (client.clone(), Arc::clone(&tally));
            tokio::spawn(async move {
                for number in 0..APPROVALS / WORKERS {
                    one_approval(&client, worker, number, &tally).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("no violation");
    }
    let read = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    let (approved, cancelled) = (read(&tally.approved), read(&tally.cancelled));
    let (tokens, polls) = (read(&counts.tokens), read(&counts.polls));
    let late = tokens.saturating_sub(approved);
    println!(
        "{approved} approved, {cancelled} cancelled ({} of the outcomes after the cancel had returned); {polls} polls, \
         {tokens} tokens sent, {late} of them to polls that were stopped",
        read(&tally.after_cancel)
    );
    assert_eq!(approved + cancelled, APPROVALS, "one outcome each");
    assert_eq!(client.usage().live_polls, 0);
    // Otherwise this was no race.
    assert!(approved > APPROVALS / 50 && late > APPROVALS / 50, "{approved} approved, {late} late");
}

//! C20, C21, C28, C32: many at once.

use std::collections::{HashMap, HashSet};
use std::future::IntoFuture as _;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authsec_ciba::sandbox::{Call, Fault, Sandbox};
use authsec_ciba::{AuthReqId, CibaClient, LockedBy, PollPolicy, TotpOutcome, Usage};
use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::support::wire::PENDING;
use crate::support::{
    CLIENT, EMAIL, SECRET, configured, json, leaves_nothing, pending, polled_at, seconds, start,
};

/// A crowd of polls of ids of another process, spread over five seconds.
async fn crowd(sandbox: &Sandbox, client: &CibaClient, size: u32) -> Vec<authsec_ciba::ApprovalTask> {
    sandbox.faults().always(Call::Poll, pending());
    let mut tasks = Vec::new();
    for n in 0..size {
        let id = AuthReqId::new(format!("id-{n}")).expect("valid");
        tasks.push(
            client.poll_for_approval(format!("user-{n}@example.com"), &id).timeout(seconds(200)).spawn(),
        );
        tokio::time::sleep(seconds(5) / size).await;
    }
    tasks
}

#[tokio::test(start_paused = true)]
async fn c20_a_crowd_of_polls() {
    const SIZE: u32 = 200;
    let (sandbox, _) = start().await;
    let client = configured(&sandbox).max_in_flight(16).build().expect("valid");
    let begun = Instant::now();
    let tasks = crowd(&sandbox, &client, SIZE).await;
    assert_eq!(client.usage().live_polls, SIZE as usize);
    tokio::time::sleep(seconds(30) - begun.elapsed()).await;
    assert!(sandbox.connections().peak <= 16, "one client is one pool: {:?}", sandbox.connections());
    let mut polls: HashMap<String, Vec<Instant>> = HashMap::new();
    for poll in sandbox.calls(Call::Poll) {
        let id = poll.body.field("auth_req_id").expect("an id").to_owned();
        polls.entry(id).or_default().push(poll.received_at);
    }
    assert_eq!(polls.len(), SIZE as usize);
    for polls in polls.values() {
        assert!(polls.len() >= 5, "{}", polls.len());
        for pair in polls.windows(2) {
            let gap = pair[1].duration_since(pair[0]);
            assert!((seconds(5)..seconds(10)).contains(&gap), "late by less than an interval: {gap:?}");
        }
    }
    let seconds_of = polled_at(&sandbox, begun);
    let busiest = (0..30).map(|at| seconds_of.iter().filter(|ms| **ms / 1_000 == at).count()).max();
    assert!(busiest.expect("some") <= 2 * SIZE as usize / 5, "spread as it came: {busiest:?}");
    drop(tasks);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn c21_the_server_was_down_and_comes_back() {
    const SIZE: u32 = 200;
    let (sandbox, _) = start().await;
    let client = configured(&sandbox).max_in_flight(64).build().expect("valid");
    let tasks = crowd(&sandbox, &client, SIZE).await;
    tokio::time::sleep(seconds(10)).await;
    sandbox.go_down().await.expect("down");
    tokio::time::sleep(seconds(60)).await;
    sandbox.come_back().await.expect("back");
    let (back, before) = (Instant::now(), sandbox.calls(Call::Poll).len());
    tokio::time::sleep(seconds(60)).await;
    let polls = sandbox.calls(Call::Poll).split_off(before);
    let mut per_second = [0; 60];
    for poll in &polls {
        per_second[poll.received_at.duration_since(back).as_secs().min(59) as usize] += 1;
    }
    // In peace it is a fifth of the crowd per second.
    assert!(per_second.iter().all(|polls| *polls <= 2 * SIZE / 5), "{per_second:?}");
    assert!(tasks.iter().all(|task| !task.is_finished()), "nobody gave up");
    let mut came_back = HashSet::new();
    came_back.extend(polls.iter().filter_map(|poll| poll.body.field("auth_req_id").map(str::to_owned)));
    assert_eq!(came_back.len(), SIZE as usize, "everybody is back within a minute");
    drop(tasks);
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c28_a_thousand_wrong_codes_at_once() {
    let (sandbox, client) = start().await;
    let logins: Vec<_> = (0..1_000)
        .map(|n| {
            let email = if n % 2 == 0 { EMAIL } else { " User@EXAMPLE.com" };
            tokio::spawn(client.clone().verify_totp(email, &sandbox.authenticator(EMAIL).wrong_code()))
        })
        .collect();
    let (mut wrong, mut locked) = (0, 0);
    for login in logins {
        match login.await.expect("no panic").expect("judged") {
            TotpOutcome::InvalidCode { .. } => wrong += 1,
            TotpOutcome::TooManyRetries { by: LockedBy::Unjudged | LockedBy::Client, .. } => locked += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((wrong, locked), (3, 997));
    assert_eq!(sandbox.calls(Call::Totp).len(), 3, "three leave the process");
    let right = client.verify_totp(EMAIL, &sandbox.authenticator(EMAIL).code()).await.expect("judged");
    assert_eq!(right.error_code(), Some("too_many_retries"), "the right code too");
    assert_eq!(sandbox.calls(Call::Totp).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn c32_a_flood_of_strangers() {
    let (sandbox, client) = start().await;
    sandbox.faults().always(Call::Totp, json(401, r#"{"success":false,"message":"Invalid TOTP code"}"#));
    for _ in 0..3 {
        let _ = client.verify_totp(EMAIL, "123456").await.expect("judged");
    }
    sandbox.faults().clear();
    sandbox.go_down().await.expect("down");
    for n in 0..300 {
        let email = format!("stranger-{n}@example.com");
        let id = AuthReqId::new(format!("id-{n}")).expect("valid");
        client.poll_for_approval(&email, &id).once().await.expect_err("refused");
        client.verify_totp(&email, "123456").await.expect_err("refused");
        drop(client.initiate_app_approval(&email).into_future());
        client.cancel_approval(&email).await.expect("cancelled");
    }
    for n in 0..20_000 {
        client.cancel_approval(format!("other-{n}@example.com")).await.expect("cancelled");
    }
    let usage = client.usage();
    assert_eq!((usage.live_polls, usage.totp_counts, usage.push_counts), (0, 1, 0), "{usage:?}");
    assert!(usage.remembered_ids <= 300, "{usage:?}");
    let locked = client.verify_totp(EMAIL, "123456").await.expect("judged");
    assert!(matches!(locked, TotpOutcome::TooManyRetries { by: LockedBy::Client, .. }), "the lock survives");
    tokio::time::sleep(seconds(60 * 60 + 1)).await;
    assert_eq!(client.usage().remembered_ids, 0, "strangers are forgotten an hour behind their last use");
    leaves_nothing(&sandbox, &client).await;
}

#[tokio::test(start_paused = true)]
async fn more_polls_than_places_end_in_time() {
    let (sandbox, _) = start().await;
    let client = configured(&sandbox)
        .max_in_flight(1)
        .poll_policy(PollPolicy::default().timeout(seconds(30)))
        .build()
        .expect("valid");
    sandbox.faults().always(Call::Poll, Fault::Hang);
    let begun = Instant::now();
    let polls: Vec<_> = (0..50)
        .map(|n| {
            let id = AuthReqId::new(format!("id-{n}")).expect("valid");
            tokio::spawn(client.poll_for_approval(format!("user-{n}@example.com"), &id).into_future())
        })
        .collect();
    for poll in polls {
        let ended = poll.await.expect("no panic");
        assert!(ended.is_err() || ended.is_ok_and(|outcome| outcome.status() == "timeout"));
    }
    assert!(begun.elapsed() <= seconds(32), "the deadline and its grace: {:?}", begun.elapsed());
    leaves_nothing(&sandbox, &client).await;
    assert_eq!(client.usage(), Usage::default());
}

/// Answers each request in three pieces, as a busy server may: the connection is back some steps of the scheduler behind
/// the answer's end. Counts the connections.
fn in_pieces() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("bound");
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            count.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                let _ = stream.set_nodelay(true);
                let chunk = format!("{:x}\r\n{PENDING}\r\n", PENDING.len());
                while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                    for piece in
                        ["HTTP/1.1 202 OK\r\ntransfer-encoding: chunked\r\n\r\n", &chunk, "0\r\n\r\n"]
                    {
                        let _ = stream.write_all(piece.as_bytes());
                        std::thread::yield_now();
                    }
                }
            });
        }
    });
    (address, accepted)
}

/// F-46, B-82: sockets are bounded by the places, exactly, on one thread and on several.
#[test]
fn f46_b82_as_many_sockets_as_places_and_not_one_more() {
    for places in [1, 3, 16] {
        let one = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let several = Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
        for runtime in [one, several] {
            let (address, accepted) = in_pieces();
            let client =
                CibaClient::builder().base_url(format!("http://{address}")).admin().max_in_flight(places);
            let client = client.build().expect("valid");
            runtime.block_on(async {
                let looks: Vec<_> = (0..600)
                    .map(|n| {
                        let id = AuthReqId::new(format!("id-{n}")).expect("valid");
                        tokio::spawn(client.poll_for_approval(format!("user-{n}@example.com"), &id).once())
                    })
                    .collect();
                for look in looks {
                    let _ = look.await.expect("no panic").expect("answered");
                }
            });
            assert_eq!(accepted.load(Ordering::SeqCst), places);
        }
    }
}

/// F-43: polls, logins and initiates have one bound together, also where half of them are dropped.
#[tokio::test(start_paused = true)]
async fn f43_one_bound_for_all_calls() {
    let sandbox = Sandbox::builder().routes(crate::ROUTES).client(CLIENT, Some(SECRET));
    let sandbox = sandbox.start().await.expect("a free port");
    let client = configured(&sandbox).max_in_flight(4).build().expect("valid");
    sandbox.faults().always(Call::Any, Fault::Delay(seconds(3)));
    let mut tasks = Vec::new();
    for n in 0..40 {
        let email = format!("user-{n}@example.com");
        let id = AuthReqId::new(format!("id-{n}")).expect("valid");
        let (initiate, poll) = (client.initiate_app_approval(&email), client.poll_for_approval(&email, &id));
        let totp = client.verify_totp(&email, "123456");
        tasks.push(tokio::spawn(async move { drop(initiate.await) }));
        tasks.push(tokio::spawn(async move { drop(poll.timeout(seconds(100)).await) }));
        tasks.push(tokio::spawn(async move { drop(totp.await) }));
    }
    tokio::time::sleep(seconds(2)).await;
    assert_eq!(sandbox.connections().open, 4);
    tokio::time::sleep(seconds(30)).await;
    assert_eq!(sandbox.connections().peak, 4);
    for task in tasks.iter().step_by(2) {
        task.abort();
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert!(sandbox.connections().open <= 4, "{:?}", sandbox.connections());
    }
    for task in tasks {
        let _ = task.await;
    }
    leaves_nothing(&sandbox, &client).await;
}

/// B-82: slow initiates leave half of the places to others.
#[tokio::test(start_paused = true)]
async fn b82_slow_initiates_do_not_starve_polls() {
    let (sandbox, _) = start().await;
    let client = configured(&sandbox).max_in_flight(4).build().expect("valid");
    sandbox.faults().always(Call::Initiate, Fault::Delay(seconds(30)));
    let pushes: Vec<_> = (0..20)
        .map(|n| tokio::spawn(client.initiate_app_approval(format!("user-{n}@example.com")).into_future()))
        .collect();
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(sandbox.calls(Call::Initiate).len(), 2);
    let begun = Instant::now();
    let looked = client.poll_for_approval(EMAIL, &crate::support::an_id()).once().await;
    assert!(begun.elapsed() < seconds(1), "{looked:?}");
    for push in pushes {
        push.abort();
    }
}

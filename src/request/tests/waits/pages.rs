//! Pages that ask again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{EMAIL, millis, one_per_floor, seconds, status};
use crate::PendingApproval;
use crate::client::tests::initiate;
use crate::clock::{Instant, now};
use crate::request::tests::server::{Server, an_id};

/// A page asks for a second, once a second, each time in a task of its own. `wait`: for how long.
async fn asks_every_second(interval: u64, round_trip: u64, wait: u64) {
    let shown = format!("interval {interval} s, round trip {round_trip} ms, waits of {wait} s");
    let server = Server::new(millis(round_trip)).with_interval(interval);
    let client = server.client();
    let pending = initiate(&client).await;
    let start = now();
    let approves = millis(17_300);
    server.approves_at(start + approves);
    let approved = Arc::new(AtomicUsize::new(0));
    for second in 0..40 {
        tokio::time::sleep_until(start + seconds(second)).await;
        if approved.load(Ordering::SeqCst) > 0 {
            break;
        }
        let ask = pending.wait().timeout(seconds(wait));
        let approved = Arc::clone(&approved);
        tokio::spawn(async move {
            if status(ask.await) == "approved" {
                approved.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    assert!(approved.load(Ordering::SeqCst) > 0, "{shown}: {:?}", server.polls(start));
    let polls = server.polls(start);
    let gap = u128::from(interval * 1_000 + round_trip);
    let last = *polls.last().expect("some");
    assert_eq!(
        polls,
        one_per_floor(interval, round_trip, last),
        "{shown}: one poll per floor, no more and no fewer"
    );
    assert!(
        last + u128::from(round_trip) < approves.as_millis() + gap,
        "{shown}: the first poll behind the approval brings it"
    );
    assert_eq!(server.most_under_way(), 1, "{shown}");
}

#[tokio::test(start_paused = true)]
async fn f01_b12_a_page_that_asks_for_a_second_once_a_second() {
    for interval in [1, 2, 3, 5] {
        for round_trip in [1, 50, 300] {
            asks_every_second(interval, round_trip, 1).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f01_b12_a_page_whose_waits_overlap() {
    for interval in [1, 2, 3, 5] {
        for round_trip in [1, 50, 300] {
            asks_every_second(interval, round_trip, 4).await;
        }
    }
}

/// Waits of a few seconds, one behind the other: the last gap of each may stretch, and nothing is lost by it.
#[tokio::test(start_paused = true)]
async fn f01_b14_waits_that_follow_each_other_keep_asking() {
    for (wait, interval) in [(1, 2), (3, 2), (3, 3), (7, 5), (12, 5)] {
        let server = Server::new(millis(50)).with_interval(interval);
        let client = server.client();
        let pending = initiate(&client).await;
        let start = now();
        server.approves_at(start + seconds(60));
        loop {
            match status(pending.wait().timeout(seconds(wait)).await) {
                "approved" => break,
                other => assert_eq!(other, "timeout"),
            }
        }
        let polls = server.polls(start);
        let gaps: Vec<_> = polls.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let floor = u128::from(interval * 1_000 + 50);
        assert!(
            gaps.iter().all(|gap| (floor..2 * floor).contains(gap)),
            "{wait} s of {interval} s: {polls:?}"
        );
        assert!(now() - start < seconds(61 + 2 * interval), "{wait} s of {interval} s: {polls:?}");
    }
}

/// A tab asks for 25 s, and again 20 ms later.
async fn tab(pending: PendingApproval, start: Instant, opens: u64) -> usize {
    tokio::time::sleep_until(start + seconds(opens)).await;
    for number in 1.. {
        match status(pending.wait().timeout(seconds(25)).await) {
            "approved" => return number,
            other => assert_eq!(other, "timeout"),
        }
        tokio::time::sleep(millis(20)).await;
    }
    unreachable!("it is approved")
}

#[tokio::test(start_paused = true)]
async fn f04_b13_two_tabs_with_long_polls() {
    let server = Server::new(millis(50));
    let client = server.client();
    let pending = initiate(&client).await;
    let start = now();
    server.approves_at(start + seconds(121));
    let tabs = [0, 10].map(|opens| tokio::spawn(tab(pending.clone(), start, opens)));
    let mut waits = 0;
    for tab in tabs {
        waits += tab.await.expect("approved");
    }
    assert_eq!(waits, 5 + 5, "a wait every 25 s, and nobody is sent away");
    assert_eq!(server.polls(start), one_per_floor(5, 50, 126_150));
    assert_eq!(server.most_under_way(), 1);
}

#[tokio::test(start_paused = true)]
async fn b10_of_several_waits_the_shortest_wish_counts_and_leaves_with_its_wait() {
    let server = Server::new(millis(1));
    let client = server.client();
    let start = now();
    let patient =
        client.poll_for_approval(EMAIL, &an_id()).interval(seconds(20)).timeout(seconds(61)).spawn();
    let hasty = client.poll_for_approval(EMAIL, &an_id()).interval(seconds(3)).timeout(seconds(10));
    assert_eq!(status(hasty.await), "timeout");
    assert_eq!(status(patient.await), "timeout");
    assert_eq!(server.polls(start), [0, 3_001, 6_002, 9_003, 29_004, 49_005 + 11_995]);
}

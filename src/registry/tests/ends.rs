//! What is kept, received, told again and forgotten (B-25).

use std::time::Duration;

use super::{Asked, advance, approved, denied, initiate, registry, settle, side_by_side, told, user, wait};
use crate::error::{Error, ErrorKind};
use crate::registry::{Ended, News, Registry};

type Says = fn() -> News;
type Ends = fn(&std::sync::Arc<Registry>);

/// An approval that came when nobody waited any more.
async fn kept(registry: &std::sync::Arc<Registry>, text: &str) {
    let waiting = wait(registry, text);
    let asked = waiting.asks().expect("nobody asks");
    drop(waiting);
    asked.hears(approved());
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn b25_f10_how_an_id_ended_is_told_again_and_nothing_is_sent() {
    let ends: [(Says, &str); 4] = [
        (denied, "access_denied"),
        (|| News::Ended(Ended::Expired), "expired_token"),
        (|| News::Ended(Ended::Lost), "approval_lost"),
        (|| News::Ended(Ended::Refused(Error::new(ErrorKind::Refused, "no"))), "refused"),
    ];
    for (news, word) in ends {
        let registry = registry();
        initiate(&registry, "id-1");
        let mut first = wait(&registry, "id-1");
        first.hears(news());
        assert!(first.asks().is_none(), "an id that has ended is ended");
        assert_eq!(first.told(), word);
        for _ in 0..3 {
            advance(200).await;
            let mut later = wait(&registry, "id-1");
            assert!(later.asks().is_none() && !later.goes_on());
            assert_eq!(later.told(), word);
        }
        assert_eq!(registry.cancel(&user()), 0);
        assert_eq!(told(&registry, "id-1"), word, "a cancel does not change how it ended");
    }
}

#[tokio::test(start_paused = true)]
async fn b25_f10_an_approval_goes_to_all_who_begin_within_10_s_of_the_first_that_received_it() {
    let registry = registry();
    initiate(&registry, "id-1");
    let mut first = wait(&registry, "id-1");
    first.hears(approved());
    advance(30).await;
    assert_eq!(first.told(), "approved");
    advance(9).await;
    assert_eq!([told(&registry, "id-1"), told(&registry, "id-1")], ["approved", "approved"]);
    advance(1).await;
    settle().await;
    let late = wait(&registry, "id-1");
    assert!(late.asks().is_none());
    drop(late);
    assert_eq!(told(&registry, "id-1"), "already_answered", "10 s behind the first, not behind the last");
}

#[tokio::test(start_paused = true)]
async fn b25_who_was_under_way_in_time_receives_it_however_late() {
    let registry = registry();
    initiate(&registry, "id-1");
    let (mut first, mut parked) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    first.hears(approved());
    assert_eq!(first.told(), "approved");
    advance(120).await;
    assert_eq!(told(&registry, "id-1"), "already_answered", "who begins too late does not, beside it");
    assert_eq!(parked.told(), "approved");
    assert_eq!(told(&registry, "id-1"), "already_answered");
}

#[tokio::test(start_paused = true)]
async fn b25_b43_f11_an_approval_that_nobody_received_is_kept_until_the_ids_end() {
    for passes in [0, 100, 299] {
        let registry = registry();
        initiate(&registry, "id-1");
        kept(&registry, "id-1").await;
        assert_eq!(registry.usage(), (0, 1));
        advance(passes).await;
        assert_eq!(told(&registry, "id-1"), "approved", "after {passes} s");
    }
    let registry = registry();
    initiate(&registry, "id-1");
    kept(&registry, "id-1").await;
    advance(300).await;
    assert_eq!([told(&registry, "id-1"), told(&registry, "id-1")], ["approval_lost"; 2]);
}

/// What a wait is told that begins so many seconds behind an approval that came 50 s behind its acknowledgement.
async fn told_behind(lives: u64, passes: u64) -> &'static str {
    let registry = registry();
    registry.initiating(user()).acknowledged(super::acknowledged("id-1", Duration::from_secs(lives)));
    advance(50).await;
    kept(&registry, "id-1").await;
    advance(passes).await;
    settle().await;
    told(&registry, "id-1")
}

#[tokio::test(start_paused = true)]
async fn b25_it_is_kept_for_60_s_at_least_and_300_s_at_most() {
    for (lives, kept) in [(60, 60), (109, 60), (200, 150), (350, 300), (9_000, 300)] {
        assert_eq!(told_behind(lives, kept - 1).await, "approved", "{lives}");
        assert_eq!(told_behind(lives, kept).await, "approval_lost", "{lives}");
    }
}

#[tokio::test(start_paused = true)]
async fn b25_of_an_id_of_another_process_it_is_kept_for_300_s() {
    for (passes, word) in [(299, "approved"), (300, "approval_lost")] {
        let registry = registry();
        kept(&registry, "id-1").await;
        advance(passes).await;
        assert_eq!(told(&registry, "id-1"), word);
    }
}

#[tokio::test(start_paused = true)]
async fn b43_a_kept_approval_is_wiped_by_its_timer_without_any_call() {
    let registry = registry();
    initiate(&registry, "id-1");
    let slot = std::sync::Arc::clone(&wait(&registry, "id-1").slot);
    kept(&registry, "id-1").await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!((slot.holds_approval(), tasks()), (true, 1), "one timer");
    tokio::time::sleep(Duration::from_secs(301)).await;
    settle().await;
    assert_eq!((slot.holds_approval(), tasks()), (false, 0));
}

#[tokio::test(start_paused = true)]
async fn b43_the_timer_of_a_kept_approval_ends_where_somebody_waits_for_it() {
    let registry = registry();
    initiate(&registry, "id-1");
    kept(&registry, "id-1").await;
    let mut parked = wait(&registry, "id-1");
    tokio::time::sleep(Duration::from_secs(301)).await;
    settle().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0, "it would spin");
    assert_eq!(parked.told(), "approved");
}

#[tokio::test(start_paused = true)]
async fn b43_a_received_approval_is_wiped_10_s_behind_the_first_who_received_it() {
    let registry = registry();
    let mut waiting = wait(&registry, "id-1");
    let slot = std::sync::Arc::clone(&waiting.slot);
    waiting.hears(approved());
    assert_eq!(waiting.told(), "approved");
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(slot.holds_approval());
    drop(wait(&registry, "id-1"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    settle().await;
    assert!(!slot.holds_approval());
    assert_eq!(
        tokio::runtime::Handle::current().metrics().num_alive_tasks(),
        0,
        "each timer takes the place of the last"
    );
}

#[tokio::test(start_paused = true)]
async fn b25_a_cancel_a_newer_initiate_and_a_shutdown_wipe_what_was_kept() {
    let ends: [(Ends, &str); 3] = [
        (|registry| assert_eq!(registry.cancel(&user()), 0), "requested"),
        (|registry| initiate(registry, "id-2"), "superseded"),
        (|registry| registry.close(), "shutdown"),
    ];
    for (end, word) in ends {
        let registry = registry();
        initiate(&registry, "id-1");
        let slot = std::sync::Arc::clone(&wait(&registry, "id-1").slot);
        kept(&registry, "id-1").await;
        end(&registry);
        assert!(!slot.holds_approval());
        settle().await;
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0, "and the timer is gone");
        assert_eq!(told(&registry, "id-1"), word);
    }
}

#[tokio::test(start_paused = true)]
async fn b25_a_newer_initiate_leaves_what_is_kept_where_several_may_run() {
    let registry = side_by_side();
    initiate(&registry, "id-1");
    kept(&registry, "id-1").await;
    initiate(&registry, "id-2");
    assert_eq!(told(&registry, "id-1"), "approved");
}

#[tokio::test(start_paused = true)]
async fn b25_b43_a_wait_that_leaves_without_receiving_leaves_it_for_the_next() {
    let registry = registry();
    let first = wait(&registry, "id-1");
    first.hears(approved());
    drop(first);
    advance(20).await;
    drop(wait(&registry, "id-1"));
    assert_eq!(told(&registry, "id-1"), "approved", "nobody has received it before");
}

#[test]
fn b43_outside_a_runtime_the_sweep_wipes_it() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = Asked::of(&waiting.slot, true).expect("nobody asks");
    asked.hears(approved());
    let slot = std::sync::Arc::clone(&waiting.slot);
    drop(waiting);
    assert!(slot.holds_approval());
    let over = crate::clock::later(crate::clock::now(), Duration::from_secs(301));
    assert!(!slot.forget(over), "how it ended is still told");
    assert!(!slot.holds_approval());
    assert_eq!(told(&registry, "id-1"), "approval_lost");
}

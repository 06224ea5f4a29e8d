//! What is remembered, how long, and what a call costs (B-61, F-70, F-71).

use std::sync::Arc;
use std::time::Duration;

use super::{
    Waiting, acknowledged, advance, approved, initiate, key, registry, settle, side_by_side, told, user, wait,
};
use crate::clock::{later, now};
use crate::poll::{Life, Pace};
use crate::registry::{News, Person, Registry};

fn counts(registry: &Registry) -> (usize, usize) {
    (registry.ids.len(), registry.people.len())
}

fn ids_of_the_user(registry: &Registry) -> usize {
    registry.people.with_unswept(&user(), now(), |cell| cell.get().map_or(0, Person::len))
}

#[tokio::test(start_paused = true)]
async fn b25_b61_an_id_is_forgotten_ten_minutes_behind_its_end() {
    let registry = registry();
    initiate(&registry, "id-1");
    advance(300 + 600).await;
    assert_eq!(registry.usage(), (0, 1));
    advance(1).await;
    assert_eq!((registry.usage(), counts(&registry)), ((0, 0), (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn b25_b61_an_id_of_another_process_is_kept_for_an_hour_behind_its_last_use() {
    let registry = registry();
    for _ in 0..5 {
        drop(wait(&registry, "id-1"));
        advance(3_600).await;
        assert_eq!(registry.usage(), (0, 1));
    }
    let waiting = wait(&registry, "id-1");
    advance(10_000).await;
    drop(waiting);
    advance(3_600).await;
    assert_eq!(registry.usage(), (0, 1), "also behind the end of a wait");
    advance(1).await;
    assert_eq!(registry.usage(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn b61_a_use_does_not_lengthen_what_the_server_said() {
    let registry = registry();
    initiate(&registry, "id-1");
    advance(850).await;
    drop(wait(&registry, "id-1"));
    advance(51).await;
    assert_eq!(registry.usage(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn b61_what_somebody_waits_for_is_never_forgotten() {
    let registry = registry();
    initiate(&registry, "id-1");
    let waiting = wait(&registry, "id-1");
    advance(24 * 60 * 60).await;
    assert_eq!(registry.usage(), (1, 1));
    assert_eq!(registry.cancel(&user()), 1, "and can be cancelled");
    drop(waiting);
    assert_eq!(registry.usage(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn b61_a_request_under_way_is_never_forgotten() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    drop(waiting);
    advance(24 * 60 * 60).await;
    assert_eq!(registry.usage(), (0, 1));
    asked.hears(News::Undecided);
    settle().await;
    advance(60 * 60 + 1).await;
    assert_eq!(registry.usage(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn b10_b61_what_keeps_a_floor_is_not_forgotten_before_it() {
    let registry = registry();
    let at = now();
    let over = Life::new(at, at, Duration::ZERO);
    let waiting = Waiting::joins(&registry, &user(), "id-1", Some(over)).expect("theirs");
    let floor = Duration::from_secs(5_000);
    let mut reading = None;
    let _request = waiting.slot.begin(waiting.slot.begun(), true, at, |asking| {
        reading = Some(asking);
        Box::pin(std::future::pending())
    });
    reading.expect("begun").end(at, |_, pace, _, _| {
        *pace = Pace::acknowledged(floor, at);
        News::Undecided
    });
    drop(waiting);
    advance(4_999).await;
    assert_eq!(registry.usage(), (0, 1));
    advance(1).await;
    assert_eq!(registry.usage(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn b25_a_wait_for_what_ended_long_ago_joins_and_is_told_by_its_own_clock() {
    let registry = registry();
    let life = Life::new(now(), now(), Duration::from_secs(60));
    advance(10_000).await;
    let waiting = Waiting::joins(&registry, &user(), "id-1", Some(life)).expect("theirs");
    assert_eq!(registry.usage(), (1, 1), "not forgotten under a wait");
    assert_eq!(waiting.slot.pace(|_, life| life), Some(life));
    assert_eq!(registry.cancel(&user()), 1);
}

#[tokio::test(start_paused = true)]
async fn b61_an_initiate_under_way_is_never_forgotten() {
    let registry = registry();
    let pushing = registry.initiating(user());
    advance(24 * 60 * 60).await;
    assert_eq!(registry.usage(), (0, 0));
    registry.cancel(&user());
    pushing.acknowledged(acknowledged("id-1", super::LIFE));
    assert_eq!(told(&registry, "id-1"), "requested");
    assert_eq!(registry.initiates.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn b61_f53_a_flood_leaves_nothing_behind_and_is_swept_by_use() {
    let registry = registry();
    let flood = |name: &str, number: usize| {
        for n in 0..number {
            let email = key(&format!("user{n}@{name}.example"));
            drop(Waiting::joins(&registry, &email, &format!("id-{name}-{n}"), None));
        }
    };
    flood("flood", 20_000);
    assert_eq!(counts(&registry), (20_000, 20_000));
    advance(3_601).await;
    flood("later", 10_000);
    assert_eq!(
        counts(&registry),
        (10_000, 10_000),
        "swept by the calls, without being asked how many there are"
    );
    advance(3_601).await;
    for _ in 0..20 {
        let _ = registry.usage();
    }
    assert_eq!(counts(&registry), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn b61_f70_many_ids_of_one_email_are_forgotten_one_by_one() {
    let registry = side_by_side();
    for n in 0..200 {
        initiate(&registry, &format!("id-{n}"));
        advance(10).await;
    }
    assert_eq!(registry.usage(), (0, 90));
    assert!(ids_of_the_user(&registry) < 110, "and the person lets go of them");
    advance(901).await;
    for _ in 0..20 {
        let _ = registry.usage();
    }
    assert_eq!((registry.usage(), counts(&registry)), ((0, 0), (0, 0)));
}

/// For how many further ids a person keeps room, before and after all but so many are forgotten.
async fn room_behind_a_crowd(stay: usize, go: usize) -> (usize, usize) {
    let registry = side_by_side();
    registry.initiating(user()).acknowledged(acknowledged("first", Duration::from_secs(86_400)));
    for n in 0..stay {
        registry.initiating(user()).acknowledged(acknowledged(&format!("{n}"), Duration::from_secs(86_400)));
    }
    for n in 0..go {
        initiate(&registry, &format!("over-{n}"));
    }
    let room = || registry.people.with_unswept(&user(), now(), |cell| cell.get().map_or(0, Person::room));
    let before = room();
    advance(901).await;
    let after = (0..64).fold(0, |_, _| room());
    assert_eq!(ids_of_the_user(&registry), stay.saturating_add(1));
    (before, after)
}

#[tokio::test(start_paused = true)]
async fn b61_f70_the_room_of_a_crowd_of_ids_is_given_back_where_less_than_a_quarter_is_used() {
    assert_eq!(room_behind_a_crowd(40, 88).await, (128, 128));
    assert_eq!(room_behind_a_crowd(32, 96).await, (128, 128));
    assert_eq!(room_behind_a_crowd(31, 97).await, (128, 62));
    let (before, after) = room_behind_a_crowd(3, 125).await;
    assert!(before == 128 && after <= 16, "{after}");
    assert_eq!(room_behind_a_crowd(3, 13).await, (16, 16), "little room is not worth it");
    assert_eq!(room_behind_a_crowd(0, 128).await, (128, 0));
}

/// How often the lock of a slot is taken for one more id of a person who has so many.
fn locks_for_one_more(ids: usize) -> [usize; 4] {
    let registry = side_by_side();
    for n in 0..ids {
        initiate(&registry, &format!("id-{n}"));
    }
    let locks = |act: &dyn Fn()| {
        let before = crate::sync::locks();
        act();
        crate::sync::locks().saturating_sub(before)
    };
    [
        locks(&|| drop(wait(&registry, "id-7"))),
        locks(&|| drop(wait(&registry, "id-of-another-process"))),
        locks(&|| initiate(&registry, "one-more")),
        locks(&|| registry.people.tidy(now())),
    ]
}

#[tokio::test(start_paused = true)]
async fn f70_one_more_id_of_a_person_costs_the_same_beside_any_number() {
    let (few, many) = (locks_for_one_more(1_000), locks_for_one_more(10_000));
    for (few, many) in few.into_iter().zip(many) {
        assert!(many < 200 && many <= few + 100, "{few} locks beside 1,000 ids, {many} beside 10,000");
    }
}

#[tokio::test(start_paused = true)]
async fn f70_an_old_id_that_lives_on_does_not_make_the_newer_ones_dear() {
    let registry = side_by_side();
    registry.initiating(user()).acknowledged(acknowledged("oldest", Duration::from_secs(86_400)));
    for n in 0..10_000 {
        registry.initiating(user()).acknowledged(acknowledged(&format!("id-{n}"), Duration::from_secs(1)));
    }
    advance(700).await;
    for n in 0..3_000 {
        let before = crate::sync::locks();
        initiate(&registry, &format!("newer-{n}"));
        let locks = crate::sync::locks().saturating_sub(before);
        assert!(locks < 200, "{locks} locks");
    }
    let held = ids_of_the_user(&registry);
    assert!(held < 3_100, "{held} ids are held of 3,001");
    assert_eq!(registry.cancel(&user()), 0);
    assert_eq!(told(&registry, "oldest"), "requested");
}

#[tokio::test(start_paused = true)]
async fn f71_usage_counts_and_walks_nothing() {
    let registry = side_by_side();
    let waits: Vec<_> = (0..100_000).map(|n| wait(&registry, &format!("id-{n}"))).collect();
    let before = crate::sync::locks();
    assert_eq!(registry.usage(), (100_000, 100_000));
    let locks = crate::sync::locks().saturating_sub(before);
    assert!(locks <= 64 * 64 + 16, "{locks} locks");
    drop(waits);
    assert_eq!(registry.usage().0, 0);
}

#[tokio::test(start_paused = true)]
async fn f71_live_polls_are_ids_that_somebody_waits_for() {
    let registry = registry();
    let (mut first, second) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    assert_eq!(registry.usage(), (1, 1));
    first.hears(approved());
    drop(second);
    assert_eq!(registry.usage(), (1, 1), "it has not received yet");
    assert_eq!(first.told(), "approved");
    assert_eq!(registry.usage(), (0, 1));
    let refused = Waiting::joins(&registry, &key("other@example.com"), "id-1", None);
    assert!(refused.is_err() && registry.usage() == (0, 1));
}

#[tokio::test(start_paused = true)]
async fn b61_a_slot_is_freed_with_the_last_who_knows_it() {
    let registry = registry();
    initiate(&registry, "id-1");
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    let slot = Arc::downgrade(&waiting.slot);
    drop(waiting);
    asked.hears(approved());
    settle().await;
    tokio::time::sleep(later(now(), Duration::from_secs(901)) - now()).await;
    settle().await;
    let _ = registry.usage();
    assert!(slot.upgrade().is_none(), "no circle of slot and request is left");
}

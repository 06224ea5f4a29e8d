use std::time::Duration;

use super::{acknowledged, approved, denied, initiate, key, registry, side_by_side, told, user, wait};
use crate::clock::now;
use crate::poll::Life;

#[tokio::test]
async fn b32_c10_a_successful_initiate_ends_the_older_approval_for_good() {
    let registry = registry();
    initiate(&registry, "id-1");
    let mut older = wait(&registry, "id-1");
    let asked = older.asks().expect("nobody asks");
    initiate(&registry, "id-2");
    assert!(older.is_told() && asked.drive().is_ready(), "its request is dropped");
    assert_eq!([older.told(), told(&registry, "id-1")], ["superseded"; 2]);
    assert!(wait(&registry, "id-2").goes_on());
}

#[tokio::test]
async fn b32_a_failed_initiate_leaves_the_older_approval_alone() {
    let registry = registry();
    let mut older = wait(&registry, "id-1");
    drop(registry.initiating(user()));
    assert!(older.goes_on() && !older.is_told());
    older.hears(approved());
    assert_eq!(older.told(), "approved");
    drop(registry.initiating(key("nobody@example.com")));
    assert_eq!(registry.usage(), (0, 1), "a failed one is not remembered");
    assert_eq!(registry.initiates.len(), 0);
}

#[tokio::test]
async fn b32_an_initiate_touches_nobody_else() {
    let registry = registry();
    let other = super::Waiting::joins(&registry, &key("other@example.com"), "id-1", None).expect("theirs");
    initiate(&registry, "id-2");
    assert!(other.goes_on());
}

#[tokio::test]
async fn b32_several_run_side_by_side_where_the_builder_allows_it() {
    let registry = side_by_side();
    initiate(&registry, "id-1");
    let mut older = wait(&registry, "id-1");
    initiate(&registry, "id-2");
    let mut newer = wait(&registry, "id-2");
    assert!(older.goes_on() && newer.goes_on());
    older.hears(denied());
    newer.hears(approved());
    assert_eq!([older.told(), newer.told()], ["access_denied", "approved"]);
}

#[tokio::test]
async fn b32_ids_of_another_process_are_ended_by_an_initiate_too() {
    let registry = registry();
    let mut elsewhere = wait(&registry, "id-of-another-process");
    initiate(&registry, "id-1");
    assert_eq!(elsewhere.told(), "superseded");
}

#[tokio::test]
async fn b41_a_cancel_while_the_initiate_runs_is_not_lost() {
    for registry in [registry(), side_by_side()] {
        let pushing = registry.initiating(user());
        assert_eq!(registry.cancel(&user()), 0);
        pushing.acknowledged(acknowledged("id-1", super::LIFE));
        let mut waiting = wait(&registry, "id-1");
        assert!(waiting.asks().is_none());
        assert_eq!(waiting.told(), "requested");
    }
}

#[tokio::test]
async fn b41_a_cancel_before_an_initiate_began_does_not_reach_it() {
    let registry = registry();
    registry.cancel(&user());
    initiate(&registry, "id-1");
    assert!(wait(&registry, "id-1").goes_on());

    let first = registry.initiating(user());
    registry.cancel(&user());
    let second = registry.initiating(user());
    second.acknowledged(acknowledged("id-2", super::LIFE));
    assert!(wait(&registry, "id-2").goes_on(), "it began behind the cancel");
    first.acknowledged(acknowledged("id-3", super::LIFE));
    assert_eq!(told(&registry, "id-3"), "requested");
}

#[tokio::test]
async fn b41_the_count_of_cancels_begins_anew_and_outlives_a_failed_initiate() {
    let registry = registry();
    let first = registry.initiating(user());
    let second = registry.initiating(user());
    drop(first);
    registry.cancel(&user());
    second.acknowledged(acknowledged("id-1", super::LIFE));
    assert_eq!(told(&registry, "id-1"), "requested");
    initiate(&registry, "id-2");
    assert!(wait(&registry, "id-2").goes_on());
}

#[tokio::test]
async fn b12_the_pace_begins_with_the_acknowledgement() {
    let registry = registry();
    initiate(&registry, "id-1");
    let initiated = wait(&registry, "id-1");
    assert!(initiated.slot.pace(|pace, life| pace.rests(now()) && pace.answered() && life.is_some()));
    let elsewhere = wait(&registry, "id-of-another-process");
    assert!(elsewhere.slot.pace(|pace, life| !pace.rests(now()) && !pace.answered() && life.is_none()));
}

#[tokio::test]
async fn b14_how_long_the_push_took_is_known() {
    let registry = registry();
    let sent = now();
    let at = sent + Duration::from_secs(3);
    let life = Life::new(sent, at, Duration::from_secs(60));
    registry.initiating(user()).acknowledged(super::Acknowledged {
        life,
        at,
        ..acknowledged("id-1", super::LIFE)
    });
    let known = wait(&registry, "id-1").slot.pace(|_, life| life).expect("a life");
    assert_eq!(
        (known.end() - sent, known.earliest_end() - sent),
        (Duration::from_secs(63), Duration::from_secs(60))
    );
}

#[tokio::test]
async fn b32_a_server_that_repeats_an_id_gets_a_record_afresh() {
    for registry in [registry(), side_by_side()] {
        initiate(&registry, "id-1");
        let mut older = wait(&registry, "id-1");
        initiate(&registry, "id-1");
        assert_eq!(older.told(), "superseded");
        assert!(wait(&registry, "id-1").goes_on());
        assert_eq!(registry.usage(), (0, 1));
    }
}

#[tokio::test]
async fn b35_an_id_that_is_repeated_for_somebody_else_is_theirs() {
    let registry = registry();
    initiate(&registry, "id-1");
    let mut older = wait(&registry, "id-1");
    let other = key("other@example.com");
    registry.initiating(other.clone()).acknowledged(acknowledged("id-1", super::LIFE));
    assert_eq!(older.told(), "superseded");
    assert!(super::Waiting::joins(&registry, &user(), "id-1", None).is_err());
    let theirs = super::Waiting::joins(&registry, &other, "id-1", None).expect("theirs");
    assert_eq!(registry.cancel(&user()), 0);
    assert!(theirs.goes_on());
}

#[tokio::test]
async fn section_2_2_the_resource_of_the_initiate_stays_with_the_id() {
    let registry = registry();
    let said = super::Said { resource: Some("https://api.example".into()), ..super::Said::default() };
    registry
        .initiating(user())
        .acknowledged(super::Acknowledged { said, ..acknowledged("id-1", super::LIFE) });
    assert_eq!(wait(&registry, "id-1").slot.resource().as_deref(), Some("https://api.example"));
    assert_eq!(wait(&registry, "id-2").slot.resource(), None);
}

use std::time::Duration;

use super::{ack, claim, id, initiate, is_stopped, key, registry, side_by_side, user};
use crate::clock::now;
use crate::outcome::CancelReason;

#[tokio::test]
async fn b32_c10_a_successful_initiate_ends_the_older_poll_for_good() {
    let registry = registry();
    initiate(&registry, "id-1");
    let older = claim(&registry, "id-1");
    initiate(&registry, "id-2");
    assert!(is_stopped(&older).await);
    assert_eq!(older.commit(), Err(CancelReason::Superseded));
    assert_eq!(
        claim(&registry, "id-1").commit(),
        Err(CancelReason::Superseded),
        "its late approval is ignored"
    );
    assert_eq!(claim(&registry, "id-2").commit(), Ok(()));
}

#[tokio::test]
async fn b32_a_failed_initiate_leaves_the_older_poll_alone() {
    let registry = registry();
    let older = claim(&registry, "id-1");
    drop(registry.initiating(user()));
    assert!(older.is_live() && !is_stopped(&older).await);
    assert_eq!(older.commit(), Ok(()));
    drop(registry.initiating(key("nobody@example.com")));
    assert_eq!(registry.usage(), (0, 1), "a failed one is not remembered");
}

#[tokio::test]
async fn b32_an_initiate_touches_nobody_else() {
    let registry = registry();
    let other = registry.claim(&key("other@example.com"), &id("id-1"), None);
    initiate(&registry, "id-1");
    assert!(other.is_live());
}

#[tokio::test]
async fn b32_several_run_side_by_side_where_the_builder_allows_it() {
    let registry = side_by_side();
    initiate(&registry, "id-1");
    let older = claim(&registry, "id-1");
    initiate(&registry, "id-2");
    let newer = claim(&registry, "id-2");
    assert!(older.is_live() && newer.is_live());
    assert_eq!((older.commit(), newer.commit()), (Ok(()), Ok(())));
}

#[tokio::test]
async fn b41_a_cancel_while_an_initiate_is_under_way_is_not_lost() {
    for registry in [registry(), side_by_side()] {
        let pushing = registry.initiating(user());
        assert_eq!(registry.cancel(&user()), 0);
        pushing.acknowledged(&ack("id-1"), None, crate::trace::FlowId::random());
        assert_eq!(claim(&registry, "id-1").commit(), Err(CancelReason::Requested));
    }
}

#[tokio::test]
async fn b41_a_cancel_before_an_initiate_began_does_not_reach_it() {
    let registry = registry();
    registry.cancel(&user());
    initiate(&registry, "id-1");
    assert!(claim(&registry, "id-1").is_live());

    let first = registry.initiating(user());
    registry.cancel(&user());
    let second = registry.initiating(user());
    second.acknowledged(&ack("id-2"), None, crate::trace::FlowId::random());
    let polling = claim(&registry, "id-2");
    assert!(polling.is_live(), "it began behind the cancel");
    first.acknowledged(&ack("id-3"), None, crate::trace::FlowId::random());
    assert_eq!(claim(&registry, "id-3").commit(), Err(CancelReason::Requested));
}

#[tokio::test]
async fn b41_the_count_of_cancels_begins_anew_and_outlives_a_failed_initiate() {
    let registry = registry();
    let first = registry.initiating(user());
    let second = registry.initiating(user());
    drop(first);
    registry.cancel(&user());
    second.acknowledged(&ack("id-1"), None, crate::trace::FlowId::random());
    assert_eq!(claim(&registry, "id-1").commit(), Err(CancelReason::Requested));
    initiate(&registry, "id-2");
    assert!(claim(&registry, "id-2").is_live());
}

#[tokio::test]
async fn b12_the_pace_begins_with_the_acknowledgement() {
    let registry = registry();
    initiate(&registry, "id-1");
    let claim = claim(&registry, "id-1");
    let floor = claim.slot().pace(|pace| pace.floor(None, Duration::from_secs(1)));
    assert_eq!(floor, Duration::from_secs(5));
    let allowed = claim.slot().pace(|pace| pace.allowed_at(floor)).expect("an instant");
    assert!(allowed > now() && allowed <= now() + floor);
    assert!(claim.slot().expires().is_some());
    let elsewhere = super::claim(&registry, "id-of-another-process");
    assert_eq!(elsewhere.slot().pace(|pace| pace.allowed_at(floor)), None, "at once");
    assert_eq!(elsewhere.slot().expires(), None);
}

#[tokio::test]
async fn b32_a_server_that_repeats_an_id_gets_a_record_afresh() {
    for registry in [registry(), side_by_side()] {
        initiate(&registry, "id-1");
        let older = claim(&registry, "id-1");
        initiate(&registry, "id-1");
        assert_eq!(older.commit(), Err(CancelReason::Superseded));
        assert_eq!((claim(&registry, "id-1").commit(), registry.usage()), (Ok(()), (0, 1)));
    }
}

#[tokio::test]
async fn section_2_2_the_resource_of_the_initiate_stays_with_the_id() {
    let registry = registry();
    registry.initiating(user()).acknowledged(
        &ack("id-1"),
        Some("https://api.example"),
        crate::trace::FlowId::random(),
    );
    let claim = registry.claim(&user(), &id("id-1"), None);
    assert_eq!(claim.slot().resource(), Some("https://api.example"));
    let elsewhere = registry.claim(&user(), &id("id-2"), Some("https://two.example"));
    assert_eq!(elsewhere.slot().resource(), Some("https://two.example"));
}

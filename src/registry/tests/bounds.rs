use super::{advance, claim, id, initiate, key, registry, side_by_side, user};
use crate::registry::Registry;

/// How many emails are really in memory, without the clean-up that `usage` does.
fn people(registry: &Registry) -> usize {
    registry.shards.iter().map(|shard| crate::sync::lock(shard).number_of_people()).sum()
}

#[tokio::test(start_paused = true)]
async fn b61_an_id_is_forgotten_when_it_expires() {
    let registry = registry();
    initiate(&registry, "id-1");
    advance(300).await;
    assert_eq!(registry.usage(), (0, 1), "still valid in its last second");
    advance(1).await;
    assert_eq!((registry.usage(), people(&registry)), ((0, 0), 0));
}

#[tokio::test(start_paused = true)]
async fn b61_an_id_of_another_process_is_kept_while_it_is_used() {
    let registry = registry();
    for _ in 0..5 {
        drop(claim(&registry, "id-1"));
        advance(299).await;
        assert_eq!(registry.usage(), (0, 1));
    }
    advance(2).await;
    assert_eq!(registry.usage(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn b61_a_use_does_not_lengthen_what_the_server_said() {
    let registry = registry();
    initiate(&registry, "id-1");
    advance(250).await;
    drop(claim(&registry, "id-1"));
    advance(51).await;
    assert_eq!(registry.usage(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn b61_a_live_poll_is_never_forgotten() {
    let registry = registry();
    initiate(&registry, "id-1");
    let polling = claim(&registry, "id-1");
    advance(24 * 60 * 60).await;
    assert_eq!(registry.usage(), (1, 1));
    assert_eq!(registry.cancel(&user()), 1, "and can be cancelled");
    drop(polling);
    assert_eq!(registry.usage(), (0, 0), "a slot dies with its poll");
}

#[tokio::test(start_paused = true)]
async fn b61_an_initiate_under_way_is_never_forgotten() {
    let registry = registry();
    let pushing = registry.initiating(user());
    advance(24 * 60 * 60).await;
    assert_eq!(registry.usage(), (0, 0));
    registry.cancel(&user());
    pushing.acknowledged(&super::ack("id-1"), None, crate::trace::FlowId::random());
    assert!(!claim(&registry, "id-1").is_live());
}

#[tokio::test(start_paused = true)]
async fn b61_c32_a_flood_leaves_nothing_behind_and_is_swept_by_use() {
    let registry = registry();
    for n in 0..20_000 {
        drop(registry.claim(&key(&format!("user{n}@flood.example")), &id("id-1"), None));
    }
    assert_eq!(people(&registry), 20_000);
    advance(301).await;
    for n in 0..2_000 {
        drop(registry.claim(&key(&format!("later{n}@example.com")), &id("id-1"), None));
    }
    assert_eq!(people(&registry), 2_000, "swept by the claims, without being asked how many there are");
    advance(301).await;
    assert_eq!((registry.usage(), people(&registry)), ((0, 0), 0));
}

#[tokio::test(start_paused = true)]
async fn b61_many_ids_of_one_email_are_forgotten_one_by_one() {
    let registry = side_by_side();
    for n in 0..100 {
        initiate(&registry, &format!("id-{n}"));
        advance(10).await;
    }
    assert_eq!(registry.usage(), (0, 30));
}

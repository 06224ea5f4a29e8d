use super::{Look, claim, id, initiate, is_stopped, key, registry, side_by_side, user};
use crate::outcome::CancelReason;

#[tokio::test]
async fn b40_a_cancel_stops_the_poll_and_tells_it_at_once() {
    let registry = registry();
    let claim = claim(&registry, "id-1");
    assert!(claim.is_live() && !is_stopped(&claim).await);
    assert_eq!(registry.cancel(&user()), 1);
    assert!(!claim.is_live() && is_stopped(&claim).await);
    assert_eq!(claim.commit(), Err(CancelReason::Requested));
}

#[tokio::test]
async fn b40_c6_a_cancel_is_safe_twice_and_when_nothing_runs() {
    let registry = registry();
    assert_eq!(registry.cancel(&user()), 0);
    assert_eq!(registry.usage(), (0, 0), "a cancel of an unknown email leaves nothing behind");
    let claim = claim(&registry, "id-1");
    assert_eq!([registry.cancel(&user()), registry.cancel(&user())], [1, 0]);
    assert_eq!(claim.commit(), Err(CancelReason::Requested));
    assert_eq!(registry.cancel(&user()), 0);
}

#[tokio::test]
async fn b41_c3_a_cancel_between_initiate_and_poll_is_not_lost() {
    let registry = registry();
    initiate(&registry, "id-1");
    assert_eq!(registry.cancel(&user()), 0, "no poll runs yet");
    let claim = claim(&registry, "id-1");
    assert!(!claim.is_live() && is_stopped(&claim).await);
    assert_eq!(claim.commit(), Err(CancelReason::Requested));
}

#[tokio::test]
async fn b41_a_cancelled_id_stays_cancelled_and_a_new_one_is_not() {
    let registry = registry();
    initiate(&registry, "id-1");
    drop(claim(&registry, "id-1"));
    registry.cancel(&user());
    for _ in 0..3 {
        assert_eq!(claim(&registry, "id-1").commit(), Err(CancelReason::Requested));
    }
    initiate(&registry, "id-2");
    assert_eq!(claim(&registry, "id-2").commit(), Ok(()));
    assert_eq!(claim(&registry, "id-3").commit(), Ok(()), "an id of another process, never cancelled");
}

#[tokio::test]
async fn b42_cancel_wins_until_the_commit_and_not_behind_it() {
    let registry = registry();
    let late = claim(&registry, "id-1");
    registry.cancel(&user());
    assert_eq!(late.commit(), Err(CancelReason::Requested));
    let early = claim(&registry, "id-2");
    assert_eq!(early.commit(), Ok(()));
    assert_eq!(registry.cancel(&user()), 0, "it had already ended: nothing was stopped");
}

#[tokio::test]
async fn b43_a_dropped_claim_is_no_live_slot() {
    let registry = registry();
    let claimed = claim(&registry, "id-1");
    assert_eq!(registry.usage(), (1, 1));
    drop(claimed);
    assert_eq!(registry.usage(), (0, 1), "the floor of the id is still remembered");
    assert!(claim(&registry, "id-1").is_live(), "and it can be polled again");
}

#[tokio::test]
async fn c7_a_cancel_touches_nobody_else() {
    let registry = registry();
    let mine = claim(&registry, "id-1");
    let others: Vec<_> =
        (0..200).map(|n| registry.claim(&key(&format!("user{n}@example.com")), &id("id-1"), None)).collect();
    assert_eq!(registry.cancel(&user()), 1);
    assert!(!mine.is_live());
    assert!(others.iter().all(super::Claim::is_live), "the same id under another email, too");
    assert_eq!(registry.cancel(&key("USER7@example.com")), 1, "another letter case is the same person");
    assert_eq!(others.iter().filter(|claim| !claim.is_live()).count(), 1);
}

#[tokio::test]
async fn b32_a_cancel_stops_all_that_run_side_by_side() {
    let registry = side_by_side();
    let claims = ["id-1", "id-2", "id-3"].map(|id| claim(&registry, id));
    assert!(claims.iter().all(super::Claim::is_live));
    assert_eq!(registry.cancel(&user()), 3);
    for claim in claims {
        assert_eq!(claim.commit(), Err(CancelReason::Requested));
    }
}

#[tokio::test]
async fn b13_a_second_poll_takes_over_and_keeps_the_floor() {
    let registry = registry();
    initiate(&registry, "id-1");
    let first = claim(&registry, "id-1");
    let floor = std::time::Duration::from_secs(35);
    first.slot().pace(|pace| pace.slow_down(std::time::Duration::from_secs(30), None));
    let second = claim(&registry, "id-1");
    assert!(is_stopped(&first).await && !is_stopped(&second).await);
    assert_eq!(second.slot().pace(|pace| pace.floor(None, std::time::Duration::from_secs(1))), floor);
    assert_eq!(first.commit(), Err(CancelReason::Superseded));
    assert!(second.is_live(), "the end of the first one frees nothing of the second");
    assert_eq!(second.commit(), Ok(()));
}

#[tokio::test]
async fn b13_a_late_drop_of_the_first_leaves_the_second_alone() {
    let registry = registry();
    let first = claim(&registry, "id-1");
    let second = claim(&registry, "id-1");
    drop(first);
    assert_eq!((second.is_live(), registry.usage()), (true, (1, 1)));
    second.slot().stop_generation(second.generation() - 1, CancelReason::Requested);
    assert!(second.is_live(), "a cancel of the first handle is not one of the second");
    assert_eq!(second.commit(), Ok(()));
}

#[tokio::test]
async fn c2_a_newer_id_takes_over_and_the_older_can_be_polled_again() {
    let registry = registry();
    let older = claim(&registry, "id-1");
    let newer = claim(&registry, "id-2");
    assert!(is_stopped(&older).await && newer.is_live());
    assert_eq!(older.commit(), Err(CancelReason::Superseded));
    let again = claim(&registry, "id-1");
    assert!(again.is_live());
    assert_eq!(newer.commit(), Err(CancelReason::Superseded));
}

#[tokio::test]
async fn b13_never_two_requests_of_one_id() {
    let registry = registry();
    let first = claim(&registry, "id-1");
    let asking = first.slot().ask(crate::clock::now()).expect("the first request");
    let second = claim(&registry, "id-1");
    assert!(second.slot().ask(crate::clock::now()).is_none(), "the first one is still on the wire");
    assert!(matches!(registry.look(&user(), &id("id-1"), None), Look::Held(_)));
    drop(asking);
    let again = second.slot().ask(crate::clock::now()).expect("the wire is free");
    assert!(again.answer_was_lost(), "what came of the first was never heard");
}

#[tokio::test]
async fn b12_a_single_look_disturbs_nobody() {
    let registry = registry();
    let polling = claim(&registry, "id-1");
    assert!(matches!(registry.look(&user(), &id("id-1"), None), Look::Held(_)));
    match registry.look(&user(), &id("id-2"), None) {
        Look::Free(look) => assert_eq!(look.commit(), Ok(())),
        Look::Held(_) => panic!("nobody holds it"),
    }
    assert!(polling.is_live());
}

#[tokio::test]
async fn b43_a_close_ends_everything_for_good() {
    let registry = registry();
    initiate(&registry, "id-1");
    let polling = claim(&registry, "id-1");
    let pushing = registry.initiating(key("b@example.com"));
    registry.close();
    assert!(registry.is_closed() && is_stopped(&polling).await);
    assert_eq!(polling.commit(), Err(CancelReason::Shutdown));
    assert_eq!(claim(&registry, "id-9").commit(), Err(CancelReason::Shutdown));
    pushing.acknowledged(&super::ack("id-2"), None, crate::trace::FlowId::random());
    let late = registry.claim(&key("b@example.com"), &id("id-2"), None);
    assert_eq!(late.commit(), Err(CancelReason::Shutdown));
    assert_eq!(registry.cancel(&user()), 0);
}

use std::time::Duration;

use super::*;

fn slot() -> Arc<Slot> {
    let email = Email::new("user@example.com").expect("valid");
    let id = AuthReqId::new("an-id").expect("valid");
    let life = Life::new(now(), now(), Duration::from_secs(300));
    let pace = Pace::acknowledged(Duration::from_secs(5), now());
    Slot::new(email.key(), id, FlowId::random(), super::Said::default(), pace, Some(life), now())
}

/// Begins a request that ends at once, still undecided.
fn asks(slot: &Arc<Slot>, begun: u32) -> bool {
    slot.begin(begun, true, now(), |asking| {
        Box::pin(async move { drop(asking.end(now(), |_, _, _, _| crate::registry::News::Undecided)) })
    })
    .map(|(request, _)| {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(request.drive(&mut crate::registry::Companion::default(), &mut cx).is_ready());
    })
    .is_some()
}

/// B-10, B-13: two waits on two threads are due at the same instant. One asks and is answered before the other, which has seen
/// that nobody asks, gets to it.
#[tokio::test(start_paused = true)]
async fn b13_who_saw_the_id_before_another_was_answered_does_not_ask() {
    let slot = slot();
    let joined = slot.join(now()).expect("not forgotten");
    let sees = || slot.see(joined.member.failures, |view| (view.under_way, view.begun)).expect("not ended").0;
    let (first, second) = (sees(), sees());
    assert_eq!((first, second), ((UnderWay::Nothing, 0), (UnderWay::Nothing, 0)));
    assert!(asks(&slot, first.1));
    assert_eq!(sees(), (UnderWay::Nothing, 1), "answered: nobody asks");
    assert!(!asks(&slot, second.1), "the floor has begun anew since");
    assert!(asks(&slot, sees().1), "and whoever looks again decides by that");
}

/// What a start at an OpenID provider says of its id stands behind one pointer, which an id of another process lacks: with its
/// counts the block is of 192 bytes, as for AuthSec's.
#[test]
fn o55_b80_a_slot_does_not_grow_with_what_a_start_says() {
    let bytes = size_of::<Slot>();
    assert!(bytes <= 176, "{bytes} bytes");
}

//! Acknowledgements that come beside each other, a cancel or a token (B-32, B-41).

use loom::thread;

use super::{World, acknowledged, check, drive, join};

/// B-41, B-32: the cancel came between initiate and wait, so it stops the wait that follows, and the older one ends too.
#[test]
fn b41_b32_an_acknowledgement_against_a_cancel() {
    check(|| {
        let world = World::new();
        let mut older = world.wait("a");
        let initiating = world.initiating();
        let acknowledging = world.spawn(move |_| initiating.acknowledged(acknowledged("b")));
        let _ = world.cancel();
        join(acknowledging);
        assert!(matches!(older.told(), "requested" | "superseded"));
        assert_eq!((world.told("b"), world.live()), ("requested", 0));
        assert_eq!(world.registry.initiates.len(), 0);
    });
}

/// B-32: of two acknowledgements of one person the newer initiate's approval is left, whichever comes first.
#[test]
fn b32_two_acknowledgements_of_one_person() {
    check(|| {
        let world = World::new();
        let (older, newer) = (world.initiating(), world.initiating());
        let other = thread::spawn(move || older.acknowledged(acknowledged("older")));
        newer.acknowledged(acknowledged("newer"));
        join(other);
        assert_eq!([world.told("older"), world.told("newer")], ["superseded", "nothing"]);
    });
}

/// B-32: an approval that arrives beside a newer initiate comes out, or is superseded; never behind it.
#[test]
fn b32_a_newer_initiate_against_an_arriving_token() {
    check(|| {
        let world = World::new();
        let mut older = world.wait("a");
        let request = older.asks().expect("nobody asks");
        let initiating = world.spawn(|world| world.initiate("b"));
        drive(&request);
        assert!(matches!(older.told(), "approved" | "superseded"));
        join(initiating);
        assert_eq!([world.told("a"), world.told("b")], ["superseded", "nothing"]);
    });
}

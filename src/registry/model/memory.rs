//! What is remembered while somebody forgets (B-13, B-61).

use std::sync::Arc;
use std::time::Duration;

use super::{World, check, join};
use crate::clock::{later, now};

/// B-61: a record is never forgotten under a wait that has just joined: a cancel still finds it.
#[test]
fn b61_forgetting_against_a_join() {
    check(|| {
        let world = World::new();
        drop(world.wait("a"));
        let sweeping = world.spawn(|world| world.sweep());
        let mut waiting = world.wait("a");
        join(sweeping);
        assert_eq!(world.cancel(), 1, "a wait that no cancel can find");
        assert_eq!((waiting.told(), world.live()), ("requested", 0));
    });
}

/// B-61: a person is never forgotten whose next id has just been heard of.
#[test]
fn b61_forgetting_a_person_against_a_new_id() {
    check(|| {
        let world = World::new();
        drop(world.wait("a"));
        let sweeping =
            world.spawn(|world| world.registry.people.tidy(later(now(), Duration::from_secs(86_400))));
        let mut waiting = world.wait("b");
        join(sweeping);
        assert_eq!(world.cancel(), 1, "a wait that no cancel can find");
        assert_eq!(waiting.told(), "requested");
    });
}

/// B-61, B-42: two waits that make the record at once share it.
#[test]
fn b13_two_joins_of_an_id_that_nobody_has_heard_of() {
    check(|| {
        let world = World::new();
        let joining = world.spawn(|world| world.wait("a"));
        let first = world.wait("a");
        let second = join(joining);
        assert!(Arc::ptr_eq(&first.slot, &second.slot) && first.joined.first != second.joined.first);
        assert_eq!((world.live(), world.cancel()), (1, 1));
    });
}

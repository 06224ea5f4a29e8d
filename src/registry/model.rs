//! Every interleaving of claim, cancel, takeover, commit and drop, by loom: `tests/model/run`.
//!
//! A poll is modelled as its claim, the arrival of its token, and its commit; loom decides where the others come
//! between. `CancellationToken` is not modelled: that it is set is never enough, the commit asks the slot again.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::thread;

use super::{Claim, Registry};
use crate::clock::{later, now};
use crate::outcome::CancelReason::{self, Requested, Shutdown, Superseded};
use crate::types::{AuthReqId, Email, EmailKey};
use crate::wire::Acknowledgement;

/// A registry, and the one person whom everybody here waits for.
#[derive(Clone)]
struct World {
    registry: Arc<Registry>,
    key: EmailKey,
}

impl World {
    fn new() -> Self {
        let key = Email::new("user@example.com").expect("an address").key();
        Self { registry: Arc::new(Registry::new(false)), key }
    }

    fn poll(&self, id: &str) -> Claim {
        self.registry.claim(&self.key, &AuthReqId::new(id).expect("an id"), None)
    }

    fn cancel(&self) -> usize {
        self.registry.cancel(&self.key)
    }

    fn live(&self) -> usize {
        self.registry.usage().0
    }

    fn spawn<T: 'static>(&self, work: impl FnOnce(Self) -> T + 'static) -> thread::JoinHandle<T> {
        let world = self.clone();
        thread::spawn(move || work(world))
    }
}

fn ack(id: &str, expires_in: Duration) -> Acknowledgement {
    let auth_req_id = AuthReqId::new(id).expect("an id");
    Acknowledgement { auth_req_id, expires_in, interval: Duration::from_millis(1) }
}

/// Whether the poll has been woken to see that it was stopped.
fn is_woken(claim: &Claim) -> bool {
    pin!(claim.stopped()).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

/// B-42: a cancel has stopped a poll if and only if no approval comes out of it; and the id stays cancelled.
#[test]
fn b42_cancel_against_an_arriving_token() {
    loom::model(|| {
        let world = World::new();
        let poll = world.poll("a");
        let cancelling = world.spawn(|world| world.cancel());
        let committed = poll.commit();
        let stopped = cancelling.join().expect("no panic");
        match committed {
            Ok(()) => assert_eq!(stopped, 0, "an approval came out of a poll that was stopped"),
            Err(reason) => assert_eq!((stopped, reason), (1, Requested)),
        }
        assert_eq!(world.poll("a").commit(), Err(Requested), "the id may be polled again");
        assert_eq!(world.live(), 0);
    });
}

/// B-42, as the caller sees it: what is committed after a cancel has returned is never an approval.
#[test]
fn b42_nothing_comes_out_after_a_cancel_has_returned() {
    loom::model(|| {
        let world = World::new();
        let poll = world.poll("a");
        let returned = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let cancelling = world.spawn({
            let returned = Arc::clone(&returned);
            move |world| {
                let _ = world.cancel();
                returned.store(true, Ordering::Release);
            }
        });
        let too_late = returned.load(Ordering::Acquire);
        assert!(!too_late || is_woken(&poll), "stopped, and left asleep");
        let committed = poll.commit();
        assert!(!(too_late && committed.is_ok()));
        cancelling.join().expect("no panic");
    });
}

/// B-41: a cancel that runs beside a claim either stops it or comes too early to know the id.
#[test]
fn b41_cancel_against_a_claim() {
    loom::model(|| {
        let world = World::new();
        let cancelling = world.spawn(|world| world.cancel());
        let committed = world.poll("a").commit();
        let stopped = cancelling.join().expect("no panic");
        match committed {
            Ok(()) => assert_eq!(stopped, 0),
            Err(reason) => assert_eq!((stopped, reason), (1, Requested)),
        }
    });
}

/// B-32: whatever the order, one cancel stops exactly one poll: the older or the newer.
#[test]
fn b32_supersede_against_cancel() {
    loom::model(|| {
        let world = World::new();
        let older = world.poll("a");
        let newer = world.spawn(|world| world.poll("b").commit());
        let stopped = world.cancel();
        let newer = newer.join().expect("no panic");
        match (older.commit(), newer) {
            // The cancel came first: the newer poll did not yet run. Or last: it had already brought home its answer.
            (Err(Requested), Ok(())) => assert_eq!(stopped, 1),
            (Err(Superseded), Ok(())) => assert_eq!(stopped, 0),
            (Err(Superseded), Err(Requested)) => assert_eq!(stopped, 1),
            other => panic!("{other:?}"),
        }
        assert_eq!(world.live(), 0);
    });
}

/// B-32: a new push ends the older poll, whatever a cancel does at the same time.
#[test]
fn b32_b41_an_acknowledgement_against_cancel() {
    loom::model(|| {
        let world = World::new();
        let older = world.poll("a");
        let initiating = world.registry.initiating(world.key.clone());
        let acknowledged = world.spawn(move |_| {
            initiating.acknowledged(&ack("b", Duration::from_secs(300)), None, crate::trace::FlowId::random())
        });
        let _ = world.cancel();
        acknowledged.join().expect("no panic");
        assert!(matches!(older.commit(), Err(Requested | Superseded)));
        // The cancel came between initiate and poll, so it stops the poll that follows.
        assert_eq!(world.poll("b").commit(), Err(Requested));
        assert_eq!(world.live(), 0);
    });
}

/// B-43: a drop beside a cancel leaves nothing, and loses neither.
#[test]
fn b43_drop_against_cancel() {
    loom::model(|| {
        let world = World::new();
        let poll = world.poll("a");
        let dropping = world.spawn(move |_| drop(poll));
        assert!(world.cancel() <= 1);
        dropping.join().expect("no panic");
        assert_eq!(world.live(), 0);
        assert_eq!(world.poll("a").commit(), Err(Requested));
    });
}

/// B-43: the handle of a task is dropped while its poll commits inside: one of them wins, and the id is free again.
#[test]
fn b43_dropping_a_task_against_its_commit() {
    loom::model(|| {
        let world = World::new();
        let poll = world.poll("a");
        let (slot, generation) = (Arc::clone(poll.slot()), poll.generation());
        let dropping = world.spawn(move |_| slot.stop_generation(generation, Requested));
        assert!(matches!(poll.commit(), Ok(()) | Err(Requested)));
        dropping.join().expect("no panic");
        assert_eq!(world.poll("a").commit(), Ok(()), "only this poll was stopped, not the id");
    });
}

/// B-13: the late clean-up of a poll never touches the one that took over.
#[test]
fn b13_clean_up_of_an_old_hold_against_a_new_one() {
    loom::model(|| {
        let world = World::new();
        let older = world.poll("a");
        let (slot, generation) = (Arc::clone(older.slot()), older.generation());
        let cleaning = world.spawn(move |_| {
            slot.stop_generation(generation, Requested);
            drop(older);
        });
        let newer = world.poll("a");
        cleaning.join().expect("no panic");
        assert!(newer.is_live() && !is_woken(&newer));
        assert_eq!(world.live(), 1);
        assert_eq!(newer.commit(), Ok(()));
    });
}

/// B-13: of a poll and the one that takes over, the first brings home its answer only if it was not yet superseded.
#[test]
fn b13_takeover_against_commit() {
    loom::model(|| {
        let world = World::new();
        let older = world.poll("a");
        let taken_over = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let newer = world.spawn({
            let taken_over = Arc::clone(&taken_over);
            move |world| {
                let newer = world.poll("a");
                taken_over.store(true, Ordering::Release);
                newer
            }
        });
        let too_late = taken_over.load(Ordering::Acquire);
        match older.commit() {
            Ok(()) => assert!(!too_late, "the older poll lost its slot and had an outcome all the same"),
            Err(reason) => assert_eq!(reason, Superseded),
        }
        assert_eq!(newer.join().expect("no panic").commit(), Ok(()));
        assert_eq!(world.live(), 0);
    });
}

/// B-13: two polls that take turns never have two requests in flight.
#[test]
fn b13_takeover_against_a_request_under_way() {
    fn ask(claim: &Claim, under_way: &AtomicUsize) {
        if let Some(asking) = claim.slot().ask(now()) {
            assert_eq!(under_way.fetch_add(1, Ordering::SeqCst), 0, "two requests in flight");
            thread::yield_now();
            under_way.fetch_sub(1, Ordering::SeqCst);
            drop(asking);
        }
    }
    loom::model(|| {
        let (world, under_way) = (World::new(), Arc::new(AtomicUsize::new(0)));
        let older = world.poll("a");
        let taking_over = world.spawn({
            let under_way = Arc::clone(&under_way);
            move |world| {
                let newer = world.poll("a");
                ask(&newer, &under_way);
                newer.commit()
            }
        });
        ask(&older, &under_way);
        let _ = older.commit();
        assert_eq!(taking_over.join().expect("no panic"), Ok(()));
    });
}

/// B-61: a record is never forgotten under a poll that has just claimed it: a cancel still finds it.
#[test]
fn b61_forgetting_an_expired_id_against_a_claim() {
    loom::model(|| {
        let world = World::new();
        world.registry.initiating(world.key.clone()).acknowledged(
            &ack("a", Duration::ZERO),
            None,
            crate::trace::FlowId::random(),
        );
        // Its life is over, and its floor.
        let over = later(now(), Duration::from_millis(1));
        while now() <= over {}
        let forgetting = world.spawn(|world| world.registry.usage());
        let poll = world.poll("a");
        forgetting.join().expect("no panic");
        assert_eq!(world.cancel(), 1, "a poll that no cancel can find");
        assert_eq!(poll.commit(), Err(Requested));
    });
}

/// Shutdown is for good: a claim beside it is stopped, or was never granted.
#[test]
fn b43_shutdown_against_a_claim() {
    loom::model(|| {
        let world = World::new();
        let closing = world.spawn(|world| world.registry.close());
        let poll = world.poll("a");
        closing.join().expect("no panic");
        assert_eq!(poll.commit(), Err(Shutdown));
        assert_eq!(world.live(), 0);
    });
}

/// Three at once: a token arrives, somebody cancels, somebody else takes over. Each poll has one outcome, and a
/// cancel stops at most what was there.
#[test]
fn b42_commit_cancel_and_takeover_at_once() {
    loom::model(|| {
        let world = World::new();
        let older = world.poll("a");
        let cancelling = world.spawn(|world| world.cancel());
        let taking_over = world.spawn(|world| world.poll("a").commit());
        let older = older.commit();
        let stopped = cancelling.join().expect("no panic");
        let newer: Result<(), CancelReason> = taking_over.join().expect("no panic");
        let requested = [older, newer].into_iter().filter(|outcome| *outcome == Err(Requested)).count();
        assert!(stopped <= 1 && stopped <= requested, "{older:?} {newer:?} {stopped}");
        assert!(older != Err(Superseded) || newer != Err(Superseded), "{older:?} {newer:?}");
        assert_eq!(world.poll("a").commit(), Err(Requested));
        assert_eq!(world.live(), 0);
    });
}

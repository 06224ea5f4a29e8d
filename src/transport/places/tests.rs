//! Who gets a place, and when.

#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::{Builder, Runtime};

use super::{Caller, NO_CHANCE, Place, Places, Queue, Turn};

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a wait has come to.
fn turn(queue: &mut Queue) -> Option<Turn> {
    turn_by(queue, Waker::noop())
}

fn turn_by(queue: &mut Queue, waker: &Waker) -> Option<Turn> {
    match Future::poll(pin!(queue), &mut Context::from_waker(waker)) {
        Poll::Ready(turn) => Some(turn),
        Poll::Pending => None,
    }
}

fn place(queue: &mut Queue) -> Option<Place> {
    match turn(queue)? {
        Turn::Mine(place) => Some(place),
        Turn::NotWorthWaiting => None,
    }
}

fn take(places: &Places, number: usize, caller: Caller) -> Vec<Place> {
    (0..number).map(|_| places.try_take(caller).expect("a free place")).collect()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

#[test]
fn b82_there_are_so_many_places_and_the_first_who_waits_gets_the_next() {
    let places = Places::new(2);
    let mut taken = take(&places, 2, Caller::Poll);
    assert!(places.try_take(Caller::Totp).is_none());
    let (mut first, mut second) = (places.queue(Caller::Poll), places.queue(Caller::Poll));
    assert!(turn(&mut first).is_none() && turn(&mut second).is_none());
    taken.pop();
    assert!(turn(&mut second).is_none(), "first come, first served");
    let first = place(&mut first).expect("a place");
    drop(first);
    let second = place(&mut second).expect("a place");
    drop((second, taken));
    assert_eq!(take(&places, 2, Caller::Poll).len(), 2);
}

#[test]
fn b82_who_waits_is_woken_by_a_place_and_by_nothing_else() {
    let places = Places::new(1);
    let taken = places.try_take(Caller::Poll);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut queue = places.queue(Caller::Poll);
    assert!(turn_by(&mut queue, &waker).is_none());
    for _ in 0..NO_CHANCE - 1 {
        places.ended(false);
    }
    let mut other = places.queue(Caller::Poll);
    assert!(turn(&mut other).is_none());
    drop(other);
    assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    drop(taken);
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(matches!(turn(&mut queue), Some(Turn::Mine(_))));
}

/// F-21: nobody in the queue wakes unless there is something to do.
#[test]
fn f21_the_eighth_request_without_an_answer_sends_the_polls_away_once() {
    let places = Places::new(4);
    let mut taken = take(&places, 2, Caller::Poll);
    taken.extend(take(&places, 2, Caller::Totp));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut crowd: Vec<_> = (0..1_000).map(|_| places.queue(Caller::Poll)).collect();
    let (mut login, mut push) = (places.queue(Caller::Totp), places.queue(Caller::Initiate));
    for queue in &mut crowd {
        assert!(turn_by(queue, &waker).is_none());
    }
    for number in 0..NO_CHANCE {
        assert_eq!(woken.0.load(Ordering::Relaxed), 0, "{number}");
        places.ended(false);
    }
    assert_eq!(woken.0.load(Ordering::Relaxed), 1_000, "each once");
    assert!(crowd.iter_mut().all(|queue| matches!(turn(queue), Some(Turn::NotWorthWaiting))));
    assert!(turn(&mut login).is_none() && turn(&mut push).is_none(), "people stay");
    assert!(places.try_take(Caller::Poll).is_none());
    assert!(matches!(turn(&mut places.queue(Caller::Poll)), Some(Turn::NotWorthWaiting)));
    taken.clear();
    drop((login, push));
    // A quarter and one: enough to notice that the server is back.
    let taken = take(&places, 2, Caller::Poll);
    assert!(places.try_take(Caller::Poll).is_none());
    assert!(places.try_take(Caller::Look).is_some(), "a person asks");
    places.ended(true);
    assert!(places.try_take(Caller::Poll).is_some());
    drop(taken);
}

#[test]
fn b82_initiates_have_at_most_half_of_the_places() {
    for (number, half) in [(1, 1), (2, 1), (5, 2), (512, 256)] {
        let places = Places::new(number);
        let initiating = take(&places, half, Caller::Initiate);
        assert!(places.try_take(Caller::Initiate).is_none(), "{number}");
        let mut queue = places.queue(Caller::Initiate);
        assert!(turn(&mut queue).is_none(), "{number}");
        let polls = take(&places, number - half, Caller::Poll);
        drop(polls);
        assert!(turn(&mut queue).is_none(), "not a poll's place: {number}");
        drop(initiating);
        assert!(place(&mut queue).is_some(), "{number}");
    }
}

#[test]
fn b82_others_than_polls_get_every_second_place() {
    let places = Places::new(2);
    let mut taken = take(&places, 2, Caller::Poll);
    let mut waiting: Vec<_> = (0..4).map(|_| (Caller::Poll, places.queue(Caller::Poll))).collect();
    for caller in [Caller::Totp, Caller::Initiate, Caller::Look] {
        waiting.push((caller, places.queue(caller)));
    }
    let mut order = Vec::new();
    while !waiting.is_empty() {
        taken.remove(0);
        let at = waiting.iter_mut().position(|(_, queue)| {
            turn(queue).is_some_and(|turn| {
                let Turn::Mine(place) = turn else { panic!("worth it") };
                taken.push(place);
                true
            })
        });
        order.push(waiting.remove(at.expect("somebody")).0);
    }
    use Caller::{Initiate, Look, Poll, Totp};
    assert_eq!(order, [Poll, Totp, Poll, Initiate, Poll, Look, Poll]);
}

#[test]
fn b82_who_leaves_the_queue_passes_it_on() {
    let places = Places::new(1);
    let taken = places.try_take(Caller::Poll);
    let (left, mut unpolled, mut third) =
        (places.queue(Caller::Poll), places.queue(Caller::Poll), places.queue(Caller::Poll));
    assert!(turn(&mut unpolled).is_none() && turn(&mut third).is_none());
    drop(left);
    drop(taken);
    // It was given a place, and is dropped before it looks.
    drop(unpolled);
    assert!(place(&mut third).is_some());
    assert!(places.try_take(Caller::Poll).is_some());
}

#[test]
fn b82_a_queue_that_is_left_by_all_keeps_nothing() {
    let places = Places::new(1);
    let _taken = places.try_take(Caller::Poll);
    for _ in 0..100_000 {
        drop(places.queue(Caller::Poll));
    }
    let state = places.0.state.lock().expect("not poisoned");
    assert!(state.homes.len() == 1 && state.homes.iter().all(|home| home.polls.len() <= 64));
}

/// B-84: a runtime on which nobody has a place gets one, whatever others hold; and only one.
#[test]
fn b84_f41_another_runtime_is_not_kept_from_a_place() {
    let (one, other) = (runtime(), runtime());
    let places = Places::new(4);
    let _taken = {
        let _in = one.enter();
        take(&places, 4, Caller::Poll)
    };
    let _in = other.enter();
    for caller in [Caller::Poll, Caller::Initiate, Caller::Totp, Caller::Look] {
        let extra = places.try_take(caller).expect("one more");
        assert!(places.try_take(caller).is_none(), "and no other");
        let mut queue = places.queue(caller);
        assert!(turn(&mut queue).is_none());
        drop(extra);
        assert!(place(&mut queue).is_some(), "it stays as long as it is wanted here");
    }
    let state = places.0.state.lock().expect("not poisoned");
    assert_eq!((state.taken, state.homes.len()), (4, 1));
}

#[test]
fn places_are_exact_on_many_threads() {
    const NUMBER: usize = 7;
    let places = Places::new(NUMBER);
    let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let runtime = Builder::new_multi_thread().worker_threads(4).build().expect("a runtime");
    let shared = Arc::new((places.clone(), under_way, most));
    runtime.block_on(async {
        let tasks: Vec<_> = (0..2_000)
            .map(|number| {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let (places, under_way, most) = &*shared;
                    let caller = if number % 3 == 0 { Caller::Initiate } else { Caller::Poll };
                    let mut queue = places.queue(caller);
                    if number % 5 == 0 {
                        // Leaves, perhaps with a place that it has just been given.
                        let _ = turn(&mut queue);
                        return;
                    }
                    let Turn::Mine(place) = queue.await else { panic!("the server answers") };
                    most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    drop(place);
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    });
    assert!(shared.2.load(Ordering::SeqCst) <= NUMBER);
    let state = places.0.state.lock().expect("not poisoned");
    assert_eq!((state.taken, state.initiating, state.homes.len()), (0, 0, 0), "nothing is left");
}

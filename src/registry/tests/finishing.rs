//! What comes of a request when nobody drives it, and where (B-13, B-43).

use std::sync::Arc;
use std::task::{Context, Waker};

use super::requests::{Counter, runtime};
use super::{approved, finish, registry, settle, wait};
use crate::registry::{Companion, News};

#[tokio::test]
async fn b43_f11_the_last_wait_leaves_and_its_request_is_finished() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    assert!(asked.drive().is_pending());
    drop(waiting);
    settle().await;
    drop(asked.answer.send(approved()));
    settle().await;
    assert_eq!(super::told(&registry, "id-1"), "approved");
}

#[tokio::test]
async fn b43_however_often_the_last_wait_leaves_one_task_finishes_the_request() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    drop(waiting);
    for _ in 0..10 {
        drop(wait(&registry, "id-1"));
    }
    settle().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 1);
    asked.hears(News::Undecided);
    settle().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test]
async fn b43_a_new_wait_joins_what_is_being_finished() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    drop(waiting);
    settle().await;
    let mut again = wait(&registry, "id-1");
    assert!(again.sees().is_some() && again.asks().is_none());
    drop(asked.answer.send(approved()));
    settle().await;
    assert!(again.is_told());
    assert_eq!(again.told(), "approved");
}

#[test]
fn b43_a_drop_outside_any_runtime_is_no_panic_and_the_request_is_finished_at_home() {
    let (home, registry) = (runtime(), registry());
    let (waiting, asked) = {
        let _inside = home.enter();
        let waiting = wait(&registry, "id-1");
        let asked = waiting.asks().expect("nobody asks");
        (waiting, asked)
    };
    drop(waiting);
    drop(asked.answer.send(approved()));
    home.block_on(settle());
    assert_eq!(super::told(&registry, "id-1"), "approved");
}

#[test]
fn b13_a_request_is_driven_where_it_was_begun_and_nowhere_else() {
    let (home, away, registry) = (runtime(), runtime(), registry());
    let inside = home.enter();
    let mut waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    drop(inside);
    drop(asked.answer.send(approved()));
    let (told, waker) = Counter::new();
    {
        let _inside = away.enter();
        assert!(!asked.request.is_at_home());
        assert!(
            asked.request.drive(&mut Companion::default(), &mut Context::from_waker(&waker)).is_pending(),
            "the answer is there"
        );
    }
    let _inside = home.enter();
    assert!(
        asked.request.is_at_home()
            && asked
                .request
                .drive(&mut Companion::default(), &mut Context::from_waker(Waker::noop()))
                .is_ready()
    );
    assert_eq!((told.woken(), waiting.told()), (1, "approved"), "who waits elsewhere is woken by the end");
}

/// The wait that began the request is there, and not driven (F-05); who waits on another runtime lets it be finished.
#[test]
fn b13_f05_a_request_of_a_parked_wait_is_finished_at_home_for_who_waits_elsewhere() {
    let (home, away, registry) = (runtime(), runtime(), registry());
    let inside = home.enter();
    let parked = wait(&registry, "id-1");
    let asked = parked.asks().expect("nobody asks");
    drop(inside);
    let inside = away.enter();
    let mut waiting = wait(&registry, "id-1");
    let request = waiting.sees().expect("it is under way");
    Arc::clone(&request).finish(finish);
    request.finish(finish);
    drop(inside);
    drop(asked.answer.send(approved()));
    home.block_on(settle());
    assert!(waiting.is_told());
    assert_eq!(waiting.told(), "approved");
    drop(parked);
}

#[test]
fn b13_a_request_whose_runtime_has_ended_frees_the_id() {
    let (home, away, registry) = (runtime(), runtime(), registry());
    let inside = home.enter();
    let first = wait(&registry, "id-1");
    let asked = first.asks().expect("nobody asks");
    drop(inside);
    let _inside = away.enter();
    let second = wait(&registry, "id-1");
    let (told, waker) = Counter::new();
    assert!(asked.request.drive(&mut Companion::default(), &mut Context::from_waker(&waker)).is_pending());
    drop(home);
    drop((first, second.asks().is_none()));
    asked.request.finish(finish);
    assert_eq!(told.woken(), 1);
    assert!(second.misses_an_answer());
    second.hears(approved());
}

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use super::{
    Waiting, acknowledged, approved, denied, failed, initiate, key, registry, settle, side_by_side, told,
    user, wait,
};
use crate::registry::{News, Registry};

#[tokio::test]
async fn b40_a_cancel_stops_all_waits_of_the_id_and_tells_them_at_once() {
    let registry = registry();
    let (mut first, mut second) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    assert!(!first.is_told());
    assert_eq!(registry.cancel(&user()), 1, "approvals are counted, not waits");
    assert!(first.is_told() && second.is_told() && !first.goes_on());
    assert_eq!([first.told(), second.told()], ["requested", "requested"]);
}

#[tokio::test]
async fn b40_c6_a_cancel_is_safe_twice_and_when_nothing_runs() {
    let registry = registry();
    assert_eq!(registry.cancel(&user()), 0);
    assert_eq!((registry.usage(), registry.initiates.len(), registry.people.len()), ((0, 0), 0, 0));
    let mut waiting = wait(&registry, "id-1");
    assert_eq!([registry.cancel(&user()), registry.cancel(&user())], [1, 0]);
    assert_eq!(waiting.told(), "requested");
    assert_eq!(registry.cancel(&user()), 0);
}

#[tokio::test]
async fn b40_a_cancel_drops_the_request_that_is_under_way() {
    for sent in [true, false] {
        let registry = registry();
        let waiting = wait(&registry, "id-1");
        let asked = super::Asked::of(&waiting.slot, sent).expect("nobody asks");
        assert!(asked.drive().is_pending());
        assert_eq!(registry.cancel(&user()), 1);
        assert!(asked.answer.is_closed(), "its socket work has stopped");
        assert!(asked.drive().is_ready());
        assert!(waiting.asks().is_none(), "no request of a cancelled id leaves");
    }
}

#[tokio::test]
async fn b41_c3_a_cancel_between_initiate_and_poll_is_not_lost() {
    let registry = registry();
    initiate(&registry, "id-1");
    assert_eq!(registry.cancel(&user()), 0, "nobody waits yet");
    let mut waiting = wait(&registry, "id-1");
    assert!(waiting.asks().is_none());
    assert_eq!(waiting.told(), "requested");
}

#[tokio::test(start_paused = true)]
async fn b41_f13_a_cancelled_id_stays_cancelled_and_a_new_one_is_not() {
    let registry = registry();
    drop(wait(&registry, "id-of-another-process"));
    initiate(&registry, "id-1");
    registry.cancel(&user());
    for _ in 0..3 {
        super::advance(250).await;
        assert_eq!(told(&registry, "id-1"), "requested");
    }
    initiate(&registry, "id-2");
    assert!(wait(&registry, "id-2").goes_on());
    assert!(wait(&registry, "id-3").goes_on(), "an id of another process, never cancelled");
}

#[tokio::test(start_paused = true)]
async fn b41_f13_a_cancel_of_an_id_of_another_process_is_remembered_for_an_hour_behind_its_last_use() {
    let registry = registry();
    drop(wait(&registry, "id-1"));
    registry.cancel(&user());
    for _ in 0..3 {
        super::advance(3_500).await;
        assert_eq!(told(&registry, "id-1"), "requested");
    }
}

#[tokio::test]
async fn b42_cancel_wins_until_it_is_received_and_not_behind_it() {
    let registry = registry();
    let mut waiting = wait(&registry, "id-1");
    waiting.hears(approved());
    assert_eq!(registry.cancel(&user()), 1);
    assert_eq!(waiting.told(), "requested", "it had arrived, and nobody had received it");
    let mut early = wait(&registry, "id-2");
    early.hears(approved());
    assert_eq!(early.told(), "approved");
    assert_eq!(registry.cancel(&user()), 0, "it had already ended: nothing was stopped");
}

#[tokio::test]
async fn b42_each_wait_decides_for_itself_when_it_is_received() {
    let registry = registry();
    let (mut first, mut second) = (wait(&registry, "id-1"), wait(&registry, "id-1"));
    first.hears(approved());
    assert_eq!(first.told(), "approved");
    assert_eq!(registry.cancel(&user()), 1);
    assert_eq!(second.told(), "requested", "also beside one that has received");
    assert_eq!(told(&registry, "id-1"), "requested");
}

#[tokio::test]
async fn b42_whoever_has_received_is_no_wait_any_more() {
    let registry = registry();
    let mut waiting = wait(&registry, "id-1");
    waiting.hears(denied());
    assert_eq!(waiting.told(), "access_denied");
    assert_eq!((registry.cancel(&user()), registry.usage().0), (0, 0), "although its future is still there");
    assert_eq!(told(&registry, "id-1"), "access_denied");
    drop(waiting);
    assert_eq!(registry.usage().0, 0);
}

#[tokio::test]
async fn b42_a_denial_that_nobody_received_is_cancelled() {
    let registry = registry();
    let mut waiting = wait(&registry, "id-1");
    waiting.hears(denied());
    assert_eq!(registry.cancel(&user()), 1);
    assert_eq!(waiting.told(), "requested");
}

#[tokio::test]
async fn b42_an_error_that_nobody_received_is_cancelled() {
    let registry = registry();
    let mut waiting = wait(&registry, "id-1");
    waiting.hears(failed());
    assert_eq!(registry.cancel(&user()), 1);
    assert_eq!(waiting.told(), "requested");
}

#[tokio::test]
async fn b42_an_approval_that_comes_behind_a_cancel_is_dropped() {
    let registry = registry();
    let mut waiting = wait(&registry, "id-1");
    // The answer was just being read.
    let mut reading = None;
    let request = waiting.slot.begin(waiting.slot.begun(), true, crate::clock::now(), |asking| {
        reading = Some(asking);
        Box::pin(std::future::pending())
    });
    assert!(request.is_some() && registry.cancel(&user()) == 1);
    reading.expect("begun").end(crate::clock::now(), |_, _, _, _| approved());
    assert!(!waiting.slot.holds_approval());
    assert_eq!([waiting.told(), told(&registry, "id-1")], ["requested"; 2]);
}

#[tokio::test]
async fn b43_a_dropped_wait_is_no_live_one() {
    let registry = registry();
    let waiting = wait(&registry, "id-1");
    assert_eq!(registry.usage(), (1, 1));
    drop(waiting);
    assert_eq!(registry.usage(), (0, 1), "the floor of the id is still remembered");
    assert!(wait(&registry, "id-1").goes_on(), "and it can be waited for again");
}

#[tokio::test]
async fn c7_a_cancel_touches_nobody_else() {
    let registry = registry();
    let mine = wait(&registry, "id-1");
    let others: Vec<_> = (0..200)
        .map(|n| {
            let key = key(&format!("user{n}@example.com"));
            Waiting::joins(&registry, &key, &format!("id-of-{n}"), None).expect("theirs")
        })
        .collect();
    assert_eq!(registry.cancel(&user()), 1);
    assert!(!mine.goes_on() && others.iter().all(Waiting::goes_on));
    assert_eq!(registry.cancel(&key("USER7@example.com")), 1, "another letter case is the same person");
    assert_eq!(others.iter().filter(|waiting| !waiting.goes_on()).count(), 1);
}

#[tokio::test]
async fn b32_a_cancel_stops_all_that_run_side_by_side() {
    let registry = side_by_side();
    for text in ["id-1", "id-2", "id-3"] {
        initiate(&registry, text);
    }
    let waits = ["id-1", "id-2", "id-3"].map(|text| wait(&registry, text));
    assert_eq!(registry.cancel(&user()), 3);
    for mut waiting in waits {
        assert_eq!(waiting.told(), "requested");
    }
}

#[tokio::test]
async fn b43_a_close_ends_everything_for_good_and_gives_its_memory_back() {
    let registry = registry();
    initiate(&registry, "id-1");
    let mut waiting = wait(&registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    let pushing = registry.initiating(key("b@example.com"));
    registry.close();
    assert!(registry.is_closed() && waiting.is_told() && asked.answer.is_closed());
    assert_eq!(registry.usage(), (1, 0), "who has not received yet");
    assert_eq!([waiting.told(), told(&registry, "id-9")], ["shutdown"; 2]);
    pushing.acknowledged(acknowledged("id-2", super::LIFE));
    let mut late = Waiting::joins(&registry, &key("b@example.com"), "id-2", None).expect("theirs");
    assert!(late.asks().is_none());
    assert_eq!(late.told(), "shutdown");
    assert_eq!(registry.cancel(&user()), 0);
    assert_eq!((registry.usage(), registry.people.len(), registry.initiates.len()), ((0, 0), 0, 0));
}

/// Does something foreign when it is woken.
struct Foreign {
    registry: Arc<Registry>,
    woken: AtomicUsize,
}

impl Wake for Foreign {
    fn wake(self: Arc<Self>) {
        let _ = (
            self.registry.usage(),
            self.registry.cancel(&user()),
            self.registry.cancel(&key("b@example.com")),
        );
        drop(wait(&self.registry, "id-1"));
        self.woken.fetch_add(1, Ordering::SeqCst);
    }
}

/// A wait that is asleep, and a request that it drives, with a waker that calls back.
fn with_a_foreign_waker(registry: &Arc<Registry>, test: impl FnOnce(super::Asked, Waiting)) -> usize {
    let foreign = Arc::new(Foreign { registry: Arc::clone(registry), woken: AtomicUsize::new(0) });
    let waker = Waker::from(Arc::clone(&foreign));
    let waiting = wait(registry, "id-1");
    let asked = waiting.asks().expect("nobody asks");
    let mut ended = std::pin::pin!(waiting.joined.token.clone().cancelled_owned());
    assert!(std::future::Future::poll(ended.as_mut(), &mut Context::from_waker(&waker)).is_pending());
    assert!(
        asked
            .request
            .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(&waker))
            .is_pending()
    );
    test(asked, waiting);
    foreign.woken.load(Ordering::SeqCst)
}

#[tokio::test]
async fn f14_wakers_never_run_under_a_lock() {
    let ends: [fn(&Arc<Registry>); 4] = [
        |registry| assert_eq!(registry.cancel(&user()), 1),
        |registry| initiate(registry, "id-2"),
        |registry| registry.close(),
        |registry| initiate(registry, "id-1"),
    ];
    for end in ends {
        let registry = registry();
        let woken = with_a_foreign_waker(&registry, |_asked, _waiting| end(&registry));
        assert_eq!(woken, 2, "of the wait and of the request");
    }
}

#[tokio::test]
async fn f14_nor_when_an_answer_ends_the_id_or_its_waits() {
    let news: [fn() -> News; 3] = [approved, denied, failed];
    for news in news {
        let registry = registry();
        let woken = with_a_foreign_waker(&registry, |asked, waiting| {
            drop(asked.answer.send(news()));
            let _ = asked
                .request
                .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(Waker::noop()));
            drop(waiting);
        });
        assert!(woken >= 2);
    }
    let registry = registry();
    let woken = with_a_foreign_waker(&registry, |asked, waiting| {
        drop(asked.answer);
        drop(waiting);
    });
    settle().await;
    assert!(woken > 0, "of a request that was cut off");
}

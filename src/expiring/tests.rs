//! Records that end by themselves, on tokio's paused clock (B-61).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::{Entry, Expiring, SHARDS, STEP};
use crate::clock::{Instant, later, now};
use crate::sync::lock;

const LIFE: Duration = Duration::from_secs(60);

/// A record that notices when it is dropped under its own map's lock.
struct Record {
    key: u64,
    over: Instant,
    map: Weak<Expiring<Self>>,
    dropped: Arc<AtomicUsize>,
}

impl Entry for Record {
    type Key = u64;

    fn key(&self) -> &u64 {
        &self.key
    }

    fn is_over(&self, at: Instant) -> bool {
        at >= self.over
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Some(map) = self.map.upgrade() else { return };
        assert!(map.shards.iter().all(|shard| shard.try_lock().is_ok()), "dropped under a lock");
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

struct World {
    map: Arc<Expiring<Record>>,
    dropped: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        Self { map: Arc::new(Expiring::new()), dropped: Arc::default() }
    }

    fn record(&self, key: u64, life: Duration) -> Record {
        let (map, dropped) = (Arc::downgrade(&self.map), Arc::clone(&self.dropped));
        Record { key, over: later(now(), life), map, dropped }
    }

    /// Makes a record that is not there. Returns whether it was not.
    fn put(&self, key: u64, life: Duration) -> bool {
        let mut made = Some(self.record(key, life));
        self.map.with(&key, now(), |cell| {
            let _ = cell.get_or_insert_with(|| made.take().expect("once"));
        });
        made.is_none()
    }

    fn has(&self, key: u64) -> bool {
        self.map.with(&key, now(), |cell| cell.get().is_some())
    }

    /// A call that finds nothing.
    fn call(&self) {
        assert!(!self.has(u64::MAX));
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }
}

async fn advance(wait: Duration) {
    tokio::time::advance(wait).await;
}

#[tokio::test(start_paused = true)]
async fn b61_a_record_that_is_over_is_not_there_swept_or_not() {
    let world = World::new();
    assert!(world.put(1, LIFE));
    advance(LIFE - Duration::from_millis(1)).await;
    assert!(world.has(1) && !world.put(1, LIFE));
    advance(Duration::from_millis(1)).await;
    assert!(!world.has(1));
    assert_eq!(world.map.len(), 0);
    assert!(world.put(1, LIFE) && world.has(1), "and may be made afresh");
}

#[tokio::test(start_paused = true)]
async fn b61_calls_of_others_sweep_every_shard_in_turn() {
    let world = World::new();
    for key in 0..10_000 {
        world.put(key, LIFE);
    }
    world.put(10_000, LIFE * 2);
    assert_eq!(world.map.len(), 10_001);
    advance(LIFE).await;
    let largest = world.map.shards.iter().map(|shard| lock(shard).table.num_buckets()).max().expect("some");
    // Twice: a table that shrinks changes its order.
    for _ in 0..largest / STEP * SHARDS * 2 {
        world.call();
    }
    assert_eq!((world.map.len(), world.dropped()), (1, 10_000));
    assert!(world.has(10_000), "what is not over stays");
}

#[tokio::test(start_paused = true)]
async fn b61_f53_in_steady_use_what_is_over_is_a_small_part() {
    let world = World::new();
    // 100 a second, each for 60 s: 6,000 at a time.
    for key in 0..60_000 {
        world.put(key, LIFE);
        advance(Duration::from_millis(10)).await;
        assert!(world.map.len() < 6_000 * 4 / 3, "{key}: {}", world.map.len());
    }
}

#[tokio::test(start_paused = true)]
async fn b61_a_crowd_that_has_left_gives_its_room_back() {
    let world = World::new();
    for key in 0..10_000 {
        world.put(key, LIFE);
    }
    let room = || world.map.shards.iter().map(|shard| lock(shard).table.capacity()).sum::<usize>();
    assert!(room() >= 10_000);
    advance(LIFE).await;
    for _ in 0..SHARDS * 100 {
        world.call();
        world.map.tidy(now());
    }
    assert_eq!(world.map.len(), 0);
    assert!(room() <= SHARDS * super::SMALL, "{}", room());
}

#[tokio::test(start_paused = true)]
async fn f71_the_number_is_a_gauge_and_tidying_is_bounded() {
    let world = World::new();
    for key in 0..2_000 {
        world.put(key, LIFE);
    }
    advance(LIFE).await;
    assert_eq!(world.map.len(), 2_000);
    world.map.tidy(now());
    assert_eq!(world.map.len(), 0, "a small map is tidied at once");
    for key in 0..100_000 {
        world.put(key, LIFE);
    }
    advance(LIFE).await;
    world.map.tidy(now());
    assert!(world.map.len() >= 100_000 - SHARDS * super::TIDY, "a large one in parts");
}

#[tokio::test(start_paused = true)]
async fn b61_a_sweep_never_waits_for_a_shard_in_use() {
    let world = World::new();
    world.put(1, LIFE);
    advance(LIFE).await;
    let held: Vec<_> = world.map.shards.iter().map(lock).collect();
    for _ in 0..SHARDS * 2 {
        world.map.sweep(now());
    }
    drop(held);
    assert_eq!((world.map.len(), world.dropped()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn f14_nothing_is_dropped_under_a_lock() {
    let world = World::new();
    for key in 0..100 {
        world.put(key, LIFE);
    }
    let taken = world.map.with(&1, now(), |cell| cell.remove());
    assert!(taken.is_some());
    drop(taken);
    let fresh = world.record(2, LIFE);
    let replaced = world.map.with(&2, now(), |cell| cell.insert(fresh));
    assert!(replaced.is_some());
    drop(replaced);
    let fresh = world.record(1, LIFE);
    assert!(world.map.with(&1, now(), |cell| cell.insert(fresh)).is_none());
    assert_eq!((world.map.len(), world.dropped()), (100, 2));

    let mut seen = 0;
    world.map.for_each(
        |record| record.key,
        |key| {
            assert!(world.has(key), "no lock is held");
            seen += 1;
        },
    );
    assert_eq!(seen, 100);
    world.map.drain(|record| {
        assert!(!world.has(record.key), "taken out, and no lock is held");
        drop(record);
    });
    assert_eq!((world.map.len(), world.dropped()), (0, 102));
}

#[test]
fn b61_threads_lose_no_record_and_the_gauge_is_exact() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    // Among threads a lock may be another's, so no record looks.
    let record =
        |key, life| Record { key, over: later(now(), life), map: Weak::new(), dropped: Arc::default() };
    let world = World::new();
    let put = |key, life| {
        let fresh = record(key, life);
        world.map.with(&key, now(), |cell| cell.insert(fresh)).is_none()
    };
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (world, put) = (&world, &put);
            scope.spawn(move || {
                for turn in 0..2_000 {
                    let key = thread * 10_000 + turn;
                    assert!(put(key, LIFE) && world.has(key));
                    // Every second one is over at once, and the other thread's sweep may find it first.
                    put(key + 5_000, Duration::ZERO);
                    if turn % 4 == 0 {
                        drop(world.map.with(&key, now(), |cell| cell.remove()));
                    }
                }
            });
        }
    });
    world.map.tidy(now());
    let counted: usize = world.map.shards.iter().map(|shard| lock(shard).table.len()).sum();
    assert_eq!(world.map.len(), counted);
    let live = (0..4).flat_map(|thread| (0..2_000).map(move |turn| thread * 10_000 + turn));
    assert_eq!(live.filter(|key| world.has(*key)).count(), 6_000);
}

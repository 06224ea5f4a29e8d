//! Every order of what can happen to two ids of one person up to a length, against a model that is plain to read.

#![allow(clippy::arithmetic_side_effects, reason = "indices of two ids")]

use std::collections::VecDeque;

use super::{Asked, Waiting, approved, denied, failed, initiate, user, wait};
use crate::registry::{News, Registry};

#[derive(Clone, Copy, Debug)]
enum Act {
    Join(usize),
    /// The newest wait asks.
    Ask,
    /// The oldest request that anybody still knows of ends.
    Answer(fn() -> News, &'static str),
    Cancel,
    Initiate(usize),
    ReceiveFirst,
    ReceiveLast,
    DropFirst,
}

fn pending() -> News {
    News::Undecided
}

const ACTS: [Act; 12] = [
    Act::Join(0),
    Act::Join(0),
    Act::Join(1),
    Act::Ask,
    Act::Answer(approved, "approved"),
    Act::Answer(denied, "access_denied"),
    Act::Answer(failed, "network"),
    Act::Answer(pending, "nothing"),
    Act::Cancel,
    Act::Initiate(1),
    Act::ReceiveFirst,
    Act::DropFirst,
];

const NAMES: [&str; 2] = ["id-0", "id-1"];

/// What one record of an id should be like.
#[derive(Clone, Copy)]
struct Record {
    ended: Option<&'static str>,
    waits: usize,
    asking: bool,
    failures: usize,
    /// A cancel still finds it.
    indexed: bool,
}

#[derive(Default)]
struct Model {
    records: Vec<Record>,
    ids: [Option<usize>; 2],
}

impl Model {
    fn record(&mut self, id: usize) -> usize {
        *self.ids[id].get_or_insert_with(|| {
            self.records.push(Record { ended: None, waits: 0, asking: false, failures: 0, indexed: true });
            self.records.len() - 1
        })
    }

    /// Whether a wait was stopped.
    fn end(&mut self, record: usize, reason: &'static str) -> bool {
        let record = &mut self.records[record];
        record.asking = false;
        let waited = record.waits > 0;
        match record.ended {
            Some("requested" | "superseded") => return false,
            Some("access_denied") if !waited => return false,
            _ => record.ended = Some(reason),
        }
        waited
    }

    fn end_all(&mut self, reason: &'static str) -> usize {
        let indexed: Vec<_> =
            (0..self.records.len()).filter(|&record| self.records[record].indexed).collect();
        let stopped = indexed.iter().filter(|&&record| self.end(record, reason)).count();
        indexed.into_iter().for_each(|record| self.records[record].indexed = false);
        stopped
    }

    fn initiate(&mut self, id: usize) {
        let _ = self.end_all("superseded");
        if let Some(known) = self.ids[id].take() {
            let _ = self.end(known, "superseded");
        }
        let _ = self.record(id);
    }

    fn told(&self, record: usize, failures: usize) -> &'static str {
        let record = &self.records[record];
        match record.ended {
            Some(word) => word,
            None if record.failures != failures => "network",
            None => "nothing",
        }
    }

    fn live(&self) -> usize {
        self.records.iter().filter(|record| record.waits > 0).count()
    }
}

fn run(acts: &[Act]) {
    let registry = std::sync::Arc::new(Registry::new(false));
    let mut model = Model::default();
    let mut waits: VecDeque<(usize, usize, Waiting)> = VecDeque::new();
    let mut requests: VecDeque<(usize, Asked)> = VecDeque::new();
    for &act in acts {
        match act {
            Act::Join(place) => {
                let record = model.record(place);
                model.records[record].waits += 1;
                waits.push_back((record, model.records[record].failures, wait(&registry, NAMES[place])));
            }
            Act::Ask => {
                let Some((record, _, waiting)) = waits.back() else { continue };
                let free = model.records[*record].ended.is_none() && !model.records[*record].asking;
                let asked = waiting.asks();
                assert_eq!(asked.is_some(), free, "{acts:?}");
                model.records[*record].asking |= free;
                requests.extend(asked.map(|asked| (*record, asked)));
            }
            Act::Answer(news, word) => {
                let Some((record, asked)) = requests.pop_front() else { continue };
                let record = &mut model.records[record];
                match word {
                    _ if !record.asking => {}
                    "nothing" => {}
                    "network" => record.failures += 1,
                    word => record.ended = Some(word),
                }
                record.asking = false;
                asked.hears(news());
            }
            Act::Cancel => {
                assert_eq!(registry.cancel(&user()), model.end_all("requested"), "{acts:?}");
            }
            Act::Initiate(place) => {
                initiate(&registry, NAMES[place]);
                model.initiate(place);
            }
            Act::ReceiveFirst | Act::ReceiveLast => {
                let taken =
                    if matches!(act, Act::ReceiveFirst) { waits.pop_front() } else { waits.pop_back() };
                let Some((record, failures, mut waiting)) = taken else { continue };
                assert_eq!(waiting.told(), model.told(record, failures), "{acts:?}");
                model.records[record].waits -= 1;
            }
            Act::DropFirst => {
                let Some((record, _, _waiting)) = waits.pop_front() else { continue };
                model.records[record].waits -= 1;
            }
        }
        for (record, failures, waiting) in &waits {
            let goes_on = model.told(*record, *failures) == "nothing";
            assert_eq!(waiting.goes_on(), goes_on, "{acts:?}");
            // One that began when all was over was told by that.
            assert_eq!(waiting.is_told() || waiting.began_over, !goes_on, "{acts:?}");
        }
        assert_eq!(registry.usage().0, model.live(), "{acts:?}");
    }
}

fn inside(test: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let _inside = runtime.enter();
    test();
}

#[test]
fn b13_b25_b42_b43_every_order_of_four_acts() {
    inside(|| {
        for number in 0..ACTS.len().pow(4) {
            let mut rest = number;
            let acts: [Act; 4] = std::array::from_fn(|_| {
                let act = ACTS[rest % ACTS.len()];
                rest /= ACTS.len();
                act
            });
            // What needs a wait before there is one does nothing: those orders are shorter ones. Joining is there twice.
            let begins = matches!(acts[0], Act::Join(_) | Act::Initiate(_) | Act::Cancel);
            if begins && number % ACTS.len() != 1 {
                run(&acts);
            }
        }
    });
}

#[test]
fn b13_b25_b42_b43_long_orders_drawn_at_random() {
    inside(|| {
        let mut random = fastrand::Rng::with_seed(42);
        for _ in 0..3_000 {
            let acts: [Act; 24] = std::array::from_fn(|_| match ACTS[random.usize(..ACTS.len())] {
                Act::ReceiveFirst if random.bool() => Act::ReceiveLast,
                act => act,
            });
            run(&acts);
        }
    });
}

//! A record that ends, beside calls that look for it, by loom: `tests/model/run`.

use std::sync::Arc;

use loom::thread;

use super::{Entry, Expiring};
use crate::clock::{Instant, now};

/// Over if nobody has renewed it.
struct Record {
    renewed: bool,
}

impl Entry for Record {
    type Key = str;

    fn key(&self) -> &str {
        "key"
    }

    fn is_over(&self, _at: Instant) -> bool {
        !self.renewed
    }
}

fn renew(map: &Expiring<Record>) {
    map.with("key", now(), |cell| cell.get_or_insert_with(|| Record { renewed: true }).renewed = true);
}

/// B-61: a sweep beside a call that makes a record afresh: it is there afterwards, and counted once.
#[test]
fn b61_a_sweep_beside_a_call() {
    loom::model(|| {
        let map = Arc::new(Expiring::new());
        map.with("key", now(), |cell| drop(cell.insert(Record { renewed: false })));
        let sweeping = thread::spawn({
            let map = Arc::clone(&map);
            move || map.sweep(now())
        });
        renew(&map);
        sweeping.join().expect("no panic");
        assert!(map.with("key", now(), |cell| cell.get().is_some()), "renewed and lost");
        assert_eq!(map.len(), 1);
    });
}

/// B-61: of two who take a record out, one has it.
#[test]
fn b61_a_record_is_taken_out_once() {
    loom::model(|| {
        let map = Arc::new(Expiring::new());
        renew(&map);
        let taking = thread::spawn({
            let map = Arc::clone(&map);
            move || map.with("key", now(), |cell| cell.remove()).is_some()
        });
        let taken = map.with("key", now(), |cell| cell.remove()).is_some();
        assert!(taking.join().expect("no panic") != taken, "taken once");
        assert_eq!(map.len(), 0);
    });
}

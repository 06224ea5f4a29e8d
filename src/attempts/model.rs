//! Every interleaving of claims and verdicts, by loom: `tests/model/run`.

use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::{Attempts, LIMIT, TotpLockout};
use crate::transport::Departure;
use crate::types::{Email, PersonKey};

fn attempts() -> (Arc<Attempts>, PersonKey) {
    let key = Email::new("user@example.com").expect("an address").key();
    (Arc::new(Attempts::new(Duration::from_secs(900), TotpLockout::ResetByCancel)), key)
}

/// Sends a wrong code, if it may; returns whether it did.
fn wrong(attempts: &Arc<Attempts>, key: &PersonKey) -> bool {
    attempts.claim(key.clone()).map(|attempt| attempt.wrong()).is_ok()
}

fn left(attempts: &Arc<Attempts>, key: &PersonKey) -> u32 {
    attempts.left(key)
}

/// B-50: of two times two wrong codes at once, three leave.
#[test]
fn b50_three_are_three() {
    loom::model(|| {
        let (attempts, key) = attempts();
        let other = thread::spawn({
            let (attempts, key) = (Arc::clone(&attempts), key.clone());
            move || [wrong(&attempts, &key), wrong(&attempts, &key)]
        });
        let mine = [wrong(&attempts, &key), wrong(&attempts, &key)];
        let sent = mine.into_iter().chain(other.join().expect("no panic")).filter(|sent| *sent).count();
        assert_eq!(sent, 3);
        assert_eq!(left(&attempts, &key), 0);
    });
}

/// B-52: a right code beside a wrong one: what is left says which came last, and nothing in between.
#[test]
fn b52_right_and_wrong_lose_no_update() {
    loom::model(|| {
        let (attempts, key) = attempts();
        assert!(wrong(&attempts, &key));
        let right = attempts.claim(key.clone()).expect("a place");
        let judged = thread::spawn({
            let (attempts, key) = (Arc::clone(&attempts), key.clone());
            move || attempts.claim(key).map(|attempt| attempt.wrong()).expect("a place")
        });
        assert_eq!(right.right(), LIMIT);
        let said = judged.join().expect("no panic");
        match (said, left(&attempts, &key)) {
            // The wrong one came first and was forgotten, or last and counts alone.
            (0 | 1, LIMIT) | (2, 2) => {}
            other => panic!("{other:?}"),
        }
    });
}

/// B-51: a drop beside a verdict keeps or returns its own place and no other.
#[test]
fn b51_a_drop_beside_a_verdict() {
    loom::model(|| {
        let (attempts, key) = attempts();
        let (unsent, mut sent) = (attempts.claim(key.clone()), attempts.claim(key.clone()));
        if let Ok(attempt) = &mut sent {
            attempt.sending(Departure::gone());
        }
        let dropping = thread::spawn(move || {
            drop(unsent);
            drop(sent);
        });
        assert!(wrong(&attempts, &key), "the third place");
        dropping.join().expect("no panic");
        assert_eq!(left(&attempts, &key), 1, "one wrong, one that may have been judged");
    });
}

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Whether the content of a request has left: told by the transport, asked by whoever counts what has been sent. Clones share
/// it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departure(Arc<AtomicU8>);

const WAITS: u8 = 0;
const LEFT: u8 = 1;
const STAYS: u8 = 2;

impl Departure {
    /// The first of its bytes is about to leave. Returns whether it may.
    pub(crate) fn leaves(&self) -> bool {
        self.0.compare_exchange(WAITS, LEFT, Ordering::Relaxed, Ordering::Relaxed) != Err(STAYS)
    }

    /// Nobody waits for it any more: what has not left never will. Returns whether that is so.
    pub(crate) fn stays(&self) -> bool {
        self.0.compare_exchange(WAITS, STAYS, Ordering::Relaxed, Ordering::Relaxed) != Err(LEFT)
    }

    /// Of a request that has left.
    #[cfg(test)]
    pub(crate) fn gone() -> Self {
        Self(Arc::new(AtomicU8::new(LEFT)))
    }
}

#[cfg(test)]
#[cfg(not(authsec_model))]
mod tests {
    use super::*;

    #[test]
    fn what_has_left_does_not_stay_and_what_stays_does_not_leave() {
        let (left, kept) = (Departure::default(), Departure::default());
        assert!(left.leaves() && left.clone().leaves(), "over another connection, or another of its bytes");
        assert!(!left.stays() && !left.stays() && left.leaves());
        assert!(kept.clone().stays() && kept.stays());
        assert!(!kept.leaves() && !kept.leaves() && kept.stays());
    }

    /// The connection's task and whoever drops the request are on different threads: they agree.
    #[test]
    fn of_two_threads_one_decides() {
        for _ in 0..1_000 {
            let departure = Departure::default();
            let other = departure.clone();
            let leaving = std::thread::spawn(move || other.leaves());
            let stays = departure.stays();
            assert_ne!(leaving.join().expect("no panic"), stays);
        }
    }
}

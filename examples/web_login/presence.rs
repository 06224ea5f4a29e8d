use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Whether a browser is still there: it has an event stream open, or was heard of a short while ago.
#[derive(Clone)]
pub struct Presence(watch::Sender<Seen>);

#[derive(Clone, Copy)]
struct Seen {
    streams: usize,
    last: Instant,
}

impl Presence {
    pub fn new() -> Self {
        Self(watch::Sender::new(Seen { streams: 0, last: Instant::now() }))
    }

    /// The browser was heard of.
    pub fn touch(&self) {
        self.0.send_modify(|seen| seen.last = Instant::now());
    }

    /// The browser is there until the answer is dropped.
    pub fn stay(&self) -> Stay {
        self.0.send_modify(|seen| seen.streams += 1);
        Stay(self.clone())
    }

    pub fn is_gone(&self, after: Duration) -> bool {
        let seen = *self.0.borrow();
        seen.streams == 0 && seen.last.elapsed() >= after
    }

    /// Waits until nothing was heard of the browser for this long.
    pub async fn gone(&self, after: Duration) {
        let mut changes = self.0.subscribe();
        while !self.is_gone(after) {
            let seen = *changes.borrow_and_update();
            if seen.streams > 0 {
                let _ = changes.changed().await;
            } else {
                tokio::select! {
                    () = sleep_until(seen.last + after) => {}
                    _ = changes.changed() => {}
                }
            }
        }
    }
}

/// An open event stream.
pub struct Stay(Presence);

impl Drop for Stay {
    fn drop(&mut self) {
        self.0.0.send_modify(|seen| {
            seen.streams -= 1;
            seen.last = Instant::now();
        });
    }
}

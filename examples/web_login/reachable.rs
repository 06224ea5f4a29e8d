use authsec_ciba::Progress;
use tokio::sync::watch;

/// So many polls of one request in a row say more than a hiccup.
const FAILURES: u32 = 2;

/// Whether the sign-in service answers: one flag for everybody who waits.
///
/// It is not kept per address. Behind an address without an account nothing is polled, so a word about an outage that only
/// some addresses get would say which of them exist.
pub struct Reachable(watch::Sender<bool>);

impl Reachable {
    pub fn new() -> Self {
        Self(watch::Sender::new(true))
    }

    /// The service has answered.
    pub fn answered(&self) {
        self.set(true);
    }

    /// What a wait says of its polls.
    pub fn hear(&self, progress: &Progress) {
        match progress {
            Progress::Unreachable { error, .. } if error.attempts() >= FAILURES => self.set(false),
            Progress::Polled { .. } | Progress::SlowedDown { .. } | Progress::Reachable => self.set(true),
            _ => {}
        }
    }

    pub fn now(&self) -> bool {
        *self.0.borrow()
    }

    /// Says at once if the service does not answer, and whenever that changes.
    pub fn changes(&self) -> watch::Receiver<bool> {
        let mut changes = self.0.subscribe();
        if !*changes.borrow() {
            changes.mark_changed();
        }
        changes
    }

    fn set(&self, reachable: bool) {
        self.0.send_if_modified(|now| std::mem::replace(now, reachable) != reachable);
    }
}

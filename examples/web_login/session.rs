use tokio::sync::watch;
use tokio::time::Instant;

use crate::presence::Presence;
use crate::sessions::random_text;
use crate::stage::{Notice, Stage};

/// One browser, as the server knows it.
pub struct Session {
    pub presence: Presence,
    /// Stands in every form of this session and nowhere else.
    csrf: String,
    stage: watch::Sender<Stage>,
}

impl Session {
    pub fn new() -> Result<Self, getrandom::Error> {
        let stage = watch::Sender::new(Stage::start());
        Ok(Self { presence: Presence::new(), csrf: random_text()?, stage })
    }

    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Compares without telling by its time how much was right.
    pub fn is_csrf(&self, sent: &str) -> bool {
        let (own, sent) = (self.csrf.as_bytes(), sent.as_bytes());
        own.len() == sent.len() && own.iter().zip(sent).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }

    pub fn read<T>(&self, read: impl FnOnce(&Stage) -> T) -> T {
        self.stage.send_if_modified(Self::end_old);
        read(&self.stage.borrow())
    }

    pub fn changes(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    /// Goes on to another stage. If this one was waiting, its poll ends.
    pub fn enter(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Goes on to another stage, unless the person has moved on meanwhile: an approval that comes after Cancel does not
    /// sign anybody in.
    pub fn enter_from(&self, is_expected: fn(&Stage) -> bool, stage: Stage) -> bool {
        self.stage.send_if_modified(|now| {
            let goes_on = is_expected(now);
            if goes_on {
                *now = stage;
            }
            goes_on
        })
    }

    pub async fn no_longer_waiting(&self) {
        // It cannot fail: the sender is in `self`.
        let _ = self.changes().wait_for(|stage| !stage.is_waiting()).await;
    }

    fn end_old(stage: &mut Stage) -> bool {
        let over = matches!(stage, Stage::SignedIn { until, .. } if *until <= Instant::now());
        if over {
            *stage = Stage::Start { typed: stage.address().to_owned(), notice: Some(Notice::SessionOver) };
        }
        over
    }
}

//! What a waiting page hears: how much time is left, whether the sign-in service answers, and when to look again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::stream::{Stream, unfold};
use tokio::sync::watch;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::guard::Visitor;
use crate::presence::Stay;
use crate::stage::Stage;

/// One open stream. It says nothing that the page would have to be trusted with: the page itself shows how it ended.
struct Listener {
    stage: watch::Receiver<Stage>,
    reachable: watch::Receiver<bool>,
    second: tokio::time::Interval,
    stopping: CancellationToken,
    _stay: Stay,
}

pub async fn events(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listener = Listener {
        stage: visitor.session.changes(),
        reachable: app.reachable.changes(),
        second: interval(Duration::from_secs(1)),
        stopping: app.stopping.clone(),
        _stay: visitor.session.presence.stay(),
    };
    Sse::new(unfold(Some(listener), async |listener| {
        let mut listener = listener?;
        let (event, is_last) = listener.next().await;
        Some((Ok(event), (!is_last).then_some(listener)))
    }))
}

impl Listener {
    /// The next event, and whether it is the last one.
    async fn next(&mut self) -> (Event, bool) {
        // Browsers drop an event without data.
        let named = |name| (Event::default().event(name).data("now"), true);
        let until = match &*self.stage.borrow() {
            Stage::Waiting { until, .. } => *until,
            _ => return named("moved"),
        };
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => named("stopping"),
            _ = self.stage.changed() => named("moved"),
            _ = self.reachable.changed() => {
                let reachable = *self.reachable.borrow_and_update();
                (Event::default().event("reachable").data(reachable.to_string()), false)
            }
            _ = self.second.tick() => {
                let left = Event::default().event("left").data(seconds_until(until).to_string());
                (left.retry(Duration::from_secs(1)), false)
            }
        }
    }
}

/// Whole seconds, rounded up: 0 means over.
pub fn seconds_until(until: Instant) -> u64 {
    until.saturating_duration_since(Instant::now()).as_millis().div_ceil(1000) as u64
}

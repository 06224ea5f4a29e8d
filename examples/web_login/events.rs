//! What a waiting page hears: how much time is left, and when to look again.

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
        let named = |name, data: String| Event::default().event(name).data(data);
        let until = match &*self.stage.borrow() {
            Stage::Waiting { until, .. } => *until,
            _ => return (named("moved", String::new()), true),
        };
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => (named("stopping", String::new()), true),
            _ = self.stage.changed() => (named("moved", String::new()), true),
            _ = self.second.tick() => {
                (named("left", seconds_until(until).to_string()).retry(Duration::from_secs(1)), false)
            }
        }
    }
}

/// Whole seconds, rounded up: 0 means over.
pub fn seconds_until(until: Instant) -> u64 {
    until.saturating_duration_since(Instant::now()).as_millis().div_ceil(1000) as u64
}

//! How many connections there are: about as many as requests may be under way, and not more.
//!
//! A request that finds no idle connection dials one, and goes with whatever is there first: one that another request
//! gives back, or its own. Dialling that nobody waits for any more the pool finishes by itself. A crowd in front of a slow
//! server would so dial a connection a poll, and run out of file descriptors.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use crate::clock::{Instant, now};
use crate::transport::Place;

/// How long one who would dial too many waits for a connection that comes back.
const COMES_BACK: Duration = Duration::from_millis(100);

/// What counts as the same crowd.
const CROWD: Duration = Duration::from_secs(10);

tokio::task_local! {
    /// Of the request that is being sent: the pool hands a connector the address and nothing else. Dialling that the pool
    /// has taken over runs outside of it.
    static PLACE: Place;
}

/// Sends a request from its place.
pub(super) fn with<F: Future>(place: Place, request: F) -> impl Future<Output = F::Output> {
    PLACE.scope(place, request)
}

#[derive(Debug, thiserror::Error)]
#[error("nobody waits for this connection any more")]
struct NotNeeded;

/// The layer around the connector.
#[derive(Clone)]
pub(super) struct Sparing {
    connections: usize,
    dialled: Arc<Mutex<Dialled>>,
}

/// The connections that the crowd that came last has made and, as far as is known, still has.
struct Dialled {
    since: Instant,
    number: usize,
}

impl Sparing {
    /// So many connections may be made at once.
    pub(super) fn new(connections: usize) -> Self {
        Self { connections, dialled: Arc::new(Mutex::new(Dialled { since: now(), number: 0 })) }
    }

    /// Counts one more. Whether it is one too many.
    fn one_more(&self) -> bool {
        let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        if now().saturating_duration_since(dialled.since) > CROWD {
            *dialled = Dialled { since: now(), number: 0 };
        }
        dialled.number = dialled.number.saturating_add(1);
        dialled.number > self.connections
    }

    /// It was not made, or is gone.
    fn one_less(&self) {
        let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        dialled.number = dialled.number.saturating_sub(1);
    }

    /// A connection for one request.
    pub(super) fn lend(&self) -> Lent<'_> {
        Lent { sparing: self, comes_back: false }
    }
}

/// A connection in use, or being made for it. It is gone when its request is dropped or breaks.
pub(super) struct Lent<'a> {
    sparing: &'a Sparing,
    comes_back: bool,
}

impl Lent<'_> {
    /// The whole answer was read, and another request may follow.
    pub(super) fn comes_back(mut self) {
        self.comes_back = true;
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if !self.comes_back {
            self.sparing.one_less();
        }
    }
}

impl<S> Layer<S> for Sparing {
    type Service = Dial<S>;

    fn layer(&self, connector: S) -> Dial<S> {
        Dial { connector, sparing: self.clone() }
    }
}

/// A connector. Where as many connections as there are places were just made, one that comes back is better than one more:
/// it waits a moment before it dials. Until the connection stands, whether or not it is needed then, the place of whoever
/// asked is taken.
#[derive(Clone)]
pub(super) struct Dial<S> {
    connector: S,
    sparing: Sparing,
}

impl<S, R> Service<R> for Dial<S>
where
    S: Service<R> + Clone + Send + 'static,
    S::Error: From<NotNeeded>,
    S::Future: Send,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let (place, sparing) = (PLACE.try_with(Place::clone).ok(), self.sparing.clone());
        // The one that is ready, not its clone.
        let next = self.connector.clone();
        let mut connector = mem::replace(&mut self.connector, next);
        Box::pin(async move {
            if sparing.one_more() {
                tokio::time::sleep(COMES_BACK).await;
                if PLACE.try_with(|_| ()).is_err() {
                    sparing.one_less();
                    return Err(NotNeeded.into());
                }
            }
            let connection = connector.call(request).await;
            drop(place);
            connection
        })
    }
}

#[cfg(test)]
#[cfg(not(authsec_model))]
mod tests;

//! A connector that counts, in the place of a real one.

#![allow(clippy::arithmetic_side_effects, clippy::panic, reason = "a test")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer as _;
use tower_service::Service;

use super::{COMES_BACK, CROWD, Dial, Sparing, with};
use crate::clock::{later, now};
use crate::transport::{Place, Places, Turn};

#[derive(Clone, Default)]
struct Connector(Arc<AtomicUsize>);

impl Service<()> for Connector {
    type Response = ();
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Ready<Result<(), Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        self.0.fetch_add(1, Ordering::Relaxed);
        ready(Ok(()))
    }
}

/// A connector for at most two connections at once, its count, and a place.
async fn two() -> (Dial<Connector>, Arc<AtomicUsize>, Place, Places) {
    let (connector, places) = (Connector::default(), Places::new(2));
    let made = Arc::clone(&connector.0);
    let Turn::Mine(place) = places.queue(crate::transport::Caller::Poll).await else {
        panic!("a place is free");
    };
    (Sparing::new(2).layer(connector), made, place, places)
}

async fn dial(dial: &mut Dial<Connector>, place: &Place) -> Duration {
    let start = now();
    with(place.clone(), async { dial.call(()).await }).await.expect("connected");
    now() - start
}

#[tokio::test(start_paused = true)]
async fn b82_one_connection_too_many_waits_for_one_that_comes_back() {
    let (mut connector, made, place, _places) = two().await;
    assert_eq!(dial(&mut connector, &place).await, Duration::ZERO);
    assert_eq!(dial(&mut connector, &place).await, Duration::ZERO);
    assert_eq!(dial(&mut connector, &place).await, COMES_BACK, "none came back: it is dialled after all");
    assert_eq!(made.load(Ordering::Relaxed), 3);
    tokio::time::advance(CROWD + Duration::from_secs(1)).await;
    assert_eq!(dial(&mut connector, &place).await, Duration::ZERO, "another crowd");
}

#[tokio::test(start_paused = true)]
async fn b82_a_connection_that_nobody_waits_for_any_more_is_not_made() {
    let (mut connector, made, place, _places) = two().await;
    for _ in 0..2 {
        dial(&mut connector, &place).await;
    }
    // As the pool does it: the request that asked has found another one, and the dialling is finished in a task.
    let dialling = with(place, async { Ok::<_, Infallible>(connector.call(())) }).await.expect("begun");
    let left = tokio::spawn(dialling).await.expect("no panic");
    assert_eq!(left.expect_err("not made").to_string(), "nobody waits for this connection any more");
    assert_eq!(made.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn b82_dialling_keeps_the_place_of_a_request_that_is_done() {
    let (mut connector, _made, place, places) = two().await;
    for _ in 0..2 {
        dial(&mut connector, &place).await;
    }
    let dialling = with(place, async { Ok::<_, Infallible>(connector.call(())) }).await.expect("begun");
    let soon = || later(now(), Duration::from_millis(10));
    let second = places.take(soon()).await.expect("the other place");
    assert!(places.take(soon()).await.is_none(), "the place of a request that is done, but dials, is taken");
    drop(dialling);
    assert!(places.take(soon()).await.is_some());
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn b82_connections_that_are_gone_make_room_for_others() {
    let sparing = Sparing::new(2);
    let (mut connector, (_, _, place, _places)) = (sparing.layer(Connector::default()), two().await);
    for _ in 0..20 {
        // A request that is dropped before its answer closes its connection.
        let lent = sparing.lend();
        assert_eq!(dial(&mut connector, &place).await, Duration::ZERO);
        drop(lent);
    }
    for _ in 0..2 {
        let lent = sparing.lend();
        assert_eq!(dial(&mut connector, &place).await, Duration::ZERO);
        lent.comes_back();
    }
    assert_eq!(dial(&mut connector, &place).await, COMES_BACK, "both are still there");
}

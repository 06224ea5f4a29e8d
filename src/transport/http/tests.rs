//! Connections without sockets, and names without servers.

#![allow(clippy::expect_used, clippy::panic, reason = "a test")]

use std::net::IpAddr;
use std::time::Duration;

use reqwest::dns::Resolve as _;
use tokio::runtime::{Builder, Id, Runtime};

use super::connections::{Connections, Loan};
use super::keep_alive::Idle;
use super::resolver::{ALIAS, DidNotComeBack, NameMissing, Names, Resolver};
use super::*;
use crate::clock::{later, now};
use crate::transport::Lane;

fn runtime() -> (Runtime, Id) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let id = runtime.handle().id();
    (runtime, id)
}

fn after(start: Instant, millis: u64) -> Instant {
    later(start, Duration::from_millis(millis))
}

/// Dials as number `dialled`, unless there is one; gives which it is and which were closed for it.
fn use_one<'a>(
    connections: &'a Connections<u32>,
    home: Id,
    lane: Lane,
    at: Instant,
    dialled: u32,
) -> (Loan<'a, u32>, u32, Vec<u32>) {
    let mut loan = connections.lend(home, lane, at);
    let closed = std::mem::take(&mut loan.closing);
    let number = *loan.client.get_or_insert(dialled);
    (loan, number, closed)
}

fn idle_since(since: Instant) -> Idle {
    Idle { since, timeout: None }
}

#[test]
fn b85_the_connection_used_last_is_lent_first() {
    let (start, (_runtime, home), connections) = (now(), runtime(), Connections::new(4));
    let loans: Vec<_> = (1..=3).map(|n| use_one(&connections, home, Lane::Poll, start, n)).collect();
    for (n, (loan, ..)) in (1..).zip(loans) {
        loan.give_back(idle_since(after(start, n)));
    }
    let (loan, number, closed) = use_one(&connections, home, Lane::Poll, after(start, 2_000), 9);
    assert_eq!((number, closed), (3, vec![]));
    let (_second, number, _) = use_one(&connections, home, Lane::Poll, after(start, 2_000), 9);
    assert_eq!(number, 2);
    // One that is dropped is closed.
    drop(loan);
    let (_third, number, _) = use_one(&connections, home, Lane::Poll, after(start, 2_000), 9);
    assert_eq!(number, 1);
}

#[test]
fn b82_idle_and_busy_ones_together_are_as_many_as_places() {
    let (start, (_runtime, home), connections) = (now(), runtime(), Connections::new(2));
    let loans: Vec<_> = (1..=2).map(|n| use_one(&connections, home, Lane::Poll, start, n)).collect();
    for (loan, ..) in loans {
        loan.give_back(idle_since(start));
    }
    // Both have been idle for too long for an initiate: one makes room.
    let (first, number, closed) = use_one(&connections, home, Lane::Once, after(start, 3_000), 3);
    assert_eq!((number, closed), (3, vec![1]));
    let (second, number, closed) = use_one(&connections, home, Lane::Once, after(start, 3_000), 4);
    assert_eq!((number, closed), (4, vec![2]));
    drop((first, second));
    let (_last, number, closed) = use_one(&connections, home, Lane::Poll, after(start, 3_000), 5);
    assert_eq!((number, closed), (5, vec![]));
}

/// B-84: none of another runtime, and no room that its idle ones take.
#[test]
fn b84_f41_a_connection_belongs_to_its_runtime() {
    let (start, connections) = (now(), Connections::new(1));
    let ((_one, here), (_other, there)) = (runtime(), runtime());
    let (loan, ..) = use_one(&connections, here, Lane::Poll, start, 1);
    loan.give_back(idle_since(start));
    let (loan, number, closed) = use_one(&connections, there, Lane::Poll, start, 2);
    assert_eq!((number, closed), (2, vec![1]));
    let (extra, number, closed) = use_one(&connections, here, Lane::Poll, start, 3);
    assert_eq!((number, closed), (3, vec![]), "one more while every place is held elsewhere");
    extra.give_back(idle_since(start));
    loan.give_back(idle_since(start));
    let (_loan, number, _) = use_one(&connections, here, Lane::Poll, start, 4);
    assert_eq!(number, 3);
}

#[test]
fn over_http2_one_serves_a_runtime() {
    let (start, connections) = (now(), Connections::new(2));
    let ((_one, here), (_other, there)) = (runtime(), runtime());
    let loans: Vec<_> = (1..=2).map(|n| use_one(&connections, here, Lane::Poll, start, n)).collect();
    for (loan, ..) in loans {
        loan.share(idle_since(start));
    }
    let all: Vec<_> =
        (0..9).map(|_| use_one(&connections, here, Lane::Poll, after(start, 5_000), 9)).collect();
    assert!(all.iter().all(|(_, number, _)| *number == 1), "the first that was answered");
    assert_eq!(use_one(&connections, there, Lane::Poll, start, 3).1, 3);
    // Once, and it has not answered for a while: a new one, which then serves all.
    let (loan, number, _) = use_one(&connections, here, Lane::Once, after(start, 5_000), 4);
    assert_eq!(number, 4);
    loan.share(idle_since(after(start, 5_001)));
    assert_eq!(use_one(&connections, here, Lane::Once, after(start, 5_500), 9).1, 4);
    // Silence: others take another.
    let (mut loan, ..) = use_one(&connections, here, Lane::Poll, after(start, 20_000), 9);
    loan.was_silent(after(start, 20_000));
    assert_eq!(use_one(&connections, here, Lane::Poll, after(start, 30_000), 5).1, 5);
}

#[test]
fn idle_ones_of_a_runtime_that_is_gone_are_closed_after_a_minute() {
    let (start, connections) = (now(), Connections::new(9));
    let ((one, gone), (_other, here)) = (runtime(), runtime());
    for (n, lane) in [(1, Lane::Poll), (2, Lane::Once)] {
        let (loan, ..) = use_one(&connections, gone, lane, after(start, 2_000 * u64::from(n)), n);
        if n == 1 { loan.share(idle_since(start)) } else { loan.give_back(idle_since(start)) }
    }
    drop(one);
    assert_eq!(use_one(&connections, here, Lane::Poll, after(start, 59_000), 3).2, Vec::<u32>::new());
    let mut closed = use_one(&connections, here, Lane::Poll, after(start, 61_000), 3).2;
    closed.sort_unstable();
    assert_eq!(closed, [1, 2]);
}

async fn resolve(
    resolver: &Resolver,
    name: &str,
) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let addresses = resolver.resolve(name.parse().expect("a name")).await?;
    Ok(addresses.map(|address| address.ip()).collect())
}

/// B-62: whatever the system says of it.
#[tokio::test]
async fn b62_localhost_is_a_loopback_address() {
    let resolver = Resolver::of(&Names::new(None).into());
    let addresses = resolve(&resolver, "localhost").await.expect("known");
    assert!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
}

#[tokio::test(start_paused = true)]
async fn an_address_goes_by_its_alias_and_dialling_waits_for_what_comes_back() {
    let address = IpAddr::from([10, 1, 2, 3]);
    let resolver = Resolver::of(&Names::new(Some(address)).into());
    assert_eq!(resolve(&resolver, ALIAS).await.expect("known"), [address]);
    resolver.set_comes_back(true);
    let error = resolve(&resolver, ALIAS).await.expect_err("not dialled");
    assert!(error.is::<DidNotComeBack>());
    resolver.set_comes_back(false);
    assert_eq!(resolve(&resolver, ALIAS).await.expect("known"), [address]);
}

/// F-26: a name that was there comes back. Names are of one transport, whichever of its connections looks them up.
#[tokio::test]
async fn f26_a_name_that_was_found_before_is_only_away() {
    let names = std::sync::Arc::new(Names::new(None));
    let (resolver, other) = (Resolver::of(&names), Resolver::of(&names));
    let missing = |error: Box<dyn std::error::Error + Send + Sync>| {
        error.downcast_ref::<NameMissing>().map(|missing| missing.was_found)
    };
    let Some(found) = missing(resolve(&resolver, "no-such-host.invalid").await.expect_err("reserved")) else {
        // A machine whose resolver is out of order cannot tell.
        return;
    };
    assert!(!found);
    // The system's resolver is asked, and finds it anywhere.
    assert_eq!(resolve(&other, "127.0.0.9").await.expect("found"), [IpAddr::from([127, 0, 0, 9])]);
    let error = resolve(&resolver, "no-such-host.invalid").await.expect_err("reserved");
    assert_eq!(missing(error), Some(true));
}

/// F-28: what this machine is out of.
#[test]
fn f28_descriptors_and_ports_are_named() {
    use std::io::{Error, ErrorKind};

    let said = |error: Error| local::missing(&error).unwrap_or_default();
    assert!(said(ErrorKind::AddrNotAvailable.into()).contains("local port"));
    if cfg!(unix) {
        for code in [23, 24] {
            assert!(said(Error::from_raw_os_error(code)).contains("file descriptor"));
        }
    }
    for kind in [ErrorKind::ConnectionRefused, ErrorKind::NotFound, ErrorKind::TimedOut] {
        assert_eq!(said(kind.into()), "");
    }
}

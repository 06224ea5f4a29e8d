//! The connections that nobody uses at the moment, and how many there are in all.

use std::collections::VecDeque;

use tokio::runtime::Id;

use super::keep_alive::{Closings, Idle};
use crate::clock::Instant;
use crate::sync::{Mutex, lock};
use crate::transport::Lane;

/// The connections to one origin. Each is a client of its own (`C`) that has one connection, and belongs to the runtime
/// that dialled it; over HTTP/2 one client serves a whole runtime.
pub(super) struct Connections<C> {
    /// As many as there are places.
    most: usize,
    state: Mutex<State<C>>,
}

struct State<C> {
    /// Those that one request at a time can use, the one used last at the back.
    idle: VecDeque<Kept<C>>,
    /// Those of HTTP/2: they carry any number of requests at once.
    shared: Vec<Kept<C>>,
    /// Those in use or being dialled, but for the shared ones.
    busy: usize,
    closings: Closings,
}

struct Kept<C> {
    client: C,
    home: Id,
    idle: Idle,
}

/// A connection in use. It is closed when this is dropped, unless it was given back.
pub(super) struct Loan<'a, C> {
    connections: &'a Connections<C>,
    home: Id,
    /// The one that carries the request; `None` where it has to be dialled.
    pub(super) client: Option<C>,
    /// What it was before, where it had been idle.
    pub(super) idle: Option<Idle>,
    is_shared: bool,
    is_counted: bool,
    /// Connections that had to make room, or are too old: whoever drops them closes them.
    pub(super) closing: Vec<C>,
}

impl<C: Clone> Connections<C> {
    pub(super) fn new(most: usize) -> Self {
        let state =
            State { idle: VecDeque::new(), shared: Vec::new(), busy: 0, closings: Closings::default() };
        Self { most, state: Mutex::new(state) }
    }

    /// Lends a connection of this runtime, or room for a new one.
    pub(super) fn lend(&self, home: Id, lane: Lane, now: Instant) -> Loan<'_, C> {
        let mut loan = Loan {
            connections: self,
            home,
            client: None,
            idle: None,
            is_shared: false,
            is_counted: false,
            closing: Vec::new(),
        };
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        state.close_old(now, &mut loan.closing);
        let closings = state.closings;
        if let Some(kept) = state.shared.iter().find(|kept| kept.home == home)
            && (lane == Lane::Poll || kept.idle.carries(lane, closings, now))
        {
            (loan.client, loan.idle, loan.is_shared) = (Some(kept.client.clone()), Some(kept.idle), true);
            return loan;
        }
        let fits = |kept: &Kept<C>| kept.home == home && kept.idle.carries(lane, closings, now);
        if let Some(at) = state.idle.iter().rposition(fits)
            && let Some(kept) = state.idle.remove(at)
        {
            (loan.client, loan.idle) = (Some(kept.client), Some(kept.idle));
        } else {
            // What is in use stays: a runtime that finds every place held by others has one more.
            let room = self.most.saturating_sub(state.busy).saturating_sub(state.shared.len());
            while state.idle.len() >= room
                && let Some(kept) = state.idle.pop_front()
            {
                loan.closing.push(kept.client);
            }
        }
        state.busy = state.busy.saturating_add(1);
        loan.is_counted = true;
        loan
    }
}

impl<C> State<C> {
    /// The oldest stand in front. A shared one that nobody has used for long may be of a runtime that is gone.
    fn close_old(&mut self, now: Instant, closing: &mut Vec<C>) {
        let closings = self.closings;
        while self.idle.front().is_some_and(|kept| !kept.idle.is_open(closings, now)) {
            closing.extend(self.idle.pop_front().map(|kept| kept.client));
        }
        let old = |kept: &mut Kept<C>| kept.idle.age(now) >= super::keep_alive::LONGEST_IDLE;
        closing.extend(self.shared.extract_if(.., old).map(|kept| kept.client));
    }
}

impl<C: Clone> Loan<'_, C> {
    /// Whether the connection may still be on its way back from its last request.
    pub(super) fn comes_back(&self, now: Instant) -> bool {
        !self.is_shared && self.idle.is_some_and(|idle| idle.comes_back(now))
    }

    /// The request has its whole answer, and the connection takes another.
    pub(super) fn give_back(mut self, idle: Idle) {
        let Some(client) = self.client.take() else { return };
        let mut state = lock(&self.connections.state);
        if self.is_shared {
            // It speaks HTTP/1.1 now.
            state.shared.retain(|kept| kept.home != self.home);
        } else {
            state.idle.push_back(Kept { client, home: self.home, idle });
            state.busy = state.busy.saturating_sub(usize::from(std::mem::take(&mut self.is_counted)));
        }
    }

    /// The same over HTTP/2, where it takes any number.
    pub(super) fn share(mut self, idle: Idle) {
        let Some(client) = self.client.take() else { return };
        let mut state = lock(&self.connections.state);
        match state.shared.iter_mut().find(|kept| kept.home == self.home) {
            Some(kept) if self.is_shared => kept.idle = idle,
            // Dialled because the other one had not answered for a while.
            Some(kept) if !kept.idle.carries(Lane::Once, Closings::default(), idle.since) => {
                let client = std::mem::replace(&mut kept.client, client);
                kept.idle = idle;
                self.closing.push(client);
            }
            Some(_) => self.closing.push(client),
            None => state.shared.push(Kept { client, home: self.home, idle }),
        }
    }

    /// The request has run out of time. A shared connection on which nothing was answered meanwhile would carry every later
    /// request into the same silence: others take another. Those that are under way on it stay.
    pub(super) fn was_silent(&mut self, begun: Instant) {
        if self.is_shared {
            let mut state = lock(&self.connections.state);
            let silent = |kept: &mut Kept<C>| kept.home == self.home && kept.idle.since < begun;
            self.closing.extend(state.shared.extract_if(.., silent).map(|kept| kept.client));
        }
    }

    /// The connection was found closed when the request was on its way.
    pub(super) fn was_closed(&self, now: Instant) {
        if let (Some(idle), false) = (self.idle, self.is_shared) {
            lock(&self.connections.state).closings.note(idle.age(now), now);
        }
    }
}

impl<C> Drop for Loan<'_, C> {
    fn drop(&mut self) {
        if self.is_counted {
            let mut state = lock(&self.connections.state);
            state.busy = state.busy.saturating_sub(1);
        }
    }
}

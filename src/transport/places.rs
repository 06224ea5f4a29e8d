//! The places for requests under way, and the queue in front of them.

mod caller;
mod line;

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

pub(crate) use self::caller::Caller;
use self::line::{Line, Waiting};
use crate::sync::{Mutex, lock};

/// So many requests in a row go unanswered by chance only where hardly any is answered.
const NO_CHANCE: usize = 8;

/// So many entries are not looked through for those that are over.
const LEAST_AWAITED: usize = 16;

/// What became of waiting for a place.
pub(crate) enum Turn {
    Mine(Place),
    /// In front of a server that does not answer a queue is a herd, and so are many requests that hang: when the server
    /// is back they would come all at once. Come again later.
    NotWorthWaiting,
}

/// So many requests may be under way at once. Clones share them.
#[derive(Clone)]
pub(crate) struct Places(Arc<Shared>);

struct Shared {
    number: usize,
    state: Mutex<State>,
    /// Requests with a place that only the future of one wait drives, which may lie idle. Some may have ended.
    awaited: Mutex<Vec<Weak<dyn Awaited>>>,
    /// Requests in a row that nobody answered.
    unanswered: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// Places that somebody has, and those of them that initiates have.
    taken: usize,
    initiating: usize,
    /// The runtimes on which somebody has a place or waits for one: nearly always one.
    homes: Vec<Home>,
    /// How many have ever waited: numbers them.
    waited: u64,
    /// Whether the last place that came free went to a poll.
    poll_was_last: bool,
}

/// One runtime.
struct Home {
    id: Option<Id>,
    held: usize,
    polls: Line<Place>,
    /// Looks and TOTP logins.
    quick: Line<Place>,
    initiates: Line<Place>,
}

/// A place, free again when it is dropped. It belongs to the runtime on which it was asked for.
pub(crate) struct Place {
    places: Arc<Shared>,
    home: Option<Id>,
    caller: Caller,
}

/// A wait for a place. Dropping it leaves the queue; a place that had just been given to it goes to the next.
pub(crate) struct Queue(Queued);

enum Queued {
    Now(Option<Turn>),
    Waiting(oneshot::Receiver<Place>),
}

/// A request that only somebody's future drives.
pub(crate) trait Awaited: Send + Sync {
    fn is_over(&self) -> bool;

    /// Sees to it that it goes on without that future.
    fn finish(self: Arc<Self>);
}

/// A place that has found somebody, to be handed over when no lock is held.
struct Handed {
    place: Place,
    to: oneshot::Sender<Place>,
}

impl Places {
    /// So many places; initiates have at most half of them.
    pub(crate) fn new(number: usize) -> Self {
        let (state, awaited) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Shared { number, state, awaited, unanswered: AtomicUsize::new(0) }))
    }

    /// A request that has a place, and that nothing but a future drives. Whoever waits for a place must not depend on
    /// whether that future is polled: as soon as anybody does, the request goes on by itself.
    pub(crate) fn awaits(&self, request: &Arc<impl Awaited + 'static>) {
        let known = Arc::downgrade(request);
        let mut awaited = lock(&self.0.awaited);
        if awaited.len() >= self.0.number.saturating_mul(2).max(LEAST_AWAITED) {
            awaited.retain(|one| one.upgrade().is_some_and(|one| !one.is_over()));
        }
        awaited.push(known);
        drop(awaited);
        // Behind the entry: whoever comes later finds it.
        if lock(&self.0.state).somebody_waits() {
            self.0.finish_awaited();
        }
    }

    /// A place that is free now and that nobody before us waits for. Never waits.
    pub(crate) fn try_take(&self, caller: Caller) -> Option<Place> {
        let home = current();
        let mut state = lock(&self.0.state);
        let taken = self.0.is_worth_it(caller, &state) && state.take(self.0.number, home, caller);
        drop(state);
        taken.then(|| self.0.place(home, caller))
    }

    /// Waits for a place, in the order of coming. It has no clock of its own: the caller bounds it. Woken by a free place,
    /// or when it stops being worth it, and by nothing else.
    ///
    /// Cancel safe: a dropped wait leaves the queue.
    pub(crate) fn queue(&self, caller: Caller) -> Queue {
        let home = current();
        let mut state = lock(&self.0.state);
        if !self.0.is_worth_it(caller, &state) {
            return Queue(Queued::Now(Some(Turn::NotWorthWaiting)));
        }
        if state.take(self.0.number, home, caller) {
            drop(state);
            return Queue(Queued::Now(Some(Turn::Mine(self.0.place(home, caller)))));
        }
        let (to, place) = oneshot::channel();
        state.wait(home, caller, to);
        drop(state);
        self.0.finish_awaited();
        Queue(Queued::Waiting(place))
    }

    /// Takes note of how a request ended.
    pub(crate) fn ended(&self, answered: bool) {
        if answered {
            // Read first: whoever writes takes the line from all other cores.
            if self.0.unanswered.load(Ordering::Relaxed) > 0 {
                self.0.unanswered.store(0, Ordering::Relaxed);
            }
        } else if self.0.unanswered.fetch_add(1, Ordering::Relaxed).saturating_add(1) >= NO_CHANCE {
            let sent_home = lock(&self.0.state).disband_polls();
            // Wakes them, under no lock.
            drop(sent_home);
        }
    }
}

impl Shared {
    fn place(self: &Arc<Self>, home: Option<Id>, caller: Caller) -> Place {
        Place { places: Arc::clone(self), home, caller }
    }

    fn finish_awaited(&self) {
        let awaited = std::mem::take(&mut *lock(&self.awaited));
        for request in awaited.iter().filter_map(Weak::upgrade) {
            request.finish();
        }
    }

    /// While the server does not answer, a quarter of the places is enough for polls to notice its return. A person stands
    /// behind every other call, and its own time is short.
    fn is_worth_it(&self, caller: Caller, state: &State) -> bool {
        caller != Caller::Poll
            || self.unanswered.load(Ordering::Relaxed) < NO_CHANCE
            || state.taken <= self.number / 4
    }

    /// Gives back a place, and finds who gets it.
    fn give_back(self: &Arc<Self>, home: Option<Id>, caller: Caller) -> Option<Handed> {
        let mut state = lock(&self.state);
        state.leave(home, caller);
        let (waiting, home) = state.next(self.number, home)?;
        state.enter(home, waiting.caller);
        Some(Handed { place: self.place(home, waiting.caller), to: waiting.place })
    }
}

impl State {
    /// Takes a place that is free. On a runtime where nobody has one there is always one more: what others hold may be
    /// stuck there, and nobody here can free it.
    fn take(&mut self, number: usize, home: Option<Id>, caller: Caller) -> bool {
        let free = self.taken < number && (caller != Caller::Initiate || self.initiating < half(number));
        let allowed = free || self.home(home).is_none_or(|home| home.held == 0);
        if allowed {
            self.enter(home, caller);
        }
        allowed
    }

    fn enter(&mut self, home: Option<Id>, caller: Caller) {
        self.taken = self.taken.saturating_add(1);
        self.initiating = self.initiating.saturating_add(usize::from(caller == Caller::Initiate));
        let home = self.home_or_new(home);
        home.held = home.held.saturating_add(1);
    }

    fn leave(&mut self, id: Option<Id>, caller: Caller) {
        self.taken = self.taken.saturating_sub(1);
        self.initiating = self.initiating.saturating_sub(usize::from(caller == Caller::Initiate));
        if let Some(at) = self.homes.iter().position(|home| home.id == id)
            && let Some(home) = self.homes.get_mut(at)
        {
            home.held = home.held.saturating_sub(1);
            if home.held == 0 && home.polls.is_empty() && home.quick.is_empty() && home.initiates.is_empty() {
                self.homes.swap_remove(at);
            }
        }
    }

    fn wait(&mut self, home: Option<Id>, caller: Caller, place: oneshot::Sender<Place>) {
        self.waited = self.waited.wrapping_add(1);
        let waiting = Waiting { number: self.waited, caller, place };
        let home = self.home_or_new(home);
        match caller {
            Caller::Poll => &mut home.polls,
            Caller::Look | Caller::Totp => &mut home.quick,
            Caller::Initiate => &mut home.initiates,
        }
        .join(waiting);
    }

    /// Who gets the next place, if there is one. `left`: the runtime on which one has just been given back.
    fn next(&mut self, number: usize, left: Option<Id>) -> Option<(Waiting<Place>, Option<Id>)> {
        // The last place of a runtime stays there as long as it is wanted, whatever others hold.
        let was_last = self.home(left).is_some_and(|home| home.held == 0);
        let stays = if was_last { self.next_of(|home| home.id == left, true) } else { None };
        if stays.is_some() || self.taken >= number {
            return stays;
        }
        self.next_of(|_| true, self.initiating < half(number))
    }

    /// The first in the queue, of polls and others in turn.
    fn next_of(
        &mut self,
        of: impl Fn(&Home) -> bool,
        initiates: bool,
    ) -> Option<(Waiting<Place>, Option<Id>)> {
        let (mut poll, mut other) = (None, None);
        for (at, home) in self.homes.iter_mut().enumerate().filter(|(_, home)| of(home)) {
            let first = |line: &mut Line<Place>| line.first().map(|number| (number, at));
            poll = earlier(poll, first(&mut home.polls));
            other = earlier(other, first(&mut home.quick));
            if initiates {
                other = earlier(other, first(&mut home.initiates));
            }
        }
        let takes_poll = poll.is_some() && !(self.poll_was_last && other.is_some());
        self.poll_was_last = takes_poll;
        let (number, at) = if takes_poll { poll } else { other }?;
        let home = self.homes.get_mut(at)?;
        let id = home.id;
        let waiting = match () {
            () if takes_poll => home.polls.leave(),
            () if home.quick.first() == Some(number) => home.quick.leave(),
            () => home.initiates.leave(),
        };
        waiting.map(|waiting| (waiting, id))
    }

    fn somebody_waits(&self) -> bool {
        self.homes
            .iter()
            .any(|home| !(home.polls.is_empty() && home.quick.is_empty() && home.initiates.is_empty()))
    }

    /// Takes all polls out of the queue.
    fn disband_polls(&mut self) -> Vec<Line<Place>> {
        let lines = self.homes.iter_mut().map(|home| std::mem::take(&mut home.polls));
        lines.filter(|line| !line.is_empty()).collect()
    }

    fn home(&self, id: Option<Id>) -> Option<&Home> {
        self.homes.iter().find(|home| home.id == id)
    }

    fn home_or_new(&mut self, id: Option<Id>) -> &mut Home {
        let at = self.homes.iter().position(|home| home.id == id).unwrap_or_else(|| {
            let (polls, quick, initiates) = (Line::default(), Line::default(), Line::default());
            self.homes.push(Home { id, held: 0, polls, quick, initiates });
            self.homes.len().saturating_sub(1)
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed above")]
        &mut self.homes[at]
    }
}

impl Place {
    /// The runtime that it belongs to: its connection is of that one, too.
    pub(crate) fn home(&self) -> Option<Id> {
        self.home
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(Handed { place, to }) = self.places.give_back(self.home, self.caller) {
            // Whoever it was for may have left in this very moment: then it comes back, and goes to the next.
            drop(to.send(place));
        }
    }
}

impl Future for Queue {
    type Output = Turn;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn> {
        match &mut self.0 {
            Queued::Now(turn) => Poll::Ready(turn.take().unwrap_or(Turn::NotWorthWaiting)),
            Queued::Waiting(place) => {
                Pin::new(place).poll(cx).map(|place| place.map_or(Turn::NotWorthWaiting, Turn::Mine))
            }
        }
    }
}

fn half(number: usize) -> usize {
    (number / 2).max(1)
}

fn current() -> Option<Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

fn earlier(one: Option<(u64, usize)>, other: Option<(u64, usize)>) -> Option<(u64, usize)> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
#[cfg(not(authsec_model))]
mod tests;

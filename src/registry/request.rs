use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::clock::{Instant, later};
use crate::poll::UnderWay;
use crate::sync::{Mutex, lock};
use crate::transport::Awaited;

/// The work of a request. It tells the slot by itself what it has brought.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A request of one id that is under way. It belongs to the id: every wait of the runtime on which it was begun drives it,
/// and none has to.
pub(crate) struct Request {
    /// Where its sockets and timers live: polled on another runtime they would fail.
    home: Option<Handle>,
    /// Which one of the id it is.
    number: u32,
    state: Mutex<State>,
}

struct State {
    /// When it left; before that, when it began to wait for its place.
    since: Instant,
    sent: bool,
    /// It was answered by an approval, which is being checked until then at the latest.
    checked_by: Option<Instant>,
    /// `None` while somebody polls it, and when it has ended.
    work: Option<Work>,
    /// Who wants to hear of it.
    wakers: Wakers,
    /// Somebody came to drive it while another was at it: what woke them must not be lost with the other's poll.
    again: bool,
    /// A task of its own drives it.
    finishing: bool,
    over: bool,
}

/// Who goes along with a request: a number of its own for each, because two waits of one task have the same waker.
#[derive(Debug, Default)]
pub(crate) struct Companion(u32);

/// The wakers of those who go along. One that was woken is gone: whoever still waits comes and leaves another. Most requests
/// have one wait, and need no room for more.
#[derive(Default)]
struct Wakers {
    first: Option<(u32, Waker)>,
    others: Vec<(u32, Waker)>,
    /// How many have ever come.
    companions: u32,
}

impl Wakers {
    fn add(&mut self, companion: &mut Companion, waker: &Waker) {
        if companion.0 == 0 {
            self.companions = self.companions.wrapping_add(1).max(1);
            companion.0 = self.companions;
        }
        let mut known = self.first.iter_mut().chain(&mut self.others);
        if let Some((_, known)) = known.find(|(number, _)| *number == companion.0) {
            known.clone_from(waker);
            return;
        }
        let fresh = (companion.0, waker.clone());
        match &mut self.first {
            Some(_) => self.others.push(fresh),
            first => *first = Some(fresh),
        }
    }

    fn take(&mut self) -> Self {
        Self { first: self.first.take(), others: std::mem::take(&mut self.others), companions: 0 }
    }

    /// Tells all but one, under no lock: this runs foreign code.
    fn wake(self, but: u32) {
        let all = self.first.into_iter().chain(self.others);
        all.filter(|(number, _)| *number != but).for_each(|(_, waker)| waker.wake());
    }
}

impl Request {
    pub(super) fn new(number: u32, sent: bool, since: Instant, work: Work) -> Arc<Self> {
        let state = State {
            since,
            sent,
            checked_by: None,
            work: Some(work),
            wakers: Wakers::default(),
            again: false,
            finishing: false,
            over: false,
        };
        Arc::new(Self { home: Handle::try_current().ok(), number, state: Mutex::new(state) })
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// From when on nothing can come of it any more, of a request that may take so long.
    pub(crate) fn overdue(&self, timeout: Duration) -> Instant {
        let state = lock(&self.state);
        state.checked_by.unwrap_or_else(|| later(state.since, timeout))
    }

    /// How far it is.
    pub(super) fn under_way(&self) -> UnderWay {
        let state = lock(&self.state);
        match state.checked_by {
            Some(until) => UnderWay::Checking(until),
            None if state.sent => UnderWay::Sent,
            None => UnderWay::Queued,
        }
    }

    /// Whether it has its place and has left.
    pub(crate) fn is_sent(&self) -> bool {
        lock(&self.state).sent
    }

    pub(super) fn leaves(&self, at: Instant) {
        let mut state = lock(&self.state);
        (state.sent, state.since) = (true, at);
    }

    pub(super) fn checks(&self, until: Instant) {
        lock(&self.state).checked_by = Some(until);
    }

    /// Whether it can be driven from here.
    pub(crate) fn is_at_home(&self) -> bool {
        let here = Handle::try_current().ok();
        here.map(|handle| handle.id()) == self.home.as_ref().map(Handle::id)
    }

    /// Brings it forward, if this is its runtime and nobody else is at it. Ready when it has ended, wherever; whoever polls
    /// this hears of the end.
    pub(crate) fn drive(self: &Arc<Self>, companion: &mut Companion, cx: &mut Context<'_>) -> Poll<()> {
        let at_home = self.is_at_home();
        loop {
            let mut state = lock(&self.state);
            if state.over {
                return Poll::Ready(());
            }
            state.wakers.add(companion, cx.waker());
            if !at_home {
                return Poll::Pending;
            }
            let Some(work) = state.work.take() else {
                state.again = true;
                return Poll::Pending;
            };
            state.again = false;
            drop(state);
            let waker = Waker::from(Arc::clone(self));
            let mut polling = Polling { request: self, by: companion.0, work: Some(work) };
            if polling.poll(&mut Context::from_waker(&waker)).is_ready() {
                return Poll::Ready(());
            }
            if !polling.put_back() {
                return Poll::Pending;
            }
        }
    }

    /// Ends it: what is left of it is dropped, and who waits for it is told. Never under a lock, for this runs foreign code.
    pub(super) fn end(&self) {
        self.end_by(0);
    }

    /// Whoever has just polled it to its end knows.
    fn end_by(&self, companion: u32) {
        let mut state = lock(&self.state);
        state.over = true;
        let (work, wakers) = (state.work.take(), state.wakers.take());
        drop(state);
        drop(work);
        wakers.wake(companion);
    }

    #[cfg(all(test, not(authsec_model)))]
    pub(super) fn end_for_tests(&self, companion: &mut Companion) {
        companion.0 = u32::MAX;
        self.end_by(companion.0);
    }

    /// Finishes it where it was begun, in a task of its own: nobody may be left there who drives it. Where that runtime has
    /// ended, the task is dropped at once, and the request with it.
    pub(crate) fn finish(self: &Arc<Self>, spawn: impl FnOnce(Work, &Handle)) {
        let Some(home) = &self.home else { return self.end() };
        if std::mem::replace(&mut lock(&self.state).finishing, true) {
            return;
        }
        let finishing = Finishing(Arc::clone(self));
        let mut companion = Companion::default();
        spawn(Box::pin(async move { poll_fn(|cx| finishing.0.drive(&mut companion, cx)).await }), home);
    }
}

impl Awaited for Request {
    fn is_over(&self) -> bool {
        lock(&self.state).over
    }

    fn finish(self: Arc<Self>) {
        Self::finish(&self, |work, home| drop(home.spawn(work)));
    }
}

/// One turn of driving. Dropped with the work still in it, by a panic or because the request was ended meanwhile, it ends the
/// request.
struct Polling<'a> {
    request: &'a Arc<Request>,
    by: u32,
    work: Option<Work>,
}

impl Polling<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.work.as_mut().map_or(Poll::Ready(()), |work| work.as_mut().poll(cx))
    }

    /// Leaves the work for the next turn, and says whether that should come at once.
    fn put_back(mut self) -> bool {
        let mut state = lock(&self.request.state);
        if state.over {
            return true;
        }
        state.work = self.work.take();
        state.again
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        if self.work.take().is_some() {
            self.request.end_by(self.by);
        }
    }
}

/// A task that drives a request to its end. Dropped before, it takes the request along.
struct Finishing(Arc<Request>);

impl Drop for Finishing {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Wake for Request {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = lock(&self.state).wakers.take();
        wakers.wake(0);
    }
}

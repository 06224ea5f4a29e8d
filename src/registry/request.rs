use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Handle;

use crate::clock::Instant;
use crate::sync::{Mutex, lock};

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

/// The wakers of those who go along. One that was woken is gone: whoever still waits comes and leaves another. Most requests
/// have one wait, and need no room for more.
#[derive(Default)]
struct Wakers {
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Wakers {
    fn add(&mut self, waker: &Waker) {
        if self.first.iter().chain(&self.others).any(|known| known.will_wake(waker)) {
            return;
        }
        match &mut self.first {
            Some(_) => self.others.push(waker.clone()),
            first => *first = Some(waker.clone()),
        }
    }

    /// Wakes all but one. Under no lock: this runs foreign code.
    fn wake_but(self, one: &Waker) {
        let all = self.first.into_iter().chain(self.others);
        all.filter(|waker| !waker.will_wake(one)).for_each(Waker::wake);
    }
}

impl Request {
    pub(super) fn new(number: u32, sent: bool, since: Instant, work: Work) -> Arc<Self> {
        let state = State {
            since,
            sent,
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

    /// When it left; before that, when it began to wait for its place.
    pub(crate) fn since(&self) -> Instant {
        lock(&self.state).since
    }

    /// Whether it has its place and has left.
    pub(crate) fn is_sent(&self) -> bool {
        lock(&self.state).sent
    }

    pub(super) fn leaves(&self, at: Instant) {
        let mut state = lock(&self.state);
        (state.sent, state.since) = (true, at);
    }

    /// Whether it can be driven from here.
    pub(crate) fn is_at_home(&self) -> bool {
        let here = Handle::try_current().ok();
        here.map(|handle| handle.id()) == self.home.as_ref().map(Handle::id)
    }

    /// Brings it forward, if this is its runtime and nobody else is at it. Ready when it has ended, wherever; whoever polls
    /// this hears of the end.
    pub(crate) fn drive(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        let at_home = self.is_at_home();
        loop {
            let mut state = lock(&self.state);
            if state.over {
                return Poll::Ready(());
            }
            state.wakers.add(cx.waker());
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
            let mut polling = Polling { request: self, by: cx.waker(), work: Some(work) };
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
        self.end_by(Waker::noop());
    }

    /// Whoever has just polled it to its end knows of it.
    fn end_by(&self, who: &Waker) {
        let mut state = lock(&self.state);
        state.over = true;
        let (work, wakers) = (state.work.take(), std::mem::take(&mut state.wakers));
        drop(state);
        drop(work);
        wakers.wake_but(who);
    }

    /// Nobody is sure to drive it any more: those who wait have left, or wait elsewhere. It is finished where it was begun, in
    /// a task of its own. Where that runtime has ended, the task is dropped at once, and the request with it.
    pub(crate) fn finish(self: Arc<Self>, spawn: impl FnOnce(Work, &Handle)) {
        if std::mem::replace(&mut lock(&self.state).finishing, true) {
            return;
        }
        let Some(home) = self.home.clone() else { return self.end() };
        let finishing = Finishing(self);
        spawn(Box::pin(async move { poll_fn(|cx| finishing.0.drive(cx)).await }), &home);
    }
}

/// One turn of driving. Dropped with the work still in it, by a panic or because the request was ended meanwhile, it ends the
/// request.
struct Polling<'a> {
    request: &'a Arc<Request>,
    by: &'a Waker,
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
        let wakers = std::mem::take(&mut lock(&self.state).wakers);
        wakers.wake_but(Waker::noop());
    }
}

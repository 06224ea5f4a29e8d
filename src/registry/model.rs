//! Every interleaving of joining, asking, receiving, leaving, cancelling and forgetting, by loom: `tests/model/run`.
//!
//! `CancellationToken` is not modelled: that it is set is never enough, whoever receives asks the slot again. A request is
//! a future of the model's own; its answer comes when somebody polls it.

mod cancels;
mod initiates;
mod memory;
mod requests;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom::thread::{self, JoinHandle};
use tokio::runtime::Handle;

use super::{
    Acknowledged, Asking, Ended, Initiating, Joined, News, Registry, Request, Said, Slot, UnknownId, Work,
};
use crate::clock::{Instant, later, now};
use crate::outcome::{ApprovalOutcome, CancelReason, Granted};
use crate::poll::Life;
use crate::secret::AccessToken;
use crate::sync::{Mutex, lock};
use crate::trace::FlowId;
use crate::types::{AuthReqId, Email, PersonKey};

/// Walks through every order in which nobody is interrupted more than three times. All are on one runtime, which runs nothing.
fn check(model: impl Fn() + Sync + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _inside = runtime.enter();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// A registry, and the one person whom everybody here waits for.
#[derive(Clone)]
struct World {
    registry: Arc<Registry>,
    key: PersonKey,
    /// What was handed to the runtime.
    tasks: Arc<Mutex<Vec<Work>>>,
}

/// A wait without its timers.
struct Waiting {
    world: World,
    slot: Arc<Slot>,
    joined: Joined,
    left: bool,
}

impl World {
    fn new() -> Self {
        let key = Email::new("user@example.com").expect("an address").key();
        Self { registry: Arc::new(Registry::new(false)), key, tasks: Arc::new(Mutex::new(Vec::new())) }
    }

    fn wait(&self, text: &str) -> Waiting {
        let unknown = UnknownId { flow: FlowId::random(), said: Said::default(), life: None, interval: None };
        let id = AuthReqId::new(text).expect("an id");
        let (slot, joined) = self.registry.join(&self.key, &id, unknown).expect("the user's");
        Waiting { world: self.clone(), slot, joined, left: false }
    }

    /// What a wait is told that begins now.
    fn told(&self, text: &str) -> &'static str {
        self.wait(text).told()
    }

    fn initiating(&self) -> Initiating {
        self.registry.initiating(self.key.clone())
    }

    fn initiate(&self, text: &str) {
        self.initiating().acknowledged(acknowledged(text));
    }

    fn cancel(&self) -> usize {
        self.registry.cancel(&self.key)
    }

    fn live(&self) -> usize {
        self.registry.usage().0
    }

    fn spawn<T: 'static>(&self, work: impl FnOnce(Self) -> T + 'static) -> JoinHandle<T> {
        let world = self.clone();
        thread::spawn(move || work(world))
    }

    /// Takes a request that is to be finished, as the runtime does.
    fn finishes(&self) -> impl FnOnce(Work, &Handle) {
        |work, _home| lock(&self.tasks).push(work)
    }

    /// Runs what was handed to the runtime.
    fn run_tasks(&self) {
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        for mut task in tasks {
            let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    }

    /// Sweeps as a call does that comes a day later.
    fn sweep(&self) {
        let tomorrow = later(now(), Duration::from_secs(86_400));
        self.registry.people.tidy(tomorrow);
        self.registry.ids.tidy(tomorrow);
    }
}

impl Waiting {
    fn goes_on(&self) -> bool {
        self.slot.see(self.joined.member.failures, |_| ()).is_some()
    }

    fn sees(&self) -> Option<Arc<Request>> {
        self.slot.see(self.joined.member.failures, |_| ()).and_then(|((), request)| request)
    }

    fn told(&mut self) -> &'static str {
        let Self { world, slot, joined, .. } = self;
        let outcome = world.registry.receive(slot, joined.member, None, world.finishes());
        self.left = outcome.is_some();
        match outcome {
            None => "nothing",
            Some(Ok(ApprovalOutcome::Cancelled(CancelReason::Requested))) => "requested",
            Some(Ok(ApprovalOutcome::Cancelled(CancelReason::Superseded))) => "superseded",
            Some(Ok(ApprovalOutcome::Cancelled(CancelReason::Shutdown))) => "shutdown",
            Some(Ok(outcome)) => outcome.status(),
            Some(Err(_)) => "error",
        }
    }

    /// Begins a request that is approved when it is polled.
    fn asks(&self) -> Option<Arc<Request>> {
        self.begins(|asking| Box::pin(async move { drop(asking.end(now(), |_, _, _, _| approved())) }))
    }

    fn begins(&self, work: impl FnOnce(Asking) -> Work) -> Option<Arc<Request>> {
        self.slot.begin(self.slot.begun(), true, now(), work).map(|(request, _shared)| request)
    }

    /// A request whose answer is just being read.
    fn reads(&self) -> (Arc<Request>, Asking) {
        let mut reading = None;
        let request = self.begins(|asking| {
            reading = Some(asking);
            Box::pin(std::future::pending())
        });
        (request.expect("nobody asks"), reading.expect("begun"))
    }

    /// Its approval has come.
    fn approved(self) -> Self {
        drive(&self.asks().expect("nobody asks"));
        self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.left && !std::thread::panicking() {
            self.world.registry.leave(&self.slot, None, self.world.finishes());
        }
    }
}

fn acknowledged(text: &str) -> Acknowledged {
    let at: Instant = now();
    Acknowledged {
        id: AuthReqId::new(text).expect("an id"),
        interval: Duration::from_secs(5),
        life: Life::new(at, at, Duration::from_secs(300)),
        flow: FlowId::random(),
        said: Said::default(),
        at,
    }
}

fn approved() -> News {
    let token = AccessToken::new("tok");
    let grant = Granted {
        token,
        token_type: None,
        expires_in: None,
        scope: None,
        #[cfg(feature = "openid")]
        unchecked: None,
    };
    News::Ended(Ended::Approved(grant.into_approval(AuthReqId::new("id").expect("an id"), None)))
}

fn drive(request: &Arc<Request>) -> bool {
    request
        .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(Waker::noop()))
        .is_ready()
}

fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().expect("no panic")
}

/// Whether somebody was woken.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Bell {
    fn rang(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// An answer that comes from outside, and wakes who polls for it.
#[derive(Default)]
struct Line {
    state: Mutex<(bool, Option<Waker>)>,
}

impl Line {
    /// A request that is approved when the answer is there.
    fn request(self: &Arc<Self>, asking: Asking) -> Work {
        let (line, mut asking) = (Arc::clone(self), Some(asking));
        Box::pin(poll_fn(move |cx| {
            let mut state = lock(&line.state);
            if !state.0 {
                state.1 = Some(cx.waker().clone());
                return Poll::Pending;
            }
            drop(state);
            if let Some(asking) = asking.take() {
                asking.end(now(), |_, _, _, _| approved());
            }
            Poll::Ready(())
        }))
    }

    fn answers(&self) {
        let mut state = lock(&self.state);
        state.0 = true;
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

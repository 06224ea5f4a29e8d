//! Every interleaving of joining, asking, receiving, leaving, cancelling and forgetting, by loom: `tests/model/run`.
//!
//! `CancellationToken` is not modelled: that it is set is never enough, whoever receives asks the slot again. A request is
//! a future of the model's own; its answer comes when somebody polls it.

use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom::thread::{self, JoinHandle};
use tokio::runtime::Handle;

use super::{
    Acknowledged, Asking, Ended, Initiating, Joined, News, Registry, Request, Said, Slot, Unheard, Work,
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
        let said = Said { email: None, more: None };
        let unheard = Unheard { flow: FlowId::random(), said, life: None };
        let id = AuthReqId::new(text).expect("an id");
        let (slot, joined) = self.registry.join(&self.key, &id, unheard).expect("the user's");
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
        said: Said { email: None, more: None },
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

/// B-42: a cancel has stopped a wait if and only if no approval comes out of it; and the id stays cancelled.
#[test]
fn b42_a_cancel_against_an_arriving_token() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let request = waiting.asks().expect("nobody asks");
        let cancelling = world.spawn(|world| world.cancel());
        drive(&request);
        let told = waiting.told();
        match (told, join(cancelling)) {
            ("approved", 0) | ("requested", 1) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

/// B-42: two waits share what arrives; whoever has not received it when the cancel comes is cancelled.
#[test]
fn b42_two_waits_and_a_cancel_against_an_arriving_token() {
    check(|| {
        let world = World::new();
        let (mut first, mut second) = (world.wait("a"), world.wait("a"));
        let request = first.asks().expect("nobody asks");
        let receiving = world.spawn(move |_| {
            drive(&request);
            first.told()
        });
        assert_eq!(world.cancel(), 1, "the second waits");
        assert_eq!(second.told(), "requested");
        assert!(matches!(join(receiving), "approved" | "requested"));
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

/// B-42, as the caller sees it: what is received after a cancel has returned is never an approval.
#[test]
fn b42_nothing_comes_out_after_a_cancel_has_returned() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let request = waiting.asks().expect("nobody asks");
        let returned = Arc::new(loom::sync::atomic::AtomicBool::new(false));
        let cancelling = world.spawn({
            let returned = Arc::clone(&returned);
            move |world| {
                let _ = world.cancel();
                returned.store(true, Ordering::Release);
            }
        });
        drive(&request);
        let too_late = returned.load(Ordering::Acquire);
        assert!(!too_late || waiting.joined.token.is_cancelled(), "stopped, and left asleep");
        assert!(waiting.told() != "approved" || !too_late);
        join(cancelling);
    });
}

/// B-42: a task has finished with an approval and is awaited beside a cancel.
#[test]
fn b42_a_finished_task_against_a_cancel() {
    check(|| {
        let world = World::new();
        let mut finished = world.wait("a").approved();
        let cancelling = world.spawn(|world| world.cancel());
        let told = finished.told();
        match (told, join(cancelling)) {
            ("approved", 0) | ("requested", 1) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(world.told("a"), "requested");
    });
}

/// B-42: of two waits one has received; the other decides for itself.
#[test]
fn b42_one_of_two_has_received_against_a_cancel() {
    check(|| {
        let world = World::new();
        let (mut first, mut second) = (world.wait("a"), world.wait("a").approved());
        assert_eq!(first.told(), "approved");
        let cancelling = world.spawn(|world| world.cancel());
        let told = second.told();
        match (told, join(cancelling)) {
            ("approved", 0) | ("requested", 1) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

/// B-25, B-42: what was kept goes to the next wait, or is wiped by the cancel.
#[test]
fn b25_a_kept_approval_between_a_new_wait_and_a_cancel() {
    check(|| {
        let world = World::new();
        drop(world.wait("a").approved());
        let cancelling = world.spawn(|world| world.cancel());
        let told = world.told("a");
        match (told, join(cancelling)) {
            ("approved", 0) | ("requested", 0 | 1) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

/// B-41: a cancel that runs beside a wait either stops it or comes too early to know the id.
#[test]
fn b41_a_cancel_against_a_join() {
    check(|| {
        let world = World::new();
        let cancelling = world.spawn(|world| world.cancel());
        let mut waiting = world.wait("a");
        match (join(cancelling), waiting.told()) {
            (0, "nothing") | (1, "requested") => {}
            other => panic!("{other:?}"),
        }
    });
}

/// B-41, B-32: the cancel came between initiate and wait, so it stops the wait that follows, and the older one ends too.
#[test]
fn b41_b32_an_acknowledgement_against_a_cancel() {
    check(|| {
        let world = World::new();
        let mut older = world.wait("a");
        let initiating = world.initiating();
        let acknowledging = world.spawn(move |_| initiating.acknowledged(acknowledged("b")));
        let _ = world.cancel();
        join(acknowledging);
        assert!(matches!(older.told(), "requested" | "superseded"));
        assert_eq!((world.told("b"), world.live()), ("requested", 0));
        assert_eq!(world.registry.initiates.len(), 0);
    });
}

/// B-32: of two acknowledgements of one person the newer initiate's approval is left, whichever comes first.
#[test]
fn b32_two_acknowledgements_of_one_person() {
    check(|| {
        let world = World::new();
        let (older, newer) = (world.initiating(), world.initiating());
        let other = thread::spawn(move || older.acknowledged(acknowledged("older")));
        newer.acknowledged(acknowledged("newer"));
        join(other);
        assert_eq!([world.told("older"), world.told("newer")], ["superseded", "nothing"]);
    });
}

/// B-32: an approval that arrives beside a newer initiate comes out, or is superseded; never behind it.
#[test]
fn b32_a_newer_initiate_against_an_arriving_token() {
    check(|| {
        let world = World::new();
        let mut older = world.wait("a");
        let request = older.asks().expect("nobody asks");
        let initiating = world.spawn(|world| world.initiate("b"));
        drive(&request);
        assert!(matches!(older.told(), "approved" | "superseded"));
        join(initiating);
        assert_eq!([world.told("a"), world.told("b")], ["superseded", "nothing"]);
    });
}

/// B-13: one id, one request.
#[test]
fn b13_two_waits_that_would_ask() {
    check(|| {
        let world = World::new();
        let (first, second) = (world.wait("a"), world.wait("a"));
        let asking = world.spawn(move |_| {
            let asked = first.asks().is_some();
            (first, asked)
        });
        let asked = second.asks().is_some();
        let (first, other) = join(asking);
        assert!(asked != other, "one of them");
        assert!(drive(&second.sees().expect("it is under way")));
        assert_eq!([first, second].map(|mut waiting| waiting.told()), ["approved"; 2]);
        assert_eq!(world.live(), 0);
    });
}

/// B-13: the last wait leaves with a request in flight, and a new one comes: the request survives, and nobody asks anew.
#[test]
fn b13_b43_the_last_wait_leaves_against_a_new_one() {
    check(|| {
        let world = World::new();
        let first = world.wait("a");
        let _request = first.asks().expect("nobody asks");
        let leaving = world.spawn(move |world| {
            drop(first);
            world.run_tasks();
        });
        let mut second = world.wait("a");
        assert!(second.asks().is_none(), "asked anew");
        if let Some(request) = second.sees() {
            drive(&request);
        }
        join(leaving);
        world.run_tasks();
        assert_eq!((second.told(), world.live()), ("approved", 0));
    });
}

/// B-43: the answer comes while the last wait leaves: it is kept.
#[test]
fn b43_the_last_wait_leaves_against_an_arriving_token() {
    check(|| {
        let world = World::new();
        let waiting = world.wait("a");
        let request = waiting.asks().expect("nobody asks");
        let leaving = world.spawn(move |_| drop(waiting));
        drive(&request);
        join(leaving);
        world.run_tasks();
        assert_eq!((world.live(), world.told("a")), (0, "approved"));
    });
}

/// B-43: a drop beside a cancel leaves nothing, and loses neither.
#[test]
fn b43_a_drop_against_a_cancel() {
    check(|| {
        let world = World::new();
        let waiting = world.wait("a");
        let request = waiting.asks().expect("nobody asks");
        let dropping = world.spawn(move |_| drop(waiting));
        assert!(world.cancel() <= 1);
        join(dropping);
        assert!(drive(&request), "its request is over");
        assert_eq!((world.live(), world.told("a")), (0, "requested"));
    });
}

/// B-13: a wait that was woken is dropped before it is polled: the other one was woken, too.
#[test]
fn b13_a_woken_wait_is_dropped_before_it_is_polled() {
    check(|| {
        let world = World::new();
        let (first, mut second) = (world.wait("a"), world.wait("a"));
        let line = Arc::new(Line::default());
        let request = first.begins(|asking| line.request(asking)).expect("nobody asks");
        let (one, two) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
        for bell in [&one, &two] {
            let waker = Waker::from(Arc::clone(bell));
            assert!(
                request
                    .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
        let answering = thread::spawn(move || line.answers());
        drop(first);
        join(answering);
        assert!(two.rang(), "left asleep");
        assert!(drive(&request));
        assert_eq!(second.told(), "approved");
    });
}

/// B-13: two drive a request while its answer comes, and one of them is never polled again: the other knows of it.
#[test]
fn b13_driving_from_two_threads_loses_no_wake_up() {
    check(|| {
        let world = World::new();
        let (first, second) = (world.wait("a"), world.wait("a"));
        let line = Arc::new(Line::default());
        let request = first.begins(|asking| line.request(asking)).expect("nobody asks");
        let answering = thread::spawn(move || line.answers());
        let driving = thread::spawn({
            let request = Arc::clone(&request);
            move || {
                drive(&request);
                drop(first);
            }
        });
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let is_over = request
            .drive(&mut crate::registry::Companion::default(), &mut Context::from_waker(&waker))
            .is_ready();
        join(answering);
        join(driving);
        assert!(is_over || bell.rang(), "left asleep");
        assert!(drive(&request) && !second.goes_on());
    });
}

/// B-13: a request is dropped while somebody polls it: it is dropped by whoever comes last, and everybody knows.
#[test]
fn b42_a_cancel_against_somebody_who_drives() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let line = Arc::new(Line::default());
        let dropped = Arc::new(AtomicUsize::new(0));
        let counted = Counted(Arc::clone(&dropped));
        let request = waiting.begins(|asking| {
            let work = line.request(asking);
            Box::pin(async move {
                let _counted = counted;
                work.await;
            })
        });
        let request = request.expect("nobody asks");
        let driving = thread::spawn({
            let request = Arc::clone(&request);
            move || drive(&request)
        });
        assert_eq!(world.cancel(), 1);
        let _ = join(driving);
        assert_eq!(dropped.load(Ordering::SeqCst), 1, "its socket work has stopped");
        assert!(drive(&request));
        assert_eq!(waiting.told(), "requested");
    });
}

/// Counts that it was dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// B-23: a request is given up while its answer comes: an approval counts, whichever is first.
#[test]
fn b23_giving_up_against_a_late_approval() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let (request, asking) = waiting.reads();
        let answering = thread::spawn(move || asking.end(now(), |_, _, _, _| approved()));
        waiting.slot.desert(&request, now(), |_| {});
        join(answering);
        assert_eq!(waiting.told(), "approved");
    });
}

/// B-23: a request is given up, and a newer one begins, while the old one's word comes: it ends the id in time or not at all.
#[test]
fn b23_giving_up_against_a_late_word() {
    check(|| {
        let world = World::new();
        let mut waiting = world.wait("a");
        let (request, asking) = waiting.reads();
        let answering = thread::spawn(move || asking.end(now(), |_, _, _, _| News::Ended(Ended::Expired)));
        waiting.slot.desert(&request, now(), |_| {});
        let newer = waiting.asks();
        join(answering);
        match (newer, waiting.sees()) {
            (None, None) => assert_eq!(waiting.told(), "expired_token"),
            (Some(newer), Some(seen)) => {
                assert!(Arc::ptr_eq(&newer, &seen) && drive(&newer));
                assert_eq!(waiting.told(), "approved");
            }
            _ => panic!("an old request has touched the newer one"),
        }
    });
}

/// F-12, B-23: a request is given up, and a newer one begins, while the old one is dropped without a word. The newer one knows
/// that an answer is missing, whichever is first.
#[test]
fn f12_b23_giving_up_against_a_request_that_is_cut_off() {
    check(|| {
        let world = World::new();
        let waiting = world.wait("a");
        let (request, asking) = waiting.reads();
        let dropping = thread::spawn(move || drop(asking));
        waiting.slot.desert(&request, now(), |_| {});
        let (newer, reading) = waiting.reads();
        join(dropping);
        assert!(waiting.sees().is_some_and(|seen| Arc::ptr_eq(&seen, &newer)), "not the newer one's");
        let mut missing = false;
        reading.end(now(), |_, _, _, answer_was_lost| {
            missing = answer_was_lost;
            News::Undecided
        });
        assert!(missing, "its mark is gone");
    });
}

/// B-61: a record is never forgotten under a wait that has just joined: a cancel still finds it.
#[test]
fn b61_forgetting_against_a_join() {
    check(|| {
        let world = World::new();
        drop(world.wait("a"));
        let sweeping = world.spawn(|world| world.sweep());
        let mut waiting = world.wait("a");
        join(sweeping);
        assert_eq!(world.cancel(), 1, "a wait that no cancel can find");
        assert_eq!((waiting.told(), world.live()), ("requested", 0));
    });
}

/// B-61: a person is never forgotten whose next id has just been heard of.
#[test]
fn b61_forgetting_a_person_against_a_new_id() {
    check(|| {
        let world = World::new();
        drop(world.wait("a"));
        let sweeping =
            world.spawn(|world| world.registry.people.tidy(later(now(), Duration::from_secs(86_400))));
        let mut waiting = world.wait("b");
        join(sweeping);
        assert_eq!(world.cancel(), 1, "a wait that no cancel can find");
        assert_eq!(waiting.told(), "requested");
    });
}

/// B-61, B-42: two waits that make the record at once share it.
#[test]
fn b13_two_joins_of_an_id_that_nobody_has_heard_of() {
    check(|| {
        let world = World::new();
        let joining = world.spawn(|world| world.wait("a"));
        let first = world.wait("a");
        let second = join(joining);
        assert!(Arc::ptr_eq(&first.slot, &second.slot) && first.joined.first != second.joined.first);
        assert_eq!((world.live(), world.cancel()), (1, 1));
    });
}

/// B-43: a shutdown is for good: a wait beside it is stopped, or was never let in.
#[test]
fn b43_a_shutdown_against_a_join() {
    check(|| {
        let world = World::new();
        let closing = world.spawn(|world| world.registry.close());
        let mut waiting = world.wait("a");
        join(closing);
        assert_eq!(waiting.told(), "shutdown");
        assert_eq!(world.registry.usage(), (0, 0));
    });
}

/// B-43: nor is an id left that is acknowledged beside it.
#[test]
fn b43_a_shutdown_against_an_acknowledgement() {
    check(|| {
        let world = World::new();
        let closing = world.spawn(|world| world.registry.close());
        world.initiate("a");
        join(closing);
        assert_eq!((world.told("a"), world.registry.usage()), ("shutdown", (0, 0)));
    });
}

/// Three at once: a token arrives, somebody cancels, somebody joins. Each wait has one outcome, and the cancel stops what it finds.
#[test]
fn b42_a_token_a_cancel_and_a_new_wait_at_once() {
    check(|| {
        let world = World::new();
        let mut first = world.wait("a");
        let request = first.asks().expect("nobody asks");
        let cancelling = world.spawn(|world| world.cancel());
        let joining = world.spawn(|world| world.told("a"));
        drive(&request);
        let first = first.told();
        let (stopped, second) = (join(cancelling), join(joining));
        assert!(
            matches!(first, "approved" | "requested")
                && matches!(second, "approved" | "requested" | "nothing")
        );
        assert!(stopped == 1 || first == "approved", "{first} {second} {stopped}");
        assert_eq!((world.told("a"), world.live()), ("requested", 0));
    });
}

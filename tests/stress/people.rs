//! B-12 to B-14, B-25, B-35, B-42, B-43 as people do it: pages that ask again and again, reloads, looks, futures that are
//! kept, two runtimes, and cancels at random, all at once and in real time. Nothing that is asserted depends on how fast
//! this machine is.

use std::collections::HashMap;
use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authsec_ciba::{
    ApprovalOutcome, AuthReqId, CancelReason, CibaClient, Error, ErrorKind, PollForApproval, PollPolicy,
    PollStatus,
};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::cancelling::outcome;
use crate::server::{json, listen};

const PEOPLE: usize = 400;
/// At the same time.
const AT_ONCE: usize = 40;

/// One approval, as the server has it.
#[derive(Default)]
struct Record {
    /// At which poll the person has approved.
    approves_at: usize,
    polls: usize,
    tokens: usize,
    under_way: usize,
    most_under_way: usize,
    /// A cancel has returned.
    is_cancelled: bool,
    polls_behind_cancel: usize,
}

/// The server: a token at the poll at which the person has approved, and once.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<HashMap<String, Record>>>);

impl Desk {
    fn records(&self) -> MutexGuard<'_, HashMap<String, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record<T>(&self, id: &str, with: impl FnOnce(&mut Record) -> T) -> T {
        with(self.records().entry(id.to_owned()).or_default())
    }

    async fn start(self) -> SocketAddr {
        listen(move |id| {
            let desk = self.clone();
            async move {
                desk.record(&id, |record| {
                    record.polls += 1;
                    record.polls_behind_cancel += usize::from(record.is_cancelled);
                    record.under_way += 1;
                    record.most_under_way = record.most_under_way.max(record.under_way);
                });
                dither(3).await;
                desk.record(&id, |record| {
                    record.under_way -= 1;
                    if record.tokens > 0 {
                        return json(400, r#"{"error":"invalid_grant"}"#);
                    }
                    if record.polls < record.approves_at {
                        return json(202, r#"{"error":"authorization_pending"}"#);
                    }
                    record.tokens += 1;
                    json(200, &format!(r#"{{"access_token":"token-{id}","token_type":"Bearer"}}"#))
                })
            }
        })
        .await
    }
}

/// Lets some milliseconds pass, or some turns of the scheduler.
async fn dither(most: u64) {
    match fastrand::u64(..=most) {
        0 => {
            for _ in 0..fastrand::u8(..8) {
                tokio::task::yield_now().await;
            }
        }
        millis => tokio::time::sleep(Duration::from_millis(millis)).await,
    }
}

/// One person and all that is done about them.
struct Person {
    client: CibaClient,
    email: String,
    id: AuthReqId,
    /// A cancel has returned.
    cancelled: AtomicBool,
    /// How many were let in, or told that somebody was.
    approved: AtomicUsize,
    first_received: Mutex<Option<Instant>>,
}

impl Person {
    fn poll(&self) -> PollForApproval {
        self.client.poll_for_approval(&self.email, &self.id).interval(Duration::from_millis(1))
    }

    /// Checks what came out of a wait that began at an instant. Whether it was the end of the matter.
    fn is_over(&self, outcome: Result<ApprovalOutcome, Error>, began: Instant, too_late: bool) -> bool {
        match outcome {
            Ok(ApprovalOutcome::Approved(approval)) => {
                assert!(!too_late, "an approval came out behind a cancel");
                assert_eq!(approval.token().expose_secret(), format!("token-{}", self.id.expose_secret()));
                self.approved.fetch_add(1, Ordering::SeqCst);
                self.first_received.lock().expect("whole").get_or_insert_with(Instant::now);
                true
            }
            Ok(ApprovalOutcome::Cancelled(CancelReason::Requested)) => true,
            Ok(ApprovalOutcome::Timeout) => false,
            // A machine that is very slow.
            Err(error) if error.kind() == ErrorKind::AlreadyAnswered => {
                let first = self.first_received.lock().expect("whole").expect("somebody has received it");
                assert!(began + Duration::from_millis(1) >= first + Duration::from_secs(10), "too early");
                self.approved.fetch_add(1, Ordering::SeqCst);
                true
            }
            other => panic!("{}: {other:?}", self.email),
        }
    }

    /// A page that asks for some milliseconds, again and again, each time in a task of its own, on one runtime or the other.
    async fn page(self: Arc<Self>, runtimes: [Handle; 2]) {
        let over = Arc::new(AtomicBool::new(false));
        let mut asking = JoinSet::new();
        while !over.load(Ordering::SeqCst) {
            let (person, over) = (Arc::clone(&self), Arc::clone(&over));
            let wait = async move {
                let began = Instant::now();
                let timeout = Duration::from_millis(fastrand::u64(..40));
                let (ended, too_late) = outcome(person.poll().timeout(timeout), &person.cancelled).await;
                if person.is_over(ended, began, too_late) {
                    over.store(true, Ordering::SeqCst);
                }
            };
            asking.spawn_on(wait, &runtimes[fastrand::usize(..2)]);
            dither(20).await;
        }
        while let Some(asked) = asking.join_next().await {
            asked.expect("no violation");
        }
    }

    /// A tab that is loaded again and again: its wait is dropped wherever it is.
    async fn tab(self: Arc<Self>) {
        loop {
            let began = Instant::now();
            let patience = Duration::from_millis(fastrand::u64(1..30));
            let ended = if fastrand::bool() {
                tokio::time::timeout(patience, outcome(self.poll(), &self.cancelled)).await
            } else {
                tokio::time::timeout(patience, outcome(self.poll().spawn(), &self.cancelled)).await
            };
            if let Ok((ended, too_late)) = ended
                && self.is_over(ended, began, too_late)
            {
                return;
            }
        }
    }

    async fn looks(self: Arc<Self>) {
        loop {
            let began = Instant::now();
            let (looked, too_late) = outcome(self.poll().once(), &self.cancelled).await;
            match looked {
                Ok(PollStatus::Pending { next_poll_in, .. }) => {
                    assert!(next_poll_in >= Duration::from_millis(100))
                }
                Ok(PollStatus::Ended(ended)) => {
                    assert!(self.is_over(Ok(ended), began, too_late), "a look does not time out");
                    return;
                }
                Err(error) => {
                    assert!(self.is_over(Err(error), began, too_late));
                    return;
                }
            }
            dither(15).await;
        }
    }

    /// A future that is driven for a moment, kept, and driven again when all others have gone.
    async fn keeps(self: Arc<Self>) -> Option<authsec_ciba::BoxFuture<Result<ApprovalOutcome, Error>>> {
        let began = Instant::now();
        let mut kept = self.poll().into_future();
        let moment = Duration::from_millis(fastrand::u64(1..6));
        match tokio::time::timeout(moment, outcome(&mut kept, &self.cancelled)).await {
            Ok((ended, too_late)) => {
                assert!(self.is_over(ended, began, too_late));
                None
            }
            Err(_) => Some(kept),
        }
    }
}

async fn one_person(client: CibaClient, number: usize, desk: Desk, runtimes: [Handle; 2]) {
    let name = format!("person-{number}");
    desk.record(&name, |record| record.approves_at = fastrand::usize(1..12));
    let person = Arc::new(Person {
        client,
        email: format!("{name}@example.com"),
        id: AuthReqId::new(&name).expect("an id"),
        cancelled: AtomicBool::new(false),
        approved: AtomicUsize::new(0),
        first_received: Mutex::new(None),
    });
    let is_cancelled = fastrand::u8(..3) == 0;
    let [here, there] = &runtimes;
    let mut actors = JoinSet::new();
    actors.spawn_on(Arc::clone(&person).page(runtimes.clone()), here);
    actors.spawn_on(Arc::clone(&person).tab(), there);
    actors.spawn_on(Arc::clone(&person).tab(), here);
    actors.spawn_on(Arc::clone(&person).looks(), there);
    let keeping = here.spawn(Arc::clone(&person).keeps());
    if is_cancelled {
        let (person, desk, name) = (Arc::clone(&person), desk.clone(), name.clone());
        let cancelling = async move {
            dither(40).await;
            // In the middle of whatever the others do.
            let _ = person.client.cancel_approval(&person.email).await.expect("a valid address");
            person.cancelled.store(true, Ordering::SeqCst);
            desk.record(&name, |record| record.is_cancelled = true);
        };
        actors.spawn_on(cancelling, there);
    }
    let kept = keeping.await.expect("no violation");
    while let Some(actor) = actors.join_next().await {
        actor.expect("no violation");
    }
    if let Some(kept) = kept {
        let ended = here.spawn(kept).await.expect("no panic").expect("it was under way all the time");
        assert_eq!(ended.status(), if is_cancelled { "cancelled" } else { "approved" });
    }
    // Whoever comes now is told.
    let told = person.poll().await;
    let told = told.map(|outcome| outcome.status()).map_err(|error| error.kind());
    if is_cancelled {
        assert_eq!(told, Ok("cancelled"));
    } else {
        assert!(matches!(told, Ok("approved") | Err(ErrorKind::AlreadyAnswered)), "{told:?}");
        assert!(person.approved.load(Ordering::SeqCst) >= 4, "the page, the tabs and the looks");
    }
}

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().expect("a runtime")
}

#[test]
fn b13_b25_b42_b43_as_people_do_it() {
    let (servers, one, other) = (runtime(1), runtime(2), runtime(1));
    let desk = Desk::default();
    let address = servers.block_on(servers.spawn(desk.clone().start())).expect("bound");
    let policy = PollPolicy::default().minimum_interval(Duration::from_millis(1));
    let client = CibaClient::builder()
        .base_url(format!("http://{address}"))
        .client_id("client")
        .poll_policy(policy)
        .build()
        .expect("valid");
    let runtimes = [one.handle().clone(), other.handle().clone()];
    one.block_on(async {
        let mut people = JoinSet::new();
        for number in 0..PEOPLE {
            if people.len() >= AT_ONCE {
                people.join_next().await.expect("some").expect("no violation");
            }
            people.spawn(one_person(client.clone(), number, desk.clone(), runtimes.clone()));
        }
        while let Some(person) = people.join_next().await {
            person.expect("no violation");
        }
        assert_eq!(client.usage().live_polls, 0);
        client.shutdown().await;
    });
    let records = desk.records();
    let sum = |of: fn(&Record) -> usize| records.values().map(of).sum::<usize>();
    println!(
        "{} people, {} polls, {} tokens, {} cancelled",
        records.len(),
        sum(|record| record.polls),
        sum(|record| record.tokens),
        sum(|record| usize::from(record.is_cancelled))
    );
    for (name, record) in records.iter() {
        assert!(record.most_under_way <= 1, "{name}: {} at once", record.most_under_way);
        assert!(record.tokens <= 1);
        assert!(record.polls <= record.approves_at, "{name}: polled behind its end");
        // One may have been on its way when the cancel returned.
        assert!(record.polls_behind_cancel <= 1, "{name}: polled behind its cancel");
    }
}

//! The ways in which a program waits for one approval.

use std::future::IntoFuture as _;
use std::time::Duration;

use authsec_ciba::{ApprovalTask, PendingApproval, PollForApproval, PollStatus};
use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};

use crate::LIFETIME;
use crate::person::{World, up_to};
use crate::story::{End, Wait};

/// A second wait begins no later than this behind the first one's outcome, or it comes too late (B-25).
const RECEIVED: Duration = Duration::from_secs(10);

/// How long a newer request is waited for. One that hangs for its 35 s would have the older one judged before anybody has asked
/// what came of it.
const ASKS: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Waiting {
    world: World,
    pending: PendingApproval,
    since: Instant,
}

impl Waiting {
    pub(crate) fn new(world: &World, pending: PendingApproval) -> Self {
        Self { world: world.clone(), pending, since: Instant::now() }
    }

    fn id(&self) -> &str {
        self.pending.auth_req_id().expose_secret()
    }

    fn wait(&self) -> PollForApproval {
        match self.world.interval {
            Some(interval) => self.pending.wait().interval(interval),
            None => self.pending.wait(),
        }
    }

    fn ended(&self, wait: Wait) {
        self.world.audit.ended(self.id(), wait);
    }

    /// One wait, awaited where it was begun.
    async fn awaits(&self, limit: Option<Duration>) -> End {
        let began = Instant::now();
        let wait = limit.into_iter().fold(self.wait(), PollForApproval::timeout);
        let end = End::of(wait.await);
        self.ended(Wait { began, awaited: began, ended: Instant::now(), limit, end: end.clone() });
        end
    }

    fn starts(&self) -> (Instant, ApprovalTask) {
        (Instant::now(), self.wait().spawn())
    }

    async fn ends(&self, (began, task): (Instant, ApprovalTask)) -> End {
        let awaited = Instant::now();
        let end = End::of(task.await);
        self.ended(Wait { began, awaited, ended: Instant::now(), limit: None, end: end.clone() });
        end
    }

    /// One look, if it came to anything.
    async fn looks(&self) -> Option<End> {
        let began = Instant::now();
        let end = match self.wait().once().await {
            Ok(PollStatus::Pending { .. }) => return None,
            Ok(PollStatus::Ended(outcome)) => End::of(Ok(outcome)),
            // A single look does not go on by itself.
            Err(error) if error.is_retryable() => return None,
            Err(error) => End::of(Err(error)),
        };
        self.ended(Wait { began, awaited: began, ended: Instant::now(), limit: None, end: end.clone() });
        Some(end)
    }

    /// Looks now and then, as a web page does.
    async fn looks_until_it_ends(&self) -> End {
        loop {
            match self.looks().await {
                Some(end) => return end,
                None => sleep(Duration::from_millis(300)).await,
            }
        }
    }

    /// A wait on the other runtime. `None` if that ended before.
    async fn awaits_elsewhere(&self) -> Option<End> {
        self.world.audit.goes_elsewhere(self.id());
        let waiting = self.clone();
        self.world.other.run(async move { waiting.awaits(None).await }).await
    }

    /// Waits in one way or another, and then until there is an end.
    pub(crate) async fn go_on(&self, random: &mut Rng) {
        let later = up_to(random, 12);
        match random.u8(..26) {
            0..3 => drop(self.awaits(None).await),
            3..6 => drop(self.ends(self.starts()).await),
            6..8 => self.thinks_better_of_it(later).await,
            8..10 => self.asks_again_elsewhere(later, random).await,
            10..13 => self.reloads(random).await,
            13..16 => self.has_several_windows(random).await,
            16..18 => self.is_a_page_of_short_waits().await,
            18 => drop(self.looks_until_it_ends().await),
            19 => self.has_little_time(later).await,
            20 => {
                let task = self.starts();
                sleep(later).await;
                self.ends(task).await;
            }
            21 => self.never_awaits(later, random).await,
            22..24 => self.moves(random).await,
            24 => self.starts_elsewhere().await,
            _ => self.comes_too_late(random).await,
        }
    }

    async fn thinks_better_of_it(&self, later: Duration) {
        let (one, other) = (self.starts(), self.starts());
        sleep(later).await;
        self.world.audit.stops(self.id());
        let email = self.pending.person().as_str().to_uppercase();
        let stopped = self.world.client.cancel_approval(email).await.is_ok();
        self.world.audit.check(stopped, || "a cancel failed".to_owned());
        self.world.audit.stopped(self.id());
        self.ends(one).await;
        // A wait that begins behind it.
        self.awaits(None).await;
        self.ends(other).await;
    }

    /// The newer request counts, once it is acknowledged.
    async fn asks_again_elsewhere(&self, later: Duration, random: &mut Rng) {
        let task = self.starts();
        sleep(later).await;
        self.world.audit.stops(self.id());
        let newer = self.world.initiate(self.pending.person().as_str());
        let newer = timeout(ASKS, newer).await.unwrap_or_else(|_| {
            self.world.audit.not_begun(true);
            None
        });
        let Some(newer) = newer else {
            drop(self.ends(task).await);
            return;
        };
        self.world.audit.stopped(self.id());
        let newer = Self::new(&self.world, newer);
        let older = async { drop(self.ends(task).await) };
        let newer = async {
            if random.bool() {
                newer.reloads(random).await;
            } else {
                newer.awaits(None).await;
            }
        };
        tokio::join!(older, newer);
    }

    /// Hangs up, and comes back.
    async fn reloads(&self, random: &mut Rng) {
        for _ in 0..random.u8(1..5) {
            let (began, patience) = (Instant::now(), up_to(random, 3));
            if random.bool() {
                if let Ok(outcome) = timeout(patience, self.wait().into_future()).await {
                    let (ended, end) = (Instant::now(), End::of(outcome));
                    self.ended(Wait { began, awaited: began, ended, limit: None, end });
                    return;
                }
            } else {
                let task = self.wait().spawn();
                sleep(patience).await;
                drop(task);
            }
            sleep(up_to(random, 1)).await;
        }
        self.awaits(None).await;
    }

    async fn has_several_windows(&self, random: &mut Rng) {
        let mut windows = JoinSet::new();
        let mut tasks = Vec::new();
        for _ in 0..random.u8(2..6) {
            let waiting = self.clone();
            match random.u8(..4) {
                0 => drop(windows.spawn(async move { drop(waiting.awaits(None).await) })),
                1 => drop(windows.spawn(async move { drop(waiting.awaits_elsewhere().await) })),
                2 => drop(windows.spawn(async move { drop(waiting.looks_until_it_ends().await) })),
                _ => tasks.push(self.starts()),
            }
            sleep(up_to(random, 2)).await;
            self.looks().await;
        }
        self.awaits(None).await;
        for task in tasks {
            self.ends(task).await;
        }
        self.is_told(windows).await;
    }

    /// Asks every second, each time in a task of its own, whatever the tasks before it are doing.
    async fn is_a_page_of_short_waits(&self) {
        let second = Duration::from_secs(1);
        let (mut ticks, mut asks) = (interval(second), JoinSet::new());
        let until = Instant::now() + LIFETIME;
        while Instant::now() < until {
            ticks.tick().await;
            let waiting = self.clone();
            asks.spawn(async move { waiting.awaits(Some(second)).await });
            let is_over = |end: End| !matches!(end, End::TimedOut | End::Failed(_));
            if asks.try_join_next().and_then(Result::ok).is_some_and(is_over) {
                break;
            }
        }
        self.is_told(asks).await;
        self.awaits(None).await;
    }

    async fn has_little_time(&self, limit: Duration) {
        while self.awaits(Some(limit)).await == End::TimedOut {}
    }

    /// Starts a task, looks at it never, and asks anew: what it fetched is kept.
    async fn never_awaits(&self, later: Duration, random: &mut Rng) {
        let (_, task) = self.starts();
        if random.bool() {
            task.detach();
            sleep(later).await;
        } else {
            sleep(later).await;
            drop(task);
        }
        self.awaits(None).await;
    }

    /// Begins on one runtime and goes on on the other, to and fro.
    async fn moves(&self, random: &mut Rng) {
        let mut windows = JoinSet::new();
        for _ in 0..random.u8(1..4) {
            let waiting = self.clone();
            windows.spawn(async move { waiting.awaits_elsewhere().await });
            let is_over = |window| matches!(window, Some(Ok(Some(_))));
            if timeout(up_to(random, 4), windows.join_next()).await.is_ok_and(is_over) {
                break;
            }
            if timeout(up_to(random, 2), self.awaits(None)).await.is_ok() {
                break;
            }
        }
        self.awaits(None).await;
        // A newer request would end those that have not heard of it yet.
        self.is_told(windows).await;
    }

    /// A task of the other runtime that is awaited on this one.
    async fn starts_elsewhere(&self) {
        self.world.audit.goes_elsewhere(self.id());
        let waiting = self.clone();
        if let Some(task) = self.world.other.run(async move { waiting.starts() }).await {
            let (began, task) = task;
            let awaited = Instant::now();
            match End::of(task.await) {
                // With its runtime.
                End::Cancelled(_) => {}
                end => self.ended(Wait { began, awaited, ended: Instant::now(), limit: None, end }),
            }
        }
        self.awaits(None).await;
    }

    /// Gets the approval, and another window gets it, and one that is opened much later does not.
    async fn comes_too_late(&self, random: &mut Rng) {
        self.awaits(None).await;
        let over = Instant::now();
        sleep(up_to(random, 3)).await;
        self.awaits(None).await;
        // Not behind the time at which all is judged.
        if over < self.since + LIFETIME.mul_f64(0.8) {
            sleep(RECEIVED.saturating_sub(over.elapsed()) + Duration::from_millis(100)).await;
            self.awaits(None).await;
        }
    }

    async fn is_told<T: 'static>(&self, mut windows: JoinSet<T>) {
        while let Some(window) = windows.join_next().await {
            self.world.audit.check(window.is_ok(), || "a window's task panicked".to_owned());
        }
    }
}

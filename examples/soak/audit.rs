//! What the client said against what the server knows.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authsec_ciba::sandbox::{Call, IssuedRequest, LoggedRequest, Sandbox};
use tokio::time::Instant;

use crate::judgement::{Case, Seen};
use crate::story::{Story, Wait};
use crate::{LIFETIME, PATIENCE, SETTLED};

/// The interval that the server asks for.
const FLOOR: Duration = Duration::from_secs(1);

/// How long a request may take to the server.
const LATE: Duration = Duration::from_millis(300);

#[derive(Default)]
pub(crate) struct Audit(Mutex<Books>);

#[derive(Default)]
struct Books {
    stories: HashMap<String, Story>,
    polls: HashMap<String, Vec<Seen>>,
    /// Requests whose lifetime is over, to be judged when all of their log is there.
    over: VecDeque<(Instant, IssuedRequest)>,
    outages: Vec<(Instant, Instant)>,
    /// When this machine had no time for us: a request may have waited in front of the server.
    stalls: Vec<(Instant, Instant)>,
    /// When the other runtime may have stood still, or ended.
    stills: Vec<(Instant, Instant)>,
    verified: HashSet<(String, String)>,
    issued_codes: HashSet<(String, String)>,
    counts: BTreeMap<String, u64>,
    acknowledged: u64,
    /// Initiates without an acknowledgement that may have reached the server.
    unanswered: u64,
    initiates_logged: u64,
    accepted: u64,
    pushes: u64,
    judged: u64,
    failures: Vec<String>,
}

impl Audit {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn began(&self, id: &str) {
        let mut books = self.books();
        books.acknowledged += 1;
        if books.stories.insert(id.to_owned(), Story::begin()).is_some() {
            books.fail("the server gave an id twice".to_owned());
        }
    }

    pub(crate) fn not_begun(&self, maybe_pushed: bool) {
        let mut books = self.books();
        books.unanswered += u64::from(maybe_pushed);
        books.count("initiate error");
    }

    fn story(&self, id: &str, change: impl FnOnce(&mut Story)) {
        let mut books = self.books();
        match books.stories.get_mut(id) {
            Some(story) => change(story),
            None => books.fail("an outcome came after all time".to_owned()),
        }
    }

    pub(crate) fn answers(&self, id: &str, approves: bool) {
        // The phone may be late for a request that is judged already.
        if let Some(story) = self.books().stories.get_mut(id) {
            story.phone = Some(approves);
        }
    }

    pub(crate) fn stops(&self, id: &str) {
        self.story(id, |story| story.stops = Some(Instant::now()));
    }

    pub(crate) fn stopped(&self, id: &str) {
        self.story(id, |story| story.stopped = Some(Instant::now()));
    }

    pub(crate) fn goes_elsewhere(&self, id: &str) {
        self.story(id, |story| story.elsewhere = true);
    }

    pub(crate) fn ended(&self, id: &str, wait: Wait) {
        self.count(wait.end.name());
        self.story(id, |story| story.waits.push(wait));
    }

    pub(crate) fn verified(&self, email: &str, token: &str) {
        self.count("totp verified");
        self.books().verified.insert((email.to_owned(), token.to_owned()));
    }

    pub(crate) fn outage(&self, from: Instant, to: Instant) {
        let mut books = self.books();
        books.count("outages");
        books.outages.push((from, to));
    }

    pub(crate) fn stalled(&self, from: Instant, to: Instant) {
        let mut books = self.books();
        books.count("stalls of this machine");
        // What it held up has not ended at once.
        books.stalls.push((from - PATIENCE, to + PATIENCE));
    }

    pub(crate) fn stood_still(&self, from: Instant, to: Instant) {
        let mut books = self.books();
        books.count("ends and rests of the other runtime");
        // What it held up has not ended at once.
        books.stills.push((from, to + PATIENCE));
    }

    pub(crate) fn count(&self, what: &str) {
        self.books().count(what);
    }

    /// People who wait without an end. What they wait for has no outcome, and is told by that.
    pub(crate) fn hang(&self, people: usize) {
        self.books().fail(format!("{people} people wait for ever"));
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.books().acknowledged
    }

    pub(crate) fn check(&self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.books().fail(otherwise());
        }
    }

    /// Takes what is settled out of the server and judges what can be judged.
    pub(crate) fn read(&self, sandbox: &Sandbox) {
        let now = Instant::now();
        let log = sandbox.take_log(now - SETTLED);
        let (over, codes) = (sandbox.take_expired(), sandbox.take_totp_tokens());
        let mut books = self.books();
        for entry in log {
            books.enter(entry);
        }
        books.issued_codes.extend(codes);
        books.over.extend(over.into_iter().map(|request| (now, request)));
        while books.over.front().is_some_and(|(since, _)| *since + SETTLED + PATIENCE < now) {
            if let Some((_, request)) = books.over.pop_front() {
                books.judge(&request);
            }
        }
        let old = now - 10 * LIFETIME;
        books.polls.retain(|_, polls| polls.last().is_some_and(|last| last.received > old));
        books.outages.retain(|(_, to)| *to > old);
        books.stalls.retain(|(_, to)| *to > old);
        books.stills.retain(|(_, to)| *to > old);
    }

    /// The sums, when nothing is under way any more.
    pub(crate) fn close(&self, sandbox: &Sandbox) {
        let mut books = self.books();
        for entry in sandbox.take_log(Instant::now()) {
            books.enter(entry);
        }
        let rest: Vec<_> = sandbox.take_expired();
        let over: Vec<_> = books.over.drain(..).map(|(_, request)| request).chain(rest).collect();
        for request in over {
            books.judge(&request);
        }
        books.issued_codes.extend(sandbox.take_totp_tokens());
        let open = books.stories.len();
        let unmatched = books.verified.difference(&books.issued_codes).count();
        let Books { acknowledged, unanswered, initiates_logged, accepted, pushes, judged, .. } = *books;
        println!(
            "initiates: {initiates_logged} reached the server, {accepted} accepted, {acknowledged} acknowledged, \
             {unanswered} without an answer; pushes: {pushes}; judged: {judged}"
        );
        for (holds, what) in [
            (open == 0, "approvals that the server does not know"),
            (unmatched == 0, "TOTP tokens that the server did not issue"),
            (pushes == accepted && judged == accepted, "pushes that are not the accepted initiates"),
            (accepted >= acknowledged, "acknowledgements without an accepted initiate"),
            (accepted <= acknowledged + unanswered, "pushes that nobody asked for, or twice"),
            (sandbox.unexpected().is_empty(), "requests that no correct client sends"),
        ] {
            if !holds {
                books.fail(format!("there are {what}"));
            }
        }
    }

    /// Prints what happened; whether every check held.
    pub(crate) fn report(&self) -> bool {
        let books = self.books();
        println!("{:?}", books.counts);
        let failed = books.counts.get("FAILED CHECKS").copied().unwrap_or_default();
        for failure in &books.failures {
            println!("FAILED: {failure}");
        }
        println!("{} approvals, {failed} failed checks", books.acknowledged);
        failed == 0
    }
}

impl Books {
    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    fn fail(&mut self, what: String) {
        self.count("FAILED CHECKS");
        if self.failures.len() < 20 {
            self.failures.push(what);
        }
    }

    fn enter(&mut self, entry: LoggedRequest) {
        if let Some(why) = &entry.unexpected {
            self.fail(format!("an unexpected request: {why}"));
        }
        if entry.call == Call::Initiate {
            self.initiates_logged += 1;
            self.accepted += u64::from(entry.auth_req_id.is_some());
        }
        if entry.call != Call::Poll {
            return;
        }
        let Some(id) = entry.auth_req_id.as_deref().or_else(|| entry.body.field("auth_req_id")) else {
            return self.fail("a poll without an id".to_owned());
        };
        let seen = Seen {
            received: entry.received_at,
            answered: entry.answered_at,
            status: entry.status,
            fault: entry.fault,
        };
        let elsewhere = self.stories.get(id).is_some_and(|story| story.elsewhere);
        let disturbances = self.disturbances(elsewhere);
        let polls = self.polls.entry(id.to_owned()).or_default();
        // The floor counts from the end of the answer; where none came, from the end of the client's patience.
        let gap = polls.last().map(|before| {
            let disturbed = before.is_in(&disturbances);
            let unanswered = before.received + if disturbed { Duration::ZERO } else { PATIENCE - LATE };
            let ended = if disturbed { before.received } else { before.answered.unwrap_or(unanswered) };
            (seen.received.saturating_duration_since(ended), before.fault)
        });
        let disturbed = seen.is_in(&disturbances);
        polls.push(seen);
        if let Some((gap, fault)) = gap.filter(|(gap, _)| *gap < FLOOR && !disturbed) {
            let times: Vec<_> = polls.iter().rev().take(4).map(Seen::told).collect();
            self.fail(format!(
                "a poll came {gap:?} after the answer before it ({fault:?}), elsewhere {elsewhere}; the last ones: {times:?}"
            ));
        }
    }

    /// When something was out of order that may have kept an answer from a person, as seen by one whose waits ran there.
    fn disturbances(&self, elsewhere: bool) -> Vec<(Instant, Instant)> {
        let stills = self.stills.iter().filter(|_| elsewhere);
        self.outages.iter().chain(&self.stalls).chain(stills).copied().collect()
    }

    fn judge(&mut self, request: &IssuedRequest) {
        self.judged += 1;
        self.pushes += request.pushes as u64;
        let polls = self.polls.remove(&request.auth_req_id).unwrap_or_default();
        // Without a story the acknowledgement was lost: nobody could poll.
        let Some(story) = self.stories.remove(&request.auth_req_id) else {
            if !polls.is_empty() {
                self.fail("polls of an id that was never acknowledged".to_owned());
            }
            return;
        };
        let disturbances = self.disturbances(story.elsewhere);
        let case = Case { request, story: &story, polls: &polls, disturbances: &disturbances };
        if let Some(what) = case.judge() {
            self.fail(format!("{what}: {case}"));
        }
    }
}

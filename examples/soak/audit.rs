//! What the client said against what the server knows.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authsec_ciba::sandbox::{Call, IssuedRequest, LoggedRequest, Sandbox};
use tokio::time::Instant;

use crate::story::{End, Story};
use crate::{LIFETIME, PATIENCE, SETTLED};

/// The interval that the server asks for.
const FLOOR: Duration = Duration::from_secs(1);

/// How long a request that was sent before the deadline may still run (`PollPolicy`, B-14).
const GRACE: Duration = Duration::from_secs(2);

/// Faults behind which the real answer still comes whole and soon.
const HARMLESS: [&str; 4] = ["delay", "delay_after", "extra_members", "cut_after_complete_json"];

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

/// One poll in the server's log.
struct Seen {
    received: Instant,
    answered: Option<Instant>,
    status: Option<u16>,
    fault: Option<&'static str>,
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
        self.story(id, |story| story.stopped = true);
    }

    pub(crate) fn drops(&self, id: &str) {
        self.story(id, |story| story.dropped = true);
    }

    pub(crate) fn ended(&self, id: &str, end: End) {
        self.count(end.name());
        self.story(id, |story| story.ends.push(end));
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

    pub(crate) fn count(&self, what: &str) {
        self.books().count(what);
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
        let polls = self.polls.entry(id.to_owned()).or_default();
        let seen = Seen {
            received: entry.received_at,
            answered: entry.answered_at,
            status: entry.status,
            fault: entry.fault,
        };
        let gap = polls.last().map(|before| seen.received - before.answered.unwrap_or(before.received));
        let before = polls.last().and_then(|before| before.fault);
        polls.push(seen);
        // Nobody heard the end of a request that was dropped: there the floor counts from the drop.
        let dropped = self.stories.get(id).is_some_and(|story| story.dropped);
        let least = if dropped { FLOOR / 2 } else { FLOOR };
        let stalled =
            self.stalls.iter().any(|(from, to)| *from <= entry.received_at && entry.received_at <= *to);
        if gap.is_some_and(|gap| gap < least) && !stalled {
            self.fail(format!("a poll came {gap:?} after the answer before it ({before:?})"));
        }
    }

    /// Whether the server was gone, or going, while this poll may have been under way.
    fn in_outage(&self, poll: &Seen) -> bool {
        let end = poll.answered.unwrap_or(poll.received + PATIENCE) + Duration::from_millis(500);
        self.outages.iter().chain(&self.stalls).any(|(from, to)| poll.received <= *to && *from <= end)
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
        let broken = polls
            .iter()
            .any(|poll| poll.fault.is_some_and(|fault| !HARMLESS.contains(&fault)) || self.in_outage(poll));
        // The last word: of two windows on one request, the first may already have had it.
        let approved = story.ends.iter().filter(|end| matches!(end, End::Approved(_))).count();
        let Some(end) = story.ends.iter().find(|end| matches!(end, End::Approved(_))).or(story.ends.last())
        else {
            return self.fail("an approval without an outcome".to_owned());
        };
        // A token that the server put on the wire, whole.
        let is_whole = |poll: &Seen| {
            poll.status == Some(200)
                && poll.fault.is_none_or(|fault| HARMLESS.contains(&fault))
                && !self.in_outage(poll)
        };
        let whole = request.token.is_some() && polls.iter().any(is_whole);
        let over = story.began + LIFETIME;
        let mut gone = self.outages.iter().chain(&self.stalls);
        // The last look, too, may have been under way when the server went.
        let was_down = gone.any(|(from, to)| *from <= over + GRACE && story.began <= *to);
        // An answer that comes when the time is over says nothing about the ones before it (B-23).
        let late = polls.last().is_some_and(|last| last.answered.is_none_or(|answered| answered >= over));
        // And a server that says "pending" or "slow_down" although it has spent the approval is not to be helped.
        let spent = polls.iter().position(|poll| poll.status == Some(200)).unwrap_or_default();
        let lied = polls.iter().skip(spent).any(|poll| poll.fault == Some("respond"));
        let fine = match end {
            End::Approved(token) => story.phone == Some(true) && request.token.as_ref() == Some(token),
            End::Denied => story.phone == Some(false),
            End::TimedOut => story.stopped,
            End::Expired => request.token.is_none() || late || lied || (broken && !whole),
            End::Cancelled => story.stopped,
            // A poll that was dropped in the middle of its answer has lost it, too.
            End::Lost => broken || story.dropped,
            End::Failed(_) => broken || was_down,
        };
        let lost = whole && !story.stopped && !story.dropped && !matches!(end, End::Approved(_));
        if !fine || lost || approved > 1 {
            let gone: Vec<_> = self
                .outages
                .iter()
                .map(|(from, to)| (from.saturating_duration_since(story.began), *to - *from))
                .collect();
            let since = |poll: &Seen| (poll.received - story.began).as_millis();
            let faults: Vec<_> = polls.iter().map(|poll| (since(poll), poll.status, poll.fault)).collect();
            self.fail(format!(
                "{end:?}, {} ends, phone {:?}, stopped {}, dropped {}; the server: {:?}, token {}; polls: {faults:?}; \
                 gone: {gone:?}",
                story.ends.len(),
                story.phone,
                story.stopped,
                story.dropped,
                request.state,
                request.token.is_some(),
            ));
        }
    }
}

//! For how long an idle connection may be used again (B-83, B-85). Pure.

use std::time::Duration;

use crate::clock::{Instant, later};
use crate::transport::Lane;

/// A connection that answered so shortly before is taken to be there.
const SURELY_OPEN: Duration = Duration::from_secs(1);

/// A connection goes back to reqwest's pool some steps of the scheduler behind the end of its answer, in a task of its own:
/// it is there soon, and after this time surely. A request that comes sooner waits for it for as long.
pub(super) const COMES_BACK: Duration = Duration::from_millis(100);

/// How long before the time that `Keep-Alive` names a connection is left alone: the server's clock began to run earlier,
/// and our request is still on its way.
const BEFORE_TIMEOUT: Duration = Duration::from_secs(1);

/// The same before an age at which this origin has closed one.
const BEFORE_CLOSED: Duration = Duration::from_millis(500);

/// How long it is remembered that a connection was closed.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// An idle connection that nobody has used for so long is closed.
pub(super) const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// What an idle connection is known by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    /// When its last answer ended.
    pub(super) since: Instant,
    /// What that answer's `Keep-Alive: timeout` named.
    pub(super) timeout: Option<Duration>,
}

/// The youngest idle age at which this origin has closed a connection on us of late, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Closings(Option<(Duration, Instant)>);

impl Closings {
    /// An idle connection was found closed only when a request was on its way. A server that ends in the second after an
    /// answer does not do it for want of use.
    pub(super) fn note(&mut self, age: Duration, now: Instant) {
        if age > SURELY_OPEN && self.youngest(now).is_none_or(|youngest| age <= youngest) {
            self.0 = Some((age, now));
        }
    }

    fn youngest(self, now: Instant) -> Option<Duration> {
        self.0.filter(|(_, at)| now.saturating_duration_since(*at) < REMEMBERED).map(|(age, _)| age)
    }
}

impl Idle {
    pub(super) fn age(self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// Whether it may still be on its way back to the pool.
    pub(super) fn comes_back(self, now: Instant) -> bool {
        self.age(now) < COMES_BACK
    }

    /// Whether a request may go over it now.
    pub(super) fn carries(self, lane: Lane, closings: Closings, now: Instant) -> bool {
        (lane == Lane::Poll || self.age(now) <= SURELY_OPEN) && self.is_open(closings, now)
    }

    /// Whether it is worth keeping: the server has not closed it, as far as is known of this server.
    pub(super) fn is_open(self, closings: Closings, now: Instant) -> bool {
        let before = |end: Duration, margin| later(now, margin) < later(self.since, end);
        self.age(now) < LONGEST_IDLE
            && self.timeout.is_none_or(|timeout| before(timeout, BEFORE_TIMEOUT))
            && closings.youngest(now).is_none_or(|age| before(age, BEFORE_CLOSED))
    }
}

/// What `Keep-Alive` says of the time (RFC 2068, section 19.7.1.1; RFC 9112 still knows the header).
pub(super) fn timeout(header: &str) -> Option<Duration> {
    let mut members = header.split(',').filter_map(|member| member.split_once('='));
    let (_, seconds) = members.find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))?;
    seconds.trim().trim_matches('"').parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::now;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn b83_what_goes_once_goes_over_a_connection_that_answered_within_the_last_second() {
        let idle = Idle { since: now(), timeout: None };
        for (age, carries) in [(0, true), (1_000, true), (1_001, false), (5_000, false)] {
            let at = later(idle.since, millis(age));
            assert_eq!(idle.carries(Lane::Once, Closings::default(), at), carries, "{age}");
            assert!(idle.carries(Lane::Poll, Closings::default(), at), "{age}");
        }
    }

    #[test]
    fn b85_f68_within_a_second_of_what_keep_alive_names_it_is_left_alone() {
        let idle = Idle { since: now(), timeout: Some(millis(5_000)) };
        for (age, carries) in [(0, true), (3_999, true), (4_000, false), (5_000, false), (9_000, false)] {
            let at = later(idle.since, millis(age));
            assert_eq!(idle.carries(Lane::Poll, Closings::default(), at), carries, "{age}");
        }
        let at_once = Idle { since: now(), timeout: Some(Duration::ZERO) };
        assert!(!at_once.carries(Lane::Poll, Closings::default(), at_once.since));
    }

    #[test]
    fn b85_f68_an_age_at_which_one_was_closed_is_remembered_for_ten_minutes() {
        let (start, mut closings) = (now(), Closings::default());
        closings.note(millis(1_000), start);
        assert!(closings.0.is_none(), "that was not for want of use");
        closings.note(millis(5_020), start);
        let after = |at: u64, age: u64| {
            let at = later(start, millis(at));
            (Idle { since: at, timeout: None }, later(at, millis(age)))
        };
        for (at, age, carries) in [
            (0, 4_519, true),
            (0, 4_520, false),
            (0, 30_000, false),
            (595_000, 4_990, false),
            (600_000, 5_000, true),
        ] {
            let (idle, now) = after(at, age);
            assert_eq!(idle.carries(Lane::Poll, closings, now), carries, "{at} {age}");
        }
        closings.note(millis(7_000), later(start, millis(1_000)));
        assert_eq!(closings.youngest(start), Some(millis(5_020)), "the youngest counts");
        closings.note(millis(3_000), later(start, millis(2_000)));
        assert_eq!(closings.youngest(later(start, millis(601_000))), Some(millis(3_000)));
    }

    #[test]
    fn b85_the_time_that_keep_alive_names() {
        for (header, seconds) in
            [("timeout=5", 5), ("timeout=5, max=100", 5), ("max=3,Timeout = 7", 7), ("timeout=\"9\"", 9)]
        {
            assert_eq!(timeout(header), Some(Duration::from_secs(seconds)), "{header}");
        }
        for header in ["", "5", "timeout", "timeout=", "timeout=-1", "timeout=x", "max=5", "timeouts=5"] {
            assert_eq!(timeout(header), None, "{header}");
        }
    }
}

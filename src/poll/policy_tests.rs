//! What a policy takes (B-11, B-14, B-20, B-22), to the last value.

use std::time::Duration;

use super::PollPolicy;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const WEEK: Duration = Duration::from_secs(604_800);

#[test]
fn b22_each_setting_leaves_the_others_alone() {
    let policy = PollPolicy::default()
        .minimum_interval(seconds(2))
        .timeout(seconds(3))
        .grace(seconds(4))
        .backoff_base(seconds(5))
        .backoff_cap(seconds(6));
    let expected = PollPolicy {
        minimum_interval: seconds(2),
        timeout: seconds(3),
        grace: seconds(4),
        backoff_base: seconds(5),
        backoff_cap: seconds(6),
    };
    assert_eq!(policy, expected);
    let reversed = PollPolicy::default()
        .backoff_cap(seconds(6))
        .backoff_base(seconds(5))
        .grace(seconds(4))
        .timeout(seconds(3))
        .minimum_interval(seconds(2));
    assert_eq!(reversed, expected);
    assert_eq!(policy.validated().expect("it is sound"), expected);
}

#[test]
fn b22_the_largest_and_the_smallest_values_that_are_taken() {
    let policy = PollPolicy::default();
    for sound in [
        policy.grace(seconds(60)),
        policy.grace(Duration::ZERO),
        policy.backoff_base(seconds(30)).backoff_cap(seconds(30)),
        policy.minimum_interval(Duration::from_nanos(1)),
        policy.timeout(Duration::ZERO),
        policy.timeout(WEEK),
    ] {
        assert_eq!(sound.validated().expect("it is sound"), sound);
    }
    for (unsound, names) in [
        (policy.grace(Duration::new(60, 1)), "grace"),
        (policy.backoff_base(Duration::new(30, 1)), "backoff_cap"),
        (policy.backoff_base(Duration::ZERO), "backoff_base"),
        (policy.minimum_interval(Duration::ZERO), "minimum_interval"),
    ] {
        let error = unsound.validated().expect_err("it is not sound");
        assert_eq!(error.field(), Some("poll_policy"));
        assert!(error.to_string().contains(names), "{error}");
    }
}

#[test]
fn b14_more_than_a_week_counts_as_a_week() {
    let endless = PollPolicy::default()
        .minimum_interval(Duration::MAX)
        .timeout(Duration::new(604_800, 1))
        .backoff_base(Duration::MAX)
        .backoff_cap(Duration::MAX)
        .validated()
        .expect("it is cut");
    assert_eq!((endless.minimum_interval, endless.timeout), (WEEK, WEEK));
    assert_eq!((endless.backoff_base, endless.backoff_cap), (WEEK, WEEK));
}

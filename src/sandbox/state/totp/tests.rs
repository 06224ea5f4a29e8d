use super::*;

const NOW: Duration = Duration::from_secs(1_900_000_000);

fn codes() -> Codes {
    Codes::from_bytes(b"12345678901234567890")
}

fn later(seconds: u64) -> Duration {
    NOW.saturating_add(Duration::from_secs(seconds))
}

/// RFC 6238, appendix B, the SHA-1 column, cut to the last six digits.
#[test]
fn the_codes_are_those_of_rfc_6238() {
    let table = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];
    for (seconds, code) in table {
        assert_eq!(codes().code(Duration::from_secs(seconds), 0), code, "at {seconds}");
    }
}

#[test]
fn base32_goes_there_and_back() {
    let secret = codes().base32();
    assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(Codes::from_base32(&secret).unwrap().code(NOW, 0), codes().code(NOW, 0));
    assert!(Codes::from_base32("not base32!").is_none());
}

#[test]
fn one_step_to_each_side_counts_and_two_do_not() {
    for steps in -1..=1 {
        assert_eq!(Attempts::judge_leniently(&codes(), &codes().code(NOW, steps), NOW), Verdict::Right);
    }
    for steps in [-2, 2] {
        assert_eq!(Attempts::judge_leniently(&codes(), &codes().code(NOW, steps), NOW), Verdict::Wrong);
    }
    assert_eq!(Attempts::judge_leniently(&codes(), &codes().wrong_code(NOW), NOW), Verdict::Wrong);
}

#[test]
fn a_step_counts_once_and_its_replay_is_a_failure() {
    let mut attempts = Attempts::default();
    let code = codes().code(NOW, 0);
    assert_eq!(attempts.judge(&codes(), &code, NOW), Verdict::Right);
    for _ in 0..4 {
        assert_eq!(attempts.judge(&codes(), &code, NOW), Verdict::Wrong);
    }
    assert_eq!(attempts.judge(&codes(), &code, NOW), Verdict::Locked);
}

#[test]
fn the_fifth_failure_locks_for_a_quarter_of_an_hour_even_for_a_right_code() {
    let mut attempts = Attempts::default();
    let wrong = codes().wrong_code(NOW);
    for _ in 0..4 {
        assert_eq!(attempts.judge(&codes(), &wrong, NOW), Verdict::Wrong);
    }
    assert_eq!(attempts.judge(&codes(), &wrong, NOW), Verdict::Locked);
    let last = later(899);
    assert_eq!(attempts.judge(&codes(), &codes().code(last, 0), last), Verdict::Locked);
    let free = later(900);
    assert_eq!(attempts.judge(&codes(), &codes().code(free, 0), free), Verdict::Right);
}

#[test]
fn failures_older_than_the_window_are_forgotten() {
    let mut attempts = Attempts::default();
    let wrong = codes().wrong_code(NOW);
    for _ in 0..4 {
        attempts.judge(&codes(), &wrong, NOW);
    }
    let after = later(900);
    assert_eq!(attempts.judge(&codes(), &codes().wrong_code(after), after), Verdict::Wrong);
}

#[test]
fn a_success_clears_the_failures() {
    let mut attempts = Attempts::default();
    for _ in 0..4 {
        attempts.judge(&codes(), &codes().wrong_code(NOW), NOW);
    }
    assert_eq!(attempts.judge(&codes(), &codes().code(NOW, 0), NOW), Verdict::Right);
    for _ in 0..4 {
        assert_eq!(attempts.judge(&codes(), &codes().wrong_code(NOW), NOW), Verdict::Wrong);
    }
}

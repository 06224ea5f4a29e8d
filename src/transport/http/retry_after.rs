use std::time::{Duration, SystemTime};

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or an HTTP date, which is measured against the answer's own
/// `Date` where there is one, so that the local wall clock does not matter. Garbage is `None`; the past is zero.
pub(crate) fn parse(text: &str, date: Option<&str>, local: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let Ok(until) = httpdate::parse_http_date(text) else {
        // A proxy joins two lines of one name by a comma (RFC 9110, section 5.3): the longest wait is the safe one.
        return text
            .split(',')
            .map(seconds)
            .try_fold(Duration::ZERO, |longest, wait| Some(longest.max(wait?)));
    };
    let sent = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(local);
    Some(until.duration_since(sent).unwrap_or_default().min(LONGEST))
}

/// Seconds, also with a fraction, which the RFC does not have and servers write: rounded up.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // More digits than a number holds are a long time, not garbage.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let up = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(Duration::from_secs(whole.saturating_add(up)).min(LONGEST))
}

/// A week: beyond any deadline.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    /// B-20: seconds or an HTTP date; garbage is ignored.
    #[test]
    fn b20_retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        let parse = |text| parse(text, None, now);
        assert_eq!(parse("7"), Some(Duration::from_secs(7)));
        assert_eq!(parse(" 0 "), Some(Duration::ZERO));
        assert_eq!(parse("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(parse("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO), "the past is now");
        assert_eq!(parse("1000000000000000000000000000000"), Some(LONGEST));
        for garbage in ["", "soon", "-1", "+7", "0x7", "1e3", "7s", "Thu, 31 Dec 2026 00:00:00 UTC"] {
            assert_eq!(parse(garbage), None, "{garbage:?}");
        }
    }

    #[test]
    fn f35_decimals_are_rounded_up_and_lists_are_read() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        for (text, seconds) in [
            ("292.05", Some(293)),
            ("7.2", Some(8)),
            ("7.0", Some(7)),
            ("0.0001", Some(1)),
            ("0.0", Some(0)),
            ("18446744073709551615.1", Some(604_800)),
            ("120, 120", Some(120)),
            ("7,9.5 , 8", Some(10)),
            ("120, soon", None),
            ("120,", None),
            (",", None),
            ("1.5.5", None),
            (".5", None),
            ("5.", None),
            ("-1.5", None),
            ("1.5e3", None),
            ("120, Sun, 06 Nov 1994 08:50:07 GMT", None),
        ] {
            assert_eq!(parse(text, None, now), seconds.map(Duration::from_secs), "{text:?}");
        }
    }

    #[test]
    fn b20_a_date_is_measured_against_the_answers_own_clock() {
        let a_day_wrong = httpdate::parse_http_date("Mon, 07 Nov 1994 08:49:37 GMT").expect("a date");
        let wait = parse("Sun, 06 Nov 1994 08:50:07 GMT", Some("Sun, 06 Nov 1994 08:49:37 GMT"), a_day_wrong);
        assert_eq!(wait, Some(Duration::from_secs(30)));
    }
}

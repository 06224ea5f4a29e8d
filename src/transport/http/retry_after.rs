use std::time::{Duration, SystemTime};

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or an HTTP date, which is measured against the answer's own
/// `Date` where there is one, so that the local wall clock does not matter. Garbage is `None`; the past is zero.
pub(crate) fn parse(text: &str, date: Option<&str>, local: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds is a long time, not garbage.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)).min(LONGEST));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let sent = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(local);
    Some(until.duration_since(sent).unwrap_or_default().min(LONGEST))
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
        for garbage in ["", "soon", "-1", "1.5", "+7", "0x7", "Thu, 31 Dec 2026 00:00:00 UTC"] {
            assert_eq!(parse(garbage), None, "{garbage:?}");
        }
    }

    #[test]
    fn b20_a_date_is_measured_against_the_answers_own_clock() {
        let a_day_wrong = httpdate::parse_http_date("Mon, 07 Nov 1994 08:49:37 GMT").expect("a date");
        let wait = parse("Sun, 06 Nov 1994 08:50:07 GMT", Some("Sun, 06 Nov 1994 08:49:37 GMT"), a_day_wrong);
        assert_eq!(wait, Some(Duration::from_secs(30)));
    }
}

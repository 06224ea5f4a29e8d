//! Any `Retry-After` beside any `Date`.
#![no_main]

use std::time::{Duration, SystemTime};

use authsec_ciba::internals::fuzzing::retry_after;
use libfuzzer_sys::fuzz_target;

const A_WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The two texts are separated by a line break; the local clock is in the first four bytes.
fuzz_target!(|data: &[u8]| {
    let Some((clock, texts)) = data.split_first_chunk::<4>() else { return };
    let Ok(texts) = std::str::from_utf8(texts) else { return };
    let (text, date) = match texts.split_once('\n') {
        Some((text, date)) => (text, Some(date)),
        None => (texts, None),
    };
    let local = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(u32::from_be_bytes(*clock)));
    let wait = retry_after(text, date, local);
    assert!(wait.is_none_or(|wait| wait <= A_WEEK));
    match seconds(text) {
        Some(seconds) => assert_eq!(wait, Some(seconds.min(A_WEEK)), "{text:?}"),
        // Every form of an HTTP date has a time of day.
        None if !text.contains(':') => assert_eq!(wait, None, "{text:?} was taken for a time"),
        None => {}
    }
});

/// The longest of a list of decimals, each rounded up; by long addition, not by a number's own parser.
fn seconds(text: &str) -> Option<Duration> {
    let mut longest = Duration::ZERO;
    for item in text.split(',') {
        let (mut seconds, mut digits, mut point, mut up) = (0_u64, 0, false, false);
        for c in item.trim().chars() {
            match (c, c.to_digit(10)) {
                ('.', _) if !point && digits > 0 => (point, digits) = (true, 0),
                (_, Some(digit)) => {
                    digits += 1;
                    if point {
                        up |= digit > 0;
                    } else {
                        seconds = seconds.saturating_mul(10).saturating_add(u64::from(digit));
                    }
                }
                _ => return None,
            }
        }
        if digits == 0 {
            return None;
        }
        longest = longest.max(Duration::from_secs(seconds.saturating_add(u64::from(up))));
    }
    Some(longest)
}

//! Any `Retry-After` beside any `Date`.
#![no_main]

use std::time::{Duration, SystemTime};

use authsec_ciba::fuzzing::retry_after;
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
    let digits = text.trim();
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = digits.parse::<u64>().map_or(A_WEEK, Duration::from_secs);
        assert_eq!(wait, Some(seconds.min(A_WEEK)));
    } else if !digits.contains(':') {
        // Every form of an HTTP date has a time of day.
        assert_eq!(wait, None, "{text:?} was taken for a time");
    }
});

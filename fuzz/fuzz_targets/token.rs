//! Any status with any body, to the two readers of an OpenID provider's answers; and any text as an ID Token that somebody else
//! has signed.
#![no_main]

#[path = "../oracle.rs"]
mod oracle;

use std::time::Duration;

use authsec_ciba::internals::fuzzing::{Read, is_accepted, read_openid_poll, read_openid_start};
use libfuzzer_sys::fuzz_target;
use oracle::Oracle;

const A_WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

// Two bytes for the status, one for whether there is a body; the rest is the body.
fuzz_target!(|data: &[u8]| {
    let [high, low, kind, body @ ..] = data else { return };
    let status = match u16::from_be_bytes([*high, *low]) {
        // Half of the numbers are the ones that matter.
        number if number >= 0x8000 => {
            let usual = [200, 201, 202, 400, 401, 403, 404, 408, 425, 429, 500, 502, 503, 204, 301, 308];
            usual[usize::from(number) % usual.len()]
        }
        number => 100 + number % 900,
    };
    let body = (*kind != 0xff).then_some(body);
    let oracle = Oracle::of(body.unwrap_or_default());
    poll(status, body, &oracle);
    start(status, body, &oracle);
    // No private key of that public one is here: what it has signed is no fuzzer's find.
    if let Ok(text) = std::str::from_utf8(body.unwrap_or_default()) {
        assert!(!is_accepted(text), "a forged token");
    }
});

fn poll(status: u16, body: Option<&[u8]>, oracle: &Oracle) {
    let heals = matches!(status, 408 | 425 | 429 | 500..=599);
    let read = read_openid_poll(status, body);
    match &read {
        Read::Token(token) => {
            assert_eq!(status, 200);
            assert!(body.is_some() && oracle.is_clean);
            assert_eq!(Some(token.as_str()), oracle.text("access_token"));
            assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(oracle.text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")));
            assert!(!oracle.has_error, "a token beside an error");
        }
        Read::Pending => assert_eq!(oracle.error(), Some("authorization_pending")),
        Read::SlowDown { interval } => {
            assert_eq!(oracle.error(), Some("slow_down"));
            assert!(interval.is_none_or(|wait| wait >= Duration::from_secs(1) && wait <= A_WEEK));
        }
        Read::Denied => assert_eq!(oracle.error(), Some("access_denied")),
        Read::Expired => assert_eq!(oracle.error(), Some("expired_token")),
        Read::GoesOn { shown, .. } => {
            oracle.assert_hidden(shown);
            assert!(!(300..=399).contains(&status), "a redirect is final");
            let says_that_it_failed = matches!(oracle.error(), Some("server_error" | "temporarily_unavailable"));
            assert!(heals || says_that_it_failed || (200..=299).contains(&status), "{status}");
        }
        Read::Codeless(shown) => {
            oracle.assert_hidden(shown);
            assert!((400..=499).contains(&status) && !heals, "{status}");
        }
        Read::Failed(shown) => oracle.assert_hidden(shown),
        Read::Acknowledged { .. } | Read::WrongCode | Read::Locked => panic!("{read:?}"),
    }
    if matches!(read, Read::Pending | Read::SlowDown { .. } | Read::Denied | Read::Expired) {
        assert!(!(300..=399).contains(&status), "a redirect decided");
        assert!(oracle.is_clean);
        assert!(oracle.text("access_token").is_none_or(str::is_empty), "a token beside a code");
    }
}

fn start(status: u16, body: Option<&[u8]>, oracle: &Oracle) {
    match read_openid_start(status, body) {
        Read::Acknowledged { id, expires_in, interval } => {
            assert_eq!(status, 200);
            assert!(!oracle.has_error && oracle.is_clean);
            assert_eq!(Some(id.as_str()), oracle.text("auth_req_id"));
            assert!(!id.is_empty() && id.len() <= 4096 && id.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(oracle.says_something("expires_in"), "an end that nobody named");
            assert!(expires_in <= A_WEEK && interval <= A_WEEK && !interval.is_zero());
        }
        Read::Failed(shown) => oracle.assert_hidden(&shown),
        other => panic!("{other:?}"),
    }
}

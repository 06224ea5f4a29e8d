//! Any status with any body, to all three readers. What may let a person in is checked against an oracle of its own.
#![no_main]

#[path = "../oracle.rs"]
mod oracle;

use std::time::Duration;

use authsec_ciba::internals::fuzzing::{ASKED, Read, read_initiate, read_poll, read_totp};
use libfuzzer_sys::fuzz_target;
use oracle::Oracle;

const A_WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Two bytes for the status, one for whether there is a body; the rest is the body.
fuzz_target!(|data: &[u8]| {
    let [high, low, kind, body @ ..] = data else { return };
    let status = match u16::from_be_bytes([*high, *low]) {
        // Half of the numbers are the ones that matter.
        number if number >= 0x8000 => {
            let usual = [200, 202, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 204, 301, 308];
            usual[usize::from(number) % usual.len()]
        }
        number => 100 + number % 900,
    };
    let body = (*kind != 0xff).then_some(body);
    let oracle = Oracle::of(body.unwrap_or_default());
    poll(status, body, &oracle);
    initiate(status, body, &oracle);
    totp(status, body, &oracle);
});

/// Whether a gateway may have written this status, or this body, over the approval (B-23).
fn may_have_approved(status: u16, oracle: &Oracle) -> bool {
    match status {
        425 => false,
        // What is not one clean object is nobody's word.
        429 => {
            let is_rate_limit = |text: &str| text.trim().eq_ignore_ascii_case("rate limit exceeded");
            !(oracle.is_clean && oracle.error().is_some_and(is_rate_limit))
        }
        _ => true,
    }
}

fn poll(status: u16, body: Option<&[u8]>, oracle: &Oracle) {
    let read = read_poll(status, body);
    let heals = matches!(status, 408 | 425 | 429 | 500..=599);
    let is_refused = (400..=499).contains(&status) && !heals;
    let says_that_it_failed =
        oracle.is_clean && matches!(oracle.error(), Some("server_error" | "temporarily_unavailable"));
    match &read {
        Read::Token(token) => {
            assert_eq!(status, 200);
            assert_eq!(Some(token), oracle.token.as_ref(), "not the one token of the body");
            assert!(!oracle.has_error, "a token beside an error");
            assert!(!oracle.denies_success, "a token of a request that did not succeed");
            assert!(body.is_some() && oracle.is_clean);
            assert_ne!(oracle.is_about(Some(ASKED.0), ASKED.1), Some(false), "somebody else's");
        }
        Read::Pending => assert_eq!(oracle.error(), Some("authorization_pending")),
        Read::SlowDown { interval } => {
            assert_eq!(oracle.error(), Some("slow_down"));
            assert!(interval.is_none_or(|wait| wait >= Duration::from_secs(1) && wait <= A_WEEK));
        }
        Read::Denied => assert_eq!(oracle.error(), Some("access_denied")),
        Read::Expired => assert_eq!(oracle.error(), Some("expired_token")),
        Read::GoesOn { counts, may_have_approved: suspect, shown } => {
            oracle.assert_hidden(shown);
            assert!(!(300..=399).contains(&status), "a redirect is final");
            assert!(!oracle.is_clean || !oracle.has_both(), "a contradiction is final");
            if says_that_it_failed {
                assert!(!suspect, "the server's own word");
                assert_eq!(*counts, !heals && oracle.error() == Some("server_error"));
            } else {
                assert!(heals || matches!(status, 200 | 202), "{status}");
                assert_eq!(*counts, !heals);
                assert_eq!(*suspect, may_have_approved(status, oracle), "{status}");
            }
        }
        Read::Codeless(shown) => {
            oracle.assert_hidden(shown);
            assert!(is_refused, "{status}");
            assert!(!oracle.is_clean || !oracle.has_code(), "a code is final");
        }
        Read::Failed(shown) => {
            oracle.assert_hidden(shown);
            // What heals is never final, but by a code, a contradiction or somebody else's name.
            let decides = oracle.is_clean && (oracle.has_code() || oracle.has_both());
            assert!(!heals || decides, "{status}");
            assert!(!is_refused || decides, "{status}: a 4xx without a code");
        }
        Read::Acknowledged { .. } | Read::WrongCode | Read::Locked => panic!("{read:?}"),
    }
    if matches!(read, Read::Pending | Read::SlowDown { .. } | Read::Denied | Read::Expired) {
        assert!(!(300..=399).contains(&status), "a redirect decided");
        assert!(!oracle.names_a_token, "a token beside a code");
        assert!(oracle.is_clean);
        assert_ne!(oracle.is_about(Some(ASKED.0), ASKED.1), Some(false), "somebody else's");
    }
    // And the other way: what is an approval by the contract is never missed.
    let contradicted =
        oracle.has_error || oracle.denies_success || oracle.is_about(Some(ASKED.0), ASKED.1) != Some(true);
    if status == 200 && body.is_some() && oracle.is_clean && !contradicted && oracle.token.is_some() {
        assert!(matches!(read, Read::Token(_)), "an approval was missed");
    }
}

fn initiate(status: u16, body: Option<&[u8]>, oracle: &Oracle) {
    match read_initiate(status, body) {
        Read::Acknowledged { id, expires_in, interval } => {
            assert_eq!(status, 200);
            assert!(!oracle.has_error);
            assert_eq!(Some(id.as_str()), oracle.text("auth_req_id"));
            assert!(!id.is_empty() && id.len() <= 4096 && id.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(expires_in <= A_WEEK && interval <= A_WEEK);
            assert!(!interval.is_zero(), "a busy loop");
            assert_ne!(oracle.is_about(None, ASKED.1), Some(false), "somebody else's");
        }
        Read::Failed(shown) => oracle.assert_hidden(&shown),
        other => panic!("{other:?}"),
    }
}

fn totp(status: u16, body: Option<&[u8]>, oracle: &Oracle) {
    match read_totp(status, body) {
        Read::Token(token) => {
            assert_eq!(status, 200);
            assert_eq!(Some(&token), oracle.token.as_ref());
            assert!(!oracle.has_error && !oracle.denies_success);
            assert_ne!(oracle.is_about(None, ASKED.1), Some(false), "somebody else's");
        }
        Read::WrongCode => {
            assert!(matches!(status, 400 | 401) && !oracle.names_a_token);
            assert!(oracle.says("invalid totp code"));
            assert_ne!(oracle.is_about(None, ASKED.1), Some(false), "somebody else's wrong code");
        }
        Read::Locked => assert!(matches!(status, 401 | 429) && !oracle.names_a_token),
        Read::Failed(shown) => oracle.assert_hidden(&shown),
        other => panic!("{other:?}"),
    }
}

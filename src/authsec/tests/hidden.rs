//! What an approval may have been lost behind (B-23): every answer that is no readable one of the server itself.

use super::{answer, may_hide_an_approval, poll, read_poll};
use crate::answer::{Answer, PollAnswer};

fn is_suspect(read: &PollAnswer) -> bool {
    match read {
        PollAnswer::Fault { may_have_approved, .. } | PollAnswer::Unreadable { may_have_approved, .. } => {
            *may_have_approved
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn f22_a_gateways_page_may_stand_where_the_approval_stood() {
    for status in [500, 502, 503, 504, 511, 520, 599, 408, 429] {
        for body in [
            "<html>Bad gateway</html>",
            "",
            "{}",
            "[]",
            r#"{"message":"upstream timed out"}"#,
            r#"{"error":"Bad gateway"}"#,
            r#"{"error":"overloaded"}"#,
            r#"{"error":"E502"}"#,
            r#"{"error":{"code":502}}"#,
            r#"{"access_token":"t"}"#,
        ] {
            let read = poll(status, body);
            assert!(
                matches!(read, PollAnswer::Fault { .. }) && is_suspect(&read),
                "{status} {body}: {read:?}"
            );
        }
        let unread = read_poll(&Answer { status, retry_after: None, body: None });
        assert!(is_suspect(&unread), "{status}: {unread:?}");
    }
}

#[test]
fn f22_what_the_server_says_itself_hides_nothing() {
    for (status, body) in [
        (429, r#"{"error":"Rate limit exceeded","message":"slower","limit":100,"window":"1m0s"}"#),
        (429, r#"{"error":"rate limit exceeded"}"#),
        (500, r#"{"error":"server_error"}"#),
        (503, r#"{"error":"server_error"}"#),
        (200, r#"{"error":"server_error"}"#),
        (503, r#"{"error":"temporarily_unavailable"}"#),
        (200, r#"{"error":"temporarily_unavailable"}"#),
    ] {
        assert!(!is_suspect(&poll(status, body)), "{status} {body}");
    }
    for body in ["<html>", "", "{}"] {
        assert!(!is_suspect(&poll(425, body)), "425 says that the request was not processed");
    }
    // On another status those words are not the contract's.
    for status in [408, 500, 503] {
        assert!(is_suspect(&poll(status, r#"{"error":"Rate limit exceeded"}"#)), "{status}");
    }
    // 408 is the server's own where its handler took too long, which may have fetched the approval.
    assert!(is_suspect(&poll(408, r#"{"error":"Request timeout","request_id":"r-1"}"#)));
}

#[test]
fn f23_a_whole_body_that_cannot_be_read_may_have_been_the_approval() {
    for status in [200, 202] {
        for body in [
            &b"<html>blocked</html>"[..],
            b"",
            b" \r\n",
            b"{}",
            b"[]",
            b"null",
            b"\xef\xbb\xbf{\"access_token\":\"t\"}",
            br#"{"access_token":"t","x":1,"x":2}"#,
            br#"{"access_token":"t\n"}"#,
            br#"{"access_token":"t","x":"\ud800"}"#,
            br#"{"access_token":"t","x":""#,
            b"{\"access_token\":\"\xff\"}",
            br#"{"access_token":42}"#,
            br#"{"error":42}"#,
            br#"{"error":"Some text"}"#,
            br#"{"success":false}"#,
        ] {
            may_hide_an_approval(read_poll(&answer(status, body)), &String::from_utf8_lossy(body));
        }
        may_hide_an_approval(read_poll(&Answer { status, retry_after: None, body: None }), "not read");
    }
}

//! Numbers as servers write them (B-16).

use super::{A_WEEK, initiate, poll, seconds};
use crate::ErrorKind;
use crate::answer::{Acknowledgement, PollAnswer};

fn acknowledged(members: &str) -> Acknowledgement {
    initiate(200, format!(r#"{{"auth_req_id":"id"{members}}}"#))
        .unwrap_or_else(|error| panic!("{members}: {error}"))
}

#[test]
fn j35_missing_and_null_numbers_have_their_defaults() {
    for members in ["", r#","interval":null,"expires_in":null"#] {
        let ack = acknowledged(members);
        assert_eq!((ack.interval, ack.expires_in), (seconds(5), seconds(300)), "{members}");
    }
}

#[test]
fn j36_intervals_as_servers_write_them() {
    for (written, read) in [
        ("5", 5),
        ("5.0", 5),
        (r#""5""#, 5),
        (r#"" 7 ""#, 7),
        (r#""5.0""#, 5),
        ("5e0", 5),
        ("0.5", 1),
        ("5.0001", 6),
        ("0.0000001", 1),
        ("30", 30),
        ("299.1", 300),
        ("0", 5),
        ("0.0", 5),
        ("-0.0", 5),
        ("-1", 5),
        ("-9223372036854775808", 5),
        (r#""""#, 5),
        (r#""soon""#, 5),
        (r#""NaN""#, 5),
        (r#""inf""#, 5),
        (r#""-3""#, 5),
        ("true", 5),
        ("[7]", 5),
        (r#"{"seconds":7}"#, 5),
    ] {
        let ack = acknowledged(&format!(r#","expires_in":300,"interval":{written}"#));
        assert_eq!(ack.interval, seconds(read), "{written}");
    }
}

#[test]
fn j36_j38_an_interval_beyond_the_lifetime_is_kept_up_to_a_week() {
    let nines = "9".repeat(400);
    for (huge, read) in [
        ("301", seconds(301)),
        ("1e9", A_WEEK),
        ("18446744073709551615", A_WEEK),
        ("1e308", A_WEEK),
        (r#""1e300""#, A_WEEK),
        (r#""1e400""#, A_WEEK),
        (&nines, A_WEEK),
    ] {
        let ack = acknowledged(&format!(r#","expires_in":300,"interval":{huge}"#));
        assert_eq!((ack.interval, ack.expires_in), (read, seconds(300)), "{huge}");
    }
    assert_eq!(acknowledged(r#","expires_in":3,"interval":5"#).interval, seconds(5));
}

/// Any crate of the program can switch serde_json's `arbitrary_precision` on. What a number looks like then is played here;
/// all of these tests pass with it too.
#[test]
fn j36_numbers_in_serdes_arbitrary_precision() {
    let number = |text: &str| format!(r#"{{"$serde_json::private::Number":"{text}"}}"#);
    let ack = acknowledged(&format!(r#","interval":{},"expires_in":{}"#, number("7"), number("60.5")));
    assert_eq!((ack.interval, ack.expires_in), (seconds(7), seconds(60)));
    for (huge, interval) in [("1e999", A_WEEK), ("-1e999", seconds(5))] {
        assert_eq!(acknowledged(&format!(r#","interval":{}"#, number(huge))).interval, interval, "{huge}");
    }
    for none in ["NaN", "five", ""] {
        let body = format!(r#"{{"auth_req_id":"id","interval":{}}}"#, number(none));
        assert_eq!(initiate(200, &body).expect_err(none).kind(), ErrorKind::Protocol, "{none}");
    }
}

#[test]
fn j37_lifetimes_as_servers_write_them() {
    for (written, read) in [
        ("300", seconds(300)),
        ("300.0", seconds(300)),
        ("299.9", seconds(299)),
        (r#""300""#, seconds(300)),
        ("0", seconds(0)),
        ("0.9", seconds(0)),
        ("-5", seconds(0)),
        ("-1e300", seconds(0)),
        ("604800", A_WEEK),
        ("604801", A_WEEK),
        ("18446744073709551615", A_WEEK),
        ("123456789012345678901234567890", A_WEEK),
        ("1e308", A_WEEK),
        (r#""soon""#, seconds(300)),
        ("true", seconds(300)),
    ] {
        let ack = acknowledged(&format!(r#","interval":5,"expires_in":{written}"#));
        assert_eq!(ack.expires_in, read, "{written}");
        assert_eq!(ack.interval, seconds(5), "{written}");
    }
}

#[test]
fn f35_a_number_that_no_float_can_hold_is_as_large_as_one_can_be() {
    for (members, interval, expires_in) in [
        (r#","interval":1e400"#, A_WEEK, seconds(300)),
        (r#","interval":-1e400"#, seconds(5), seconds(300)),
        (r#","expires_in":1e400"#, seconds(5), A_WEEK),
        (r#","expires_in":-1e999,"interval":1E+999"#, A_WEEK, seconds(0)),
        (r#","x":"1e999 \" 1e999","y":[1e999],"interval":7.5"#, seconds(8), seconds(300)),
        (r#","x":{"1e999":-1e999},"interval":"1e999""#, A_WEEK, seconds(300)),
    ] {
        let ack = acknowledged(members);
        assert_eq!((ack.interval, ack.expires_in), (interval, expires_in), "{members}");
        assert_eq!(ack.auth_req_id.expose_secret(), "id");
    }
    match poll(200, r#"{"access_token":"a\\b-1e999","x":1e999}"#) {
        PollAnswer::Approved(approval) => assert_eq!(approval.token.expose_secret(), r"a\b-1e999"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn f35_what_json_does_not_write_stays_unread() {
    for number in
        ["01e999", "+1e999", ".1e999", "1.e999", "1e999.0", "--1e999", "1e999e1", "1e", "-", "1e999x"]
    {
        let body = format!(r#"{{"auth_req_id":"id","interval":{number}}}"#);
        assert_eq!(initiate(200, &body).expect_err(number).kind(), ErrorKind::Protocol, "{number}");
    }
    for body in [
        r#"{"auth_req_id":"id","interval":1e999"#,
        r#"{"auth_req_id":"id","interval":1e999} x"#,
        r#"{"auth_req_id":"id","interval":1e999,"interval":5}"#,
        r#"{"auth_req_id":"id","x":[1e999,{"y":1,"y":2}]}"#,
        r#"{"auth_req_id":"id","interval":1e999,"x":"\ud800"}"#,
    ] {
        assert_eq!(initiate(200, body).expect_err(body).kind(), ErrorKind::Protocol, "{body}");
    }
}

#[test]
fn j39_slow_down_may_name_its_interval() {
    for (body, named) in [
        (r#"{"error":"slow_down"}"#, None),
        (r#"{"error":"slow_down","interval":30}"#, Some(seconds(30))),
        (r#"{"error":"slow_down","interval":"2.5"}"#, Some(seconds(3))),
        (r#"{"error":"slow_down","interval":0}"#, None),
        (r#"{"error":"slow_down","interval":-4}"#, None),
        (r#"{"error":"slow_down","interval":1e99}"#, Some(A_WEEK)),
    ] {
        match poll(400, body) {
            PollAnswer::SlowDown { interval, .. } => assert_eq!(interval, named, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn b16_the_lifetime_of_a_token_may_be_a_year() {
    for (members, read) in [
        ("", None),
        (r#","expires_in":null"#, None),
        (r#","expires_in":86400"#, Some(seconds(86_400))),
        (r#","expires_in":31536000"#, Some(seconds(31_536_000))),
        (r#","expires_in":"3600""#, Some(seconds(3_600))),
        (r#","expires_in":1e300"#, Some(seconds(100 * 31_536_000))),
        (r#","expires_in":-1"#, Some(seconds(0))),
        (r#","expires_in":"abc""#, None),
    ] {
        match poll(200, format!(r#"{{"access_token":"t"{members}}}"#)) {
            PollAnswer::Approved(approval) => assert_eq!(approval.expires_in, read, "{members}"),
            other => panic!("{members}: {other:?}"),
        }
    }
}

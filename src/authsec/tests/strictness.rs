//! What is one clean JSON object, and what is not (B-72).

use super::{initiate, key, may_hide_an_approval, meaning, poll, read_poll, totp};
use crate::ErrorKind;
use crate::answer::{Answer, PollAnswer, is_one_object};
use crate::authsec::{TotpAnswer, read_initiate, read_totp};

/// Refused by all three readers, on a status that would let somebody in.
fn refused_everywhere(body: &[u8]) {
    let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
    assert!(!is_one_object(body), "{shown}");
    let error = may_hide_an_approval(poll(200, body), &shown);
    assert_eq!((error.kind(), error.status()), (ErrorKind::Protocol, Some(200)), "{shown}");
    assert!(error.may_have_reached_server());
    assert_eq!(initiate(200, body).expect_err(&shown).kind(), ErrorKind::Protocol, "{shown}");
    assert_eq!(meaning::of_totp(&totp(200, body)), "protocol", "{shown}");
}

#[test]
fn j1_html_is_no_answer() {
    refused_everywhere(b"<!doctype html><title>Sign in to the Wi-Fi</title>");
    refused_everywhere(b"OK");
}

#[test]
fn j2_nothing_is_no_answer() {
    for body in ["", " ", "\r\n\t"] {
        refused_everywhere(body.as_bytes());
    }
    assert_eq!(meaning::of_poll(&poll(204, "")), ("protocol".to_owned(), true), "204 is not of the contract");
}

#[test]
fn j3_only_an_object_is_an_answer() {
    for body in
        [r#"[{"access_token":"t"}]"#, r#""access_token""#, "42", "null", "true", "false", "[]", "-1.5e3"]
    {
        refused_everywhere(body.as_bytes());
    }
}

#[test]
fn j5_an_empty_object_is_not_pending() {
    may_hide_an_approval(poll(200, "{}"), "200");
    may_hide_an_approval(poll(202, "{}"), "202");
    assert_eq!(meaning::of_initiate(&initiate(200, "{}")), "protocol");
    assert_eq!(meaning::of_totp(&totp(200, "{}")), "protocol");
}

#[test]
fn j10_no_member_stands_twice() {
    for body in [
        r#"{"access_token":"a","access_token":"a"}"#,
        r#"{"access_token":"a","error":null,"error":"access_denied"}"#,
        r#"{"unknown":1,"access_token":"a","unknown":2}"#,
        r#"{"access_token":"a","auth_req_id":"a","token":"a","more":{"deep":{"x":1,"x":1}}}"#,
        r#"{"access_token":"a","list":[0,[{"x":1,"y":2,"x":3}]]}"#,
        r#"{"":1,"":2,"access_token":"a"}"#,
    ] {
        refused_everywhere(body.as_bytes());
    }
}

#[test]
fn j10_an_escaped_name_is_the_same_name() {
    for body in [
        r#"{"access_token":"a","access\u005ftoken":"b"}"#,
        r#"{"\u0061ccess_token":"a","access_token":"b"}"#,
        r#"{"access_token":"a","more":{"x":1,"\u0078":2}}"#,
    ] {
        refused_everywhere(body.as_bytes());
    }
    assert!(matches!(poll(200, r#"{"\u0061ccess_token":"a"}"#), PollAnswer::Approved(_)), "once is fine");
    assert!(matches!(poll(200, r#"{"access_token":"a","Access_token":"b"}"#), PollAnswer::Approved(_)));
}

#[test]
fn j10_a_second_name_is_found_among_many() {
    let many: String = (0..60).map(|n| format!(r#""n{n}":{n},"#)).collect();
    assert!(matches!(poll(200, format!(r#"{{{many}"access_token":"a"}}"#)), PollAnswer::Approved(_)));
    for twice in [0, 1, 15, 16, 17, 59] {
        refused_everywhere(format!(r#"{{{many}"access_token":"a","n{twice}":0}}"#).as_bytes());
    }
}

#[test]
fn j11_invalid_utf8_is_refused_wherever_it_stands() {
    for bad in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"] {
        for (before, behind) in [
            (&br#"{"access_token":"a","x":""#[..], &b"\"}"[..]),
            (br#"{"access_token":""#, b"\"}"),
            (br#"{"access_token":"a",""#, b"\":1}"),
            (br#"{"access_token":"a"}"#, b""),
        ] {
            refused_everywhere(&[before, bad, behind].concat());
        }
    }
}

#[test]
fn j11_lone_surrogates_are_refused() {
    for body in [
        r#"{"access_token":"\ud800"}"#,
        r#"{"access_token":"a","x":"\udc00"}"#,
        r#"{"access_token":"a","x":["\ud83d"]}"#,
        r#"{"access_token":"a","\ud800":1}"#,
        r#"{"access_token":"a","x":"\ud800\u0041"}"#,
    ] {
        refused_everywhere(body.as_bytes());
    }
    let paired = r#"{"access_token":"a","x":"\ud83d\ude00"}"#;
    assert!(matches!(poll(200, paired), PollAnswer::Approved(_)), "a pair is a character");
}

#[test]
fn j13_utf16_and_a_byte_order_mark_are_refused() {
    let text = r#"{"access_token":"a"}"#;
    let utf16 = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
    refused_everywhere(&utf16(u16::to_le_bytes));
    refused_everywhere(&utf16(u16::to_be_bytes));
    refused_everywhere(&[&b"\xff\xfe"[..], &utf16(u16::to_le_bytes)].concat());
    refused_everywhere(format!("\u{feff}{text}").as_bytes());
}

#[test]
fn j15_nothing_may_stand_around_the_object() {
    for body in [
        r#"{"access_token":"a"}x"#,
        r#"{"access_token":"a"}{"access_token":"a"}"#,
        r#"{"access_token":"a"} {}"#,
        r#"callback({"access_token":"a"})"#,
        r#"{"access_token":"a"};"#,
        ")]}',\n{\"access_token\":\"a\"}",
        "{\"access_token\":\"a\"}\0",
        r#"{"access_token":"a",}"#,
        r#"{'access_token':'a'}"#,
        r#"{"access_token":"a"/*comment*/}"#,
        "{\"access_token\":\"a\nb\"}",
    ] {
        refused_everywhere(body.as_bytes());
    }
    assert!(matches!(poll(200, " \r\n{\"access_token\":\"a\"}\t\n"), PollAnswer::Approved(_)));
}

#[test]
fn n5_a_cut_document_is_none() {
    let whole = r#"{"access_token":"tökèn","more":[1,{"x":null}]}"#.as_bytes();
    for length in 1..whole.len() {
        may_hide_an_approval(poll(200, &whole[..length]), "cut");
        assert!(!is_one_object(&whole[..length]));
    }
    assert!(is_one_object(whole));
}

#[test]
fn j16_unknown_members_are_passed_over() {
    let long = "x".repeat(60_000);
    for more in [
        format!(r#""long":"{long}""#),
        r#""nested":{"error":"access_denied","access_token":[{}]}"#.to_owned(),
        r#""list":[1,2.5,true,null,"\u00e9",{"a":[]}]"#.to_owned(),
        r#""number":123456789012345678901234567890"#.to_owned(),
        r#""number":1e400,"list":[-1e999,{"x":1E+400}]"#.to_owned(),
        format!(r#""number":{}"#, "9".repeat(400)),
        r#""errors":"access_denied","Error":"x","error_code":5"#.to_owned(),
    ] {
        let body = format!(r#"{{"access_token":"a",{more}}}"#);
        assert!(matches!(poll(200, &body), PollAnswer::Approved(_)), "{}", &body[..60]);
    }
}

#[test]
fn b72_depth_is_limited_and_no_stack_overflows() {
    let nested = |depth: usize, open: &str, close: &str| {
        format!(r#"{{"access_token":"a","x":{}1{}}}"#, open.repeat(depth), close.repeat(depth))
    };
    assert!(matches!(poll(200, nested(100, "[", "]")), PollAnswer::Approved(_)));
    for depth in [128, 1_000, 30_000] {
        refused_everywhere(nested(depth, "[", "]").as_bytes());
        refused_everywhere(nested(depth, r#"{"y":"#, "}").as_bytes());
    }
    refused_everywhere("[".repeat(64 * 1024).as_bytes());
}

#[test]
fn n12_n14_a_body_that_could_not_be_read_decides_nothing() {
    let unread = |status| Answer { status, retry_after: None, body: None };
    may_hide_an_approval(read_poll(&unread(200)), "unread");
    assert_eq!(meaning::of_poll(&read_poll(&unread(503))), ("server_failed".to_owned(), false));
    assert_eq!(meaning::of_initiate(&read_initiate(&unread(200), &key())), "protocol");
    assert!(matches!(read_totp(&unread(200), &key()), TotpAnswer::Failed(_)));
    assert_eq!(meaning::of_totp(&read_totp(&unread(429), &key())), "rate_limited");
}

#[test]
fn b70_no_error_quotes_what_could_not_be_read() {
    let canary = "canary-7f3a";
    for body in [
        format!(r#"{{"access_token":["{canary}"]}}"#),
        format!(r#"{{"access_token":"{canary}","access_token":"{canary}"}}"#),
        format!(r#"{{"access_token":"{canary}","error":"{canary} free text"}}"#),
        format!(r#"{{"error":"{canary} 1"}}"#),
        format!(r#"{{"{canary}":"#),
        canary.to_owned(),
    ] {
        for status in [200, 202, 400, 401, 403, 404, 429, 500, 302] {
            let told = format!(
                "{:?} {:?} {:?}",
                poll(status, &body),
                initiate(status, &body).map(|ack| ack.expires_in),
                totp(status, &body)
            );
            assert!(!told.contains("canary"), "{status} {body}: {told}");
        }
    }
}

//! J1 to J17: bodies that are not one clean JSON object.

use authsec_ciba::ErrorKind;
use authsec_ciba::sandbox::Fault;

use crate::support::wire::{ACK, APPROVED, Act, PENDING, Wire, ok};
use crate::support::{
    EMAIL, an_id, chain, code, initiate_through, json, poll_through, respond, totp_through,
};

const VERIFIED: &str = r#"{"success":true,"token":"a-token"}"#;

/// A 200 whose body nobody can take for an answer: an error for initiate and TOTP, polled past four times, and the end
/// of a poll at the fifth in a row.
async fn is_none_of_the_contracts(fault: Fault) {
    let shown = format!("{fault:?}").chars().take(200).collect::<String>();
    let expected = (ErrorKind::Protocol, Some(200), true);
    assert_eq!(initiate_through(fault.clone()).await.failed_as(), expected, "{shown}");
    assert_eq!(totp_through(fault.clone()).await.failed_as(), expected, "{shown}");
    assert_eq!(poll_through(vec![fault.clone(); 4]).await.came_to(), ("approved", 5), "{shown}");
    let polled = poll_through(vec![fault.clone(); 9]).await;
    assert_eq!(polled.failed_as(), (ErrorKind::Protocol, Some(200), 5), "{shown}");
    assert_eq!(polled.at.len(), 5, "{shown}");
    let polled = poll_through([fault, code(400, "expired_token")]).await;
    assert_eq!(polled.came_to(), ("approval_lost", 2), "it may have been the approval: {shown}");
}

/// The same, for each of the bodies of the three calls.
async fn are_none_of_the_contracts(bodies: [String; 3]) {
    let [poll, ack, verified] = bodies;
    let expected = (ErrorKind::Protocol, Some(200), true);
    assert_eq!(initiate_through(json(200, ack.clone())).await.failed_as(), expected, "{ack}");
    assert_eq!(totp_through(json(200, verified.clone())).await.failed_as(), expected, "{verified}");
    let polled = poll_through(vec![json(200, poll.clone()); 5]).await;
    assert_eq!(polled.failed_as(), (ErrorKind::Protocol, Some(200), 5), "{poll}");
    assert_eq!(poll_through([json(200, poll.clone())]).await.came_to(), ("approved", 2), "{poll}");
    let lost = poll_through([json(200, poll.clone()), code(400, "expired_token")]).await;
    assert_eq!(lost.came_to(), ("approval_lost", 2), "{poll}");
}

#[tokio::test(start_paused = true)]
async fn j01_html() {
    is_none_of_the_contracts(respond(200, "text/html", "<!doctype html><html>It works!</html>")).await;
    // Four HTML pages, then a readable answer: the count begins anew.
    let page = respond(200, "text/html", "<html>");
    let mut faults = vec![page.clone(); 4];
    faults.push(crate::support::pending());
    faults.extend(vec![page; 4]);
    assert_eq!(poll_through(faults).await.came_to(), ("approved", 10));
}

#[tokio::test(start_paused = true)]
async fn j02_nothing_at_all() {
    is_none_of_the_contracts(json(200, "")).await;
    is_none_of_the_contracts(json(200, " \r\n\t ")).await;
    // 204 is none of the contract's statuses: it ends a poll at once.
    let nothing = Fault::Respond { status: 204, headers: Vec::new(), body: Vec::new() };
    let expected = (ErrorKind::Protocol, Some(204), true);
    assert_eq!(initiate_through(nothing.clone()).await.failed_as(), expected);
    assert_eq!(totp_through(nothing.clone()).await.failed_as(), expected);
    let polled = poll_through([nothing]).await;
    assert_eq!((polled.error().kind(), polled.error().status()), (ErrorKind::Protocol, Some(204)));
    assert_eq!(polled.at.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn j03_json_that_is_no_object() {
    for body in
        [r#"[{"access_token":"a","token":"a","auth_req_id":"a"}]"#, r#""access_token""#, "42", "null", "true"]
    {
        is_none_of_the_contracts(json(200, body)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn j05_an_empty_object() {
    is_none_of_the_contracts(json(200, "{}")).await;
}

#[tokio::test(start_paused = true)]
async fn j06_a_token_that_cannot_be_one() {
    for token in [
        "null",
        r#""""#,
        r#"" ""#,
        r#""a b""#,
        "42",
        "{}",
        "[\"a\"]",
        "true",
        r#""line\nbreak""#,
        r#""\u0000""#,
        r#""tök""#,
    ] {
        are_none_of_the_contracts([
            format!(r#"{{"access_token":{token}}}"#),
            format!(r#"{{"auth_req_id":{token},"expires_in":300,"interval":5}}"#),
            format!(r#"{{"success":true,"token":{token}}}"#),
        ])
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn j07_a_token_and_an_error() {
    for error in
        [r#""access_denied""#, r#""authorization_pending""#, r#""user_locked""#, r#""Some text""#, "{}", "1"]
    {
        for token in ["access_token", "token"] {
            let both = json(200, format!(r#"{{"{token}":"a-token","error":{error}}}"#));
            let polled = poll_through([both.clone()]).await;
            assert_eq!((polled.error().kind(), polled.at.len()), (ErrorKind::Protocol, 1), "{error}");
            assert!(!chain(polled.error()).contains("a-token"));
            let verified = totp_through(both).await;
            assert_eq!(verified.failed_as(), (ErrorKind::Protocol, Some(200), true), "{error}");
        }
    }
    // `null` is no error, and two tokens are none.
    let wire = Wire::new([Act::Say(ok(r#"{"access_token":"a-token","error":null}"#))]).await;
    let outcome = wire.client().poll_for_approval(EMAIL, &an_id()).await;
    assert_eq!(outcome.expect("an outcome").status(), "approved");
    are_none_of_the_contracts([
        r#"{"access_token":"one","token":"two"}"#.to_owned(),
        r#"{"auth_req_id":"an-id","error":"Some text"}"#.to_owned(),
        r#"{"success":true,"access_token":"one","token":"two"}"#.to_owned(),
    ])
    .await;
}

/// Polls an id of another process, of which nothing is known but this answer.
async fn polled(body: &str) -> &'static str {
    let wire = Wire::new([Act::Say(ok(body))]).await;
    let outcome = wire.client().poll_for_approval(EMAIL, &an_id()).await;
    outcome.as_ref().map_or("error", authsec_ciba::ApprovalOutcome::status)
}

#[tokio::test(start_paused = true)]
async fn f23_a_whole_200_that_cannot_be_read_may_have_been_the_approval() {
    for body in [
        "<html>Blocked by the security team</html>",
        "\u{feff}{\"access_token\":\"tok\"}",
        r#"{"access_token":"tok","scope":"a","scope":"b"}"#,
        r#"{"access_token":"tok\n"}"#,
        r#"{"access_token":"tok","name":"\ud83d"}"#,
    ] {
        for gone in ["expired_token", "invalid_grant"] {
            let polled = poll_through([json(200, body), code(400, gone)]).await;
            assert_eq!(polled.came_to(), ("approval_lost", 2), "{body} {gone}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f29_the_empty_text_is_absent() {
    assert_eq!(polled(r#"{"access_token":"tok","error":""}"#).await, "approved");
    let pending = json(200, r#"{"access_token":"","error":"authorization_pending"}"#);
    assert_eq!(poll_through([pending]).await.came_to(), ("approved", 2));
    let acknowledged = initiate_through(json(200, r#"{"auth_req_id":"an-id","error":""}"#)).await;
    assert!(acknowledged.result.is_ok(), "the push is out");
    let wrong = json(401, r#"{"success":false,"token":"","message":"Invalid TOTP code"}"#);
    assert_eq!(totp_through(wrong).await.error_code(), Some("invalid_code"));
}

#[tokio::test(start_paused = true)]
async fn f30_the_same_token_under_both_names_is_one() {
    assert_eq!(polled(r#"{"access_token":"tok","token":"tok"}"#).await, "approved");
    let verified = totp_through(json(200, r#"{"success":true,"access_token":"tok","token":"tok"}"#)).await;
    assert_eq!(verified.error_code(), None);
}

#[tokio::test(start_paused = true)]
async fn f31_an_answer_about_somebody_or_something_else() {
    for echo in [
        r#""auth_req_id":"an-id-of-another-process""#,
        r#""email":"USER@example.com""#,
        r#""login_hint":"user@example.com","email":null"#,
    ] {
        assert_eq!(polled(&format!(r#"{{"access_token":"tok",{echo}}}"#)).await, "approved", "{echo}");
    }
    for another in [
        r#""auth_req_id":"an-id-of-another-request""#,
        r#""auth_req_id":"AN-ID-OF-ANOTHER-PROCESS""#,
        r#""email":"other@example.com""#,
        r#""login_hint":"other@example.com""#,
    ] {
        for body in [
            format!(r#"{{"access_token":"tok",{another}}}"#),
            format!(r#"{{"error":"authorization_pending",{another}}}"#),
            format!(r#"{{"error":"access_denied",{another}}}"#),
        ] {
            let polled = poll_through([json(200, body.clone())]).await;
            assert_eq!((polled.error().kind(), polled.at.len()), (ErrorKind::Protocol, 1), "{body}");
            assert!(!chain(polled.error()).contains("other@"), "{body}");
        }
    }
    let another = r#""email":"other@example.com""#;
    let acknowledged = initiate_through(json(200, format!(r#"{{"auth_req_id":"an-id",{another}}}"#))).await;
    assert_eq!(acknowledged.failed_as(), (ErrorKind::Protocol, Some(200), true));
    let verified = totp_through(json(200, format!(r#"{{"success":true,"token":"t",{another}}}"#))).await;
    assert_eq!(verified.failed_as(), (ErrorKind::Protocol, Some(200), true));
}

#[tokio::test(start_paused = true)]
async fn a_token_of_a_request_that_did_not_succeed() {
    for success in ["false", r#""false""#, "0", "{}"] {
        let both = json(200, format!(r#"{{"access_token":"a-token","success":{success}}}"#));
        let polled = poll_through([both.clone()]).await;
        assert_eq!((polled.error().kind(), polled.at.len()), (ErrorKind::Protocol, 1), "{success}");
        let verified = totp_through(both).await;
        assert_eq!(verified.failed_as(), (ErrorKind::Protocol, Some(200), true), "{success}");
    }
    for success in ["true", "null"] {
        let wire = Wire::new([Act::Say(ok(&format!(r#"{{"access_token":"t","success":{success}}}"#)))]).await;
        let outcome = wire.client().poll_for_approval(EMAIL, &an_id()).await;
        assert_eq!(outcome.expect("an outcome").status(), "approved", "{success}");
    }
}

#[tokio::test(start_paused = true)]
async fn j10_a_member_that_stands_twice() {
    let with = |more: &str| {
        [APPROVED, ACK, VERIFIED]
            .map(|body| format!("{},{more}}}", body.strip_suffix('}').expect("an object")))
    };
    for more in [
        r#""access_token":"b","auth_req_id":"b","token":"b""#,
        // Escaped, it is the same name.
        r#""access\u005ftoken":"b","auth\u005freq_id":"b","\u0074oken":"b""#,
        r#""x":1,"x":1"#,
        r#""nested":{"deep":[{"x":1,"x":2}]}"#,
    ] {
        are_none_of_the_contracts(with(more)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn j11_invalid_utf8_and_lone_surrogates() {
    for bad in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", br"\ud800", br"\udc00x", b"\xf5\x80\x80\x80"] {
        for place in ["x", "error_description"] {
            let body = [
                br#"{"access_token":"a","token":"a","auth_req_id":"a",""#.as_slice(),
                place.as_bytes(),
                b"\":\"",
                bad,
                b"\"}",
            ]
            .concat();
            is_none_of_the_contracts(json(200, body)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn j13_utf16_and_byte_order_marks() {
    let text = r#"{"access_token":"a","token":"a","auth_req_id":"a"}"#;
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for body in [
        little.clone(),
        big.clone(),
        [b"\xff\xfe", little.as_slice()].concat(),
        [b"\xfe\xff", big.as_slice()].concat(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
    ] {
        is_none_of_the_contracts(json(200, body)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn j15_more_than_one_document() {
    for (before, behind) in [
        ("", "garbage"),
        ("", "{}"),
        ("", "\n{\"error\":\"access_denied\"}"),
        ("", "\0"),
        ("", ","),
        ("callback(", ")"),
        (")]}',\n", ""),
        ("/* comment */", ""),
        ("\0", ""),
    ] {
        are_none_of_the_contracts([APPROVED, ACK, VERIFIED].map(|body| format!("{before}{body}{behind}")))
            .await;
    }
    // White space around it is fine.
    let spaced = json(200, format!("\r\n\t {ACK}\n\n"));
    assert!(initiate_through(spaced).await.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn j16_extra_members_and_huge_values() {
    assert_eq!(poll_through([Fault::ExtraMembers]).await.came_to(), ("approved", 1));
    assert!(initiate_through(Fault::ExtraMembers).await.result.is_ok());
    assert_eq!(totp_through(Fault::ExtraMembers).await.error_code(), None);
    let huge = |length: usize| {
        let more = format!(r#""x":"{}","y":[{}1],"z":1e400"#, "x".repeat(length), "1,".repeat(500));
        json(200, format!("{},{more}}}", ACK.strip_suffix('}').expect("an object")))
    };
    let more = format!(r#","x":"{}","y":[{}1],"z":1e400}}"#, "x".repeat(60_000), "1,".repeat(500));
    let within = json(200, ACK.replace('}', &more));
    assert!(initiate_through(within).await.result.is_ok(), "passed over within the cap");
    assert_eq!(initiate_through(huge(66_000)).await.failed_as().0, ErrorKind::Protocol, "beyond the cap");
    // Many members, none of them twice.
    let many: String = (0..4_000).map(|n| format!(r#","m{n}":{n}"#)).collect();
    assert!(initiate_through(json(200, ACK.replace('}', &format!("{many}}}")))).await.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn j17_good_json_under_a_wrong_or_no_content_type() {
    for content_type in ["text/html", "text/plain", "application/octet-stream", "", "nonsense/;;;"] {
        assert!(initiate_through(respond(200, content_type, ACK)).await.result.is_ok(), "{content_type:?}");
        assert_eq!(totp_through(respond(200, content_type, VERIFIED)).await.error_code(), None);
        let polled = poll_through([respond(202, content_type, PENDING)]).await;
        assert_eq!((polled.came_to(), &polled.at[..]), (("approved", 2), &[5_000, 10_000][..]));
    }
    let bare = Fault::Respond { status: 200, headers: Vec::new(), body: ACK.into() };
    assert!(initiate_through(bare).await.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn names_in_capitals_are_other_names() {
    are_none_of_the_contracts([
        r#"{"Access_Token":"a","ACCESS_TOKEN":"b"}"#.to_owned(),
        r#"{"Auth_Req_Id":"a","AUTH_REQ_ID":"b"}"#.to_owned(),
        r#"{"success":true,"Token":"a","TOKEN":"b"}"#.to_owned(),
    ])
    .await;
    // An escaped name is the name.
    let escaped = json(200, r#"{"auth\u005freq_id":"an-id"}"#);
    assert!(initiate_through(escaped).await.result.is_ok());
}

#[tokio::test(start_paused = true)]
async fn deep_nesting_is_refused_without_a_stack_overflow() {
    let deep = |levels: usize| {
        let nest = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        [APPROVED, ACK, VERIFIED].map(|body| body.replace('}', &format!(r#","x":{nest}}}"#)))
    };
    are_none_of_the_contracts(deep(30_000)).await;
    are_none_of_the_contracts(deep(200)).await;
    assert!(initiate_through(json(200, deep(100)[1].clone())).await.result.is_ok());
}

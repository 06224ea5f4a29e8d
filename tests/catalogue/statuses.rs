//! J41 to J57: the HTTP status.

use authsec_ciba::sandbox::{Call, Fault};
use authsec_ciba::{ErrorKind, LockedBy, TotpOutcome};

use crate::support::wire::{APPROVED, Act, Wire, answer, ok};
use crate::support::{
    EMAIL, an_id, code, initiate_through, json, leaves_nothing, poll_through, respond, seconds, start,
    totp_through,
};

/// Heals for every call; `hides`: an approval may have been lost behind it.
async fn heals(fault: Fault, kind: ErrorKind, hides: bool) {
    let Fault::Respond { status, .. } = fault else { panic!("an answer") };
    for gone in ["expired_token", "invalid_grant"] {
        let polled = poll_through([fault.clone(), code(400, gone)]).await;
        let lost = polled.result.as_ref().is_ok_and(|outcome| outcome.status() == "approval_lost");
        assert_eq!((lost, polled.at.len()), (hides, 2), "{status} {gone}");
    }
    assert_eq!(poll_through(vec![fault.clone(); 7]).await.came_to(), ("approved", 8), "{status}");
    let initiated = initiate_through(fault.clone()).await;
    assert_eq!((initiated.failed_as().0, initiated.error().status()), (kind, Some(status)));
    let verified = totp_through(fault).await;
    assert_eq!((verified.failed_as().0, verified.error().status()), (kind, Some(status)));
    assert!(initiated.error().is_retryable() && verified.error().is_retryable());
}

/// Ends every call at once, but for the poll of an id that has been answered readably: there it is polled past, four
/// times in a row, and may hide an approval.
async fn is_codeless(fault: Fault, kind: ErrorKind) {
    let Fault::Respond { status, .. } = fault else { panic!("an answer") };
    assert_eq!(poll_through(vec![fault.clone(); 4]).await.came_to(), ("approved", 5), "{status}");
    let mut faults = vec![fault.clone(); 4];
    faults.push(crate::support::pending());
    faults.extend(vec![fault.clone(); 4]);
    assert_eq!(poll_through(faults).await.came_to(), ("approved", 10), "{status}");
    assert_eq!(
        poll_through(vec![fault.clone(); 9]).await.failed_as(),
        (ErrorKind::Protocol, Some(status), 5)
    );
    let lost = poll_through([fault.clone(), code(400, "expired_token")]).await;
    assert_eq!(lost.came_to(), ("approval_lost", 2), "{status}");
    ends_elsewhere(fault, kind).await;
}

/// Ends every call at once.
async fn ends(fault: Fault, kind: ErrorKind) {
    let Fault::Respond { status, .. } = fault else { panic!("an answer") };
    let polled = poll_through([fault.clone()]).await;
    assert_eq!((polled.error().kind(), polled.error().status()), (kind, Some(status)));
    assert_eq!((polled.at.len(), polled.ended_at), (1, 5_000), "{status}: at once");
    ends_elsewhere(fault, kind).await;
}

/// Ends an initiate, a TOTP login, and the poll of an id that nobody has answered.
async fn ends_elsewhere(fault: Fault, kind: ErrorKind) {
    let Fault::Respond { status, .. } = fault else { panic!("an answer") };
    let (sandbox, client) = start().await;
    sandbox.faults().always(Call::Poll, fault.clone());
    let error = client.poll_for_approval(EMAIL, &an_id()).await.expect_err("an error");
    assert_eq!((error.kind(), error.status()), (kind, Some(status)), "of another process");
    assert_eq!(sandbox.calls(Call::Poll).len(), 1, "{status}: at once");
    let initiated = initiate_through(fault.clone()).await;
    assert_eq!((initiated.failed_as().0, initiated.error().status()), (kind, Some(status)));
    let verified = totp_through(fault).await;
    assert_eq!((verified.failed_as().0, verified.error().status()), (kind, Some(status)));
    assert!(!initiated.error().is_retryable() && !verified.error().is_retryable());
}

#[tokio::test(start_paused = true)]
async fn j41_the_servers_own_lock() {
    for body in [r#"{"error":"account temporarily locked"}"#, r#"{"error":"Too many failed attempts"}"#] {
        let verified = totp_through(json(429, body)).await;
        let outcome = verified.result.expect("a judgement");
        assert!(matches!(outcome, TotpOutcome::TooManyRetries { by: LockedBy::Server, retry_after: None }));
        assert_eq!(verified.counted, 0, "the local count is untouched");
    }
    let locked = totp_through(json(401, r#"{"success":false,"message":"Account temporarily locked"}"#)).await;
    assert!(matches!(locked.result, Ok(TotpOutcome::TooManyRetries { by: LockedBy::Server, .. })));
    let limited = totp_through(Fault::too_many_requests_429(None)).await;
    assert_eq!(limited.failed_as(), (ErrorKind::RateLimited, Some(429), false), "no lockout");
}

#[tokio::test(start_paused = true)]
async fn j42_unavailable_with_retry_after() {
    let unavailable = Fault::unavailable_503(Some("7"));
    let polled = poll_through([unavailable.clone()]).await;
    assert_eq!((polled.came_to(), &polled.at[..]), (("approved", 2), &[5_000, 12_000][..]));
    let initiated = initiate_through(unavailable.clone()).await;
    assert_eq!(initiated.failed_as(), (ErrorKind::Server, Some(503), true));
    assert_eq!((initiated.requests, initiated.error().retry_after()), (1, Some(seconds(7))));
    assert_eq!(totp_through(unavailable).await.failed_as(), (ErrorKind::Server, Some(503), true));
}

#[tokio::test(start_paused = true)]
async fn j43_a_gateways_html() {
    for status in [500, 501, 502, 504, 520, 599] {
        heals(respond(status, "text/html", "<html>Bad Gateway</html>"), ErrorKind::Server, true).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f22_a_gateway_wrote_over_the_approval() {
    for status in [408, 429, 500, 502, 503, 504, 520] {
        for body in ["<html>Bad Gateway</html>", "", r#"{"error":"overloaded"}"#] {
            let polled = poll_through([json(status, body), code(400, "expired_token")]).await;
            assert_eq!(polled.came_to(), ("approval_lost", 2), "{status} {body}");
        }
    }
    let limited = Fault::too_many_requests_429(None);
    let polled = poll_through([limited, code(400, "expired_token")]).await;
    assert_eq!(polled.came_to(), ("expired_token", 2), "the server's own limiter stands before the handler");
}

#[tokio::test(start_paused = true)]
async fn f24_a_blip_of_the_infrastructure_behind_two_pending_answers() {
    for (status, body) in [
        (404, "404 page not found"),
        (403, "<html>Checking your browser</html>"),
        (401, ""),
        (409, "{}"),
        (404, r#"{"message":"no Route matched with those values"}"#),
        (400, r#"{"error":"Not found","status":404}"#),
    ] {
        let pending = crate::support::pending;
        let polled = poll_through([pending(), pending(), json(status, body)]).await;
        assert_eq!(polled.came_to(), ("approved", 4), "{status} {body}");
        // The same for an id of another process, once the server has answered for it.
        let (sandbox, client) = start().await;
        for fault in [pending(), json(status, body), code(403, "access_denied")] {
            sandbox.faults().next(Call::Poll, fault);
        }
        let outcome = client.poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!((outcome.status(), sandbox.calls(Call::Poll).len()), ("access_denied", 3), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn j44_a_500_that_says_success_false_is_no_wrong_code() {
    for body in [
        r#"{"success":false}"#,
        r#"{"success":false,"message":"Invalid TOTP code"}"#,
        r#"{"error":"Invalid TOTP code"}"#,
    ] {
        for status in [500, 503] {
            let verified = totp_through(json(status, body)).await;
            assert_eq!(verified.failed_as(), (ErrorKind::Server, Some(status), true), "{body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn j46_not_found() {
    is_codeless(respond(404, "text/plain", "404 page not found"), ErrorKind::Config).await;
    let initiated = initiate_through(respond(404, "text/plain", "404 page not found")).await;
    assert!(initiated.error().to_string().contains("base_url"), "a hint");
    let verified = totp_through(json(404, r#"{"error":"User not found"}"#)).await;
    assert_eq!(verified.failed_as(), (ErrorKind::UserNotFound, Some(404), false));
}

#[tokio::test(start_paused = true)]
async fn j47_405_406_415() {
    for status in [405, 406, 415] {
        is_codeless(respond(status, "text/plain", "no"), ErrorKind::Config).await;
    }
}

#[tokio::test(start_paused = true)]
async fn j48_408_and_425() {
    for status in [408, 425] {
        heals(json(status, r#"{"error":"Request timeout"}"#), ErrorKind::Server, status == 408).await;
    }
    let initiated = initiate_through(respond(408, "text/plain", "")).await;
    assert!(initiated.error().may_have_reached_server(), "its handler may have begun");
}

#[tokio::test(start_paused = true)]
async fn j50_gone() {
    assert_eq!(poll_through([code(410, "expired_token")]).await.came_to(), ("expired_token", 1));
    is_codeless(respond(410, "text/plain", "gone"), ErrorKind::Refused).await;
}

#[tokio::test(start_paused = true)]
async fn j51_too_large() {
    for status in [413, 414, 431] {
        is_codeless(respond(status, "text/html", "<html>too large</html>"), ErrorKind::Refused).await;
    }
}

#[tokio::test(start_paused = true)]
async fn j53_statuses_that_are_none() {
    for status in ["600 Odd", "666 Odd", "999 Odd"] {
        let wire = Wire::new([Act::Say(answer(status, "", APPROVED))]).await;
        let error = wire.client().poll_for_approval(EMAIL, &an_id()).await.expect_err(status);
        let number = status[..3].parse().expect("a number");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Protocol, Some(number)));
        assert_eq!(wire.requests(), 1, "at once");
        let error = wire.client().initiate_app_approval(EMAIL).await.expect_err(status);
        assert_eq!((error.kind(), error.status()), (ErrorKind::Protocol, Some(number)));
        let error = wire.client().verify_totp(EMAIL, "123456").await.expect_err(status);
        assert_eq!((error.kind(), wire.requests()), (ErrorKind::Protocol, 3));
    }
    // What is below 200 is no answer, and what has another number of digits is no HTTP.
    for status in ["150 Odd", "000 Odd", "99 Odd", "1000 Odd"] {
        let wire = Wire::new([Act::Close(answer(status, "", APPROVED)), Act::Say(ok(APPROVED))]).await;
        let outcome = wire.client().poll_for_approval(EMAIL, &an_id()).await.expect("an outcome");
        assert_eq!((outcome.status(), wire.requests()), ("approved", 2), "{status}");
    }
    // Another success than the contract's is none, whatever stands in it.
    for status in [201, 203, 205 + 1, 207, 226] {
        ends(json(status, APPROVED), ErrorKind::Protocol).await;
    }
    let accepted = poll_through([json(202, APPROVED)]).await;
    assert_eq!((accepted.error().kind(), accepted.at.len()), (ErrorKind::Protocol, 1));
}

#[tokio::test(start_paused = true)]
async fn a_token_on_a_refusal_lets_nobody_in() {
    for status in [400, 401, 403, 409, 418] {
        let polled = poll_through(vec![json(status, APPROVED); 5]).await;
        assert_eq!(polled.failed_as(), (ErrorKind::Protocol, Some(status), 5), "{status}");
        let verified = totp_through(json(status, r#"{"success":true,"token":"a-token"}"#)).await;
        assert_eq!(verified.failed_as().0, ErrorKind::Refused, "{status}");
    }
    assert_eq!(poll_through([json(500, APPROVED)]).await.came_to(), ("approved", 2), "the next one");
}

#[tokio::test(start_paused = true)]
async fn j54_wrong_codes_on_400_and_401() {
    for fault in [
        json(400, r#"{"error":"Invalid TOTP code"}"#),
        json(401, r#"{"success":false,"message":"Invalid TOTP code"}"#),
        json(401, r#"{"error":"invalid totp CODE"}"#),
    ] {
        let (sandbox, client) = start().await;
        sandbox.faults().next(Call::Totp, fault);
        let outcome = client.verify_totp(EMAIL, "123456").await.expect("a judgement");
        assert_eq!((outcome.error_code(), outcome.remaining()), (Some("invalid_code"), 2));
        leaves_nothing(&sandbox, &client).await;
    }
    let format = totp_through(json(400, r#"{"error":"totp_code must be exactly 6 digits"}"#)).await;
    assert_eq!(format.failed_as(), (ErrorKind::Input, Some(400), false));
    assert_eq!(format.error().field(), Some("code"));
    // Only the body makes it a wrong code.
    for (status, body, kind) in [
        (401, r#"{"success":false,"message":"client not mapped"}"#, ErrorKind::Config),
        (400, r#"{"error":"something else"}"#, ErrorKind::Refused),
        (401, "{}", ErrorKind::Config),
        (403, r#"{"error":"Invalid TOTP code"}"#, ErrorKind::Refused),
        (401, "<html>", ErrorKind::Refused),
    ] {
        let verified = totp_through(json(status, body)).await;
        assert_eq!(verified.failed_as(), (kind, Some(status), false), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn j55_success_without_a_token() {
    for body in [
        r#"{"success":true}"#,
        r#"{"success":true,"token":""}"#,
        r#"{"success":true,"token":null}"#,
        r#"{"success":false,"token":"a-token"}"#,
        r#"{"success":"true","token":"a-token"}"#,
        r#"{"success":1,"token":"a-token"}"#,
        r#"{"success":true,"token":"a-token","error":"x"}"#,
    ] {
        let verified = totp_through(json(200, body)).await;
        assert_eq!(verified.failed_as(), (ErrorKind::Protocol, Some(200), true), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn j57_pending_for_ever() {
    let (sandbox, client) = start().await;
    sandbox.faults().always(Call::Poll, crate::support::pending());
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let start = tokio::time::Instant::now();
    let outcome = pending.wait().timeout(seconds(60)).await.expect("an outcome");
    assert_eq!((outcome.status(), start.elapsed().as_secs()), ("timeout", 60));
    assert_eq!(sandbox.calls(Call::Poll).len(), 12);
    let outcome = pending.wait().timeout(seconds(3_600)).await.expect("an outcome");
    assert_eq!((outcome.status(), start.elapsed().as_secs()), ("expired_token", 300));
    assert!(sandbox.calls(Call::Poll).len() <= 61, "B-17");
    // An id of another process: only the caller's time bounds it.
    let outcome = client.poll_for_approval("b@example.com", &an_id()).timeout(seconds(3_600)).await;
    assert_eq!(outcome.expect("an outcome").status(), "timeout");
    leaves_nothing(&sandbox, &client).await;
}

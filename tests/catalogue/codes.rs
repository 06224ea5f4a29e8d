//! J18 to J34: what the `error` member says.

use authsec_ciba::sandbox::Fault;
use authsec_ciba::{ErrorCode, ErrorKind};

use crate::support::wire::PENDING;
use crate::support::{chain, code, initiate_through, json, poll_through, respond, totp_through};

async fn is_pending(status: u16) {
    let polled = poll_through([code(status, "authorization_pending"), json(status, PENDING)]).await;
    assert_eq!(polled.came_to(), ("approved", 3), "{status}");
    assert_eq!(polled.at, [5_000, 10_000, 15_000], "no backoff: {status}");
}

#[tokio::test(start_paused = true)]
async fn j18_pending_on_200() {
    is_pending(200).await;
}

#[tokio::test(start_paused = true)]
async fn j19_pending_on_202() {
    is_pending(202).await;
}

#[tokio::test(start_paused = true)]
async fn j20_pending_on_400_and_any_other() {
    for status in [400, 401, 403, 404, 429, 500, 503, 204 + 2, 418] {
        is_pending(status).await;
    }
}

#[tokio::test(start_paused = true)]
async fn j21_slow_down() {
    for status in [200, 202, 400, 429] {
        let polled = poll_through([Fault::slow_down(status)]).await;
        assert_eq!((polled.came_to(), &polled.at[..]), (("approved", 2), &[5_000, 15_000][..]), "{status}");
        let twice = [Fault::slow_down(status), Fault::slow_down(status), code(400, "authorization_pending")];
        let polled = poll_through(twice).await;
        assert_eq!(polled.at, [5_000, 15_000, 30_000, 45_000], "for good: {status}");
    }
    // A fault behind it does not lower the floor either.
    let polled = poll_through([Fault::slow_down(400), Fault::ResetBefore]).await;
    assert!((10_250..=11_100).contains(&(polled.at[2] - polled.at[1])), "{:?}", polled.at);
}

#[tokio::test(start_paused = true)]
async fn j22_denied() {
    for status in [200, 202, 400, 401, 403, 404, 429, 500] {
        let polled = poll_through([code(status, "access_denied")]).await;
        assert_eq!(polled.came_to(), ("access_denied", 1), "{status}");
        assert_eq!(polled.ended_at, 5_000, "at once: {status}");
    }
}

#[tokio::test(start_paused = true)]
async fn j23_expired() {
    for status in [200, 202, 400, 401, 404, 410, 500] {
        let polled = poll_through([code(status, "expired_token")]).await;
        assert_eq!((polled.came_to(), polled.ended_at), (("expired_token", 1), 5_000), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn j24_expired_after_an_answer_was_lost() {
    for lost in [Fault::ResetBefore, Fault::CloseAfter, Fault::Hang, Fault::CutBody { keep: 9 }] {
        for text in ["The request has expired", "already used", "", "not lost at all"] {
            let expired = json(400, format!(r#"{{"error":"expired_token","error_description":"{text}"}}"#));
            let polled = poll_through([lost.clone(), expired]).await;
            assert_eq!(polled.came_to(), ("approval_lost", 2), "{lost:?}");
        }
    }
    // Something on the way may have written over it.
    for hidden in [Fault::html_502(), Fault::json_array(), Fault::empty_200(), json(404, "no Route matched")]
    {
        let polled = poll_through([hidden.clone(), code(400, "expired_token")]).await;
        assert_eq!(polled.came_to(), ("approval_lost", 2), "{hidden:?}");
        let between = crate::support::pending();
        let polled = poll_through([hidden.clone(), between, code(400, "expired_token")]).await;
        assert_eq!(polled.came_to(), ("expired_token", 3), "a readable answer clears it: {hidden:?}");
    }
    // Not lost: the server has said itself that there was none.
    for whole in [Fault::too_many_requests_429(None), Fault::server_error_200(), code(503, "server_error")] {
        let polled = poll_through([whole.clone(), code(400, "expired_token")]).await;
        assert_eq!(polled.came_to(), ("expired_token", 2), "{whole:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn j26_invalid_grant() {
    let polled = poll_through([Fault::ResetBefore, code(400, "invalid_grant")]).await;
    assert_eq!(polled.came_to(), ("approval_lost", 2));
    for status in [200, 400, 401, 403] {
        let polled = poll_through([code(status, "invalid_grant")]).await;
        let error = polled.error();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Refused, Some(&ErrorCode::InvalidGrant)),
            "{status}"
        );
        assert_eq!((error.status(), polled.at.len()), (Some(status), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn j27_invalid_client() {
    for status in [200, 400, 401, 403] {
        let fault = code(status, "invalid_client");
        let initiated = initiate_through(fault.clone()).await;
        assert_eq!(initiated.failed_as(), (ErrorKind::ClientAuth, Some(status), false));
        // A 401 comes of the credential; anything else of the client itself.
        let hint = if status == 401 { "check client_id and client_secret" } else { "check client_id" };
        assert!(initiated.error().to_string().contains(hint), "a hint");
        let verified = totp_through(code(if status == 200 { 401 } else { status }, "invalid_client")).await;
        assert_eq!(verified.error().kind(), ErrorKind::ClientAuth);
        assert_eq!(verified.counted, 0);
        let polled = poll_through([fault]).await;
        assert_eq!((polled.error().kind(), polled.at.len()), (ErrorKind::ClientAuth, 1));
        assert!(polled.error().to_string().contains(hint));
    }
}

#[tokio::test(start_paused = true)]
async fn j28_server_error_on_200() {
    let failed = Fault::server_error_200();
    assert_eq!(poll_through(vec![failed.clone(); 4]).await.came_to(), ("approved", 5));
    let polled = poll_through(vec![failed.clone(); 9]).await;
    assert_eq!(polled.failed_as(), (ErrorKind::Server, Some(200), 5));
    assert_eq!((polled.error().code(), polled.at.len()), (Some(&ErrorCode::ServerError), 5));
    assert_eq!(initiate_through(failed.clone()).await.failed_as(), (ErrorKind::Server, Some(200), true));
    // On a 500 it is the server's trouble like any other, and no number of them ends a poll.
    assert_eq!(poll_through(vec![code(500, "server_error"); 7]).await.came_to(), ("approved", 8));
}

#[tokio::test(start_paused = true)]
async fn f25_temporarily_unavailable_heals_on_any_status() {
    for status in [200, 202, 400, 403, 429, 503] {
        let unavailable = code(status, "temporarily_unavailable");
        assert_eq!(poll_through(vec![unavailable.clone(); 7]).await.came_to(), ("approved", 8), "{status}");
        let error = initiate_through(unavailable).await;
        assert_eq!(error.error().kind(), ErrorKind::Server, "{status}");
        assert_eq!(error.error().code(), Some(&ErrorCode::TemporarilyUnavailable));
    }
}

#[tokio::test(start_paused = true)]
async fn f36_transaction_failed() {
    for status in [200, 400, 403] {
        let polled = poll_through([code(status, "transaction_failed")]).await;
        assert_eq!((polled.error().kind(), polled.at.len()), (ErrorKind::Refused, 1), "{status}");
        assert_eq!(polled.error().code(), Some(&ErrorCode::TransactionFailed));
    }
}

#[tokio::test(start_paused = true)]
async fn j29_free_text_is_no_code() {
    let body = r#"{"error":"Invalid request body","details":"canary details"}"#;
    for status in [200, 202, 400] {
        assert_eq!(poll_through(vec![json(status, body); 4]).await.came_to(), ("approved", 5), "{status}");
        let polled = poll_through(vec![json(status, body); 9]).await;
        assert_eq!(polled.failed_as(), (ErrorKind::Protocol, Some(status), 5), "{status}");
        assert!(polled.error().code().is_none());
        for (call, error) in
            [("poll", polled.error()), ("initiate", initiate_through(json(status, body)).await.error())]
        {
            let words = "Invalid request body: canary details";
            // The words of an acknowledgement that cannot be used may name the id.
            let is_kept = call == "poll" || status == 400;
            assert_eq!(error.server_message(), is_kept.then_some(words), "for the operator");
            let text = chain(error).replace(&format!("; the server says: \"{words}\""), "");
            assert!(
                !text.contains("canary") && !text.contains("Invalid request"),
                "marked as the server's: {text}"
            );
        }
    }
    assert_eq!(totp_through(json(400, body)).await.failed_as(), (ErrorKind::Refused, Some(400), false));
    // Where the status heals, the text does not matter.
    assert_eq!(poll_through([json(500, body), json(503, body)]).await.came_to(), ("approved", 3));
}

#[tokio::test(start_paused = true)]
async fn j30_a_code_that_nobody_knows() {
    for status in [200, 202, 400, 401, 403, 404, 409] {
        let polled = poll_through([code(status, "user_locked")]).await;
        let error = polled.error();
        assert_eq!((error.kind(), polled.at.len()), (ErrorKind::Protocol, 1), "{status}");
        assert_eq!(error.code().map(ErrorCode::as_str), Some("user_locked"), "{status}");
        assert!(error.to_string().contains("user_locked"));
        let initiated = initiate_through(code(status, "user_locked")).await;
        assert_eq!(initiated.error().code().map(ErrorCode::as_str), Some("user_locked"));
        assert_eq!(initiated.error().kind(), ErrorKind::Protocol);
    }
}

#[tokio::test(start_paused = true)]
async fn j31_an_error_of_the_wrong_type() {
    for error in ["{}", "[]", "[\"access_denied\"]", "{\"code\":\"access_denied\"}", "42", "true", "false"] {
        let body = format!(r#"{{"error":{error}}}"#);
        let polled = poll_through(vec![json(200, body.clone()); 5]).await;
        assert_eq!(polled.failed_as(), (ErrorKind::Protocol, Some(200), 5), "{error}");
        let hidden = [json(200, body.clone()), code(400, "expired_token")];
        assert_eq!(poll_through(hidden).await.came_to(), ("approval_lost", 2), "{error}");
        let initiated = initiate_through(json(200, body.clone())).await;
        assert_eq!(initiated.failed_as(), (ErrorKind::Protocol, Some(200), true), "{error}");
        assert_eq!(totp_through(json(200, body.clone())).await.failed_as().0, ErrorKind::Protocol, "{error}");
        assert_eq!(poll_through([json(400, body)]).await.came_to(), ("approved", 2), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn j32_pending_in_other_letters() {
    // Letters, digits and `_` are a code, though not this one.
    for text in ["AUTHORIZATION_PENDING", "Authorization_Pending", "authorization_pending0"] {
        for status in [200, 400] {
            let polled = poll_through([json(status, format!(r#"{{"error":"{text}"}}"#))]).await;
            assert_eq!((polled.error().kind(), polled.at.len()), (ErrorKind::Protocol, 1), "{text:?}");
        }
    }
    let polled = poll_through([code(400, "AUTHORIZATION_PENDING")]).await;
    assert_eq!(polled.error().code().map(ErrorCode::as_str), Some("AUTHORIZATION_PENDING"));
    for text in [
        " authorization_pending",
        "authorization_pending ",
        "authorization pending",
        "authorization_pending\\u0000",
        "authorizаtion_pending",
        "",
    ] {
        for status in [200, 400] {
            let polled = poll_through(vec![json(status, format!(r#"{{"error":"{text}"}}"#)); 5]).await;
            assert_eq!(polled.failed_as(), (ErrorKind::Protocol, Some(status), 5), "{text:?}");
            assert!(polled.at[1] - polled.at[0] > 5_000, "no pending answer: {text:?}");
        }
    }
    // Escaped letters are the letters.
    let escaped = json(200, r#"{"error":"authorization\u005fpending"}"#);
    assert_eq!(poll_through([escaped]).await.came_to(), ("approved", 2));
}

#[tokio::test(start_paused = true)]
async fn j33_no_device_on_200() {
    let body = r#"{"auth_req_id":"","expires_in":0,"interval":0,"error":"no_device_registered","error_description":"-"}"#;
    for status in [200, 400, 404, 500] {
        let initiated = initiate_through(json(status, body)).await;
        assert_eq!(initiated.failed_as(), (ErrorKind::NoDeviceRegistered, Some(status), false), "{status}");
        assert_eq!(initiated.error().code(), Some(&ErrorCode::NoDeviceRegistered));
    }
    // By the server's own hand.
    let (sandbox, client) = crate::support::start().await;
    let error = client.initiate_app_approval("nodevice@example.com").await.expect_err("no phone");
    assert_eq!(error.kind(), ErrorKind::NoDeviceRegistered);
    assert_eq!((sandbox.log().len(), client.usage()), (1, authsec_ciba::Usage::default()));
}

#[tokio::test(start_paused = true)]
async fn j34_an_acknowledgement_without_a_usable_id() {
    let id_of = |length: usize| format!(r#"{{"auth_req_id":"{}","expires_in":300}}"#, "i".repeat(length));
    for body in [
        r#"{"expires_in":300,"interval":5}"#.to_owned(),
        r#"{"auth_req_id":"","expires_in":300}"#.to_owned(),
        r#"{"auth_req_id":null}"#.to_owned(),
        r#"{"auth_req_id":7}"#.to_owned(),
        r#"{"auth_req_id":"two lines\r\nx: y"}"#.to_owned(),
        r#"{"auth_req_id":"with space"}"#.to_owned(),
        r#"{"auth_req_id":"nul\u0000"}"#.to_owned(),
        r#"{"auth_req_id":"ünicode"}"#.to_owned(),
        id_of(4_097),
        id_of(1_048_576),
    ] {
        let initiated = initiate_through(json(200, body.clone())).await;
        assert_eq!(initiated.failed_as(), (ErrorKind::Protocol, Some(200), true), "{}", body.len());
        assert!(!chain(initiated.error()).contains("two lines"), "the id is not shown");
    }
    assert!(initiate_through(json(200, id_of(4_096))).await.result.is_ok());
    assert!(initiate_through(respond(201, "application/json", id_of(44))).await.result.is_err(), "200 only");
}

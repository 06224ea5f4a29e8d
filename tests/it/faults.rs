//! Bytes on a wire that are not the contract's.

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction, Sandbox};
use authsec_ciba::{ApprovalOutcome, Error, ErrorKind};
use tokio::io::AsyncWriteExt as _;

use crate::support::{EMAIL, Plane, start};

/// Approves at once, meets these faults on the polls, and gives what it came to.
async fn polled_through(
    faults: impl IntoIterator<Item = Fault>,
) -> (Sandbox, Result<ApprovalOutcome, Error>) {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(Reaction::Approve);
    for fault in faults {
        sandbox.faults().next(Call::Poll, fault);
    }
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let outcome = pending.wait().await;
    (sandbox, outcome)
}

async fn status_through(faults: impl IntoIterator<Item = Fault>) -> &'static str {
    polled_through(faults).await.1.expect("an outcome").status()
}

#[tokio::test(start_paused = true)]
async fn b20_blips_are_polled_past() {
    for fault in [
        Fault::ResetBefore,
        Fault::CloseBefore,
        Fault::Hang,
        Fault::html_502(),
        Fault::unavailable_503(None),
        Fault::too_many_requests_429(None),
        Fault::server_error_200(),
        Fault::empty_200(),
        Fault::json_array(),
        Fault::truncated_gzip(),
        Fault::EndlessBody,
        Fault::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
    ] {
        let name = format!("{fault:?}");
        let (sandbox, outcome) = polled_through([fault]).await;
        let approval = outcome.expect(&name).approved().expect(&name);
        assert_eq!(sandbox.issued().requests[0].token.as_deref(), Some(approval.token().expose_secret()));
        assert_eq!(sandbox.calls(Call::Poll).len(), 2, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn b23_a_token_that_was_lost_on_the_way_is_an_approval_lost() {
    for fault in [
        Fault::ResetAfter,
        Fault::CloseAfter,
        Fault::HangAfter,
        Fault::CutBody { keep: 40 },
        Fault::SlowBody(Duration::from_secs(1)),
        Fault::token_lost(),
    ] {
        let name = format!("{fault:?}");
        assert_eq!(status_through([fault]).await, "approval_lost", "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn b23_a_body_that_came_whole_before_the_cut_is_salvaged() {
    assert_eq!(status_through([Fault::CutAfterCompleteJson]).await, "approved");
    assert_eq!(status_through([Fault::ExtraMembers]).await, "approved");
}

#[tokio::test(start_paused = true)]
async fn b30_a_push_is_sent_at_most_once_whatever_the_wire_does() {
    for (fault, pushes) in [
        (Fault::ResetBefore, 0),
        (Fault::ResetAfter, 1),
        (Fault::CloseBefore, 0),
        (Fault::CloseAfter, 1),
        (Fault::HangAfter, 1),
        (Fault::CutBody { keep: 10 }, 1),
        (Fault::html_502().after(), 1),
    ] {
        let name = format!("{fault:?}");
        let (sandbox, client) = start().await;
        sandbox.faults().next(Call::Initiate, fault);
        let error = client.initiate_app_approval(EMAIL).await.expect_err(&name);
        assert!(error.may_have_reached_server(), "{name}");
        assert_eq!(sandbox.calls(Call::Initiate).len(), 1, "{name}");
        assert_eq!(sandbox.issued().pushes(), pushes, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn b83_n34_an_initiate_takes_no_connection_that_was_idle() {
    let (sandbox, client) = start().await;
    let first = client.initiate_app_approval(EMAIL).await.expect("pushed");
    let _ = first.wait().timeout(Duration::from_secs(5)).await;
    client.initiate_app_approval(EMAIL).await.expect("pushed");
    tokio::time::sleep(Duration::from_secs(2)).await;
    client.initiate_app_approval(EMAIL).await.expect("pushed");
    let connections: Vec<_> = sandbox.log().iter().map(|request| request.connection).collect();
    assert_eq!(
        connections,
        [1, 1, 1, 2],
        "what has just answered is there; what has been idle may be closing"
    );
}

#[tokio::test(start_paused = true)]
async fn b31_a_slow_push_is_waited_for() {
    let (sandbox, client) = start().await;
    sandbox.faults().next(Call::Initiate, Fault::Delay(Duration::from_secs(34)));
    client.initiate_app_approval(EMAIL).await.expect("an acknowledgement after 34 s");
    assert_eq!(sandbox.issued().pushes(), 1);
}

#[tokio::test(start_paused = true)]
async fn b62_nothing_listens_there() {
    let (sandbox, client) = start().await;
    sandbox.go_down().await.expect("down");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false));
    assert_eq!(error.attempts(), 3);
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("refused");
    assert!(!error.may_have_reached_server());
    assert_eq!(client.usage().totp_counts, 0);
    sandbox.come_back().await.expect("back");
    client.initiate_app_approval(EMAIL).await.expect("pushed");
}

#[tokio::test(start_paused = true)]
async fn b71_redirects_are_not_followed_and_a_second_origin_sees_nothing() {
    let other = Plane::MAIN.sandbox().start().await.expect("a second origin");
    for status in [301, 302, 303, 307, 308] {
        let (sandbox, client) = start().await;
        // From the routes of the standard it says that the issuer has another name (O-01).
        let is_issuers = status == 308 && crate::ROUTES == authsec_ciba::ApiRoutes::OAuth;
        let kind = if is_issuers { ErrorKind::Config } else { ErrorKind::Protocol };
        let redirect = |body: &[u8]| Fault::Respond {
            status,
            headers: vec![("location".to_owned(), format!("{}/elsewhere", other.base_url()))],
            body: body.to_vec(),
        };
        sandbox.faults().next(Call::Initiate, redirect(b""));
        let error = client.initiate_app_approval(EMAIL).await.expect_err("a redirect");
        assert_eq!((error.kind(), error.status()), (kind, Some(status)));
        sandbox.faults().next(Call::Totp, redirect(b""));
        let error = client.verify_totp(EMAIL, "123456").await.expect_err("a redirect");
        assert_eq!(error.kind(), ErrorKind::Protocol);
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        sandbox.faults().next(Call::Poll, redirect(br#"{"error":"authorization_pending"}"#));
        let error = pending.wait().await.expect_err("a redirect");
        assert_eq!((error.kind(), error.status()), (kind, Some(status)));
        assert_eq!(sandbox.calls(Call::Poll).len(), 1);
    }
    assert_eq!(other.connections().accepted, 0);
}

#[tokio::test(start_paused = true)]
async fn b72_an_answer_without_end_is_cut_at_the_cap() {
    let (sandbox, client) = start().await;
    sandbox.faults().next(Call::Initiate, Fault::EndlessBody);
    let error = client.initiate_app_approval(EMAIL).await.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let padded = |length: usize| {
        let body = format!(r#"{{"error":"user_not_found","pad":"{}"}}"#, "x".repeat(length)).into_bytes();
        Fault::Respond { status: 400, headers: Vec::new(), body }
    };
    let frame = br#"{"error":"user_not_found","pad":""}"#.len();
    for (length, kind) in
        [(64 * 1024 - frame, ErrorKind::UserNotFound), (64 * 1024 - frame + 1, ErrorKind::Refused)]
    {
        sandbox.faults().next(Call::Initiate, padded(length));
        let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
        assert_eq!(error.kind(), kind, "{length} bytes");
    }
}

/// A listener that answers each connection with these bytes and closes it.
async fn says(bytes: &'static [u8]) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(bytes).await;
        }
    });
    address
}

#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn n26_plain_http_on_the_tls_port_is_a_tls_error_and_not_retried() {
    let address = says(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let client = authsec_ciba::CibaClient::builder()
        .base_url(format!("https://{address}"))
        .admin()
        .build()
        .expect("valid");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("not TLS");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Tls, false), "{error:?}");
}

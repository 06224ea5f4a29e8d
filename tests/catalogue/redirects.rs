//! N27 to N30: redirects, which are never followed.

use authsec_ciba::ErrorKind;

use crate::support::wire::{ACK, APPROVED, Act, PENDING, Wire, answer, ok};
use crate::support::{
    EMAIL, an_id, initiate_through, json, poll_through, redirect_kind, seconds, totp_through, with_header,
};

#[tokio::test(start_paused = true)]
async fn n27_redirects_301_302_303() {
    for status in [300, 301, 302, 303, 304] {
        let redirect = with_header(json(status, ""), "location", "/authsec/elsewhere");
        let expected = (ErrorKind::Protocol, Some(status), true);
        assert_eq!(initiate_through(redirect.clone()).await.failed_as(), expected);
        assert_eq!(totp_through(redirect.clone()).await.failed_as(), expected);
        let polled = poll_through([redirect]).await;
        assert_eq!((polled.error().kind(), polled.at.len()), (ErrorKind::Protocol, 1));
        assert_eq!(polled.sandbox.unexpected().len(), 0, "nobody went elsewhere");
    }
}

#[tokio::test(start_paused = true)]
async fn n28_redirects_307_and_308_to_another_origin() {
    let other = Wire::new([Act::Say(ok(APPROVED))]).await;
    for status in [307, 308] {
        let redirect = with_header(json(status, APPROVED), "location", &format!("{}/x", other.base_url()));
        let of = |kind| (kind, Some(status), true);
        assert_eq!(initiate_through(redirect.clone()).await.failed_as(), of(redirect_kind(status)));
        assert_eq!(totp_through(redirect.clone()).await.failed_as(), of(ErrorKind::Protocol));
        let polled = poll_through([redirect]).await;
        assert_eq!((polled.error().status(), polled.at.len()), (Some(status), 1));
    }
    assert_eq!((other.accepted(), other.bytes()), (0, 0));
}

#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn n29_redirect_from_https_to_http_on_the_same_host() {
    use crate::support::tls::{Authority, GOOD};

    let plain = Wire::new([Act::Say(ok(APPROVED))]).await;
    let location = format!("location: {}/authsec\r\n", plain.base_url());
    let authority = Authority::new();
    let redirect = Act::Say(answer("308 Permanent Redirect", &location, ""));
    let secure = Wire::over_tls(Some(authority.server("127.0.0.1", GOOD)), false, [redirect]).await;
    let client = secure
        .configured()
        .base_url(format!("https://{}", secure.address))
        .root_certificate(authority.pem())
        .build()
        .expect("valid");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("a redirect");
    assert_eq!((error.kind(), error.status()), (redirect_kind(308), Some(308)), "{error:?}");
    let error = client.poll_for_approval(EMAIL, &an_id()).await.expect_err("a redirect");
    assert_eq!((error.kind(), error.status()), (redirect_kind(308), Some(308)));
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("a redirect");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Protocol, Some(308)));
    assert_eq!((secure.requests(), plain.accepted()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn n30_redirect_to_itself_with_a_pending_body() {
    for body in [PENDING, APPROVED, ACK, r#"{"error":"access_denied"}"#, r#"{"error":"expired_token"}"#] {
        let here = "location: /authsec/uflow/auth/workspace/ciba/token\r\n";
        let wire = Wire::new([Act::Say(answer("307 Temporary Redirect", here, body))]).await;
        let client = wire.client();
        let error =
            client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await.expect_err("a redirect");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Protocol, Some(307)), "{body}");
        assert_eq!(wire.requests(), 1, "its body is not read for meaning: {body}");
        let error = client.verify_totp(EMAIL, "123456").await.expect_err("a redirect");
        // A known code is a refusal on any status; nothing else of the body counts.
        let kind = if body.contains("error") { ErrorKind::Refused } else { ErrorKind::Protocol };
        assert_eq!((error.kind(), wire.requests()), (kind, 2), "{body}");
    }
}

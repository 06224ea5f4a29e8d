//! N19 to N26: servers that cannot prove who they are.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authsec_ciba::{CibaClient, ErrorKind, Usage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::support::tls::{Authority, GOOD, self_signed};
use crate::support::wire::{ACK, APPROVED, Act, PENDING, Wire, ok};
use crate::support::{EMAIL, an_id, chain, child, seconds};

async fn server(tls: TlsAcceptor) -> Wire {
    Wire::over_tls(Some(tls), false, [Act::Say(ok(APPROVED))]).await
}

fn client(server: &Wire, authority: Option<&Authority>) -> CibaClient {
    let mut builder = server.configured().base_url(format!("https://{}", server.address));
    if let Some(authority) = authority {
        builder = builder.root_certificate(authority.pem());
    }
    builder.build().expect("a valid configuration")
}

/// All three calls end as `Tls` at once: one connection each, no request, and nothing is remembered. Gives what the
/// initiate's error says, with its sources.
async fn is_refused(server: &Wire, authority: Option<&Authority>) -> String {
    let client = client(server, authority);
    let start = Instant::now();
    let initiate = client.initiate_app_approval(EMAIL).await.expect_err("not trusted");
    let totp = client.verify_totp(EMAIL, "123456").await.expect_err("not trusted");
    assert_eq!(client.usage(), Usage::default());
    let poll = client.poll_for_approval(EMAIL, &an_id()).await.expect_err("not trusted");
    for error in [&initiate, &totp, &poll] {
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Tls, false), "{error:?}");
        assert!(!error.is_retryable());
    }
    assert_eq!((server.accepted(), server.requests()), (3, 0), "no retry, and nothing sent");
    assert!(start.elapsed() < seconds(1), "at once");
    assert_eq!(client.usage().live_polls, 0);
    chain(&initiate)
}

#[tokio::test(start_paused = true)]
async fn n19_self_signed_or_of_an_unknown_authority() {
    let said = is_refused(&server(self_signed("127.0.0.1")).await, None).await;
    assert!(said.contains("UnknownIssuer"), "{said}");
    is_refused(&server(Authority::new().server("127.0.0.1", GOOD)).await, None).await;
    is_refused(&server(Authority::new().server("127.0.0.1", GOOD)).await, Some(&Authority::new())).await;
}

#[tokio::test(start_paused = true)]
async fn n20_expired_or_not_yet_valid() {
    let authority = Authority::new();
    let said = is_refused(&server(authority.server("127.0.0.1", (2020, 2021))).await, Some(&authority)).await;
    assert!(said.contains("has expired") && said.contains("clock"), "{said}");
    let said = is_refused(&server(authority.server("127.0.0.1", (2400, 2401))).await, Some(&authority)).await;
    assert!(said.contains("not valid yet") && said.contains("clock"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn n21_wrong_host_name() {
    let authority = Authority::new();
    for name in ["localhost", "127.0.0.2", "example.com"] {
        let said = is_refused(&server(authority.server(name, GOOD)).await, Some(&authority)).await;
        assert!(said.contains("NotValidForName"), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn n22_the_handshake_stalls() {
    let silent = Wire::over_tls(None, false, []).await;
    let client = client(&silent, None);
    let start = Instant::now();
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("stalled");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false));
    assert_eq!(start.elapsed().as_secs(), 5, "the connect timeout covers the handshake");
    assert_eq!(client.usage(), Usage::default(), "the attempt was given back");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("stalled");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, false));
    assert_eq!((error.attempts(), silent.accepted()), (3, 4), "no byte of the request left: two retries");
    let poll = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(30));
    let error = poll.await.expect_err("stalled");
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.attempts() >= 2);
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(silent.open(), 0);
}

/// F-40: nothing of it had left.
#[tokio::test(start_paused = true)]
async fn f40_what_is_dropped_in_the_handshake_is_neither_a_push_nor_an_attempt() {
    let silent = Wire::over_tls(None, false, []).await;
    let client = client(&silent, None);
    for _ in 0..6 {
        let initiate = client.initiate_app_approval(EMAIL).into_future();
        assert!(tokio::time::timeout(seconds(1), initiate).await.is_err());
        let verify = client.verify_totp(EMAIL, "123456");
        assert!(tokio::time::timeout(seconds(1), verify).await.is_err());
    }
    assert!(silent.accepted() > 0, "they have dialled");
    assert_eq!(client.usage(), Usage::default());
    assert_eq!(client.totp_attempts_left(EMAIL).expect("an address"), 3);
}

/// F-40, the other way round: the server has all of it.
#[tokio::test(start_paused = true)]
async fn f40_what_is_dropped_when_the_server_has_it_is_a_push_and_an_attempt() {
    let authority = Authority::new();
    let tls = authority.server("127.0.0.1", GOOD);
    let server = Wire::over_tls(Some(tls), false, [Act::Hold(Vec::new())]).await;
    let client = client(&server, Some(&authority));
    let initiating = tokio::spawn(client.initiate_app_approval(EMAIL).into_future());
    let verifying = tokio::spawn(client.verify_totp(EMAIL, "123456"));
    while server.requests() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for heard in server.heard() {
        let length = format!("content-length: {}", heard.body.len());
        let says_so = heard.head.lines().any(|line| line.eq_ignore_ascii_case(&length));
        assert!(says_so, "in one piece: {}", heard.head);
    }
    initiating.abort();
    verifying.abort();
    assert!(initiating.await.is_err() && verifying.await.is_err());
    let usage = client.usage();
    assert_eq!((usage.push_counts, usage.totp_counts), (1, 1));
    assert_eq!(client.totp_attempts_left(EMAIL).expect("an address"), 2);
}

/// Says whether a client can be built. Does nothing unless the test below starts it.
#[test]
fn inner_builds_a_client() {
    if child::is_inner() {
        for base_url in ["https://prod.api.authsec.ai", "http://127.0.0.1:7468"] {
            let mut builder = CibaClient::builder().base_url(base_url).admin();
            if std::env::var_os("ROOT").is_some() {
                builder = builder.root_certificate(Authority::new().pem());
            }
            match builder.build() {
                Ok(_) => println!("{base_url}: built"),
                Err(error) => println!("{base_url}: {:?} {:?} {error}", error.kind(), error.field()),
            }
        }
    }
}

#[cfg(all(target_os = "linux", not(feature = "webpki-roots")))]
#[test]
fn n24_an_image_without_ca_roots() {
    let nowhere = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/nonexistent")];
    let said = child::run("tls::inner_builds_a_client", &nowhere);
    assert!(said.contains(r#"Config Some("tls")"#), "at build time: {said}");
    assert!(said.contains("http://127.0.0.1:7468: built"), "plain http needs none: {said}");
    assert!(said.contains("webpki-roots") && said.contains("root_certificate"), "names the way out: {said}");
}

/// F-47: what a variable names is used or refused, also where other authorities would do.
#[cfg(all(target_os = "linux", not(feature = "webpki-roots")))]
#[test]
fn f47_a_certificate_file_that_is_not_there_is_told_at_build() {
    for missing in ["/nowhere/canary.pem", "/"] {
        for beside in ["/etc/ssl/certs", ""] {
            let environment = [("SSL_CERT_FILE", missing), ("SSL_CERT_DIR", beside), ("ROOT", "1")];
            let said = child::run("tls::inner_builds_a_client", &environment);
            let refusal = r#"https://prod.api.authsec.ai: Config Some("tls")"#;
            assert!(said.contains(refusal) && said.contains("SSL_CERT_FILE"), "{said}");
            assert!(!said.contains("canary"), "the variable's name, and never its value: {said}");
            assert!(said.contains("http://127.0.0.1:7468: built"), "plain http needs none: {said}");
        }
    }
    let said = child::run("tls::inner_builds_a_client", &[("SSL_CERT_FILE", ""), ("ROOT", "1")]);
    assert!(said.contains("https://prod.api.authsec.ai: built"), "an empty one names nothing: {said}");
}

#[tokio::test(start_paused = true)]
async fn n25_a_proxy_that_inspects_tls_with_a_private_authority() {
    let authority = Authority::new();
    let inspector = authority.server("authsec.example", GOOD);
    let proxy = Wire::over_tls(
        Some(inspector),
        true,
        [Act::Say(ok(ACK)), Act::Say(ok(PENDING)), Act::Say(ok(APPROVED))],
    )
    .await;
    let configured =
        || proxy.configured().base_url("https://authsec.example").proxy(format!("http://{}", proxy.address));
    let trusting = configured().root_certificate(authority.pem()).build().expect("valid");
    let pending = trusting.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
    assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");
    let heads: Vec<_> = proxy.heard().iter().map(|heard| heard.head.clone()).collect();
    let tunnels = heads.iter().filter(|head| head.starts_with("CONNECT authsec.example:443 ")).count();
    assert_eq!((heads.len(), tunnels), (4, 1), "one tunnel for all");

    let doubting = configured().build().expect("valid");
    let error = doubting.initiate_app_approval(EMAIL).await.expect_err("not trusted");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Tls, false), "{error:?}");
    assert_eq!(proxy.requests(), 5, "one more tunnel, no more request");
}

#[tokio::test(start_paused = true)]
async fn n26_plain_http_on_the_tls_port() {
    let plain = Wire::greeting(
        crate::support::wire::Greeting::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        [Act::Close(Vec::new())],
    )
    .await;
    let client = client(&plain, None);
    let initiate = client.initiate_app_approval(EMAIL).await.expect_err("no TLS");
    let totp = client.verify_totp(EMAIL, "123456").await.expect_err("no TLS");
    for error in [&initiate, &totp] {
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Tls, false), "{error:?}");
        assert!(error.to_string().contains("does not speak TLS"), "{error}");
    }
    assert_eq!((plain.accepted(), client.usage()), (2, Usage::default()), "no retry");
    // It is not the server's identity that is wrong (B-21): another may answer there in a while.
    let poll = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await.expect_err("no TLS");
    assert!(poll.attempts() > 2 && poll.kind() == ErrorKind::Tls, "{poll:?}");
    assert_eq!(plain.requests(), 0);
}

/// A server that breaks off every handshake with this alert.
async fn alerts(alert: u8) -> Wire {
    let alert = vec![0x15, 0x03, 0x03, 0, 2, 2, alert];
    Wire::greeting(crate::support::wire::Greeting::Say(alert), [Act::Close(Vec::new())]).await
}

/// F-27: alerts about other things than identity heal.
#[tokio::test(start_paused = true)]
async fn f27_a_handshake_that_is_broken_off_heals() {
    for alert in [80, 40, 112, 90, 0, 70, 20] {
        let server = alerts(alert).await;
        let client = client(&server, None);
        let initiate = client.initiate_app_approval(EMAIL).await.expect_err("broken off");
        assert_eq!(
            (initiate.kind(), initiate.may_have_reached_server()),
            (ErrorKind::Network, false),
            "{alert}"
        );
        assert_eq!(initiate.attempts(), 3, "{alert}");
        let poll =
            client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await.expect_err("broken off");
        assert_eq!(poll.kind(), ErrorKind::Network, "{alert}");
        assert!(poll.attempts() > 2, "polled on: {alert}");
    }
    for alert in [42, 43, 44, 45, 46, 48, 49, 116] {
        let server = alerts(alert).await;
        let said = is_refused(&server, None).await;
        assert!(said.contains("certificate of its clients"), "{alert}: {said}");
    }
}

/// F-48: what is wrong with an authority is said of its setting.
#[test]
fn f48_a_bundle_with_a_bad_block() {
    let good = Authority::new().pem();
    let bad = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n";
    let torn = &good[..good.len() / 2];
    for pem in [format!("{good}{bad}"), format!("{bad}{good}"), format!("{good}{torn}"), String::new()] {
        let error = CibaClient::builder()
            .base_url("https://authsec.example")
            .admin()
            .root_certificate(pem)
            .build()
            .map(drop)
            .expect_err("bad");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("root_certificate")), "{error}");
    }
    let several = format!("{good}{}", Authority::new().pem());
    CibaClient::builder()
        .base_url("https://authsec.example")
        .admin()
        .root_certificate(several)
        .build()
        .expect("a bundle");
}

/// F-48: what a self-made authority's own certificate is told.
#[tokio::test(start_paused = true)]
async fn f48_an_authority_as_its_own_server() {
    let (authority, server) = Authority::as_server("127.0.0.1");
    let said =
        is_refused(&Wire::over_tls(Some(server), false, [Act::Say(ok(ACK))]).await, Some(&authority)).await;
    assert!(said.contains("let the authority issue one"), "{said}");
}

/// A server whose TLS breaks once it has heard a request, or because its client has shown no certificate. Gives a client
/// that trusts it, and counts the connections.
async fn breaks(authority: &Authority, tls: TlsAcceptor) -> (CibaClient, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let tls = tls.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = tls.accept(&mut tcp).await {
                    let _ = stream.read(&mut [0; 4096]).await;
                    // A record that nobody has encrypted.
                    let noise = [b"\x17\x03\x03\x00\x20".as_slice(), &[7; 32]].concat();
                    let _ = stream.get_mut().0.write_all(&noise).await;
                }
                // What still comes is read, so that the close is no reset.
                while tcp.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    let builder = CibaClient::builder().base_url(format!("https://{address}")).client_id("client");
    (builder.root_certificate(authority.pem()).build().expect("a valid configuration"), accepted)
}

#[tokio::test(start_paused = true)]
async fn tls_that_breaks_behind_the_request_is_a_connection_that_breaks() {
    let authority = Authority::new();
    let (client, accepted) = breaks(&authority, authority.server("127.0.0.1", GOOD)).await;
    let error = client.initiate_app_approval(EMAIL).await.expect_err("broken");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true), "{error:?}");
    let error = client.verify_totp(EMAIL, "123456").await.expect_err("broken");
    assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Network, true), "{error:?}");
    let usage = client.usage();
    assert_eq!(
        (usage.push_counts, usage.totp_counts),
        (1, 1),
        "the push counts, the attempt keeps its place"
    );
    assert_eq!(accepted.load(Ordering::Relaxed), 2, "neither is repeated");
    let poll = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(60)).await;
    let error = poll.expect_err("never answered");
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.attempts() > 2, "polled on: {error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_wants_a_certificate_of_its_clients() {
    let authority = Authority::new();
    let (client, accepted) = breaks(&authority, authority.strict_server("127.0.0.1")).await;
    let initiate = client.initiate_app_approval(EMAIL).await.expect_err("refused");
    let totp = client.verify_totp(EMAIL, "123456").await.expect_err("refused");
    assert_eq!(client.usage(), Usage::default(), "nothing of them was read");
    let poll = client.poll_for_approval(EMAIL, &an_id()).await.expect_err("refused");
    for error in [&initiate, &totp, &poll] {
        assert_eq!((error.kind(), error.may_have_reached_server()), (ErrorKind::Tls, false), "{error:?}");
        assert!(error.to_string().contains("certificate of its clients"), "{error}");
    }
    assert_eq!(accepted.load(Ordering::Relaxed), 3, "at once, and no retry");
}

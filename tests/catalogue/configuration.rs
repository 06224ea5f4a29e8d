//! G1 to G9: how a client is set up.

use authsec_ciba::sandbox::{Call, Sandbox, User};
use authsec_ciba::{ApiRoutes, CibaClient, ErrorKind};

use crate::support::wire::{ACK, Act, Wire, ok};
use crate::support::{EMAIL, chain, child, configured, sandbox, seconds};

#[track_caller]
fn is_refused(base_url: &str) {
    let error = CibaClient::builder().base_url(base_url).admin().build().map(drop).expect_err(base_url);
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("base_url")), "{base_url:?}");
    assert!(!chain(&error).contains("canary"), "{base_url:?}");
}

#[track_caller]
fn is_taken(base_url: &str, origin: &str) {
    if cfg!(not(feature = "rustls")) && origin.starts_with("https") {
        return;
    }
    let client = CibaClient::builder().base_url(base_url).admin().build().expect(base_url);
    assert!(format!("{client:?}").contains(&format!("origin: {origin:?}")), "{base_url:?}: {client:?}");
}

#[tokio::test(start_paused = true)]
async fn g01_slashes_and_prefixes() {
    let wire = Wire::new([Act::Say(ok(ACK))]).await;
    let root = "/authsec/uflow/auth/workspace/ciba/initiate";
    for (behind, prefix) in [
        ("", ""),
        ("/", ""),
        ("//", ""),
        ("/api", "/api"),
        ("/api/", "/api"),
        ("/a/b//", "/a/b"),
        ("/%C3%BC", "/%C3%BC"),
    ] {
        let client =
            wire.configured().base_url(format!("{}{behind}", wire.base_url())).build().expect(behind);
        let _ = client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
        let head = wire.heard().pop().expect("heard").head;
        let line = head.lines().next().expect("a request line").to_owned();
        assert_eq!(line, format!("POST {prefix}{root} HTTP/1.1"), "{behind:?}");
        assert!(!line.contains("//"));
    }
}

#[test]
fn g02_queries_fragments_and_user_info() {
    for behind in ["?", "?a=b", "#", "#f", "/?canary=1", "/path?x", "/path#x"] {
        is_refused(&format!("https://example.com{behind}"));
    }
    for before in ["canary@", "canary:canary@", ":canary@", "@", ":@", "canary%40x:y@"] {
        is_refused(&format!("https://{before}example.com"));
        is_refused(&format!("http://{before}127.0.0.1:7468"));
    }
}

#[test]
fn g03_plain_http_to_a_public_host() {
    for base_url in [
        "http://example.com",
        "http://prod.api.authsec.ai",
        "http://10.0.0.1",
        "http://192.168.1.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://[2001:db8::1]",
        "http://169.254.169.254",
        "HTTP://EXAMPLE.COM",
    ] {
        is_refused(base_url);
    }
}

/// F-49: plain http to one named host of a private network.
#[tokio::test(start_paused = true)]
async fn f49_plain_http_to_one_named_private_host() {
    let build = |base_url: &str, host: &str| {
        CibaClient::builder().base_url(base_url).admin().danger_unencrypted_http_to(host).build().map(drop)
    };
    for (base_url, host) in [
        ("http://authsec:8080", "authsec"),
        ("http://AuthSec:8080/api", "AUTHSEC"),
        ("http://authsec.mesh.internal", "authsec.mesh.internal"),
        ("http://10.1.2.3", "10.1.2.3"),
        ("http://[fd00::1]:8080", "[fd00::1]"),
        ("http://127.0.0.1:7468", "authsec"),
    ] {
        build(base_url, host).unwrap_or_else(|error| panic!("{base_url}: {error}"));
    }
    for (base_url, host) in [
        ("http://authsec:8080", "other"),
        ("http://authsec:8080", "authsec:8080"),
        ("http://authsec:8080", ""),
        ("http://authsec.evil.example", "authsec"),
        ("http://evil-authsec", "authsec"),
        ("http://authsec@evil.example", "authsec"),
        ("http://8.8.8.8", "8.8.8.8"),
        ("http://[2001:db8::1]", "[2001:db8::1]"),
        ("http://0.0.0.0", "0.0.0.0"),
    ] {
        let error = build(base_url, host).expect_err(base_url);
        assert_eq!(error.kind(), ErrorKind::Config, "{base_url}");
        let field = if base_url.contains('@') { "base_url" } else { "danger_unencrypted_http_to" };
        assert_eq!(error.field(), Some(field), "{base_url}");
    }
}

#[test]
fn hosts_that_only_look_like_loopback() {
    for base_url in [
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "http://127.0.0.1@evil.example",
        "http://localhost:80@evil.example",
        "http://evil.example/localhost",
        "http://evil.example#localhost",
        "http://evil.example?127.0.0.1",
        "http://evil-localhost",
        "http://xlocalhost",
        "http://localhost.localdomain",
        "http://foo.localhost",
        "http://localhost..",
        "http://128.0.0.1",
        "http://127.0.0.256",
        "http://lоcalhost",
        "http://evil.example\\@localhost",
        "http://localhost\\.evil.example",
        "http://[::ffff:10.0.0.1]",
        "http://[::2]",
        "https://localhost@evil.example",
    ] {
        is_refused(base_url);
    }
}

#[test]
fn g05_other_ways_to_write_loopback_are_that_address_and_no_other() {
    for (base_url, origin) in [
        ("http://localhost", "http://localhost"),
        ("http://LOCALHOST:7468", "http://localhost:7468"),
        ("HTTP://127.0.0.1:7468", "http://127.0.0.1:7468"),
        ("http://127.1", "http://127.0.0.1"),
        ("http://0x7f.1", "http://127.0.0.1"),
        ("http://2130706433", "http://127.0.0.1"),
        ("http://0177.0.0.1", "http://127.0.0.1"),
        ("http://127.255.255.254", "http://127.255.255.254"),
        ("http://%31%32%37.0.0.1", "http://127.0.0.1"),
        ("http://%6cocalhost", "http://localhost"),
        ("http://ⓛocalhost", "http://localhost"),
        ("http://[::1]:7468", "http://[::1]:7468"),
        ("HTTPS://Example.COM:443/", "https://example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ] {
        is_taken(base_url, origin);
    }
    // A name with a dot at its end is another name than `localhost`: strictly it is refused.
    is_refused("http://localhost.");
}

#[tokio::test(start_paused = true)]
async fn g05_localhost_stays_localhost() {
    let sandbox = sandbox().await;
    for host in ["localhost", "127.0.0.1"] {
        let base_url = sandbox.base_url().replace("127.0.0.1", host);
        let client = configured(&sandbox).base_url(&base_url).build().expect("valid");
        let before = sandbox.log().len();
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let _ = pending.wait().timeout(seconds(6)).await.expect("an outcome");
        let _ = client.verify_totp(EMAIL, &sandbox.authenticator(EMAIL).code()).await.expect("judged");
        tokio::time::sleep(seconds(31)).await;
        let log = sandbox.log().split_off(before);
        let calls: Vec<_> = log.iter().map(|request| request.call).collect();
        assert_eq!(calls, [Call::Initiate, Call::Poll, Call::Totp], "all came here");
        let authority = base_url.strip_prefix("http://");
        assert!(log.iter().all(|request| request.header("host") == authority));
    }
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn an_ipv6_loopback_base_url_works() {
    let address = "[::1]:0".parse().expect("an address");
    let Ok(sandbox) = Sandbox::builder()
        .user(User::new(EMAIL))
        .client("client", Some("secret"))
        .bind(address)
        .start()
        .await
    else {
        // A machine without IPv6.
        return;
    };
    let client = CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id("client")
        .client_secret("secret")
        .build()
        .expect("valid");
    client.initiate_app_approval(EMAIL).await.expect("pushed");
    assert_eq!(sandbox.log()[0].header("host"), sandbox.base_url().strip_prefix("http://"));
}

#[test]
fn g06_what_is_no_https_url() {
    for base_url in [
        "",
        " ",
        "example.com",
        "//example.com",
        "/path",
        "ftp://example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/plain,x",
        "ws://localhost",
        "unix:/run/socket",
        "https:",
        "https://",
        "https:///",
        "https://?",
        "http//localhost",
        "https://exa mple.com",
        " https://example.com",
        "https://example.com ",
        "https://exam\tple.com",
        "https://example.com\n",
        "ht\ntps://example.com",
        "https://example.com/\u{a0}",
        "https://exa<mple.com",
        "https://[::1",
        "https://[::g]",
        "https://1.2.3.4.5",
        "https://256.256.256.256",
    ] {
        is_refused(base_url);
    }
}

#[test]
fn hosts_that_cannot_be_names() {
    let (label, name) = ("a".repeat(64), "a.".repeat(127));
    for host in [
        label.as_str(),
        &format!("{name}example"),
        "a..b",
        ".example.com",
        "-a.example",
        "*.example.com",
        "a-.b",
    ] {
        is_refused(&format!("https://{host}"));
    }
    is_taken(&format!("https://{}.example", "a".repeat(63)), &format!("https://{}.example", "a".repeat(63)));
    is_taken("https://under_score.example.com.", "https://under_score.example.com.");
}

#[test]
fn g08_ports() {
    for base_url in [
        "https://example.com:0",
        "http://127.0.0.1:0",
        "https://example.com:65536",
        "https://example.com:99999999999",
        "https://example.com:-1",
        "https://example.com:80a",
        "https://example.com:0x50",
    ] {
        is_refused(base_url);
    }
    is_taken("https://example.com:65535", "https://example.com:65535");
    is_taken("https://example.com:", "https://example.com");
}

/// Says what a client of the environment is. Does nothing unless the test below starts it.
#[test]
fn inner_shows_a_client() {
    if child::is_inner() {
        for client in [CibaClient::from_env(), CibaClient::builder().client_id("client").build()] {
            println!("{:?}", client.expect_err("nowhere to go").field());
        }
    }
}

#[test]
fn g09_there_is_no_default_base_url() {
    for environment in [&[][..], &[("AUTHSEC_BASE_URL", ""), ("AUTHSEC_CLIENT_ID", "")]] {
        let said = child::run("configuration::inner_shows_a_client", environment);
        assert_eq!(said.matches(r#"Some("base_url")"#).count(), 2, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_generation_has_its_own_paths_and_none_is_guessed() {
    for (routes, client_id, initiate) in [
        (ApiRoutes::Workspace, true, "/authsec/uflow/auth/workspace/ciba/initiate"),
        (ApiRoutes::Tenant, true, "/authsec/uflow/auth/tenant/ciba/initiate"),
        (ApiRoutes::Unprefixed, true, "/uflow/auth/tenant/ciba/initiate"),
        (ApiRoutes::Workspace, false, "/authsec/uflow/auth/ciba/initiate"),
        (ApiRoutes::Tenant, false, "/authsec/uflow/auth/ciba/initiate"),
        (ApiRoutes::Unprefixed, false, "/uflow/auth/ciba/initiate"),
    ] {
        let wire = Wire::new([Act::Say(ok(ACK))]).await;
        let builder = CibaClient::builder().base_url(wire.base_url()).routes(routes);
        let builder = if client_id { builder.client_id("client") } else { builder.admin() };
        let _ =
            builder.build().expect("valid").initiate_app_approval(EMAIL).await.expect("an acknowledgement");
        assert!(wire.heard()[0].head.starts_with(&format!("POST {initiate} HTTP/1.1")), "{routes:?}");
        assert_eq!(wire.requests(), 1);
    }
}

/// Refused for nothing but what is wrong with it.
#[cfg(feature = "rustls")]
fn complete() -> authsec_ciba::CibaClientBuilder {
    CibaClient::builder().base_url("https://authsec.example").client_id("client")
}

#[cfg(feature = "rustls")]
#[test]
fn settings_that_cannot_be_sent_or_mean_nothing() {
    let second = seconds(1);
    for (field, builder) in [
        ("client_id", CibaClient::builder().client_id("")),
        ("client_id", CibaClient::builder().client_id("two\r\nlines")),
        ("client_id", CibaClient::builder().client_id("a:b").client_secret("s")),
        ("client_secret", CibaClient::builder().client_secret("canary")),
        ("client_secret", CibaClient::builder().client_id("a").client_secret("")),
        ("client_secret", CibaClient::builder().client_id("a").client_secret("canary\nsecret")),
        ("workspace_id", CibaClient::builder().workspace_id(" ")),
        ("user_agent", complete().user_agent("two\r\nlines")),
        ("root_certificate", complete().root_certificate("canary, no PEM")),
        ("request_timeout", CibaClient::builder().request_timeout(seconds(0))),
        ("connect_timeout", CibaClient::builder().connect_timeout(std::time::Duration::MAX)),
        ("initiate_timeout", CibaClient::builder().initiate_timeout(second)),
        ("max_in_flight", complete().max_in_flight(0)),
    ] {
        let shown = format!("{builder:?}");
        assert!(!shown.contains("canary"), "{shown}");
        let error = builder.build().map(drop).expect_err(field);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)));
        assert!(!chain(&error).contains("canary"), "{field}");
    }
}

#[test]
fn g12_tls_features() {
    let built = CibaClient::builder().base_url("https://example.com").admin().build().map(drop);
    if cfg!(any(feature = "rustls", feature = "rustls-no-provider")) {
        built.expect("one TLS feature is enough, and two are no contradiction");
    } else {
        let error = built.expect_err("https without TLS");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("base_url")));
        assert!(error.to_string().contains("`rustls`"), "{error}");
    }
    CibaClient::builder().base_url("http://127.0.0.1:7468").admin().build().expect("plain http needs none");
}

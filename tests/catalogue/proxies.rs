//! N36, N37: proxies.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use authsec_ciba::{CibaClient, ErrorKind, Usage};

use crate::support::wire::{Act, Wire};
use crate::support::{EMAIL, an_id, chain, child, seconds};

#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn n36_a_proxy_that_refuses() {
    for refusal in [
        "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n",
        "",
    ] {
        let proxy = Wire::new([Act::Close(refusal.into())]).await;
        let client = CibaClient::builder()
            .base_url("https://authsec.example")
            .client_id("client")
            .proxy(format!("http://canary-user:canary-password@{}", proxy.address))
            .build()
            .expect("valid");
        assert!(!format!("{client:?}").contains("canary"));
        let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.may_have_reached_server()),
            (ErrorKind::Network, false),
            "{refusal:?}"
        );
        assert_eq!((error.attempts(), proxy.requests()), (3, 3), "provably not sent: two retries");
        let said = chain(&error);
        assert!(error.to_string().contains("proxy"), "{refusal:?}: {said}");
        assert!(!said.contains("canary") && !said.contains("Y2FuYXJ5"), "{said}");
        let error = client.verify_totp(EMAIL, "123456").await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.may_have_reached_server()),
            (ErrorKind::Network, false),
            "{refusal:?}"
        );
        assert_eq!(client.usage(), Usage::default());
        let poll = client.poll_for_approval(EMAIL, &an_id()).timeout(seconds(20));
        assert_eq!(poll.await.expect_err("refused").kind(), ErrorKind::Network, "{refusal:?}");
        let heard = proxy.heard();
        assert!(heard.iter().all(|heard| heard.head.starts_with("CONNECT authsec.example:443 ")));
        assert!(
            heard[0].head.to_ascii_lowercase().contains("proxy-authorization: basic "),
            "it was asked as told"
        );
        assert!(heard.iter().all(|heard| heard.body.is_empty()), "no byte of a request");
    }
}

#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn the_configured_proxy_is_not_asked_for_loopback() {
    let proxy = Wire::new([Act::Close(Vec::new())]).await;
    let (sandbox, _) = crate::support::start().await;
    let to_proxy = format!("http://{}", proxy.address);
    let client = crate::support::configured(&sandbox).proxy(to_proxy).build().expect("valid");
    client.initiate_app_approval(EMAIL).await.expect("pushed");
    assert_eq!(proxy.accepted(), 0);
}

#[test]
fn a_proxy_that_is_no_url_is_refused_without_showing_it() {
    let builder = || CibaClient::builder().base_url("https://authsec.example").client_id("client");
    let build = |proxy: &str| builder().proxy(proxy).build().map(drop);
    for bad in [
        "http://canary:pass word@",
        "http://canary@:80",
        "::canary",
        "ftp://canary.example",
        "file:///canary",
        "://canary",
        // F-47: reqwest would take these, and fail later or do without.
        "socks5://canary.example",
        "socks4a://canary.example:1080",
        "\"http://canary.example\"",
        " http://canary.example",
        "http://canary.example:0",
    ] {
        let error = build(bad).expect_err(bad);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("proxy")), "{bad}");
        assert!(!chain(&error).contains("canary"), "{bad}");
    }
    for good in
        ["http://proxy.example:3128", "HTTPS://proxy.example", "proxy.example:3128", "http://10.0.0.1:3128/"]
    {
        build(good).expect(good);
    }
}

/// Builds a client with what the environment names. Does nothing unless the test below starts it.
#[test]
fn inner_builds() {
    if child::is_inner() {
        match CibaClient::builder().base_url("https://authsec.example").admin().build() {
            Ok(_) => println!("built"),
            Err(error) => println!("{:?} {:?} {}", error.kind(), error.field(), chain(&error)),
        }
        // Loopback is never proxied, so nothing is wrong for it.
        CibaClient::builder().base_url("http://127.0.0.1:7468").admin().build().expect("valid");
    }
}

/// F-47: a variable that cannot be obeyed is said, and never done without.
#[cfg(feature = "rustls")]
#[test]
fn f47_an_unusable_variable_is_refused_by_its_name() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for value in [
            "'http://canary:3128'",
            " http://canary:3128",
            "ftp://canary",
            "socks5://canary",
            "http://canary:pass word@x",
        ] {
            let said = child::run("proxies::inner_builds", &[(variable, value)]);
            assert!(
                said.contains("Config Some(\"proxy\")") && said.contains(variable),
                "{variable}={value}: {said}"
            );
            assert!(!said.contains("canary"), "{variable}={value}: {said}");
        }
        let said = child::run("proxies::inner_builds", &[(variable, "")]);
        assert!(said.contains("built"), "an empty one counts as missing: {said}");
    }
    for environment in [("HTTP_PROXY", "ftp://canary"), ("NO_PROXY", "ftp://canary")] {
        assert!(child::run("proxies::inner_builds", &[environment]).contains("built"), "not for https");
    }
    let cgi = [("HTTPS_PROXY", "ftp://canary"), ("REQUEST_METHOD", "GET")];
    assert!(child::run("proxies::inner_builds", &cgi).contains("built"), "inside CGI none counts");
}

/// Makes a call each to a public name and to loopback, with whatever proxies the environment names. Does nothing
/// unless a test below starts it.
#[test]
fn inner_calls() {
    if !child::is_inner() {
        return;
    }
    // The proxy is in another process: the clock has to be the real one, or it runs away while that one thinks.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let public = std::env::var("PUBLIC").expect("set");
        let client = CibaClient::builder().base_url(public).admin().build().expect("valid");
        let error = client.verify_totp(EMAIL, "123456").await.expect_err("no such server");
        println!("public: {:?} {}", error.kind(), error.may_have_reached_server());
        let (sandbox, client) = crate::support::start().await;
        let here = client.initiate_app_approval(EMAIL).await.is_ok();
        let by_name = sandbox.base_url().replace("127.0.0.1", "localhost");
        let client = crate::support::configured(&sandbox).base_url(by_name).build().expect("valid");
        let there = client.initiate_app_approval(EMAIL).await.is_ok();
        println!("loopback: {here} {there} {}", sandbox.issued().pushes());
    });
}

/// A proxy in a thread of its own, for processes of their own: it keeps the first line of what it hears and refuses.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("bound");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut bytes = [0; 1024];
            let read = stream.read(&mut bytes).unwrap_or(0);
            let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
            hearing.lock().expect("not poisoned").push(text.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (format!("http://{address}"), heard)
}

#[cfg(feature = "rustls")]
#[test]
fn n37_proxies_of_the_environment() {
    const PUBLIC: (&str, &str) = ("PUBLIC", "https://no-such-host.invalid");
    const LOOPBACK: &str = "loopback: true true 2";
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let (url, heard) = proxy();
        let said = child::run("proxies::inner_calls", &[PUBLIC, (variable, &url), ("HTTP_PROXY", &url)]);
        assert!(said.contains("public: Network false") && said.contains(LOOPBACK), "{variable}: {said}");
        assert_eq!(*heard.lock().expect("not poisoned"), ["CONNECT no-such-host.invalid:443 HTTP/1.1"]);
    }
    for not_for in ["no-such-host.invalid", ".invalid", "*"] {
        let (url, heard) = proxy();
        let said = child::run(
            "proxies::inner_calls",
            &[PUBLIC, ("HTTPS_PROXY", &url), ("HTTP_PROXY", &url), ("NO_PROXY", not_for)],
        );
        assert!(said.contains("public: Network false") && said.contains(LOOPBACK), "{not_for}: {said}");
        assert!(heard.lock().expect("not poisoned").is_empty(), "{not_for}");
    }
    // HTTP_PROXY is for plain http, which only loopback may use.
    let (url, heard) = proxy();
    let said = child::run("proxies::inner_calls", &[PUBLIC, ("HTTP_PROXY", &url)]);
    assert!(said.contains(LOOPBACK), "{said}");
    assert!(heard.lock().expect("not poisoned").is_empty());
}

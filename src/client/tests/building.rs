//! Base URLs and where they lead (B-62, G1 to G9).

use url::Url;

use crate::authsec::{ApiRoutes, Plane};
use crate::client::origin;
use crate::profile::Targets;
use crate::{CibaClient, CibaClientBuilder, Error, ErrorKind};

fn with(base_url: &str) -> CibaClientBuilder {
    CibaClient::builder().base_url(base_url)
}

fn targets(base_url: &str) -> Targets {
    let base = origin::parse(base_url, None).unwrap_or_else(|error| panic!("{base_url}: {error}"));
    origin::join(&base, ApiRoutes::Workspace.paths(&Plane::Admin { workspace_id: None }))
}

fn refused(base_url: &str) -> Error {
    let error = with(base_url).build().expect_err(base_url);
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("base_url")), "{base_url}");
    assert!(!error.may_have_reached_server());
    error
}

#[test]
fn g1_trailing_slashes_and_path_prefixes_are_joined_right() {
    for (base, poll) in [
        ("https://api.example", "https://api.example/authsec/uflow/auth/ciba/token"),
        ("https://api.example/", "https://api.example/authsec/uflow/auth/ciba/token"),
        ("https://api.example///", "https://api.example/authsec/uflow/auth/ciba/token"),
        ("https://api.example/a/b", "https://api.example/a/b/authsec/uflow/auth/ciba/token"),
        ("https://api.example/a/b/", "https://api.example/a/b/authsec/uflow/auth/ciba/token"),
        ("https://api.example/a/../b", "https://api.example/b/authsec/uflow/auth/ciba/token"),
        ("https://api.example/sp%20ace", "https://api.example/sp%20ace/authsec/uflow/auth/ciba/token"),
        ("HTTPS://API.Example:443/", "https://api.example/authsec/uflow/auth/ciba/token"),
        ("https://api.example:8443", "https://api.example:8443/authsec/uflow/auth/ciba/token"),
        ("http://127.0.0.1:7468", "http://127.0.0.1:7468/authsec/uflow/auth/ciba/token"),
        ("http://[::1]:7468/x", "http://[::1]:7468/x/authsec/uflow/auth/ciba/token"),
    ] {
        assert_eq!(targets(base).poll.url.as_str(), poll, "{base}");
    }
    let Targets { initiate, totp, .. } = targets("https://api.example/x/");
    assert_eq!(initiate.url.as_str(), "https://api.example/x/authsec/uflow/auth/ciba/initiate");
    assert_eq!(totp.url.as_str(), "https://api.example/x/authsec/uflow/auth/totp/login");
}

#[test]
fn g2_query_fragment_and_user_info_are_refused_and_not_shown() {
    for base_url in [
        "https://api.example?canary=1",
        "https://api.example/?",
        "https://api.example#canary",
        "https://api.example/#",
        "https://canary@api.example",
        "https://user:canary@api.example",
        "https://:canary@api.example",
        "https://@api.example",
        "https://api.example\\@evil.example",
    ] {
        let error = refused(base_url);
        let shown = format!("{error} {error:?} {:?}", with(base_url));
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn g3_plain_http_is_for_loopback_only() {
    for base_url in [
        "http://api.example",
        "http://prod.api.authsec.ai",
        "http://10.0.0.1",
        "http://192.168.1.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://[2001:db8::1]",
        "http://128.0.0.1",
        "http://169.254.169.254",
    ] {
        refused(base_url);
    }
    for base_url in [
        "http://127.0.0.1",
        "http://127.9.9.9:80",
        "http://[::1]:8080",
        "http://localhost:7468",
        "http://LOCALHOST",
    ] {
        assert!(origin::parse(base_url, None).is_ok(), "{base_url}");
    }
}

#[test]
fn b62_g5_a_name_that_only_contains_localhost_is_not_localhost() {
    for host in [
        "localhost.evil.example",
        "evil-localhost",
        "notlocalhost",
        "localhost.",
        "localhost.localdomain",
        "127.0.0.1.evil.example",
        "evil.example/localhost",
        "evil.example/127.0.0.1",
    ] {
        refused(&format!("http://{host}"));
        let https = format!("https://{host}");
        assert_eq!(targets(&https).poll.url.origin(), Url::parse(&https).expect("a URL").origin());
    }
}

#[test]
fn b62_g5_every_request_goes_to_the_configured_origin() {
    for base_url in
        ["http://localhost:7468", "https://localhost", "https://127.0.0.1/x", "https://api.example"]
    {
        let origin = Url::parse(base_url).expect("a URL").origin();
        for routes in [ApiRoutes::Workspace, ApiRoutes::Tenant, ApiRoutes::Unprefixed] {
            for plane in [
                Plane::Admin { workspace_id: None },
                Plane::Client { client_id: "c".to_owned(), workspace_id: None },
                Plane::Client { client_id: "c".to_owned(), workspace_id: Some("w".to_owned()) },
            ] {
                let base = origin::parse(base_url, None).expect("valid");
                let Targets { initiate, poll, totp } = origin::join(&base, routes.paths(&plane));
                for target in [initiate, poll, totp] {
                    assert_eq!(target.url.origin(), origin, "{target:?}");
                    assert!(target.url.query().is_none() && !target.url.path().contains("//"), "{target:?}");
                }
            }
        }
    }
}

#[test]
fn g6_what_is_no_https_url_is_refused() {
    for base_url in [
        "",
        " ",
        "api.example",
        "/authsec",
        "//api.example",
        "ftp://api.example",
        "ws://api.example",
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:alert(1)",
        "mailto:a@b",
        "https://",
        "https:///",
        "https://[::1",
        "https://exa mple.com",
        " https://api.example",
        "https://api.example\n",
        "https://api.ex\tample",
        "https://api.example/\u{a0}",
    ] {
        refused(base_url);
    }
}

#[test]
fn g8_ports_that_are_none() {
    for base_url in [
        "https://api.example:0",
        "https://api.example:65536",
        "https://api.example:-1",
        "https://a.example:x",
    ] {
        refused(base_url);
    }
    assert!(origin::parse("https://api.example:65535", None).is_ok());
}

#[test]
fn g9_there_is_no_default() {
    let error = CibaClient::builder().client_id("c").build().expect_err("nowhere to go");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("base_url")));
    assert!(error.to_string().contains("authsec_cloud()"), "{error}");
}

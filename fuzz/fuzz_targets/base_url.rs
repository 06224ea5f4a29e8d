//! Any text as a base URL.
#![no_main]

use authsec_ciba::internals::fuzzing::poll_url;
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

fuzz_target!(|text: &str| {
    let Some(address) = poll_url(text) else { return };
    let (base, url) = (Url::parse(text).expect("accepted"), Url::parse(&address).expect("an address"));
    assert_eq!(base.origin(), url.origin(), "another origin");
    assert!(url.username().is_empty() && url.password().is_none() && !text.contains('@'));
    assert!(url.query().is_none() && url.fragment().is_none());
    assert!(!text.chars().any(|c| c.is_control() || c.is_whitespace()));
    let loopback = match url.host().expect("a host") {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    assert!(url.scheme() == "https" || (url.scheme() == "http" && loopback), "{address}");
    assert_ne!(url.port(), Some(0));
    let prefix = base.path().trim_end_matches('/');
    let path = url.path().strip_prefix(prefix).expect("the prefix is kept");
    assert_eq!(path, "/authsec/uflow/auth/ciba/token", "{address}");
});

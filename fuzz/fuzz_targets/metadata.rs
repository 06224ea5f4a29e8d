//! Any bytes as a provider's metadata. What may take a credential is checked against an oracle of its own.
#![no_main]

#[path = "../oracle.rs"]
mod oracle;

use authsec_ciba::internals::fuzzing::metadata;
use libfuzzer_sys::fuzz_target;
use oracle::Oracle;
use serde_json::Value;
use url::{Host, Url};

const ISSUER: &str = "https://op.example";
const START: &str = "backchannel_authentication_endpoint";
const TOKEN: &str = "token_endpoint";
const KEYS: &str = "jwks_uri";

/// An address of another kind than the public ones, spelt out here once more.
fn is_inside(url: &Url) -> bool {
    match url.host().expect("a host") {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => {
            let [a, b, ..] = address.octets();
            matches!(a, 0 | 10 | 127 | 224..=239)
                || (a, b) == (169, 254)
                || (a, b) == (192, 168)
                || a == 172 && (16..32).contains(&b)
                || a == 100 && (64..128).contains(&b)
        }
        Host::Ipv6(address) => {
            let first = address.segments()[0];
            address.is_loopback() || first & 0xffc0 == 0xfe80 || first & 0xfe00 == 0xfc00 || first >> 8 == 0xff
        }
    }
}

/// The address is the document's own, https, leads outwards, and carries no credential of its own.
fn check(address: &str, named: &Value) {
    let url = Url::parse(address).expect("an address");
    assert_eq!(url, Url::parse(named.as_str().expect("a text")).expect("an address"), "not what was named");
    assert_eq!(url.scheme(), "https", "{address}");
    assert!(!is_inside(&url), "{address}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{address}");
}

fuzz_target!(|document: &[u8]| {
    for with_certificate in [false, true] {
        match metadata(document, ISSUER, with_certificate) {
            Ok((start, token, keys)) => {
                assert!(Oracle::of(document).is_clean);
                let read: Value = serde_json::from_slice(document).expect("JSON");
                assert_eq!(read["issuer"], ISSUER);
                let named = |name: &str| {
                    let alias = &read["mtls_endpoint_aliases"][name];
                    if with_certificate && !alias.is_null() { alias.clone() } else { read[name].clone() }
                };
                check(&start, &named(START));
                check(&token, &named(TOKEN));
                match keys {
                    Some(keys) => check(&keys, &read[KEYS]),
                    None => assert!(read[KEYS].is_null()),
                }
            }
            Err(shown) => assert!(!shown.contains("canary"), "{shown}"),
        }
    }
});

use serde_json::{Value, json};

use super::decoded;
use crate::jose::{Alg, Assertion, Audience, Jws, signed};

fn assertion<'a>(audience: Audience<'a>, kid: Option<&'a str>) -> Assertion<'a> {
    Assertion { alg: Alg::ES256, kid, client_id: "checkout", audience, now: 1_790_000_000, jti: [0xff; 16] }
}

fn parts(assertion: &Assertion<'_>) -> (Value, Value) {
    let input = assertion.input();
    let (header, claims) = input.split_once('.').expect("two parts");
    let read = |part| serde_json::from_slice(&decoded(part)).expect("JSON");
    (read(header), read(claims))
}

#[test]
fn o15_what_an_assertion_says() {
    let (header, claims) = parts(&assertion(Audience::One("https://op.example"), Some("2026-11")));
    assert_eq!(header, json!({"alg": "ES256", "typ": "JWT", "kid": "2026-11"}));
    assert_eq!(
        claims,
        json!({
            "iss": "checkout",
            "sub": "checkout",
            "aud": "https://op.example",
            "iat": 1_790_000_000,
            "exp": 1_790_000_060,
            // 128 bits.
            "jti": "_____________________w",
        })
    );
    let (header, _) = parts(&assertion(Audience::One("https://op.example"), None));
    assert_eq!(header, json!({"alg": "ES256", "typ": "JWT"}));
}

#[test]
fn o17_the_audience_is_a_list_only_where_one_is_chosen() {
    let (_, claims) = parts(&assertion(Audience::List(vec!["https://op.example"]), None));
    assert_eq!(claims["aud"], json!(["https://op.example"]));
}

#[test]
fn o15_what_stands_in_a_name_is_quoted() {
    let mut odd = assertion(Audience::One("a\"b"), Some("k\\\"\n"));
    odd.client_id = "c\"\u{e4}";
    let (header, claims) = parts(&odd);
    assert_eq!(
        (&header["kid"], &claims["aud"], &claims["sub"]),
        (&json!("k\\\"\n"), &json!("a\"b"), &json!("c\"\u{e4}"))
    );
}

#[test]
fn o15_a_clock_at_its_end_makes_no_panic() {
    let mut late = assertion(Audience::One("a"), None);
    late.now = u64::MAX;
    assert_eq!(parts(&late).1["exp"], json!(u64::MAX));
}

#[test]
fn o16_signed_it_is_a_token() {
    let input = assertion(Audience::One("a"), None).input();
    let token = signed(&input, b"signature");
    let jws = Jws::split(&token).expect("a token");
    assert_eq!((jws.input(), jws.signature()), (input.as_bytes(), b"signature".as_slice()));
}

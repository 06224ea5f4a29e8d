//! Any bytes as the document of an issuer's keys.
#![no_main]

use authsec_ciba::internals::fuzzing::jwks;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// RFC 7515, appendix A.3: a token, and the key that has signed it.
const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

/// Whether a key is that one, and nothing that it says of itself forbids to verify with it.
fn is_the_key(key: &Map<String, Value>) -> bool {
    let is = |name: &str, text: &str| key.get(name).and_then(Value::as_str) == Some(text);
    let is_free = |name: &str| key.get(name).is_none_or(Value::is_null);
    let may_verify =
        |operations: &Value| operations.as_array().is_some_and(|all| all.contains(&"verify".into()));
    let is_public = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().all(|name| !key.contains_key(*name));
    let has_name = is_free("kid") || key.get("kid").is_some_and(Value::is_string);
    is("kty", "EC")
        && is("crv", "P-256")
        && is("x", X)
        && is("y", Y)
        && is_public
        && has_name
        && (is_free("alg") || is("alg", "ES256"))
        && (is_free("use") || is("use", "sig"))
        && (is_free("key_ops") || key.get("key_ops").is_some_and(may_verify))
}

fuzz_target!(|data: &[u8]| {
    let Some(is_signed) = jwks(data, TOKEN) else { return };
    let document: Value = serde_json::from_slice(data).expect("JSON");
    let keys = document["keys"].as_array().expect("a list");
    let mut objects = keys.iter().take(100).filter_map(Value::as_object);
    // Behind many others it may not be tried any more; that it is tried without being there may never be.
    if is_signed || keys.len() <= 16 {
        assert_eq!(is_signed, objects.any(is_the_key));
    }
    let longer = [data, b" \n"].concat();
    assert_eq!(jwks(&longer, TOKEN), Some(is_signed));
    assert_eq!(jwks(&[data, b"x"].concat(), TOKEN), None, "something behind it");
});

//! Any bytes as a configuration file of the official SDKs.
#![no_main]

use authsec_ciba::internals::fuzzing::config_file;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some((client_id, base_url)) = config_file(data) else { return };
    // What the crate passes over may be too odd for `Value`: a huge number, half a surrogate.
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    let members = value.as_object().expect("an object");
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    assert_eq!((client_id, base_url), (text("client_id"), text("ciba_base_url")));
});

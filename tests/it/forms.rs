//! How a secret may be spelled.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// The canary in plain and in the usual encodings, wherever in a longer text it may begin.
pub(crate) fn forms(canary: &str) -> Vec<String> {
    let bytes = canary.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let form = url::form_urlencoded::byte_serialize(bytes).collect::<String>();
    let mut forms = vec![canary.to_owned(), hex.to_uppercase(), hex, percent.to_lowercase(), percent, form];
    for engine in [&STANDARD, &URL_SAFE] {
        for before in 0..3 {
            let text = engine.encode([&vec![0; before], bytes].concat());
            // The first letters hold bits of what stands before, the last ones of what stands behind.
            let (from, to) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
            forms.push(text[from..to].to_owned());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

//! Any text as an email address, a binding message and an id.
#![no_main]

use authsec_ciba::{AuthReqId, BindingMessage, Email, MatchCode};
use libfuzzer_sys::fuzz_target;

/// Characters that must never get through, spelt out here once more.
const FORBIDDEN: [char; 12] = [
    '\r', '\n', '\0', '\u{7f}', '\u{200b}', '\u{200e}', '\u{202e}', '\u{2028}', '\u{2029}', '\u{2066}',
    '\u{feff}', '\u{ad}',
];

fuzz_target!(|text: &str| {
    match Email::new(text) {
        Ok(email) => {
            let address = email.as_str();
            assert_eq!(address, text.trim());
            assert!(!address.is_empty() && address.len() <= 254);
            let (local, domain) = address.split_once('@').expect("an @");
            assert!(!local.is_empty() && !domain.is_empty() && !domain.contains('@'));
            assert!(!address.chars().any(|c| c.is_control() || FORBIDDEN.contains(&c)));
            // What was accepted once is accepted again, and stays the same.
            assert_eq!(Email::new(address).expect("accepted before"), email);
            // Long local parts are not shown.
            if local.chars().count() > 1 && !local.contains('*') {
                assert!(!format!("{email:?}").contains(address), "{email:?}");
            }
        }
        Err(error) => {
            assert_eq!(error.field(), Some("email"));
            assert!(!is_telling(text) || !format!("{error:?} {error}").contains(text));
        }
    }
    match BindingMessage::new(text) {
        Ok(message) => {
            assert_eq!(message.as_str(), text);
            assert!(!text.trim().is_empty() && text.chars().count() <= 255);
            assert!(!text.chars().any(|c| c.is_control() || FORBIDDEN.contains(&c)));
        }
        Err(error) => assert_eq!(error.field(), Some("binding_message")),
    }
    let code = MatchCode::generate().expect("randomness");
    if let Ok(message) = BindingMessage::with_match_code(text, &code) {
        assert!(message.as_str().starts_with(text) && message.as_str().contains(code.as_str()));
        assert!(message.as_str().chars().count() <= 255);
    }
    match AuthReqId::new(text) {
        Ok(id) => {
            assert_eq!(id.expose_secret(), text);
            assert!(
                !text.is_empty() && text.len() <= 4096 && text.bytes().all(|byte| byte.is_ascii_graphic())
            );
        }
        Err(error) => assert!(!is_telling(text) || !format!("{error:?} {error}").contains(text)),
    }
});

/// Whether a text cannot be in an error by accident.
fn is_telling(text: &str) -> bool {
    text.len() >= 16 && text.bytes().any(|byte| byte.is_ascii_digit())
}

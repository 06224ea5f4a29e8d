use super::refused;
use crate::openid::quirks::{BindingMessageRule, Quirks};

fn rule(quirks: Quirks) -> BindingMessageRule {
    quirks.binding_message.expect("a rule")
}

#[test]
fn o56_a_preset_says_which_character_or_length_is_wrong() {
    let keycloak = rule(Quirks::keycloak());
    assert!(keycloak.check(None).is_ok());
    assert!(keycloak.check(Some(&"a/!?".repeat(12))).is_ok());
    for (text, says) in [
        ("PAY 4711".to_owned(), "' '"),
        ("PAY:4711".to_owned(), "':'"),
        ("\u{20ac}4711".to_owned(), "'\u{20ac}'"),
        ("a".repeat(51), "has 51 characters, and the provider takes 50"),
    ] {
        let said = refused(keycloak.check(Some(&text)), "binding_message", &text);
        assert!(said.contains(says), "{said}");
    }
    let auth0 = rule(Quirks::auth0());
    assert!(auth0.check(Some("PAY:4711,#1")).is_ok());
    refused(auth0.check(Some("a/b")), "binding_message", "a slash");
    refused(auth0.check(Some(&"a".repeat(65))), "binding_message", "65");
    let said = refused(auth0.check(None), "binding_message", "none");
    assert!(said.contains("is missing"), "{said}");
}

#[test]
fn o57_a_preset_is_plain_data_and_every_switch_stands_alone() {
    let default = Quirks::default();
    assert_eq!(
        default,
        Quirks {
            binding_message: None,
            denied_may_mean_expired: false,
            requested_expiry_name: None,
            client_id_in_form: false,
            pushes_per_minute: None,
        }
    );
    assert_eq!(default.requested_expiry(), "requested_expiry");
    assert_eq!(Quirks::okta().requested_expiry(), "request_expiry");
    assert!(Quirks::ping_federate().client_id_in_form);
    assert!(Quirks::auth0().denied_may_mean_expired);
    assert_eq!(Quirks::auth0().pushes_per_minute, Some(5));
    let mut own = Quirks::keycloak();
    own.requested_expiry_name = Some("my_expiry".into());
    assert_eq!(own.requested_expiry(), "my_expiry");
}

//! The poll and what it brings (O-36, O-44, O-46).

use crate::form::Form;
use crate::openid::token::{check_type, poll_form, read_unchecked};

fn written(resources: &[&str]) -> String {
    let form = poll_form("1c266114-a1be+/=&", resources.iter().copied());
    String::from_utf8(Form::encode_all(&[&form]).to_vec()).expect("UTF-8")
}

#[test]
fn o36_a_poll_is_the_grant_the_id_and_the_resources() {
    let bare = "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=1c266114-a1be%2B%2F%3D%26";
    assert_eq!(written(&[]), bare);
    assert_eq!(written(&["urn:a", "urn:b"]), format!("{bare}&resource=urn%3Aa&resource=urn%3Ab"));
}

#[test]
fn o44_a_bearer_token_in_any_case_and_no_other() {
    for name in ["Bearer", "bearer", "BEARER"] {
        assert!(check_type(Some(name)).is_ok());
    }
    for name in [None, Some("DPoP"), Some("mac"), Some("Bearer "), Some("N_A")] {
        assert!(check_type(name).is_err(), "{name:?}");
    }
}

#[test]
fn o46_what_comes_beside_the_token_is_kept_as_it_is() {
    let extras = read_unchecked(
        br#"{"access_token":"a","id_token":"i.d.t","refresh_token":"r","authorization_details":[{"type":"t","n":12345678901234567890}],"x":1e999}"#,
    )
    .expect("extras");
    assert_eq!(extras.id_token.as_ref().map(|token| token.as_str()), Some("i.d.t"));
    assert_eq!(extras.refresh_token.as_ref().map(|token| token.expose_secret()), Some("r"));
    assert_eq!(extras.authorization_details[0]["n"].as_u64(), Some(12_345_678_901_234_567_890));
    let none = read_unchecked(br#"{"id_token":null,"refresh_token":"","authorization_details":null}"#)
        .expect("none");
    assert!(none.id_token.is_none() && none.refresh_token.is_none() && none.authorization_details.is_empty());
}

#[test]
fn o44_what_is_of_the_wrong_type_is_no_answer() {
    for body in [
        r#"{"id_token":{}}"#,
        r#"{"id_token":1}"#,
        r#"{"refresh_token":["r"]}"#,
        "{\"refresh_token\":\"r\\u0000\"}",
        r#"{"refresh_token":"\u00e4"}"#,
        r#"{"authorization_details":{}}"#,
        r#"{"authorization_details":[1]}"#,
        r#"{"authorization_details":"[]"}"#,
    ] {
        assert!(read_unchecked(body.as_bytes()).is_err(), "{body}");
    }
}

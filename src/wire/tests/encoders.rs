//! The exact bytes of the three requests, per plane (`docs/wire.md`, sections 2.1, 2.2 and 2.6).

use crate::wire::{InitiateBody, Plane, PollBody, TotpBody};

fn admin(workspace_id: Option<&str>) -> Plane {
    Plane::Admin { workspace_id: workspace_id.map(str::to_owned) }
}

fn client(workspace_id: Option<&str>) -> Plane {
    Plane::Client { client_id: "client-1".to_owned(), workspace_id: workspace_id.map(str::to_owned) }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

fn initiate(plane: &Plane, scopes: &[&str], resource: Option<&str>) -> String {
    let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
    let (email, binding_message) = ("User@Example.com", "Sign in to \"Acme\"");
    text(InitiateBody { email, binding_message, scopes: &scopes, resource }.encode(plane))
}

#[test]
fn section_2_1_initiate_of_the_admin_plane() {
    assert_eq!(
        initiate(&admin(None), &[], Some("https://ignored.example")),
        r#"{"login_hint":"User@Example.com","binding_message":"Sign in to \"Acme\""}"#
    );
    assert_eq!(
        initiate(&admin(Some("w-1")), &["openid", "email"], None),
        r#"{"login_hint":"User@Example.com","binding_message":"Sign in to \"Acme\"","scopes":["openid","email"],"workspace_id":"w-1"}"#
    );
}

#[test]
fn section_2_1_initiate_of_a_client() {
    assert_eq!(
        initiate(&client(None), &[], None),
        r#"{"client_id":"client-1","email":"User@Example.com","binding_message":"Sign in to \"Acme\""}"#
    );
    assert_eq!(
        initiate(&client(Some("w-1")), &["openid"], Some("https://api.example")),
        r#"{"client_id":"client-1","email":"User@Example.com","binding_message":"Sign in to \"Acme\"","scopes":["openid"],"resource":"https://api.example"}"#
    );
}

#[test]
fn section_2_2_poll_of_both_planes() {
    let poll = |plane: &Plane, resource| text(PollBody::new("id-1=", resource, plane).encode());
    assert_eq!(poll(&admin(Some("w-1")), Some("https://ignored.example")), r#"{"auth_req_id":"id-1="}"#);
    assert_eq!(poll(&client(None), None), r#"{"auth_req_id":"id-1=","client_id":"client-1"}"#);
    assert_eq!(
        poll(&client(Some("w-1")), Some("https://api.example")),
        r#"{"auth_req_id":"id-1=","client_id":"client-1","resource":"https://api.example"}"#
    );
}

#[test]
fn section_2_6_totp_of_both_planes() {
    let totp = |plane: &Plane| text(TotpBody { email: "u@example.com", code: "000123" }.encode(plane));
    assert_eq!(totp(&admin(None)), r#"{"email":"u@example.com","totp_code":"000123"}"#);
    assert_eq!(
        totp(&admin(Some("w-1"))),
        r#"{"email":"u@example.com","totp_code":"000123","workspace_id":"w-1"}"#
    );
    assert_eq!(
        totp(&client(None)),
        r#"{"client_id":"client-1","email":"u@example.com","totp_code":"000123"}"#
    );
    assert_eq!(
        totp(&client(Some("w-1"))),
        r#"{"email":"u@example.com","totp_code":"000123","workspace_id":"w-1"}"#,
        "with a workspace it is the admin route's body"
    );
}

#[test]
fn i9_what_a_caller_says_cannot_leave_its_string() {
    let (email, binding_message) = (r#"a","workspace_id":"x@b.c"#, "line\r\nbreak \u{1}");
    let body = InitiateBody { email, binding_message, scopes: &[], resource: None }.encode(&client(None));
    let read: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(read["email"], email);
    assert_eq!(read["binding_message"], binding_message);
    assert_eq!(read.as_object().expect("an object").len(), 3);
    assert!(!body.iter().any(u8::is_ascii_control));
}

#[test]
fn section_2_2_what_json_has_an_escape_for_is_escaped_and_nothing_else() {
    for (id, written) in [
        ("\"", r#"\""#),
        ("\\", r"\\"),
        ("\u{1}", r"\u0001"),
        ("\u{1f}", r"\u001f"),
        (" ", " "),
        ("é/~", "é/~"),
    ] {
        let body = text(PollBody::new(id, None, &admin(None)).encode());
        assert_eq!(body, format!(r#"{{"auth_req_id":"{written}"}}"#));
    }
}

//! The exact bytes of the three requests, per plane (`docs/wire.md`, sections 2.1, 2.2 and 2.6).

use crate::authsec::{
    ApiRoutes, Plane, PollBody, TotpBody, write_initiate, write_poll_form, write_start_form,
};
use crate::types::Wish;

fn admin(workspace_id: Option<&str>) -> Plane {
    Plane::Admin { workspace_id: workspace_id.map(str::to_owned) }
}

fn client(workspace_id: Option<&str>) -> Plane {
    Plane::Client { client_id: "client-1".to_owned(), workspace_id: workspace_id.map(str::to_owned) }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

fn wish<'a>(
    login_hint: &'a str,
    binding_message: &'a str,
    scopes: &'a [String],
    resource: Option<&'a str>,
) -> Wish<'a> {
    Wish {
        login_hint,
        binding_message,
        scopes,
        resource,
        #[cfg(feature = "openid")]
        form: None,
    }
}

fn initiate(plane: &Plane, scopes: &[&str], resource: Option<&str>) -> String {
    let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
    text(write_initiate(&wish("User@Example.com", "Sign in to \"Acme\"", &scopes, resource), plane))
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
    let totp = |plane: &Plane| {
        text(TotpBody { email: "u@example.com", code: "000123" }.encode(ApiRoutes::Workspace, plane))
    };
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
    let body = write_initiate(&wish(email, binding_message, &[], None), &client(None));
    let read: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(read["email"], email);
    assert_eq!(read["binding_message"], binding_message);
    assert_eq!(read.as_object().expect("an object").len(), 3);
    assert!(!body.iter().any(u8::is_ascii_control));
}

/// O-01, O-23: each parameter once, none empty, one text of scopes, and no client beside its credential.
#[test]
fn o01_a_start_at_the_standards_routes_is_a_form() {
    let scopes = ["openid", "pay:write"].map(str::to_owned);
    let form = |scopes, resource| {
        text(write_start_form(&wish("user+1@example.com", "Zahl 5 \u{20ac} & ja?", scopes, resource)))
    };
    assert_eq!(
        form(&scopes, Some("https://api.example/a?b=c")),
        "login_hint=user%2B1%40example.com&scope=openid+pay%3Awrite&binding_message=Zahl+5+%E2%82%AC+%26+ja%3F\
         &resource=https%3A%2F%2Fapi.example%2Fa%3Fb%3Dc"
    );
    assert_eq!(
        form(&[], None),
        "login_hint=user%2B1%40example.com&binding_message=Zahl+5+%E2%82%AC+%26+ja%3F"
    );
}

#[test]
fn o01_a_poll_at_the_standards_routes_is_a_form() {
    assert_eq!(
        text(write_poll_form("a-b_c+/=", None)),
        "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=a-b_c%2B%2F%3D"
    );
    assert_eq!(
        text(write_poll_form("id-1", Some("https://api.example"))),
        "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=id-1&resource=https%3A%2F%2Fapi.example"
    );
}

/// O-03: the admin route's body, with the workspace where one is named.
#[test]
fn o03_a_code_of_a_client_of_the_standards_routes_goes_as_an_administrators() {
    let totp = |plane: &Plane| {
        text(TotpBody { email: "u@example.com", code: "000123" }.encode(ApiRoutes::OAuth, plane))
    };
    assert_eq!(totp(&client(None)), r#"{"email":"u@example.com","totp_code":"000123"}"#);
    assert_eq!(
        totp(&client(Some("w-1"))),
        r#"{"email":"u@example.com","totp_code":"000123","workspace_id":"w-1"}"#
    );
}

/// Nothing of a body is left behind in a buffer that had to grow (B-70).
#[test]
fn b70_a_form_is_written_in_one_piece() {
    let body = write_start_form(&wish(&"\u{20ac}".repeat(80), "m", &[], None));
    assert!(body.capacity() <= 1024 && body.len() > 720, "{} of {}", body.len(), body.capacity());
}

#[test]
fn i9_what_a_caller_says_cannot_leave_its_parameter() {
    let body = text(write_start_form(&wish("a&resource=x", "m=1\r\n&scope=admin", &[], Some("r;s&t"))));
    let read: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        read,
        [("login_hint", "a&resource=x"), ("binding_message", "m=1\r\n&scope=admin"), ("resource", "r;s&t")]
    );
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

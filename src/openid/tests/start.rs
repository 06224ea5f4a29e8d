//! The form of a start (O-23, O-24, O-28 to O-30).

use std::time::Duration;

use super::refused;
use crate::form::Form;
use crate::openid::quirks::Quirks;
use crate::openid::start::{Limits, Wishes};
use crate::secret::ClientSecret;

fn provider(quirks: &Quirks) -> Limits<'_> {
    Limits { quirks, takes_user_code: true, speaks_openid: true }
}

fn written(wishes: &Wishes) -> String {
    written_to(wishes, &provider(&Quirks::default()))
}

fn written_to(wishes: &Wishes, provider: &Limits<'_>) -> String {
    let form = wishes.form(provider).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8(Form::encode_all(&[&form]).to_vec()).expect("UTF-8")
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn o23_nothing_is_sent_that_nobody_asked_for_but_scope() {
    assert_eq!(written(&Wishes::default()), "scope=openid");
}

#[test]
fn o24_openid_is_added_in_front_where_it_is_missing() {
    let wishes = |scopes: &[&str]| Wishes { scopes: texts(scopes), ..Wishes::default() };
    assert_eq!(written(&wishes(&["payments", "email"])), "scope=openid+payments+email");
    assert_eq!(written(&wishes(&["email", "openid"])), "scope=email+openid");
    let quirks = Quirks::default();
    let plain = Limits { speaks_openid: false, ..provider(&quirks) };
    assert_eq!(written_to(&wishes(&["payments"]), &plain), "scope=payments");
    assert_eq!(written_to(&wishes(&[]), &plain), "");
    for odd in ["", "a b", "a\"b", "a\\b", "\u{e4}", "a\nb"] {
        refused(wishes(&[odd]).form(&provider(&quirks)), "scopes", odd);
    }
}

#[test]
fn o30_all_parameters_stand_once_in_order() {
    let wishes = Wishes {
        scopes: texts(&["openid"]),
        binding_message: Some("Pay 5 \u{20ac}".to_owned()),
        resources: texts(&["https://api.example/a", "urn:example:b"]),
        audience: Some("https://api.example".to_owned()),
        acr_values: texts(&["urn:two", "urn:one"]),
        requested_expiry: Some(Duration::from_secs(90)),
        user_code: Some(ClientSecret::new("12 34".to_owned())),
        authorization_details: Some(r#"[{"type":"payment","amount":5}]"#.to_owned()),
        parameters: vec![("request_context".to_owned(), ClientSecret::new("{}".to_owned()))],
    };
    assert_eq!(
        written(&wishes),
        "scope=openid&binding_message=Pay+5+%E2%82%AC&user_code=12+34&requested_expiry=90&acr_values=urn%3Atwo+urn%3Aone\
         &resource=https%3A%2F%2Fapi.example%2Fa&resource=urn%3Aexample%3Ab&audience=https%3A%2F%2Fapi.example\
         &authorization_details=%5B%7B%22type%22%3A%22payment%22%2C%22amount%22%3A5%7D%5D&request_context=%7B%7D"
    );
    assert!(!format!("{wishes:?}").contains("12 34"), "{wishes:?}");
}

#[test]
fn o28_a_user_code_goes_only_where_the_provider_takes_one() {
    let wishes = Wishes { user_code: Some(ClientSecret::new("1234".to_owned())), ..Wishes::default() };
    let quirks = Quirks::default();
    let says = refused(
        wishes.form(&Limits { takes_user_code: false, ..provider(&quirks) }),
        "user_code",
        "not taken",
    );
    assert!(!says.contains("1234"), "{says}");
    assert_eq!(written(&wishes), "scope=openid&user_code=1234");
}

#[test]
fn o29_an_expiry_is_whole_seconds_and_at_least_one() {
    let wishes = |expiry| Wishes { requested_expiry: Some(expiry), ..Wishes::default() };
    for expiry in [Duration::ZERO, Duration::from_millis(999), Duration::from_millis(1_500)] {
        refused(wishes(expiry).form(&provider(&Quirks::default())), "requested_expiry", "odd");
    }
    assert_eq!(written(&wishes(Duration::from_secs(1))), "scope=openid&requested_expiry=1");
    let okta = Quirks::okta();
    assert_eq!(
        written_to(&wishes(Duration::from_secs(1)), &provider(&okta)),
        "scope=openid&request_expiry=1"
    );
}

#[test]
fn o30_resources_are_absolute_uris_without_a_fragment() {
    let quirks = Quirks::default();
    for odd in
        ["", "api", "/api", "https://api.example/#f", "https://api.example/ a", "https://\u{e4}.example"]
    {
        let wishes = Wishes { resources: texts(&[odd]), ..Wishes::default() };
        refused(wishes.form(&provider(&quirks)), "resource", odd);
    }
}

#[test]
fn o30_authorization_details_are_an_array_of_typed_objects() {
    let quirks = Quirks::default();
    for odd in [
        "",
        "{}",
        "[]",
        "[1]",
        "[{}]",
        r#"[{"type":1}]"#,
        r#"[{"type":""}]"#,
        r#"[{"type":"a","type":"b"}]"#,
        r#"[{"type":"a"}],"x":[{"type":"a"}]"#,
        r#"[{"type":"a"}] "#.trim_end_matches("] "),
    ] {
        let wishes = Wishes { authorization_details: Some(odd.to_owned()), ..Wishes::default() };
        refused(wishes.form(&provider(&quirks)), "authorization_details", odd);
    }
}

#[test]
fn o30_other_parameters_are_none_that_the_crate_sets_itself() {
    let quirks = Quirks::default();
    let with = |parameters: &[(&str, &str)]| Wishes {
        parameters: parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), ClientSecret::new((*value).to_owned())))
            .collect(),
        ..Wishes::default()
    };
    for own in [
        "scope",
        "login_hint",
        "client_id",
        "client_secret",
        "client_assertion",
        "request",
        "request_uri",
        "resource",
        "user_code",
        "client_notification_token",
        "grant_type",
        "auth_req_id",
    ] {
        let says = refused(with(&[(own, "x")]).form(&provider(&quirks)), "parameter", own);
        assert!(says.contains(own), "{says}");
    }
    refused(with(&[("", "x")]).form(&provider(&quirks)), "parameter", "no name");
    refused(with(&[("a b", "x")]).form(&provider(&quirks)), "parameter", "a space");
    refused(with(&[("a", "")]).form(&provider(&quirks)), "parameter", "no value");
    refused(with(&[("a", "x"), ("a", "y")]).form(&provider(&quirks)), "parameter", "twice");
}

#[test]
fn o56_the_message_stands_the_providers_rule() {
    let wishes = Wishes { binding_message: Some("a b".to_owned()), ..Wishes::default() };
    refused(wishes.form(&provider(&Quirks::keycloak())), "binding_message", "a space");
    refused(Wishes::default().form(&provider(&Quirks::auth0())), "binding_message", "none");
}

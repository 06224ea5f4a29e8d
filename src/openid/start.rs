use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::quirks::Quirks;
use crate::answer::is_one_object;
use crate::error::Error;
use crate::form::Form;
use crate::secret::ClientSecret;
use crate::types::is_visible_ascii;

/// The scope that makes a request one of OpenID Connect.
const OPENID: &str = "openid";

/// What the crate sets by calls of their own, or in none.
const OWN: [&str; 22] = [
    "acr_values",
    "audience",
    "auth_req_id",
    "authorization_details",
    "binding_message",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_notification_token",
    "client_secret",
    "grant_type",
    "id_token_hint",
    "login_hint",
    "login_hint_token",
    "request",
    "request_expiry",
    "request_uri",
    "requested_expiry",
    "resource",
    "scope",
    "user_code",
    "dpop_jkt",
];

/// What a start asks for beside the person (OpenID CIBA Core, section 7.1; RFC 8707; RFC 9396).
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) scopes: Vec<String>,
    pub(crate) binding_message: Option<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) acr_values: Vec<String>,
    pub(crate) requested_expiry: Option<Duration>,
    pub(crate) user_code: Option<ClientSecret>,
    pub(crate) authorization_details: Option<String>,
    pub(crate) parameters: Vec<(String, ClientSecret)>,
}

/// What a provider takes.
pub(crate) struct Limits<'a> {
    pub(crate) quirks: &'a Quirks,
    pub(crate) takes_user_code: bool,
    /// It speaks OpenID Connect: `openid` is always asked for.
    pub(crate) speaks_openid: bool,
}

impl Wishes {
    /// The form without hint and client authentication: each parameter once, none empty, none that nobody asked for.
    pub(crate) fn form(&self, provider: &Limits<'_>) -> Result<Form, Error> {
        self.check(provider)?;
        let mut form = Form::default();
        form.add_some("scope", self.scope(provider).as_deref());
        form.add_some("binding_message", self.binding_message.as_deref());
        if let Some(code) = &self.user_code {
            form.add_secret("user_code", code.expose_secret());
        }
        if let Some(expiry) = self.requested_expiry {
            form.add(provider.quirks.requested_expiry(), &expiry.as_secs().to_string());
        }
        let acr_values = (!self.acr_values.is_empty()).then(|| self.acr_values.join(" "));
        form.add_some("acr_values", acr_values.as_deref());
        self.resources.iter().for_each(|resource| form.add("resource", resource));
        form.add_some("audience", self.audience.as_deref());
        form.add_some("authorization_details", self.authorization_details.as_deref());
        for (name, value) in &self.parameters {
            form.add_secret(name.clone(), value.expose_secret());
        }
        Ok(form)
    }

    /// What is asked for as scope; `None` where nothing is.
    pub(crate) fn scope(&self, provider: &Limits<'_>) -> Option<String> {
        let lacks = provider.speaks_openid && !self.scopes.iter().any(|scope| scope == OPENID);
        let scopes: Vec<_> =
            lacks.then_some(OPENID).into_iter().chain(self.scopes.iter().map(String::as_str)).collect();
        (!scopes.is_empty()).then(|| scopes.join(" "))
    }

    fn check(&self, limits: &Limits<'_>) -> Result<(), Error> {
        // RFC 6749, section 3.3.
        let is_scope_char = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
        if self.scopes.iter().any(|scope| scope.is_empty() || !scope.chars().all(is_scope_char)) {
            return Err(Error::input(
                "scopes",
                "holds one that is empty, or that no scope can be: name each by itself",
            ));
        }
        if let Some(rule) = &limits.quirks.binding_message {
            rule.check(self.binding_message.as_deref())?;
        }
        self.resources.iter().try_for_each(|resource| check_resource(resource))?;
        if let Some(audience) = &self.audience {
            check_text("audience", audience)?;
        }
        if self.acr_values.iter().any(|value| value.is_empty() || !is_visible_ascii(value)) {
            return Err(Error::input(
                "acr_values",
                "holds one that is empty, or is not of visible ASCII: name each by itself",
            ));
        }
        if self.requested_expiry.is_some_and(|expiry| expiry.as_secs() == 0 || expiry.subsec_nanos() != 0) {
            return Err(Error::input(
                "requested_expiry",
                "is not at least one whole second, or holds a part of one",
            ));
        }
        if let Some(code) = &self.user_code {
            check_text("user_code", code.expose_secret())?;
            if !limits.takes_user_code {
                return Err(Error::input(
                    "user_code",
                    "is one that the provider does not take, as its metadata says",
                ));
            }
        }
        if let Some(details) = &self.authorization_details {
            check_details(details)?;
        }
        self.check_parameters()
    }

    fn check_parameters(&self) -> Result<(), Error> {
        const FIELD: &str = "parameter";
        for (at, (name, value)) in self.parameters.iter().enumerate() {
            if name.is_empty() || !is_visible_ascii(name) {
                return Err(Error::input(FIELD, "has a name that is empty, or not of visible ASCII"));
            }
            if OWN.contains(&name.as_str()) {
                return Err(Error::input(FIELD, format_args!("{name} is one that this crate sets itself")));
            }
            if self.parameters.iter().take(at).any(|(before, _)| before == name) {
                return Err(Error::input(FIELD, format_args!("{name} is set twice")));
            }
            check_text(FIELD, value.expose_secret())?;
        }
        Ok(())
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::input(field, "is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::input(field, "holds a control character"));
    }
    Ok(())
}

/// RFC 8707, section 2.
pub(crate) fn check_resource(resource: &str) -> Result<(), Error> {
    let is_uri = is_visible_ascii(resource) && !resource.contains('#') && Url::parse(resource).is_ok();
    if is_uri { Ok(()) } else { Err(Error::input("resource", "is not an absolute URI without a fragment")) }
}

/// RFC 9396, section 2.
fn check_details(json: &str) -> Result<(), Error> {
    let refuse =
        || Error::input("authorization_details", "is not a JSON array of objects, each with a text `type`");
    let details: Vec<Map<String, Value>> = serde_json::from_str(json).map_err(|_| refuse())?;
    let has_type = |detail: &Map<String, Value>| {
        detail.get("type").and_then(Value::as_str).is_some_and(|text| !text.is_empty())
    };
    // The reader of whole answers knows objects alone.
    let is_clean = is_one_object(format!("{{\"_\":{json}}}").as_bytes());
    if details.is_empty() || !details.iter().all(has_type) || !is_clean {
        return Err(refuse());
    }
    Ok(())
}

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::form::Form;
use crate::outcome::Unchecked;
use crate::secret::RefreshToken;

/// The grant type of CIBA (OpenID CIBA Core, section 10.1).
const GRANT_TYPE: &str = "urn:openid:params:grant-type:ciba";

/// The form of a poll, without client authentication.
pub(crate) fn poll_form<'a>(auth_req_id: &str, resources: impl Iterator<Item = &'a str>) -> Form {
    let mut form = Form::default();
    form.add("grant_type", GRANT_TYPE);
    form.add_secret("auth_req_id", auth_req_id);
    resources.for_each(|resource| form.add("resource", resource));
    form
}

/// Whether a token is one that is sent as it is (RFC 6750). A token that is bound to a key (RFC 9449) is none of this
/// client's, since it has shown no key.
pub(crate) fn check_type(token_type: Option<&str>) -> Result<(), &'static str> {
    match token_type {
        None => Err("the server sent a token without its type"),
        Some(name) if name.eq_ignore_ascii_case("bearer") => Ok(()),
        Some(_) => Err("the server sent a token of a type that nobody asked for"),
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Members {
    id_token: Text,
    refresh_token: Text,
    authorization_details: Value,
}

/// A text that may be a secret, or something that is none.
#[derive(Default)]
enum Text {
    #[default]
    Absent,
    Is(Zeroizing<String>),
    IsNot,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Null => Self::Absent,
            Value::String(text) if text.is_empty() => Self::Absent,
            Value::String(text) => Self::Is(Zeroizing::new(text)),
            _ => Self::IsNot,
        })
    }
}

impl Text {
    fn given(self, why: &'static str) -> Result<Option<Zeroizing<String>>, &'static str> {
        match self {
            Self::Absent => Ok(None),
            Self::Is(text) => Ok(Some(text)),
            Self::IsNot => Err(why),
        }
    }
}

/// What an answer brings beside the access token, read out of a body that is one clean object.
pub(crate) fn read_unchecked(body: &[u8]) -> Result<Unchecked, &'static str> {
    // serde's errors quote what they could not read, and are dropped.
    let members: Members =
        serde_json::from_slice(body).map_err(|_| "the server sent a token answer that cannot be read")?;
    let refresh_token = members.refresh_token.given("the server sent a refresh token that is no text")?;
    // RFC 6749, appendix A.17.
    let fits = |token: &Zeroizing<String>| token.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if refresh_token.as_ref().is_some_and(|token| !fits(token)) {
        return Err("the server sent a refresh token that cannot be one");
    }
    let authorization_details = match members.authorization_details {
        Value::Null => Vec::new(),
        Value::Array(details) if details.iter().all(Value::is_object) => details,
        _ => return Err("the server sent authorization_details that are no list of objects"),
    };
    let id_token = members.id_token.given("the server sent an ID Token that is no text")?;
    let refresh_token = refresh_token.map(|token| RefreshToken::new(&token));
    Ok(Unchecked { id_token, refresh_token, authorization_details })
}

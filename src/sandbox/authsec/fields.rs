//! JSON bodies and bearer tokens, as AuthSec's controllers read them.

use serde_json::{Map, Value};

use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;

impl Exchange<'_> {
    /// Decodes the body as the server does: the first JSON value counts, and it has to be an object.
    /// Members that are not in `known` are ignored by the server and noted here.
    pub(crate) fn json(&mut self, known: &[&str]) -> Result<Fields, String> {
        let mut values = serde_json::Deserializer::from_slice(&self.request.body).into_iter::<Value>();
        let fields = match values.next() {
            None => Err("EOF".to_owned()),
            Some(Err(error)) => Err(format!("invalid JSON: {error}")),
            Some(Ok(Value::Object(fields))) => Ok(fields),
            Some(Ok(_)) => Err("json: cannot unmarshal a value into an object".to_owned()),
        };
        match fields {
            Ok(fields) => {
                for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
                    self.unexpected(&format!("unknown field {name:?}"));
                }
                Ok(Fields(fields))
            }
            Err(text) => {
                self.unexpected(&text);
                Err(text)
            }
        }
    }

    /// The e-mail of the bearer token, or the 401 of section 2.0.
    pub(crate) fn bearer(&mut self) -> Result<String, Reply> {
        let Some(header) = self.request.header("authorization") else {
            return Err(Reply::text_error(401, "Authorization header required"));
        };
        let Some(token) = header.strip_prefix("Bearer ") else {
            return Err(Reply::text_error(401, "Invalid authorization header format"));
        };
        let bearer = self.world.bearers.get(token).filter(|bearer| self.now < bearer.expires_at);
        match bearer {
            Some(bearer) => Ok(bearer.email.clone()),
            None => Err(Reply::text_error(401, "Invalid or expired token")),
        }
    }
}

/// The members of a JSON body. A missing member and `null` are the type's zero value.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    fn wrong_type(name: &str, wanted: &str) -> String {
        format!("json: cannot unmarshal the field {name} into a {wanted}")
    }

    pub(crate) fn string(&self, name: &str) -> Result<String, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(Self::wrong_type(name, "string")),
        }
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<bool, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(Self::wrong_type(name, "bool")),
        }
    }

    pub(crate) fn strings(&self, name: &str) -> Result<Vec<String>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let text = |item: &Value| item.as_str().map(str::to_owned);
                items
                    .iter()
                    .map(text)
                    .collect::<Option<_>>()
                    .ok_or_else(|| Self::wrong_type(name, "[]string"))
            }
            Some(_) => Err(Self::wrong_type(name, "[]string")),
        }
    }

    /// A string that must not be empty.
    pub(crate) fn required(&self, name: &str) -> Result<String, String> {
        let text = self.string(name)?;
        if text.is_empty() { Err(failed(name, "required")) } else { Ok(text) }
    }

    /// A string that must look like an e-mail address.
    pub(crate) fn email(&self, name: &str) -> Result<String, String> {
        let text = self.required(name)?;
        let parts = text.split_once('@');
        let fits = parts.is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        });
        if fits && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            Ok(text)
        } else {
            Err(failed(name, "email"))
        }
    }
}

/// The validator's sentence.
pub(crate) fn failed(name: &str, rule: &str) -> String {
    format!("Field validation for '{name}' failed on the '{rule}' tag")
}

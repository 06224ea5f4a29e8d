//! The form that a start or a poll is.

use std::collections::HashSet;

use crate::sandbox::message::exchange::Exchange;
use crate::sandbox::message::reply::Reply;

pub(crate) const GRANT: &str = "urn:openid:params:grant-type:ciba";

/// What every request may carry to authenticate its client.
const CLIENT: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// The fields of a form, each once. A field without a value counts as not there (RFC 6749, section 3.1).
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body. Fields that are neither among `known` nor the client's are ignored, and noted.
    pub(crate) fn read(exchange: &mut Exchange<'_>, known: &[&str]) -> Result<Self, Reply> {
        let is_form = exchange.request.header("content-type").is_some_and(|it| {
            let kind = it.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if !is_form {
            return Err(refuse(exchange, "the body has to be a form"));
        }
        let fields = exchange.request.form();
        for (name, _) in &fields {
            if !known.contains(&name.as_str()) && !CLIENT.contains(&name.as_str()) {
                exchange.unexpected(&format!("unknown form field {name:?}"));
            }
        }
        let mut seen = HashSet::new();
        if let Some((twice, _)) =
            fields.iter().find(|(name, _)| name != "resource" && !seen.insert(name.as_str()))
        {
            return Err(refuse(exchange, &format!("{twice} stands twice")));
        }
        Ok(Self(fields))
    }

    /// A field's value, if it has one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// A field that has to be there.
    pub(crate) fn required(&self, exchange: &mut Exchange<'_>, name: &str) -> Result<&str, Reply> {
        self.get(name).ok_or_else(|| refuse(exchange, &format!("{name} is missing")))
    }
}

/// `invalid_request`: what a correct client does not send.
pub(crate) fn refuse(exchange: &mut Exchange<'_>, why: &str) -> Reply {
    exchange.unexpected(why);
    Reply::code(400, "invalid_request", why)
}

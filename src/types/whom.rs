use std::fmt;

use super::{Email, PersonKey};
use crate::trace::MaskedEmail;

/// Whom a request is for: the person as this client counts them, and their address where they were named by one.
#[derive(Clone)]
pub(crate) struct Whom {
    pub(crate) key: PersonKey,
    pub(crate) email: Option<Email>,
}

impl Whom {
    /// As a log may show it.
    pub(crate) fn masked(&self) -> impl fmt::Display + '_ {
        MaskedEmail(self.email.as_ref().map_or(self.key.as_str(), Email::as_str))
    }
}

impl From<Email> for Whom {
    fn from(email: Email) -> Self {
        Self { key: email.key(), email: Some(email) }
    }
}

impl From<PersonKey> for Whom {
    fn from(key: PersonKey) -> Self {
        Self { key, email: None }
    }
}

impl fmt::Debug for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.email {
            Some(email) => email.fmt(f),
            None => self.key.fmt(f),
        }
    }
}

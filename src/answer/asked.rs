use super::document::{Document, Scalar};
use crate::types::{Email, PersonKey};

/// What was asked, for an answer that names somebody or something else (B-73).
pub(crate) struct Asked<'a> {
    pub(crate) auth_req_id: &'a str,
    pub(crate) email: &'a PersonKey,
}

impl Document<'_> {
    /// Whether it names another request, byte for byte, or another person than was asked for.
    pub(crate) fn names_another(&self, asked: &Asked<'_>) -> bool {
        let another = |id: &Scalar<'_>| id.text() != Some(asked.auth_req_id);
        self.auth_req_id.given().is_some_and(another) || self.names_another_person(asked.email)
    }

    /// Whether it names another person: what is no address is nobody who was asked for.
    pub(crate) fn names_another_person(&self, asked: &PersonKey) -> bool {
        let another = |address: &Scalar<'_>| {
            let email = address.text().and_then(|address| Email::new(address).ok());
            email.is_none_or(|email| email.key() != *asked)
        };
        [&self.email, &self.login_hint].into_iter().filter_map(Scalar::given).any(another)
    }
}

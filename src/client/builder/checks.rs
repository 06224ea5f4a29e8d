//! What is refused of the settings, and in which words.

use std::time::Duration;

use url::Url;

use super::{CibaClientBuilder, MAX_IN_FLIGHT, REQUEST_TIMEOUT};
use crate::authsec::ApiRoutes;
use crate::client::credential::authorization;
use crate::client::headers::Headers;
use crate::client::{environment, origin};
use crate::error::Error;

/// The server sends the push inside the request, up to 30 s per device (`docs/wire.md`, section 3.8).
const SHORTEST_INITIATE: Duration = Duration::from_secs(35);

impl CibaClientBuilder {
    pub(super) fn check(&self) -> Result<(), Error> {
        self.check_authsec().map_err(|error| self.explained(error))
    }

    /// Names the variables that a refused setting may come from: the one that has set it, and those that nobody reads.
    pub(super) fn explained(&self, error: Error) -> Error {
        let Some(field) = error.field() else { return error };
        let mut words = error.to_string();
        if self.from_env.contains(&field)
            && let Some(variable) = environment::variable(field)
        {
            words.extend(["; it comes from ", variable]);
        }
        if environment::variable(field).is_some() {
            for name in &self.unread {
                words.extend(["; ", name.as_str(), " is set, and nobody reads it"]);
            }
        }
        error.with_message(words)
    }

    /// What can be said of the settings alone, whoever the server is.
    pub(in crate::client) fn check_common(&self) -> Result<(), Error> {
        let a_day = Duration::from_secs(24 * 60 * 60);
        let text = |field, text: &Option<String>| match text {
            Some(text) if text.trim().is_empty() => Err(Error::config(field, "is empty")),
            Some(text) if text.chars().any(char::is_control) => {
                Err(Error::config(field, "holds a control character"))
            }
            Some(text) if text.trim() != text => Err(Error::config(field, "has white space around it")),
            Some(text) if text.starts_with(['"', '\'']) && text.ends_with(['"', '\'']) => {
                Err(Error::config(field, "stands in quotation marks: take them out"))
            }
            _ => Ok(()),
        };
        text("client_id", &self.client_id)?;
        text("workspace_id", &self.workspace_id)?;
        for (field, timeout) in [
            ("request_timeout", self.request_timeout.unwrap_or(REQUEST_TIMEOUT)),
            ("connect_timeout", self.connection.connect_timeout()),
            ("initiate_timeout", self.initiate_timeout),
            ("totp_lock_duration", self.totp_lock_duration),
        ] {
            if timeout.is_zero() {
                return Err(Error::config(field, "is zero"));
            }
            if timeout > a_day {
                return Err(Error::config(field, "is longer than a day"));
            }
        }
        if self.initiate_timeout < SHORTEST_INITIATE {
            return Err(Error::config(
                "initiate_timeout",
                "is shorter than the 35 s that the server may need",
            ));
        }
        if self.max_in_flight == 0 {
            return Err(Error::config("max_in_flight", "is zero"));
        }
        #[cfg(feature = "ticket")]
        if self.sealing_key.is_none() && !self.also_opens.is_empty() {
            return Err(Error::config("also_opens", "is set without sealing_key(..), the key that seals"));
        }
        Headers::new(&self.headers, None).map(drop)
    }

    fn check_authsec(&self) -> Result<(), Error> {
        self.check_common()?;
        authorization(self.client_id.as_deref(), self.client_secret.as_ref())?;
        let base_url = self.origin()?;
        if self.client_certificate.is_some() && base_url.scheme() == "http" {
            return Err(Error::config("client_certificate", "needs a base_url of https"));
        }
        self.check_plane()
    }

    /// What belongs to the connections, and is set here.
    pub(super) fn first_connection_setting(&self) -> Option<&'static str> {
        let more = [
            ("max_in_flight", self.max_in_flight != MAX_IN_FLIGHT),
            ("client_certificate", self.client_certificate.is_some()),
        ];
        let more = more.into_iter().find(|(_, is_set)| *is_set).map(|(field, _)| field);
        self.connection.first_set().or(more)
    }

    /// For whom to ask is said, and said once.
    fn check_plane(&self) -> Result<(), Error> {
        if self.routes == ApiRoutes::OAuth {
            if self.admin {
                return Err(Error::config(
                    "routes",
                    "of the standard know no administrators: take admin() away, and name a client",
                ));
            }
            #[cfg(feature = "openid")]
            let asserts = self.client_auth.is_some();
            #[cfg(not(feature = "openid"))]
            let asserts = false;
            if self.client_id.is_some() && self.client_secret.is_none() && !asserts {
                return Err(Error::config(
                    "client_secret",
                    format_args!(
                        "is not set, and the routes of the standard let nobody in without one: call client_secret(..) or set \
                         {}",
                        environment::CLIENT_SECRET
                    ),
                ));
            }
        }
        match (&self.client_id, self.admin) {
            (None, false) => Err(Error::config(
                "client_id",
                format_args!(
                    "is not set: call client_id(..) or set {}; for administrators, who have none, call admin() or set \
                     {}=admin",
                    environment::CLIENT_ID,
                    environment::ROUTES
                ),
            )),
            (Some(_), true) => Err(Error::config(
                "client_id",
                format_args!(
                    "and admin routes exclude each other: take out either {} or {}",
                    environment::CLIENT_ID,
                    environment::ROUTES
                ),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn origin(&self) -> Result<Url, Error> {
        match &self.base_url {
            Some(text) => origin::parse(text, self.plain_http_to.as_deref()),
            None => Err(Error::config(
                "base_url",
                format_args!(
                    "is not set: call base_url(..), set {}, or choose authsec_cloud()",
                    environment::BASE_URL
                ),
            )),
        }
    }
}

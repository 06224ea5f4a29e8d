use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::secret::REDACTED;

/// Who has approved, as the provider has signed it (OpenID Connect Core, section 2). There is none that was not checked:
/// signature, issuer, audience, times and subject (OpenID Connect Core, section 3.1.3.7).
///
/// A person is the pair of [`issuer`](Self::issuer) and [`subject`](Self::subject). Never go by an email address in it: it may
/// be somebody else's tomorrow.
///
/// It is a secret: wiped on drop, redacted in `Debug`, no `Display`, no `Serialize`. Its claims are not wiped.
#[derive(Clone)]
pub struct IdToken(Arc<Checked>);

/// What the checks have found.
pub(crate) struct Checked {
    pub(crate) jwt: Zeroizing<Box<str>>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) issuer: Box<str>,
    pub(crate) subject: Box<str>,
    pub(crate) audiences: Vec<String>,
    pub(crate) expires_at: SystemTime,
    pub(crate) issued_at: SystemTime,
}

impl IdToken {
    /// Of a token that has stood the checks.
    pub(crate) fn of(checked: Checked) -> Self {
        Self(Arc::new(checked))
    }

    /// Who says so (`iss`): the provider that the client is set up with.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Who it is to the provider (`sub`): never given to another person.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Whom it is for (`aud`): this client, and whom the settings trust.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.0.audiences.iter().map(String::as_str)
    }

    /// Until when it says so (`exp`).
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.0.expires_at
    }

    /// Since when it says so (`iat`).
    #[must_use]
    pub fn issued_at(&self) -> SystemTime {
        self.0.issued_at
    }

    /// When the person was last authenticated (`auth_time`), where it says so.
    #[must_use]
    pub fn auth_time(&self) -> Option<SystemTime> {
        let seconds = self.0.claims.get("auth_time")?.as_f64().filter(|seconds| *seconds >= 0.0)?;
        UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
    }

    /// How the person was authenticated (`acr`), where it says so.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.0.claims.get("acr")?.as_str()
    }

    /// By what means (`amr`), where it says so.
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        let means = self.0.claims.get("amr").and_then(Value::as_array);
        means.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Any claim, by its name; `None` where it is not there, or cannot be read as that.
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.0.claims.get(name)?).ok()
    }

    /// The token itself, for a later [`Hint::id_token`](crate::Hint::id_token). Do not log it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0.jwt
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdToken({REDACTED})")
    }
}

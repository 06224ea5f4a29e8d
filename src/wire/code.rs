use std::fmt;

/// The longest text that is taken for an unknown code, in bytes.
const LONGEST: usize = 48;

/// A machine-readable `error` value (wire contract, section 2.0; OpenID CIBA Core, sections 11 and 13).
///
/// Only the known codes carry meaning; anything else that looks like a code is kept in
/// [`Other`](Self::Other), and free text never gets here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `authorization_pending`: the person has not answered yet.
    AuthorizationPending,
    /// `slow_down`: still pending, and the polls come too fast.
    SlowDown,
    /// `access_denied`: the person said no.
    AccessDenied,
    /// `expired_token`: the request is over, unknown, or its token was already fetched.
    ExpiredToken,
    /// `user_not_found`: AuthSec's word for `unknown_user_id`.
    UserNotFound,
    /// `no_device_registered`: the user has no active phone.
    NoDeviceRegistered,
    /// `invalid_client`: the client is unknown or its credential is missing or wrong.
    InvalidClient,
    /// `invalid_request`: the request lacks something.
    InvalidRequest,
    /// `invalid_scope`: none of the requested scopes is granted.
    InvalidScope,
    /// `invalid_grant`: the `auth_req_id` belongs to another client or resource.
    InvalidGrant,
    /// `server_error`: the server failed.
    ServerError,
    /// `unsupported_grant_type`: the server has CIBA switched off.
    UnsupportedGrantType,
    /// A code that this version does not know: lowercase letters and underscores, at most 48 bytes.
    Other(String),
}

impl ErrorCode {
    /// The known code that this text is, letter by letter.
    pub(crate) fn known(text: &str) -> Option<Self> {
        Some(match text {
            "authorization_pending" => Self::AuthorizationPending,
            "slow_down" => Self::SlowDown,
            "access_denied" => Self::AccessDenied,
            "expired_token" => Self::ExpiredToken,
            "user_not_found" | "unknown_user_id" => Self::UserNotFound,
            "no_device_registered" => Self::NoDeviceRegistered,
            "invalid_client" => Self::InvalidClient,
            "invalid_request" => Self::InvalidRequest,
            "invalid_scope" => Self::InvalidScope,
            "invalid_grant" => Self::InvalidGrant,
            "server_error" => Self::ServerError,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            _ => return None,
        })
    }

    /// A code that is not known but written like one; free text is none. No code of OAuth or CIBA has a digit or a
    /// capital, and without them no token, id or TOTP code that a server echoes can pass for one.
    pub(crate) fn unknown(text: &str) -> Option<Self> {
        let like_a_code = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        (!text.is_empty() && text.len() <= LONGEST && text.bytes().all(like_a_code))
            .then(|| Self::Other(text.to_owned()))
    }

    /// The code as it is written on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::AccessDenied => "access_denied",
            Self::ExpiredToken => "expired_token",
            Self::UserNotFound => "user_not_found",
            Self::NoDeviceRegistered => "no_device_registered",
            Self::InvalidClient => "invalid_client",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidGrant => "invalid_grant",
            Self::ServerError => "server_error",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Other(code) => code,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As it is written on the wire.
#[cfg(feature = "serde")]
impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Only what could have come from the wire: a known code, or a text that is written like one.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Self::known(&text)
            .or_else(|| Self::unknown(&text))
            .ok_or_else(|| serde::de::Error::custom("not an error code"))
    }
}

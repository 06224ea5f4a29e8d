use std::fmt;

use crate::error::ErrorKind;

/// The longest text that is taken for an unknown code, in bytes.
const LONGEST: usize = 48;

/// Of a code that is not in the table.
pub(crate) const UNKNOWN: &str = "the server answered with a code that is not known";

/// Of `invalid_client` where it does not come of a credential.
pub(crate) const UNKNOWN_CLIENT: &str = "the server does not know this client, or has approved it for no resource server \
     or for several: check client_id, and that the client is registered and approved in the workspace";

/// A machine-readable `error` value (`docs/wire.md`, section 2.0; OpenID CIBA Core, sections 11 and 13; RFC 6749).
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
    /// `temporarily_unavailable`: the server is overrun or being mended.
    TemporarilyUnavailable,
    /// `transaction_failed`: the server could not finish this request, and never will.
    TransactionFailed,
    /// `unsupported_grant_type`: the server has CIBA switched off.
    UnsupportedGrantType,
    /// `unauthorized_client`: this client may not ask so; it is registered for another grant or delivery mode.
    UnauthorizedClient,
    /// `expired_login_hint_token`: get a new one, then start again.
    ExpiredLoginHintToken,
    /// `missing_user_code`: the person has to tell their user code.
    MissingUserCode,
    /// `invalid_user_code`: that is not the person's user code.
    InvalidUserCode,
    /// `invalid_binding_message`: the server cannot show this text; nothing was pushed.
    InvalidBindingMessage,
    /// `invalid_target`: the server knows no such resource (RFC 8707).
    InvalidTarget,
    /// `invalid_authorization_details`: the server cannot grant what was asked in detail (RFC 9396).
    InvalidAuthorizationDetails,
    /// A code that this version does not know: letters of one case and underscores, at most 48 bytes.
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
            "temporarily_unavailable" => Self::TemporarilyUnavailable,
            "transaction_failed" => Self::TransactionFailed,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            "unauthorized_client" => Self::UnauthorizedClient,
            "expired_login_hint_token" => Self::ExpiredLoginHintToken,
            "missing_user_code" => Self::MissingUserCode,
            "invalid_user_code" => Self::InvalidUserCode,
            "invalid_binding_message" => Self::InvalidBindingMessage,
            "invalid_target" => Self::InvalidTarget,
            "invalid_authorization_details" => Self::InvalidAuthorizationDetails,
            _ => return None,
        })
    }

    /// A code that is not known, where it may be kept. The codes of OAuth and CIBA have no digits and one case, so no
    /// id, TOTP code or random token that a server echoes is taken for one. A client secret of small letters is: what the
    /// request carried is taken out where the error gets its evidence.
    pub(crate) fn unknown(text: &str) -> Option<Self> {
        let all = |is_letter: fn(&u8) -> bool| text.bytes().all(|byte| is_letter(&byte) || byte == b'_');
        let one_case = all(u8::is_ascii_lowercase) || all(u8::is_ascii_uppercase);
        (!text.is_empty() && text.len() <= LONGEST && one_case).then(|| Self::Other(text.to_owned()))
    }

    /// What the code is as an error: the one table for all calls. Each reader picks out before what its call waits for.
    pub(crate) fn as_error(&self) -> (ErrorKind, &'static str) {
        match self {
            Self::UserNotFound => (
                ErrorKind::UserNotFound,
                "the server knows no such user in the workspace that was asked: check the address, client_id and workspace_id",
            ),
            Self::NoDeviceRegistered => (ErrorKind::NoDeviceRegistered, "the user has no device registered"),
            Self::InvalidClient => (
                ErrorKind::ClientAuth,
                "the server does not accept the client's credential: check client_id and client_secret, one of them is wrong",
            ),
            Self::InvalidGrant => {
                (ErrorKind::Refused, "the auth_req_id belongs to another client or resource")
            }
            Self::ServerError | Self::TemporarilyUnavailable => (ErrorKind::Server, "the server failed"),
            Self::TransactionFailed => (ErrorKind::Refused, "the server could not finish the request"),
            Self::SlowDown => (ErrorKind::RateLimited, "the server asks to slow down"),
            Self::Other(_) => (ErrorKind::Protocol, UNKNOWN),
            Self::UnauthorizedClient => (
                ErrorKind::Refused,
                "the client may not ask so: check that it is registered for CIBA, and for the poll mode",
            ),
            Self::ExpiredLoginHintToken => {
                (ErrorKind::Refused, "the login hint token has expired: get a new one")
            }
            Self::MissingUserCode => (ErrorKind::UserCode, "the server wants the person's user code"),
            Self::InvalidUserCode => {
                (ErrorKind::UserCode, "the server does not accept the person's user code")
            }
            Self::InvalidBindingMessage => {
                (ErrorKind::Refused, "the server cannot show this binding_message")
            }
            Self::AuthorizationPending
            | Self::AccessDenied
            | Self::ExpiredToken
            | Self::InvalidRequest
            | Self::InvalidScope
            | Self::UnsupportedGrantType
            | Self::InvalidTarget
            | Self::InvalidAuthorizationDetails => (ErrorKind::Refused, "the server refused the request"),
        }
    }

    /// Whether the server says by it that nothing came of the request. What failed on its side may have got some way.
    pub(crate) fn refuses(&self) -> bool {
        !matches!(
            self,
            Self::ServerError | Self::TemporarilyUnavailable | Self::TransactionFailed | Self::Other(_)
        )
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
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::TransactionFailed => "transaction_failed",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::ExpiredLoginHintToken => "expired_login_hint_token",
            Self::MissingUserCode => "missing_user_code",
            Self::InvalidUserCode => "invalid_user_code",
            Self::InvalidBindingMessage => "invalid_binding_message",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
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

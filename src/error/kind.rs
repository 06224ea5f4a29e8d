use std::fmt;

/// What kind of thing broke. Each line says whether this crate tries again by itself while polling; no other call is
/// ever repeated once a byte of it may have left.
///
/// With the feature `serde` it is written and read as [`as_str`](Self::as_str) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value of the call was refused before anything was sent; [`Error::field`](crate::Error::field) names it. Never
    /// retried.
    Input,
    /// The client is set up wrongly, or its base URL or routes do not lead to AuthSec (404, 405, 406, 415).
    /// [`Error::field`](crate::Error::field) names the setting where one is at fault. Never retried.
    Config,
    /// No answer: the name was not found, the connection was refused, reset or cut, or time ran out. Polls go on.
    Network,
    /// The server could not prove who it is, or does not speak TLS. Never retried.
    Tls,
    /// An answer that is none of the contract's. Polls end at the fifth unreadable answer in a row, and at once where
    /// the answer is readable and final.
    Protocol,
    /// The server failed (5xx, `server_error`). Polls go on; the fifth `server_error` with status 200 ends them.
    Server,
    /// The server's general rate limit (429); [`Error::retry_after`](crate::Error::retry_after) may say how long. Polls
    /// go on.
    RateLimited,
    /// The server does not accept this client (`invalid_client`): is the client secret set? Never retried.
    ClientAuth,
    /// There is no such user. Not meant for the eyes of the person who typed the address: on a public page it tells
    /// strangers who has an account, so show there what a person sees who waits and is not answered. Never retried.
    UserNotFound,
    /// The user has no phone or no authenticator registered. Never retried.
    NoDeviceRegistered,
    /// The server refused the request; [`Error::code`](crate::Error::code) and
    /// [`Error::server_message`](crate::Error::server_message) say why. Never retried.
    Refused,
    /// The person has a user code, which is missing or wrong: ask them for it, and start again. Nothing was pushed. Never
    /// retried.
    UserCode,
    /// The answer was an approval, and its ID Token did not stand the checks, or could not be checked: nobody is let in.
    /// [`Error::field`](crate::Error::field) names the check. The tokens are wiped. Never retried.
    IdToken,
    /// Somebody has been let in by this approval before, more than 10 s ago: look for their session. Nothing was sent. Never
    /// retried.
    AlreadyAnswered,
    /// This client has sent as many pushes to this person as it may for now; nothing was sent.
    /// [`Error::retry_after`](crate::Error::retry_after) says how long to wait.
    TooManyPushes,
    /// The client was shut down; nothing was sent.
    Shutdown,
    /// Called outside a tokio runtime with timers and I/O, or the system is out of something. Nothing was sent.
    ///
    /// Where a runtime has no timers, tokio says so by a panic, which is caught here: the program's panic hook hears of it,
    /// and where panics abort, the program ends.
    Runtime,
}

impl ErrorKind {
    /// The kind as a word for logs and gauges: its name in small letters, `too_many_pushes` for instance.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Config => "config",
            Self::Network => "network",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Server => "server",
            Self::RateLimited => "rate_limited",
            Self::ClientAuth => "client_auth",
            Self::UserNotFound => "user_not_found",
            Self::NoDeviceRegistered => "no_device_registered",
            Self::Refused => "refused",
            Self::UserCode => "user_code",
            Self::IdToken => "id_token",
            Self::AlreadyAnswered => "already_answered",
            Self::TooManyPushes => "too_many_pushes",
            Self::Shutdown => "shutdown",
            Self::Runtime => "runtime",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

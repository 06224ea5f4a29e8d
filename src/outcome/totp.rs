use std::fmt;
use std::time::Duration;

use crate::secret::AccessToken;
use crate::types::Email;

/// How a TOTP login ended. Exhaustive on purpose, as [`ApprovalOutcome`](crate::ApprovalOutcome).
///
/// Before the first wrong code there are three attempts; how many are left says
/// [`totp_attempts_left`](crate::CibaClient::totp_attempts_left). Wrong codes are forgotten 15 minutes after the last of
/// them ([`totp_lock_duration`](crate::CibaClientBuilder::totp_lock_duration)), or by a right one.
#[derive(Clone, Debug)]
#[must_use = "only `Verified` lets a person in"]
pub enum TotpOutcome {
    /// The code was right.
    Verified(Verified),
    /// The server said that the code is wrong.
    InvalidCode {
        /// Attempts left before the local lock: 2 after the first wrong code of three, 0 after the third. Every further
        /// code is then `TooManyRetries`.
        remaining: u32,
    },
    /// This code was not tried: [`by`](LockedBy) says why.
    TooManyRetries {
        /// How long to wait, where it is known. The server does not tell when its own lock ends.
        retry_after: Option<Duration>,
        /// Whose lock it is.
        by: LockedBy,
    },
}

impl TotpOutcome {
    /// The `error` string of the API reference, `invalid_code` or `too_many_retries`; `None` for a right code.
    #[must_use]
    pub fn error_code(&self) -> Option<&'static str> {
        match self {
            Self::Verified(_) => None,
            Self::InvalidCode { .. } => Some("invalid_code"),
            Self::TooManyRetries { .. } => Some("too_many_retries"),
        }
    }

    /// The `remaining` number of the API reference: attempts left before the local lock; 0 while locked.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        match self {
            Self::Verified(verified) => verified.remaining,
            Self::InvalidCode { remaining } => *remaining,
            Self::TooManyRetries { .. } => 0,
        }
    }

    /// The login, or the reason why there is none.
    ///
    /// # Errors
    ///
    /// [`NotVerified`](crate::NotVerified) for every other outcome.
    pub fn verified(self) -> Result<Verified, NotVerified> {
        match self {
            Self::Verified(verified) => Ok(verified),
            Self::InvalidCode { .. } => Err(NotVerified::InvalidCode),
            Self::TooManyRetries { by, .. } => Err(NotVerified::TooManyRetries(by)),
        }
    }
}

/// A right code.
#[derive(Clone, Debug)]
pub struct Verified {
    pub(crate) token: AccessToken,
    pub(crate) remaining: u32,
    pub(crate) email: Email,
}

impl Verified {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// The token, taken out.
    #[must_use]
    pub fn into_token(self) -> AccessToken {
        self.token
    }

    /// Attempts before the local lock, now full again: 3.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Whose code it was: the address as it was sent.
    #[must_use]
    pub fn email(&self) -> &Email {
        &self.email
    }
}

/// Why no code is tried: what stands behind [`TotpOutcome::TooManyRetries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LockedBy {
    /// This client: the server has called three codes of this email wrong. Nothing was sent.
    Client,
    /// This client: a code that would be tried now could be the fourth. Fewer than three are known to be wrong, but the
    /// others are on their way, or their answers are missing: each of the latter keeps its place for 30 s, the life of a
    /// code. Nothing was sent.
    Unjudged,
    /// The server's own lock. The local count did not change.
    Server,
}

impl LockedBy {
    /// `client`, `unjudged` or `server`: as logs say it, and the feature `serde`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Unjudged => "unjudged",
            Self::Server => "server",
        }
    }
}

impl fmt::Display for LockedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why nobody was let in: every [`TotpOutcome`] but `Verified`, as an error for `?`.
///
/// With the feature `serde` it is written as its [`error_code`](Self::error_code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotVerified {
    /// See [`TotpOutcome::InvalidCode`].
    InvalidCode,
    /// See [`TotpOutcome::TooManyRetries`].
    TooManyRetries(LockedBy),
}

impl NotVerified {
    /// The `error` string of the API reference, `invalid_code` or `too_many_retries`.
    #[must_use]
    pub fn error_code(self) -> &'static str {
        match self {
            Self::InvalidCode => "invalid_code",
            Self::TooManyRetries(_) => "too_many_retries",
        }
    }
}

impl fmt::Display for NotVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCode => "the code is wrong",
            Self::TooManyRetries(LockedBy::Client) => "too many wrong codes; no further one is tried for now",
            Self::TooManyRetries(LockedBy::Server) => {
                "the server takes no further code of this person for now"
            }
            Self::TooManyRetries(LockedBy::Unjudged) => {
                "earlier codes were not judged yet; a further one can be tried in half a minute"
            }
        })
    }
}

impl std::error::Error for NotVerified {}

#[cfg(feature = "serde")]
impl serde::Serialize for NotVerified {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.error_code())
    }
}

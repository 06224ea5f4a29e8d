use std::time::Duration;

use crate::secret::AccessToken;

/// How a TOTP login ended. Exhaustive on purpose, as [`ApprovalOutcome`](crate::ApprovalOutcome).
///
/// Before the first wrong code there are three attempts; no call asks for their number. Wrong codes are forgotten 15
/// minutes after the last of them ([`totp_lock_duration`](crate::CibaClientBuilder::totp_lock_duration)), or by a right
/// one.
#[derive(Clone, Debug)]
#[must_use = "only `Verified` lets a person in"]
pub enum TotpOutcome {
    /// The code was right.
    Verified {
        /// The token.
        token: AccessToken,
        /// Attempts before the local lock, now full again: 3.
        remaining: u32,
    },
    /// The server said that the code is wrong.
    InvalidCode {
        /// Attempts left before the local lock: 2 after the first wrong code of three, 0 after the third. Every further
        /// code is then `TooManyRetries`.
        remaining: u32,
    },
    /// This code was not tried: too many were wrong, or too many have not been judged.
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
            Self::Verified { .. } => None,
            Self::InvalidCode { .. } => Some("invalid_code"),
            Self::TooManyRetries { .. } => Some("too_many_retries"),
        }
    }

    /// The `remaining` number of the API reference: attempts left before the local lock; 0 while locked.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        match self {
            Self::Verified { remaining, .. } | Self::InvalidCode { remaining } => *remaining,
            Self::TooManyRetries { .. } => 0,
        }
    }

    /// The token, or the reason why there is none.
    ///
    /// # Errors
    ///
    /// [`NotVerified`](crate::NotVerified) for every other outcome.
    pub fn verified(self) -> Result<AccessToken, NotVerified> {
        match self {
            Self::Verified { token, .. } => Ok(token),
            Self::InvalidCode { .. } => Err(NotVerified::InvalidCode),
            Self::TooManyRetries { .. } => Err(NotVerified::TooManyRetries),
        }
    }
}

/// Who holds the lock behind [`TotpOutcome::TooManyRetries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockedBy {
    /// This client: the server has called three codes of this email wrong. Nothing was sent.
    Client,
    /// This client: a code that would be tried now could be the fourth. Fewer than three are known to be wrong, but the
    /// others are on their way, or their answers are missing: each of the latter keeps its place for 30 s, the life of a
    /// code. Nothing was sent.
    Unjudged,
    /// The server (wire contract, section 3.6). The local count did not change.
    Server,
}

/// Why nobody was let in: every [`TotpOutcome`] but `Verified`, as an error for `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// See [`TotpOutcome::InvalidCode`].
    #[error("the code is wrong")]
    InvalidCode,
    /// See [`TotpOutcome::TooManyRetries`].
    #[error("no code is tried for now: too many were wrong or could not be judged")]
    TooManyRetries,
}

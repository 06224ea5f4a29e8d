use std::error::Error as StdError;
use std::fmt;

use super::{NotApproved, NotVerified};
use crate::error::Error;

/// Why nobody is signed in, for `?`: the person or the clock said no, or the answer could not be learnt.
///
/// ```no_run
/// use authsec_ciba::{AccessToken, CibaClient, SignInError};
///
/// async fn sign_in(client: &CibaClient, email: &str) -> Result<AccessToken, SignInError> {
///     let pending = client.initiate_app_approval(email).await?;
///     Ok(pending.wait().await?.approved()?.into_token())
/// }
/// ```
///
/// `Display` is one sentence, and so is `Debug` but for the causes of an [`Error`], so that
/// `fn main() -> Result<(), SignInError>` prints what a person can read.
#[derive(Clone)]
#[non_exhaustive]
pub enum SignInError {
    /// The approval did not come.
    NotApproved(NotApproved),
    /// The code was not taken.
    NotVerified(NotVerified),
    /// It could not be learnt whether the person is signed in.
    Failed(Error),
}

impl SignInError {
    /// A word for it: the `status` or `error` string of the API reference, or `error` where the answer could not be
    /// learnt.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::NotApproved(reason) => reason.status(),
            Self::NotVerified(reason) => reason.error_code(),
            Self::Failed(_) => "error",
        }
    }
}

impl From<NotApproved> for SignInError {
    fn from(reason: NotApproved) -> Self {
        Self::NotApproved(reason)
    }
}

impl From<NotVerified> for SignInError {
    fn from(reason: NotVerified) -> Self {
        Self::NotVerified(reason)
    }
}

impl From<Error> for SignInError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotApproved(reason) => reason.fmt(f),
            Self::NotVerified(reason) => reason.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotApproved(_) | Self::NotVerified(_) => write!(f, "{self} [{}]", self.status()),
            Self::Failed(error) => fmt::Debug::fmt(error, f),
        }
    }
}

impl StdError for SignInError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // The sentence is already this one's: what comes next is the cause of the error.
        match self {
            Self::NotApproved(_) | Self::NotVerified(_) => None,
            Self::Failed(error) => error.source(),
        }
    }
}

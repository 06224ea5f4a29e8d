use std::fmt;
use std::time::Duration;

use super::CancelReason;
use crate::secret::AccessToken;
use crate::types::{AuthReqId, Email};

/// How a poll ended. Exhaustive on purpose: a new way to end would be a breaking change, so a `match` without a
/// wildcard stays complete.
///
/// Only [`Approved`](Self::Approved) lets anybody in. Use [`approved`](Self::approved) to fail closed in one line:
///
/// ```no_run
/// # async fn sign_in(client: authsec_ciba::CibaClient) -> Result<(), Box<dyn std::error::Error>> {
/// let pending = client.initiate_app_approval("user@example.com").await?;
/// let approval = pending.wait().await?.approved()?;
/// # let _ = approval; Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "only `Approved` lets a person in: match it, or use `approved()?`"]
pub enum ApprovalOutcome {
    /// The person approved, and this is the one token of this approval.
    Approved(Approval),
    /// The person said no (`access_denied`). Do not ask again without being asked to.
    AccessDenied,
    /// The caller's own time ran out; the request may still be open on the phone.
    Timeout,
    /// The server's time ran out: it said `expired_token`, or the `expires_in` of its acknowledgement is over.
    ExpiredToken,
    /// The poll was stopped on this side; nothing was decided. The phone may still show the request.
    Cancelled(CancelReason),
    /// The server has closed the request after an answer of it was lost on the way: the person may well have
    /// approved, but the token cannot be fetched again. Start over, and say why.
    ApprovalLost,
}

impl ApprovalOutcome {
    /// The `status` string of the API reference: `approved`, `access_denied`, `timeout`, `expired_token`,
    /// `cancelled`; and `approval_lost`, which is this crate's own.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Approved(_) => "approved",
            Self::AccessDenied => "access_denied",
            Self::Timeout => "timeout",
            Self::ExpiredToken => "expired_token",
            Self::Cancelled(_) => "cancelled",
            Self::ApprovalLost => "approval_lost",
        }
    }

    /// The approval, or the reason why there is none.
    ///
    /// # Errors
    ///
    /// [`NotApproved`] for every other outcome.
    pub fn approved(self) -> Result<Approval, NotApproved> {
        match self {
            Self::Approved(approval) => Ok(approval),
            Self::AccessDenied => Err(NotApproved::AccessDenied),
            Self::Timeout => Err(NotApproved::Timeout),
            Self::ExpiredToken => Err(NotApproved::ExpiredToken),
            Self::Cancelled(reason) => Err(NotApproved::Cancelled(reason)),
            Self::ApprovalLost => Err(NotApproved::ApprovalLost),
        }
    }
}

/// A person's yes: what the server sent with it, and to which request it belongs.
#[derive(Clone, Debug)]
pub struct Approval {
    grant: Granted,
    auth_req_id: AuthReqId,
    email: Option<Email>,
}

impl Approval {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.grant.token
    }

    /// The token, taken out.
    #[must_use]
    pub fn into_token(self) -> AccessToken {
        self.grant.token
    }

    /// How to send the token, as the server names it; AuthSec says `Bearer`.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.grant.token_type.as_deref()
    }

    /// How long the token is good for, counted from when the server wrote its answer, in whole seconds; `None` if the
    /// server did not say.
    #[must_use]
    pub fn expires_in(&self) -> Option<Duration> {
        self.grant.expires_in
    }

    /// The scopes that were granted, as the server lists them, separated by single spaces; `None` if it named none.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.grant.scope.as_deref()
    }

    /// The request that was approved. Every wait of one request gets the same approval: what may be done only once, a
    /// payment for instance, is to be done once for each of these.
    #[must_use]
    pub fn auth_req_id(&self) -> &AuthReqId {
        &self.auth_req_id
    }

    /// Whom the request was for: the address as it was written at the initiate. `None` for an id that another process
    /// initiated: then only the token says who approved.
    #[must_use]
    pub fn email(&self) -> Option<&Email> {
        self.email.as_ref()
    }
}

/// What the server sends when the person has approved, as it was read: of no request yet, and nobody has checked it.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) token: AccessToken,
    pub(crate) token_type: Option<String>,
    pub(crate) expires_in: Option<Duration>,
    pub(crate) scope: Option<String>,
}

impl Granted {
    /// The approval of this request; `email` where this client initiated it. For `profile` alone, which has checked what there
    /// is to check: a test sees to it that nobody else calls it.
    pub(crate) fn into_approval(self, auth_req_id: AuthReqId, email: Option<Email>) -> Approval {
        Approval { grant: self, auth_req_id, email }
    }
}

/// Why nobody was let in: every [`ApprovalOutcome`] but `Approved`, as an error for `?`.
///
/// With the feature `serde` it is written as its [`status`](Self::status).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotApproved {
    /// See [`ApprovalOutcome::AccessDenied`].
    AccessDenied,
    /// See [`ApprovalOutcome::Timeout`].
    Timeout,
    /// See [`ApprovalOutcome::ExpiredToken`].
    ExpiredToken,
    /// See [`ApprovalOutcome::Cancelled`].
    Cancelled(CancelReason),
    /// See [`ApprovalOutcome::ApprovalLost`].
    ApprovalLost,
}

impl NotApproved {
    /// The `status` string of the API reference, as [`ApprovalOutcome::status`].
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::Timeout => "timeout",
            Self::ExpiredToken => "expired_token",
            Self::Cancelled(_) => "cancelled",
            Self::ApprovalLost => "approval_lost",
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for NotApproved {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.status())
    }
}

impl fmt::Display for NotApproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessDenied => "the person denied the request",
            Self::Timeout => "nobody answered in the time that was allowed for it",
            Self::ExpiredToken => "the request expired before it was answered",
            Self::Cancelled(CancelReason::Requested) => "the request was cancelled",
            Self::Cancelled(CancelReason::Superseded) => "a newer request took this one's place",
            Self::Cancelled(CancelReason::Shutdown) => "the client was shut down",
            Self::ApprovalLost => "the answer to the request was lost on the way",
        })
    }
}

impl std::error::Error for NotApproved {}

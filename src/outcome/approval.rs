use std::fmt;
use std::time::Duration;

#[cfg(feature = "openid")]
use zeroize::Zeroizing;

use super::CancelReason;
#[cfg(feature = "openid")]
use super::IdToken;
use crate::secret::AccessToken;
#[cfg(feature = "openid")]
use crate::secret::{REDACTED, RefreshToken};
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
    /// What an OpenID provider says beside.
    #[cfg(feature = "openid")]
    more: Option<Box<More>>,
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

/// What an OpenID provider says beside the access token, checked.
#[cfg(feature = "openid")]
#[derive(Clone, Debug)]
pub(crate) struct More {
    pub(crate) id_token: Option<IdToken>,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) authorization_details: Vec<serde_json::Value>,
    /// What was asked for, for an answer that does not say what was granted.
    pub(crate) asked: Option<Box<str>>,
}

#[cfg(feature = "openid")]
impl Approval {
    /// Who has approved, as the provider has signed it, and as this crate has checked it. `None` at AuthSec, which has no ID
    /// Tokens, and at a provider [without](crate::OpenId::without_id_token).
    #[must_use]
    pub fn id_token(&self) -> Option<&IdToken> {
        self.more.as_ref()?.id_token.as_ref()
    }

    /// Who has approved: the `iss` and `sub` of the ID Token. The pair is the person; an email address in a token is not.
    #[must_use]
    pub fn person(&self) -> Option<(&str, &str)> {
        self.id_token().map(|token| (token.issuer(), token.subject()))
    }

    /// The token by which the provider gives new access tokens, where it sent one.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.more.as_ref()?.refresh_token.as_ref()
    }

    /// What was granted in detail (RFC 9396, section 7), as the provider says it: it may be more or less than was asked for.
    #[must_use]
    pub fn authorization_details(&self) -> &[serde_json::Value] {
        self.more.as_ref().map_or(&[], |more| &more.authorization_details)
    }

    /// The scopes that were granted: those of the answer, or where it names none, those that were asked for (RFC 6749, section
    /// 5.1). [`scope`](Self::scope) is the answer's own word. None for an id of another process whose answer names none.
    pub fn granted_scopes(&self) -> impl Iterator<Item = &str> {
        let asked = || self.more.as_ref().and_then(|more| more.asked.as_deref());
        self.scope().or_else(asked).unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }
}

/// What the server sends when the person has approved, as it was read: of no request yet, and nobody has checked it.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) token: AccessToken,
    pub(crate) token_type: Option<String>,
    pub(crate) expires_in: Option<Duration>,
    pub(crate) scope: Option<String>,
    /// What an OpenID provider has sent beside.
    #[cfg(feature = "openid")]
    pub(crate) unchecked: Option<Box<Unchecked>>,
}

/// What an OpenID provider has sent beside the access token, before anything of it is checked.
#[cfg(feature = "openid")]
#[derive(Clone)]
pub(crate) struct Unchecked {
    pub(crate) id_token: Option<Zeroizing<String>>,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) authorization_details: Vec<serde_json::Value>,
}

#[cfg(feature = "openid")]
impl fmt::Debug for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unchecked({REDACTED})")
    }
}

impl Granted {
    /// The approval of this request; `email` where this client initiated it. For `profile` alone, which has checked what there
    /// is to check: a test sees to it that nobody else calls it.
    pub(crate) fn into_approval(self, auth_req_id: AuthReqId, email: Option<Email>) -> Approval {
        Approval {
            grant: self,
            auth_req_id,
            email,
            #[cfg(feature = "openid")]
            more: None,
        }
    }
}

#[cfg(feature = "openid")]
impl Approval {
    /// The same, with what else was checked.
    pub(crate) fn with(mut self, more: More) -> Self {
        self.more = Some(Box::new(more));
        self
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

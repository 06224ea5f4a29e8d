//! How things end: an answer is a value (B-01), and none of them fails open (B-02).

mod cannot_fail_open;
mod redacted;
mod words;

use crate::outcome::{Approval, ApprovalOutcome, CancelReason, Granted, Verified};
use crate::secret::AccessToken;
use crate::{AuthReqId, Email};

fn approval(token: &str) -> Approval {
    let grant = Granted {
        token: AccessToken::new(token),
        token_type: Some("Bearer".to_owned()),
        expires_in: None,
        scope: Some("openid".to_owned()),
        #[cfg(feature = "openid")]
        unchecked: None,
    };
    grant.into_approval(AuthReqId::new("canary-id").expect("an id"), Email::new("user@example.com").ok())
}

fn verified(token: AccessToken) -> Verified {
    Verified { token, remaining: 3, email: Email::new("user@example.com").expect("an address") }
}

/// Every outcome but `Approved`.
fn not_approved() -> [ApprovalOutcome; 7] {
    [
        ApprovalOutcome::AccessDenied,
        ApprovalOutcome::Timeout,
        ApprovalOutcome::ExpiredToken,
        ApprovalOutcome::Cancelled(CancelReason::Requested),
        ApprovalOutcome::Cancelled(CancelReason::Superseded),
        ApprovalOutcome::Cancelled(CancelReason::Shutdown),
        ApprovalOutcome::ApprovalLost,
    ]
}

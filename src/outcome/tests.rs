//! How things end: an answer is a value (B-01), and none of them fails open (B-02).

mod cannot_fail_open;
mod redacted;
mod words;

use crate::outcome::{Approval, ApprovalOutcome, CancelReason};
use crate::secret::AccessToken;

fn approval(token: &str) -> Approval {
    Approval {
        token: AccessToken::new(token),
        token_type: Some("Bearer".to_owned()),
        expires_in: None,
        scope: Some("openid".to_owned()),
    }
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

use std::collections::HashSet;
use std::error::Error as _;
use std::time::Duration;

use super::{approval, not_approved};
use crate::outcome::{
    ApprovalOutcome, CancelReason, Cancelled, LockedBy, NotApproved, NotVerified, TotpOutcome,
};
use crate::secret::AccessToken;

#[test]
fn b01_the_status_strings_of_the_api_reference() {
    assert_eq!(ApprovalOutcome::Approved(approval("t")).status(), "approved");
    let words = not_approved().map(|outcome| outcome.status());
    assert_eq!(
        words,
        ["access_denied", "timeout", "expired_token", "cancelled", "cancelled", "cancelled", "approval_lost"]
    );
    assert_eq!(Cancelled { polls_stopped: 0 }.status(), "cancelled");
    assert_eq!(Cancelled { polls_stopped: 2 }.polls_stopped(), 2);
}

/// Without a wildcard: a seventh outcome would not compile here.
#[test]
fn b01_the_outcomes_are_exhaustive() {
    for outcome in not_approved() {
        let word = match &outcome {
            ApprovalOutcome::Approved(_) => "approved",
            ApprovalOutcome::AccessDenied => "access_denied",
            ApprovalOutcome::Timeout => "timeout",
            ApprovalOutcome::ExpiredToken => "expired_token",
            ApprovalOutcome::Cancelled(
                CancelReason::Requested | CancelReason::Superseded | CancelReason::Shutdown,
            ) => "cancelled",
            ApprovalOutcome::ApprovalLost => "approval_lost",
        };
        assert_eq!(outcome.status(), word);
    }
}

fn totp_outcomes() -> [TotpOutcome; 4] {
    [
        TotpOutcome::Verified { token: AccessToken::new("t"), remaining: 3 },
        TotpOutcome::InvalidCode { remaining: 2 },
        TotpOutcome::TooManyRetries { retry_after: None, by: LockedBy::Server },
        TotpOutcome::TooManyRetries { retry_after: Some(Duration::from_secs(900)), by: LockedBy::Client },
    ]
}

#[test]
fn b01_the_error_codes_and_remaining_attempts_of_the_api_reference() {
    let codes = totp_outcomes().map(|outcome| outcome.error_code());
    assert_eq!(codes, [None, Some("invalid_code"), Some("too_many_retries"), Some("too_many_retries")]);
    assert_eq!(totp_outcomes().map(|outcome| outcome.remaining()), [3, 2, 0, 0]);
}

#[test]
fn b02_approved_gives_the_token_of_an_approval_and_of_nothing_else() {
    let approved = ApprovalOutcome::Approved(approval("token-1")).approved().expect("an approval");
    assert_eq!(approved.token().expose_secret(), "token-1");
    assert_eq!((approved.token_type(), approved.scope()), (Some("Bearer"), Some("openid")));
    assert_eq!(approved.into_token().expose_secret(), "token-1");
    let reasons = not_approved().map(|outcome| outcome.approved().expect_err("no approval"));
    assert_eq!(
        reasons,
        [
            NotApproved::AccessDenied,
            NotApproved::Timeout,
            NotApproved::ExpiredToken,
            NotApproved::Cancelled(CancelReason::Requested),
            NotApproved::Cancelled(CancelReason::Superseded),
            NotApproved::Cancelled(CancelReason::Shutdown),
            NotApproved::ApprovalLost,
        ]
    );
}

#[test]
fn b02_verified_gives_the_token_of_a_right_code_and_of_nothing_else() {
    let [right, wrong, locked, too_many] = totp_outcomes().map(TotpOutcome::verified);
    assert_eq!(right.expect("a token").expose_secret(), "t");
    assert_eq!(wrong.expect_err("none"), NotVerified::InvalidCode);
    assert_eq!(locked.expect_err("none"), NotVerified::TooManyRetries);
    assert_eq!(too_many.expect_err("none"), NotVerified::TooManyRetries);
}

#[test]
fn b03_no_two_reasons_read_alike() {
    let reasons = not_approved().map(|outcome| outcome.approved().expect_err("no approval"));
    let sentences: HashSet<_> = reasons.iter().map(ToString::to_string).collect();
    assert_eq!(sentences.len(), reasons.len(), "{sentences:?}");
    assert!(sentences.iter().all(|sentence| !sentence.is_empty()));
    assert!(reasons.iter().all(|reason| reason.source().is_none()));
    assert_ne!(NotVerified::InvalidCode.to_string(), NotVerified::TooManyRetries.to_string());
}

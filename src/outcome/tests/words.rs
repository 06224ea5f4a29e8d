use std::collections::HashSet;
use std::error::Error as _;
use std::time::Duration;

use super::{approval, not_approved, verified};
use crate::outcome::{
    ApprovalOutcome, CancelReason, Cancellation, LockedBy, NotApproved, NotVerified, SignInError, TotpOutcome,
};
use crate::secret::AccessToken;
use crate::{Error, ErrorKind};

#[test]
fn b01_the_status_strings_of_the_api_reference() {
    assert_eq!(ApprovalOutcome::Approved(approval("t")).status(), "approved");
    let words = not_approved().map(|outcome| outcome.status());
    assert_eq!(
        words,
        ["access_denied", "timeout", "expired_token", "cancelled", "cancelled", "cancelled", "approval_lost"]
    );
    assert_eq!(Cancellation { polls_stopped: 0 }.status(), "cancelled");
    assert_eq!(Cancellation { polls_stopped: 2 }.polls_stopped(), 2);
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

fn totp_outcomes() -> [TotpOutcome; 5] {
    [
        TotpOutcome::Verified(verified(AccessToken::new("t"))),
        TotpOutcome::InvalidCode { remaining: 2 },
        TotpOutcome::TooManyRetries { retry_after: None, by: LockedBy::Server },
        TotpOutcome::TooManyRetries { retry_after: Some(Duration::from_secs(900)), by: LockedBy::Client },
        TotpOutcome::TooManyRetries { retry_after: Some(Duration::from_secs(30)), by: LockedBy::Unjudged },
    ]
}

#[test]
fn b01_the_error_codes_and_remaining_attempts_of_the_api_reference() {
    let codes = totp_outcomes().map(|outcome| outcome.error_code());
    assert_eq!(
        codes,
        [
            None,
            Some("invalid_code"),
            Some("too_many_retries"),
            Some("too_many_retries"),
            Some("too_many_retries")
        ]
    );
    assert_eq!(totp_outcomes().map(|outcome| outcome.remaining()), [3, 2, 0, 0, 0]);
}

#[test]
fn b02_approved_gives_the_token_of_an_approval_and_of_nothing_else() {
    let approved = ApprovalOutcome::Approved(approval("token-1")).approved().expect("an approval");
    assert_eq!(approved.token().expose_secret(), "token-1");
    assert_eq!((approved.token_type(), approved.scope()), (Some("Bearer"), Some("openid")));
    assert_eq!(approved.auth_req_id().expose_secret(), "canary-id");
    assert_eq!(approved.email().map(crate::Email::as_str), Some("user@example.com"));
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
    let [right, wrong, locked, too_many, unjudged] = totp_outcomes().map(TotpOutcome::verified);
    let right = right.expect("a login");
    assert_eq!((right.remaining(), right.email().as_str()), (3, "user@example.com"));
    assert_eq!(right.token().expose_secret(), "t");
    assert_eq!(right.into_token().expose_secret(), "t");
    assert_eq!(wrong.expect_err("none"), NotVerified::InvalidCode);
    assert_eq!(locked.expect_err("none"), NotVerified::TooManyRetries(LockedBy::Server));
    assert_eq!(too_many.expect_err("none"), NotVerified::TooManyRetries(LockedBy::Client));
    let unjudged = unjudged.expect_err("none");
    assert_eq!(unjudged, NotVerified::TooManyRetries(LockedBy::Unjudged));
    assert!(!unjudged.to_string().contains("wrong"), "f39: nobody typed a wrong code: {unjudged}");
}

#[test]
fn b03_no_two_reasons_read_alike() {
    let reasons = not_approved().map(|outcome| outcome.approved().expect_err("no approval"));
    let sentences: HashSet<_> = reasons.iter().map(ToString::to_string).collect();
    assert_eq!(sentences.len(), reasons.len(), "{sentences:?}");
    assert!(sentences.iter().all(|sentence| !sentence.is_empty()));
    assert!(reasons.iter().all(|reason| reason.source().is_none()));
    assert_ne!(
        NotVerified::InvalidCode.to_string(),
        NotVerified::TooManyRetries(LockedBy::Client).to_string()
    );
}

/// `fn main() -> Result<(), SignInError>` prints a sentence, and `?` takes all three reasons.
#[test]
fn f59_one_error_for_signed_in_or_not() {
    fn all(outcome: ApprovalOutcome) -> Result<(), SignInError> {
        outcome.approved()?;
        Err(NotVerified::InvalidCode)?;
        Err(Error::new(ErrorKind::Shutdown, "the client was shut down"))?
    }
    for (outcome, status) in not_approved().map(|outcome| (outcome.clone(), outcome.status())) {
        let error = all(outcome).expect_err("not approved");
        assert_eq!(format!("{error:?}"), format!("{error} [{status}]"));
    }
    let error = all(ApprovalOutcome::Approved(approval("canary"))).expect_err("a wrong code");
    assert_eq!(format!("{error:?}"), "the code is wrong [invalid_code]");
    let error = SignInError::from(Error::new(ErrorKind::Shutdown, "the client was shut down"));
    assert_eq!(format!("{error:?}"), "the client was shut down [shutdown]");
}

#[cfg(feature = "serde")]
#[test]
fn f61_what_is_no_secret_is_serde_with_the_references_strings() {
    use crate::ErrorCode;

    let json = |value: &dyn erased::Json| value.json();
    for reason in not_approved().map(|outcome| outcome.approved().expect_err("no approval")) {
        assert_eq!(json(&reason), format!("\"{}\"", reason.status()));
    }
    assert_eq!(json(&NotVerified::TooManyRetries(LockedBy::Server)), "\"too_many_retries\"");
    assert_eq!(json(&LockedBy::Unjudged), "\"unjudged\"");
    assert_eq!(json(&CancelReason::Superseded), "\"superseded\"");
    assert_eq!(json(&ErrorKind::TooManyPushes), format!("\"{}\"", ErrorKind::TooManyPushes));
    assert_eq!(json(&ErrorCode::ExpiredToken), "\"expired_token\"");
    for code in ["invalid_client", "quota_exceeded"] {
        let read: ErrorCode = serde_json::from_str(&format!("\"{code}\"")).expect("a code");
        assert_eq!(read.as_str(), code);
    }
    assert!(serde_json::from_str::<ErrorCode>("\"free text\"").is_err());
    assert_eq!(json(&Cancellation { polls_stopped: 2 }), r#"{"status":"cancelled","polls_stopped":2}"#);
    assert_eq!(serde_json::from_str::<ErrorKind>("\"tls\"").expect("a kind"), ErrorKind::Tls);
}

#[cfg(feature = "serde")]
#[test]
fn f61_a_look_is_written_with_the_references_strings_and_without_the_token() {
    use crate::PollStatus;

    let json = |status: &PollStatus| serde_json::to_string(status).expect("written");
    let pending = PollStatus::Pending { next_poll_in: Duration::from_millis(4_999) };
    assert_eq!(json(&pending), r#"{"status":"pending","next_poll_in_ms":4999}"#);
    assert_eq!(
        json(&PollStatus::Ended(ApprovalOutcome::Approved(approval("canary")))),
        r#"{"status":"approved"}"#
    );
    assert_eq!(
        json(&PollStatus::Ended(ApprovalOutcome::Cancelled(CancelReason::Superseded))),
        r#"{"status":"cancelled","reason":"superseded"}"#
    );
    for outcome in not_approved() {
        let status = outcome.status();
        assert!(
            json(&PollStatus::Ended(outcome)).starts_with(&format!(r#"{{"status":"{status}""#)),
            "{status}"
        );
    }
}

#[cfg(feature = "serde")]
#[test]
fn f61_a_flows_id_is_written_as_it_is_shown_and_read_so_alone() {
    use crate::FlowId;

    let flow = FlowId::random();
    let written = serde_json::to_string(&flow).expect("written");
    assert_eq!(written, format!("\"{flow}\""));
    assert_eq!(serde_json::from_str::<FlowId>(&written).expect("read"), flow);
    assert_eq!(serde_json::from_str::<FlowId>("\"00000000\"").expect("read").to_string(), "00000000");
    for other in ["0000000", "000000000", "0000000G", "+0000000", "5F0C9A13", " 0000000", ""] {
        assert!(serde_json::from_str::<FlowId>(&format!("\"{other}\"")).is_err(), "{other}");
    }
}

#[cfg(feature = "serde")]
mod erased {
    pub(super) trait Json {
        fn json(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> String {
            serde_json::to_string(self).expect("written")
        }
    }
}

#[test]
fn b03_what_is_behind_a_sign_in_that_failed_stays_in_its_chain() {
    let cause = std::io::Error::other("the cable is out");
    let failed = SignInError::from(Error::new(ErrorKind::Network, "no connection").with_source(cause));
    assert_eq!(failed.source().expect("its cause").to_string(), "the cable is out");
    assert!(SignInError::from(NotVerified::InvalidCode).source().is_none(), "the sentence is its own");
}

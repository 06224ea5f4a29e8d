//! One word for what a reader made of an answer, so that a table can name it.

use super::{Acknowledgement, PollAnswer, TotpAnswer};
use crate::answer::ErrorCode;
use crate::{Error, ErrorKind};

pub(super) fn of_initiate(read: &Result<Acknowledgement, Error>) -> String {
    match read {
        Ok(_) => "acknowledged".to_owned(),
        Err(error) => of_error(error),
    }
}

/// The word, and whether the poll ends by it, where this id has been answered readably before.
pub(super) fn of_poll(read: &PollAnswer) -> (String, bool) {
    match read {
        PollAnswer::Approved(_) => ("approved".to_owned(), true),
        PollAnswer::Pending { .. } => ("pending".to_owned(), false),
        PollAnswer::SlowDown { .. } => ("slow_down".to_owned(), false),
        PollAnswer::Denied => ("access_denied".to_owned(), true),
        PollAnswer::Expired => ("expired_token".to_owned(), true),
        #[cfg(feature = "openid")]
        PollAnswer::Over | PollAnswer::DeniedOrOver | PollAnswer::Spent(_) | PollAnswer::Unacceptable(_) => {
            ("of another protocol".to_owned(), true)
        }
        PollAnswer::InvalidGrant(error) | PollAnswer::TransactionFailed(error) => (of_error(error), true),
        PollAnswer::Fault { error, .. }
        | PollAnswer::Unreadable { error, .. }
        | PollAnswer::Codeless { error, .. } => (of_error(error), false),
        PollAnswer::Fatal(error) => (of_error(error), true),
    }
}

pub(super) fn of_totp(read: &TotpAnswer) -> String {
    match read {
        TotpAnswer::Verified(_) => "verified".to_owned(),
        TotpAnswer::WrongCode => "wrong_code".to_owned(),
        TotpAnswer::Locked { .. } => "locked".to_owned(),
        TotpAnswer::Failed(error) => of_error(error),
    }
}

/// A code only where the kind fits it; a pair that the contract does not have gets a word that no table holds.
pub(super) fn of_error(error: &Error) -> String {
    let word = match (error.kind(), error.code(), error.status()) {
        (ErrorKind::ClientAuth, Some(ErrorCode::InvalidClient), _) => "invalid_client",
        (ErrorKind::Server, Some(ErrorCode::ServerError), _) => "server_error",
        (ErrorKind::Server, None, _) => "server_failed",
        (ErrorKind::RateLimited, None, Some(429)) => "rate_limited",
        (ErrorKind::Config, None, Some(401)) => "client_not_mapped",
        (ErrorKind::Config, None, _) => "wrong_address",
        (ErrorKind::Config, Some(ErrorCode::UnsupportedGrantType), _) => "switched_off",
        (ErrorKind::UserNotFound, None | Some(ErrorCode::UserNotFound), _) => "user_not_found",
        (ErrorKind::NoDeviceRegistered, None | Some(ErrorCode::NoDeviceRegistered), _) => {
            "no_device_registered"
        }
        (ErrorKind::Refused, Some(code), _) => code.as_str(),
        (ErrorKind::Refused, None, _) => "refused",
        (ErrorKind::Server, Some(ErrorCode::TemporarilyUnavailable), _) => "temporarily_unavailable",
        (ErrorKind::Protocol, Some(ErrorCode::Other(_)), _) => "unknown_code",
        (ErrorKind::Protocol, None, _) => "protocol",
        (ErrorKind::Input, None, _) => "input",
        (kind, code, status) => return format!("unexpected: {kind:?} {code:?} {status:?}"),
    };
    word.to_owned()
}

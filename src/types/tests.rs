//! Each value at its own door, each test named after the promise or the fault that it proves.

mod auth_req_id;
mod binding_message;
mod email;
mod match_code;
mod person_key;
mod totp_code;

use crate::{Error, ErrorKind};

/// A typed refusal of this field, of which nothing was sent, and which does not show the value.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, field: &str, value: &str) {
    let error = result.expect_err(value);
    assert_eq!((error.kind(), error.field()), (ErrorKind::Input, Some(field)), "{value:?}");
    assert!(!error.may_have_reached_server() && !error.is_retryable());
    if value.trim().len() > 3 {
        assert!(!format!("{error} {error:?}").contains(value.trim()), "{error}");
    }
}

//! What is sent and read, the same for everybody.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::batch::WARM;
use super::counted::{COUNTED, ENDED_AFTER};

pub(crate) const CLIENT_ID: &str = "0b7c52a1-8f3e-4c6d-9a21-5d4e3f2b1c0a";
pub(crate) const CODE: &str = "287082";
pub(crate) const MESSAGE: &str = "Sign-in request";

pub(crate) const INITIATE: &str = "/authsec/uflow/auth/workspace/ciba/initiate";
pub(crate) const POLL: &str = "/authsec/uflow/auth/workspace/ciba/token";
pub(crate) const TOTP: &str = "/authsec/uflow/auth/workspace/totp/login";

/// Whose wait goes on, and how long it pauses between two polls: longer than callgrind slows it down.
pub(crate) const EMAIL: &str = "user@example.com";
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

/// The id of a wait that the server ends with its so manieth poll.
pub(crate) fn ended_after(polls: usize) -> String {
    format!("{ENDED_AFTER}{polls:04}-abcdefghijklmnopqrst")
}

/// An address for each call: nobody is asked twice.
pub(crate) fn emails() -> Vec<String> {
    (0..WARM + COUNTED).map(|n| format!("user{n:05}@example.com")).collect()
}

/// An id for each call: the pace of one forbids a second look at once.
pub(crate) fn ids() -> Vec<String> {
    (0..WARM + COUNTED).map(|n| format!("id-{n:05}-abcdefghijklmnopqrstuvwxyzABCDEF")).collect()
}

#[derive(Serialize)]
pub(crate) struct Initiate<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) email: &'a str,
    pub(crate) binding_message: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Poll<'a> {
    pub(crate) auth_req_id: &'a str,
    pub(crate) client_id: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Totp<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) email: &'a str,
    pub(crate) totp_code: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct Initiated {
    pub(crate) auth_req_id: Option<String>,
    pub(crate) expires_in: Option<u64>,
    pub(crate) interval: Option<u64>,
    pub(crate) error: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Polled {
    pub(crate) access_token: Option<String>,
    pub(crate) error: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Judged {
    pub(crate) success: bool,
    pub(crate) token: Option<String>,
}

impl Initiated {
    pub(crate) fn check(&self) {
        assert!(self.error.is_none() && self.auth_req_id.is_some());
        assert!(self.expires_in.is_some() && self.interval.is_some());
    }
}

impl Polled {
    pub(crate) fn check(&self) {
        assert!(self.access_token.is_none() && self.error.as_deref() == Some("authorization_pending"));
    }
}

impl Polled {
    pub(crate) fn is_denied(&self) -> bool {
        assert!(self.access_token.is_none());
        self.error.as_deref() == Some("access_denied")
    }
}

impl Judged {
    pub(crate) fn check(&self) {
        assert!(self.success && self.token.is_some());
    }
}

//! What is recorded: one span per flow, an event per fact. Never a token, an `auth_req_id`, a TOTP code, a client
//! secret or a server's free text; emails only masked.

use std::fmt;

/// A short name of a sign-in, for logs: random, and no secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlowId(u32);

impl FlowId {
    pub(crate) fn random() -> Self {
        Self(fastrand::u32(..))
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// An email as a log may show it: the first letter and the domain.
pub(crate) struct MaskedEmail<'a>(pub(crate) &'a str);

impl fmt::Display for MaskedEmail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once('@') {
            Some((local, domain)) => match local.chars().next() {
                // A single letter is the whole name: show none of it.
                Some(first) if local.chars().nth(1).is_some() => write!(f, "{first}***@{domain}"),
                _ => write!(f, "***@{domain}"),
            },
            None => f.write_str("***"),
        }
    }
}

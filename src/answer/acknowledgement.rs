use std::time::Duration;

use crate::types::AuthReqId;

/// A pushed request: what the server promises about it. The interval may be longer than the lifetime.
#[derive(Debug)]
pub(crate) struct Acknowledgement {
    pub(crate) auth_req_id: AuthReqId,
    pub(crate) expires_in: Duration,
    pub(crate) interval: Duration,
}

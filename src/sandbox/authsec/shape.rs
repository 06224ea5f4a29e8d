//! The shapes of answers that only AuthSec has.

use serde_json::json;

use crate::sandbox::message::reply::Reply;

impl Reply {
    /// `{"error": <fixed text>, "details": <text>}`: the admin controllers' shape.
    pub(crate) fn detailed(status: u16, text: &str, details: &str) -> Self {
        Self::json(status, &json!({ "error": text, "details": details }))
    }

    /// A coded refusal of initiate: the three members of a success stand in it with zero values.
    pub(crate) fn initiate_code(status: u16, code: &str, description: &str) -> Self {
        let body = json!({
            "auth_req_id": "", "expires_in": 0, "interval": 0,
            "error": code, "error_description": description,
        });
        Self::json(status, &body)
    }
}

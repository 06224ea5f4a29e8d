//! What the server received and answered.

use std::fmt;

use serde_json::Value;
use tokio::time::Instant;

use super::script::Call;

/// The body of a request, as far as the server understood it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoggedBody {
    /// No byte.
    Empty,
    /// A JSON document.
    Json(Value),
    /// A form, in the order of the wire, percent-decoded.
    Form(Vec<(String, String)>),
    /// Anything else.
    Raw(Vec<u8>),
}

impl LoggedBody {
    /// The JSON document, if it is one.
    #[must_use]
    pub fn json(&self) -> Option<&Value> {
        if let Self::Json(value) = self { Some(value) } else { None }
    }

    /// The first form field or the string member of the JSON object with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Json(value) => value.get(name)?.as_str(),
            Self::Form(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()),
            Self::Empty | Self::Raw(_) => None,
        }
    }
}

/// Names the kind only: bodies hold codes and ids.
impl fmt::Debug for LoggedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(_) => f.write_str("Json(..)"),
            Self::Form(_) => f.write_str("Form(..)"),
            Self::Raw(bytes) => write!(f, "Raw({} bytes)", bytes.len()),
        }
    }
}

/// One request that reached the server. Its `Debug` shows neither ids, codes, tokens, headers nor addresses.
#[derive(Clone)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// The kind of call.
    pub call: Call,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query without the question mark.
    pub query: Option<String>,
    /// Headers in the order of the wire, names in lower case; a value that is not UTF-8 is shown lossily.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: LoggedBody,
    /// The status that the server began to send; `None` while unanswered, after a reset and after raw bytes.
    pub status: Option<u16>,
    /// When the request was complete, on tokio's clock.
    pub received_at: Instant,
    /// When the server began to send its answer, or broke the connection.
    pub answered_at: Option<Instant>,
    /// The connection's number, counted from 1.
    pub connection: u64,
    /// The id that initiate issued or that the request carried.
    pub auth_req_id: Option<String>,
    /// The address that the request carried or that its id belongs to.
    pub email: Option<String>,
    /// The name of the fault that was applied ([`Fault::name`](crate::sandbox::Fault::name)).
    pub fault: Option<&'static str>,
    /// Why the request is unexpected, if it is: no such route, broken JSON, a missing or unknown field.
    pub unexpected: Option<String>,
}

impl LoggedRequest {
    /// The first header with this name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for LoggedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedRequest")
            .field("call", &self.call)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body", &self.body)
            .field("status", &self.status)
            .field("connection", &self.connection)
            .field("fault", &self.fault)
            .field("unexpected", &self.unexpected)
            .finish_non_exhaustive()
    }
}

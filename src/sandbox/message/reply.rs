//! One HTTP answer, before it is bytes.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::sandbox::state::random;

/// Status, headers in order, body.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())], body: body.into() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// `{"error": <free text>}`.
    pub(crate) fn text_error(status: u16, text: &str) -> Self {
        Self::json(status, &json!({ "error": text }))
    }

    /// `{"error": <code>, "error_description": <text>}`.
    pub(crate) fn code(status: u16, code: &str, description: &str) -> Self {
        Self::json(status, &json!({ "error": code, "error_description": description }))
    }

    /// The plain text of an unknown route or method.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "text/plain", "404 page not found")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Echoes the request's id, or makes one.
    pub(crate) fn with_request_id(self, sent: Option<&str>) -> Self {
        match sent.filter(|id| !id.is_empty()) {
            Some(id) => self.header("x-request-id", id),
            None => self.header("x-request-id", &random::uuid()),
        }
    }

    /// Adds members that no client knows to a JSON object; anything else stays as it is.
    pub(crate) fn with_extra_members(mut self) -> Self {
        if let Ok(Value::Object(mut members)) = serde_json::from_slice(&self.body) {
            members.insert("x_unknown".into(), json!({ "nested": [1, 2, { "deep": null }] }));
            members.insert("x_text".into(), json!("a member from a later version"));
            self.body = Value::Object(members).to_string().into();
        }
        self
    }

    /// Status line and headers of HTTP/1.1. `length`: what `Content-Length` claims.
    pub(crate) fn head(&self, length: usize) -> Vec<u8> {
        let mut head = self.head_without_length();
        if !self.frames_itself() {
            head.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The head of an answer that comes in chunks.
    pub(crate) fn chunked_head(&self) -> Vec<u8> {
        let mut head = self.head_without_length();
        head.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
        head
    }

    /// Whether the headers say where the body ends.
    pub(crate) fn frames_itself(&self) -> bool {
        let framing = |(name, _): &(String, String)| {
            name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
        };
        self.headers.iter().any(framing)
    }

    fn head_without_length(&self) -> Vec<u8> {
        let reason =
            hyper::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason.unwrap_or("Unknown")).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        head.extend_from_slice(b"connection: close\r\n");
        head
    }
}

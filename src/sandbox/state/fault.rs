//! What can go wrong with one call.

use std::time::Duration;

use serde_json::json;

#[cfg(feature = "openid")]
use super::flaw::IdTokenFlaw;

/// A fault for one call. "Before" leaves the server's state untouched; "after" means that the server did its
/// work first, so that an approval is consumed, a push sent, a one-time code used up.
///
/// The faults that are made of bytes ([`CutBody`](Self::CutBody), [`CutAfterCompleteJson`](Self::CutAfterCompleteJson),
/// [`SlowHeaders`](Self::SlowHeaders), [`SlowBody`](Self::SlowBody), [`EndlessBody`](Self::EndlessBody)) close the
/// connection afterwards. Over HTTP/2 a cut is a stream reset, `SlowHeaders` is a delay of the same length, and
/// [`Raw`](Self::Raw), the resets and the closes hit the whole connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No fault. Useful in a queue: "let two polls pass, then ...".
    Pass,
    /// Read the request and never answer. Before.
    Hang,
    /// Let the server do its work and never answer. After.
    HangAfter,
    /// Reset the connection (TCP RST). Before.
    ResetBefore,
    /// Reset the connection (TCP RST). After.
    ResetAfter,
    /// Close the connection (TCP FIN) without an answer. Before.
    CloseBefore,
    /// Close the connection (TCP FIN) without an answer. After.
    CloseAfter,
    /// The real answer with its full `Content-Length`, cut after `keep` bytes of the body. After.
    CutBody {
        /// Bytes of the body that still arrive.
        keep: usize,
    },
    /// The real answer, complete, under a `Content-Length` that is 64 too large; then a close. After.
    CutAfterCompleteJson,
    /// The real answer; status line and headers at one byte per this time. After.
    SlowHeaders(Duration),
    /// The real answer; the body at one byte per this time. After.
    SlowBody(Duration),
    /// Wait this long, then do the work and answer.
    Delay(Duration),
    /// Do the work, wait this long, then answer.
    DelayAfter(Duration),
    /// This answer instead of the real one. Before.
    Respond {
        /// HTTP status, 100 to 999.
        status: u16,
        /// Headers in order; `Content-Length` is added.
        headers: Vec<(String, String)>,
        /// Body bytes.
        body: Vec<u8>,
    },
    /// This answer instead of the real one. After.
    RespondAfter {
        /// HTTP status, 100 to 999.
        status: u16,
        /// Headers in order; `Content-Length` is added.
        headers: Vec<(String, String)>,
        /// Body bytes.
        body: Vec<u8>,
    },
    /// These bytes on the wire instead of an HTTP answer, then a close. Before.
    Raw(Vec<u8>),
    /// The real answer with unknown additional members in its JSON object. After.
    ExtraMembers,
    /// The real answer; if it approves at the OpenID provider, with an ID Token that is wrong. After.
    #[cfg(feature = "openid")]
    WrongIdToken(IdTokenFlaw),
    /// 200 with a chunked JSON body that never ends, as fast as the client reads. Before.
    EndlessBody,
}

impl Fault {
    /// A 502 with an HTML page, as a proxy sends it.
    #[must_use]
    pub fn html_502() -> Self {
        let page =
            "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
        Self::respond(502, "text/html", None, page)
    }

    /// A 503 with plain text, with or without `Retry-After` (seconds or an HTTP date; sent as given).
    #[must_use]
    pub fn unavailable_503(retry_after: Option<&str>) -> Self {
        Self::respond(503, "text/plain", retry_after, "service unavailable")
    }

    /// A 429 in the shape of the general rate limit (section 2.0), with or without `Retry-After`.
    #[must_use]
    pub fn too_many_requests_429(retry_after: Option<&str>) -> Self {
        let body = json!({
            "error": "Rate limit exceeded",
            "message": "Too many requests. Please try again later.",
            "limit": 100,
            "window": "1m0s",
        });
        Self::respond(429, JSON, retry_after, &body.to_string())
    }

    /// `slow_down` with this status. No AuthSec server sends it, but the standard allows it.
    #[must_use]
    pub fn slow_down(status: u16) -> Self {
        Self::code(status, "slow_down")
    }

    /// A 200 with no body at all.
    #[must_use]
    pub fn empty_200() -> Self {
        Self::respond(200, JSON, None, "")
    }

    /// A 200 with a JSON array where an object belongs.
    #[must_use]
    pub fn json_array() -> Self {
        Self::respond(200, JSON, None, r#"[{"access_token":"in-an-array"}]"#)
    }

    /// A 200 that says `Content-Encoding: gzip` and breaks off inside the compressed data. `Content-Length`
    /// fits the bytes that arrive.
    #[must_use]
    pub fn truncated_gzip() -> Self {
        // A gzip header, then a stored block that promises 64 bytes and holds 15.
        let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 0x01, 64, 0, 0xbf, 0xff];
        body.extend_from_slice(br#"{"access_token""#);
        Self::Respond {
            status: 200,
            headers: vec![header("content-type", JSON), header("content-encoding", "gzip")],
            body,
        }
    }

    /// A 308 to this place, with the body of a pending answer.
    #[must_use]
    pub fn redirect_308(location: &str) -> Self {
        let body = json!({ "error": "authorization_pending" }).to_string().into_bytes();
        let headers = vec![header("content-type", JSON), header("location", location)];
        Self::Respond { status: 308, headers, body }
    }

    /// A 200 with `server_error`: what a poll says when a row is missing or signing failed (section 2.2).
    #[must_use]
    pub fn server_error_200() -> Self {
        Self::code(200, "server_error")
    }

    /// A 400 with `transaction_failed`: the provider could not finish the request, and nobody said no (OpenID CIBA Core,
    /// section 12, and at polls in practice).
    #[must_use]
    pub fn transaction_failed() -> Self {
        Self::code(400, "transaction_failed")
    }

    /// A 400 with a code that nobody has heard of.
    #[must_use]
    pub fn unknown_code() -> Self {
        Self::code(400, "user_locked")
    }

    /// The real answer with unknown additional members.
    #[must_use]
    pub fn extra_members() -> Self {
        Self::ExtraMembers
    }

    /// The server does its work and the answer is cut after 20 bytes of its body: a token is lost on the
    /// wire, and its approval is consumed.
    #[must_use]
    pub fn token_lost() -> Self {
        Self::CutBody { keep: 20 }
    }

    /// A body without an end.
    #[must_use]
    pub fn endless_body() -> Self {
        Self::EndlessBody
    }

    /// The same fault, but after the server did its work. No difference for the faults that know only one side.
    #[must_use]
    pub fn after(self) -> Self {
        match self {
            Self::Hang => Self::HangAfter,
            Self::ResetBefore => Self::ResetAfter,
            Self::CloseBefore => Self::CloseAfter,
            Self::Delay(by) => Self::DelayAfter(by),
            Self::Respond { status, headers, body } => Self::RespondAfter { status, headers, body },
            other => other,
        }
    }

    /// The variant's name in snake case; it is what the log and the control API say.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Hang => "hang",
            Self::HangAfter => "hang_after",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::CloseBefore => "close_before",
            Self::CloseAfter => "close_after",
            Self::CutBody { .. } => "cut_body",
            Self::CutAfterCompleteJson => "cut_after_complete_json",
            Self::SlowHeaders(_) => "slow_headers",
            Self::SlowBody(_) => "slow_body",
            Self::Delay(_) => "delay",
            Self::DelayAfter(_) => "delay_after",
            Self::Respond { .. } => "respond",
            Self::RespondAfter { .. } => "respond_after",
            Self::Raw(_) => "raw",
            Self::ExtraMembers => "extra_members",
            #[cfg(feature = "openid")]
            Self::WrongIdToken(_) => "wrong_id_token",
            Self::EndlessBody => "endless_body",
        }
    }

    fn code(status: u16, code: &str) -> Self {
        let body = json!({ "error": code, "error_description": "sent by a fault script" });
        Self::respond(status, JSON, None, &body.to_string())
    }

    fn respond(status: u16, content_type: &str, retry_after: Option<&str>, body: &str) -> Self {
        let mut headers = vec![header("content-type", content_type)];
        headers.extend(retry_after.map(|value| header("retry-after", value)));
        Self::Respond { status, headers, body: body.as_bytes().to_vec() }
    }
}

const JSON: &str = "application/json; charset=utf-8";

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

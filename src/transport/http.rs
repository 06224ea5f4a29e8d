//! The only room that names reqwest.

mod client;
mod dial;
mod fault;
mod io;
mod resolver;
mod retry_after;
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
mod tls;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use io::{NoIo, with_io};
use reqwest::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::{Client, Method, Request, Response, Version};
#[cfg(fuzzing)]
pub(crate) use retry_after::parse as parse_retry_after;
use url::Url;
use zeroize::Zeroizing;

use self::dial::Sparing;
use super::{Body, Fault, FaultKind, HttpCall, HttpReply, Lane, Replying, Transport};
use crate::clock::{later, now};
use crate::error::Error;
use crate::secret::ClientSecret;

/// No answer of the contract's comes near it, in bytes.
const BODY_CAP: usize = 64 * 1024;

const NO_IO: &str = "the tokio runtime has no sockets: call `enable_all` on its builder";

/// What the transport is set up with.
pub(crate) struct HttpOptions {
    pub(crate) base_url: Url,
    pub(crate) basic: Option<(String, ClientSecret)>,
    pub(crate) user_agent: Option<String>,
    pub(crate) proxy: Option<String>,
    pub(crate) root_certificates: Vec<Vec<u8>>,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_in_flight: usize,
    #[cfg(feature = "http2")]
    pub(crate) http2_prior_knowledge: bool,
}

/// HTTP by reqwest.
pub(crate) struct HttpTransport {
    /// The one connection pool.
    pooled: Client,
    /// How many connections it has.
    sparing: Sparing,
    /// Keeps no connection.
    fresh: Client,
}

impl HttpTransport {
    pub(crate) fn new(options: &HttpOptions) -> Result<Self, Error> {
        let sparing = Sparing::new(options.max_in_flight);
        let pooled = client::build(options, Some(&sparing))?;
        Ok(Self { pooled, sparing, fresh: client::build(options, None)? })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, call: HttpCall<'a>) -> Replying<'a> {
        let (client, connection) = match call.lane {
            Lane::Pooled | Lane::PooledOnce => (&self.pooled, Some(self.sparing.lend())),
            Lane::Fresh => (&self.fresh, None),
        };
        Box::pin(async move {
            let until = later(now(), call.timeout);
            let mut request = Request::new(Method::POST, call.target.clone());
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let body = reqwest::Body::from(Bytes::from_owner(call.body));
            // reqwest repeats only what it can copy, and a wrapped body it cannot.
            let body = if call.lane == Lane::PooledOnce { reqwest::Body::wrap(body) } else { body };
            *request.body_mut() = Some(body);
            let answering = with_io(dial::with(call.place.clone(), client.execute(request)));
            let mut response = match tokio::time::timeout_at(until, answering).await {
                Ok(Ok(Ok(response))) => response,
                Ok(Ok(Err(error))) => return Err(fault::sort(error)),
                Ok(Err(NoIo)) => return Err(Fault::new(FaultKind::Unusable).saying(Some(NO_IO))),
                Err(_elapsed) => return Err(Fault::new(FaultKind::TimedOut)),
            };
            let mut body = Zeroizing::new(Vec::new());
            let body = if is_encoded(response.headers()) {
                Body::Encoded
            } else {
                match tokio::time::timeout_at(until, read(&mut response, &mut body)).await {
                    Ok(Ok(Length::Whole)) => Body::Whole(body),
                    Ok(Ok(Length::TooLong)) => Body::TooLong,
                    Ok(Err(error)) => Body::Cut(body, fault::sort(error)),
                    Err(_elapsed) => Body::Cut(body, Fault::new(FaultKind::TimedOut)),
                }
            };
            if let (Some(connection), Body::Whole(_), false) = (connection, &body, is_last(&response)) {
                connection.comes_back();
            }
            if call.place.is_last() {
                // The connection goes back to the pool in a task of its own. Whoever takes the place next should find it
                // there, not dial another.
                tokio::task::yield_now().await;
            }
            Ok(HttpReply {
                status: response.status().as_u16(),
                retry_after: retry_after(response.headers()),
                body,
            })
        })
    }
}

/// Whether its connection ends with this answer.
fn is_last(response: &Response) -> bool {
    let says_close = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close");
    response.version() == Version::HTTP_10 || response.headers().get_all(CONNECTION).iter().any(says_close)
}

enum Length {
    Whole,
    TooLong,
}

/// Reads a body up to the cap. What was read stays in `body` when the connection breaks.
async fn read(response: &mut Response, body: &mut Vec<u8>) -> Result<Length, reqwest::Error> {
    if let Some(length) = response.content_length() {
        if length > BODY_CAP as u64 {
            return Ok(Length::TooLong);
        }
        body.reserve_exact(usize::try_from(length).unwrap_or_default());
    }
    while let Some(chunk) = response.chunk().await? {
        if body.len().saturating_add(chunk.len()) > BODY_CAP {
            return Ok(Length::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Length::Whole)
}

/// Whether the body stands in a content coding, or in a transfer coding that hyper hands on as it is.
fn is_encoded(headers: &HeaderMap) -> bool {
    let other_than = |name, plain: &[u8]| {
        headers.get_all(name).iter().any(|it| !it.as_bytes().eq_ignore_ascii_case(plain))
    };
    other_than(CONTENT_ENCODING, b"identity") || other_than(TRANSFER_ENCODING, b"chunked")
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let sent = headers.get(DATE).and_then(|date| date.to_str().ok());
    retry_after::parse(text, sent, SystemTime::now())
}

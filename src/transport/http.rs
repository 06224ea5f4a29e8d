//! The only room that names reqwest.

mod authorization;
mod body;
mod causes;
mod client;
mod connections;
mod content;
mod dialled;
mod fault;
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
mod handshake;
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
#[path = "http/without_tls.rs"]
mod handshake;
mod keep_alive;
mod local;
mod options;
mod proxy;
mod reply_headers;
mod request_headers;
mod resolver;
mod retry_after;
mod runtime;
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
mod tls;

use std::pin::pin;
use std::time::{Duration, SystemTime};

pub(crate) use authorization::Authorization;
use bytes::Bytes;
pub(crate) use options::HttpOptions;
pub(crate) use reply_headers::ReplyHeaders;
pub(crate) use request_headers::{HeaderRefusal, RequestHeaders};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_TYPE, DATE, HOST, HeaderMap, HeaderValue,
    RETRY_AFTER, USER_AGENT,
};
use reqwest::{Method, Request, Response, Version};
#[cfg(fuzzing)]
pub(crate) use retry_after::parse as parse_retry_after;
use tokio::task::yield_now;
use tokio::time::timeout_at;
use url::Url;
use zeroize::Zeroizing;

use self::body::Length;
use self::client::{Clients, Connection};
use self::connections::{Connections, Loan};
use self::content::Content;
use self::dialled::Dialled;
use self::fault::Way;
use self::keep_alive::Idle;
use self::runtime::Runtimes;
use super::{Body, Fault, FaultKind, HttpCall, HttpReply, Media, Replying, Transport};
use crate::clock::{Instant, later, now};
use crate::error::Error;
use crate::sync::{Mutex, lock};

const NO_IO: &str = "the tokio runtime has no sockets: call `enable_all` on its builder";

/// A server closes a connection for want of use while a request is on its way, not in the middle of its work.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// HTTP by reqwest: a client for each connection.
pub(crate) struct HttpTransport {
    clients: Clients,
    connections: Connections<Connection>,
    runtimes: Runtimes,
    /// What every request says.
    headers: HeaderMap,
    /// The targets by which reqwest knows those of a server that is an address.
    aliases: Mutex<Vec<(Url, Url)>>,
    /// By which setting the server's address is known.
    setting: &'static str,
}

impl HttpTransport {
    pub(crate) fn new(options: &HttpOptions) -> Result<Self, Error> {
        let user_agent =
            options.user_agent.as_deref().unwrap_or(concat!("authsec-ciba/", env!("CARGO_PKG_VERSION")));
        let user_agent = HeaderValue::from_str(user_agent)
            .map_err(|_| Error::config("user_agent", "cannot be sent in a header"))?;
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        // Without it any coding is the server's good right (RFC 9110, section 12.5.3).
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, user_agent);
        let clients = Clients::new(options)?;
        if clients.alias_server()
            && let Ok(host) = HeaderValue::from_str(options.base_url.authority())
        {
            headers.insert(HOST, host);
        }
        Ok(Self {
            clients,
            connections: Connections::new(options.max_in_flight),
            runtimes: Runtimes::default(),
            headers,
            aliases: Mutex::default(),
            setting: options.setting,
        })
    }

    /// What reqwest is told to call.
    fn target(&self, target: &Url) -> Url {
        if !self.clients.alias_server() {
            return target.clone();
        }
        let mut aliases = lock(&self.aliases);
        if let Some((_, alias)) = aliases.iter().find(|(known, _)| known == target) {
            return alias.clone();
        }
        let mut alias = target.clone();
        Dialled::of(&mut alias);
        aliases.push((target.clone(), alias.clone()));
        alias
    }

    /// A request is large, and reqwest keeps it in a box of its own: it is made where it leaves, and no future of ours holds it.
    fn request(&self, call: &HttpCall<'_>, body: Bytes) -> Request {
        let mut request = Request::new(Method::POST, self.target(&call.target.url));
        *request.headers_mut() = self.headers.clone();
        #[cfg(feature = "openid")]
        if call.media == Media::Nothing {
            *request.method_mut() = Method::GET;
            request.headers_mut().remove(CONTENT_TYPE);
            return request;
        }
        if call.media == Media::Form {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form);
        }
        if let Some(authorization) = &call.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone().value());
        }
        if let Some(headers) = call.headers {
            headers.add_to(request.headers_mut());
        }
        *request.body_mut() = Some(match call.departure {
            Some(departure) => reqwest::Body::wrap(Content::new(body, departure.clone())),
            None => body.into(),
        });
        request
    }

    /// A connection of the runtime that the request belongs to, or room for one.
    fn lend(&self, call: &HttpCall<'_>, begun: Instant) -> Result<Loan<'_, Connection>, Fault> {
        let home = call.place.home().filter(|home| self.runtimes.has_io(*home));
        let home = home.ok_or_else(|| Fault::new(FaultKind::Unusable).saying(NO_IO))?;
        Ok(self.connections.lend(home, call.lane, begun))
    }

    /// Sends a request, and gives the answer as far as its head.
    async fn execute(
        &self,
        loan: &mut Loan<'_, Connection>,
        call: &HttpCall<'_>,
        body: Bytes,
        begun: Instant,
    ) -> reqwest::Result<Response> {
        let Some(connection) = &loan.client else {
            return self.dial(loan, self.request(call, body))?.await;
        };
        let mut again = None;
        if loan.comes_back(begun) {
            if runtime::has_one_thread() {
                // The task that brings it back stands in the queue before us.
                yield_now().await;
            } else if self.clients.ask_resolver() {
                again = Some(body.clone());
            }
        }
        connection.resolver.set_comes_back(again.is_some());
        match (connection.client.execute(self.request(call, body)).await, again) {
            (Err(error), Some(body)) if fault::was_not_dialled(&error) => {
                self.dial(loan, self.request(call, body))?.await
            }
            (answer, _) => answer,
        }
    }

    fn dial(
        &self,
        loan: &mut Loan<'_, Connection>,
        request: Request,
    ) -> reqwest::Result<impl Future<Output = reqwest::Result<Response>> + Send + use<>> {
        let connection = loan.client.insert(self.clients.connection()?);
        Ok(connection.client.execute(request))
    }

    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn would hold the call twice, and a future of more than 1,032 bytes is slow to allocate"
    )]
    fn carry<'a>(
        &'a self,
        mut call: HttpCall<'a>,
    ) -> impl Future<Output = Result<HttpReply, Fault>> + Send + 'a {
        async move {
            let begun = now();
            let sent = Bytes::from_owner(std::mem::take(&mut call.body));
            let mut loan = self.lend(&call, begun)?;
            if !loan.closing.is_empty() {
                loan.closing.clear();
                // Each closes in a task of its own, which may run before another is dialled.
                yield_now().await;
            }
            let (mut head, mut body) = (None, Zeroizing::new(Vec::new()));
            // One clock over head and body.
            let read = {
                let reading = pin!(async {
                    let mut response = self.execute(&mut loan, &call, sent, begun).await?;
                    let head = head.insert(Head::of(&mut response));
                    body::read(&mut response, &head.headers, call.media.longest_answer(), &mut body).await
                });
                timeout_at(later(begun, call.timeout), reading).await
            };
            let read = match read {
                Ok(read) => read.map_err(|error| {
                    fault::sort(
                        error,
                        &Way { to: &call.target.url, setting: self.setting, proxy: self.clients.proxy() },
                    )
                }),
                Err(_elapsed) => Err(Fault::timed_out(call.timeout)),
            };
            let now = now();
            if let (Some(departure), true) = (call.departure, head.is_some()) {
                // Whatever it was that the server has answered.
                departure.leaves();
            }
            let Some(mut head) = head else {
                let fault = read.err().unwrap_or_else(|| Fault::new(FaultKind::Broken));
                match fault.kind {
                    FaultKind::Broken if now.saturating_duration_since(begun) <= ON_ITS_WAY => {
                        loan.was_closed(begun);
                    }
                    FaultKind::TimedOut => loan.was_silent(begun),
                    _ => {}
                }
                return Err(fault);
            };
            let (status, retry_after) = (head.status, head.retry_after);
            let headers = ReplyHeaders(std::mem::take(&mut head.headers));
            let body = match read {
                Ok(Length::Whole) => {
                    head.give_back(loan, now);
                    Body::Whole(body)
                }
                Ok(Length::TooLong) => Body::TooLong,
                Ok(Length::Coded) => Body::Encoded,
                Err(fault) => Body::Cut(body, fault),
            };
            Ok(HttpReply { status, retry_after, headers, body })
        }
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, call: HttpCall<'a>) -> Replying<'a> {
        Box::pin(self.carry(call))
    }
}

/// What an answer says before its body.
struct Head {
    status: u16,
    version: Version,
    retry_after: Option<Duration>,
    /// The connection ends with this answer.
    is_last: bool,
    keep_alive: Option<Duration>,
    headers: HeaderMap,
}

impl Head {
    fn of(response: &mut Response) -> Self {
        let version = response.version();
        let headers = std::mem::take(response.headers_mut());
        let says_close = |value: &HeaderValue| {
            value
                .as_bytes()
                .split(|byte| *byte == b',')
                .any(|it| it.trim_ascii().eq_ignore_ascii_case(b"close"))
        };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            status: response.status().as_u16(),
            version,
            retry_after: retry_after(&headers),
            is_last: version < Version::HTTP_11 || headers.get_all(CONNECTION).iter().any(says_close),
            keep_alive: text("keep-alive").and_then(keep_alive::timeout),
            headers,
        }
    }

    /// The whole answer is there, and the connection ready for another request, or at its end.
    fn give_back(&self, loan: Loan<'_, Connection>, now: Instant) {
        let idle = Idle { since: now, timeout: self.keep_alive };
        if self.version == Version::HTTP_2 {
            loan.share(Idle { timeout: None, ..idle });
        } else if !self.is_last {
            loan.give_back(idle);
        }
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let sent = headers.get(DATE).and_then(|date| date.to_str().ok());
    retry_after::parse(text, sent, SystemTime::now())
}

#[cfg(test)]
#[cfg(not(authsec_model))]
mod tests;

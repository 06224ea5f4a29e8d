//! What happens to one request: read, log, fault, state machine, fault, answer.

use std::future::pending;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, Version};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::body::{Broken, End, PacedBody};
use super::connection::{Link, Step};
use super::control;
use super::exchange::{Arrived, Exchange, Notes};
use super::fault::Fault;
use super::log::{LoggedBody, LoggedRequest};
use super::reply::Reply;
use super::route::Route;
use super::script::Call;
use super::shared::Shared;

/// More than any request of the contract; a larger one is not read to its end.
const LONGEST_BODY: usize = 1 << 20;
/// How much larger than the body the length of [`Fault::CutAfterCompleteJson`] is.
const EXCESS: usize = 64;

/// One request and the way back to its connection.
struct Visit {
    shared: Arc<Shared>,
    link: Arc<Link>,
    http2: bool,
    /// The request's place in the log.
    entry: usize,
}

/// Serves one request. The error makes hyper close the connection (HTTP/1) or reset the stream (HTTP/2).
pub(super) async fn serve(
    shared: Arc<Shared>,
    link: Arc<Link>,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<PacedBody>, Broken> {
    let http2 = request.version() == Version::HTTP_2;
    let arrived = read(request, peer).await?;
    if control::claims(&arrived) {
        return response(control::answer(&shared, &arrived)).map_err(|_| Broken);
    }
    let route = Route::find(&shared.settings, &arrived.method, &arrived.path);
    let call = route.as_ref().map_or(Call::Unknown, Route::call);
    let (entry, fault) = begin(&shared, &arrived, call, link.number);
    let visit = Visit { shared, link, http2, entry };
    if let Some(reply) = visit.before(&fault).await {
        return visit.send(reply).await;
    }
    let reply = visit.work(route.as_ref(), &arrived).with_request_id(arrived.header("x-request-id"));
    visit.after(fault, reply).await
}

async fn read(request: Request<Incoming>, peer: IpAddr) -> Result<Arrived, Broken> {
    let (parts, body) = request.into_parts();
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).map(str::to_owned);
    let host = host.or_else(|| parts.uri.authority().map(ToString::to_string)).unwrap_or_default();
    let body = Limited::new(body, LONGEST_BODY).collect().await.map_err(|_| Broken)?.to_bytes();
    Ok(Arrived {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body,
        peer,
        host,
    })
}

/// Writes the request into the log and takes its fault from the script, in one step.
fn begin(shared: &Shared, arrived: &Arrived, call: Call, connection: u64) -> (usize, Fault) {
    let mut record = shared.record();
    let fault = record.script.take(call);
    let entry = record.log.len();
    let headers = arrived
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    record.log.push(LoggedRequest {
        call,
        method: arrived.method.as_str().to_owned(),
        path: arrived.path.clone(),
        query: arrived.query.clone(),
        headers,
        body: logged_body(arrived),
        status: None,
        received_at: Instant::now(),
        answered_at: None,
        connection,
        auth_req_id: None,
        email: None,
        fault: (fault != Fault::Pass).then(|| fault.name()),
        unexpected: None,
    });
    (entry, fault)
}

fn logged_body(arrived: &Arrived) -> LoggedBody {
    let form =
        arrived.header("content-type").is_some_and(|it| it.starts_with("application/x-www-form-urlencoded"));
    if arrived.body.is_empty() {
        LoggedBody::Empty
    } else if form {
        LoggedBody::Form(arrived.form())
    } else if let Ok(value) = serde_json::from_slice(&arrived.body) {
        LoggedBody::Json(value)
    } else {
        LoggedBody::Raw(arrived.body.to_vec())
    }
}

impl Visit {
    /// The faults that leave the state alone. `Some`: the answer to send instead of the real one.
    async fn before(&self, fault: &Fault) -> Option<Reply> {
        match fault {
            Fault::Hang => pending().await,
            Fault::ResetBefore => self.take_over(None, vec![Step::Reset]).await,
            Fault::CloseBefore => self.take_over(None, Vec::new()).await,
            Fault::Raw(bytes) => self.take_over(None, vec![Step::Write(bytes.clone().into())]).await,
            Fault::Delay(wait) => {
                sleep(*wait).await;
                None
            }
            Fault::Respond { status, headers, body } => {
                Some(Reply { status: *status, headers: headers.clone(), body: body.clone().into() })
            }
            _ => None,
        }
    }

    /// The rate limit, then the route.
    fn work(&self, route: Option<&Route>, arrived: &Arrived) -> Reply {
        let shared = &self.shared;
        let (reply, notes) = {
            let mut world = shared.world();
            let mut exchange = Exchange {
                settings: &shared.settings,
                world: &mut world,
                request: arrived,
                now: shared.clock.now(),
                notes: Notes::default(),
            };
            let reply = match (limited(&mut exchange, route), route) {
                (Some(reply), _) => reply,
                (None, Some(route)) => route.answer(&mut exchange),
                (None, None) => {
                    exchange.unexpected(&format!("no route for {} {}", arrived.method, arrived.path));
                    Reply::not_found()
                }
            };
            (reply, exchange.notes)
        };
        if let Some((auth_req_id, reaction)) = notes.push {
            shared.pushed(auth_req_id, reaction);
        }
        if let Some(entry) = shared.record().log.get_mut(self.entry) {
            entry.auth_req_id = notes.auth_req_id;
            entry.email = notes.email;
            entry.unexpected = notes.unexpected;
        }
        reply
    }

    /// The faults that come when the work is done.
    async fn after(&self, fault: Fault, reply: Reply) -> Result<Response<PacedBody>, Broken> {
        match fault {
            Fault::HangAfter => pending().await,
            Fault::ResetAfter => self.take_over(None, vec![Step::Reset]).await,
            Fault::CloseAfter => self.take_over(None, Vec::new()).await,
            Fault::CutBody { keep } => {
                let kept = reply.body.slice(..keep.min(reply.body.len()));
                let length = reply.body.len();
                self.send_claiming(reply, length, kept).await
            }
            Fault::CutAfterCompleteJson => {
                let (length, body) = (reply.body.len().saturating_add(EXCESS), reply.body.clone());
                self.send_claiming(reply, length, body).await
            }
            Fault::SlowHeaders(pause) => self.send_head_slowly(reply, pause).await,
            Fault::SlowBody(pause) => self.send_body_slowly(reply, pause).await,
            Fault::DelayAfter(wait) => {
                sleep(wait).await;
                self.send(reply).await
            }
            Fault::RespondAfter { status, headers, body } => {
                self.send(Reply { status, headers, body: body.into() }).await
            }
            Fault::ExtraMembers => self.send(reply.with_extra_members()).await,
            Fault::EndlessBody => self.send_for_ever().await,
            _ => self.send(reply).await,
        }
    }

    async fn send(&self, reply: Reply) -> Result<Response<PacedBody>, Broken> {
        self.answered(Some(reply.status));
        match response(reply) {
            Ok(response) => Ok(response),
            // Not for hyper: a 1xx, or headers of one's own making. The bytes go out as they are.
            Err(reply) if !self.http2 => {
                let mut bytes = reply.head(reply.body.len());
                bytes.extend_from_slice(&reply.body);
                self.take_over(Some(reply.status), vec![Step::Write(bytes.into())]).await
            }
            Err(_) => Err(Broken),
        }
    }

    /// `body` under a `Content-Length` that may not be its length, then the end of the connection or stream.
    async fn send_claiming(
        &self,
        reply: Reply,
        length: usize,
        body: Bytes,
    ) -> Result<Response<PacedBody>, Broken> {
        if !self.http2 {
            let mut bytes = reply.head(length);
            bytes.extend_from_slice(&body);
            return self.take_over(Some(reply.status), vec![Step::Write(bytes.into())]).await;
        }
        self.answered(Some(reply.status));
        let reply = reply.header("content-length", &length.to_string());
        build(&reply, PacedBody::new([body], Duration::ZERO, End::Broken)).ok_or(Broken)
    }

    async fn send_head_slowly(&self, reply: Reply, pause: Duration) -> Result<Response<PacedBody>, Broken> {
        let head = reply.head(reply.body.len());
        if !self.http2 {
            let steps = vec![Step::WriteSlowly(head.into(), pause), Step::Write(reply.body.clone())];
            return self.take_over(Some(reply.status), steps).await;
        }
        sleep(pause.saturating_mul(u32::try_from(head.len()).unwrap_or(u32::MAX))).await;
        self.send(reply).await
    }

    async fn send_body_slowly(&self, reply: Reply, pause: Duration) -> Result<Response<PacedBody>, Broken> {
        if !self.http2 {
            let head = reply.head(reply.body.len());
            let steps = vec![Step::Write(head.into()), Step::WriteSlowly(reply.body.clone(), pause)];
            return self.take_over(Some(reply.status), steps).await;
        }
        self.answered(Some(reply.status));
        let bytes: Vec<Bytes> = reply.body.chunks(1).map(Bytes::copy_from_slice).collect();
        build(&reply, PacedBody::new(bytes, pause, End::Complete)).ok_or(Broken)
    }

    async fn send_for_ever(&self) -> Result<Response<PacedBody>, Broken> {
        let reply = Reply::json(200, &json!(null));
        let (start, filler) = (Bytes::from_static(b"{\"filler\":\""), Bytes::from(vec![b'x'; 4096]));
        if !self.http2 {
            let chunk = |data: &[u8]| {
                let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
                chunk.extend_from_slice(data);
                chunk.extend_from_slice(b"\r\n");
                Bytes::from(chunk)
            };
            let head = Step::Write(reply.chunked_head().into());
            let steps = vec![head, Step::Write(chunk(&start)), Step::WriteForEver(chunk(&filler))];
            return self.take_over(Some(200), steps).await;
        }
        self.answered(Some(200));
        build(&reply, PacedBody::new([start], Duration::ZERO, End::Endless(filler))).ok_or(Broken)
    }

    /// Hands the connection to `steps`; this visit never comes back.
    async fn take_over<T>(&self, status: Option<u16>, steps: Vec<Step>) -> T {
        self.answered(status);
        match self.link.take_over(steps).await {}
    }

    fn answered(&self, status: Option<u16>) {
        if let Some(entry) = self.shared.record().log.get_mut(self.entry) {
            entry.status = status;
            entry.answered_at = Some(Instant::now());
        }
    }
}

/// The limits of section 3.5, if they are on.
fn limited(exchange: &mut Exchange<'_>, route: Option<&Route>) -> Option<Reply> {
    let limit = exchange.settings.rate_limit?;
    let (peer, now) = (exchange.request.peer, exchange.now);
    let message = "Too many requests. Please try again later.";
    if !exchange.world.admit(peer, false, limit, now) {
        let body = json!({
            "error": "Rate limit exceeded", "message": message, "limit": limit, "window": "1m0s",
        });
        return Some(Reply::json(429, &body));
    }
    if matches!(route, Some(Route::BcAuthorize)) && !exchange.world.admit(peer, true, 30, now) {
        return Some(Reply::json(429, &json!({ "error": "Rate limit exceeded", "message": message })));
    }
    None
}

/// The answer for hyper, or the reply again if hyper would not send it as it is.
fn response(reply: Reply) -> Result<Response<PacedBody>, Reply> {
    if reply.status < 200 || reply.frames_itself() {
        return Err(reply);
    }
    let body = PacedBody::whole(reply.body.clone());
    build(&reply, body).ok_or(reply)
}

fn build(reply: &Reply, body: PacedBody) -> Option<Response<PacedBody>> {
    let mut builder = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        builder = builder.header(name, value);
    }
    builder.body(body).ok()
}

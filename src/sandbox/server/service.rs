//! What happens to one request: read, log, fault, state machine, fault, answer.

use std::future::pending;
use std::net::IpAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, Version};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::body::{Broken, PacedBody};
use super::connection::{Link, Step};
use super::delivery::{Visit, response};
use super::found::Found;
use crate::sandbox::control::api;
use crate::sandbox::message::arrived::Arrived;
use crate::sandbox::message::exchange::{Exchange, Notes};
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::fault::Fault;
use crate::sandbox::state::log::{LoggedBody, LoggedRequest};
use crate::sandbox::state::script::Call;
use crate::sandbox::state::shared::Shared;

/// More than any request of the contract; a larger one is not read to its end.
const LONGEST_BODY: usize = 1 << 20;

/// Serves one request. The error makes hyper close the connection (HTTP/1) or reset the stream (HTTP/2).
pub(crate) async fn serve(
    shared: Arc<Shared>,
    link: Arc<Link>,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Response<PacedBody>, Broken> {
    let http2 = request.version() == Version::HTTP_2;
    let arrived = read(request, peer).await?;
    if api::claims(&arrived) {
        return response(api::answer(&shared, &arrived)).map_err(|_| Broken);
    }
    let route = Found::find(&shared.settings, &arrived.method, &arrived.path);
    let call = route.as_ref().map_or(Call::Unknown, Found::call);
    let (entry, fault) = begin(&shared, &arrived, call, link.number);
    let visit = Visit { shared, link, http2, entry };
    if let Some(reply) = visit.before(&fault).await {
        return visit.send(reply).await;
    }
    if fault == Fault::EndlessBody {
        return visit.send_for_ever().await;
    }
    let reply = visit.work(route.as_ref(), &arrived, &fault).with_request_id(arrived.header("x-request-id"));
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
fn begin(shared: &Shared, arrived: &Arrived, call: Call, connection: u64) -> (Option<usize>, Fault) {
    let mut record = shared.record();
    let fault = record.script.take(call);
    if !shared.settings.keep_log {
        return (None, fault);
    }
    let headers = arrived
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let entry = record.push(LoggedRequest {
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
    (Some(entry), fault)
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
    #[cfg_attr(
        not(feature = "openid"),
        allow(unused_variables, reason = "only an ID Token's fault is done here")
    )]
    fn work(&self, route: Option<&Found>, arrived: &Arrived, fault: &Fault) -> Reply {
        let shared = &self.shared;
        let (reply, notes) = {
            let mut world = shared.world();
            let mut exchange = Exchange {
                settings: &shared.settings,
                world: &mut world,
                request: arrived,
                now: shared.clock.now(),
                notes: Notes::default(),
                #[cfg(feature = "openid")]
                flaw: if let Fault::WrongIdToken(flaw) = fault { Some(*flaw) } else { None },
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
        self.log(|entry| {
            entry.auth_req_id = notes.auth_req_id;
            entry.email = notes.email;
            entry.unexpected = notes.unexpected;
        });
        reply
    }
}

/// The limits of section 3.5, if they are on.
fn limited(exchange: &mut Exchange<'_>, route: Option<&Found>) -> Option<Reply> {
    let limit = exchange.settings.rate_limit?;
    let (peer, now) = (exchange.request.peer, exchange.now);
    let message = "Too many requests. Please try again later.";
    if !exchange.world.admit(peer, false, limit, now) {
        let body = json!({
            "error": "Rate limit exceeded", "message": message, "limit": limit, "window": "1m0s",
        });
        return Some(Reply::json(429, &body));
    }
    if route.is_some_and(Found::is_bc_authorize) && !exchange.world.admit(peer, true, 30, now) {
        return Some(Reply::json(429, &json!({ "error": "Rate limit exceeded", "message": message })));
    }
    None
}

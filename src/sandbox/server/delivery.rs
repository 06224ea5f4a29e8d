//! How an answer leaves: as hyper writes it, or broken in the way that a fault asks for.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::body::{Broken, End, PacedBody};
use super::connection::{Link, Step};
use crate::sandbox::message::reply::Reply;
use crate::sandbox::state::fault::Fault;
use crate::sandbox::state::log::LoggedRequest;
use crate::sandbox::state::shared::Shared;

/// How much larger than the body the length of [`Fault::CutAfterCompleteJson`] is.
const EXCESS: usize = 64;

/// One request and the way back to its connection.
pub(crate) struct Visit {
    pub(crate) shared: Arc<Shared>,
    pub(crate) link: Arc<Link>,
    pub(crate) http2: bool,
    /// The request's place in the log, if there is one.
    pub(crate) entry: Option<usize>,
}

impl Visit {
    /// The faults that come when the work is done.
    pub(crate) async fn after(&self, fault: Fault, reply: Reply) -> Result<Response<PacedBody>, Broken> {
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
            _ => self.send(reply).await,
        }
    }

    pub(crate) async fn send(&self, reply: Reply) -> Result<Response<PacedBody>, Broken> {
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

    pub(crate) async fn send_for_ever(&self) -> Result<Response<PacedBody>, Broken> {
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
    pub(crate) async fn take_over<T>(&self, status: Option<u16>, steps: Vec<Step>) -> T {
        self.answered(status);
        match self.link.take_over(steps).await {}
    }

    fn answered(&self, status: Option<u16>) {
        self.log(|entry| {
            entry.status = status;
            entry.answered_at = Some(Instant::now());
        });
    }

    /// Adds to the request's entry in the log.
    pub(crate) fn log(&self, add: impl FnOnce(&mut LoggedRequest)) {
        let Some(at) = self.entry else { return };
        if let Some(entry) = self.shared.record().entry(at) {
            add(entry);
        }
    }
}

/// The answer for hyper, or the reply again if hyper would not send it as it is.
pub(crate) fn response(reply: Reply) -> Result<Response<PacedBody>, Reply> {
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

//! A transport out of memory: answers in order, each after its own time, and a list of when it was asked.

#![allow(clippy::arithmetic_side_effects, reason = "a test's counters")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Body, Fault, FaultKind, HttpCall, HttpReply, ReplyHeaders, Replying, Transport};
use crate::clock::{Instant, now};

/// One answer of a script.
pub(crate) struct Line {
    /// How long it takes until the request leaves.
    pub(crate) dials: Duration,
    pub(crate) after: Duration,
    pub(crate) reply: Result<HttpReply, Fault>,
}

impl Line {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        let body = Body::Whole(Zeroizing::new(body.as_bytes().to_vec()));
        Self {
            dials: Duration::ZERO,
            after: Duration::ZERO,
            reply: Ok(HttpReply { status, retry_after: None, headers: ReplyHeaders::default(), body }),
        }
    }

    pub(crate) fn ack(interval: u64, expires_in: u64) -> Self {
        Self::json(
            200,
            &format!(r#"{{"auth_req_id":"id-1","expires_in":{expires_in},"interval":{interval}}}"#),
        )
    }

    pub(crate) fn pending() -> Self {
        Self::json(202, r#"{"error":"authorization_pending"}"#)
    }

    pub(crate) fn slow_down() -> Self {
        Self::json(400, r#"{"error":"slow_down"}"#)
    }

    pub(crate) fn approved() -> Self {
        Self::json(200, r#"{"access_token":"token-1","token_type":"Bearer","expires_in":86400}"#)
    }

    pub(crate) fn expired() -> Self {
        Self::json(400, r#"{"error":"expired_token"}"#)
    }

    pub(crate) fn fault(kind: FaultKind) -> Self {
        Self { dials: Duration::ZERO, after: Duration::ZERO, reply: Err(Fault::new(kind)) }
    }

    pub(crate) fn cut(status: u16, body: &str) -> Self {
        let body = Body::Cut(Zeroizing::new(body.as_bytes().to_vec()), Fault::new(FaultKind::Broken));
        Self {
            dials: Duration::ZERO,
            after: Duration::ZERO,
            reply: Ok(HttpReply { status, retry_after: None, headers: ReplyHeaders::default(), body }),
        }
    }

    pub(crate) fn dialling(mut self, time: Duration) -> Self {
        self.dials = time;
        self
    }

    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        if let Ok(reply) = &mut self.reply {
            reply.retry_after = Some(wait);
        }
        self
    }
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) body: String,
}

/// The script. When its lines are used up, every poll is pending.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    lines: VecDeque<Line>,
    asked: Vec<Asked>,
    under_way: usize,
    most_under_way: usize,
}

impl Script {
    pub(crate) fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        let script = Self::default();
        script.inner().lines.extend(lines);
        script
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn then(&self, line: Line) {
        self.inner().lines.push_back(line);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inner().asked.clone()
    }

    /// When requests whose path ends so were made, in milliseconds since `start`.
    pub(crate) fn instants(&self, path: &str, start: Instant) -> Vec<u128> {
        let asked = self.asked().into_iter().filter(|asked| asked.path.ends_with(path));
        asked.map(|asked| asked.at.duration_since(start).as_millis()).collect()
    }

    pub(crate) fn most_under_way(&self) -> usize {
        self.inner().most_under_way
    }
}

/// Counts a request as under way until it is answered or dropped.
struct UnderWay(Script);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.inner().under_way -= 1;
    }
}

impl Transport for Script {
    fn send<'a>(&'a self, call: HttpCall<'a>) -> Replying<'a> {
        Box::pin(async move {
            let line = {
                let mut inner = self.inner();
                inner.under_way += 1;
                inner.most_under_way = inner.most_under_way.max(inner.under_way);
                inner.asked.push(Asked {
                    at: now(),
                    path: call.target.url.path().to_owned(),
                    body: String::from_utf8_lossy(&call.body).into_owned(),
                });
                inner.lines.pop_front().unwrap_or_else(Line::pending)
            };
            let _under_way = UnderWay(self.clone());
            let departure = call.departure.cloned();
            let answering = async {
                if !line.dials.is_zero() {
                    tokio::time::sleep(line.dials).await;
                }
                if let Some(departure) = departure {
                    departure.leaves();
                }
                tokio::time::sleep(line.after).await;
            };
            match tokio::time::timeout(call.timeout, answering).await {
                Ok(()) => line.reply,
                Err(_) => Err(Fault::new(FaultKind::TimedOut)),
            }
        })
    }
}

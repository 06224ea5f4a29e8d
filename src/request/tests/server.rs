//! A server of one approval, out of memory: it takes its time, hands the token out once, and then knows nothing of it.

#![allow(clippy::arithmetic_side_effects, reason = "a test's counters")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::clock::{Instant, now};
use crate::transport::{Body, HttpCall, HttpReply, ReplyHeaders, Replying, Transport};
use crate::{AuthReqId, CibaClient, CibaClientBuilder};

#[derive(Clone)]
pub(super) struct Server {
    round_trip: Duration,
    /// What it says of the pace, in seconds.
    interval: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// When the person approves.
    approves: Option<Instant>,
    /// The token is out.
    is_spent: bool,
    asked: Vec<Instant>,
    under_way: usize,
    most_under_way: usize,
}

/// Counts a request as under way until it is answered or dropped.
struct UnderWay(Server);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

impl Server {
    /// An answer takes so long.
    pub(super) fn new(round_trip: Duration) -> Self {
        Self { round_trip, interval: 5, state: Arc::default() }
    }

    pub(super) fn with_interval(mut self, seconds: u64) -> Self {
        self.interval = seconds;
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn client(&self) -> CibaClient {
        self.client_with(|builder| builder)
    }

    pub(super) fn client_with(
        &self,
        configure: impl FnOnce(CibaClientBuilder) -> CibaClientBuilder,
    ) -> CibaClient {
        let builder =
            configure(CibaClient::builder().base_url("https://authsec.example").client_id("client"));
        let mut inner = builder.into_inner(Box::new(self.clone())).expect("a valid configuration");
        inner.fixed_jitter = Some(0);
        CibaClient::from_inner(inner)
    }

    pub(super) fn approves_at(&self, at: Instant) {
        self.state().approves = Some(at);
    }

    /// When it was polled, in milliseconds since `start`.
    pub(super) fn polls(&self, start: Instant) -> Vec<u128> {
        let state = self.state();
        state.asked.iter().map(|at| at.saturating_duration_since(start).as_millis()).collect()
    }

    pub(super) fn under_way(&self) -> usize {
        self.state().under_way
    }

    pub(super) fn most_under_way(&self) -> usize {
        self.state().most_under_way
    }
}

impl Transport for Server {
    fn send<'a>(&'a self, call: HttpCall<'a>) -> Replying<'a> {
        Box::pin(async move {
            if !call.target.url.path().ends_with("token") {
                let pace =
                    format!(r#"{{"auth_req_id":"id-1","expires_in":300,"interval":{}}}"#, self.interval);
                return Ok(json(200, &pace));
            }
            {
                let mut state = self.state();
                state.asked.push(now());
                state.under_way += 1;
                state.most_under_way = state.most_under_way.max(state.under_way);
            }
            let _under_way = UnderWay(self.clone());
            tokio::time::sleep(self.round_trip).await;
            let mut state = self.state();
            Ok(match state.approves {
                _ if state.is_spent => json(400, r#"{"error":"invalid_grant"}"#),
                Some(approves) if now() >= approves => {
                    state.is_spent = true;
                    json(200, r#"{"access_token":"token-1","token_type":"Bearer"}"#)
                }
                _ => json(202, r#"{"error":"authorization_pending"}"#),
            })
        })
    }
}

fn json(status: u16, body: &str) -> HttpReply {
    HttpReply {
        status,
        retry_after: None,
        headers: ReplyHeaders::default(),
        body: Body::Whole(Zeroizing::new(body.as_bytes().to_vec())),
    }
}

pub(super) fn an_id() -> AuthReqId {
    AuthReqId::new("id-of-another-process").expect("a valid id")
}

//! reqwest by hand, with the features that a call of this crate has: an address that is parsed once, a timeout, a cap on the body,
//! no redirect.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::batch::Batch;
use super::inputs::{
    CLIENT_ID, CODE, INITIATE, Initiate, Initiated, Judged, MESSAGE, PAUSE, POLL, Poll, Polled, TOTP, Totp,
    emails, ended_after, ids,
};

const BODY_CAP: usize = 64 * 1024;

pub(crate) fn verify_totp() -> Batch {
    let emails = emails();
    Batch::warm(kept_alive(TOTP), async move |target, number| {
        let body = Totp { client_id: CLIENT_ID, email: &emails[number], totp_code: CODE };
        target.ask::<Judged>(&body).await.check();
    })
}

pub(crate) fn poll() -> Batch {
    let ids = ids();
    Batch::warm(kept_alive(POLL), async move |target, number| {
        let body = Poll { auth_req_id: &ids[number], client_id: CLIENT_ID };
        target.ask::<Polled>(&body).await.check();
    })
}

/// A loop that goes on until the server ends it.
pub(crate) fn waiting() -> Batch {
    Batch::long(kept_alive(POLL), async move |target, polls| {
        let id = ended_after(polls);
        let body = Poll { auth_req_id: &id, client_id: CLIENT_ID };
        while !target.ask::<Polled>(&body).await.is_denied() {
            tokio::time::sleep(PAUSE).await;
        }
    })
}

pub(crate) fn initiate() -> Batch {
    let emails = emails();
    Batch::warm(kept_alive(INITIATE), async move |target, number| {
        let body = Initiate { client_id: CLIENT_ID, email: &emails[number], binding_message: MESSAGE };
        target.ask::<Initiated>(&body).await.check();
    })
}

fn kept_alive(path: &'static str) -> impl FnOnce(&str) -> Target {
    move |base| Target::new(base, path, usize::MAX)
}

struct Target {
    client: Client,
    url: Url,
}

impl Target {
    fn new(base: &str, path: &str, idle_connections: usize) -> Self {
        let client = Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(idle_connections)
            .user_agent("tuned/1.0.0")
            .build()
            .expect("a client");
        Self { client, url: format!("{base}{path}").parse().expect("a URL") }
    }

    async fn ask<T: DeserializeOwned>(&self, body: &impl Serialize) -> T {
        let request = self
            .client
            .post(self.url.clone())
            .timeout(Duration::from_secs(10))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(serde_json::to_vec(body).expect("JSON"));
        let mut response = request.send().await.expect("an answer");
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.expect("whole") {
            assert!(bytes.len() + chunk.len() <= BODY_CAP);
            bytes.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&bytes).expect("an object")
    }
}

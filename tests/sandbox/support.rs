//! A plain HTTP client and a socket.

use std::time::Duration;

use authsec_ciba::sandbox::{Sandbox, User};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const USER: &str = "user@example.com";
pub(crate) const CLIENT: &str = "7d0a2c53-3d0e-4a80-9f43-0a1f5a6c7e11";
pub(crate) const OTHER: &str = "b54f8a0e-6a3b-4a57-8f0d-52c1be4f0d22";
pub(crate) const UNAPPROVED: &str = "c0ffee00-6a3b-4a57-8f0d-52c1be4f0d33";

/// A status, the headers that matter, and a body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and `error`.
    pub(crate) fn code(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().unwrap_or_default().to_owned())
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// How a request proves who it is.
#[derive(Clone, Copy)]
pub(crate) enum As<'a> {
    Nobody,
    Client(&'a str, &'a str),
    Bearer(&'a str),
}

pub(crate) struct Http {
    client: reqwest::Client,
    base: String,
}

impl Http {
    pub(crate) fn to(sandbox: &Sandbox) -> Self {
        Self { client: client(), base: sandbox.base_url() }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: impl Into<String>,
        who: As<'_>,
        body: Body<'_>,
    ) -> Answer {
        let (method, path) = (reqwest::Method::from_bytes(method.as_bytes()).unwrap(), path.into());
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        request = match who {
            As::Nobody => request,
            As::Client(id, secret) => request.basic_auth(id, Some(secret)),
            As::Bearer(token) => request.bearer_auth(token),
        };
        request = match body {
            Body::None => request,
            Body::Json(value) => request.header("content-type", "application/json").body(value.to_string()),
            Body::Text(text) => request.header("content-type", "application/json").body(text.to_owned()),
            Body::Form(fields) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(fields);
                request.header("content-type", "application/x-www-form-urlencoded").body(form.finish())
            }
        };
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) async fn post(&self, path: impl Into<String>, body: Value) -> Answer {
        self.send("POST", path, As::Nobody, Body::Json(body)).await
    }

    pub(crate) async fn post_as(&self, who: As<'_>, path: impl Into<String>, body: Value) -> Answer {
        self.send("POST", path, who, Body::Json(body)).await
    }
}

pub(crate) enum Body<'a> {
    None,
    Json(Value),
    Text(&'a str),
    Form(&'a [(&'a str, &'a str)]),
}

/// Initiates on the admin plane of a sandbox with the client [`CLIENT`].
pub(crate) async fn initiate(http: &Http) -> String {
    let body = json!({ "login_hint": USER, "client_id": CLIENT });
    let answer = http.post("/authsec/uflow/auth/ciba/initiate", body).await;
    answer.json()["auth_req_id"].as_str().unwrap().to_owned()
}

pub(crate) async fn poll(http: &Http, id: &str) -> Answer {
    http.post("/authsec/uflow/auth/ciba/token", json!({ "auth_req_id": id, "client_id": CLIENT })).await
}

/// One user, one client, newest generation.
pub(crate) async fn plain() -> Sandbox {
    Sandbox::builder().user(User::new(USER).with_totp()).client(CLIENT, Some("secret")).start().await.unwrap()
}

/// A raw POST of JSON over a fresh connection.
pub(crate) async fn raw_post(sandbox: &Sandbox, path: &str, body: &Value) -> TcpStream {
    let body = body.to_string();
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        sandbox.address(),
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream
}

/// Everything until the end, and how the end came: `Ok` is a FIN.
pub(crate) async fn drain(stream: &mut TcpStream) -> (String, std::io::Result<()>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.map(drop);
    (String::from_utf8(bytes).unwrap(), end)
}

/// Head and body of a raw answer.
pub(crate) fn split(answer: &str) -> (&str, &str) {
    answer.split_once("\r\n\r\n").unwrap()
}

pub(crate) fn claimed_length(head: &str) -> usize {
    let line = head.lines().find(|line| line.starts_with("content-length: ")).unwrap();
    line["content-length: ".len()..].parse().unwrap()
}

pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

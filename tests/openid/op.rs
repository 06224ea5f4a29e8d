//! A provider of bytes: what it answers is written by hand, what it was asked is kept.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "/jwks";
pub(crate) const START: &str = "/bc-authorize";
pub(crate) const TOKEN: &str = "/token";
pub(crate) const CLIENT: &str = "checkout";

/// An answer, as it goes over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    after: Duration,
    /// The connection is closed in the place of an answer.
    lost: bool,
    /// The request's credential and body stand in the answer's description.
    echoes: bool,
}

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: body.into(), after: Duration::ZERO, lost: false, echoes: false }
    }

    pub(crate) fn code(status: u16, code: &str) -> Self {
        Self::json(status, format!(r#"{{"error":"{code}"}}"#))
    }

    pub(crate) fn pending() -> Self {
        Self::code(400, "authorization_pending")
    }

    pub(crate) fn lost() -> Self {
        Self { lost: true, ..Self::json(200, "") }
    }

    /// Refuses, and tells the whole request in its words, and who asked.
    pub(crate) fn echo(status: u16) -> Self {
        Self { echoes: true, ..Self::json(status, "") }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!(
            "HTTP/1.1 {} X\r\n{headers}content-length: {}\r\n\r\n{}",
            self.status,
            self.body.len(),
            self.body
        )
        .into_bytes()
    }
}

/// A request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at: Instant,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    /// The fields of the form, in order.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.form().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The claims of the client assertion.
    pub(crate) fn assertion(&self) -> serde_json::Value {
        let jwt = self.field("client_assertion").expect("an assertion");
        let payload = jwt.split('.').nth(1).expect("a payload");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
    }
}

#[derive(Default)]
struct State {
    /// What comes next at a path; the last one stays.
    answers: HashMap<String, VecDeque<Answer>>,
    requests: Vec<Request>,
}

/// A listening provider. Dropped, it closes: its tasks end with their set.
pub(crate) struct Op {
    issuer: String,
    state: Arc<Mutex<State>>,
    key: Mutex<Arc<Key>>,
    serving: Mutex<tokio::task::JoinSet<()>>,
}

impl Op {
    /// With discovery and keys; starts are acknowledged with an interval of 5 s and 120 s, polls are pending.
    pub(crate) async fn start() -> Self {
        Self::listening(None).await
    }

    /// The same over TLS.
    pub(crate) async fn secure(acceptor: TlsAcceptor) -> Self {
        Self::listening(Some(acceptor)).await
    }

    async fn listening(acceptor: Option<TlsAcceptor>) -> Self {
        let mut op = Self {
            issuer: String::new(),
            state: Arc::default(),
            key: Mutex::new(Arc::new(Key::es256("one"))),
            serving: Mutex::default(),
        };
        op.issuer = op.also_at(acceptor).await;
        op.always(DISCOVERY, Answer::json(200, op.metadata("")));
        op.always(KEYS, Answer::json(200, op.key().set()));
        op.always(START, acknowledgement(5, 120));
        op.always(TOKEN, Answer::pending());
        op
    }

    /// One more origin at which the same provider answers.
    pub(crate) async fn also_at(&self, acceptor: Option<TlsAcceptor>) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let state = Arc::clone(&self.state);
        self.serving.lock().expect("not poisoned").spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, acceptor) = (Arc::clone(&state), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, state).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, state).await;
                            }
                        }
                    }
                });
            }
        });
        origin
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its metadata, with more members.
    pub(crate) fn metadata(&self, more: &str) -> String {
        let issuer = &self.issuer;
        format!(
            r#"{{"issuer":"{issuer}","token_endpoint":"{issuer}{TOKEN}","jwks_uri":"{issuer}{KEYS}",
            "backchannel_authentication_endpoint":"{issuer}{START}",
            "backchannel_token_delivery_modes_supported":["poll","pull"],
            "id_token_signing_alg_values_supported":["ES256"]{more}}}"#
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer at a path from now on.
    pub(crate) fn always(&self, path: &str, answer: Answer) {
        self.state().answers.insert(path.to_owned(), VecDeque::from([answer]));
    }

    /// The answers at a path, in order; the last one stays.
    pub(crate) fn then(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.state().answers.insert(path.to_owned(), answers.into_iter().collect());
    }

    pub(crate) fn requests(&self, path: &str) -> Vec<Request> {
        self.state().requests.iter().filter(|request| request.path == path).cloned().collect()
    }

    pub(crate) fn all_requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// When a path was asked, in milliseconds since `start`.
    pub(crate) fn instants(&self, path: &str, start: Instant) -> Vec<u128> {
        self.requests(path).iter().map(|request| request.at.duration_since(start).as_millis()).collect()
    }

    /// No guard: whoever names it twice in one statement would wait for himself.
    pub(crate) fn key(&self) -> Arc<Key> {
        Arc::clone(&self.key.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Signs with another key from now on, and tells it; the old one is gone.
    pub(crate) fn rotate(&self, kid: &str) {
        let key = Arc::new(Key::es256(kid));
        self.always(KEYS, Answer::json(200, key.set()));
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// The claims of a right ID Token; `null` takes one out.
    pub(crate) fn claims(&self) -> serde_json::Value {
        serde_json::json!({
            "iss": self.issuer,
            "sub": "alice-1",
            "aud": CLIENT,
            "exp": now() + 300,
            "iat": now(),
        })
    }

    /// An ID Token with these claims changed.
    pub(crate) fn id_token(&self, changes: serde_json::Value) -> String {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        self.key().sign(&claims.to_string())
    }

    /// The answer that approves, with this ID Token.
    pub(crate) fn tokens(&self, id_token: &str) -> Answer {
        Answer::json(
            200,
            format!(
                r#"{{"access_token":"access-1","token_type":"Bearer","expires_in":3600,"id_token":"{id_token}"}}"#
            ),
        )
    }

    /// The answer that approves rightly.
    pub(crate) fn approval(&self) -> Answer {
        self.tokens(&self.id_token(serde_json::json!({})))
    }
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

pub(crate) fn acknowledgement(interval: u64, expires_in: u64) -> Answer {
    Answer::json(
        200,
        format!(r#"{{"auth_req_id":"id-1.a_b-c","expires_in":{expires_in},"interval":{interval}}}"#),
    )
}

/// A key of the provider.
pub(crate) struct Key {
    kid: String,
    alg: &'static str,
    curve: &'static str,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(crate) fn es256(kid: &str) -> Self {
        Self::generate(kid, "ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    pub(crate) fn es384(kid: &str) -> Self {
        Self::generate(kid, "ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING)
    }

    fn generate(
        kid: &str,
        alg: &'static str,
        curve: &'static str,
        signing: &'static EcdsaSigningAlgorithm,
    ) -> Self {
        let pair = EcdsaKeyPair::generate(signing).expect("a key");
        Self { kid: kid.to_owned(), alg, curve, pair }
    }

    /// Its JWK (RFC 7518, section 6.2).
    pub(crate) fn jwk(&self) -> String {
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(point.len() / 2);
        format!(
            r#"{{"kty":"EC","crv":"{}","kid":"{}","use":"sig","x":"{}","y":"{}"}}"#,
            self.curve,
            self.kid,
            URL_SAFE_NO_PAD.encode(x),
            URL_SAFE_NO_PAD.encode(y)
        )
    }

    pub(crate) fn set(&self) -> String {
        format!(r#"{{"keys":[{}]}}"#, self.jwk())
    }

    /// A JWT with this payload.
    pub(crate) fn sign(&self, payload: &str) -> String {
        let header = format!(r#"{{"alg":"{}","kid":"{}"}}"#, self.alg, self.kid);
        self.sign_with(&header, payload)
    }

    pub(crate) fn sign_with(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes()).expect("a signature");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// One connection: requests in, answers out.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    loop {
        let Some((request, length)) = read(&buffer) else {
            match stream.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            }
        };
        buffer.drain(..length);
        let answer = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let answers = state.answers.get_mut(&request.path);
            let answer = match answers {
                Some(answers) if answers.len() > 1 => answers.pop_front(),
                Some(answers) => answers.front().cloned(),
                None => None,
            };
            let mut answer = answer.unwrap_or_else(|| Answer::json(404, ""));
            if answer.echoes {
                let credential = request.headers.get("authorization").map_or("", String::as_str);
                let words = format!("{credential} {}", request.body);
                let body = serde_json::json!({ "error": "invalid_request", "error_description": words });
                answer.body = body.to_string();
            }
            state.requests.push(request);
            answer
        };
        if !answer.after.is_zero() {
            tokio::time::sleep(answer.after).await;
        }
        if answer.lost || stream.write_all(&answer.bytes()).await.is_err() {
            return;
        }
    }
}

/// The first request in these bytes, and how long it is.
fn read(bytes: &[u8]) -> Option<(Request, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).expect("a head of ASCII");
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
    let body = bytes.get(head + 4..head + 4 + length)?;
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    Some((Request { at: Instant::now(), method, path, headers, body }, head + 4 + length))
}

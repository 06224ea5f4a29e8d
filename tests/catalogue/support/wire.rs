//! A listener that says exactly the bytes it is told to, and keeps what it heard.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use authsec_ciba::{CibaClient, CibaClientBuilder};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What to do when a request is there.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Say this and wait for the next request.
    Say(Vec<u8>),
    /// Say this and close (FIN).
    Close(Vec<u8>),
    /// Say this and reset (RST).
    Reset(Vec<u8>),
    /// Say this, and nothing more.
    Hold(Vec<u8>),
    /// Say this at one byte per second, and close.
    Slowly(Vec<u8>),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The connection's number, from 1.
    pub(crate) connection: usize,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    heard: Vec<Heard>,
    accepted: usize,
    open: usize,
    bytes: usize,
}

#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// How a listener greets: it may speak before it has heard anything.
#[derive(Clone)]
pub(crate) enum Greeting {
    None,
    Say(Vec<u8>),
    /// Resets every connection at once.
    Reset,
    /// Never reads.
    Deaf,
}

impl Wire {
    /// Acts in order; the last one again and again.
    pub(crate) async fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self::greeting(Greeting::None, acts).await
    }

    pub(crate) async fn greeting(greeting: Greeting, acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        Self::on(listener, greeting, acts)
    }

    pub(crate) fn on(listener: TcpListener, greeting: Greeting, acts: impl IntoIterator<Item = Act>) -> Self {
        let address = listener.local_addr().expect("bound");
        let state = State { acts: acts.into_iter().collect(), ..State::default() };
        let wire = Self { address, state: Arc::new(Mutex::new(state)) };
        let server = wire.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = server.opened();
                let (server, greeting) = (server.clone(), greeting.clone());
                tokio::spawn(async move { server.talk(stream, number, greeting).await });
            }
        });
        wire
    }

    /// Speaks TLS; behind a `CONNECT` that it grants, if it is a proxy.
    pub(crate) async fn over_tls(
        tls: Option<TlsAcceptor>,
        proxy: bool,
        acts: impl IntoIterator<Item = Act>,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state = State { acts: acts.into_iter().collect(), ..State::default() };
        let wire = Self { address, state: Arc::new(Mutex::new(state)) };
        let server = wire.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (number, server, tls) = (server.opened(), server.clone(), tls.clone());
                tokio::spawn(async move {
                    if proxy && let Some((head, body)) = server.request(&mut stream).await {
                        server.state().heard.push(Heard { connection: number, head, body });
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                    }
                    match tls {
                        Some(tls) => {
                            let accepted = tls.accept(&mut stream).await.ok();
                            if let Some(mut stream) = accepted {
                                server.converse(&mut stream, number).await;
                            } else {
                                // What still comes is read, so that the close is no reset.
                                while stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {}
                            }
                        }
                        // Reads the first of the handshake, and says nothing to it.
                        None => while stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {},
                    }
                    server.state().open -= 1;
                });
            }
        });
        wire
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn configured(&self) -> CibaClientBuilder {
        CibaClient::builder()
            .base_url(self.base_url())
            .routes(crate::ROUTES)
            .client_id("client")
            .client_secret("secret")
    }

    pub(crate) fn client(&self) -> CibaClient {
        self.configured().build().expect("a valid configuration")
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.state().heard.clone()
    }

    pub(crate) fn requests(&self) -> usize {
        self.state().heard.len()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.state().accepted
    }

    pub(crate) fn open(&self) -> usize {
        self.state().open
    }

    /// Bytes that came in, whether or not they were a request.
    pub(crate) fn bytes(&self) -> usize {
        self.state().bytes
    }

    pub(crate) fn opened(&self) -> usize {
        let mut state = self.state();
        state.accepted += 1;
        state.open += 1;
        state.accepted
    }

    fn act(&self) -> Act {
        let mut state = self.state();
        match state.acts.len() {
            0 => Act::Close(Vec::new()),
            1 => state.acts[0].clone(),
            _ => state.acts.pop_front().expect("not empty"),
        }
    }

    async fn talk(self, mut stream: TcpStream, number: usize, greeting: Greeting) {
        let reset = match greeting {
            Greeting::None => self.converse(&mut stream, number).await,
            Greeting::Say(bytes) => {
                let _ = stream.write_all(&bytes).await;
                self.converse(&mut stream, number).await
            }
            Greeting::Reset => true,
            Greeting::Deaf => std::future::pending().await,
        };
        if reset {
            #[allow(deprecated, reason = "the name without the warning is younger than the oldest tokio")]
            let _ = stream.set_linger(Some(Duration::ZERO));
        }
        drop(stream);
        self.state().open -= 1;
    }

    /// Answers requests until the connection is over. Returns whether it has to end with a reset.
    pub(crate) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        number: usize,
    ) -> bool {
        while let Some((head, body)) = self.request(stream).await {
            self.state().heard.push(Heard { connection: number, head, body });
            match self.act() {
                Act::Say(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return false;
                    }
                }
                Act::Close(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.shutdown().await;
                    return false;
                }
                Act::Reset(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    // What was said has to be heard before the reset overtakes it.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    return true;
                }
                Act::Hold(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.read(&mut [0; 16]).await;
                    return false;
                }
                Act::Slowly(bytes) => {
                    for byte in bytes {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        if stream.write_all(&[byte]).await.is_err() {
                            return false;
                        }
                    }
                    return false;
                }
            }
        }
        false
    }

    async fn request<S: AsyncRead + Unpin>(&self, stream: &mut S) -> Option<(String, Vec<u8>)> {
        let mut bytes = Vec::new();
        loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let length = head
                    .lines()
                    .filter_map(|line| line.split_once(':'))
                    .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                    .and_then(|(_, value)| value.trim().parse().ok())
                    .unwrap_or(0);
                if bytes.len() >= end + 4 + length {
                    return Some((head, bytes[end + 4..].to_vec()));
                }
            }
            let mut piece = [0; 4096];
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return None,
                Ok(read) => {
                    self.state().bytes += read;
                    bytes.extend_from_slice(&piece[..read]);
                }
            }
        }
    }
}

pub(crate) const PENDING: &str = r#"{"error":"authorization_pending"}"#;
pub(crate) const APPROVED: &str = r#"{"access_token":"a-token","token_type":"Bearer","expires_in":3600}"#;
pub(crate) const EXPIRED: &str = r#"{"error":"expired_token"}"#;
pub(crate) const ACK: &str = r#"{"auth_req_id":"id-1","expires_in":300,"interval":5}"#;

/// A whole answer.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", "", body)
}

//! A lean server of the poll route: it does nothing but answer, so that tens of thousands of approvals take seconds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server has done.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) polls: AtomicUsize,
    pub(crate) tokens: AtomicUsize,
}

/// Answers the polls of an id that ends in `-now` with a token, and all others with pending.
pub(crate) async fn start() -> (SocketAddr, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let answering = Arc::clone(&counts);
    let address = listen(move |id| {
        let counts = Arc::clone(&answering);
        async move {
            counts.polls.fetch_add(1, Ordering::Relaxed);
            if id.ends_with("-now") {
                counts.tokens.fetch_add(1, Ordering::Relaxed);
                json(
                    200,
                    &format!(r#"{{"access_token":"token-{id}","token_type":"Bearer","expires_in":60}}"#),
                )
            } else {
                json(202, r#"{"error":"authorization_pending"}"#)
            }
        }
    })
    .await;
    (address, counts)
}

/// Listens, and answers each poll with what is made of its id.
pub(crate) async fn listen<F>(answer: impl Fn(String) -> F + Clone + Send + Sync + 'static) -> SocketAddr
where
    F: Future<Output = Vec<u8>> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, answer.clone()));
        }
    });
    address
}

/// An answer.
pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

async fn converse<F>(mut stream: TcpStream, answer: impl Fn(String) -> F)
where
    F: Future<Output = Vec<u8>> + Send,
{
    let _ = stream.set_nodelay(true);
    let mut heard = Vec::with_capacity(1024);
    loop {
        let Some((head, length)) = next_request(&mut stream, &mut heard).await else { return };
        let body = String::from_utf8(heard[head..head + length].to_vec()).expect("JSON");
        heard.drain(..head + length);
        let id =
            body.split(r#""auth_req_id":""#).nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
        let answer = answer(id.to_owned()).await;
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// Reads until a whole request is there: the length of its head and of its body.
async fn next_request(stream: &mut TcpStream, heard: &mut Vec<u8>) -> Option<(usize, usize)> {
    loop {
        if let Some(end) = heard.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = std::str::from_utf8(&heard[..end]).expect("ASCII").to_ascii_lowercase();
            let length = head.split("content-length:").nth(1).expect("a length");
            let length: usize = length.lines().next().expect("a line").trim().parse().expect("a number");
            if heard.len() >= end + 4 + length {
                return Some((end + 4, length));
            }
        }
        if stream.read_buf(heard).await.ok()? == 0 {
            return None;
        }
    }
}

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
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let counts = Arc::new(Counts::default());
    tokio::spawn({
        let counts = Arc::clone(&counts);
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&counts)));
            }
        }
    });
    (address, counts)
}

async fn converse(mut stream: TcpStream, counts: Arc<Counts>) {
    let _ = stream.set_nodelay(true);
    let mut heard = Vec::with_capacity(1024);
    loop {
        let Some((head, length)) = next_request(&mut stream, &mut heard).await else { return };
        let body = String::from_utf8(heard[head..head + length].to_vec()).expect("JSON");
        heard.drain(..head + length);
        counts.polls.fetch_add(1, Ordering::Relaxed);
        let id =
            body.split(r#""auth_req_id":""#).nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
        let (status, answer) = if id.ends_with("-now") {
            counts.tokens.fetch_add(1, Ordering::Relaxed);
            ("200 OK", format!(r#"{{"access_token":"token-{id}","token_type":"Bearer","expires_in":60}}"#))
        } else {
            ("202 Accepted", r#"{"error":"authorization_pending"}"#.to_owned())
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
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

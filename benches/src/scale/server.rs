//! A server that answers every poll with "pending", as fast as it can, and keeps the time of each id.
//!
//! `GET /stats` gives what it saw since the last `GET /reset`.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const PENDING: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 33\r\n\r\n{\"error\":\"authorization_pending\"}";

struct Seen {
    /// How long each answer takes.
    late: Duration,
    start: Instant,
    /// When each id's last answer went out, in microseconds since the start; 0: never.
    last: Vec<AtomicI64>,
    /// Gaps between the end of an answer and the next poll, in microseconds.
    gaps: Mutex<Vec<u32>>,
    polls: AtomicU64,
    open: AtomicI64,
    peak: AtomicI64,
    accepted: AtomicU64,
}

impl Seen {
    fn now(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_micros()).expect("a short run")
    }

    fn poll(&self, body: &[u8]) {
        self.polls.fetch_add(1, Ordering::Relaxed);
        let id = body.split(|byte| !byte.is_ascii_digit()).find(|digits| digits.len() == 9);
        let Some(id) = id.and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| id.parse::<usize>().ok())
        else {
            return;
        };
        let now = self.now();
        let last = self.last[id].swap(now, Ordering::Relaxed);
        if last > 0 {
            self.gaps.lock().expect("not poisoned").push(u32::try_from(now - last).unwrap_or(u32::MAX));
        }
    }

    fn answered(&self, body: &[u8]) {
        let id = body.split(|byte| !byte.is_ascii_digit()).find(|digits| digits.len() == 9);
        if let Some(id) =
            id.and_then(|id| std::str::from_utf8(id).ok()).and_then(|id| id.parse::<usize>().ok())
        {
            self.last[id].store(self.now(), Ordering::Relaxed);
        }
    }

    fn reset(&self) {
        self.polls.store(0, Ordering::Relaxed);
        self.gaps.lock().expect("not poisoned").clear();
        self.peak.store(self.open.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn stats(&self) -> String {
        let mut gaps = self.gaps.lock().expect("not poisoned").clone();
        gaps.sort_unstable();
        let at = |share: f64| {
            let place = (gaps.len() as f64 * share) as usize;
            gaps.get(place.min(gaps.len().saturating_sub(1))).copied().unwrap_or(0)
        };
        format!(
            "polls={} gaps={} min={} p50={} p99={} max={} peak={} accepted={}",
            self.polls.load(Ordering::Relaxed),
            gaps.len(),
            at(0.0),
            at(0.5),
            at(0.99),
            at(1.0),
            self.peak.load(Ordering::Relaxed),
            self.accepted.load(Ordering::Relaxed),
        )
    }

    fn opened(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(open, Ordering::Relaxed);
    }
}

/// Serves until its standard input ends, so that it never outlives its parent.
pub(crate) fn run(ids: usize, late_ms: usize) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        println!("{}", listener.local_addr().expect("bound"));
        let seen = Arc::new(Seen {
            late: Duration::from_millis(late_ms as u64),
            start: Instant::now(),
            last: (0..ids).map(|_| AtomicI64::new(0)).collect(),
            gaps: Mutex::new(Vec::new()),
            polls: AtomicU64::new(0),
            open: AtomicI64::new(0),
            peak: AtomicI64::new(0),
            accepted: AtomicU64::new(0),
        });
        let parent = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
        tokio::select! {
            _ = parent => {}
            () = accept(listener, seen) => {}
        }
    });
    runtime.shutdown_background();
}

async fn accept(listener: TcpListener, seen: Arc<Seen>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let mut first = [0; 4];
            let two = matches!(stream.peek(&mut first).await, Ok(4)) && first == *b"PRI ";
            // Questions about the figures are none.
            if first == *b"GET " {
                return serve_h1(stream, &seen).await.unwrap_or(());
            }
            seen.opened();
            if two {
                serve_h2(stream, &seen).await
            } else {
                serve_h1(stream, &seen).await.unwrap_or(())
            }
            seen.open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

async fn serve_h2(stream: TcpStream, seen: &Arc<Seen>) {
    let service = service_fn(|request: Request<Incoming>| {
        let seen = Arc::clone(seen);
        async move {
            let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            seen.poll(&body);
            seen.answered(&body);
            let answer = Full::new(Bytes::from_static(br#"{"error":"authorization_pending"}"#));
            Ok::<_, std::convert::Infallible>(Response::builder().status(202).body(answer).expect("valid"))
        }
    });
    let mut builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(4096);
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn serve_h1(mut stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        let Some((body_at, end)) = request(&bytes) else {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            continue;
        };
        if bytes.starts_with(b"GET /") {
            if bytes.starts_with(b"GET /reset") {
                seen.reset();
            }
            let text = seen.stats();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
            stream.write_all(answer.as_bytes()).await?;
        } else if bytes[..body_at].windows(9).any(|window| window == b"/initiate") {
            let number = seen.polls.fetch_add(1, Ordering::Relaxed);
            let body = format!(r#"{{"auth_req_id":"id-{number:09}","expires_in":300,"interval":5}}"#);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await?;
        } else {
            if !seen.late.is_zero() {
                tokio::time::sleep(seen.late).await;
            }
            seen.poll(&bytes[body_at..end]);
            // Before it is sent: afterwards the client may be faster than this thread.
            seen.answered(&bytes[body_at..end]);
            stream.write_all(PENDING).await?;
        }
        bytes.drain(..end);
    }
}

/// Where the body of the first whole request begins and ends.
fn request(bytes: &[u8]) -> Option<(usize, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?.to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let end = head + length.map_or(0, |length| length.trim().parse().expect("a length"));
    (bytes.len() >= end).then_some((head, end))
}

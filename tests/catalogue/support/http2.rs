//! An HTTP/2 server made of frames, so that it can break the protocol's promises to the letter.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use authsec_ciba::{CibaClient, CibaClientBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What to do with a request that is complete.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// 200 with this body.
    Answer(&'static str),
    /// A GOAWAY that says that this request was not processed, then a close.
    GoAwayBefore,
    /// A GOAWAY that says that this request was processed, then a close.
    GoAwayAfter,
    /// RST_STREAM with this code.
    Rst(u32),
    /// Headers, half of this body, then RST_STREAM with INTERNAL_ERROR.
    HalfThenRst(&'static str),
    /// Headers, this much of a body, then RST_STREAM with CANCEL.
    Cancelled(&'static str),
    /// Headers, then a GOAWAY that says that this request was not processed, and a close: hyper takes it for the end.
    HeadThenGoAway,
    /// Informational headers, so many times, and then 200 with this body.
    Informational(usize, &'static str),
    /// Frames of CONTINUATION without an end.
    Continuations,
    /// A frame that is none.
    Garbage,
    /// Nothing, from now on and to anything.
    Silence,
}

pub(crate) const REFUSED_STREAM: u32 = 0x7;
pub(crate) const INTERNAL_ERROR: u32 = 0x2;
pub(crate) const CANCEL: u32 = 0x8;

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    requests: Vec<Vec<u8>>,
    accepted: usize,
}

#[derive(Clone)]
pub(crate) struct Frames {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Frames {
    /// Acts in order; the last one again and again.
    pub(crate) async fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let state = State { acts: acts.into_iter().collect(), ..State::default() };
        let server =
            Self { address: listener.local_addr().expect("bound"), state: Arc::new(Mutex::new(state)) };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepting.state().accepted += 1;
                let server = accepting.clone();
                tokio::spawn(async move { server.converse(stream).await });
            }
        });
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    pub(crate) fn configured(&self) -> CibaClientBuilder {
        let base_url = format!("http://{}", self.address);
        CibaClient::builder()
            .base_url(base_url)
            .routes(crate::ROUTES)
            .client_id("client")
            .client_secret("secret")
            .http2_prior_knowledge(true)
    }

    pub(crate) fn client(&self) -> CibaClient {
        self.configured().build().expect("a valid configuration")
    }

    /// How many requests arrived whole.
    pub(crate) fn requests(&self) -> usize {
        self.state().requests.len()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.state().accepted
    }

    async fn converse(self, mut stream: TcpStream) -> Option<()> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.ok()?;
        let mut out = frame(4, 0, 0, &[]);
        let mut body = Vec::new();
        loop {
            stream.write_all(&out).await.ok()?;
            out.clear();
            let (kind, flags, id, payload) = read(&mut stream).await?;
            match kind {
                // SETTINGS and PING want to be acknowledged.
                4 if flags & 1 == 0 => out = frame(4, 1, 0, &[]),
                6 if flags & 1 == 0 => out = frame(6, 1, 0, &payload),
                0 => {
                    body.extend_from_slice(&payload);
                    if flags & 1 == 0 {
                        continue;
                    }
                    let act = {
                        let mut state = self.state();
                        state.requests.push(std::mem::take(&mut body));
                        match state.acts.len() {
                            1 => state.acts[0],
                            _ => state.acts.pop_front().expect("an act"),
                        }
                    };
                    if matches!(act, Act::Silence) {
                        while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
                        return None;
                    }
                    let over = perform(act, id, &mut out);
                    if over {
                        stream.write_all(&out).await.ok()?;
                        stream.shutdown().await.ok()?;
                        // What still comes is read, so that the close is no reset.
                        while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
                        return None;
                    }
                }
                _ => {}
            }
        }
    }
}

/// Writes the frames of an act. Returns whether the connection ends with them.
fn perform(act: Act, id: u32, out: &mut Vec<u8>) -> bool {
    const STATUS_200: u8 = 0x88;
    let answer = |out: &mut Vec<u8>, body: &str| {
        out.extend(frame(1, 4, id, &[STATUS_200]));
        out.extend(frame(0, 1, id, body.as_bytes()));
    };
    match act {
        Act::Answer(body) => answer(out, body),
        Act::GoAwayBefore | Act::GoAwayAfter => {
            let last = if matches!(act, Act::GoAwayAfter) { id } else { 0 };
            let mut payload = last.to_be_bytes().to_vec();
            payload.extend_from_slice(&[0; 4]);
            out.extend(frame(7, 0, 0, &payload));
            return true;
        }
        Act::Rst(code) => out.extend(frame(3, 0, id, &code.to_be_bytes())),
        Act::HalfThenRst(body) => {
            out.extend(frame(1, 4, id, &[STATUS_200]));
            out.extend(frame(0, 0, id, &body.as_bytes()[..body.len() / 2]));
            out.extend(frame(3, 0, id, &INTERNAL_ERROR.to_be_bytes()));
        }
        Act::Cancelled(body) => {
            out.extend(frame(1, 4, id, &[STATUS_200]));
            out.extend(frame(0, 0, id, body.as_bytes()));
            out.extend(frame(3, 0, id, &CANCEL.to_be_bytes()));
        }
        Act::HeadThenGoAway => {
            out.extend(frame(1, 4, id, &[STATUS_200]));
            out.extend(frame(7, 0, 0, &[0; 8]));
            return true;
        }
        Act::Informational(times, body) => {
            for _ in 0..times {
                // `:status: 103`, a literal with the indexed name of `:status`.
                out.extend(frame(1, 4, id, &[0x08, 3, b'1', b'0', b'3']));
            }
            answer(out, body);
        }
        Act::Continuations => {
            out.extend(frame(1, 0, id, &[STATUS_200]));
            let header = [&[0x00, 1, b'a', 127][..], &[0x81, 0x7e], &[b'x'; 16_384 - 130]].concat();
            for _ in 0..256 {
                out.extend(frame(9, 0, id, &header[..16_000]));
            }
            return true;
        }
        Act::Silence => {}
        Act::Garbage => {
            out.extend(frame(0, 0, 0, b"data on stream zero"));
            return true;
        }
    }
    false
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

async fn read(stream: &mut TcpStream) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
}

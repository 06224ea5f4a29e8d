//! What must not grow unseen, on any machine however noisy: bytes and allocations, never time.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin gate`. B-80, B-82, O-55.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authsec_ciba::{ApprovalTask, AuthReqId, CibaClient, ClientAuth, OpenId, SigningKey};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const CROWD: usize = 10_000;
const PLACES: usize = 16;
const EMAIL: &str = "user@example.com";

/// A figure and the most that it may be: what was measured when the limit was set, and a little.
struct Limit {
    what: &'static str,
    measured: f64,
    most: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let _profiler = dhat::Profiler::builder().testing().build();
    let seen = Arc::new(Seen::default());
    let address = serve(Arc::clone(&seen)).await?;
    let client = CibaClient::builder()
        .base_url(format!("http://{address}"))
        .client_id("gate")
        .max_in_flight(PLACES)
        .build()?;
    let Sleeper { bytes, blocks, held, remembered } = sleeper(&client, &seen).await?;
    let seen_by_provider = Arc::new(Seen::default());
    let openid = at_a_provider(serve(Arc::clone(&seen_by_provider)).await?)?;
    let at_a_provider = sleeper(&openid, &seen_by_provider).await?;

    let id = AuthReqId::new("id-of-one-more-abcdefghijklmnopqrstuvwxyzABC=")?;
    let verify_totp = client.verify_totp(EMAIL, "287082");
    let once = client.poll_for_approval(EMAIL, &id).once();
    let cancel = client.cancel_approval(EMAIL);
    let awaited = size_of_val(&*client.poll_for_approval(EMAIL, &id).into_future()) as f64;
    let initiate = size_of_val(&*client.initiate_app_approval(EMAIL).into_future()) as f64;

    let limits = [
        Limit { what: "heap bytes of a sleeping poll, its handle included", measured: bytes, most: 900.0 },
        Limit { what: "heap blocks of a sleeping poll", measured: held, most: 6.1 },
        Limit {
            what: "heap bytes of a sleeping poll at an OpenID provider",
            measured: at_a_provider.bytes,
            most: 900.0,
        },
        Limit {
            what: "heap blocks of a sleeping poll at an OpenID provider",
            measured: at_a_provider.held,
            most: 6.1,
        },
        Limit { what: "allocations of a spawned poll and one request", measured: blocks, most: 76.0 },
        Limit {
            what: "heap bytes of a registry entry that no poll holds",
            measured: remembered,
            most: 340.0,
        },
        Limit {
            what: "bytes of a verify_totp future",
            measured: size_of_val(&verify_totp) as f64,
            most: 512.0,
        },
        Limit { what: "bytes of a single look's future", measured: size_of_val(&once) as f64, most: 880.0 },
        Limit {
            what: "bytes of a cancel_approval future",
            measured: size_of_val(&cancel) as f64,
            most: 32.0,
        },
        Limit { what: "bytes of an awaited poll's future", measured: awaited, most: 296.0 },
        Limit { what: "bytes of an awaited initiate's future", measured: initiate, most: 1_032.0 },
        Limit { what: "sockets for 20000 polls", measured: seen.peak() as f64, most: PLACES as f64 },
    ];
    println!("| figure | measured | at most |\n|---|---|---|");
    for limit in &limits {
        println!("| {} | {:.1} | {:.1} |", limit.what, limit.measured, limit.most);
    }
    let grown: Vec<_> =
        limits.iter().filter(|limit| limit.measured > limit.most).map(|limit| limit.what).collect();
    println!("{} passed, {} failed", limits.len() - grown.len(), grown.len());
    if grown.is_empty() { Ok(()) } else { Err(format!("grown: {}", grown.join("; ")).into()) }
}

/// What one poll of a crowd costs while all sleep.
struct Sleeper {
    bytes: f64,
    /// What it has allocated so far, its first request included.
    blocks: f64,
    held: f64,
    /// Bytes that are left of its id when it is gone.
    remembered: f64,
}

async fn sleeper(client: &CibaClient, seen: &Seen) -> Result<Sleeper, Box<dyn Error>> {
    // What the client and the runtime need anyway.
    let warm: Vec<_> = (0..CROWD).map(|n| poll(client, n)).collect::<Result<_, _>>()?;
    seen.reaches(CROWD).await;
    drop(warm);
    quiet().await;

    let before = dhat::HeapStats::get();
    let crowd: Vec<_> = (CROWD..2 * CROWD).map(|n| poll(client, n)).collect::<Result<_, _>>()?;
    seen.reaches(2 * CROWD).await;
    quiet().await;
    let asleep = dhat::HeapStats::get();
    let polls = CROWD as f64;
    // What was left behind by the warm crowd, ids that are remembered, is in both.
    let bytes = (asleep.curr_bytes as f64 - before.curr_bytes as f64) / polls;
    let blocks = (asleep.total_blocks as f64 - before.total_blocks as f64) / polls;
    let held = (asleep.curr_blocks as f64 - before.curr_blocks as f64) / polls;
    drop(crowd);
    quiet().await;
    let remembered = (dhat::HeapStats::get().curr_bytes as f64 - before.curr_bytes as f64) / polls;
    Ok(Sleeper { bytes, blocks, held, remembered })
}

/// O-55: a client of an OpenID provider, which signs each of its polls.
fn at_a_provider(address: std::net::SocketAddr) -> Result<CibaClient, authsec_ciba::Error> {
    let issuer = format!("http://{address}");
    let provider = OpenId::at(&issuer)
        .backchannel_authentication_endpoint(format!("{issuer}/start"))
        .token_endpoint(format!("{issuer}/token"))
        .jwks_uri(format!("{issuer}/jwks"));
    let key = SigningKey::from_pem(include_bytes!("../../../src/jose/tests/keys/p256.pkcs8.pem"))?;
    CibaClient::builder()
        .openid(provider)
        .client_id("gate")
        .client_auth(ClientAuth::private_key_jwt(key))
        .max_in_flight(PLACES)
        .build()
}

/// F-67: until nothing has been allocated for several rounds of the one thread that runs everything here: then every poll has heard
/// its answer, and sleeps.
async fn quiet() {
    const ROUNDS: u32 = 10;
    let (mut before, mut rounds) = (0, 0);
    while rounds < ROUNDS {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let allocated = dhat::HeapStats::get().total_blocks;
        rounds = if allocated == before { rounds + 1 } else { 0 };
        before = allocated;
    }
}

fn poll(client: &CibaClient, n: usize) -> Result<ApprovalTask, authsec_ciba::Error> {
    let id = AuthReqId::new(format!("id-{n:09}-abcdefghijklmnopqrstuvwxyzABCDEF="))?;
    let poll = client.poll_for_approval(format!("user{n:09}@example.com"), &id);
    Ok(poll.interval(Duration::from_secs(3_600)).timeout(Duration::from_secs(7_200)).spawn())
}

#[derive(Default)]
struct Seen {
    polls: AtomicUsize,
    open: AtomicUsize,
    peak: AtomicUsize,
}

impl Seen {
    async fn reaches(&self, polls: usize) {
        while self.polls.load(Ordering::Relaxed) < polls {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }
}

/// Answers every request with "pending".
async fn serve(seen: Arc<Seen>) -> std::io::Result<std::net::SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let open = seen.open.fetch_add(1, Ordering::Relaxed) + 1;
                seen.peak.fetch_max(open, Ordering::Relaxed);
                let _ = answer(stream, &seen).await;
                seen.open.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    Ok(address)
}

async fn answer(mut stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
    const PENDING: &[u8] =
        b"HTTP/1.1 202 Accepted\r\ncontent-length: 33\r\n\r\n{\"error\":\"authorization_pending\"}";
    let mut bytes = [0; 4096];
    let mut length = 0;
    loop {
        match stream.read(&mut bytes[length..]).await? {
            0 => return Ok(()),
            read => length += read,
        }
        if is_whole(&bytes[..length]) {
            length = 0;
            seen.polls.fetch_add(1, Ordering::Relaxed);
            stream.write_all(PENDING).await?;
        }
    }
}

/// Whether these bytes are a request, with all of its body.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let text = std::str::from_utf8(&bytes[..head]).unwrap_or_default();
    let length = text.split("\r\n").filter_map(|line| line.split_once(": "));
    let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.filter_map(|(_, value)| value.parse::<usize>().ok()).sum();
    bytes.len() >= head + 4 + length
}

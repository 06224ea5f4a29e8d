//! No block of memory that this crate gives back holds a secret (B-74, F-50, O-52).
//!
//! Buffers of the libraries under it do, and are told apart by whoever frees them. A body of this crate's, which one of them frees
//! for it, is told apart by how it begins.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authsec_ciba::{
    Alg, ApiRoutes, ApprovalOutcome, ApprovalTicket, CibaClient, ClientAuth, Hint, OpenId, SealingKey,
    SigningKey, TotpOutcome,
};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

const CODE: &str = "918273";
const ID: &str = "an-auth-req-id-that-is-longer-than-what-stays-in-line-0123456789";
const APPROVAL: &str = "access-token-of-the-approval";
/// With an escape in it, which the reader has to take out.
const LOGIN: &str = "access-token/of-the-login";
const CLIENT_SECRET: &str = "client-secret-of-a-provider-0123456789abcdef";
const USER_CODE: &str = "user-code-271828";
const HINT_TOKEN: &str = "login-hint-token-of-somebody-else";
const REFRESH: &str = "refresh-token-of-the-approval";
/// The header of every ID Token here, as it stands in the token: `{"alg":"HS256","kid":"a name that no other has"}`.
const ID_TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImEgbmFtZSB0aGF0IG5vIG90aGVyIGhhcyJ9";
const SEALING_KEY: &str = "sealing-key-of-thirty-two-bytes!";
/// What every ticket begins with here: the version, and the first bytes of the key's SHA-256.
const TICKET: &str = "AZxtEZ";
/// What HTTP Basic makes of id and secret.
const BASIC: &str = "Y2xpZW50OmNsaWVudC1zZWNyZXQtb2YtYS1wcm92aWRlci0wMTIzNDU2Nzg5YWJjZGVm";
/// The number of the key in RFC 7515, appendix A.3.1.
const KEY: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
/// The same in PEM.
const KEY_LINE: &str = "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR";
const SECRETS: [&str; 14] = [
    CODE,
    ID,
    APPROVAL,
    LOGIN,
    CLIENT_SECRET,
    USER_CODE,
    HINT_TOKEN,
    REFRESH,
    ID_TOKEN,
    BASIC,
    KEY,
    KEY_LINE,
    SEALING_KEY,
    TICKET,
];
/// The key itself.
const JWK: &str = r#"{"kty":"EC","crv":"P-256","kid":"by-jwk",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
/// The same in PKCS#8.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n\
    H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n\
    7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n\
    -----END PRIVATE KEY-----\n";
/// The same number, as the bytes that it is.
const KEY_BYTES: [u8; 32] = [
    142, 155, 16, 158, 113, 144, 152, 191, 152, 4, 135, 223, 31, 93, 119, 233, 203, 41, 96, 110, 190, 210,
    38, 59, 95, 87, 194, 19, 223, 132, 244, 178,
];

/// The libraries that have buffers of their own. serde_json has one only for a text with an escape in it.
const STACK: [&str; 10] =
    ["bytes", "h2", "http", "httparse", "hyper", "hyper_util", "mio", "reqwest", "serde_json", "tokio"];

thread_local! {
    /// Whether this thread's frees are looked at.
    static LOOKING: Cell<bool> = const { Cell::new(false) };
}

/// What was freed with a secret in it: which, how large, whether it began as a body does, by whom.
static FREED: Mutex<Vec<(&'static str, usize, bool, Backtrace)>> = Mutex::new(Vec::new());

struct Looking;

#[global_allocator]
static ALLOCATOR: Looking = Looking;

impl Looking {
    unsafe fn look(block: *mut u8, size: usize) {
        if !LOOKING.get() {
            return;
        }
        LOOKING.set(false);
        // SAFETY: the block is the caller's until it is freed. Bytes that nobody wrote are read as they are: good enough
        // for a test, and only here.
        let bytes = unsafe { std::slice::from_raw_parts(block, size) };
        let texts = SECRETS.map(|secret| (secret, secret.as_bytes()));
        for (secret, what) in texts.into_iter().chain([("the key's number", &KEY_BYTES[..])]) {
            if bytes.windows(what.len()).any(|window| window == what) {
                let freed = (secret, size, is_body(bytes), Backtrace::force_capture());
                FREED.lock().expect("not poisoned").push(freed);
            }
        }
        LOOKING.set(true);
    }
}

/// A body of this crate's is a JSON object or a form. A head begins with a method or a version.
fn is_body(bytes: &[u8]) -> bool {
    let name = bytes.split(|byte| *byte == b'=').next().unwrap_or_default();
    let is_form = name.len() < bytes.len() && name.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
    bytes.first() == Some(&b'{') || is_form
}

// SAFETY: everything is the system's.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Nothing is found that an earlier owner left behind.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe {
            Self::look(block, layout.size());
            System.dealloc(block, layout);
        }
    }

    // `realloc` is the default: a new block, a copy, and the old one is freed and looked at.
}

/// Answers by path, on a thread whose frees nobody looks at.
fn serve(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    loop {
        let mut length = 0;
        let (path, body) = loop {
            let read = stream.read(&mut buffer[length..]).unwrap_or(0);
            if read == 0 {
                return;
            }
            length += read;
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_ascii_lowercase();
            let expected =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            if body.len() == expected.parse::<usize>().expect("a number") {
                break (head.lines().next().expect("a request line").to_owned(), body.to_owned());
            }
        };
        let answer = if path.contains("totp") {
            assert!(body.contains(CODE), "{body}");
            format!(r#"{{"success":true,"token":"{}"}}"#, LOGIN.replace('/', r"\/"))
        } else if path.contains("bc-authorize") {
            assert!(body.contains(USER_CODE) && body.contains(HINT_TOKEN), "{body}");
            format!(r#"{{"auth_req_id":"{ID}","expires_in":300,"interval":1}}"#)
        } else if path.contains("openid-token") {
            assert!(body.contains(ID), "{body}");
            assert!(!body.contains(KEY), "{body}");
            let id_token = id_token(path.split_once("issuer=").expect("an issuer").1);
            format!(
                r#"{{"access_token":"{APPROVAL}","token_type":"Bearer","refresh_token":"{REFRESH}","id_token":"{id_token}"}}"#
            )
        } else if path.contains("plain-token") {
            assert!(body.contains(ID) && body.contains("client_assertion="), "{body}");
            format!(r#"{{"access_token":"{APPROVAL}","token_type":"Bearer","refresh_token":"{REFRESH}"}}"#)
        } else if path.contains("initiate") {
            format!(r#"{{"auth_req_id":"{ID}","expires_in":300,"interval":1}}"#)
        } else {
            assert!(body.contains(ID), "{body}");
            format!(r#"{{"access_token":"{APPROVAL}"}}"#)
        };
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        stream.write_all(answer.as_bytes()).expect("sent");
    }
}

/// An ID Token of the provider at this port.
fn id_token(issuer: &str) -> String {
    let port = issuer.split([' ', '&']).next().expect("a port");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let claims = format!(
        r#"{{"iss":"http://127.0.0.1:{port}","sub":"s-1","aud":"client","iat":{now},"exp":{}}}"#,
        now + 300
    );
    let input = format!("{ID_TOKEN}.{}", URL_SAFE_NO_PAD.encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, input.as_bytes())))
}

/// Goes on in a second process with what a first one has begun.
async fn move_on(begin: impl AsyncFn() -> CibaClient) {
    let first = begin().await;
    let pending = first.initiate_app_approval("user@example.com").await.expect("pushed");
    // As it lies in a session, which is the program's and wiped here.
    let text = Zeroizing::new(pending.ticket().expect("sealed").to_string());
    assert!(text.starts_with(TICKET));
    let ticket: ApprovalTicket = text.parse().expect("a text of a ticket");
    let cut: ApprovalTicket = text[..text.len() - 4].parse().expect("letters of a ticket");
    drop((pending, text));
    first.shutdown().await;
    let second = begin().await;
    second.resume(&cut).await.expect_err("cut off");
    drop(second.resume(&ticket));
    let outcome = second.resume(&ticket).timeout(Duration::from_secs(5)).await.expect("an outcome");
    assert_eq!(outcome.approved().expect("an approval").token().expose_secret(), APPROVAL);
    second.shutdown().await;
}

/// The same at a provider of OpenID's.
async fn sign_in_openid(issuer: &str, auth: ClientAuth) {
    let port = issuer.rsplit_once(':').expect("a port").1;
    let provider = OpenId::at(issuer)
        .backchannel_authentication_endpoint(format!("{issuer}/bc-authorize"))
        .token_endpoint(format!("{issuer}/openid-token?issuer={port}"))
        .id_token_alg(Alg::HS256)
        .trust_my_settings(true);
    let client = CibaClient::builder().openid(provider).client_id("client").client_auth(auth);
    let client = client.build().expect("valid");
    let pending = client.initiate(Hint::login_token(HINT_TOKEN)).user_code(USER_CODE).await.expect("pushed");
    let outcome = pending.wait().timeout(Duration::from_secs(5)).await.expect("an outcome");
    let approval = outcome.approved().expect("an approval");
    assert_eq!(approval.token().expose_secret(), APPROVAL);
    assert!(approval.id_token().expect("an ID Token").expose_secret().starts_with(ID_TOKEN));
    drop(approval);
    drop(pending);
    client.shutdown().await;
}

/// The same by a private key, read here from a JWK and from PEM, at a provider without ID Tokens.
async fn sign_in_by_key(issuer: &str) {
    // The texts are the program's own business.
    let by_jwk = SigningKey::from_jwk(JWK).expect("a key");
    let by_pem = SigningKey::from_pem(PEM).expect("a key");
    let refused = SigningKey::from_jwk(JWK.replacen("P-256", "P-384", 1).leak());
    assert!(refused.is_err());
    for key in [by_jwk, by_pem.kid("by-pem")] {
        let provider = OpenId::at(issuer)
            .backchannel_authentication_endpoint(format!("{issuer}/bc-authorize"))
            .token_endpoint(format!("{issuer}/plain-token"))
            .without_id_token()
            .trust_my_settings(true);
        let auth = ClientAuth::private_key_jwt(key);
        let client = CibaClient::builder().openid(provider).client_id("client").client_auth(auth);
        let client = client.build().expect("valid");
        let pending =
            client.initiate(Hint::login_token(HINT_TOKEN)).user_code(USER_CODE).await.expect("pushed");
        let outcome = pending.wait().timeout(Duration::from_secs(5)).await.expect("an outcome");
        let approval = outcome.approved().expect("an approval");
        assert_eq!(approval.refresh_token().expect("a refresh token").expose_secret(), REFRESH);
        drop(approval);
        drop(pending);
        client.shutdown().await;
    }
}

async fn sign_in(client: CibaClient) {
    // The longest address makes the longest body.
    let email = format!("{}@example.com", "x".repeat(242));
    match client.verify_totp(&email, CODE).await.expect("judged") {
        TotpOutcome::Verified(verified) => assert_eq!(verified.token().expose_secret(), LOGIN),
        other => panic!("{other:?}"),
    }
    let dropped = client.verify_totp(&email, CODE);
    drop(dropped);
    let pending = client.initiate_app_approval(&email).await.expect("pushed");
    for spawned in [true, false] {
        let wait = pending.wait().timeout(Duration::from_secs(5));
        let outcome = if spawned { wait.spawn().await } else { wait.await };
        match outcome.map(|outcome| outcome.approved()) {
            Ok(Ok(approval)) => assert_eq!(approval.token().expose_secret(), APPROVAL),
            other => panic!("{other:?}"),
        }
    }
    let outcome: Result<ApprovalOutcome, _> = pending.wait().timeout(Duration::ZERO).await;
    drop(outcome);
    client.shutdown().await;
}

/// The first crate in a backtrace that is not Rust's own. What drops a value is of the value's crate: where a library's value
/// stands in a function of ours, and nothing of the library is called to drop it, that alone says whose it is.
fn who_frees(backtrace: &str) -> String {
    let frames = backtrace
        .lines()
        .filter_map(|line| Some(line.trim().split_once(": ")?.1))
        .map(|name| name.strip_prefix("core::ptr::drop_in_place<").unwrap_or(name))
        .filter(|name| name.contains("::") && !name.contains("wiped::Looking"));
    let crates = frames.map(|name| {
        let name =
            name.trim_start_matches(['<', '&', '*']).trim_start_matches("mut ").trim_start_matches("dyn ");
        name.split("::").next().unwrap_or_default().to_owned()
    });
    let rusts = ["alloc", "core", "std", "__rustc"];
    let mut crates = crates
        .filter(|name| !name.starts_with("__") && name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    crates.find(|name| !rusts.contains(&name.as_str())).unwrap_or_else(|| "wiped".to_owned())
}

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            std::thread::spawn(move || serve(stream));
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client =
        CibaClient::builder().base_url(base_url.as_str()).routes(ApiRoutes::Tenant).client_id("client");
    let client = client.build().expect("valid");
    // Made before anybody looks: how the program came by its secret is its own business.
    let auths = [ClientAuth::secret_basic, ClientAuth::secret_post, ClientAuth::secret_jwt]
        .map(|by| by(CLIENT_SECRET));
    LOOKING.set(true);
    // A control: these are found.
    drop(std::hint::black_box(CODE.to_owned()));
    drop(std::hint::black_box(KEY_BYTES.to_vec()));
    runtime.block_on(sign_in(client));
    for auth in auths {
        runtime.block_on(sign_in_openid(&base_url, auth));
    }
    runtime.block_on(sign_in_by_key(&base_url));
    let with_key = async || {
        let key = SealingKey::new(SEALING_KEY.as_bytes()).expect("32 bytes");
        let client = CibaClient::builder().base_url(base_url.as_str()).routes(ApiRoutes::Tenant);
        client.client_id("client").sealing_key(key).build().expect("valid")
    };
    runtime.block_on(move_on(with_key));
    drop(runtime);
    LOOKING.set(false);

    let freed = std::mem::take(&mut *FREED.lock().expect("not poisoned"));
    let (mut control, mut stack, mut ours) = (0, 0, 0);
    for (secret, size, is_body, backtrace) in freed {
        let backtrace = backtrace.to_string();
        let who = who_frees(&backtrace);
        if [CODE.len(), KEY_BYTES.len()].contains(&size) && who == "wiped" {
            control += 1;
        } else if STACK.contains(&who.as_str()) && !is_body {
            stack += 1;
        } else {
            ours += 1;
            eprintln!("a block of {size} bytes holds {secret:?}, freed by {who}:\n{backtrace}");
        }
    }
    assert_eq!(control, 2, "whoever looks must find");
    assert_eq!(ours, 0, "blocks that this crate gave back with a secret in them");
    println!("none of ours; {stack} of the libraries'");
}

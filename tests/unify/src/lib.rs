//! F-42: features are unified over a program. Whatever another crate switches on in reqwest (TLS by OpenSSL, decompression,
//! cookies, SOCKS), what this crate does stays the same.

#![cfg(test)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use authsec_ciba::{AuthReqId, CibaClient, ErrorKind, PollStatus};
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

type Heads = Arc<Mutex<Vec<String>>>;

/// Answers every request with these bytes, over TLS if it is given; keeps the heads.
fn serve(answer: Vec<u8>, tls: Option<Arc<ServerConfig>>) -> (SocketAddr, Heads) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("bound");
    let heads = Heads::default();
    let hearing = Arc::clone(&heads);
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let (answer, tls, hearing) = (answer.clone(), tls.clone(), Arc::clone(&hearing));
            std::thread::spawn(move || match tls {
                Some(tls) => {
                    let tls = ServerConnection::new(tls).expect("a configuration");
                    talk(StreamOwned::new(tls, stream), &answer, &hearing);
                }
                None => talk(stream, &answer, &hearing),
            });
        }
    });
    (address, heads)
}

fn talk(mut stream: impl Read + Write, answer: &[u8], heads: &Heads) {
    let mut piece = [0; 8192];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        let text = String::from_utf8_lossy(&piece[..read]).to_ascii_lowercase();
        if text.starts_with("post ") {
            heads.lock().expect("not poisoned").push(text);
            let _ = stream.write_all(answer).and_then(|()| stream.flush());
        }
    }
}

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

const PENDING: &[u8] = br#"{"error":"authorization_pending"}"#;

/// `PENDING` as gzip makes it: one stored block.
fn gzipped() -> Vec<u8> {
    let length = u16::try_from(PENDING.len()).expect("short");
    let mut crc = u32::MAX;
    for byte in PENDING {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    let lengths = [length.to_le_bytes(), (!length).to_le_bytes()].concat();
    [&head[..], &lengths, PENDING, &(!crc).to_le_bytes(), &u32::from(length).to_le_bytes()].concat()
}

/// A certificate that nobody has vouched for but the one who trusts its PEM.
fn certificate() -> (Arc<ServerConfig>, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("a key that fits");
    (Arc::new(config), certificate.pem())
}

/// Counts the spans of this crate that are open.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<Vec<tracing::span::Id>>>);

impl<S: tracing::Subscriber> Layer<S> for Open {
    fn on_new_span(&self, of: &tracing::span::Attributes<'_>, id: &tracing::span::Id, _: Context<'_, S>) {
        if of.metadata().name().starts_with("authsec") {
            self.0.lock().expect("not poisoned").push(id.clone());
        }
    }

    fn on_close(&self, id: tracing::span::Id, _: Context<'_, S>) {
        self.0.lock().expect("not poisoned").retain(|open| *open != id);
    }
}

/// F-52: the connection lives on, the span of the poll that dialled it does not.
#[tokio::test(flavor = "current_thread")]
async fn f52_no_span_is_held_by_a_connection() {
    let open = Open::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(open.clone()));
    let (address, _) = serve(answer("", PENDING), None);
    let client = CibaClient::builder().client_id("a").base_url(format!("http://{address}")).build().expect("valid");
    let _ = client.poll_for_approval("user@example.com", &id()).once().await.expect("answered");
    let _ = client.initiate_app_approval("user@example.com").await;
    assert_eq!(*open.0.lock().expect("not poisoned"), []);
}

fn id() -> AuthReqId {
    AuthReqId::new("an-id").expect("valid")
}

#[tokio::test]
async fn f42_tls_stays_rustls() {
    // Both backends are there.
    assert!(reqwest::Client::builder().tls_backend_native().build().is_ok());
    let (config, pem) = certificate();
    let (address, heads) = serve(answer("", PENDING), Some(config));
    let base_url = format!("https://localhost:{}", address.port());
    let doubting = CibaClient::builder().client_id("a").base_url(&base_url).build().expect("valid");
    let error = doubting.poll_for_approval("user@example.com", &id()).await.expect_err("not trusted");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Tls, 0), "at once: {error:?}");
    assert!(format!("{error:?}").contains("UnknownIssuer"), "rustls says it: {error:?}");
    let trusting = CibaClient::builder().client_id("a").base_url(&base_url).root_certificate(pem).build().expect("valid");
    let looked = trusting.poll_for_approval("user@example.com", &id()).once().await.expect("trusted");
    assert!(matches!(looked, PollStatus::Pending { .. }), "{looked:?}");
    assert_eq!(heads.lock().expect("not poisoned").len(), 1);
}

#[tokio::test]
async fn f42_nothing_is_unpacked_and_no_cookie_is_kept() {
    for (headers, body, readable) in [
        ("content-encoding: gzip\r\n", gzipped(), false),
        ("content-encoding: none\r\n", PENDING.to_vec(), true),
        ("set-cookie: a=b; Path=/\r\n", PENDING.to_vec(), true),
    ] {
        let (address, heads) = serve(answer(headers, &body), None);
        let client = CibaClient::builder().client_id("a").base_url(format!("http://{address}")).build().expect("valid");
        for n in 0..2 {
            let email = format!("user-{n}@example.com");
            let id = AuthReqId::new(format!("id-{n}")).expect("valid");
            let looked = client.poll_for_approval(email, &id).once().await;
            match looked {
                Ok(PollStatus::Pending { .. }) => assert!(readable, "{headers}"),
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    assert!(!readable && error.kind() == ErrorKind::Protocol, "{headers}: {error:?}")
                }
            }
        }
        let heads = heads.lock().expect("not poisoned");
        assert_eq!(heads.len(), 2);
        for head in heads.iter() {
            assert!(
                head.contains("accept-encoding: identity\r\n") && !head.contains("\r\ncookie:"),
                "{head}"
            );
        }
    }
}

//! A key that lives elsewhere (O-19).

use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authsec_ciba::{Alg, CibaClient, ClientAuth, ErrorKind, OpenId, Signer, SigningError};
use tokio::time::Instant;

use crate::op::{Answer, CLIENT, Op, START, TOKEN};
use crate::support::{started, status, stops};

type Signed<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>>;

/// What the key's home does at one request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Signs,
    IsAway,
    Refuses,
    Hangs,
    Panics,
}

/// Goes through its list, and signs from then on.
#[derive(Clone)]
struct Home(Arc<(Vec<Does>, AtomicUsize)>);

impl Home {
    fn new(does: impl Into<Vec<Does>>) -> Self {
        Self(Arc::new((does.into(), AtomicUsize::new(0))))
    }

    fn asked(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

impl Signer for Home {
    fn alg(&self) -> Alg {
        Alg::ES256
    }

    fn kid(&self) -> Option<&str> {
        Some("elsewhere")
    }

    fn sign<'a>(&'a self, input: &'a [u8]) -> Signed<'a> {
        assert_eq!(input.iter().filter(|byte| **byte == b'.').count(), 1, "header and claims, nothing more");
        match self.0.0.get(self.0.1.fetch_add(1, Ordering::SeqCst)).copied().unwrap_or(Does::Signs) {
            Does::Signs => Box::pin(ready(Ok(vec![7; 64]))),
            Does::IsAway => Box::pin(ready(Err(SigningError::transient("canary: the slot is busy")))),
            Does::Refuses => Box::pin(ready(Err(SigningError::fatal("canary: the key is disabled")))),
            Does::Hangs => Box::pin(pending()),
            Does::Panics => panic!("canary: the key's driver"),
        }
    }
}

async fn client(op: &Op, home: &Home) -> CibaClient {
    CibaClient::builder()
        .openid(OpenId::at(op.issuer()))
        .client_id(CLIENT)
        .client_auth(ClientAuth::signer(home.clone()))
        .discover()
        .await
        .expect("a client")
}

#[tokio::test(start_paused = true)]
async fn o19_a_key_elsewhere_is_asked_for_every_request() {
    let (op, home) = (Op::start().await, Home::new([]));
    op.then(TOKEN, [Answer::pending(), Answer::pending(), op.approval()]);
    let outcome = started(&client(&op, &home).await).await.wait().await;
    assert_eq!((status(&outcome), home.asked()), ("approved", 4));
    for request in [op.requests(START), op.requests(TOKEN)].concat() {
        let assertion = request.field("client_assertion").expect("an assertion");
        assert!(assertion.ends_with(
            ".BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw"
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn o19_what_heals_is_polled_past_and_sends_nothing() {
    let (op, home) = (Op::start().await, Home::new([Does::Signs, Does::IsAway, Does::IsAway]));
    op.then(TOKEN, [op.approval()]);
    let pending = started(&client(&op, &home).await).await;
    let start = Instant::now();
    assert_eq!(status(&pending.wait().await), "approved");
    assert_eq!((home.asked(), op.requests(TOKEN).len()), (4, 1));
    assert!(op.instants(TOKEN, start)[0] >= 15_000, "never sooner than the interval");
}

#[tokio::test(start_paused = true)]
async fn o19_what_does_not_heal_ends_it_at_once() {
    let (op, home) = (Op::start().await, Home::new([Does::Signs, Does::Refuses]));
    let pending = started(&client(&op, &home).await).await;
    let error = pending.wait().await.expect_err("no key");
    assert_eq!((error.kind(), error.field()), (ErrorKind::ClientAuth, Some("signing_key")));
    assert_eq!((home.asked(), op.requests(TOKEN).len()), (2, 0));
    stops(&op).await;
    // The key's home may say what it likes: it is the source, and stands in no text of ours.
    assert!(!format!("{error} {error:?} {error:#?}").contains("canary"), "{error:?}");
    let whole = authsec_ciba::SignInError::from(error.clone());
    assert!(!format!("{whole} {whole:?}").contains("canary"), "{whole:?}");
    let mut source = std::error::Error::source(&error);
    let mut is_kept = false;
    while let Some(error) = source {
        is_kept |= error.to_string().contains("the key is disabled");
        assert!(is_kept || !format!("{error:?}").contains("canary"), "{error:?}");
        source = error.source();
    }
    assert!(is_kept, "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn o19_a_start_that_cannot_be_signed_is_not_sent() {
    for (does, kind) in [(Does::IsAway, ErrorKind::Network), (Does::Refuses, ErrorKind::ClientAuth)] {
        let (op, home) = (Op::start().await, Home::new([does]));
        let client = client(&op, &home).await;
        let error = client.initiate(authsec_ciba::Hint::login("alice")).await.expect_err("not signed");
        assert_eq!((error.kind(), error.may_have_reached_server()), (kind, false));
        assert_eq!((home.asked(), op.requests(START).len()), (1, 0));
        stops(&op).await;
    }
}

#[tokio::test(start_paused = true)]
async fn o19_a_key_that_hangs_is_given_10_s() {
    let (op, home) = (Op::start().await, Home::new([Does::Signs, Does::Hangs]));
    op.then(TOKEN, [op.approval()]);
    let pending = started(&client(&op, &home).await).await;
    let start = Instant::now();
    assert_eq!(status(&pending.wait().await), "approved");
    let polls = op.instants(TOKEN, start);
    assert_eq!((polls.len(), home.asked()), (1, 3));
    assert!((20_000..=25_000).contains(&polls[0]), "{polls:?}");
}

#[tokio::test(start_paused = true)]
async fn o19_a_key_whose_driver_panics_ends_one_wait_and_harms_no_other() {
    let (op, home) = (Op::start().await, Home::new([Does::Signs, Does::Panics]));
    op.then(TOKEN, [op.approval()]);
    let client = client(&op, &home).await;
    let pending = started(&client).await;
    let error = pending.wait().spawn().await.expect_err("a panic");
    assert_eq!(error.kind(), ErrorKind::Runtime);
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    assert_eq!(op.requests(TOKEN).len(), 0);
    assert_eq!(status(&pending.wait().await), "approved");
    assert_eq!(status(&started(&client).await.wait().await), "approved");
}

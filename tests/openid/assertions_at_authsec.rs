//! AuthSec's routes of the standard, by assertions in the place of a secret (O-02; `docs/wire.md`, section 4).

use std::collections::HashSet;
use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authsec_ciba::sandbox::{Call, Reaction, Sandbox, User};
use authsec_ciba::{
    Alg, ApiRoutes, ApprovalOutcome, CibaClient, CibaClientBuilder, ClientAuth, Error, ErrorKind, OpenId,
    SigningError, SigningKey,
};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData as _};
use tokio::time::Instant;

use crate::op::{Answer, Op, acknowledgement};
use crate::support::{status, stops};

const START: &str = "/oauth/bc-authorize";
const TOKEN: &str = "/oauth/token";
const EMAIL: &str = "user@example.com";
/// No secret of HTTP Basic could go with such an id.
const CLIENT: &str = "https://client.example/metadata";

/// A server of AuthSec's in bytes.
async fn server() -> Op {
    let op = Op::start().await;
    op.always(START, acknowledgement(5, 300));
    op.always(TOKEN, Answer::pending());
    op
}

fn approval() -> Answer {
    Answer::json(200, r#"{"access_token":"a.b.c","token_type":"Bearer","expires_in":3600,"scope":"email"}"#)
}

fn builder(base_url: &str) -> CibaClientBuilder {
    CibaClient::builder().base_url(base_url).routes(ApiRoutes::OAuth).client_id(CLIENT)
}

fn client(op: &Op, auth: ClientAuth) -> CibaClient {
    builder(op.issuer()).client_auth(auth).build().expect("a client")
}

/// Starts, and waits for what comes of it.
async fn signed_in(client: &CibaClient) -> Result<ApprovalOutcome, Error> {
    client.initiate_app_approval(EMAIL).scopes(["email"]).await.expect("pushed").wait().await
}

fn es256() -> (SigningKey, KeyPair) {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    (SigningKey::from_pem(pair.serialize_pem()).expect("a key"), pair)
}

fn ed25519() -> SigningKey {
    let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
    SigningKey::from_pem(pair.serialize_pem()).expect("a key")
}

fn jwk(pair: &KeyPair) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let point = pair.der_bytes();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#)
}

/// What the caller's function does at one request.
#[derive(Clone, Copy)]
enum Does {
    Gives,
    HasNone,
    Refuses,
    Hangs,
    GivesAnother(&'static str),
}

/// The workload's SVIDs: each another one. Goes through its list, and gives one from then on.
#[derive(Clone)]
struct Workload(Arc<(Vec<Does>, AtomicUsize)>);

impl Workload {
    fn new(does: impl Into<Vec<Does>>) -> Self {
        Self(Arc::new((does.into(), AtomicUsize::new(0))))
    }

    fn asked(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }

    fn auth(&self) -> ClientAuth {
        let this = self.clone();
        ClientAuth::svid(move || {
            let at = this.0.1.fetch_add(1, Ordering::SeqCst);
            let does = this.0.0.get(at).copied().unwrap_or(Does::Gives);
            async move {
                match does {
                    Does::Gives => ready(Ok(svid(at))).await,
                    Does::HasNone => Err(SigningError::transient("canary: no agent is there")),
                    Does::Refuses => Err(SigningError::fatal("canary: no entry is registered")),
                    Does::Hangs => pending().await,
                    Does::GivesAnother(text) => Ok(text.to_owned()),
                }
            }
        })
    }
}

fn svid(at: usize) -> String {
    format!("eyJhbGciOiJFUzI1NiJ9.canary{at}.c2lnbmF0dXJl")
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn o02_an_assertion_is_for_the_token_endpoint_on_both_routes() {
    let op = server().await;
    let client = client(&op, ClientAuth::private_key_jwt(es256().0.kid("2026-11")));
    op.then(TOKEN, [Answer::pending(), Answer::pending(), approval()]);
    assert_eq!(status(&signed_in(&client).await), "approved");
    let (starts, polls) = (op.requests(START), op.requests(TOKEN));
    assert_eq!((starts.len(), polls.len()), (1, 3));
    let names = |form: Vec<(String, String)>| form.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let credential = ["client_id", "client_assertion_type", "client_assertion"];
    let start = ["login_hint", "scope", "binding_message"];
    assert_eq!(names(starts[0].form()), [start.as_slice(), &credential].concat());
    let mut jtis = HashSet::new();
    for request in [starts, polls.clone()].concat() {
        assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
        assert!(!request.headers.contains_key("authorization"), "no secret goes beside it");
        assert_eq!(
            request.field("client_assertion_type").as_deref(),
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        );
        assert_eq!(request.field("client_id").as_deref(), Some(CLIENT));
        let claims = request.assertion();
        assert_eq!(claims["aud"], format!("{}/oauth/token", op.issuer()));
        assert_eq!((&claims["iss"], &claims["sub"]), (&CLIENT.into(), &CLIENT.into()));
        assert!(claims["exp"].is_u64() && claims["iat"].is_u64());
        jtis.insert(claims["jti"].as_str().expect("a jti").to_owned());
    }
    assert_eq!(jtis.len(), 4, "each is good once");
    for poll in polls {
        assert_eq!(names(poll.form()), [["grant_type", "auth_req_id"].as_slice(), &credential].concat());
    }
    stops(&op).await;
}

#[tokio::test(start_paused = true)]
async fn o02_the_audience_is_the_base_url_as_it_is_called() {
    let op = server().await;
    op.always("/gateway/oauth/bc-authorize", acknowledgement(5, 300));
    op.always("/gateway/oauth/token", approval());
    let client = builder(&format!("{}/gateway/", op.issuer()))
        .client_auth(ClientAuth::private_key_jwt(es256().0))
        .build()
        .expect("a client");
    assert_eq!(status(&signed_in(&client).await), "approved");
    for path in ["/gateway/oauth/bc-authorize", "/gateway/oauth/token"] {
        let claims = op.requests(path)[0].assertion();
        assert_eq!(claims["aud"], format!("{}/gateway/oauth/token", op.issuer()));
    }
}

#[tokio::test(start_paused = true)]
async fn o02_an_svid_is_asked_for_anew_for_every_request() {
    let (op, workload) = (server().await, Workload::new([]));
    let client = client(&op, workload.auth());
    assert_eq!(workload.asked(), 0, "not before there is a request");
    op.then(TOKEN, [Answer::pending(), Answer::pending(), approval()]);
    let pending =
        client.initiate_app_approval(EMAIL).resource("https://api.example/a").await.expect("pushed");
    let start = Instant::now();
    assert_eq!(workload.asked(), 1);
    assert_eq!(status(&pending.wait().await), "approved");
    assert_eq!(op.instants(TOKEN, start), [5_000, 10_000, 15_000]);
    assert_eq!(workload.asked(), 4);
    const TYPE: (&str, &str) =
        ("client_assertion_type", "urn:authsec:params:oauth:client-assertion-type:spiffe-svid");
    assert_eq!(
        op.requests(START)[0].form(),
        fields(&[
            ("login_hint", EMAIL),
            ("binding_message", "Sign-in request"),
            ("resource", "https://api.example/a"),
            ("client_id", CLIENT),
            TYPE,
            ("client_assertion", &svid(0)),
        ])
    );
    for (at, poll) in op.requests(TOKEN).into_iter().enumerate() {
        assert!(!poll.headers.contains_key("authorization"));
        assert_eq!(
            poll.form(),
            fields(&[
                ("grant_type", "urn:openid:params:grant-type:ciba"),
                ("auth_req_id", "id-1.a_b-c"),
                ("resource", "https://api.example/a"),
                ("client_id", CLIENT),
                TYPE,
                ("client_assertion", &svid(at + 1)),
            ])
        );
    }
}

#[tokio::test(start_paused = true)]
async fn o02_an_svid_that_is_not_there_for_a_moment_is_polled_past_and_sends_nothing() {
    let (op, workload) = (server().await, Workload::new([Does::Gives, Does::HasNone, Does::HasNone]));
    op.always(TOKEN, approval());
    let pending = client(&op, workload.auth()).initiate_app_approval(EMAIL).await.expect("pushed");
    let start = Instant::now();
    assert_eq!(status(&pending.wait().await), "approved");
    assert_eq!((workload.asked(), op.requests(TOKEN).len()), (4, 1));
    assert!(op.instants(TOKEN, start)[0] >= 15_000, "never sooner than the interval");
}

#[tokio::test(start_paused = true)]
async fn o02_an_svid_that_will_never_be_there_ends_it_at_once() {
    for does in [Does::Refuses, Does::GivesAnother("canary"), Does::GivesAnother("canary.a.b\n")] {
        let (op, workload) = (server().await, Workload::new([Does::Gives, does]));
        let pending = client(&op, workload.auth()).initiate_app_approval(EMAIL).await.expect("pushed");
        let start = Instant::now();
        let error = pending.wait().await.expect_err("no SVID");
        assert_eq!(start.elapsed().as_secs(), 5, "at the first poll");
        assert_eq!((error.kind(), error.field()), (ErrorKind::ClientAuth, Some("svid")));
        assert!(!error.is_retryable());
        // What the function says itself is the error's source, and stands in no text of ours; what it gave stands nowhere.
        let shown =
            if matches!(does, Does::Refuses) { error.to_string() } else { format!("{error} {error:?}") };
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!((workload.asked(), op.requests(TOKEN).len()), (2, 0));
        stops(&op).await;
    }
}

#[tokio::test(start_paused = true)]
async fn o02_a_start_without_an_svid_is_not_sent() {
    for (does, kind) in [
        (Does::HasNone, ErrorKind::Network),
        (Does::Refuses, ErrorKind::ClientAuth),
        (Does::Hangs, ErrorKind::Network),
        (Does::GivesAnother(""), ErrorKind::ClientAuth),
    ] {
        let (op, workload) = (server().await, Workload::new([does]));
        let error = client(&op, workload.auth()).initiate_app_approval(EMAIL).await.expect_err("no SVID");
        assert_eq!((error.kind(), error.field()), (kind, Some("svid")));
        assert!(!error.may_have_reached_server());
        assert_eq!((workload.asked(), op.requests(START).len()), (1, 0));
        stops(&op).await;
    }
}

#[tokio::test(start_paused = true)]
async fn o02_a_function_that_hangs_is_given_10_s() {
    let (op, workload) = (server().await, Workload::new([Does::Gives, Does::Hangs]));
    op.always(TOKEN, approval());
    let pending = client(&op, workload.auth()).initiate_app_approval(EMAIL).await.expect("pushed");
    let start = Instant::now();
    assert_eq!(status(&pending.wait().await), "approved");
    let polls = op.instants(TOKEN, start);
    assert_eq!((polls.len(), workload.asked()), (1, 3));
    assert!((20_000..=25_000).contains(&polls[0]), "{polls:?}");
}

/// What the server repeats of the request is taken out of its words.
#[tokio::test(start_paused = true)]
async fn o02_o52_no_assertion_is_shown() {
    let (op, workload) = (server().await, Workload::new([]));
    let auth = workload.auth();
    let shown = format!("{auth:?} {:?}", builder(op.issuer()).client_auth(auth.clone()));
    assert!(shown.contains("ClientAuth(spiffe_svid"), "{shown}");
    for auth in [auth, ClientAuth::private_key_jwt(es256().0)] {
        let client = client(&op, auth);
        op.always(START, Answer::echo(400));
        let refused = client.initiate_app_approval(EMAIL).await.expect_err("refused");
        op.always(START, acknowledgement(5, 300));
        op.always(TOKEN, Answer::echo(400));
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let polled = pending.wait().await.expect_err("refused");
        for (error, path) in [(refused, START), (polled, TOKEN)] {
            let request = op.requests(path).pop().expect("a request");
            let assertion = request.field("client_assertion").expect("an assertion");
            let words = error.server_message().unwrap_or_default().to_owned();
            assert!(!words.is_empty(), "{error:?}");
            let shown = format!("{error} {error:?} {words} {client:?}");
            assert!(!shown.contains(&assertion) && !shown.contains("canary"), "{shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn o02_a_key_is_changed_while_a_poll_sleeps() {
    let op = server().await;
    let client = client(&op, ClientAuth::private_key_jwt(es256().0));
    op.then(TOKEN, [Answer::pending(), approval()]);
    let waiting = client.initiate_app_approval(EMAIL).await.expect("pushed").wait().spawn();
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    // An RSA key would do as well; this one signs by nothing that AuthSec takes.
    let error = client.set_signing_key(ed25519()).expect_err("EdDSA");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("signing_key")));
    let error = client.set_client_secret("a secret").expect_err("a client without one");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("client_secret")));
    client.clone().set_signing_key(es256().0.kid("two")).expect("a key");
    assert_eq!(status(&waiting.await), "approved");
    let header = |at: usize| {
        use base64::Engine as _;
        let jwt = op.requests(TOKEN)[at].field("client_assertion").expect("an assertion");
        let part = jwt.split('.').next().expect("a header").to_owned();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice::<serde_json::Value>(&bytes).expect("JSON")["kid"].clone()
    };
    assert_eq!((header(0), header(1)), (serde_json::Value::Null, "two".into()));
    assert!(op.all_requests().iter().all(|request| !request.headers.contains_key("authorization")));

    let svids = self::client(&op, Workload::new([]).auth());
    let error = svids.set_signing_key(es256().0).expect_err("a client of SVIDs");
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("signing_key")));
}

#[tokio::test(start_paused = true)]
async fn o02_what_cannot_work_is_refused_when_the_client_is_built() {
    let op = server().await;
    let key = || ClientAuth::private_key_jwt(es256().0);
    let svid = || Workload::new([]).auth();
    for routes in [ApiRoutes::Workspace, ApiRoutes::Tenant, ApiRoutes::Unprefixed] {
        for auth in [key(), svid()] {
            let error = builder(op.issuer()).routes(routes).client_auth(auth).build().expect_err("no OAuth");
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("client_auth")), "{error}");
            assert!(error.to_string().contains("ApiRoutes::OAuth"), "{error}");
        }
    }
    let at = || builder(op.issuer());
    for (refused, field) in [
        (at().client_secret("a secret").client_auth(key()), "client_secret"),
        (at().client_secret("a secret").client_auth(svid()), "client_secret"),
        (at().client_auth(ClientAuth::private_key_jwt(ed25519())), "signing_key"),
        (
            at().client_auth(ClientAuth::private_key_jwt(ed25519().alg(Alg::Ed25519).expect("its name"))),
            "signing_key",
        ),
        (at().client_auth(ClientAuth::secret_post("a secret")), "client_auth"),
        (at().client_auth(ClientAuth::secret_jwt("a secret of at least 32 bytes, or more")), "client_auth"),
        (at().client_auth(ClientAuth::none()), "client_auth"),
        (
            CibaClient::builder().base_url(op.issuer()).routes(ApiRoutes::OAuth).client_auth(key()),
            "client_id",
        ),
        (
            CibaClient::builder().base_url(op.issuer()).routes(ApiRoutes::OAuth).admin().client_auth(svid()),
            "routes",
        ),
        (
            CibaClient::builder()
                .openid(OpenId::from_metadata(op.metadata("")).trust_my_settings(true))
                .client_id(CLIENT)
                .client_auth(svid()),
            "client_auth",
        ),
    ] {
        let error = refused.build().expect_err(field);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{error}");
    }
    assert_eq!(op.all_requests().len(), 0);
}

/// The fake server checks what it gets as the real one does.
#[tokio::test(start_paused = true)]
async fn o02_the_sandbox_takes_a_right_assertion_and_no_other() {
    let (key, pair) = es256();
    let sandbox = Sandbox::builder()
        .routes(ApiRoutes::OAuth)
        .user(User::new(EMAIL).with_totp())
        .client_key(CLIENT, jwk(&pair))
        .start()
        .await
        .expect("a free port");
    let base_url = sandbox.base_url();
    let client = builder(&base_url)
        .workspace_id(sandbox.workspace_id())
        .client_auth(ClientAuth::private_key_jwt(key))
        .build()
        .expect("a client");
    client.check().await.expect("a right configuration");
    sandbox.phone(EMAIL).react(Reaction::Approve);
    assert_eq!(status(&signed_in(&client).await), "approved");
    // Codes go as they did: their route knows no client.
    let login = client.verify_totp(EMAIL, &sandbox.authenticator(EMAIL).code()).await.expect("judged");
    assert_eq!(login.error_code(), None, "{login:?}");
    sandbox.assert_expected();

    let pushes = sandbox.issued().pushes();
    for auth in [ClientAuth::private_key_jwt(es256().0), Workload::new([]).auth()] {
        let stranger = builder(&base_url).client_auth(auth).build().expect("a client");
        let error = stranger.initiate_app_approval(EMAIL).await.expect_err("another's key");
        assert_eq!((error.kind(), error.status()), (ErrorKind::ClientAuth, Some(401)), "{error}");
        assert_eq!(error.field(), Some("client_auth"), "no secret is missing: {error}");
        let error = stranger.check().await.expect_err("another's key");
        assert_eq!((error.kind(), error.field()), (ErrorKind::ClientAuth, Some("client_auth")), "{error}");
    }
    assert_eq!(sandbox.issued().pushes(), pushes);
    assert_eq!(sandbox.calls(Call::Initiate).len(), 3);
}

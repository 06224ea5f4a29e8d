//! The same search as in `canaries`, of a client of an OpenID provider (O-52): by each way to authenticate, every fault of the
//! sandbox, and every ID Token that is refused.

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, IdTokenFlaw, Sandbox, User};
use authsec_ciba::{
    CibaClient, CibaClientBuilder, ClientAuth, Hint, OpenId, PendingApproval, PollPolicy, PushGuard,
    SigningKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::canaries::{EMAIL, KEY, PLANTED, SECRET, Seen, Shown, WORDS, credential, faults, issued, seek};

const CLIENT: &str = "client";
const FLAWS: [IdTokenFlaw; 9] = [
    IdTokenFlaw::Signature,
    IdTokenFlaw::Unsigned,
    IdTokenFlaw::UnknownKey,
    IdTokenFlaw::Issuer,
    IdTokenFlaw::Audience,
    IdTokenFlaw::Expired,
    IdTokenFlaw::AccessTokenHash,
    IdTokenFlaw::AuthReqId,
    IdTokenFlaw::Missing,
];

/// A private key: in PEM, and its public JWK.
fn key() -> (String, String) {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    let (x, y) = pair.public_key_raw()[1..].split_at(32);
    let [x, y] = [x, y].map(|number| URL_SAFE_NO_PAD.encode(number));
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","kid":"key-1","alg":"ES256","x":"{x}","y":"{y}"}}"#);
    (pair.serialize_pem(), jwk)
}

fn builder(sandbox: &Sandbox, auth: ClientAuth) -> CibaClientBuilder {
    CibaClient::builder()
        .openid(OpenId::at(sandbox.issuer()))
        .client_id(CLIENT)
        .client_auth(auth)
        .push_guard(PushGuard::off())
        .header("x-api-key", KEY)
        .poll_policy(PollPolicy::default().timeout(Duration::from_secs(40)))
}

/// Documents that cannot be read, and those that do not come.
async fn meet_every_document(sandbox: &Sandbox, auth: &ClientAuth, shown: &mut Shown) {
    for call in [Call::Discovery, Call::Keys] {
        for fault in faults("", "") {
            sandbox.faults().next(call, fault);
            let builder = builder(sandbox, auth.clone());
            shown.debug(&builder);
            shown.result(&builder.discover().await);
            sandbox.faults().clear();
        }
    }
}

async fn start(client: &CibaClient, shown: &mut Shown) -> PendingApproval {
    let hint = Hint::login(EMAIL);
    shown.debug(&(&hint, client.initiate(hint.clone())));
    let pending = client.initiate(hint).await.expect("started");
    shown.debug(&(&pending, pending.auth_req_id(), pending.person(), pending.wait()));
    pending
}

async fn meet_every_fault(sandbox: &Sandbox, client: &CibaClient, credential: &str, shown: &mut Shown) {
    let flaws = FLAWS.map(Fault::WrongIdToken);
    for fault in faults("", credential).into_iter().chain(flaws) {
        if !matches!(fault, Fault::WrongIdToken(_)) {
            sandbox.faults().next(Call::Initiate, fault.clone());
            shown.result(&client.initiate(Hint::login(EMAIL)).await);
            sandbox.faults().clear();
        }
        let pending = start(client, shown).await;
        sandbox.phone(EMAIL).approve().await;
        sandbox.faults().next(Call::Poll, fault);
        shown.outcome(pending.wait().await);
        sandbox.faults().clear();
    }
    for status in [200, 400, 401, 403, 503] {
        let pending = start(client, shown).await;
        let id = pending.auth_req_id().expose_secret();
        let body =
            format!(r#"{{"error":"invalid_request","error_description":"{WORDS}: no {id}"}}"#).into_bytes();
        let headers = vec![("x-request-id".to_owned(), id.to_owned())];
        sandbox.faults().always(Call::Poll, Fault::Respond { status, headers, body });
        shown.outcome(pending.wait().await);
        sandbox.faults().clear();
    }
}

/// Payload and signature of each signed token: the header says only how it is signed.
fn parts(tokens: impl IntoIterator<Item = String>) -> impl Iterator<Item = String> {
    tokens.into_iter().flat_map(|token| token.split('.').skip(1).map(str::to_owned).collect::<Vec<_>>())
}

/// `credential`: what its header makes of the client's secret.
async fn search(of: fn(&str) -> ClientAuth, credential: &str) -> Seen {
    let (pem, jwk) = key();
    seek(async |shown| {
        let sandbox = Sandbox::builder().openid().user(User::new(EMAIL)).client(CLIENT, Some(SECRET));
        let sandbox = sandbox.client_key(CLIENT, jwk).start().await.expect("a port");
        let auth = of(&pem);
        shown.debug(&auth);
        let has_secret = !format!("{auth:?}").contains("private_key_jwt");
        meet_every_document(&sandbox, &auth, shown).await;
        let client = builder(&sandbox, auth).discover().await.expect("a client");
        meet_every_fault(&sandbox, &client, credential, shown).await;

        let mut id_tokens = Vec::new();
        for _ in 0..3 {
            let pending = start(&client, shown).await;
            sandbox.phone(EMAIL).approve().await;
            let outcome = pending.wait().await;
            let approval = outcome.as_ref().expect("an outcome").clone().approved().expect("an approval");
            let id_token = approval.id_token().expect("an ID Token");
            shown.debug(&(id_token, approval.token(), &approval));
            id_tokens.push(id_token.expose_secret().to_owned());
            shown.outcome(outcome);
            // It is spent, and handed in as a hint.
            let hint = Hint::id_token(id_token.expose_secret());
            shown.debug(&hint);
            shown.result(&client.initiate(hint).await);
            shown.outcome(pending.wait().await);
        }
        // A key that is gone, a client that is not taken any more.
        sandbox.rotate_keys().expect("another key");
        let pending = start(&client, shown).await;
        sandbox.phone(EMAIL).approve().await;
        shown.outcome(pending.wait().await);
        shown.result(&client.set_client_secret(format!("{SECRET}-2")));
        let other = SigningKey::from_pem(key().0).expect("a key").kid("key-1");
        shown.result(&client.set_signing_key(other));
        shown.result(&client.initiate(Hint::login(EMAIL)).await);
        shown.result(&client.check().await);
        client.shutdown().await;
        shown.debug(&(&client, client.usage()));

        let mut canaries = [EMAIL, PLANTED, KEY].map(str::to_owned).to_vec();
        // A client that signs has none: what the server writes in its place is nothing that it could know.
        canaries.extend(has_secret.then(|| SECRET.to_owned()));
        canaries.extend(issued(&sandbox));
        canaries.extend(pem.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
        let assertions: Vec<_> = sandbox
            .log()
            .iter()
            .filter_map(|it| Some(it.body.field("client_assertion")?.to_owned()))
            .collect();
        canaries.extend(parts(assertions));
        canaries.extend(parts(id_tokens));
        assert!(canaries.len() > 150, "{}", canaries.len());
        canaries
    })
    .await
}

/// What every search has met.
fn has_met_all(seen: &Seen) {
    assert!(
        seen.trace.contains("a poll failed") && seen.trace.contains("initiate failed"),
        "the crate's own events"
    );
    assert!(seen.shown.contains(WORDS), "the provider's own words are there to be asked for");
    assert!(!seen.trace.contains(WORDS), "and in no event (H 11)");
    for word in ["approved", "approval_lost", "id_token", "id_token_hint", "client_auth"] {
        assert!(seen.shown.contains(word), "{word}");
    }
}

#[tokio::test(start_paused = true)]
async fn o52_no_canary_is_seen_by_secret_basic() {
    has_met_all(&search(|_| ClientAuth::secret_basic(SECRET), &credential()).await);
}

#[tokio::test(start_paused = true)]
async fn o52_no_canary_is_seen_by_secret_post() {
    has_met_all(&search(|_| ClientAuth::secret_post(SECRET), "").await);
}

#[tokio::test(start_paused = true)]
async fn o52_no_canary_is_seen_by_private_key_jwt() {
    let by_key =
        |pem: &str| ClientAuth::private_key_jwt(SigningKey::from_pem(pem).expect("a key").kid("key-1"));
    has_met_all(&search(by_key, "").await);
}

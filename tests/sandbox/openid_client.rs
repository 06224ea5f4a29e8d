//! This crate's client at the sandbox as at any OpenID provider: discovered, never told an address.

use std::time::Duration;

use authsec_ciba::sandbox::{
    Call, Fault, IdTokenFlaw, Reaction, RequestState, Sandbox, SandboxBuilder, User,
};
use authsec_ciba::{
    ApprovalOutcome, BindingMessage, CibaClient, ClientAuth, Error, ErrorKind, Hint, OpenId, PendingApproval,
    SigningKey,
};
use tokio::time::Instant;

use crate::support::{As, Body, Http, USER, seconds};

fn builder() -> SandboxBuilder {
    Sandbox::builder().openid().user(User::new(USER))
}

async fn client_by(sandbox: &Sandbox, id: &str, auth: ClientAuth) -> CibaClient {
    let client = CibaClient::builder().openid(OpenId::at(sandbox.issuer())).client_id(id).client_auth(auth);
    client.discover().await.unwrap()
}

async fn client(sandbox: &Sandbox) -> CibaClient {
    client_by(sandbox, "client-id", ClientAuth::secret_basic("client-secret")).await
}

async fn started(client: &CibaClient) -> PendingApproval {
    client.initiate(Hint::login(USER)).await.unwrap()
}

/// What it came to, and after which seconds the polls were.
async fn waited(sandbox: &Sandbox, pending: PendingApproval) -> (Result<ApprovalOutcome, Error>, Vec<u64>) {
    let start = Instant::now();
    let outcome = pending.wait().await;
    let polls = sandbox.calls(Call::Poll);
    (outcome, polls.iter().map(|poll| (poll.received_at - start).as_secs()).collect())
}

#[tokio::test(start_paused = true)]
async fn a_person_signs_in() {
    let sandbox = builder().start().await.unwrap();
    let client = client(&sandbox).await;
    sandbox.phone(USER).react(Reaction::ApproveAfter(seconds(12)));
    let message = BindingMessage::portable("PAY-4711").unwrap();
    let pending = client
        .initiate(Hint::login(USER))
        .binding_message(message)
        .scopes(["email"])
        .acr_values(["urn:strong"])
        .requested_expiry(seconds(90))
        .await
        .unwrap();
    assert_eq!(pending.expires_in(), seconds(90));
    assert_eq!(sandbox.phone(USER).pending()[0].binding_message.as_deref(), Some("PAY-4711"));
    let (outcome, polls) = waited(&sandbox, pending).await;
    let approval = outcome.unwrap().approved().unwrap();
    assert_eq!(polls, [5, 10, 15]);
    let subject = sandbox.subject(USER);
    assert_eq!(approval.person(), Some((sandbox.issuer(), subject.as_str())));
    let token = approval.id_token().unwrap();
    assert_eq!((token.acr(), token.claim::<String>("email").as_deref()), (Some("urn:strong"), Some(USER)));
    assert_eq!(approval.scope(), Some("openid email"));
    let request = &sandbox.issued().requests[0];
    assert_eq!(request.token.as_deref(), Some(approval.token().expose_secret()));
    assert_eq!(sandbox.calls(Call::Keys).len(), 1);
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn the_person_says_no() {
    let sandbox = builder().start().await.unwrap();
    let client = client(&sandbox).await;
    sandbox.phone(USER).react(Reaction::DenyAfter(seconds(7)));
    let (outcome, polls) = waited(&sandbox, started(&client).await).await;
    assert!(matches!(outcome.unwrap(), ApprovalOutcome::AccessDenied));
    assert_eq!(polls, [5, 10]);
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn the_servers_time_runs_out_first() {
    let sandbox = builder().start().await.unwrap();
    let client = client(&sandbox).await;
    let pending = started(&client).await;
    sandbox.clock().advance(seconds(301));
    let (outcome, polls) = waited(&sandbox, pending).await;
    assert!(matches!(outcome.unwrap(), ApprovalOutcome::ExpiredToken));
    assert_eq!(polls, [5]);
    assert_eq!(sandbox.issued().requests[0].state, RequestState::Expired);
}

#[tokio::test(start_paused = true)]
async fn nobody_answers() {
    let sandbox = builder().lifetime(seconds(30)).start().await.unwrap();
    let client = client(&sandbox).await;
    let (outcome, _) = waited(&sandbox, started(&client).await).await;
    assert!(matches!(outcome.unwrap(), ApprovalOutcome::ExpiredToken));
    assert_eq!(sandbox.calls(Call::Poll).iter().filter(|poll| poll.status != Some(400)).count(), 0);
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn two_slow_downs_and_a_person_who_takes_their_time() {
    let sandbox = builder().start().await.unwrap();
    let client = client(&sandbox).await;
    sandbox.faults().next_n(2, Call::Poll, &Fault::slow_down(400));
    sandbox.phone(USER).react(Reaction::ApproveAfter(seconds(40)));
    let (outcome, polls) = waited(&sandbox, started(&client).await).await;
    assert!(outcome.unwrap().approved().is_ok());
    assert_eq!(polls, [5, 15, 30, 45]);
    sandbox.assert_expected();
}

/// The sandbox's own `slow_down`: somebody else asks for the same id, so that this client's next poll comes too early.
#[tokio::test(start_paused = true)]
async fn the_providers_own_slow_down_is_obeyed() {
    let sandbox = builder().start().await.unwrap();
    let client = client(&sandbox).await;
    sandbox.phone(USER).react(Reaction::ApproveAfter(seconds(25)));
    let pending = started(&client).await;
    let id = pending.auth_req_id().expose_secret().to_owned();
    let http = Http::to(&sandbox);
    let somebody = tokio::spawn(async move {
        tokio::time::sleep(seconds(8)).await;
        let form = [("grant_type", "urn:openid:params:grant-type:ciba"), ("auth_req_id", id.as_str())];
        http.send("POST", "/token", As::Client("client-id", "client-secret"), Body::Form(&form)).await.code()
    });
    let (outcome, polls) = waited(&sandbox, pending).await;
    assert!(outcome.unwrap().approved().is_ok());
    assert_eq!(somebody.await.unwrap(), (400, "slow_down".to_owned()));
    assert_eq!(polls, [5, 8, 10, 20, 30]);
}

#[tokio::test(start_paused = true)]
async fn c45_a_rotation_with_the_old_key_dropped_while_polls_sleep_costs_no_approval() {
    let sandbox = builder().user(User::new("second@example.com")).start().await.unwrap();
    let client = client(&sandbox).await;
    let waiting = [USER, "second@example.com"].map(|who| {
        let client = client.clone();
        tokio::spawn(async move { client.initiate(Hint::login(who)).await.unwrap().wait().await })
    });
    tokio::time::sleep(seconds(1)).await;
    sandbox.rotate_keys().unwrap();
    sandbox.drop_old_keys();
    sandbox.phone(USER).approve().await;
    sandbox.phone("second@example.com").approve().await;
    for task in waiting {
        assert!(task.await.unwrap().unwrap().approved().is_ok());
    }
    assert_eq!(
        (sandbox.calls(Call::Keys).len(), sandbox.calls(Call::Poll).len()),
        (2, 2),
        "one fetch more for both"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_and_an_unknown_client() {
    let sandbox = builder().client("checkout", Some("right")).start().await.unwrap();
    for (id, auth) in [
        ("checkout", ClientAuth::secret_basic("wrong")),
        ("checkout", ClientAuth::secret_post("wrong")),
        ("nobody", ClientAuth::secret_basic("right")),
    ] {
        let error = client_by(&sandbox, id, auth).await.initiate(Hint::login(USER)).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::ClientAuth, Some(401)));
    }
    assert_eq!((sandbox.issued().pushes(), sandbox.calls(Call::Initiate).len()), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn whom_the_provider_does_not_ask() {
    let sandbox = builder().user(User::new("nodevice@example.com").without_device()).start().await.unwrap();
    let client = client(&sandbox).await;
    let nobody = client.initiate(Hint::login("nobody@example.com")).await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::UserNotFound);
    let phoneless = client.initiate(Hint::login("nodevice@example.com")).await.unwrap_err();
    assert_eq!((phoneless.kind(), phoneless.status()), (ErrorKind::Refused, Some(403)));
    assert_eq!(sandbox.issued().requests.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn every_wrong_id_token_is_refused_for_what_is_wrong_with_it() {
    let sandbox = builder().start().await.unwrap();
    sandbox.phone(USER).react(Reaction::Approve);
    for (flaw, check) in [
        (IdTokenFlaw::Signature, "signature"),
        (IdTokenFlaw::Unsigned, "alg"),
        (IdTokenFlaw::UnknownKey, "signature"),
        (IdTokenFlaw::Issuer, "iss"),
        (IdTokenFlaw::Audience, "aud"),
        (IdTokenFlaw::Expired, "exp"),
        (IdTokenFlaw::AccessTokenHash, "at_hash"),
        (IdTokenFlaw::AuthReqId, "auth_req_id"),
        (IdTokenFlaw::Missing, "id_token"),
    ] {
        let client = client(&sandbox).await;
        let pending = started(&client).await;
        let id = pending.auth_req_id().expose_secret().to_owned();
        sandbox.faults().next(Call::Poll, Fault::WrongIdToken(flaw));
        let error = pending.wait().await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::IdToken, Some(check)), "{flaw:?}");
        assert_eq!(sandbox.polls_of_request(&id).len(), 1);
        assert!(started(&client).await.wait().await.unwrap().approved().is_ok(), "the next one is right");
    }
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_and_a_transaction_that_failed() {
    let sandbox = builder().start().await.unwrap();
    let client = client(&sandbox).await;
    sandbox.phone(USER).react(Reaction::Approve);
    sandbox.faults().next(Call::Poll, Fault::token_lost());
    let outcome = started(&client).await.wait().await.unwrap();
    assert!(matches!(outcome, ApprovalOutcome::ApprovalLost));
    assert_eq!(sandbox.issued().requests[0].state, RequestState::Consumed);
    sandbox.faults().next(Call::Poll, Fault::transaction_failed());
    let error = started(&client).await.wait().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(400)));
    sandbox.assert_expected();
}

#[tokio::test(start_paused = true)]
async fn the_provider_is_away_for_a_while() {
    let sandbox = builder().start().await.unwrap();
    let client = client(&sandbox).await;
    let waiting = started(&client).await.wait().spawn();
    tokio::time::sleep(seconds(1)).await;
    sandbox.go_down().await.unwrap();
    tokio::time::sleep(seconds(30)).await;
    sandbox.come_back().await.unwrap();
    sandbox.phone(USER).approve().await;
    assert!(waiting.await.unwrap().approved().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_secret_in_the_body_and_a_key() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let point = rcgen::PublicKeyData::der_bytes(&pair);
    let encode =
        |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
    let jwk = format!(
        r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#,
        encode(&point[1..33]),
        encode(&point[33..])
    );
    let sandbox =
        builder().client("client-id", Some("client-secret")).client_key("bank", jwk).start().await.unwrap();
    sandbox.phone(USER).react(Reaction::ApproveAfter(Duration::from_secs(6)));
    let key = SigningKey::from_pem(pair.serialize_pem()).unwrap();
    for (id, auth) in
        [("client-id", ClientAuth::secret_post("client-secret")), ("bank", ClientAuth::private_key_jwt(key))]
    {
        let client = client_by(&sandbox, id, auth).await;
        assert!(started(&client).await.wait().await.unwrap().approved().is_ok(), "{id}");
    }
    assert_eq!(sandbox.calls(Call::Poll).len(), 4);
    sandbox.assert_expected();
}

//! Nothing secret is shown (O-52).

use authsec_ciba::{CibaClient, ClientAuth, Hint, OpenId, SigningKey};
use serde_json::json;

use crate::op::{Answer, CLIENT, DISCOVERY, Op, START, TOKEN};
use crate::support::{SECRET, client, started};

#[tokio::test(start_paused = true)]
async fn o52_no_secret_in_debug() {
    let op = Op::start().await;
    let id_token = op.id_token(json!({}));
    op.always(
        TOKEN,
        Answer::json(
            200,
            format!(
                r#"{{"access_token":"canary-access","token_type":"Bearer","refresh_token":"canary-refresh","id_token":"{id_token}"}}"#
            ),
        ),
    );
    let client = client(&op).await;
    let pending = started(&client).await;
    let outcome = pending.wait().await.expect("an outcome");
    let shown = format!("{client:?} {pending:?} {:?} {outcome:?}", pending.wait());
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key").serialize_pem();
    let key = SigningKey::from_pem(pem.clone()).expect("a key");
    let auth = ClientAuth::private_key_jwt(key);
    let builder =
        CibaClient::builder().openid(OpenId::at(op.issuer())).client_auth(ClientAuth::secret_post(SECRET));
    let shown = format!("{shown} {auth:?} {:?} {builder:?}", ClientAuth::secret_jwt(SECRET));
    for secret in ["canary", SECRET, id_token.as_str(), "id-1.a_b-c", pem.lines().nth(1).expect("a line")] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn o52_what_a_provider_echoes_is_taken_out() {
    let op = Op::start().await;
    op.always(
        DISCOVERY,
        Answer::json(200, op.metadata(r#","backchannel_user_code_parameter_supported":true"#)),
    );
    let echo = format!(
        r#"{{"error":"invalid_request","error_description":"user_code canary-code of canary-hint with {SECRET}"}}"#
    );
    op.always(START, Answer::json(400, echo));
    let client = CibaClient::builder()
        .openid(OpenId::at(op.issuer()))
        .client_id(CLIENT)
        .client_auth(ClientAuth::secret_post(SECRET))
        .discover()
        .await
        .expect("a client");
    let error =
        client.initiate(Hint::login("canary-hint")).user_code("canary-code").await.expect_err("refused");
    let shown = format!("{error} {error:?} {:?}", error.server_message());
    assert!(error.server_message().is_some_and(|words| words.contains("user_code")), "{shown}");
    for secret in ["canary", SECRET] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

//! Who the client is (O-13 to O-22).

use std::collections::HashSet;
use std::time::Duration;

use authsec_ciba::{Alg, AssertionAudience, CibaClient, ClientAuth, ErrorKind, OpenId, SigningKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::op::{Answer, CLIENT, Op, START, TOKEN, acknowledgement, now};
use crate::support::{SECRET, client, polled, started, status, stops};

/// PKCS#8 of an ES256 key.
fn pem() -> String {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    pair.serialize_pem()
}

async fn client_by(op: &Op, provider: OpenId, auth: ClientAuth) -> CibaClient {
    op.always(TOKEN, op.approval());
    CibaClient::builder()
        .openid(provider)
        .client_id(CLIENT)
        .client_auth(auth)
        .discover()
        .await
        .expect("a client")
}

/// Signs in once, and gives the start's and the poll's form and `Authorization`.
async fn sent(op: &Op, provider: OpenId, auth: ClientAuth) -> [(Vec<(String, String)>, Option<String>); 2] {
    let client = client_by(op, provider, auth).await;
    assert_eq!(status(&started(&client).await.wait().await), "approved");
    [START, TOKEN].map(|path| {
        let request = op.requests(path).pop().expect("a request");
        (request.form(), request.headers.get("authorization").cloned())
    })
}

fn has(form: &[(String, String)], name: &str) -> bool {
    form.iter().any(|(known, _)| known == name)
}

#[tokio::test(start_paused = true)]
async fn c42_o13_basic_form_encodes_id_and_secret() {
    let op = Op::start().await;
    let id_token = op.id_token(serde_json::json!({ "aud": "odd:id+1%" }));
    op.always(TOKEN, op.tokens(&id_token));
    let client = CibaClient::builder()
        .openid(OpenId::at(op.issuer()))
        .client_id("odd:id+1%")
        .client_auth(ClientAuth::secret_basic("p@ss:w%rd+/=& x\u{fc}"))
        .discover()
        .await
        .expect("a client");
    assert_eq!(status(&started(&client).await.wait().await), "approved");
    for request in [op.requests(START), op.requests(TOKEN)].concat() {
        let line = request.headers["authorization"].strip_prefix("Basic ").expect("Basic").to_owned();
        let pair = String::from_utf8(STANDARD.decode(line).expect("base64")).expect("text");
        assert_eq!(pair, "odd%3Aid%2B1%25:p%40ss%3Aw%25rd%2B%2F%3D%26+x%C3%BC");
        assert!(!has(&request.form(), "client_id") && !has(&request.form(), "client_secret"));
    }
}

#[tokio::test(start_paused = true)]
async fn o13_a_secret_can_be_changed_while_polls_run() {
    let op = Op::start().await;
    let client = client(&op).await;
    op.then(TOKEN, [Answer::pending(), op.approval()]);
    let waiting = started(&client).await.wait().spawn();
    tokio::time::sleep(Duration::from_secs(7)).await;
    client.set_client_secret("another").expect("a secret");
    assert_eq!(status(&waiting.await), "approved");
    let polls = op.requests(TOKEN);
    assert_ne!(polls[0].headers["authorization"], polls[1].headers["authorization"]);
    assert_eq!(polls[1].headers["authorization"], format!("Basic {}", STANDARD.encode("checkout:another")));
}

/// O-21.
#[tokio::test(start_paused = true)]
async fn o14_o21_post_and_none() {
    let op = Op::start().await;
    for (form, authorization) in sent(&op, OpenId::at(op.issuer()), ClientAuth::secret_post("s & cret")).await
    {
        assert_eq!(authorization, None);
        assert!(form.contains(&("client_id".to_owned(), CLIENT.to_owned())));
        assert!(form.contains(&("client_secret".to_owned(), "s & cret".to_owned())));
    }
    for (form, authorization) in sent(&op, OpenId::at(op.issuer()), ClientAuth::none()).await {
        assert_eq!(authorization, None);
        assert!(form.contains(&("client_id".to_owned(), CLIENT.to_owned())));
        assert!(!has(&form, "client_secret") && !has(&form, "client_assertion"));
    }
}

#[tokio::test(start_paused = true)]
async fn o15_o17_an_assertion_says_who_for_whom_and_until_when() {
    let key = || SigningKey::from_pem(pem()).expect("a key").kid("k-1");
    for auth in [ClientAuth::private_key_jwt(key()), ClientAuth::secret_jwt(SECRET)] {
        let op = Op::start().await;
        let client = client_by(&op, OpenId::at(op.issuer()), auth).await;
        assert_eq!(status(&started(&client).await.wait().await), "approved");
        for request in [op.requests(START), op.requests(TOKEN)].concat() {
            assert_eq!(
                request.field("client_assertion_type").as_deref(),
                Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            );
            assert!(!request.headers.contains_key("authorization"));
            let claims = request.assertion();
            assert_eq!((&claims["iss"], &claims["sub"]), (&CLIENT.into(), &CLIENT.into()));
            assert_eq!(claims["aud"], op.issuer());
            let (iat, exp) = (claims["iat"].as_u64().expect("iat"), claims["exp"].as_u64().expect("exp"));
            assert_eq!(exp - iat, 60);
            assert!(now() - iat < 5);
            assert_eq!(claims["jti"].as_str().expect("jti").len(), 22, "128 bits");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn o17_another_audience_is_chosen() {
    let op = Op::start().await;
    let issuer = op.issuer().to_owned();
    for (audience, at_start, at_poll) in [
        (AssertionAudience::TokenEndpoint, format!("{issuer}{TOKEN}"), format!("{issuer}{TOKEN}")),
        (AssertionAudience::Endpoint, format!("{issuer}{START}"), format!("{issuer}{TOKEN}")),
        (AssertionAudience::Text("urn:op".to_owned()), "urn:op".to_owned(), "urn:op".to_owned()),
    ] {
        let provider = OpenId::at(op.issuer()).assertion_audience(audience);
        let client = client_by(&op, provider, ClientAuth::secret_jwt(SECRET)).await;
        assert_eq!(status(&started(&client).await.wait().await), "approved");
        let aud = |path| op.requests(path).pop().expect("a request").assertion()["aud"].clone();
        assert_eq!((aud(START), aud(TOKEN)), (at_start.into(), at_poll.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn c43_o16_every_request_has_its_own_jti() {
    let op = Op::start().await;
    op.always(START, acknowledgement(5, 120));
    let key = SigningKey::from_pem(pem()).expect("a key");
    let client = client_by(&op, OpenId::at(op.issuer()), ClientAuth::private_key_jwt(key)).await;
    op.then(TOKEN, (0..20).map(|_| Answer::pending()).chain([op.approval()]));
    assert_eq!(status(&started(&client).await.wait().await), "approved");
    let requests = [op.requests(START), op.requests(TOKEN)].concat();
    let jtis: HashSet<_> = requests.iter().map(|request| request.assertion()["jti"].to_string()).collect();
    assert_eq!((requests.len(), jtis.len()), (22, 22));
}

/// O-18.
#[tokio::test(start_paused = true)]
async fn c44_o18_a_poll_that_sleeps_across_a_key_change_signs_with_the_new_one() {
    let op = Op::start().await;
    let key = |kid: &str| SigningKey::from_pem(pem()).expect("a key").kid(kid);
    let client = client_by(&op, OpenId::at(op.issuer()), ClientAuth::private_key_jwt(key("one"))).await;
    op.then(TOKEN, [Answer::pending(), op.approval()]);
    let clone = client.clone();
    let waiting = started(&client).await.wait().spawn();
    tokio::time::sleep(Duration::from_secs(7)).await;
    clone.set_signing_key(key("two")).expect("a key");
    assert_eq!(status(&waiting.await), "approved");
    let kids = op.requests(TOKEN).into_iter().map(|request| {
        let jwt = request.field("client_assertion").expect("an assertion");
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(jwt.split('.').next().expect("a header"))
            .expect("base64url");
        serde_json::from_slice::<serde_json::Value>(&header).expect("JSON")["kid"].clone()
    });
    assert_eq!(kids.collect::<Vec<_>>(), ["one", "two"]);
    let basic = crate::support::client(&op).await;
    let error = basic.set_signing_key(key("three")).expect_err("a client with a secret");
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test(start_paused = true)]
async fn o22_a_client_that_is_not_taken_ends_at_once() {
    for answer in [
        Answer::code(401, "invalid_client"),
        Answer::code(400, "invalid_client"),
        Answer::json(401, "").header("www-authenticate", r#"Basic realm="op", error="invalid_client""#),
        Answer::json(401, "").header("www-authenticate", "Basic"),
        Answer::json(400, "").header("www-authenticate", r#"Bearer error="invalid_client""#),
        Answer::code(401, "some_code"),
    ] {
        let op = Op::start().await;
        let (outcome, polls) = polled(&op, [answer.clone()]).await;
        assert_eq!(outcome.expect_err("refused").kind(), ErrorKind::ClientAuth, "{answer:?}");
        assert_eq!(polls.len(), 1);
        let op = Op::start().await;
        let error = crate::support::refused_start(&op, answer.clone()).await;
        assert_eq!(error.kind(), ErrorKind::ClientAuth, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn o15_o60_what_cannot_work_is_refused_when_the_client_is_built() {
    let op = Op::start().await;
    let build = |provider: OpenId, auth: ClientAuth| {
        CibaClient::builder().openid(provider).client_id(CLIENT).client_auth(auth).build()
    };
    let metadata = || OpenId::from_metadata(op.metadata(""));
    for (provider, auth, field) in [
        (metadata(), ClientAuth::secret_jwt("short"), "client_secret"),
        (metadata(), ClientAuth::secret_basic(""), "client_secret"),
        (metadata(), ClientAuth::secret_post(""), "client_secret"),
        (
            metadata().id_token_alg(Alg::HS256).id_token_alg(Alg::ES256).trust_my_settings(true),
            ClientAuth::secret_basic(SECRET),
            "id_token_alg",
        ),
        (
            metadata().id_token_alg(Alg::HS256).trust_my_settings(true),
            ClientAuth::secret_basic("short"),
            "id_token_alg",
        ),
        (metadata().id_token_alg(Alg::HS256).trust_my_settings(true), ClientAuth::none(), "id_token_alg"),
        (metadata().skew(Duration::from_secs(301)), ClientAuth::secret_basic(SECRET), "skew"),
        (
            metadata().endpoint_origins(["https://pinned.example"]),
            ClientAuth::secret_basic(SECRET),
            "token_endpoint",
        ),
        (metadata().endpoint_origins(["https://pinned.example/x"]), ClientAuth::none(), "endpoint_origins"),
    ] {
        let error = build(provider, auth).expect_err(field);
        assert_eq!(error.kind(), ErrorKind::Config, "{field}: {error}");
        assert_eq!(
            error.field().map(|named| named == field || named == "backchannel_authentication_endpoint"),
            Some(true),
            "{field}: {error}"
        );
    }
    // Nor is anything fetched that could only show the same.
    let discover = |provider: OpenId, auth: ClientAuth| {
        CibaClient::builder().openid(provider).client_id(CLIENT).client_auth(auth).discover()
    };
    let at = || OpenId::at(op.issuer());
    for (provider, auth, field) in [
        (at(), ClientAuth::secret_jwt("short"), "client_secret"),
        (at(), ClientAuth::secret_post("a\nb"), "client_secret"),
        (
            at().id_token_alg(Alg::HS256).id_token_alg(Alg::ES256),
            ClientAuth::secret_basic(SECRET),
            "id_token_alg",
        ),
        (at().id_token_alg(Alg::HS256), ClientAuth::none(), "id_token_alg"),
        (at().skew(Duration::from_secs(301)), ClientAuth::none(), "skew"),
        (at().endpoint_origins(["https://pinned.example/x"]), ClientAuth::none(), "endpoint_origins"),
        (at(), ClientAuth::certificate("no certificate", "no key"), "client_certificate"),
    ] {
        let error = discover(provider, auth).await.expect_err(field);
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{error}");
    }
    let refusing = op.metadata(r#","token_endpoint_auth_signing_alg_values_supported":["PS256"]"#);
    let key = SigningKey::from_pem(pem()).expect("a key");
    let error = build(OpenId::from_metadata(refusing), ClientAuth::private_key_jwt(key)).expect_err("ES256");
    assert_eq!(error.field(), Some("token_endpoint_auth_signing_alg_values_supported"));
    stops(&op).await;
    assert_eq!(op.all_requests().len(), 0);
}

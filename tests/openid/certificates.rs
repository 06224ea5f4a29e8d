//! A client by its certificate, over real TLS; and a provider that lives at several origins (O-10, O-20).

use authsec_ciba::{CibaClient, ClientAuth, Hint, OpenId};

use crate::op::{Answer, CLIENT, DISCOVERY, KEYS, Op, START, TOKEN};
use crate::support::{client, started, status};
use crate::tls::{Authority, GOOD};

/// The hosts at which a path was asked.
fn hosts(op: &Op, path: &str) -> Vec<String> {
    op.requests(path).into_iter().map(|request| request.headers["host"].clone()).collect()
}

fn host(origin: &str) -> String {
    origin.split_once("://").expect("a scheme").1.to_owned()
}

#[tokio::test(start_paused = true)]
async fn o20_c40_a_certificate_is_shown_to_the_aliases_and_the_id_is_in_the_body() {
    let authority = Authority::new();
    let op = Op::secure(authority.server("127.0.0.1", GOOD)).await;
    let alias = op.also_at(Some(authority.strict_server("127.0.0.1"))).await;
    let aliases = format!(
        r#","mtls_endpoint_aliases":{{"token_endpoint":"{alias}{TOKEN}",
        "backchannel_authentication_endpoint":"{alias}{START}"}}"#
    );
    op.always(DISCOVERY, Answer::json(200, op.metadata(&aliases)));
    op.always(TOKEN, op.approval());
    let by = |(certificate, key): (String, String)| {
        CibaClient::builder()
            .openid(OpenId::at(op.issuer()))
            .client_id(CLIENT)
            .client_auth(ClientAuth::certificate(certificate, key))
            .root_certificate(authority.pem())
    };
    let client = by(authority.client()).discover().await.expect("a client");
    assert_eq!(status(&started(&client).await.wait().await), "approved");
    for path in [START, TOKEN] {
        assert_eq!(hosts(&op, path), [host(&alias)], "{path}");
        let request = op.requests(path).pop().expect("a request");
        assert_eq!(request.field("client_id").as_deref(), Some(CLIENT));
        assert_eq!((request.field("client_assertion"), request.headers.get("authorization")), (None, None));
    }
    for path in [DISCOVERY, KEYS] {
        assert_eq!(hosts(&op, path), [host(op.issuer())], "{path}");
    }

    // A certificate of somebody else's is not heard there.
    let stranger = by(Authority::new().client()).discover().await.expect("a client");
    let error = stranger.initiate(Hint::login("alice")).await.expect_err("a stranger");
    assert!(!error.to_string().contains("BEGIN"), "{error}");
    assert_eq!(op.requests(START).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn o10_each_request_goes_to_its_own_origin_and_the_credential_to_two_of_them() {
    let op = Op::start().await;
    let (tokens, keys) = (op.also_at(None).await, op.also_at(None).await);
    let metadata = op
        .metadata("")
        .replace(&format!("{}{TOKEN}", op.issuer()), &format!("{tokens}{TOKEN}"))
        .replace(&format!("{}{KEYS}", op.issuer()), &format!("{keys}{KEYS}"));
    op.always(DISCOVERY, Answer::json(200, metadata));
    op.always(TOKEN, op.approval());
    let client = client(&op).await;
    assert_eq!(status(&started(&client).await.wait().await), "approved");
    for (path, origin, has_credential) in [
        (DISCOVERY, op.issuer(), false),
        (START, op.issuer(), true),
        (TOKEN, &tokens, true),
        (KEYS, &keys, false),
    ] {
        assert_eq!(hosts(&op, path), [host(origin)], "{path}");
        let request = op.requests(path).pop().expect("a request");
        assert_eq!(request.headers.contains_key("authorization"), has_credential, "{path}");
    }
}

//! What a provider writes is for the caller alone: it may hold the person's name (H 11). And what an error advises is a setting of
//! this client's.

use authsec_ciba::{ClientAuth, Error, ErrorKind, Hint, OpenId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::op::{Answer, CLIENT, DISCOVERY, KEYS, Op, START, TOKEN};
use crate::support::{builder, client, refused_start, started, status, with};

const NAME: &str = "Liddell";

fn says(answered: u16, code: &str) -> Answer {
    Answer::json(
        answered,
        format!(r#"{{"error":"{code}","error_description":"Ms {NAME} has left the house"}}"#),
    )
}

/// The words are there for whoever asks for them, and nowhere else.
fn is_told_to_the_caller_alone(error: &Error) {
    assert_eq!(error.server_message(), Some("Ms Liddell has left the house"));
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(!shown.contains(NAME), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn h11_what_a_provider_writes_stands_in_no_event() {
    let op = Op::start().await;
    let captured = Captured::default();
    let scenario = async {
        let first = client(&op).await;
        op.then(START, [says(400, "unknown_user_id"), says(403, "access_denied"), says(503, "server_error")]);
        for _ in 0..3 {
            let error = first.initiate(Hint::login("alice")).await.expect_err("refused");
            is_told_to_the_caller_alone(&error);
        }
        op.always(START, crate::op::acknowledgement(5, 120));
        for (answered, code) in [
            (400, "transaction_failed"),
            (400, "invalid_request"),
            (400, "a_code_of_its_own"),
            (401, "invalid_client"),
            (400, "unsupported_grant_type"),
        ] {
            op.then(TOKEN, [says(503, "server_error"), says(429, "too_many"), says(answered, code)]);
            // Another client each time: one of them counts its pushes.
            let error = started(&client(&op).await).await.wait().await.expect_err("refused");
            is_told_to_the_caller_alone(&error);
        }
        op.always(TOKEN, says(401, "invalid_client"));
        is_told_to_the_caller_alone(&first.check().await.expect_err("refused"));
        // A fault that lasts to the end of the wait.
        op.always(TOKEN, says(500, "server_error"));
        let error = started(&client(&op).await).await.wait().await.expect_err("a fault");
        is_told_to_the_caller_alone(&error);
    };
    scenario.with_subscriber(captured.subscriber()).await;
    // The libraries under the crate tell at TRACE what a socket carries.
    let told: String = captured.text().lines().filter(|line| line.contains("authsec_ciba")).collect();
    for event in [
        "initiate failed",
        "initiate for nobody",
        "a poll failed",
        "the configuration does not work",
        "endpoint=",
    ] {
        assert!(told.contains(event), "{event} in {told}");
    }
    assert!(!told.contains(NAME) && !told.contains("server_message"), "{told}");
}

/// The three requests with a credential, and the two without.
#[tokio::test(start_paused = true)]
async fn c53_a_redirect_says_which_setting_leads_there() {
    for path in [START, TOKEN] {
        let op = Op::start().await;
        let moved = || Answer::json(308, "").header("location", "https://moved.example/x?y");
        let error = if path == START {
            refused_start(&op, moved()).await
        } else {
            op.always(TOKEN, moved());
            started(&client(&op).await).await.wait().await.expect_err("a redirect")
        };
        let said = error.to_string();
        assert!(
            said.starts_with(
                "the server answered with a redirect to https://moved.example, which is never followed: check the \
                 endpoint in the provider's metadata, or the one set by hand ("
            ),
            "{said}"
        );
        assert_eq!(error.kind(), ErrorKind::Protocol, "{path}");
    }
    for (path, field) in [(DISCOVERY, "issuer"), (KEYS, "jwks_uri")] {
        let op = Op::start().await;
        op.always(path, Answer::json(308, "").header("location", "https://moved.example/x?y"));
        let error = builder(&op).discover().await.expect_err("a redirect");
        let words = format!("{field} leads to a redirect to https://moved.example, which is never followed");
        assert!(error.to_string().starts_with(&words), "{error}");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)));
    }
}

#[tokio::test(start_paused = true)]
async fn f58_a_check_names_the_settings_of_a_client_of_a_provider() {
    let op = Op::start().await;
    let client = client(&op).await;
    for (answer, kind, field) in [
        (says(401, "invalid_client"), ErrorKind::ClientAuth, Some("client_auth")),
        (says(400, "invalid_client"), ErrorKind::ClientAuth, Some("client_auth")),
        (Answer::json(404, ""), ErrorKind::Config, Some("token_endpoint")),
        (Answer::json(405, ""), ErrorKind::Config, Some("token_endpoint")),
        (
            Answer::json(200, "<!DOCTYPE html><html><title>A portal</title>"),
            ErrorKind::Config,
            Some("token_endpoint"),
        ),
        (Answer::json(308, "").header("location", "https://moved.example/"), ErrorKind::Protocol, None),
    ] {
        op.always(TOKEN, answer);
        let error = client.check().await.expect_err("wrong");
        assert_eq!((error.kind(), error.field()), (kind, field), "{error}");
        let said = error.to_string();
        for word in ["base_url", "routes", "AuthSec", "client_secret"] {
            assert!(!said.contains(word), "{word}: {said}");
        }
    }
    for answer in [Answer::code(400, "invalid_grant"), Answer::code(400, "expired_token")] {
        op.always(TOKEN, answer);
        client.check().await.expect("the provider takes this client");
    }
}

/// A secret in the body is none in a header, and is there all the same.
#[tokio::test(start_paused = true)]
async fn o22_a_refused_client_is_not_told_that_its_secret_is_missing() {
    let op = Op::start().await;
    op.always(TOKEN, Answer::code(401, "invalid_client"));
    let client = authsec_ciba::CibaClient::builder()
        .openid(OpenId::at(op.issuer()))
        .client_id(CLIENT)
        .client_auth(ClientAuth::secret_post("a secret that is wrong"))
        .discover()
        .await
        .expect("a client");
    let error = started(&client).await.wait().await.expect_err("refused");
    assert_eq!((error.kind(), error.field()), (ErrorKind::ClientAuth, None));
    assert!(!error.to_string().contains("is not set"), "{error}");
    op.always(TOKEN, op.approval());
    assert_eq!(status(&started(&client).await.wait().await), "approved");
}

/// Something that says this to whoever connects.
async fn speaks(words: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(words).await;
        }
    });
    host
}

/// Who does not answer, or not as a server does, is known by what the client has set.
#[tokio::test(start_paused = true)]
async fn b91_a_provider_that_is_not_there_is_no_base_url() {
    let at = |scheme: &str, host: &str| {
        let provider = OpenId::at(format!("{scheme}://{host}"))
            .backchannel_authentication_endpoint(format!("{scheme}://{host}{START}"))
            .token_endpoint(format!("{scheme}://{host}{TOKEN}"))
            .jwks_uri(format!("{scheme}://{host}{KEYS}"));
        with(provider).build().expect("a client")
    };
    let nobody = {
        let free = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        free.local_addr().expect("an address").to_string()
    };
    let (plain, other) = (speaks(b"HTTP/1.1 400 X\r\n\r\n").await, speaks(b"SSH-2.0-x\r\n\r\n").await);
    for (client, words) in [
        (
            at("http", &nobody),
            format!("nothing listens on {nobody}: check host and port of the provider's address ("),
        ),
        (
            at("https", &plain),
            format!(
                "what answers at {plain} does not speak TLS: check scheme and port of the provider's address ("
            ),
        ),
        (
            at("http", &other),
            "the answer is not HTTP: check the port of the provider's address, and whether it wants https ("
                .to_owned(),
        ),
    ] {
        let error = client.check().await.expect_err("nobody");
        assert!(error.to_string().starts_with(&words), "{error}");
    }
}

//! This crate against a certified provider that nobody here wrote: signs in at a running `op.mjs` by every method and with
//! every algorithm, and says what came of it. `ISSUER` and the folder of the client's keys are its arguments.

// It is a test: what is not there should fail it, loudly.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::{
    BindingMessage, CibaClient, CibaClientBuilder, ClientAuth, Error, Hint, OpenId, SigningKey,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

struct Op {
    issuer: String,
    keys: String,
}

impl Op {
    fn builder(&self, client_id: &str, auth: ClientAuth) -> CibaClientBuilder {
        CibaClient::builder().openid(OpenId::at(&self.issuer)).client_id(client_id).client_auth(auth)
    }

    async fn client(&self, client_id: &str, auth: ClientAuth) -> Result<CibaClient, Error> {
        self.builder(client_id, auth).discover().await
    }

    async fn basic(&self, client_id: &str) -> Result<CibaClient, Error> {
        self.client(client_id, ClientAuth::secret_basic(secret(client_id))).await
    }

    fn key(&self, name: &str) -> Result<SigningKey, Error> {
        let pem = std::fs::read(format!("{}/{name}.pem", self.keys)).expect("a key of the client");
        Ok(SigningKey::from_pem(pem)?.kid(name))
    }

    /// A control route: the person's phone.
    async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let host = self.issuer.strip_prefix("http://").expect("plain http on loopback");
        let mut stream = TcpStream::connect(host).await.expect("a provider");
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let request = format!(
            "{method} /control/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let json = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            body.split("\r\n").skip(1).step_by(2).collect::<String>()
        } else {
            body.to_owned()
        };
        serde_json::from_str(&json).unwrap_or_else(|_| panic!("no JSON: {answer}"))
    }

    async fn calls(&self) -> Vec<Value> {
        self.control("GET", "calls", Value::Null).await.as_array().expect("a list").clone()
    }
}

fn secret(client_id: &str) -> String {
    format!("{client_id}-secret-0123456789abcdef0123456789abcdef")
}

/// What a sign-in came to, in one word.
async fn sign_in(op: &Op, client: &CibaClient, answer: &str) -> String {
    let pending = match client.initiate(Hint::login("alice")).scopes(["openid", "profile"]).await {
        Ok(pending) => pending,
        Err(error) => return word(&error),
    };
    let waiting = pending.wait().spawn();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    if !answer.is_empty() {
        op.control("POST", answer, json!({})).await;
    }
    match waiting.await.map(authsec_ciba::ApprovalOutcome::approved) {
        Ok(Ok(approval)) => {
            let (issuer, subject) = approval.person().expect("a person");
            assert_eq!((issuer, subject), (op.issuer.as_str(), "alice"));
            assert!(approval.granted_scopes().any(|scope| scope == "openid"));
            "approved".to_owned()
        }
        Ok(Err(reason)) => reason.status().to_owned(),
        Err(error) => word(&error),
    }
}

fn word(error: &Error) -> String {
    match error.code() {
        Some(code) => format!("{} {code}", error.kind()),
        None => error.kind().to_string(),
    }
}

struct Table {
    failed: usize,
}

impl Table {
    fn row(&mut self, what: &str, came: &str, expected: &str) {
        let is_right = came == expected;
        self.failed += usize::from(!is_right);
        println!("{:<46} {came:<44} {}", what, if is_right { "as promised" } else { expected });
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Error> {
    let mut arguments = std::env::args().skip(1);
    let (Some(issuer), Some(keys)) = (arguments.next(), arguments.next()) else {
        eprintln!("interop_openid ISSUER FOLDER_OF_KEYS");
        return Ok(ExitCode::from(2));
    };
    let op = Op { issuer, keys };
    let mut table = Table { failed: 0 };
    methods(&op, &mut table).await?;
    algorithms(&op, &mut table).await?;
    answers(&op, &mut table).await?;
    starts(&op, &mut table).await?;
    rotations(&op, &mut table).await?;
    let calls = op.calls().await;
    let jtis: Vec<_> = calls.iter().filter_map(|call| call["assertion"]["jti"].as_str()).collect();
    let distinct: HashSet<_> = jtis.iter().collect();
    table.row("O-16: every assertion has its own jti", &(jtis.len() == distinct.len()).to_string(), "true");
    println!("{} requests, {} assertions, {} rows wrong", calls.len(), jtis.len(), table.failed);
    Ok(ExitCode::from(u8::from(table.failed > 0)))
}

async fn methods(op: &Op, table: &mut Table) -> Result<(), Error> {
    for (id, auth) in [
        ("basic", ClientAuth::secret_basic(secret("basic"))),
        ("odd:id+1%", ClientAuth::secret_basic("p@ss:w%rd+/=& x-0123456789abcdef")),
        ("post", ClientAuth::secret_post(secret("post"))),
        ("secret-jwt", ClientAuth::secret_jwt(secret("secret-jwt"))),
        ("key-jwt", ClientAuth::private_key_jwt(op.key("client-ec")?)),
        ("key-jwt", ClientAuth::private_key_jwt(op.key("client-rsa")?)),
        ("key-jwt", ClientAuth::private_key_jwt(op.key("client-ed")?)),
        ("public", ClientAuth::none()),
    ] {
        let what = format!("{id}, {auth:?}");
        let client = op.client(id, auth).await?;
        table.row(&what.replace(" [redacted]", ""), &sign_in(op, &client, "approve").await, "approved");
    }
    let client = op.client("basic", ClientAuth::secret_basic("wrong")).await?;
    table.row("a wrong secret", &sign_in(op, &client, "").await, "client_auth invalid_client");
    Ok(())
}

async fn algorithms(op: &Op, table: &mut Table) -> Result<(), Error> {
    for alg in ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"] {
        let client = op.basic(&format!("alg-{alg}")).await?;
        table.row(&format!("an ID Token by {alg}"), &sign_in(op, &client, "approve").await, "approved");
    }
    Ok(())
}

async fn answers(op: &Op, table: &mut Table) -> Result<(), Error> {
    let client = op.basic("basic").await?;
    for (answer, expected) in
        [("deny", "access_denied"), ("fail", "refused transaction_failed"), ("expire", "expired_token")]
    {
        table.row(&format!("the phone: {answer}"), &sign_in(op, &client, answer).await, expected);
    }
    Ok(())
}

async fn starts(op: &Op, table: &mut Table) -> Result<(), Error> {
    let client = op.basic("basic").await?;
    let word_of = |start: Result<_, Error>| start.map_or_else(|error| word(&error), |_| "started".to_owned());
    let unknown = client.initiate(Hint::login("unknown-1")).await;
    table.row("an unknown person", &word_of(unknown), "user_not_found user_not_found");
    let expired = client.initiate(Hint::login_token("expired")).await;
    table.row("an expired hint token", &word_of(expired), "refused expired_login_hint_token");
    let message = BindingMessage::new("\u{20ac}").expect("a text");
    let odd = client.initiate(Hint::login("alice")).binding_message(message).await;
    table.row("a message that is not shown", &word_of(odd), "refused invalid_binding_message");
    let details = r#"[{"type":"payment_initiation","instructedAmount":{"amount":"5"}}]"#;
    let all = client
        .initiate(Hint::login("alice"))
        .scopes(["openid", "payments"])
        .resource("https://api.example.com")
        .acr_values(["urn:example:loa1"])
        .requested_expiry(Duration::from_secs(60))
        .authorization_details(details)
        .binding_message(BindingMessage::portable("PAY-4711").expect("a text"))
        .await;
    let expiry = all.as_ref().map(|pending| pending.expires_in().as_secs()).unwrap_or_default();
    table.row("everything that a start can ask for", &word_of(all), "started");
    table.row("O-29: expires_in of the answer", &expiry.to_string(), "60");
    let client = op.basic("user-code").await?;
    let missing = client.initiate(Hint::login("alice")).await;
    table.row("no user code", &word_of(missing), "user_code missing_user_code");
    let client = op
        .builder("user-code", ClientAuth::secret_basic(secret("user-code")))
        .openid(OpenId::at(&op.issuer).trust_my_settings(true))
        .discover()
        .await?;
    let wrong = client.initiate(Hint::login("alice")).user_code("9999").await;
    table.row("a wrong user code", &word_of(wrong), "user_code invalid_user_code");
    let right = client.initiate(Hint::login("alice")).user_code("1234").await;
    table.row("the right user code", &word_of(right), "started");
    Ok(())
}

async fn rotations(op: &Op, table: &mut Table) -> Result<(), Error> {
    let client = op.basic("basic").await?;
    let pending = client.initiate(Hint::login("alice")).await?;
    let waiting = pending.wait().spawn();
    op.control("POST", "rotate", json!({ "drop_old": true })).await;
    op.control("POST", "approve", json!({})).await;
    let came = waiting.await.map_or_else(|error| word(&error), |outcome| outcome.status().to_owned());
    table.row("O-79: the provider's keys change", &came, "approved");
    let client = op.client("key-jwt", ClientAuth::private_key_jwt(op.key("client-ec")?)).await?;
    let waiting = client.initiate(Hint::login("alice")).await?.wait().spawn();
    client.set_signing_key(op.key("client-ec-next")?)?;
    op.control("POST", "approve", json!({})).await;
    let came = waiting.await.map_or_else(|error| word(&error), |outcome| outcome.status().to_owned());
    table.row("O-18: this client's key changes", &came, "approved");
    Ok(())
}

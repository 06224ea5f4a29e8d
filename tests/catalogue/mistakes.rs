//! Wrong settings and the words for them (F-58): the guide's table of mistakes is the data.

use authsec_ciba::sandbox::{Call, Fault, Sandbox, User};
use authsec_ciba::{ApiRoutes, AuthReqId, CibaClient, CibaClientBuilder, Error, ErrorKind};

use crate::support::tls::{Authority, GOOD, self_signed};
use crate::support::wire::{ACK, Act, Greeting, Wire, ok};
use crate::support::{CLIENT, EMAIL, SECRET, chain, configured, json, respond, sandbox, with_header};

/// Nobody answers there.
const AWAY: &str = "https://authsec.example";

fn to(base_url: impl Into<String>) -> CibaClientBuilder {
    CibaClient::builder().base_url(base_url).client_id("client")
}

fn https(wire: &Wire) -> CibaClientBuilder {
    to(format!("https://{}", wire.address))
}

async fn checked(client: CibaClientBuilder) -> Error {
    client.build().expect("valid").check().await.expect_err("a mistake")
}

async fn initiated(client: CibaClientBuilder) -> Error {
    client.build().expect("valid").initiate_app_approval(EMAIL).await.expect_err("a mistake")
}

fn refused(client: CibaClientBuilder) -> Error {
    client.build().map(drop).expect_err("a mistake")
}

async fn through(proxy: &Wire) -> CibaClientBuilder {
    to(AWAY).proxy(format!("http://canary-user:canary-password@{}", proxy.address))
}

/// Checks against a sandbox that answers a poll so.
async fn answered(fault: Fault) -> Error {
    let sandbox = sandbox().await;
    sandbox.faults().next(Call::Poll, fault);
    checked(configured(&sandbox)).await
}

fn page() -> Fault {
    respond(200, "text/html", "<!doctype html><title>The console</title>")
}

/// Makes a mistake; `None` for one that this machine cannot tell.
async fn make(mistake: &str) -> Option<Error> {
    let authority = Authority::new();
    let refusal = |text: &str| Wire::new([Act::Close(text.as_bytes().to_vec())]);
    let tls = |acceptor| Wire::over_tls(Some(acceptor), false, [Act::Say(ok(ACK))]);
    Some(match mistake {
        "no base URL" => refused(CibaClient::builder().client_id("client")),
        "no scheme" => {
            let error = refused(to("localhost:7468"));
            assert_eq!(error.to_string(), refused(to("authsec.example.com/api")).to_string());
            error
        }
        "neither client nor administrators" => refused(CibaClient::builder().base_url(AWAY)),
        "a header that is the crate's own" => refused(to(AWAY).header("Authorization", "canary")),
        "the console's address instead of the API's" => answered(page()).await,
        "the console's address, found when somebody signs in" => {
            let sandbox = sandbox().await;
            sandbox.faults().next(Call::Initiate, page());
            initiated(configured(&sandbox)).await
        }
        "another generation of routes, a wrong path" => {
            checked(configured(&sandbox().await).routes(ApiRoutes::Tenant)).await
        }
        "the standard's routes, where the server has them switched off" => {
            checked(configured(&sandbox().await).routes(ApiRoutes::OAuth)).await
        }
        "the standard's routes, at another name of the server" => {
            let sandbox = Sandbox::builder().routes(ApiRoutes::OAuth).client(CLIENT, Some(SECRET));
            let sandbox = sandbox.issuer("https://login.example:8443").start().await.expect("a free port");
            checked(configured(&sandbox).routes(ApiRoutes::OAuth)).await
        }
        "the standard's routes, without a secret" => refused(to(AWAY).routes(ApiRoutes::OAuth)),
        "the standard's routes, for administrators" => {
            refused(CibaClient::builder().base_url(AWAY).admin().routes(ApiRoutes::OAuth))
        }
        "plain http to a host" => refused(to("http://authsec:7468")),
        "quotation marks in an env file" => refused(to("\"https://authsec.example\"")),
        "no secret where the server wants one" => {
            let sandbox = sandbox().await;
            let without = || CibaClient::builder().base_url(sandbox.base_url()).client_id(CLIENT);
            let initiated = initiated(without()).await;
            assert!(initiated.to_string().starts_with("client_secret is not set"), "{initiated}");
            let client = without().build().expect("valid");
            let polled = client.poll_for_approval(EMAIL, &AuthReqId::new("an-id").expect("valid")).await;
            let polled = polled.expect_err("a mistake");
            assert!(polled.to_string().starts_with("client_secret is not set"), "{polled}");
            checked(without()).await
        }
        "wrong secret, or a client that the newest server does not know" => {
            let sandbox = sandbox().await;
            let unknown = checked(configured(&sandbox).client_id("unknown")).await;
            assert_eq!((unknown.field(), unknown.status()), (Some("client_secret"), Some(401)), "{unknown}");
            checked(configured(&sandbox).client_secret("another")).await
        }
        "unapproved client, or one that an older server does not know" => {
            let sandbox =
                Sandbox::builder().user(User::new(EMAIL)).unapproved_client("unapproved", Some(SECRET));
            let sandbox = sandbox.client(CLIENT, Some(SECRET)).start().await.expect("a free port");
            checked(configured(&sandbox).client_id("unapproved")).await
        }
        "another workspace, found when somebody signs in" => {
            let sandbox = sandbox().await;
            let client = configured(&sandbox).build().expect("valid");
            client.initiate_app_approval("nobody@example.com").await.expect_err("a mistake")
        }
        "something else at that address" => answered(json(200, r#"{"error":"authorization_pending"}"#)).await,
        "an address that leads on" => {
            let target = "https://user:canary@login.example:8443/canary?canary";
            answered(with_header(json(307, ""), "location", target)).await
        }
        "https to a port that speaks http" => {
            let says = Greeting::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
            checked(https(&Wire::greeting(says, [Act::Close(Vec::new())]).await)).await
        }
        "http to a port that speaks https" => {
            // What a TLS server says to plain text: an alert.
            let wire = refusal("\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{46}").await;
            checked(to(wire.base_url())).await
        }
        "an authority that is not trusted here" => {
            checked(https(&tls(authority.server("127.0.0.1", GOOD)).await)).await
        }
        "another host's certificate" => {
            let wire = tls(authority.server("other.example", GOOD)).await;
            checked(https(&wire).root_certificate(authority.pem())).await
        }
        "an old certificate, or a wrong clock" => {
            let wire = tls(authority.server("127.0.0.1", (2019, 2020))).await;
            checked(https(&wire).root_certificate(authority.pem())).await
        }
        "no client certificate where the server wants one" => {
            let wire = tls(authority.strict_server("127.0.0.1")).await;
            checked(https(&wire).root_certificate(authority.pem())).await
        }
        "a port that nobody listens on" => {
            let sandbox = sandbox().await;
            sandbox.go_down().await.expect("down");
            let error = checked(configured(&sandbox)).await;
            assert!(error.to_string().contains(&format!("on {}: ", sandbox.address())), "{error}");
            error
        }
        "a host that does not exist" => known(checked(to("https://no-such-host.invalid")).await)?,
        "a proxy that does not exist" => {
            let proxy = "http://canary:canary@no-such-proxy.invalid:3128";
            let error = known(checked(to(AWAY).proxy(proxy)).await)?;
            assert!(error.to_string().contains("http://no-such-proxy.invalid:3128"), "{error}");
            error
        }
        "a proxy that wants a password" => {
            let proxy =
                refusal("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
            let error = checked(through(&proxy).await).await;
            assert!(error.to_string().contains(&proxy.base_url()), "{error}");
            error
        }
        "a proxy that does not let us through" => {
            let proxy = refusal("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
            let error = checked(through(&proxy).await).await;
            assert!(error.to_string().contains(&proxy.base_url()), "{error}");
            assert!(error.to_string().contains("a way to authsec.example:443"), "{error}");
            error
        }
        other => panic!("no test makes this mistake: {other}"),
    })
}

/// A machine whose resolver does not answer cannot tell that there is no such name, and says that.
fn known(error: Error) -> Option<Error> {
    let told = error.to_string();
    if told.contains("the resolver of this machine does not answer for") { None } else { Some(error) }
}

/// The rows of the guide's table: mistake, kind and field, words.
fn rows() -> Vec<(&'static str, &'static str, &'static str)> {
    let guide = include_str!("../../docs/errors.md");
    let (_, table) = guide.split_once("| mistake | kind | words |\n").expect("the table");
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let columns = |row: &'static str| {
        let mut columns = row.trim_matches('|').split(" | ").map(str::trim);
        let mut next = || columns.next().expect("three columns");
        (next(), next(), next())
    };
    rows.map(columns).collect()
}

/// Whether these words are those of the table, in which what stands in backquotes differs.
fn says(told: &str, words: &str) -> bool {
    let mut rest = told;
    let mut fits = true;
    for (place, part) in words.split('`').step_by(2).enumerate() {
        match rest.split_once(part) {
            Some((before, behind)) => {
                fits &= place > 0 || before.is_empty();
                rest = behind;
            }
            None => return false,
        }
    }
    fits
}

#[tokio::test(start_paused = true)]
async fn f58_b91_every_mistake_of_the_guides_table_is_told_in_its_words() {
    let rows = rows();
    assert_eq!(rows.len(), 30, "a row of the table has no test, or a test no row");
    for (mistake, kind, words) in rows {
        let Some(error) = make(mistake).await else { continue };
        let seen = match error.field() {
            Some(field) => format!("`{:?}`, `{field}`", error.kind()),
            None => format!("`{:?}`", error.kind()),
        };
        let told = error.to_string();
        assert_eq!(seen, kind, "{mistake}: {told}");
        assert!(says(&told, words), "{mistake}: {told}\n{words}");
        assert!(!chain(&error).contains("canary"), "{mistake}: {}", chain(&error));
        let is_local = error.kind() == ErrorKind::Config && error.status().is_none();
        assert_eq!(error.endpoint().is_none(), is_local, "{mistake}: {told}");
        if let Some(endpoint) = error.endpoint() {
            assert!(endpoint.starts_with("http") && told.contains(endpoint), "{mistake}: {told}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f58_a_certificate_of_nobodys_is_told_too() {
    let wire = Wire::over_tls(Some(self_signed("127.0.0.1")), false, [Act::Say(ok(ACK))]).await;
    let error = checked(https(&wire)).await;
    assert!(error.to_string().contains("trusted here"), "{error}");
}

/// What a proxy that looks into TLS shows comes by way of it, and is told so.
#[tokio::test(start_paused = true)]
async fn b91_a_certificate_behind_a_proxy_names_the_proxy() {
    let proxy = Wire::over_tls(Some(self_signed("authsec.example")), true, [Act::Say(ok(ACK))]).await;
    let error = checked(through(&proxy).await).await;
    assert!(error.to_string().contains(&format!("by way of the proxy {}", proxy.base_url())), "{error}");
    assert!(!chain(&error).contains("canary"), "{}", chain(&error));
}

#[tokio::test(start_paused = true)]
async fn b93_a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let authority = Authority::new();
    let (certificate, key) = authority.client();
    let server = authority.strict_server("127.0.0.1");
    let wire = Wire::over_tls(Some(server), false, [Act::Say(ok(ACK))]).await;
    let client =
        https(&wire).root_certificate(authority.pem()).client_certificate(format!("{certificate}{key}"));
    client.build().expect("valid").initiate_app_approval(EMAIL).await.expect("an acknowledgement");

    let (stranger, strangers_key) = Authority::new().client();
    let shown = https(&wire)
        .root_certificate(authority.pem())
        .client_certificate(format!("{stranger}{strangers_key}"));
    let _ = initiated(shown).await;
    assert_eq!(wire.requests(), 1, "a stranger is not heard");
}

#[test]
fn b93_a_client_certificate_that_cannot_be_used_is_refused() {
    let (certificate, key) = Authority::new().client();
    let (_, other_key) = Authority::new().client();
    for (pem, why) in [
        (String::new(), "no certificate"),
        (key.clone(), "no certificate"),
        (certificate.clone(), "no private key"),
        (format!("{certificate}{other_key}"), "not that of its first certificate"),
    ] {
        let error = refused(to(AWAY).client_certificate(pem));
        assert_eq!(error.field(), Some("client_certificate"), "{error}");
        assert!(error.to_string().contains(why), "{why}: {error}");
    }
    let error = refused(to("http://127.0.0.1:1").client_certificate(format!("{certificate}{key}")));
    assert_eq!(error.field(), Some("client_certificate"), "{error}");
    let one = to(AWAY).build().expect("valid");
    let shared = to(AWAY).client_certificate(format!("{certificate}{key}")).share_transport_of(&one);
    assert_eq!(refused(shared).field(), Some("client_certificate"));
}

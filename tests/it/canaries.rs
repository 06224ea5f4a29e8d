//! B-70 over everything: every fault of the sandbox, every outcome, every public value, in every usual encoding.

use std::error::Error as StdError;
use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, Once};
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Sandbox, User};
use authsec_ciba::{
    ApprovalOutcome, AuthReqId, BindingMessage, CibaClient, Email, Error, PendingApproval, PollPolicy,
    PushGuard,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tracing::instrument::WithSubscriber as _;

use crate::capture::Captured;
use crate::forms::forms;

pub(crate) const EMAIL: &str = "canary.person@example.com";
pub(crate) const SECRET: &str = "Canary-Client-Secret-5c4d";
/// Stands where a server may write a secret: in ids, in tokens, in headers, in places of no meaning.
pub(crate) const PLANTED: &str = "Canary-Planted-By-The-Server-77aa";
/// A header of the caller's own.
pub(crate) const KEY: &str = "Canary-Key-Of-The-Gateway-91b3";
/// The server's own words, which are to be seen (B-91): what stands beside them is not.
pub(crate) const WORDS: &str = "words of the server";
/// Digits that no duration and no port of a test has.
const CODE: &str = "918273";

/// What reqwest says, which speaks to `log` and not to `tracing`.
static LOGGED: Mutex<String> = Mutex::new(String::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut logged = LOGGED.lock().expect("not poisoned");
        writeln!(logged, "{} {}", record.target(), record.args()).expect("memory");
    }

    fn flush(&self) {}
}

/// Everything that was shown of public values.
#[derive(Default)]
pub(crate) struct Shown(String);

impl Shown {
    pub(crate) fn debug(&mut self, value: &impl Debug) {
        writeln!(self.0, "{value:?} {value:#?}").expect("memory");
    }

    fn error(&mut self, error: &(dyn StdError + 'static)) {
        writeln!(self.0, "{error:?} {error:#?} {error}").expect("memory");
        if let Some(source) = error.source() {
            self.error(source);
        }
    }

    pub(crate) fn result<T: Debug>(&mut self, result: &Result<T, Error>) {
        match result {
            Ok(value) => self.debug(value),
            Err(error) => {
                self.error(error);
                self.debug(&(error.code(), error.field(), error.status(), error.retry_after()));
                self.debug(&(error.endpoint(), error.server_message(), error.request_id(), error.flow_id()));
            }
        }
    }

    pub(crate) fn outcome(&mut self, outcome: Result<ApprovalOutcome, Error>) {
        self.result(&outcome);
        if let Ok(outcome) = outcome {
            self.0.push_str(outcome.status());
            match outcome.approved() {
                Ok(approval) => self.debug(&(&approval, approval.token())),
                Err(reason) => self.error(&reason),
            }
        }
    }
}

/// `code` is one that the request carries, `credential` what its header has made of the client's secret.
pub(crate) fn faults(code: &str, credential: &str) -> Vec<Fault> {
    let respond = |status: u16, body: String| Fault::Respond {
        status,
        headers: vec![
            ("location".to_owned(), format!("https://example.com/{PLANTED}")),
            ("retry-after".to_owned(), PLANTED.to_owned()),
            ("x-canary".to_owned(), PLANTED.to_owned()),
            ("x-request-id".to_owned(), SECRET.to_owned()),
        ],
        body: body.into_bytes(),
    };
    // Who sees a request may repeat all that was in it, as it is and as a URL or a header spells it.
    let email = url::form_urlencoded::byte_serialize(EMAIL.as_bytes()).collect::<String>();
    let echo = format!("{WORDS}: {EMAIL} {email} {SECRET} Basic {credential} {KEY} {code}");
    let mut faults = vec![
        Fault::Pass,
        Fault::Hang,
        Fault::HangAfter,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::CloseBefore,
        Fault::CloseAfter,
        Fault::CutBody { keep: 0 },
        Fault::CutBody { keep: 40 },
        Fault::CutAfterCompleteJson,
        Fault::SlowHeaders(Duration::from_millis(5)),
        Fault::SlowBody(Duration::from_millis(5)),
        Fault::SlowBody(Duration::from_secs(5)),
        Fault::Delay(Duration::from_secs(1)),
        Fault::DelayAfter(Duration::from_secs(1)),
        Fault::Raw(format!("{PLANTED}\r\n\r\n").into_bytes()),
        Fault::Raw(format!("HTTP/1.1 200 OK\r\n{PLANTED}\r\n\r\n").into_bytes()),
        Fault::ExtraMembers,
        Fault::EndlessBody,
        Fault::html_502(),
        Fault::unavailable_503(Some("1")),
        Fault::too_many_requests_429(Some("garbage")),
        Fault::slow_down(400),
        Fault::empty_200(),
        Fault::json_array(),
        Fault::truncated_gzip(),
        Fault::redirect_308(&format!("https://example.com/{PLANTED}")),
        Fault::server_error_200(),
        Fault::unknown_code(),
    ];
    for status in [200, 202, 204, 302, 400, 401, 403, 404, 429, 500, 503, 999] {
        faults.push(respond(status, format!(r#"{{"error":"{echo}","error_description":"{echo}"}}"#)));
        faults.push(respond(status, format!(r#"{{"error":"invalid_request","details":"{echo}"}}"#)));
        faults.push(respond(status, format!(r#"{{"access_token":"{PLANTED}","error":"{PLANTED}"}}"#)));
        faults.push(respond(status, format!(r#"{{"auth_req_id":"{PLANTED} \n","token":"{PLANTED}","#)));
        faults.push(respond(status, format!(r#"{{"success":false,"message":"{echo}"}}"#)));
        faults.push(respond(status, format!(r#"{{"token":"{PLANTED}","message":"{PLANTED}"}}"#)));
        faults.push(respond(status, format!("<title>{echo}</title>")));
        faults.push(respond(status, echo.clone()));
        faults.push(respond(status, format!("<html>{PLANTED}</html>")));
    }
    faults
}

/// What HTTP Basic makes of id and secret.
pub(crate) fn credential() -> String {
    STANDARD.encode(format!("client:{SECRET}"))
}

async fn start(http2: bool) -> (Sandbox, CibaClient) {
    let sandbox = Sandbox::builder().routes(crate::ROUTES).user(User::new(EMAIL).with_totp());
    let sandbox = sandbox.client("client", Some(SECRET)).start().await.expect("a port");
    let client = CibaClient::builder()
        .base_url(sandbox.base_url())
        .routes(crate::ROUTES)
        .client_id("client")
        .client_secret(SECRET)
        .workspace_id(sandbox.workspace_id())
        .push_guard(PushGuard::off())
        .header("x-api-key", KEY)
        .headers_with(|_| vec![("x-other-key".to_owned(), KEY.to_owned())])
        .poll_policy(PollPolicy::default().timeout(Duration::from_secs(40)));
    #[cfg(feature = "http2")]
    let client = client.http2_prior_knowledge(http2);
    let _ = http2;
    (sandbox, client.build().expect("valid"))
}

async fn initiate(client: &CibaClient, shown: &mut Shown) -> PendingApproval {
    shown.debug(&client.initiate_app_approval(EMAIL));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    shown.debug(&(&pending, pending.auth_req_id(), pending.email(), pending.wait()));
    pending
}

/// Every fault on every call.
async fn meet_every_fault(sandbox: &Sandbox, client: &CibaClient, shown: &mut Shown) {
    let credential = credential();
    for (fault, with_code) in faults("", &credential).into_iter().zip(faults(CODE, &credential)) {
        sandbox.faults().next(Call::Initiate, fault.clone());
        shown.result(&client.initiate_app_approval(EMAIL).await);
        sandbox.faults().next(Call::Totp, with_code);
        shown.result(&client.verify_totp(EMAIL, CODE).await);
        let right = sandbox.authenticator(EMAIL).code();
        sandbox.faults().next(Call::Totp, fault.clone());
        shown.result(&client.verify_totp(EMAIL, &right).await);
        // Both counters start afresh, here and there.
        client.cancel_approval(EMAIL).await.expect("cancelled");
        sandbox.clock().advance(Duration::from_secs(31 * 60));

        let pending = initiate(client, shown).await;
        sandbox.phone(EMAIL).approve().await;
        sandbox.faults().next(Call::Poll, fault);
        shown.outcome(pending.wait().await);
        sandbox.faults().clear();
    }
    for status in [200, 400, 403, 503] {
        let pending = initiate(client, shown).await;
        let id = pending.auth_req_id().expose_secret();
        let body =
            format!(r#"{{"message":"{WORDS}: no {id} or {}"}}"#, id.trim_end_matches('=')).into_bytes();
        let headers = vec![("x-request-id".to_owned(), id.to_owned())];
        sandbox.faults().always(Call::Poll, Fault::Respond { status, headers, body });
        shown.outcome(pending.wait().await);
        sandbox.faults().clear();
    }
}

/// Every way to end that is no fault.
async fn meet_every_outcome(sandbox: &Sandbox, client: &CibaClient, shown: &mut Shown) {
    let pending = initiate(client, shown).await;
    shown.result(&pending.wait().once().await);
    let task = pending.wait().spawn();
    shown.debug(&task);
    shown.result(&client.cancel_approval(EMAIL).await);
    shown.outcome(task.await);

    let pending = initiate(client, shown).await;
    sandbox.phone(EMAIL).deny().await;
    shown.outcome(pending.wait().await);

    let pending = initiate(client, shown).await;
    shown.outcome(pending.wait().timeout(Duration::from_secs(6)).await);
    let older = pending.wait().spawn();
    let newer = initiate(client, shown).await;
    shown.outcome(older.await);
    sandbox.clock().advance(Duration::from_secs(301));
    shown.outcome(newer.wait().await);

    for code in [CODE, CODE, CODE, CODE, "12", "canary"] {
        shown.result(&client.verify_totp(EMAIL, code).await);
    }
    let last = initiate(client, shown).await.wait().spawn();
    client.shutdown().await;
    shown.outcome(last.await);
    shown.result(&client.initiate_app_approval(EMAIL).await);
    shown.debug(&(client, client.usage()));
}

/// What is refused before anything is sent.
fn meet_every_refusal(shown: &mut Shown) {
    let builder = || CibaClient::builder().client_id("client").client_secret(SECRET);
    shown.debug(&builder());
    for url in [
        format!("https://user:{PLANTED}@example.com"),
        format!("https://example.com/?{PLANTED}"),
        format!("http://{PLANTED}.example.com"),
        format!("{PLANTED} "),
    ] {
        shown.result(&builder().base_url(url).build());
    }
    shown.result(&builder().client_secret(format!("{SECRET}\n")).build());
    shown.result(&builder().root_certificate(PLANTED).build());
    let at = || builder().base_url("https://example.com");
    shown.debug(&at().header("x-api-key", PLANTED).client_certificate(PLANTED));
    shown.result(&at().client_certificate(PLANTED).build());
    shown.result(&at().header("x-api-key", format!("{PLANTED}\n")).build());
    shown.result(&at().header(format!("{PLANTED} "), PLANTED).build());
    shown.result(&at().header("authorization", PLANTED).build());
    shown.result(&builder().base_url("https://example.com").proxy(format!("no proxy {PLANTED}")).build());
    shown.result(&CibaClient::builder().client_secret(SECRET).build());
    shown.result(&AuthReqId::new(format!("{PLANTED} ")));
    shown.result(&Email::new(&format!("{EMAIL}@")));
    shown.result(&BindingMessage::new(format!("{PLANTED}\n")));
}

#[test]
fn the_forms_are_found_inside_longer_texts() {
    for before in ["client:", "a:", "ab"] {
        let header = STANDARD.encode(format!("{before}{SECRET} and more"));
        assert!(forms(SECRET).iter().any(|form| header.contains(form)), "{header}");
    }
}

/// What was said to `tracing` and to `log`, and what was shown of public values.
pub(crate) struct Seen {
    pub(crate) trace: String,
    log: String,
    pub(crate) shown: String,
}

/// Plays a scenario, which gives the canaries, and looks for each of them in all that was said and shown meanwhile.
pub(crate) async fn seek(scenario: impl AsyncFnOnce(&mut Shown) -> Vec<String>) -> Seen {
    static LOGGER: Once = Once::new();
    LOGGER.call_once(|| {
        log::set_logger(&Logger).expect("the only one");
        log::set_max_level(log::LevelFilter::Trace);
    });
    let (captured, mut shown) = (Captured::default(), Shown::default());
    let canaries = scenario(&mut shown).with_subscriber(captured.subscriber()).await;
    // The time at the front of a line may hold any six digits.
    let trace = captured.text().lines().filter_map(|line| Some(line.split_once('Z')?.1)).collect();
    let log = LOGGED.lock().expect("not poisoned").clone();
    let seen = Seen { trace, log, shown: shown.0 };
    assert!(seen.trace.contains("hyper"), "the HTTP stack's events are there, too");
    assert!(seen.log.contains("reqwest"), "and those that go to `log`");
    for canary in &canaries {
        for form in forms(canary) {
            for (place, text) in [("trace", &seen.trace), ("log", &seen.log), ("value", &seen.shown)] {
                if let Some(at) = text.find(&form) {
                    let around = text.get(at.saturating_sub(200)..at + form.len()).unwrap_or_default();
                    panic!("{canary:?} stands in a {place} as {form:?}: {around}");
                }
            }
        }
    }
    seen
}

/// The ids and tokens of a server.
pub(crate) fn issued(sandbox: &Sandbox) -> Vec<String> {
    let issued = sandbox.issued();
    let mut canaries = Vec::new();
    for request in issued.requests {
        canaries.push(request.auth_req_id.trim_end_matches('=').to_owned());
        canaries.push(request.auth_req_id);
        canaries.extend(request.token);
    }
    canaries.extend(issued.totp_tokens.into_iter().map(|(_, token)| token));
    canaries
}

async fn search(http2: bool) {
    let seen = seek(async |shown| {
        let (sandbox, client) = start(http2).await;
        meet_every_fault(&sandbox, &client, shown).await;
        meet_every_outcome(&sandbox, &client, shown).await;
        meet_every_refusal(shown);
        let mut canaries = [EMAIL, SECRET, PLANTED, KEY, CODE].map(str::to_owned).to_vec();
        canaries.extend(issued(&sandbox));
        assert!(canaries.len() > 150, "{}", canaries.len());
        canaries
    })
    .await;
    assert!(seen.trace.contains("authsec.poll"), "the crate's own events");
    assert!(seen.shown.contains(WORDS) && seen.trace.contains(WORDS), "the server's own words, without them");
    assert!(seen.shown.contains("approval_lost") && seen.shown.contains("approved"), "outcomes");
}

#[tokio::test(start_paused = true)]
async fn b70_no_canary_is_seen_over_http_1() {
    search(false).await;
}

#[cfg(feature = "http2")]
#[tokio::test(start_paused = true)]
async fn b70_no_canary_is_seen_over_http_2() {
    search(true).await;
}

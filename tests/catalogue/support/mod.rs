//! What the cases share: a sandbox with a client, and one call through a fault with everything there is to assert.

pub(crate) mod child;
#[cfg(feature = "http2")]
pub(crate) mod http2;
pub(crate) mod tls;
pub(crate) mod wire;

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction, Sandbox, User};
use authsec_ciba::{
    ApprovalOutcome, AuthReqId, CibaClient, CibaClientBuilder, Error, ErrorKind, PendingApproval,
    TotpOutcome, Usage,
};
use tokio::time::Instant;

pub(crate) const EMAIL: &str = "user@example.com";
pub(crate) const OTHER: &str = "other@example.com";
pub(crate) const CLIENT: &str = "6f1c1bb4-1d2c-4c52-9d5a-0d1f3f9a7c11";
pub(crate) const SECRET: &str = "canary-client-secret";

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The newest server, with two users who have a phone and an authenticator, and one who has no phone.
pub(crate) async fn sandbox() -> Sandbox {
    Sandbox::builder()
        .routes(crate::ROUTES)
        .user(User::new(EMAIL).with_totp())
        .user(User::new(OTHER).with_totp())
        .user(User::new("nodevice@example.com").without_device())
        .client(CLIENT, Some(SECRET))
        .start()
        .await
        .expect("a free port")
}

/// A client of that server: approvals by the workspace routes or those of the standard, TOTP by the admin route.
pub(crate) fn configured(sandbox: &Sandbox) -> CibaClientBuilder {
    CibaClient::builder()
        .base_url(sandbox.base_url())
        .routes(crate::ROUTES)
        .client_id(CLIENT)
        .client_secret(SECRET)
        .workspace_id(sandbox.workspace_id())
}

pub(crate) async fn start() -> (Sandbox, CibaClient) {
    let sandbox = sandbox().await;
    let client = configured(&sandbox).build().expect("a valid configuration");
    (sandbox, client)
}

/// Whatever was remembered is over after a week: nothing may be left then, on neither side.
pub(crate) async fn leaves_nothing(sandbox: &Sandbox, client: &CibaClient) {
    tokio::time::sleep(seconds(8 * 24 * 60 * 60)).await;
    assert_eq!(client.usage(), Usage::default());
    assert_eq!(sandbox.connections().open, 0, "sockets are left");
}

pub(crate) fn respond(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Fault::Respond { status, headers, body: body.into() }
}

pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Fault {
    respond(status, "application/json", body)
}

pub(crate) fn code(status: u16, code: &str) -> Fault {
    json(status, format!(r#"{{"error":"{code}","error_description":"by a fault script"}}"#))
}

/// With one more header.
pub(crate) fn with_header(fault: Fault, name: &str, value: &str) -> Fault {
    match fault {
        Fault::Respond { status, mut headers, body } => {
            headers.push((name.to_owned(), value.to_owned()));
            Fault::Respond { status, headers, body }
        }
        other => other,
    }
}

/// What a redirect of this status is: 308 from the routes of the standard says that the issuer has another name (O-01).
pub(crate) fn redirect_kind(status: u16) -> ErrorKind {
    if status == 308 && crate::ROUTES == authsec_ciba::ApiRoutes::OAuth {
        ErrorKind::Config
    } else {
        ErrorKind::Protocol
    }
}

pub(crate) fn pending() -> Fault {
    code(202, "authorization_pending")
}

/// A poll that has come to its end.
pub(crate) struct Polled {
    pub(crate) sandbox: Sandbox,
    pub(crate) result: Result<ApprovalOutcome, Error>,
    /// When the server had each poll, in milliseconds since the acknowledgement.
    pub(crate) at: Vec<u128>,
    /// When the poll ended.
    pub(crate) ended_at: u128,
}

impl Polled {
    #[track_caller]
    pub(crate) fn status(&self) -> &'static str {
        self.result.as_ref().expect("an outcome").status()
    }

    #[track_caller]
    pub(crate) fn error(&self) -> &Error {
        self.result.as_ref().expect_err("an error")
    }

    #[track_caller]
    pub(crate) fn failed_as(&self) -> (ErrorKind, Option<u16>, u32) {
        let error = self.error();
        (error.kind(), error.status(), error.attempts())
    }

    /// The outcome and the number of polls.
    #[track_caller]
    pub(crate) fn came_to(&self) -> (&'static str, usize) {
        (self.status(), self.at.len())
    }
}

/// Initiates, polls through these faults, and looks that nothing is left. Who gets through them is approved.
pub(crate) async fn poll_through(faults: impl IntoIterator<Item = Fault>) -> Polled {
    poll_with(Reaction::Approve, faults).await
}

pub(crate) async fn poll_with(reaction: Reaction, faults: impl IntoIterator<Item = Fault>) -> Polled {
    let (sandbox, client) = start().await;
    sandbox.phone(EMAIL).react(reaction);
    for fault in faults {
        sandbox.faults().next(Call::Poll, fault);
    }
    let acknowledged = client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
    let start = Instant::now();
    let result = acknowledged.wait().await;
    let ended_at = start.elapsed().as_millis();
    assert_eq!(client.usage().live_polls, 0);
    if let Ok(ApprovalOutcome::Approved(approval)) = &result {
        let issued = sandbox.issued();
        let known = issued.request(acknowledged.auth_req_id().expose_secret()).expect("issued");
        assert_eq!(known.token.as_deref(), Some(approval.token().expose_secret()), "the server's own token");
    }
    let at = polled_at(&sandbox, start);
    assert_eq!(sandbox.calls(Call::Initiate).len(), 1);
    leaves_nothing(&sandbox, &client).await;
    Polled { sandbox, result, at, ended_at }
}

pub(crate) fn polled_at(sandbox: &Sandbox, start: Instant) -> Vec<u128> {
    let polls = sandbox.calls(Call::Poll);
    polls.iter().map(|poll| poll.received_at.saturating_duration_since(start).as_millis()).collect()
}

/// An initiate or a TOTP login that has come to its end.
pub(crate) struct Once<T> {
    pub(crate) result: Result<T, Error>,
    /// How often the server had it.
    pub(crate) requests: usize,
    /// How many pushes the server sent.
    pub(crate) pushes: usize,
    /// What the client counts of it: a push that the guard knows, an attempt that keeps its place.
    pub(crate) counted: usize,
}

impl<T: std::fmt::Debug> Once<T> {
    #[track_caller]
    pub(crate) fn error(&self) -> &Error {
        self.result.as_ref().expect_err("an error")
    }

    /// The kind, the status, and whether it may have reached the server; exactly one request.
    #[track_caller]
    pub(crate) fn failed_as(&self) -> (ErrorKind, Option<u16>, bool) {
        let error = self.error();
        assert_eq!(self.requests, 1, "neither a push nor a code is ever sent twice");
        let maybe = error.may_have_reached_server();
        assert_eq!(self.counted, usize::from(maybe), "what may be out counts, what cannot does not");
        (error.kind(), error.status(), maybe)
    }
}

impl Once<TotpOutcome> {
    #[track_caller]
    pub(crate) fn error_code(&self) -> Option<&'static str> {
        assert_eq!(self.requests, 1, "a code is never sent twice");
        self.result.as_ref().expect("a judgement").error_code()
    }
}

/// Initiates through this fault, and looks that nothing is left.
pub(crate) async fn initiate_through(fault: Fault) -> Once<PendingApproval> {
    let (sandbox, client) = start().await;
    sandbox.faults().next(Call::Initiate, fault);
    let result = client.initiate_app_approval(EMAIL).await;
    let counted = client.usage().push_counts;
    assert_eq!(client.usage().remembered_ids, usize::from(result.is_ok()), "no id, no entry");
    let (requests, pushes) = (sandbox.calls(Call::Initiate).len(), sandbox.issued().pushes());
    assert_eq!(sandbox.log().len(), requests, "nothing else was sent");
    leaves_nothing(&sandbox, &client).await;
    Once { result, requests, pushes, counted }
}

/// Verifies the right code through this fault, and looks that nothing is left.
pub(crate) async fn totp_through(fault: Fault) -> Once<TotpOutcome> {
    let (sandbox, client) = start().await;
    sandbox.faults().next(Call::Totp, fault);
    let result = client.verify_totp(EMAIL, &sandbox.authenticator(EMAIL).code()).await;
    let counted = client.usage().totp_counts;
    let (requests, pushes) = (sandbox.calls(Call::Totp).len(), sandbox.issued().pushes());
    leaves_nothing(&sandbox, &client).await;
    Once { result, requests, pushes, counted }
}

pub(crate) fn an_id() -> AuthReqId {
    AuthReqId::new("an-id-of-another-process").expect("valid")
}

/// An error with everything behind it, in both forms.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = format!("{error:?} {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(" | {error:?} {error}"));
        source = error.source();
    }
    text
}

//! Enough in the log to reconstruct a flow.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::future::IntoFuture as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction};
use authsec_ciba::{ApprovalOutcome, CibaClient, Error, ErrorKind, PollStatus};
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber as _;
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::capture::Captured;
use crate::support::{EMAIL, start};

#[tokio::test(start_paused = true)]
async fn b90_one_span_per_flow_tells_its_story() {
    let captured = Captured::default();
    async {
        let (sandbox, client) = start().await;
        sandbox.phone(EMAIL).react(Reaction::ApproveAfter(Duration::from_secs(12)));
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        sandbox.faults().next(Call::Poll, Fault::Pass).next(Call::Poll, Fault::html_502());
        let _ = pending.wait().await.expect("an outcome");
    }
    .with_subscriber(captured.subscriber())
    .await;
    let text = captured.text();
    let ours: Vec<_> = text.lines().filter(|line| line.contains(" authsec_ciba::")).collect();
    let count = |needles: &[&str]| {
        ours.iter().filter(|line| needles.iter().all(|needle| line.contains(needle))).count()
    };
    assert_eq!(
        count(&["authsec.initiate", " DEBUG ", "pushed", "interval=5", "expires_in=300"]),
        1,
        "{ours:#?}"
    );
    let polled = ["polled", " DEBUG ", "flow=", "email=u***@example.com"];
    assert_eq!(count(&polled), 2, "{ours:#?}");
    let fault =
        ["a poll failed", " WARN ", "flow=", "email=u***@example.com", "kind=\"server\"", "status=502"];
    assert_eq!(count(&fault), 1, "{ours:#?}");
    let closing = ["authsec.poll", "close", "email=u***@example.com", "interval=5s", "polls=3", "attempts=1"];
    assert_eq!(count(&closing), 1, "{ours:#?}");
    assert_eq!(count(&["authsec.poll", "close", "outcome=\"approved\""]), 1, "{ours:#?}");
}

#[tokio::test(start_paused = true)]
async fn b90_a_dropped_poll_tells_its_end_too() {
    let captured = Captured::default();
    async {
        let (_sandbox, client) = start().await;
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let looked = tokio::time::timeout(Duration::from_secs(12), pending.wait()).await;
        assert!(looked.is_err());
        drop(pending.wait().spawn());
        client.shutdown().await;
    }
    .with_subscriber(captured.subscriber())
    .await;
    let text = captured.text();
    let told =
        |line: &&str| ["authsec.poll", "close", "outcome=\"dropped\""].iter().all(|it| line.contains(it));
    assert_eq!(text.lines().filter(told).count(), 2, "{text}");
}

#[tokio::test(start_paused = true)]
async fn b90_a_look_tells_what_it_found() {
    let captured = Captured::default();
    async {
        let (sandbox, client) = start().await;
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        tokio::time::advance(Duration::from_secs(5)).await;
        for _ in 0..2 {
            let looked = pending.wait().once().await;
            assert!(matches!(looked, Ok(PollStatus::Pending { .. })), "{looked:?}");
        }
        let waited = pending.wait().timeout(Duration::ZERO).await;
        assert!(matches!(waited, Ok(ApprovalOutcome::Timeout)), "{waited:?}");
        sandbox.faults().next(Call::Poll, Fault::html_502());
        tokio::time::advance(Duration::from_secs(5)).await;
        pending.wait().once().await.expect_err("a fault");
    }
    .with_subscriber(captured.subscriber())
    .await;
    let text = captured.text();
    let told = |outcome: &str| {
        let told =
            |line: &&str| line.contains("authsec.poll") && line.contains("close") && line.contains(outcome);
        text.lines().filter(told).count()
    };
    assert_eq!(told("outcome=\"pending\""), 2, "{text}");
    assert_eq!(told("outcome=\"timeout\""), 1, "{text}");
    assert_eq!(told("outcome=\"error\" error=\"server\""), 1, "{text}");
    assert_eq!(told("outcome=\"dropped\""), 0, "{text}");
}

#[tokio::test(start_paused = true)]
async fn b90_a_wait_for_what_was_answered_has_its_span_and_one_that_is_refused_has_none() {
    let captured = Captured::default();
    async {
        let (sandbox, client) = start().await;
        sandbox.phone(EMAIL).react(Reaction::Approve);
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let _ = pending.wait().await.expect("an outcome").approved().expect("approved");
        tokio::time::advance(Duration::from_secs(11)).await;
        let error = pending.wait().await.expect_err("somebody is in by it");
        assert_eq!(error.kind(), ErrorKind::AlreadyAnswered);
        client.poll_for_approval("other@example.com", pending.auth_req_id()).await.expect_err("another's");
    }
    .with_subscriber(captured.subscriber())
    .await;
    let text = captured.text();
    let closed = |word: &str| {
        let told = |line: &&str| ["authsec.poll", "close", word].iter().all(|it| line.contains(it));
        text.lines().filter(told).count()
    };
    assert_eq!(closed("outcome=\"error\" error=\"already_answered\""), 1, "{text}");
    assert_eq!(closed("outcome="), 2, "{text}");
}

/// An initiate and a login that both fail.
async fn fail(client: &CibaClient, email: &str) -> [Error; 2] {
    let initiate = client.initiate_app_approval(email).await.expect_err("a fault");
    [initiate, client.verify_totp(email, "123456").await.expect_err("a fault")]
}

#[tokio::test(start_paused = true)]
async fn f51_b90_at_info_each_warning_says_who_which_flow_and_what_without_its_span() {
    let captured = Captured::default();
    let mut errors = Vec::new();
    async {
        let (sandbox, client) = start().await;
        sandbox.faults().always(Call::Initiate, Fault::html_502());
        sandbox.faults().always(Call::Totp, Fault::html_502());
        for n in 0..20 {
            errors.extend(fail(&client, &format!("person{n}@example.com")).await);
        }
    }
    .with_subscriber(captured.subscriber_at(tracing::Level::INFO))
    .await;
    let text = captured.text();
    let mut flows = HashSet::new();
    for error in &errors {
        let flow = error.flow_id().expect("a flow").to_string();
        assert_eq!(flow.len(), 8);
        let of_flow: Vec<_> = text.lines().filter(|line| line.contains(&format!("flow={flow}"))).collect();
        let warnings: Vec<_> = of_flow.iter().filter(|line| line.contains(" WARN ")).collect();
        assert_eq!(warnings.len(), 1, "{of_flow:#?}");
        // Behind the span, which a subscriber may not show.
        let (_, event) = warnings[0].rsplit_once("authsec_ciba::").expect("ours");
        for part in
            [format!("flow={flow}").as_str(), "email=p***@example.com", "kind=\"server\"", "status=502"]
        {
            assert!(event.contains(part), "{part}: {event}");
        }
        assert!(event.contains("initiate failed") || event.contains("TOTP login failed"), "{event}");
        let closed: Vec<_> = of_flow.iter().filter(|line| line.contains("close")).collect();
        assert_eq!(closed.len(), 1, "{of_flow:#?}");
        for part in ["email=p***@example.com", "attempts=1", "outcome=\"error\"", "error=\"server\""] {
            assert!(closed[0].contains(part), "{part}: {closed:?}");
        }
        flows.insert(flow);
    }
    assert_eq!(flows.len(), 40, "twenty people who look alike are told apart by their flows");
}

#[tokio::test(start_paused = true)]
async fn f54_b91_each_warning_carries_what_its_error_knows() {
    let captured = Captured::default();
    let mut errors = Vec::new();
    async {
        let (sandbox, client) = start().await;
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let body = r#"{"error":"quota_exceeded","error_description":"Your plan allows 1000 pushes a month"}"#;
        let headers = vec![("X-Request-ID".to_owned(), "req-4711".to_owned())];
        let fault = Fault::Respond { status: 402, headers, body: body.into() };
        for call in [Call::Initiate, Call::Poll, Call::Totp] {
            sandbox.faults().always(call, fault.clone());
        }
        errors.extend(fail(&client, EMAIL).await);
        errors.push(pending.wait().await.expect_err("refused"));
        errors.push(client.check().await.expect_err("refused"));
    }
    .with_subscriber(captured.subscriber_at(tracing::Level::INFO))
    .await;
    let text = captured.text();
    let initiate = match crate::ROUTES {
        authsec_ciba::ApiRoutes::OAuth => "bc-authorize",
        _ => "initiate",
    };
    for (error, path) in errors.iter().zip([initiate, "totp/login", "token", "token"]) {
        let endpoint = error.endpoint().expect("where");
        assert!(endpoint.starts_with("http://127.0.0.1:") && endpoint.ends_with(path), "{endpoint}");
        assert_eq!(error.server_message(), Some("Your plan allows 1000 pushes a month"), "{error}");
        assert_eq!((error.request_id(), error.status()), (Some("req-4711"), Some(402)), "{error}");
        let told = |line: &&str| {
            ["endpoint=", "server_message=", "request_id=\"req-4711\"", "status=402", path]
                .iter()
                .all(|it| line.contains(it))
        };
        let warnings = text.lines().filter(|line| line.contains(" WARN ")).filter(told).count();
        assert_eq!(warnings, if path == "token" { 2 } else { 1 }, "{path}: {text}");
    }
    assert_eq!(text.lines().filter(|line| line.contains("code=\"quota_exceeded\"")).count(), 3, "{text}");
}

#[tokio::test(start_paused = true)]
async fn f51_b90_every_end_of_a_call_is_told_by_its_span() {
    let captured = Captured::default();
    let (mut flow, mut refused) = (None, None);
    async {
        let (sandbox, client) = start().await;
        let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
        flow = Some(pending.flow_id().to_string());
        sandbox.faults().next(Call::Initiate, Fault::Hang);
        let dropped = client.initiate_app_approval(EMAIL).into_future();
        assert!(tokio::time::timeout(Duration::from_secs(1), dropped).await.is_err());
        let admin = crate::support::Plane { routes: authsec_ciba::ApiRoutes::Workspace, admin: true };
        let admin = admin.client(&sandbox).build().expect("valid");
        let wrong = sandbox.authenticator(EMAIL).wrong_code();
        for _ in 0..4 {
            let _ = admin.verify_totp(EMAIL, &wrong).await.expect("judged");
        }
        refused = admin.verify_totp(EMAIL, "12").await.expect_err("no code").flow_id();
    }
    .with_subscriber(captured.subscriber_at(tracing::Level::INFO))
    .await;
    let text = captured.text();
    let closed = |needles: &[&str]| {
        let all = |line: &&str| line.contains("close") && needles.iter().all(|it| line.contains(it));
        text.lines().filter(all).count()
    };
    let flow = format!("flow={}", flow.expect("a flow"));
    assert_eq!(closed(&["authsec.initiate", &flow, "outcome=\"pushed\"", "attempts=1"]), 1, "{text}");
    assert_eq!(closed(&["authsec.initiate", "outcome=\"dropped\""]), 1, "{text}");
    for remaining in [2, 1, 0] {
        let remaining = format!("remaining={remaining} ");
        assert_eq!(closed(&["authsec.totp", "outcome=\"invalid_code\"", &remaining]), 1, "{text}");
    }
    assert_eq!(closed(&["authsec.totp", "outcome=\"too_many_retries\"", "attempts=0"]), 1, "{text}");
    let refused = format!("flow={}", refused.expect("a flow"));
    assert_eq!(closed(&["authsec.totp", &refused, "outcome=\"error\"", "error=\"input\""]), 1, "{text}");
}

#[tokio::test(start_paused = true)]
async fn f52_no_span_of_a_call_is_held_while_the_transport_sends() {
    let captured = Captured::default();
    async {
        let (_sandbox, client) = start().await;
        let _ = client.initiate_app_approval(EMAIL).await.expect("pushed");
        let _ = client.verify_totp(EMAIL, "123456").await;
        // The connections live on.
        assert_eq!(captured.text().matches(": close").count(), 2, "{}", captured.text());
    }
    .with_subscriber(captured.subscriber())
    .await;
    let text = captured.text();
    let theirs: Vec<_> = text.lines().filter(|line| line.contains(" hyper")).collect();
    assert!(!theirs.is_empty());
    assert!(!theirs.iter().any(|line| line.contains("authsec.")), "{theirs:#?}");
}

/// Each span and event of the client, by its name: its level and its fields.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>);

impl<S: Subscriber> Layer<S> for Names {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.note(attributes.metadata(), attributes.metadata().name().to_owned());
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.note(event.metadata(), message.0);
    }
}

impl Names {
    fn note(&self, metadata: &Metadata<'_>, name: String) {
        if metadata.target().starts_with("authsec_ciba") {
            let fields = metadata.fields().iter().map(|field| field.name()).filter(|name| *name != "message");
            let fields = fields.chain([metadata.level().as_str()]).map(str::to_owned).collect();
            self.0.lock().expect("not poisoned").insert(name, fields);
        }
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// The cells of a table of the guide, by its first column's head; what stands in backquotes of each.
fn table(head: &str) -> Vec<Vec<Vec<String>>> {
    let guide = include_str!("../../docs/telemetry.md");
    let rows = guide.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.take_while(|line| line.starts_with('|')).map(|row| row.split('|').map(quoted).collect()).collect()
}

/// Events that these flows do not bring about: an unknown variable needs a process of its own, the others a race, a queue or
/// more people than places, each tested where it belongs.
const NOT_PLAYED: &[&str] = &[
    "waited for a place among the requests under way",
    "this variable is not read:",
    "left the queue in front of a server that does not answer",
    "an approval came after its request was stopped, and was dropped",
    "an approval was dropped: it was cancelled before anybody had received it",
];

#[tokio::test(start_paused = true)]
async fn b90_the_guide_lists_every_span_event_and_field() {
    // So that no callsite is switched off.
    drop(Captured::default().subscriber());
    let names = Names::default();
    let recorded = tracing::subscriber::set_default(tracing_subscriber::registry().with(names.clone()));
    play_all_flows().await;
    drop(recorded);

    let mut listed = BTreeMap::new();
    for row in table("| span | what") {
        let fields = row[3].iter().cloned().chain(["INFO".to_owned()]).collect();
        listed.insert(row[1][0].clone(), fields);
    }
    for row in table("| event |") {
        let fields: BTreeSet<_> = row[3].iter().chain(&row[2]).cloned().collect();
        listed.insert(row[1][0].clone(), fields);
    }
    let mut left: BTreeSet<_> = listed.keys().cloned().collect();
    for (name, fields) in &*names.0.lock().expect("not poisoned") {
        let of = |known: &&String| *known == name || known.ends_with(':') && name.starts_with(*known);
        let known = listed.keys().find(of).unwrap_or_else(|| panic!("the guide does not list {name:?}"));
        assert_eq!(fields, &listed[known], "{name}");
        left.remove(known);
    }
    assert_eq!(left, NOT_PLAYED.iter().map(|name| (*name).to_owned()).collect());

    let explained: BTreeSet<_> = table("| field |").into_iter().map(|row| row[1][0].clone()).collect();
    let levels = ["DEBUG", "INFO", "WARN"].map(str::to_owned);
    let used: BTreeSet<_> = listed.into_values().flatten().filter(|name| !levels.contains(name)).collect();
    assert_eq!(used, explained);
}

async fn play_all_flows() {
    let (sandbox, client) = start().await;
    client.check().await.expect("right");
    let wrong = crate::support::Plane::MAIN.client(&sandbox).client_secret("wrong").build();
    wrong.expect("valid").check().await.expect_err("wrong");

    // Two polls, one fault, an approval, and a listener that panics.
    sandbox.phone(EMAIL).react(Reaction::ApproveAfter(Duration::from_secs(12)));
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    sandbox.faults().next(Call::Poll, Fault::Pass).next(Call::Poll, Fault::html_502());
    let _ = pending.wait().on_progress(|_| panic!("theirs")).await.expect("an outcome");
    client.cancel_approval(EMAIL).await.expect("cancelled");

    // What fails, and what is refused.
    sandbox.faults().next(Call::Initiate, Fault::html_502()).next(Call::Totp, Fault::html_502());
    fail(&client, EMAIL).await;
    let admin = crate::support::Plane { routes: authsec_ciba::ApiRoutes::Workspace, admin: true };
    let admin = admin.client(&sandbox).build().expect("valid");
    let wrong = sandbox.authenticator(EMAIL).wrong_code();
    let _ = admin.verify_totp(EMAIL, &wrong).await.expect("judged");
    // The administrators' routes say that they have an end.
    let old = crate::support::Plane { routes: authsec_ciba::ApiRoutes::Workspace, admin: true };
    old.client(&sandbox).build().expect("valid").check().await.expect("right");
    client.initiate_app_approval("nobody").await.expect_err("no address");
    client.initiate_app_approval("nobody@example.com").await.expect_err("no such person");
    admin.verify_totp("nobody@example.com", "123456").await.expect_err("no such person");
    let added = crate::support::Plane::MAIN.client(&sandbox).headers_with(|_| panic!("theirs"));
    added.build().expect("valid").check().await.expect("right");
    client.verify_totp(EMAIL, "12").await.expect_err("no code");
    client.shutdown().await;
}

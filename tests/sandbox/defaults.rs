//! One client, one secret, one user everywhere; and who asks for somebody else has a slip in the test (F-56).

use std::panic::{AssertUnwindSafe, catch_unwind};

use authsec_ciba::sandbox::{Call, Fault, Reaction, Sandbox, SandboxBuilder};
use authsec_ciba::{ApiRoutes, CibaClient};

const EMAIL: &str = "user@example.com";

/// A login with what a sandbox has where nothing else is named.
async fn signs_in(builder: SandboxBuilder, routes: ApiRoutes) {
    let sandbox = builder.routes(routes).start().await.unwrap();
    let client =
        CibaClient::builder().base_url(sandbox.base_url()).routes(routes).client_id(sandbox.client_id());
    let client = match sandbox.client_secret() {
        "" => client,
        secret => client.client_secret(secret),
    };
    let client = client.build().unwrap();
    sandbox.phone(EMAIL).react(Reaction::Approve);
    let pending = client.initiate_app_approval(EMAIL).await.unwrap();
    assert_eq!(pending.wait().await.unwrap().status(), "approved", "{routes:?}");
    assert_eq!(sandbox.polls_of_request(pending.auth_req_id().expose_secret()).len(), 1);
    assert_eq!(sandbox.polls_of_person("User@Example.com").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn f56_a_builder_knows_what_start_knows() {
    for routes in [ApiRoutes::Workspace, ApiRoutes::Tenant, ApiRoutes::Unprefixed] {
        signs_in(Sandbox::builder(), routes).await;
    }
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!((sandbox.client_id(), sandbox.client_secret()), ("client-id", "client-secret"));
    assert_eq!(sandbox.authenticator(EMAIL).code().len(), 6);
    let other = Sandbox::builder().client("mine", None).start().await.unwrap();
    assert_eq!((other.client_id(), other.client_secret()), ("mine", ""));
    for routes in [ApiRoutes::Workspace, ApiRoutes::Tenant, ApiRoutes::Unprefixed] {
        signs_in(Sandbox::builder().unapproved_client("another", Some("x")), routes).await;
    }
    let refused = Sandbox::builder().unapproved_client("client-id", Some("x")).start().await.unwrap();
    assert_eq!((refused.client_id(), refused.client_secret()), ("client-id", "x"), "the name that was given");
}

/// What a panic says.
fn said(asking: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(asking)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[tokio::test]
async fn f56_what_was_never_issued_panics_with_a_sentence() {
    let sandbox = Sandbox::start().await.unwrap();
    for sentence in [
        said(|| drop(sandbox.phone("typo@example.com"))),
        said(|| drop(sandbox.authenticator("typo@example.com"))),
        said(|| drop(sandbox.polls_of_person("typo@example.com"))),
        said(|| assert_eq!(sandbox.issued().pushes_to("typo@example.com"), 0)),
        said(|| sandbox.set_active("typo@example.com", false)),
        said(|| sandbox.set_scopes("typo@example.com", ["email"])),
    ] {
        assert!(sentence.contains("typo@example.com") && sentence.contains(EMAIL), "{sentence}");
    }
    let sentence = said(|| drop(sandbox.polls_of_request("typo")));
    assert!(sentence.contains("issued no auth_req_id \"typo\""), "{sentence}");
    assert!(sandbox.calls(Call::Any).is_empty());
}

/// A fault that waits for a call which never comes makes a test that tests nothing.
#[tokio::test]
async fn f56_a_fault_that_no_call_has_met_is_named() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.faults().always(Call::Poll, Fault::Hang);
    sandbox.assert_expected();
    sandbox.faults().next(Call::Initiate, Fault::ResetAfter).next_n(2, Call::Totp, &Fault::Hang);
    let sentence = said(|| sandbox.assert_expected());
    assert!(sentence.starts_with("3 faults that no call has met:\n  Initiate: reset_after\n"), "{sentence}");
    assert_eq!(sandbox.faults().queued(), 3);
    sandbox.faults().clear();
    sandbox.assert_expected();
}

#[tokio::test]
async fn f65_a_port_that_is_taken_is_named() {
    let sandbox = Sandbox::start().await.unwrap();
    let error = Sandbox::builder().bind(sandbox.address()).start().await.expect_err("taken");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&sandbox.address().to_string()), "{error}");
}

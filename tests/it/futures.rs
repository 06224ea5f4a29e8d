//! What a caller may do with the types.

use std::future::{Future, IntoFuture};

use authsec_ciba::{
    AccessToken, Approval, ApprovalOutcome, ApprovalTask, AuthReqId, CibaClient, CibaClientBuilder, Email,
    Error, InitiateApproval, PendingApproval, PollForApproval, TotpOutcome,
};

use crate::support::{EMAIL, start};

fn sent_anywhere<T: Send + 'static>(_: &T) {}
fn shared<T: Clone + Send + Sync + 'static>() {}
fn owned<T: Send + Sync + 'static>() {}

#[tokio::test(start_paused = true)]
async fn b81_every_future_is_send_and_static_and_one_client_is_one_pool() {
    shared::<CibaClient>();
    shared::<PendingApproval>();
    shared::<AuthReqId>();
    shared::<AccessToken>();
    shared::<Approval>();
    shared::<ApprovalOutcome>();
    shared::<Email>();
    owned::<Error>();
    owned::<TotpOutcome>();
    owned::<CibaClientBuilder>();
    owned::<ApprovalTask>();
    owned::<InitiateApproval>();
    owned::<PollForApproval>();

    let (sandbox, client) = start().await;
    let id = AuthReqId::new("an-id").expect("valid");
    sent_anywhere(&client.initiate_app_approval(EMAIL).into_future());
    sent_anywhere(&client.poll_for_approval(EMAIL, &id).into_future());
    sent_anywhere(&client.poll_for_approval(EMAIL, &id).once());
    sent_anywhere(&client.verify_totp(EMAIL, "123456"));
    sent_anywhere(&client.cancel_approval(EMAIL));
    sent_anywhere(&client.shutdown());

    // Clones share the pool: their polls go over one connection.
    let pending = client.initiate_app_approval(EMAIL).await.expect("pushed");
    for clone in [client.clone(), client.clone(), client] {
        let five = std::time::Duration::from_secs(5);
        let _ = clone.poll_for_approval(EMAIL, pending.auth_req_id()).timeout(five).await;
    }
    let polls = sandbox.polls_of_request(pending.auth_req_id().expose_secret());
    assert_eq!(polls.len(), 3);
    assert!(polls.windows(2).all(|pair| pair[0].connection == pair[1].connection));
}

/// Whatever an address is kept in, a call takes it, and its future borrows none of it.
#[tokio::test(start_paused = true)]
async fn b81_every_call_takes_text_and_checked_addresses() {
    async fn call_all<T: AsRef<str> + Clone>(address: T) {
        let (_sandbox, client) = start().await;
        let left = client.totp_attempts_left(address.clone()).expect("an address");
        let id = AuthReqId::new("an-id").expect("valid");
        assert_eq!(client.cancel_approval(address.clone()).await.expect("an address").polls_stopped(), 0);
        let pending = client.initiate_app_approval(address.clone()).await.expect("an address");
        assert_eq!(pending.email().map(authsec_ciba::Email::as_str), Some(EMAIL));
        let outcome = client.poll_for_approval(address.clone(), &id).await.expect("an address");
        assert_eq!((outcome.status(), left), ("expired_token", 3));
        let refused = client.verify_totp(address, "12345").await.expect_err("five digits");
        assert_eq!(refused.field(), Some("code"), "the address is well");
    }
    let (text, email) = (EMAIL.to_owned(), Email::new(EMAIL).expect("valid"));
    call_all(EMAIL).await;
    call_all(&text).await;
    call_all(&email).await;
    call_all(text.clone()).await;
    call_all(email.clone()).await;

    let (_sandbox, client) = start().await;
    let id = AuthReqId::new("an-id").expect("valid");
    let (initiate, poll) = (client.initiate_app_approval(&text), client.poll_for_approval(&email, &id));
    let (verify, cancel) = (client.verify_totp(&email, "12345"), client.cancel_approval(&text));
    drop((text, email, id));
    sent_anywhere(&initiate);
    sent_anywhere(&poll);
    sent_anywhere(&verify);
    assert_eq!(cancel.await.expect("an address").status(), "cancelled");
}

/// A future that borrows nothing can be built in one place and awaited in another.
fn built_elsewhere() -> impl Future<Output = Result<TotpOutcome, Error>> + Send + 'static {
    let client = CibaClient::builder().base_url("http://127.0.0.1:9").admin().build().expect("valid");
    let email = String::from("not an address");
    client.verify_totp(&email, "123456")
}

#[tokio::test]
async fn b81_a_future_outlives_the_client_and_the_strings_it_was_made_of() {
    assert_eq!(built_elsewhere().await.expect_err("refused").field(), Some("email"));
}

#[tokio::test]
async fn b82_two_thousand_polls_at_once_use_as_many_sockets_as_the_client_may() {
    let (sandbox, _) = start().await;
    let client = crate::support::Plane::MAIN.client(&sandbox).max_in_flight(8).build().expect("valid");
    let polls: Vec<_> = (0..2_000)
        .map(|n| {
            let id = AuthReqId::new(format!("id-{n}")).expect("valid");
            tokio::spawn(client.poll_for_approval(format!("user-{n}@example.com"), &id).into_future())
        })
        .collect();
    for poll in polls {
        assert_eq!(poll.await.expect("no panic").expect("an outcome").status(), "expired_token");
    }
    let connections = sandbox.connections();
    assert!(connections.peak <= 8, "{connections:?}");
    assert_eq!(sandbox.log().len(), 2_000);
}

/// What `.await` takes, a spawn takes by its `into_future`; both are `Send` and own what they need.
#[tokio::test(start_paused = true)]
async fn f60_the_calls_can_be_spawned() {
    let (sandbox, client) = crate::support::start().await;
    sandbox.phone(crate::support::EMAIL).react(authsec_ciba::sandbox::Reaction::Approve);
    let asking = tokio::spawn(client.initiate_app_approval(crate::support::EMAIL).into_future());
    let pending = asking.await.expect("no panic").expect("pushed");
    let mut waits = tokio::task::JoinSet::new();
    waits.spawn(pending.wait().into_future());
    let outcome = waits.join_next().await.expect("one").expect("no panic").expect("an outcome");
    assert_eq!(outcome.status(), "approved");
}

/// Who hands a call to something that takes a future is told by the compiler what is missing.
#[test]
fn the_compiler_leads_to_into_future() {
    let program = "fn spawn<F: std::future::Future + Send + 'static>(_: F) {}
        pub fn asks(client: &authsec_ciba::CibaClient) { spawn(client.initiate_app_approval(\"a@example.com\")); }
        pub fn waits(pending: &authsec_ciba::PendingApproval) { spawn(pending.wait()); }";
    let beside = std::env::current_exe().expect("a test");
    let folder = beside.parent().expect("a folder");
    let source = folder.join("the_compiler_leads_to_into_future.rs");
    std::fs::write(&source, program).expect("written");
    // The folder holds one for each set of features that was ever built; the last one is of this build, if not the only one.
    let mut libraries: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with("libauthsec_ciba-") && name.ends_with(".rlib")
        })
        .collect();
    libraries.sort_by_key(|path| path.metadata().and_then(|it| it.modified()).expect("a time"));
    let library = libraries.last().expect("this crate, built");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = std::process::Command::new(compiler)
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(folder)
        .arg(format!("-Ldependency={}", folder.display()))
        .arg(format!("--extern=authsec_ciba={}", library.display()))
        .arg(&source)
        .output()
        .expect("rustc runs");
    let said = String::from_utf8_lossy(&said.stderr);
    for call in ["InitiateApproval", "PollForApproval"] {
        let words = format!("CallIntoFutureOnIt<'a>` is not implemented for `{call}`");
        assert!(said.contains(&words), "{said}");
    }
}

//! Every outcome on every generation and both planes.

use std::time::Duration;

use authsec_ciba::ApiRoutes;
use authsec_ciba::sandbox::{Call, Reaction};
use authsec_ciba::{ErrorKind, LockedBy, TotpOutcome};

use crate::support::{CLIENT, EMAIL, Plane, SECRET};

#[tokio::test(start_paused = true)]
async fn b01_a_person_approves_and_the_program_gets_the_servers_token() {
    for plane in Plane::all() {
        let (sandbox, client) = plane.start().await;
        sandbox.phone(EMAIL).react(Reaction::ApproveAfter(Duration::from_secs(12)));
        let pending = client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
        assert_eq!(pending.auth_req_id().expose_secret().len(), 44);
        let approval = pending.wait().await.expect("an outcome").approved().expect("an approval");
        let issued = sandbox.issued();
        let known = issued.request(pending.auth_req_id().expose_secret()).expect("known to the server");
        assert_eq!(known.token.as_deref(), Some(approval.token().expose_secret()), "{plane:?}");
        assert_eq!(issued.pushes(), 1);
        assert_eq!(sandbox.calls(Call::Poll).len(), 3, "{plane:?}");
        assert_eq!(approval.token_type(), Some("Bearer"));
        sandbox.assert_expected();
    }
}

#[tokio::test(start_paused = true)]
async fn j22_a_person_denies() {
    for plane in Plane::all() {
        let (sandbox, client) = plane.start().await;
        sandbox.phone(EMAIL).react(Reaction::Deny);
        let pending = client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
        assert_eq!(pending.wait().await.expect("an outcome").status(), "access_denied", "{plane:?}");
        sandbox.assert_expected();
    }
}

#[tokio::test(start_paused = true)]
async fn j23_a_request_expires_at_the_server() {
    for plane in Plane::all() {
        let (sandbox, client) = plane.start().await;
        let pending = client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
        sandbox.clock().advance(Duration::from_secs(301));
        assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token", "{plane:?}");
        assert_eq!(sandbox.calls(Call::Poll).len(), 1);
        sandbox.assert_expected();
    }
}

#[tokio::test(start_paused = true)]
async fn b03_the_servers_time_runs_out_here_too() {
    for plane in Plane::all() {
        let (sandbox, client) = plane.start().await;
        let pending = client.initiate_app_approval(EMAIL).await.expect("an acknowledgement");
        assert_eq!(pending.wait().await.expect("an outcome").status(), "expired_token", "{plane:?}");
        assert_eq!(sandbox.calls(Call::Poll).len(), 60, "{plane:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn b34_refused_initiates_are_typed_on_every_plane() {
    for plane in Plane::all() {
        let (sandbox, client) = plane.start().await;
        for (email, kind) in [
            ("nodevice@example.com", ErrorKind::NoDeviceRegistered),
            ("nobody@example.com", ErrorKind::UserNotFound),
        ] {
            let error = client.initiate_app_approval(email).await.expect_err("refused");
            assert_eq!(error.kind(), kind, "{plane:?}");
            assert!(!error.may_have_reached_server() && !error.is_retryable(), "{plane:?}");
        }
        assert_eq!(sandbox.issued().pushes(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn b52_b55_totp_right_and_wrong() {
    for plane in Plane::all() {
        let sandbox = plane.sandbox().start().await.expect("a free port");
        let client = plane.client(&sandbox).workspace_id(sandbox.workspace_id()).build().expect("valid");
        let authenticator = sandbox.authenticator(EMAIL);
        let wrong = client.verify_totp(EMAIL, &authenticator.wrong_code()).await.expect("a judgement");
        assert_eq!((wrong.error_code(), wrong.remaining()), (Some("invalid_code"), 2), "{plane:?}");
        let right = client.verify_totp(EMAIL, &authenticator.code()).await.expect("a judgement");
        assert_eq!(right.remaining(), 3);
        let login = right.verified().expect("verified");
        let issued = sandbox.issued().totp_tokens;
        assert_eq!(
            issued.last().map(|(_, token)| token.as_str()),
            Some(login.token().expose_secret()),
            "{plane:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn b51_the_workspace_totp_route_that_cannot_succeed_is_not_a_wrong_code() {
    let (sandbox, client) = Plane { routes: ApiRoutes::Workspace, admin: false }.start().await;
    let error =
        client.verify_totp(EMAIL, &sandbox.authenticator(EMAIL).code()).await.expect_err("not mapped");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(client.usage().totp_counts, 0);
    assert_eq!(sandbox.calls(Call::Totp)[0].path, "/authsec/uflow/auth/workspace/totp/login");
}

#[tokio::test(start_paused = true)]
async fn b54_the_servers_own_lock_is_told_apart_from_ours() {
    let plane = Plane { routes: ApiRoutes::Workspace, admin: true };
    let (sandbox, client) = plane.start().await;
    let mut locked_by = Vec::new();
    for _ in 0..6 {
        let code = sandbox.authenticator(EMAIL).wrong_code();
        if let TotpOutcome::TooManyRetries { by, .. } =
            client.verify_totp(EMAIL, &code).await.expect("judged")
        {
            locked_by.push(by);
            client.cancel_approval(EMAIL).await.expect("cancelled");
        }
    }
    // Three wrong, ours; a reset; the fourth is wrong; the fifth is the server's.
    assert_eq!(locked_by, [LockedBy::Client, LockedBy::Server]);
    assert_eq!(sandbox.calls(Call::Totp).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn j27_a_missing_or_wrong_client_secret_is_client_auth() {
    for secret in [None, Some("another-canary")] {
        let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
        let mut builder = authsec_ciba::CibaClient::builder().base_url(sandbox.base_url()).client_id(CLIENT);
        if let Some(secret) = secret {
            builder = builder.client_secret(secret);
        }
        let client = builder.build().expect("valid");
        let error = client.initiate_app_approval(EMAIL).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::ClientAuth);
        assert!(!error.to_string().contains(secret.unwrap_or(SECRET)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_resource_of_the_initiate_is_sent_with_every_poll_also_by_another_process() {
    for routes in [ApiRoutes::Workspace, ApiRoutes::OAuth] {
        let plane = Plane { routes, admin: false };
        let sandbox = plane.sandbox().resource("https://one.example").resource("https://two.example");
        let sandbox = sandbox.start().await.expect("a free port");
        let client = || plane.client(&sandbox).build().expect("valid");
        let initiate = |client: &authsec_ciba::CibaClient| {
            client.initiate_app_approval(EMAIL).resource("https://two.example")
        };
        sandbox.phone(EMAIL).react(Reaction::Approve);
        let pending = initiate(&client()).await.expect("pushed");
        assert_eq!(pending.wait().await.expect("an outcome").status(), "approved");

        let pending = initiate(&client()).await.expect("pushed");
        let without = client().poll_for_approval(EMAIL, pending.auth_req_id()).await.expect_err("ambiguous");
        assert_eq!(without.kind(), ErrorKind::ClientAuth);
        let with = client();
        let with = with.poll_for_approval(EMAIL, pending.auth_req_id()).resource("https://two.example").await;
        assert_eq!(with.expect("an outcome").status(), "approved");
    }
}

#[tokio::test(start_paused = true)]
async fn j46_a_path_that_no_server_has_is_a_wrong_configuration() {
    let sandbox = Plane::MAIN.sandbox().start().await.expect("a free port");
    let wrong_routes = Plane { routes: ApiRoutes::Tenant, admin: false };
    let client = wrong_routes.client(&sandbox).build().expect("valid");
    let error = client.initiate_app_approval(EMAIL).await.expect_err("404");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Config, Some(404)));
    assert_eq!(sandbox.unexpected().len(), 1);
}

use std::time::Duration;

use authsec_ciba::sandbox::{Call, Fault, Reaction, RequestState, Sandbox};
use authsec_ciba::{AccessToken, ApprovalOutcome, CibaClient, Error};
use tokio::time::Instant;

const EMAIL: &str = "user@example.com";

/// The application: a token, or what to tell the person.
async fn sign_in(client: &CibaClient, email: &str) -> Result<AccessToken, &'static str> {
    let failed = |_error: Error| "That did not work. Please try again later."; // and log it
    let pending = client.initiate_app_approval(email).await.map_err(failed)?;
    match pending.wait().timeout(Duration::from_secs(120)).await.map_err(failed)? {
        ApprovalOutcome::Approved(approval) => Ok(approval.into_token()),
        ApprovalOutcome::AccessDenied => Err("You declined the request."),
        ApprovalOutcome::Timeout => Err("No answer yet. Use a code instead?"),
        ApprovalOutcome::ExpiredToken => Err("The request expired. Send a new one?"),
        ApprovalOutcome::ApprovalLost => Err("Our mistake. Please approve once more."),
        ApprovalOutcome::Cancelled(_) => Err("Cancelled."),
    }
}

/// What every test begins with: a fake server with one user, and a client for it.
async fn stand() -> (Sandbox, CibaClient) {
    let sandbox = Sandbox::start().await.unwrap();
    let client = CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id("client-id")
        .client_secret("client-secret")
        .build()
        .unwrap();
    (sandbox, client)
}

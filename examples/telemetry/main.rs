//! What the client records, as numbers for a dashboard: `cargo run --example telemetry`.
//!
//! Where to read first: [`spans`] makes numbers of spans and events, by the names that the guide *Logs and metrics* lists.
//! [`recorder`] keeps them in this process; in a service an exporter of the `metrics` family stands in its place.

#[path = "../support/help.rs"]
mod help;
mod recorder;
#[macro_use]
#[path = "../support/say.rs"]
mod say;
mod spans;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::CibaClient;
use authsec_ciba::sandbox::{Call, Fault, Reaction, Sandbox, User};
use recorder::Recorder;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

const HELP: &str = "\
What the client records, as numbers: approvals by outcome, time to approval, faults, pushes refused, codes.

It takes no options, reads no AUTHSEC_* variable, and runs against an embedded fake server.
";

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Err(ended) = help::or_words(HELP, 0) {
        return Ok(ended);
    }
    let recorder = Recorder::default();
    metrics::set_global_recorder(recorder.clone())?;
    let ours = Targets::new().with_target("authsec_ciba", LevelFilter::INFO);
    tracing_subscriber::registry().with(spans::Numbers.with_filter(ours)).init();

    let sandbox = Sandbox::builder()
        .interval(Duration::from_secs(1))
        .user(User::new("approves@example.com").with_totp().reaction(Reaction::Approve))
        .user(User::new("slow@example.com").reaction(Reaction::ApproveAfter(Duration::from_secs(3))))
        .user(User::new("denies@example.com").reaction(Reaction::Deny))
        .user(User::new("sleeps@example.com").reaction(Reaction::Ignore))
        .start()
        .await?;
    let client = CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .workspace_id(sandbox.workspace_id())
        .build()?;
    // One poll meets a gateway that is down; the wait goes on.
    sandbox.faults().next(Call::Poll, Fault::html_502());

    let people = ["approves@example.com", "slow@example.com", "denies@example.com", "sleeps@example.com"];
    let waits: Vec<_> = people.map(|email| tokio::spawn(sign_in(client.clone(), email))).into();
    for wait in waits {
        wait.await??;
    }
    // From the sixth on, this client sends nobody any more pushes for a while.
    for _ in 0..6 {
        let _ = client.initiate_app_approval("sleeps@example.com").await;
    }
    let authenticator = sandbox.authenticator("approves@example.com");
    for code in [authenticator.wrong_code(), authenticator.code()] {
        let _ = client.verify_totp("approves@example.com", &code).await?;
    }

    client.shutdown().await;
    sandbox.stop().await;
    say!("{}", recorder.to_string().trim_end());
    Ok(ExitCode::SUCCESS)
}

async fn sign_in(client: CibaClient, email: &'static str) -> Result<(), authsec_ciba::Error> {
    let pending = client.initiate_app_approval(email).await?;
    let _ = pending.wait().timeout(Duration::from_secs(6)).await?;
    Ok(())
}

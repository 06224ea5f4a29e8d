//! The main job in a minute: `cargo run --example quickstart`.
//!
//! Without any setting it runs against an embedded fake server: no account, no network. With `AUTHSEC_BASE_URL` or
//! `AUTHSEC_CLIENT_ID` set (and, as needed, `AUTHSEC_CLIENT_SECRET` and `AUTHSEC_WORKSPACE_ID`) it does the first part
//! against the real server that they name: `cargo run --example quickstart -- you@example.com`.

#[path = "support/help.rs"]
mod help;
#[macro_use]
#[path = "support/say.rs"]
mod say;

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::sandbox::{Reaction, Sandbox, User};
use tokio::time::Instant;

use authsec_ciba::{
    AccessToken, ApprovalOutcome, BindingMessage, CibaClient, MatchCode, PendingApproval, TotpOutcome,
};

const HELP: &str = "\
The main job: an approval, a denial, a cancel and a code.

  quickstart           all of it, against an embedded fake server
  quickstart [EMAIL]   an approval of this person, where AUTHSEC_BASE_URL or AUTHSEC_CLIENT_ID names a real server
";

const EMAIL: &str = "user@example.com";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let words = match help::or_words(HELP, 1) {
        Ok(words) => words,
        Err(ended) => return Ok(ended),
    };
    if ["AUTHSEC_BASE_URL", "AUTHSEC_CLIENT_ID"].iter().any(|name| std::env::var_os(name).is_some()) {
        let client = CibaClient::from_env()?;
        say!("Against the server that the environment names: {client:?}");
        approval(&client, &address(words)?).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let sandbox = Sandbox::builder()
        .user(User::new(EMAIL).with_totp())
        .interval(Duration::from_secs(1))
        .start()
        .await?;
    let client = CibaClient::builder()
        .base_url(sandbox.base_url())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .workspace_id(sandbox.workspace_id())
        .build()?;
    say!("Against an embedded fake server on {}", sandbox.base_url());

    headline("The person approves");
    let phone = sandbox.phone(EMAIL);
    phone.react(Reaction::ApproveAfter(Duration::from_secs(3)));
    approval(&client, EMAIL).await?;

    headline("The person denies");
    phone.react(Reaction::DenyAfter(Duration::from_secs(1)));
    approval(&client, EMAIL).await?;

    headline("The application cancels");
    phone.react(Reaction::Ignore);
    let task = client.initiate_app_approval(EMAIL).await?.wait().spawn();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let cancelled = client.cancel_approval(EMAIL).await?;
    say!("cancel_approval: {}, {} poll stopped", cancelled.status(), cancelled.polls_stopped());
    report(task.await?);

    headline("A code instead of the phone");
    let authenticator = sandbox.authenticator(EMAIL);
    for code in [authenticator.wrong_code(), authenticator.code()] {
        match client.verify_totp(EMAIL, &code).await? {
            TotpOutcome::Verified(verified) => say!("right code: {}", redacted(verified.token())),
            TotpOutcome::InvalidCode { remaining } => say!("wrong code, {remaining} attempts left"),
            TotpOutcome::TooManyRetries { .. } => say!("too many wrong codes"),
        }
    }
    client.shutdown().await;
    sandbox.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Asks the phone, shows the waiting, reports the answer.
async fn approval(client: &CibaClient, email: &str) -> Result<(), Box<dyn Error>> {
    let code = MatchCode::generate()?;
    let message = BindingMessage::with_match_code("Quickstart", &code)?;
    let pending = client.initiate_app_approval(email).binding_message(message).await?;
    say!("A request is on its way to the phone of {email}. It shows the code {code}.");
    let outcome = with_countdown(&pending).await?;
    report(outcome);
    Ok(())
}

async fn with_countdown(pending: &PendingApproval) -> Result<ApprovalOutcome, authsec_ciba::Error> {
    let start = Instant::now();
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let mut waiting = pending.wait().spawn();
    let outcome = loop {
        tokio::select! {
            outcome = &mut waiting => break outcome,
            _ = second.tick() => show_waiting(pending.expires_in().saturating_sub(start.elapsed())),
        }
    };
    if std::io::stdout().is_terminal() {
        say!();
    }
    outcome
}

fn show_waiting(left: Duration) {
    let left = left.as_secs_f64().ceil();
    if std::io::stdout().is_terminal() {
        print!("\rwaiting, {left} s left   ");
        let _ = std::io::stdout().flush();
    } else {
        say!("waiting, {left} s left");
    }
}

fn report(outcome: ApprovalOutcome) {
    let status = outcome.status();
    match outcome.approved() {
        Ok(approval) => say!("{status}: {}", redacted(approval.token())),
        Err(reason) => say!("{status}: {reason}"),
    }
}

/// Enough to see that it is there.
fn redacted(token: &AccessToken) -> String {
    format!("a token of {} characters", token.expose_secret().len())
}

fn headline(text: &str) {
    say!("\n== {text}");
}

/// Whom to ask at a real server.
fn address(words: Vec<String>) -> Result<String, Box<dyn Error>> {
    if let Some(address) = words.into_iter().next() {
        return Ok(address);
    }
    print!("Email: ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

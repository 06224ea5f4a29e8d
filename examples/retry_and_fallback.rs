//! Push, once more after silence, then a code: `cargo run --example retry_and_fallback -- [EMAIL]`.
//!
//! What it must not do is to ask again after a no: a person who has declined, and is asked again and again, ends up
//! approving what somebody else began. Against the embedded fake server it shows three people; with `AUTHSEC_BASE_URL` or
//! `AUTHSEC_CLIENT_ID` set it asks the phone of `EMAIL`, and takes the code from standard input.

#[path = "support/help.rs"]
mod help;
#[macro_use]
#[path = "support/say.rs"]
mod say;
#[path = "support/server.rs"]
mod server;

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::sandbox::{Reaction, Sandbox, User};
use authsec_ciba::{
    AccessToken, ApprovalOutcome, BindingMessage, CibaClient, ErrorKind, MatchCode, TotpOutcome,
};
use server::Server;

const HELP: &str = "\
Asks the phone, once more after silence, never after a no, and then for a code.

  retry_and_fallback [EMAIL]

Against the fake server it shows three people.
";

/// How often the phone is asked before a code is.
const PUSHES: u32 = 2;

/// How long a person has for each of them.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whoever needs a phone and an authenticator to get in.
struct Person<'a> {
    client: &'a CibaClient,
    email: &'a str,
    patience: Duration,
}

/// How asking the phone ended.
enum Push {
    Approved(AccessToken),
    /// They said no, or took it back: the end.
    Refused(&'static str),
    /// Nobody answered, or there is nobody who could: other ways are open.
    Silence(&'static str),
}

impl Person<'_> {
    /// The token, or why there is none.
    async fn sign_in(
        &self,
        mut code: impl FnMut() -> io::Result<String>,
    ) -> Result<Result<AccessToken, &'static str>, Box<dyn Error>> {
        for push in 1..=PUSHES {
            match self.push().await? {
                Push::Approved(token) => return Ok(Ok(token)),
                Push::Refused(why) => return Ok(Err(why)),
                Push::Silence(why) => say!("  push {push} of {PUSHES}: {why}"),
            }
        }
        loop {
            // Authenticator apps show a gap in the middle, and people type it.
            let code: String = code()?.split_whitespace().collect();
            match self.client.verify_totp(self.email, &code).await {
                Ok(TotpOutcome::Verified(verified)) => return Ok(Ok(verified.into_token())),
                Ok(TotpOutcome::InvalidCode { remaining: 0 }) => {
                    return Ok(Err("that was the last wrong code for now"));
                }
                Ok(TotpOutcome::TooManyRetries { .. }) => {
                    return Ok(Err("no code is taken for now; try again later"));
                }
                Ok(TotpOutcome::InvalidCode { remaining }) => {
                    say!("  wrong code, {remaining} attempts left");
                }
                Err(error) if error.field() == Some("code") => say!("  a code has six digits"),
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn push(&self) -> Result<Push, authsec_ciba::Error> {
        let code = MatchCode::generate()?;
        let message = BindingMessage::with_match_code("Open the vault", &code)?;
        let pending = match self.client.initiate_app_approval(self.email).binding_message(message).await {
            Ok(pending) => pending,
            Err(error) if error.kind() == ErrorKind::NoDeviceRegistered => {
                return Ok(Push::Silence("there is no phone"));
            }
            // The client says stop itself where somebody is asked too often.
            Err(error) if error.kind() == ErrorKind::TooManyPushes => {
                return Ok(Push::Silence("asked too often"));
            }
            Err(error) => return Err(error),
        };
        say!("  the phone shows the code {code}");
        Ok(match pending.wait().timeout(self.patience).await? {
            ApprovalOutcome::Approved(approval) => Push::Approved(approval.into_token()),
            ApprovalOutcome::Timeout | ApprovalOutcome::ExpiredToken => Push::Silence("no answer"),
            // They may have approved, so asking once more is fair; say why.
            ApprovalOutcome::ApprovalLost => Push::Silence("the answer was lost, please approve once more"),
            ApprovalOutcome::AccessDenied => Push::Refused("declined on the phone"),
            ApprovalOutcome::Cancelled(_) => Push::Refused("cancelled"),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let words = match help::or_words(&[HELP, server::HELP].concat(), 1) {
        Ok(words) => words,
        Err(ended) => return Ok(ended),
    };
    let second = Duration::from_secs(1);
    let sandbox = Sandbox::builder()
        .interval(second)
        .user(User::new("ready@example.com").reaction(Reaction::ApproveAfter(second)))
        .user(User::new("unwilling@example.com").reaction(Reaction::DenyAfter(second)))
        .user(User::new("asleep@example.com").with_totp());
    let server = Server::choose(CibaClient::builder(), sandbox).await?;
    match &server.sandbox {
        Some(sandbox) => {
            for email in ["ready@example.com", "unwilling@example.com", "asleep@example.com"] {
                let authenticator = sandbox.authenticator(email);
                // They mistype it once.
                let mut codes = [authenticator.wrong_code(), authenticator.code()].into_iter();
                let code = || codes.next().ok_or_else(no_further_code);
                let person = Person { client: &server.client, email, patience: Duration::from_secs(3) };
                show(email, person.sign_in(code).await?);
            }
        }
        None => {
            let email = words.first().ok_or("whom to ask? name an email address")?;
            let person = Person { client: &server.client, email, patience: PATIENCE };
            show(email, person.sign_in(ask_for_code).await?);
        }
    }
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn show(email: &str, ended: Result<AccessToken, &str>) {
    match ended {
        Ok(token) => say!("{email}: in, with a token of {} characters", token.expose_secret().len()),
        Err(why) => say!("{email}: not in, {why}"),
    }
}

fn ask_for_code() -> io::Result<String> {
    say!("  six digits from your authenticator app:");
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 { Err(no_further_code()) } else { Ok(line) }
}

fn no_further_code() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the input has ended, and no code was right")
}

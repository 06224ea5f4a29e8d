//! A voice assistant, by text: `cargo run --example voice_assistant`.
//!
//! Each line on standard input is something that a person says, each line on standard output what the assistant answers.
//! A person who is waited for can speak at any time: "cancel", "use a code". Against the embedded fake server the phone
//! approves after five seconds; with `AUTHSEC_BASE_URL` or `AUTHSEC_CLIENT_ID` set a real phone is asked.

#[path = "support/help.rs"]
mod help;
#[path = "support/server.rs"]
mod server;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use authsec_ciba::sandbox::{Reaction, Sandbox, User};
use authsec_ciba::{
    AccessToken, ApprovalOutcome, BindingMessage, CibaClient, Email, ErrorKind, MatchCode, TotpOutcome,
};
use server::Server;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin, stdin};

const HELP: &str = "\
A voice assistant, by text: type what you would say. \"My phone\", \"a code\" and \"cancel\" are understood at any time.
";

/// What a person may want, however they put it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Phone,
    Code,
    Cancel,
    Unknown,
}

impl Wish {
    fn hear(words: &str) -> Self {
        let words = words.to_lowercase();
        let says =
            |known: &[&str]| words.split(|c: char| !c.is_alphanumeric()).any(|word| known.contains(&word));
        // "No, cancel the app": what stops comes first.
        if says(&["cancel", "stop", "quit", "never", "nothing"]) {
            Self::Cancel
        } else if says(&["code", "digits", "number", "authenticator", "totp"]) {
            Self::Code
        } else if says(&["app", "approve", "phone", "push"]) {
            Self::Phone
        } else {
            Self::Unknown
        }
    }
}

/// How a conversation goes on.
enum Turn {
    SignedIn(AccessToken),
    AskPhone,
    UseCode,
    Choose,
    Goodbye,
}

struct Assistant<'a> {
    client: &'a CibaClient,
    ears: Lines<BufReader<Stdin>>,
    email: Email,
}

impl Assistant<'_> {
    async fn talk(&mut self) -> Result<(), Box<dyn Error>> {
        let mut turn = Turn::Choose;
        loop {
            turn = match turn {
                Turn::Choose => self.choose().await?,
                Turn::AskPhone => self.ask_phone().await?,
                Turn::UseCode => self.use_code().await?,
                Turn::SignedIn(token) => {
                    // From here on the assistant can do things in this person's name.
                    drop(token);
                    say("Thank you. You are signed in.");
                    return Ok(());
                }
                Turn::Goodbye => {
                    say("All right. Goodbye.");
                    return Ok(());
                }
            };
        }
    }

    async fn choose(&mut self) -> Result<Turn, Box<dyn Error>> {
        say("Would you like to approve via the app, or use a code?");
        for _ in 0..3 {
            let Some(words) = self.ears.next_line().await? else { return Ok(Turn::Goodbye) };
            match Wish::hear(&words) {
                Wish::Phone => return Ok(Turn::AskPhone),
                Wish::Code => return Ok(Turn::UseCode),
                Wish::Cancel => return Ok(Turn::Goodbye),
                Wish::Unknown => say("Sorry, I did not get that. Say app, code, or cancel."),
            }
        }
        Ok(Turn::Goodbye)
    }

    /// Asks the phone and listens at the same time.
    async fn ask_phone(&mut self) -> Result<Turn, Box<dyn Error>> {
        let code = MatchCode::generate()?;
        let message = BindingMessage::with_match_code("Sign in to the voice assistant", &code)?;
        let pending = match self.client.initiate_app_approval(&self.email).binding_message(message).await {
            Ok(pending) => pending,
            Err(error) if error.kind() == ErrorKind::NoDeviceRegistered => {
                say("There is no phone registered for you.");
                return Ok(Turn::UseCode);
            }
            Err(error) if error.kind() == ErrorKind::TooManyPushes => {
                say("I have asked your phone several times already.");
                return Ok(Turn::UseCode);
            }
            Err(error) => return Err(error.into()),
        };
        say(&format!("I have asked your phone. It shows the code {}.", spelled(&code)));
        // Spawned, so that listening does not interrupt it. Nobody waits for it any more when it is dropped.
        let mut answer = pending.wait().timeout(Duration::from_secs(120)).spawn();
        let outcome = loop {
            tokio::select! {
                outcome = &mut answer => break outcome?,
                words = self.ears.next_line() => match words? {
                    None => return Ok(Turn::Goodbye),
                    Some(words) => match Wish::hear(&words) {
                        Wish::Cancel => {
                            say("Cancelled. Your phone may still show the request; an answer there does nothing.");
                            return Ok(Turn::Goodbye);
                        }
                        Wish::Code => {
                            say("All right, forget your phone.");
                            return Ok(Turn::UseCode);
                        }
                        Wish::Phone | Wish::Unknown => {
                            say("I am still waiting for your phone. Say cancel, or use a code.");
                        }
                    },
                },
            }
        };
        Ok(match outcome {
            ApprovalOutcome::Approved(approval) => Turn::SignedIn(approval.into_token()),
            ApprovalOutcome::AccessDenied => {
                say("You declined the request.");
                Turn::Goodbye
            }
            ApprovalOutcome::Timeout | ApprovalOutcome::ExpiredToken => {
                say("I have not heard from your phone.");
                Turn::Choose
            }
            ApprovalOutcome::ApprovalLost => {
                say("Your answer was lost on its way. Please approve once more.");
                Turn::Choose
            }
            ApprovalOutcome::Cancelled(_) => Turn::Goodbye,
        })
    }

    async fn use_code(&mut self) -> Result<Turn, Box<dyn Error>> {
        say("Tell me the six digits from your authenticator app.");
        loop {
            let Some(words) = self.ears.next_line().await? else { return Ok(Turn::Goodbye) };
            match Wish::hear(&words) {
                Wish::Cancel => return Ok(Turn::Goodbye),
                Wish::Phone => {
                    say("All right, your phone then.");
                    return Ok(Turn::AskPhone);
                }
                Wish::Code | Wish::Unknown => {}
            }
            // "One hundred" and commas are for a real assistant's speech recognition; gaps are for people.
            let code: String = words.split_whitespace().collect();
            match self.client.verify_totp(&self.email, &code).await {
                Ok(TotpOutcome::Verified(verified)) => return Ok(Turn::SignedIn(verified.into_token())),
                Ok(TotpOutcome::InvalidCode { remaining: 0 }) => {
                    say("That was wrong, and the last code for now. Please try again later.");
                    return Ok(Turn::Goodbye);
                }
                Ok(TotpOutcome::TooManyRetries { .. }) => {
                    say("I can take no code right now. Please try again later.");
                    return Ok(Turn::Goodbye);
                }
                Ok(TotpOutcome::InvalidCode { remaining }) => {
                    say(&format!("That code is wrong. You have {remaining} more. Once again, please."));
                }
                Err(error) if error.field() == Some("code") => {
                    say("I need six digits. Or say phone, or cancel.");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// As a person hears a code best: letter by letter.
fn spelled(code: &MatchCode) -> String {
    let letters = code.as_str().chars().filter(char::is_ascii_alphanumeric).map(String::from);
    letters.collect::<Vec<_>>().join(" ")
}

fn say(words: &str) {
    // Nobody is left to be told that telling failed.
    let _ = writeln!(std::io::stdout(), "{words}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Err(ended) = help::or_words(&[HELP, server::HELP].concat(), 0) {
        return Ok(ended);
    }
    let approves = Reaction::ApproveAfter(Duration::from_secs(5));
    let somebody = "user@example.com";
    let sandbox = Sandbox::builder()
        .interval(Duration::from_secs(1))
        .user(User::new(somebody).with_totp().reaction(approves));
    let server = Server::choose(CibaClient::builder(), sandbox).await?;
    let mut ears = BufReader::new(stdin()).lines();
    let email: Email = match &server.sandbox {
        Some(sandbox) => {
            let code = sandbox.authenticator(somebody).code();
            eprintln!("(A sandbox: you are {somebody}, your phone approves by itself, your code is {code}.)");
            somebody.parse()?
        }
        None => {
            say("Hello. What is your email address?");
            loop {
                match ears.next_line().await?.map(|words| words.parse()) {
                    Some(Ok(email)) => break email,
                    Some(Err(_)) => say("That is no email address. Once again, please."),
                    None => return Ok(ExitCode::SUCCESS),
                }
            }
        }
    };
    let ended = Assistant { client: &server.client, ears, email }.talk().await;
    server.stop().await;
    if let Err(error) = &ended {
        say("Sorry, I cannot do that right now.");
        eprintln!("{error}");
    }
    // Standard input is read by a thread that nothing can interrupt: do not wait for another line.
    std::process::exit(i32::from(ended.is_err()));
}

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authsec_ciba::{
    ApprovalOutcome, BindingMessage, ErrorKind, MatchCode, NotApproved, PendingApproval, TotpOutcome,
};
use tokio::time::{Instant, interval};

use crate::ending::Ending;
use crate::options::Options;
use crate::server::Server;
use crate::terminal::Terminal;

/// The conversation with the person who signs in.
pub struct SignIn<'a> {
    server: &'a Server,
    options: &'a Options,
    terminal: &'a Terminal,
    asked_phone: AtomicBool,
}

enum Way {
    Phone,
    Code,
}

impl<'a> SignIn<'a> {
    pub fn new(server: &'a Server, options: &'a Options, terminal: &'a Terminal) -> Self {
        Self { server, options, terminal, asked_phone: AtomicBool::new(false) }
    }

    /// Whether a phone may be showing a request.
    pub fn has_asked_phone(&self) -> bool {
        self.asked_phone.load(Ordering::Relaxed)
    }

    pub async fn run(&self) -> Result<Ending, Box<dyn Error>> {
        let Some(email) = self.email().await? else { return Ok(Ending::NoAnswerOnStdin) };
        let way = self.way().await?;
        match way {
            None => Ok(Ending::NoAnswerOnStdin),
            Some(Way::Phone) => self.by_phone(&email).await,
            Some(Way::Code) => self.by_code(&email).await,
        }
    }

    async fn email(&self) -> Result<Option<String>, Box<dyn Error>> {
        match &self.options.email {
            Some(email) => Ok(Some(email.clone())),
            None => Ok(self.terminal.ask("Email:").await?),
        }
    }

    async fn way(&self) -> Result<Option<Way>, Box<dyn Error>> {
        if self.options.push {
            return Ok(Some(Way::Phone));
        }
        if self.options.code {
            return Ok(Some(Way::Code));
        }
        loop {
            let Some(answer) = self.terminal.ask("Ask your phone, or use a code? [phone]").await? else {
                return Ok(None);
            };
            match answer.to_lowercase().as_str() {
                "" | "p" | "phone" => return Ok(Some(Way::Phone)),
                "c" | "code" => return Ok(Some(Way::Code)),
                _ => self.terminal.say("Please say phone or code."),
            }
        }
    }

    async fn by_phone(&self, email: &str) -> Result<Ending, Box<dyn Error>> {
        let code = MatchCode::generate()?;
        let message = BindingMessage::with_match_code("Sign in on the command line", &code)?;
        self.asked_phone.store(true, Ordering::Relaxed);
        let asked = self.server.client.initiate_app_approval(email).binding_message(message).await;
        let pending = match asked {
            Ok(pending) => pending,
            Err(error) if error.kind() == ErrorKind::NoDeviceRegistered => {
                self.terminal.say("You have no phone registered: use a code.");
                return self.by_code(email).await;
            }
            Err(error) => return Err(error.into()),
        };
        let code = self.terminal.strong(code.as_str());
        self.terminal.say(&format!("Approve on your phone, if it shows the code {code}."));
        let outcome = self.wait(&pending).await;
        self.terminal.clear();
        match outcome?.approved() {
            Ok(approval) => Ok(Ending::SignedIn(approval.into_token())),
            Err(NotApproved::Timeout | NotApproved::ExpiredToken) => self.code_after_silence(email).await,
            Err(why) => Ok(Ending::NotApproved(why)),
        }
    }

    async fn wait(&self, pending: &PendingApproval) -> Result<ApprovalOutcome, authsec_ciba::Error> {
        let (begun, patience) = (Instant::now(), self.options.timeout().min(pending.expires_in()));
        let mut waiting = pending.wait().timeout(patience).spawn();
        let mut tick = interval(Duration::from_millis(100));
        let mut turns = 0;
        loop {
            tokio::select! {
                outcome = &mut waiting => return outcome,
                _ = tick.tick() => self.terminal.spin(turns, patience.saturating_sub(begun.elapsed())),
            }
            turns = turns.wrapping_add(1);
        }
    }

    /// The phone kept silent: it may be in another room.
    async fn code_after_silence(&self, email: &str) -> Result<Ending, Box<dyn Error>> {
        match self.terminal.ask("No answer from your phone. Use a code instead? [y/N]").await? {
            Some(answer) if answer.to_lowercase().starts_with('y') => self.by_code(email).await,
            _ => Ok(Ending::NotApproved(NotApproved::Timeout)),
        }
    }

    async fn by_code(&self, email: &str) -> Result<Ending, Box<dyn Error>> {
        if let Some(sandbox) = &self.server.sandbox {
            self.terminal.say(&format!("(The sandbox's code is {}.)", sandbox.authenticator(email).code()));
        }
        loop {
            let Some(code) = self.terminal.ask("Six digits from your authenticator app:").await? else {
                return Ok(Ending::NoAnswerOnStdin);
            };
            // Authenticator apps show a gap in the middle, and people type it.
            let code: String = code.split_whitespace().collect();
            match self.server.client.verify_totp(email, &code).await {
                Ok(TotpOutcome::Verified(verified)) => return Ok(Ending::SignedIn(verified.into_token())),
                Ok(TotpOutcome::InvalidCode { remaining: 0 } | TotpOutcome::TooManyRetries { .. }) => {
                    return Ok(Ending::WrongCodes);
                }
                Ok(TotpOutcome::InvalidCode { remaining }) => {
                    self.terminal.say(&format!("Wrong code, {remaining} left to try."));
                }
                Err(error) if error.field() == Some("code") => self.terminal.say("A code has six digits."),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

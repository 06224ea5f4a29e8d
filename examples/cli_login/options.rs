use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use authsec_ciba::CibaClient;
use authsec_ciba::sandbox::{Reaction, Sandbox, User};
use clap::Parser;

use crate::ending::EXIT_CODES;
use crate::server::Server;

/// Who the sandbox knows if the command line names nobody.
const SOMEBODY: &str = "user@example.com";

/// Signs you in through your phone, or with a code, and prints the token.
///
/// The server is the one that AUTHSEC_BASE_URL, AUTHSEC_CLIENT_ID, AUTHSEC_CLIENT_SECRET, AUTHSEC_WORKSPACE_ID and
/// AUTHSEC_ROUTES name.
#[derive(Parser)]
#[command(after_help = EXIT_CODES)]
pub struct Options {
    /// Who you are; asked for if it is missing
    pub email: Option<String>,
    /// Ask the phone, without asking you which way
    #[arg(long)]
    pub push: bool,
    /// Use a code from your authenticator app, without asking you which way
    #[arg(long, conflicts_with = "push")]
    pub code: bool,
    /// How long to wait for the phone
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    timeout: u64,
    /// Write the token into this new file, readable by you alone, and not to standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Ask the server whether the configuration is right, and nobody's phone
    #[arg(long, conflicts_with_all = ["push", "code", "output", "email"])]
    pub check: bool,
    /// Use an embedded fake server, whose phone approves after 2 seconds
    #[arg(long)]
    sandbox: bool,
}

impl Options {
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    pub async fn server(&self) -> Result<Server, Box<dyn Error>> {
        if !self.sandbox {
            if Server::is_named() {
                return Server::real(CibaClient::builder());
            }
            return Err(
                "no server is named: set AUTHSEC_BASE_URL and AUTHSEC_CLIENT_ID, or try --sandbox".into()
            );
        }
        let email = self.email.as_deref().unwrap_or(SOMEBODY).trim();
        let approves = Reaction::ApproveAfter(Duration::from_secs(2));
        let sandbox = Sandbox::builder()
            .user(User::new(email).with_totp().reaction(approves))
            .interval(Duration::from_secs(1));
        Server::fake(CibaClient::builder(), sandbox).await
    }
}
